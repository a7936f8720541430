package room

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// command is one entry of the table behind FreeSWITCH's "conference NAME …" words.
type command struct {
	usage string
	// each acts on one member; run on the room. Exactly one is set.
	each func(s *State, m *Member) string
	run  func(s *State, args []string) string
}

// usageOne is how FreeSWITCH words a command that takes a member.
const usageOne = " <[member_id|all]|last|non_moderator> [<quiet>]"

// commands is the table: name, usage, handler. Reply texts are FreeSWITCH's.
func commands() map[string]command {
	one := func(reply string, f func(*State, *Member)) func(*State, *Member) string {
		return func(s *State, m *Member) string {
			f(s, m)
			return fmt.Sprintf("+OK %s %d\n", reply, m.id)
		}
	}
	mute := one("mute", func(s *State, m *Member) { s.Mute(m, true) })
	unmute := one("unmute", func(s *State, m *Member) { s.Mute(m, false) })
	vmute := one("vmute", func(s *State, m *Member) { s.MuteVideo(m, true) })
	unvmute := one("unvmute", func(s *State, m *Member) { s.MuteVideo(m, false) })
	return map[string]command{
		"mute":   {usage: "mute" + usageOne, each: mute},
		"unmute": {usage: "unmute" + usageOne, each: unmute},
		"tmute": {usage: "tmute" + usageOne, each: func(s *State, m *Member) string {
			if m.muted {
				return unmute(s, m)
			}
			return mute(s, m)
		}},
		"vmute":   {usage: "vmute" + usageOne, each: vmute},
		"unvmute": {usage: "unvmute" + usageOne, each: unvmute},
		"tvmute": {usage: "tvmute" + usageOne, each: func(s *State, m *Member) string {
			if m.vmuted {
				return unvmute(s, m)
			}
			return vmute(s, m)
		}},
		"deaf": {usage: "deaf <[member_id|all]|last|non_moderator>",
			each: one("deaf", func(s *State, m *Member) { s.Deafen(m, true) })},
		"undeaf": {usage: "undeaf <[member_id|all]|last|non_moderator>",
			each: one("undeaf", func(s *State, m *Member) { s.Deafen(m, false) })},
		"kick": {usage: "kick <[member_id|all|last|non_moderator]> [<optional sound file>]",
			each: one("kicked", (*State).Kick)},
		"vid-layout": {usage: "vid-layout <layout name>|group <group name> [<canvas id>]", run: (*State).vidLayout},
	}
}

// Command runs one command of the conference API and returns its reply text;
// ok is false when there is no such command. The caller has checked the role.
func (s *State) Command(name string, args ...string) (reply string, ok bool) {
	c, ok := commands()[strings.ToLower(name)]
	switch {
	case !ok:
		return "", false
	case c.run != nil:
		return c.run(s, args), true
	case len(args) == 0:
		return c.usage, true
	}
	return s.forEach(c, args[0]), true
}

// forEach runs a command for whom the selector names, newest first as
// FreeSWITCH lists its members.
func (s *State) forEach(c command, who string) string {
	all := slices.Clone(s.members)
	slices.Reverse(all)
	switch who {
	case "all", "non_moderator":
	case "last":
		all = all[:min(1, len(all))]
	default:
		id, ok := parseID(who)
		if !ok {
			return c.usage
		}
		m, err := s.Member(id)
		if err != nil {
			return fmt.Sprintf("-ERR Non-Existant ID %d\n", id)
		}
		all = []*Member{m}
	}
	var reply strings.Builder
	for _, m := range all {
		if who == "non_moderator" && m.req.Role == Moderator {
			fmt.Fprintf(&reply, "Skipping moderator (member id %d).\n", m.id)
			continue
		}
		reply.WriteString(c.each(s, m))
	}
	return reply.String()
}

// parseID reads a member id as FreeSWITCH does: leading digits count.
func parseID(s string) (MemberID, bool) {
	digits := s
	if i := strings.IndexFunc(s, func(c rune) bool { return c < '0' || c > '9' }); i >= 0 {
		digits = s[:i]
	}
	n, err := strconv.ParseUint(digits, 10, 32)
	return MemberID(n), err == nil
}

// vidLayout answers vid-layout.
func (s *State) vidLayout(args []string) string {
	if len(args) == 0 || args[0] == "" {
		return "-ERR Invalid input\n"
	}
	name := args[0]
	if name == "list" {
		return s.layoutList()
	}
	if name == "group" {
		if len(args) < 2 || args[1] == "all" {
			return "-ERR Group name not specified.\n"
		}
		name = "group:" + args[1]
	}
	group, isGroup := strings.CutPrefix(name, "group:")
	if err := s.SetLayout(name); err != nil {
		if isGroup {
			return fmt.Sprintf("+OK Change to layout group []\n-ERR Invalid layout [%s]\n", strings.Join(args[:1], ""))
		}
		return fmt.Sprintf("-ERR Invalid layout [%s]\n", name)
	}
	if isGroup {
		return fmt.Sprintf("+OK Change to layout group [%s]\n", group)
	}
	return fmt.Sprintf("+OK Change canvas 1 to layout [%s]\n", name)
}

func (s *State) layoutList() string {
	var b strings.Builder
	for _, l := range s.set.Layouts() {
		b.WriteString(l.Name + "\n")
	}
	return b.String()
}
