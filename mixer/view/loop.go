package view

import (
	"time"

	"github.com/omniverto/omniverto/media"
)

const (
	// cutShare is the share of the canvas in another scene from which on a
	// keyframe is cheaper than an inter frame (at 720p 35 kB against 68 kB).
	cutShare = 0.5
	// refineTicks and refineShare end the sharpening of a still picture: after
	// that many ticks, or when a frame takes less than that share of its budget.
	refineTicks = 90
	refineShare = 0.05
)

// loop is the goroutine that encodes, and what only it touches.
type loop struct {
	view *View
	coder
	picture

	pending  bool    // the picture was not encoded yet
	replaced float64 // share in another scene, of all that was not encoded yet
	based    bool    // the picture was encoded in layer 0: later frames build on it
	refined  bool    // it is as sharp as it gets
	changed  int64   // tick of the last change or keyframe, which both leave it coarse
	last     int64   // tick of the last frame
	layer    uint8   // of the last frame
}

func (l *loop) run() {
	defer close(l.view.done)
	for range l.view.wake {
		j := l.view.take()
		if j.picture != nil {
			l.accept(j)
		}
		if j.closed || len(j.watchers) == 0 {
			l.coder.close()
		}
		if j.closed {
			l.picture.release()
			return
		}
		if j.full && len(j.watchers) > 0 {
			l.step(j)
		}
	}
}

// job is what the loop finds when it wakes.
type job struct {
	slot
	watchers []*watcher
	asked    uint64 // keyframe requests so far, those of the watchers included
	closed   bool
}

// take empties the mailbox.
func (v *View) take() job {
	v.mu.Lock()
	defer v.mu.Unlock()
	j := job{slot: v.slot, watchers: v.watchers, asked: v.keys.asked, closed: v.closed}
	v.slot = slot{}
	return j
}

// accept makes the mailbox' picture the one to encode.
func (l *loop) accept(j job) {
	l.picture.set(j.picture)
	l.pending, l.based, l.refined = true, false, false
	l.changed = j.tick
	l.replaced = max(l.replaced, j.replaced)
}

// step encodes the picture for one tick, if there is a reason to, and hands it
// to the watchers.
func (l *loop) step(j job) {
	if l.picture.none() {
		return
	}
	now := l.view.o.Clock.Now()
	if err := l.coder.open(&l.view.o, now); err != nil {
		l.view.count(outcome{err: err})
	}
	if l.encoder == nil {
		return
	}
	o, ok := l.plan(j, now)
	if !ok || !l.coder.advance(j.rtp) {
		return
	}
	o.PTS = l.pts
	begun := l.enter(j.put)
	data, key, err := l.encoder.Encode(l.picture.fit(&l.view.o), o)
	took := l.leave(begun)
	switch {
	case err != nil:
		l.coder.fail("encode", err, now)
		l.coder.close()
	case len(data) > 0:
		l.note(j.tick, o.Layer, key, len(data))
		l.hand(j, data, key)
	}
	l.view.count(outcome{size: len(data), key: key, took: took, err: err, at: now, asked: j.asked})
}

// plan tells how the picture is encoded in this tick; false: not at all.
//
// With two layers the changes of odd ticks are of layer 1, but never two frames
// in a row. Nothing refers to such a frame, so its picture is encoded once more,
// in layer 0, if the next tick does not bring another.
func (l *loop) plan(j job, now time.Duration) (o media.EncodeOptions, ok bool) {
	config := &l.view.o.Config
	switch {
	case l.fresh || l.keyframe(j, now):
		o.Key = true
	case l.pending:
		if config.Layers == 2 && j.tick&1 == 1 && l.layer == 0 {
			o.Layer = 1
		}
	case !l.refined && j.tick-l.changed < refineTicks:
	case j.tick-l.last >= int64(config.FPS): // once a second
	default:
		return o, false
	}
	return o, true
}

// keyframe reports whether the tick's frame shall be a keyframe.
func (l *loop) keyframe(j job, now time.Duration) bool {
	v := l.view
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.keys.due(now, j.asked) || l.replaced > cutShare && v.keys.free(now)
}

// note keeps what was encoded.
func (l *loop) note(tick int64, layer uint8, key bool, size int) {
	if key {
		layer, l.changed, l.refined = 0, tick, false
	}
	config := &l.view.o.Config
	budget := float64(config.Bitrate) / 8 / float64(config.FPS)
	again := l.based && !key // the same picture once more
	if again && float64(size) < refineShare*budget {
		l.refined = true
	}
	l.based = l.based || layer == 0
	l.pending, l.replaced = false, 0
	l.last, l.layer = tick, layer
}

// hand gives the encoded picture to all watchers; those who came since the last
// keyframe wait for the next.
func (l *loop) hand(j job, data []byte, key bool) {
	f := l.view.o.Frames.Get()
	f.Tick, f.RTPTime, f.Key, f.Layer = j.tick, j.rtp, key, l.layer
	f.SetVP8(data)
	for _, w := range j.watchers {
		if w.started = w.started || key; w.started {
			w.to.WriteFrame(f)
		}
	}
	f.Release()
}

// enter passes the gate with the end of the tick as deadline, and returns when
// that was.
func (l *loop) enter(put time.Time) time.Time {
	o := &l.view.o
	o.Gate.Enter(put.Add(time.Second / time.Duration(o.Config.FPS)))
	return time.Now()
}

func (l *loop) leave(begun time.Time) time.Duration {
	took := time.Since(begun)
	l.view.o.Gate.Leave()
	return took
}

// outcome is what came of one picture.
type outcome struct {
	size int // 0: the encoder left it out
	key  bool
	took time.Duration
	err  error
	// For a keyframe: when it was begun and how many had been asked for by then.
	at    time.Duration
	asked uint64
}

func (v *View) count(r outcome) {
	v.mu.Lock()
	defer v.mu.Unlock()
	s := &v.stats
	s.Encode += r.took
	switch {
	case r.err != nil:
		s.Errors++
		return
	case r.size == 0:
		s.Dropped++
		return
	}
	s.Frames++
	s.Bytes += uint64(r.size)
	if r.key {
		s.Keyframes++
		v.keys.done(r.at, r.asked)
	}
}
