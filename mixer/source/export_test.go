package source

import (
	"time"

	"github.com/omniverto/omniverto/media"
)

// Seams for tests of the parts that have no exported name.

type (
	Descriptor = descriptor
	Sequence   = sequence
	Timeline   = timeline
	Spread     = spread
)

const (
	Fresh     = fresh
	Duplicate = duplicate
	Stray     = stray
	Restarted = restarted
)

var (
	ParseDescriptor = parseDescriptor
	Accept          = (*sequence).accept
	Extend          = (*timeline).extend
	Observe         = (*timeline).observe
	RoomTime        = (*timeline).at
	Add             = (*spread).add
	Quantile        = (*spread).quantile
)

// NewTimeline returns a timeline for timestamps of rate ticks per second.
func NewTimeline(rate int64) *Timeline { return &timeline{rate: rate} }

// PullAt is Pull at a room time.
func PullAt(a *Audio, now time.Duration, dst []int16) media.Outcome { return a.pullAt(now, dst) }

// Period is the first period that is found in pcm.
func Period(pcm []int16, channels int) (int, float64) {
	var s stretcher
	return s.lag(pcm, channels, 0, 1, lagWindow, minPeriod, maxPeriod)
}

// Played is the sender's time after the last tick, as an extended timestamp; ok
// is false while nothing is played.
func Played(a *Audio) (ts int64, ok bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.play.next - int64(a.have), a.play.playing
}
