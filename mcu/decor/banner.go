package decor

import (
	"cmp"
	"fmt"
	"image"
	"unicode/utf8"

	"github.com/omniverto/omniverto/fonts"
	"github.com/omniverto/omniverto/media"
	"github.com/omniverto/omniverto/mixer/pixel"
)

// Banner is a text on a bar. It is comparable, and equal banners look alike.
type Banner struct {
	Text   string
	FG, BG media.RGB
	Face   string // file name of a face of the fonts folder; "" the default
	// Scale, MinSize and MaxSize ask for FreeSWITCH's size, which follows from the
	// length of the text: width/(characters/1.2)*Scale, from MinSize to MaxSize
	// pixels. 0 is FreeSWITCH's default (1, 5 and 24); all 0: a size that follows
	// from the cell's.
	Scale            float64
	MinSize, MaxSize int
}

// FreeSWITCH's defaults (layouts.md §9.1).
const (
	defaultScale   = 1
	defaultMinSize = 5
	defaultMaxSize = 24
)

// Bounds of the options; FreeSWITCH takes sizes up to 24 only, which is little on a
// large canvas.
const (
	maxScale    = 50
	maxFontSize = 100
)

// defaultColors of banners and of mute bars.
func defaultColors() (fg, bg media.RGB) {
	return media.RGB{R: 0xcc, G: 0xcc, B: 0xcc}, media.RGB{R: 0x14, G: 0x2e, B: 0x55}
}

// ParseBanner reads the words of vid-banner: [{option=value,…}]text with the options
// fg, bg, font_face, font_scale, min_font_size and max_font_size. The text loses
// control characters and is cut to 512 bytes. An error names the option.
func ParseBanner(words string) (Banner, error) {
	var b Banner
	b.FG, b.BG = defaultColors()
	list, text, err := options(words)
	if err != nil {
		return Banner{}, fmt.Errorf("banner: %w", err)
	}
	for _, o := range list {
		switch o.key {
		case "fg":
			err = o.color(&b.FG)
		case "bg":
			err = o.color(&b.BG)
		case "font_face":
			b.Face = o.value
		case "font_scale":
			err = o.number(&b.Scale, maxScale)
		case "min_font_size":
			err = o.integer(&b.MinSize, defaultMinSize, maxFontSize)
		case "max_font_size":
			err = o.integer(&b.MaxSize, defaultMinSize, maxFontSize)
		default:
			err = o.unknown()
		}
		if err != nil {
			return Banner{}, fmt.Errorf("banner: %w", err)
		}
	}
	if b.MaxSize > 0 && b.MinSize > b.MaxSize {
		return Banner{}, fmt.Errorf("banner: min_font_size %d is above max_font_size %d", b.MinSize, b.MaxSize)
	}
	b.Text = clean(text)
	return b, nil
}

// size is the font's for a cell.
func (b Banner) size(w, h int) int {
	if b.Scale == 0 && b.MinSize == 0 && b.MaxSize == 0 {
		return textSize(w, h)
	}
	scale, least := cmp.Or(b.Scale, defaultScale), cmp.Or(b.MinSize, defaultMinSize)
	most := cmp.Or(b.MaxSize, max(defaultMaxSize, least))
	n := float64(max(utf8.RuneCountInString(b.Text), 1))
	return int(min(max(float64(w)/(n/1.2)*scale, float64(least)), float64(most)))
}

// textSize is the size of texts that name none: readable in a small cell and modest
// in a large one. A narrow cell counts by its width.
func textSize(w, h int) int { return min(max(min(h/13, w/13), 10), 40) }

// bannerLines is how many lines a banner has at most.
const bannerLines = 2

// bannerKey is the request for a banner.
type bannerKey struct {
	banner Banner
	w, h   int
}

// Banner draws the bar along the bottom of a cell of w x h pixels, as wide as the
// cell: the text begins at the left, or at the right if its language does, in at
// most two lines, and ends with an ellipsis where it does not fit. nil if there is
// no ink.
func (l *Library) Banner(b Banner, w, h int) *pixel.Bitmap {
	w, h = even(w), even(h)
	drawn, _ := keep(&l.cache, bannerKey{b, w, h}, func() (*pixel.Bitmap, int, error) {
		style := fonts.Style{Face: b.Face, Size: b.size(w, h)}
		drawn := l.drawBar(bar{b.Text, b.FG, b.BG, style, bannerLines}, w, h)
		return drawn, weight(drawn) + len(b.Text) + len(b.Face), nil
	})
	return drawn
}

// bar is a text on a bar across a cell.
type bar struct {
	text   string
	fg, bg media.RGB
	style  fonts.Style
	lines  int // at most
}

// Shares of the font's size.
const (
	barHeight  = 1.7
	barPadding = 0.6
)

// height is the bar's for n lines.
func (b bar) height(n int) int {
	return (int(float64(b.style.Size)*(barHeight+fonts.Pitch*float64(n-1))+0.5) + 1) &^ 1
}

// drawBar draws a bar as wide as the cell, nil if it has no ink. It takes at most
// half of the cell, or 40 % for more than one line.
func (l *Library) drawBar(b bar, w, h int) *pixel.Bitmap {
	b.style.Size = max(min(b.style.Size, int(float64(h)/2/barHeight)), 1)
	for b.lines > 1 && b.height(b.lines) > h*2/5 {
		b.lines--
	}
	padding := int(float64(b.style.Size)*barPadding + 0.5)
	block := l.fonts.Set(b.text, b.style, max(w-2*padding, 1), b.lines)
	if block.Ink().Empty() {
		return nil
	}
	height := min(b.height(block.Lines), even(h))
	at := image.Pt(padding, baseline(block, height))
	switch {
	case b.style.Centred:
		at.X = (w - block.Width) / 2
	case block.RightToLeft:
		at.X = w - padding - block.Width
	}
	p := media.NewPicture(w, height)
	p.Fill(b.bg.YUV())
	drawText(p, block, at, b.fg)
	return &pixel.Bitmap{Picture: p}
}

// baseline is the first line's for a block in the middle of a height: capitals are
// what the eye takes for the middle, but no ink is cut off.
func baseline(b *fonts.Block, height int) int {
	y := (height-b.Cap-(b.Lines-1)*b.Pitch)/2 + b.Cap
	ink := b.Ink()
	y = min(y, height-1-ink.Max.Y)
	return max(y, 1-ink.Min.Y)
}

// drawText lays a block over a picture with its origin at a point.
func drawText(p *media.Picture, b *fonts.Block, at image.Point, c media.RGB) {
	all := image.Rect(0, 0, p.Width, p.Height)
	if r := b.Mask.Rect.Add(at).Intersect(all); !r.Empty() {
		// Chroma samples begin at even coordinates.
		r.Min.X, r.Min.Y = r.Min.X&^1, r.Min.Y&^1
		alpha := make([]byte, r.Dx()*r.Dy())
		for y := range r.Dy() {
			for x := range r.Dx() {
				alpha[y*r.Dx()+x] = b.Mask.AlphaAt(r.Min.X+x-at.X, r.Min.Y+y-at.Y).A
			}
		}
		ink := media.NewPicture(r.Dx(), r.Dy())
		ink.Fill(c.YUV())
		pixel.Blend(p, r.Min, ink, alpha)
	}
	if b.Color == nil {
		return
	}
	if r := b.Color.Rect.Add(at).Intersect(all); !r.Empty() {
		r.Min.X, r.Min.Y = r.Min.X&^1, r.Min.Y&^1
		img := image.NewRGBA(image.Rectangle{Max: r.Size()})
		overlay(img, b.Color, at.Sub(r.Min))
		pictures := newBitmap(img)
		if pictures.Alpha == nil {
			pixel.Copy(p, r.Min, pictures.Picture)
			return
		}
		pixel.Blend(p, r.Min, pictures.Picture, pictures.Alpha)
	}
}
