package fonts_test

import (
	"bytes"
	"fmt"
	"image"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"golang.org/x/image/font/gofont/goregular"

	"github.com/omniverto/omniverto/fonts"
)

// own is a library without the system's fonts, everywhere the same.
func own(t testing.TB) *fonts.Library {
	t.Helper()
	return fonts.NewWith(fonts.Options{}, t.TempDir())
}

// sum is the ink in a part of a mask, in whole pixels.
func sum(m *image.Alpha, r image.Rectangle) int {
	n := 0
	for y := r.Min.Y; y < r.Max.Y; y++ {
		for x := r.Min.X; x < r.Max.X; x++ {
			n += int(m.AlphaAt(x, y).A)
		}
	}
	return n / 255
}

func TestLatinInk(t *testing.T) {
	l := own(t)
	for _, c := range []struct {
		text                   string
		width, above, below    [2]int // bounds of the ink at 100 pixels per em, inclusive
		leastInkPercentOfTheEm int
	}{
		{"H", [2]int{55, 75}, [2]int{65, 80}, [2]int{0, 0}, 15},
		{"x", [2]int{40, 65}, [2]int{48, 60}, [2]int{0, 0}, 8},
		{"p", [2]int{40, 65}, [2]int{48, 60}, [2]int{15, 25}, 10},
		{"AB", [2]int{110, 150}, [2]int{65, 80}, [2]int{0, 0}, 30},
		{"Ж", [2]int{70, 110}, [2]int{65, 80}, [2]int{0, 2}, 20},
		{"É", [2]int{40, 65}, [2]int{85, 105}, [2]int{0, 0}, 15},
	} {
		t.Run(c.text, func(t *testing.T) {
			m := l.Mask(c.text, 100)
			for _, v := range []struct {
				name  string
				got   int
				bound [2]int
			}{{"width", m.Rect.Dx(), c.width}, {"above", -m.Rect.Min.Y, c.above}, {"below", m.Rect.Max.Y, c.below}} {
				if v.got < v.bound[0] || v.got > v.bound[1] {
					t.Errorf("%s %d pixels, want %v (bounds %v)", v.name, v.got, v.bound, m.Rect)
				}
			}
			if got := sum(m, m.Rect); got < c.leastInkPercentOfTheEm*100 {
				t.Errorf("%d pixels of ink, want at least %d %% of the em", got, c.leastInkPercentOfTheEm)
			}
		})
	}
}

func TestMaskGrowsWithTheSize(t *testing.T) {
	l, before := own(t), 0
	for _, size := range []int{1, 5, 12, 24, 100, 300} {
		m := l.Mask("Abc", size)
		if m.Rect.Dx() <= before {
			t.Errorf("%d pixels per em: %d wide, not more than %d", size, m.Rect.Dx(), before)
		}
		before = m.Rect.Dx()
	}
	if got, want := l.Mask("A", 1<<30).Rect, l.Mask("A", 1024).Rect; got != want {
		t.Errorf("size is not limited: %v, want %v", got, want)
	}
	if l.Mask("A", -5).Rect != l.Mask("A", 1).Rect {
		t.Error("a size below one is not one")
	}
}

func TestNothingToDraw(t *testing.T) {
	l := own(t)
	for _, text := range []string{"", " ", "\n\t", "\u202e\u200d", "\x00", "\u05d0", "\U0001F600", "\xff\xfe"[:0]} {
		if m := l.Mask(text, 40); !m.Rect.Empty() || len(m.Pix) != 0 {
			t.Errorf("%q has ink in %v", text, m.Rect)
		}
	}
}

func TestWhatNoFontHasIsLeftOut(t *testing.T) {
	l := own(t)
	want := l.Mask("AB", 40)
	for _, text := range []string{"A\u05d0B", "A\u202eB", "A\x07B"} {
		if got := l.Mask(text, 40); got.Rect != want.Rect || !bytes.Equal(got.Pix, want.Pix) {
			t.Errorf("%q is not drawn as AB", text)
		}
	}
	if got := l.Mask("A\nB", 40); got.Rect != l.Mask("A B", 40).Rect {
		t.Errorf("a line feed is no space: %v", got.Rect)
	}
}

func TestLongTextIsCut(t *testing.T) {
	l := own(t)
	if got, want := l.Mask(strings.Repeat("i", 5000), 10).Rect, l.Mask(strings.Repeat("i", 512), 10).Rect; got != want {
		t.Errorf("%v, want %v", got, want)
	}
}

func TestMasksAreCachedWithinABound(t *testing.T) {
	l := own(t)
	if first, second := l.Mask("Abc", 30), l.Mask("Abc", 30); first != second {
		t.Error("the same text was drawn twice")
	}
	for i := range 300 {
		l.Mask(fmt.Sprint("Name ", i), 200)
		if got := l.Cached(); got > fonts.MaxCached {
			t.Fatalf("%d bytes are cached, more than %d", got, fonts.MaxCached)
		}
	}
}

func TestConcurrentUse(t *testing.T) {
	l := own(t)
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for j := range 20 {
				l.Mask(fmt.Sprint(i*j%7, "Ab"), 20)
			}
		})
	}
	wg.Wait()
}

func TestFallbackPassesOverBrokenFiles(t *testing.T) {
	dir := t.TempDir()
	for name, data := range map[string][]byte{
		"a/Cut-Regular.ttf": goregular.TTF[:5000], "a/Empty-Regular.ttf": nil, "Text-Regular.otf": []byte("hello"), "readme.txt": goregular.TTF,
	} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	l := fonts.NewWith(fonts.Options{}, dir, filepath.Join(dir, "missing"))
	if m := l.Mask("\u05d0", 40); !m.Rect.Empty() {
		t.Errorf("ink in %v", m.Rect)
	}
	if m := l.Mask("A\u05d0", 40); m.Rect != l.Mask("A", 40).Rect {
		t.Errorf("ink in %v", m.Rect)
	}
}
