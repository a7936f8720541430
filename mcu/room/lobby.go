package room

import (
	"slices"
	"time"

	"github.com/omniverto/omniverto/mixer/audio"
)

// SetLobby makes those who are not trusted wait until a moderator lets them in.
// When it ends, all who wait for that come in.
func (s *State) SetLobby(on bool) {
	if s.door.lobby == on {
		return
	}
	s.door.lobby = on
	for _, m := range slices.Clone(s.door.waiting) {
		if !on && m.waiting == ForAdmission {
			s.Admit(m)
		}
	}
	s.roomChanged()
}

// Lobby reports whether newcomers wait until a moderator lets them in.
func (s *State) Lobby() bool { return s.door.lobby }

// Admit lets a waiting member in, one who has yet to give a PIN, too. It reports
// false for one who does not wait, and while the room is full.
func (s *State) Admit(m *Member) bool {
	if m.gone || m.waiting == NotWaiting || s.isFull() {
		return false
	}
	if i := slices.Index(s.door.waiting, m); i >= 0 {
		s.door.waiting = slices.Delete(s.door.waiting, i, i+1)
		s.endWait(m)
		s.disconnect(m)
		m.waiting, m.joined = NotWaiting, time.Now()
		s.tellDoor()
		s.enter(m)
		return true
	}
	m.waiting = NotWaiting // his leg is on its way
	return true
}

// Deny turns a waiting member away.
func (s *State) Deny(m *Member) {
	if m.waiting != NotWaiting {
		s.leave(m, Rejected)
	}
}

// WaitingMembers lists those at the door, the longest waiting first.
func (s *State) WaitingMembers() []Info {
	out := make([]Info, 0, len(s.door.waiting))
	for _, m := range s.door.waiting {
		out = append(out, s.info(m))
	}
	return out
}

// WaitingMember finds one of those at the door.
func (s *State) WaitingMember(id MemberID) (*Member, error) {
	for _, m := range s.door.waiting {
		if m.id == id {
			return m, nil
		}
	}
	return nil, ErrNoMember
}

// waitAtDoor keeps m, who has a leg now, where nobody hears or sees him.
func (s *State) waitAtDoor(m *Member) {
	s.door.waiting = append(s.door.waiting, m)
	m.log.Info("waits at the door", "for", int(m.waiting))
	s.connect(m)
	s.wait(m)
	s.tellDoor()
}

// wait begins what m hears while he waits for what he waits for now.
func (s *State) wait(m *Member) {
	if m.waiting == ForPIN {
		s.promptOr(s.room.profile.Sounds.PIN, ownPIN, m)
		s.awaitPIN(m)
		return
	}
	music := s.prompts.music.file
	s.open(music, func(s *State, sound Sound, err error) {
		switch {
		case err != nil:
			s.noSound(music, err)
		case m.gone || m.waiting != ForAdmission || m.atDoor.music != nil:
			s.closeSound(sound)
		default:
			sound.Loop(-1)
			m.atDoor.music = &file{name: music, sound: sound, to: m, quiet: true}
			s.start(m.atDoor.music)
		}
	})
}

// connectAtDoor lets m hear what is played to him alone.
func (s *State) connectAtDoor(m *Member) {
	if out := hearing(m); out != nil {
		m.port = s.room.mixer.AddPort(audio.PortID(m.id), nil, out, audio.PortOptions{Form: m.form})
		m.port.SetDeaf(true)
	}
}

// leavePIN lets m in who gave a right PIN, or lets him wait to be let in.
func (s *State) leavePIN(m *Member) {
	s.endWait(m)
	m.waiting = NotWaiting
	if s.checkLobby(m); m.waiting == NotWaiting && s.isFull() {
		s.leave(m, Rejected)
		return
	}
	if m.waiting != NotWaiting {
		s.wait(m)
		s.tellDoor()
		return
	}
	m.waiting = ForPIN // as Admit expects it
	s.Admit(m)
}

// endWait ends what m heard and what bounded his wait.
func (s *State) endWait(m *Member) {
	if m.atDoor.timer != nil {
		m.atDoor.timer.Stop()
	}
	if m.atDoor.music != nil {
		m.atDoor.music.stop()
	}
	m.atDoor.music, m.atDoor.entry = nil, ""
	if m.digitTimer != nil {
		m.digitTimer.Stop()
	}
	if m.waiting != NotWaiting {
		m.files.stop(s, true)
	}
}

// leaveDoor removes a member who waits; false for one who does not.
func (s *State) leaveDoor(m *Member, c Cause) bool {
	i := slices.Index(s.door.waiting, m)
	if i < 0 {
		return false
	}
	s.door.waiting = slices.Delete(s.door.waiting, i, i+1)
	s.endWait(m)
	s.silence(m)
	m.log.Info("left the door", "cause", c.String())
	s.closeLater(m, c)
	s.tellDoor()
	s.endIfEmpty()
	return true
}

// tellDoor tells who waits.
func (s *State) tellDoor() {
	if s.suspending {
		return
	}
	s.observer.LobbyChanged(s.WaitingMembers())
	s.roomChanged()
}
