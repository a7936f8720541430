package play

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// openBeneath opens a regular file of the media folder, named relative to it or by an
// absolute path inside of it. Symbolic links that lead out of the folder are refused
// by os.Root.
func openBeneath(dir, name string) (*os.File, error) {
	if dir == "" {
		return nil, fmt.Errorf("%w: there is none", ErrOutside)
	}
	local, err := localPath(dir, name)
	if err != nil {
		return nil, err
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrFile, reason(err))
	}
	defer root.Close()
	// A pipe without a writer would block an ordinary open.
	f, err := root.OpenFile(local, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		if err = reason(err); strings.Contains(err.Error(), "escapes") {
			return nil, ErrOutside
		}
		return nil, fmt.Errorf("%w: %w", ErrFile, err)
	}
	if info, err := f.Stat(); err != nil || !info.Mode().IsRegular() {
		f.Close()
		return nil, fmt.Errorf("%w: not a regular file", ErrFile)
	}
	return f, nil
}

// localPath is a path relative to the folder.
func localPath(dir, name string) (string, error) {
	if filepath.IsAbs(name) {
		abs, err := filepath.Abs(dir)
		if err != nil {
			return "", ErrOutside
		}
		beneath := ""
		for _, folder := range []string{abs, resolved(abs)} {
			if rel, err := filepath.Rel(folder, name); err == nil && filepath.IsLocal(rel) {
				beneath = rel
				break
			}
		}
		name = beneath
	}
	if !filepath.IsLocal(name) || strings.ContainsRune(name, 0) {
		return "", ErrOutside
	}
	return filepath.Clean(name), nil
}

// resolved is the folder without symbolic links on the way to it.
func resolved(dir string) string {
	if real, err := filepath.EvalSymlinks(dir); err == nil {
		return real
	}
	return dir
}

// reason is what the system said, without the path, which the caller names as it was
// asked for.
func reason(err error) error {
	var at *fs.PathError
	if errors.As(err, &at) {
		return at.Err
	}
	return err
}
