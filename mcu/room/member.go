package room

import (
	"context"
	"image"
	"log/slog"
	"strings"
	"sync/atomic"
	"time"
	"unicode"

	"github.com/omniverto/omniverto/layouts"
	"github.com/omniverto/omniverto/media"
	"github.com/omniverto/omniverto/mixer/audio"
	"github.com/omniverto/omniverto/mixer/source"
	"github.com/omniverto/omniverto/mixer/view"
)

// Request is somebody who wants to join.
type Request struct {
	CallID, Session string
	User            string // user@domain
	Name, Number    string
	Role            Role
	ReservationID   layouts.ReservationID
	UserVariables   map[string]string
	ScreenShare     bool // owner's second leg: seen, not heard, sees nothing
	SecondScreen    bool // sees only, is not listed
	RoleID          string
	AudioCodec      media.AudioCodec // of the sound that comes from him
	Stereo          bool             // he is likely to send two channels
	Canvas          int              // that shows him, 0-based
	Watching        int              // that he watches, 0-based; the number after the last is the super canvas
	Personal        bool             // wants a canvas without himself
	JoinVideoFloor  bool             // takes the video floor and keeps it (FreeSWITCH's join-vid-floor)
	Look            Look
	// Variables are channel variables that the server knows of him, from directory
	// and dialplan. They are never the client's own.
	Variables map[string]string
	Flags     MemberFlags
	PIN       string `json:"-"` // given with the call; "" none
	Trusted   bool   // PIN, lock and lobby are not for him
	DeviceID  string // of the client's device, as the client says; for bans alone
	NoRecover bool   // leaves as soon as his socket is lost
	Outbound  bool   // the server called him
	// Lost is called, from any goroutine, when his media died while he stays: a new
	// leg may come by Attach.
	Lost func() `json:"-"`
	// Left is called once, from any goroutine, when the member is out.
	Left func(Cause) `json:"-"`
}

// Member is one participant. He outlives his legs.
type Member struct {
	// constant after construction
	id    MemberID
	room  *Room
	log   *slog.Logger
	video *source.Video

	// owned by the room's loop
	req                 Request
	joined              time.Time
	audio               *source.Audio
	channels            int // of audio
	leg                 Leg // nil: his media is gone
	next                *successor
	media               mediaState
	port                *audio.Port
	watched             *view.View // or nil
	cancelWatch         func()     // or nil
	canvas              int        // that shows him
	watchesCanvas       int        // len(canvases) is the super canvas
	personal            *canvasState
	wantsPersonal       bool
	toldLimit           bool // that there are too many personal canvases
	look                look
	lastSound           string           // that he hears when he is kicked; "": the profile's
	pictureSize         image.Point      // of his camera, after his turn; looked at once a second
	dir                 media.Directions // of his leg; without one, of the last
	muted, deaf, vmuted bool
	callHold            bool // he put the call on hold
	voice               voice
	form                media.AudioForm // that he is sent
	files               playlist        // to him alone
	talking             bool
	lastTalking         time.Time
	score               int
	quality             quality
	digits              digits
	digitTimer          *time.Timer
	waiting             Waiting
	atDoor              atDoor
	gone                bool
	social

	// atomic
	keyframes atomic.Pointer[view.View]    // the view that he watches, for his leg's goroutines
	heard     atomic.Pointer[source.Audio] // audio, likewise
	newest    atomic.Pointer[ear]          // made last
	live      atomic.Pointer[ear]          // of his leg: the others are not listened to
}

// social is what a member does besides talking. Owned by the room's loop.
type social struct {
	hand      time.Time // when he raised it; zero: it is down
	reactions bucket
}

// maxName bounds a display name, in runes.
const maxName = 64

// cleanName makes a name that shows as one line of text: no control or direction
// override characters, bounded.
func cleanName(s string) string {
	s = strings.Map(func(c rune) rune {
		if unicode.IsControl(c) || unicode.Is(unicode.Bidi_Control, c) || c == unicode.ReplacementChar {
			return -1
		}
		return c
	}, strings.ToValidUTF8(s, ""))
	s = strings.TrimSpace(s)
	if r := []rune(s); len(r) > maxName {
		s = strings.TrimSpace(string(r[:maxName]))
	}
	return s
}

// Reserve takes a place in the room and makes the member's inbound side, so that
// a leg can be made with its Handler. Join or Discard must follow. Who has to give
// a PIN or to be let in gets his place all the same: he waits at the door.
func (r *Room) Reserve(ctx context.Context, req Request) (*Member, error) {
	m := r.newMember(r.engine.NextID(), req)
	err := r.Do(context.WithoutCancel(ctx), func(s *State) error { return s.reserve(m) })
	if err != nil {
		return nil, err
	}
	m.openSources()
	return m, nil
}

// newMember is somebody without sources yet.
func (r *Room) newMember(id MemberID, req Request) *Member {
	req.Name, req.Number = cleanName(req.Name), cleanName(req.Number)
	req.Flags = req.Flags.Or(r.profile.MemberFlags)
	req.SecondScreen = req.SecondScreen || req.Flags.SecondScreen
	req.JoinVideoFloor = req.JoinVideoFloor || req.Flags.JoinVideoFloor
	if req.Flags.Moderator && req.Role != Viewer {
		req.Role = Moderator
	}
	m := &Member{
		id: id, room: r, req: req, joined: time.Now(), look: newLook(req.Look), voice: newVoice(r.profile),
		canvas: req.Canvas, watchesCanvas: max(req.Watching, 0), wantsPersonal: req.Personal,
		muted: req.Flags.Mute, deaf: req.Flags.Deaf, vmuted: req.Flags.VideoMute,
	}
	m.look.blind = req.Flags.Blind
	m.look.turn.Mirror = req.Flags.FlipVideo
	m.digits.controls = m.controls()
	if n := max(r.profile.Canvases, 1); m.canvas < 0 || m.canvas >= n {
		m.canvas = 0
	}
	m.log = r.log.With("member", m.id, "call", req.CallID)
	return m
}

// openSources makes the member's inbound side.
func (m *Member) openSources() {
	r := m.room
	m.video = source.NewVideo(source.VideoOptions{
		Clock: r.clock, Gate: r.engine.Gate, Pool: r.engine.Pictures,
		NewDecoder: r.engine.NewVideoDecoder, Log: m.log,
		RequestKeyframe: func() { r.post(func(*State) { m.requestKeyframe() }) },
	})
	m.openVoice()
}

// openVoice makes the source of his sound.
func (m *Member) openVoice() {
	r, codec, channels := m.room, m.req.AudioCodec, 1
	if m.req.Stereo {
		channels = r.channels()
	}
	m.channels = channels
	m.audio = source.NewAudio(source.AudioOptions{
		Clock: r.clock, Channels: channels, Log: m.log, Codec: codec,
		ComfortNoise: r.profile.ComfortNoise > 0,
		NewDecoder: func() (media.AudioDecoder, error) {
			return r.engine.NewAudioDecoder(codec, channels)
		},
	})
	m.heard.Store(m.audio)
}

// Join brings a reserved member into the room with its leg, or to its door. On
// error the caller still owns the leg and must Discard the member.
func (r *Room) Join(ctx context.Context, m *Member, leg Leg) error {
	return r.Do(context.WithoutCancel(ctx), func(s *State) error { return s.join(m, leg) })
}

// Discard gives back a place that was reserved and not used.
func (m *Member) Discard() {
	m.room.post(func(s *State) { s.unreserve() })
	m.video.Close()
	m.heard.Load().Close()
}

// ID is unique in a server.
func (m *Member) ID() MemberID { return m.id }

// Room is where the member is.
func (m *Member) Room() *Room { return m.room }

// Leave removes the member; it returns when the room knows.
func (m *Member) Leave(ctx context.Context, c Cause) error {
	return m.room.Do(ctx, func(s *State) error { s.leave(m, c); return nil })
}

// Renegotiated tells that the leg's directions may have changed.
func (m *Member) Renegotiated(ctx context.Context) error {
	return m.room.Do(ctx, func(s *State) error { s.renegotiated(m); return nil })
}

// DTMF dials digits for the member.
func (m *Member) DTMF(ctx context.Context, d string) error {
	return m.room.Do(ctx, func(s *State) error { s.dtmf(m, d); return nil })
}

// Refresh sends the member a keyframe of what he watches, and asks him for one.
func (m *Member) Refresh(ctx context.Context) error {
	m.askKeyframe()
	return m.room.Do(ctx, func(*State) error { m.requestKeyframe(); return nil })
}

func (m *Member) requestKeyframe() {
	if m.leg != nil && m.dir.VideoIn {
		m.leg.RequestKeyframe()
	}
}

// askKeyframe asks for a keyframe of what the member watches.
func (m *Member) askKeyframe() {
	if v := m.keyframes.Load(); v != nil {
		v.RequestKeyframe()
	}
}

// Handler is where one leg of the member reports to; every leg gets its own. The
// member's first leg is heard from the start, a later one once it took over.
func (m *Member) Handler() media.LegHandler { return m.newEar() }

func (m *Member) newEar() *ear {
	e := &ear{m: m}
	m.newest.Store(e)
	m.live.CompareAndSwap(nil, e)
	return e
}

// ear is the member as one of his legs sees him. A leg that is not his any more
// speaks to nobody.
type ear struct {
	m         *Member
	connected atomic.Bool
}

func (e *ear) live() bool { return e.m.live.Load() == e }

func (e *ear) AudioPacket(p *media.Packet) {
	if e.live() {
		e.m.heard.Load().Push(p)
	}
}

func (e *ear) VideoPacket(p *media.Packet) {
	if e.live() {
		e.m.video.Push(p)
	}
}

func (e *ear) AudioReport(r media.SenderReport) {
	if e.live() {
		e.m.heard.Load().Report(r)
	}
}

func (e *ear) VideoReport(r media.SenderReport) {
	if e.live() {
		e.m.video.Report(r)
	}
}

func (e *ear) KeyframeRequested() {
	if e.live() {
		e.m.askKeyframe()
	}
}

func (e *ear) Connected() {
	e.connected.Store(true)
	e.m.log.Debug("media connected")
	e.KeyframeRequested()
	e.m.room.post(func(s *State) { s.legConnected(e) })
}

func (e *ear) Closed(err error) {
	if err == nil {
		return
	}
	e.m.log.Info("media lost", "error", err)
	e.m.room.post(func(s *State) { s.legClosed(e) })
}
