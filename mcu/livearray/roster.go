package livearray

// Roster is the Array of a conference's members, by call id. It tells only what
// changed. Who talks, which changes many times a second in a large room, is held
// back until Flush and then told once per member, so that all subscribers see the
// same, fewer, events; every other event flushes first and is never held back.
type Roster struct {
	Array
	members map[string]*member
	held    []*member // in the order of their first change
}

// member is what was told of somebody, and what is to be told.
type member struct {
	key       string
	told, now Member
	held      bool
}

// NewRoster returns an empty table. name is the conference's laName, channel its
// laChannel.
func NewRoster(name, channel string) *Roster {
	return &Roster{Array: *NewArray(name, channel), members: map[string]*member{}}
}

// Add puts a new member at the end. A key that is there already is modified instead.
func (r *Roster) Add(key string, m Member) []Data {
	if _, ok := r.members[key]; ok {
		return r.Modify(key, m)
	}
	out := r.Flush()
	r.members[key] = &member{key: key, told: m, now: m}
	return append(out, r.Set(key, m.Row()))
}

// Modify tells a member's new state. Nothing is returned when there is nothing to
// send yet: the row has not changed (the energy score alone does not count), the
// change is held back, or the key is unknown.
func (r *Roster) Modify(key string, to Member) []Data {
	m := r.members[key]
	if m == nil {
		return nil
	}
	m.now = to
	switch {
	case m.told.same(to):
		return nil // and what is held back of him has come to nothing
	case m.told.sameButTalk(to):
		r.hold(m)
		return nil
	}
	m.held = false // told with this
	return append(r.Flush(), r.tell(m))
}

func (r *Roster) hold(m *member) {
	if !m.held {
		m.held = true
		r.held = append(r.held, m)
	}
}

func (r *Roster) tell(m *member) Data {
	m.told = m.now
	return r.Set(m.key, m.now.Row())
}

// Holding reports whether something may wait for Flush.
func (r *Roster) Holding() bool { return len(r.held) > 0 }

// Flush tells what was held back.
func (r *Roster) Flush() []Data {
	var out []Data
	for _, m := range r.held {
		if m.held && !m.told.same(m.now) {
			out = append(out, r.tell(m))
		}
		m.held = false
	}
	clear(r.held)
	r.held = r.held[:0]
	return out
}

// Delete takes a member out.
func (r *Roster) Delete(key string) []Data {
	m := r.members[key]
	if m == nil {
		return nil
	}
	m.held = false
	out := r.Flush()
	delete(r.members, key)
	d, _ := r.Array.Delete(key)
	return append(out, d)
}

// Clear empties the table at the conference's end. Its message is for all who are
// still subscribed.
func (r *Roster) Clear() []Data {
	out := r.Flush()
	clear(r.members)
	return append(out, r.Array.Clear())
}
