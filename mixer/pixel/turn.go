package pixel

import (
	"image"

	"github.com/omniverto/omniverto/media"
)

// Orientation is how a picture is turned: clockwise by quarters of a circle, then,
// if Mirror is set, with left and right swapped.
type Orientation struct {
	Quarters uint8 // 0 to 3
	Mirror   bool
}

// Sideways reports whether o swaps width and height.
func (o Orientation) Sideways() bool { return o.Quarters&1 == 1 }

// Turn puts the crop of src turned at a point of dst, without scaling. crop lies
// within src and has an even width and height; what it takes in dst lies within
// dst, else nothing is drawn.
func Turn(dst *media.Picture, at image.Point, src *media.Picture, crop image.Rectangle, o Orientation) {
	rect := image.Rectangle{Min: at, Max: at.Add(crop.Size())}
	if o.Sideways() {
		rect.Max = at.Add(image.Pt(crop.Dy(), crop.Dx()))
	}
	if rect.Empty() || !rect.In(bounds(dst)) || !crop.In(bounds(src)) {
		return
	}
	from, to := planes(src), planes(dst)
	turnPlane(to[0], rect, from[0], crop, o)
	turnPlane(to[1], chroma(rect), from[1], chroma(crop), o)
	turnPlane(to[2], chroma(rect), from[2], chroma(crop), o)
}

// tile keeps the source rows of a quarter turn in the cache.
const tile = 32

// turnPlane walks the destination and steps through the source: the pixel at x, y
// of rect is the one at first + x*right + y*down.
func turnPlane(dst media.Plane, rect image.Rectangle, src media.Plane, crop image.Rectangle, o Orientation) {
	w, h := crop.Dx()-1, crop.Dy()-1
	var first, right, down int
	switch o.Quarters & 3 {
	case 0:
		first, right, down = 0, 1, src.Stride
	case 1:
		first, right, down = h*src.Stride, -src.Stride, 1
	case 2:
		first, right, down = h*src.Stride+w, -1, -src.Stride
	case 3:
		first, right, down = w, src.Stride, -1
	}
	if o.Mirror {
		first, right = first+(rect.Dx()-1)*right, -right
	}
	first += crop.Min.Y*src.Stride + crop.Min.X
	for y0 := 0; y0 < rect.Dy(); y0 += tile {
		for x0 := 0; x0 < rect.Dx(); x0 += tile {
			n := min(tile, rect.Dx()-x0)
			for y := y0; y < min(y0+tile, rect.Dy()); y++ {
				to, from := (rect.Min.Y+y)*dst.Stride+rect.Min.X+x0, first+x0*right+y*down
				row := dst.Pix[to : to+n]
				for x := range row {
					row[x] = src.Pix[from]
					from += right
				}
			}
		}
	}
}
