package pixel_test

import (
	"image"
	"math"
	"testing"

	"github.com/omniverto/omniverto/media"
	"github.com/omniverto/omniverto/media/mediatest"
	"github.com/omniverto/omniverto/mixer/pixel"
)

var filters = map[string]func(*media.Picture, image.Rectangle){
	"gray": pixel.Gray, "sepia": pixel.Sepia, "8bit": pixel.EightBit,
}

func TestFiltersStayInside(t *testing.T) {
	for name, filter := range filters {
		for _, r := range []image.Rectangle{
			image.Rect(4, 2, 20, 12), image.Rect(0, 0, 33, 19), image.Rect(-6, -4, 8, 8),
			image.Rect(30, 16, 60, 40), image.Rect(40, 40, 50, 50), image.Rect(6, 6, 6, 10), image.Rect(2, 2, 4, 4),
		} {
			t.Run(name+r.String(), func(t *testing.T) {
				p := mediatest.Noise(33, 19, 3)
				before, in := clone(p), r.Intersect(all(p))
				filter(p, r)
				check(t, p, func(i, x, y int) byte {
					if image.Pt(x, y).In(area(i, in)) {
						return sample(p, i, x, y)
					}
					return sample(before, i, x, y)
				})
			})
		}
	}
}

func TestGrayKeepsLuma(t *testing.T) {
	p := mediatest.Noise(33, 19, 3)
	before := clone(p)
	pixel.Gray(p, all(p))
	check(t, p, func(i, x, y int) byte {
		if i == 0 {
			return sample(before, 0, x, y)
		}
		return 128
	})
}

// TestSepiaIsTheMatrix: on grey pixels, where luma is all that there is, sepia is
// the usual matrix; colours of the same luma become the same tone.
func TestSepiaIsTheMatrix(t *testing.T) {
	for grey := 0; grey < 256; grey += 5 {
		p := mediatest.Solid(4, 4, media.RGB{R: uint8(grey), G: uint8(grey), B: uint8(grey)}.YUV())
		pixel.Sepia(p, all(p))
		row := func(r, g, b float64) float64 { return min(math.Round(float64(grey)*(r+g+b)), 255) }
		want := [3]float64{row(.393, .769, .189), row(.349, .686, .168), row(.272, .534, .131)}
		img := pixel.ToImage(p).RGBAAt(1, 1)
		for i, got := range []uint8{img.R, img.G, img.B} {
			if math.Abs(float64(got)-want[i]) > 5 { // two conversions, each rounded in three planes
				t.Errorf("grey %d, channel %d: %d, want %.0f", grey, i, got, want[i])
			}
		}
	}
	colored := mediatest.Solid(4, 4, media.YUV{Y: 100, U: 30, V: 220})
	grey := mediatest.Solid(4, 4, media.YUV{Y: 100, U: 128, V: 128})
	pixel.Sepia(colored, all(colored))
	pixel.Sepia(grey, all(grey))
	check(t, colored, func(i, x, y int) byte { return sample(grey, i, x, y) })
}

// TestSepiaOfMixedLuma: chroma is that of the mean, taken before luma changes.
func TestSepiaOfMixedLuma(t *testing.T) {
	mixed, flat := mediatest.Solid(3, 3, media.YUV{Y: 60, U: 1, V: 2}), mediatest.Solid(2, 2, media.YUV{Y: 160})
	for i, v := range []byte{40, 240, 120, 240} {
		mixed.Y[i/2*mixed.StrideY+i%2] = v
	}
	pixel.Sepia(mixed, all(mixed))
	pixel.Sepia(flat, all(flat))
	if got, want := [2]byte{mixed.U[0], mixed.V[0]}, [2]byte{flat.U[0], flat.V[0]}; got != want {
		t.Errorf("chroma %v, want that of the mean %v", got, want)
	}
	edge := mediatest.Solid(2, 2, media.YUV{Y: 60})
	pixel.Sepia(edge, all(edge))
	if at := mixed.StrideUV + 1; mixed.U[at] != edge.U[0] || mixed.Y[2*mixed.StrideY+2] != edge.Y[0] {
		t.Errorf("the last pixel of an odd picture: %d %d, want %d %d", mixed.Y[2*mixed.StrideY+2], mixed.U[at], edge.Y[0], edge.U[0])
	}
}

func TestEightBit(t *testing.T) {
	p := mediatest.Noise(64, 36, 3)
	pixel.EightBit(p, image.Rect(2, 2, 64, 36))
	colors := map[media.YUV]bool{}
	for r := range 8 {
		for g := range 8 {
			for b := range 4 {
				colors[media.RGB{R: uint8(r * 255 / 7), G: uint8(g * 255 / 7), B: uint8(b * 255 / 3)}.YUV()] = true
			}
		}
	}
	for y := 2; y < 36; y++ {
		for x := 2; x < 64; x++ {
			corner := image.Pt((x-2)/4*4+2, (y-2)/4*4+2)
			got := media.YUV{Y: sample(p, 0, x, y), U: sample(p, 1, x/2, y/2), V: sample(p, 2, x/2, y/2)}
			if got.Y != sample(p, 0, corner.X, corner.Y) {
				t.Fatalf("at %d,%d: %d, want the colour of its square", x, y, got.Y)
			}
			if !colors[got] {
				t.Fatalf("at %d,%d: %v is none of the 256 colours", x, y, got)
			}
		}
	}
}

func TestEightBitKeepsPureColors(t *testing.T) {
	for _, c := range []media.RGB{{}, {R: 255, G: 255, B: 255}, {R: 255}, {G: 255}, {B: 255}} {
		p := mediatest.Solid(9, 7, c.YUV())
		pixel.EightBit(p, all(p))
		check(t, p, func(i, x, y int) byte { return [...]byte{c.YUV().Y, c.YUV().U, c.YUV().V}[i] })
	}
}

func FuzzFilters(f *testing.F) {
	f.Add(int8(-4), int8(2), uint8(30), uint8(9), uint64(1))
	f.Fuzz(func(t *testing.T, x, y int8, w, h uint8, seed uint64) {
		at := image.Pt(int(x)&^1, int(y)&^1)
		r := image.Rectangle{Min: at, Max: at.Add(image.Pt(int(w)&^1, int(h)&^1))}
		for _, filter := range filters {
			p := mediatest.Noise(33, 21, seed)
			before := clone(p)
			filter(p, r)
			in := r.Intersect(all(p))
			check(t, p, func(i, x, y int) byte {
				if image.Pt(x, y).In(area(i, in)) {
					return sample(p, i, x, y)
				}
				return sample(before, i, x, y)
			})
		}
	})
}
