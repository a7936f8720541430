package pixel_test

import (
	"image"
	"testing"

	"github.com/omniverto/omniverto/media"
	"github.com/omniverto/omniverto/media/mediatest"
	"github.com/omniverto/omniverto/mixer/pixel"
)

func BenchmarkScale(b *testing.B) {
	for _, c := range []struct {
		name     string
		from, to image.Point
	}{
		{"1280x720to640x360", image.Pt(1280, 720), image.Pt(640, 360)},
		{"640x360to426x240", image.Pt(640, 360), image.Pt(426, 240)},
		{"640x360to160x90", image.Pt(640, 360), image.Pt(160, 90)},
		{"640x360to1280x720", image.Pt(640, 360), image.Pt(1280, 720)},
		{"640x360to640x360", image.Pt(640, 360), image.Pt(640, 360)},
	} {
		b.Run(c.name, func(b *testing.B) {
			src, dst := mediatest.Noise(c.from.X, c.from.Y, 1), media.NewPicture(c.to.X, c.to.Y)
			b.ReportAllocs()
			for b.Loop() {
				pixel.Reference{}.Scale(dst, all(dst), src, all(src))
			}
		})
	}
}

func BenchmarkPaint(b *testing.B) {
	src, dst := mediatest.Noise(640, 360, 1), media.NewPicture(1280, 720)
	half, logo := make([]byte, 640*360), make([]byte, 640*360)
	for i := range half {
		half[i] = 128
		if x, y := i%640, i/640; x < 160 && y < 90 {
			logo[i] = 255
		}
	}
	turn := func(q uint8) func() {
		return func() { pixel.Turn(dst, image.Pt(2, 2), src, all(src), pixel.Orientation{Quarters: q}) }
	}
	area := all(src)
	for _, c := range []struct {
		name string
		f    func()
	}{
		{"fill1280x720", func() { pixel.Fill(dst, all(dst), media.YUV{}) }},
		{"copy640x360", func() { pixel.Copy(dst, image.Pt(2, 2), src) }},
		{"blend640x360", func() { pixel.Blend(dst, image.Pt(2, 2), src, half) }},
		{"blend640x360-mostly-clear", func() { pixel.Blend(dst, image.Pt(2, 2), src, logo) }},
		{"quarter640x360", turn(1)},
		{"half640x360", turn(2)},
		{"gray640x360", func() { pixel.Gray(dst, area) }},
		{"sepia640x360", func() { pixel.Sepia(dst, area) }},
		{"8bit640x360", func() { pixel.EightBit(dst, area) }},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				c.f()
			}
		})
	}
}
