package fsconf

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path"
	"strings"
)

var errOutside = errors.New("it leaves the configuration's folder")

// reading is one pass over files of a tree.
type reading struct {
	root     *os.Root
	vars     map[string]string
	sections map[string]bool // whose includes are followed
	log      *slog.Logger

	open     []string        // files that are being read, each included by the one before
	cur      string          // the last of these; relative includes are its
	seen     map[string]bool // files that were read
	files    int
	bytes    int64
	elements int
}

// contents is the text of a regular file of the folder.
func (r *reading) contents(name string) ([]byte, error) {
	r.seen[name] = true
	if r.files++; r.files > maxFiles {
		return nil, fmt.Errorf("%s: more than %d files", name, maxFiles)
	}
	info, err := r.root.Stat(name)
	if err != nil {
		return nil, outside(name, err)
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s: not a regular file", name)
	}
	f, err := r.root.Open(name)
	if err != nil {
		return nil, outside(name, err)
	}
	defer f.Close()
	doc, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err != nil {
		return nil, outside(name, err)
	}
	if r.bytes += int64(len(doc)); len(doc) > maxFile || r.bytes > maxTotal {
		return nil, fmt.Errorf("%s: too large: at most %d bytes a file, %d in all", name, maxFile, maxTotal)
	}
	return doc, nil
}

// outside says what is wrong with a file by its name in the folder.
func outside(name string, err error) error {
	if cause := new(fs.PathError); errors.As(err, &cause) {
		err = cause.Err
	}
	return fmt.Errorf("%s: %w", name, err)
}

// glob lists what matches a pattern, sorted, without folders and, as everywhere,
// without hidden files unless they are meant.
func (r *reading) glob(pattern string) ([]string, error) {
	all, err := fs.Glob(r.root.FS(), pattern)
	if err != nil {
		return nil, err
	}
	var files []string
	hidden := strings.HasPrefix(path.Base(pattern), ".")
	for _, f := range all {
		if strings.HasPrefix(path.Base(f), ".") && !hidden {
			continue
		}
		if info, err := r.root.Stat(f); err == nil && info.IsDir() {
			continue
		}
		files = append(files, f)
	}
	return files, nil
}

// folder reads all files *.xml of a folder with its folders: those above include
// those below, and what was included is not read again by itself.
func (r *reading) folder(dir string, into *Element) error {
	var files []string
	err := fs.WalkDir(r.root.FS(), dir, func(name string, e fs.DirEntry, err error) error {
		if err != nil {
			return outside(name, err)
		}
		if hidden := strings.HasPrefix(e.Name(), ".") && name != dir; hidden && e.IsDir() {
			return fs.SkipDir
		} else if !hidden && !e.IsDir() && strings.HasSuffix(name, ".xml") {
			files = append(files, name)
		}
		if len(files) > maxFiles {
			return fmt.Errorf("%s: more than %d files", dir, maxFiles)
		}
		return nil
	})
	if err != nil {
		return err
	}
	for _, top := range []bool{true, false} {
		for _, f := range files {
			if r.seen[f] || (path.Dir(f) == dir) != top {
				continue
			}
			if err := r.file(f, into); err != nil {
				return err
			}
		}
	}
	return nil
}
