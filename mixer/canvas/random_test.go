package canvas_test

import (
	"fmt"
	"image"
	"math/rand/v2"
	"testing"

	"github.com/omniverto/omniverto/media"
	"github.com/omniverto/omniverto/media/mediatest"
	"github.com/omniverto/omniverto/mixer/canvas"
	"github.com/omniverto/omniverto/mixer/pixel"
)

// meeting changes scenes and pictures at random and holds published pictures
// for a random time.
type meeting struct {
	r      *rand.Rand
	cams   []*camera
	stills []*media.Picture
	scene  *canvas.Scene
	held   []*held
}

// held is a published picture in a reader's hands, with what it looked like.
type held struct{ pic, copy *media.Picture }

func (m *meeting) picture() *media.Picture {
	sizes := []image.Point{{X: 32, Y: 18}, {X: 24, Y: 18}, {X: 9, Y: 16}, {X: 33, Y: 19}, {X: 64, Y: 36}}
	s := sizes[m.r.IntN(len(sizes))]
	return mediatest.Noise(s.X, s.Y, m.r.Uint64())
}

// layer is at random a grid cell or anywhere, also overlapping and outside.
func (m *meeting) layer(i int) canvas.Layer {
	l := canvas.Layer{ID: i, Zoom: m.r.IntN(3) == 0}
	x, y := m.r.IntN(3)*20, m.r.IntN(3)*12
	l.Rect = image.Rect(x, y, x+20, y+12)
	if m.r.IntN(3) == 0 {
		x, y = m.r.IntN(64)-6, m.r.IntN(40)-6
		l.Rect = image.Rect(x, y, x+m.r.IntN(60), y+m.r.IntN(40))
	}
	if m.r.IntN(4) > 0 {
		l.Source = m.cams[m.r.IntN(len(m.cams))]
	}
	if m.r.IntN(2) == 0 {
		l.Still = m.stills[m.r.IntN(len(m.stills))]
	}
	return l
}

func (m *meeting) newScene() {
	s := &canvas.Scene{Serial: m.scene.Serial + 1, Background: m.scene.Background, Letterbox: m.scene.Letterbox}
	switch m.r.IntN(4) {
	case 0: // somebody else in one layer of the same arrangement
		s.Layers = append(s.Layers, m.scene.Layers...)
		if len(s.Layers) > 0 {
			i := m.r.IntN(len(s.Layers))
			other := m.layer(i)
			s.Layers[i].Source, s.Layers[i].Still = other.Source, other.Still
		}
	case 1:
		s.Background = mediatest.Color(m.r.IntN(8)).YUV()
		s.Letterbox = mediatest.Color(m.r.IntN(8)).YUV()
		fallthrough
	default:
		for i := range m.r.IntN(7) {
			s.Layers = append(s.Layers, m.layer(i))
		}
	}
	m.scene = s
}

// change does what may happen between two ticks; it tells of a new scene.
func (m *meeting) change() (scene bool) {
	for range m.r.IntN(3) {
		cam := m.cams[m.r.IntN(len(m.cams))]
		if cam.show(nil); m.r.IntN(5) > 0 {
			cam.pic = m.picture()
		}
	}
	for i := 0; i < len(m.held); {
		if h := m.held[i]; m.r.IntN(3) == 0 {
			h.pic.Release()
			m.held = append(m.held[:i], m.held[i+1:]...)
			continue
		}
		i++
	}
	if m.r.IntN(6) == 0 {
		m.newScene()
		return true
	}
	return false
}

func newMeeting(seed uint64) *meeting {
	m := &meeting{r: rand.New(rand.NewPCG(seed, 1)), scene: scene(1)}
	for range 5 {
		m.cams = append(m.cams, &camera{})
	}
	for range 3 {
		m.stills = append(m.stills, m.picture())
	}
	return m
}

// fresh is the scene drawn by a canvas that has drawn nothing before.
func (m *meeting) fresh() *media.Picture {
	c := small(2)
	c.SetScene(m.scene)
	p, _ := c.Step(0)
	c.Close()
	return p
}

// run plays a meeting and compares every tick with a fresh drawing.
func run(t *testing.T, seed uint64, ticks int) {
	m, c := newMeeting(seed), small(3)
	c.SetScene(m.scene)
	var last *media.Picture // a copy of what was published last
	for tick := range ticks {
		if m.change() {
			c.SetScene(m.scene)
		}
		skipped := c.Stats().Skipped
		p, info := c.Step(0)
		if info.Serial != m.scene.Serial {
			t.Fatalf("tick %d: serial %d, want %d", tick, info.Serial, m.scene.Serial)
		}
		for i, h := range m.held {
			if !mediatest.Equal(h.pic, h.copy) {
				t.Fatalf("tick %d: buffer %d was written while it was read", tick, i)
			}
		}
		if p != nil {
			last = clone(p)
			m.held = append(m.held, &held{p, last})
		}
		if c.Stats().Skipped == skipped && !mediatest.Equal(last, m.fresh()) {
			t.Fatalf("tick %d (published %v): the canvas is not what a fresh one shows", tick, p != nil)
		}
	}
	c.Close()
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
	for seed := range uint64(40) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) { run(t, seed, 120) })
	}
}

func FuzzNothingStaleShows(f *testing.F) {
	f.Add(uint64(1), uint8(50))
	f.Fuzz(func(t *testing.T, seed uint64, ticks uint8) { run(t, seed, int(ticks)) })
}
