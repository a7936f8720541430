package room

import (
	"fmt"
	"slices"
	"time"

	"github.com/omniverto/omniverto/layouts"
	"github.com/omniverto/omniverto/media"
	"github.com/omniverto/omniverto/mixer/audio"
)

// State is what the room's goroutine owns. It is reached through Do only and
// must not be kept after Do returns.
type State struct {
	room     *Room
	observer Observer
	set      *layouts.Set

	members    []*Member // in join order
	reserved   int       // places given, not yet joined
	ended      bool
	suspending bool // nobody is told that it ends
	door       door
	life       life
	parting    map[*Member]func() // those who hear a last sound, and how that ends

	canvases []*canvasState
	super    *canvasState               // shows all canvases; nil if there is one
	serial   uint64                     // of the newest scene
	cameras  map[[2]int]*cameraSettings // of the cam command, by canvas and layer
	fps      int
	missing  map[string]bool // images of layouts that cannot be shown
	// noVideoAvatar is the image file for members without a camera; "" initials.
	noVideoAvatar string

	personalMode   bool
	personalLayout *layouts.Layout // of all personal canvases; both nil: as the first canvas
	personalGroup  *layouts.Group

	files     playlist // to everybody, one after the other
	async     *file    // in the background
	prompts   prompts
	relations []relation
	auto3D    bool // voices are where their pictures are

	floor       MemberID // audio floor
	videoFloor  MemberID
	lastVideo   MemberID // video floor holder before
	floorLocked bool     // the video floor does not follow the voice
	following   MemberID // talks and has the audio floor: gets the video floor when floorTimer fires
	floorTimer  *time.Timer
}

func newState(r *Room, l *layouts.Layout, g *layouts.Group, set *layouts.Set, o Observer) State {
	s := State{
		room: r, observer: o, set: set, fps: r.profile.FPS, missing: make(map[string]bool), cameras: make(map[[2]int]*cameraSettings),
		noVideoAvatar: r.profile.NoVideoAvatar, personalMode: r.profile.Personal,
		prompts: newPrompts(r.profile), auto3D: r.profile.Auto3D, door: newDoor(r.profile), life: newLife(r.profile),
		parting: make(map[*Member]func()),
	}
	s.openCanvases(l, g)
	return s
}

func (s *State) reserve(m *Member) error {
	if err := s.checkDoor(m); err != nil {
		return err
	}
	s.reserved++
	return nil
}

func (s *State) unreserve() {
	s.reserved--
	s.endIfEmpty()
}

func (s *State) endIfEmpty() {
	if len(s.members) == 0 && s.reserved == 0 && len(s.door.waiting) == 0 && s.room.dials.Load() == 0 {
		s.ended = true
	}
}

// join takes a reserved place with a leg.
func (s *State) join(m *Member, leg Leg) error {
	if m.gone {
		return ErrNoMember // his leg died before he was in
	}
	s.replaceOrphans(m) // while m's place is still counted: the room must not end
	s.reserved--
	e := m.newest.Load()
	if e == nil {
		e = m.newEar() // a leg that does not report
	}
	m.live.Store(e)
	m.leg, m.dir, m.form = leg, leg.Directions(), media.AudioForm{}
	m.form = s.form(m)
	m.media.connected = e.connected.Load()
	if m.waiting == ForAdmission && !s.door.lobby || m.waiting == ForPIN && s.door.pin == "" {
		m.waiting = NotWaiting // the door was opened since
		s.checkLobby(m)
	}
	if m.waiting != NotWaiting {
		s.waitAtDoor(m)
		return nil
	}
	s.enter(m)
	return nil
}

// enter makes m a member. The order of events is FreeSWITCH's: he is told to
// everybody before he has a seat.
func (s *State) enter(m *Member) {
	s.members = append(s.members, m)
	s.room.members.Store(int32(len(s.members)))
	s.connect(m)
	m.log.Info("member joined", "name", m.req.Name, "role", string(m.req.Role), "media", fmt.Sprintf("%+v", m.dir))
	s.roomChanged() // who joins is told the state of the room
	s.observer.MemberJoined(s.info(m), s.Canvases())
	s.happened("add-member", m)
	s.floorForNewcomer(m)
	s.reseat()
	s.arrived(m)
	s.entered(m)
}

// connect joins the member's leg to the mix and the view.
func (s *State) connect(m *Member) {
	if m.leg == nil || m.callHold {
		return
	}
	if m.waiting != NotWaiting {
		s.connectAtDoor(m)
		return
	}
	var src audio.Source
	if s.speaks(m) {
		src = m.voiceSource()
	}
	if src != nil || m.dir.AudioOut && !m.req.SecondScreen {
		m.port = s.room.mixer.AddPort(audio.PortID(m.id), src, hearing(m), audio.PortOptions{Form: m.form})
		s.applyVoice(m)
	}
	s.watch(m)
}

// disconnect takes the member's leg out of mix and view.
func (s *State) disconnect(m *Member) {
	if m.port != nil {
		s.room.mixer.Remove(m.port)
		m.port = nil
	}
	m.unwatch()
}

// form is what a member is sent of sound: no more channels than the room has.
func (s *State) form(m *Member) media.AudioForm {
	f := m.leg.AudioForm()
	f.Channels = max(min(f.Channels, s.room.channels()), 1)
	return f
}

// renegotiated connects a member anew whose leg changed its directions: somebody
// who joined before his browser gave him a microphone or camera.
func (s *State) renegotiated(m *Member) {
	if m.gone || m.leg == nil || m.leg.Directions() == m.dir && s.form(m) == m.form {
		return
	}
	s.disconnect(m)
	m.dir, m.form = m.leg.Directions(), s.form(m)
	m.log.Info("media changed", "media", fmt.Sprintf("%+v", m.dir))
	s.connect(m)
	if m.waiting != NotWaiting {
		return
	}
	s.floorForNewcomer(m)
	s.changed(m)
	s.reseat()
}

func (s *State) speaks(m *Member) bool {
	return m.dir.AudioIn && !m.req.SecondScreen && !m.req.ScreenShare && m.req.Role != Viewer
}

// leave removes m, if he is still in.
func (s *State) leave(m *Member, c Cause) {
	if m.gone {
		return
	}
	m.gone = true
	if s.leaveDoor(m, c) {
		return
	}
	i := slices.Index(s.members, m)
	if i < 0 {
		return // reserved only: Join will refuse, Discard gives the place back
	}
	info := s.info(m)
	s.members = slices.Delete(s.members, i, i+1)
	s.room.members.Store(int32(len(s.members)))
	s.silence(m)
	m.log.Info("member left", "cause", c.String())
	if m.personal != nil {
		s.closePersonal(m)
	}
	s.happened("del-member", m, Header{"Hangup-Cause", c.hangupCause()})
	s.dropFloor(m)
	s.rewatch() // his codec group may be gone with him
	s.forgetRelations(m.id)
	s.observer.MemberLeft(info, c)
	s.reseat()
	s.farewell(m, c)
	s.left(m)
	if c != Suspended { // theirs come back, too
		s.leaveScreens(m)
	}
	s.departed(m)
	s.endIfEmpty()
}

// leaveScreens ends the screen shares of a session whose last ordinary leg left.
func (s *State) leaveScreens(owner *Member) {
	if owner.req.ScreenShare || owner.req.Session == "" {
		return
	}
	mine := func(m *Member) bool { return m.req.Session == owner.req.Session }
	if slices.ContainsFunc(s.members, func(m *Member) bool { return mine(m) && !m.req.ScreenShare }) {
		return
	}
	for _, m := range slices.Clone(s.members) {
		if mine(m) {
			s.leave(m, Left)
		}
	}
}

// silence disconnects a member who is gone and ends what he alone was to hear.
func (s *State) silence(m *Member) {
	s.disconnect(m)
	s.dropSuccessor(m)
	m.files.stop(s, true)
	if m.voice.music != nil {
		s.closeSound(m.voice.music)
		m.voice.music = nil
	}
	if m.digitTimer != nil {
		m.digitTimer.Stop()
	}
}

// closeLater closes leg and sources and tells whoever asked to be told, off the
// room's goroutine.
func (s *State) closeLater(m *Member, c Cause) {
	leg, sound, left := m.takeLeg(), m.audio, m.req.Left
	if s.suspending {
		left = nil
	}
	s.room.wg.Go(func() {
		if leg != nil {
			if err := leg.Close(); err != nil {
				m.log.Debug("leg close", "error", err)
			}
		}
		m.video.Close()
		sound.Close()
		if left != nil {
			left(c)
		}
	})
}

// close ends the room.
func (s *State) close(c Cause) {
	for _, m := range slices.Concat(s.door.waiting, s.members) {
		s.leave(m, c)
	}
	s.ended = true
}

// Member finds a member by id.
func (s *State) Member(id MemberID) (*Member, error) {
	for _, m := range s.members {
		if m.id == id {
			return m, nil
		}
	}
	return nil, ErrNoMember
}

// Members lists everybody in join order.
func (s *State) Members() []Info {
	out := make([]Info, 0, len(s.members))
	for _, m := range s.members {
		out = append(out, s.info(m))
	}
	return out
}

// info is m as others see him.
func (s *State) info(m *Member) Info {
	at := s.layerOf(m)
	return Info{
		ID: m.id, CallID: m.req.CallID, Session: m.req.Session, User: m.req.User,
		Name: m.req.Name, Number: m.req.Number, Role: m.req.Role, UserVariables: m.req.UserVariables,
		Joined: m.joined, AudioCodec: m.req.AudioCodec,
		HasAudio: s.speaks(m) && !m.media.detached, HasVideo: s.hasCamera(m) && !m.media.detached,
		ScreenShare: m.req.ScreenShare, SecondScreen: m.req.SecondScreen,
		Hold: m.voice.hold, MuteDetect: s.detectsMuted(m), Energy: m.voice.energy,
		VolumeIn: m.voice.in.nearest(), VolumeOut: m.voice.out.nearest(),
		Muted: m.muted, Deaf: m.deaf, VideoMuted: m.vmuted, Talking: m.talking, Score: m.score,
		Floor: s.floor == m.id, VideoFloor: s.videoFloor == m.id,
		FloorLocked: s.floorLocked && s.videoFloor == m.id,
		Canvas:      at[0], Layer: at[1], Watching: s.Watches(m),
		ReservationID: m.req.ReservationID, RoleID: m.req.RoleID, Canvases: len(s.canvases),
		Waiting: m.waiting, PINTries: m.atDoor.tries, Detached: m.media.detached, CallHold: m.callHold,
		Ghost: m.req.Flags.Ghost, Outbound: m.req.Outbound, Hand: m.hand, Quality: m.quality.shown,
		Variables: m.req.Variables, LastTalking: m.lastTalking, Flags: m.req.Flags,
	}
}

func (s *State) changed(m *Member) { s.observer.MemberChanged(s.info(m)) }

// everySecond keeps lips and voices together, and looks after whoever went without
// a word.
func (s *State) everySecond() {
	now := time.Now()
	for _, m := range s.members {
		s.alignLips(m)
		s.checkLoss(m)
		s.checkGate(m)
		s.checkQuality(m, now)
	}
	s.measurePictures()
	for _, m := range slices.Clone(s.members) {
		s.checkMedia(m, now)
	}
	s.checkLife(now)
	s.endIfEmpty()
}
