package load

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/omniverto/omniverto/media"
	"github.com/omniverto/omniverto/media/opus"
)

// TestBeepThroughCodecs sends talkers through their microphones, a mix with its
// limiter's loss and a second encoder, as a server does, and hears every beep
// where it was put, less the two encoders' look-ahead.
func TestBeepThroughCodecs(t *testing.T) {
	for _, talkers := range []int{1, maxBeeps} {
		mixed := mix(t, talkers)
		for k := range talkers {
			e, found := newEar(beepPitch(k)), 0
			for n := 0; n < len(mixed); n += media.TickSamples {
				at, ok := e.listen(mixed[n:n+media.TickSamples], 1)
				if !ok {
					continue
				}
				found++
				late := math.Mod(at-float64(beepCentre(k)), soundSamples) / media.SampleRate * 1000
				if late < 8 || late > 18 { // 2 × 6.5 ms
					t.Errorf("%d talkers: beep of %d heard %.1f ms late at %.0f", talkers, k, late, at)
				}
			}
			if found != len(mixed)/soundSamples {
				t.Errorf("%d talkers: heard %d beeps of talker %d, want %d", talkers, found, k, len(mixed)/soundSamples)
			}
		}
	}
}

// mix is two loops of that many talkers as a listener hears them, and what the
// codecs still hold.
func mix(t *testing.T, talkers int) []int16 {
	t.Helper()
	const packets = 2*soundPackets + 3
	sum := make([]int, packets*media.TickSamples)
	for k := range talkers {
		loop, err := encodeTalk(k)
		if err != nil {
			t.Fatal(err)
		}
		for i, v := range decodeSound(t, loop, packets) {
			sum[i] += int(v)
		}
	}
	gain := 1.0
	for _, v := range sum {
		gain = min(gain, 30000/math.Max(math.Abs(float64(v)), 1))
	}
	enc, err := opus.NewEncoder(opus.EncoderOptions{Channels: 1, Bitrate: 48000, Complexity: 5, FEC: true, LossPercent: 3})
	if err != nil {
		t.Fatal(err)
	}
	defer enc.Close()
	var loop [][]byte
	pcm, buf := make([]int16, media.TickSamples), make([]byte, 1500)
	for n := range packets {
		for i := range pcm {
			pcm[i] = int16(gain * float64(sum[n*media.TickSamples+i]))
		}
		size, err := enc.Encode(pcm, buf)
		if err != nil {
			t.Fatal(err)
		}
		loop = append(loop, append([]byte(nil), buf[:size]...))
	}
	return decodeSound(t, loop, packets)
}

func decodeSound(t *testing.T, loop [][]byte, packets int) []int16 {
	t.Helper()
	dec, err := opus.NewDecoder(1)
	if err != nil {
		t.Fatal(err)
	}
	defer dec.Close()
	out := make([]int16, packets*media.TickSamples)
	for n := range packets {
		if _, err := dec.Decode(loop[n%len(loop)], out[n*media.TickSamples:(n+1)*media.TickSamples]); err != nil {
			t.Fatal(err)
		}
	}
	return out
}

// TestNoBeep: neither voices, nor noise, nor a steady tone is a beep.
func TestNoBeep(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	sounds := map[string]func(n int) float64{
		"hum":         func(n int) float64 { return hum(1, n) + hum(2, n) },
		"noise":       func(int) float64 { return 0.05 * r.NormFloat64() },
		"steady tone": func(n int) float64 { return 0.1 * math.Sin(2*math.Pi*beepPitch(0)*float64(n)/media.SampleRate) },
	}
	for name, sound := range sounds {
		e, pcm, heard := newEar(beepPitch(0)), make([]int16, 4*media.SampleRate), 0
		for n := range pcm {
			pcm[n] = int16(32767 * sound(n))
		}
		for n := 0; n < len(pcm); n += media.TickSamples {
			if _, ok := e.listen(pcm[n:n+media.TickSamples], 1); ok {
				heard++
			}
		}
		if heard > 0 {
			t.Errorf("heard %d beeps in %s", heard, name)
		}
	}
}

func TestSilenceLoop(t *testing.T) {
	for _, tt := range []struct {
		dtx       bool
		low, high int
	}{{false, soundPackets, soundPackets}, {true, 1, soundPackets / 10}} {
		loop, err := encodeSilence(tt.dtx)
		if err != nil {
			t.Fatal(err)
		}
		sent := 0
		for _, p := range loop {
			if p != nil {
				sent++
			}
		}
		if sent < tt.low || sent > tt.high {
			t.Errorf("dtx %v: %d of %d packets are sent, want %d to %d", tt.dtx, sent, len(loop), tt.low, tt.high)
		}
	}
}
