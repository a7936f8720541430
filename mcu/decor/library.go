package decor

import (
	"image"
	"image/color"
	"log/slog"
	"sync"

	"github.com/omniverto/omniverto/fonts"
	"github.com/omniverto/omniverto/media"
	"github.com/omniverto/omniverto/mixer/pixel"
)

// Options are what a Library is made of.
type Options struct {
	Fonts *fonts.Library // nil: one without a folder of faces
	Media *Media         // nil: every image is missing
	Log   *slog.Logger   // nil: silent
}

// Library draws and keeps what was drawn. What it returns is shared: it must not be
// changed, and needs no Release. It is safe for concurrent use.
type Library struct {
	// Constant after construction.
	fonts *fonts.Library
	media *Media
	log   *slog.Logger

	cache    cache
	decoding sync.Mutex // one image at a time, because decoding takes much memory
}

// New returns an empty library.
func New(o Options) *Library {
	l := &Library{fonts: o.Fonts, media: o.Media, log: o.Log}
	if l.log == nil {
		l.log = slog.New(slog.DiscardHandler)
	}
	if l.fonts == nil {
		l.fonts = fonts.Open(fonts.Options{Log: l.log})
	}
	l.cache.limit = maxCached
	return l
}

// Placed is a bitmap with where it belongs in a cell: its top left corner relative
// to the cell's, at even coordinates. The bitmap is nil if there is nothing to show.
type Placed struct {
	Bitmap *pixel.Bitmap
	At     image.Point
}

// newBitmap converts an image to a bitmap, without opacity where all of it is
// opaque.
func newBitmap(img *image.RGBA) *pixel.Bitmap {
	w, h := img.Rect.Dx(), img.Rect.Dy()
	flat := image.NewNRGBA(image.Rect(0, 0, w, h))
	alpha, opaque := make([]byte, w*h), true
	for y := range h {
		from, to := img.Pix[y*img.Stride:][:4*w], flat.Pix[y*flat.Stride:][:4*w]
		for x := range w {
			s, d := from[4*x:4*x+4:4*x+4], to[4*x:4*x+4:4*x+4]
			a := s[3]
			alpha[y*w+x] = a
			if a == 0xff {
				copy(d, s)
				continue
			}
			opaque = false
			if a > 0 {
				for c := range 3 {
					d[c] = byte(min((int(s[c])*0xff+int(a)/2)/int(a), 0xff))
				}
			}
			d[3] = a
		}
	}
	b := &pixel.Bitmap{Alpha: alpha}
	if opaque {
		b.Alpha = nil
	} else {
		bleed(flat)
	}
	b.Picture = pixel.FromImage(flat)
	return b
}

// bleed gives transparent pixels the colour of the most opaque of those that share
// their chroma sample, which else would darken at the edges.
func bleed(img *image.NRGBA) {
	w, h := img.Rect.Dx(), img.Rect.Dy()
	for y := 0; y < h; y += 2 {
		for x := 0; x < w; x += 2 {
			block := image.Rect(x, y, min(x+2, w), min(y+2, h))
			best := color.NRGBA{}
			for i := block.Min.X; i < block.Max.X; i++ {
				for j := block.Min.Y; j < block.Max.Y; j++ {
					if c := img.NRGBAAt(i, j); c.A > best.A {
						best = c
					}
				}
			}
			if best.A == 0 {
				continue
			}
			best.A = 0
			for i := block.Min.X; i < block.Max.X; i++ {
				for j := block.Min.Y; j < block.Max.Y; j++ {
					if img.NRGBAAt(i, j).A == 0 {
						img.SetNRGBA(i, j, best)
					}
				}
			}
		}
	}
}

// weight is the memory of a bitmap in bytes.
func weight(b *pixel.Bitmap) int {
	if b == nil {
		return 0
	}
	return pictureWeight(b.Picture) + len(b.Alpha)
}

func pictureWeight(p *media.Picture) int { return len(p.Y) + len(p.U) + len(p.V) }

// even rounds down to what a picture's cells are made of.
func even(n int) int { return max(n&^1, 2) }
