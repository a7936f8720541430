// Package g722 is ITU-T G.722 in its mode of 64 kbit/s: speech of 7 kHz, sampled at
// 16 kHz, as two bands in adaptive differential PCM. On the room's side it speaks
// 48 kHz like every codec; it resamples inside, takes stereo as its middle and gives
// mono to both channels.
//
// It is part of the hot path and allocates nothing after construction. An encoder or
// decoder is used by one goroutine at a time.
package g722

import (
	"fmt"

	"github.com/omniverto/omniverto/media"
	"github.com/omniverto/omniverto/media/resample"
)

// rate is the codec's own. That of its RTP time stamps is another (RFC 3551 4.5.2).
const rate = 16000

func wrap(err error) error { return fmt.Errorf("g722: %w", err) }

// Encoder is a media.AudioEncoder and a media.StateCopier.
type Encoder struct {
	narrow *resample.Narrower // nil after Close
	coder  coder
}

var (
	_ media.AudioEncoder = (*Encoder)(nil)
	_ media.StateCopier  = (*Encoder)(nil)
	_ media.AudioDecoder = (*Decoder)(nil)
)

// NewEncoder returns an encoder from 1 or 2 channels.
func NewEncoder(channels int) (*Encoder, error) {
	narrow, err := resample.NewNarrower(rate, channels)
	if err != nil {
		return nil, wrap(err)
	}
	return &Encoder{narrow: narrow, coder: newCoder()}, nil
}

// Encode encodes interleaved samples, a multiple of 2.5 ms up to 120 ms, into dst:
// 160 bytes for a tick.
func (e *Encoder) Encode(pcm []int16, dst []byte) (int, error) {
	if e.narrow == nil {
		return 0, wrap(resample.ErrClosed)
	}
	if len(dst) < e.narrow.Bytes(pcm) {
		return 0, fmt.Errorf("g722: encode: room for %d bytes", len(dst))
	}
	samples, err := e.narrow.Take(pcm)
	if err != nil {
		return 0, fmt.Errorf("g722: encode %w", err)
	}
	return e.coder.encode(samples, dst), nil
}

// CopyState makes e go on where from is, which is an *Encoder of the same number of
// channels.
func (e *Encoder) CopyState(from media.AudioEncoder) error {
	f, ok := from.(*Encoder)
	switch {
	case !ok || f == nil:
		return fmt.Errorf("g722: copy state of a %T", from)
	case e.narrow == nil || f.narrow == nil:
		return wrap(resample.ErrClosed)
	}
	if err := e.narrow.CopyState(f.narrow); err != nil {
		return wrap(err)
	}
	e.coder = f.coder
	return nil
}

// Close ends the encoder. A second Close does nothing.
func (e *Encoder) Close() error {
	e.narrow = nil
	return nil
}

// Decoder is a media.AudioDecoder. Packets hold a multiple of 2.5 ms (20 bytes) up
// to 120 ms; others are malformed.
type Decoder struct {
	wide  *resample.Widener // nil after Close
	coder coder
}

// NewDecoder returns a decoder to 1 or 2 channels.
func NewDecoder(channels int) (*Decoder, error) {
	wide, err := resample.NewWidener(rate, channels)
	if err != nil {
		return nil, wrap(err)
	}
	return &Decoder{wide: wide, coder: newCoder()}, nil
}

// Decode decodes packet into pcm and returns the samples per channel.
func (d *Decoder) Decode(packet []byte, pcm []int16) (int, error) {
	if d.wide == nil {
		return 0, wrap(resample.ErrClosed)
	}
	samples, err := d.wide.Samples(packet, pcm)
	if err != nil {
		return 0, fmt.Errorf("g722: decode: %w", err)
	}
	d.coder.decode(packet, samples)
	return d.wide.Give(samples, pcm)
}

// DecodeFEC conceals: G.722 packets carry no copies.
func (d *Decoder) DecodeFEC(packet []byte, pcm []int16) (int, error) {
	if d.wide == nil {
		return 0, wrap(resample.ErrClosed)
	}
	n, err := d.wide.ConcealLost(packet, pcm)
	if err != nil {
		return 0, fmt.Errorf("g722: decode FEC: %w", err)
	}
	return n, nil
}

// Conceal fills pcm, a multiple of 2.5 ms, with the last sound, which fades to
// silence within 60 ms. The predictors keep their state: they find their way back by
// their own leakage.
func (d *Decoder) Conceal(pcm []int16) error {
	if d.wide == nil {
		return wrap(resample.ErrClosed)
	}
	if err := d.wide.Conceal(pcm); err != nil {
		return wrap(err)
	}
	return nil
}

// Duration is the number of samples per channel that packet holds, 0 if it is
// malformed. It needs no state and may be called by any goroutine.
func (d *Decoder) Duration(packet []byte) int { return resample.Duration(packet) }

// Close ends the decoder. A second Close does nothing.
func (d *Decoder) Close() error {
	d.wide = nil
	return nil
}
