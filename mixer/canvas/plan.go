package canvas

import (
	"image"
	"time"

	"github.com/omniverto/omniverto/media"
	"github.com/omniverto/omniverto/mixer/pixel"
)

// empty reports whether nobody sits in the layer.
func (l *Layer) empty() bool { return l.Source == nil && l.Still == nil }

// pick returns what the layer shows at t with one reference, nil for nothing, and
// whether it is the still.
func (l *Layer) pick(t time.Duration) (pic *media.Picture, still bool) {
	if l.Source != nil {
		if p := l.Source.At(t); p != nil {
			return p, false
		}
	}
	if l.Still != nil {
		return l.Still.Retain(), true
	}
	return nil, false
}

// same reports whether two layers show the same member.
func (l *Layer) same(m *Layer) bool {
	return l.Source == m.Source && (l.Source != nil || l.Still == m.Still)
}

// tidy makes the layer what a canvas draws: even, without what cannot be drawn or
// seen.
func (l *Layer) tidy(canvas image.Rectangle) {
	if in := even(l.Rect).Intersect(canvas); !l.Rect.Empty() && !in.Empty() {
		l.Rect = in
	} else {
		l.Rect.Max = l.Rect.Min // a move may still end here
	}
	l.Turn.Quarters &= 3
	l.Border, l.Ring = l.Border.tidy(), l.Ring.tidy()
	if !l.Banner.Valid() {
		l.Banner = nil
	}
	// The largest cell on the way of a move.
	reach := image.Rect(0, 0, max(l.Rect.Dx(), l.Move.From.Dx()), max(l.Rect.Dy(), l.Move.From.Dy()))
	var seen []Overlay
	for _, o := range l.Overlays {
		o.At = image.Pt(o.At.X&^1, o.At.Y&^1)
		if o.Bitmap.Valid() && o.area(image.Point{}).Overlaps(reach) {
			seen = append(seen, o)
		}
	}
	l.Overlays = seen
}

func (b Border) tidy() Border {
	b.Width = (b.Width + 1) &^ 1
	if b.Width <= 0 {
		return Border{}
	}
	return b
}

// area is where an overlay lies in a cell with the given corner.
func (o Overlay) area(corner image.Point) image.Rectangle {
	at := corner.Add(o.At)
	return image.Rectangle{Min: at, Max: at.Add(image.Pt(o.Bitmap.Picture.Width, o.Bitmap.Picture.Height))}
}

// plan is a scene as the canvas draws it: without the layers that are empty. It is
// immutable.
type plan struct {
	scene  *Scene
	front  *pixel.Bitmap
	layers []Layer
	// cells are where the layers are when none moves any more.
	cells []image.Rectangle
	// settled is when that is.
	settled time.Duration
}

func newPlan(s *Scene, canvas image.Rectangle) *plan {
	p := &plan{scene: s}
	if s.Front.Valid() {
		p.front = s.Front
	}
	for _, l := range s.Layers {
		if l.empty() {
			continue
		}
		l.tidy(canvas)
		if l.Move.Duration > 0 {
			p.settled = max(p.settled, l.Move.Start+l.Move.Duration)
		} else if l.Rect.Empty() {
			continue
		}
		p.layers = append(p.layers, l)
	}
	p.cells = make([]image.Rectangle, len(p.layers))
	p.arrange(p.cells, canvas, p.settled)
	return p
}

// even grows r to even coordinates.
func even(r image.Rectangle) image.Rectangle {
	return image.Rect(r.Min.X&^1, r.Min.Y&^1, (r.Max.X+1)&^1, (r.Max.Y+1)&^1)
}

// arrange sets cells to where the layers are at t; those that nobody sees have an
// empty one.
func (p *plan) arrange(cells []image.Rectangle, canvas image.Rectangle, t time.Duration) {
	for i := range p.layers {
		l := &p.layers[i]
		cells[i] = l.Move.At(l.Rect, t).Intersect(canvas)
	}
	hideCovered(cells)
}

// hideCovered makes the cells that lie wholly under one later cell zero.
func hideCovered(cells []image.Rectangle) {
	for i, cell := range cells {
		for _, over := range cells[i+1:] {
			if cell.In(over) {
				cells[i] = image.Rectangle{}
				break
			}
		}
	}
}

// sameGround reports whether two plans have as many layers and the same around,
// under and over them.
func (p *plan) sameGround(q *plan) bool {
	a, b := p.scene, q.scene
	return a.Background == b.Background && a.Letterbox == b.Letterbox && a.Backdrop == b.Backdrop &&
		p.front == q.front && len(p.layers) == len(q.layers)
}

// scratch is the size of the square that turning the layers needs, 0: none.
func (p *plan) scratch(canvas image.Rectangle) int {
	size := 0
	for i := range p.layers {
		l := &p.layers[i]
		if l.Turn == (Turn{}) {
			continue
		}
		from := even(l.Move.From)
		w, h := max(l.Rect.Dx(), from.Dx())+2, max(l.Rect.Dy(), from.Dy())+2 // a move may round up
		size = max(size, min(w, canvas.Dx()), min(h, canvas.Dy()))
	}
	return size
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

// fronted reports whether the front hides the layers at a point.
func (p *plan) fronted(at image.Point) bool {
	if p.front == nil || !at.In(image.Rect(0, 0, p.front.Picture.Width, p.front.Picture.Height)) {
		return false
	}
	return p.front.Alpha == nil || p.front.Alpha[at.Y*p.front.Picture.Width+at.X] > 127
}

// sampleStep is the grid in pixels on which replaced looks: a macroblock.
const sampleStep = 16

// replaced is the share of a canvas in which p shows something else than q, other
// than a newer picture of the same source in the same place. Layers that move
// count as if they had arrived.
func (p *plan) replaced(q *plan, canvas image.Rectangle) float64 {
	var n, differ int
	for y := sampleStep / 2; y < canvas.Max.Y; y += sampleStep {
		for x := sampleStep / 2; x < canvas.Max.X; x += sampleStep {
			n++
			if p.differs(q, image.Pt(x, y)) {
				differ++
			}
		}
	}
	return float64(differ) / float64(max(n, 1))
}

// differs compares p and q at a point.
func (p *plan) differs(q *plan, at image.Point) bool {
	front := p.fronted(at)
	if front || q.fronted(at) {
		return front != q.fronted(at) || p.front != q.front
	}
	a, b := p.top(at), q.top(at)
	if a == nil && b == nil {
		return p.scene.Background != q.scene.Background || p.scene.Backdrop != q.scene.Backdrop
	}
	return a == nil || b == nil || !a.same(b) || a.Rect != b.Rect || a.Zoom != b.Zoom || a.Turn != b.Turn
}
