package load

import (
	"container/heap"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// relay is a net.PacketConn that does to a socket's packets, in both directions,
// what a bad network would. It stands between a member's WebRTC stack and his
// socket, so it needs no privilege and no other host is touched.
type relay struct {
	net.PacketConn
	out, in *hold
	arrived chan datagram // from in to ReadFrom
	done    chan struct{} // closed by Close
	wg      sync.WaitGroup
	once    sync.Once
	full    atomic.Uint64 // datagrams that found arrived full
}

type datagram struct {
	data []byte
	addr net.Addr
}

// arrivedLimit bounds what has arrived and was not read.
const arrivedLimit = 1024

// newRelay takes over conn. up is the line from here, down the one to here.
func newRelay(conn net.PacketConn, up, down Line, seed uint64) *relay {
	r := &relay{PacketConn: conn, arrived: make(chan datagram, arrivedLimit), done: make(chan struct{})}
	r.out = newHold(newFate(up, 2*seed), func(d datagram) { _, _ = conn.WriteTo(d.data, d.addr) })
	r.in = newHold(newFate(down, 2*seed+1), r.arrive)
	r.wg.Go(func() { r.out.run(r.done) })
	r.wg.Go(func() { r.in.run(r.done) })
	r.wg.Go(r.read)
	return r
}

func (r *relay) arrive(d datagram) {
	select {
	case r.arrived <- d:
	default:
		r.full.Add(1)
	}
}

// read feeds the inbound line until the socket is closed.
func (r *relay) read() {
	defer close(r.arrived)
	buf := make([]byte, 1<<16)
	for {
		n, addr, err := r.PacketConn.ReadFrom(buf)
		if err != nil {
			<-r.in.stopped // arrive is not called again
			return
		}
		r.in.put(datagram{append([]byte(nil), buf[:n]...), addr})
	}
}

// ReadFrom returns the next packet that has arrived.
func (r *relay) ReadFrom(p []byte) (int, net.Addr, error) {
	d, ok := <-r.arrived
	if !ok {
		return 0, nil, net.ErrClosed
	}
	return copy(p, d.data), d.addr, nil
}

// WriteTo sends a copy of p over the outbound line.
func (r *relay) WriteTo(p []byte, addr net.Addr) (int, error) {
	r.out.put(datagram{append([]byte(nil), p...), addr})
	return len(p), nil
}

// Close closes the socket and waits; what is under way is lost.
func (r *relay) Close() error {
	var err error
	r.once.Do(func() {
		close(r.done)
		err = r.PacketConn.Close()
		r.wg.Wait()
	})
	return err
}

// hold keeps the datagrams of one line until they arrive.
type hold struct {
	deliver func(datagram)
	wake    chan struct{}
	stopped chan struct{} // closed when run has returned

	mu      sync.Mutex
	fate    *fate  // guarded by mu
	under   queue  // guarded by mu
	order   uint64 // guarded by mu
	dropped uint64 // guarded by mu; found the queue full
}

// holdLimit bounds the datagrams that are under way on a line.
const holdLimit = 8192

func newHold(f *fate, deliver func(datagram)) *hold {
	return &hold{fate: f, deliver: deliver, wake: make(chan struct{}, 1), stopped: make(chan struct{})}
}

// put sends d now.
func (h *hold) put(d datagram) {
	h.mu.Lock()
	at, ok := h.fate.decide(time.Now(), len(d.data))
	switch {
	case !ok:
	case len(h.under) >= holdLimit:
		h.dropped++
	default:
		h.order++
		heap.Push(&h.under, held{at, h.order, d})
	}
	h.mu.Unlock()
	select {
	case h.wake <- struct{}{}:
	default:
	}
}

// run delivers in time until done is closed.
func (h *hold) run(done <-chan struct{}) {
	defer close(h.stopped)
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	for {
		d, wait, ok := h.due()
		if ok {
			h.deliver(d)
			continue
		}
		timer.Reset(wait)
		select {
		case <-timer.C:
		case <-h.wake:
		case <-done:
			return
		}
	}
}

// due takes the datagram that has arrived, or tells how long to wait.
func (h *hold) due() (datagram, time.Duration, bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.under) == 0 {
		return datagram{}, time.Hour, false
	}
	if wait := time.Until(h.under[0].at); wait > 0 {
		return datagram{}, wait, false
	}
	return heap.Pop(&h.under).(held).datagram, 0, true
}

// held is a datagram and when it arrives.
type held struct {
	at    time.Time
	order uint64 // of sending, for those that arrive at the same time
	datagram
}

// queue is a heap by arrival.
type queue []held

func (q queue) Len() int { return len(q) }

func (q queue) Less(i, j int) bool {
	if q[i].at.Equal(q[j].at) {
		return q[i].order < q[j].order
	}
	return q[i].at.Before(q[j].at)
}

func (q queue) Swap(i, j int) { q[i], q[j] = q[j], q[i] }

// Push is for package heap.
func (q *queue) Push(v any) { *q = append(*q, v.(held)) }

// Pop is for package heap.
func (q *queue) Pop() any {
	old := *q
	last := old[len(old)-1]
	old[len(old)-1] = held{}
	*q = old[:len(old)-1]
	return last
}
