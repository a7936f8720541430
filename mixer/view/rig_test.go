package view_test

import (
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/omniverto/omniverto/media"
	"github.com/omniverto/omniverto/mixer"
	"github.com/omniverto/omniverto/mixer/pixel"
	"github.com/omniverto/omniverto/mixer/view"
)

// call is one call of the fake encoder.
type call struct {
	luma  byte // of the picture's first sample
	o     media.EncodeOptions
	tries int // which encoder of the view
}

// encoders opens fake encoders and remembers what they were asked.
type encoders struct {
	opened, open int
	calls        []call
	size         func(call) int // bytes of a coded picture; nil: 5,000
	slow         time.Duration  // how long a picture takes
	refuse       error          // instead of opening
	fail         error          // instead of the next picture
	data         []byte
}

func (es *encoders) new(media.VideoEncoderConfig) (media.VideoEncoder, error) {
	if es.refuse != nil {
		return nil, es.refuse
	}
	es.opened++
	es.open++
	return &encoder{es: es, number: es.opened}, nil
}

// encoder is one fake encoder. Its frames are as long as encoders.size says, and
// keyframes when asked for or first.
type encoder struct {
	es     *encoders
	number int
	begun  bool
	pts    int64
}

func (e *encoder) Encode(p *media.Picture, o media.EncodeOptions) ([]byte, bool, error) {
	if e.es.slow > 0 {
		<-time.After(e.es.slow)
	}
	if err := e.es.fail; err != nil {
		e.es.fail = nil
		return nil, false, err
	}
	if e.begun && o.PTS <= e.pts {
		return nil, false, fmt.Errorf("PTS %d after %d", o.PTS, e.pts)
	}
	key := o.Key || !e.begun
	e.begun, e.pts = true, o.PTS
	c := call{p.Y[0], o, e.number}
	e.es.calls = append(e.es.calls, c)
	size := 5000
	if e.es.size != nil {
		size = e.es.size(c)
	}
	if len(e.es.data) < size {
		e.es.data = make([]byte, size)
	}
	return e.es.data[:size], key, nil
}

func (e *encoder) Close() error {
	if e.es.open--; e.es.open < 0 {
		return errors.New("closed twice")
	}
	return nil
}

// seen is what a watcher got.
type seen struct {
	tick  int64
	rtp   uint32
	key   bool
	layer uint8
	size  int
}

// viewer is a watcher that remembers.
type viewer struct{ frames []seen }

func (w *viewer) WriteFrame(f *media.Frame) {
	w.frames = append(w.frames, seen{f.Tick, f.RTPTime, f.Key, f.Layer, f.Size()})
}

// keys are the ticks of the keyframes that a viewer got.
func (w *viewer) keys() (ticks []int64) {
	for _, f := range w.frames {
		if f.key {
			ticks = append(ticks, f.tick)
		}
	}
	return ticks
}

// ticks are the ticks of all frames that a viewer got.
func (w *viewer) ticks() (ticks []int64) {
	for _, f := range w.frames {
		ticks = append(ticks, f.tick)
	}
	return ticks
}

// period is a tick of the rigs' canvas: 25 a second, which is a whole number of
// milliseconds.
const period = 40 * time.Millisecond

// rig is a view in a bubble, with its canvas.
type rig struct {
	t     *testing.T
	es    *encoders
	pool  *media.PicturePool
	clock *media.Clock
	view  *view.View
	tick  int64
	base  uint32
}

// inBubble runs f with a view of that many layers, and checks that all is given
// back in the end.
func inBubble(t *testing.T, layers int, f func(t *testing.T, r *rig)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		r := &rig{t: t, es: &encoders{}, pool: media.NewPicturePool(8), clock: media.NewClock(), base: 1000}
		r.view = view.New(view.Options{
			Config:     media.VideoEncoderConfig{Width: 64, Height: 36, FPS: 25, Bitrate: 1_000_000, Layers: layers},
			NewEncoder: r.es.new,
			Gate:       mixer.NewGate(1), Scaler: pixel.Reference{},
			Frames: media.NewFramePool(8), Clock: r.clock,
		})
		defer r.view.Close()
		f(t, r)
		r.view.Close()
		if r.es.open != 0 || r.pool.InUse() != 0 {
			t.Errorf("after Close %d encoders are open and %d pictures held", r.es.open, r.pool.InUse())
		}
	})
}

// put lets a tick pass in which the canvas shows luma.
func (r *rig) put(luma byte, replaced float64) { r.putSize(luma, replaced, 64, 36) }

func (r *rig) putSize(luma byte, replaced float64, width, height int) {
	r.t.Helper()
	p := r.pool.Get(width, height)
	if p == nil {
		r.t.Fatal("the view holds too many pictures")
	}
	p.Fill(media.YUV{Y: luma, U: 128, V: 128})
	r.pass()
	r.view.Put(p, r.tick, r.rtp(), replaced)
	p.Release()
	synctest.Wait()
}

// still lets n ticks pass in which the canvas does not change.
func (r *rig) still(n int) {
	r.t.Helper()
	for range n {
		r.pass()
		r.view.Tick(r.tick, r.rtp())
		synctest.Wait()
	}
}

// pass waits for the next tick.
func (r *rig) pass() {
	r.tick++
	<-time.After(time.Duration(r.tick)*period - r.clock.Now())
}

func (r *rig) rtp() uint32 { return r.base + uint32(r.tick)*3600 }

// watch adds a viewer.
func (r *rig) watch() (w *viewer, cancel func()) {
	w = &viewer{}
	return w, r.view.Watch(w)
}
