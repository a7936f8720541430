package room

import (
	"slices"
	"strconv"
)

// Event is something that happened in a room, in the words of FreeSWITCH's
// conference::maintenance events.
type Event struct {
	Action string // start-talking, mute-member …
	Member Info   // whom it is about; zero for nobody
	// Headers are those that this action has besides the common ones and the
	// member's, in order.
	Headers []Header
}

// Header is one header of an Event.
type Header struct{ Name, Value string }

// happened tells an event about m, or about nobody when m is nil.
func (s *State) happened(action string, m *Member, headers ...Header) {
	e := Event{Action: action, Headers: headers}
	if m != nil {
		e.Member = s.info(m)
	}
	s.tell(e)
}

func (s *State) tell(e Event) {
	if name := suppressName(e.Action); name != "" && slices.Contains(s.room.profile.SuppressEvents, name) {
		return
	}
	s.room.log.Debug("event", "action", e.Action, "member", e.Member.ID, "headers", e.Headers)
	s.observer.Happened(e)
}

// suppressName is how suppress-events calls an action; "" for one that it cannot
// suppress.
func suppressName(action string) string {
	switch action {
	case "unmute-member", "vmute-member", "unvmute-member":
		return "mute-member"
	case "unhold-member":
		return "hold-member"
	case "video-floor-change":
		return "floor-change"
	case "agc-level-member", "auto-energy-level-member", "max-energy-level-member":
		return "energy-level-member"
	case "hup-member":
		return "kick-member"
	case "start-recording", "stop-recording", "pause-recording", "resume-recording":
		return "record"
	case "play-file-member-done":
		return "play-file-done"
	case "enter-sounds-on", "enter-sounds-off", "enter-sound-file-changed",
		"exit-sounds-on", "exit-sounds-off", "exit-sound-file-changed":
		return "lock"
	case "del-member", "mute-member", "hold-member", "kick-member", "start-talking", "stop-talking", "mute-detect",
		"floor-change", "energy-level-member", "volume-in-member", "volume-out-member", "set-position-member",
		"dtmf-member", "energy-level", "volume-level", "gain-level", "play-file", "play-file-done", "play-file-member",
		"transfer", "lock", "unlock", "bgdial-result":
		return action
	}
	return ""
}

// toldIf is an action, or the end of it: mute-member, unmute-member.
func toldIf(end bool, action string) string {
	if end {
		return "un" + action
	}
	return action
}

// floorHeaders are those of a floor that passes on.
func floorHeaders(old, now MemberID) []Header {
	return []Header{{"Old-ID", idOrNone(old)}, {"New-ID", idOrNone(now)}}
}

func idOrNone(id MemberID) string {
	if id == 0 {
		return "none"
	}
	return strconv.Itoa(int(id))
}

// hangupCause is FreeSWITCH's name of a Cause.
func (c Cause) hangupCause() string {
	if c == MediaLost {
		return "MEDIA_TIMEOUT"
	}
	return "NORMAL_CLEARING"
}
