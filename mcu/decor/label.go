package decor

import (
	"image"
	"image/color"
	"image/draw"

	"github.com/omniverto/omniverto/fonts"
	"github.com/omniverto/omniverto/media"
	"github.com/omniverto/omniverto/mixer/pixel"
)

// barKey is the request for a mute bar.
type barKey struct {
	words string
	w, h  int
}

// Bar draws the bar along the top of a cell of w x h pixels whose camera is muted:
// [{option=value,…}]text with the options fg, bg, font_face and font_scale, which is
// the font's size in percent of the cell's height. The text stands in the middle, in
// one line. Wrong options are left out. nil if there is no ink.
func (l *Library) Bar(words string, w, h int) *pixel.Bitmap {
	w, h = even(w), even(h)
	words = cut(words, 4*maxText)
	drawn, _ := keep(&l.cache, barKey{words, w, h}, func() (*pixel.Bitmap, int, error) {
		drawn := l.drawBar(l.parseBar(words, w, h), w, h)
		return drawn, weight(drawn) + len(words), nil
	})
	return drawn
}

func (l *Library) parseBar(words string, w, h int) bar {
	b := bar{style: fonts.Style{Size: textSize(w, h), Centred: true}, lines: 1}
	b.fg, b.bg = defaultColors()
	list, text, err := options(words)
	for _, o := range list {
		wrong := error(nil)
		switch o.key {
		case "fg":
			wrong = o.color(&b.fg)
		case "bg":
			wrong = o.color(&b.bg)
		case "font_face":
			b.style.Face = o.value
		case "font_scale":
			var percent float64
			if wrong = o.number(&percent, maxScale); wrong == nil && percent > 0 {
				b.style.Size = 1 + int(float64(h)*percent/100)
			}
		default:
			wrong = o.unknown()
		}
		if wrong != nil && err == nil {
			err = wrong
		}
	}
	if err != nil {
		l.log.Warn("mute bar: left out what is wrong", "error", err)
	}
	b.text = clean(text)
	return b
}

// labelKey is the request for a label.
type labelKey struct {
	text string
	w, h int
}

// labelOpacity lets a little be seen through a label.
const labelOpacity = 0xd8

// Label draws a name at the top left of a cell of w x h pixels, as "Canvas 2" on the
// super canvas. Its bitmap is nil if there is no ink.
func (l *Library) Label(text string, w, h int) Placed {
	w, h = even(w), even(h)
	text = clean(text)
	placed, _ := keep(&l.cache, labelKey{text, w, h}, func() (Placed, int, error) {
		p := l.drawLabel(text, w, h)
		return p, weight(p.Bitmap) + len(text), nil
	})
	return placed
}

func (l *Library) drawLabel(text string, w, h int) Placed {
	size := textSize(w, h)
	margin := size / 2 &^ 1
	padding := size * 6 / 10
	block := l.fonts.Set(text, fonts.Style{Size: size}, max(w-2*margin-2*padding, 1), 1)
	if block.Ink().Empty() {
		return Placed{}
	}
	bounds := image.Rect(0, 0, even(min(block.Width+2*padding+1, w)), even(min(int(float64(size)*barHeight), h)))
	img := image.NewRGBA(bounds)
	_, bg := defaultColors()
	fillRound(img, color.NRGBA{bg.R, bg.G, bg.B, labelOpacity}, float64(size)*0.4)
	draftText(img, block, image.Pt((bounds.Dx()-block.Width)/2, baseline(block, bounds.Dy())), media.RGB{R: 0xff, G: 0xff, B: 0xff})
	return Placed{newBitmap(img), image.Pt(margin, margin)}
}

// fillRound paints an image, its corners rounded by a radius.
func fillRound(img *image.RGBA, c color.NRGBA, r float64) {
	draw.Draw(img, img.Rect, image.NewUniform(c), image.Point{}, draw.Src)
	w, h := img.Rect.Dx(), img.Rect.Dy()
	r = min(r, float64(w)/2, float64(h)/2)
	for y := range int(r) + 1 {
		for x := range int(r) + 1 {
			a := disc{r, r, r}.cover(x, y)
			if float64(x) >= r || float64(y) >= r || a == 1 {
				continue
			}
			corner := color.NRGBA{c.R, c.G, c.B, uint8(float64(c.A)*a + 0.5)}
			for _, at := range [4]image.Point{{x, y}, {w - 1 - x, y}, {x, h - 1 - y}, {w - 1 - x, h - 1 - y}} {
				img.Set(at.X, at.Y, corner)
			}
		}
	}
}

// draftText lays a block over an image with its origin at a point.
func draftText(img *image.RGBA, b *fonts.Block, at image.Point, c media.RGB) {
	ink := image.NewUniform(color.RGBA{c.R, c.G, c.B, 0xff})
	draw.DrawMask(img, b.Mask.Rect.Add(at), ink, image.Point{}, b.Mask, b.Mask.Rect.Min, draw.Over)
	if b.Color != nil {
		overlay(img, b.Color, at)
	}
}

// overlay lays src over an image, the origin of its coordinates at a point.
func overlay(img, src *image.RGBA, at image.Point) {
	draw.Draw(img, src.Rect.Add(at), src, src.Rect.Min, draw.Over)
}
