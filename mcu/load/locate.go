package load

import (
	"image"

	"github.com/omniverto/omniverto/media"
)

// frameColor is the magenta of the panel's frame; frameChroma is the least U and
// V of a sample that is taken for it after scaling and coding.
var frameColor = media.RGB{R: 220, B: 220}.YUV()

const frameChroma = 158

// Bounds of a panel on a canvas, in chroma samples.
const minPanelWidth, minPanelHeight = 10, 6

// locator finds the panels of a canvas. It keeps its scratch memory and is used
// by one goroutine.
type locator struct {
	marked []bool
	stack  []int
}

// find returns where the picture shows panels: the bounding boxes, in luma
// pixels, of what is connected and has the frame's colour. Some may be false;
// their checksum tells.
func (l *locator) find(p *media.Picture) []image.Rectangle {
	u, v := p.Planes()[1], p.Planes()[2]
	w, h := u.Width, u.Height
	if cap(l.marked) < w*h {
		l.marked = make([]bool, w*h)
	}
	l.marked = l.marked[:w*h]
	for y := range h {
		urow, vrow := u.Pix[y*u.Stride:], v.Pix[y*v.Stride:]
		for x := range w {
			l.marked[y*w+x] = urow[x] > frameChroma && vrow[x] > frameChroma
		}
	}
	var found []image.Rectangle
	for at := range l.marked {
		if !l.marked[at] {
			continue
		}
		r := l.flood(at, w, h)
		if r.Dx() >= minPanelWidth && r.Dy() >= minPanelHeight {
			found = append(found, image.Rect(2*r.Min.X, 2*r.Min.Y, min(2*r.Max.X, p.Width), min(2*r.Max.Y, p.Height)))
		}
	}
	return found
}

// flood unmarks what is connected with a sample and returns its bounds.
func (l *locator) flood(at, w, h int) image.Rectangle {
	r := image.Rect(at%w, at/w, at%w+1, at/w+1)
	l.marked[at] = false
	l.stack = append(l.stack[:0], at)
	for len(l.stack) > 0 {
		at := l.stack[len(l.stack)-1]
		l.stack = l.stack[:len(l.stack)-1]
		x, y := at%w, at/w
		r.Min.X, r.Max.X = min(r.Min.X, x), max(r.Max.X, x+1)
		r.Min.Y, r.Max.Y = min(r.Min.Y, y), max(r.Max.Y, y+1)
		for ny := max(y-1, 0); ny <= min(y+1, h-1); ny++ {
			for nx := max(x-1, 0); nx <= min(x+1, w-1); nx++ {
				if n := ny*w + nx; l.marked[n] {
					l.marked[n] = false
					l.stack = append(l.stack, n)
				}
			}
		}
	}
	return r
}
