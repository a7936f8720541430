package pixel

import (
	"image"

	"github.com/omniverto/omniverto/media"
)

// Gray takes the colour out of the part of rect that lies within p.
func Gray(p *media.Picture, rect image.Rectangle) {
	if rect = rect.Intersect(bounds(p)); rect.Empty() {
		return
	}
	to, none := planes(p), media.RGB{}.YUV()
	fillPlane(to[1], chroma(rect), none.U)
	fillPlane(to[2], chroma(rect), none.V)
}

// Sepia gives the part of rect that lies within p the brown tones of an old
// photograph: the tone of its luma. A chroma sample takes the tone of the mean
// luma that it covers.
func Sepia(p *media.Picture, rect image.Rectangle) {
	if rect = rect.Intersect(bounds(p)); rect.Empty() {
		return
	}
	var tones [256]media.YUV
	for y := range tones {
		tones[y] = sepia(byte(y))
	}
	for y := rect.Min.Y; y < rect.Max.Y; y += 2 {
		top, bottom := lumaRows(p, rect, y)
		at := y/2*p.StrideUV + rect.Min.X/2
		u, v := p.U[at:at+chroma(rect).Dx()], p.V[at:at+chroma(rect).Dx()]
		for x := range u {
			right := min(2*x+1, len(top)-1) // an odd width's last pixel stands for both
			mean := (int(top[2*x]) + int(top[right]) + int(bottom[2*x]) + int(bottom[right]) + 2) / 4
			u[x], v[x] = tones[mean].U, tones[mean].V
		}
		for x, l := range top {
			top[x] = tones[l].Y
		}
		if y+1 < rect.Max.Y {
			for x, l := range bottom {
				bottom[x] = tones[l].Y
			}
		}
	}
}

// lumaRows are the rows y and y+1 of rect; the last one of an odd height stands
// for both.
func lumaRows(p *media.Picture, rect image.Rectangle, y int) (top, bottom []byte) {
	at, below := y*p.StrideY+rect.Min.X, min(y+1, rect.Max.Y-1)*p.StrideY+rect.Min.X
	return p.Y[at : at+rect.Dx()], p.Y[below : below+rect.Dx()]
}

// sepia is the tone of a luma: the usual sepia matrix (.393 .769 .189 / .349 .686
// .168 / .272 .534 .131), whose rows are applied to a grey pixel.
func sepia(y byte) media.YUV {
	grey := int(rgb(y, 128, 128).R)
	tone := func(thousandths int) uint8 { return uint8(min((grey*thousandths+500)/1000, 255)) }
	return media.RGB{R: tone(1351), G: tone(1203), B: tone(937)}.YUV()
}

// block is the size in pixels of EightBit's squares.
const block = 4

// EightBit draws the part of rect that lies within p in the manner of an old
// computer: squares of 4x4 pixels from the corner of rect on, in 256 colours, 3
// bits of red and green and 2 of blue.
func EightBit(p *media.Picture, rect image.Rectangle) {
	at := rect.Min
	if rect = rect.Intersect(bounds(p)); rect.Empty() {
		return
	}
	for y := at.Y; y < rect.Max.Y; y += block {
		for x := at.X; x < rect.Max.X; x += block {
			luma := image.Rect(x, y, x+block, y+block).Intersect(rect)
			if luma.Empty() {
				continue
			}
			uv := chroma(luma)
			c := coarse(media.YUV{
				Y: meanOf(p.Y, p.StrideY, luma), U: meanOf(p.U, p.StrideUV, uv), V: meanOf(p.V, p.StrideUV, uv),
			})
			paintSquare(p.Y, p.StrideY, luma, c.Y)
			paintSquare(p.U, p.StrideUV, uv, c.U)
			paintSquare(p.V, p.StrideUV, uv, c.V)
		}
	}
}

// meanOf is the rounded mean of a rectangle of a plane.
func meanOf(pix []byte, stride int, r image.Rectangle) uint8 {
	sum, n := 0, r.Dx()*r.Dy()
	for y := r.Min.Y; y < r.Max.Y; y++ {
		for _, v := range pix[y*stride+r.Min.X : y*stride+r.Max.X] {
			sum += int(v)
		}
	}
	return uint8((sum + n/2) / n)
}

// paintSquare is fillPlane for the few samples of a square.
func paintSquare(pix []byte, stride int, r image.Rectangle, v byte) {
	for y := r.Min.Y; y < r.Max.Y; y++ {
		row := pix[y*stride+r.Min.X : y*stride+r.Max.X]
		for x := range row {
			row[x] = v
		}
	}
}

// coarse is the nearest of 256 colours. The divisors are constants, which makes
// them multiplications.
func coarse(c media.YUV) media.YUV {
	full := rgb(c.Y, c.U, c.V)
	eight := func(v uint8) uint8 { return uint8((int(v)*7 + 127) / 255 * 255 / 7) }
	four := func(v uint8) uint8 { return uint8((int(v)*3 + 127) / 255 * 255 / 3) }
	return media.RGB{R: eight(full.R), G: eight(full.G), B: four(full.B)}.YUV()
}
