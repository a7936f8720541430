package layouts_test

import (
	"fmt"
	"image"
	"math/rand/v2"
	"testing"

	"github.com/omniverto/omniverto/layouts"
)

// canvases are the sizes that the properties are checked at: the usual ones, and
// requests that nobody should make.
func canvases() []image.Point {
	return []image.Point{{X: 320, Y: 180}, {X: 480, Y: 320}, {X: 640, Y: 360}, {X: 640, Y: 480}, {X: 1280, Y: 720}, {X: 1920, Y: 1080},
		{X: 321, Y: 181}, {X: 333, Y: 777}, {X: 1279, Y: 719}, {X: 7680, Y: 4320}, {X: 361, Y: 7681}}
}

// units is an image in the units of the grid.
func units(im layouts.Image) image.Rectangle {
	return image.Rect(im.X, im.Y, im.X+im.Scale, im.Y+im.HScale)
}

// checkRects checks the rectangles of a layout on one canvas: inside of it, even,
// apart where the document has them apart, and side by side without a gap where
// the document has them side by side.
func checkRects(t *testing.T, l *layouts.Layout, size image.Point) {
	t.Helper()
	for i, a := range l.Images {
		r := a.Rect(size.X, size.Y)
		if r.Empty() || !r.In(image.Rectangle{Max: size}) || (r.Min.X|r.Min.Y|r.Max.X|r.Max.Y)&1 != 0 {
			t.Errorf("%s on %v: image %d is %v", l.Name, size, i, r)
		}
		for j, b := range l.Images[:i] {
			q := b.Rect(size.X, size.Y)
			if r.Overlaps(q) && !units(a).Overlaps(units(b)) {
				t.Errorf("%s on %v: images %d %v and %d %v overlap", l.Name, size, j, q, i, r)
			}
			for _, e := range [][4]int{
				{units(a).Max.X, units(b).Min.X, r.Max.X, q.Min.X}, {units(b).Max.X, units(a).Min.X, q.Max.X, r.Min.X},
				{units(a).Max.Y, units(b).Min.Y, r.Max.Y, q.Min.Y}, {units(b).Max.Y, units(a).Min.Y, q.Max.Y, r.Min.Y},
			} {
				if e[0] == e[1] && e[2] != e[3] {
					t.Errorf("%s on %v: images %d %v and %d %v touch in the document only", l.Name, size, j, q, i, r)
				}
			}
		}
	}
}

func TestRectsOfStockLayouts(t *testing.T) {
	for _, l := range layouts.Stock().Layouts() {
		for _, size := range canvases() {
			checkRects(t, l, size)
		}
	}
}

// TestStockLayoutsOverlapOnPurpose: images that share units are there only where
// one of them says overlap.
func TestStockLayoutsOverlapOnPurpose(t *testing.T) {
	for _, l := range layouts.Stock().Layouts() {
		for i, a := range l.Images {
			for j, b := range l.Images[:i] {
				if !a.Overlap && !b.Overlap && units(a).Overlaps(units(b)) {
					t.Errorf("%s: images %d and %d overlap", l.Name, j, i)
				}
			}
		}
	}
}

// TestRectsOfRandomLayouts cuts the grid at random lines, so that most images
// touch others, and throws in some that lie anywhere. All go through a document.
func TestRectsOfRandomLayouts(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for n := range 200 {
		var images []string
		for _, r := range slice(rng, image.Rect(0, 0, layouts.Units, layouts.Units), 1+rng.IntN(layouts.MaxImages-8)) {
			images = append(images, spellImage(r))
		}
		for range rng.IntN(8) {
			w, h := layouts.MinScale+rng.IntN(layouts.Units-layouts.MinScale+1), layouts.MinScale+rng.IntN(layouts.Units-layouts.MinScale+1)
			at := image.Pt(rng.IntN(layouts.Units-w+1), rng.IntN(layouts.Units-h+1))
			images = append(images, spellImage(image.Rectangle{Min: at, Max: at.Add(image.Pt(w, h))}))
		}
		l := parse(t, one(images...)).Layouts()[0]
		if len(l.Images) != len(images) {
			t.Fatalf("%d of %d images", len(l.Images), len(images))
		}
		for _, size := range canvases() {
			checkRects(t, l, size)
		}
		checkRects(t, l, image.Pt(320+rng.IntN(2000), 180+rng.IntN(2000)))
		if t.Failed() {
			t.Fatalf("layout %d: %q", n, images)
		}
	}
}

func spellImage(r image.Rectangle) string {
	return fmt.Sprintf(`<image x="%d" y="%d" scale="%d" hscale="%d"/>`, r.Min.X, r.Min.Y, r.Dx(), r.Dy())
}

// slice cuts a rectangle into at most n pieces, none smaller than MinScale.
func slice(rng *rand.Rand, r image.Rectangle, n int) []image.Rectangle {
	along := rng.IntN(2) == 0
	length := r.Dx()
	if !along {
		length = r.Dy()
	}
	if n < 2 || length < 2*layouts.MinScale {
		return []image.Rectangle{r}
	}
	cut := layouts.MinScale + rng.IntN(length-2*layouts.MinScale+1)
	a, b := r, r
	if along {
		a.Max.X, b.Min.X = r.Min.X+cut, r.Min.X+cut
	} else {
		a.Max.Y, b.Min.Y = r.Min.Y+cut, r.Min.Y+cut
	}
	return append(slice(rng, a, n/2), slice(rng, b, n-n/2)...)
}
