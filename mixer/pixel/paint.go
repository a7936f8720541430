package pixel

import (
	"image"

	"github.com/omniverto/omniverto/media"
)

// Fill paints the part of rect that lies within dst.
func Fill(dst *media.Picture, rect image.Rectangle, c media.YUV) {
	rect = rect.Intersect(bounds(dst))
	if rect.Empty() {
		return
	}
	to, color := planes(dst), [3]byte{c.Y, c.U, c.V}
	fillPlane(to[0], rect, color[0])
	fillPlane(to[1], chroma(rect), color[1])
	fillPlane(to[2], chroma(rect), color[2])
}

func bounds(p *media.Picture) image.Rectangle { return image.Rect(0, 0, p.Width, p.Height) }

// fillPlane sets the first row and copies it down.
func fillPlane(dst media.Plane, r image.Rectangle, v byte) {
	at := r.Min.Y*dst.Stride + r.Min.X
	first := dst.Pix[at : at+r.Dx()]
	for i := range first {
		first[i] = v
	}
	for range r.Dy() - 1 {
		at += dst.Stride
		copy(dst.Pix[at:at+r.Dx()], first)
	}
}

// Copy puts all of src at a point of dst, without scaling; what would lie
// outside of dst is left out.
func Copy(dst *media.Picture, at image.Point, src *media.Picture) {
	CopyRect(dst, at, src, bounds(src))
}

// CopyRect puts the crop of src at a point of dst, without scaling; what lies
// outside of src or would lie outside of dst is left out.
func CopyRect(dst *media.Picture, at image.Point, src *media.Picture, crop image.Rectangle) {
	rect, crop := clip(dst, at, src, crop)
	if rect.Empty() {
		return
	}
	from, to := planes(src), planes(dst)
	copyPlane(to[0], rect, from[0], crop)
	copyPlane(to[1], chroma(rect), from[1], chroma(crop))
	copyPlane(to[2], chroma(rect), from[2], chroma(crop))
}

// clip cuts crop and the rectangle that it takes in dst to what both have.
func clip(dst *media.Picture, at image.Point, src *media.Picture, crop image.Rectangle) (rect, cut image.Rectangle) {
	shift := at.Sub(crop.Min)
	rect = crop.Intersect(bounds(src)).Add(shift).Intersect(bounds(dst))
	return rect, rect.Sub(shift)
}

func copyPlane(dst media.Plane, r image.Rectangle, src media.Plane, crop image.Rectangle) {
	to, from := r.Min.Y*dst.Stride+r.Min.X, crop.Min.Y*src.Stride+crop.Min.X
	for range r.Dy() {
		copy(dst.Pix[to:to+r.Dx()], src.Pix[from:from+r.Dx()])
		to, from = to+dst.Stride, from+src.Stride
	}
}
