package room

import (
	"fmt"
	"strings"

	"github.com/omniverto/omniverto/layouts"
)

// seatCommands are those about where a member is shown, what he watches and who
// has the video floor.
func seatCommands() []command {
	each, run := eachOf(KindVideo, ForModerator), runOf(KindVideo, ForModerator)
	const number = " <member_id|all|last|non_moderator> [<newval>]"
	watching := each("vid-watching-canvas", number,
		"chooses the canvas that a member watches: its number, next or prev; the number after the last is the super canvas, personal is one without himself", vidWatchingCanvas)
	watching.Permission = ForViewer
	resID := run("vid-res-id", " <member_id>|all <val>|clear [force]",
		"gives a member a reservation id, which he alone has then; the one he has already takes it away unless force is added", vidResID)
	resID.Selector = true
	return []command{
		each("vid-canvas", number, "chooses the canvas that shows a member: its number, next or prev", vidCanvas),
		watching,
		each("vid-layer", number, "puts a member on a layer of his canvas: its number from 1, next or prev", vidLayer),
		each("vid-floor", " <member_id|last> [force]",
			"gives the video floor to a member and locks it, with force also if somebody else has it; for the one who has it locked: unlocks it", vidFloor),
		run("clear-vid-floor", "", "lets the video floor follow the voice again", func(s *State, _ []string) (Reply, error) {
			s.UnlockVideoFloor()
			return say("+OK floor Cleared\n")
		}),
		resID,
		each("vid-role-id", " <member_id|last> <val>|clear",
			"gives a member a role, which he alone has then; the one he has already takes it away unless = stands before it", vidRoleID),
	}
}

// step reads a number from 1, next or prev: a 0-based index below n. Next and prev
// wrap; too high a number is the first, another word the present index.
func step(word string, now, n int) int {
	n = max(n, 1)
	switch {
	case isNumber(word):
		if i := atoi(word) - 1; i > 0 && i < n {
			return i
		}
		return 0
	case strings.EqualFold(word, "next"):
		return (now + 1) % n
	case strings.EqualFold(word, "prev"):
		return (max(now, 0) + n - 1) % n
	}
	return max(now, 0)
}

func vidCanvas(s *State, m *Member, word string) string {
	switch n := len(s.canvases); {
	case n == 1:
		return onlyOne
	case word == "":
		return invalidData
	default:
		if err := s.MoveTo(m, step(word, m.CanvasOf(), n)); err != nil {
			return invalidData
		}
	}
	return fmt.Sprintf("+OK canvas %d\n", m.CanvasOf()+1)
}

const onlyOne = "-ERR Only 1 Canvas\n"

// vidWatchingCanvas knows the word personal, too, which FreeSWITCH does not.
func vidWatchingCanvas(s *State, m *Member, word string) string {
	if strings.EqualFold(word, "personal") {
		if s.WantPersonal(m, true) != nil {
			return "-ERR No personal canvas left\n"
		}
		return "+OK watching canvas personal\n"
	}
	n := len(s.canvases)
	if s.Super() {
		n++
	}
	switch {
	case n == 1 && !m.wantsPersonal:
		return onlyOne
	case word == "":
		return invalidData
	}
	i := step(word, s.Watches(m), n) // -1 on his personal canvas: next is the first
	if err := s.Watch(m, i); err != nil {
		return invalidData
	}
	return fmt.Sprintf("+OK watching canvas %d\n", i+1)
}

// vidLayer answers with the layer that the member is on then: he may not be
// allowed on the one asked for.
func vidLayer(s *State, m *Member, word string) string {
	if word == "" {
		return invalidData
	}
	s.Place(m, step(word, s.Layer(m), len(s.canvases[m.canvas].seats)))
	return fmt.Sprintf("+OK layer %d\n", s.Layer(m)+1)
}

func vidFloor(s *State, m *Member, word string) string {
	holder, locked := s.VideoFloor()
	switch {
	case !s.hasCamera(m):
		return ""
	case s.Dedicated(m):
		return "-ERR cannot set floor on a member in an active video role\n"
	case holder == m.id && locked:
		s.UnlockVideoFloor()
		return "+OK floor none\n"
	case holder != 0 && !strings.Contains(strings.ToLower(word), "force"):
		return fmt.Sprintf("-ERR floor is held by %d\n", holder)
	case !s.TakeVideoFloor(m, true): // FreeSWITCH says that it did
		return "-ERR no video floor with several canvases\n"
	}
	return done("floor", m)
}

func vidResID(s *State, args []string) (Reply, error) {
	who, id := arg(args, 0), arg(args, 1)
	clearing := id == "" || strings.EqualFold(id, "clear")
	if who == "" || len(args) > 3 || !validID(id) {
		return Reply{}, errUsage
	}
	if strings.EqualFold(who, "all") && clearing {
		var b strings.Builder
		for i := len(s.members) - 1; i >= 0; i-- {
			b.WriteString(s.reserveFor(s.members[i], "", false))
		}
		return Reply{Text: b.String()}, nil
	}
	m, _ := s.one(who)
	if m == nil {
		return Reply{}, errUsage
	}
	if clearing {
		id = ""
	}
	return Reply{Text: s.reserveFor(m, id, strings.EqualFold(arg(args, 2), "force"))}, nil
}

func (s *State) reserveFor(m *Member, id string, force bool) string {
	if !force && strings.EqualFold(id, string(m.req.ReservationID)) {
		id = ""
	}
	s.SetReservation(m, layouts.ReservationID(id))
	if id == "" {
		return "+OK reservation_id cleared\n"
	}
	return fmt.Sprintf("+OK reservation_id %s\n", id)
}

func vidRoleID(s *State, m *Member, word string) string {
	id, force := strings.CutPrefix(word, "=")
	switch {
	case !validID(id):
		return invalidData
	case id == "", strings.EqualFold(id, "clear"), !force && strings.EqualFold(id, m.req.RoleID):
		s.SetRoleID(m, "")
		return "+OK role_id cleared\n"
	}
	s.SetRoleID(m, id)
	return fmt.Sprintf("+OK role_id %s\n", id)
}
