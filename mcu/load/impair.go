package load

import (
	"errors"
	"math/rand/v2"
	"time"
)

// Line is what a network does to the packets of one direction. The zero value is
// a perfect one.
type Line struct {
	Loss    float64       // share of packets that are lost, 0 to 1, independent of each other
	Delay   time.Duration // of every packet
	Jitter  time.Duration // further delay, evenly spread from 0 to this; keeps the order
	Reorder float64       // share of packets that come later than those sent up to reorderHold after them
	Kbps    int           // bit rate of the bottleneck, its queue holds queueLimit; 0: no bottleneck
}

const (
	// reorderHold is how much later than it should a reordered packet comes.
	reorderHold = 20 * time.Millisecond
	// queueLimit is the longest wait at the bottleneck; what would wait longer is
	// lost.
	queueLimit = 200 * time.Millisecond
	// ipOverhead is what UDP and IPv4 add to a packet, in bytes.
	ipOverhead = 28
)

// perfect tells whether packets pass as they are.
func (l Line) perfect() bool { return l == Line{} }

func (l Line) validate() error {
	switch {
	case l.Loss < 0 || l.Loss > 1 || l.Reorder < 0 || l.Reorder > 1:
		return errors.New("a share of packets is 0 to 100 %")
	case l.Delay < 0 || l.Jitter < 0 || l.Delay+l.Jitter > 10*time.Second:
		return errors.New("delay and jitter are 0 to 10s together")
	case l.Kbps < 0:
		return errors.New("a rate is not negative")
	}
	return nil
}

// fate decides what happens to the packets of one line. It is deterministic for a
// seed and used by one goroutine at a time.
type fate struct {
	line Line
	rng  *rand.Rand
	free time.Time // when the bottleneck has sent what it holds
	last time.Time // when the last packet in order arrives

	lost, overflowed uint64
}

func newFate(l Line, seed uint64) *fate {
	return &fate{line: l, rng: rand.New(rand.NewPCG(seed, 0x9E3779B97F4A7C15))}
}

// decide tells when a packet of size bytes that is sent at now arrives; false if
// never.
func (f *fate) decide(now time.Time, size int) (time.Time, bool) {
	// Always the same number of random values for a packet, so that one setting
	// does not change what another does.
	lost, jitter, reordered := f.rng.Float64(), f.rng.Float64(), f.rng.Float64()
	at := now
	if f.line.Kbps > 0 {
		if f.free.Before(now) {
			f.free = now
		}
		if f.free.Sub(now) > queueLimit {
			f.overflowed++
			return at, false
		}
		f.free = f.free.Add(time.Duration(size+ipOverhead) * 8 * time.Millisecond / time.Duration(f.line.Kbps))
		at = f.free
	}
	if lost < f.line.Loss {
		f.lost++
		return at, false
	}
	at = at.Add(f.line.Delay + time.Duration(jitter*float64(f.line.Jitter)))
	if reordered < f.line.Reorder {
		return at.Add(reorderHold), true
	}
	if at.Before(f.last) {
		at = f.last
	}
	f.last = at
	return at, true
}
