package canvas_test

import (
	"testing"
	"time"

	"github.com/omniverto/omniverto/media/mediatest"
	"github.com/omniverto/omniverto/mixer/canvas"
)

// timed is a scene for a time, in a colour of its own.
func timed(serial uint64, at time.Duration) *canvas.Scene {
	return &canvas.Scene{Serial: serial, At: at, Background: mediatest.Color(int(serial)).YUV()}
}

// TestScenesComeAtTheirTime: each step shows the scene given last among those
// whose time has come.
func TestScenesComeAtTheirTime(t *testing.T) {
	type give struct {
		serial uint64
		at     time.Duration
	}
	for _, c := range []struct {
		name       string
		give       []give
		want       map[time.Duration]uint64 // at these steps, in order
		superseded uint64
	}{
		{"at once", []give{{1, 0}}, map[time.Duration]uint64{0: 1}, 0},
		{"the last of several", []give{{1, 0}, {2, 0}, {3, 0}}, map[time.Duration]uint64{0: 3}, 2},
		{"later", []give{{1, 0}, {2, 40 * ms}}, map[time.Duration]uint64{0: 1, 20 * ms: 1, 40 * ms: 2, 60 * ms: 2}, 0},
		{"between two steps", []give{{1, 0}, {2, 33 * ms}}, map[time.Duration]uint64{20 * ms: 1, 40 * ms: 2}, 0},
		{"one after the other", []give{{1, 20 * ms}, {2, 40 * ms}, {3, 60 * ms}}, map[time.Duration]uint64{0: 0, 20 * ms: 1, 40 * ms: 2, 60 * ms: 3}, 0},
		{"two due at once", []give{{1, 25 * ms}, {2, 30 * ms}}, map[time.Duration]uint64{0: 0, 40 * ms: 2}, 1},
		{"a newer one that is due before", []give{{1, 60 * ms}, {2, 0}}, map[time.Duration]uint64{0: 2, 60 * ms: 2, 80 * ms: 2}, 1},
		{"a newer one in between", []give{{1, 60 * ms}, {2, 40 * ms}}, map[time.Duration]uint64{0: 0, 40 * ms: 2, 60 * ms: 2}, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			cv := small(0)
			for _, g := range c.give {
				cv.SetScene(timed(g.serial, g.at))
			}
			for at := time.Duration(0); at <= 80*ms; at += 20 * ms {
				p, info := cv.Step(at)
				if p != nil {
					p.Release()
				}
				if want, ok := c.want[at]; ok && info.Serial != want {
					t.Errorf("at %v: serial %d, want %d", at, info.Serial, want)
				}
			}
			if got := cv.Stats().Superseded; got != c.superseded {
				t.Errorf("%d superseded, want %d", got, c.superseded)
			}
		})
	}
}

func TestWaitingScenesAreBounded(t *testing.T) {
	c := small(0)
	for i := range uint64(20) {
		c.SetScene(timed(i+1, time.Duration(i+1)*time.Second))
	}
	if got := c.Stats().Superseded; got != 4 {
		t.Errorf("%d dropped, want 4 of 20", got)
	}
	for s, want := range map[int]uint64{4: 0, 5: 5} { // the oldest four are gone
		c := small(0)
		for i := range uint64(20) {
			c.SetScene(timed(i+1, time.Duration(i+1)*time.Second))
		}
		if _, info := c.Step(time.Duration(s) * time.Second); info.Serial != want {
			t.Errorf("second %d: serial %d, want %d", s, info.Serial, want)
		}
	}
	if _, info := c.Step(time.Hour); info.Serial != 20 {
		t.Errorf("in the end: serial %d, want 20", info.Serial)
	}
}

func TestLast(t *testing.T) {
	c := small(2)
	if c.Last() != nil {
		t.Error("there is a picture before the first step")
	}
	c.SetScene(timed(1, 0))
	p, _ := step(t, c)
	p.Release()
	still(t, c)
	last := c.Last()
	if last != p || !last.Shared() {
		t.Error("Last is not the published picture with a reference")
	}
	c.SetScene(timed(2, 0))
	p, _ = step(t, c)
	if p == last || colorAt(last, 0, 0) != mediatest.Color(1).YUV() {
		t.Error("the picture that Last gave was drawn over")
	}
}
