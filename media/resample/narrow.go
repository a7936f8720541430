package resample

import (
	"errors"
	"fmt"

	"github.com/omniverto/omniverto/media"
)

const (
	// step is the grain of packets: 2.5 ms in samples of 48 kHz.
	step = media.SampleRate / 400
	// maxSamples is the longest packet, 120 ms in samples of 48 kHz: as in Opus.
	maxSamples = 48 * step
)

// BytesPerStep is what 2.5 ms are in a codec of 64 kbit/s.
const BytesPerStep = 20

// ErrClosed says that an encoder or decoder was used after its end.
var ErrClosed = errors.New("closed")

// Narrower is the way into a narrow-band encoder: it takes a room's ticks, mixes
// their channels to one and brings that to the codec's rate.
type Narrower struct {
	channels int
	filter   *Resampler
	mono     [maxSamples]int16
	out      [maxSamples / 3]int16
}

// NewNarrower returns a narrower from 1 or 2 channels of 48 kHz to one of 8000 or
// 16000 Hz.
func NewNarrower(rate, channels int) (*Narrower, error) {
	if err := checkChannels(channels); err != nil {
		return nil, err
	}
	filter, err := New(media.SampleRate, rate, 1)
	if err != nil {
		return nil, err
	}
	return &Narrower{channels: channels, filter: filter}, nil
}

// Take converts interleaved samples, a multiple of 2.5 ms up to 120 ms. The result
// is valid until the next call.
func (n *Narrower) Take(pcm []int16) ([]int16, error) {
	if len(pcm) == 0 || len(pcm)%(step*n.channels) != 0 || len(pcm) > maxSamples*n.channels {
		return nil, fmt.Errorf("%d samples in %d channels: no multiple of 2.5 ms up to 120 ms", len(pcm), n.channels)
	}
	mono := pcm
	if n.channels == 2 {
		mono = n.mono[:len(pcm)/2]
		for i := range mono {
			mono[i] = int16((int32(pcm[2*i]) + int32(pcm[2*i+1])) >> 1)
		}
	}
	count, err := n.filter.Process(n.out[:], mono)
	return n.out[:count], err
}

// Bytes is what a codec of 64 kbit/s makes of pcm.
func (n *Narrower) Bytes(pcm []int16) int { return len(pcm) / n.channels * BytesPerStep / step }

// CopyState makes n go on where from is, which has the same rate and channels.
func (n *Narrower) CopyState(from *Narrower) error {
	if n.channels != from.channels {
		return errors.New("copy state between different numbers of channels")
	}
	return n.filter.CopyState(from.filter)
}

// Widener is the way out of a narrow-band decoder of 64 kbit/s: it takes the mono
// samples of packets, fills gaps, and gives 48 kHz in the room's channels. It also
// holds what such decoders have in common: how long a packet is, and how much room
// its samples need.
type Widener struct {
	rate, channels int
	filter         *Resampler
	gap            *Concealer
	narrow         [maxSamples / 3]int16
	wide           [maxSamples]int16
}

// NewWidener returns a widener from one channel of 8000 or 16000 Hz to 1 or 2 of
// 48 kHz.
func NewWidener(rate, channels int) (*Widener, error) {
	if err := checkChannels(channels); err != nil {
		return nil, err
	}
	filter, err := New(rate, media.SampleRate, 1)
	if err != nil {
		return nil, err
	}
	return &Widener{rate: rate, channels: channels, filter: filter, gap: NewConcealer(rate)}, nil
}

// Duration is the number of samples per channel, at 48 kHz, that a packet of 64 kbit/s
// holds; 0 if that is no multiple of 2.5 ms, or over 120 ms.
func Duration(packet []byte) int {
	n := len(packet) / BytesPerStep * step
	if len(packet)%BytesPerStep != 0 || n > maxSamples {
		return 0
	}
	return n
}

// Samples is where the decoder writes packet's samples before it calls Give: the
// right number at the codec's rate. A packet that is malformed, or whose sound does
// not fit into pcm, is an error.
func (w *Widener) Samples(packet []byte, pcm []int16) ([]int16, error) {
	n := Duration(packet)
	switch {
	case n == 0:
		return nil, fmt.Errorf("packet of %d bytes: no multiple of 2.5 ms up to 120 ms", len(packet))
	case len(pcm) < n*w.channels:
		return nil, fmt.Errorf("room for %d samples of %d", len(pcm), n*w.channels)
	}
	return w.narrow[:n*w.rate/media.SampleRate], nil
}

// Give converts the samples that a decoder has written into what Samples returned,
// into pcm. It returns the samples per channel.
func (w *Widener) Give(samples, pcm []int16) (int, error) {
	w.gap.Heard(samples)
	return w.widen(samples, pcm)
}

// Conceal fills pcm, a multiple of 2.5 ms of any length, with the last sound, which
// fades to silence within 60 ms.
func (w *Widener) Conceal(pcm []int16) error {
	if len(pcm) == 0 || len(pcm)%(step*w.channels) != 0 {
		return fmt.Errorf("conceal %d samples in %d channels: no multiple of 2.5 ms", len(pcm), w.channels)
	}
	for len(pcm) > 0 {
		n := min(len(pcm)/w.channels, maxSamples)
		samples := w.narrow[:n*w.rate/media.SampleRate]
		w.gap.Conceal(samples)
		if _, err := w.widen(samples, pcm); err != nil {
			return err
		}
		pcm = pcm[n*w.channels:]
	}
	return nil
}

// ConcealLost is Conceal for the sound before packet: these codecs carry no copy.
func (w *Widener) ConcealLost(packet []byte, pcm []int16) (int, error) {
	switch {
	case Duration(packet) == 0:
		return 0, fmt.Errorf("packet of %d bytes: no multiple of 2.5 ms up to 120 ms", len(packet))
	case len(pcm) > maxSamples*w.channels:
		return 0, fmt.Errorf("conceal %d samples: over 120 ms", len(pcm)/w.channels)
	}
	return len(pcm) / w.channels, w.Conceal(pcm)
}

func (w *Widener) widen(samples, pcm []int16) (int, error) {
	if w.channels == 1 {
		return w.filter.Process(pcm, samples)
	}
	n, err := w.filter.Process(w.wide[:], samples)
	for i, v := range w.wide[:n] {
		pcm[2*i], pcm[2*i+1] = v, v
	}
	return n, err
}
