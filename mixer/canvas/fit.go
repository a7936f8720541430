package canvas

import (
	"image"

	"github.com/omniverto/omniverto/media"
)

// seam is the share of a cell below which a letterbox bar is not drawn: the
// picture is stretched by so little instead. It hides the rounding of cells to
// even coordinates and cameras of 1920x1088.
const seam = 64

// fit places a picture of w x h whole into the middle of cell, with even
// coordinates. It keeps the picture's shape but for rounding and seam.
func fit(cell image.Rectangle, w, h int) image.Rectangle {
	width, height := cell.Dx(), cell.Dy()
	if width*h > w*height { // the cell is wider than the picture: bars left and right
		width = shrink(width, ceil(w*height, h))
	} else {
		height = shrink(height, ceil(h*width, w))
	}
	at := cell.Min.Add(image.Pt((cell.Dx()-width)/2&^1, (cell.Dy()-height)/2&^1))
	return image.Rectangle{Min: at, Max: at.Add(image.Pt(width, height))}
}

// shrink is the even size for want inside size, or size where the bars would be
// no more than a seam.
func shrink(size, want int) int {
	want = min(max((want+1)&^1, 2), size)
	if (size-want)*seam <= size {
		return size
	}
	return want
}

func ceil(a, b int) int { return (a + b - 1) / b }

// cover is the part of a picture of w x h that fills a cell of the given size:
// its middle, with even coordinates.
func cover(cell image.Point, w, h int) image.Rectangle {
	cropW, cropH := w, h
	if cell.X*h > w*cell.Y { // the cell is wider: cut above and below
		cropH = shrink(h, w*cell.Y/cell.X)
	} else {
		cropW = shrink(w, h*cell.X/cell.Y)
	}
	at := image.Pt((w-cropW)/2&^1, (h-cropH)/2&^1)
	return image.Rectangle{Min: at, Max: at.Add(image.Pt(cropW, cropH))}
}

// place says where the parts of a layer are.
type place struct {
	cell  image.Rectangle // all of it
	bar   image.Rectangle // of this the banner
	frame image.Rectangle // the picture with its border
	rect  image.Rectangle // the picture; empty where a cell has no room for one
}

// space divides the cell of a layer without a picture: the border runs round what
// the banner leaves.
func (l *Layer) space(cell image.Rectangle) place {
	p := place{cell: cell, bar: cell, frame: cell}
	height := 0
	if l.Banner != nil {
		height = min((l.Banner.Picture.Height+1)&^1, cell.Dy())
	}
	p.bar.Min.Y = cell.Max.Y - height
	p.frame.Max.Y = p.bar.Min.Y
	if !p.frame.Empty() {
		p.rect = p.frame.Inset(l.edge(p.frame))
	}
	return p
}

// edge is the width of the border in a frame, which leaves room for a picture.
func (l *Layer) edge(frame image.Rectangle) int {
	return max(min(l.Border.Width, (min(frame.Dx(), frame.Dy())-2)/2&^1), 0)
}

// fit places pic, turned, in a cell and tells what of it is shown. manual is the
// part that a manual camera shows; nil: the whole.
func (l *Layer) fit(cell image.Rectangle, pic *media.Picture, turn Turn, manual *Crop) (p place, crop image.Rectangle) {
	p = l.space(cell)
	if p.rect.Empty() {
		return p, crop
	}
	w, h := turned(pic, turn)
	whole := image.Rect(0, 0, w, h)
	crop = whole
	if !l.Zoom {
		border := p.rect.Min.X - p.frame.Min.X
		p.rect = fit(p.rect, w, h)
		p.frame = p.rect.Inset(-border)
	}
	if manual != nil {
		crop = manual.in(w, h)
	}
	if l.Zoom || crop != whole {
		crop = cover(p.rect.Size(), crop.Dx(), crop.Dy()).Add(crop.Min)
	}
	return p, unturn(crop, w, h, turn)
}

// turned is the size of pic after its turn. The last column and row of an odd size
// are left out then, so that even coordinates stay even.
func turned(pic *media.Picture, t Turn) (w, h int) {
	w, h = pic.Width, pic.Height
	if t != (Turn{}) {
		w, h = max(w&^1, 1), max(h&^1, 1)
	}
	if t.Quarters&1 == 1 {
		w, h = h, w
	}
	return w, h
}

// unturn finds a part of a turned picture of w x h in the picture as it came.
func unturn(r image.Rectangle, w, h int, t Turn) image.Rectangle {
	if t.Mirror {
		r.Min.X, r.Max.X = w-r.Max.X, w-r.Min.X
	}
	switch t.Quarters {
	case 1:
		return image.Rect(r.Min.Y, w-r.Max.X, r.Max.Y, w-r.Min.X)
	case 2:
		return image.Rect(w-r.Max.X, h-r.Max.Y, w-r.Min.X, h-r.Min.Y)
	case 3:
		return image.Rect(h-r.Max.Y, r.Min.X, h-r.Min.Y, r.Max.X)
	}
	return r
}
