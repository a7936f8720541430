package mixer

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/omniverto/omniverto/media"
)

// MetronomeOptions say what a metronome runs, and when.
type MetronomeOptions struct {
	// Clock is the room's clock; tick n is due at room time Phase + n × Period.
	Clock *media.Clock
	// Period is the time between two ticks, above zero.
	Period time.Duration
	// Phase, from 0 to below Period, keeps metronomes that share a clock from
	// ticking in the same instant.
	Phase time.Duration
	// CatchUp is how many late ticks are made up one after the other (audio:
	// 10). Further behind, the tick number jumps to the newest tick due and the
	// ticks left out are counted. 0: late ticks are skipped (video).
	CatchUp int
	// Step does the work of one tick; now is the tick's nominal room time,
	// Phase + tick × Period. It is called by Run's goroutine only.
	Step func(tick int64, now time.Duration)
}

// Metronome runs a step every period of the room's clock. Run is called once;
// Stats may be called by anybody at any time.
type Metronome struct {
	o     MetronomeOptions
	timer *time.Timer // owned by Run

	mu       sync.Mutex
	stats    MetronomeStats              // guarded by mu
	lateness [latenessKept]time.Duration // guarded by mu; the latest ticks, a ring
}

// latenessKept is how many ticks MetronomeStats.LatenessP95 looks back.
const latenessKept = 256

// busyShare is the weight of the newest tick in MetronomeStats.Busy: about the
// last 50 ticks count, a second of sound.
const busyShare = 0.04

// MetronomeStats tell how well a metronome keeps time.
type MetronomeStats struct {
	Ticks   uint64  // steps run
	Late    uint64  // of these, begun over a quarter of a period after their time
	Skipped uint64  // ticks left out
	Busy    float64 // share of the period that the step takes, smoothed; 1 is saturation
	// LatenessP95 is the 95th percentile of how long after their time the last
	// 256 ticks began.
	LatenessP95 time.Duration
}

// NewMetronome returns a metronome at rest. It panics on a period that is not
// above zero and on a phase outside of it.
func NewMetronome(o MetronomeOptions) *Metronome {
	if o.Period <= 0 || o.Phase < 0 || o.Phase >= o.Period {
		panic("mixer: metronome without a period, or with a phase outside of it")
	}
	return &Metronome{o: o}
}

// Run steps until ctx ends, beginning with the next tick of the clock.
func (m *Metronome) Run(ctx context.Context) {
	m.timer = time.NewTimer(0)
	defer m.timer.Stop()
	tick := m.due(m.o.Clock.Now()) + 1
	for m.wait(ctx, tick) {
		tick = m.step(tick)
	}
}

// due is the newest tick whose time has come.
func (m *Metronome) due(now time.Duration) int64 {
	if now < m.o.Phase {
		return -1
	}
	return int64((now - m.o.Phase) / m.o.Period)
}

// at is the room time at which a tick is due.
func (m *Metronome) at(tick int64) time.Duration {
	return m.o.Phase + time.Duration(tick)*m.o.Period
}

// wait sleeps until the tick's time; false when ctx has ended.
func (m *Metronome) wait(ctx context.Context, tick int64) bool {
	d := m.at(tick) - m.o.Clock.Now()
	if d <= 0 {
		return ctx.Err() == nil
	}
	m.timer.Reset(d)
	select {
	case <-ctx.Done():
		return false
	case <-m.timer.C:
		return true
	}
}

// step runs one tick and returns the number of the next.
func (m *Metronome) step(tick int64) int64 {
	nominal := m.at(tick)
	begun := m.o.Clock.Now()
	m.o.Step(tick, nominal)
	done := m.o.Clock.Now()

	next, skipped := tick+1, int64(0)
	if behind := m.due(done) - next; behind > int64(m.o.CatchUp) {
		next, skipped = next+behind, behind
	}
	m.count(begun-nominal, done-begun, skipped)
	return next
}

func (m *Metronome) count(late, busy time.Duration, skipped int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.lateness[m.stats.Ticks%latenessKept] = late
	m.stats.Ticks++
	if late > m.o.Period/4 {
		m.stats.Late++
	}
	m.stats.Skipped += uint64(skipped)
	share := float64(busy) / float64(m.o.Period)
	if m.stats.Ticks == 1 {
		m.stats.Busy = share
	}
	m.stats.Busy += (share - m.stats.Busy) * busyShare
}

// Stats returns how well time was kept since the start.
func (m *Metronome) Stats() MetronomeStats {
	m.mu.Lock()
	s, ring := m.stats, m.lateness
	m.mu.Unlock()
	kept := ring[:min(s.Ticks, latenessKept)]
	if len(kept) > 0 {
		slices.Sort(kept)
		s.LatenessP95 = kept[(len(kept)-1)*95/100]
	}
	return s
}
