package canvas_test

import (
	"image"
	"math"
	"testing"
	"time"

	"github.com/omniverto/omniverto/media"
	"github.com/omniverto/omniverto/media/mediatest"
	"github.com/omniverto/omniverto/mixer/canvas"
	"github.com/omniverto/omniverto/mixer/pixel"
)

const ms = time.Millisecond

func TestMoveAt(t *testing.T) {
	from, to := image.Rect(0, 0, 100, 50), image.Rect(200, 100, 240, 200)
	m := canvas.Move{From: from, Start: time.Second, Duration: 200 * ms}
	for _, c := range []struct {
		name string
		move canvas.Move
		t    time.Duration
		want image.Rectangle
	}{
		{"before", m, 0, from},
		{"start", m, time.Second, from},
		{"a quarter", m, 1050 * ms, image.Rect(30, 14, 120, 72)},
		{"half", m, 1100 * ms, image.Rect(100, 50, 170, 124)},
		{"end", m, 1200 * ms, to},
		{"after", m, time.Hour, to},
		{"stands still", canvas.Move{}, time.Second, to},
		{"no time", canvas.Move{From: from, Start: time.Hour}, 0, to},
		{"odd", canvas.Move{From: image.Rect(1, 1, 99, 49), Start: time.Second, Duration: ms}, 0, from},
	} {
		if got := c.move.At(to, c.t); got != c.want {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}

// TestMoveIsSmooth: even coordinates, never back, and neighbours that touch at
// both ends touch on the way.
func TestMoveIsSmooth(t *testing.T) {
	a := canvas.Move{From: image.Rect(0, 0, 640, 360), Duration: 250 * ms}
	b := canvas.Move{From: image.Rect(640, 0, 1280, 360), Duration: 250 * ms}
	toA, toB := image.Rect(0, 240, 426, 480), image.Rect(426, 240, 852, 480)
	last := a.From
	for at := time.Duration(0); at <= 260*ms; at += ms {
		ra, rb := a.At(toA, at), b.At(toB, at)
		if (ra.Min.X|ra.Min.Y|ra.Max.X|ra.Max.Y|rb.Max.X|rb.Max.Y)&1 != 0 {
			t.Fatalf("at %v: odd %v %v", at, ra, rb)
		}
		if ra.Max.X != rb.Min.X {
			t.Fatalf("at %v: a gap or an overlap between %v and %v", at, ra, rb)
		}
		if ra.Max.X > last.Max.X || ra.Min.Y < last.Min.Y || last.Max.X-ra.Max.X > 8 {
			t.Fatalf("at %v: %v after %v", at, ra, last)
		}
		last = ra
	}
}

func TestCameraAt(t *testing.T) {
	c := canvas.Camera{From: canvas.Crop{W: 1, H: 1}, To: canvas.Crop{X: 0.5, Y: 0.25, W: 0.5, H: 0.5}, Start: time.Second, Duration: time.Second}
	half := canvas.Crop{X: 0.25, Y: 0.125, W: 0.75, H: 0.75}
	for at, want := range map[time.Duration]canvas.Crop{0: c.From, time.Second: c.From, 1500 * ms: half, 2 * time.Second: c.To, time.Hour: c.To} {
		if got := c.At(at); got != want {
			t.Errorf("at %v: %v, want %v", at, got, want)
		}
	}
	if got := (canvas.Camera{From: c.From, To: c.To, Start: time.Hour}).At(0); got != c.To {
		t.Errorf("without a duration: %v, want %v", got, c.To)
	}
}

// TestCropsOfNonsense: a Scaler is asked for a part of the picture whatever a
// client sends.
func TestCropsOfNonsense(t *testing.T) {
	check := &checker{t: t, cell: image.Rect(0, 0, 320, 180)}
	c := canvas.New(canvas.Options{Width: 320, Height: 180, Scaler: check})
	values := []float64{math.NaN(), math.Inf(1), math.Inf(-1), -1, 0, 1e-300, 0.3, 0.999, 1, 7, 1e300}
	for _, size := range []image.Point{{X: 33, Y: 19}, {X: 1, Y: 1}, {X: 1, Y: 64}} {
		check.pic = image.Rectangle{Max: size}
		cam := &camera{media.NewPicture(size.X, size.Y)}
		for _, at := range values {
			for _, length := range values {
				for q := range uint8(4) {
					l := canvas.Layer{Rect: check.cell, Source: cam, Zoom: q > 1, Turn: canvas.Turn{Quarters: q, Mirror: q == 0}}
					l.Camera = &canvas.Camera{To: canvas.Crop{X: at, Y: length, W: length, H: at}}
					check.anywhere = true
					c.SetScene(scene(1, l))
					if p, _ := c.Step(0); p != nil {
						p.Release()
					}
				}
			}
		}
	}
	if check.calls < 100 {
		t.Errorf("the scaler was asked %d times", check.calls)
	}
}

// TestMoveOfALayout: a change of the layout is told once, every step of it is
// drawn, and after it the canvas is as cheap as before.
func TestMoveOfALayout(t *testing.T) {
	c := canvas.New(canvas.Options{Width: 320, Height: 180, Scaler: pixel.Reference{}})
	s := moved()
	before := scene(1, quarters(append([]canvas.Layer(nil), s.Layers...)...)...)
	for i := range before.Layers {
		before.Layers[i].Move = canvas.Move{}
	}
	c.SetScene(before)
	p, _ := step(t, c)
	p.Release()
	s.At = 990 * ms
	c.SetScene(s)
	told, drawn := 0.0, 0
	for at := 960 * ms; at <= 1300*ms; at += 20 * ms {
		p, info := c.Step(at)
		if p == nil {
			continue
		}
		if p.Release(); info.Serial != 2 {
			t.Errorf("at %v: serial %d", at, info.Serial)
		}
		if drawn == 0 && info.Replaced < 0.5 || drawn > 0 && info.Replaced != 0 {
			t.Errorf("at %v: replaced %v", at, info.Replaced)
		}
		told, drawn = told+info.Replaced, drawn+1
	}
	if drawn < 9 || drawn > 11 {
		t.Errorf("%d pictures, want one a step of the move", drawn)
	}
	s.Layers[0].Source.(*camera).show(card(320, 180, 5))
	p, info := c.Step(2 * time.Second)
	p.Release()
	if info.Drawn != 1 {
		t.Errorf("after the move: %+v, want one layer drawn", info)
	}
	if p, _ := c.Step(3 * time.Second); p != nil {
		t.Error("a picture was published though nothing changed")
	}
}

// TestMoveFromAndToNothing: a layer may grow from a point and shrink to one.
func TestMoveFromAndToNothing(t *testing.T) {
	point := image.Rectangle{Min: image.Pt(48, 8), Max: image.Pt(48, 8)}
	for name, c := range map[string]struct{ from, to image.Rectangle }{"grow": {point, right}, "shrink": {right, point}} {
		t.Run(name, func(t *testing.T) {
			cv := small(0)
			l := canvas.Layer{Rect: c.to, Source: &camera{solid(32, 18, 0)}, Move: canvas.Move{From: c.from, Duration: 100 * ms}}
			cv.SetScene(scene(1, l))
			for at, want := range map[time.Duration]image.Rectangle{0: c.from, 100 * ms: c.to} {
				p, _ := cv.Step(at)
				if got := colorAt(p, 48, 9) == mediatest.Color(0).YUV(); got == want.Empty() {
					t.Errorf("at %v: seen %v, want %v", at, got, !want.Empty())
				}
				p.Release()
			}
			p, _ := cv.Step(50 * ms)
			if colorAt(p, 48, 9) != mediatest.Color(0).YUV() || colorAt(p, 34, 1) != background {
				t.Errorf("half way: %v in the middle, %v at the edge", colorAt(p, 48, 9), colorAt(p, 34, 1))
			}
		})
	}
}

// TestNoFlashAtASceneChange: whoever stays is seen in every step.
func TestNoFlashAtASceneChange(t *testing.T) {
	c := canvas.New(canvas.Options{Width: 320, Height: 180, Scaler: pixel.Reference{}})
	cams := make([]*camera, 9)
	for i := range cams {
		cams[i] = &camera{solid(320, 180, i)}
	}
	var cells map[*camera]image.Rectangle
	now, serial := time.Duration(0), uint64(0)
	for _, next := range []struct {
		layout  string
		n       int
		animate bool
	}{{"2x2", 4, false}, {"3x3", 9, true}, {"1up_top_left+5", 6, true}, {"2x1", 2, false}, {"2x2", 3, true}, {"1x1", 1, true}} {
		serial++
		s, at := scene(serial), map[*camera]image.Rectangle{}
		for i, l := range seated(t, next.layout, next.n)[:next.n] {
			l.Source, l.Still = cams[i], solid(l.Rect.Dx(), l.Rect.Dy(), i+1) // another avatar for every size
			if from, ok := cells[cams[i]]; ok && next.animate {
				l.Move = canvas.Move{From: from, Start: now, Duration: 100 * ms}
			}
			at[cams[i]] = l.Rect
			s.Layers = append(s.Layers, l)
		}
		cells = at
		c.SetScene(s)
		for range 8 {
			now += 20 * ms
			p, _ := c.Step(now)
			if p == nil {
				continue
			}
			for i := range s.Layers {
				r := s.Layers[i].Move.At(s.Layers[i].Rect, now)
				x, y := (r.Min.X+r.Max.X)/2, (r.Min.Y+r.Max.Y)/2
				if covered(s.Layers[i+1:], image.Pt(x, y), now) {
					continue
				}
				if got, want := colorAt(p, x, y), mediatest.Color(i).YUV(); got != want {
					t.Errorf("%s at %v: member %d is %v, want %v", next.layout, now, i, got, want)
				}
			}
			p.Release()
		}
	}
}

func covered(over []canvas.Layer, at image.Point, t time.Duration) bool {
	for _, l := range over {
		if at.In(l.Move.At(l.Rect, t)) {
			return true
		}
	}
	return false
}
