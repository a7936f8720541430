package room

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/omniverto/omniverto/media"
	"github.com/omniverto/omniverto/mixer/audio"
)

// How long a member may be without media.
const (
	defaultDetachTime = 120 * time.Second // his socket is lost, too (FreeSWITCH's detach-timeout-sec)
	reconnectTime     = 30 * time.Second  // his socket is there
	quietTime         = 3 * time.Second   // nothing came from one without a socket: his media is gone
	successorTime     = 10 * time.Second  // a new leg's to connect, while the old one goes on (media.md 7)
)

// ErrDetached says that a member has no media at the moment.
var ErrDetached = errors.New("room: member has no media")

// mediaState is whether a member's media flows and who can steer him. Owned by the
// room's loop.
type mediaState struct {
	connected  bool      // a leg of his was
	detached   bool      // his media is gone: his picture is the avatar
	since      time.Time // when that became so, or his socket came or went since
	missed     time.Time // since of before, while his present leg is not connected
	socketLost bool
	packets    uint64    // that had come by moved
	moved      time.Time // when packets were seen to come, of one without a socket
}

// successor is a leg that takes over once it is connected.
type successor struct {
	leg   Leg
	ear   *ear
	timer *time.Timer
}

// Attach puts a new leg under a member who is in the room; its Handler has to be the
// one that was made last. While the old leg is open it goes on until the new one is
// connected. On error the caller still owns the leg.
func (r *Room) Attach(ctx context.Context, m *Member, leg Leg) error {
	return r.Do(context.WithoutCancel(ctx), func(s *State) error { return s.attach(m, leg) })
}

// SocketLost tells that nobody can steer the member any more. He stays while his
// media flows; then he is detached until Attach, or until Options.DetachTime has
// passed. One who does not want to be brought back leaves at once.
func (m *Member) SocketLost(ctx context.Context) error {
	return m.room.Do(ctx, func(s *State) error { s.socketLost(m); return nil })
}

// SetSession puts a member under another socket: whoever lost his, or was restored,
// is there again. left and lost replace those of his Request; nil keeps them.
func (r *Room) SetSession(ctx context.Context, m *Member, session string, left func(Cause), lost func()) error {
	return r.Do(ctx, func(s *State) error {
		if m.gone {
			return ErrNoMember
		}
		if left != nil {
			m.req.Left = left
		}
		if lost != nil {
			m.req.Lost = lost
		}
		m.media.socketLost, m.media.since = false, time.Now()
		if m.req.Session != session {
			m.req.Session = session
			if m.waiting == NotWaiting {
				s.changed(m)
			}
		}
		return nil
	})
}

// Release takes a member out of the room without closing his leg, which is the
// caller's from then on. Request.Left is not called. Somebody without media is not
// released: ErrDetached.
func (m *Member) Release(ctx context.Context) (Leg, error) {
	var leg Leg
	err := m.room.Do(ctx, func(s *State) error {
		switch {
		case m.gone:
			return ErrNoMember
		case m.leg == nil:
			return ErrDetached
		}
		leg = m.takeLeg()
		m.req.Left = nil
		s.leave(m, Transferred)
		return nil
	})
	return leg, err
}

// HoldCall puts a member's call on hold: he is not heard, and hears and sees
// nothing.
func (m *Member) HoldCall(ctx context.Context, on bool) error {
	return m.room.Do(ctx, func(s *State) error { s.holdCall(m, on); return nil })
}

func (s *State) holdCall(m *Member, on bool) {
	if m.gone || m.callHold == on {
		return
	}
	m.callHold = on
	if m.waiting != NotWaiting {
		return
	}
	s.disconnect(m)
	s.connect(m)
	if on {
		s.dropFloor(m)
	} else {
		s.floorForNewcomer(m)
	}
	s.changed(m)
	s.reseat()
}

// attach gives m a new leg, now or when it is connected.
func (s *State) attach(m *Member, leg Leg) error {
	if m.gone {
		return ErrNoMember
	}
	s.dropSuccessor(m)
	e := m.newest.Load()
	if e == nil || e.live() && m.leg != nil {
		e = m.newEar() // a leg that does not report
		e.connected.Store(true)
	}
	n := &successor{leg: leg, ear: e}
	if m.leg == nil || e.connected.Load() {
		s.succeed(m, n)
		return nil
	}
	m.next = n
	n.timer = s.room.after(successorTime, func(s *State) {
		if m.next == n {
			m.log.Info("a new leg did not connect")
			s.dropSuccessor(m)
		}
	})
	return nil
}

// legConnected lets a new leg take over.
func (s *State) legConnected(e *ear) {
	m := e.m
	switch {
	case m.gone:
	case m.next != nil && m.next.ear == e:
		n := m.next
		n.timer.Stop()
		m.next = nil
		s.succeed(m, n)
	case e.live():
		m.media.connected, m.media.missed = true, time.Time{}
	}
}

// legClosed is for a leg that ended by itself. A member who was never connected
// leaves; any other may come back.
func (s *State) legClosed(e *ear) {
	m := e.m
	switch {
	case m.gone:
	case m.next != nil && m.next.ear == e:
		s.dropSuccessor(m)
	case !e.live():
	case !m.media.connected && !e.connected.Load(), m.waiting != NotWaiting:
		s.leave(m, MediaLost)
	default:
		s.detach(m)
	}
}

// dropSuccessor closes a leg that is not to take over any more.
func (s *State) dropSuccessor(m *Member) {
	if n := m.next; n != nil {
		m.next = nil
		n.timer.Stop()
		s.closeLeg(m, n.leg)
	}
}

// succeed lets a new leg take the place of the old one: what belongs to the member
// stays as it was.
func (s *State) succeed(m *Member, n *successor) {
	old := m.takeLeg()
	s.disconnect(m)
	m.leg, m.dir = n.leg, n.leg.Directions()
	m.live.Store(n.ear)
	s.tuneVoice(m)
	m.form = s.form(m)
	was := m.media
	m.media = mediaState{connected: was.connected || n.ear.connected.Load(), socketLost: was.socketLost, since: time.Now(), moved: time.Now()}
	if was.detached && !n.ear.connected.Load() { // one leg after the other that never connects buys no time
		m.media.missed = was.since
	}
	s.connect(m)
	if old != nil {
		s.closeLeg(m, old)
	}
	m.requestKeyframe()
	m.log.Info("member attached", "media", fmt.Sprintf("%+v", m.dir))
	if m.waiting != NotWaiting {
		return
	}
	s.observer.MemberAttached(s.info(m), s.Canvases())
	s.floorForNewcomer(m)
	s.changed(m)
	s.reseat()
}

// tuneVoice makes the source of a member's sound anew if his leg has another codec.
func (s *State) tuneVoice(m *Member) {
	codec := m.leg.AudioForm().Codec
	if !m.dir.AudioIn || codec == m.req.AudioCodec {
		return
	}
	old := m.audio
	m.req.AudioCodec = codec
	m.req.Stereo = m.req.Stereo && codec == media.Opus
	m.openVoice()
	s.room.wg.Go(old.Close)
}

// takeLeg takes the leg off a member; nobody listens to it any more.
func (m *Member) takeLeg() Leg {
	leg := m.leg
	m.leg = nil
	m.live.Store(new(ear))
	return leg
}

// closeLeg closes a leg off the room's goroutine, because that waits for readers who
// may be asking the room for something.
func (s *State) closeLeg(m *Member, leg Leg) {
	s.room.wg.Go(func() {
		if err := leg.Close(); err != nil {
			m.log.Debug("leg close", "error", err)
		}
	})
}

// detach keeps a member whose media is gone. A leg that waits takes over at once.
func (s *State) detach(m *Member) {
	if leg := m.takeLeg(); leg != nil {
		s.closeLeg(m, leg)
	}
	s.disconnect(m)
	if n := m.next; n != nil {
		n.timer.Stop()
		m.next = nil
		s.succeed(m, n)
		return
	}
	s.setDetached(m, true)
	if lost := m.req.Lost; lost != nil && !m.media.socketLost {
		s.room.wg.Go(lost)
	}
}

// setDetached shows or ends that a member's media is gone.
func (s *State) setDetached(m *Member, on bool) {
	if m.media.detached == on {
		return
	}
	m.media.detached, m.media.since = on, time.Now()
	if on && !m.media.missed.IsZero() {
		m.media.since = m.media.missed
	}
	m.log.Info("member detached", "on", on)
	s.quieten(m)
	if on && m.req.ScreenShare { // nobody's face: there is nothing to stand in for it
		s.dropFloor(m)
	} else if !on {
		s.floorForNewcomer(m)
	}
	s.changed(m)
	s.reseat()
}

// quieten ends the talking of a member who is not heard any more.
func (s *State) quieten(m *Member) {
	m.score = 0
	if m.talking {
		m.talking, m.lastTalking = false, time.Now()
		s.tellTalking(m, audio.Spell{})
	}
}

func (s *State) socketLost(m *Member) {
	switch {
	case m.gone:
	case m.req.NoRecover, m.waiting != NotWaiting:
		s.leave(m, Left)
	default:
		now := time.Now()
		m.media.socketLost, m.media.moved = true, now
		if m.leg != nil {
			m.media.packets = m.leg.Stats().PacketsIn
		}
		m.media.since = now
	}
}

// checkMedia looks once a second whether a member who cannot be steered, or whose
// media stopped, still sends, and for how long he may be without.
func (s *State) checkMedia(m *Member, now time.Time) {
	st := &m.media
	if m.leg != nil && (st.socketLost || st.detached) {
		if n := m.leg.Stats().PacketsIn; n != st.packets {
			st.packets, st.moved = n, now
			s.setDetached(m, false)
		} else if sends := m.dir.AudioIn || m.dir.VideoIn; sends && now.Sub(st.moved) >= quietTime {
			s.setDetached(m, true)
		}
	}
	gone := now.Sub(st.since)
	switch {
	case !st.detached:
	case st.socketLost && gone >= s.room.detachTime:
		s.leave(m, DetachTimeout)
	case !st.socketLost && gone >= reconnectTime:
		s.leave(m, MediaLost)
	}
}

// replaceOrphans removes what a session left behind when it calls again.
func (s *State) replaceOrphans(newcomer *Member) {
	if newcomer.req.Session == "" || newcomer.req.ScreenShare || newcomer.req.SecondScreen {
		return
	}
	for _, m := range slices.Clone(s.members) {
		if m != newcomer && (m.media.socketLost || m.media.detached) && m.req.Session == newcomer.req.Session {
			s.leave(m, Replaced)
		}
	}
}
