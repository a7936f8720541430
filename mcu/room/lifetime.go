package room

import (
	"crypto/rand"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"time"
)

// life is what a room lives by. Owned by the room's loop.
type life struct {
	waitModerator bool // nobody is heard before a moderator is there
	endGrace      int  // seconds
	endAt         time.Time
	enough        bool // there were two once
	minTwo        bool // somebody came without whom the room would end below two
	talked        time.Time
	beat          time.Time // last heartbeat
	recording     bool
	autoRecorded  bool // the profile's recording was begun
	variables     map[string]string
	soundPrefix   string
	callerName    string
	callerNumber  string
	told          string // RoomInfo that was told last
}

// Bounds of a conference's variables.
const maxVariables, maxVariable = 200, 4096

func newLife(p Profile) life {
	now := time.Now()
	l := life{
		waitModerator: p.WaitModerator, endGrace: p.EndGrace, talked: now, beat: now,
		variables: maps.Clone(p.Variables), soundPrefix: p.SoundPrefix, callerName: p.CallerIDName, callerNumber: p.CallerIDNumber,
	}
	if l.variables == nil {
		l.variables = make(map[string]string)
	}
	return l
}

// newUUID is a random one (RFC 9562 5.4).
func newUUID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

// UUID is unique to the room.
func (r *Room) UUID() string { return r.uuid }

// Started is when the room was made.
func (r *Room) Started() time.Time { return r.started }

// arrived takes over what a newcomer means for the room.
func (s *State) arrived(m *Member) {
	l := &s.life
	l.minTwo = l.minTwo || m.req.Flags.MinTwo
	l.enough = l.enough || s.company() >= 2
	l.talked = time.Now()
	if m.req.Flags.EndConference || m.req.Flags.MandatoryEnd {
		l.endAt = time.Time{}
	}
	s.moderatorCame(m)
	s.autoRecord()
	s.roomChanged()
}

// autoRecord begins the recording that the profile asks for once enough people are
// there, and after it was stopped if the profile says so.
func (s *State) autoRecord() {
	p, l := s.room.profile, &s.life
	if p.AutoRecord == "" || s.room.recorder == nil || s.company() < max(p.MinRecording, 1) {
		return
	}
	if l.autoRecorded && (!p.RestartRecord || slices.ContainsFunc(s.recordings(), func(r Recording) bool { return r.Auto })) {
		return
	}
	l.autoRecorded = true
	path := bounded(s.expand(p.AutoRecord), maxPath)
	rec := Recording{Path: path, Spec: s.recordSpec(path, 0), Auto: true, Started: time.Now()}
	headers := []Header{{"Path", rec.Spec}}
	if err := s.room.recorder.Start(s.room, rec); err != nil {
		s.room.log.Warn("not recorded", "path", path, "error", err)
		headers = append(headers, Header{"Error", "File could not be opened for recording"})
	}
	s.happened("start-recording", nil, headers...)
	s.tellRecording()
}

// expand puts the conference's variables in the place of ${name}, and times in that of
// ${strftime(…)}.
func (s *State) expand(text string) string {
	times := strings.NewReplacer("%Y", "2006", "%m", "01", "%d", "02", "%H", "15", "%M", "04", "%S", "05")
	return os.Expand(text, func(name string) string {
		switch name {
		case "conference_name":
			return s.room.name
		case "conference_uuid":
			return s.room.uuid
		}
		if form, ok := strings.CutPrefix(name, "strftime("); ok {
			return time.Now().Format(times.Replace(strings.TrimSuffix(form, ")")))
		}
		return s.life.variables[name]
	})
}

// moderatorCame ends the wait for one.
func (s *State) moderatorCame(m *Member) {
	if m.req.Role == Moderator && m.waiting == NotWaiting && s.life.waitModerator {
		s.SetWaitModerator(false)
	}
}

// departed takes over what the end of a membership means for the room. The last of
// those without whom there is to be no conference ends it.
func (s *State) departed(gone *Member) {
	l, f := &s.life, gone.req.Flags
	if s.suspending || s.ended {
		return
	}
	ends := false
	if f.EndConference && !s.any(func(f MemberFlags) bool { return f.EndConference }) ||
		f.MandatoryEnd && !s.any(func(f MemberFlags) bool { return f.MandatoryEnd }) {
		ends = true
	}
	permanent := isTrue(gone.req.Variables["conference_permanent_wait_mod_moh"])
	if permanent && gone.req.Role == Moderator && !s.moderated() && len(s.members) > 0 {
		s.SetWaitModerator(true)
	}
	s.roomChanged()
	switch {
	case len(s.members) == 0:
	case l.minTwo && l.enough && s.company() < 2, ends && l.endGrace == 0:
		s.room.log.Info("conference ended", "left", gone.id)
		s.close(RoomEnded)
	case ends:
		l.endAt = time.Now().Add(time.Duration(l.endGrace) * time.Second)
	}
}

// any reports whether some member has a flag.
func (s *State) any(has func(MemberFlags) bool) bool {
	for _, m := range s.members {
		if has(m.req.Flags) {
			return true
		}
	}
	return false
}

// moderated reports whether a moderator is there.
func (s *State) moderated() bool {
	for _, m := range s.members {
		if m.req.Role == Moderator {
			return true
		}
	}
	return false
}

// checkLife looks once a second whether the room is to end, and tells its heartbeat.
func (s *State) checkLife(now time.Time) {
	l, p := &s.life, s.room.profile
	for _, m := range s.members {
		if m.talking {
			l.talked = now
		}
	}
	silent := time.Duration(p.TerminateOnSilence) * time.Second
	switch {
	case len(s.members) == 0:
	case !l.endAt.IsZero() && !now.Before(l.endAt):
		s.room.log.Info("conference ended", "after", "grace")
		s.close(RoomEnded)
	case silent > 0 && s.company() > 1 && !l.waitModerator && now.Sub(l.talked) >= silent:
		s.room.log.Info("conference ended", "silent", silent)
		s.close(RoomEnded)
	}
	s.autoRecord()
	if period := time.Duration(p.HeartbeatSec) * time.Second; period > 0 && now.Sub(l.beat) >= period {
		l.beat = now
		s.happened("conference-heartbeat", nil)
	}
}

// EndGrace is how many seconds a room goes on that is to end.
func (s *State) EndGrace() int { return s.life.endGrace }

// SetEndGrace changes how many seconds a room goes on that is to end.
func (s *State) SetEndGrace(seconds int) { s.life.endGrace = max(seconds, 0) }

// WaitsForModerator reports whether nobody is heard before a moderator is there.
func (s *State) WaitsForModerator() bool { return s.life.waitModerator }

// SetWaitModerator lets nobody be heard before a moderator is there, or all at once.
func (s *State) SetWaitModerator(on bool) {
	if s.life.waitModerator == on {
		return
	}
	s.life.waitModerator, s.life.talked = on, time.Now()
	for _, m := range s.members {
		if m.port != nil {
			m.port.SetMuted(s.muffled(m))
		}
	}
	s.pollSound()
	s.playMusic()
	s.roomChanged()
}

// Variable is a variable of the conference.
func (s *State) Variable(name string) (value string, ok bool) {
	value, ok = s.life.variables[name]
	return value, ok
}

// SetVariable sets a variable of the conference; "" removes it. Too many and too long
// ones are passed over.
func (s *State) SetVariable(name, value string) {
	v := s.life.variables
	_, known := v[name]
	switch {
	case value == "":
		delete(v, name)
	case name == "" || len(name) > maxWord || len(value) > maxVariable || !known && len(v) >= maxVariables:
		s.room.log.Warn("variable refused", "length", len(value))
		return
	default:
		v[name] = value
	}
	s.roomChanged()
}

// SoundPrefix is the folder of sounds that are named without one.
func (s *State) SoundPrefix() string { return s.life.soundPrefix }

// SetSoundPrefix changes the folder of sounds that are named without one.
func (s *State) SetSoundPrefix(prefix string) { s.life.soundPrefix = bounded(prefix, maxVariable) }

// CallerID is what those see whom the conference calls.
func (s *State) CallerID() (name, number string) { return s.life.callerName, s.life.callerNumber }

// SetCallerID changes what those see whom the conference calls.
func (s *State) SetCallerID(name, number string) {
	s.life.callerName, s.life.callerNumber = cleanName(name), cleanName(number)
}

// SetRecording tells whether the conference is being recorded.
func (s *State) SetRecording(on bool) {
	s.life.recording = on
	s.roomChanged()
}

// RoomInfo is what the room is like.
func (s *State) RoomInfo() RoomInfo {
	d, l := &s.door, &s.life
	i := RoomInfo{
		UUID: s.room.uuid, Profile: s.room.profile.Name, Started: s.room.started,
		Locked: d.locked, NeedsPIN: d.pin != "", Lobby: d.lobby, WaitModerator: l.waitModerator, Recording: l.recording,
		Waiting: len(d.waiting), Members: len(s.members), Ghosts: s.ghosts(), MaxMembers: d.maxMembers,
	}
	for name, value := range l.variables {
		if own, ok := strings.CutPrefix(name, "conference_verto_"); ok {
			if i.Verto == nil {
				i.Verto = make(map[string]string)
			}
			i.Verto[own] = value
		}
	}
	return i
}

// roomChanged tells the room's state if it differs from what was told last. Who comes
// and goes is told by other events.
func (s *State) roomChanged() {
	if s.suspending {
		return
	}
	i := s.RoomInfo()
	quiet := i
	quiet.Members, quiet.Ghosts = 0, 0
	if now := fmt.Sprint(quiet); now != s.life.told {
		s.life.told = now
		s.observer.RoomChanged(i)
	}
}

// Hangup removes a member in silence, as FreeSWITCH's hup.
func (s *State) Hangup(m *Member) {
	if m.gone {
		return
	}
	s.happened("hup-member", m)
	s.leave(m, Left)
}

// End ends the conference for all.
func (s *State) End() { s.close(RoomEnded) }
