package canvas_test

import (
	"image"
	"testing"

	"github.com/omniverto/omniverto/media"
	"github.com/omniverto/omniverto/media/mediatest"
	"github.com/omniverto/omniverto/mixer/canvas"
	"github.com/omniverto/omniverto/mixer/pixel"
)

// pair is a Source's two pictures, between which it changes without allocating.
type pair struct {
	camera
	pics [2]*media.Picture
	n    int
}

func (p *pair) move() {
	p.n++
	p.show(p.pics[p.n%2].Retain())
}

// nine is a canvas of the given size with nine cameras in a 3x3 grid.
func nine(size, source image.Point) (*canvas.Canvas, []*pair) {
	c := canvas.New(canvas.Options{Width: size.X, Height: size.Y, Scaler: pixel.Reference{}})
	var cams []*pair
	s := scene(1)
	for i := range 9 {
		cam := &pair{pics: [2]*media.Picture{mediatest.Noise(source.X, source.Y, uint64(i)), mediatest.Noise(source.X, source.Y, uint64(i+9))}}
		cam.move()
		cams = append(cams, cam)
		edge := func(k, size int) int { return k * size / 3 &^ 1 }
		s.Layers = append(s.Layers, canvas.Layer{ID: i, Source: cam, Rect: image.Rect(
			edge(i%3, size.X), edge(i/3, size.Y), edge(i%3+1, size.X), edge(i/3+1, size.Y))})
	}
	c.SetScene(s)
	return c, cams
}

var movements = []struct {
	name   string
	moving int
}{{"still", 0}, {"one of nine moving", 1}, {"all moving", 9}}

// ticker steps the canvas with a reader that keeps every picture until the next
// one is there, as a view does.
func ticker(c *canvas.Canvas, cams []*pair) func() {
	var reader *media.Picture
	return func() {
		for _, cam := range cams {
			cam.move()
		}
		if p, _ := c.Step(0); p != nil {
			if reader != nil {
				reader.Release()
			}
			reader = p
		}
	}
}

func TestStepAllocatesNothing(t *testing.T) {
	for _, m := range movements {
		t.Run(m.name, func(t *testing.T) {
			c, cams := nine(image.Pt(320, 180), image.Pt(64, 36))
			tick := ticker(c, cams[:m.moving])
			for range 10 { // every buffer has been drawn
				tick()
			}
			if n := testing.AllocsPerRun(50, tick); n != 0 {
				t.Errorf("%v allocations a step", n)
			}
		})
	}
}

func BenchmarkCompose(b *testing.B) {
	for _, m := range movements {
		b.Run(m.name, func(b *testing.B) {
			c, cams := nine(image.Pt(1280, 720), image.Pt(640, 360))
			tick := ticker(c, cams[:m.moving])
			for range 5 {
				tick()
			}
			b.ReportAllocs()
			for b.Loop() {
				tick()
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "fps/core")
		})
	}
}
