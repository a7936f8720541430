package verto

import "sync"

// Bounds of one connection's outbound queue. A client that lets it overflow is closed
// and counted: dropping single events would break the live array's serials.
const (
	maxQueued      = 8192
	maxQueuedBytes = 8 << 20
	maxSpare       = 64 // places that an idle queue keeps
)

// message is one text frame in three parts, so that the middle one can be shared by
// all receivers of an event. Parts are not changed once queued.
type message [3][]byte

func (m message) size() int { return len(m[0]) + len(m[1]) + len(m[2]) }

// entry is one place in the queue: a message, or a function that the writer runs in
// its turn.
type entry struct {
	message
	job func()
}

// closing is how a connection ends once the queue is written.
type closing struct {
	code   int // WebSocket close code; 0: without a word
	reason string
}

// outbox is the queue between everybody and a connection's writer. While a request is
// handled, events wait behind its reply. Safe for concurrent use; never blocks.
type outbox struct {
	wake chan struct{} // 1 deep; tells the writer to look

	mu       sync.Mutex // guards what follows
	ready    []entry
	held     []entry // what came while a request is handled
	bytes    int
	handling bool
	end      *closing // nothing is taken any more
	overflow bool
}

func newOutbox() *outbox { return &outbox{wake: make(chan struct{}, 1)} }

// event queues a server message; false if the connection is ending or just overflowed.
func (o *outbox) event(m message) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	if !o.roomLocked(m) {
		return false
	}
	o.queueLocked(entry{message: m})
	return true
}

// queueLocked puts e behind the reply that is due, or at the end.
func (o *outbox) queueLocked(e entry) {
	if o.handling {
		o.held = append(o.held, e)
		return
	}
	o.ready = append(o.ready, e)
	o.wakeLocked()
}

// begin holds events back until reply or done.
func (o *outbox) begin() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.handling = true
}

// reply queues a reply, then what was held behind it.
func (o *outbox) reply(m message) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.roomLocked(m) {
		o.ready = append(o.ready, entry{message: m})
	}
	o.releaseLocked()
}

// done ends the handling of a request that has no reply. Doing it twice is harmless.
func (o *outbox) done() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.releaseLocked()
}

// job queues a function for the writer's goroutine, in order with the messages; one
// that is refused never runs.
func (o *outbox) job(f func()) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.roomLocked(message{}) {
		o.queueLocked(entry{job: f})
	}
}

// finish lets the writer write what is queued and then end the connection. The first
// call decides how.
func (o *outbox) finish(c closing) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.end == nil {
		o.end = &c
		o.releaseLocked()
	}
}

// drop ends the connection without writing what is queued.
func (o *outbox) drop() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.end = &closing{}
	o.ready, o.held = nil, nil
	o.wakeLocked()
}

// ending reports whether nothing is taken any more.
func (o *outbox) ending() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.end != nil
}

// take gives the writer everything that is due; end is set when nothing follows. done
// is what it got before and is through with: its memory is used again unless a burst
// has made it large.
func (o *outbox) take(done []entry) (due []entry, end *closing) {
	if cap(done) > maxSpare {
		done = nil
	}
	clear(done) // lets go of the messages
	o.mu.Lock()
	defer o.mu.Unlock()
	due, o.ready = o.ready, done[:0]
	return due, o.end
}

// written gives back the room of messages that left.
func (o *outbox) written(m message) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.bytes -= m.size()
}

// overflowed reports whether the client could not keep up.
func (o *outbox) overflowed() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.overflow
}

func (o *outbox) roomLocked(m message) bool {
	if o.end != nil {
		return false
	}
	if len(o.ready)+len(o.held) >= maxQueued || o.bytes+m.size() > maxQueuedBytes {
		o.end, o.overflow = &closing{}, true
		o.ready, o.held = nil, nil
		o.wakeLocked()
		return false
	}
	o.bytes += m.size()
	return true
}

func (o *outbox) releaseLocked() {
	o.handling = false
	o.ready = append(o.ready, o.held...)
	o.held = nil
	o.wakeLocked()
}

func (o *outbox) wakeLocked() {
	select {
	case o.wake <- struct{}{}:
	default:
	}
}
