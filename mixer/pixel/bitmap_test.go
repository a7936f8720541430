package pixel_test

import (
	"image"
	"math/rand/v2"
	"testing"

	"github.com/omniverto/omniverto/media"
	"github.com/omniverto/omniverto/media/mediatest"
	"github.com/omniverto/omniverto/mixer/pixel"
)

// spotted is a bitmap with runs of clear, opaque and half clear pixels.
func spotted(w, h int, seed uint64) *pixel.Bitmap {
	r := rand.New(rand.NewPCG(seed, 1))
	b := &pixel.Bitmap{Picture: mediatest.Noise(w, h, seed), Alpha: make([]byte, w*h)}
	for i := 0; i < len(b.Alpha); {
		a := [...]byte{0, 255, byte(r.IntN(256))}[r.IntN(3)]
		for end := min(i+r.IntN(40), len(b.Alpha)); i < end; i++ {
			b.Alpha[i] = a
		}
	}
	return b
}

// laid checks Lay sample by sample: its definition without any short cut.
func laid(t *testing.T, b *pixel.Bitmap, at image.Point, clip image.Rectangle) {
	t.Helper()
	dst := mediatest.Noise(65, 37, 77)
	before := clone(dst)
	pixel.Lay(dst, at, b, clip)
	in := all(b.Picture).Add(at).Intersect(clip).Intersect(all(dst))
	w, h := b.Picture.Width, b.Picture.Height
	check(t, dst, func(i, x, y int) byte {
		old := sample(before, i, x, y)
		if in.Empty() || !image.Pt(x, y).In(area(i, in)) {
			return old
		}
		if i == 0 {
			return mixed(old, sample(b.Picture, 0, x-at.X, y-at.Y), int(b.Alpha[(y-at.Y)*w+x-at.X]))
		}
		sx, sy := x-at.X/2, y-at.Y/2
		sum, n := 0, 0
		for j := 2 * sy; j < min(2*sy+2, h); j++ {
			for k := 2 * sx; k < min(2*sx+2, w); k++ {
				sum, n = sum+int(b.Alpha[j*w+k]), n+1
			}
		}
		return mixed(old, sample(b.Picture, i, sx, sy), (sum+n/2)/n)
	})
}

func mixed(d, s byte, a int) byte { return byte((int(s)*a + int(d)*(255-a) + 127) / 255) }

func TestLay(t *testing.T) {
	whole := image.Rect(0, 0, 65, 37)
	for _, c := range []struct {
		name string
		w, h int
		at   image.Point
		clip image.Rectangle
	}{
		{"inside", 30, 20, image.Pt(4, 6), whole},
		{"odd", 31, 17, image.Pt(4, 6), whole},
		{"over the left top edge", 31, 17, image.Pt(-6, -4), whole},
		{"over the right bottom edge", 40, 30, image.Pt(50, 20), whole},
		{"clipped", 60, 30, image.Pt(0, 2), image.Rect(10, 8, 32, 20)},
		{"clipped with an odd picture", 33, 19, image.Pt(-2, 2), image.Rect(0, 0, 8, 40)},
		{"clip elsewhere", 20, 20, image.Pt(0, 0), image.Rect(40, 20, 60, 30)},
		{"one pixel", 1, 1, image.Pt(8, 8), whole},
		{"outside", 20, 20, image.Pt(100, 0), whole},
	} {
		t.Run(c.name, func(t *testing.T) { laid(t, spotted(c.w, c.h, 9), c.at, c.clip) })
	}
}

// TestLayInPieces: a bitmap laid clip by clip is the bitmap laid at once.
func TestLayInPieces(t *testing.T) {
	b := spotted(51, 29, 4)
	whole, pieces := mediatest.Noise(65, 37, 1), mediatest.Noise(65, 37, 1)
	pixel.Lay(whole, image.Pt(4, 2), b, all(whole))
	for y := 0; y < 37; y += 10 {
		for x := 0; x < 65; x += 14 {
			pixel.Lay(pieces, image.Pt(4, 2), b, image.Rect(x, y, x+14, y+10))
		}
	}
	check(t, pieces, func(i, x, y int) byte { return sample(whole, i, x, y) })
}

func TestLayOpaqueCopies(t *testing.T) {
	src := mediatest.Noise(30, 20, 1)
	got, want := mediatest.Noise(65, 37, 2), mediatest.Noise(65, 37, 2)
	pixel.Lay(got, image.Pt(-4, 6), &pixel.Bitmap{Picture: src}, image.Rect(2, 8, 20, 12))
	pixel.CopyRect(want, image.Pt(2, 8), src, image.Rect(6, 2, 24, 6))
	check(t, got, func(i, x, y int) byte { return sample(want, i, x, y) })
}

func TestBitmapValid(t *testing.T) {
	p := media.NewPicture(4, 3)
	for _, c := range []struct {
		name string
		b    *pixel.Bitmap
		want bool
	}{
		{"none", nil, false},
		{"no picture", &pixel.Bitmap{}, false},
		{"opaque", &pixel.Bitmap{Picture: p}, true},
		{"with opacity", &pixel.Bitmap{Picture: p, Alpha: make([]byte, 12)}, true},
		{"opacity too short", &pixel.Bitmap{Picture: p, Alpha: make([]byte, 11)}, false},
	} {
		if got := c.b.Valid(); got != c.want {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}

func FuzzLay(f *testing.F) {
	f.Add(int8(2), int8(-4), uint8(9), uint8(7), uint8(0), uint8(0), uint8(60), uint8(30), uint64(1))
	f.Fuzz(func(t *testing.T, x, y int8, w, h, cx, cy, cw, ch uint8, seed uint64) {
		at := image.Pt(int(cx)%60&^1, int(cy)%36&^1)
		clip := image.Rectangle{Min: at, Max: at.Add(image.Pt(int(cw)&^1, int(ch)&^1))}
		laid(t, spotted(1+int(w)%70, 1+int(h)%40, seed), image.Pt(int(x)&^1, int(y)&^1), clip)
	})
}
