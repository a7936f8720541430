package fonts

import (
	"image"

	"github.com/go-text/typesetting/di"
	"github.com/go-text/typesetting/font"
	"github.com/go-text/typesetting/shaping"
	"golang.org/x/image/math/fixed"
)

// Style is how a text is set.
type Style struct {
	// Face names a font file of the library's folder: with or without a path or an
	// extension, in any case. "" and names that are not there: the Go font.
	Face string
	Size int // pixels per em; at most 1024
	// Centred lines stand in the middle of the block; else they begin on the side
	// on which the text's language begins.
	Centred bool
}

// Block is a text that was set in lines. The origin of its coordinates is the left
// end of the block's first baseline: what stands above it has negative y, and the
// next baseline is at y = Pitch. It is shared and must not be changed.
type Block struct {
	// Mask is the opacity of what is drawn in the text's colour. Its bounds are
	// those of the ink, which may reach out of the block a little.
	Mask *image.Alpha
	// Color holds what has colours of its own, over the mask; nil: nothing.
	Color *image.RGBA

	Width       int // of the widest line in pixels, with its sides' bearings
	Lines       int
	Pitch       int  // pixels from baseline to baseline
	Cap         int  // height of a capital letter in pixels
	Cut         bool // it did not fit and ends with an ellipsis
	RightToLeft bool // the text begins on the right
}

// Ink is the rectangle of everything that is drawn, empty if nothing is.
func (b *Block) Ink() image.Rectangle {
	if b.Color == nil {
		return b.Mask.Rect
	}
	return b.Mask.Rect.Union(b.Color.Rect)
}

// Pitch is the distance of baselines as a share of the size.
const Pitch = 1.25

const (
	capitals = 0.725   // height of the Go fonts' capitals as a share of the size
	endless  = 1 << 24 // pixels; a width that no text reaches
)

// Set sets a text in at most so many lines of a width in pixels, broken where its
// language breaks lines, or within a word that is longer than a line; what does not
// fit gives way to an ellipsis. A width of 0 or less is without end. Characters that
// no font has are left out. Of a text only the first 512 characters count.
func (l *Library) Set(text string, s Style, width, lines int) *Block {
	s.Size = min(max(s.Size, 1), maxSize)
	if width <= 0 || width > endless {
		width = endless
	}
	lines = max(lines, 1)
	l.mu.Lock()
	defer l.mu.Unlock()
	k := key{text, s, width, lines}
	if b, ok := l.cache[k]; ok {
		return b
	}
	b := l.setLocked(text, s, width, lines)
	l.storeLocked(k, b)
	return b
}

func (l *Library) setLocked(text string, s Style, width, lines int) *Block {
	p := l.layoutLocked(text, s, width, lines)
	b := &Block{
		Mask: &image.Alpha{}, Lines: len(p.lines), Cut: p.cut, RightToLeft: p.direction == di.DirectionRTL,
		Pitch: round(Pitch * float32(s.Size)), Cap: round(capitals * float32(s.Size)),
	}
	var widest float32
	for _, line := range p.lines {
		widest = max(widest, advance(line))
	}
	b.Width = ceil(widest)
	var d drawing
	for i, line := range p.lines {
		x := float32(0)
		switch rest := widest - advance(line); {
		case s.Centred:
			x = rest / 2
		case b.RightToLeft:
			x = rest
		}
		d.place(line, x, float32(i*b.Pitch), s.Size)
	}
	b.Mask, b.Color = d.mask(), d.colors()
	return b
}

// advance is the width of a line in pixels.
func advance(line []shaping.Output) float32 {
	var sum fixed.Int26_6
	for _, run := range line {
		sum += run.Advance
	}
	return pixels(sum)
}

// baseLocked is the face of a style.
func (l *Library) baseLocked(s Style) *font.Face {
	if s.Face != "" {
		if face := l.named.find(s.Face); face != nil {
			return face
		}
	}
	return l.primary
}
