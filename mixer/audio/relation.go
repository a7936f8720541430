package audio

import (
	"cmp"
	"maps"
	"slices"
)

// Relation restricts one member towards another.
type Relation struct {
	NoSpeak bool // the first is not heard by the second
	NoHear  bool // the first does not hear the second
}

// pair is a directed relation's first and second member.
type pair struct{ from, to PortID }

// deafTo tells whom a listener does not hear, in order. Never written after it
// was published.
type deafTo map[PortID][]PortID

// SetRelation says what from and to may do with each other's voice; it replaces
// what was said of the two in this direction before, and the zero Relation
// removes it. It holds for ids, whether they have a port now or later.
func (m *Mixer) SetRelation(from, to PortID, r Relation) {
	if from == to {
		return
	}
	listeners := make([]*Port, 0, 2)
	m.mu.Lock()
	if r == (Relation{}) {
		delete(m.relations, pair{from, to})
	} else {
		m.relations[pair{from, to}] = r
	}
	for _, p := range m.ports {
		if r.NoSpeak && p.id == to || r.NoHear && p.id == from {
			listeners = append(listeners, p)
		}
	}
	m.mu.Unlock()
	// Encoders first, so that nobody is without one when the relation shows.
	for _, p := range listeners {
		p.needOwn()
	}
	m.publishRelations()
}

// publishRelations tells the step of the relations as they are now.
func (m *Mixer) publishRelations() {
	m.mu.Lock()
	defer m.mu.Unlock()
	d := deafTo{}
	for key, r := range m.relations {
		if r.NoSpeak {
			d[key.to] = append(d[key.to], key.from)
		}
		if r.NoHear {
			d[key.from] = append(d[key.from], key.to)
		}
	}
	for listener, ids := range maps.Clone(d) {
		slices.Sort(ids)
		d[listener] = slices.Compact(ids)
	}
	m.deafTo.Store(&d)
}

// deafness is one voice that a port does not hear, or just did not.
type deafness struct {
	id   PortID
	on   bool // does not hear it
	fade fade // of what is taken out
	turn turn // in this tick
}

// adopt makes the relations apply to the port from this tick on.
func (p *Port) adopt(d *deafTo) {
	first := p.route == nowhere
	p.deafTo = d
	if d == nil {
		return
	}
	p.unheard = slices.DeleteFunc(p.unheard, func(u deafness) bool { return !u.on && !u.fade.on })
	for i := range p.unheard {
		p.unheard[i].on = false
	}
	for _, id := range (*d)[p.id] {
		if i, ok := p.unheardAt(id); ok {
			p.unheard[i].on = true
		} else {
			// Who comes into a relation never hears a thing.
			p.unheard = slices.Insert(p.unheard, i, deafness{id: id, on: true, fade: fade{first}})
		}
	}
}

// unheardAt finds the voice among those that the port does not hear.
func (p *Port) unheardAt(id PortID) (int, bool) {
	return slices.BinarySearchFunc(p.unheard, id, func(u deafness, id PortID) int { return cmp.Compare(u.id, id) })
}

// relate moves the port's relations on by one tick and reports whether they take
// anything out of what he hears now.
func (p *Port) relate(d *deafTo, voices []*Port) bool {
	if d != p.deafTo {
		p.adopt(d)
	}
	if len(p.unheard) == 0 {
		return false
	}
	for i := range p.unheard {
		u := &p.unheard[i]
		u.turn = u.fade.turn(u.on)
	}
	for _, q := range voices {
		if p.without(q) != staysOff {
			return true
		}
	}
	return false
}

// without is how far the voice of q is taken out of what p hears.
func (p *Port) without(q *Port) turn {
	if i, ok := p.unheardAt(q.id); ok && q != p {
		return p.unheard[i].turn
	}
	return staysOff
}
