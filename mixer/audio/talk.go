package audio

import "sync/atomic"

// FreeSWITCH's thresholds (layouts.md §7), in ticks and units of its score.
const (
	hangunder   = 5   // gate-open ticks until somebody talks
	hangover    = 40  // gate-closed ticks until he does not
	loud        = 400 // over the gate: talks at once
	maxScore    = 25000
	floorTaker  = 300 // smoothed score above which the floor can be taken …
	floorHolder = 100 // … from a holder below this one
)

// talk detects talking and keeps the score for the floor.
type talk struct {
	on     bool
	opened int // towards hangunder
	closed int // towards hangover
	smooth int // FreeSWITCH's score_iir
}

// hear takes the score of one tick and reports whether talking began or ended.
func (t *talk) hear(score, gate int) (changed bool) {
	t.smooth = min(maxScore, (2*score+8*t.smooth)/10)
	was := t.on
	if score > gate {
		t.hearOpen(score - gate)
	} else {
		t.hearClosed()
	}
	return t.on != was
}

func (t *talk) hearOpen(over int) {
	t.closed = max(0, t.closed-1)
	t.opened++
	if over >= loud || t.opened >= hangunder {
		// What begins talking also proves that it goes on.
		t.on, t.opened, t.closed = true, 0, 0
	}
}

func (t *talk) hearClosed() {
	t.opened = max(0, t.opened-1)
	if !t.on {
		return
	}
	t.closed++
	if t.closed >= hangover {
		t.on, t.opened, t.closed = false, 0, 0
	}
}

// silence forgets everything and reports whether talking ended.
func (t *talk) silence() (changed bool) {
	was := t.on
	*t = talk{}
	return was
}

// spell counts how somebody talks. Written by the step, read by all.
type spell struct {
	ticks, hits, misses, energy, change atomic.Int64
	last                                int // score of the tick before; the step's
}

// hear takes one tick.
func (s *spell) hear(changed, talking bool, score int, hit bool) {
	last := s.last
	s.last = score
	if !talking {
		return
	}
	if changed {
		for _, n := range [...]*atomic.Int64{&s.ticks, &s.hits, &s.misses, &s.energy, &s.change} {
			n.Store(0)
		}
	}
	s.ticks.Add(1)
	if !hit {
		s.misses.Add(1)
		return
	}
	s.hits.Add(1)
	s.energy.Add(int64(score))
	s.change.Add(int64(max(score-last, last-score)))
}

func (s *spell) load() Spell {
	hits := max(1, s.hits.Load())
	return Spell{
		Ticks: int(s.ticks.Load()), Hits: int(s.hits.Load()), Misses: int(s.misses.Load()),
		Energy: int(s.energy.Load() / hits), Change: int(s.change.Load() / hits),
	}
}

// passFloor finds the floor holder of this tick among ports and reports whether
// it is another id than before. At most one change happens in a tick, so that the
// new holder's score has the time to grow.
func (m *Mixer) passFloor(ports []*Port) (changed bool) {
	var best, heir *Port
	stays := false
	for _, p := range ports {
		switch {
		case !p.speaks():
		case p == m.holder:
			stays = true
		default:
			if best == nil || p.talk.smooth > best.talk.smooth {
				best = p
			}
			if m.holder != nil && p.id == m.holder.id {
				heir = p
			}
		}
	}
	switch {
	case !stays && heir != nil:
		m.holder = heir
		return false
	case !stays:
		return m.setFloor(best)
	case best != nil && best.talk.smooth > floorTaker && m.holder.talk.smooth < floorHolder:
		return m.setFloor(best)
	}
	return false
}

func (m *Mixer) setFloor(p *Port) (changed bool) {
	m.holder = p
	var id PortID
	if p != nil {
		id = p.id
		p.talk.smooth = 0
	}
	return PortID(m.floor.Swap(uint32(id))) != id
}
