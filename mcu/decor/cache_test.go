package decor

import (
	"errors"
	"fmt"
	"image"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/omniverto/omniverto/media"
)

// requests are one of each kind; the results are pointers.
func requests(l *Library, variant int) map[string]func() any {
	b := plain(fmt.Sprint("Alice ", variant))
	g := Logo{File: "logo.png", Position: Position(variant % 9)}
	must := func(v any, err error) any {
		if err != nil {
			return err
		}
		return v
	}
	return map[string]func() any{
		"banner": func() any { return l.Banner(b, 320, 180) },
		"bar":    func() any { return l.Bar(b.Text, 320, 180) },
		"label":  func() any { return l.Label(b.Text, 320, 180).Bitmap },
		"avatar": func() any { return l.Avatar("Bob Ross", 320+2*variant, 180) },
		"logo": func() any {
			placed, err := l.Logo(g, 320, 180)
			if err != nil {
				return err
			}
			return placed[0].Bitmap
		},
		"still":    func() any { return must(l.Still("photo.jpg", 320+2*variant, 180, media.YUV{})) },
		"backdrop": func() any { return must(l.Backdrop("wall.png", 320+2*variant, 180, media.YUV{})) },
		"front":    func() any { return must(l.Front("frame.png", 320+2*variant, 180)) },
	}
}

func TestTheSameRequestGivesTheSamePointer(t *testing.T) {
	l, _ := folder(t)
	for name, ask := range requests(l, 0) {
		first := ask()
		if second := ask(); second != first {
			t.Errorf("%s: drawn twice: %v, %v", name, first, second)
		}
		if other := requests(l, 1)[name](); other == first {
			t.Errorf("%s: another request gives the same", name)
		}
		if _, failed := first.(error); failed {
			t.Errorf("%s: %v", name, first)
		}
	}
}

func TestConcurrentRequestsGetOnePointer(t *testing.T) {
	l, _ := folder(t)
	for name, ask := range requests(l, 0) {
		var wg sync.WaitGroup
		got := make([]any, 8)
		for i := range got {
			wg.Go(func() { got[i] = ask() })
		}
		wg.Wait()
		for i := range got {
			if got[i] != got[0] {
				t.Errorf("%s: %d and 0 differ", name, i)
			}
		}
	}
}

func TestCacheIsBounded(t *testing.T) {
	l, _ := folder(t)
	l.cache.limit = 4 << 20
	keepUsed := l.Banner(plain("used"), 320, 180)
	for i := range 100 {
		l.Avatar("Bob Ross", 320, 180+i)
		if l.cache.weight > l.cache.limit {
			t.Fatalf("%d bytes after %d", l.cache.weight, i)
		}
		if l.Banner(plain("used"), 320, 180) != keepUsed {
			t.Fatalf("what is used all the time was dropped after %d", i)
		}
	}
	if n := l.cache.order.Len(); n != len(l.cache.entries) || n > 60 || n < 10 {
		t.Errorf("%d entries in order, %d by key", n, len(l.cache.entries))
	}
	// What is larger than everything is kept while it is the latest.
	first := l.Avatar("Bob Ross", 1920, 1600)
	if l.Avatar("Bob Ross", 1920, 1600) != first {
		t.Error("a very large one is not kept")
	}
}

func TestChangedFileIsReadAgain(t *testing.T) {
	l, dir := folder(t)
	path := filepath.Join(dir, "photo.jpg")
	first, err := l.Still("photo.jpg", 320, 180, media.YUV{})
	if err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	touched := info.ModTime().Add(time.Minute)
	if err := os.Chtimes(path, touched, touched); err != nil {
		t.Fatal(err)
	}
	if again, err := l.Still("photo.jpg", 320, 180, media.YUV{}); err != nil || again == first {
		t.Errorf("a touched file is not read again: %v", err)
	}
	encode(t, path, drawFrameOpaque(64, 36))
	later := info.ModTime().Add(time.Second) // file systems have coarse clocks
	if err := os.Chtimes(path, later, later); err != nil {
		t.Fatal(err)
	}
	second, err := l.Still(path, 320, 180, media.YUV{})
	if err != nil || second == first {
		t.Fatalf("the same picture, %v", err)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if _, err := l.Still("photo.jpg", 320, 180, media.YUV{}); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("error %v", err)
	}
}

func drawFrameOpaque(w, h int) image.Image {
	img := image.NewRGBA(image.Rect(0, 0, w, h))
	for i := range img.Pix {
		img.Pix[i] = 0xff
	}
	return img
}
