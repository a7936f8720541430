package canvas

import (
	"image"
	"time"

	"github.com/omniverto/omniverto/media"
)

// Source gives the newest picture that is due at room time t, without blocking.
// The caller gets one reference and releases it. The same picture again means
// that nothing changed. nil: there is nothing to show, and the layer's Still is
// shown. A Source is comparable with == (a pointer).
type Source interface {
	At(t time.Duration) *media.Picture
}

// Scene is what a canvas shows. It is immutable once given to a canvas, and so
// are the stills in it for as long as a canvas shows them.
type Scene struct {
	// Serial numbers the scenes for the geometry message; the canvas hands it on.
	Serial uint64
	// Background is where no layer is.
	Background media.YUV
	// Letterbox is where a layer's picture does not reach.
	Letterbox media.YUV
	// Layers are in drawing order: overlap layers last.
	Layers []Layer
}

// Layer is one image of a layout with whoever sits in it. A layer with neither
// Source nor Still is empty: it shows what lies below it.
type Layer struct {
	// ID is the index in the layout, from 0.
	ID int
	// Rect is in canvas pixels with even coordinates; what lies outside of the
	// canvas is cut off.
	Rect image.Rectangle
	// Zoom fills Rect with the middle of the picture instead of fitting the whole
	// picture in (a plain centred cover crop, not FreeSWITCH's quarter crop).
	Zoom bool
	// Source is the camera; nil: no camera.
	Source Source
	// Still is shown when Source gives nothing. It may be nil: then the layer has
	// the letterbox colour.
	Still *media.Picture
	// Member is whose layer it is; for the reader of a scene.
	Member uint32
}

// empty reports whether nobody sits in the layer.
func (l Layer) empty() bool { return l.Source == nil && l.Still == nil }

// pick returns what the layer shows at t with one reference, nil for nothing.
func (l Layer) pick(t time.Duration) *media.Picture {
	if l.Source != nil {
		if p := l.Source.At(t); p != nil {
			return p
		}
	}
	if l.Still != nil {
		return l.Still.Retain()
	}
	return nil
}

// same reports whether two layers show the same member in the same place.
func (l Layer) same(m Layer) bool { return l.Source == m.Source && l.Still == m.Still }

// plan is a scene as the canvas draws it: without empty and invisible layers.
// It is immutable but for shape, which is set before it is used.
type plan struct {
	scene  *Scene
	layers []Layer
	// covers lists, per layer, the later layers that lie over a part of it.
	covers [][]int
	// shape numbers what pictures do not change: the colours and each layer's
	// place. Buffers of equal shape differ in layers' pictures only.
	shape uint64
}

func newPlan(s *Scene, canvas image.Rectangle) *plan {
	p := &plan{scene: s}
	for _, l := range s.Layers {
		l.Rect = even(l.Rect).Intersect(canvas)
		if !l.empty() && !l.Rect.Empty() {
			p.layers = append(p.layers, l)
		}
	}
	p.dropHidden()
	p.covers = make([][]int, len(p.layers))
	for i, l := range p.layers {
		for j := i + 1; j < len(p.layers); j++ {
			if p.layers[j].Rect.Overlaps(l.Rect) {
				p.covers[i] = append(p.covers[i], j)
			}
		}
	}
	return p
}

// even grows r to even coordinates.
func even(r image.Rectangle) image.Rectangle {
	return image.Rect(r.Min.X&^1, r.Min.Y&^1, (r.Max.X+1)&^1, (r.Max.Y+1)&^1)
}

// dropHidden removes the layers that lie wholly under one later layer.
func (p *plan) dropHidden() {
	visible := p.layers[:0]
	for i, l := range p.layers {
		hidden := false
		for _, over := range p.layers[i+1:] {
			hidden = hidden || l.Rect.In(over.Rect)
		}
		if !hidden {
			visible = append(visible, l)
		}
	}
	p.layers = visible
}

// sameShape reports whether two plans differ in what their layers show only.
func (p *plan) sameShape(q *plan) bool {
	if p.scene.Background != q.scene.Background || p.scene.Letterbox != q.scene.Letterbox || len(p.layers) != len(q.layers) {
		return false
	}
	for i, l := range p.layers {
		if l.Rect != q.layers[i].Rect || l.Zoom != q.layers[i].Zoom {
			return false
		}
	}
	return true
}

// top returns the layer that is seen at a point, nil for the background.
func (p *plan) top(at image.Point) *Layer {
	for i := len(p.layers) - 1; i >= 0; i-- {
		if at.In(p.layers[i].Rect) {
			return &p.layers[i]
		}
	}
	return nil
}

// sampleStep is the grid in pixels on which replaced looks: a macroblock.
const sampleStep = 16

// replaced is the share of a canvas in which p shows something else than q, other
// than a newer picture of the same source in the same place.
func (p *plan) replaced(q *plan, canvas image.Rectangle) float64 {
	var n, differ int
	for y := sampleStep / 2; y < canvas.Max.Y; y += sampleStep {
		for x := sampleStep / 2; x < canvas.Max.X; x += sampleStep {
			n++
			a, b := p.top(image.Pt(x, y)), q.top(image.Pt(x, y))
			switch {
			case a == nil && b == nil:
				if p.scene.Background != q.scene.Background {
					differ++
				}
			case a == nil || b == nil || !a.same(*b) || a.Rect != b.Rect || a.Zoom != b.Zoom:
				differ++
			}
		}
	}
	return float64(differ) / float64(max(n, 1))
}
