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
	alpha := make([]byte, 640*360)
	for name, f := range map[string]func(){
		"fill1280x720": func() { pixel.Fill(dst, all(dst), media.YUV{}) },
		"copy640x360":  func() { pixel.Copy(dst, image.Pt(2, 2), src) },
		"blend640x360": func() { pixel.Blend(dst, image.Pt(2, 2), src, alpha) },
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				f()
			}
		})
	}
}
