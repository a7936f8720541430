package room

import (
	"slices"

	"github.com/omniverto/omniverto/layouts"
)

// candidate is a member who wants a seat on the canvas.
type candidate struct {
	id    MemberID
	resID layouts.ReservationID
	floor bool // holds the video floor
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
	for _, c := range waiting {
		for i, im := range l.Images {
			if seats[i] == 0 && open(im, c) {
				seats[i] = c.id
				break
			}
		}
	}
	return seats
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
	if c.resID != "" {
		if i := slices.IndexFunc(l.Images, func(im layouts.Image) bool { return im.ReservationID == c.resID }); i >= 0 {
			return i
		}
	}
	if c.floor {
		return l.Floor()
	}
	return -1
}

// open reports whether c may sit there.
func open(im layouts.Image, c candidate) bool {
	switch {
	case im.FileOnly, im.RoleID != "":
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
