package pixel

import (
	"image"
	"image/color"
	"image/draw"

	"github.com/omniverto/omniverto/media"
)

// FromImage converts an image to a new picture of its size, BT.601 limited range
// by the formula of media.RGB.YUV; a chroma sample is made of the mean colour of
// the pixels that it covers. Opacity is left out: colours are taken as they are
// where the image is opaque, for Blend. It allocates; it is for bitmaps that are
// kept.
func FromImage(img image.Image) *media.Picture {
	src := straight(img)
	p := media.NewPicture(src.Rect.Dx(), src.Rect.Dy())
	for y := range p.Height {
		for x := range p.Width {
			c := src.NRGBAAt(src.Rect.Min.X+x, src.Rect.Min.Y+y)
			p.Y[y*p.StrideY+x] = media.RGB{R: c.R, G: c.G, B: c.B}.YUV().Y
		}
	}
	for y := 0; y < p.Height; y += 2 {
		for x := 0; x < p.Width; x += 2 {
			c, at := mean(src, x, y).YUV(), y/2*p.StrideUV+x/2
			p.U[at], p.V[at] = c.U, c.V
		}
	}
	return p
}

// straight is img with colours that are not multiplied by their opacity.
func straight(img image.Image) *image.NRGBA {
	if n, ok := img.(*image.NRGBA); ok {
		return n
	}
	n := image.NewNRGBA(img.Bounds())
	draw.Draw(n, n.Rect, img, n.Rect.Min, draw.Src)
	return n
}

// mean is the rounded mean of the up to four pixels from x, y.
func mean(src *image.NRGBA, x, y int) media.RGB {
	var r, g, b, n int
	for j := y; j < min(y+2, src.Rect.Dy()); j++ {
		for i := x; i < min(x+2, src.Rect.Dx()); i++ {
			c := src.NRGBAAt(src.Rect.Min.X+i, src.Rect.Min.Y+j)
			r, g, b, n = r+int(c.R), g+int(c.G), b+int(c.B), n+1
		}
	}
	return media.RGB{R: uint8((r + n/2) / n), G: uint8((g + n/2) / n), B: uint8((b + n/2) / n)}
}

// ToImage converts a picture to RGB, for PNG files. Every pixel takes the chroma
// sample that covers it.
func ToImage(p *media.Picture) *image.RGBA {
	img := image.NewRGBA(image.Rect(0, 0, p.Width, p.Height))
	for y := range p.Height {
		for x := range p.Width {
			at := y/2*p.StrideUV + x/2
			img.SetRGBA(x, y, rgb(p.Y[y*p.StrideY+x], p.U[at], p.V[at]))
		}
	}
	return img
}

// rgb is the inverse of media.RGB.YUV in the usual 8-bit integer form: 298/256
// is 255/219, and so on with the BT.601 chroma weights.
func rgb(y, u, v byte) color.RGBA {
	l, d, e := 298*(int(y)-16)+128, int(u)-128, int(v)-128
	clip := func(n int) uint8 { return uint8(min(max(n>>8, 0), 255)) }
	return color.RGBA{R: clip(l + 409*e), G: clip(l - 100*d - 208*e), B: clip(l + 516*d), A: 255}
}
