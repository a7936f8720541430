package mediatest

import (
	"image"

	"github.com/omniverto/omniverto/media"
)

// Colours that stay apart after scaling and coding: no two are nearer than 30 in
// Y, U or V. The order is that of Color.
var palette = [...]media.RGB{
	{R: 200, G: 30, B: 30},   // red
	{R: 30, G: 180, B: 30},   // green
	{R: 40, G: 60, B: 220},   // blue
	{R: 220, G: 200, B: 20},  // yellow
	{R: 190, G: 40, B: 200},  // magenta
	{R: 20, G: 190, B: 200},  // cyan
	{R: 235, G: 235, B: 235}, // white
	{R: 235, G: 130, B: 20},  // orange
}

// Color is the i-th distinguishable colour; it wraps round after eight.
func Color(i int) media.RGB { return palette[((i%len(palette))+len(palette))%len(palette)] }

// Solid is a picture of one colour.
func Solid(width, height int, c media.YUV) *media.Picture {
	p := media.NewPicture(width, height)
	p.Fill(c)
	return p
}

// Quadrants is a picture of four colours: top left, top right, bottom left,
// bottom right are Color(i) to Color(i+3). It shows crops and mirrors.
func Quadrants(width, height, i int) *media.Picture {
	p := media.NewPicture(width, height)
	for q := range 4 {
		x0, y0 := (q&1)*width/2&^1, (q>>1)*height/2&^1
		x1, y1 := width, height
		if q&1 == 0 {
			x1 = width / 2 &^ 1
		}
		if q>>1 == 0 {
			y1 = height / 2 &^ 1
		}
		Rect(p, image.Rect(x0, y0, x1, y1), Color(i+q).YUV())
	}
	return p
}

// Rect paints a rectangle, clipped to the picture. Chroma samples that the
// rectangle touches are painted as a whole.
func Rect(p *media.Picture, r image.Rectangle, c media.YUV) {
	r = r.Intersect(image.Rect(0, 0, p.Width, p.Height))
	if r.Empty() {
		return
	}
	rc := image.Rect(r.Min.X/2, r.Min.Y/2, (r.Max.X+1)/2, (r.Max.Y+1)/2)
	for i, pl := range p.Planes() {
		area, v := r, c.Y
		if i > 0 {
			area, v = rc, [...]byte{c.U, c.V}[i-1]
		}
		for y := area.Min.Y; y < area.Max.Y; y++ {
			row := pl.Pix[y*pl.Stride+area.Min.X : y*pl.Stride+area.Max.X]
			for x := range row {
				row[x] = v
			}
		}
	}
}

// Gradient is a smooth picture in all three planes, the friendliest input of a
// scaler: luma grows to the right and down, chroma to the right and up.
func Gradient(width, height int) *media.Picture {
	p := media.NewPicture(width, height)
	for i, pl := range p.Planes() {
		for y := range pl.Height {
			for x := range pl.Width {
				h, v := x*110/max(pl.Width-1, 1), y*110/max(pl.Height-1, 1)
				if i > 0 {
					v = 110 - v
				}
				pl.Pix[y*pl.Stride+x] = byte(16 + h + v)
			}
		}
	}
	return p
}

// Noise fills a picture with pseudo-random samples of the limited range, the same
// for the same seed.
func Noise(width, height int, seed uint64) *media.Picture {
	p, next := media.NewPicture(width, height), generator(seed)
	for _, pl := range p.Planes() {
		for y := range pl.Height {
			row := pl.Pix[y*pl.Stride : y*pl.Stride+pl.Width]
			for x := range row {
				row[x] = byte(16 + next()%220)
			}
		}
	}
	return p
}

// Moving paints frame n of an endless scene into p: a soft textured background
// that drifts, and a square of Color(i) that runs across. Any two frames differ,
// and a codec finds motion as in a camera picture.
func Moving(p *media.Picture, i, n int) {
	for j, pl := range p.Planes() {
		for y := range pl.Height {
			row := pl.Pix[y*pl.Stride : y*pl.Stride+pl.Width]
			for x := range row {
				row[x] = texture(j, x+n*(2-min(j, 1)), y+n/2)
			}
		}
	}
	side := max(p.Height/4, 8) &^ 1
	x := (n * 6) % max(p.Width-side, 1) &^ 1
	y := (n * 2) % max(p.Height-side, 1) &^ 1
	Rect(p, image.Rect(x, y, x+side, y+side), Color(i).YUV())
}

// Detailed paints a still picture full of edges into p: a mosaic of the seed's
// flat blocks of uneven size, hard for a codec and soft for nobody.
func Detailed(p *media.Picture, seed uint64) {
	next := generator(seed)
	for y := 0; y < p.Height; {
		h := 4 + int(next()%20)&^1
		for x := 0; x < p.Width; {
			w := 4 + int(next()%40)&^1
			c := media.YUV{Y: byte(40 + next()%160), U: byte(100 + next()%56), V: byte(100 + next()%56)}
			Rect(p, image.Rect(x, y, x+w, y+h), c)
			x += w
		}
		y += h
	}
}

// Grain adds pseudo-random noise of ± amplitude to the luma, as a camera does.
func Grain(p *media.Picture, amplitude int, seed uint64) {
	next := generator(seed)
	for y := range p.Height {
		row := p.Y[y*p.StrideY : y*p.StrideY+p.Width]
		for x, v := range row {
			row[x] = byte(min(max(int(v)+int(next()%uint64(2*amplitude+1))-amplitude, 16), 235))
		}
	}
}

// generator returns a source of pseudo-random numbers, the same for the same seed.
func generator(seed uint64) func() uint64 {
	return func() uint64 {
		seed = seed*6364136223846793005 + 1442695040888963407
		return seed >> 33
	}
}

// texture is the background's sample of plane j.
func texture(j, x, y int) byte {
	if j > 0 {
		return byte(112 + wave(x*2+y+j*64)/8)
	}
	return byte(70 + wave(x)/3 + wave(y*2+x)/4 + wave(x*y/64)/16)
}

// wave is a triangle of period 128 and range 0 to 128.
func wave(x int) int {
	if x &= 127; x > 63 {
		x = 127 - x
	}
	return 2 * x
}
