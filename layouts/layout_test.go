package layouts_test

import (
	"fmt"
	"image"
	"testing"

	"github.com/omniverto/omniverto/layouts"
)

// parse reads a document that is right.
func parse(t testing.TB, doc string) *layouts.Set {
	t.Helper()
	s, err := layouts.Parse([]byte(doc))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestRect(t *testing.T) {
	for _, c := range []struct {
		name string
		im   layouts.Image
		w, h int
		want image.Rectangle
	}{
		{"whole", layouts.Image{Scale: 360, HScale: 360}, 1280, 720, image.Rect(0, 0, 1280, 720)},
		{"left of 2x1", layouts.Image{Y: 90, Scale: 180, HScale: 180}, 1280, 720, image.Rect(0, 180, 640, 540)},
		{"middle of 3x3", layouts.Image{X: 120, Y: 120, Scale: 120, HScale: 120}, 1280, 720, image.Rect(426, 240, 852, 480)},
		{"corner of 3x3", layouts.Image{X: 240, Y: 240, Scale: 120, HScale: 120}, 1280, 720, image.Rect(852, 480, 1280, 720)},
		{"own height", layouts.Image{X: 180, Scale: 180, HScale: 360}, 640, 480, image.Rect(320, 0, 640, 480)},
		{"odd canvas", layouts.Image{X: 180, Y: 180, Scale: 180, HScale: 180}, 641, 361, image.Rect(320, 180, 640, 360)},
		{"over the edge", layouts.Image{X: 300, Y: 0, Scale: 120, HScale: 120}, 720, 360, image.Rect(600, 0, 720, 120)},
		{"less than a pixel", layouts.Image{X: 359, Y: 359, Scale: 1, HScale: 1}, 320, 180, image.Rect(318, 178, 320, 180)},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := c.im.Rect(c.w, c.h); got != c.want {
				t.Errorf("%v, want %v", got, c.want)
			}
		})
	}
}

// sizes are canvases that people use, and awkward ones.
var sizes = []image.Point{{X: 1920, Y: 1080}, {X: 1280, Y: 720}, {X: 854, Y: 480}, {X: 640, Y: 480}, {X: 480, Y: 320}, {X: 320, Y: 180}, {X: 1366, Y: 768}, {X: 720, Y: 1280}}

// TestGridsTile: every pixel of a grid belongs to exactly one image.
func TestGridsTile(t *testing.T) {
	for _, name := range []string{"1x1", "2x2", "3x3", "4x4", "5x5", "6x6", "8x8", "2x1-zoom", "3x1-zoom", "5-grid-zoom", "3x2-zoom",
		"7-grid-zoom", "4x2-zoom", "1up_top_left+5", "1up_top_left+7", "1up_top_left+9", "2up_top+8", "2up_middle+8", "2up_bottom+8", "3up+4", "3up+9", "2x1-presenter-zoom"} {
		for _, size := range sizes {
			t.Run(fmt.Sprint(name, size), func(t *testing.T) {
				l, _, err := layouts.Stock().Resolve(name)
				if err != nil {
					t.Fatal(err)
				}
				area, canvas := 0, image.Rect(0, 0, size.X, size.Y)
				for i, im := range l.Images {
					r := im.Rect(size.X, size.Y)
					if !r.In(canvas) || r.Empty() || (r.Min.X|r.Min.Y|r.Max.X|r.Max.Y)&1 != 0 {
						t.Errorf("image %d: %v", i, r)
					}
					for j, other := range l.Images[:i] {
						if r.Overlaps(other.Rect(size.X, size.Y)) {
							t.Errorf("images %d and %d overlap", j, i)
						}
					}
					area += r.Dx() * r.Dy()
				}
				if area != size.X*size.Y {
					t.Errorf("%d of %d pixels", area, size.X*size.Y)
				}
			})
		}
	}
}

// TestRectIsNearFreeSWITCHs compares every stock image with FreeSWITCH's
// rectangle, which truncates position and size.
func TestRectIsNearFreeSWITCHs(t *testing.T) {
	near := func(a, b int) bool { return a-b <= 1 && b-a <= 1 }
	for _, l := range layouts.Stock().Layouts() {
		for i, im := range l.Images {
			for _, s := range sizes {
				r := im.Rect(s.X, s.Y)
				x, y := s.X*im.X/360, s.Y*im.Y/360
				w, h := s.X*im.Scale/360, s.Y*im.HScale/360
				if !near(r.Min.X, x) || !near(r.Min.Y, y) || !near(r.Max.X, x+w) || !near(r.Max.Y, y+h) {
					t.Errorf("%s image %d on %v: %v, FreeSWITCH's is %v", l.Name, i, s, r, image.Rect(x, y, x+w, y+h))
				}
			}
		}
	}
}

func TestChooseFromGrid(t *testing.T) {
	g, _ := layouts.Stock().Group("grid")
	for _, c := range []struct {
		count, files int
		want         string
	}{
		{0, 0, "1x1"}, {1, 0, "1x1"}, {2, 0, "2x1"}, {3, 0, "1x1+2x1"}, {4, 0, "2x2"}, {5, 0, "3x3"}, {9, 0, "3x3"},
		{10, 0, "4x4"}, {16, 0, "4x4"}, {17, 0, "5x5"}, {25, 0, "5x5"}, {26, 0, "6x6"}, {36, 0, "6x6"}, {37, 0, "8x8"},
		{64, 0, "8x8"}, {65, 0, "8x8"}, {1000, 0, "8x8"},
		{1, 1, "1x1"}, {2, 1, "1x1+2x1"}, {0, 1, "1x1"}, {63, 1, "8x8"}, {64, 1, "8x8"},
	} {
		if got := g.Choose(c.count, c.files); got.Name != c.want {
			t.Errorf("%d members and %d files: %s, want %s", c.count, c.files, got.Name, c.want)
		}
	}
}

// of is a layout with ordinary and file-only images.
func of(name string, ordinary, fileOnly int) *layouts.Layout {
	l := &layouts.Layout{Name: name, Images: make([]layouts.Image, ordinary+fileOnly)}
	for i := range fileOnly {
		l.Images[ordinary+i].FileOnly = true
	}
	return l
}

func TestChooseWithFileImages(t *testing.T) {
	for _, c := range []struct {
		name         string
		layouts      []*layouts.Layout
		count, files int
		want         string
	}{
		{"own image for the file", []*layouts.Layout{of("a", 2, 0), of("b", 2, 1), of("c", 4, 1)}, 2, 1, "b"},
		{"an earlier one with room for both", []*layouts.Layout{of("a", 3, 0), of("b", 2, 1)}, 2, 1, "a"},
		{"the smallest of the earlier ones", []*layouts.Layout{of("a", 9, 0), of("b", 4, 0), of("c", 6, 0), of("d", 2, 1)}, 2, 1, "b"},
		{"later ones do not count", []*layouts.Layout{of("a", 9, 0), of("b", 2, 1), of("c", 3, 0)}, 2, 1, "a"},
		{"file images are not for members", []*layouts.Layout{of("a", 1, 3), of("b", 3, 0)}, 3, 0, "b"},
		{"nothing fits: the last", []*layouts.Layout{of("a", 3, 1), of("b", 2, 1)}, 9, 1, "b"},
		{"the file alone", []*layouts.Layout{of("a", 1, 0), of("b", 1, 1)}, 1, 1, "a"},
	} {
		t.Run(c.name, func(t *testing.T) {
			g := &layouts.Group{Name: "g", Layouts: c.layouts}
			if got := g.Choose(c.count, c.files); got.Name != c.want {
				t.Errorf("%s, want %s", got.Name, c.want)
			}
		})
	}
}

func TestResolve(t *testing.T) {
	s := layouts.Stock()
	if l, g, err := s.Resolve("2x2"); err != nil || g != nil || l.Name != "2x2" {
		t.Errorf("2x2: %v, %v, %v", l, g, err)
	}
	if l, g, err := s.Resolve("group:grid"); err != nil || l != nil || g.Name != "grid" {
		t.Errorf("group:grid: %v, %v, %v", l, g, err)
	}
	for name, want := range map[string]string{
		"grid": `layouts: no layout "grid"`, "group:2x2": `layouts: no group "2x2"`, "": `layouts: no layout ""`, "group:": `layouts: no group ""`,
	} {
		if _, _, err := s.Resolve(name); err == nil || err.Error() != want {
			t.Errorf("%q: %v, want %s", name, err, want)
		}
	}
}

func ExampleGroup_Choose() {
	_, grid, err := layouts.Stock().Resolve("group:grid")
	if err != nil {
		panic(err)
	}
	l := grid.Choose(3, 0) // three members, no media files
	fmt.Println(l.Name)
	for _, im := range l.Images {
		fmt.Println(im.Rect(1280, 720))
	}
	// Output:
	// 1x1+2x1
	// (320,0)-(960,360)
	// (0,360)-(640,720)
	// (640,360)-(1280,720)
}
