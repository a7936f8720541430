package source

import (
	"time"

	"github.com/omniverto/omniverto/media"
)

const (
	lineSlots = 10
	lineSlot  = 500 * time.Millisecond
	// A timestamp this far from where the clock says it belongs is a jump of
	// the sender's clock, not delay.
	lineJump = 2 * time.Second
	// The base follows a growing delay at 1000 ppm (camera clocks are within
	// 200 ppm), so that it does not tremble with the luck of each window; a
	// larger step is a new route.
	lineSlew = 1000
	lineStep = 5 * time.Millisecond
)

// timeline puts a sender's RTP timestamps on the room clock: the room time of a
// timestamp is when its packet would have arrived with the smallest delay of the
// last 5 s (media.md 8). The zero value, with rate set, is ready.
type timeline struct {
	rate    int64 // ticks per second
	step    int64 // ticks of one unit of RTP time; 0 is 1
	started bool
	newest  int64         // newest extended timestamp
	base    time.Duration // room time of extended timestamp 0
	seenAt  time.Duration // last observation
	slots   [lineSlots]struct {
		epoch int64
		low   time.Duration
	}
	report media.SenderReport // last one, NTP 0 if none
}

// reset forgets the sender.
func (l *timeline) reset() { *l = timeline{rate: l.rate, step: l.step} }

// extend gives the 64-bit timestamp, in ticks, nearest to the newest.
func (l *timeline) extend(ts uint32) int64 {
	step := max(l.step, 1)
	if !l.started {
		return int64(ts) * step
	}
	newest := l.newest / step
	return (newest + int64(int32(ts-uint32(newest)))) * step
}

// observe notes that what carries the extended timestamp ts arrived, and
// returns how late it is against the fastest.
func (l *timeline) observe(ts int64, arrival time.Duration) time.Duration {
	offset := arrival - l.span(ts)
	off := offset - l.base
	if !l.started || off > lineJump || off < -lineJump {
		l.restart(ts, arrival, offset)
		return 0
	}
	l.newest = max(l.newest, ts)
	low := l.lowest(arrival, offset)
	switch rise := low - l.base; {
	case rise <= 0 || rise > lineStep:
		l.base = low
	default:
		l.base += min(rise, max(arrival-l.seenAt, 0)/lineSlew)
	}
	l.seenAt = max(l.seenAt, arrival)
	return offset - l.base
}

func (l *timeline) restart(ts int64, arrival, offset time.Duration) {
	l.started, l.newest, l.base, l.seenAt = true, ts, offset, arrival
	for i := range l.slots {
		l.slots[i].epoch = -1 << 62
	}
	l.lowest(arrival, offset)
}

// lowest enters offset into its slot and returns the lowest of the window.
func (l *timeline) lowest(arrival, offset time.Duration) time.Duration {
	epoch := int64(arrival / lineSlot)
	s := &l.slots[uint64(epoch)%lineSlots]
	if s.epoch != epoch || offset < s.low {
		s.epoch, s.low = epoch, offset
	}
	low := offset
	for i := range l.slots {
		if l.slots[i].epoch > epoch-lineSlots {
			low = min(low, l.slots[i].low)
		}
	}
	return low
}

// at is the room time of an extended timestamp.
func (l *timeline) at(ts int64) time.Duration { return l.base + l.span(ts) }

// span is the length of n ticks; split, since n × 10⁹ overflows after a day.
func (l *timeline) span(n int64) time.Duration {
	sec, rest := n/l.rate, n%l.rate
	return time.Duration(sec*1e9 + rest*1e9/l.rate)
}

// lag is room time minus the sender's wall clock for a sample that leaves delay
// after its room time. Only differences between streams of one sender mean
// something. ok is false before the first sender report.
func (l *timeline) lag(delay time.Duration) (lag time.Duration, ok bool) {
	if !l.started || l.report.NTP == 0 {
		return 0, false
	}
	ntp := l.report.NTP
	wall := time.Duration(ntp>>32)*time.Second + time.Duration((ntp&0xffffffff)*1e9>>32)
	return l.at(l.extend(l.report.RTPTime)) + delay - wall, true
}
