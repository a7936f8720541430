package canvas_test

import (
	"fmt"
	"image"
	"testing"
	"time"

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

// grid is a scene of a square grid of cameras.
func grid(size, source image.Point, side int) (*canvas.Scene, []*pair) {
	var cams []*pair
	s := scene(1)
	for i := range side * side {
		cam := &pair{pics: [2]*media.Picture{mediatest.Noise(source.X, source.Y, uint64(i)), mediatest.Noise(source.X, source.Y, uint64(i+99))}}
		cam.move()
		cams = append(cams, cam)
		edge := func(k, size int) int { return k * size / side &^ 1 }
		s.Layers = append(s.Layers, canvas.Layer{ID: i, Source: cam, Rect: image.Rect(
			edge(i%side, size.X), edge(i/side, size.Y), edge(i%side+1, size.X), edge(i/side+1, size.Y))})
	}
	return s, cams
}

// decorated gives every layer of a scene something of everything, and the scene a
// front. The cameras go on moving for an hour.
func decorated(s *canvas.Scene, size image.Point) *canvas.Scene {
	s.Backdrop = mediatest.Gradient(size.X, size.Y)
	s.Front = spotted(size.X, size.Y)
	for i := range s.Layers {
		l := &s.Layers[i]
		l.Turn = canvas.Turn{Quarters: uint8(i % 4), Mirror: i%3 == 0}
		l.Filter = canvas.Filter(i % 8)
		l.Border, l.Ring = canvas.Border{Width: 2, Color: green}, canvas.Border{Width: 2, Color: orange}
		l.Banner = &pixel.Bitmap{Picture: mediatest.Noise(l.Rect.Dx(), 8, 1)}
		l.Overlays = []canvas.Overlay{{Bitmap: spotted(16, 16), At: image.Pt(4, 4)}}
		l.Shared = true
		if i%2 == 0 {
			l.Camera = &canvas.Camera{From: canvas.Crop{W: 1, H: 1}, To: canvas.Crop{X: 0.5, W: 0.3, H: 0.3}, Duration: time.Hour}
		}
	}
	return s
}

// spotted is a bitmap whose opacity grows from left to right.
func spotted(w, h int) *pixel.Bitmap {
	b := &pixel.Bitmap{Picture: mediatest.Noise(w, h, 1), Alpha: make([]byte, w*h)}
	for i := range b.Alpha {
		b.Alpha[i] = byte(i % w * 255 / w)
	}
	return b
}

// ticker steps the canvas with a reader that keeps every picture until the next
// one is there, as a view does. It calls move before each step.
func ticker(c *canvas.Canvas, move func()) func() {
	var reader *media.Picture
	var now time.Duration
	return func() {
		move()
		now = (now + 33*ms) % time.Second
		if p, _ := c.Step(now); p != nil {
			if reader != nil {
				reader.Release()
			}
			reader = p
		}
	}
}

// moving lets the first n of the cameras have a new picture each step.
func moving(cams []*pair, n int) func() {
	return func() {
		for _, cam := range cams[:n] {
			cam.move()
		}
	}
}

func TestStepAllocatesNothing(t *testing.T) {
	size := image.Pt(320, 180)
	for _, c := range []struct {
		name   string
		dress  bool
		moving int
		layout time.Duration // how long the layers move
	}{
		{"still", false, 0, 0},
		{"one of nine moving", false, 1, 0},
		{"all moving", false, 9, 0},
		{"decorated, still", true, 0, 0},
		{"decorated, all moving", true, 9, 0},
		{"the layout moves", true, 9, time.Second},
	} {
		t.Run(c.name, func(t *testing.T) {
			cache := canvas.NewCache(pixel.Reference{})
			cv := canvas.New(canvas.Options{Width: size.X, Height: size.Y, Scaler: pixel.Reference{}, Cache: cache})
			s, cams := grid(size, image.Pt(64, 36), 3)
			if c.dress {
				decorated(s, size)
			}
			for i := range s.Layers {
				s.Layers[i].Move = canvas.Move{From: s.Layers[(i+1)%9].Rect, Duration: c.layout}
			}
			cv.SetScene(s)
			tick := ticker(cv, moving(cams, c.moving))
			for range 10 { // every buffer has been drawn
				tick()
			}
			if n := testing.AllocsPerRun(50, tick); n != 0 {
				t.Errorf("%v allocations a step", n)
			}
		})
	}
}

// stopwatch is a Scaler that takes the time of the one it uses.
type stopwatch struct {
	pixel.Scaler
	spent  time.Duration
	pixels int
}

func (w *stopwatch) Scale(dst *media.Picture, rect image.Rectangle, src *media.Picture, crop image.Rectangle) {
	begin := time.Now()
	w.Scaler.Scale(dst, rect, src, crop)
	w.spent += time.Since(begin)
	w.pixels += rect.Dx() * rect.Dy()
}

var sizes = []struct {
	name string
	size image.Point
}{{"720p", image.Pt(1280, 720)}, {"1080p", image.Pt(1920, 1080)}}

// BenchmarkCompose steps grids of 640x360 cameras. scale-% is the time of a step
// in percent of the time of the bare Scale calls in it.
func BenchmarkCompose(b *testing.B) {
	for _, size := range sizes {
		for _, side := range []int{2, 3, 4, 7} {
			for _, m := range []struct {
				name string
				n    int
			}{{"still", 0}, {"one-moving", 1}, {"all-moving", side * side}} {
				b.Run(fmt.Sprintf("%s/%d/%s", size.name, side*side, m.name), func(b *testing.B) {
					s, cams := grid(size.size, image.Pt(640, 360), side)
					benchmark(b, size.size, s, moving(cams, m.n))
				})
			}
		}
	}
}

// BenchmarkDecorated steps nine cameras with a border, a ring, a banner and a logo
// each, which is what a room may look like.
func BenchmarkDecorated(b *testing.B) {
	size := image.Pt(1280, 720)
	s, cams := grid(size, image.Pt(640, 360), 3)
	for i := range s.Layers {
		l := &s.Layers[i]
		l.Border, l.Ring = canvas.Border{Width: 4, Color: green}, canvas.Border{Width: 4, Color: orange}
		l.Banner = &pixel.Bitmap{Picture: mediatest.Noise(l.Rect.Dx(), 36, 1)}
		l.Overlays = []canvas.Overlay{{Bitmap: logo(), At: image.Pt(20, 20)}}
	}
	benchmark(b, size, s, moving(cams, 9))
}

func benchmark(b *testing.B, size image.Point, s *canvas.Scene, move func()) {
	watch := &stopwatch{Scaler: fast()}
	c := canvas.New(canvas.Options{Width: size.X, Height: size.Y, Scaler: watch})
	c.SetScene(s)
	tick := ticker(c, move)
	for range 5 {
		tick()
	}
	watch.spent = 0
	b.ReportAllocs()
	for b.Loop() {
		tick()
	}
	if watch.spent > 0 {
		b.ReportMetric(100*b.Elapsed().Seconds()/watch.spent.Seconds(), "scale-%")
	}
}

// BenchmarkPixels tells how many pixels a step draws, copies or fills for one of
// the canvas (px/px), and how many of them a scaler made.
func BenchmarkPixels(b *testing.B) {
	size := image.Pt(1280, 720)
	for _, m := range []struct {
		name string
		n    int
		move time.Duration
	}{{"still", 0, 0}, {"one-moving", 1, 0}, {"all-moving", 9, 0}, {"layout-moves", 9, time.Second}} {
		b.Run(m.name, func(b *testing.B) {
			watch := &stopwatch{Scaler: fast()}
			c := canvas.New(canvas.Options{Width: size.X, Height: size.Y, Scaler: watch})
			s, cams := grid(size, image.Pt(640, 360), 3)
			for i := range s.Layers {
				s.Layers[i].Move = canvas.Move{From: s.Layers[(i+1)%9].Rect, Duration: m.move}
			}
			c.SetScene(s)
			tick := ticker(c, moving(cams, m.n))
			for range 5 {
				tick()
			}
			before, whole := c.Stats().Pixels, float64(size.X*size.Y)
			watch.pixels = 0
			for b.Loop() {
				tick()
			}
			b.ReportMetric(float64(c.Stats().Pixels-before)/float64(b.N)/whole, "px/px")
			b.ReportMetric(float64(watch.pixels)/float64(b.N)/whole, "scaled-px/px")
		})
	}
}
