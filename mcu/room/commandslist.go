package room

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/omniverto/omniverto/media"
)

// Listing is what lists tell of a room: a value, read inside of Do.
type Listing struct {
	Name, UUID string
	Started    time.Time
	Now        time.Time // when it was read
	Flags      []string  // FreeSWITCH's conference flags, in its order
	Canvases   int
	MaxMembers int // 0: no limit
	EndGrace   int // seconds that the room outlives its ending member; 0 none
	Variables  []Header
	Recordings []Recording    // newest first
	Members    []ListedMember // newest first
}

// ListedMember is a member as lists tell him.
type ListedMember struct {
	Info
	Channel                string // name of his leg
	CanHear, CanSpeak      bool
	CanSee, Video          bool // he has pictures, to send or to see
	EndConference          bool // the room ends when he leaves …
	MandatoryEndConference bool // … even if others of his kind are there
}

// count is how many members a list counts: ghosts are told beside them.
func (l Listing) count() (members, ghosts int) {
	for _, m := range l.Members {
		if m.Ghost {
			ghosts++
		}
	}
	return len(l.Members) - ghosts, ghosts
}

// flag reports whether the conference has that flag.
func (l Listing) flag(name string) bool { return slices.Contains(l.Flags, name) }

// runTime is how long the room has been there, in seconds.
func (l Listing) runTime() int { return ago(l.Now, l.Started) }

// ago is how long something is past, in whole seconds.
func ago(now, then time.Time) int { return int(max(now.Sub(then), 0) / time.Second) }

// Listing reads what lists tell of the room.
func (s *State) Listing() Listing {
	l := Listing{
		Name: s.room.name, UUID: s.room.UUID(), Started: s.RoomInfo().Started, Now: time.Now(), Flags: s.listFlags(),
		Canvases: len(s.canvases), MaxMembers: s.MaxMembers(), EndGrace: s.EndGrace(),
		Variables: s.listVariables(), Recordings: s.recordings(),
	}
	for _, m := range slices.Backward(s.members) {
		i := s.info(m)
		l.Members = append(l.Members, ListedMember{
			Info: i, Channel: m.channel(), CanHear: !m.deaf, CanSpeak: !m.muted, CanSee: !m.look.blind,
			Video:         m.dir.VideoIn || m.dir.VideoOut,
			EndConference: i.Flags.EndConference, MandatoryEndConference: i.Flags.MandatoryEnd,
		})
	}
	return l
}

// listFlags are FreeSWITCH's conference flags. Those that say how its video
// conferences work are true of every room of ours.
func (s *State) listFlags() []string {
	info, p := s.RoomInfo(), s.room.profile
	var flags []string
	for _, f := range []struct {
		name string
		on   bool
	}{
		{"locked", info.Locked}, {"wait_mod", info.WaitModerator}, {"audio_always", p.AudioAlways},
		{"running", true}, {"answered", len(s.members) > 0}, {"enforce_min", true}, {"dynamic", true},
		{"exit_sound", s.prompts.exit.on}, {"enter_sound", s.prompts.enter.on}, {"recording", len(s.recordings()) > 0},
		{"video_floor_only", true}, {"video_rfc4579", true}, {"livearray_sync", true}, {"video_floor_lock", s.floorLocked},
		{"transcode_video", true}, {"video_muxing", true}, {"minimize_video_encoding", true}, {"manage_inbound_bitrate", true},
		{"json_status", true}, {"video_required_for_canvas", p.VideoRequired}, {"personal_canvas", s.personalMode},
	} {
		if f.on {
			flags = append(flags, f.name)
		}
	}
	return flags
}

// listVariables are the conference's variables, sorted.
func (s *State) listVariables() []Header {
	var out []Header
	for _, name := range slices.Sorted(maps.Keys(s.life.variables)) {
		out = append(out, Header{name, s.life.variables[name]})
	}
	return out
}

// FreeSWITCH's sample rate, and its separator of lists.
const listRate, listDelim = media.SampleRate, ";"

// listForm is how the list command writes.
type listForm struct {
	delim   string
	pretty  bool
	summary bool
}

// parseList reads the words of list; count is a form of its own.
func parseList(args []string) (f listForm, count bool) {
	f.delim = listDelim
	switch word := strings.ToLower(arg(args, 0)); {
	case word == "delim" && arg(args, 1) != "":
		f.delim = strings.Trim(args[1], `"`)
	case word == "pretty":
		f.pretty = true
	case word == "summary":
		f.summary = true
	case word == "count":
		count = true
	}
	return f, count
}

// members writes a line for each member.
func (f listForm) members(b *strings.Builder, l Listing) {
	for _, m := range l.Members {
		if f.pretty {
			fmt.Fprintf(b, "%d) %s (%s)\n", m.ID, m.Name, m.Number)
			continue
		}
		fields := []string{fmt.Sprint(m.ID), m.Channel, m.CallID, m.Name, m.Number, m.listFlags(),
			fmt.Sprint(m.VolumeIn), fmt.Sprint(m.VolumeOut), fmt.Sprint(m.Energy)}
		b.WriteString(strings.Join(fields, f.delim) + "\n")
	}
}

// listFlags are a member's flags. Who is on hold neither hears, nor speaks, nor talks.
func (m ListedMember) listFlags() string {
	var flags []string
	add := func(name string, on bool) {
		if on {
			flags = append(flags, name)
		}
	}
	add("hear", m.CanHear && !m.Hold)
	add("speak", m.CanSpeak && !m.Hold)
	add("talking", m.Talking && !m.Hold)
	add("hold", m.Hold)
	add("video", m.Video)
	add("floor", m.Floor)
	add("vid-floor", m.VideoFloor)
	add("moderator", m.Role == Moderator)
	add("ghost", m.Ghost)
	add("res-id:"+string(m.ReservationID), m.ReservationID != "")
	add("role-id:"+m.RoleID, m.RoleID != "")
	return strings.Join(flags, "|")
}

// ListRooms answers what FreeSWITCH takes after "conference" without a conference's
// name: nothing, help, commands, list, xml_list, json_list and count. ok is false
// for another word: that is a name.
func ListRooms(words []string, rooms []Listing) (reply string, ok bool) {
	switch word, args := strings.ToLower(arg(words, 0)), words[min(1, len(words)):]; word {
	case "":
		return usages("<conf name> ", " "), true
	case "help", "commands":
		return usages("\t\t", ""), true
	case "count":
		return fmt.Sprint(len(rooms)), true
	case "list":
		form, _ := parseList(args)
		return form.rooms(rooms), true
	case "xml_list":
		return xmlList(rooms), true
	case "json_list":
		return jsonList(rooms, args), true
	}
	return "", false
}

// rooms lists several rooms, each under its line.
func (f listForm) rooms(rooms []Listing) string {
	if len(rooms) == 0 {
		return "+OK No active conferences.\n"
	}
	var b strings.Builder
	for _, l := range rooms {
		n, _ := l.count()
		plural, locked, flags := "s", "", "none"
		if n == 1 {
			plural = ""
		}
		if l.flag("locked") {
			locked = " locked"
		}
		if len(l.Flags) > 0 {
			flags = strings.Join(l.Flags, "|")
		}
		fmt.Fprintf(&b, "+OK Conference %s (%d member%s rate: %d%s flags: %s)\n", l.Name, n, plural, listRate, locked, flags)
		if !f.summary {
			f.members(&b, l)
		}
	}
	return b.String()
}

// usages writes a line for every command; none is what follows the name of one
// without arguments.
func usages(before, none string) string {
	var b strings.Builder
	for _, c := range listed() {
		b.WriteString(before + c.Usage)
		if c.Usage == c.Name {
			b.WriteString(none)
		}
		b.WriteByte('\n')
	}
	return b.String()
}
