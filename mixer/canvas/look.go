package canvas

import (
	"image"
	"slices"
	"time"

	"github.com/omniverto/omniverto/media"
	"github.com/omniverto/omniverto/mixer/pixel"
)

// stamp names one picture that a layer has shown. Unlike a pointer it is never
// used again, so that a buffer need not hold what lies in it.
type stamp uint64

const (
	unknown stamp = iota // never equal to what a layer shows
	nothing              // the letterbox colour
	firstStamp
)

// showing is the picture that a layer has at present.
type showing struct {
	pic   *media.Picture // one reference; nil: nothing
	still bool           // it is the layer's Still
	stamp stamp
}

// look is all that decides on the pixels of a layer: equal looks, equal pixels.
// The zero look is that of a layer that was painted over or is not seen.
type look struct {
	outfit
	version  uint64 // equal versions are equal looks; spares comparing the rest
	stamp    stamp
	crop     image.Rectangle // of the picture as it came
	turn     Turn
	filter   Filter
	overlays []Overlay
}

// outfit is a layer without its picture and what lies over it.
type outfit struct {
	place
	border media.YUV
	ring   Border
	banner *pixel.Bitmap
}

// same reports whether two looks give the same pixels.
func (a *look) same(b *look) bool { return a.version == b.version || a.alike(b) }

// alike is same for looks that have no version yet.
func (a *look) alike(b *look) bool {
	return a.stamp == b.stamp && a.crop == b.crop && a.turn == b.turn && a.filter == b.filter && a.dressed(b)
}

// dressed reports whether two looks differ within the picture only.
func (a *look) dressed(b *look) bool {
	return a.stamp != unknown && b.stamp != unknown && a.outfit == b.outfit && slices.Equal(a.overlays, b.overlays)
}

// look is how the layer looks in a cell at t.
func (l *Layer) look(cell image.Rectangle, s showing, t time.Duration) look {
	k := look{stamp: s.stamp, overlays: l.Overlays}
	k.border, k.ring, k.banner = l.Border.Color, l.Ring, l.Banner
	if s.pic == nil {
		k.place = l.space(cell)
		return k
	}
	var manual *Crop
	if !s.still {
		k.turn, k.filter = l.Turn, l.Filter
		if l.Camera != nil {
			crop := l.Camera.At(t)
			manual = &crop
		}
	}
	k.place, k.crop = l.fit(cell, s.pic, k.turn, manual)
	return k
}
