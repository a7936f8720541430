package load

import "image"

// fit is the largest rectangle of a w by h picture's shape in the middle of a
// cell, with even corners: how a server letterboxes.
func fit(cell image.Rectangle, w, h int) image.Rectangle {
	fw, fh := cell.Dx(), cell.Dx()*h/w
	if fh > cell.Dy() {
		fw, fh = cell.Dy()*w/h, cell.Dy()
	}
	fw, fh = max(fw&^1, 2), max(fh&^1, 2)
	x, y := cell.Min.X+(cell.Dx()-fw)/2&^1, cell.Min.Y+(cell.Dy()-fh)/2&^1
	return image.Rect(x, y, x+fw, y+fh)
}
