package source

const (
	maxPackets = 128  // audio packets that wait: 320 ms of 2.5 ms packets, more than that of all others
	maxPayload = 7680 // bytes; the largest Opus packet (six frames of 1,275, RFC 6716 3.4) has 7,664
	// Most packets are far smaller; a place grows when it has to.
	firstPayload = 256
)

// packet is one audio packet that waits to be decoded.
type packet struct {
	seq  int64
	ts   int64 // extended timestamp of its first sample
	hush hush
	data []byte
}

// packets holds audio packets in the order of their sequence numbers.
type packets struct {
	list  [maxPackets]*packet
	n     int
	spare []*packet
}

// front is the first packet, nil when there is none.
func (q *packets) front() *packet {
	if q.n == 0 {
		return nil
	}
	return q.list[0]
}

// get returns an unused packet with an empty buffer.
func (q *packets) get() *packet {
	if n := len(q.spare); n > 0 {
		p := q.spare[n-1]
		q.spare = q.spare[:n-1]
		return p
	}
	return &packet{data: make([]byte, 0, firstPayload)}
}

// put takes back what get or pop returned.
func (q *packets) put(p *packet) {
	if len(q.spare) < maxPackets {
		q.spare = append(q.spare, p)
	}
}

// insert puts p in its place; there must be room.
func (q *packets) insert(p *packet) {
	i := q.n
	for ; i > 0 && q.list[i-1].seq > p.seq; i-- {
		q.list[i] = q.list[i-1]
	}
	q.list[i] = p
	q.n++
}

// pop takes the first packet out.
func (q *packets) pop() *packet {
	p := q.list[0]
	q.n--
	copy(q.list[:q.n], q.list[1:])
	q.list[q.n] = nil
	return p
}

// drop throws the first packet away.
func (q *packets) drop() { q.put(q.pop()) }

// run is how many samples from timestamp next on are there without a gap, the
// first packet being seq and the last one lasting dur.
func (q *packets) run(seq, next int64, dur int) int {
	i := 0
	for i < q.n && q.list[i].seq == seq+int64(i) {
		i++
	}
	if i == 0 {
		return 0
	}
	return int(q.list[i-1].ts-next) + dur
}
