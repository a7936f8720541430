package livearray_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/omniverto/omniverto/mcu/livearray"
	"github.com/omniverto/omniverto/mcu/livearray/livearraytest"
)

// subscriber is a client that mirrors a table over a wire that may lose events.
type subscriber struct {
	*livearraytest.Mirror
	name string
	asks int      // bootstraps under way
	wire []string // events under way
}

// meeting is a table whose members come, go and change at random.
type meeting struct {
	t      *testing.T
	rng    *rand.Rand
	roster *livearray.Roster
	live   []uint32
	next   uint32
	subs   []*subscriber
}

func (m *meeting) key(id uint32) string { return fmt.Sprintf("call-%d", id) }

func (m *meeting) publish(ds []livearray.Data) {
	for _, d := range ds {
		text := marshal(m.t, d)
		for _, s := range m.subs {
			s.wire = append(s.wire, text)
		}
	}
}

func (m *meeting) someone() uint32 { return m.live[m.rng.IntN(len(m.live))] }

// happen lets one thing happen.
func (m *meeting) happen() {
	r := m.rng
	switch n := r.IntN(20); {
	case n < 4 || len(m.live) == 0:
		m.next++
		m.live = append(m.live, m.next)
		m.publish(m.roster.Add(m.key(m.next), person(m.next, "someone")))
	case n < 6:
		i := r.IntN(len(m.live))
		m.publish(m.roster.Delete(m.key(m.live[i])))
		m.live = append(m.live[:i], m.live[i+1:]...)
	case n < 16: // talks, mostly
		id := m.someone()
		p := person(id, "someone")
		p.Audio = livearray.Audio{Talking: r.IntN(2) == 0, Floor: r.IntN(4) == 0, EnergyScore: r.IntN(1000), Muted: r.IntN(10) == 0}
		p.Video.Layer = r.IntN(2) - 1
		m.publish(m.roster.Modify(m.key(id), p))
	case n < 18:
		m.publish(m.roster.Flush())
	case n == 18 && len(m.subs) < 12:
		m.subscribe(r.IntN(2) == 0)
	case n == 19 && len(m.subs) > 1:
		i := r.IntN(len(m.subs))
		m.roster.Forget(m.subs[i].name)
		m.subs = append(m.subs[:i], m.subs[i+1:]...)
	}
}

func (m *meeting) subscribe(table bool) {
	s := &subscriber{name: fmt.Sprintf("session-%d", m.rng.Uint64())}
	s.Mirror = livearraytest.New("r", func() { s.asks++ })
	s.Table = table
	s.asks = 1
	m.subs = append(m.subs, s)
}

// deliver moves what is under way; lossy wires drop events that are numbered. What
// is lost while a client does not count is lost for ever: that is the protocol's.
func (m *meeting) deliver(lossy bool) {
	for _, s := range m.subs {
		for ; s.asks > 0; s.asks-- {
			m.publish(m.roster.Flush())
			for _, d := range m.roster.Bootstrap(s.name, "r") {
				s.wire = append(s.wire, marshal(m.t, d))
			}
		}
		n := len(s.wire)
		if lossy {
			n = m.rng.IntN(n + 1)
		}
		for _, text := range s.wire[:n] {
			if lossy && s.Table && s.Counting() && !strings.Contains(text, `"wireSerno":-1`) && m.rng.IntN(30) == 0 {
				continue
			}
			s.Receive([]byte(text))
		}
		s.wire = s.wire[n:]
	}
}

// settle delivers all that is under way, and an event after it, by which clients
// see that they lost some.
func (m *meeting) settle() {
	for range 6 {
		m.next++
		m.live = append(m.live, m.next)
		m.publish(m.roster.Add(m.key(m.next), person(m.next, "last")))
		m.deliver(false)
	}
	m.publish(m.roster.Flush())
	m.deliver(false)
}

// TestEverybodySeesTheSame: members come, go and change at random, while
// subscribers come, go, lose events, and find back as stock clients do.
func TestEverybodySeesTheSame(t *testing.T) {
	t.Parallel()
	for seed := range uint64(8) {
		m := &meeting{t: t, rng: rand.New(rand.NewPCG(seed, 6)), roster: livearray.NewRoster("r", "ch")}
		m.subscribe(true)
		m.subscribe(false)
		for range 600 {
			m.happen()
			if m.rng.IntN(4) == 0 {
				m.deliver(true)
			}
		}
		m.settle()
		if len(m.subs) < 1 || m.roster.Len() != len(m.live) {
			t.Fatalf("seed %d: %d subscribers, %d rows, %d members", seed, len(m.subs), m.roster.Len(), len(m.live))
		}
		for _, s := range m.subs {
			if s.Hash() != m.roster.Hash() {
				t.Errorf("seed %d: %s (table %v) has %d rows, %d are there", seed, s.name, s.Table, len(s.Keys()), m.roster.Len())
			}
		}
	}
}

// TestStockListFindsBackOnce: the bare list of the Communicator never forgives, but
// one loss it survives, whatever is lost.
func TestStockListFindsBackOnce(t *testing.T) {
	t.Parallel()
	for lost := range 8 {
		m := &meeting{t: t, rng: rand.New(rand.NewPCG(7, 7)), roster: livearray.NewRoster("r", "ch")}
		m.subscribe(false)
		for i := range uint32(3) {
			m.publish(m.roster.Add(m.key(i+1), person(i+1, "x")))
		}
		m.deliver(false)
		s := m.subs[0]
		for i := range uint32(8) {
			m.publish(m.roster.Modify(m.key(1+i%3), person(1+i%3, fmt.Sprint("name ", i))))
			if int(i) == lost {
				s.wire = s.wire[:len(s.wire)-1]
			}
			m.deliver(false)
		}
		m.publish(m.roster.Delete(m.key(2)))
		m.deliver(false)
		m.deliver(false)
		if s.Hash() != m.roster.Hash() {
			t.Errorf("event %d lost: keys %v, %d rows are there", lost, s.Keys(), m.roster.Len())
		}
	}
}
