package vpx

/*
#include <stdlib.h>
#include <string.h>
#include <vpx/vpx_decoder.h>
#include <vpx/vp8dx.h>

typedef struct {
	vpx_codec_ctx_t ctx;
	vpx_image_t *image; // of the last decode; valid until the next
} omni_decoder;

static omni_decoder *omni_decoder_new(vpx_codec_err_t *code)
{
	omni_decoder *d = calloc(1, sizeof *d);
	vpx_codec_dec_cfg_t cfg = { .threads = 1 };
	if (!d) {
		*code = VPX_CODEC_MEM_ERROR;
		return NULL;
	}
	*code = vpx_codec_dec_init(&d->ctx, vpx_codec_vp8_dx(), &cfg, 0);
	if (*code != VPX_CODEC_OK) {
		free(d);
		return NULL;
	}
	return d;
}

static void omni_decoder_free(omni_decoder *d)
{
	vpx_codec_destroy(&d->ctx);
	free(d);
}

#cgo noescape omni_decode
#cgo nocallback omni_decode
// Decodes one frame; width and height are zero when it shows nothing.
static vpx_codec_err_t omni_decode(omni_decoder *d, const unsigned char *data, unsigned int len, int *width, int *height)
{
	vpx_codec_iter_t iter = NULL;
	int corrupted = 0;
	vpx_codec_err_t code = vpx_codec_decode(&d->ctx, data, len, NULL, 0);
	*width = *height = 0;
	d->image = NULL;
	if (code != VPX_CODEC_OK)
		return code;
	d->image = vpx_codec_get_frame(&d->ctx, &iter);
	code = vpx_codec_control(&d->ctx, VP8D_GET_FRAME_CORRUPTED, &corrupted);
	if (code == VPX_CODEC_OK && corrupted)
		code = VPX_CODEC_CORRUPT_FRAME;
	if (code == VPX_CODEC_OK && d->image) {
		*width = d->image->d_w;
		*height = d->image->d_h;
	}
	return code;
}

static void omni_copy_plane(unsigned char *dst, int stride, const unsigned char *src, int src_stride, int width, int height)
{
	for (; height > 0; height--, dst += stride, src += src_stride)
		memcpy(dst, src, width);
}

#cgo noescape omni_decoder_copy
#cgo nocallback omni_decoder_copy
static void omni_decoder_copy(omni_decoder *d, unsigned char *y, unsigned char *u, unsigned char *v, int stride_y, int stride_uv)
{
	const vpx_image_t *i = d->image;
	int w = i->d_w, h = i->d_h, cw = (w + 1) / 2, ch = (h + 1) / 2;
	omni_copy_plane(y, stride_y, i->planes[VPX_PLANE_Y], i->stride[VPX_PLANE_Y], w, h);
	omni_copy_plane(u, stride_uv, i->planes[VPX_PLANE_U], i->stride[VPX_PLANE_U], cw, ch);
	omni_copy_plane(v, stride_uv, i->planes[VPX_PLANE_V], i->stride[VPX_PLANE_V], cw, ch);
}
*/
import "C"

import (
	"fmt"
	"unsafe"

	"github.com/omniverto/omniverto/media"
)

// DefaultMaxArea is the largest picture that is taken where nothing else is
// said: a shared screen of 4096x2304 in either orientation.
const DefaultMaxArea = 4096 * 2304

// DecoderOptions bound what a stream may ask of its decoder.
type DecoderOptions struct {
	// MaxArea is the largest width × height in pixels; 0 means DefaultMaxArea.
	MaxArea int
}

// Decoder is a media.VideoDecoder for VP8.
type Decoder struct {
	state   *C.omni_decoder // nil after Close
	maxArea int
	ready   bool // a keyframe came and nothing went wrong since
}

var _ media.VideoDecoder = (*Decoder)(nil)

// NewDecoder returns a decoder that waits for a keyframe.
func NewDecoder(o DecoderOptions) (*Decoder, error) {
	var code C.vpx_codec_err_t
	state := C.omni_decoder_new(&code)
	if state == nil {
		return nil, failure("new decoder", code)
	}
	if o.MaxArea == 0 {
		o.MaxArea = DefaultMaxArea
	}
	return &Decoder{state: state, maxArea: o.MaxArea}, nil
}

// Decode decodes one frame, see media.VideoDecoder. A keyframe whose header
// promises a larger picture than allowed is not decoded: media.ErrTooLarge.
// After any error all but keyframes are refused with media.ErrNeedKeyframe.
func (d *Decoder) Decode(unit []byte, pool *media.PicturePool) (*media.Picture, error) {
	if d.state == nil {
		return nil, errClosed
	}
	if err := d.admit(unit); err != nil {
		d.ready = false
		return nil, err
	}
	var width, height C.int
	code := C.omni_decode(d.state, (*C.uchar)(unsafe.SliceData(unit)), C.uint(len(unit)), &width, &height)
	if code != C.VPX_CODEC_OK {
		d.ready = false
		return nil, failure("decode", code)
	}
	d.ready = true
	if width == 0 || height == 0 {
		return nil, nil
	}
	p := pool.Get(int(width), int(height))
	if p == nil {
		return nil, nil
	}
	C.omni_decoder_copy(d.state, (*C.uchar)(unsafe.SliceData(p.Y)), (*C.uchar)(unsafe.SliceData(p.U)),
		(*C.uchar)(unsafe.SliceData(p.V)), C.int(p.StrideY), C.int(p.StrideUV))
	return p, nil
}

// admit checks what can be told without decoding.
func (d *Decoder) admit(unit []byte) error {
	h, err := parseHeader(unit)
	switch {
	case err != nil:
		return err
	case !h.key && !d.ready:
		return media.ErrNeedKeyframe
	case h.key && h.width*h.height > d.maxArea:
		return fmt.Errorf("vpx: keyframe of %dx%d: %w", h.width, h.height, media.ErrTooLarge)
	}
	return nil
}

// Close frees the decoder. A second Close does nothing.
func (d *Decoder) Close() error {
	if d.state != nil {
		C.omni_decoder_free(d.state)
		d.state = nil
	}
	return nil
}
