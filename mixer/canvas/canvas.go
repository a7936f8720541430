package canvas

import (
	"image"
	"slices"
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
	// Cache scales the layers that are Shared; nil: the canvas does it alone.
	Cache *Cache
}

// Canvas composes scenes. SetScene and Stats may be called from any goroutine;
// Step, Last and Close by one goroutine at a time.
type Canvas struct {
	// Constant after construction.
	bounds image.Rectangle
	scaler pixel.Scaler
	cache  *Cache

	next  queue
	stats counters

	// Owned by the stepping goroutine.
	now   time.Duration // of this step
	plan  *plan
	cells []image.Rectangle // where the layers of plan are
	shown []showing         // what they have
	looks []look            // how they look
	fresh bool              // the plan or the cells are new, and all looks with them
	shape uint64            // numbers what layers do not change: cells and ground
	ring  []*buffer
	last  *buffer // published last; nil before the first
	// Numbers given so far.
	shapes, stamps, versions uint64

	// Scratch of the step, made when the scene changes.
	before []image.Rectangle // the cells of the step before
	square *media.Picture    // what is turned; nil: no layer is
}

// New returns a canvas that shows an empty black scene.
func New(o Options) *Canvas {
	if o.Width < 2 || o.Height < 2 || o.Scaler == nil {
		panic("canvas: New needs a size and a scaler")
	}
	c := &Canvas{
		bounds: image.Rect(0, 0, o.Width&^1, o.Height&^1),
		scaler: o.Scaler,
		cache:  o.Cache,
		stamps: uint64(firstStamp),
		shapes: 1,
		shape:  1,
	}
	n := o.Buffers
	if n == 0 {
		n = defaultBuffers
	}
	for range max(n, 2) {
		c.ring = append(c.ring, &buffer{pic: media.NewPicture(c.bounds.Dx(), c.bounds.Dy())})
	}
	c.plan = newPlan(&Scene{Background: media.RGB{}.YUV()}, c.bounds)
	return c
}

// SetScene gives the canvas what to show from s.At on. Of several scenes that are
// due in the same step the one given last counts. At most 16 wait; one more drops
// the oldest. s must not be changed any more.
func (c *Canvas) SetScene(s *Scene) {
	c.stats.superseded.Add(uint64(c.next.put(s)))
}

// StepInfo tells what a step did.
type StepInfo struct {
	// Serial is the scene's that the canvas shows.
	Serial uint64
	// Replaced is the share (0 to 1) of the canvas that a published picture shows
	// anew because of the scene; 1 for the first picture. A scene whose layers move
	// tells it once, with its first picture.
	Replaced float64
	// Drawn counts the layers scaled, Copied those taken over from the picture
	// published last.
	Drawn, Copied int
	// Pixels counts the pixels drawn, copied or filled with the background; what lies
	// over a picture counts with it.
	Pixels int
}

// Step composes the picture of room time t and returns it with one reference
// for the caller. It returns nil when nothing differs from the last published
// picture, and when readers hold all buffers; then the change is published by a
// later step.
func (c *Canvas) Step(t time.Duration) (*media.Picture, StepInfo) {
	c.stats.steps.Add(1)
	c.now = t
	if s, dropped := c.next.take(t); s != nil {
		c.stats.superseded.Add(uint64(dropped))
		c.adopt(s)
	}
	c.arrange()
	c.look()
	info := StepInfo{Serial: c.plan.scene.Serial}
	if c.last != nil && c.last.shows(c.shape, c.looks) {
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

// Last returns the picture published last with one reference for the caller, nil
// before the first. The stepping goroutine only.
func (c *Canvas) Last() *media.Picture {
	if c.last == nil {
		return nil
	}
	return c.last.pic.Retain()
}

// adopt makes s the scene. Layers that go on keep their pictures, the others'
// are given back.
func (c *Canvas) adopt(s *Scene) {
	old, p, shown := c.plan, newPlan(s, c.bounds), c.shown
	if !p.sameGround(old) {
		c.newShape()
	}
	c.plan, c.fresh = p, true
	if len(p.layers) != len(old.layers) {
		c.cells = make([]image.Rectangle, len(p.layers))
		c.before = make([]image.Rectangle, len(p.layers))
		c.looks = make([]look, len(p.layers))
	}
	if size := p.scratch(c.bounds); size == 0 {
		c.square = nil
	} else if c.square == nil || c.square.Width < size {
		c.square = media.NewPicture(size, size)
	}
	c.shown = make([]showing, len(p.layers))
	for i := range p.layers {
		c.shown[i].stamp = nothing
		for j := range shown {
			if shown[j].pic != nil && old.layers[j].same(&p.layers[i]) {
				c.shown[i], shown[j] = shown[j], showing{}
				break
			}
		}
	}
	release(shown)
}

func release(shown []showing) {
	for i := range shown {
		if p := shown[i].pic; p != nil {
			p.Release()
			shown[i] = showing{stamp: nothing}
		}
	}
}

func (c *Canvas) newShape() {
	c.shapes++
	c.shape = c.shapes
}

// arrange finds where the layers are.
func (c *Canvas) arrange() {
	c.cells, c.before = c.before, c.cells
	if c.now >= c.plan.settled {
		copy(c.cells, c.plan.cells)
	} else {
		c.plan.arrange(c.cells, c.bounds, c.now)
	}
	if !slices.Equal(c.cells, c.before) {
		c.newShape()
		c.fresh = true
	}
}

// look asks every layer that is seen what it shows.
func (c *Canvas) look() {
	for i := range c.plan.layers {
		l, s := &c.plan.layers[i], &c.shown[i]
		if c.cells[i].Empty() {
			release(c.shown[i : i+1])
			c.looks[i] = look{}
			continue
		}
		if !c.pick(l, s) && !c.fresh && l.Camera == nil {
			continue
		}
		if k := l.look(c.cells[i], *s, c.now); !k.alike(&c.looks[i]) {
			c.versions++
			k.version = c.versions
			c.looks[i] = k
		}
	}
	c.fresh = false
}

// pick asks a layer for its picture and reports whether it is another than before.
// The canvas holds one reference to each picture, so that the same pointer is the
// same picture.
func (c *Canvas) pick(l *Layer, s *showing) bool {
	p, still := l.pick(c.now)
	if p == s.pic && still == s.still {
		if p != nil {
			p.Release()
		}
		return false
	}
	if s.pic != nil {
		s.pic.Release()
	}
	*s = showing{pic: p, still: still, stamp: nothing}
	if p != nil {
		c.stamps++
		s.stamp = stamp(c.stamps)
	}
	return true
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
func (c *Canvas) Close() { release(c.shown) }
