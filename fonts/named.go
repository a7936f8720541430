package fonts

import (
	"io/fs"
	"log/slog"
	"path"
	"path/filepath"
	"strings"

	"github.com/go-text/typesetting/font"
)

// named are the faces of the fonts folder by the names of their files. Only what
// was found in the folder is opened, never a name that a text brought.
type named struct {
	log   *slog.Logger
	dir   string
	files map[string]string     // paths by name; nil before the first look
	faces map[string]*font.Face // by name; nil: it is not there, which was told
}

// Bounds against folders and texts with very many names.
const (
	maxNamedFiles = 4096
	maxNames      = 1024
	maxName       = 255 // bytes
)

// find returns the face of a name, nil if there is none.
func (n *named) find(name string) *font.Face {
	if name = stem(name); len(name) > maxName {
		return nil // no file is called so
	}
	if face, ok := n.faces[name]; ok {
		return face
	}
	if n.files == nil {
		n.list()
	}
	var face *font.Face
	if file, ok := n.files[name]; ok {
		if face = readFace(file); face == nil {
			delete(n.files, name)
		}
	}
	if n.faces == nil {
		n.faces = map[string]*font.Face{}
	}
	if face == nil {
		if len(n.faces) >= maxNames {
			return nil // neither kept nor told: nobody has so many fonts
		}
		n.log.Warn("fonts: no such face, using the default", "face", name, "folder", n.dir)
	}
	n.faces[name] = face
	return face
}

// list finds the fonts of the folder. Of files that differ only in extension or
// folder the first in the order of the alphabet counts.
func (n *named) list() {
	n.files = map[string]string{}
	if n.dir == "" {
		return
	}
	// A folder that is not there or not readable has no fonts.
	_ = filepath.WalkDir(n.dir, func(file string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !isFont(file) {
			return nil
		}
		if len(n.files) >= maxNamedFiles {
			return fs.SkipAll
		}
		if name := stem(file); n.files[name] == "" {
			n.files[name] = file
		}
		return nil
	})
}

// stem is a font file's name as it is compared: without path, extension and case.
func stem(name string) string {
	name = strings.ToLower(path.Base(strings.ReplaceAll(name, `\`, "/")))
	if isFont(name) {
		name = strings.TrimSuffix(name, path.Ext(name))
	}
	return name
}
