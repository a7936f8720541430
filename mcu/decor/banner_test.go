package decor

import (
	"fmt"
	"image"
	"testing"

	"github.com/omniverto/omniverto/fonts"
	"github.com/omniverto/omniverto/media"
	"github.com/omniverto/omniverto/mixer/pixel"
)

// inkOf is the bounds of what differs from a bar's background, by luma.
func inkOf(p *media.Picture, bg media.RGB) image.Rectangle {
	var r image.Rectangle
	back := int(bg.YUV().Y)
	for y := range p.Height {
		for x := range p.Width {
			if d := int(p.Y[y*p.StrideY+x]) - back; d > 40 || d < -40 {
				r = r.Union(image.Rect(x, y, x+1, y+1))
			}
		}
	}
	return r
}

func TestBannerIsReadable(t *testing.T) {
	l := library()
	b := plain("Helen Hill")
	for _, c := range []struct {
		w, h, least, most int // height of a capital in pixels
	}{
		{1280, 720, 24, 32}, {640, 360, 17, 24}, {320, 180, 8, 13}, {160, 90, 6, 9}, {1920, 1080, 24, 32}, {640, 720, 24, 32}, {200, 720, 9, 14},
	} {
		bar := l.Banner(b, c.w, c.h)
		ink := inkOf(bar.Picture, b.BG)
		if ink.Dy() < c.least || ink.Dy() > c.most {
			t.Errorf("%dx%d: capitals are %d high, want %d to %d", c.w, c.h, ink.Dy(), c.least, c.most)
		}
		height := bar.Picture.Height
		if bar.Picture.Width != c.w || height%2 != 0 || height > c.h/4 {
			t.Errorf("%dx%d: the bar is %dx%d", c.w, c.h, bar.Picture.Width, height)
		}
		if above, below := ink.Min.Y, height-ink.Max.Y; above-below > 2 || below-above > 2 {
			t.Errorf("%dx%d: %d rows above the capitals, %d below", c.w, c.h, above, below)
		}
		if ink.Min.X < 3 || ink.Min.X > c.w/20 {
			t.Errorf("%dx%d: ink begins at %d", c.w, c.h, ink.Min.X)
		}
	}
}

func TestBannerSizeFollowsFreeSwitchsFormula(t *testing.T) {
	for _, c := range []struct {
		words string
		w     int
		want  int
	}{
		{"{font_scale=1}1234567890", 100, 12}, // 100/(10/1.2)
		{"{font_scale=0.5}1234567890", 200, 12},
		{"{font_scale=1}ЖЖЖЖЖЖЖЖЖЖ", 100, 12}, // characters, not bytes
		{"{font_scale=1}x", 640, 24},
		{"{font_scale=0.01}Alice", 320, 5},
		{"{min_font_size=18}a text of some thirty characters", 320, 18},
		{"{max_font_size=9}x", 320, 9},
		{"{font_scale=50,max_font_size=60}Alice", 1280, 60},
		{"{min_font_size=30}x", 1280, 30},
		{"Alice", 320, 13},
		{"Alice", 1280, 40},
		{"{font_scale=0}Alice", 1280, 40},
	} {
		b, err := ParseBanner(c.words)
		if err != nil {
			t.Fatal(err)
		}
		if got := b.size(c.w, c.w*9/16); got != c.want {
			t.Errorf("%s at %d: %d pixels, want %d", c.words, c.w, got, c.want)
		}
	}
}

func TestBannerOfLongTexts(t *testing.T) {
	l := library()
	one := l.Banner(plain("Alice Example"), 320, 180).Picture.Height
	for name, text := range map[string]string{"words": long + ", " + long + ", " + long, "one word": fmt.Sprintf("%0500d", 1)} {
		bar := l.Banner(plain(text), 320, 180)
		ink := inkOf(bar.Picture, plain("").BG)
		if h := bar.Picture.Height; h <= one || h > 180*2/5 {
			t.Errorf("%s: two lines are %d high, one is %d", name, h, one)
		}
		if ink.Min.X < 3 || ink.Max.X > 320-3 || ink.Dx() < 270 {
			t.Errorf("%s: ink in %v", name, ink)
		}
		// There is no room for two lines in a flat cell.
		if bar := l.Banner(plain(text), 320, 60); bar.Picture.Height > 30 {
			t.Errorf("%s: the bar of a flat cell is %d high", name, bar.Picture.Height)
		}
	}
}

func TestBaseline(t *testing.T) {
	for name, c := range map[string]struct {
		above, below, lines, height, want int
	}{
		"capitals in the middle":        {10, 0, 1, 20, 15},
		"two lines":                     {10, 12, 2, 34, 16},
		"deep letters move up":          {10, 8, 1, 20, 11},
		"tall letters move down":        {17, 0, 1, 20, 18},
		"too high: the top can be read": {17, 8, 1, 20, 18},
	} {
		b := &fonts.Block{Mask: image.NewAlpha(image.Rect(0, -c.above, 10, c.below)), Lines: c.lines, Pitch: 12, Cap: 10}
		if got := baseline(b, c.height); got != c.want {
			t.Errorf("%s: %d, want %d", name, got, c.want)
		}
	}
}

func TestNothingToShow(t *testing.T) {
	l := library()
	for _, text := range []string{"", " ", "\u200d", "\U000e0001"} {
		if b := l.Banner(plain(text), 320, 180); b != nil {
			t.Errorf("%q has a banner", text)
		}
		if b := l.Bar(text, 320, 180); b != nil {
			t.Errorf("%q has a bar", text)
		}
		if p := l.Label(text, 320, 180); p.Bitmap != nil {
			t.Errorf("%q has a label", text)
		}
	}
}

func TestSmallAndOddCells(t *testing.T) {
	l, _ := folder(t)
	g := Logo{File: "logo.png", Text: LogoText{Text: "Alice"}}
	for _, size := range []image.Point{{}, {X: -5, Y: 3}, {X: 1, Y: 1}, {X: 2, Y: 2}, {X: 3, Y: 180}, {X: 321, Y: 181}, {X: 320, Y: 4}} {
		w, h := max(size.X&^1, 2), max(size.Y&^1, 2)
		if bar := l.Banner(plain(long), size.X, size.Y); bar != nil {
			if p := bar.Picture; p.Width != w || p.Height > h || p.Height%2 != 0 {
				t.Errorf("%v: bar of %dx%d", size, p.Width, p.Height)
			}
		}
		placed, err := l.Logo(g, size.X, size.Y)
		if err != nil {
			t.Fatal(err)
		}
		if p := placed[0]; !placedIn(p, w, h) {
			t.Errorf("%v: logo of %dx%d at %v", size, p.Bitmap.Picture.Width, p.Bitmap.Picture.Height, p.At)
		}
		if p := l.Label("Canvas 2", size.X, size.Y); p.Bitmap != nil && h > 20 && w > 20 && !placedIn(p, w, h) {
			t.Errorf("%v: label of %dx%d at %v", size, p.Bitmap.Picture.Width, p.Bitmap.Picture.Height, p.At)
		}
		if p, err := l.Still("photo.jpg", size.X, size.Y, media.YUV{}); err != nil || p.Width != w || p.Height != h {
			t.Errorf("%v: still of %dx%d, %v", size, p.Width, p.Height, err)
		}
		if b, err := l.Front("frame.png", size.X, size.Y); err != nil || b.Picture.Width != w || b.Picture.Height != h || len(b.Alpha) != w*h {
			t.Errorf("%v: front of %dx%d, %v", size, b.Picture.Width, b.Picture.Height, err)
		}
	}
}

func placedIn(p Placed, w, h int) bool {
	r := image.Rect(0, 0, p.Bitmap.Picture.Width, p.Bitmap.Picture.Height).Add(p.At)
	return r.In(image.Rect(0, 0, w, h)) && p.At.X%2 == 0 && p.At.Y%2 == 0
}

func TestBarLeavesOutWhatIsWrong(t *testing.T) {
	l := library()
	want := l.Bar("VIDEO MUTED", 320, 180)
	for _, words := range []string{"{fg=nothing}VIDEO MUTED", "{size=3}VIDEO MUTED", "{font_scale=0}VIDEO MUTED", "{font_scale=-4}VIDEO MUTED"} {
		if got := l.Bar(words, 320, 180); got == nil || !equal(got, want) {
			t.Errorf("%q is drawn differently", words)
		}
	}
	if b := l.Bar("{font_scale=50}X", 320, 180); b.Picture.Height > 92 {
		t.Errorf("a bar is %d high in 180", b.Picture.Height)
	}
}

// equal compares two bitmaps as a viewer sees them.
func equal(a, b *pixel.Bitmap) bool {
	pa, pb := pixel.ToImage(a.Picture), pixel.ToImage(b.Picture)
	return pa.Rect == pb.Rect && string(pa.Pix) == string(pb.Pix) && string(a.Alpha) == string(b.Alpha)
}

func TestSoftEdgesKeepTheirColor(t *testing.T) {
	// A red image whose left column is transparent: the chroma sample that both
	// share is red and not a mean with the colour of nothing.
	img := image.NewRGBA(image.Rect(0, 0, 3, 3))
	for y := range 3 {
		for x := 1; x < 3; x++ {
			copy(img.Pix[img.PixOffset(x, y):], []byte{0xff, 0, 0, 0xff})
		}
	}
	b := newBitmap(img)
	red := media.RGB{R: 0xff}.YUV()
	for at := range 2 {
		if b.Picture.U[at] != red.U || b.Picture.V[at] != red.V {
			t.Errorf("chroma %d: %d %d, want %v", at, b.Picture.U[at], b.Picture.V[at], red)
		}
	}
	if b.Alpha[0] != 0 || b.Alpha[1] != 0xff || len(b.Alpha) != 9 {
		t.Errorf("opacity %v", b.Alpha)
	}
}
