package room

import (
	"crypto/subtle"
	"slices"
	"strings"
	"time"
)

// door is who may come in. Owned by the room's loop.
type door struct {
	locked            bool
	pin, moderatorPIN string
	retries           int
	lobby             bool
	maxMembers        int
	waiting           []*Member // the longest waiting first
	bans              map[string]bool
	failed            map[string][]time.Time // calls with wrong PINs, by whence they came
	wrong             []time.Time            // wrong PINs, of all
}

// Bounds of the door.
const (
	maxAtDoor   = 100 // who wait at a time
	maxPIN      = 32  // bytes
	pinPause    = 5 * time.Second
	pinPatience = 60 * time.Second // from one try to the next
	// Calls with wrong PINs from one session or device, and wrong PINs of all, that
	// are taken within pinWindow.
	pinCalls, pinTries = 3, 30
	pinWindow          = time.Minute
	maxBans            = 10000
)

// atDoor is what concerns a member while he waits. Owned by the room's loop.
type atDoor struct {
	entry string // digits of a PIN so far
	tries int    // wrong ones
	timer *time.Timer
	music *file
}

func newDoor(p Profile) door {
	return door{
		pin: bounded(p.PIN, maxPIN), moderatorPIN: bounded(p.ModeratorPIN, maxPIN), retries: p.PINRetries, lobby: p.Lobby, maxMembers: p.MaxMembers,
		bans: make(map[string]bool), failed: make(map[string][]time.Time),
	}
}

// bounded is the beginning of a text.
func bounded(text string, n int) string { return text[:min(len(text), n)] }

// checkDoor decides whether m gets a place, and for what he has to wait before he
// is let in.
func (s *State) checkDoor(m *Member) error {
	d := &s.door
	trusted := m.req.Trusted || s.belongs(m)
	switch {
	case !m.req.Outbound && s.isBanned(m.req):
		return ErrBanned
	case d.locked && !trusted:
		return ErrLocked
	case s.isFull(), len(d.waiting) >= maxAtDoor:
		return ErrFull
	case trusted:
		return nil
	}
	if err := s.checkPIN(m); err != nil {
		return err
	}
	s.checkLobby(m)
	return nil
}

// belongs reports whether m is a screen of somebody who is in the room.
func (s *State) belongs(m *Member) bool {
	return (m.req.ScreenShare || m.req.SecondScreen) && m.req.Session != "" && slices.ContainsFunc(s.members, func(o *Member) bool {
		return o.req.Session == m.req.Session && !o.req.ScreenShare && !o.req.SecondScreen
	})
}

// isFull reports whether nobody else may join. Ghosts are not counted.
func (s *State) isFull() bool {
	return s.door.maxMembers > 0 && len(s.members)-s.ghosts()+s.reserved >= s.door.maxMembers
}

func (s *State) ghosts() (n int) {
	for _, m := range s.members {
		if m.req.Flags.Ghost {
			n++
		}
	}
	return n
}

// checkPIN takes the PIN that came with the call. Without a right one m has to dial
// it.
func (s *State) checkPIN(m *Member) error {
	d := &s.door
	switch {
	case d.pin == "" && (d.moderatorPIN == "" || m.req.PIN == ""):
		return nil
	case s.isThrottled(m.req):
		m.log.Warn("PIN refused", "reason", "too many wrong ones")
		return ErrPINWrong
	case s.isRight(m, m.req.PIN):
		return nil
	case d.pin == "": // it was to be the moderators'
		s.countWrong(m)
		return nil
	}
	m.waiting = ForPIN
	if m.req.PIN != "" {
		s.countWrong(m)
	}
	return nil
}

// isRight compares a PIN in a time that tells nothing of it. The moderators' makes
// m a moderator.
func (s *State) isRight(m *Member, pin string) bool {
	pin = bounded(pin, maxPIN)
	if s.door.moderatorPIN != "" && subtle.ConstantTimeCompare([]byte(pin), []byte(s.door.moderatorPIN)) == 1 {
		if m.req.Role != Viewer {
			m.req.Role = Moderator
			m.digits.controls = m.controls()
		}
		return true
	}
	return s.door.pin != "" && subtle.ConstantTimeCompare([]byte(pin), []byte(s.door.pin)) == 1
}

// checkLobby lets m wait until he is let in.
func (s *State) checkLobby(m *Member) {
	if m.waiting == NotWaiting && s.door.lobby && m.req.Role != Moderator && !m.req.Trusted {
		m.waiting = ForAdmission
	}
}

// whence are the names of where a call comes from. A client chooses them himself, so
// that they only slow down who does not care to change them; what bounds the rest is
// the limit of the whole room.
func whence(r Request) []string {
	var names []string
	if r.Session != "" {
		names = append(names, "session "+r.Session)
	}
	if r.DeviceID != "" {
		names = append(names, "device "+bounded(r.DeviceID, 64))
	}
	return names
}

// isThrottled reports whether too many wrong PINs came from there, or altogether.
func (s *State) isThrottled(r Request) bool {
	d, since := &s.door, time.Now().Add(-pinWindow)
	d.wrong = recent(d.wrong, since)
	if len(d.wrong) >= pinTries {
		return true
	}
	return slices.ContainsFunc(whence(r), func(name string) bool { return len(recent(d.failed[name], since)) >= pinCalls })
}

// recent are the times after another.
func recent(times []time.Time, since time.Time) []time.Time {
	return slices.DeleteFunc(times, func(t time.Time) bool { return t.Before(since) })
}

// countWrong notes a wrong PIN; a call's first counts for whence it came.
func (s *State) countWrong(m *Member) {
	d, now := &s.door, time.Now()
	d.wrong = append(recent(d.wrong, now.Add(-pinWindow)), now)
	m.atDoor.tries++
	m.log.Info("wrong PIN", "tries", m.atDoor.tries)
	if m.atDoor.tries > 1 {
		return
	}
	for name, times := range d.failed { // at most pinTries in a window: the map stays small
		if times = recent(times, now.Add(-pinWindow)); len(times) == 0 {
			delete(d.failed, name)
		} else {
			d.failed[name] = times
		}
	}
	for _, name := range whence(m.req) {
		d.failed[name] = append(d.failed[name], now)
	}
}

// dialPIN takes the digits of who has to give a PIN: # ends it, the length of the
// longest PIN does, and so does a pause.
func (s *State) dialPIN(m *Member, more string) {
	if m.waiting != ForPIN {
		return
	}
	for _, c := range more {
		if c == '#' {
			s.tryPIN(m)
		} else if m.atDoor.entry += string(c); s.isWhole(m.atDoor.entry) {
			s.tryPIN(m)
		}
		if m.gone || m.waiting != ForPIN {
			return
		}
	}
	if m.atDoor.entry != "" {
		m.digitTimer = s.room.after(pinPause, func(s *State) { s.tryPIN(m) })
	}
}

// isWhole reports whether no PIN is longer than an entry.
func (s *State) isWhole(entry string) bool {
	if d := &s.door; entry == d.pin || entry == d.moderatorPIN {
		other := d.pin
		if entry == d.pin {
			other = d.moderatorPIN
		}
		return !strings.HasPrefix(other, entry) || other == entry
	}
	return len(entry) >= max(len(s.door.pin), len(s.door.moderatorPIN))
}

// tryPIN compares what was dialled. While too many wrong ones came nothing is right.
func (s *State) tryPIN(m *Member) {
	pin := m.atDoor.entry
	m.atDoor.entry = ""
	switch {
	case m.gone || m.waiting != ForPIN || pin == "":
		return
	case len(recent(s.door.wrong, time.Now().Add(-pinWindow))) < pinTries && s.isRight(m, pin), s.door.pin == "":
		s.leavePIN(m)
		return
	}
	s.countWrong(m)
	if m.atDoor.tries >= max(s.door.retries, 1) {
		s.leave(m, Rejected)
		return
	}
	s.promptOr(s.room.profile.Sounds.BadPIN, ownBadPIN, m)
	s.awaitPIN(m)
	s.tellDoor()
}

// awaitPIN bounds how long somebody takes to try.
func (s *State) awaitPIN(m *Member) {
	if m.atDoor.timer != nil {
		m.atDoor.timer.Stop()
	}
	m.atDoor.timer = s.room.after(pinPatience, func(s *State) {
		if m.waiting == ForPIN {
			s.leave(m, Rejected)
		}
	})
}

// Lock keeps newcomers out, or lets them in again. Trusted ones come in always.
func (s *State) Lock(on bool) {
	s.door.locked = on
	if sounds := s.room.profile.Sounds; on {
		s.promptOr(sounds.IsLocked, ownLocked, nil)
		s.happened("lock", nil)
	} else {
		s.promptOr(sounds.IsUnlocked, ownUnlocked, nil)
		s.happened("unlock", nil)
	}
	s.roomChanged()
}

// Locked reports whether the room is locked.
func (s *State) Locked() bool { return s.door.locked }

// SetPIN sets the word that a newcomer has to give, "" for none.
func (s *State) SetPIN(pin string) {
	s.door.pin = bounded(pin, maxPIN)
	s.openPIN()
	s.roomChanged()
}

// openPIN lets those in who wait for a PIN that is not asked for any more.
func (s *State) openPIN() {
	for _, m := range slices.Clone(s.door.waiting) {
		if m.waiting == ForPIN && s.door.pin == "" {
			s.leavePIN(m)
		}
	}
}

// PIN is the word that a newcomer has to give, "" for none.
func (s *State) PIN() string { return s.door.pin }

// SetModeratorPIN sets the word that makes a newcomer a moderator, "" for none.
func (s *State) SetModeratorPIN(pin string) { s.door.moderatorPIN = bounded(pin, maxPIN) }

// ModeratorPIN is the word that makes a newcomer a moderator, "" for none.
func (s *State) ModeratorPIN() string { return s.door.moderatorPIN }

// MaxMembers is the most members at a time, 0 for no limit.
func (s *State) MaxMembers() int { return s.door.maxMembers }

// SetMaxMembers changes the most members at a time, 0 for no limit.
func (s *State) SetMaxMembers(n int) {
	s.door.maxMembers = max(n, 0)
	s.roomChanged()
}

// Ban removes a member and keeps his session, device and account out while the
// room lasts. A guest's account is that of one link, which others have, too.
func (s *State) Ban(m *Member) {
	if m.gone {
		return
	}
	names := whence(m.req)
	if u := m.req.User; u != "" && !strings.HasPrefix(u, "guest-") {
		names = append(names, "user "+u)
	}
	for _, name := range names {
		if len(s.door.bans) < maxBans {
			s.door.bans[name] = true
		}
	}
	m.log.Info("member banned", "user", m.req.User)
	if m.waiting == NotWaiting {
		s.happened("kick-member", m)
	}
	s.leave(m, Banned)
	for _, other := range slices.Concat(s.door.waiting, s.members) { // his screens, and where else he is
		if s.isBanned(other.req) {
			s.leave(other, Banned)
		}
	}
}

func (s *State) isBanned(r Request) bool {
	return slices.ContainsFunc(append(whence(r), "user "+r.User), func(name string) bool { return s.door.bans[name] })
}

// Promote gives a member another role.
func (s *State) Promote(m *Member, r Role) {
	if m.gone || m.req.Role == r {
		return
	}
	m.log.Info("role changed", "from", string(m.req.Role), "to", string(r))
	viewed := m.req.Role == Viewer
	m.req.Role, m.req.Flags.Moderator = r, r == Moderator
	m.digits.controls = m.controls()
	if m.waiting != NotWaiting {
		if r == Moderator {
			s.Admit(m)
		}
		return
	}
	if viewed != (r == Viewer) {
		s.disconnect(m)
		s.quieten(m)
		s.connect(m)
	}
	if r == Viewer {
		s.dropFloor(m)
	} else {
		s.floorForNewcomer(m)
	}
	s.changed(m)
	s.reseat()
	s.moderatorCame(m)
	for _, other := range slices.Clone(s.members) { // a screen that he shares has no more rights than he
		if other.req.ScreenShare && m.req.Session != "" && other.req.Session == m.req.Session {
			s.Promote(other, r)
		}
	}
}
