package canvas

import (
	"image"

	"github.com/omniverto/omniverto/media"
	"github.com/omniverto/omniverto/mixer/pixel"
)

// buffer is one picture of the ring and what lies in it.
type buffer struct {
	pic    *media.Picture // the canvas keeps one reference
	serial uint64         // of the publication, 0 before the first
	plan   *plan          // scene that it was drawn for
	shape  uint64
	layers []look
}

// shows reports whether the buffer looks like the given shape and layers.
func (b *buffer) shows(shape uint64, looks []look) bool {
	if b.shape != shape {
		return false
	}
	for i := range looks {
		if !b.layers[i].same(&looks[i]) {
			return false
		}
	}
	return true
}

// clear makes the buffer what lies under and around the layers of the canvas.
func (c *Canvas) clear(b *buffer) {
	s, n := c.plan.scene, len(c.plan.layers)
	if s.Backdrop == nil || s.Backdrop.Width < c.bounds.Dx() || s.Backdrop.Height < c.bounds.Dy() {
		pixel.Fill(b.pic, c.bounds, s.Background)
	}
	if s.Backdrop != nil {
		pixel.Copy(b.pic, image.Point{}, s.Backdrop)
	}
	c.front(b.pic, c.bounds)
	b.shape = c.shape
	if cap(b.layers) < n {
		b.layers = make([]look, n)
	}
	clear(b.layers[:cap(b.layers)])
	b.layers = b.layers[:n]
}

// draw brings b from whatever lies in it to what the canvas shows now.
func (c *Canvas) draw(b *buffer, info *StepInfo) {
	if b.shape != c.shape {
		c.clear(b)
		info.Pixels += area(c.bounds)
	}
	for i := range c.looks {
		k := &c.looks[i]
		if k.cell.Empty() || b.layers[i].same(k) {
			continue
		}
		if c.copyable(b, i) {
			pixel.CopyRect(b.pic, k.cell.Min, c.last.pic, k.cell)
			info.Copied++
			info.Pixels += area(k.cell)
		} else {
			info.Drawn++
			info.Pixels += area(c.drawLayer(b, i))
		}
		b.layers[i] = *k
		for j := i + 1; j < len(c.cells); j++ {
			if c.cells[j].Overlaps(k.cell) { // painted over
				b.layers[j] = look{}
			}
		}
	}
	b.plan = c.plan
	b.serial = c.stats.published.Load() + 1
}

func area(r image.Rectangle) int { return r.Dx() * r.Dy() }

// copyable reports whether layer i is in the picture published last as it must
// be in b. What lies over it there comes along and is drawn again after it.
func (c *Canvas) copyable(b *buffer, i int) bool {
	return c.last != nil && c.last != b && c.last.shape == c.shape && c.last.layers[i].same(&c.looks[i])
}
