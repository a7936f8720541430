package pixel

import (
	"encoding/binary"
	"image"

	"github.com/omniverto/omniverto/media"
)

// Blend lays src over dst at a point: alpha is the opacity of src's luma pixels
// (0 leaves dst, 255 takes src), row by row with a stride of src.Width. A chroma
// sample takes the mean opacity of the pixels that it covers. What would lie
// outside of dst is left out.
func Blend(dst *media.Picture, at image.Point, src *media.Picture, alpha []byte) {
	rect, crop := clip(dst, at, src, bounds(src))
	if rect.Empty() {
		return
	}
	blend(dst, rect, src, crop, alpha)
}

// blend lays the crop of src over rect, which is of its size; both are not empty
// and within their pictures.
func blend(dst *media.Picture, rect image.Rectangle, src *media.Picture, crop image.Rectangle, alpha []byte) {
	for y := range rect.Dy() {
		to := (rect.Min.Y+y)*dst.StrideY + rect.Min.X
		from, at := (crop.Min.Y+y)*src.StrideY+crop.Min.X, (crop.Min.Y+y)*src.Width+crop.Min.X
		n := rect.Dx()
		blendLuma(dst.Y[to:to+n], src.Y[from:from+n], alpha[at:at+n])
	}
	to, from := chroma(rect), chroma(crop)
	for y := range to.Dy() {
		d, s := (to.Min.Y+y)*dst.StrideUV+to.Min.X, (from.Min.Y+y)*src.StrideUV+from.Min.X
		n := to.Dx()
		top, bottom := alphaRows(alpha, src.Width, src.Height, crop.Min.X, crop.Min.Y+2*y)
		blendChroma(dst.U[d:d+n], dst.V[d:d+n], src.U[s:s+n], src.V[s:s+n], top, bottom)
	}
}

// alphaRows are the opacities from x to the end of the two rows of pixels that a
// row of chroma covers; the last row of an odd height stands for both.
func alphaRows(alpha []byte, width, height, x, y int) (top, bottom []byte) {
	below := min(y+1, height-1)
	return alpha[y*width+x : (y+1)*width], alpha[below*width+x : (below+1)*width]
}

// Opacities are looked at by eight: a logo's are mostly all clear or all opaque.
const (
	word   = 8
	clear8 = 0
	full8  = ^uint64(0)
)

func blendLuma(dst, src, alpha []byte) {
	x := 0
	for ; x+word <= len(dst); x += word {
		switch binary.LittleEndian.Uint64(alpha[x:]) {
		case clear8:
		case full8:
			copy(dst[x:x+word], src[x:x+word])
		default:
			mixRow(dst[x:x+word], src[x:x+word], alpha[x:x+word])
		}
	}
	mixRow(dst[x:], src[x:], alpha[x:])
}

func mixRow(dst, src, alpha []byte) {
	src, alpha = src[:len(dst)], alpha[:len(dst)]
	for x := range dst {
		dst[x] = mix(dst[x], src[x], uint32(alpha[x]))
	}
}

// blendChroma blends one row; top and bottom are the opacities that it covers.
func blendChroma(dstU, dstV, srcU, srcV, top, bottom []byte) {
	for x := 0; x < len(dstU); {
		if 2*x+word <= len(top) && x+word/2 <= len(dstU) {
			switch a, b := binary.LittleEndian.Uint64(top[2*x:]), binary.LittleEndian.Uint64(bottom[2*x:]); {
			case a == clear8 && b == clear8:
				x += word / 2
				continue
			case a == full8 && b == full8:
				copy(dstU[x:x+word/2], srcU[x:x+word/2])
				copy(dstV[x:x+word/2], srcV[x:x+word/2])
				x += word / 2
				continue
			}
		}
		for end := min(x+word/2, len(dstU)); x < end; x++ {
			right := min(2*x+1, len(top)-1) // an odd width's last pixel stands for both
			a := uint32(top[2*x]) + uint32(top[right]) + uint32(bottom[2*x]) + uint32(bottom[right])
			a = (a + 2) / 4
			dstU[x], dstV[x] = mix(dstU[x], srcU[x], a), mix(dstV[x], srcV[x], a)
		}
	}
}

// mix is (s*a + d*(255-a)) / 255, rounded to nearest.
func mix(d, s byte, a uint32) byte {
	return byte((uint32(s)*a + uint32(d)*(255-a) + 127) / 255)
}
