package canvas_test

import (
	"image"
	"runtime"
	"testing"
	"time"

	"github.com/omniverto/omniverto/media"
	"github.com/omniverto/omniverto/media/mediatest"
	"github.com/omniverto/omniverto/mixer/canvas"
	"github.com/omniverto/omniverto/mixer/pixel"
)

// camera is a Source whose picture the test sets; it keeps one reference.
type camera struct{ pic *media.Picture }

func (c *camera) At(time.Duration) *media.Picture {
	if c.pic == nil {
		return nil
	}
	return c.pic.Retain()
}

// show makes p the newest picture and takes over its reference.
func (c *camera) show(p *media.Picture) {
	if c.pic != nil {
		c.pic.Release()
	}
	c.pic = p
}

var (
	background = media.RGB{R: 51, G: 51, B: 51}.YUV()
	letterbox  = media.RGB{}.YUV()
)

// scene puts layers on the usual colours.
func scene(serial uint64, layers ...canvas.Layer) *canvas.Scene {
	return &canvas.Scene{Serial: serial, Background: background, Letterbox: letterbox, Layers: layers}
}

func solid(w, h, color int) *media.Picture {
	return mediatest.Solid(w, h, mediatest.Color(color).YUV())
}

func small(buffers int) *canvas.Canvas {
	return canvas.New(canvas.Options{Width: 64, Height: 36, Scaler: pixel.Reference{}, Buffers: buffers})
}

// colorAt is the colour of the canvas at a point.
func colorAt(p *media.Picture, x, y int) media.YUV {
	c := y/2*p.StrideUV + x/2
	return media.YUV{Y: p.Y[y*p.StrideY+x], U: p.U[c], V: p.V[c]}
}

// step steps and demands a picture.
func step(t *testing.T, c *canvas.Canvas) (*media.Picture, canvas.StepInfo) {
	t.Helper()
	p, info := c.Step(0)
	if p == nil {
		t.Fatal("nothing was published")
	}
	return p, info
}

// still steps and demands that nothing is published.
func still(t *testing.T, c *canvas.Canvas) canvas.StepInfo {
	t.Helper()
	p, info := c.Step(0)
	if p != nil {
		t.Fatal("a picture was published though nothing changed")
	}
	return info
}

var (
	left  = image.Rect(0, 0, 32, 18)
	right = image.Rect(32, 0, 64, 18)
)

func TestOnlyWhatChangedIsDrawn(t *testing.T) {
	c := small(0)
	a, b := &camera{solid(32, 18, 0)}, &camera{solid(32, 18, 1)}
	c.SetScene(scene(7, canvas.Layer{Rect: left, Source: a}, canvas.Layer{Rect: right, Source: b}))
	for i, s := range []struct {
		change                   func()
		drawn, copied            int
		leftColor, rightColor    int
		publishes, keepReference bool
	}{
		{func() {}, 2, 0, 0, 1, true, false},
		{func() {}, 0, 0, 0, 1, false, false},
		{func() { a.show(solid(32, 18, 2)) }, 1, 0, 2, 1, true, false},
		{func() { b.show(solid(32, 18, 3)) }, 1, 0, 2, 3, true, true}, // now read: the next goes into another buffer
		{func() { a.show(solid(32, 18, 4)) }, 1, 1, 4, 3, true, false},
		{func() { a.show(a.pic.Retain()) }, 0, 0, 4, 3, false, false},
	} {
		s.change()
		p, info := c.Step(0)
		if (p != nil) != s.publishes || info.Drawn != s.drawn || info.Copied != s.copied || info.Serial != 7 {
			t.Errorf("step %d: published %v, info %+v; want %+v", i, p != nil, info, s)
		}
		if p == nil {
			continue
		}
		if l, r := colorAt(p, 5, 5), colorAt(p, 40, 5); l != mediatest.Color(s.leftColor).YUV() || r != mediatest.Color(s.rightColor).YUV() {
			t.Errorf("step %d: colours %v and %v", i, l, r)
		}
		if !s.keepReference {
			p.Release()
		}
	}
	want := canvas.Stats{Steps: 6, Published: 4, Unchanged: 2, Drawn: 5, Copied: 1, Pixels: 2*64*36 + 6*32*18} // two buffers, six layers
	if got := c.Stats(); got != want {
		t.Errorf("stats %+v, want %+v", got, want)
	}
}

func TestReadBufferIsNeverWritten(t *testing.T) {
	c, cam := small(4), &camera{}
	c.SetScene(scene(1, canvas.Layer{Rect: image.Rect(0, 0, 64, 36), Source: cam}))
	var held []*media.Picture
	for i := range 4 {
		cam.show(solid(64, 36, i))
		p, _ := step(t, c)
		held = append(held, p)
	}
	cam.show(solid(64, 36, 4))
	still(t, c) // all four are read
	for i, p := range held {
		if got, want := colorAt(p, 20, 20), mediatest.Color(i).YUV(); got != want {
			t.Errorf("buffer %d was overwritten: %v, want %v", i, got, want)
		}
	}
	if got := c.Stats().Skipped; got != 1 {
		t.Errorf("%d steps skipped, want 1", got)
	}
	held[2].Release()
	p, info := step(t, c) // the change is not lost
	if p != held[2] || colorAt(p, 20, 20) != mediatest.Color(4).YUV() || info.Drawn != 1 {
		t.Errorf("published %p (free was %p), %v, %+v", p, held[2], colorAt(p, 20, 20), info)
	}
}

func TestSceneChangeUncoversBackground(t *testing.T) {
	c, cam := small(0), &camera{solid(32, 18, 0)}
	c.SetScene(scene(1, canvas.Layer{Rect: image.Rect(0, 0, 64, 36), Source: cam}))
	p, info := step(t, c)
	if info.Replaced != 1 {
		t.Errorf("first picture replaced %v, want 1", info.Replaced)
	}
	p.Release()
	c.SetScene(scene(2, canvas.Layer{Rect: right, Source: cam}))
	p, info = step(t, c)
	if info.Serial != 2 || info.Replaced != 1 {
		t.Errorf("info %+v, want serial 2, all replaced", info)
	}
	for pt, want := range map[image.Point]media.YUV{
		{X: 0, Y: 0}: background, {X: 31, Y: 17}: background, {X: 63, Y: 35}: background,
		{X: 32, Y: 0}: mediatest.Color(0).YUV(), {X: 63, Y: 17}: mediatest.Color(0).YUV(),
	} {
		if got := colorAt(p, pt.X, pt.Y); got != want {
			t.Errorf("at %v: %v, want %v", pt, got, want)
		}
	}
	p.Release()
}

func TestReplacedIsTheShareThatTheSceneChanged(t *testing.T) {
	quarters := []image.Rectangle{image.Rect(0, 0, 160, 96), image.Rect(160, 0, 320, 96), image.Rect(0, 96, 160, 192), image.Rect(160, 96, 320, 192)}
	cams := make([]*camera, 5)
	for i := range cams {
		cams[i] = &camera{solid(32, 18, i)}
	}
	four := func(serial uint64, change func([]canvas.Layer)) *canvas.Scene {
		layers := make([]canvas.Layer, 4)
		for i := range layers {
			layers[i] = canvas.Layer{ID: i, Rect: quarters[i], Source: cams[i]}
		}
		change(layers)
		return scene(serial, layers...)
	}
	for _, c := range []struct {
		name   string
		change func([]canvas.Layer)
		want   float64
	}{
		{"turned", func(l []canvas.Layer) { l[1].Turn.Quarters = 2 }, 0.25},
		{"moved", func(l []canvas.Layer) { l[1].Rect.Max.X -= 160 / 2 }, 0.25},
		{"another avatar of a camera", func(l []canvas.Layer) { l[1].Still = solid(8, 8, 5); cams[2].show(solid(32, 18, 7)) }, 0},
		{"nothing but the serial", func(l []canvas.Layer) { cams[0].show(solid(32, 18, 7)) }, 0},
		{"another member", func(l []canvas.Layer) { l[3].Source = cams[4] }, 0.25},
		{"nobody", func(l []canvas.Layer) { l[0].Source = nil }, 0.25},
		{"two exchanged", func(l []canvas.Layer) { l[0].Source, l[1].Source = cams[1], cams[0] }, 0.5},
		{"zoom", func(l []canvas.Layer) { l[1].Zoom = true }, 0.25},
	} {
		t.Run(c.name, func(t *testing.T) {
			cv := canvas.New(canvas.Options{Width: 320, Height: 192, Scaler: pixel.Reference{}})
			cv.SetScene(four(1, func([]canvas.Layer) {}))
			p, _ := step(t, cv)
			p.Release()
			cv.SetScene(four(2, c.change))
			p, info := step(t, cv)
			p.Release()
			if info.Replaced != c.want || info.Serial != 2 {
				t.Errorf("%+v, want %v replaced", info, c.want)
			}
			cams[0].show(solid(32, 18, 6))
			cams[1].show(solid(32, 18, 6))
			p, info = step(t, cv)
			p.Release()
			if info.Replaced != 0 {
				t.Errorf("replaced %v without a new scene", info.Replaced)
			}
		})
	}
}

// TestReplacedGround: what is under and over the layers, and who has no camera.
func TestReplacedGround(t *testing.T) {
	half := image.Rect(0, 0, 160, 192)
	veil := func(color int) *pixel.Bitmap { // opaque on the right quarter
		b := &pixel.Bitmap{Picture: solid(320, 192, color), Alpha: make([]byte, 320*192)}
		for i := range b.Alpha {
			if i%320 >= 240 {
				b.Alpha[i] = 255
			}
		}
		return b
	}
	for _, c := range []struct {
		name   string
		change func(*canvas.Scene)
		want   float64
	}{
		{"background", func(s *canvas.Scene) { s.Background = green }, 0.25},
		{"backdrop", func(s *canvas.Scene) { s.Backdrop = solid(320, 192, 4) }, 0.25},
		{"front", func(s *canvas.Scene) { s.Front = veil(2) }, 0.25},
		{"no front", func(s *canvas.Scene) { s.Front = nil }, 0.25},
		{"a front of nothing", func(s *canvas.Scene) { s.Front = &pixel.Bitmap{} }, 0.25},
		{"an opaque front", func(s *canvas.Scene) { s.Front = solidBitmap(320, 192, 1) }, 1},
		{"another still", func(s *canvas.Scene) { s.Layers[0].Still = solid(8, 8, 5) }, 0.5},
	} {
		t.Run(c.name, func(t *testing.T) {
			cv := canvas.New(canvas.Options{Width: 320, Height: 192, Scaler: pixel.Reference{}})
			s := scene(1, canvas.Layer{Rect: half, Still: solid(8, 8, 0)})
			s.Front = veil(3)
			cv.SetScene(s)
			p, _ := step(t, cv)
			p.Release()
			changed := *s
			changed.Layers = append([]canvas.Layer(nil), s.Layers...)
			c.change(&changed)
			cv.SetScene(&changed)
			p, info := step(t, cv)
			p.Release()
			if info.Replaced != c.want {
				t.Errorf("%v replaced, want %v", info.Replaced, c.want)
			}
		})
	}
}

func TestSceneThatLooksTheSamePublishesNothing(t *testing.T) {
	c, cam := small(0), &camera{solid(32, 18, 0)}
	c.SetScene(scene(1, canvas.Layer{Rect: left, Source: cam}))
	p, _ := step(t, c)
	p.Release()
	c.SetScene(scene(2, canvas.Layer{Rect: left, Source: cam}, canvas.Layer{Rect: right}))
	if info := still(t, c); info.Serial != 2 {
		t.Errorf("serial %d, want 2", info.Serial)
	}
}

func TestStillAndLetterboxStandIn(t *testing.T) {
	c, cam, avatar := small(0), &camera{}, solid(32, 18, 5)
	c.SetScene(scene(1, canvas.Layer{Rect: left, Source: cam, Still: avatar}, canvas.Layer{Rect: right, Source: &camera{}}))
	expect := func(l, r media.YUV) {
		t.Helper()
		p, _ := step(t, c)
		defer p.Release()
		if got := colorAt(p, 5, 5); got != l {
			t.Errorf("left: %v, want %v", got, l)
		}
		if got := colorAt(p, 40, 5); got != r {
			t.Errorf("right: %v, want %v", got, r)
		}
	}
	expect(mediatest.Color(5).YUV(), letterbox)
	cam.show(solid(32, 18, 1))
	expect(mediatest.Color(1).YUV(), letterbox)
	cam.show(nil)
	expect(mediatest.Color(5).YUV(), letterbox)
	if !avatar.Shared() {
		t.Error("the canvas holds no reference to the still that it shows")
	}
	c.Close()
	if avatar.Shared() {
		t.Error("the canvas kept a reference to the still after Close")
	}
}

// TestRecycledPictureIsSeen: a pool gives the same pointer for another picture.
func TestRecycledPictureIsSeen(t *testing.T) {
	pool, cam, c := media.NewPicturePool(2), &camera{}, small(2)
	c.SetScene(scene(1, canvas.Layer{Rect: left, Source: cam}))
	for i := range 6 {
		p := pool.Get(32, 18)
		p.Fill(mediatest.Color(i).YUV())
		cam.show(p)
		out, _ := step(t, c)
		if got, want := colorAt(out, 5, 5), mediatest.Color(i).YUV(); got != want {
			t.Errorf("picture %d: %v, want %v", i, got, want)
		}
		out.Release()
	}
	cam.show(nil)
	c.SetScene(scene(2))
	p, _ := step(t, c)
	p.Release()
	if n := pool.InUse(); n != 0 {
		t.Errorf("%d pictures are still held", n)
	}
}

func TestHiddenLayerIsNotDrawn(t *testing.T) {
	c, below, above := small(0), &camera{solid(32, 18, 0)}, &camera{solid(32, 18, 1)}
	half := canvas.Layer{Rect: left, Source: &camera{solid(32, 18, 2)}}
	c.SetScene(scene(1, canvas.Layer{Rect: left, Source: below}, canvas.Layer{Rect: right, Source: below}, half, canvas.Layer{Rect: image.Rect(0, 0, 48, 18), Source: above}))
	p, info := step(t, c)
	defer p.Release()
	if info.Drawn != 2 {
		t.Errorf("%d layers drawn, want the two that are seen", info.Drawn)
	}
	if l, r := colorAt(p, 20, 5), colorAt(p, 60, 5); l != mediatest.Color(1).YUV() || r != mediatest.Color(0).YUV() {
		t.Errorf("colours %v and %v", l, r)
	}
}

// TestReadersAndControlOnOtherGoroutines is for the race detector: scenes come
// from one goroutine, pictures are read and released by another.
func TestReadersAndControlOnOtherGoroutines(t *testing.T) {
	c, pics, done := small(3), make(chan *media.Picture, 2), make(chan int)
	go func() {
		n := 0
		for p := range pics {
			if colorAt(p, 0, 0) != colorAt(p, 63, 35) {
				t.Errorf("picture %d has two colours: %v and %v", n, colorAt(p, 0, 0), colorAt(p, 63, 35))
			}
			p.Release()
			n++
		}
		done <- n
	}()
	go func() {
		for i := range 300 {
			c.SetScene(scene(uint64(i), canvas.Layer{Rect: image.Rect(0, 0, 64, 36), Still: solid(64, 36, i)}))
			runtime.Gosched()
		}
		done <- 0
	}()
	for stop := false; !stop; {
		select {
		case <-done:
			stop = true
		default:
			if p, _ := c.Step(0); p != nil {
				pics <- p
			}
		}
	}
	close(pics)
	if n, published := <-done, c.Stats().Published; n == 0 || uint64(n) != published {
		t.Errorf("%d pictures were read, %d published", n, published)
	}
}

func TestNewMakesEvenAndRefuses(t *testing.T) {
	p, _ := step(t, canvas.New(canvas.Options{Width: 65, Height: 37, Scaler: pixel.Reference{}}))
	if p.Width != 64 || p.Height != 36 || colorAt(p, 3, 3) != letterbox {
		t.Errorf("%dx%d, %v", p.Width, p.Height, colorAt(p, 3, 3))
	}
	defer func() {
		if recover() == nil {
			t.Error("a canvas without a size was made")
		}
	}()
	canvas.New(canvas.Options{Scaler: pixel.Reference{}})
}
