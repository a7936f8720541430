package canvas

import (
	"sync"
	"time"
)

// maxWaiting bounds the scenes that wait for their time.
const maxWaiting = 16

// queue are the scenes that wait, in the order in which they were given. It is
// bounded: one more drops the oldest.
type queue struct {
	mu     sync.Mutex
	scenes [maxWaiting]*Scene // guarded by mu
	n      int                // guarded by mu
}

// put appends s and reports how many scenes it dropped.
func (q *queue) put(s *Scene) (dropped int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.n == maxWaiting {
		q.cutLocked(1)
		dropped = 1
	}
	q.scenes[q.n] = s
	q.n++
	return dropped
}

// take returns the last scene that is due at t, nil for none, and drops those
// given before it: each scene is the whole state of its room, so that an older one
// must not come after it.
func (q *queue) take(t time.Duration) (s *Scene, dropped int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for i := q.n - 1; i >= 0; i-- {
		if q.scenes[i].At <= t {
			s = q.scenes[i]
			q.cutLocked(i + 1)
			return s, i
		}
	}
	return nil, 0
}

// cutLocked removes the first k scenes.
func (q *queue) cutLocked(k int) {
	copy(q.scenes[:], q.scenes[k:q.n])
	clear(q.scenes[q.n-k : q.n])
	q.n -= k
}
