package decor

import (
	"fmt"
	"image"
	"image/color"
	"math"
	"testing"

	"github.com/omniverto/omniverto/fonts"
	"github.com/omniverto/omniverto/media"
	"github.com/omniverto/omniverto/media/mediatest"
	"github.com/omniverto/omniverto/mixer/canvas"
	"github.com/omniverto/omniverto/mixer/pixel"
)

// library is one with the system's fonts and without images.
func library() *Library { return New(Options{Fonts: fonts.Open(fonts.Options{})}) }

func TestInitials(t *testing.T) {
	for name, want := range map[string]string{
		"Alice Example":     "AE",
		"alice":             "A",
		"Ada King Lovelace": "AL",
		"  Élan  жук ":      "ÉЖ",
		"e\u0301lan":        "E\u0301",
		"o'brien (sales)":   "OS",
		"1000":              "00",
		"+49 30 123-45":     "45",
		"7":                 "7",
		"room 7":            "R",
		"7 of nine":         "ON",
		"":                  "",
		" \t ":              "",
		"😀 !?":              "",
		"שלום כהן":          "שכ",
		"علي حسن":           "ع\u200cح",
		"王 小明":              "王",
		"ǆ":                 "Ǆ",
		"\xff\xfe":          "",
		"a\u0301\u0301\u0301\u0301\u0301\u0301\u0301\u0301\u0301\u0301": "A\u0301\u0301\u0301\u0301\u0301\u0301\u0301\u0301",
	} {
		if got := initials(name); got != want {
			t.Errorf("%q: %q, want %q", name, got, want)
		}
	}
}

// contrast is the contrast ratio of WCAG 2.1.
func contrast(a, b color.RGBA) float64 {
	la, lb := luminance(a), luminance(b)
	return (max(la, lb) + 0.05) / (min(la, lb) + 0.05)
}

func luminance(c color.RGBA) float64 {
	linear := func(v uint8) float64 {
		s := float64(v) / 255
		if s <= 0.04045 {
			return s / 12.92
		}
		return math.Pow((s+0.055)/1.055, 2.4)
	}
	return 0.2126*linear(c.R) + 0.7152*linear(c.G) + 0.0722*linear(c.B)
}

func TestAvatarColorsAreReadable(t *testing.T) {
	for i, c := range avatarColors {
		shown := pixel.ToImage(mediatest.Solid(2, 2, media.RGB{R: c.R, G: c.G, B: c.B}.YUV())).RGBAAt(0, 0)
		for what, v := range map[string]struct{ got, least float64 }{
			"initials":          {contrast(c, avatarInk), 4.5},
			"initials as shown": {contrast(shown, avatarInk), 4.5},
			"cell":              {contrast(c, avatarCell), 2},
		} {
			if v.got < v.least {
				t.Errorf("colour %d %v: contrast to %s %.2f, want %.1f", i, c, what, v.got, v.least)
			}
		}
		for j, d := range avatarColors[:i] {
			if distance(c, d) < 40 {
				t.Errorf("colours %d and %d look alike", j, i)
			}
		}
	}
}

func distance(a, b color.RGBA) float64 {
	square := func(x, y uint8) float64 { return (float64(x) - float64(y)) * (float64(x) - float64(y)) }
	return math.Sqrt(square(a.R, b.R) + square(a.G, b.G) + square(a.B, b.B))
}

func TestAvatarColorFollowsTheName(t *testing.T) {
	if AvatarColor("Alice Example") != AvatarColor(" alice example ") {
		t.Error("the colour depends on case or spaces")
	}
	used := map[color.RGBA]bool{}
	for i := range 200 {
		used[AvatarColor(fmt.Sprint("Member ", i))] = true
	}
	if len(used) != len(avatarColors) {
		t.Errorf("%d of %d colours are used", len(used), len(avatarColors))
	}
}

// ink is the bounds of what is brighter than any circle.
func ink(p *media.Picture) image.Rectangle {
	var r image.Rectangle
	for y := range p.Height {
		for x := range p.Width {
			if p.Y[y*p.StrideY+x] > 170 {
				r = r.Union(image.Rect(x, y, x+1, y+1))
			}
		}
	}
	return r
}

func TestAvatarIsCentred(t *testing.T) {
	l := library()
	for _, size := range []image.Point{{X: 640, Y: 360}, {X: 426, Y: 240}, {X: 160, Y: 90}, {X: 160, Y: 180}} {
		for _, name := range []string{"Alice Example", "Jim", "Wim Wenders", "1000", "Øystein Quist", "שלום כהן"} {
			t.Run(fmt.Sprint(name, size), func(t *testing.T) {
				p := l.Avatar(name, size.X, size.Y)
				if p.Width != size.X || p.Height != size.Y {
					t.Fatalf("%dx%d, want %v", p.Width, p.Height, size)
				}
				r := ink(p)
				off := r.Min.Add(r.Max).Sub(size) // twice the distance of the middles
				if r.Empty() || max(off.X, -off.X) > 3 || max(off.Y, -off.Y) > 3 {
					t.Errorf("ink in %v is not in the middle of %v", r, size)
				}
				if least := min(size.X, size.Y) / 8; r.Dy() < least {
					t.Errorf("ink is %d pixels high, want at least %d", r.Dy(), least)
				}
				radius := float64(min(size.X, size.Y)) * 0.31
				if corner := math.Hypot(float64(r.Dx())/2, float64(r.Dy())/2); corner > 0.9*radius {
					t.Errorf("ink of %v reaches out of the circle of radius %.0f", r.Size(), radius)
				}
			})
		}
	}
}

func TestAvatarOfTheSmallestCells(t *testing.T) {
	l := library()
	for _, size := range []image.Point{{X: 2, Y: 2}, {X: 40, Y: 22}, {X: 2, Y: 180}, {X: 1, Y: 1}} {
		if p := l.Avatar("Alice Example", size.X, size.Y); p.Width != size.X || p.Height != size.Y {
			t.Errorf("%dx%d, want %v", p.Width, p.Height, size)
		}
	}
}

func TestAvatarGoldens(t *testing.T) {
	l := library()
	for file, name := range map[string]string{"avatar-two-letters": "Alice Example", "avatar-one-letter": "Jim", "avatar-digits": "1000", "avatar-figure": ""} {
		t.Run(file, func(t *testing.T) { mediatest.Golden(t, file, l.Avatar(name, 320, 180)) })
	}
}

// TestAvatarCellGolden is a canvas with a camera and an avatar on 2x1.
func TestAvatarCellGolden(t *testing.T) {
	cell := image.Rect(160, 44, 320, 134)
	c := canvas.New(canvas.Options{Width: 320, Height: 180, Scaler: pixel.Reference{}})
	c.SetScene(&canvas.Scene{Background: media.RGB{R: 51, G: 51, B: 51}.YUV(), Letterbox: media.RGB{}.YUV(), Layers: []canvas.Layer{
		{ID: 0, Rect: image.Rect(0, 44, 160, 134), Still: mediatest.Quadrants(320, 180, 0)},
		{ID: 1, Rect: cell, Still: library().Avatar("Bob Ross", cell.Dx(), cell.Dy())},
	}})
	p, _ := c.Step(0)
	mediatest.Golden(t, "avatar-cell", p)
}

// TestAvatarColor: the same pairs stand in the web client's links.test.ts, so that
// a person has one colour on the canvas and in the list.
func TestAvatarColor(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"Anna Ferrari": "#0c72a8", " anna ferrari": "#0c72a8", "Дмитрий Ж": "#856405", "": "#a84f0c",
	} {
		c := AvatarColor(name)
		if got := fmt.Sprintf("#%02x%02x%02x", c.R, c.G, c.B); got != want {
			t.Errorf("%q has the colour %s, want %s", name, got, want)
		}
	}
}
