package load

import "time"

const (
	// ringSize bounds the packets that wait for one that is missing.
	ringSize = 1024
	// healTime is how long a missing packet is waited for before its frame is given
	// up and a keyframe is asked for.
	healTime = 400 * time.Millisecond
	// askAgain is the time between two requests for a keyframe.
	askAgain = 500 * time.Millisecond
)

// packet is one RTP packet of a canvas.
type packet struct {
	seq     uint16
	ts      uint32
	marker  bool
	at      time.Time // arrival
	payload []byte    // with VP8's descriptor; owned
}

// frame is one coded picture whose packets are all there.
type frame struct {
	unit          []byte // valid until the next call of push
	ts            uint32
	key           bool
	at            time.Time // arrival of its last packet
	width, height int       // of a keyframe
}

// assembler puts VP8 packets in order and joins them to frames (RFC 7741). A
// frame that misses a packet for healTime is dropped with all up to the next
// keyframe. It is used by one goroutine.
type assembler struct {
	ring    [ringSize]packet
	have    [ringSize]bool
	started bool   // next is known
	next    uint16 // first packet that was not delivered
	newest  uint16
	keyed   bool // frames may be decoded
	gapAt   time.Time
	askedAt time.Time
	unit    []byte
	nacker

	expected, received, dropped uint64 // packets up to newest; different ones that came; frames given up
	refused                     uint64 // packets that came too late or twice
}

// push takes a packet and calls deliver for each frame that it completes.
func (a *assembler) push(p packet, deliver func(frame)) {
	if !a.started {
		a.started, a.next, a.newest, a.expected = true, p.seq, p.seq, 1
	}
	switch ahead := int16(p.seq - a.next); {
	case ahead < 0:
		a.refused++
		return
	case ahead >= ringSize:
		a.restart(p.seq)
	}
	slot := p.seq % ringSize
	if a.have[slot] {
		a.refused++
		return
	}
	a.ring[slot], a.have[slot] = p, true
	a.received++
	a.came(p.seq, p.at)
	if step := int16(p.seq - a.newest); step > 0 {
		a.miss(a.newest+1, p.seq)
		a.expected += uint64(step)
		a.newest = p.seq
	}
	for a.complete(deliver) {
	}
	if a.next == a.newest+1 {
		a.gapAt = time.Time{}
	} else if a.gapAt.IsZero() {
		a.gapAt = p.at
	}
}

// restart gives up everything before seq.
func (a *assembler) restart(seq uint16) {
	a.have = [ringSize]bool{}
	a.expected += uint64(uint16(seq - a.newest))
	a.next, a.newest, a.keyed = seq, seq, false
	a.gapAt = time.Time{}
	a.dropped++
	a.forget(seq)
}

// complete delivers the next frame if all its packets are there.
func (a *assembler) complete(deliver func(frame)) bool {
	ts, seq := a.ring[a.next%ringSize].ts, a.next
	for ; ; seq++ {
		if int16(seq-a.newest) > 0 {
			return false
		}
		slot := seq % ringSize
		if !a.have[slot] {
			return false
		}
		if a.ring[slot].ts != ts { // no marker: the frame's end is lost to us
			a.drop(seq)
			return true
		}
		if a.ring[slot].marker {
			break
		}
	}
	f, ok := a.join(seq)
	a.drop(seq + 1)
	if !ok {
		return true
	}
	a.keyed = a.keyed || f.key
	if a.keyed {
		deliver(f)
	}
	return true
}

// join puts the frame's packets from next to last together.
func (a *assembler) join(last uint16) (frame, bool) {
	f := frame{ts: a.ring[last%ringSize].ts}
	a.unit = a.unit[:0]
	for seq := a.next; ; seq++ {
		p := &a.ring[seq%ringSize]
		data, begins := descriptor(p.payload)
		if data == nil || begins != (seq == a.next) {
			return f, false
		}
		a.unit = append(a.unit, data...)
		if p.at.After(f.at) {
			f.at = p.at
		}
		if seq == last {
			break
		}
	}
	f.unit = a.unit
	if len(f.unit) >= 10 && f.unit[0]&1 == 0 { // RFC 6386 9.1
		f.key = true
		f.width = (int(f.unit[6]) | int(f.unit[7])<<8) & 0x3fff
		f.height = (int(f.unit[8]) | int(f.unit[9])<<8) & 0x3fff
	}
	return f, len(f.unit) > 0
}

// drop forgets the packets before seq.
func (a *assembler) drop(seq uint16) {
	for ; a.next != seq; a.next++ {
		slot := a.next % ringSize
		a.have[slot] = false
		a.ring[slot].payload = nil
	}
}

// tend is called now and then: it gives up what is missing for too long and tells
// whether a keyframe shall be asked for.
func (a *assembler) tend(now time.Time) (ask bool) {
	if !a.gapAt.IsZero() && now.Sub(a.gapAt) > healTime {
		a.skip()
	}
	if a.started && !a.keyed && now.Sub(a.askedAt) > askAgain {
		a.askedAt = now
		return true
	}
	return false
}

// skip goes on with the first frame after the gap.
func (a *assembler) skip() {
	a.dropped++
	a.keyed = false
	seq, missing := a.next, false
	for ; int16(seq-a.newest) <= 0; seq++ {
		slot := seq % ringSize
		if !a.have[slot] {
			missing = true
			continue
		}
		if _, begins := descriptor(a.ring[slot].payload); missing && begins {
			break
		}
	}
	a.drop(seq)
	a.forget(seq)
	a.gapAt = time.Time{}
}

// lost is the number of packets that never came, of those that should have.
func (a *assembler) lost() uint64 { return a.expected - min(a.received, a.expected) }

// descriptor cuts VP8's payload descriptor off (RFC 7741 4.2) and tells whether a
// frame begins here; nil if it is malformed.
func descriptor(p []byte) (data []byte, begins bool) {
	if len(p) < 2 {
		return nil, false
	}
	begins = p[0]&0x10 != 0 && p[0]&0x0f == 0
	n := 1
	if p[0]&0x80 != 0 {
		x := p[1]
		n++
		if x&0x80 != 0 && n < len(p) { // picture id of one or two bytes
			n += 1 + int(p[n]>>7)
		}
		if x&0x40 != 0 {
			n++
		}
		if x&0x30 != 0 {
			n++
		}
	}
	if n >= len(p) {
		return nil, false
	}
	return p[n:], begins
}
