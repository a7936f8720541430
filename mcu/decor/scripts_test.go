package decor

import (
	"image"
	"strings"
	"testing"

	"github.com/omniverto/omniverto/fonts"
)

// The tests of this file need the package fonts-noto-core, which make test installs.
// They look at presence, order and bounds of the ink, since the glyphs are another
// matter. Small fonts stand for those of ideographs (squares) and of emoji (discs).

func scripts() *Library {
	return New(Options{Fonts: fonts.Open(fonts.Options{Dir: "../../fonts/testdata"})})
}

// drawn is where the ink of a banner for a cell of 640x360 is, and the bar's size.
func drawn(t *testing.T, l *Library, text string) (ink image.Rectangle, bar image.Point) {
	t.Helper()
	b := l.Banner(plain(text), 640, 360)
	if b == nil {
		t.Fatalf("no ink of %q", text)
	}
	return inkOf(b.Picture, plain("").BG), image.Pt(b.Picture.Width, b.Picture.Height)
}

func TestBannersInOtherScripts(t *testing.T) {
	l := scripts()
	for name, c := range map[string]struct {
		text        string
		right       bool // it begins there
		least, most int  // width of the ink
	}{
		"Hebrew":     {"שלום כהן", true, 80, 160},
		"Arabic":     {"محمد علي", true, 70, 160},
		"Devanagari": {"नमस्ते श्री राम", false, 100, 200},
		"Thai":       {"สวัสดีครับ", false, 80, 180},
		"Chinese":    {"王小明", false, 70, 90},
		"Korean":     {"한국어", false, 70, 90},
		"emoji":      {"😀👍", false, 45, 60},
		"mixed":      {"שלום Acme Ltd", true, 120, 240},
	} {
		t.Run(name, func(t *testing.T) {
			ink, bar := drawn(t, l, c.text)
			if ink.Dx() < c.least || ink.Dx() > c.most {
				t.Errorf("ink is %d wide, want %d to %d", ink.Dx(), c.least, c.most)
			}
			if ink.Min.Y < 1 || ink.Max.Y > bar.Y-1 || ink.Dy() < bar.Y/4 {
				t.Errorf("ink in %v of a bar of %d", ink, bar.Y)
			}
			left, right := ink.Min.X, bar.X-ink.Max.X
			if c.right && right > 24 || !c.right && left > 24 {
				t.Errorf("%d free on the left, %d on the right", left, right)
			}
		})
	}
}

func TestLongBannerInHebrew(t *testing.T) {
	ink, bar := drawn(t, scripts(), strings.Repeat("שלום כהן ", 32))
	if bar.X-ink.Max.X > 24 || ink.Min.X < 10 || ink.Dx() < 500 || bar.Y < 60 {
		t.Errorf("ink in %v of a bar of %v", ink, bar)
	}
}

func TestEmojiKeepTheirColors(t *testing.T) {
	l := scripts()
	bar := l.Banner(plain("\U0001F600"), 640, 360)
	label := l.Label("\U0001F600 x", 640, 360)
	if bar == nil || label.Bitmap == nil {
		t.Fatal("no ink")
	}
	for name, chroma := range map[string][]byte{
		"banner": bar.Picture.V, "label": label.Bitmap.Picture.V,
	} {
		warm := 0 // white and the blue of the bar are not
		for _, v := range chroma {
			if v > 160 {
				warm++
			}
		}
		if warm < 10 { // a third of the disc is pink
			t.Errorf("%s: %d samples have the picture's colour", name, warm)
		}
	}
}
