package decor

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"image/png"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/omniverto/omniverto/media"
	"github.com/omniverto/omniverto/mixer/pixel"
)

// Errors of images; those returned say more.
var (
	// ErrOutside says that a path does not lead into the media folder.
	ErrOutside = errors.New("not in the media folder")
	// ErrImage says that a file is not an image that can be shown.
	ErrImage = errors.New("no usable image")
)

// Media is the folder that images come from and go to. Nothing outside of it is
// read or written, whatever a path says and wherever a symbolic link leads. Paths are
// relative to the folder, or absolute and inside of it. It is safe for concurrent
// use.
type Media struct {
	root *os.Root
	dirs []string // the folder's absolute paths: as it was named and as it is
}

// OpenMedia opens a folder, which it makes if it is missing. Close must follow.
func OpenMedia(dir string) (*Media, error) {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return nil, fmt.Errorf("decor: open media folder: %w", err)
	}
	if err := os.MkdirAll(abs, 0o750); err != nil {
		return nil, fmt.Errorf("decor: open media folder: %w", err)
	}
	root, err := os.OpenRoot(abs)
	if err != nil {
		return nil, fmt.Errorf("decor: open media folder: %w", err)
	}
	m := &Media{root: root, dirs: []string{abs}}
	if real, err := filepath.EvalSymlinks(abs); err == nil && real != abs {
		m.dirs = append(m.dirs, real)
	}
	return m, nil
}

// Close ends the use of the folder.
func (m *Media) Close() error { return m.root.Close() }

// local is a path as the folder knows it: clean and relative.
func (m *Media) local(name string) (string, error) {
	rel := name
	if filepath.IsAbs(name) {
		rel = ""
		for _, dir := range m.dirs {
			if r, err := filepath.Rel(dir, name); err == nil && filepath.IsLocal(r) {
				rel = r
				break
			}
		}
	}
	if rel == "" || strings.Contains(rel, "://") || strings.ContainsRune(rel, 0) || !filepath.IsLocal(rel) {
		return "", fmt.Errorf("decor: %q: %w", shorten(name), ErrOutside)
	}
	return filepath.Clean(rel), nil
}

// wrap gives an error of the folder the name that was asked for, shortened. What
// os.Root refuses is an error without a value of its own.
func wrap(name string, err error) error {
	var at *fs.PathError
	if errors.As(err, &at) {
		if err = at.Err; strings.Contains(err.Error(), "escapes") {
			err = ErrOutside
		}
	}
	return fmt.Errorf("decor: %q: %w", shorten(name), err)
}

// stat describes a regular file.
func (m *Media) stat(name string) (local string, info fs.FileInfo, err error) {
	if local, err = m.local(name); err != nil {
		return "", nil, err
	}
	if info, err = m.root.Stat(local); err != nil {
		return "", nil, wrap(name, err)
	}
	if err := usable(info); err != nil {
		return "", nil, wrap(name, err)
	}
	return local, info, nil
}

// usable refuses devices, pipes and folders, which may block or never end, and what
// is too large.
func usable(info fs.FileInfo) error {
	switch {
	case !info.Mode().IsRegular():
		return fmt.Errorf("%w: not a regular file", ErrImage)
	case info.Size() > maxFile:
		return fmt.Errorf("%w: %w", ErrImage, errTooLarge)
	}
	return nil
}

var errTooLarge = fmt.Errorf("more than %d MiB", maxFile>>20)

// read returns a file that stat has described.
func (m *Media) read(local string) ([]byte, error) {
	f, err := m.root.Open(local)
	if err != nil {
		return nil, wrap(local, err)
	}
	defer f.Close()
	info, err := f.Stat() // it may have been replaced
	if err == nil {
		err = usable(info)
	}
	if err != nil {
		return nil, wrap(local, err)
	}
	data, err := limited(f)
	if err != nil {
		return nil, wrap(local, err)
	}
	return data, nil
}

// limited reads what is not too large.
func limited(r io.Reader) ([]byte, error) {
	data, err := io.ReadAll(io.LimitReader(r, maxFile+1))
	if err == nil && len(data) > maxFile {
		err = fmt.Errorf("%w: %w", ErrImage, errTooLarge)
	}
	return data, err
}

// uploads is where Upload puts images.
const uploads = "uploads"

// Upload keeps an image that somebody sent: PNG or JPEG of at most 8 MiB and
// 4096x2304 pixels in area. kind is what he calls it, image/png or image/jpeg, and
// must be true; "" is whatever it is. The name is the path for the library's other
// methods; the same image gets the same name. Errors are ErrImage, those of the
// reader, and those of the disk.
func (m *Media) Upload(kind string, r io.Reader) (name string, err error) {
	data, err := limited(r)
	if err != nil {
		return "", fmt.Errorf("decor: upload: %w", err)
	}
	format, _, err := inspect(data)
	if err != nil {
		return "", fmt.Errorf("decor: upload: %w", err)
	}
	if kind != "" && kind != format.mime {
		return "", fmt.Errorf("decor: upload: %w: it is %s, not %s", ErrImage, format.mime, shorten(kind))
	}
	sum := sha256.Sum256(data)
	name = path.Join(uploads, fmt.Sprintf("%x%s", sum[:16], format.extension))
	if info, err := m.root.Lstat(name); err == nil && info.Mode().IsRegular() && info.Size() == int64(len(data)) {
		return name, nil
	}
	return name, m.replace(name, func(w io.Writer) error {
		_, err := w.Write(data)
		return err
	})
}

// WritePNG writes a snapshot and returns its full path. The path's folders are made;
// its name must end with .png; what is there is replaced. p is borrowed. It waits
// for the disk.
func (m *Media) WritePNG(name string, p *media.Picture) (string, error) {
	local, err := m.local(name)
	if err != nil {
		return "", err
	}
	if !strings.EqualFold(filepath.Ext(local), ".png") {
		return "", fmt.Errorf("decor: %q: %w: a snapshot's name ends with .png", shorten(name), ErrImage)
	}
	var data bytes.Buffer
	encoder := png.Encoder{CompressionLevel: png.BestSpeed}
	if err := encoder.Encode(&data, pixel.ToImage(p)); err != nil {
		return "", wrap(name, err)
	}
	err = m.replace(local, func(w io.Writer) error {
		_, err := data.WriteTo(w)
		return err
	})
	if err != nil {
		return "", err
	}
	return filepath.Join(m.dirs[0], local), nil
}

// replace writes a file as a whole or not at all: nobody reads half of it.
func (m *Media) replace(local string, write func(io.Writer) error) (err error) {
	dir := filepath.Dir(local)
	if err := m.root.MkdirAll(dir, 0o750); err != nil {
		return wrap(local, err)
	}
	if info, err := m.root.Lstat(local); err == nil && info.IsDir() {
		return wrap(local, fmt.Errorf("%w: it is a folder", ErrImage))
	}
	part := filepath.Join(dir, "."+rand.Text()+".part")
	f, err := m.root.OpenFile(part, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o640)
	if err != nil {
		return wrap(local, err)
	}
	err = errors.Join(write(f), f.Close())
	if err == nil {
		err = m.root.Rename(part, local)
	}
	if err != nil {
		_ = m.root.Remove(part) // it is of no use, and the first error counts
		return wrap(local, err)
	}
	return nil
}
