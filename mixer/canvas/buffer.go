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
	layers []drawn
}

// drawn is what lies in one layer of a buffer.
type drawn struct {
	stamp stamp
	rect  image.Rectangle // where the picture itself is; the rest are bars
}

// shows reports whether the buffer looks like the given shape and pictures.
func (b *buffer) shows(shape uint64, now []stamp) bool {
	if b.shape != shape {
		return false
	}
	for i, s := range now {
		if b.layers[i].stamp != s {
			return false
		}
	}
	return true
}

// clear makes the buffer an empty background for the plan.
func (b *buffer) clear(p *plan) {
	pixel.Fill(b.pic, image.Rect(0, 0, b.pic.Width, b.pic.Height), p.scene.Background)
	b.shape = p.shape
	if cap(b.layers) < len(p.layers) {
		b.layers = make([]drawn, len(p.layers))
	}
	b.layers = b.layers[:len(p.layers)]
	for i := range b.layers {
		b.layers[i] = drawn{}
	}
}

// draw brings b from whatever lies in it to what the canvas shows now.
func (c *Canvas) draw(b *buffer, info *StepInfo) {
	if b.shape != c.plan.shape {
		b.clear(c.plan)
	}
	for i := range c.plan.layers {
		if b.layers[i].stamp == c.now[i] {
			continue
		}
		if c.copyable(b, i) {
			pixel.CopyRect(b.pic, c.plan.layers[i].Rect.Min, c.last.pic, c.plan.layers[i].Rect)
			b.layers[i] = c.last.layers[i]
			info.Copied++
		} else {
			c.drawLayer(b, i)
			info.Drawn++
		}
		for _, j := range c.plan.covers[i] { // painted over
			b.layers[j] = drawn{}
		}
	}
	b.plan = c.plan
	b.serial = c.stats.published.Load() + 1
}

// copyable reports whether layer i is in the picture published last as it must
// be in b. What lies over it there comes along and is drawn again after it.
func (c *Canvas) copyable(b *buffer, i int) bool {
	return c.last != nil && c.last != b && c.last.shape == c.plan.shape && c.last.layers[i].stamp == c.now[i]
}

// drawLayer draws what layer i shows into b.
func (c *Canvas) drawLayer(b *buffer, i int) {
	l, p, old := &c.plan.layers[i], c.held[i], b.layers[i]
	if p == nil {
		pixel.Fill(b.pic, l.Rect, c.plan.scene.Letterbox)
		b.layers[i] = drawn{stamp: c.now[i]}
		return
	}
	rect, crop := l.Rect, image.Rect(0, 0, p.Width, p.Height)
	if l.Zoom {
		crop = cover(rect.Size(), p.Width, p.Height)
	} else {
		rect = fit(rect, p.Width, p.Height)
	}
	if old.rect != rect {
		bars(b.pic, l.Rect, rect, c.plan.scene.Letterbox)
	}
	c.scaler.Scale(b.pic, rect, p, crop)
	b.layers[i] = drawn{stamp: c.now[i], rect: rect}
}

// bars paints what of cell the picture in rect leaves: above, below, left and
// right of it.
func bars(dst *media.Picture, cell, rect image.Rectangle, color media.YUV) {
	pixel.Fill(dst, image.Rect(cell.Min.X, cell.Min.Y, cell.Max.X, rect.Min.Y), color)
	pixel.Fill(dst, image.Rect(cell.Min.X, rect.Max.Y, cell.Max.X, cell.Max.Y), color)
	pixel.Fill(dst, image.Rect(cell.Min.X, rect.Min.Y, rect.Min.X, rect.Max.Y), color)
	pixel.Fill(dst, image.Rect(rect.Max.X, rect.Min.Y, cell.Max.X, rect.Max.Y), color)
}
