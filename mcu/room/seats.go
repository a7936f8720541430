package room

import (
	"slices"

	"github.com/omniverto/omniverto/layouts"
)

// candidate is a member who wants a seat on the canvas.
type candidate struct {
	id     MemberID
	resID  layouts.ReservationID
	roleID string
	floor  bool // holds the video floor
	avatar bool // sends no picture
	first  bool // goes before others when seats are few: moderators, if the profile says so
}

// rank orders those for whom there are not enough seats: the less, the sooner.
// Cameras go before avatars, as in FreeSWITCH.
func (c candidate) rank() int {
	switch {
	case c.floor:
		return 0
	case c.first:
		return 1
	case !c.avatar:
		return 2
	}
	return 3
}

// assign gives the layout's seats to the candidates, who come in the order in
// which they joined. prev is the seating so far, for the same layout or another.
//
// A member keeps his seat while the layout stays, and his place in the order
// when it changes. FreeSWITCH seats the newest first and shuffles everybody on
// each change; see docs/decisions.
func assign(l *layouts.Layout, same bool, prev []MemberID, want []candidate) []MemberID {
	seats := make([]MemberID, len(l.Images))
	if same {
		keep(l, seats, prev, want)
	} else {
		want = inOldOrder(prev, want)
	}
	waiting := slices.DeleteFunc(slices.Clone(want), func(c candidate) bool { return slices.Contains(seats, c.id) })
	waiting = claim(l, seats, waiting, want)
	slices.SortStableFunc(waiting, func(a, b candidate) int { return a.rank() - b.rank() })
	for _, c := range waiting {
		if i := freeSeat(l, seats, c); i >= 0 {
			seats[i] = c.id
		} else if i := lesserSeat(l, seats, want, c); i >= 0 {
			seats[i] = c.id
		}
	}
	return seats
}

// freeSeat is the first seat that nobody has and that c may take, -1 for none.
func freeSeat(l *layouts.Layout, seats []MemberID, c candidate) int {
	for i, im := range l.Images {
		if seats[i] == 0 && open(im, c) {
			return i
		}
	}
	return -1
}

// lesserSeat is the seat of somebody who has to give it up for c: the last one
// of the worst rank; -1 for none.
func lesserSeat(l *layouts.Layout, seats []MemberID, want []candidate, c candidate) int {
	at, worst := -1, c.rank()
	for i, im := range l.Images {
		j := slices.IndexFunc(want, func(w candidate) bool { return w.id == seats[i] })
		if j < 0 || !open(im, c) || own(l, want[j]) == i {
			continue
		}
		if r := want[j].rank(); r > worst || r == worst && at >= 0 {
			at, worst = i, r
		}
	}
	return at
}

// keep leaves everybody where he was, if the seat is still his.
func keep(l *layouts.Layout, seats, prev []MemberID, want []candidate) {
	for i, im := range l.Images {
		if i >= len(prev) || prev[i] == 0 {
			continue
		}
		j := slices.IndexFunc(want, func(c candidate) bool { return c.id == prev[i] })
		if j >= 0 && open(im, want[j]) {
			seats[i] = prev[i]
		}
	}
}

// claim gives the seats that belong to somebody: reserved ones and the floor
// seat. Whoever sat there joins those who wait, in front.
func claim(l *layouts.Layout, seats []MemberID, waiting, want []candidate) []candidate {
	for _, c := range want {
		i := own(l, c)
		if i < 0 || seats[i] == c.id {
			continue
		}
		if at := slices.Index(seats, c.id); at >= 0 {
			seats[at] = 0
		}
		waiting = slices.DeleteFunc(waiting, func(w candidate) bool { return w.id == c.id })
		if j := slices.IndexFunc(want, func(w candidate) bool { return w.id == seats[i] }); seats[i] != 0 && j >= 0 {
			waiting = slices.Insert(waiting, 0, want[j])
		}
		seats[i] = c.id
	}
	return waiting
}

// own is the seat that is c's before all others, -1 for none.
func own(l *layouts.Layout, c candidate) int {
	mine := func(im layouts.Image) bool {
		return c.resID != "" && im.ReservationID == c.resID || c.roleID != "" && im.RoleID == c.roleID
	}
	if i := slices.IndexFunc(l.Images, mine); i >= 0 {
		return i
	}
	if c.floor {
		return l.Floor()
	}
	return -1
}

// open reports whether c may sit there.
func open(im layouts.Image, c candidate) bool {
	switch {
	case im.FileOnly:
		return false
	case im.RoleID != "" && im.RoleID != c.roleID:
		return false
	case im.ReservationID != "":
		return im.ReservationID == c.resID
	case im.FloorOnly:
		return c.floor
	}
	return true
}

// inOldOrder sorts those who had a seat by it, before those who had none.
func inOldOrder(prev []MemberID, want []candidate) []candidate {
	out := slices.Clone(want)
	rank := func(c candidate) int {
		if i := slices.Index(prev, c.id); i >= 0 {
			return i
		}
		return len(prev)
	}
	slices.SortStableFunc(out, func(a, b candidate) int { return rank(a) - rank(b) })
	return out
}
