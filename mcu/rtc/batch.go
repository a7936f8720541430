package rtc

import (
	"encoding/binary"
	"net/netip"
	"sync"
)

// groupPackets is how many packets leave together: what one segmented send
// carries at most, and what is sent at once of a large frame (media.md 2).
const groupPackets = 8

// maxDatagram bounds what a batch takes: a fragment with header and SRTP tag.
const maxDatagram = 1200

// batch gathers the encrypted packets of one stream between open and flush.
// It belongs to the leg's writer goroutine: pion's write path calls back into
// the socket in that same goroutine, so there is nothing to lock.
type batch struct {
	gathering bool
	sock      *socket
	to        netip.AddrPort
	size      int // of all packets but the last
	last      int // of the last packet
	n         int
	buf       []byte
}

func newBatch() *batch { return &batch{buf: make([]byte, 0, groupPackets*maxDatagram)} }

func (b *batch) open() { b.gathering = true }

// add copies p; false when it has to be sent alone. What does not fit beside the
// packets already there sends those first, so that the order stays.
func (b *batch) add(s *socket, p []byte, to netip.AddrPort) bool {
	if !b.gathering || len(p) > maxDatagram {
		return false
	}
	fits := b.n > 0 && b.n < groupPackets && b.sock == s && b.to == to &&
		b.last == b.size && len(p) <= b.size
	if b.n > 0 && !fits {
		_ = b.send()
	}
	if b.n == 0 {
		b.sock, b.to, b.size = s, to, len(p)
	}
	b.last = len(p)
	b.buf = append(b.buf, p...)
	b.n++
	return true
}

// flush sends what was gathered and ends the gathering.
func (b *batch) flush() error {
	b.gathering = false
	return b.send()
}

func (b *batch) send() error {
	if b.n == 0 {
		return nil
	}
	err := b.sock.sendBatch(b.buf, b.size, b.to)
	b.buf, b.n, b.sock = b.buf[:0], 0, nil
	return err
}

// batches finds a stream's batch by the SSRC, which SRTP leaves in the clear.
type batches struct {
	mu   sync.RWMutex
	ssrc map[uint32]*batch // guarded by mu
}

func newBatches() *batches { return &batches{ssrc: make(map[uint32]*batch)} }

// claim registers b and reports whether the SSRC was free on this server.
func (bs *batches) claim(ssrc uint32, b *batch) bool {
	bs.mu.Lock()
	defer bs.mu.Unlock()
	if _, taken := bs.ssrc[ssrc]; taken {
		return false
	}
	bs.ssrc[ssrc] = b
	return true
}

func (bs *batches) drop(ssrc uint32) {
	bs.mu.Lock()
	defer bs.mu.Unlock()
	delete(bs.ssrc, ssrc)
}

// find returns the batch of an outgoing RTP packet's stream, nil for all else
// (STUN, DTLS and RTCP by RFC 7983 and RFC 5761).
func (bs *batches) find(p []byte) *batch {
	if len(p) < 12 || p[0]>>6 != 2 || (p[1] >= 192 && p[1] <= 223) {
		return nil
	}
	bs.mu.RLock()
	b := bs.ssrc[binary.BigEndian.Uint32(p[8:])]
	bs.mu.RUnlock()
	return b
}
