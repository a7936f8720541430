package fonts_test

import (
	"image"
	"image/color"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/omniverto/omniverto/fonts"
)

// The tests of this file need the package fonts-noto-core, which make test
// installs. They look at presence, order and bounds of the ink, since the
// glyphs are another matter.

func system() *fonts.Library { return fonts.Open(fonts.Options{}) }

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

func TestRightToLeftLines(t *testing.T) {
	l := system()
	text := strings.Repeat("\u05e9\u05dc\u05d5\u05dd ", 8) + "\u05d9"
	b := l.Set(text, fonts.Style{Size: 20}, 250, 2)
	if !b.RightToLeft || b.Lines != 2 || b.Cut {
		t.Fatalf("right to left %v, %d lines, cut %v", b.RightToLeft, b.Lines, b.Cut)
	}
	// The shorter second line ends where the first does: on the right.
	second := b.Mask.Rect
	second.Min.Y = b.Pitch / 2
	left, right := second, second
	left.Max.X, right.Min.X = b.Width/4, b.Width*3/4
	if l, r := sum(b.Mask, left), sum(b.Mask, right); l > 0 || r == 0 {
		t.Errorf("ink on the left %d, on the right %d", l, r)
	}
	// An ellipsis is at the end, which is on the left.
	cut := l.Set(text, fonts.Style{Size: 100}, 700, 1)
	dots := image.Rect(0, -12, 60, 1)
	over := image.Rect(0, -60, 60, -20)
	if !cut.Cut || sum(cut.Mask, dots) < 100 || sum(cut.Mask, over) > 0 {
		t.Errorf("cut %v: ink of dots %d, over them %d", cut.Cut, sum(cut.Mask, dots), sum(cut.Mask, over))
	}
}

func TestSpaceAtALinesEndTakesNoRoom(t *testing.T) {
	l := system()
	// The line breaks within Latin words in a text from right to left.
	b := l.Set("\u05e9\u05dc\u05d5\u05dd Acme Ltd \u05e9\u05dc\u05d5\u05dd", fonts.Style{Size: 40}, 260, 2)
	if first := l.Set("\u05e9\u05dc\u05d5\u05dd Acme", fonts.Style{Size: 40}, 260, 1); b.Lines != 2 || b.Width != first.Width {
		t.Errorf("%d lines, %d wide, the first alone %d", b.Lines, b.Width, first.Width)
	}
}

// substitutes is a library of the fonts of testdata alone, beside the Go fonts.
func substitutes(t *testing.T) *fonts.Library {
	t.Helper()
	return fonts.NewWith(fonts.Options{Dir: "testdata"}, t.TempDir())
}

func TestChineseJapaneseKorean(t *testing.T) {
	l := substitutes(t)
	for _, text := range []string{"\u738b\u5c0f\u660e", "\u65e5\u672c\u8a9e\u306e\u30c6\u30ad\u30b9\u30c8", "\ud55c\uad6d\uc5b4"} {
		n := len([]rune(text))
		if b := l.Set(text, fonts.Style{Size: 50}, 0, 1); b.Width != 50*n || sum(b.Mask, b.Mask.Rect) != 40*40*n {
			t.Errorf("%s: %d wide with %d pixels of ink", text, b.Width, sum(b.Mask, b.Mask.Rect))
		}
		// Lines break between characters.
		if b := l.Set(strings.Repeat(text, 4), fonts.Style{Size: 50}, 50*n+10, 9); b.Lines != 4 && b.Lines != 5 {
			t.Errorf("%s: %d lines", text, b.Lines)
		}
	}
	// Of a text in two scripts each letter comes from the font that has it.
	if b := l.Set("A\u738b", fonts.Style{Size: 50}, 0, 1); b.Width < 75 || b.Width > 95 {
		t.Errorf("%d wide", b.Width)
	}
}

func TestEmojiAreColored(t *testing.T) {
	l := substitutes(t)
	for name, c := range map[string]struct {
		text     string
		pictures int
	}{
		"face": {"\U0001F600", 1}, "two": {"\U0001F600\U0001F44D", 2}, "check": {"\u2705", 1}, "heart": {"\u2764\ufe0f", 1},
		"among letters": {"A\U0001F600", 1}, "telephone that is text": {"\u260e A", 0}, "digit": {"7 7\ufe0f", 0},
	} {
		b := l.Set(c.text, fonts.Style{Size: 64}, 0, 1)
		switch {
		case c.pictures == 0 && b.Color != nil:
			t.Errorf("%s: pictures in %v", name, b.Color.Rect)
		case c.pictures == 0:
		case b.Color == nil:
			t.Errorf("%s: no picture", name)
		case b.Color.Rect.Dx() != 64*c.pictures || b.Color.Rect.Dy() != 64 || b.Color.Rect.Min.Y != -52:
			t.Errorf("%s: pictures in %v", name, b.Color.Rect)
		}
	}
	b := l.Set("\U0001F600", fonts.Style{Size: 64}, 0, 1)
	if c := b.Color.RGBAAt(32, -30); c.A != 0xff || c == (color.RGBA{0, 0, 0, 0xff}) {
		t.Errorf("the middle is %v", c)
	}
	if c := b.Color.RGBAAt(1, -51); c.A != 0 {
		t.Errorf("the corner is %v", c)
	}
	// A mask has no pictures, and the space behind one is as wide as in the text.
	if m := l.Mask("\U0001F600", 64); !m.Rect.Empty() {
		t.Errorf("the mask has ink in %v", m.Rect)
	}
	space := l.Set("A A", fonts.Style{Size: 64}, 0, 1).Width - l.Set("AA", fonts.Style{Size: 64}, 0, 1).Width
	wide := l.Set("\U0001F600 A", fonts.Style{Size: 64}, 0, 1).Width - l.Set("\U0001F600A", fonts.Style{Size: 64}, 0, 1).Width
	if wide > space+2 || space < 5 {
		t.Errorf("a space behind a picture is %d wide, else %d", wide, space)
	}
}

// TestFontsOfDrawnPicturesAreLeftOut: fonts whose pictures are programs have empty
// outlines often.
func TestFontsOfDrawnPicturesAreLeftOut(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "ColorEmoji.ttf"), fontFile(t, []rune(emoji), false), 0o600); err != nil {
		t.Fatal(err)
	}
	l := fonts.NewWith(fonts.Options{Dir: dir}, t.TempDir())
	if b := l.Set("\U0001F600", fonts.Style{Size: 50}, 0, 1); !b.Ink().Empty() {
		t.Errorf("ink in %v", b.Ink())
	}
}

// TestOwnFolderGoesFirst: a font of the folder is taken before one of the system
// that has the same letters.
func TestOwnFolderGoesFirst(t *testing.T) {
	dir := t.TempDir()
	hebrew := fontFile(t, []rune{'\u05d9'}, false)
	if err := os.WriteFile(filepath.Join(dir, "Bold-Italic-Serif.ttf"), hebrew, 0o600); err != nil {
		t.Fatal(err)
	}
	l := fonts.Open(fonts.Options{Dir: dir})
	if m := l.Mask("\u05d9", 50); sum(m, m.Rect) != 40*40 { // a square, not a yod
		t.Errorf("ink in %v", m.Rect)
	}
	if m := system().Mask("\u05d9", 50); sum(m, m.Rect) > 1000 {
		t.Errorf("the system's yod is a square: ink in %v", m.Rect)
	}
}
