package load

import (
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/omniverto/omniverto/media"
	"github.com/omniverto/omniverto/media/opus"
)

// A talker's sound is a loop of soundPackets ticks: a hum with the rhythm of
// syllables, and once a beep at the talker's own pitch and place in the loop.
const (
	soundPackets = 100 // 2 s
	soundSamples = soundPackets * media.TickSamples

	beepSamples = 40 * media.SampleRate / 1000
	beepRamp    = 3 * media.SampleRate / 1000
	beepLevel   = -14.0 // dBFS
	humLevel    = -32.0 // dBFS of each harmonic

	// maxBeeps is how many talkers have a beep of their own; more talk without.
	maxBeeps            = 20
	lowestBeep, beepGap = 1000, 125 // Hz
)

// soundBitrate is the bit rate of a member's microphone.
const soundBitrate = 32000

// beepPitch is the frequency of the k-th talker's beep, in Hz.
func beepPitch(k int) float64 { return lowestBeep + beepGap*float64(k) }

// beepCentre is the sample of the loop in the middle of the k-th talker's beep.
func beepCentre(k int) int {
	return (2*k+1)*soundSamples/(2*maxBeeps)&^1 + media.TickSamples/3
}

// talk makes the samples of the k-th talker's loop; start moves into the loop,
// which has no seam.
func talk(k int, pcm []int16, start int) {
	beep, centre := k < maxBeeps, beepCentre(k)
	for i := range pcm {
		n := (start + i) % soundSamples
		v := hum(k, n)
		if d := n - centre; beep && d >= -beepSamples/2 && d < beepSamples/2 {
			v += tone(k, d+beepSamples/2)
		}
		pcm[i] = int16(math.Round(32767 * v))
	}
}

// hum is sample n of the talker's voice: four harmonics that come and go four
// times a second. All frequencies are multiples of 1/2 Hz, as the loop needs.
func hum(k, n int) float64 {
	t := float64(n) / media.SampleRate
	base, v := float64(105+7*(k%maxBeeps)), 0.0
	for h := 1.0; h <= 4; h++ {
		v += math.Sin(2 * math.Pi * base * h * t)
	}
	return v * amplitude(humLevel) * (0.6 - 0.4*math.Cos(2*math.Pi*4*t))
}

// tone is sample n of the talker's beep, with ramps that do not click.
func tone(k, n int) float64 {
	edge := float64(min(n, beepSamples-1-n)) / beepRamp
	return amplitude(beepLevel) * min(edge, 1) * math.Sin(2*math.Pi*beepPitch(k)*float64(n)/media.SampleRate)
}

func amplitude(dBFS float64) float64 { return math.Pow(10, dBFS/20) }

// encodeTalk makes the loop of the k-th talker as a browser's microphone: mono.
func encodeTalk(k int) ([][]byte, error) {
	return encodeSound(opus.EncoderOptions{Channels: 1, Bitrate: soundBitrate, Complexity: 9, FEC: true, LossPercent: 1},
		func(pcm []int16, start int) { talk(k, pcm, start) })
}

// encodeSilence makes the loop of a member who says nothing; with dtx most
// packets are empty: not sent.
func encodeSilence(dtx bool) ([][]byte, error) {
	return encodeSound(opus.EncoderOptions{Channels: 1, Bitrate: soundBitrate, Complexity: 5, DTX: dtx},
		func([]int16, int) {})
}

// encodeSound encodes the loop twice and keeps the second, whose beginning fits
// its end. Packets of discontinuous transmission become nil.
func encodeSound(o opus.EncoderOptions, fill func(pcm []int16, start int)) ([][]byte, error) {
	enc, err := opus.NewEncoder(o)
	if err != nil {
		return nil, fmt.Errorf("load: microphone: %w", err)
	}
	defer enc.Close()
	pcm, buf, loop := make([]int16, media.TickSamples), make([]byte, 1500), make([][]byte, soundPackets)
	for n := range 2 * soundPackets {
		fill(pcm, n*media.TickSamples)
		size, err := enc.Encode(pcm, buf)
		if err != nil {
			return nil, fmt.Errorf("load: microphone: packet %d: %w", n, err)
		}
		if n < soundPackets {
			continue
		}
		if size > 2 {
			loop[n-soundPackets] = slices.Clone(buf[:size])
		}
	}
	return loop, nil
}

// beepIn tells whether the loop's packet holds the middle of the k-th talker's
// beep, and how long after the packet's first sample.
func beepIn(k, packet int) (time.Duration, bool) {
	if k >= maxBeeps || beepCentre(k)/media.TickSamples != packet {
		return 0, false
	}
	return time.Duration(beepCentre(k)%media.TickSamples) * time.Second / media.SampleRate, true
}
