package livearray_test

import (
	"slices"
	"testing"

	"github.com/omniverto/omniverto/mcu/livearray"
)

// changed is Ada with something changed.
func changed(f func(*livearray.Member)) livearray.Member {
	m := person(1, "Ada")
	f(&m)
	return m
}

func TestModifyOnlyWhenTheRowChanges(t *testing.T) {
	t.Parallel()
	type member = livearray.Member
	for _, c := range []struct {
		name string
		key  string
		to   member
		told []string
		held []string
	}{
		{"nothing", "ada", person(1, "Ada"), nil, nil},
		{"the energy score alone", "ada", changed(func(m *member) { m.Audio.EnergyScore = 900 }), nil, nil},
		{"empty variables instead of none", "ada", changed(func(m *member) { m.UserVariables = map[string]string{} }), nil, nil},
		{"an unknown key", "bob", person(2, "Bob"), nil, nil},
		{"talking", "ada", changed(func(m *member) { m.Audio.Talking = true }), nil, []string{"modify"}},
		{"the floor", "ada", changed(func(m *member) { m.Audio.Floor = true }), nil, []string{"modify"}},
		{"talking and muted", "ada", changed(func(m *member) { m.Audio.Talking, m.Audio.Muted = true, true }), []string{"modify"}, nil},
		{"a layer", "ada", changed(func(m *member) { m.Video.Layer = 0 }), []string{"modify"}, nil},
		{"the video floor", "ada", changed(func(m *member) { m.Video.Floor = true }), []string{"modify"}, nil},
		{"the camera goes", "ada", changed(func(m *member) { m.Video = nil }), []string{"modify"}, nil},
		{"a variable", "ada", changed(func(m *member) { m.UserVariables = map[string]string{"email": "a@b"} }), []string{"modify"}, nil},
		{"conference hold", "ada", changed(func(m *member) { m.Hold = true }), []string{"modify"}, nil},
		{"call hold", "ada", changed(func(m *member) { m.Audio.OnHold = true }), []string{"modify"}, nil},
		{"a name", "ada", changed(func(m *member) { m.Name = "Eve" }), []string{"modify"}, nil},
		{"a number", "ada", changed(func(m *member) { m.Number = "1" }), []string{"modify"}, nil},
		{"a codec", "ada", changed(func(m *member) { m.Codec = "PCMU@8000" }), []string{"modify"}, nil},
		{"a hand", "ada", changed(func(m *member) { m.Hand = 1 }), []string{"modify"}, nil},
		{"a role", "ada", changed(func(m *member) { m.Role = "moderator" }), []string{"modify"}, nil},
		{"the connection", "ada", changed(func(m *member) { m.Quality = 1 }), []string{"modify"}, nil},
		{"the media is gone", "ada", changed(func(m *member) { m.Detached = true }), []string{"modify"}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := livearray.NewRoster("r", "ch")
			r.Add("ada", person(1, "Ada"))
			if got := actions(r.Modify(c.key, c.to)); !slices.Equal(got, c.told) {
				t.Fatalf("told %v, want %v", got, c.told)
			}
			if got := actions(r.Flush()); !slices.Equal(got, c.held) {
				t.Errorf("held back %v, want %v", got, c.held)
			}
			if next, want := r.Delete("ada")[0].Serial, 2+len(c.told)+len(c.held); next != want {
				t.Errorf("next serial %d, want %d", next, want)
			}
		})
	}
}

func talking(id uint32, name string, on bool) livearray.Member {
	m := person(id, name)
	m.Audio.Talking = on
	return m
}

// TestTalkIsToldOnce: however often it changes, and in the order of the first change.
func TestTalkIsToldOnce(t *testing.T) {
	t.Parallel()
	r := livearray.NewRoster("r", "ch")
	r.Add("ada", person(1, "Ada"))
	r.Add("bob", person(2, "Bob"))
	r.Add("eve", person(3, "Eve"))
	for i := range 100 {
		r.Modify("bob", talking(2, "Bob", i%2 == 1))
		r.Modify("ada", talking(1, "Ada", i%2 == 1))
		r.Modify("eve", talking(3, "Eve", i%2 == 0)) // ends where it began
	}
	if !r.Holding() {
		t.Error("nothing is held back")
	}
	var keys []string
	serial := r.Serial()
	for _, d := range r.Flush() {
		keys = append(keys, d.Key)
		if serial++; d.Serial != serial {
			t.Errorf("%s has serial %d, want %d", d.Key, d.Serial, serial)
		}
	}
	if want := []string{"bob", "ada"}; !slices.Equal(keys, want) {
		t.Errorf("told %v, want %v", keys, want)
	}
	if again := r.Flush(); len(again) > 0 || r.Holding() {
		t.Errorf("flushed again: %v", actions(again))
	}
}

// TestOtherEventsFlushFirst: what is not talk is told at once, after what happened
// before it, and tells the talk of its own member.
func TestOtherEventsFlushFirst(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		do   func(r *livearray.Roster) []livearray.Data
		want []string
	}{
		{"a join", func(r *livearray.Roster) []livearray.Data { return r.Add("eve", person(3, "Eve")) }, []string{"modify ada", "modify bob", "add eve"}},
		{"a leave", func(r *livearray.Roster) []livearray.Data { return r.Delete("bob") }, []string{"modify ada", "del bob"}},
		{"a mute", func(r *livearray.Roster) []livearray.Data {
			m := talking(1, "Ada", true)
			m.Audio.Muted = true
			return r.Modify("ada", m)
		}, []string{"modify bob", "modify ada"}},
		{"the end", func(r *livearray.Roster) []livearray.Data { return r.Clear() }, []string{"modify ada", "modify bob", "clear "}},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := livearray.NewRoster("r", "ch")
			r.Add("ada", person(1, "Ada"))
			r.Add("bob", person(2, "Bob"))
			r.Modify("ada", talking(1, "Ada", true))
			r.Modify("bob", talking(2, "Bob", true))
			var got []string
			for _, d := range c.do(r) {
				got = append(got, d.Action+" "+d.Key)
			}
			if !slices.Equal(got, c.want) || r.Holding() {
				t.Errorf("%q, want %q; holding %v", got, c.want, r.Holding())
			}
			if late := r.Flush(); len(late) > 0 {
				t.Errorf("late: %v", actions(late))
			}
		})
	}
}

func TestAddTwiceModifies(t *testing.T) {
	t.Parallel()
	r := livearray.NewRoster("r", "ch")
	r.Add("k", person(1, "Ada"))
	if got := r.Add("k", person(1, "Ada")); len(got) > 0 {
		t.Error("adding the same again is told")
	}
	if got := actions(r.Add("k", person(1, "Eve"))); !slices.Equal(got, []string{"modify"}) || r.Len() != 1 {
		t.Errorf("adding another under the same key: %v, %d rows", got, r.Len())
	}
}
