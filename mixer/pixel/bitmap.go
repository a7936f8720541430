package pixel

import (
	"image"

	"github.com/omniverto/omniverto/media"
)

// Bitmap is a small picture with its opacity, made once, kept and only read:
// a banner, a logo, a label.
type Bitmap struct {
	Picture *media.Picture
	// Alpha is the opacity of the luma pixels, row by row with a stride of
	// Picture.Width; nil: opaque.
	Alpha []byte
}

// Valid reports whether b can be drawn: it has a picture and an opacity for each
// of its pixels.
func (b *Bitmap) Valid() bool {
	return b != nil && b.Picture != nil && (b.Alpha == nil || len(b.Alpha) >= b.Picture.Width*b.Picture.Height)
}

// Lay lays a valid bitmap over dst at a point. Only what lies within clip and dst
// is drawn, and it is the same however a bitmap is cut into clips.
func Lay(dst *media.Picture, at image.Point, b *Bitmap, clip image.Rectangle) {
	src := b.Picture
	rect := bounds(src).Add(at).Intersect(clip).Intersect(bounds(dst))
	if rect.Empty() {
		return
	}
	crop := rect.Sub(at)
	if b.Alpha == nil {
		CopyRect(dst, rect.Min, src, crop)
		return
	}
	blend(dst, rect, src, crop, b.Alpha)
}
