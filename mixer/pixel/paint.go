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

// Blend lays src over dst at a point: alpha is the opacity of src's luma pixels
// (0 leaves dst, 255 takes src), row by row with a stride of src.Width. A chroma
// sample takes the mean opacity of the pixels that it covers. What would lie
// outside of dst is left out.
func Blend(dst *media.Picture, at image.Point, src *media.Picture, alpha []byte) {
	rect, crop := clip(dst, at, src, bounds(src))
	if rect.Empty() {
		return
	}
	from, to := planes(src), planes(dst)
	blendLuma(to[0], rect, from[0], crop, alpha)
	shift := chroma(rect).Min.Sub(chroma(crop).Min)
	for y := chroma(crop).Min.Y; y < chroma(crop).Max.Y; y++ {
		for x := chroma(crop).Min.X; x < chroma(crop).Max.X; x++ {
			a := meanAlpha(alpha, src.Width, src.Height, 2*x, 2*y)
			s, d := y*src.StrideUV+x, (y+shift.Y)*dst.StrideUV+x+shift.X
			dst.U[d] = mix(dst.U[d], src.U[s], a)
			dst.V[d] = mix(dst.V[d], src.V[s], a)
		}
	}
}

func blendLuma(dst media.Plane, r image.Rectangle, src media.Plane, crop image.Rectangle, alpha []byte) {
	for y := range r.Dy() {
		to := (r.Min.Y+y)*dst.Stride + r.Min.X
		from, at := (crop.Min.Y+y)*src.Stride+crop.Min.X, (crop.Min.Y+y)*src.Width+crop.Min.X
		d, s, a := dst.Pix[to:to+r.Dx()], src.Pix[from:from+r.Dx()], alpha[at:at+r.Dx()]
		for x := range d {
			d[x] = mix(d[x], s[x], uint32(a[x]))
		}
	}
}

// mix is (s*a + d*(255-a)) / 255, rounded to nearest.
func mix(d, s byte, a uint32) byte {
	return byte((uint32(s)*a + uint32(d)*(255-a) + 127) / 255)
}

// meanAlpha is the rounded mean opacity of the up to four pixels from x, y.
func meanAlpha(alpha []byte, width, height, x, y int) uint32 {
	var sum, n uint32
	for j := y; j < min(y+2, height); j++ {
		for i := x; i < min(x+2, width); i++ {
			sum += uint32(alpha[j*width+i])
			n++
		}
	}
	return (sum + n/2) / n
}
