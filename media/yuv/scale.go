// Package yuv is the fast variant of the compositor's scaler: libyuv's SIMD
// kernels on the planes of pictures, without copies.
//
// It is part of the hot path: Scale allocates nothing. It agrees with the plain
// Go reference (mixer/pixel) exactly where nothing is scaled, within two levels
// of 256 on smooth pictures, and within 35 dB on textured ones. The filters
// differ on edges: libyuv's box has no fractional weights and rounds down, by a
// level for 300 samples into one and by more for thousands, and when it enlarges,
// the corner samples of both pictures meet, not their corners. No Go memory is
// kept by C.
package yuv

/*
#cgo LDFLAGS: -lyuv
#include <libyuv.h>

#cgo noescape omni_scale
#cgo nocallback omni_scale
static void omni_scale(const uint8_t *sy, const uint8_t *su, const uint8_t *sv, int src_y, int src_uv, int sw, int sh,
	uint8_t *dy, uint8_t *du, uint8_t *dv, int dst_y, int dst_uv, int dw, int dh)
{
	int scw = (sw + 1) / 2, sch = (sh + 1) / 2, dcw = (dw + 1) / 2, dch = (dh + 1) / 2;
	ScalePlane(sy, src_y, sw, sh, dy, dst_y, dw, dh, kFilterBox);
	ScalePlane(su, src_uv, scw, sch, du, dst_uv, dcw, dch, kFilterBox);
	ScalePlane(sv, src_uv, scw, sch, dv, dst_uv, dcw, dch, kFilterBox);
}
*/
import "C"

import (
	"image"
	"unsafe"

	"github.com/omniverto/omniverto/media"
)

// Version is libyuv's version number.
const Version = int(C.LIBYUV_VERSION)

// Scaler scales with libyuv: box filter when shrinking to less than half, linear
// else. It has no state and is safe for concurrent use on different destinations.
type Scaler struct{}

// Scale scales the crop of src into the rectangle rect of dst, in all three
// planes. Both are in luma pixels and begin at even coordinates; an odd width or
// height is for the edge of a picture of odd size. Nothing outside of rect is
// written. It borrows both pictures. A rectangle that is empty or not within its
// picture is not drawn.
func (Scaler) Scale(dst *media.Picture, rect image.Rectangle, src *media.Picture, crop image.Rectangle) {
	if !within(rect, dst) || !within(crop, src) {
		return
	}
	from, to := corner(src, crop.Min), corner(dst, rect.Min)
	C.omni_scale(from.y, from.u, from.v, C.int(src.StrideY), C.int(src.StrideUV), C.int(crop.Dx()), C.int(crop.Dy()),
		to.y, to.u, to.v, C.int(dst.StrideY), C.int(dst.StrideUV), C.int(rect.Dx()), C.int(rect.Dy()))
}

// within reports whether r may be handed to C: even corner, not empty, inside.
func within(r image.Rectangle, p *media.Picture) bool {
	return !r.Empty() && r.In(image.Rect(0, 0, p.Width, p.Height)) && r.Min.X&1 == 0 && r.Min.Y&1 == 0
}

// planes are the three planes from one point on.
type planes struct{ y, u, v *C.uint8_t }

func corner(p *media.Picture, at image.Point) planes {
	chroma := at.Y/2*p.StrideUV + at.X/2
	return planes{
		y: (*C.uint8_t)(unsafe.Pointer(&p.Y[at.Y*p.StrideY+at.X])),
		u: (*C.uint8_t)(unsafe.Pointer(&p.U[chroma])),
		v: (*C.uint8_t)(unsafe.Pointer(&p.V[chroma])),
	}
}
