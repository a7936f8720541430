package media

import (
	"sync"
	"sync/atomic"
)

// MaxFragment bounds a fragment's size in bytes, VP8 descriptor included, so
// that header, extensions and SRTP tag fit into 1,200 bytes of UDP payload.
const MaxFragment = 1100

// Frame is one encoded video picture or one encoded audio tick, ready for RTP:
// the payload bytes are the same for all watchers, who add their own header.
//
// It is filled by the one who got it from the pool, then shared: Retain before
// it is stored or handed to another goroutine, Release after.
type Frame struct {
	Tick    int64  // room tick that made it
	RTPTime uint32 // room clock: 90 kHz for video, 48 kHz for audio; same for all watchers
	Key     bool   // video keyframe
	Layer   uint8  // temporal layer: 0 is needed by all, 1 may be left out
	Marker  bool   // audio: first packet after a pause (RFC 3551 4.1)
	// Fragments are the RTP payloads in order, each ≤ MaxFragment bytes; for
	// VP8 each begins with its one-byte descriptor (RFC 7741 4.2, X=0).
	Fragments [][]byte

	buf  []byte
	refs atomic.Int32
	pool *FramePool
}

// Retain adds a reference and returns f.
func (f *Frame) Retain() *Frame {
	if f.refs.Add(1) <= 1 {
		panic("media: Retain of a released Frame")
	}
	return f
}

// Release gives one reference back.
func (f *Frame) Release() {
	switch n := f.refs.Add(-1); {
	case n > 0:
	case n < 0:
		panic("media: Frame released twice")
	case f.pool != nil:
		f.pool.put(f)
	}
}

// Size is the sum of the fragments' bytes.
func (f *Frame) Size() int {
	n := 0
	for _, b := range f.Fragments {
		n += len(b)
	}
	return n
}

// SetPayload makes the frame carry one fragment: a copy of payload (audio).
func (f *Frame) SetPayload(payload []byte) {
	f.buf = append(f.buf[:0], payload...)
	f.Fragments = append(f.Fragments[:0], f.buf)
}

// SetVP8 cuts one encoded VP8 picture into fragments of equal size (the last may
// be shorter), each with the one-byte descriptor of RFC 7741 4.2 (S set in the
// first, no extension: media.md 1). data is copied.
func (f *Frame) SetVP8(data []byte) {
	n := (len(data) + MaxFragment - 2) / (MaxFragment - 1)
	f.Fragments = f.Fragments[:0]
	if n == 0 {
		return
	}
	size := (len(data) + n - 1) / n
	need := len(data) + n
	if cap(f.buf) < need {
		f.buf = make([]byte, 0, need+need/2)
	}
	buf := f.buf[:0]
	for i := 0; i < n; i++ {
		chunk := data[min(i*size, len(data)):min((i+1)*size, len(data))]
		start := len(buf)
		descriptor := byte(0)
		if i == 0 {
			descriptor = 0x10
		}
		buf = append(append(buf, descriptor), chunk...)
		f.Fragments = append(f.Fragments, buf[start:len(buf):len(buf)])
	}
	f.buf = buf
}

// FramePool recycles frames. Safe for concurrent use.
type FramePool struct {
	mu   sync.Mutex
	free []*Frame // guarded by mu
	keep int
}

// NewFramePool returns a pool that keeps at most keep idle frames.
func NewFramePool(keep int) *FramePool { return &FramePool{keep: keep} }

// Get returns an empty frame with one reference.
func (fp *FramePool) Get() *Frame {
	fp.mu.Lock()
	var f *Frame
	if n := len(fp.free); n > 0 {
		f, fp.free = fp.free[n-1], fp.free[:n-1]
	}
	fp.mu.Unlock()
	if f == nil {
		f = &Frame{pool: fp}
	}
	f.Tick, f.RTPTime, f.Key, f.Layer, f.Marker = 0, 0, false, 0, false
	f.Fragments = f.Fragments[:0]
	f.refs.Store(1)
	return f
}

func (fp *FramePool) put(f *Frame) {
	fp.mu.Lock()
	defer fp.mu.Unlock()
	if len(fp.free) < fp.keep {
		fp.free = append(fp.free, f)
	}
}

// Watcher takes encoded frames: a leg, a recorder, a relay. WriteFrame borrows
// f for the call and never blocks; a watcher that cannot keep up drops to the
// next keyframe by itself.
type Watcher interface {
	WriteFrame(f *Frame)
}
