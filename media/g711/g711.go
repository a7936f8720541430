// Package g711 is ITU-T G.711, the codec of telephony: PCMU (µ-law) and PCMA
// (A-law), 8 kHz, 64 kbit/s. On the room's side it speaks 48 kHz like every codec;
// it resamples inside, takes stereo as its middle and gives mono to both channels.
//
// It is part of the hot path and allocates nothing after construction. An encoder or
// decoder is used by one goroutine at a time.
package g711

import (
	"errors"
	"fmt"

	"github.com/omniverto/omniverto/media"
	"github.com/omniverto/omniverto/media/resample"
)

// rate is the codec's own.
const rate = 8000

func checkLaw(law media.AudioCodec) error {
	if law != media.PCMU && law != media.PCMA {
		return fmt.Errorf("g711: %v is neither PCMU nor PCMA", law)
	}
	return nil
}

func wrap(err error) error { return fmt.Errorf("g711: %w", err) }

// Encoder is a media.AudioEncoder and a media.StateCopier.
type Encoder struct {
	law    media.AudioCodec
	narrow *resample.Narrower // nil after Close
}

var (
	_ media.AudioEncoder = (*Encoder)(nil)
	_ media.StateCopier  = (*Encoder)(nil)
	_ media.AudioDecoder = (*Decoder)(nil)
)

// NewEncoder returns an encoder of one law from 1 or 2 channels.
func NewEncoder(law media.AudioCodec, channels int) (*Encoder, error) {
	if err := checkLaw(law); err != nil {
		return nil, err
	}
	narrow, err := resample.NewNarrower(rate, channels)
	if err != nil {
		return nil, wrap(err)
	}
	return &Encoder{law: law, narrow: narrow}, nil
}

// Encode encodes interleaved samples, a multiple of 2.5 ms up to 120 ms, into dst:
// 160 bytes for a tick.
func (e *Encoder) Encode(pcm []int16, dst []byte) (int, error) {
	if e.narrow == nil {
		return 0, wrap(resample.ErrClosed)
	}
	if len(dst) < e.narrow.Bytes(pcm) {
		return 0, fmt.Errorf("g711: encode: room for %d bytes", len(dst))
	}
	samples, err := e.narrow.Take(pcm)
	if err != nil {
		return 0, fmt.Errorf("g711: encode %w", err)
	}
	if e.law == media.PCMU {
		for i, v := range samples {
			dst[i] = EncodeMu(v)
		}
	} else {
		for i, v := range samples {
			dst[i] = EncodeA(v)
		}
	}
	return len(samples), nil
}

// CopyState makes e go on where from is, which is an *Encoder of the same law and
// number of channels.
func (e *Encoder) CopyState(from media.AudioEncoder) error {
	f, ok := from.(*Encoder)
	switch {
	case !ok || f == nil:
		return fmt.Errorf("g711: copy state of a %T", from)
	case e.narrow == nil || f.narrow == nil:
		return wrap(resample.ErrClosed)
	case e.law != f.law:
		return errors.New("g711: copy state between different laws")
	}
	if err := e.narrow.CopyState(f.narrow); err != nil {
		return wrap(err)
	}
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
	values *[256]int16
	wide   *resample.Widener // nil after Close
}

// NewDecoder returns a decoder of one law to 1 or 2 channels.
func NewDecoder(law media.AudioCodec, channels int) (*Decoder, error) {
	if err := checkLaw(law); err != nil {
		return nil, err
	}
	wide, err := resample.NewWidener(rate, channels)
	if err != nil {
		return nil, wrap(err)
	}
	d := &Decoder{values: new([256]int16), wide: wide}
	for code := range d.values {
		if law == media.PCMU {
			d.values[code] = DecodeMu(byte(code))
		} else {
			d.values[code] = DecodeA(byte(code))
		}
	}
	return d, nil
}

// Decode decodes packet into pcm and returns the samples per channel.
func (d *Decoder) Decode(packet []byte, pcm []int16) (int, error) {
	if d.wide == nil {
		return 0, wrap(resample.ErrClosed)
	}
	samples, err := d.wide.Samples(packet, pcm)
	if err != nil {
		return 0, fmt.Errorf("g711: decode: %w", err)
	}
	for i, code := range packet {
		samples[i] = d.values[code]
	}
	return d.wide.Give(samples, pcm)
}

// DecodeFEC conceals: G.711 packets carry no copies.
func (d *Decoder) DecodeFEC(packet []byte, pcm []int16) (int, error) {
	if d.wide == nil {
		return 0, wrap(resample.ErrClosed)
	}
	n, err := d.wide.ConcealLost(packet, pcm)
	if err != nil {
		return 0, fmt.Errorf("g711: decode FEC: %w", err)
	}
	return n, nil
}

// Conceal fills pcm, a multiple of 2.5 ms, with the last sound, which fades to
// silence within 60 ms.
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
