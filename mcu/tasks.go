package mcu

import (
	"context"
	"sync"
	"time"
)

// tasks are the goroutines of calls that nobody waits for; the server does when it
// closes.
type tasks struct {
	ctx    context.Context // ends when the server closes
	cancel context.CancelFunc

	mu     sync.Mutex
	closed bool // guarded by mu
	wg     sync.WaitGroup
}

func newTasks() *tasks {
	t := new(tasks)
	t.ctx, t.cancel = context.WithCancel(context.Background())
	return t
}

// do runs f on a goroutine of its own; not after close.
func (t *tasks) do(f func(ctx context.Context)) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.closed {
		t.wg.Go(func() { f(t.ctx) })
	}
}

// after runs f when d has passed, unless the server closes before.
func (t *tasks) after(d time.Duration, f func()) {
	t.do(func(ctx context.Context) {
		timer := time.NewTimer(d)
		defer timer.Stop()
		select {
		case <-ctx.Done():
		case <-timer.C:
			f()
		}
	})
}

// close ends all of them and waits.
func (t *tasks) close() {
	t.mu.Lock()
	t.closed = true
	t.mu.Unlock()
	t.cancel()
	t.wg.Wait()
}
