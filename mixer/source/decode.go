package source

import (
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"time"

	"github.com/omniverto/omniverto/media"
)

const (
	// A unit is decoded this long before its play-out: time for the gate and
	// for the decoder, little enough that held units wait encoded.
	decodeLead = 25 * time.Millisecond
	// A decoder this far behind goes on at the next queued keyframe.
	maxLag = 150 * time.Millisecond
	never  = time.Duration(1<<63 - 1)
)

// errPanic wraps what a decoder panicked with.
var errPanic = errors.New("source: decoder panicked")

// task is what the worker has to do next.
type task struct {
	stop   bool
	ask    bool
	decode bool
	unit   unit
	wake   time.Duration // look again at this room time; never if only when signalled
}

// run is the worker: it gives up gaps, decodes and asks for keyframes. It ends
// when the source is closed or its decoder panics.
func (v *Video) run() {
	defer close(v.done)
	defer v.closeDecoder()
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		now := v.o.Clock.Now()
		t := v.plan(now)
		if t.stop {
			return
		}
		if t.ask {
			v.o.RequestKeyframe()
		}
		if t.decode {
			if err := v.decode(t.unit, now); err != nil {
				v.fail(err)
				return
			}
			continue
		}
		if t.wake != never {
			timer.Reset(t.wake - now)
		} else {
			timer.Stop()
		}
		select {
		case <-v.wake:
		case <-timer.C:
		}
	}
}

func (v *Video) plan(now time.Duration) task {
	v.mu.Lock()
	defer v.mu.Unlock()
	t := task{stop: v.closed, wake: never}
	if t.stop {
		return t
	}
	if v.asm.stored > 0 {
		v.asm.expire(now)
		v.deliverLocked()
		if v.asm.stored > 0 {
			t.wake = v.asm.gapSince + healLimit
		}
	}
	v.hurryLocked(now)
	if len(v.queue) > 0 {
		if start := v.queue[0].due - decodeLead; start > now {
			t.wake = min(t.wake, start)
		} else {
			t.decode, t.unit = true, v.queue[0]
			v.bytes -= len(t.unit.data)
			v.queue = v.queue[:copy(v.queue, v.queue[1:])]
		}
	}
	ask, wake := v.askLocked(now)
	t.ask, t.wake = ask, min(t.wake, wake)
	return t
}

// hurryLocked skips to the newest queued keyframe when the decoder is behind.
func (v *Video) hurryLocked(now time.Duration) {
	if len(v.queue) < 2 || now-v.queue[0].due < maxLag {
		return
	}
	for i := len(v.queue) - 1; i > 0; i-- {
		if v.queue[i].key {
			v.stats.Skipped += uint64(i)
			v.dequeueLocked(i)
			return
		}
	}
}

// decode decodes one unit and publishes its picture. Its error ends the source.
func (v *Video) decode(u unit, now time.Duration) error {
	if v.dec == nil {
		dec, err := v.o.NewDecoder()
		if err != nil {
			return fmt.Errorf("source: new decoder: %w", err)
		}
		v.dec = dec
	}
	pic, err := v.decodeGated(u.data, time.Now().Add(u.due-now))
	v.publish(u, pic, err, now)
	if errors.Is(err, errPanic) {
		return err
	}
	return nil
}

func (v *Video) decodeGated(data []byte, deadline time.Time) (pic *media.Picture, err error) {
	defer func() {
		if r := recover(); r != nil {
			pic, err = nil, fmt.Errorf("%w: %v\n%s", errPanic, r, debug.Stack())
		}
	}()
	v.o.Gate.Enter(deadline)
	defer v.o.Gate.Leave()
	return v.dec.Decode(data, v.o.Pool)
}

// publish takes over pic and the unit's buffer after a decode begun at began.
func (v *Video) publish(u unit, pic *media.Picture, err error, began time.Duration) {
	now := v.o.Clock.Now()
	v.mu.Lock()
	defer v.mu.Unlock()
	v.asm.recycle(u)
	if err != nil {
		v.refuseLocked(err, now)
		return
	}
	v.stats.Decoded++
	v.ask.tooLarge = false
	if pic == nil {
		return
	}
	if v.closed || !v.visible {
		pic.Release()
		return
	}
	v.marginLocked(u.late+now-began, now)
	v.fresh = now
	v.stats.Width, v.stats.Height = pic.Width, pic.Height
	if v.nshown == maxShown {
		v.roomLocked(now)
	}
	v.shown[v.nshown] = shown{pic: pic, due: u.due, came: now}
	v.nshown++
}

// roomLocked frees a place: of the visible picture if the next is due as well,
// else of the last one.
func (v *Video) roomLocked(now time.Duration) {
	if v.shown[1].due <= now {
		v.retireLocked(0)
		return
	}
	v.retireLocked(v.nshown - 1)
}

// marginLocked enters the time from the fastest arrival to a decoded picture.
// The margin rises at once and falls by 1 ms a second: each change moves
// play-out against the ticks.
func (v *Video) marginLocked(ready, now time.Duration) {
	v.spread.add(ready)
	want := min(v.spread.quantile(95), maxMargin)
	switch {
	case want > v.margin:
		v.margin, v.calmAt = want, now
	case v.margin-want >= 2*time.Millisecond && now-v.calmAt >= time.Second:
		v.margin, v.calmAt = v.margin-time.Millisecond, now
	}
}

// refuseLocked handles a unit that could not be decoded: on to the next keyframe.
func (v *Video) refuseLocked(err error, now time.Duration) {
	v.stats.Errors++
	if errors.Is(err, media.ErrTooLarge) {
		v.stats.TooLarge++
		v.ask.tooLarge, v.ask.last = true, now
	}
	n := 0
	for n < len(v.queue) && !v.queue[n].key {
		n++
	}
	v.stats.Skipped += uint64(n)
	v.needKey = n == len(v.queue)
	v.dequeueLocked(n)
}

// fail ends the source for this member alone.
func (v *Video) fail(err error) {
	v.mu.Lock()
	v.stats.Failed = true
	v.clearLocked()
	v.mu.Unlock()
	v.o.Log.Error("video source ended", slog.Any("error", err))
}

func (v *Video) closeDecoder() {
	if v.dec == nil {
		return
	}
	defer func() {
		if r := recover(); r != nil {
			v.o.Log.Error("close video decoder", slog.Any("panic", r))
		}
	}()
	if err := v.dec.Close(); err != nil {
		v.o.Log.Warn("close video decoder", slog.Any("error", err))
	}
}
