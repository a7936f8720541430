package opus

/*
#include <string.h>
#include <opus.h>

// opus_encoder_ctl is variadic, which cgo cannot call.
static int omni_opus_set(OpusEncoder *e, int request, opus_int32 value)
{
	return opus_encoder_ctl(e, request, value);
}

#cgo noescape omni_opus_encode
#cgo nocallback omni_opus_encode
static int omni_opus_encode(OpusEncoder *e, const opus_int16 *pcm, int samples, unsigned char *dst, int size)
{
	return opus_encode(e, pcm, samples, dst, size);
}

// An encoder is one flat block that refers to itself by offsets only, so opus.h
// lets it be copied ("can be copied using memcpy").
static void omni_opus_copy(OpusEncoder *to, const OpusEncoder *from, int channels)
{
	memcpy(to, from, opus_encoder_get_size(channels));
}
*/
import "C"

import (
	"errors"
	"fmt"
	"unsafe"

	"github.com/omniverto/omniverto/media"
)

// EncoderOptions are an encoder's settings. All but the bit rate are constant.
type EncoderOptions struct {
	Channels    int  // 1 or 2
	Bitrate     int  // bit/s, 6,000 to 510,000; 0: libopus chooses
	Complexity  int  // 0 (cheap) to 10 (good)
	FEC         bool // in-band copies of the packet before (RFC 6716 2.1.7), from LossPercent 1 on
	LossPercent int  // expected loss 0 to 100, weighs what FEC may cost
	// DTX makes packets of 1 or 2 bytes, which need not be sent, of silence and of
	// background noise, for which libopus also takes a tone that is steady for
	// over a second.
	DTX bool
	// Music makes the encoder code transforms only, without a model of speech:
	// a third of the CPU, better for mixes of several voices, but without FEC.
	Music bool
}

// Encoder is a media.AudioEncoder, tuned for voice, and a media.StateCopier and
// media.BitrateSetter.
type Encoder struct {
	state   *C.OpusEncoder // nil after Close
	options EncoderOptions
	alone   bool // packets need nothing of those before them
	mdct    bool // the last packet held transforms only
}

var (
	_ media.AudioEncoder  = (*Encoder)(nil)
	_ media.StateCopier   = (*Encoder)(nil)
	_ media.BitrateSetter = (*Encoder)(nil)
)

// NewEncoder returns an encoder; settings out of range are an error.
func NewEncoder(o EncoderOptions) (*Encoder, error) {
	if err := checkChannels(o.Channels); err != nil {
		return nil, err
	}
	var code C.int
	// The application cannot be changed later and comes along in CopyState, so it
	// is the same in all encoders; the signal's type chooses the mode.
	state := C.opus_encoder_create(media.SampleRate, C.int(o.Channels), C.OPUS_APPLICATION_VOIP, &code)
	if code != C.OPUS_OK {
		return nil, failure("new encoder", code)
	}
	e := &Encoder{state: state, options: o}
	if err := e.apply(); err != nil {
		e.Close()
		return nil, err
	}
	return e, nil
}

// apply writes the options into the state.
func (e *Encoder) apply() error {
	bitrate := e.options.Bitrate
	switch {
	case bitrate < 0: // libopus has special meanings for some
		return fmt.Errorf("opus: set bit rate to %d", bitrate)
	case bitrate == 0:
		bitrate = C.OPUS_AUTO
	}
	signal := C.OPUS_AUTO
	if e.options.Music {
		signal = C.OPUS_SIGNAL_MUSIC
	}
	for _, s := range [...]struct {
		name    string
		request C.int
		value   int
	}{
		{"bit rate", C.OPUS_SET_BITRATE_REQUEST, bitrate},
		{"complexity", C.OPUS_SET_COMPLEXITY_REQUEST, e.options.Complexity},
		{"FEC", C.OPUS_SET_INBAND_FEC_REQUEST, number(e.options.FEC)},
		{"loss percentage", C.OPUS_SET_PACKET_LOSS_PERC_REQUEST, e.options.LossPercent},
		{"DTX", C.OPUS_SET_DTX_REQUEST, number(e.options.DTX)},
		{"signal", C.OPUS_SET_SIGNAL_REQUEST, signal},
		{"prediction", C.OPUS_SET_PREDICTION_DISABLED_REQUEST, number(e.alone)},
	} {
		if n := C.omni_opus_set(e.state, s.request, C.opus_int32(s.value)); n != C.OPUS_OK {
			return failure(fmt.Sprintf("set %s to %d", s.name, s.value), n)
		}
	}
	return nil
}

func number(on bool) int {
	if on {
		return 1
	}
	return 0
}

// Encode encodes 2.5, 5, 10, 20, 40 or 60 ms of interleaved samples into dst and
// returns the bytes used; 1 or 2 mean that the packet need not be sent.
func (e *Encoder) Encode(pcm []int16, dst []byte) (int, error) {
	if e.state == nil {
		return 0, errClosed
	}
	if len(pcm)%e.options.Channels != 0 {
		return 0, fmt.Errorf("opus: encode %d samples in %d channels", len(pcm), e.options.Channels)
	}
	n := C.omni_opus_encode(e.state, (*C.opus_int16)(unsafe.SliceData(pcm)), C.int(len(pcm)/e.options.Channels),
		(*C.uchar)(unsafe.SliceData(dst)), C.int(len(dst)))
	if n < 0 {
		return 0, failure("encode", n)
	}
	e.mdct = n > 0 && dst[0]&0x80 != 0 // RFC 6716 3.1
	return int(n), nil
}

// SetBitrate changes the bit rate from the next packet on.
func (e *Encoder) SetBitrate(bitsPerSecond int) error {
	if e.state == nil {
		return errClosed
	}
	before := e.options.Bitrate
	e.options.Bitrate = bitsPerSecond
	if err := e.apply(); err != nil {
		e.options.Bitrate = before
		return err
	}
	return nil
}

// SetComplexity changes the complexity from the next packet on.
func (e *Encoder) SetComplexity(complexity int) error {
	if e.state == nil {
		return errClosed
	}
	before := e.options.Complexity
	e.options.Complexity = complexity
	if err := e.apply(); err != nil {
		e.options.Complexity = before
		return err
	}
	return nil
}

// SetPrediction turns off, or on again, that packets refer to those before them,
// from the next packet on, so that a decoder can come from another encoder's
// stream. It does so only where packets hold transforms alone: two encoders of
// speech that are given the same sound agree after some packets, and better than
// after a restart.
func (e *Encoder) SetPrediction(on bool) error {
	if e.state == nil {
		return errClosed
	}
	e.alone = !on && e.mdct
	return e.apply()
}

// CopyState makes e go on where from is, which is an *Encoder of the same number
// of channels. The settings stay e's own. The next packet is bit by bit what from
// would have made of it if their settings are equal.
func (e *Encoder) CopyState(from media.AudioEncoder) error {
	f, ok := from.(*Encoder)
	switch {
	case !ok:
		return fmt.Errorf("opus: copy state of a %T", from)
	case e.state == nil || f.state == nil:
		return errClosed
	case e.options.Channels != f.options.Channels:
		return errors.New("opus: copy state between different numbers of channels")
	case e == f:
		return nil
	}
	C.omni_opus_copy(e.state, f.state, C.int(e.options.Channels))
	return e.apply()
}

// Close frees the encoder. A second Close does nothing.
func (e *Encoder) Close() error {
	if e.state != nil {
		C.opus_encoder_destroy(e.state)
		e.state = nil
	}
	return nil
}
