package fonts_test

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"golang.org/x/image/font/gofont/gomono"
	"golang.org/x/image/font/gofont/goregular"

	"github.com/omniverto/omniverto/fonts"
)

const sentence = "The quick brown fox jumps over the lazy dog and runs away"

func TestLines(t *testing.T) {
	l := own(t)
	for _, c := range []struct {
		name         string
		text         string
		width, lines int
		want         int // lines
		cut          bool
	}{
		{"fits", "Alice", 400, 2, 1, false},
		{"two lines", sentence, 400, 2, 2, false},
		{"cut", sentence, 200, 2, 2, true},
		{"one line", sentence, 200, 1, 1, true},
		{"long word", strings.Repeat("m", 30), 300, 2, 2, false},
		{"very long word", strings.Repeat("m", 100), 300, 2, 2, true},
		{"no line is one", "Alice", 400, 0, 1, false},
		{"without end", sentence, 0, 2, 1, false},
		{"more than is read", strings.Repeat("i ", 400), 1900, 2, 2, true},
		{"line feed", "Alice\nBob", 400, 2, 1, false},
		{"narrower than the ellipsis", sentence, 1, 1, 1, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := l.Set(c.text, fonts.Style{Size: 20}, c.width, c.lines)
			if b.Lines != c.want || b.Cut != c.cut || b.RightToLeft {
				t.Errorf("%d lines, cut %v; want %d, %v", b.Lines, b.Cut, c.want, c.cut)
			}
			if b.Color != nil || b.Ink() != b.Mask.Rect || b.Mask.Rect.Empty() {
				t.Errorf("ink in %v", b.Ink())
			}
			if c.width > 20 && (b.Width > c.width || b.Mask.Rect.Max.X > c.width+1) {
				t.Errorf("%d wide with ink in %v, want at most %d", b.Width, b.Mask.Rect, c.width)
			}
			if b.Pitch != 25 || b.Cap < 14 || b.Cap > 15 {
				t.Errorf("pitch %d, capitals %d", b.Pitch, b.Cap)
			}
			// The last line has ink below its baseline's capitals, the next none.
			if low := b.Mask.Rect.Max.Y; low < (b.Lines-1)*b.Pitch-1 || low > b.Lines*b.Pitch {
				t.Errorf("%d lines reach down to %d", b.Lines, low)
			}
		})
	}
}

func TestNothingToSet(t *testing.T) {
	l := own(t)
	for _, text := range []string{"", "  ", "\u200d"} {
		if b := l.Set(text, fonts.Style{Size: 20}, 100, 2); !b.Ink().Empty() || b.Cut {
			t.Errorf("%q: ink in %v", text, b.Ink())
		}
	}
}

func TestCentredLines(t *testing.T) {
	l := own(t)
	text := "A wide first line and i"
	left := l.Set(text, fonts.Style{Size: 20}, 190, 2)
	centred := l.Set(text, fonts.Style{Size: 20, Centred: true}, 190, 2)
	second := func(b *fonts.Block) (x int) {
		r := b.Mask.Rect
		r.Min.Y = b.Pitch / 2
		for x = r.Min.X; x < r.Max.X; x++ {
			if column := image.Rect(x, r.Min.Y, x+1, r.Max.Y); sum(b.Mask, column) > 0 {
				break
			}
		}
		return x
	}
	if left.Lines != 2 || centred.Lines != 2 {
		t.Fatalf("%d and %d lines", left.Lines, centred.Lines)
	}
	if a, b := second(left), second(centred); a > 3 || b < left.Width/2-20 {
		t.Errorf("the second line begins at %d and at %d of %d", a, b, left.Width)
	}
}

// told counts what is logged.
type told struct {
	slog.Handler
	mu    sync.Mutex
	faces []string
}

func (h *told) Enabled(context.Context, slog.Level) bool { return true }

func (h *told) Handle(_ context.Context, r slog.Record) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	r.Attrs(func(a slog.Attr) bool {
		if a.Key == "face" && r.Level == slog.LevelWarn {
			h.faces = append(h.faces, a.Value.String())
		}
		return true
	})
	return nil
}

// faces is a fonts folder and what a library with it tells.
func faces(t *testing.T) (l *fonts.Library, h *told, dir string) {
	t.Helper()
	dir = t.TempDir()
	for name, data := range map[string][]byte{
		"GoMono.ttf": gomono.TTF, "sub/Go-Regular.TTF": goregular.TTF, "Broken.otf": gomono.TTF[:3000], "Text.txt": gomono.TTF,
	} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	h = &told{}
	return fonts.NewWith(fonts.Options{Dir: dir, Log: slog.New(h)}, t.TempDir()), h, dir
}

func TestNamedFaces(t *testing.T) {
	l, h, dir := faces(t)
	set := func(face string) *fonts.Block { return l.Set("Alice mmm iii", fonts.Style{Face: face, Size: 20}, 0, 1) }
	same := func(a, b *fonts.Block) bool { return a.Mask.Rect == b.Mask.Rect && bytes.Equal(a.Mask.Pix, b.Mask.Pix) }
	standard, mono, regular := set(""), set("GoMono.ttf"), set("Go-Regular")
	if same(standard, mono) || same(standard, regular) || same(mono, regular) {
		t.Error("the faces look alike")
	}
	for _, name := range []string{"gomono", "GOMONO.TTF", "GoMono.otf", "/usr/share/fonts/GoMono.ttf", `C:\Fonts\gomono.ttf`, filepath.Join(dir, "GoMono.ttf")} {
		if !same(set(name), mono) {
			t.Errorf("%q is not Go Mono", name)
		}
	}
	if len(h.faces) > 0 {
		t.Errorf("told of %q", h.faces)
	}
	for range 3 {
		for _, name := range []string{"FreeSans.ttf", "freesans", "Broken", "Text.txt", "../..", "sub"} {
			if !same(set(name), standard) {
				t.Errorf("%q is not the default", name)
			}
		}
		l.Set(fmt.Sprint("another text ", len(h.faces)), fonts.Style{Face: "x/FreeSans.ttf", Size: 20}, 0, 1)
	}
	if got := strings.Join(h.faces, " "); got != "freesans broken text.txt .. sub" {
		t.Errorf("told of %s", got)
	}
}

func TestVeryManyFacesAreToldAndKeptWithinABound(t *testing.T) {
	l, h, _ := faces(t)
	for i := range 3000 {
		l.Set("A", fonts.Style{Face: fmt.Sprint("face ", i), Size: 10}, 0, 1)
	}
	l.Set("A", fonts.Style{Face: strings.Repeat("x", 10000), Size: 10}, 0, 1)
	if n := len(h.faces); n != 1024 {
		t.Errorf("told %d times", n)
	}
}

func TestScriptsThatAFaceLacksComeFromOthers(t *testing.T) {
	l, _, _ := faces(t)
	// Go Mono has no Hebrew, and there is no other font: the letters are left out.
	if got, want := l.Set("Aא", fonts.Style{Face: "gomono", Size: 20}, 0, 1), l.Set("A", fonts.Style{Face: "gomono", Size: 20}, 0, 1); got.Mask.Rect != want.Mask.Rect {
		t.Errorf("ink in %v, want %v", got.Mask.Rect, want.Mask.Rect)
	}
}
