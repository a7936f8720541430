// Package resample is what codecs of telephony need to stand behind the room's
// 48 kHz: filters between 48 kHz and 8 or 16 kHz, the way from a room's channels to
// a narrow mono signal and back, and the concealment of gaps in it.
//
// It is part of the hot path: nothing allocates after construction. All arithmetic
// on samples is in integers, so that two streams with the same state and input are
// equal to the bit on every machine. A value is used by one goroutine at a time.
package resample

import (
	"errors"
	"fmt"
	"math"

	"github.com/omniverto/omniverto/media"
)

const (
	// stopband is the attenuation of what must not alias, in dB.
	stopband = 70
	// scale is the weight of one in the filters' integer coefficients. 20 bits put
	// their rounding noise below -110 dB, and a sum of products fits into 64.
	scale = 1 << 20
	// blockSamples is how many samples per channel are filtered in one piece.
	blockSamples = media.TickSamples
)

// Resampler converts a stream of interleaved samples between 48 kHz and 8 or 16 kHz.
// It is linear phase and keeps its state from call to call, so that the pieces that
// a stream comes in do not matter.
type Resampler struct {
	// Constant after construction.
	up, down int // one of them is 1
	channels int
	phases   [][]int32 // up filters of equal length, newest sample last

	// history is, for each channel, the samples before the next one and room for a block.
	history [][]int32
}

// New returns a resampler of 1 or 2 channels. One of the rates is 48000, the other
// 8000 or 16000.
func New(from, to, channels int) (*Resampler, error) {
	if err := checkChannels(channels); err != nil {
		return nil, err
	}
	r := &Resampler{up: 1, down: 1, channels: channels}
	switch {
	case from == media.SampleRate && narrow(to):
		r.down = from / to
	case to == media.SampleRate && narrow(from):
		r.up = to / from
	default:
		return nil, fmt.Errorf("resample: %d to %d Hz: must be between %d and 8000 or 16000", from, to, media.SampleRate)
	}
	r.phases = split(lowpass(max(r.up, r.down)), r.up)
	for range channels {
		r.history = append(r.history, make([]int32, len(r.phases[0])-1+blockSamples))
	}
	return r, nil
}

func narrow(rate int) bool { return rate == 8000 || rate == 16000 }

func checkChannels(n int) error {
	if n != 1 && n != 2 {
		return fmt.Errorf("resample: %d channels: must be 1 or 2", n)
	}
	return nil
}

// lowpass is the filter at 48 kHz for the narrow rate 48 kHz/factor: a sinc under a
// Kaiser window, whose transition lies around half the narrow rate, so that only the
// uppermost part of the narrow band hears aliases: above 3.4 kHz of 4 (what telephony
// calls its band, G.712) and above 7 of 8 (G.722). Its length is a multiple of factor.
func lowpass(factor int) []float64 {
	width := 2000.0 // Hz
	if factor == 6 {
		width = 1200
	}
	// Kaiser's formulas for length and shape.
	need := (stopband - 7.95) / (2.285 * 2 * math.Pi * width / media.SampleRate)
	n := factor * int(math.Ceil((need+1)/float64(factor)))
	shape := 0.1102 * (stopband - 8.7)
	taps, sum := make([]float64, n), 0.0
	for i := range taps {
		x := float64(i) - float64(n-1)/2
		edge := 2 * x / float64(n-1)
		taps[i] = sinc(x/float64(factor)) * bessel(shape*math.Sqrt(max(0, 1-edge*edge)))
		sum += taps[i]
	}
	for i := range taps {
		taps[i] /= sum
	}
	return taps
}

func sinc(x float64) float64 {
	if x == 0 {
		return 1
	}
	return math.Sin(math.Pi*x) / (math.Pi * x)
}

// bessel is the modified Bessel function of the first kind and order 0.
func bessel(x float64) float64 {
	sum, term := 1.0, 1.0
	for k := 1.0; term > sum*1e-12; k++ {
		term *= (x / (2 * k)) * (x / (2 * k))
		sum += term
	}
	return sum
}

// split makes the filters of an interpolation by up out of the whole one. They are
// turned around, so that they run along the samples, and all pass a constant alike.
func split(taps []float64, up int) [][]int32 {
	phases := make([][]int32, up)
	for p := range phases {
		length := len(taps) / up
		phase, sum := make([]int32, length), int32(0)
		for k := range length {
			c := int32(math.RoundToEven(taps[p+k*up] * float64(up) * scale))
			phase[length-1-k] = c
			sum += c
		}
		phase[length/2] += scale - sum
		phases[p] = phase
	}
	return phases
}

// Delay is how late the output is, in samples of 48 kHz.
func (r *Resampler) Delay() int { return len(r.phases) * len(r.phases[0]) / 2 }

// Process converts src into dst and returns the samples written, over all channels.
// src holds whole output samples: at 48 kHz a multiple of 3 or 6 samples per channel.
func (r *Resampler) Process(dst, src []int16) (int, error) {
	if len(src)%(r.down*r.channels) != 0 {
		return 0, fmt.Errorf("resample: %d samples in %d channels are no multiple of %d", len(src), r.channels, r.down)
	}
	n := len(src) / r.down * r.up
	if len(dst) < n {
		return 0, fmt.Errorf("resample: room for %d samples of %d", len(dst), n)
	}
	dst = dst[:n]
	for len(src) > 0 {
		piece := src[:min(len(src), blockSamples*r.channels)]
		for c := range r.channels {
			r.channel(dst[c:], piece[c:], r.history[c])
		}
		src = src[len(piece):]
		dst = dst[len(piece)/r.down*r.up:]
	}
	return n, nil
}

// channel converts one channel of one piece: every r.channels-th sample of src.
func (r *Resampler) channel(dst, src []int16, history []int32) {
	before := len(r.phases[0]) - 1
	n := 0
	for i := 0; i < len(src); i += r.channels {
		history[before+n] = int32(src[i])
		n++
	}
	out := 0
	// A decimated sample ends with the newest of its inputs.
	for at := r.down - 1; at < n; at += r.down {
		window := history[at : at+before+1]
		for _, phase := range r.phases {
			dst[out] = dot(window, phase)
			out += r.channels
		}
	}
	copy(history, history[n:n+before])
}

// dot is one filtered sample. Four sums are what a core adds up side by side.
func dot(samples, taps []int32) int16 {
	var a, b, c, d int64
	for len(taps) >= 4 && len(samples) >= 4 {
		a += int64(samples[0]) * int64(taps[0])
		b += int64(samples[1]) * int64(taps[1])
		c += int64(samples[2]) * int64(taps[2])
		d += int64(samples[3]) * int64(taps[3])
		samples, taps = samples[4:], taps[4:]
	}
	for i, tap := range taps {
		a += int64(samples[i]) * int64(tap)
	}
	return clip(int((a + b + c + d + scale/2) >> 20))
}

func clip(v int) int16 { return int16(min(max(v, math.MinInt16), math.MaxInt16)) }

// CopyState makes r go on where from is, which converts alike.
func (r *Resampler) CopyState(from *Resampler) error {
	if r.up != from.up || r.down != from.down || r.channels != from.channels {
		return errors.New("resample: copy state between different conversions")
	}
	for c := range r.history {
		copy(r.history[c], from.history[c])
	}
	return nil
}

// Reset forgets the stream so far.
func (r *Resampler) Reset() {
	for _, h := range r.history {
		clear(h)
	}
}
