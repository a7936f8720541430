package room

import (
	"slices"
	"testing"

	"github.com/omniverto/omniverto/layouts"
)

func plain(n int) *layouts.Layout {
	return &layouts.Layout{Name: "plain", Images: make([]layouts.Image, n)}
}

func people(ids ...MemberID) []candidate {
	out := make([]candidate, len(ids))
	for i, id := range ids {
		out[i] = candidate{id: id}
	}
	return out
}

func TestAssign(t *testing.T) {
	t.Parallel()
	floored := plain(3)
	floored.Images[0].Floor = true
	floorOnly := plain(3)
	floorOnly.Images[1].FloorOnly = true
	reserved := plain(3)
	reserved.Images[1].ReservationID = "presenter"
	file := plain(3)
	file.Images[0].FileOnly = true
	holder := func(c []candidate, i int) []candidate { c[i].floor = true; return c }
	roled := plain(3)
	roled.Images[2].RoleID = "host"
	role := func(c []candidate, i int, id string) []candidate { c[i].roleID = id; return c }
	avatar := func(c []candidate, i ...int) []candidate {
		for _, i := range i {
			c[i].avatar = true
		}
		return c
	}
	first := func(c []candidate, i int) []candidate { c[i].first = true; return c }
	res := func(c []candidate, i int, id layouts.ReservationID) []candidate { c[i].resID = id; return c }

	for _, c := range []struct {
		name   string
		layout *layouts.Layout
		same   bool
		prev   []MemberID
		want   []candidate
		seats  []MemberID
	}{
		{"first come first seated", plain(3), false, nil, people(1, 2, 3), []MemberID{1, 2, 3}},
		{"everybody keeps his seat, the newcomer fills the gap", plain(3), true, []MemberID{1, 0, 3}, people(1, 3, 4), []MemberID{1, 4, 3}},
		{"a gap stays while nobody waits", plain(3), true, []MemberID{1, 0, 3}, people(1, 3), []MemberID{1, 0, 3}},
		{"a new layout keeps the order of the seats", plain(2), false, []MemberID{5, 0, 2}, people(2, 5), []MemberID{5, 2}},
		{"who finds no seat is not shown", plain(2), false, nil, people(1, 2, 3), []MemberID{1, 2}},
		{"the floor holder takes the floor seat and the displaced moves on", floored, true, []MemberID{1, 2, 0}, holder(people(1, 2), 1), []MemberID{2, 1, 0}},
		{"anybody may use a free floor seat", floored, false, nil, people(1), []MemberID{1, 0, 0}},
		{"floor-only is for the holder alone", floorOnly, false, nil, people(1, 2), []MemberID{1, 0, 2}},
		{"a reserved seat stays free", reserved, false, nil, people(1, 2), []MemberID{1, 0, 2}},
		{"a reservation wins", reserved, true, []MemberID{1, 0, 2}, res(people(1, 2), 1, "presenter"), []MemberID{1, 2, 0}},
		{"an id that the layout lacks still gets a seat", plain(2), false, nil, res(people(1, 2), 0, "guest"), []MemberID{1, 2}},
		{"a role seat is for the role alone", roled, false, nil, people(1, 2, 3), []MemberID{1, 2, 0}},
		{"who has the role moves to its seat", roled, true, []MemberID{1, 2, 0}, role(people(1, 2, 3), 0, "host"), []MemberID{3, 2, 1}},
		{"cameras go before avatars", plain(2), true, []MemberID{1, 2}, avatar(people(1, 2, 3), 0, 1), []MemberID{1, 3}},
		{"an avatar takes nobody's seat", plain(2), true, []MemberID{1, 2}, avatar(people(1, 2, 3), 2), []MemberID{1, 2}},
		{"an avatar keeps the seat that is his own", reserved, true, []MemberID{1, 2, 3}, avatar(res(people(1, 2, 3, 4), 1, "presenter"), 1), []MemberID{1, 2, 3}},
		{"nobody is first without the policy", plain(2), true, []MemberID{1, 2}, people(1, 2, 3), []MemberID{1, 2}},
		{"who goes first takes the last seat of the others", plain(2), true, []MemberID{1, 2}, first(people(1, 2, 3), 2), []MemberID{1, 3}},
		{"the floor holder gets a seat where there is no floor seat", plain(2), true, []MemberID{1, 2}, holder(people(1, 2, 3), 2), []MemberID{1, 3}},
		{"file seats are not for people", file, false, nil, people(1), []MemberID{0, 1, 0}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := assign(c.layout, c.same, c.prev, c.want); !slices.Equal(got, c.seats) {
				t.Errorf("seats %v, want %v", got, c.seats)
			}
		})
	}
}
