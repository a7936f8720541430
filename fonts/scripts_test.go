package fonts_test

import (
	"image"
	"log/slog"
	"testing"

	"github.com/omniverto/omniverto/fonts"
)

// The tests of this file need the package fonts-noto-core, which make test
// installs. They look at presence, order and bounds of the ink, since the
// glyphs are another matter.

func system() *fonts.Library { return fonts.New(slog.New(slog.DiscardHandler)) }

func TestSystemScriptsHaveInk(t *testing.T) {
	l := system()
	for name, text := range map[string]string{
		"Hebrew": "שלום", "Arabic": "سلام", "Devanagari": "नमस्ते", "Thai": "สวัสดี", "Armenian": "Բարեւ", "Georgian": "გამარჯობა", "Tamil": "வணக்கம்",
	} {
		t.Run(name, func(t *testing.T) {
			m := l.Mask(text, 60)
			if got := sum(m, m.Rect); got < 400 || m.Rect.Dx() < 60 || m.Rect.Dx() > 450 {
				t.Errorf("%d pixels of ink in %v", got, m.Rect)
			}
		})
	}
}

// halves is the ink in the left and in the right half.
func halves(m *image.Alpha) (left, right int) {
	l, r := m.Rect, m.Rect
	l.Max.X = (l.Min.X + l.Max.X) / 2
	r.Min.X = l.Max.X
	return sum(m, l), sum(m, r)
}

func TestRightToLeft(t *testing.T) {
	l := system()
	// yod is a small stroke, shin is wide and heavy.
	if left, right := halves(l.Mask("\u05d9\u05e9", 100)); left <= right {
		t.Errorf("the first letter is not on the right: ink %d | %d", left, right)
	}
	if left, right := halves(l.Mask("\u05e9\u05d9", 100)); left >= right {
		t.Errorf("the first letter is not on the right: ink %d | %d", left, right)
	}
	// A Latin word follows on the left of a Hebrew one, and on the right of a
	// Latin one; i is light, W is heavy.
	if left, right := halves(l.Mask("\u05d9 WW", 100)); left <= right {
		t.Errorf("Hebrew first: ink %d | %d", left, right)
	}
	if left, right := halves(l.Mask("i \u05e9\u05e9\u05e9", 100)); left >= right {
		t.Errorf("Latin first: ink %d | %d", left, right)
	}
}

func TestArabicIsJoined(t *testing.T) {
	l := system()
	joined, apart := l.Mask("\u0628\u0628\u0628", 100), l.Mask("\u0628\u200c\u0628\u200c\u0628", 100)
	if joined.Rect.Dx() >= apart.Rect.Dx() {
		t.Errorf("joined letters are %d wide, letters apart %d", joined.Rect.Dx(), apart.Rect.Dx())
	}
}

func BenchmarkMask(b *testing.B) {
	l, sizes := own(b), 0
	b.ReportAllocs()
	for b.Loop() {
		sizes++
		l.Mask("Alice Example", 20+sizes%900) // rarely cached
	}
}
