package source

import "time"

const (
	reorderWindow = 512                    // packets kept beyond a gap
	healLimit     = 150 * time.Millisecond // how long a gap may be healed by NACK
	firstReorder  = 16                     // packets that may come before the first one seen
	maxUnit       = 2 << 20                // bytes of one coded picture
	maxSpare      = 64                     // idle packet buffers kept
	maxSpareUnits = 8                      // idle unit buffers kept
	maxSpareUnit  = 1 << 20                // bytes of a unit buffer worth keeping
)

// segment is one video packet on its way into an access unit. data is borrowed
// unless it is stored.
type segment struct {
	seq       int64
	timestamp uint32
	arrival   time.Duration
	marker    bool
	start     bool // first packet of a picture
	key       bool // first packet of a keyframe
	broken    bool // its descriptor makes no sense
	data      []byte
	used      bool // this place of the window is taken
}

// unit is one coded picture. Its buffer belongs to the assembler, which gets it
// back by recycle.
type unit struct {
	data      []byte
	timestamp uint32
	arrival   time.Duration // of its last packet
	key       bool
	broken    bool

	// Filled by Video.
	due  time.Duration // play-out time
	late time.Duration // arrival against the fastest unit
}

// assembler puts video packets in order and joins them to access units by
// timestamp and marker. A gap holds everything back until it is healed, until a
// whole keyframe stands behind it, or for healLimit; then units are dropped up
// to the next keyframe. It is guarded by its Video's lock.
type assembler struct {
	begun    bool
	next     int64 // the packet that is wanted
	open     bool  // cur is being filled
	cur      unit
	window   [reorderWindow]segment
	stored   int
	gapSince time.Duration // arrival of the first packet beyond the gap, if stored > 0
	keyAt    int64         // newest start of a keyframe beyond the gap, if > next

	// needKey: nothing can be decoded before a keyframe.
	// starved: units were lost for want of one, so it should be asked for.
	needKey, starved bool

	out        []unit // complete units in order, taken by Video
	spare      [][]byte
	spareUnits [][]byte

	brokenAt uint32 // timestamp of the last broken unit

	late, dropped, broken, gaps uint64 // packets; units; units; gaps given up
}

func newAssembler() assembler { return assembler{needKey: true} }

// push takes one packet that was not seen before. Complete units appear in out.
func (a *assembler) push(s segment) {
	if !a.begun {
		a.begun, a.next = true, s.seq
		if !s.start {
			a.next -= firstReorder // the start may have been overtaken
		}
	}
	if s.seq >= a.next+reorderWindow {
		a.gaps++
		a.flush(s.seq)
	}
	switch {
	case s.seq < a.next:
		a.late++
	case s.seq == a.next:
		a.consume(&s)
		a.drain()
	default:
		a.store(s)
		if a.keyAt > a.next && a.whole(a.keyAt) {
			a.flush(a.keyAt)
			a.drain()
		}
	}
}

// expire gives up gaps that were not healed in time.
func (a *assembler) expire(now time.Duration) {
	for a.stored > 0 && now-a.gapSince >= healLimit {
		seq := a.next
		for !a.window[seq%reorderWindow].used {
			seq++
		}
		a.gaps++
		a.flush(seq)
		a.drain()
	}
}

// reset forgets the stream; the next packet begins a new one.
func (a *assembler) reset() {
	if a.begun {
		a.flush(a.next + reorderWindow)
	}
	a.begun, a.keyAt, a.starved = false, 0, false
}

// flush drops the open unit and all packets before seq, which becomes the next
// wanted; what follows needs a keyframe.
func (a *assembler) flush(seq int64) {
	if a.open {
		a.cur.broken = true
		a.finish()
	}
	for n := a.next; n < min(seq, a.next+reorderWindow) && a.stored > 0; n++ {
		a.take(n)
	}
	a.next = seq
	a.needKey, a.starved = true, true
}

func (a *assembler) store(s segment) {
	place := &a.window[s.seq%reorderWindow]
	var buf []byte
	if n := len(a.spare); n > 0 {
		buf, a.spare = a.spare[n-1], a.spare[:n-1]
	}
	s.data = append(buf[:0], s.data...)
	s.used = true
	*place = s
	if a.stored++; a.stored == 1 {
		a.gapSince = s.arrival
	}
	if s.key {
		a.keyAt = max(a.keyAt, s.seq)
	}
}

// take frees the place of packet n and keeps its buffer for reuse; the segment
// that it returns is valid until the next store.
func (a *assembler) take(n int64) (segment, bool) {
	place := &a.window[n%reorderWindow]
	if !place.used || place.seq != n {
		return segment{}, false
	}
	s := *place
	*place = segment{}
	a.stored--
	if len(a.spare) < maxSpare {
		a.spare = append(a.spare, s.data)
	}
	return s, true
}

// drain consumes stored packets up to the next gap.
func (a *assembler) drain() {
	if a.stored == 0 {
		return
	}
	for {
		s, ok := a.take(a.next)
		if !ok {
			break
		}
		a.consume(&s)
	}
	if a.stored > 0 {
		seq := a.next
		for !a.window[seq%reorderWindow].used {
			seq++
		}
		a.gapSince = a.window[seq%reorderWindow].arrival
	}
}

// whole tells whether all packets of the unit that starts at seq are stored.
func (a *assembler) whole(seq int64) bool {
	first := &a.window[seq%reorderWindow]
	for n := seq; n < seq+reorderWindow; n++ {
		s := &a.window[n%reorderWindow]
		switch {
		case !s.used || s.seq != n:
			return false
		case s.timestamp != first.timestamp:
			return true
		case s.marker:
			return true
		}
	}
	return false
}

func (a *assembler) consume(s *segment) {
	a.next = s.seq + 1
	if len(s.data) == 0 && !s.broken {
		return // padding: only fills the sequence
	}
	if a.open && (s.timestamp != a.cur.timestamp || s.start) {
		a.finish()
	}
	if !a.open {
		a.open = true
		a.cur = unit{data: a.buffer(), timestamp: s.timestamp, key: s.key, broken: !s.start}
	}
	if s.broken || len(a.cur.data)+len(s.data) > maxUnit {
		a.cur.broken = true
	}
	if !a.cur.broken {
		a.cur.data = append(a.cur.data, s.data...)
	}
	a.cur.arrival = max(a.cur.arrival, s.arrival)
	if s.marker {
		a.finish()
	}
}

// finish closes the open unit and hands it out if it can be decoded.
func (a *assembler) finish() {
	u := a.cur
	a.open, a.cur = false, unit{}
	switch {
	case u.broken:
		if a.broken == 0 || u.timestamp != a.brokenAt { // not the rest of one already counted
			a.broken++
		}
		a.brokenAt = u.timestamp
		a.needKey, a.starved = true, true
	case a.needKey && !u.key:
		a.dropped++
		a.starved = true
	default:
		a.needKey, a.starved = false, false
		a.out = append(a.out, u)
		return
	}
	a.recycle(u)
}

func (a *assembler) buffer() []byte {
	if n := len(a.spareUnits); n > 0 {
		b := a.spareUnits[n-1]
		a.spareUnits = a.spareUnits[:n-1]
		return b[:0]
	}
	return nil
}

// recycle takes a unit's buffer back.
func (a *assembler) recycle(u unit) {
	if u.data != nil && len(a.spareUnits) < maxSpareUnits && cap(u.data) <= maxSpareUnit {
		a.spareUnits = append(a.spareUnits, u.data)
	}
}
