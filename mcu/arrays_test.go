package mcu

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"

	"github.com/omniverto/omniverto/mcu/livearray"
	"github.com/omniverto/omniverto/mcu/livearray/livearraytest"
)

func testArrays(t testing.TB) (*arrays, *loopback) {
	w := newLoopback(t)
	return newArrays(w, slog.New(slog.DiscardHandler)), w
}

// deaf is a signalling with nobody there.
type deaf struct{}

func (deaf) Publish(string, map[string]any)          {}
func (deaf) SendSession(string, map[string]any) bool { return false }
func (deaf) SendInfo(string, any) bool               { return false }
func (deaf) Grant(string, ...string)                 {}
func (deaf) Revoke(string, ...string)                {}

func openArray(t testing.TB, as *arrays, channel, name string) *LiveArray {
	t.Helper()
	a, err := as.open(channel, name)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// TestArrayChannels: conferences and presence speak for themselves.
func TestArrayChannels(t *testing.T) {
	t.Parallel()
	as, _ := testArrays(t)
	for _, c := range []struct {
		channel, name string
		want          error
	}{
		{"demo", "polls", nil}, {"demo.polls", "polls", nil}, {"conferences", "x", nil},
		{"conference-liveArray.3500@example.com", "3500", ErrArrayChannel}, {"conference-chat.x", "x", ErrArrayChannel},
		{"conference-new", "x", ErrArrayChannel}, {"conference.3500@example.com", "x", ErrArrayChannel}, {"conference", "x", ErrArrayChannel},
		{"presence.1000@example.com", "x", ErrArrayChannel}, {"FSevent.custom", "x", ErrArrayChannel},
		{"", "x", ErrArrayName}, {"demo", "", ErrArrayName}, {"demo", strings.Repeat("x", 257), ErrArrayName},
	} {
		if _, err := as.open(c.channel, c.name); !errors.Is(err, c.want) || (err == nil) != (c.want == nil) {
			t.Errorf("%q on %q: %v, want %v", c.name, c.channel, err, c.want)
		}
	}
}

// TestArrayIsMirrored: a client that follows by the stock algorithm has the rows.
func TestArrayIsMirrored(t *testing.T) {
	t.Parallel()
	as, w := testArrays(t)
	w.connect("ada", "demo")
	a := openArray(t, as, "demo", "polls")
	m := livearraytest.New("polls", func() { t.Error("lost count") })
	mirror := func() {
		for _, s := range w.take("ada") {
			m.Receive(s.Data)
		}
		if m.Hash() != a.Hash() || len(m.Trouble()) > 0 {
			t.Errorf("mirror has %v, the array %v; %v", m.Keys(), a.Rows(), m.Trouble())
		}
	}
	as.tell(a.id, "ada", livearray.Command{Command: "bootstrap"})
	mirror()
	for round := range 3 { // an array that was emptied begins anew
		for i := range 10 {
			if err := a.Set(fmt.Sprint("key", i), json.RawMessage(fmt.Sprintf(`{"n": %d, "round": %d}`, i, round))); err != nil {
				t.Fatal(err)
			}
		}
		mirror()
		if err := a.Delete("key3"); err != nil {
			t.Error(err)
		}
		_ = a.Set("key4", json.RawMessage(`"changed"`))
		mirror()
		if got := a.Rows(); len(got) != 9 || got[3].Key != "key4" || string(got[3].Value) != `"changed"` {
			t.Errorf("rows %v", got)
		}
		if round == 0 {
			a.Clear()
		} else {
			for _, r := range a.Rows() {
				_ = a.Delete(r.Key)
			}
		}
		mirror()
		if len(as.all) != 0 || len(as.count) != 0 || as.bytes != 0 {
			t.Errorf("left: %d arrays, %v, %d bytes", len(as.all), as.count, as.bytes)
		}
	}
}

func TestArrayBounds(t *testing.T) {
	t.Parallel()
	as := newArrays(deaf{}, slog.New(slog.DiscardHandler))
	a := openArray(t, as, "demo", "a")
	for _, c := range []struct {
		name, key, row string
		want           error
	}{
		{"no JSON", "k", "{", ErrArrayRow}, {"too long", "k", `"` + strings.Repeat("x", maxArrayRow) + `"`, ErrArrayRow},
		{"no key", "", "1", ErrArrayName}, {"a key too long", strings.Repeat("x", 257), "1", ErrArrayName},
		{"what every object has", "constructor", "1", ErrArrayName}, {"a prototype", "__proto__", "1", ErrArrayName},
		{"null", "k", " null ", ErrArrayRow}, {"false", "k", "false", ErrArrayRow}, {"zero", "k", "-0.0", ErrArrayRow}, {"no text", "k", `""`, ErrArrayRow},
		{"fine", "k", `"` + strings.Repeat("x", maxArrayRow-2) + `"`, nil}, {"an empty list", "k", "[]", nil},
	} {
		if err := a.Set(c.key, json.RawMessage(c.row)); !errors.Is(err, c.want) || (err == nil) != (c.want == nil) {
			t.Errorf("%s: %v, want %v", c.name, err, c.want)
		}
	}
	a.Clear()
	fill := func(set func(i int) error) (n int, err error) {
		for n = 0; err == nil && n < 1<<20; n++ {
			err = set(n)
		}
		return n - 1, err
	}
	small, big := json.RawMessage("1"), json.RawMessage(`"`+strings.Repeat("x", maxArrayRow-2)+`"`)
	for _, c := range []struct {
		name string
		set  func(i int) error
		most int
	}{
		{"rows", func(i int) error { return a.Set(fmt.Sprint(i), small) }, maxArrayRows},
		{"bytes", func(i int) error { return openArray(t, as, "demo", "b").Set(fmt.Sprintf("%05d", i), big) }, maxArrayBytes / (maxArrayRow + 5)},
		{"arrays of a channel", func(i int) error { return openArray(t, as, "many", fmt.Sprint(i)).Set("k", small) }, maxChannelArrays},
		{"arrays", func(i int) error { return openArray(t, as, fmt.Sprint("ch", i), "x").Set("k", small) }, maxArrays - maxChannelArrays - 2},
	} {
		if n, err := fill(c.set); n != c.most || !errors.Is(err, ErrArrayFull) {
			t.Errorf("%s: %d went in, want %d, then %v", c.name, n, c.most, err)
		}
	}
	if err := a.Set("0", json.RawMessage("2")); err != nil {
		t.Errorf("a full array takes no other value: %v", err)
	}
}

// TestArrayCommands of clients: what they may, what they are refused, and what is
// taken silently.
func TestArrayCommands(t *testing.T) {
	t.Parallel()
	as, w := testArrays(t)
	w.connect("ada", "demo")
	a := openArray(t, as, "demo", "polls")
	for _, c := range []struct {
		command, key, row string
		want              error
		kinds             []string
	}{
		{"bootstrap", "", "", nil, []string{"bootObj"}},
		{"hash", "", "", nil, []string{"hash"}},
		{"modify", "a", `{"x":1}`, ErrArrayNoRow, nil},
		{"add", "a", `{"x":1}`, nil, []string{"add"}},
		{"add", "a", `{"x":2}`, nil, []string{"modify"}},
		{"modify", "a", `{"x":3}`, nil, []string{"modify"}},
		{"add", "b", `nonsense`, ErrArrayRow, nil},
		{"add", "", `{"x":1}`, ErrArrayName, nil},
		{"del", "b", "", ErrArrayNoRow, nil},
		{"heartbeat", "", "", nil, nil},
		{"changepage", "", "", nil, nil},
		{"bootstrap", "", "", nil, []string{"bootObj"}}, // the array is another than the empty one
		{"bootstrap", "", "", nil, []string{"clear", "bootObj"}},
		{"hash", "", "", nil, []string{"hash"}},
		{"clear", "", "", nil, []string{"clear"}},
		{"clear", "", "", nil, nil},
		{"add", "a", `{"x":1}`, nil, []string{"add"}},
		{"del", "a", "", nil, []string{"del", "clear"}},
	} {
		err := as.command(a, "ada", livearray.Command{Command: c.command, Name: "polls", Key: c.key, Data: json.RawMessage(c.row)})
		if !errors.Is(err, c.want) || (err == nil) != (c.want == nil) {
			t.Errorf("%s %s: %v, want %v", c.command, c.key, err, c.want)
		}
		w.expect("ada", c.kinds...)
	}
	_ = a.Set("k", json.RawMessage("1"))
	as.tell(a.id, "ada", livearray.Command{Command: "bootstrap"})
	as.forget("ada", "demo") // subscribes anew
	w.take("ada")
	as.tell(a.id, "ada", livearray.Command{Command: "bootstrap"})
	w.expect("ada", "bootObj")
}

// TestArraysTogether: many who write at once, and all who mirror agree.
func TestArraysTogether(t *testing.T) {
	t.Parallel()
	as, w := testArrays(t)
	a := openArray(t, as, "demo", "board")
	_ = a.Set("always", json.RawMessage(`"there"`))
	var wg sync.WaitGroup
	for i := range 4 {
		session := fmt.Sprint("s", i)
		w.connect(session, "demo")
		wg.Go(func() {
			as.tell(a.id, session, livearray.Command{Command: "bootstrap"})
			for n := range 200 {
				key := fmt.Sprint((n * 7) % 31)
				if n%3 == 0 {
					_ = a.Delete(key)
				} else if err := a.Set(key, json.RawMessage(fmt.Sprint(n+1))); err != nil {
					t.Error(err)
				}
				_ = a.Rows()
			}
		})
	}
	wg.Wait()
	for i := range 4 {
		m := livearraytest.New("board", func() { t.Errorf("s%d lost count", i) })
		for _, s := range w.take(fmt.Sprint("s", i)) {
			m.Receive(s.Data)
		}
		if m.Hash() != a.Hash() {
			t.Errorf("s%d has %v, there are %v", i, m.Keys(), a.Rows())
		}
	}
}
