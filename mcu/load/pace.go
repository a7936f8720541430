package load

import (
	"context"
	"sync/atomic"
	"time"
)

const (
	// lateLimit is how late a tick may begin before it counts as late: more, and
	// what the server gets is not what was meant to be sent.
	lateLimit = 10 * time.Millisecond
	// catchUp bounds the late ticks that are made up.
	catchUp = 10
)

// punctuality counts the ticks of all senders. Safe for concurrent use.
type punctuality struct{ ticks, late, skipped atomic.Int64 }

// reset starts to count anew.
func (p *punctuality) reset() {
	p.ticks.Store(0)
	p.late.Store(0)
	p.skipped.Store(0)
}

// pace calls step every period from start on until ctx ends; late ticks are made
// up, the older of very late ones skipped.
func (p *punctuality) pace(ctx context.Context, start time.Time, period time.Duration, step func(n int)) {
	timer := time.NewTimer(time.Until(start))
	defer timer.Stop()
	for n := 0; ; n++ {
		due := start.Add(time.Duration(n) * period)
		if wait := time.Until(due); wait > 0 {
			timer.Reset(wait)
			select {
			case <-ctx.Done():
				return
			case <-timer.C:
			}
		} else if ctx.Err() != nil {
			return
		}
		p.ticks.Add(1)
		if behind := time.Since(due); behind > lateLimit {
			p.late.Add(1)
			if skip := int(behind/period) - catchUp; skip > 0 {
				p.skipped.Add(int64(skip))
				n += skip
			}
		}
		step(n)
	}
}
