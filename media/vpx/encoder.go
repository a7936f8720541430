package vpx

/*
#include <stdlib.h>
#include <vpx/vpx_encoder.h>
#include <vpx/vp8cx.h>

typedef struct {
	vpx_codec_ctx_t ctx;
	vpx_codec_enc_cfg_t cfg;
	const void *data; // of the last encode; valid until the next
	size_t size;
	int key;
} omni_encoder;

static vpx_codec_err_t omni_encoder_controls(omni_encoder *e, int intra_pct)
{
	const struct { int id, value; } *c, controls[] = {
		{ VP8E_SET_CPUUSED, -8 },
		{ VP8E_SET_STATIC_THRESHOLD, 100 },
		{ VP8E_SET_MAX_INTRA_BITRATE_PCT, intra_pct },
		{ VP8E_SET_NOISE_SENSITIVITY, 0 },
		{ VP8E_SET_TOKEN_PARTITIONS, VP8_ONE_TOKENPARTITION },
		{ 0, 0 },
	};
	for (c = controls; c->id; c++) {
		vpx_codec_err_t code = vpx_codec_control_(&e->ctx, c->id, c->value);
		if (code != VPX_CODEC_OK)
			return code;
	}
	return VPX_CODEC_OK;
}

static vpx_codec_err_t omni_encoder_open(omni_encoder *e, int width, int height, int kbps, int intra_pct)
{
	vpx_codec_err_t code = vpx_codec_enc_config_default(vpx_codec_vp8_cx(), &e->cfg, 0);
	if (code != VPX_CODEC_OK)
		return code;
	e->cfg.g_w = width;
	e->cfg.g_h = height;
	e->cfg.g_threads = 1;
	e->cfg.g_timebase.num = 1;
	e->cfg.g_timebase.den = 90000;
	e->cfg.g_pass = VPX_RC_ONE_PASS;
	e->cfg.g_lag_in_frames = 0;
	e->cfg.g_error_resilient = 0;
	e->cfg.kf_mode = VPX_KF_DISABLED; // keyframes are forced only
	e->cfg.rc_end_usage = VPX_CBR;
	e->cfg.rc_target_bitrate = kbps;
	e->cfg.rc_dropframe_thresh = 0;
	e->cfg.rc_resize_allowed = 0;
	e->cfg.rc_min_quantizer = 2;
	e->cfg.rc_max_quantizer = 56;
	e->cfg.rc_undershoot_pct = 100;
	e->cfg.rc_overshoot_pct = 15;
	e->cfg.rc_buf_sz = 1000; // ms of the bit rate
	e->cfg.rc_buf_optimal_sz = 600;
	e->cfg.rc_buf_initial_sz = 500;
	code = vpx_codec_enc_init(&e->ctx, vpx_codec_vp8_cx(), &e->cfg, 0);
	if (code != VPX_CODEC_OK)
		return code;
	code = omni_encoder_controls(e, intra_pct);
	if (code != VPX_CODEC_OK)
		vpx_codec_destroy(&e->ctx);
	return code;
}

static omni_encoder *omni_encoder_new(int width, int height, int kbps, int intra_pct, vpx_codec_err_t *code)
{
	omni_encoder *e = calloc(1, sizeof *e);
	if (!e) {
		*code = VPX_CODEC_MEM_ERROR;
		return NULL;
	}
	*code = omni_encoder_open(e, width, height, kbps, intra_pct);
	if (*code != VPX_CODEC_OK) {
		free(e);
		return NULL;
	}
	return e;
}

static void omni_encoder_free(omni_encoder *e)
{
	vpx_codec_destroy(&e->ctx);
	free(e);
}

static vpx_codec_err_t omni_encoder_bitrate(omni_encoder *e, int kbps)
{
	e->cfg.rc_target_bitrate = kbps;
	return vpx_codec_enc_config_set(&e->ctx, &e->cfg);
}

#cgo noescape omni_encode
#cgo nocallback omni_encode
// Encodes one picture. libvpx copies it, so the planes are borrowed for the call.
static vpx_codec_err_t omni_encode(omni_encoder *e, unsigned char *y, unsigned char *u, unsigned char *v,
	int stride_y, int stride_uv, int64_t pts, unsigned long duration, int key, int layer)
{
	vpx_image_t image = { .fmt = VPX_IMG_FMT_I420, .bps = 12, .x_chroma_shift = 1, .y_chroma_shift = 1 };
	vpx_enc_frame_flags_t flags = 0;
	vpx_codec_iter_t iter = NULL;
	const vpx_codec_cx_pkt_t *pkt;
	vpx_codec_err_t code;

	image.w = image.d_w = e->cfg.g_w;
	image.h = image.d_h = e->cfg.g_h;
	image.planes[VPX_PLANE_Y] = y;
	image.planes[VPX_PLANE_U] = u;
	image.planes[VPX_PLANE_V] = v;
	image.stride[VPX_PLANE_Y] = stride_y;
	image.stride[VPX_PLANE_U] = image.stride[VPX_PLANE_V] = stride_uv;
	if (key)
		flags |= VPX_EFLAG_FORCE_KF;
	else if (layer)
		// Leaves no trace: no later picture can tell whether this one came.
		flags |= VP8_EFLAG_NO_UPD_LAST | VP8_EFLAG_NO_UPD_GF | VP8_EFLAG_NO_UPD_ARF | VP8_EFLAG_NO_UPD_ENTROPY;

	e->data = NULL;
	e->size = 0;
	e->key = 0;
	code = vpx_codec_encode(&e->ctx, &image, pts, duration, flags, VPX_DL_REALTIME);
	if (code != VPX_CODEC_OK)
		return code;
	while ((pkt = vpx_codec_get_cx_data(&e->ctx, &iter)))
		if (pkt->kind == VPX_CODEC_CX_FRAME_PKT) {
			e->data = pkt->data.frame.buf;
			e->size = pkt->data.frame.sz;
			e->key = (pkt->data.frame.flags & VPX_FRAME_IS_KEY) != 0;
		}
	return VPX_CODEC_OK;
}
*/
import "C"

import (
	"fmt"
	"unsafe"

	"github.com/omniverto/omniverto/media"
)

// maxIntraPercent caps a keyframe at this share of a frame's budget: 37 kB at
// 2 Mbit/s and 30 fps, some 150 ms of the line.
const maxIntraPercent = 450

// maxSide is the largest width or height that VP8 can say (RFC 6386 9.1).
const maxSide = 1<<14 - 1

// Encoder is a media.VideoEncoder for VP8 in real time at a constant bit rate,
// and a media.BitrateSetter.
//
// A pause between pictures earns no bits: the rate control sees at most two frame
// periods from one picture to the next, so that the first picture after a still
// scene is not larger than the line can carry.
type Encoder struct {
	state    *C.omni_encoder // nil after Close
	config   media.VideoEncoderConfig
	duration int64 // of a frame, in 90 kHz ticks
	started  bool
	last     int64  // PTS of the picture before
	pts      int64  // its time as the rate control sees it
	out      []byte // the coded picture, valid until the next
}

var (
	_ media.VideoEncoder  = (*Encoder)(nil)
	_ media.BitrateSetter = (*Encoder)(nil)
)

// NewEncoder returns an *Encoder. Its first picture becomes a keyframe.
func NewEncoder(c media.VideoEncoderConfig) (media.VideoEncoder, error) {
	if c.Width < 1 || c.Height < 1 || c.Width > maxSide || c.Height > maxSide {
		return nil, fmt.Errorf("vpx: new encoder: size %dx%d", c.Width, c.Height)
	}
	if c.FPS < 1 || c.FPS > 240 || c.Bitrate < 1000 || c.Layers > 2 {
		return nil, fmt.Errorf("vpx: new encoder: %d fps, %d bit/s, %d layers", c.FPS, c.Bitrate, c.Layers)
	}
	var code C.vpx_codec_err_t
	state := C.omni_encoder_new(C.int(c.Width), C.int(c.Height), C.int(c.Bitrate/1000), maxIntraPercent, &code)
	if state == nil {
		return nil, failure("new encoder", code)
	}
	return &Encoder{state: state, config: c, duration: int64(media.VideoClock / c.FPS)}, nil
}

// Encode encodes p, which has the size of the configuration; see
// media.VideoEncoder. A keyframe is of layer 0 whatever o says.
func (e *Encoder) Encode(p *media.Picture, o media.EncodeOptions) ([]byte, bool, error) {
	if e.state == nil {
		return nil, false, errClosed
	}
	if p.Width != e.config.Width || p.Height != e.config.Height {
		return nil, false, fmt.Errorf("vpx: encode %dx%d as %dx%d", p.Width, p.Height, e.config.Width, e.config.Height)
	}
	if err := e.advance(o.PTS); err != nil {
		return nil, false, err
	}
	key, layer := C.int(0), C.int(o.Layer)
	if o.Key {
		key = 1
	}
	code := C.omni_encode(e.state, (*C.uchar)(unsafe.SliceData(p.Y)), (*C.uchar)(unsafe.SliceData(p.U)),
		(*C.uchar)(unsafe.SliceData(p.V)), C.int(p.StrideY), C.int(p.StrideUV),
		C.int64_t(e.pts), C.ulong(e.duration), key, layer)
	if code != C.VPX_CODEC_OK {
		return nil, false, failure("encode", code)
	}
	if e.state.size == 0 {
		return nil, false, nil
	}
	e.out = append(e.out[:0], unsafe.Slice((*byte)(e.state.data), int(e.state.size))...)
	return e.out, e.state.key != 0, nil
}

// advance moves the rate control's time on to a picture of time pts.
func (e *Encoder) advance(pts int64) error {
	step := pts - e.last
	switch {
	case !e.started:
		e.started = true
	case step <= 0:
		return fmt.Errorf("vpx: encode: PTS %d after %d", pts, e.last)
	default:
		e.pts += min(step, 2*e.duration)
	}
	e.last = pts
	return nil
}

// SetBitrate changes the bit rate from the next picture on, without a keyframe.
func (e *Encoder) SetBitrate(bitsPerSecond int) error {
	if e.state == nil {
		return errClosed
	}
	if bitsPerSecond < 1000 {
		return fmt.Errorf("vpx: set bit rate to %d bit/s", bitsPerSecond)
	}
	if bitsPerSecond == e.config.Bitrate {
		return nil
	}
	if code := C.omni_encoder_bitrate(e.state, C.int(bitsPerSecond/1000)); code != C.VPX_CODEC_OK {
		return failure("set bit rate", code)
	}
	e.config.Bitrate = bitsPerSecond
	return nil
}

// Close frees the encoder. A second Close does nothing.
func (e *Encoder) Close() error {
	if e.state != nil {
		C.omni_encoder_free(e.state)
		e.state = nil
	}
	return nil
}
