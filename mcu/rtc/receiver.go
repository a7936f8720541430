package rtc

import (
	"time"

	"github.com/pion/rtcp"
)

// jumpSeq is a step of the sequence number that can only be a restart.
const jumpSeq = 3000

// firstCycle is the count of cycles of a new stream; one more than is reported, so
// that packets from before the first one have numbers too.
const firstCycle = 1 << 16

// receiver keeps the statistics of one inbound stream (RFC 3550 6.4.1, A.3, A.8).
// Not safe for concurrent use.
type receiver struct {
	rate    uint32 // RTP clock
	resends bool   // lost packets are asked for
	ssrc    uint32
	started bool
	zero    time.Time // arrival of the first packet
	last    time.Time // … of the newest

	base, highest uint32 // extended sequence numbers, from firstCycle on
	received      uint32
	priorExpected uint32
	priorReceived uint32
	lost          uint32 // as last reported
	transit       uint32
	jitter        float64
	report        uint32 // middle of the last sender report's NTP time
	reportAt      time.Time
	missing       missing
}

// start begins a stream anew.
func (r *receiver) start(ssrc uint32, seq uint16, now time.Time) {
	*r = receiver{rate: r.rate, resends: r.resends, ssrc: ssrc, started: true, zero: now}
	r.base = firstCycle + uint32(seq)
	r.highest = r.base - 1
}

// packet takes note of an original packet; repaired ones are reported by repair.
func (r *receiver) packet(ssrc uint32, seq uint16, timestamp uint32, now time.Time) {
	if !r.started || r.ssrc != ssrc {
		r.start(ssrc, seq, now)
	}
	step := int16(seq - uint16(r.highest))
	if step > jumpSeq || step < -jumpSeq {
		r.start(ssrc, seq, now)
		step = 1
	}
	r.last = now
	r.received++
	if step > 0 {
		if step > 1 && r.resends {
			r.missing.add(uint16(r.highest)+1, int(step)-1, now)
		}
		r.highest += uint32(step)
		r.spread(timestamp, now)
	} else {
		r.missing.found(seq)
	}
}

// spread is the interarrival jitter (RFC 3550 6.4.1).
func (r *receiver) spread(timestamp uint32, now time.Time) {
	arrival := uint32(uint64(now.Sub(r.zero).Microseconds()) * uint64(r.rate) / 1e6)
	transit := arrival - timestamp
	if r.received > 1 {
		d := float64(int32(transit - r.transit))
		if d < 0 {
			d = -d
		}
		r.jitter += (d - r.jitter) / 16
	}
	r.transit = transit
}

// block is the reception report since the last one; ok is false before the first packet.
func (r *receiver) block(now time.Time) (rtcp.ReceptionReport, bool) {
	if !r.started {
		return rtcp.ReceptionReport{}, false
	}
	expected := r.highest - r.base + 1
	lost := uint32(max(0, int64(expected)-int64(r.received)))
	interval, got := expected-r.priorExpected, r.received-r.priorReceived
	fraction := uint32(0)
	if interval > got && interval > 0 {
		fraction = min(255, (interval-got)<<8/interval)
	}
	r.priorExpected, r.priorReceived, r.lost = expected, r.received, lost
	b := rtcp.ReceptionReport{
		SSRC: r.ssrc, FractionLost: uint8(fraction), TotalLost: min(lost, 1<<23-1),
		LastSequenceNumber: r.highest - firstCycle, Jitter: uint32(r.jitter),
	}
	if !r.reportAt.IsZero() {
		b.LastSenderReport = r.report
		b.Delay = uint32(now.Sub(r.reportAt) * 65536 / time.Second)
	}
	return b, true
}

// Limits of asking again for a lost packet.
const (
	maxMissing  = 128
	maxAsks     = 8
	missingTime = 300 * time.Millisecond
)

// missing are the packets to ask for (RFC 4585 6.2.1). A longer gap is not asked
// for: a keyframe is cheaper.
type missing struct {
	list [maxMissing]lost
	n    int
}

type lost struct {
	seq   uint16
	asks  int
	since time.Time
	asked time.Time
}

func (m *missing) add(seq uint16, n int, now time.Time) {
	if n > maxMissing-m.n {
		m.n = 0
		return
	}
	for i := range n {
		m.list[m.n] = lost{seq: seq + uint16(i), since: now}
		m.n++
	}
}

// found forgets seq and tells whether it was missing.
func (m *missing) found(seq uint16) bool {
	for i := range m.n {
		if m.list[i].seq == seq {
			copy(m.list[i:m.n], m.list[i+1:m.n])
			m.n--
			return true
		}
	}
	return false
}

// due fills buf with the packets to ask for now and forgets the hopeless ones. A
// packet is asked for at once and then every again.
func (m *missing) due(buf []uint16, now time.Time, again time.Duration) []uint16 {
	kept := 0
	for i := range m.n {
		l := m.list[i]
		if l.asks >= maxAsks || now.Sub(l.since) > missingTime {
			continue
		}
		if l.asks == 0 || now.Sub(l.asked) >= again {
			l.asks, l.asked = l.asks+1, now
			buf = append(buf, l.seq)
		}
		m.list[kept] = l
		kept++
	}
	m.n = kept
	return buf
}
