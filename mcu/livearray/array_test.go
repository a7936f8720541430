package livearray_test

import (
	"slices"
	"testing"

	"github.com/omniverto/omniverto/mcu/livearray"
)

func person(id uint32, name string) livearray.Member {
	return livearray.Member{ID: id, Name: name, Codec: "opus@48000", Video: &livearray.Video{Layer: -1}}
}

func TestModifyOnlyWhenTheRowChanges(t *testing.T) {
	t.Parallel()
	ada := person(1, "Ada")
	change := func(f func(*livearray.Member)) livearray.Member {
		m, v := ada, *ada.Video
		m.Video = &v
		f(&m)
		return m
	}
	for _, c := range []struct {
		name string
		key  string
		to   livearray.Member
		told bool
	}{
		{"nothing", "ada", ada, false},
		{"a copy of the same", "ada", change(func(*livearray.Member) {}), false},
		{"the energy score alone", "ada", change(func(m *livearray.Member) { m.Audio.EnergyScore = 900 }), false},
		{"empty variables instead of none", "ada", change(func(m *livearray.Member) { m.UserVariables = map[string]string{} }), false},
		{"an unknown key", "bob", person(2, "Bob"), false},
		{"talking", "ada", change(func(m *livearray.Member) { m.Audio.Talking = true }), true},
		{"a layer", "ada", change(func(m *livearray.Member) { m.Video.Layer = 0 }), true},
		{"the camera goes", "ada", change(func(m *livearray.Member) { m.Video = nil }), true},
		{"a variable", "ada", change(func(m *livearray.Member) { m.UserVariables = map[string]string{"email": "a@b"} }), true},
		{"conference hold", "ada", change(func(m *livearray.Member) { m.Hold = true }), true},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := livearray.NewArray("r", "ch")
			a.Add("ada", ada)
			d, ok := a.Modify(c.key, c.to)
			if ok != c.told {
				t.Fatalf("told %v, want %v: %s", ok, c.told, marshal(t, d))
			}
			next, _ := a.Delete("ada")
			if want := 2 + btoi(c.told); next.Serial != want {
				t.Errorf("next serial %d, want %d", next.Serial, want)
			}
		})
	}
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

func TestAddTwiceModifies(t *testing.T) {
	t.Parallel()
	a := livearray.NewArray("r", "ch")
	a.Add("k", person(1, "Ada"))
	if _, ok := a.Add("k", person(1, "Ada")); ok {
		t.Error("adding the same again is told")
	}
	if d, ok := a.Add("k", person(1, "Eve")); !ok || d.Action != "modify" || a.Len() != 1 {
		t.Errorf("adding another under the same key: %v %s, %d rows", ok, d.Action, a.Len())
	}
}

func TestPositionsOnlyGrow(t *testing.T) {
	t.Parallel()
	a := livearray.NewArray("r", "ch")
	var got []int
	for i, key := range []string{"a", "b", "c", "d"} {
		d, _ := a.Add(key, person(uint32(i), key))
		got = append(got, d.Position)
		if key == "b" {
			a.Delete("a")
		}
	}
	if want := []int{0, 1, 2, 3}; !slices.Equal(got, want) {
		t.Errorf("positions %v, want %v", got, want)
	}
}

func actions(ds []livearray.Data) []string {
	var out []string
	for _, d := range ds {
		out = append(out, d.Action)
	}
	return out
}

func TestBootstrapAgainResyncs(t *testing.T) {
	t.Parallel()
	a := livearray.NewArray("r", "ch")
	a.Add("k", person(1, "Ada"))
	again := []string{"clear", "bootObj"}
	for _, c := range []struct {
		name string
		do   func()
		who  string
		want []string
	}{
		{"first", func() {}, "s1", []string{"bootObj"}},
		{"again", func() {}, "s1", again},
		{"and again", func() {}, "s1", again},
		{"another session", func() {}, "s2", []string{"bootObj"}},
		{"after he left", func() { a.Forget("s1") }, "s1", []string{"bootObj"}},
		{"after the end", func() { a.Clear() }, "s2", []string{"bootObj"}},
	} {
		c.do()
		got := a.Bootstrap(c.who, "r")
		if !slices.Equal(actions(got), c.want) {
			t.Errorf("%s: %v, want %v", c.name, actions(got), c.want)
		}
		for _, d := range got {
			if d.Serial != -1 {
				t.Errorf("%s: %s has serial %d", c.name, d.Action, d.Serial)
			}
		}
	}
}

func TestWholeTables(t *testing.T) {
	t.Parallel()
	a := livearray.NewArray("r", "ch")
	for _, c := range []struct{ name, got, want string }{
		{"empty", marshal(t, a.Bootstrap("s", "r")), `[{"action":"bootObj","name":"r","wireSerno":-1,"data":[]}]`},
		{"of another name", marshal(t, a.Bootstrap("s", "x")), `[{"action":"bootObj","name":"x","wireSerno":-1,"data":[]}]`},
		{"clear", marshal(t, a.Clear()), `{"action":"clear","name":"r","wireSerno":-1,"data":{}}`},
		{"to all", marshal(t, a.Params(a.Clear())), `{"data":{"action":"clear","name":"r","wireSerno":-1,"data":{}},"eventChannel":"ch"}`},
		{"to one", marshal(t, a.Unicast(a.Clear(), "s")), `{"data":{"action":"clear","name":"r","wireSerno":-1,"data":{}},"eventChannel":"ch","sessid":"s"}`},
	} {
		if c.got != c.want {
			t.Errorf("%s:\n got %s\nwant %s", c.name, c.got, c.want)
		}
	}
}

// TestSnapshotIsFixed: what was returned does not change with the table.
func TestSnapshotIsFixed(t *testing.T) {
	t.Parallel()
	a := livearray.NewArray("r", "ch")
	a.Add("k", person(1, "Ada"))
	boot := a.Bootstrap("s", "r")
	before := marshal(t, boot)
	a.Modify("k", person(1, "Eve"))
	a.Delete("k")
	if after := marshal(t, boot); after != before {
		t.Errorf("\n got %s\nwant %s", after, before)
	}
}
