package pixel_test

import (
	"fmt"
	"image"
	"testing"

	"github.com/omniverto/omniverto/media/mediatest"
	"github.com/omniverto/omniverto/mixer/pixel"
)

// quarter is where the pixel at x, y of a picture w wide comes from in the picture
// before a quarter turn clockwise, which is w high: the definition of a turn.
func quarter(x, y, w int) (int, int) { return y, w - 1 - x }

// source is where the pixel at x, y of a turned picture of w x h comes from.
func source(x, y, w, h int, o pixel.Orientation) (int, int) {
	if o.Mirror {
		x = w - 1 - x
	}
	for range o.Quarters {
		x, y = quarter(x, y, w)
		w, h = h, w
	}
	return x, y
}

// turns checks a turn of a crop by the definition and that nothing else is written.
func turns(t *testing.T, crop image.Rectangle, o pixel.Orientation, seed uint64) {
	t.Helper()
	src, dst := mediatest.Noise(96, 80, seed), mediatest.Noise(120, 110, seed+1)
	before, rect := clone(dst), image.Rectangle{Min: image.Pt(6, 4), Max: image.Pt(6, 4).Add(crop.Size())}
	if o.Sideways() {
		rect.Max = rect.Min.Add(image.Pt(crop.Dy(), crop.Dx()))
	}
	pixel.Turn(dst, rect.Min, src, crop, o)
	check(t, dst, func(i, x, y int) byte {
		r, c := area(i, rect), area(i, crop)
		if !image.Pt(x, y).In(r) {
			return sample(before, i, x, y)
		}
		sx, sy := source(x-r.Min.X, y-r.Min.Y, r.Dx(), r.Dy(), o)
		return sample(src, i, c.Min.X+sx, c.Min.Y+sy)
	})
}

func TestTurn(t *testing.T) {
	for q := range uint8(4) {
		for _, mirror := range []bool{false, true} {
			for _, crop := range []image.Rectangle{image.Rect(0, 0, 96, 80), image.Rect(10, 6, 52, 76), image.Rect(4, 4, 6, 6), image.Rect(2, 2, 90, 4)} {
				o := pixel.Orientation{Quarters: q, Mirror: mirror}
				t.Run(fmt.Sprint(o, crop), func(t *testing.T) { turns(t, crop, o, 5) })
			}
		}
	}
}

// TestTurnShows: the words of a moderator, on a picture of four colours.
func TestTurnShows(t *testing.T) {
	src := mediatest.Quadrants(8, 4, 0)
	for _, c := range []struct {
		name string
		o    pixel.Orientation
		want [4]int // colours top left, top right, bottom left, bottom right
	}{
		{"upright", pixel.Orientation{}, [4]int{0, 1, 2, 3}},
		{"a quarter clockwise", pixel.Orientation{Quarters: 1}, [4]int{2, 0, 3, 1}},
		{"half", pixel.Orientation{Quarters: 2}, [4]int{3, 2, 1, 0}},
		{"three quarters", pixel.Orientation{Quarters: 3}, [4]int{1, 3, 0, 2}},
		{"mirrored", pixel.Orientation{Mirror: true}, [4]int{1, 0, 3, 2}},
		{"a quarter, then mirrored", pixel.Orientation{Quarters: 1, Mirror: true}, [4]int{0, 2, 1, 3}},
	} {
		t.Run(c.name, func(t *testing.T) {
			dst := mediatest.Noise(8, 8, 1)
			pixel.Turn(dst, image.Point{}, src, all(src), c.o)
			w, h := 8, 4
			if c.o.Sideways() {
				w, h = 4, 8
			}
			for i, p := range []image.Point{{X: 0, Y: 0}, {X: w - 1, Y: 0}, {X: 0, Y: h - 1}, {X: w - 1, Y: h - 1}} {
				if got, want := sample(dst, 0, p.X, p.Y), mediatest.Color(c.want[i]).YUV().Y; got != want {
					t.Errorf("corner %d: %d, want %d", i, got, want)
				}
			}
		})
	}
}

func TestTurnRefusesWhatDoesNotFit(t *testing.T) {
	src, dst := mediatest.Noise(32, 18, 1), mediatest.Noise(32, 18, 2)
	before := clone(dst)
	pixel.Turn(dst, image.Point{}, src, all(src), pixel.Orientation{Quarters: 1})
	pixel.Turn(dst, image.Pt(2, 0), src, all(src), pixel.Orientation{})
	pixel.Turn(dst, image.Point{}, src, image.Rect(0, 0, 34, 4), pixel.Orientation{})
	pixel.Turn(dst, image.Point{}, src, image.Rectangle{}, pixel.Orientation{})
	check(t, dst, func(i, x, y int) byte { return sample(before, i, x, y) })
}

func FuzzTurn(f *testing.F) {
	f.Add(uint8(4), uint8(2), uint8(20), uint8(40), uint8(1), true, uint64(1))
	f.Fuzz(func(t *testing.T, x, y, w, h, q uint8, mirror bool, seed uint64) {
		at := image.Pt(int(x)%46&^1, int(y)%38&^1)
		size := image.Pt(2+int(w)%48&^1, 2+int(h)%40&^1)
		turns(t, image.Rectangle{Min: at, Max: at.Add(size)}, pixel.Orientation{Quarters: q % 4, Mirror: mirror}, seed)
	})
}
