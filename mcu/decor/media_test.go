package decor

import (
	"bytes"
	"errors"
	"image"
	"image/png"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"testing/iotest"

	"github.com/omniverto/omniverto/media"
	"github.com/omniverto/omniverto/media/mediatest"
)

// openFolder is a media folder beside a file that must not be reached.
func openFolder(t *testing.T) (m *Media, dir, secret string) {
	t.Helper()
	base := t.TempDir()
	dir, secret = filepath.Join(base, "media"), filepath.Join(base, "secret.png")
	encode(t, secret, drawLogo(16, 16))
	m, err := OpenMedia(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = m.Close() })
	encode(t, filepath.Join(dir, "logo.png"), drawLogo(16, 16))
	return m, dir, secret
}

func TestPathsInside(t *testing.T) {
	m, dir, _ := openFolder(t)
	if err := os.MkdirAll(filepath.Join(dir, "a/b"), 0o755); err != nil {
		t.Fatal(err)
	}
	encode(t, filepath.Join(dir, "a/b/ü 1.png"), drawLogo(8, 8))
	if err := os.Symlink("a/b", filepath.Join(dir, "link")); err != nil {
		t.Fatal(err)
	}
	l := New(Options{Media: m})
	for _, file := range []string{"logo.png", "./logo.png", "a/../logo.png", filepath.Join(dir, "logo.png"), "a/b/ü 1.png", "link/ü 1.png"} {
		if _, err := l.Still(file, 32, 32, media.YUV{}); err != nil {
			t.Errorf("%q: %v", file, err)
		}
	}
}

func TestPathsOutside(t *testing.T) {
	m, dir, secret := openFolder(t)
	for name, to := range map[string]string{"link.png": secret, "up": "..", "dev.png": "/dev/zero", "rel.png": "../secret.png"} {
		if err := os.Symlink(to, filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	before, err := os.ReadFile(secret)
	if err != nil {
		t.Fatal(err)
	}
	l := New(Options{Media: m})
	for _, file := range []string{
		"", ".", "..", "../secret.png", "a/../../secret.png", secret, "/etc/passwd", "/", "/dev/zero", "http://example.org/x.png", "file:///etc/x.png",
		"http:/" + "/127.0.0.1/x.png", "link.png", "rel.png", "up/secret.png", "dev.png", "x\x00.png", dir + "/../secret.png", dir, "up/../../secret.png",
	} {
		if _, err := l.Still(file, 32, 32, media.YUV{}); !errors.Is(err, ErrOutside) && file != "." && file != dir {
			t.Errorf("read %q: %v", file, err)
		} else if err == nil {
			t.Errorf("read %q", file)
		}
		if to, err := m.WritePNG(file, mediatest.Solid(16, 16, media.YUV{})); err == nil && file != "link.png" && file != "rel.png" && file != "dev.png" {
			t.Errorf("wrote %q to %s", file, to)
		}
	}
	// A snapshot over a link replaces the link and not what it leads to.
	if after, err := os.ReadFile(secret); err != nil || !bytes.Equal(before, after) {
		t.Errorf("the file outside was changed: %v", err)
	}
	if entries, err := os.ReadDir(filepath.Dir(dir)); err != nil || len(entries) != 2 {
		t.Errorf("%d files beside the folder, %v", len(entries), err)
	}
}

func TestErrorsAreTold(t *testing.T) {
	m, dir, _ := openFolder(t)
	if err := syscall.Mkfifo(filepath.Join(dir, "pipe.png"), 0o600); err != nil {
		t.Fatal(err)
	}
	big := make([]byte, maxFile+1)
	copy(big, "\x89PNG\r\n\x1a\n")
	write(t, filepath.Join(dir, "big.png"), big)
	write(t, filepath.Join(dir, "text.png"), []byte("hello"))
	write(t, filepath.Join(dir, "empty.png"), nil)
	l := New(Options{Media: m})
	for file, want := range map[string]error{
		"missing.png": fs.ErrNotExist, "a/missing.png": fs.ErrNotExist, "pipe.png": ErrImage, "big.png": ErrImage,
		"text.png": ErrImage, "empty.png": ErrImage, ".": ErrImage, "logo.png/x": syscall.ENOTDIR, strings.Repeat("x", 5000): syscall.ENAMETOOLONG,
	} {
		_, err := l.Still(file, 32, 32, media.YUV{})
		if !errors.Is(err, want) || len(err.Error()) > 400 {
			t.Errorf("%.20q: %v, want %v", file, err, want)
		}
	}
	if _, err := New(Options{}).Still("logo.png", 32, 32, media.YUV{}); !errors.Is(err, ErrOutside) {
		t.Errorf("without a folder: %v", err)
	}
}

func TestUpload(t *testing.T) {
	m, dir, _ := openFolder(t)
	l := New(Options{Media: m})
	name, err := m.Upload("image/png", bytes.NewReader(encoded(t, drawLogo(40, 20), "png")))
	if err != nil || !strings.HasPrefix(name, "uploads/") || !strings.HasSuffix(name, ".png") || len(name) != len("uploads/.png")+32 {
		t.Fatalf("%q, %v", name, err)
	}
	if _, err := l.Logo(Logo{File: name}, 320, 180); err != nil {
		t.Error(err)
	}
	if again, err := m.Upload("", bytes.NewReader(encoded(t, drawLogo(40, 20), "png"))); err != nil || again != name {
		t.Errorf("the same again: %q, %v", again, err)
	}
	photo, err := m.Upload("image/jpeg", bytes.NewReader(encoded(t, drawPhoto(40, 20), "jpg")))
	if err != nil || !strings.HasSuffix(photo, ".jpg") {
		t.Errorf("%q, %v", photo, err)
	}
	entries, err := os.ReadDir(filepath.Join(dir, "uploads"))
	if err != nil || len(entries) != 2 {
		t.Errorf("%d files, %v", len(entries), err)
	}
}

func TestUploadRefuses(t *testing.T) {
	m, dir, _ := openFolder(t)
	logo := encoded(t, drawLogo(40, 20), "png")
	interrupted := errors.New("connection lost")
	for name, c := range map[string]struct {
		kind string
		body io.Reader
		want error
	}{
		"wrong kind":  {"image/jpeg", bytes.NewReader(logo), ErrImage},
		"nothing":     {"image/png", bytes.NewReader(nil), ErrImage},
		"text":        {"", strings.NewReader("<svg/>"), ErrImage},
		"cut":         {"image/png", bytes.NewReader(logo[:20]), ErrImage},
		"too large":   {"image/png", io.MultiReader(bytes.NewReader(logo), bytes.NewReader(make([]byte, maxFile))), ErrImage},
		"bomb":        {"image/png", bytes.NewReader(header(40000, 40000)), ErrImage},
		"interrupted": {"image/png", iotest.ErrReader(interrupted), interrupted},
	} {
		if _, err := m.Upload(c.kind, c.body); !errors.Is(err, c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := os.Stat(filepath.Join(dir, "uploads")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("something was kept: %v", err)
	}
}

func TestWritePNG(t *testing.T) {
	m, dir, _ := openFolder(t)
	p := mediatest.Quadrants(64, 36, 3)
	for _, name := range []string{"shot.png", "a/b/shot.PNG", filepath.Join(dir, "x/y.png"), "shot.png"} {
		path, err := m.WritePNG(name, p)
		if err != nil {
			t.Fatalf("%q: %v", name, err)
		}
		if rel, err := filepath.Rel(dir, path); err != nil || !filepath.IsLocal(rel) {
			t.Errorf("%q: written to %s", name, path)
		}
		f, err := os.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		img, err := png.Decode(f)
		if err := errors.Join(err, f.Close()); err != nil || img.Bounds() != image.Rect(0, 0, 64, 36) {
			t.Errorf("%q: %v, %v", name, img.Bounds(), err)
		}
	}
	for name, want := range map[string]error{"shot.jpg": ErrImage, "shot": ErrImage, "../shot.png": ErrOutside, "": ErrOutside, "logo.png/x.png": fs.ErrExist} {
		if _, err := m.WritePNG(name, p); !errors.Is(err, want) {
			t.Errorf("%q: %v, want %v", name, err, want)
		}
	}
	if err := os.Mkdir(filepath.Join(dir, "dir.png"), 0o755); err != nil {
		t.Fatal(err)
	}
	if _, err := m.WritePNG("dir.png", p); !errors.Is(err, ErrImage) {
		t.Errorf("over a folder: %v", err)
	}
	full := errors.New("disk is full")
	if err := m.replace("a/full.png", func(w io.Writer) error {
		_, err := w.Write([]byte("half"))
		return errors.Join(err, full)
	}); !errors.Is(err, full) {
		t.Errorf("a full disk: %v", err)
	}
	if _, err := os.Stat(filepath.Join(dir, "a/full.png")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("half a file is there: %v", err)
	}
	left, err := filepath.Glob(filepath.Join(dir, "*/.*.part"))
	if more, _ := filepath.Glob(filepath.Join(dir, ".*.part")); err != nil || len(left)+len(more) > 0 {
		t.Errorf("parts are left: %v %v, %v", left, more, err)
	}
}

func TestOpenMedia(t *testing.T) {
	base := t.TempDir()
	m, err := OpenMedia(filepath.Join(base, "a/b"))
	if err != nil {
		t.Fatal(err)
	}
	if err := m.Close(); err != nil {
		t.Error(err)
	}
	if _, err := m.WritePNG("x.png", mediatest.Solid(2, 2, media.YUV{})); err == nil {
		t.Error("wrote into a closed folder")
	}
	write(t, filepath.Join(base, "file"), nil)
	if _, err := OpenMedia(filepath.Join(base, "file")); err == nil {
		t.Error("a file is no folder")
	}
	// Absolute paths hold through a link to the folder, by either name.
	link := filepath.Join(base, "link")
	if err := os.Symlink("a/b", link); err != nil {
		t.Fatal(err)
	}
	if m, err = OpenMedia(link); err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	for _, path := range []string{filepath.Join(link, "x.png"), filepath.Join(base, "a/b/y.png")} {
		if _, err := m.WritePNG(path, mediatest.Solid(2, 2, media.YUV{})); err != nil {
			t.Errorf("%s: %v", path, err)
		}
	}
}
