package canvas_test

import (
	"image"
	"testing"
	"time"

	"github.com/omniverto/omniverto/media"
	"github.com/omniverto/omniverto/media/mediatest"
	"github.com/omniverto/omniverto/mixer/canvas"
	"github.com/omniverto/omniverto/mixer/pixel"
)

// counter is a Scaler that counts how often it scales which picture.
type counter struct{ calls map[*media.Picture]int }

func newCounter() *counter { return &counter{calls: map[*media.Picture]int{}} }

func (c *counter) Scale(dst *media.Picture, rect image.Rectangle, src *media.Picture, crop image.Rectangle) {
	if rect.Size() != crop.Size() {
		c.calls[src]++
	}
	pixel.Reference{}.Scale(dst, rect, src, crop)
}

// cast is two canvases that share a cache, with one scene of one shared layer each.
type cast struct {
	count    *counter
	cache    *canvas.Cache
	canvases [2]*canvas.Canvas
	cam      *camera
}

func newCast(layers ...canvas.Layer) *cast {
	c := &cast{count: newCounter(), cam: &camera{mediatest.Noise(64, 36, 1)}}
	c.cache = canvas.NewCache(c.count)
	for i, l := range layers {
		c.canvases[i] = canvas.New(canvas.Options{Width: 64, Height: 36, Scaler: c.count, Cache: c.cache})
		l.Source = c.cam
		c.canvases[i].SetScene(scene(1, l))
	}
	return c
}

func (c *cast) step(t *testing.T, at time.Duration) {
	t.Helper()
	for _, cv := range c.canvases {
		p, _ := cv.Step(at)
		if p == nil {
			t.Fatal("nothing was published")
		}
		p.Release()
	}
}

func TestCacheScalesOnce(t *testing.T) {
	shared := canvas.Layer{Rect: left, Shared: true}
	with := func(change func(*canvas.Layer)) canvas.Layer {
		l := shared
		change(&l)
		return l
	}
	for _, c := range []struct {
		name  string
		other canvas.Layer
		calls int
		stats canvas.CacheStats
	}{
		{"the same", shared, 1, canvas.CacheStats{Hits: 1, Misses: 1}},
		{"elsewhere", with(func(l *canvas.Layer) { l.Rect = right }), 1, canvas.CacheStats{Hits: 1, Misses: 1}},
		{"decorated", with(func(l *canvas.Layer) { l.Filter, l.Turn.Mirror, l.Ring.Width = canvas.FilterGray, true, 2 }), 1, canvas.CacheStats{Hits: 1, Misses: 1}},
		{"another size", with(func(l *canvas.Layer) { l.Rect = image.Rect(0, 0, 16, 10) }), 2, canvas.CacheStats{Misses: 2}},
		{"another part", with(func(l *canvas.Layer) { l.Camera = &canvas.Camera{To: canvas.Crop{W: 0.75, H: 0.75}} }), 2, canvas.CacheStats{Misses: 2}},
		{"not shared", with(func(l *canvas.Layer) { l.Shared = false }), 2, canvas.CacheStats{Misses: 1}},
		{"moving", with(func(l *canvas.Layer) { l.Move = canvas.Move{From: right, Duration: time.Second} }), 2, canvas.CacheStats{Misses: 1}},
		{"not scaled", with(func(l *canvas.Layer) { l.Rect = image.Rect(0, 0, 64, 36) }), 1, canvas.CacheStats{Misses: 1}},
	} {
		t.Run(c.name, func(t *testing.T) {
			k := newCast(shared, c.other)
			k.step(t, ms)
			if got := k.count.calls[k.cam.pic]; got != c.calls {
				t.Errorf("scaled %d times, want %d", got, c.calls)
			}
			if got := k.cache.Stats(); got != c.stats {
				t.Errorf("%+v, want %+v", got, c.stats)
			}
		})
	}
}

// TestCacheGivesPicturesBack: the pool of a source sees its picture again when the
// source has a newer one, and the memory of a size goes when nobody uses it.
func TestCacheGivesPicturesBack(t *testing.T) {
	l := canvas.Layer{Rect: left, Shared: true}
	c := newCast(l, l)
	old := c.cam.pic.Retain()
	c.step(t, ms)
	c.cam.show(mediatest.Noise(64, 36, 2))
	c.step(t, 2*ms)
	if old.Shared() {
		t.Error("an old picture is still held")
	}
	for _, cv := range c.canvases {
		cv.Close()
	}
	if !c.cam.pic.Shared() {
		t.Error("the cache does not hold what it scaled in this tick")
	}
	c.cache.Close()
	if c.cam.pic.Shared() {
		t.Error("the cache holds a picture after Close")
	}
}

// TestCacheIsBounded: beyond its memory canvases scale by themselves, and sizes
// that went out of use make room.
func TestCacheIsBounded(t *testing.T) {
	cache := canvas.NewCache(pixel.Reference{})
	size := image.Pt(4096, 2160) // 13 MB each: five fit
	c := canvas.New(canvas.Options{Width: size.X, Height: size.Y, Scaler: &recorder{}, Buffers: 2, Cache: cache})
	defer c.Close()
	cam := &camera{mediatest.Solid(2, 2, letterbox)}
	for i, misses := range []uint64{1, 2, 3, 4, 5, 5, 5, 6} {
		at := time.Duration(i+1) * ms
		if i == 7 {
			at = time.Hour
		}
		l := canvas.Layer{Rect: image.Rectangle{Max: size.Sub(image.Pt(2*i, 2*i))}, Zoom: true, Shared: true, Source: cam}
		c.SetScene(scene(1, l))
		p, _ := c.Step(at)
		p.Release()
		if got := cache.Stats().Misses; got != misses {
			t.Errorf("size %d: %d pictures cached so far, want %d", i, got, misses)
		}
	}
}

func TestMonitor(t *testing.T) {
	var m canvas.Monitor
	if m.At(0) != nil {
		t.Error("a new monitor shows something")
	}
	a, b := solid(8, 8, 0), solid(8, 8, 1)
	m.Put(a)
	if p := m.At(0); p != a || !a.Shared() {
		t.Error("the monitor does not show what was put")
	} else {
		p.Release()
	}
	m.Put(b)
	if a.Shared() {
		t.Error("the older picture is still held")
	}
	m.Close()
	m.Put(a)
	if a.Shared() || b.Shared() || m.At(0) != nil {
		t.Error("a closed monitor holds a picture")
	}
}

// TestMonitorBetweenGoroutines is for the race detector: the two canvases need not
// be stepped by one goroutine.
func TestMonitorBetweenGoroutines(t *testing.T) {
	c, over := small(4), small(4)
	cam, m, done := &camera{}, &canvas.Monitor{}, make(chan struct{})
	c.SetScene(scene(1, canvas.Layer{Rect: image.Rect(0, 0, 64, 36), Source: cam}))
	over.SetScene(scene(1, canvas.Layer{Rect: left, Source: m}))
	go func() {
		defer close(done)
		for i := range 300 {
			cam.show(solid(64, 36, i))
			if p, _ := c.Step(0); p != nil {
				m.Put(p)
				p.Release()
			}
		}
	}()
	for stop := false; !stop; {
		select {
		case <-done:
			stop = true
		default:
		}
		if p, _ := over.Step(0); p != nil {
			if colorAt(p, 0, 0) != colorAt(p, 31, 17) {
				t.Error("a picture was shown while it was drawn")
			}
			p.Release()
		}
	}
}
