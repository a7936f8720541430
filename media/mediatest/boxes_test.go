package mediatest_test

import (
	"image"
	"image/png"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/omniverto/omniverto/layouts"
	"github.com/omniverto/omniverto/media"
	"github.com/omniverto/omniverto/media/mediatest"
	"github.com/omniverto/omniverto/mixer/pixel"
)

// recorded are the pictures that FreeSWITCH painted, 640x360.
const recorded = "../../mcu/room/testdata/canvas"

// cell is FreeSWITCH's rectangle of a layout's image: everything truncates.
func cell(im layouts.Image, w, h int) image.Rectangle {
	x, y := w*im.X/layouts.Units, h*im.Y/layouts.Units
	return image.Rect(x, y, x+w*im.Scale/layouts.Units, y+h*im.HScale/layouts.Units)
}

// fit is how FreeSWITCH letterboxes a picture into a cell.
func fit(r image.Rectangle, camera image.Point) image.Rectangle {
	w, h := r.Dx(), r.Dy()
	sa, ia := float64(w)/float64(h), float64(camera.X)/float64(camera.Y)
	if sa > ia {
		w = int(math.Ceil(ia * float64(h)))
	} else if sa < ia {
		h = int(math.Ceil(float64(w) / ia))
	}
	at := r.Min.Add(image.Pt((r.Dx()-w)/2, (r.Dy()-h)/2))
	return image.Rectangle{Min: at, Max: at.Add(image.Pt(w, h))}
}

// cut takes pixels off the sides of a box.
func cut(left, top, right, bottom int) func(image.Rectangle) image.Rectangle {
	return func(r image.Rectangle) image.Rectangle {
		return image.Rect(r.Min.X+left, r.Min.Y+top, r.Max.X-right, r.Max.Y-bottom)
	}
}

// bar is the height of a banner: twice the size of its font, which follows the
// length of the text.
func bar(width, length int, scale float64, low, high int) int {
	size := int(float64(width) / (float64(length) / 1.2) * scale)
	return 2 * min(max(size, low), high)
}

// banner is what a banner of so many bytes cuts off a picture in a cell of 2x2.
func banner(length int) func(image.Rectangle) image.Rectangle {
	return cut(0, 0, 0, bar(320, length, 1, 5, 24))
}

// scene is what a recorded picture shows.
type scene struct {
	layout string
	seats  string                                         // the member on each image; a dot for none
	camera map[rune]image.Point                           // other than 640x360
	change map[rune]func(image.Rectangle) image.Rectangle // what decorations do to a box
	colors map[rune]media.RGB                             // of filtered cameras
}

type changes = map[rune]func(image.Rectangle) image.Rectangle

// scenes lists every recorded picture.
func scenes() map[string]scene {
	square, upright := image.Pt(640, 480), image.Pt(360, 640)
	return map[string]scene{
		"1up_top_left+5":                  {layout: "1up_top_left+5", seats: "ACBD"},
		"1x1":                             {layout: "1x1", seats: "A"},
		"1x1+2x1":                         {layout: "1x1+2x1", seats: "CBA"},
		"1x2":                             {layout: "1x2", seats: "BA"},
		"2up_top+8":                       {layout: "2up_top+8", seats: "A.CBD"},
		"2x1":                             {layout: "2x1", seats: "BA"},
		"2x1-presenter-zoom-resid":        {layout: "2x1-presenter-zoom", seats: "AB"},
		"2x1-zoom":                        {layout: "2x1-zoom", seats: "BA"},
		"2x2":                             {layout: "2x2", seats: "DCBA"},
		"2x2-resid-without-slot":          {layout: "2x2", seats: "DA"},
		"3up+4":                           {layout: "3up+4", seats: "A..CBD"},
		"3up+4-resid":                     {layout: "3up+4", seats: "ABC..D"},
		"3x1-zoom":                        {layout: "3x1-zoom", seats: "DCB"},
		"3x3":                             {layout: "3x3", seats: "DCBA"},
		"5-grid-zoom":                     {layout: "5-grid-zoom", seats: "DCBA"},
		"avatar-alone":                    {layout: "1x1"},
		"avatar-no-camera":                {layout: "2x1", seats: "BA"},
		"avatar-no-camera-2x2":            {layout: "2x2", seats: "BA"},
		"banner-after-relayout":           {layout: "3x3", seats: "DCBA", change: changes{'A': cut(10, 10, 10, 10+bar(213, 5, 1, 5, 24))}},
		"banner-and-border":               {layout: "2x2", seats: "DCBA", change: changes{'A': cut(10, 10, 10, 10+bar(320, 5, 1, 5, 24))}},
		"banner-default":                  {layout: "2x2", seats: "DCBA", change: changes{'A': banner(13)}},
		"banner-escape-nonascii":          {layout: "2x2", seats: "DCBA", change: changes{'A': banner(36)}},
		"banner-long":                     {layout: "2x2", seats: "DCBA", change: changes{'A': banner(80)}},
		"banner-options":                  {layout: "2x2", seats: "DCBA", change: changes{'A': cut(0, 0, 0, bar(320, 13, 0.5, 8, 20))}},
		"banner-replaced":                 {layout: "2x2", seats: "DCBA", change: changes{'A': banner(80)}},
		"banner-short":                    {layout: "2x2", seats: "DCBA", change: changes{'A': banner(1)}},
		"banner-utf8-percent":             {layout: "2x2", seats: "DCBA", change: changes{'A': banner(17)}},
		"bgimg":                           {layout: "3x3", seats: "DCBA"},
		"border-10":                       {layout: "2x2", seats: "DCBA", change: changes{'A': cut(10, 10, 10, 10)}},
		"border-toggle":                   {layout: "2x2", seats: "DCBA", change: changes{'B': cut(5, 5, 5, 5)}},
		"cam-zoom":                        {layout: "2x2", seats: "DCBA"},
		"camera-4x3":                      {layout: "1x1", seats: "A", camera: map[rune]image.Point{'A': square}},
		"camera-4x3-portrait":             {layout: "2x1", seats: "BA", camera: map[rune]image.Point{'A': square, 'B': upright}},
		"camera-4x3-portrait-zoom":        {layout: "2x1-zoom", seats: "BA", camera: map[rune]image.Point{'A': square, 'B': upright}},
		"fgimg":                           {layout: "3x3", seats: "DCBA", change: changes{'A': cut(12, 0, 0, 0), 'B': cut(0, 12, 12, 0), 'C': cut(0, 12, 0, 0)}},
		"filter":                          {layout: "2x2", seats: "DCBA", colors: map[rune]media.RGB{'A': {R: 88, G: 88, B: 88}, 'B': {R: 103, G: 89, B: 48}}},
		"flip":                            {layout: "2x2", seats: "DCBA", camera: map[rune]image.Point{'C': upright}},
		"hold":                            {layout: "1x1+2x1", seats: "DCA"},
		"logo":                            {layout: "2x2", seats: "DCBA"},
		"logo-right-bot":                  {layout: "2x2", seats: "DCBA"},
		"overlaps":                        {layout: "overlaps", seats: "A"},
		"overlaps-received":               {layout: "overlaps", seats: "ADCB"},
		"personal-A":                      {layout: "1x1+2x1", seats: "DCB"},
		"personal-D":                      {layout: "1x1+2x1", seats: "CBA"},
		"play-png":                        {layout: "3x3", seats: ".DCBA"},
		"play-video":                      {layout: "3x3", seats: ".DCBA"},
		"presenter-dual-horizontal":       {layout: "presenter-dual-horizontal", seats: "A"},
		"presenter-dual-horizontal-resid": {layout: "presenter-dual-horizontal", seats: "AB"},
		"presenter-dual-vertical":         {layout: "presenter-dual-vertical", seats: "A"},
		"presenter-dual-vertical-resid":   {layout: "presenter-dual-vertical", seats: "AB"},
		"presenter-overlap-large-bot-right-resid": {layout: "presenter-overlap-large-bot-right", seats: "AB"},
		"presenter-overlap-small-bot-right-resid": {layout: "presenter-overlap-small-bot-right", seats: "AB"},
		"presenter-overlap-small-top-right":       {layout: "presenter-overlap-small-top-right", seats: "A"},
		"presenter-overlap-small-top-right-resid": {layout: "presenter-overlap-small-top-right", seats: "AB"},
		"received-grid":           {layout: "2x2", seats: "DCBA"},
		"video-muted":             {layout: "2x1", seats: "BA", change: changes{'A': cut(0, 2*(1+180*4/100), 0, 0)}},
		"video-muted-exit-canvas": {layout: "1x1+2x1", seats: "DCB"},
		"video-muted-image":       {layout: "2x1", seats: "B"},
	}
}

// unchecked is the camera whose lines a filter made too coarse to find it.
const unchecked = "filter C"

// box is where FreeSWITCH's formulas put a member's camera.
func (s scene) box(l *layouts.Layout, member rune) image.Rectangle {
	i := strings.IndexRune(s.seats, member)
	if i < 0 {
		return image.Rectangle{}
	}
	r := cell(l.Images[i], 640, 360)
	camera, other := s.camera[member]
	if !other {
		camera = image.Pt(640, 360)
	}
	if !l.Images[i].Zoom {
		r = fit(r, camera)
	}
	if change := s.change[member]; change != nil {
		r = change(r)
	}
	return r
}

// within reports whether no side of two boxes is more than n pixels apart; an
// empty box is like an empty one only.
func within(a, b image.Rectangle, n int) bool {
	if a.Empty() || b.Empty() {
		return a.Empty() == b.Empty()
	}
	near := func(x, y int) bool { return x-y <= n && y-x <= n }
	return near(a.Min.X, b.Min.X) && near(a.Min.Y, b.Min.Y) && near(a.Max.X, b.Max.X) && near(a.Max.Y, b.Max.Y)
}

// TestFindBoxInRecordedPictures finds every camera of every recorded picture
// where the formulas say it is, and none that is not there.
func TestFindBoxInRecordedPictures(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(recorded, "*.png"))
	if err != nil || len(files) != len(scenes()) {
		t.Fatalf("%d pictures, %d scenes, %v", len(files), len(scenes()), err)
	}
	for i, file := range files {
		if raced && i%8 != 0 {
			continue
		}
		name := strings.TrimSuffix(filepath.Base(file), ".png")
		t.Run(name, func(t *testing.T) {
			s, known := scenes()[name]
			l, ok := layouts.Stock().Layout(s.layout)
			if !known || !ok {
				t.Fatalf("known %v, layout %q", known, s.layout)
			}
			img := open(t, file)
			for i, member := range "ABCD" {
				c, filtered := s.colors[member]
				if !filtered {
					c = mediatest.CardColor(i)
				}
				if name+" "+string(member) == unchecked {
					continue
				}
				got, found := mediatest.FindBox(img, c)
				if want := s.box(l, member); found == got.Empty() || !within(got, want, 1) {
					t.Errorf("%c is at %v, the formulas say %v", member, got, want)
				}
			}
		})
	}
}

func open(t *testing.T, file string) image.Image {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	img, err := png.Decode(f)
	if err != nil {
		t.Fatal(err)
	}
	return img
}

// TestFindBoxOfCards draws cards of our own, scaled, cropped and covered, and
// finds them again to one pixel.
func TestFindBoxOfCards(t *testing.T) {
	whole := image.Rect(0, 0, 640, 360)
	for n, c := range []struct {
		name        string
		canvas      image.Point
		size        image.Point     // of the card
		crop        image.Rectangle // of the card, empty: all
		at, covered image.Rectangle
	}{
		{"whole canvas", image.Pt(640, 360), whole.Max, whole, whole, image.Rectangle{}},
		{"small", image.Pt(640, 360), whole.Max, whole, image.Rect(534, 300, 640, 360), image.Rectangle{}},
		{"tiny", image.Pt(320, 180), whole.Max, whole, image.Rect(10, 20, 50, 42), image.Rectangle{}},
		{"large", image.Pt(1280, 720), whole.Max, whole, image.Rect(426, 240, 1066, 600), image.Rectangle{}},
		{"enlarged", image.Pt(1280, 720), image.Pt(640, 360), whole, image.Rect(0, 0, 1280, 720), image.Rectangle{}},
		{"4:3", image.Pt(640, 360), image.Pt(640, 480), image.Rect(0, 0, 640, 480), image.Rect(80, 0, 560, 360), image.Rectangle{}},
		{"upright", image.Pt(640, 360), image.Pt(360, 640), image.Rect(0, 0, 360, 640), image.Rect(220, 0, 422, 360), image.Rectangle{}},
		{"middle cropped out", image.Pt(640, 360), whole.Max, image.Rect(160, 0, 480, 360), image.Rect(320, 0, 640, 360), image.Rectangle{}},
		{"quarter cropped out", image.Pt(640, 360), whole.Max, image.Rect(150, 90, 460, 270), image.Rect(100, 100, 410, 280), image.Rectangle{}},
		{"middle covered", image.Pt(640, 360), whole.Max, whole, image.Rect(320, 180, 640, 360), image.Rect(334, 196, 624, 346)},
		{"corner covered", image.Pt(640, 360), whole.Max, whole, whole, image.Rect(320, 180, 640, 360)},
		{"half covered", image.Pt(640, 360), whole.Max, whole, image.Rect(0, 90, 320, 270), image.Rect(0, 180, 240, 270)},
	} {
		t.Run(c.name, func(t *testing.T) {
			i := n % 4
			canvas := mediatest.Solid(c.canvas.X, c.canvas.Y, media.RGB{R: 51, G: 51, B: 51}.YUV())
			pixel.Reference{}.Scale(canvas, c.at, mediatest.TestCard(c.size.X, c.size.Y, mediatest.CardColor(i), 'A'+rune(i)), c.crop)
			mediatest.Rect(canvas, c.covered, media.RGB{R: 20, G: 46, B: 85}.YUV())
			for j, got := range mediatest.Boxes(mediatest.RGBA(canvas), 4) {
				want := image.Rectangle{}
				if i == j {
					want = c.at
				}
				if !within(got, want, 1) {
					t.Errorf("%c of %c: %v, want %v", 'A'+j, 'A'+i, got, want)
				}
			}
		})
	}
}

// TestTestCard compares the card's marks with those of a recorded one.
func TestTestCard(t *testing.T) {
	mediatest.Golden(t, "testcard", mediatest.TestCard(320, 180, mediatest.CardColor(3), 'D'))
	theirs := open(t, filepath.Join(recorded, "1x1.png"))
	ours := mediatest.RGBA(mediatest.TestCard(640, 360, mediatest.CardColor(0), 'A'))
	for _, at := range []image.Point{{0, 0}, {39, 39}, {639, 0}, {600, 39}, {0, 359}, {39, 320}, {639, 359}, {600, 320}, // squares
		{160, 100}, {320, 20}, {480, 340}, {100, 0}, {0, 100}, {639, 200}, {300, 359}, {320, 36}, {176, 180}, {464, 180}, // lines
		{100, 100}, {200, 30}, {60, 20}, {240, 180}, {570, 300}} {
		r0, g0, b0, _ := theirs.At(at.X, at.Y).RGBA()
		c := ours.RGBAAt(at.X, at.Y)
		for i, d := range []int{int(r0>>8) - int(c.R), int(g0>>8) - int(c.G), int(b0>>8) - int(c.B)} {
			if d < -16 || d > 16 {
				t.Errorf("%v: channel %d differs by %d", at, i, d)
			}
		}
	}
}
