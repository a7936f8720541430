package decor

import (
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/image/font/gofont/gomono"

	"github.com/omniverto/omniverto/fonts"
	"github.com/omniverto/omniverto/media"
	"github.com/omniverto/omniverto/media/mediatest"
	"github.com/omniverto/omniverto/mixer/pixel"
)

// The goldens show the Go fonts only, which are part of the program.

// folder is a media folder with the images of the tests, and a library with it and
// with Go Mono as a face to be named.
func folder(t testing.TB) (*Library, string) {
	t.Helper()
	dir, faces := t.TempDir(), t.TempDir()
	write(t, filepath.Join(faces, "GoMono.ttf"), gomono.TTF)
	encode(t, filepath.Join(dir, "logo.png"), drawLogo(128, 64))
	encode(t, filepath.Join(dir, "small.png"), drawLogo(32, 16))
	encode(t, filepath.Join(dir, "card.png"), drawCard(200, 60))
	encode(t, filepath.Join(dir, "photo.jpg"), drawPhoto(240, 320))
	encode(t, filepath.Join(dir, "wall.png"), drawPhoto(640, 360))
	encode(t, filepath.Join(dir, "frame.png"), drawFrame(160, 90))
	m, err := OpenMedia(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := m.Close(); err != nil {
			t.Error(err)
		}
	})
	return New(Options{Fonts: fonts.Open(fonts.Options{Dir: faces}), Media: m}), dir
}

func write(t testing.TB, path string, data []byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
}

func encode(t testing.TB, path string, img image.Image) {
	t.Helper()
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if filepath.Ext(path) == ".jpg" {
		err = jpeg.Encode(f, img, &jpeg.Options{Quality: 95})
	} else {
		err = png.Encode(f, img)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// drawLogo is a yellow ellipse with a soft edge around a red square on nothing.
func drawLogo(w, h int) image.Image {
	img := image.NewNRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			dx, dy := float64(2*x+1-w)/float64(w), float64(2*y+1-h)/float64(h)
			d := dx*dx + dy*dy
			c := color.NRGBA{R: 0xff, G: 0xcc, A: uint8(255 * min(max((1-d)*4, 0), 1))}
			if max(dx, -dx) < 0.2 && max(dy, -dy) < 0.4 {
				c = color.NRGBA{R: 0xd0, G: 0x20, B: 0x20, A: 0xff}
			}
			img.SetNRGBA(x, y, c)
		}
	}
	return img
}

// drawCard is a white card with a line below, to be written on.
func drawCard(w, h int) image.Image {
	img := image.NewNRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			c := color.NRGBA{0xf4, 0xf4, 0xf0, 0xff}
			if y >= h-4 {
				c = color.NRGBA{0x20, 0x60, 0xc0, 0xff}
			}
			img.SetNRGBA(x, y, c)
		}
	}
	return img
}

// drawPhoto is a landscape of sorts, opaque.
func drawPhoto(w, h int) image.Image {
	img := image.NewRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			c := color.RGBA{0x60, uint8(0x80 + 0x60*y/h), 0xe0, 0xff}
			if y > h*2/3-(x*(w-x))*h/(w*w*2) {
				c = color.RGBA{0x30, uint8(0x60 + 0x40*x/w), 0x30, 0xff}
			}
			img.SetRGBA(x, y, c)
		}
	}
	return img
}

// drawFrame is a frame around a transparent middle.
func drawFrame(w, h int) image.Image {
	img := image.NewNRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			if edge := min(x, y, w-1-x, h-1-y); edge < 10 {
				img.SetNRGBA(x, y, color.NRGBA{0xe0, 0x20, 0xa0, uint8(0xff - edge*0x10)})
			}
		}
	}
	return img
}

// cell is a camera's picture to decorate.
func cell() *media.Picture { return mediatest.Quadrants(320, 180, 7) }

// put lays a bitmap over a picture.
func put(p *media.Picture, b *pixel.Bitmap, at image.Point) {
	switch {
	case b == nil:
	case b.Alpha == nil:
		pixel.Copy(p, at, b.Picture)
	default:
		pixel.Blend(p, at, b.Picture, b.Alpha)
	}
}

const long = "Dr. Alice Margaret Example, Head of the Department of Applied Acoustics"

func TestBannerGoldens(t *testing.T) {
	l, _ := folder(t)
	for name, words := range map[string]string{
		"short":     "Alice Example",
		"wrapped":   long,
		"ellipsis":  long + ", University of Somewhere, on the line from her holidays",
		"word":      "https://conference.example.org/a/very/long/path/without/any/place/to/break/it",
		"options":   "{fg=#000000,bg=#ffff00,font_face=gomono,font_scale=0.5,min_font_size=8,max_font_size=20}Alice Example",
		"min":       "{font_scale=0.1,min_font_size=24}Alice Example",
		"max":       "{max_font_size=12}Bob",
		"greek":     "{bg=blue,fg=#ffffff}Ελένη Παπαδοπούλου",
		"cyrillic":  "{bg=#303030,fg=#ffffff}Дмитрий Жуков",
		"umlauts":   "Élan Ångström, Çağrı Øyvind Žižek",
		"colon":     "{fg=red,bg=#ffffff}a: b, c = {d}",
		"descender": "gypsy (jpq)",
	} {
		t.Run(name, func(t *testing.T) {
			b, err := ParseBanner(words)
			if err != nil {
				t.Fatal(err)
			}
			bar, p := l.Banner(b, 320, 180), cell()
			if bar.Alpha != nil || bar.Picture.Width != 320 || bar.Picture.Height%2 != 0 {
				t.Errorf("%dx%d, opacity %v", bar.Picture.Width, bar.Picture.Height, bar.Alpha != nil)
			}
			put(p, bar, image.Pt(0, 180-bar.Picture.Height))
			mediatest.Golden(t, "banner-"+name, p)
		})
	}
}

func TestBannerCellsGolden(t *testing.T) {
	l, _ := folder(t)
	b, err := ParseBanner("Alice Example")
	if err != nil {
		t.Fatal(err)
	}
	p := mediatest.Solid(320, 180, media.RGB{R: 51, G: 51, B: 51}.YUV())
	for _, r := range []image.Rectangle{
		image.Rect(0, 0, 160, 90), image.Rect(160, 0, 266, 60), image.Rect(160, 60, 240, 104), image.Rect(0, 96, 60, 180), image.Rect(70, 110, 102, 128),
		image.Rect(200, 100, 320, 180),
	} {
		mediatest.Rect(p, r, mediatest.Color(r.Min.X).YUV())
		bar := l.Banner(b, r.Dx(), r.Dy())
		put(p, bar, image.Pt(r.Min.X, r.Max.Y-bar.Picture.Height))
	}
	mediatest.Golden(t, "banner-cells", p)
}

func TestLogoGoldens(t *testing.T) {
	l, _ := folder(t)
	cases := map[string]string{
		"fit-size":           "logo.png",
		"fit-scale":          "{fit=fit-scale}logo.png",
		"fit-size-and-scale": "{fit=fit-size-and-scale,position=right-bot}logo.png",
		"fit-necessary":      "{fit=fit-necessary}logo.png",
		"fit-size-narrow":    "{position=center-mid}photo.jpg",
		"shrunk":             "{fit=fit-necessary,position=right-mid}wall.png",
		"text":               "{position=left-bot,fit=fit-necessary,text=#000000:transparent::40%:'Alice, Example',text_x=center,text_y=6,alt_text=#ffffff:#2060c0:GoMono.ttf:11:Sales,alt_text_x=10,alt_text_y=40}card.png",
		"text-scaled":        "{text=#a02020:transparent:::Small print,text_x=4,text_y=4,alt_text=Default,alt_text_x=center,alt_center_offset=100,alt_text_y=20}card.png",
	}
	for i, column := range []string{"left", "center", "right"} {
		for j, row := range []string{"top", "mid", "bot"} {
			position := column + "-" + row
			cases[fmt.Sprintf("position-%d%d-%s", j, i, position)] = "{fit=fit-necessary,position=" + position + "}logo.png"
		}
	}
	for name, words := range cases {
		t.Run(name, func(t *testing.T) {
			g, err := ParseLogo(words)
			if err != nil {
				t.Fatal(err)
			}
			placed, err := l.Logo(g, 320, 180)
			if err != nil {
				t.Fatal(err)
			}
			p := cell()
			for _, one := range placed {
				if one.At.X%2 != 0 || one.At.Y%2 != 0 {
					t.Errorf("at %v", one.At)
				}
				put(p, one.Bitmap, one.At)
			}
			mediatest.Golden(t, "logo-"+name, p)
		})
	}
}

func TestBarGoldens(t *testing.T) {
	l, _ := folder(t)
	for name, words := range map[string]string{
		"default": "VIDEO MUTED",
		"options": "{fg=#ffffff,bg=red,font_face=GoMono,font_scale=12}Kamera aus",
		"long":    "Το βίντεο είναι απενεργοποιημένο από τον συντονιστή της συνεδρίας",
	} {
		t.Run(name, func(t *testing.T) {
			p := cell()
			put(p, l.Bar(words, 320, 180), image.Point{})
			mediatest.Golden(t, "bar-"+name, p)
		})
	}
}

func TestLabelGolden(t *testing.T) {
	l, _ := folder(t)
	p := cell()
	for i, r := range []image.Rectangle{image.Rect(0, 0, 160, 90), image.Rect(160, 0, 320, 90), image.Rect(0, 90, 320, 180)} {
		text := []string{"Canvas 1", "Canvas 2 with a name that is too long", "Холст 3"}[i]
		label := l.Label(text, r.Dx(), r.Dy())
		put(p, label.Bitmap, r.Min.Add(label.At))
	}
	mediatest.Golden(t, "label", p)
}

func TestStillGoldens(t *testing.T) {
	l, _ := folder(t)
	black, blue := media.RGB{}.YUV(), media.RGB{B: 0x80}.YUV()
	for name, draw := range map[string]func() (*media.Picture, error){
		"still-portrait": func() (*media.Picture, error) { return l.Still("photo.jpg", 320, 180, black) },
		"still-alpha":    func() (*media.Picture, error) { return l.Still("logo.png", 320, 180, blue) },
		"still-wide":     func() (*media.Picture, error) { return l.Still("wall.png", 320, 180, black) },
		"backdrop":       func() (*media.Picture, error) { return l.Backdrop("card.png", 320, 180, blue) },
		"front": func() (*media.Picture, error) {
			b, err := l.Front("frame.png", 320, 180)
			p := cell()
			put(p, b, image.Point{})
			return p, err
		},
		"front-fitted": func() (*media.Picture, error) {
			b, err := l.Front("photo.jpg", 320, 180)
			p := cell()
			put(p, b, image.Point{})
			return p, err
		},
	} {
		t.Run(name, func(t *testing.T) {
			p, err := draw()
			if err != nil {
				t.Fatal(err)
			}
			mediatest.Golden(t, name, p)
		})
	}
}
