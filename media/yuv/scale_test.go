package yuv_test

import (
	"fmt"
	"image"
	"testing"

	"github.com/omniverto/omniverto/media"
	"github.com/omniverto/omniverto/media/mediatest"
	"github.com/omniverto/omniverto/media/yuv"
	"github.com/omniverto/omniverto/mixer/pixel"
)

var _ pixel.Scaler = yuv.Scaler{}

// task is one scaling: a crop of a source and a rectangle of a destination.
type task struct {
	name     string
	src      image.Point
	crop     image.Rectangle
	dst      image.Point
	rect     image.Rectangle
	smooth   int     // largest difference on a smooth picture
	textured float64 // least PSNR of any plane on a textured picture
}

func whole(w, h int) (image.Point, image.Rectangle) { return image.Pt(w, h), image.Rect(0, 0, w, h) }

func tasks() []task {
	var l []task
	add := func(name string, sw, sh, dw, dh, smooth int, textured float64) {
		src, crop := whole(sw, sh)
		dst, rect := whole(dw, dh)
		l = append(l, task{name, src, crop, dst, rect, smooth, textured})
	}
	add("half", 640, 360, 320, 180, 2, 45)
	add("quarter", 640, 360, 160, 90, 2, 45)
	add("a third", 1280, 720, 426, 240, 2, 35)
	add("three quarters", 640, 360, 480, 270, 2, 35)
	add("double", 320, 180, 640, 360, 2, 40)
	add("larger by a third", 480, 270, 640, 360, 2, 40)
	add("odd sizes", 321, 181, 161, 91, 2, 35)
	add("wider and lower", 320, 360, 640, 180, 2, 35)
	add("from one pixel", 1, 1, 64, 64, 0, 45)
	add("to one pixel", 64, 64, 1, 1, 2, 30)
	l = append(l, task{"crop into a cell", image.Pt(640, 360), image.Rect(80, 0, 560, 360),
		image.Pt(1280, 720), image.Rect(426, 240, 852, 480), 2, 35})
	return l
}

func (k task) scale(s pixel.Scaler, src *media.Picture) *media.Picture {
	dst := mediatest.Solid(k.dst.X, k.dst.Y, media.YUV{Y: 1, U: 2, V: 3})
	s.Scale(dst, k.rect, src, k.crop)
	return dst
}

// TestAgainstReference: libyuv draws what the reference draws.
func TestAgainstReference(t *testing.T) {
	for _, k := range tasks() {
		t.Run(k.name, func(t *testing.T) {
			smooth := mediatest.Gradient(k.src.X, k.src.Y)
			got, want := k.scale(yuv.Scaler{}, smooth), k.scale(pixel.Reference{}, smooth)
			if d := largest(got, want); d > k.smooth {
				t.Errorf("smooth: largest difference %d, want at most %d", d, k.smooth)
			}
			textured := media.NewPicture(k.src.X, k.src.Y)
			mediatest.Moving(textured, 2, 7)
			got, want = k.scale(yuv.Scaler{}, textured), k.scale(pixel.Reference{}, textured)
			if psnr := mediatest.WorstPSNR(got, want); psnr < k.textured {
				t.Errorf("textured: %.1f dB, want at least %.0f", psnr, k.textured)
			}
		})
	}
}

// largest is the largest difference of any sample.
func largest(a, b *media.Picture) (d int) {
	for i, pa := range a.Planes() {
		pb := b.Planes()[i]
		for y := range pa.Height {
			for x := range pa.Width {
				va, vb := pa.Pix[y*pa.Stride+x], pb.Pix[y*pb.Stride+x]
				d = max(d, int(max(va, vb)-min(va, vb)))
			}
		}
	}
	return d
}

// TestCopiesExactly: what is not scaled is not changed.
func TestCopiesExactly(t *testing.T) {
	for _, size := range [][2]int{{640, 360}, {321, 181}, {2, 2}, {1, 1}} {
		src := mediatest.Noise(size[0], size[1], 1)
		point, all := whole(size[0], size[1])
		if got := (task{src: point, crop: all, dst: point, rect: all}).scale(yuv.Scaler{}, src); !mediatest.Equal(got, src) {
			t.Errorf("%dx%d was changed", size[0], size[1])
		}
	}
}

// TestFlat: a flat colour stays itself within one level down to a 300th, since
// libyuv's box filter rounds down, and nothing outside of the rectangle is
// written.
func TestFlat(t *testing.T) {
	in, out := media.YUV{Y: 100, U: 90, V: 200}, media.YUV{Y: 1, U: 2, V: 3}
	for w := 16; w < 260; w += 14 {
		for h := 12; h < 150; h += 22 {
			for _, from := range []image.Point{{320, 180}, {64, 64}, {50, 400}} {
				rect := image.Rect(34, 18, 34+w, 18+h)
				got := mediatest.Solid(300, 200, out)
				yuv.Scaler{}.Scale(got, rect, mediatest.Solid(from.X, from.Y, in), image.Rectangle{Max: from})
				want := mediatest.Solid(300, 200, out)
				mediatest.Rect(want, rect, in)
				if d := largest(got, want); d > 1 {
					t.Fatalf("%v to %v: difference %d inside", from, rect, d)
				}
				mediatest.Rect(got, rect, in)
				if !mediatest.Equal(got, want) {
					t.Fatalf("%v to %v: written outside", from, rect)
				}
			}
		}
	}
}

// TestOutside: what does not fit its picture is not drawn.
func TestOutside(t *testing.T) {
	src, all := mediatest.Gradient(64, 64), image.Rect(0, 0, 64, 64)
	tests := []struct {
		name       string
		rect, crop image.Rectangle
	}{
		{"empty rectangle", image.Rect(0, 0, 0, 10), all},
		{"empty crop", all, image.Rect(8, 8, 8, 8)},
		{"rectangle beyond the right", image.Rect(32, 0, 66, 64), all},
		{"rectangle above", image.Rect(0, -2, 64, 60), all},
		{"crop beyond the bottom", all, image.Rect(0, 0, 64, 66)},
		{"odd corner", image.Rect(1, 0, 33, 32), all},
		{"odd corner of the crop", all, image.Rect(0, 1, 32, 33)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dst := mediatest.Solid(64, 64, media.YUV{Y: 1, U: 2, V: 3})
			yuv.Scaler{}.Scale(dst, tt.rect, src, tt.crop)
			if !mediatest.Equal(dst, mediatest.Solid(64, 64, media.YUV{Y: 1, U: 2, V: 3})) {
				t.Error("something was drawn")
			}
		})
	}
}

func TestScaleAllocatesNothing(t *testing.T) {
	src, dst := mediatest.Gradient(640, 360), media.NewPicture(426, 240)
	n := testing.AllocsPerRun(20, func() {
		yuv.Scaler{}.Scale(dst, image.Rect(0, 0, 426, 240), src, image.Rect(0, 0, 640, 360))
	})
	if n != 0 {
		t.Errorf("a scale allocates %v objects, want 0", n)
	}
}

func FuzzScale(f *testing.F) {
	f.Add(uint16(640), uint16(360), uint16(426), uint16(240), uint16(2), uint16(4))
	f.Add(uint16(31), uint16(31), uint16(300), uint16(3), uint16(0), uint16(0))
	f.Fuzz(func(t *testing.T, sw, sh, dw, dh, x, y uint16) {
		src, crop := whole(int(sw)%700+32, int(sh)%500+32) // smaller, half a sample matters
		rect := image.Rect(0, 0, int(dw)%700/2*2+2, int(dh)%500/2*2+2).Add(image.Pt(int(x)%64&^1, int(y)%64&^1))
		k := task{src: src, crop: crop, dst: rect.Max.Add(image.Pt(2, 2)), rect: rect}
		picture := mediatest.Gradient(src.X, src.Y)
		got, want := k.scale(yuv.Scaler{}, picture), k.scale(pixel.Reference{}, picture)
		if psnr := mediatest.WorstPSNR(got, want); psnr < 30 {
			t.Errorf("%v to %v: %.1f dB from the reference", src, rect, psnr)
		}
	})
}

func BenchmarkScale(b *testing.B) {
	scalers := []struct {
		name string
		s    pixel.Scaler
	}{{"libyuv", yuv.Scaler{}}, {"reference", pixel.Reference{}}}
	for _, size := range [][4]int{{1280, 720, 640, 360}, {640, 360, 426, 240}, {1280, 720, 426, 240}, {640, 360, 1280, 720}} {
		src := media.NewPicture(size[0], size[1])
		mediatest.Moving(src, 0, 0)
		dst := media.NewPicture(size[2], size[3])
		_, crop := whole(size[0], size[1])
		_, rect := whole(size[2], size[3])
		for _, sc := range scalers {
			b.Run(fmt.Sprintf("%dx%d-%dx%d/%s", size[0], size[1], size[2], size[3], sc.name), func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					sc.s.Scale(dst, rect, src, crop)
				}
			})
		}
	}
}
