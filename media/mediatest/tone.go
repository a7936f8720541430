package mediatest

import (
	"math"

	"github.com/omniverto/omniverto/media"
)

// Tone fills interleaved pcm with the same sine in every channel: hz at level
// dBFS (0 is the peak of full scale), 48 kHz. start is the number of samples per
// channel since the tone began, so that successive calls join without a click.
func Tone(pcm []int16, channels int, hz, dBFS float64, start int) {
	amplitude := 32767 * math.Pow(10, dBFS/20)
	for i := 0; i+channels <= len(pcm); i += channels {
		phase := 2 * math.Pi * hz * float64(start+i/channels) / media.SampleRate
		v := int16(math.RoundToEven(amplitude * math.Sin(phase)))
		for c := range channels {
			pcm[i+c] = v
		}
	}
}

// Floor is the level in dBFS that the meters give for silence.
const Floor = -150

// Level is the level of one channel of interleaved pcm in dBFS: its power against
// that of a full-scale sine, which therefore has 0.
func Level(pcm []int16, channels, channel int) float64 {
	sum, n := 0.0, 0
	for i := channel; i < len(pcm); i += channels {
		v := float64(pcm[i]) / 32767
		sum += v * v
		n++
	}
	if n == 0 {
		return Floor
	}
	return decibel(2 * sum / float64(n))
}

// Goertzel is the level in dBFS of the frequency hz in one channel of interleaved
// pcm of 48 kHz: a tone as made by Tone gives back its level. A Hann window keeps
// tones from leaking into each other: two tones are told apart by more than 60 dB
// if they lie at least four divided by the duration apart (200 Hz at 20 ms).
func Goertzel(pcm []int16, channels, channel int, hz float64) float64 {
	n := (len(pcm) - channel + channels - 1) / channels
	if n < 2 {
		return Floor
	}
	turn := 2 * math.Pi * hz / media.SampleRate
	coefficient := 2 * math.Cos(turn)
	var s1, s2, weight float64
	for k := range n {
		w := 0.5 - 0.5*math.Cos(2*math.Pi*float64(k)/float64(n-1))
		s1, s2 = w*float64(pcm[k*channels+channel])/32767+coefficient*s1-s2, s1
		weight += w
	}
	power := s1*s1 + s2*s2 - coefficient*s1*s2
	return decibel(4 * power / (weight * weight))
}

func decibel(power float64) float64 {
	if power <= 0 {
		return Floor
	}
	return max(10*math.Log10(power), Floor)
}
