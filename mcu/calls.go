package mcu

import (
	"sync"

	"github.com/omniverto/omniverto/mcu/room"
)

// calls finds the call of a member.
type calls struct {
	mu sync.Mutex
	by map[*room.Member]*call // guarded by mu
}

// move notes that a call's member is another one; nil is none.
func (t *calls) move(c *call, from, to *room.Member) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.by, from)
	if to != nil {
		t.by[to] = c
	}
}

// of finds the call of a member, or nil.
func (t *calls) of(m *room.Member) *call {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.by[m]
}

// count is the number of calls that are in a room.
func (t *calls) count() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return len(t.by)
}
