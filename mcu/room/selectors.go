package room

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

// forEach runs a command's function for whom the first word selects, newest member
// first as FreeSWITCH lists them.
func (s *State) forEach(each func(*State, *Member, string) string, args []string) (string, error) {
	all, moderators, refusal := s.selected(arg(args, 0))
	if all == nil && refusal == "" {
		return "", errUsage
	}
	var reply strings.Builder
	reply.WriteString(refusal)
	for _, m := range all {
		switch {
		case m.gone: // kicking somebody ends his screen share
		case !moderators && m.req.Role == Moderator:
			fmt.Fprintf(&reply, "Skipping moderator (member id %d).\n", m.id)
		default:
			reply.WriteString(each(s, m, arg(args, 1)))
		}
	}
	return reply.String(), nil
}

// selected are the members that a word selects: a number, variable=value, all, last,
// non_moderator, or ours: moderators and hands, those who raised theirs. Without any
// it tells FreeSWITCH's refusal, or nothing for what is no selector. Moderators tells
// whether they, who are in the list, are meant.
func (s *State) selected(who string) (all []*Member, moderators bool, refusal string) {
	all = append([]*Member{}, s.members...) // never nil
	slices.Reverse(all)
	only := func(f func(*Member) bool) []*Member {
		return slices.DeleteFunc(all, func(m *Member) bool { return !f(m) })
	}
	switch word := strings.ToLower(who); {
	case atoi(who) != 0, strings.Contains(who, "="):
		m, refusal := s.one(who)
		if m == nil {
			return nil, true, refusal
		}
		return []*Member{m}, true, ""
	case word == "all":
		return all, true, ""
	case word == "non_moderator":
		return all, false, ""
	case word == "last" && len(all) > 0:
		return []*Member{slices.MaxFunc(all, func(a, b *Member) int { return cmp.Compare(a.id, b.id) })}, true, ""
	case word == "moderators":
		all = only(func(m *Member) bool { return m.req.Role == Moderator })
	case word == "hands":
		all = only(func(m *Member) bool { return !m.hand.IsZero() })
	default:
		return nil, true, ""
	}
	if len(all) == 0 {
		return nil, true, nobody
	}
	return all, true, ""
}

// nobody is FreeSWITCH's refusal of a variable that no member has.
const nobody = "-ERR Non-Existant member\n"

// usageWaiting is how commands are told that take somebody who waits.
const usageWaiting = " <[member_id|all|last]>"

// forWaiting does something for those who wait for admission, or reports that it
// could not be done; newest first.
func (s *State) forWaiting(f func(*State, *Member) bool, did string, args []string) (Reply, error) {
	who := arg(args, 0)
	ids, err := s.waitingIDs(who)
	if err != nil {
		return Reply{}, err
	}
	if len(ids) == 0 {
		return say("-ERR nobody waits\n")
	}
	var b strings.Builder
	for _, id := range ids {
		m, err := s.WaitingMember(id)
		switch {
		case err != nil:
			fmt.Fprintf(&b, "-ERR Non-Existant ID %d\n", id)
		case !f(s, m):
			fmt.Fprintf(&b, "-ERR member %d not %s\n", id, did)
		default:
			fmt.Fprintf(&b, "+OK %s %d\n", did, id)
		}
	}
	return Reply{Text: b.String()}, nil
}

// waitingIDs are those of the waiting members that a word selects.
func (s *State) waitingIDs(who string) (ids []MemberID, err error) {
	if atoi(who) != 0 {
		return []MemberID{memberID(who)}, nil
	}
	for _, i := range slices.Backward(s.WaitingMembers()) {
		ids = append(ids, i.ID)
	}
	switch {
	case strings.EqualFold(who, "all"):
	case strings.EqualFold(who, "last"):
		if len(ids) > 0 {
			ids = []MemberID{slices.Max(ids)}
		}
	default:
		return nil, errUsage
	}
	return ids, nil
}

// one finds a member by a number, of which leading digits count, or by
// variable=value. If there is none it returns FreeSWITCH's reply.
func (s *State) one(who string) (m *Member, refusal string) {
	if n := atoi(who); n != 0 {
		id := MemberID(uint32(int32(n))) // FreeSWITCH takes -1 for 4294967295
		m, err := s.Member(id)
		if err != nil {
			return nil, fmt.Sprintf("-ERR Non-Existant ID %d\n", id)
		}
		return m, ""
	}
	name, value, _ := strings.Cut(who, "=")
	for _, m := range slices.Backward(s.members) {
		if v := m.variable(name); v != "" && v == value {
			return m, ""
		}
	}
	return nil, nobody
}

// Find finds a member by what commands take for one: a number or variable=value.
func (s *State) Find(who string) (*Member, error) {
	m, _ := s.one(who)
	if m == nil {
		return nil, ErrNoMember
	}
	return m, nil
}

// variable is what FreeSWITCH has as a channel variable, "" for those that a
// member has not. What the client sent of himself is found by its own prefix alone:
// it is no right and hides nothing.
func (m *Member) variable(name string) string {
	switch name {
	case "uuid":
		return m.req.CallID
	case "caller_id_number":
		return m.req.Number
	case "caller_id_name":
		return m.req.Name
	case "presence_id":
		if m.req.User != "" {
			return m.req.User
		}
	case "video_role_id":
		return m.req.RoleID
	case "video_reservation_id":
		return string(m.req.ReservationID)
	}
	if own, ok := strings.CutPrefix(name, "verto_dvar_"); ok {
		return m.req.UserVariables[own]
	}
	return m.req.Variables[name]
}

// channel is how FreeSWITCH would call the member's leg: by what was dialled.
func (m *Member) channel() string {
	if name := m.req.Variables["channel_name"]; name != "" {
		return name
	}
	return "verto.rtc/" + cmp.Or(m.req.Variables["destination_number"], m.room.name)
}

// names reports whether a selector is exactly that member's number.
func names(who string, id MemberID) bool {
	n, err := strconv.ParseUint(who, 10, 32)
	return err == nil && MemberID(n) == id
}

// maxWord bounds the ids and groups that commands set, in bytes.
const maxWord = 64

// validID reports whether a word may become an id that everybody sees.
func validID(word string) bool {
	return len(word) <= maxWord && !strings.ContainsFunc(word, func(c rune) bool {
		return unicode.IsControl(c) || unicode.Is(unicode.Bidi_Control, c) || c == unicode.ReplacementChar
	})
}

// atoi reads a number as C does: leading digits count, anything else is 0. What
// does not fit into 32 bits is the nearest number that does.
func atoi(s string) int {
	return int(min(max(atof(integer(s)), math.MinInt32), math.MaxInt32))
}

// integer is the number at the beginning of a word, without its fraction.
func integer(s string) string {
	whole, _, _ := strings.Cut(s, ".")
	return whole
}

// atof reads a decimal number as C does: what leads counts, anything else is 0.
func atof(s string) float64 {
	s = strings.TrimLeft(s, " \t\r\n\v\f")
	end, point := 0, false
	for i, c := range []byte(s) {
		switch {
		case c >= '0' && c <= '9':
			end = i + 1
			continue
		case c == '.' && !point:
			point = true
			continue
		case i == 0 && (c == '-' || c == '+'):
			continue
		}
		break
	}
	f, _ := strconv.ParseFloat(s[:end], 64)
	return f
}

// isNumber is FreeSWITCH's switch_is_number: digits and points after a sign.
func isNumber(s string) bool {
	if s == "" {
		return false
	}
	if s[0] == '-' || s[0] == '+' {
		s = s[1:]
	}
	return strings.Trim(s, "0123456789.") == ""
}

// isTrue is FreeSWITCH's switch_true.
func isTrue(s string) bool {
	switch strings.ToLower(s) {
	case "yes", "on", "true", "t", "enabled", "active", "allow":
		return true
	}
	return isNumber(s) && atoi(s) != 0
}

// isFalse is FreeSWITCH's switch_false.
func isFalse(s string) bool {
	switch strings.ToLower(s) {
	case "no", "off", "false", "f", "disabled", "inactive", "disallow":
		return true
	}
	return isNumber(s) && atoi(s) == 0
}
