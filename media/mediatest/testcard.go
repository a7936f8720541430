package mediatest

import (
	"image"
	"image/color"
	"image/draw"
	"math"

	"github.com/omniverto/omniverto/media"
)

// CardColor is the colour of the i-th camera, A to D, of the pictures that were
// recorded from FreeSWITCH; it wraps round after four. None is near white, a
// corner square or another one.
func CardColor(i int) media.RGB {
	colors := [...]media.RGB{{R: 28, G: 95, B: 196}, {R: 28, G: 125, B: 60}, {R: 116, G: 29, B: 88}, {R: 124, G: 98, B: 0}}
	return colors[((i%len(colors))+len(colors))%len(colors)]
}

// glyphs are the letters that a card can have.
const glyphs = "ABCDEFGH"

// TestCard is a camera picture that shows where it was cut, turned or stretched,
// drawn as those of the recorded pictures: a white frame, white lines at each
// quarter of the width, a white circle with 0.4 of the height as radius, a letter
// (A to H) in the middle, and squares in the corners: red top left, green top
// right, blue bottom left, yellow bottom right.
func TestCard(width, height int, c media.RGB, letter rune) *media.Picture {
	img := image.NewRGBA(image.Rect(0, 0, width, height))
	fill := func(r image.Rectangle, c media.RGB) {
		draw.Draw(img, r, image.NewUniform(color.RGBA{c.R, c.G, c.B, 255}), image.Point{}, draw.Src)
	}
	white := media.RGB{R: 255, G: 255, B: 255}
	half := max(height/180, 1) // of a line; of the frame only the inner half is seen
	fill(img.Rect, white)
	fill(img.Rect.Inset(half), c)
	for i := 1; i < 4; i++ {
		x := width * i / 4
		fill(image.Rect(x-half, 0, x+half, height), white)
	}
	ring(img, float64(height)*0.4, float64(half))
	glyph(img, letter, height/36, fill, white)
	side := height / 9
	for i, corner := range []media.RGB{{R: 255}, {G: 255}, {B: 255}, {R: 255, G: 255}} {
		at := image.Pt(i%2*(width-side), i/2*(height-side))
		fill(image.Rectangle{Min: at, Max: at.Add(image.Pt(side, side))}, corner)
	}
	return fromRGBA(img)
}

// ring draws a white circle around the middle.
func ring(img *image.RGBA, radius, half float64) {
	b := img.Bounds()
	for y := range b.Dy() {
		for x := range b.Dx() {
			d := math.Hypot(float64(2*x+1-b.Dx())/2, float64(2*y+1-b.Dy())/2)
			if math.Abs(d-radius) <= half {
				img.SetRGBA(x, y, color.RGBA{255, 255, 255, 255})
			}
		}
	}
}

// glyph draws a letter of 5x7 dots in the middle, dot pixels large.
func glyph(img *image.RGBA, letter rune, dot int, fill func(image.Rectangle, media.RGB), c media.RGB) {
	font := [...]string{
		".###." + "#...#" + "#...#" + "#####" + "#...#" + "#...#" + "#...#",
		"####." + "#...#" + "#...#" + "####." + "#...#" + "#...#" + "####.",
		".####" + "#...." + "#...." + "#...." + "#...." + "#...." + ".####",
		"####." + "#...#" + "#...#" + "#...#" + "#...#" + "#...#" + "####.",
		"#####" + "#...." + "#...." + "####." + "#...." + "#...." + "#####",
		"#####" + "#...." + "#...." + "####." + "#...." + "#...." + "#....",
		".####" + "#...." + "#...." + "#..##" + "#...#" + "#...#" + ".####",
		"#...#" + "#...#" + "#...#" + "#####" + "#...#" + "#...#" + "#...#",
	}
	for i, l := range glyphs {
		if l != letter {
			continue
		}
		at := image.Pt(img.Rect.Dx()/2-5*dot/2, img.Rect.Dy()/2-7*dot/2)
		for j, d := range font[i] {
			if d == '#' {
				p := at.Add(image.Pt(j%5*dot, j/5*dot))
				fill(image.Rectangle{Min: p, Max: p.Add(image.Pt(dot, dot))}, c)
			}
		}
	}
}

// fromRGBA converts a picture; a chroma sample is the mean of its pixels.
func fromRGBA(img *image.RGBA) *media.Picture {
	p := media.NewPicture(img.Rect.Dx(), img.Rect.Dy())
	for y := range p.Height {
		for x := range p.Width {
			c := img.RGBAAt(x, y)
			p.Y[y*p.StrideY+x] = media.RGB{R: c.R, G: c.G, B: c.B}.YUV().Y
		}
	}
	for y := 0; y < p.Height; y += 2 {
		for x := 0; x < p.Width; x += 2 {
			var u, v, n int
			for i := range 4 {
				if at := image.Pt(x+i%2, y+i/2); at.In(img.Rect) {
					c := img.RGBAAt(at.X, at.Y)
					yuv := media.RGB{R: c.R, G: c.G, B: c.B}.YUV()
					u, v, n = u+int(yuv.U), v+int(yuv.V), n+1
				}
			}
			i := y/2*p.StrideUV + x/2
			p.U[i], p.V[i] = byte((u+n/2)/n), byte((v+n/2)/n)
		}
	}
	return p
}
