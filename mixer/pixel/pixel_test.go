package pixel_test

import (
	"fmt"
	"image"
	"image/color"
	"testing"

	"github.com/omniverto/omniverto/media"
	"github.com/omniverto/omniverto/media/mediatest"
	"github.com/omniverto/omniverto/mixer/pixel"
)

// all is the whole picture as a rectangle.
func all(p *media.Picture) image.Rectangle { return image.Rect(0, 0, p.Width, p.Height) }

// chroma is the rectangle of chroma samples under r.
func chroma(r image.Rectangle) image.Rectangle {
	return image.Rect(r.Min.X/2, r.Min.Y/2, (r.Max.X+1)/2, (r.Max.Y+1)/2)
}

// area is r in the samples of plane i.
func area(i int, r image.Rectangle) image.Rectangle {
	if i == 0 {
		return r
	}
	return chroma(r)
}

// clone copies a picture sample by sample.
func clone(p *media.Picture) *media.Picture {
	c := media.NewPicture(p.Width, p.Height)
	from, to := p.Planes(), c.Planes()
	for i := range from {
		copy(to[i].Pix, from[i].Pix)
	}
	return c
}

// check compares every sample of got with want(plane, x, y).
func check(t *testing.T, got *media.Picture, want func(i, x, y int) byte) {
	t.Helper()
	for i, pl := range got.Planes() {
		for y := range pl.Height {
			for x := range pl.Width {
				if g, w := pl.Pix[y*pl.Stride+x], want(i, x, y); g != w {
					t.Fatalf("plane %d at %d,%d: %d, want %d", i, x, y, g, w)
				}
			}
		}
	}
}

// sample reads one sample of a plane.
func sample(p *media.Picture, i, x, y int) byte {
	pl := p.Planes()[i]
	return pl.Pix[y*pl.Stride+x]
}

func TestFill(t *testing.T) {
	c := media.YUV{Y: 1, U: 2, V: 3}
	for _, r := range []image.Rectangle{
		image.Rect(2, 4, 10, 8), image.Rect(0, 0, 17, 11), image.Rect(-4, -4, 4, 4),
		image.Rect(16, 10, 40, 40), image.Rect(4, 4, 4, 9), image.Rect(30, 30, 40, 40),
	} {
		t.Run(r.String(), func(t *testing.T) {
			p := mediatest.Noise(17, 11, 1)
			before, in := clone(p), r.Intersect(all(p))
			pixel.Fill(p, r, c)
			check(t, p, func(i, x, y int) byte {
				if image.Pt(x, y).In(area(i, in)) {
					return [...]byte{1, 2, 3}[i]
				}
				return sample(before, i, x, y)
			})
		})
	}
}

func TestCopyRect(t *testing.T) {
	for _, c := range []struct {
		name string
		at   image.Point
		crop image.Rectangle
	}{
		{"inside", image.Pt(2, 2), image.Rect(4, 2, 10, 8)},
		{"over the left top edge", image.Pt(-4, -2), image.Rect(0, 0, 9, 7)},
		{"over the right bottom edge", image.Pt(14, 8), image.Rect(0, 0, 9, 7)},
		{"crop larger than the source", image.Pt(0, 0), image.Rect(-2, -2, 90, 70)},
		{"outside", image.Pt(40, 0), image.Rect(0, 0, 9, 7)},
	} {
		t.Run(c.name, func(t *testing.T) {
			src, dst := mediatest.Noise(9, 7, 1), mediatest.Noise(17, 11, 2)
			before := clone(dst)
			shift := c.at.Sub(c.crop.Min)
			in := c.crop.Intersect(all(src)).Add(shift).Intersect(all(dst))
			pixel.CopyRect(dst, c.at, src, c.crop)
			check(t, dst, func(i, x, y int) byte {
				if image.Pt(x, y).In(area(i, in)) {
					s := area(i, in).Min.Sub(area(i, in.Sub(shift)).Min)
					return sample(src, i, x-s.X, y-s.Y)
				}
				return sample(before, i, x, y)
			})
		})
	}
}

func TestCopyWhole(t *testing.T) {
	src, dst := mediatest.Noise(9, 7, 1), mediatest.Noise(9, 7, 2)
	pixel.Copy(dst, image.Point{}, src)
	check(t, dst, func(i, x, y int) byte { return sample(src, i, x, y) })
}

func TestBlend(t *testing.T) {
	src := mediatest.Solid(4, 3, media.YUV{Y: 200, U: 40, V: 60})
	dst := mediatest.Solid(8, 6, media.YUV{Y: 100, U: 140, V: 160})
	alpha := []byte{
		0, 255, 128, 128,
		0, 255, 128, 128,
		255, 255, 0, 10,
	}
	pixel.Blend(dst, image.Pt(2, 2), src, alpha)
	want := map[[3]int]byte{
		{0, 2, 2}: 100, {0, 3, 2}: 200, {0, 4, 2}: 150, {0, 5, 4}: 104, {0, 1, 2}: 100, {0, 2, 5}: 100,
		{1, 1, 1}: 90, {2, 1, 1}: 110, // mean alpha 128 of 0, 255, 0, 255
		{1, 2, 1}: 90, {1, 1, 2}: 40, {1, 2, 2}: 138, // the bottom row has one row of pixels
		{1, 0, 1}: 140, {1, 3, 2}: 140,
	}
	for k, w := range want {
		if g := sample(dst, k[0], k[1], k[2]); g != w {
			t.Errorf("plane %d at %d,%d: %d, want %d", k[0], k[1], k[2], g, w)
		}
	}
}

func TestMeansAreRounded(t *testing.T) {
	img := image.NewNRGBA(image.Rect(0, 0, 2, 2))
	for i, r := range []uint8{255, 255, 255, 254} {
		img.SetNRGBA(i%2, i/2, color.NRGBA{R: r, A: 255})
	}
	if got, want := pixel.FromImage(img).V[0], (media.RGB{R: 255}).YUV().V; got != want {
		t.Errorf("FromImage: V %d, want %d", got, want)
	}
	src, dst := mediatest.Solid(2, 2, media.YUV{}), mediatest.Solid(2, 2, media.YUV{U: 255})
	pixel.Blend(dst, image.Point{}, src, []byte{255, 255, 255, 254})
	if dst.U[0] != 0 {
		t.Errorf("Blend: U %d, want 0", dst.U[0])
	}
}

func TestBlendAtTheEdges(t *testing.T) {
	src, alpha := mediatest.Noise(9, 7, 1), make([]byte, 9*7)
	for i := range alpha {
		alpha[i] = 255
	}
	for _, at := range []image.Point{{X: -4, Y: -2}, {X: 14, Y: 8}, {X: 60, Y: 0}} {
		blended, copied := mediatest.Noise(17, 11, 2), mediatest.Noise(17, 11, 2)
		pixel.Blend(blended, at, src, alpha)
		pixel.Copy(copied, at, src)
		check(t, blended, func(i, x, y int) byte { return sample(copied, i, x, y) })
	}
}

func TestFromImage(t *testing.T) {
	colors := []media.RGB{{}, {R: 255, G: 255, B: 255}, {R: 255}, {G: 255}, {B: 255}, {R: 12, G: 130, B: 77}}
	for _, c := range colors {
		t.Run(fmt.Sprint(c), func(t *testing.T) {
			rgba := image.NewRGBA(image.Rect(5, 5, 12, 10)) // 7x5, not at the origin
			half := image.NewNRGBA(rgba.Rect)               // opacity is left out
			for i := 0; i < len(rgba.Pix); i += 4 {
				copy(rgba.Pix[i:], []byte{c.R, c.G, c.B, 255})
				copy(half.Pix[i:], []byte{c.R, c.G, c.B, 100})
			}
			w := c.YUV()
			for _, img := range []image.Image{rgba, half} {
				check(t, pixel.FromImage(img), func(i, x, y int) byte { return [...]byte{w.Y, w.U, w.V}[i] })
			}
		})
	}
}

func TestFromImageAveragesChroma(t *testing.T) {
	img := image.NewRGBA(image.Rect(0, 0, 2, 2))
	for i, c := range []color.RGBA{{R: 255, A: 255}, {G: 255, A: 255}, {B: 255, A: 255}, {A: 255}} {
		img.SetRGBA(i%2, i/2, c)
	}
	p, mean := pixel.FromImage(img), media.RGB{R: 64, G: 64, B: 64}.YUV()
	if got := (media.YUV{Y: mean.Y, U: p.U[0], V: p.V[0]}); got != mean {
		t.Errorf("chroma %d,%d, want that of the mean colour %d,%d", got.U, got.V, mean.U, mean.V)
	}
	if got, want := p.Y[1], (media.RGB{G: 255}).YUV().Y; got != want {
		t.Errorf("luma of the green pixel %d, want %d", got, want)
	}
}

func TestToImageInverts(t *testing.T) {
	for _, c := range []media.RGB{{}, {R: 255, G: 255, B: 255}, {R: 255}, {G: 255}, {B: 255}, {R: 51, G: 51, B: 51}, {R: 20, G: 130, B: 70}} {
		got := pixel.ToImage(mediatest.Solid(3, 3, c.YUV())).RGBAAt(2, 2)
		for i, d := range []int{int(got.R) - int(c.R), int(got.G) - int(c.G), int(got.B) - int(c.B)} {
			if max(d, -d) > 3 { // 219 steps of luma, 224 of chroma, each rounded
				t.Errorf("%v came back as %v (channel %d)", c, got, i)
			}
		}
	}
}

func TestNoAllocations(t *testing.T) {
	src, dst, alpha := mediatest.Noise(320, 180, 1), media.NewPicture(640, 360), make([]byte, 320*180)
	bitmap := &pixel.Bitmap{Picture: src, Alpha: alpha}
	var s pixel.Scaler = pixel.Reference{}
	for name, f := range map[string]func(){
		"scale": func() { s.Scale(dst, image.Rect(0, 0, 212, 120), src, all(src)) },
		"copy":  func() { pixel.Copy(dst, image.Pt(2, 2), src) },
		"fill":  func() { pixel.Fill(dst, all(dst), media.YUV{}) },
		"blend": func() { pixel.Blend(dst, image.Pt(4, 4), src, alpha) },
		"lay":   func() { pixel.Lay(dst, image.Pt(4, 4), bitmap, image.Rect(0, 0, 100, 100)) },
		"turn":  func() { pixel.Turn(dst, image.Pt(4, 4), src, all(src), pixel.Orientation{Quarters: 1}) },
		"gray":  func() { pixel.Gray(dst, all(dst)) },
		"sepia": func() { pixel.Sepia(dst, all(dst)) },
		"8bit":  func() { pixel.EightBit(dst, all(dst)) },
	} {
		if n := testing.AllocsPerRun(5, f); n != 0 {
			t.Errorf("%s: %v allocations", name, n)
		}
	}
}
