package room

import (
	"time"

	"github.com/omniverto/omniverto/media"
)

// quality follows how good a member's connection is. Owned by the room's loop.
type quality struct {
	shown   int // what is told
	worse   int // seconds in a row that were worse than shown
	better  int // that were better
	changed time.Time
	last    media.LegStats
	known   bool // last holds
}

// Limits of the qualities, and what it takes to change: a bad second is no bad
// connection, and a row that changes every second is none that one reads.
const (
	poorLoss, badLoss   = 0.03, 0.10
	poorRTT, badRTT     = 400 * time.Millisecond, 900 * time.Millisecond
	worseFor, betterFor = 3, 8 // seconds
	qualityPause        = 5 * time.Second
	leastPackets        = 5 // of a second that can be judged
)

// judge is the quality of the second between two readings.
func judge(last, now media.LegStats) int {
	in, lost := now.PacketsIn-last.PacketsIn, now.LostIn-last.LostIn
	out := now.PacketsOut - last.PacketsOut
	if now.PacketsIn < last.PacketsIn || now.LostIn < last.LostIn || in+lost < leastPackets && out < leastPackets {
		return QualityUnknown
	}
	loss, rtt := now.LossOut, time.Duration(now.RTTMicros)*time.Microsecond
	if in+lost >= leastPackets {
		loss = max(loss, float64(lost)/float64(in+lost))
	}
	switch {
	case loss >= badLoss || rtt >= badRTT:
		return QualityBad
	case loss >= poorLoss || rtt >= poorRTT:
		return QualityPoor
	}
	return QualityGood
}

// take enters one reading and reports whether what is shown changed.
func (q *quality) take(st media.LegStats, now time.Time) bool {
	last, known := q.last, q.known
	q.last, q.known = st, true
	if !known {
		return false
	}
	level := judge(last, st)
	switch {
	case level == QualityUnknown:
		return false
	case level < q.shown:
		q.worse, q.better = q.worse+1, 0
	case level > q.shown:
		q.worse, q.better = 0, q.better+1
	default:
		q.worse, q.better = 0, 0
	}
	need := betterFor
	if q.shown == QualityUnknown {
		need = worseFor
	}
	if q.worse < worseFor && q.better < need || now.Sub(q.changed) < qualityPause {
		return false
	}
	q.shown, q.changed, q.worse, q.better = level, now, 0, 0
	return true
}

// checkQuality judges a member's connection once a second.
func (s *State) checkQuality(m *Member, now time.Time) {
	if m.leg == nil || m.media.detached {
		m.quality.known, m.quality.worse, m.quality.better = false, 0, 0
		return
	}
	if m.quality.take(m.leg.Stats(), now) {
		s.changed(m)
	}
}
