package fonts

import (
	"bytes"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/go-text/typesetting/font"
	"github.com/go-text/typesetting/font/opentype"
	"github.com/go-text/typesetting/font/opentype/tables"
)

// system is the fonts installed on the machine. Files are listed when the first
// rune is looked for, and read one after the other, the likeliest first, until
// one has the rune.
type system struct {
	log    *slog.Logger
	own    string // folder whose fonts go before all others; "" none
	dirs   []string
	files  []*file // nil before the first look
	listed bool
	known  map[wanted]*font.Face // nil faces for runes that no font has
}

// wanted is a rune, as a coloured picture or as a letter.
type wanted struct {
	r       rune
	colored bool
}

// file is a font file; a collection counts with its first font.
type file struct {
	path    string
	penalty int  // lower is tried first
	colored bool // its name says that its glyphs are pictures
	read    bool
	cmap    font.Cmap  // nil if the file cannot be used
	face    *font.Face // nil before it is used
}

// maxFile bounds the font files that are read; the large CJK collections are
// below it.
const maxFile = 64 << 20

// maxKnown bounds the memory of runes that were looked for.
const maxKnown = 1 << 16

// find returns the first face that has r, as a coloured picture or as a letter; nil
// if there is none.
func (s *system) find(r rune, colored bool) *font.Face {
	want := wanted{r, colored}
	if f, ok := s.known[want]; ok {
		return f
	}
	if !s.listed {
		s.list()
	}
	var face *font.Face
	for _, f := range s.files {
		if f.colored == colored && f.has(r) {
			if face = f.load(); face != nil {
				s.log.Debug("fonts: using a system font", "path", f.path, "rune", string(r))
				break
			}
		}
	}
	if s.known == nil || len(s.known) > maxKnown {
		s.known = map[wanted]*font.Face{}
	}
	s.known[want] = face
	return face
}

// list finds the font files and sorts them: the own folder's first, then plain
// sans-serif faces.
func (s *system) list() {
	s.listed = true
	add := func(dir string, bonus int) {
		// A folder that is not there or not readable has no fonts.
		_ = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
			if err == nil && !d.IsDir() && isFont(path) {
				s.files = append(s.files, &file{path: path, penalty: penalty(path) - bonus, colored: isColored(path)})
			}
			return nil
		})
	}
	if s.own != "" {
		add(s.own, 1000) // more than all styles together
	}
	for _, dir := range s.dirs {
		add(dir, 0)
	}
	slices.SortStableFunc(s.files, func(a, b *file) int { return a.penalty - b.penalty })
}

// isFont reports whether a file is a font by its name.
func isFont(path string) bool {
	switch strings.ToLower(filepath.Ext(path)) {
	case ".ttf", ".otf", ".ttc", ".otc":
		return true
	}
	return false
}

// isColored reports whether a font's name says that its glyphs are coloured
// pictures. Fonts of which only few are, are used for their letters.
func isColored(path string) bool {
	return strings.Contains(strings.ToLower(filepath.Base(path)), "color")
}

// styles are words in a file's name that make a face less fit for plain text.
var styles = []string{"italic", "oblique", "bold", "light", "thin", "black", "condensed", "mono", "serif", "emoji", "symbol", "math", "display", "nastaliq"}

// penalty is lower for the files that are tried first.
func penalty(path string) int {
	name := strings.ToLower(filepath.Base(path))
	n := 0
	for _, style := range styles {
		if strings.Contains(name, style) {
			n += 10
		}
	}
	if !strings.Contains(name, "sans") {
		n += 2
	}
	if !strings.Contains(name, "regular") {
		n++
	}
	return n
}

// has reports whether the font has a glyph for r. Only the file's table of
// characters is read for that.
func (f *file) has(r rune) bool {
	if !f.read {
		f.read = true
		f.cmap = readCmap(f.path, f.colored)
	}
	if f.cmap == nil {
		return false
	}
	_, ok := f.cmap.Lookup(r)
	return ok
}

// readCmap reads a font's table of characters, nil if the font cannot be used:
// pictures is what it must have instead of outlines, in a form that is drawn.
func readCmap(path string, pictures bool) font.Cmap {
	r, err := os.Open(path)
	if err != nil {
		return nil
	}
	defer r.Close()
	if info, err := r.Stat(); err != nil || info.Size() > maxFile || !info.Mode().IsRegular() {
		return nil
	}
	loaders, err := opentype.NewLoaders(r)
	if err != nil || len(loaders) == 0 || pictures && !hasPictures(loaders[0]) {
		return nil
	}
	raw, err := loaders[0].RawTable(opentype.MustNewTag("cmap"))
	if err != nil {
		return nil
	}
	table, _, err := tables.ParseCmap(raw)
	if err != nil {
		return nil
	}
	cmap, _, err := font.ProcessCmap(table, tables.FPNone)
	if err != nil {
		return nil
	}
	return cmap
}

// hasPictures reports whether a font holds PNG files, as Noto's and Apple's do.
func hasPictures(l *opentype.Loader) bool {
	tables := l.Tables()
	return slices.Contains(tables, opentype.MustNewTag("CBDT")) || slices.Contains(tables, opentype.MustNewTag("sbix"))
}

// load returns the face; it gives the file up when it cannot be read.
func (f *file) load() *font.Face {
	if f.face == nil {
		f.face = readFace(f.path)
		if f.face == nil {
			f.cmap = nil
		}
	}
	return f.face
}

func readFace(path string) *font.Face {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil
	}
	all, err := font.ParseTTC(bytes.NewReader(data))
	if err != nil || len(all) == 0 {
		return nil
	}
	return all[0]
}
