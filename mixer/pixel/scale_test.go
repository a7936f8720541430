package pixel_test

import (
	"image"
	"math"
	"testing"

	"github.com/omniverto/omniverto/media"
	"github.com/omniverto/omniverto/media/mediatest"
	"github.com/omniverto/omniverto/mixer/pixel"
)

// weigh returns what share each of the size source pixels has in destination
// pixel i of n: the definition of the filter in floating point.
func weigh(size, n, i int) map[int]float64 {
	step := float64(size) / float64(n)
	w := map[int]float64{}
	if n <= size {
		from, to := float64(i)*step, float64(i+1)*step
		for k := int(from); k < size && float64(k) < to; k++ {
			if share := (min(float64(k+1), to) - max(float64(k), from)) / step; share > 1e-9 {
				w[k] = share
			}
		}
		return w
	}
	at := min(max((float64(i)+0.5)*step-0.5, 0), float64(size-1))
	k := int(at)
	w[k] = 1 - (at - float64(k))
	w[min(k+1, size-1)] += at - float64(k)
	return w
}

// slow is the scaler by its definition.
func slow(src *media.Picture, crop image.Rectangle, w, h int) [3][][]float64 {
	var out [3][][]float64
	for i, pl := range src.Planes() {
		c, r := area(i, crop), area(i, image.Rect(0, 0, w, h))
		for y := range r.Dy() {
			row := make([]float64, r.Dx())
			for x := range row {
				for k, wy := range weigh(c.Dy(), r.Dy(), y) {
					for j, wx := range weigh(c.Dx(), r.Dx(), x) {
						row[x] += wx * wy * float64(pl.Pix[(c.Min.Y+k)*pl.Stride+c.Min.X+j])
					}
				}
			}
			out[i] = append(out[i], row)
		}
	}
	return out
}

// compare scales by the reference into the middle of a larger picture and
// checks the result by the definition and that nothing else was written.
func compare(t *testing.T, src *media.Picture, crop image.Rectangle, w, h int) {
	t.Helper()
	dst := mediatest.Noise(w+8, h+8, 99)
	before, rect := clone(dst), image.Rect(4, 2, 4+w, 2+h)
	pixel.Reference{}.Scale(dst, rect, src, crop)
	want := slow(src, crop, w, h)
	for i, pl := range dst.Planes() {
		r := area(i, rect)
		for y := range pl.Height {
			for x := range pl.Width {
				got := pl.Pix[y*pl.Stride+x]
				if !image.Pt(x, y).In(r) {
					if got != sample(before, i, x, y) {
						t.Fatalf("plane %d at %d,%d: written outside of %v", i, x, y, r)
					}
					continue
				}
				if f := want[i][y-r.Min.Y][x-r.Min.X]; math.Abs(float64(got)-f) > 0.5+1e-6 {
					t.Fatalf("plane %d at %d,%d of %v: %d, want %.3f", i, x, y, r, got, f)
				}
			}
		}
	}
}

func TestReferenceIsItsDefinition(t *testing.T) {
	whole := image.Rectangle{}
	for _, c := range []struct {
		name       string
		srcW, srcH int
		crop       image.Rectangle
		w, h       int
	}{
		{"half", 64, 36, whole, 32, 18},
		{"third", 64, 36, whole, 22, 12},
		{"no simple ratio", 65, 37, whole, 26, 30},
		{"double", 32, 18, whole, 64, 36},
		{"one and a half", 32, 18, whole, 48, 28},
		{"wider and lower", 32, 18, whole, 50, 10},
		{"narrower and higher", 32, 18, whole, 10, 40},
		{"one axis alone", 32, 18, whole, 32, 10},
		{"chroma equal, luma not", 3, 3, whole, 4, 4},
		{"odd to odd at the edge", 33, 19, whole, 15, 9},
		{"crop", 64, 36, image.Rect(10, 6, 42, 30), 20, 20},
		{"crop to the odd edge", 33, 19, image.Rect(10, 6, 33, 19), 40, 20},
		{"crop of the same size", 64, 36, image.Rect(10, 6, 42, 30), 32, 24},
		{"one pixel", 1, 1, whole, 6, 6},
		{"to two pixels", 64, 36, whole, 2, 2},
	} {
		t.Run(c.name, func(t *testing.T) {
			src := mediatest.Noise(c.srcW, c.srcH, 7)
			if c.crop.Empty() {
				c.crop = all(src)
			}
			compare(t, src, c.crop, c.w, c.h)
		})
	}
}

func TestFlatStaysFlat(t *testing.T) {
	for _, c := range []media.YUV{{}, {Y: 255, U: 255, V: 255}, {Y: 16, U: 128, V: 240}} {
		src := mediatest.Solid(97, 55, c)
		for _, size := range []image.Point{{X: 40, Y: 22}, {X: 300, Y: 170}, {X: 97, Y: 20}} {
			dst := media.NewPicture(size.X, size.Y)
			pixel.Reference{}.Scale(dst, all(dst), src, all(src))
			check(t, dst, func(i, x, y int) byte { return [...]byte{c.Y, c.U, c.V}[i] })
		}
	}
}

func TestWiderThanTheStackRow(t *testing.T) {
	src, dst := mediatest.Solid(5000, 2, media.YUV{Y: 90, U: 80, V: 70}), media.NewPicture(1000, 2)
	pixel.Reference{}.Scale(dst, all(dst), src, all(src))
	check(t, dst, func(i, x, y int) byte { return [...]byte{90, 80, 70}[i] })
}

func TestEmptyRectanglesDoNothing(t *testing.T) {
	src, dst := mediatest.Noise(8, 8, 1), mediatest.Noise(8, 8, 2)
	before := clone(dst)
	pixel.Reference{}.Scale(dst, image.Rectangle{}, src, all(src))
	pixel.Reference{}.Scale(dst, all(dst), src, image.Rectangle{})
	check(t, dst, func(i, x, y int) byte { return sample(before, i, x, y) })
}

func FuzzReferenceIsItsDefinition(f *testing.F) {
	f.Add(uint8(64), uint8(36), uint8(0), uint8(0), uint8(22), uint8(12), uint64(1))
	f.Add(uint8(33), uint8(19), uint8(4), uint8(3), uint8(60), uint8(9), uint64(2))
	f.Add(uint8(3), uint8(3), uint8(0), uint8(0), uint8(4), uint8(4), uint64(3))
	f.Fuzz(func(t *testing.T, w, h, x, y, toW, toH uint8, seed uint64) {
		srcW, srcH := 1+int(w)%96, 1+int(h)%96
		src := mediatest.Noise(srcW, srcH, seed)
		crop := image.Rect(int(x)%srcW&^1, int(y)%srcH&^1, srcW, srcH)
		compare(t, src, crop, 2+int(toW)%96&^1, 2+int(toH)%96&^1)
	})
}

func FuzzBlend(f *testing.F) {
	f.Add(int8(2), int8(-4), uint8(9), uint8(7), uint64(1))
	f.Fuzz(func(t *testing.T, x, y int8, w, h uint8, seed uint64) {
		src, dst := mediatest.Noise(1+int(w)%40, 1+int(h)%40, seed), mediatest.Noise(33, 21, seed+1)
		alpha := make([]byte, src.Width*src.Height)
		for i := range alpha {
			alpha[i] = byte(seed >> (i % 8 * 8))
		}
		at := image.Pt(int(x)&^1, int(y)&^1)
		before := clone(dst)
		pixel.Blend(dst, at, src, alpha)
		in := all(src).Add(at).Intersect(all(dst))
		for py := range dst.Height {
			for px := range dst.Width {
				want := float64(sample(before, 0, px, py))
				if image.Pt(px, py).In(in) {
					a := float64(alpha[(py-at.Y)*src.Width+px-at.X]) / 255
					want += a * (float64(sample(src, 0, px-at.X, py-at.Y)) - want)
				}
				if got := sample(dst, 0, px, py); math.Abs(float64(got)-want) > 0.5+1e-6 {
					t.Fatalf("luma at %d,%d: %d, want %.2f", px, py, got, want)
				}
			}
		}
	})
}
