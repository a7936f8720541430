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
	// Left is called once, from any goroutine, when the member is out.
	Left func(Cause)
}

// Member is one participant. It outlives its leg.
type Member struct {
	// constant after construction
	id       MemberID
	room     *Room
	req      Request
	log      *slog.Logger
	video    *source.Video
	audio    *source.Audio
	channels int // of audio
	joined   time.Time

	// owned by the room's loop
	leg                 Leg
	port                *audio.Port
	watched             *view.View // or nil
	cancelWatch         func()     // or nil
	canvas              int        // that shows him
	watchesCanvas       int        // len(canvases) is the super canvas
	personal            *canvasState
	wantsPersonal       bool
	toldLimit           bool // that there are too many personal canvases
	look                look
	pictureSize         image.Point // of his camera, after his turn; looked at once a second
	dir                 media.Directions
	muted, deaf, vmuted bool
	voice               voice
	form                media.AudioForm // that he is sent
	files               playlist        // to him alone
	talking             bool
	score               int
	digits              digits
	digitTimer          *time.Timer
	gone                bool
	orphaned            time.Time // when the socket was lost or media last came since; zero: socket is there
	lostAt              time.Time
	packets             uint64 // that had come by then

	keyframes atomic.Pointer[view.View] // the view that he watches, for his leg's goroutines
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
// a leg can be made with its Handler. Join or Discard must follow.
func (r *Room) Reserve(ctx context.Context, req Request) (*Member, error) {
	req.Name, req.Number = cleanName(req.Name), cleanName(req.Number)
	m := &Member{
		id: r.engine.NextID(), room: r, req: req, joined: time.Now(),
		digits: digits{controls: r.profile.Controls}, look: newLook(req.Look), voice: newVoice(r.profile),
		canvas: req.Canvas, watchesCanvas: req.Watching, wantsPersonal: req.Personal,
	}
	if n := max(r.profile.Canvases, 1); m.canvas < 0 || m.canvas >= n {
		m.canvas = 0
	}
	m.watchesCanvas = max(m.watchesCanvas, 0)
	m.log = r.log.With("member", m.id, "call", req.CallID)
	err := r.Do(context.WithoutCancel(ctx), func(s *State) error { return s.reserve(m) })
	if err != nil {
		return nil, err
	}
	m.video = source.NewVideo(source.VideoOptions{
		Clock: r.clock, Gate: r.engine.Gate, Pool: r.engine.Pictures,
		NewDecoder: r.engine.NewVideoDecoder, Log: m.log,
		RequestKeyframe: func() { r.post(func(*State) { m.requestKeyframe() }) },
	})
	m.channels = 1
	if req.Stereo {
		m.channels = r.channels()
	}
	m.audio = source.NewAudio(source.AudioOptions{
		Clock: r.clock, Channels: m.channels, Log: m.log, Codec: req.AudioCodec,
		ComfortNoise: r.profile.ComfortNoise > 0,
		NewDecoder: func() (media.AudioDecoder, error) {
			return r.engine.NewAudioDecoder(req.AudioCodec, m.channels)
		},
	})
	return m, nil
}

// Join brings a reserved member into the room with its leg. On error the caller
// still owns the leg and must Discard the member.
func (r *Room) Join(ctx context.Context, m *Member, leg Leg) error {
	return r.Do(context.WithoutCancel(ctx), func(s *State) error { return s.join(m, leg) })
}

// Discard gives back a place that was reserved and not used.
func (m *Member) Discard() {
	m.room.post(func(s *State) { s.unreserve() })
	m.video.Close()
	m.audio.Close()
}

// ID is unique in a server.
func (m *Member) ID() MemberID { return m.id }

// Room is where the member is.
func (m *Member) Room() *Room { return m.room }

// Leave removes the member; it returns when the room knows.
func (m *Member) Leave(ctx context.Context, c Cause) error {
	return m.room.Do(ctx, func(s *State) error { s.leave(m, c); return nil })
}

// SocketLost tells that nobody can steer the member any more. He stays while his
// media flows, and leaves once none came for a while.
func (m *Member) SocketLost(ctx context.Context) error {
	return m.room.Do(ctx, func(s *State) error { s.orphan(m); return nil })
}

// Renegotiated tells that the leg's directions may have changed.
func (m *Member) Renegotiated(ctx context.Context) error {
	return m.room.Do(ctx, func(s *State) error { s.renegotiated(m); return nil })
}

// DTMF dials digits for the member.
func (m *Member) DTMF(ctx context.Context, d string) error {
	return m.room.Do(ctx, func(s *State) error { s.dtmf(m, d); return nil })
}

func (m *Member) requestKeyframe() {
	if m.leg != nil && m.dir.VideoIn {
		m.leg.RequestKeyframe()
	}
}

// Handler is where the member's leg reports to.
func (m *Member) Handler() media.LegHandler { return ear{m} }

// ear is the member as its leg sees it.
type ear struct{ m *Member }

func (e ear) AudioPacket(p *media.Packet)      { e.m.audio.Push(p) }
func (e ear) VideoPacket(p *media.Packet)      { e.m.video.Push(p) }
func (e ear) AudioReport(r media.SenderReport) { e.m.audio.Report(r) }
func (e ear) VideoReport(r media.SenderReport) { e.m.video.Report(r) }
func (e ear) KeyframeRequested()               { e.m.askKeyframe() }

func (e ear) Connected() {
	e.m.log.Debug("media connected", "after", time.Since(e.m.joined).Round(time.Millisecond))
	e.m.askKeyframe()
}

// askKeyframe asks the view that the member watches.
func (m *Member) askKeyframe() {
	if v := m.keyframes.Load(); v != nil {
		v.RequestKeyframe()
	}
}

func (e ear) Closed(err error) {
	if err == nil {
		return
	}
	e.m.log.Info("media lost", "error", err)
	e.m.room.post(func(s *State) { s.leave(e.m, MediaLost) })
}
