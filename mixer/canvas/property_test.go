package canvas_test

import (
	"fmt"
	"image"
	"math/rand/v2"
	"testing"

	"github.com/omniverto/omniverto/layouts"
	"github.com/omniverto/omniverto/media"
	"github.com/omniverto/omniverto/mixer/canvas"
)

// tally is a Scaler that counts how often each picture is drawn.
type tally map[*media.Picture]int

func (n tally) Scale(_ *media.Picture, _ image.Rectangle, src *media.Picture, _ image.Rectangle) {
	n[src]++
}

// TestEachVisibleMemberIsDrawnOnce: in every stock layout, with any number of
// members and any decorations, the first picture draws each member that is seen
// once, the second only who moved, and a canvas on which nobody moved nothing.
func TestEachVisibleMemberIsDrawnOnce(t *testing.T) {
	for _, layout := range layouts.Stock().Layouts() {
		for _, n := range []int{1, (len(layout.Images) + 1) / 2, len(layout.Images)} {
			t.Run(fmt.Sprint(layout.Name, "-", n), func(t *testing.T) { drawnOnce(t, layout, n) })
		}
	}
}

func drawnOnce(t *testing.T, layout *layouts.Layout, n int) {
	m := newMeeting(uint64(n))
	m.r = rand.New(rand.NewPCG(uint64(n), 2))
	drawn := tally{}
	c := canvas.New(canvas.Options{Width: 640, Height: 360, Scaler: drawn})
	s := scene(1)
	var over []canvas.Layer
	for i, im := range layout.Images[:n] {
		l := canvas.Layer{ID: i, Rect: im.Rect(640, 360), Zoom: im.Zoom}
		m.decorate(&l)
		l.Source, l.Camera, l.Turn = &camera{media.NewPicture(642, 2+2*i)}, nil, canvas.Turn{}
		if im.Overlap {
			over = append(over, l)
		} else {
			s.Layers = append(s.Layers, l)
		}
	}
	s.Layers = append(s.Layers, over...)
	seen := 0
	for i := range s.Layers {
		if !hidden(s.Layers, i) {
			seen++
		}
	}
	expect := func(want map[int]bool) {
		t.Helper()
		for i, l := range s.Layers {
			times := 0
			if want[i] && !hidden(s.Layers, i) {
				times = 1
			}
			if got := drawn[l.Source.(*camera).pic]; got != times {
				t.Errorf("member %d was drawn %d times, want %d", i, got, times)
			}
		}
		clear(drawn)
	}
	everybody := map[int]bool{}
	for i := range s.Layers {
		everybody[i] = true
	}
	c.SetScene(s)
	p, info := step(t, c)
	p.Release()
	expect(everybody)
	if info.Drawn != seen {
		t.Errorf("%d layers drawn, %d are seen", info.Drawn, seen)
	}
	last := len(s.Layers) - 1
	s.Layers[last].Source.(*camera).show(media.NewPicture(642, 2+2*last))
	if p, _ = c.Step(0); p != nil {
		p.Release()
	}
	expect(map[int]bool{last: true})
	before := c.Stats()
	for range 10 {
		still(t, c)
	}
	expect(nil)
	if after := c.Stats(); after.Drawn != before.Drawn || after.Copied != before.Copied || after.Pixels != before.Pixels || after.Unchanged != before.Unchanged+10 {
		t.Errorf("a still canvas costs something: %+v after %+v", after, before)
	}
}

// hidden reports whether a later layer covers layer i.
func hidden(layers []canvas.Layer, i int) bool {
	for _, over := range layers[i+1:] {
		if layers[i].Rect.In(over.Rect) {
			return true
		}
	}
	return false
}
