package room

import (
	"github.com/omniverto/omniverto/media"
	"github.com/omniverto/omniverto/mixer/source"
)

// hearing is where a member's mix goes, nil if he hears nothing.
func hearing(m *Member) media.Watcher {
	if !m.dir.AudioOut || m.req.ScreenShare || m.req.SecondScreen {
		return nil
	}
	return m.leg.Audio()
}

// pollSound takes over who talks and who has the floor from the mixer.
func (s *State) pollSound() {
	floor := MemberID(s.room.mixer.Floor())
	old, ring := s.floor, false
	s.floor = floor
	for _, m := range s.members {
		if m.port == nil {
			continue
		}
		st := m.port.State()
		m.score = st.Score
		talking := m.talking
		m.talking = st.Talking
		if talking != m.talking || old != floor && (m.id == old || m.id == floor) {
			s.changed(m)
			ring = ring || talking != m.talking
		}
	}
	if ring && s.room.profile.TalkRing {
		s.show()
	}
	s.followFloor()
}

// alignLips holds the picture back when the member's sound is played later.
func (s *State) alignLips(m *Member) {
	if m.dir.AudioIn && m.dir.VideoIn {
		m.video.SetHold(source.LipSync(m.audio, m.video))
	}
}

// Mute stops or lets a member's voice into the mix.
func (s *State) Mute(m *Member, on bool) {
	if m.muted == on {
		return
	}
	m.muted = on
	if m.port != nil {
		m.port.SetMuted(on)
	}
	s.changed(m)
}

// Deafen stops or lets the mix to a member.
func (s *State) Deafen(m *Member, on bool) {
	if m.deaf == on {
		return
	}
	m.deaf = on
	if m.port != nil {
		m.port.SetDeaf(on)
	}
	s.changed(m)
}

// MuteVideo shows a member's avatar instead of his camera.
func (s *State) MuteVideo(m *Member, on bool) {
	if m.vmuted == on {
		return
	}
	m.vmuted = on
	s.changed(m)
	s.reseat()
}

// Kick removes a member.
func (s *State) Kick(m *Member) { s.leave(m, Kicked) }

// dtmf dials more digits for m.
func (s *State) dtmf(m *Member, more string) {
	if m.gone {
		return
	}
	if m.digitTimer != nil {
		m.digitTimer.Stop()
	}
	actions, wait := m.digits.dial(more)
	for _, a := range actions {
		s.act(m, a)
	}
	if wait {
		m.digitTimer = s.room.after(digitTimeout, func(s *State) {
			for _, a := range m.digits.timeout() {
				s.act(m, a)
			}
		})
	}
}

// act does what a DTMF sequence stands for. As in FreeSWITCH, dialling oneself
// unmuted also ends deafness.
func (s *State) act(m *Member, a Action) {
	switch a {
	case ActionMute:
		s.speakAndHear(m, !m.muted)
	case ActionMuteOn:
		s.Mute(m, true)
	case ActionMuteOff:
		s.speakAndHear(m, false)
	case ActionDeafMut:
		s.Mute(m, !m.deaf)
		s.Deafen(m, !m.deaf)
	case ActionDeaf:
		s.Deafen(m, !m.deaf)
	case ActionVmute:
		s.MuteVideo(m, !m.vmuted)
	case ActionVmuteOn:
		s.MuteVideo(m, true)
	case ActionVmuteOf:
		s.MuteVideo(m, false)
	case ActionHangup:
		s.leave(m, Left)
	}
}

func (s *State) speakAndHear(m *Member, mute bool) {
	s.Mute(m, mute)
	if !mute {
		s.Deafen(m, false)
	}
}
