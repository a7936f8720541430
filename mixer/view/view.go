package view

import (
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/omniverto/omniverto/media"
	"github.com/omniverto/omniverto/mixer"
	"github.com/omniverto/omniverto/mixer/pixel"
)

// Options are what a view is made of; all are constant.
type Options struct {
	// Config is the size, rate and number of temporal layers of the view.
	Config media.VideoEncoderConfig
	// NewEncoder opens an encoder; called when the first watcher comes.
	NewEncoder func(media.VideoEncoderConfig) (media.VideoEncoder, error)
	// Gate limits the encoding of all views; nil means no limit.
	Gate *mixer.Gate
	// Scaler is used for pictures that are not of Config's size.
	Scaler pixel.Scaler
	// Frames is where encoded frames come from.
	Frames *media.FramePool
	// Clock is the room's clock.
	Clock *media.Clock
	// Log takes what goes wrong, at most once a second; nil means nobody.
	Log *slog.Logger
}

// View is one encoded form of a canvas. All methods are safe for concurrent use.
type View struct {
	// Constant after construction.
	o    Options
	wake chan struct{} // one deep: there is something to do
	done chan struct{} // closed when the loop has ended

	loop loop // owned by the loop's goroutine

	mu       sync.Mutex
	slot     slot       // guarded by mu
	keys     keyframes  // guarded by mu
	watchers []*watcher // guarded by mu; never written in place, so that the loop may read what it took
	stats    Stats      // guarded by mu
	closed   bool       // guarded by mu
}

// Stats are a view's counters since its start.
type Stats struct {
	Frames    uint64        // encoded and handed to the watchers
	Keyframes uint64        // of these
	Bytes     uint64        // of these
	Requests  uint64        // keyframe requests, joining watchers included
	Merged    uint64        // of these, answered by a keyframe that was due anyway
	Replaced  uint64        // pictures that a newer one pushed out of the mailbox unseen
	Dropped   uint64        // pictures that the encoder chose to leave out
	Errors    uint64        // encoders that did not open, pictures that did not encode
	Encode    time.Duration // spent on scaling and encoding, without the wait at the gate
	Watchers  int           // now
}

// slot is the mailbox: the newest tick of the canvas.
type slot struct {
	full     bool
	picture  *media.Picture // retained; nil: the canvas did not change
	tick     int64
	rtp      uint32
	replaced float64 // share of the canvas in another scene, largest since the slot was taken
	put      time.Time
}

// watcher is one who watches.
type watcher struct {
	to      media.Watcher
	started bool // owned by the loop: a keyframe was handed to him
}

// New starts a view that nobody watches yet. Close ends it.
func New(o Options) *View {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	v := &View{o: o, wake: make(chan struct{}, 1), done: make(chan struct{})}
	v.loop.view, v.loop.log = v, o.Log
	go v.loop.run()
	return v
}

// Put offers the canvas' picture of a tick, which differs from the one before.
// rtp is the tick's time by the room clock. replaced is the share of the canvas,
// 0 to 1, that shows another scene than before; over a half costs a keyframe. p
// is borrowed and retained as long as needed. A picture that still waits is
// replaced. It never blocks.
func (v *View) Put(p *media.Picture, tick int64, rtp uint32, replaced float64) {
	v.mu.Lock()
	if v.closed {
		v.mu.Unlock()
		return
	}
	old := v.slot.picture
	if old != nil && len(v.watchers) > 0 {
		v.stats.Replaced++
	}
	v.slot = slot{
		full: true, picture: p.Retain(), tick: tick, rtp: rtp,
		replaced: max(replaced, v.slot.replaced), put: time.Now(),
	}
	v.mu.Unlock()
	if old != nil {
		old.Release()
	}
	v.signal()
}

// Tick tells that the canvas did not change in a tick, so that the view can
// sharpen the picture it has, refresh it, or answer a request. It never blocks.
func (v *View) Tick(tick int64, rtp uint32) {
	v.mu.Lock()
	if v.slot.picture != nil || v.closed {
		v.mu.Unlock()
		return // the loop is behind: the picture goes first
	}
	v.slot.full, v.slot.tick, v.slot.rtp, v.slot.put = true, tick, rtp, time.Now()
	v.mu.Unlock()
	v.signal()
}

// Watch hands every frame from the next keyframe on to w, which counts as a
// request for one. cancel ends that; it may be called more than once and does
// not wait for a WriteFrame that is going on.
func (v *View) Watch(w media.Watcher) (cancel func()) {
	entry := &watcher{to: w}
	now := v.o.Clock.Now()
	v.mu.Lock()
	v.watchers = append(slices.Clip(v.watchers), entry)
	v.keys.join(now)
	v.requestLocked()
	v.mu.Unlock()
	return func() { v.cancel(entry) }
}

func (v *View) cancel(entry *watcher) {
	v.mu.Lock()
	rest := make([]*watcher, 0, len(v.watchers))
	for _, w := range v.watchers {
		if w != entry {
			rest = append(rest, w)
		}
	}
	v.watchers = rest
	v.mu.Unlock()
	v.signal() // the encoder may go
}

// RequestKeyframe asks for a keyframe: the first request is answered by the next
// tick, later ones together, at least 300 ms after the keyframe before, 1 s while
// many join.
func (v *View) RequestKeyframe() {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.requestLocked()
}

func (v *View) requestLocked() {
	v.stats.Requests++
	if v.keys.request() {
		v.stats.Merged++
	}
}

// Watchers is the number of those who watch.
func (v *View) Watchers() int {
	v.mu.Lock()
	defer v.mu.Unlock()
	return len(v.watchers)
}

// Stats returns the counters.
func (v *View) Stats() Stats {
	v.mu.Lock()
	defer v.mu.Unlock()
	s := v.stats
	s.Watchers = len(v.watchers)
	return s
}

// Close ends the view and waits until no WriteFrame is going on, the encoder is
// closed and all pictures are released. It must not be called by a watcher's
// WriteFrame. A second Close waits as well.
func (v *View) Close() {
	v.mu.Lock()
	v.closed = true
	v.mu.Unlock()
	v.signal()
	<-v.done
}

func (v *View) signal() {
	select {
	case v.wake <- struct{}{}:
	default: // the loop will look anyway
	}
}
