package room

import (
	"slices"
	"sync/atomic"
	"time"

	"github.com/omniverto/omniverto/media"
	"github.com/omniverto/omniverto/mixer/canvas"
	"github.com/omniverto/omniverto/mixer/view"
)

// form is a canvas in one size: what is composed, and the views in which it is
// encoded. Until there is a portrait form every canvas has one.
type form struct {
	// constant after construction
	room          *Room
	width, height int // pixels, even
	fps           int
	canvas        *canvas.Canvas  // stepped and closed by the compose goroutine
	monitor       *canvas.Monitor // shows it on the super canvas; nil: it is on none

	// written by the room's loop, read by the compose goroutine
	encodes atomic.Pointer[[]*encode]
}

// encode is one view of a form: the members of one codec group watch it.
type encode struct {
	// constant after construction
	group  string // "" is everybody who is in no group
	terms  encodeTerms
	view   *view.View
	divide int64 // every how many ticks it takes a picture

	// owned by the compose goroutine
	due      bool // the canvas changed since the view was given a picture
	replaced float64
}

// encodeTerms is what vid-bandwidth sets for a group.
type encodeTerms struct {
	kbps          int
	width, height int  // pixels, even
	divide        int  // of the frame rate, at least 1
	set           bool // by command, not by the profile
}

// newForm makes a form nobody watches yet.
func (r *Room) newForm(width, height, fps int, monitored bool) *form {
	f := &form{room: r, width: width, height: height, fps: fps}
	f.canvas = canvas.New(canvas.Options{Width: width, Height: height, Scaler: r.engine.Scaler, Cache: r.cache, Buffers: canvasBuffers})
	if monitored {
		f.monitor = &canvas.Monitor{}
	}
	f.encodes.Store(&[]*encode{})
	return f
}

// canvasBuffers: one is drawn, one is read by the encoder, one waits for it, one
// is kept for a refresh, and one is shown on the super canvas.
const canvasBuffers = 5

// encode returns the group's view, made if need be. Room's loop.
func (f *form) encode(group string, terms encodeTerms) *encode {
	all := *f.encodes.Load()
	if i := slices.IndexFunc(all, func(e *encode) bool { return e.group == group }); i >= 0 {
		return all[i]
	}
	e := &encode{group: group, terms: terms, divide: int64(terms.divide), due: true}
	eng := f.room.engine
	e.view = view.New(view.Options{
		Config: media.VideoEncoderConfig{
			Width: terms.width, Height: terms.height, FPS: max(f.fps/terms.divide, 1),
			Bitrate: terms.kbps * 1000, Layers: 2,
		},
		NewEncoder: eng.NewVideoEncoder, Gate: eng.Gate, Scaler: eng.Scaler, Frames: eng.Frames,
		Clock: f.room.clock, Log: f.room.log,
	})
	all = append(slices.Clip(all), e)
	f.encodes.Store(&all)
	return e
}

// drop takes a group's view away and returns it for closing; nil if there is none.
func (f *form) drop(group string) *encode {
	all := *f.encodes.Load()
	i := slices.IndexFunc(all, func(e *encode) bool { return e.group == group })
	if i < 0 {
		return nil
	}
	rest := slices.Delete(slices.Clone(all), i, i+1)
	f.encodes.Store(&rest)
	return all[i]
}

// watched reports whether anybody watches the form itself.
func (f *form) watched() bool {
	return slices.ContainsFunc(*f.encodes.Load(), func(e *encode) bool { return e.view.Watchers() > 0 })
}

// step composes the tick's picture and offers it to the views. Compose goroutine.
func (f *form) step(tick int64, now time.Duration) {
	pic, info := f.canvas.Step(now)
	if pic != nil {
		f.room.composed.Add(1)
		if f.monitor != nil {
			f.monitor.Put(pic)
		}
	}
	rtp := f.room.clock.VideoRTP(now)
	for _, e := range *f.encodes.Load() {
		e.due = e.due || pic != nil
		e.replaced = max(e.replaced, info.Replaced)
		if tick%e.divide == 0 {
			e.offer(f.canvas, tick/e.divide, rtp)
		}
	}
	if pic != nil {
		pic.Release()
	}
}

// offer gives the view the newest picture, or tells it that there is no newer one.
func (e *encode) offer(c *canvas.Canvas, tick int64, rtp uint32) {
	var pic *media.Picture
	if e.due {
		pic = c.Last()
	}
	if pic == nil {
		e.view.Tick(tick, rtp)
		return
	}
	e.view.Put(pic, tick, rtp, e.replaced)
	pic.Release()
	e.due, e.replaced = false, 0
}

// release gives up what is composed. Compose goroutine, or after it has ended.
func (f *form) release() {
	f.canvas.Close()
	if f.monitor != nil {
		f.monitor.Close()
	}
}

// closeViews ends the form's views and waits for their encoders.
func (f *form) closeViews() {
	for _, e := range *f.encodes.Load() {
		e.close(f.room)
	}
}

// close ends the view; its counters go on to count for the room.
func (e *encode) close(r *Room) {
	e.view.Close()
	st := e.view.Stats()
	st.Watchers = 0
	r.mu.Lock()
	r.past = addStats(r.past, st)
	r.mu.Unlock()
}
