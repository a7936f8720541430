package canvas

import "image"

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
