package load

import (
	"image"
	"math/bits"

	"github.com/omniverto/omniverto/media"
)

// The time code is a panel of black and white blocks in the middle of a camera's
// picture, where a cover crop does not reach, in a magenta frame by which a
// receiver finds it anywhere on a canvas. Its size is relative to the picture's,
// so that it shrinks with it.
const (
	codeColumns, codeRows = 8, 3 // one row each: source, frame, checksum
	codeBits              = codeColumns * codeRows

	panelWidth, panelHeight = 0.5, 0.6 // of the picture, frame included
	frameThickness          = 0.06     // of the picture's height

	codeBlack, codeWhite = 24, 228
	// minContrast is the least difference between the darkest and the brightest
	// block that is taken for black and white.
	minContrast = 70
)

// codeFrames is how many frames a code can tell from each other.
const codeFrames = 256

// timeCode is what a panel says: which camera, and which frame of its loop.
type timeCode struct{ source, frame uint8 }

// word is the code's 24 bits. The frame number is a Gray code, so that few
// blocks change from one frame to the next.
func (c timeCode) word() uint32 {
	gray := c.frame ^ c.frame>>1
	return uint32(c.source)<<16 | uint32(gray)<<8 | uint32(checksum(c.source, gray))
}

// decodeWord is the inverse of word; false when the checksum does not fit.
func decodeWord(w uint32) (timeCode, bool) {
	source, gray := uint8(w>>16), uint8(w>>8)
	frame := gray
	for shift := 1; shift < 8; shift <<= 1 {
		frame ^= frame >> shift
	}
	return timeCode{source, frame}, uint8(w) == checksum(source, gray)
}

// checksum is a CRC-8 (polynomial x8+x2+x+1) that is not zero for zeros.
func checksum(source, gray uint8) uint8 {
	sum := uint8(0xA5)
	for _, b := range [...]uint8{source, gray} {
		sum ^= b
		for range 8 {
			carry := sum >> 7
			sum = sum<<1 ^ carry*0x07
		}
	}
	return sum
}

// panel is the rectangle of the code's outer frame in a picture of that size.
func panel(width, height int) image.Rectangle {
	w, h := int(panelWidth*float64(width))&^3, int(panelHeight*float64(height))&^3
	x, y := (width-w)/2&^1, (height-h)/2&^1
	return image.Rect(x, y, x+w, y+h)
}

// blocks is the part of the panel r inside of the frame. The frame's thickness is
// the same share of the panel whatever the scale.
func blocks(r image.Rectangle) (x0, y0, w, h float64) {
	t := frameThickness / panelHeight * float64(r.Dy())
	// Cells may be scaled unevenly: the thickness across is a share of the width.
	s := frameThickness / panelWidth * 9 / 16 * float64(r.Dx())
	return float64(r.Min.X) + s, float64(r.Min.Y) + t, float64(r.Dx()) - 2*s, float64(r.Dy()) - 2*t
}

// paint draws the code's panel into a camera's picture.
func (c timeCode) paint(p *media.Picture) {
	r := panel(p.Width, p.Height)
	fillRect(p, r, frameColor)
	x0, y0, w, h := blocks(r)
	inner := image.Rect(int(x0)&^1, int(y0)&^1, int(x0+w+1)&^1, int(y0+h+1)&^1)
	fillRect(p, inner, media.YUV{Y: codeBlack, U: 128, V: 128})
	word := c.word()
	for i := range codeBits {
		if word>>(codeBits-1-i)&1 == 0 {
			continue
		}
		col, row := i%codeColumns, i/codeColumns
		fillRect(p, image.Rect(
			inner.Min.X+inner.Dx()*col/codeColumns, inner.Min.Y+inner.Dy()*row/codeRows,
			inner.Min.X+inner.Dx()*(col+1)/codeColumns, inner.Min.Y+inner.Dy()*(row+1)/codeRows,
		), media.YUV{Y: codeWhite, U: 128, V: 128})
	}
}

// readCode reads the panel at r of a picture; false when there is none.
func readCode(p *media.Picture, r image.Rectangle) (timeCode, bool) {
	if !r.In(image.Rect(0, 0, p.Width, p.Height)) {
		return timeCode{}, false
	}
	var means [codeBits]int
	low, high := 255, 0
	x0, y0, w, h := blocks(r)
	bw, bh := w/codeColumns, h/codeRows
	for i := range means {
		x, y := x0+float64(i%codeColumns)*bw, y0+float64(i/codeColumns)*bh
		means[i] = mean(p, int(x+bw/4), int(y+bh/4), int(x+bw*3/4+1), int(y+bh*3/4+1))
		low, high = min(low, means[i]), max(high, means[i])
	}
	if high-low < minContrast {
		return timeCode{}, false
	}
	word := uint32(0)
	for _, m := range means {
		word <<= 1
		if m > (low+high)/2 {
			word |= 1
		}
	}
	if ones := bits.OnesCount32(word); ones == 0 || ones == codeBits {
		return timeCode{}, false
	}
	return decodeWord(word)
}

// mean is the average luma of a rectangle within the picture.
func mean(p *media.Picture, x0, y0, x1, y1 int) int {
	sum := 0
	x1, y1 = min(x1, p.Width), min(y1, p.Height)
	for y := y0; y < y1; y++ {
		for _, v := range p.Y[y*p.StrideY+x0 : y*p.StrideY+x1] {
			sum += int(v)
		}
	}
	return sum / max((x1-x0)*(y1-y0), 1)
}

// fillRect paints a rectangle of even corners that lies within the picture; odd
// ones paint the chroma samples that they touch.
func fillRect(p *media.Picture, r image.Rectangle, c media.YUV) {
	for i, pl := range p.Planes() {
		area, v := r, c.Y
		if i > 0 {
			area = image.Rect(r.Min.X/2, r.Min.Y/2, (r.Max.X+1)/2, (r.Max.Y+1)/2)
			v = [...]byte{c.U, c.V}[i-1]
		}
		for y := area.Min.Y; y < area.Max.Y; y++ {
			row := pl.Pix[y*pl.Stride+area.Min.X : y*pl.Stride+area.Max.X]
			for x := range row {
				row[x] = v
			}
		}
	}
}
