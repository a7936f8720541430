package mediatest

import (
	"image"
	"image/color"
	"math"

	"github.com/omniverto/omniverto/media"
)

// FindBox finds where a picture shows the TestCard of a colour, to one pixel:
// what is seen of it, with its frame, whatever lies over its middle. It finds
// cards that were scaled, cropped, turned, cut off or covered in part, in colours
// that went through a codec or a palette. It reports false if there is none.
func FindBox(img image.Image, c media.RGB) (image.Rectangle, bool) {
	return newFinder(img).find(c)
}

// Boxes finds the cards of CardColor(0) to CardColor(n-1); who is not seen has an
// empty box.
func Boxes(img image.Image, n int) []image.Rectangle {
	boxes, f := make([]image.Rectangle, n), newFinder(img)
	for i := range boxes {
		boxes[i], _ = f.find(CardColor(i))
	}
	return boxes
}

// vec is a colour as a place in space.
type vec [3]int

func (a vec) sub(b vec) vec { return vec{a[0] - b[0], a[1] - b[1], a[2] - b[2]} }

func (a vec) dot(b vec) int { return a[0]*b[0] + a[1]*b[1] + a[2]*b[2] }

// finder looks for one colour after the other in one picture.
type finder struct {
	at    image.Point // of the picture's top left
	w, h  int
	pix   []uint32 // row by row, 0xrrggbb
	color vec      // that is looked for
}

func newFinder(img image.Image) *finder {
	b := img.Bounds()
	f := &finder{at: b.Min, w: b.Dx(), h: b.Dy(), pix: make([]uint32, b.Dx()*b.Dy())}
	pack := func(c color.Color) uint32 {
		r, g, b, _ := c.RGBA()
		return r>>8<<16 | g>>8<<8 | b>>8
	}
	at := func(x, y int) uint32 { return pack(img.At(x, y)) }
	switch img := img.(type) { // the usual ones, without a conversion for each pixel
	case *image.Paletted:
		table := make([]uint32, len(img.Palette))
		for i, c := range img.Palette {
			table[i] = pack(c)
		}
		at = func(x, y int) uint32 { return table[img.ColorIndexAt(x, y)] }
	case *image.RGBA:
		at = func(x, y int) uint32 {
			p := img.Pix[img.PixOffset(x, y):]
			return uint32(p[0])<<16 | uint32(p[1])<<8 | uint32(p[2])
		}
	}
	for i := range f.pix {
		f.pix[i] = at(b.Min.X+i%f.w, b.Min.Y+i/f.w)
	}
	return f
}

// colorAt is the colour of a pixel.
func (f *finder) colorAt(x, y int) vec {
	p := f.pix[y*f.w+x]
	return vec{int(p >> 16), int(p >> 8 & 255), int(p & 255)}
}

func (f *finder) find(c media.RGB) (image.Rectangle, bool) {
	f.color = vec{int(c.R), int(c.G), int(c.B)}
	box, ok := f.extent(f.largest(f.spans()))
	if !ok {
		return image.Rectangle{}, false
	}
	return f.withFrame(box).Add(f.at), true
}

// tolerance is how far in RGB a pixel of the card may be from its colour: codecs
// and palettes stay below 25, and the colours of the recorded pictures are 40
// away from each other.
const tolerance = 32

// near tells whether a pixel has the colour.
func (f *finder) near(x, y int) bool {
	d := f.colorAt(x, y).sub(f.color)
	return d.dot(d) <= tolerance*tolerance
}

// span is a piece of a row that has the colour.
type span struct {
	y, from, to int
	group       int // index of another span of the same group, or its own
}

// spans are the pieces of all rows, without lines of one pixel, which are blends
// of two other colours.
func (f *finder) spans() []span {
	var all []span
	for y := range f.h {
		from := -1
		for x := range f.w + 1 {
			on := x < f.w && (x > 0 && f.pix[y*f.w+x] == f.pix[y*f.w+x-1] && from >= 0 || f.near(x, y))
			switch {
			case on && from < 0:
				from = x
			case !on && from >= 0:
				if x-from > 1 {
					all = append(all, span{y: y, from: from, to: x})
				}
				from = -1
			}
		}
	}
	var thick []span
	for i, s := range all {
		if hasNeighbour(all, i, -1) || hasNeighbour(all, i, 1) {
			s.group = len(thick)
			thick = append(thick, s)
		}
	}
	return thick
}

// hasNeighbour tells whether a span shares two columns with one of the row before
// (step -1) or after it.
func hasNeighbour(all []span, i, step int) bool {
	s := all[i]
	for j := i + step; j >= 0 && j < len(all) && (all[j].y-s.y)*step <= 1; j += step {
		if all[j].y != s.y && min(all[j].to, s.to)-max(all[j].from, s.from) > 1 {
			return true
		}
	}
	return false
}

// largest is the group with the most pixels. The lines of a card cut it into
// pieces, so pieces that are no more than a line apart are a group.
func (f *finder) largest(all []span) []span {
	root := func(i int) int {
		for all[i].group != i {
			i = all[i].group
		}
		return i
	}
	gap := 8 * max(f.w, 640) / 640
	for i, s := range all {
		for j := i - 1; j >= 0 && s.y-all[j].y <= gap; j-- {
			if s.from-all[j].to <= gap && all[j].from-s.to <= gap {
				a, b := root(i), root(j)
				all[max(a, b)].group = min(a, b)
			}
		}
	}
	size := make(map[int]int)
	best := -1
	for i, s := range all {
		r := root(i)
		if size[r] += s.to - s.from; best < 0 || size[r] > size[best] {
			best = r
		}
	}
	var out []span
	for i, s := range all {
		if root(i) == best {
			out = append(out, s)
		}
	}
	return out
}

// extent is from the first to the last row and column in which the colour is not
// there by accident: an eighth of the fullest one.
func (f *finder) extent(group []span) (image.Rectangle, bool) {
	cols, rows, all := make([]int, f.w+1), make([]int, f.h), 0
	for _, s := range group {
		cols[s.from]++ // summed up below
		cols[s.to]--
		rows[s.y] += s.to - s.from
		all += s.to - s.from
	}
	for x := range f.w {
		cols[x+1] += cols[x]
	}
	x0, x1 := ends(cols)
	y0, y1 := ends(rows)
	box := image.Rect(x0, y0, x1, y1)
	// Less than a tenth of the box is no card but dust of similar colours.
	return box, box.Dx() >= 16 && box.Dy() >= 16 && 10*all >= box.Dx()*box.Dy()
}

func ends(counts []int) (from, to int) {
	most := 0
	for _, n := range counts {
		most = max(most, n)
	}
	for i, n := range counts {
		if 8*n >= most && n > 0 {
			if to == 0 {
				from = i
			}
			to = i + 1
		}
	}
	return from, to
}

// withFrame adds the white frame to the box of what is coloured: two pixels of a
// card of 640x360.
func (f *finder) withFrame(box image.Rectangle) image.Rectangle {
	scale := max(float64(box.Dx())/640, float64(box.Dy())/360)
	wide := 2 * scale
	left := f.frame(box, box.Min, image.Pt(-1, 0), wide)
	right := f.frame(box, image.Pt(box.Max.X-1, box.Min.Y), image.Pt(1, 0), wide)
	top := f.frame(box, box.Min, image.Pt(0, -1), wide)
	bottom := f.frame(box, image.Pt(box.Min.X, box.Max.Y-1), image.Pt(0, 1), wide)
	// A card without corner squares is cropped at opposite sides. It has no frame
	// there, and white beside one of them is a line of another card.
	if !f.cornered(box.Inset(1 + int(scale))) {
		if left == 0 || right == 0 {
			left, right = 0, 0
		}
		if top == 0 || bottom == 0 {
			top, bottom = 0, 0
		}
	}
	return image.Rect(box.Min.X-left, box.Min.Y-top, box.Max.X+right, box.Max.Y+bottom)
}

// cornered tells whether one of the corners has another colour.
func (f *finder) cornered(box image.Rectangle) bool {
	for _, x := range []int{box.Min.X, box.Max.X - 1} {
		for _, y := range []int{box.Min.Y, box.Max.Y - 1} {
			if d := f.colorAt(x, y).sub(f.color); d.dot(d) > 40*40 {
				return true
			}
		}
	}
	return false
}

// frame counts the lines outside of one side of the box that belong to the card:
// those in which the colour is blended with ever more white, and then white ones.
// wide is the frame's width in pixels; scaling may have spread it over one more.
// The side begins at corner; out leads away from the box.
func (f *finder) frame(box image.Rectangle, corner, out image.Point, wide float64) int {
	white, most, before := int(math.Round(wide)), int(math.Ceil(wide+0.5)), 0.
	for n := range most {
		share, ok := f.white(box, corner, out, n+1)
		if share >= 0.5 {
			white--
		}
		if !ok || white < 0 || n > 0 && share < before-0.01 {
			return n
		}
		before = share
	}
	return most
}

// white tells how much of the line that is step pixels outside of a side is
// white, the rest being the card's colour; false if it is anything else. It looks
// where the side itself has the card's colour.
func (f *finder) white(box image.Rectangle, corner, out image.Point, step int) (share float64, ok bool) {
	var sum vec
	n := 0
	along := image.Pt(out.Y*out.Y, out.X*out.X)
	for at := corner; at.In(box); at = at.Add(along) {
		to := at.Add(out.Mul(step))
		if !to.In(image.Rect(0, 0, f.w, f.h)) || !f.near(at.X, at.Y) {
			continue
		}
		for i, v := range f.colorAt(to.X, to.Y) {
			sum[i] += v
		}
		n++
	}
	if n == 0 {
		return 0, false
	}
	mean := vec{sum[0] / n, sum[1] / n, sum[2] / n}
	axis, d := vec{255, 255, 255}.sub(f.color), mean.sub(f.color)
	share = float64(d.dot(axis)) / float64(axis.dot(axis))
	off := float64(d.dot(d)) - share*share*float64(axis.dot(axis))
	// Darker than the card is no blend. The colour fades faster than the brightness
	// because chroma has half the resolution, so it may be off the axis a little.
	return share, share > -0.06 && off < 105*105
}
