package room

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/omniverto/omniverto/mixer/audio"
)

// soundCommands are those about how loud a member is and hears, where he sounds,
// and to whom.
func soundCommands() []command {
	each := func(name, usage, description string, p Permission, f func(*State, *Member, string) string) command {
		return eachOf(KindAudio, p)(name, usage, description, f)
	}
	run := runOf(KindAudio, ForModerator)
	const value = " <member_id|all|last|non_moderator> [<newval>]"
	return []command{
		each("hold", usageOne+" [file]", "takes a member's voice and picture out of the conference; he hears it on, or first a file", ForModerator, hold),
		each("unhold", usageOne, "brings him back", ForModerator, func(s *State, m *Member, _ string) string {
			s.Unhold(m)
			return done("unhold", m)
		}),
		each("agc", value, "sets automatic gain: level[:low level[:factor]], up or down; without a word tells the level", ForSelf, agc),
		each("volume_in", value, "sets how loud a member is: -4 to 4, up, down, or decibels (3dB); without a word tells it", ForSelf,
			func(s *State, m *Member, word string) string {
				if word != "" {
					s.setVolumeIn(m, m.voice.in.change(word))
					s.happened("volume-in-member", m, Header{"Volume-Level", m.voice.in.String()})
				}
				return fmt.Sprintf("+OK Volume IN %d = %s\n", m.id, m.voice.in)
			}),
		each("volume_out", value, "sets how loud he hears the others, likewise", ForViewer,
			func(s *State, m *Member, word string) string {
				if word != "" {
					s.setVolumeOut(m, m.voice.out.change(word))
					s.happened("volume-out-member", m, Header{"Volume-Level", m.voice.out.String()})
				}
				return fmt.Sprintf("+OK Volume OUT %d = %s\n", m.id, m.voice.out)
			}),
		each("position", " <member_id> <x>:<y>:<z>", "puts a voice to a place; x from -1, left, to 1, right, is heard", ForModerator, position),
		run("auto-3d-position", " [on|off]", "puts every voice where its picture is", auto3DPosition),
		each("floor", " <member_id|last>", "tells who has the floor of sound, which goes to who talks", ForModerator, floor),
		run("relate", " <member_id>[,<member_id>] <other_member_id>[,<other_member_id>] [nospeak|nohear|clear]",
			"the first is not heard by the other (nospeak), does not hear him (nohear), or his picture alone is sent to him (sendvideo); with the first alone lists", relate),
	}
}

func hold(s *State, m *Member, file string) string {
	s.Hold(m, file)
	return done("hold", m)
}

// Steps and limit of levels that are moved up and down.
const levelStep, maxLevel = 200, 1800

// moved is a level after up or down; ok is false for another word.
func moved(level int, word string) (moved int, ok bool) {
	switch {
	case strings.EqualFold(word, "up"):
		return min(level+levelStep, maxLevel), true
	case strings.EqualFold(word, "down"):
		return max(level-levelStep, 0), true
	}
	return level, false
}

// agc takes a level of 0 and less for none given, as FreeSWITCH does.
func agc(s *State, m *Member, word string) string {
	if word != "" {
		s.setAGC(m, changedAGC(m.voice.agc, word))
		s.happened("agc-level-member", m, Header{"Agc-Level", fmt.Sprint(m.voice.agc.Level)})
	}
	return fmt.Sprintf("Agc %d = %d\n", m.id, m.voice.agc.Level)
}

func changedAGC(a audio.AGC, word string) audio.AGC {
	level, ok := moved(a.Level, word)
	if ok {
		a.Level = level
		return a
	}
	parts := strings.SplitN(word, ":", 3)
	for i, to := range []*int{&a.Level, &a.LowEnergy, &a.Factor} {
		if n := atoi(arg(parts, i)); n > 0 {
			*to = n
		}
	}
	return a
}

// farAway bounds the numbers of a position.
const farAway = 1000

func position(s *State, m *Member, word string) string {
	if n := s.room.channels(); n < 2 {
		return fmt.Sprintf("-ERR Positional audio not avalilable %d\n", n)
	}
	if word != "" {
		parts := strings.Split(word, ":")
		if len(parts) != 3 || !isNumber(parts[0]) || !isNumber(parts[1]) || !isNumber(parts[2]) {
			return "-ERR invalid input!\n"
		}
		at := func(i int) float64 { return max(-farAway, min(farAway, atof(parts[i]))) }
		s.SetPosition(m, at(0), at(1), at(2))
	}
	return fmt.Sprintf("+OK Position %d = %s\n", m.id, m.positionWord())
}

func auto3DPosition(s *State, args []string) (Reply, error) {
	if word := arg(args, 0); word != "" {
		if !isTrue(word) && !isFalse(word) {
			return Reply{}, errUsage
		}
		s.SetAuto3D(isTrue(word))
	}
	if s.auto3D {
		return say("+OK positioning on\n")
	}
	return say("+OK positioning off\n")
}

// floor cannot give the floor away: it goes to who talks. FreeSWITCH refuses as
// well as long as anybody has it, and somebody always has.
func floor(s *State, m *Member, _ string) string {
	switch {
	case s.Dedicated(m):
		return "-ERR cannot set floor on a member in an active video role\n"
	case s.floor == m.id:
		return "+OK floor none\n"
	case s.floor == 0:
		return "-ERR floor goes to who talks\n"
	}
	return fmt.Sprintf("-ERR floor is held by %d\n", s.floor)
}

func relate(s *State, args []string) (Reply, error) {
	if args = filled(args); len(args) < 2 {
		return Reply{Text: s.listRelations(arg(args, 0))}, nil
	}
	action := strings.ToLower(arg(args, 2))
	r := relation{sendVideo: strings.Contains(action, "sendvideo")}
	r.NoSpeak, r.NoHear = strings.Contains(action, "nospeak"), strings.Contains(action, "nohear")
	clearing := strings.Contains(action, "clear")
	if !clearing && r == (relation{}) {
		return Reply{}, errUsage
	}
	var b strings.Builder
	for first := range strings.SplitSeq(args[0], ",") {
		for other := range strings.SplitSeq(args[1], ",") {
			r.from, r.to = memberID(first), memberID(other)
			switch err := s.canRelate(r); {
			case clearing:
				s.unrelate(r.from, r.to)
				fmt.Fprintf(&b, "+OK relationship %d->%d cleared.\n", r.from, r.to)
			case err != nil:
				fmt.Fprintf(&b, "-ERR relationship %d->%d not found.\n", r.from, r.to)
			case errors.Is(s.relate(r), errReceiving):
				fmt.Fprintf(&b, "-ERR member %d already receiving video", r.to)
			default:
				fmt.Fprintf(&b, "+OK %d->%d %s set\n", r.from, r.to, action)
			}
		}
	}
	return Reply{Text: b.String()}, nil
}

// memberID reads a number as commands do.
func memberID(word string) MemberID { return MemberID(uint32(int32(atoi(word)))) }

// canRelate reports an error unless both are there.
func (s *State) canRelate(r relation) error {
	_, err := s.Member(r.from)
	if err == nil {
		_, err = s.Member(r.to)
	}
	return err
}

func (s *State) listRelations(ids string) string {
	var b strings.Builder
	word := func(no bool, what string) string {
		if no {
			return "NO" + what
		}
		return what
	}
	for id := range strings.SplitSeq(ids, ",") {
		for _, r := range s.relations {
			if strconv.Itoa(int(r.from)) == strings.TrimSpace(id) {
				fmt.Fprintf(&b, "%d -> %d %s %s %s \n", r.from, r.to,
					word(r.NoSpeak, "SPEAK"), word(r.NoHear, "HEAR"), word(!r.sendVideo, "SENDVIDEO"))
			}
		}
	}
	if b.Len() == 0 {
		return "+OK No relationships\n"
	}
	return b.String()
}
