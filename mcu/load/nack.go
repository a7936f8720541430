package load

import (
	"slices"
	"time"
)

const (
	// maxMissing bounds the packets that are asked for again; a larger hole is
	// left to a keyframe.
	maxMissing = 500
	// maxAsks bounds the requests for one packet.
	maxAsks = 10
	// firstRTT is the round trip that is assumed before one was seen.
	firstRTT = 100 * time.Millisecond
	leastRTT = 5 * time.Millisecond
)

// nacker knows which packets are missing and when to ask for them: at once, and
// again after each round trip, as browsers do. It is used by one goroutine at a
// time.
type nacker struct {
	missing  map[uint16]*request
	rtt      time.Duration
	repaired int // packets that came after they were asked for
}

// request is one missing packet.
type request struct {
	asked time.Time
	times int
}

// miss notes that the packets from first to before last have not come.
func (n *nacker) miss(first, last uint16) {
	if n.missing == nil {
		n.missing, n.rtt = make(map[uint16]*request), firstRTT
	}
	if len(n.missing)+int(last-first) > maxMissing {
		clear(n.missing)
		return
	}
	for seq := first; seq != last; seq++ {
		n.missing[seq] = &request{}
	}
}

// came takes a packet off the list.
func (n *nacker) came(seq uint16, at time.Time) {
	r := n.missing[seq]
	if r == nil {
		return
	}
	delete(n.missing, seq)
	if r.times > 0 {
		n.repaired++
	}
	if r.times == 1 { // else it is not known which request was answered
		n.rtt = max((7*n.rtt+at.Sub(r.asked))/8, leastRTT)
	}
}

// forget gives up the packets before seq.
func (n *nacker) forget(seq uint16) {
	for s := range n.missing {
		if int16(s-seq) < 0 {
			delete(n.missing, s)
		}
	}
}

// due returns the packets to ask for now, in order.
func (n *nacker) due(now time.Time) []uint16 {
	var out []uint16
	for seq, r := range n.missing {
		if r.times < maxAsks && now.Sub(r.asked) >= n.rtt { // never asked: long ago
			r.asked = now
			r.times++
			out = append(out, seq)
		}
	}
	slices.SortFunc(out, func(a, b uint16) int { return int(int16(a - b)) })
	return out
}
