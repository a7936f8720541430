package livearray_test

import (
	"encoding/json"
	"fmt"
	"io"
	"testing"

	"github.com/omniverto/omniverto/mcu/livearray"
)

// wire encodes as the signalling does, once per event whoever reads it.
type wire struct{ *json.Encoder }

func newWire() wire {
	e := json.NewEncoder(io.Discard)
	e.SetEscapeHTML(false)
	return wire{e}
}

func (w wire) send(b *testing.B, r *livearray.Roster, ds []livearray.Data) int {
	for _, d := range ds {
		if err := w.Encode(r.Params(d)); err != nil {
			b.Fatal(err)
		}
	}
	return len(ds)
}

// crowd is a table of n members as they are in a meeting.
func crowd(n int) *livearray.Roster {
	r := livearray.NewRoster("3500", "conference-liveArray.3500@example.com")
	for i := range n {
		r.Add(callID(i), guest(i))
	}
	return r
}

func callID(i int) string { return fmt.Sprintf("11811eca-c614-cb46-2189-%012d", i) }

func guest(i int) livearray.Member {
	m := person(uint32(i), fmt.Sprint("Guest ", i))
	m.Number, m.Role, m.UserVariables = "1000", "participant", map[string]string{"email": "guest@example.com"}
	return m
}

// BenchmarkTalk is a second of a meeting: 50 times somebody begins or ends to talk,
// in ten ticks, with the floor going to him; rows and events are encoded.
func BenchmarkTalk(b *testing.B) {
	for _, n := range []int{10, 1000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			r, w := crowd(n), newWire()
			b.ReportAllocs()
			events, i := 0, 0
			talking := make([]bool, n)
			for b.Loop() {
				for range 10 { // ticks
					for range 5 {
						i = (i + 1) % n
						talking[i] = !talking[i]
						m := guest(i)
						m.Audio.Talking, m.Audio.EnergyScore = talking[i], 900
						r.Modify(callID(i), m)
						m.Audio.Floor = talking[i]
						r.Modify(callID(i), m)
					}
					events += w.send(b, r, r.Flush())
				}
			}
			b.ReportMetric(float64(events)/float64(b.N), "events/op")
		})
	}
}

// BenchmarkJoinLeave is one member who joins and leaves: as cheap in a large meeting
// as in a small one.
func BenchmarkJoinLeave(b *testing.B) {
	for _, n := range []int{10, 1000, 10000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			r, w, m := crowd(n), newWire(), guest(n)
			b.ReportAllocs()
			for b.Loop() {
				w.send(b, r, r.Add("new", m))
				w.send(b, r, r.Delete("new"))
			}
		})
	}
}

// BenchmarkBootstrap is the whole table for one who joined, after a change.
func BenchmarkBootstrap(b *testing.B) {
	for _, n := range []int{10, 1000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			r, w := crowd(n), newWire()
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				m := guest(i % n)
				m.Video.Layer = i
				r.Modify(callID(i%n), m)
				r.Forget("s")
				w.send(b, r, r.Bootstrap("s", "3500"))
			}
		})
	}
}

// BenchmarkHash is the fingerprint after one change.
func BenchmarkHash(b *testing.B) {
	r := crowd(1000)
	r.Hash()
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		m := guest(i % 1000)
		m.Video.Layer = i
		r.Modify(callID(i%1000), m)
		r.Hash()
	}
}
