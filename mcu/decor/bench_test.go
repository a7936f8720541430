package decor

import (
	"fmt"
	"testing"
)

// cold forgets what the library drew; the fonts keep their glyph masks only for texts
// that they have set before.
func (l *Library) cold() { l.cache = cache{limit: maxCached} }

func BenchmarkBanner(b *testing.B) {
	l := library()
	b.Run("cold", func(b *testing.B) {
		b.ReportAllocs()
		n := 0
		for b.Loop() {
			n++
			l.Banner(plain(fmt.Sprint("Alice Example ", n)), 640, 360)
		}
	})
	b.Run("another cell", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			l.cold()
			l.Banner(plain("Alice Example"), 640, 360)
		}
	})
	b.Run("two lines", func(b *testing.B) {
		b.ReportAllocs()
		n := 0
		for b.Loop() {
			n++
			l.Banner(plain(fmt.Sprint(n, long)), 640, 360)
		}
	})
	b.Run("cached", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			l.Banner(plain("Alice Example"), 640, 360)
		}
	})
}

func BenchmarkLogo(b *testing.B) {
	l, dir := folder(b)
	encode(b, dir+"/large.jpg", drawPhoto(3840, 2160))
	for _, c := range []struct{ name, file string }{{"small", "logo.png"}, {"8 megapixels", "large.jpg"}} {
		g := Logo{File: c.file, Fit: FitNecessary}
		b.Run(c.name+"/cold", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				l.cold()
				if _, err := l.Logo(g, 640, 360); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(c.name+"/another cell", func(b *testing.B) {
			b.ReportAllocs()
			n := 0
			for b.Loop() {
				n++
				if _, err := l.Logo(g, 640-2*(n%300), 360); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(c.name+"/cached", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := l.Logo(g, 640, 360); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkAvatar(b *testing.B) {
	l := library()
	for kind, name := range map[string]string{"initials": "Alice Example", "figure": ""} {
		for _, size := range [][2]int{{1280, 720}, {426, 240}} {
			b.Run(fmt.Sprintf("%s/%dx%d/cold", kind, size[0], size[1]), func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					l.cold()
					l.Avatar(name, size[0], size[1])
				}
			})
		}
	}
	b.Run("cached", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			l.Avatar("Alice Example", 1280, 720)
		}
	})
}
