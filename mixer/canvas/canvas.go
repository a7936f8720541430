package canvas

import (
	"image"
	"sync/atomic"
	"time"

	"github.com/omniverto/omniverto/media"
	"github.com/omniverto/omniverto/mixer/pixel"
)

// defaultBuffers lets one picture be drawn while an encoder reads another, a
// third waits for it and a fourth is kept for a refresh.
const defaultBuffers = 4

// Options of a Canvas.
type Options struct {
	// Width and Height in pixels, at least 2; odd sizes are made even.
	Width, Height int
	Scaler        pixel.Scaler
	// Buffers is how many pictures go round; 0 means 4, the least is 2.
	Buffers int
}

// Canvas composes scenes. SetScene and Stats may be called from any goroutine;
// Step and Close by one goroutine at a time.
type Canvas struct {
	// Constant after construction.
	bounds image.Rectangle
	scaler pixel.Scaler

	// Atomic.
	next  atomic.Pointer[Scene]
	stats counters

	// Owned by the stepping goroutine.
	plan   *plan
	shapes uint64  // number of shapes so far
	stamps uint64  // number of pictures seen so far
	now    []stamp // what each layer of plan shows; scratch of the size of plan.layers
	held   []*media.Picture
	ring   []*buffer
	last   *buffer // published last; nil before the first
}

// stamp names one picture that a layer has shown. Unlike a pointer it is never
// used again, so that a buffer need not hold what lies in it.
type stamp uint64

const (
	unknown stamp = iota // never equal to what a layer shows
	nothing              // the letterbox colour
	firstStamp
)

// New returns a canvas that shows an empty black scene.
func New(o Options) *Canvas {
	if o.Width < 2 || o.Height < 2 || o.Scaler == nil {
		panic("canvas: New needs a size and a scaler")
	}
	c := &Canvas{
		bounds: image.Rect(0, 0, o.Width&^1, o.Height&^1),
		scaler: o.Scaler,
		stamps: uint64(firstStamp),
	}
	n := o.Buffers
	if n == 0 {
		n = defaultBuffers
	}
	for range max(n, 2) {
		c.ring = append(c.ring, &buffer{pic: media.NewPicture(c.bounds.Dx(), c.bounds.Dy())})
	}
	c.adopt(&Scene{Background: media.RGB{}.YUV()})
	return c
}

// SetScene gives the canvas what to show from the next step on; of several
// between two steps the last counts. s must not be changed any more.
func (c *Canvas) SetScene(s *Scene) { c.next.Store(s) }

// StepInfo tells what a step did.
type StepInfo struct {
	// Serial is the scene's that the canvas shows.
	Serial uint64
	// Replaced is the share (0 to 1) of the canvas that a published picture shows
	// anew because of the scene; 1 for the first picture.
	Replaced float64
	// Drawn counts the layers scaled, Copied those taken over from the picture
	// published last.
	Drawn, Copied int
}

// Step composes the picture of room time t and returns it with one reference
// for the caller. It returns nil when nothing differs from the last published
// picture, and when readers hold all buffers; then the change is published by a
// later step.
func (c *Canvas) Step(t time.Duration) (*media.Picture, StepInfo) {
	c.stats.steps.Add(1)
	if s := c.next.Swap(nil); s != nil {
		c.adopt(s)
	}
	c.look(t)
	info := StepInfo{Serial: c.plan.scene.Serial}
	if c.last != nil && c.last.shows(c.plan.shape, c.now) {
		c.last.plan = c.plan // another scene that looks the same
		c.stats.unchanged.Add(1)
		return nil, info
	}
	b := c.free()
	if b == nil {
		c.stats.skipped.Add(1)
		return nil, info
	}
	info.Replaced = c.replaced()
	c.draw(b, &info)
	c.last = b
	c.stats.publish(info)
	return b.pic.Retain(), info
}

// adopt makes s the scene. Layers that go on keep their pictures, the others'
// are given back.
func (c *Canvas) adopt(s *Scene) {
	old, p := c.plan, newPlan(s, c.bounds)
	if old != nil && p.sameShape(old) {
		p.shape = old.shape
	} else {
		c.shapes++
		p.shape = c.shapes
	}
	held, now := c.held, c.now
	c.plan = p
	c.held = make([]*media.Picture, len(p.layers))
	c.now = make([]stamp, len(p.layers))
	for i, l := range p.layers {
		c.now[i] = nothing
		for j := range held {
			if held[j] != nil && old.layers[j].same(l) {
				c.held[i], c.now[i], held[j] = held[j], now[j], nil
				break
			}
		}
	}
	release(held)
}

func release(pics []*media.Picture) {
	for i, p := range pics {
		if p != nil {
			p.Release()
			pics[i] = nil
		}
	}
}

// look asks every layer what it shows at t. The canvas holds one reference to
// each picture, so that the same pointer is the same picture.
func (c *Canvas) look(t time.Duration) {
	for i := range c.plan.layers {
		p := c.plan.layers[i].pick(t)
		if p == c.held[i] {
			if p != nil {
				p.Release()
			}
			continue
		}
		if c.held[i] != nil {
			c.held[i].Release()
		}
		c.held[i], c.now[i] = p, nothing
		if p != nil {
			c.stamps++
			c.now[i] = stamp(c.stamps)
		}
	}
}

// free returns the buffer published last among those that nobody reads, nil if
// there is none: the later, the less differs.
func (c *Canvas) free() *buffer {
	var best *buffer
	for _, b := range c.ring {
		if !b.pic.Shared() && (best == nil || b.serial > best.serial) {
			best = b
		}
	}
	return best
}

func (c *Canvas) replaced() float64 {
	switch {
	case c.last == nil:
		return 1
	case c.last.plan == c.plan:
		return 0
	}
	return c.plan.replaced(c.last.plan, c.bounds)
}

// Close gives back the pictures that the canvas holds. There is no Step after
// it; published pictures stay readable.
func (c *Canvas) Close() { release(c.held) }
