package mixer

import (
	"runtime"
	"sync"
	"time"
)

// Gate is the process-wide limit of long C calls (video decode, encode, large
// scale): as many at a time as there are slots, earliest deadline first, so that
// the audio ticks, which never queue here, always find a free core (media.md 10).
// A nil Gate lets everybody pass. Safe for concurrent use.
type Gate struct {
	mu    sync.Mutex
	free  int       // guarded by mu; above zero only while nobody waits
	queue []*waiter // guarded by mu; binary heap, earliest deadline first
	spare []*waiter // guarded by mu; for reuse
	order uint64    // guarded by mu; numbers the waiters
	stats GateStats // guarded by mu
}

// GateStats are a gate's counters since its start.
type GateStats struct {
	Entries uint64        // calls that passed
	Waits   uint64        // calls that had to wait for a slot
	Longest time.Duration // longest of these waits
	Waiting int           // calls that wait now
}

// waiter is one call that waits for a slot.
type waiter struct {
	deadline time.Time
	order    uint64 // arrival, decides among equal deadlines
	ready    chan struct{}
}

// NewGate returns a gate of that many slots; 0 or less means one per CPU.
func NewGate(slots int) *Gate {
	if slots <= 0 {
		slots = runtime.NumCPU()
	}
	return &Gate{free: slots}
}

// Enter blocks until a slot is free and takes it. Among those who wait the
// earliest deadline is served first. Each Enter is followed by one Leave.
func (g *Gate) Enter(deadline time.Time) {
	if g == nil {
		return
	}
	g.mu.Lock()
	g.stats.Entries++
	if g.free > 0 {
		g.free--
		g.mu.Unlock()
		return
	}
	w := g.waiterLocked(deadline)
	g.pushLocked(w)
	g.stats.Waits++
	g.mu.Unlock()

	since := time.Now()
	<-w.ready
	waited := time.Since(since)

	g.mu.Lock()
	g.spare = append(g.spare, w)
	g.stats.Longest = max(g.stats.Longest, waited)
	g.mu.Unlock()
}

// Leave gives the slot back, to the earliest deadline if anybody waits.
func (g *Gate) Leave() {
	if g == nil {
		return
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if len(g.queue) == 0 {
		g.free++
		return
	}
	g.popLocked().ready <- struct{}{} // has room for one: never blocks
}

// Stats returns the counters.
func (g *Gate) Stats() GateStats {
	if g == nil {
		return GateStats{}
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	s := g.stats
	s.Waiting = len(g.queue)
	return s
}

func (g *Gate) waiterLocked(deadline time.Time) *waiter {
	var w *waiter
	if n := len(g.spare); n > 0 {
		w, g.spare = g.spare[n-1], g.spare[:n-1]
	} else {
		w = &waiter{ready: make(chan struct{}, 1)}
	}
	g.order++
	w.deadline, w.order = deadline, g.order
	return w
}

func (w *waiter) before(o *waiter) bool {
	if c := w.deadline.Compare(o.deadline); c != 0 {
		return c < 0
	}
	return w.order < o.order
}

func (g *Gate) pushLocked(w *waiter) {
	g.queue = append(g.queue, w)
	q := g.queue
	for i := len(q) - 1; i > 0; {
		parent := (i - 1) / 2
		if !q[i].before(q[parent]) {
			return
		}
		q[i], q[parent] = q[parent], q[i]
		i = parent
	}
}

func (g *Gate) popLocked() *waiter {
	q := g.queue
	first, n := q[0], len(q)-1
	q[0], q[n] = q[n], nil
	q = q[:n]
	g.queue = q
	for i := 0; ; {
		least := i
		for child := 2*i + 1; child <= 2*i+2 && child < n; child++ {
			if q[child].before(q[least]) {
				least = child
			}
		}
		if least == i {
			return first
		}
		q[i], q[least] = q[least], q[i]
		i = least
	}
}
