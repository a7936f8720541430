package canvas_test

import (
	"fmt"
	"image"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/omniverto/omniverto/media"
	"github.com/omniverto/omniverto/media/mediatest"
	"github.com/omniverto/omniverto/mixer/canvas"
	"github.com/omniverto/omniverto/mixer/pixel"
)

// meeting changes scenes and pictures at random and holds published pictures
// for a random time.
type meeting struct {
	r       *rand.Rand
	now     time.Duration
	cams    []*camera
	stills  []*media.Picture
	bitmaps []*pixel.Bitmap
	scene   *canvas.Scene   // that is due
	newest  *canvas.Scene   // that was given last
	waiting []*canvas.Scene // given after scene, in order
	held    []*held

	backdrops []*media.Picture
	fronts    []*pixel.Bitmap
}

// held is a published picture in a reader's hands, with what it looked like.
type held struct{ pic, copy *media.Picture }

// one reports a chance of 1 in n.
func (m *meeting) one(n int) bool { return m.r.IntN(n) == 0 }

func (m *meeting) picture() *media.Picture {
	sizes := []image.Point{{X: 32, Y: 18}, {X: 24, Y: 18}, {X: 9, Y: 16}, {X: 33, Y: 19}, {X: 64, Y: 36}, {X: 1, Y: 1}}
	s := sizes[m.r.IntN(len(sizes))]
	return mediatest.Noise(s.X, s.Y, m.r.Uint64())
}

// bitmap has clear, opaque and half clear pixels, or no opacity.
func (m *meeting) bitmap(w, h int) *pixel.Bitmap {
	b := &pixel.Bitmap{Picture: mediatest.Noise(w, h, m.r.Uint64())}
	if m.one(4) {
		return b
	}
	b.Alpha = make([]byte, w*h)
	for i := 0; i < len(b.Alpha); {
		a := [...]byte{0, 255, byte(m.r.IntN(256))}[m.r.IntN(3)]
		for end := min(i+m.r.IntN(20), len(b.Alpha)); i < end; i++ {
			b.Alpha[i] = a
		}
	}
	return b
}

// anywhere is a rectangle that may overlap others, lie outside or be empty.
func (m *meeting) anywhere() image.Rectangle {
	x, y := m.r.IntN(64)-6, m.r.IntN(40)-6
	return image.Rect(x, y, x+m.r.IntN(60), y+m.r.IntN(40))
}

// layer is at random a grid cell or anywhere.
func (m *meeting) layer(i int) canvas.Layer {
	x, y := m.r.IntN(3)*20, m.r.IntN(3)*12
	l := canvas.Layer{ID: i, Rect: image.Rect(x, y, x+20, y+12), Zoom: m.one(3), Shared: m.one(2)}
	if m.one(3) {
		l.Rect = m.anywhere()
	}
	if m.one(4) {
		l.Move = canvas.Move{From: m.anywhere(), Start: m.soon(), Duration: m.soon() - m.now}
	}
	if !m.one(4) {
		l.Source = m.cams[m.r.IntN(len(m.cams))]
	}
	if m.one(2) {
		l.Still = m.stills[m.r.IntN(len(m.stills))]
	}
	if m.one(2) {
		m.decorate(&l)
	}
	return l
}

func (m *meeting) soon() time.Duration {
	return m.now + time.Duration(m.r.IntN(300)-50)*time.Millisecond
}

func (m *meeting) border() canvas.Border {
	if m.one(2) {
		return canvas.Border{}
	}
	return canvas.Border{Width: m.r.IntN(8) - 1, Color: mediatest.Color(m.r.IntN(8)).YUV()}
}

func (m *meeting) crop() canvas.Crop {
	return canvas.Crop{X: m.r.Float64()*2 - 0.5, Y: m.r.Float64(), W: m.r.Float64() * 1.2, H: m.r.Float64() * 1.2}
}

// decorate changes what a layer is like but not who sits in it and where.
func (m *meeting) decorate(l *canvas.Layer) {
	l.Border, l.Ring, l.Overlays, l.Camera, l.Banner = m.border(), m.border(), nil, nil, nil
	l.Turn = canvas.Turn{Quarters: uint8(m.r.IntN(5)), Mirror: m.one(2)}
	l.Filter = canvas.Filter(m.r.IntN(8))
	if m.one(2) {
		l.Filter, l.Turn = 0, canvas.Turn{}
	}
	if m.one(3) {
		l.Camera = &canvas.Camera{From: m.crop(), To: m.crop(), Start: m.soon(), Duration: m.soon() - m.now}
	}
	if m.one(3) {
		l.Banner = m.bitmaps[m.r.IntN(len(m.bitmaps))]
	}
	for m.one(2) {
		l.Overlays = append(l.Overlays, canvas.Overlay{
			Bitmap: m.bitmaps[m.r.IntN(len(m.bitmaps))], At: image.Pt(m.r.IntN(30)-8, m.r.IntN(24)-8),
		})
	}
}

func (m *meeting) newScene() *canvas.Scene {
	s := *m.newest
	s.Serial++
	s.At = 0
	if m.one(4) {
		s.At = m.soon()
	}
	switch m.r.IntN(6) {
	case 0: // somebody else in one layer of the same arrangement
		s.Layers = append([]canvas.Layer(nil), s.Layers...)
		if len(s.Layers) > 0 {
			i := m.r.IntN(len(s.Layers))
			other := m.layer(i)
			s.Layers[i].Source, s.Layers[i].Still = other.Source, other.Still
		}
	case 1, 2: // other decorations
		s.Layers = append([]canvas.Layer(nil), s.Layers...)
		if len(s.Layers) > 0 {
			m.decorate(&s.Layers[m.r.IntN(len(s.Layers))])
		}
	case 3:
		m.ground(&s)
	default:
		m.ground(&s)
		s.Layers = nil
		for i := range m.r.IntN(7) {
			s.Layers = append(s.Layers, m.layer(i))
		}
	}
	return &s
}

// ground changes one thing around, under or over the layers.
func (m *meeting) ground(s *canvas.Scene) {
	switch m.r.IntN(6) {
	case 0:
		s.Background = mediatest.Color(m.r.IntN(8)).YUV()
	case 1:
		s.Letterbox = mediatest.Color(m.r.IntN(8)).YUV()
	case 2:
		s.Backdrop = m.backdrops[m.r.IntN(len(m.backdrops))]
	case 3:
		s.Backdrop = nil
	case 4:
		s.Front = m.fronts[m.r.IntN(len(m.fronts))]
	case 5:
		s.Front = nil
	}
}

// change does what may happen between two ticks; it returns a new scene or nil.
func (m *meeting) change() *canvas.Scene {
	m.now += time.Duration(m.r.IntN(40)) * time.Millisecond
	for range m.r.IntN(3) {
		cam := m.cams[m.r.IntN(len(m.cams))]
		if cam.show(nil); !m.one(5) {
			cam.pic = m.picture()
		}
	}
	for i := 0; i < len(m.held); {
		if h := m.held[i]; m.one(3) {
			h.pic.Release()
			m.held = append(m.held[:i], m.held[i+1:]...)
			continue
		}
		i++
	}
	if !m.one(6) {
		return nil
	}
	m.newest = m.newScene()
	m.waiting = append(m.waiting, m.newest)
	return m.newest
}

// due makes the last of the waiting scenes whose time has come the scene.
func (m *meeting) due() {
	for i := len(m.waiting) - 1; i >= 0; i-- {
		if m.waiting[i].At <= m.now {
			m.scene, m.waiting = m.waiting[i], m.waiting[i+1:]
			return
		}
	}
}

func newMeeting(seed uint64) *meeting {
	m := &meeting{r: rand.New(rand.NewPCG(seed, 1)), scene: scene(1)}
	m.newest = m.scene
	for range 5 {
		m.cams = append(m.cams, &camera{})
	}
	for range 3 {
		m.stills = append(m.stills, m.picture())
	}
	for _, s := range []image.Point{{X: 20, Y: 4}, {X: 9, Y: 5}, {X: 13, Y: 11}, {X: 64, Y: 3}} {
		m.bitmaps = append(m.bitmaps, m.bitmap(s.X, s.Y))
	}
	for _, s := range []image.Point{{X: 64, Y: 36}, {X: 64, Y: 36}, {X: 40, Y: 36}, {X: 64, Y: 19}, {X: 90, Y: 50}} {
		m.backdrops = append(m.backdrops, mediatest.Noise(s.X, s.Y, m.r.Uint64()))
	}
	m.fronts = []*pixel.Bitmap{m.bitmap(64, 36), m.bitmap(64, 36), m.bitmap(31, 17)}
	return m
}

// fresh is the scene drawn by a canvas that has drawn nothing before.
func (m *meeting) fresh() *media.Picture {
	c := small(2)
	c.SetScene(m.scene)
	p, _ := c.Step(m.now)
	c.Close()
	return p
}

// run plays a meeting on two canvases that share a cache and compares every tick
// with a fresh drawing.
func run(t *testing.T, seed uint64, ticks int) {
	m, cache := newMeeting(seed), canvas.NewCache(pixel.Reference{})
	var canvases [2]*canvas.Canvas
	var last [2]*media.Picture // copies of what was published last
	for i := range canvases {
		canvases[i] = canvas.New(canvas.Options{Width: 64, Height: 36, Scaler: pixel.Reference{}, Buffers: 3, Cache: cache})
		canvases[i].SetScene(m.scene)
	}
	for tick := range ticks {
		if s := m.change(); s != nil {
			canvases[0].SetScene(s)
			canvases[1].SetScene(s)
		}
		m.due()
		want := m.fresh()
		for i, c := range canvases {
			skipped := c.Stats().Skipped
			p, info := c.Step(m.now)
			if info.Serial != m.scene.Serial {
				t.Fatalf("tick %d: serial %d, want %d", tick, info.Serial, m.scene.Serial)
			}
			for i, h := range m.held {
				if !mediatest.Equal(h.pic, h.copy) {
					t.Fatalf("tick %d: buffer %d was written while it was read", tick, i)
				}
			}
			if p != nil {
				last[i] = clone(p)
				m.held = append(m.held, &held{p, last[i]})
			}
			if c.Stats().Skipped == skipped && !mediatest.Equal(last[i], want) {
				t.Fatalf("tick %d (published %v): the canvas is not what a fresh one shows", tick, p != nil)
			}
		}
	}
	for _, c := range canvases {
		c.Close()
	}
	cache.Close()
	for i, s := range m.stills {
		if s.Shared() {
			t.Errorf("still %d is still held", i)
		}
	}
	for i, cam := range m.cams {
		if cam.pic != nil && cam.pic.Shared() {
			t.Errorf("picture of camera %d is still held", i)
		}
	}
}

func clone(p *media.Picture) *media.Picture {
	c := media.NewPicture(p.Width, p.Height)
	pixel.Copy(c, image.Point{}, p)
	return c
}

func TestNothingStaleShows(t *testing.T) {
	for seed := range uint64(30) {
		if raced && seed%5 != 0 {
			continue
		}
		t.Run(fmt.Sprint(seed), func(t *testing.T) { run(t, seed, 120) })
	}
}

func FuzzNothingStaleShows(f *testing.F) {
	f.Add(uint64(1), uint8(50))
	f.Fuzz(func(t *testing.T, seed uint64, ticks uint8) { run(t, seed, int(ticks)) })
}
