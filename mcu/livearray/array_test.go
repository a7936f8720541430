package livearray_test

import (
	"encoding/json"
	"slices"
	"strconv"
	"testing"

	"github.com/omniverto/omniverto/mcu/livearray"
)

func person(id uint32, name string) livearray.Member {
	return livearray.Member{ID: id, Name: name, Codec: "opus@48000", Video: &livearray.Video{Layer: -1}}
}

func TestPositionsOnlyGrow(t *testing.T) {
	t.Parallel()
	a := livearray.NewArray("r", "ch")
	var got []int
	for i, key := range []string{"a", "b", "c", "d"} {
		d := a.Set(key, person(uint32(i), key).Row())
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
	a.Set("k", person(1, "Ada").Row())
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
		{"another array", func() {}, "s1", []string{"bootObj"}},
	} {
		c.do()
		array := "r"
		if c.name == "another array" {
			array = "x"
		}
		got := a.Bootstrap(c.who, array)
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
		{"the hash", marshal(t, a.HashOf()), `{"action":"hash","name":"r","wireSerno":-1,"lastSerno":0,"hash":"44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"}`},
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
	a.Set("k", person(1, "Ada").Row())
	boot := a.Bootstrap("s", "r")
	before := marshal(t, boot)
	a.Set("k", person(1, "Eve").Row())
	a.Delete("k")
	if after := marshal(t, boot); after != before {
		t.Errorf("\n got %s\nwant %s", after, before)
	}
}

// TestOrderIsKept through deletes anywhere, and in time: a list of this size that
// looked for its rows would take minutes.
func TestOrderIsKept(t *testing.T) {
	t.Parallel()
	a := livearray.NewArray("r", "ch")
	const n = 50000
	for i := range n {
		a.Set(strconv.Itoa(i), json.RawMessage("1"))
	}
	for i := range n {
		if i%3 != 1 {
			a.Delete(strconv.Itoa(n - 1 - i))
		}
	}
	last := -1
	for _, e := range a.Rows() {
		i, _ := strconv.Atoi(e.Key)
		if i <= last {
			t.Fatalf("%d after %d", i, last)
		}
		last = i
	}
	if want := (n + 1) / 3; a.Len() != want || len(a.Rows()) != want {
		t.Errorf("%d rows, %d listed, want %d", a.Len(), len(a.Rows()), want)
	}
	for _, e := range a.Rows() {
		a.Delete(e.Key)
	}
	if a.Len() != 0 || a.Bytes() != 0 || len(a.Rows()) != 0 {
		t.Errorf("left: %d rows, %d bytes", a.Len(), a.Bytes())
	}
}
