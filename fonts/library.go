package fonts

import (
	"bytes"
	"image"
	"log/slog"
	"os"
	"path/filepath"
	"sync"

	"github.com/go-text/typesetting/font"
	"github.com/go-text/typesetting/shaping"
	"golang.org/x/image/font/gofont/gomedium"
)

// Limits of one mask.
const (
	maxRunes = 256
	maxSize  = 1024 // pixels
)

// maxCached bounds the sum of the cached masks in bytes; when it is reached the
// cache is emptied.
const maxCached = 8 << 20

// Library finds fonts and makes masks. It is safe for concurrent use.
type Library struct {
	// Constant after construction.
	log     *slog.Logger
	primary *font.Face

	mu sync.Mutex
	// Guarded by mu: faces and shapers may be used by one goroutine at a time.
	system system
	shaper shaping.HarfbuzzShaper
	split  shaping.Segmenter
	wrap   shaping.LineWrapper
	cache  map[key]*image.Alpha
	cached int // bytes
}

type key struct {
	text string
	size int
}

// New returns a library of the Go fonts and the fonts installed on the system,
// which are looked for when a text needs one of them.
func New(log *slog.Logger) *Library { return newLibrary(log, directories()) }

func newLibrary(log *slog.Logger, dirs []string) *Library {
	// Medium, because regular stems are thin on a small picture after a codec.
	face, err := font.ParseTTF(bytes.NewReader(gomedium.TTF))
	if err != nil {
		panic(err) // the font is part of the program
	}
	return &Library{
		log:     log,
		primary: face,
		system:  system{log: log, dirs: dirs},
		cache:   map[key]*image.Alpha{},
	}
}

// directories are where fonts are installed on Linux and macOS.
func directories() []string {
	dirs := []string{"/usr/share/fonts", "/usr/local/share/fonts", "/System/Library/Fonts", "/Library/Fonts"}
	if home, err := os.UserHomeDir(); err == nil {
		dirs = append(dirs, filepath.Join(home, ".local/share/fonts"), filepath.Join(home, ".fonts"))
	}
	return dirs
}

// Mask is the opacity of one line of text at a size in pixels per em. The origin
// of its coordinates is the start of the baseline: what stands above it has
// negative y. Its bounds are those of the ink; they are empty when there is none.
// Characters that no font has, and glyphs that are coloured pictures, are left
// out. Of a text only the first 256 characters count, and sizes are at most 1024.
//
// The mask is cached and shared: it must not be changed.
func (l *Library) Mask(text string, sizePx int) *image.Alpha {
	sizePx = min(max(sizePx, 1), maxSize)
	l.mu.Lock()
	defer l.mu.Unlock()
	k := key{text, sizePx}
	if m, ok := l.cache[k]; ok {
		return m
	}
	m := l.rasterizeLocked(l.layoutLocked(text, sizePx), sizePx)
	if l.cached += len(m.Pix) + len(text); l.cached > maxCached {
		clear(l.cache)
		l.cached = len(m.Pix) + len(text)
	}
	l.cache[k] = m
	return m
}

// faces is the library as the shaper sees it, with the lock held.
type faces struct{ *Library }

// ResolveFace implements shaping.Fontmap, which wants a face for every rune.
func (f faces) ResolveFace(r rune) *font.Face {
	if face := f.lookLocked(r); face != nil {
		return face
	}
	return f.primary
}

// lookLocked returns the face for a rune, nil if no font has it.
func (l *Library) lookLocked(r rune) *font.Face {
	if _, ok := l.primary.NominalGlyph(r); ok {
		return l.primary
	}
	return l.system.find(r)
}
