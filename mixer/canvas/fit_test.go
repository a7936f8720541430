package canvas_test

import (
	"image"
	"testing"

	"github.com/omniverto/omniverto/media"
	"github.com/omniverto/omniverto/mixer/canvas"
)

// recorder is a Scaler that notes what it was asked.
type recorder struct{ rect, crop image.Rectangle }

func (r *recorder) Scale(_ *media.Picture, rect image.Rectangle, _ *media.Picture, crop image.Rectangle) {
	r.rect, r.crop = rect, crop
}

func TestFit(t *testing.T) {
	cell := image.Rect(0, 0, 1280, 720)
	r := image.Rect
	for _, c := range []struct {
		name string
		cell image.Rectangle
		zoom bool
		w, h int
		rect image.Rectangle // in the cell's canvas
		crop image.Rectangle
	}{
		{"same shape", cell, false, 640, 360, cell, r(0, 0, 640, 360)},
		{"4:3", cell, false, 640, 480, r(160, 0, 1120, 720), r(0, 0, 640, 480)},
		{"portrait", cell, false, 360, 640, r(436, 0, 842, 720), r(0, 0, 360, 640)},
		{"wide", cell, false, 840, 360, r(0, 84, 1280, 634), r(0, 0, 840, 360)},
		{"1088 rows: no bars", cell, false, 1920, 1088, cell, r(0, 0, 1920, 1088)},
		{"cell a pixel too wide: no bars", r(852, 0, 1280, 240), false, 640, 360, r(852, 0, 1280, 240), r(0, 0, 640, 360)},
		{"odd picture", cell, false, 641, 361, cell, r(0, 0, 641, 361)},
		{"one pixel wide", cell, false, 1, 1000, r(638, 0, 640, 720), r(0, 0, 1, 1000)},
		{"one pixel high", cell, false, 1000, 1, r(0, 358, 1280, 360), r(0, 0, 1000, 1)},
		{"zoom, same shape", cell, true, 640, 360, cell, r(0, 0, 640, 360)},
		{"zoom into a half: the middle", r(0, 0, 640, 720), true, 640, 360, r(0, 0, 640, 720), r(160, 0, 480, 360)},
		{"zoom portrait: the middle", cell, true, 360, 640, cell, r(0, 218, 360, 420)},
		{"zoom 4:3", cell, true, 640, 480, cell, r(0, 60, 640, 420)},
		{"zoom one pixel", cell, true, 1, 1, cell, r(0, 0, 1, 1)},
	} {
		t.Run(c.name, func(t *testing.T) {
			var got recorder
			cv := canvas.New(canvas.Options{Width: 1280, Height: 720, Scaler: &got})
			cv.SetScene(scene(1, canvas.Layer{Rect: c.cell, Zoom: c.zoom, Source: &camera{media.NewPicture(c.w, c.h)}}))
			step(t, cv)
			if got.rect != c.rect || got.crop != c.crop {
				t.Errorf("%v from %v, want %v from %v", got.rect, got.crop, c.rect, c.crop)
			}
		})
	}
}

// TestScalerIsAskedWithinBounds: what a Scaler may rely on, for any picture.
func TestScalerIsAskedWithinBounds(t *testing.T) {
	check := &checker{t: t}
	c := canvas.New(canvas.Options{Width: 320, Height: 180, Scaler: check})
	for _, cell := range []image.Rectangle{image.Rect(0, 0, 2, 2), image.Rect(106, 60, 212, 120), image.Rect(2, 2, 4, 180), image.Rect(0, 0, 320, 2)} {
		for w := 1; w < 900; w += 37 {
			for h := 1; h < 900; h += 41 {
				pic := media.NewPicture(w, h)
				check.cell, check.pic = cell, image.Rect(0, 0, w, h)
				for _, zoom := range []bool{false, true} {
					c.SetScene(scene(1, canvas.Layer{Rect: cell, Zoom: zoom, Still: pic}))
					if p, _ := c.Step(0); p != nil { // zoomed and fitted may be the same
						p.Release()
					}
				}
			}
		}
	}
	if check.calls < 3000 {
		t.Errorf("the scaler was asked %d times", check.calls)
	}
}

// checker is a Scaler that checks its arguments.
type checker struct {
	t         *testing.T
	cell, pic image.Rectangle
	anywhere  bool // rect is in a scratch picture, not in the cell
	calls     int
}

func (c *checker) Scale(_ *media.Picture, rect image.Rectangle, _ *media.Picture, crop image.Rectangle) {
	c.calls++
	evenRect := (rect.Min.X|rect.Min.Y|rect.Max.X|rect.Max.Y)&1 == 0
	evenCrop := (crop.Min.X|crop.Min.Y)&1 == 0
	if !c.anywhere && !rect.In(c.cell) || !crop.In(c.pic) || rect.Empty() || crop.Empty() || !evenRect || !evenCrop {
		c.t.Errorf("cell %v, picture %v: %v from %v", c.cell, c.pic.Max, rect, crop)
	}
}
