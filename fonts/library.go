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

// Limits of one text.
const (
	maxRunes = 512
	maxSize  = 1024 // pixels
)

// maxCached bounds the sum of the cached texts in bytes; when it is reached the
// cache is emptied.
const maxCached = 8 << 20

// Options say where a Library looks for fonts.
type Options struct {
	// Dir holds the faces that a Style may name. Scripts that the Go fonts lack are
	// looked for there before the system's fonts. It is read once, when the first
	// text needs it; "" or missing: none.
	Dir string
	Log *slog.Logger // nil: silent
}

// Library finds fonts and sets texts. It is safe for concurrent use.
type Library struct {
	// Constant after construction.
	primary *font.Face

	mu sync.Mutex
	// Guarded by mu: faces and shapers may be used by one goroutine at a time.
	named  named
	system system
	shaper shaping.HarfbuzzShaper
	split  shaping.Segmenter
	wrap   shaping.LineWrapper
	cache  map[key]*Block
	cached int // bytes
}

type key struct {
	text         string
	style        Style
	width, lines int
}

// Open returns a library of the Go fonts and the fonts installed on the system,
// which are looked for when a text needs one of them.
func Open(o Options) *Library { return newLibrary(o, directories()) }

func newLibrary(o Options, dirs []string) *Library {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	// Medium, because regular stems are thin on a small picture after a codec.
	face, err := font.ParseTTF(bytes.NewReader(gomedium.TTF))
	if err != nil {
		panic(err) // the font is part of the program
	}
	return &Library{
		primary: face,
		named:   named{log: o.Log, dir: o.Dir},
		system:  system{log: o.Log, own: o.Dir, dirs: dirs},
		cache:   map[key]*Block{},
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
// out. Of a text only the first 512 characters count, and sizes are at most 1024.
//
// The mask is cached and shared: it must not be changed.
func (l *Library) Mask(text string, sizePx int) *image.Alpha {
	return l.Set(text, Style{Size: sizePx}, 0, 1).Mask
}

// storeLocked keeps a block within the bound.
func (l *Library) storeLocked(k key, b *Block) {
	size := len(b.Mask.Pix) + len(k.text) + len(k.style.Face)
	if b.Color != nil {
		size += len(b.Color.Pix)
	}
	if l.cached += size; l.cached > maxCached {
		clear(l.cache)
		l.cached = size
	}
	l.cache[k] = b
}

// faces is the library as the shaper sees it, with the lock held.
type faces struct {
	*Library
	base    *font.Face    // of the style
	colored map[rune]bool // what the text asks to be shown as a coloured picture
}

// ResolveFace implements shaping.Fontmap, which wants a face for every rune.
func (f faces) ResolveFace(r rune) *font.Face {
	if face := f.look(r); face != nil {
		return face
	}
	return f.base
}

// look returns the face for a rune, nil if no font has it.
func (f faces) look(r rune) *font.Face {
	if isPicture(r) || f.colored[r] {
		if face := f.system.find(r, true); face != nil {
			return face
		}
	}
	for _, face := range [...]*font.Face{f.base, f.primary} {
		if _, ok := face.NominalGlyph(r); ok {
			return face
		}
	}
	return f.system.find(r, false)
}
