package load

import (
	"slices"
	"time"
)

// watch is what a member's eyes count: frames, their rhythm, freezes. It is used
// by one goroutine.
type watch struct {
	last      time.Time
	intervals [30]time.Duration // of the latest frames, a ring
	n         int               // intervals so far

	// Since begin.
	begun   time.Time
	frames  int
	keys    int
	bytes   int
	freezes []time.Duration
}

// begin starts a measurement; what came before only tells the rhythm.
func (w *watch) begin(now time.Time) {
	w.begun, w.frames, w.keys, w.bytes, w.freezes = now, 0, 0, 0, nil
}

// show takes a frame that can be seen from at on.
func (w *watch) show(at time.Time, size int, key bool) {
	w.frames++
	w.bytes += size
	if key {
		w.keys++
	}
	if !w.last.IsZero() {
		w.interval(at.Sub(w.last))
	}
	w.last = at
}

// interval counts a freeze as browsers do (webrtc-stats, freezeCount): a frame
// that stays for three times the average of the last 30, at least 150 ms longer.
// A frame that came before begin and froze into the measurement counts from begin.
func (w *watch) interval(d time.Duration) {
	if w.froze(d) {
		w.freezes = append(w.freezes, min(d, w.last.Add(d).Sub(w.begun)))
		return // its length is not the rhythm
	}
	w.intervals[w.n%len(w.intervals)] = d
	w.n++
}

func (w *watch) froze(d time.Duration) bool {
	kept := w.intervals[:min(w.n, len(w.intervals))]
	if len(kept) == 0 {
		return false
	}
	sum := time.Duration(0)
	for _, i := range kept {
		sum += i
	}
	average := sum / time.Duration(len(kept))
	return d > max(3*average, average+150*time.Millisecond)
}

// end closes a freeze that still goes on, and returns the sum and the longest.
func (w *watch) end(now time.Time) (count int, sum, longest time.Duration) {
	if !w.last.IsZero() && w.froze(now.Sub(w.last)) {
		w.freezes = append(w.freezes, min(now.Sub(w.last), now.Sub(w.begun)))
	}
	for _, d := range w.freezes {
		sum += d
	}
	if len(w.freezes) > 0 {
		longest = slices.Max(w.freezes)
	}
	return len(w.freezes), sum, longest
}

// hear is what a member's ears count: packets of sound and the gaps between them.
// It is used by one goroutine.
type hear struct {
	started bool
	newest  uint32 // extended sequence number
	last    time.Time

	// Since begin.
	base           uint32 // newest before
	packets, bytes int
	gaps           int
	gapTime        time.Duration
}

// gapLimit is the longest time between two packets of sound that no jitter buffer
// of a browser fills unheard.
const gapLimit = 80 * time.Millisecond

func (h *hear) begin() {
	h.base, h.packets, h.bytes, h.gaps, h.gapTime = h.newest, 0, 0, 0, 0
}

// take takes a packet.
func (h *hear) take(at time.Time, seq uint16, size int) {
	if !h.started {
		h.started, h.newest = true, 1<<16|uint32(seq)
		h.base = h.newest - 1
	} else if step := int16(seq - uint16(h.newest)); step > 0 {
		h.newest += uint32(step)
	}
	h.packets++
	h.bytes += size
	if d := at.Sub(h.last); !h.last.IsZero() && d > gapLimit {
		h.gaps++
		h.gapTime += d
	}
	h.last = at
}

// end closes a gap that still goes on.
func (h *hear) end(now time.Time) {
	if d := now.Sub(h.last); h.started && d > gapLimit {
		h.gaps++
		h.gapTime += d
	}
}

// lost is the number of packets since begin that did not come.
func (h *hear) lost() (lost, expected int) {
	expected = int(h.newest - h.base)
	return max(expected-h.packets, 0), expected
}
