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
	dirs   []string
	files  []*file // nil before the first look
	listed bool
	known  map[rune]*font.Face // nil faces for runes that no font has
}

// file is a font file; a collection counts with its first font.
type file struct {
	path string
	read bool
	cmap font.Cmap  // nil if the file cannot be used
	face *font.Face // nil before it is used
}

// maxFile bounds the font files that are read; the large CJK collections are
// below it.
const maxFile = 64 << 20

// maxKnown bounds the memory of runes that were looked for.
const maxKnown = 1 << 16

// find returns the first face that has r, nil if there is none.
func (s *system) find(r rune) *font.Face {
	if f, ok := s.known[r]; ok {
		return f
	}
	if !s.listed {
		s.list()
	}
	var face *font.Face
	for _, f := range s.files {
		if f.has(r) {
			if face = f.load(); face != nil {
				s.log.Debug("fonts: using a system font", "path", f.path, "rune", string(r))
				break
			}
		}
	}
	if s.known == nil || len(s.known) > maxKnown {
		s.known = map[rune]*font.Face{}
	}
	s.known[r] = face
	return face
}

// list finds the font files and sorts them: plain sans-serif faces first.
func (s *system) list() {
	s.listed = true
	for _, dir := range s.dirs {
		// A folder that is not there or not readable has no fonts.
		_ = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
			if err == nil && !d.IsDir() && isFont(path) {
				s.files = append(s.files, &file{path: path})
			}
			return nil
		})
	}
	slices.SortStableFunc(s.files, func(a, b *file) int { return penalty(a.path) - penalty(b.path) })
}

// isFont reports whether a file may have glyphs that a mask can show; the large
// fonts of coloured pictures have none.
func isFont(path string) bool {
	name := strings.ToLower(filepath.Base(path))
	switch filepath.Ext(name) {
	case ".ttf", ".otf", ".ttc", ".otc":
		return !strings.Contains(name, "color")
	}
	return false
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
		f.cmap = readCmap(f.path)
	}
	if f.cmap == nil {
		return false
	}
	_, ok := f.cmap.Lookup(r)
	return ok
}

func readCmap(path string) font.Cmap {
	r, err := os.Open(path)
	if err != nil {
		return nil
	}
	defer r.Close()
	if info, err := r.Stat(); err != nil || info.Size() > maxFile || !info.Mode().IsRegular() {
		return nil
	}
	loaders, err := opentype.NewLoaders(r)
	if err != nil || len(loaders) == 0 {
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
