package rtc

import (
	"sync"

	"github.com/omniverto/omniverto/media"
)

// Bounds of what waits for one leg.
const (
	videoQueue = 16 // frames: half a second at 30 fps
	audioQueue = 10 // packets: 200 ms
	resends    = 256
)

// queue is what waits to be written to one leg, bounded. Video that does not fit
// empties the queue and is dropped to the next keyframe; of sound the oldest goes.
type queue struct {
	wake chan struct{} // 1 deep

	mu     sync.Mutex
	video  ring[*media.Frame] // guarded by mu, as all below
	audio  ring[*media.Frame]
	nacks  ring[uint16]
	needs  bool // of video: only a keyframe helps
	behind bool // … because this leg was too slow
	ask    bool // for a keyframe
	closed bool
}

func newQueue() *queue {
	return &queue{
		wake:  make(chan struct{}, 1),
		video: newRing[*media.Frame](videoQueue), audio: newRing[*media.Frame](audioQueue),
		nacks: newRing[uint16](resends), needs: true,
	}
}

// putVideo queues f or drops it; dropped counts the frames not sent because the
// leg is too slow.
func (q *queue) putVideo(f *media.Frame) (dropped int) {
	var gone [videoQueue]*media.Frame
	q.mu.Lock()
	switch {
	case q.closed:
	case q.needs && !f.Key:
		if q.behind {
			dropped = 1
		}
	case f.Layer > 0 && q.video.n >= videoQueue/2:
		dropped = 1 // nothing refers to it
	case q.video.n == videoQueue && !f.Key:
		q.needs, q.behind, q.ask = true, true, true
		dropped = q.emptyLocked(&gone) + 1
	default:
		if f.Key && q.video.n > 0 && (q.behind || q.video.n == videoQueue) {
			dropped = q.emptyLocked(&gone)
		}
		q.needs, q.behind = false, false
		q.video.push(f.Retain())
	}
	q.mu.Unlock()
	for i := 0; i < len(gone) && gone[i] != nil; i++ {
		gone[i].Release()
	}
	q.signal()
	return dropped
}

// emptyLocked moves all waiting video to gone.
func (q *queue) emptyLocked(gone *[videoQueue]*media.Frame) (n int) {
	for ; q.video.n > 0; n++ {
		gone[n], _ = q.video.pop()
	}
	return n
}

// putAudio queues f; dropped counts the older packet that made room.
func (q *queue) putAudio(f *media.Frame) (dropped int) {
	var oldest *media.Frame
	q.mu.Lock()
	if !q.closed {
		if q.audio.n == audioQueue {
			oldest, _ = q.audio.pop()
		}
		q.audio.push(f.Retain())
	}
	q.mu.Unlock()
	q.signal()
	if oldest != nil {
		oldest.Release()
		return 1
	}
	return 0
}

// putNACK queues the resending of seq; false when too many wait.
func (q *queue) putNACK(seq uint16) bool {
	q.mu.Lock()
	ok := !q.closed && q.nacks.n < resends
	if ok {
		q.nacks.push(seq)
	}
	q.mu.Unlock()
	q.signal()
	return ok
}

func (q *queue) signal() {
	select {
	case q.wake <- struct{}{}:
	default:
	}
}

func (q *queue) takeVideo() (*media.Frame, bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.video.pop()
}

func (q *queue) takeAudio() (*media.Frame, bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.audio.pop()
}

func (q *queue) takeNACK() (uint16, bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.nacks.pop()
}

// takeAsk tells once that this leg fell behind and needs a keyframe.
func (q *queue) takeAsk() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	ask := q.ask
	q.ask = false
	return ask
}

// close releases all frames; later ones are not taken.
func (q *queue) close() {
	q.mu.Lock()
	q.closed = true
	q.mu.Unlock()
	for f, ok := q.takeVideo(); ok; f, ok = q.takeVideo() {
		f.Release()
	}
	for f, ok := q.takeAudio(); ok; f, ok = q.takeAudio() {
		f.Release()
	}
}

// ring is a fixed-size first-in first-out buffer.
type ring[T any] struct {
	items []T
	first int
	n     int
}

func newRing[T any](size int) ring[T] { return ring[T]{items: make([]T, size)} }

// push adds v; the caller made sure that there is room.
func (r *ring[T]) push(v T) {
	r.items[(r.first+r.n)%len(r.items)] = v
	r.n++
}

func (r *ring[T]) pop() (v T, ok bool) {
	if r.n == 0 {
		return v, false
	}
	v, r.items[r.first] = r.items[r.first], v
	r.first = (r.first + 1) % len(r.items)
	r.n--
	return v, true
}
