package rtc

import "sync"

// calls counts the calls that are inside a handler, so that the last one can be
// waited for. No lock is held during a call.
type calls struct {
	mu      sync.Mutex
	stopped bool // guarded by mu
	inside  sync.WaitGroup
}

// enter begins a call; false after stop, and then leave must not be called.
func (c *calls) enter() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.stopped {
		return false
	}
	c.inside.Add(1)
	return true
}

func (c *calls) leave() { c.inside.Done() }

// stop lets no further call begin.
func (c *calls) stop() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.stopped = true
}

// wait returns when no call is inside. It must follow stop.
func (c *calls) wait() { c.inside.Wait() }
