//go:build cgo

package audio_test

import (
	"bytes"
	"math"
	"slices"
	"testing"
	"time"

	"github.com/omniverto/omniverto/media"
	"github.com/omniverto/omniverto/media/opus"
	"github.com/omniverto/omniverto/mixer/audio"
)

// opusRoom is a mixer with real encoders.
type opusRoom struct {
	*audio.Mixer
	tick int64
}

func newOpusRoom(t *testing.T) *opusRoom {
	t.Helper()
	m := audio.New(audio.Options{
		Clock: media.NewClock(), Channels: 1, Frames: media.NewFramePool(16),
		NewEncoder: func() (media.AudioEncoder, error) {
			return opus.NewEncoder(opus.EncoderOptions{Channels: 1, Bitrate: 48000, Complexity: 5, FEC: true, LossPercent: 5})
		},
	})
	t.Cleanup(m.Close)
	return &opusRoom{Mixer: m}
}

func (r *opusRoom) step() {
	r.Step(r.tick, time.Duration(r.tick)*media.AudioTick)
	r.tick++
}

// phone is a listener who decodes.
type phone struct {
	t       *testing.T
	decoder *opus.Decoder
	packets [][]byte
	ticks   [][]int16
}

func newPhone(t *testing.T) *phone {
	t.Helper()
	d, err := opus.NewDecoder(1)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	return &phone{t: t, decoder: d}
}

func (p *phone) WriteFrame(f *media.Frame) {
	pcm := make([]int16, media.TickSamples)
	if n, err := p.decoder.Decode(f.Fragments[0], pcm); err != nil || n != len(pcm) {
		p.t.Errorf("decoded %d samples, %v", n, err)
	}
	p.packets = append(p.packets, bytes.Clone(f.Fragments[0]))
	p.ticks = append(p.ticks, pcm)
}

// vowel sounds a little like somebody who says a long vowel in waves.
func vowel(pitch float64) *sourceFunc {
	return source(func(n int, dst []int16) media.Outcome {
		for i := range dst {
			at := float64(n*media.TickSamples+i) / media.SampleRate
			swell := 0.6 + 0.4*math.Sin(2*math.Pi*1.7*at)
			v := 0.0
			for k := 1.0; k <= 12; k++ {
				v += math.Sin(2*math.Pi*k*(pitch*at+0.3*math.Sin(2*math.Pi*3*at))) / (1 + math.Abs(k-4))
			}
			dst[i] = int16(4000 * swell * v / 2)
		}
		return media.Sound
	})
}

// between talks from one tick to another.
func between(src audio.Source, from, to int) *sourceFunc {
	return source(func(n int, dst []int16) media.Outcome {
		if n < from || n >= to {
			return media.Silence
		}
		return src.Pull(dst)
	})
}

// TestOnsetIsBitExact: a listener who begins to talk gets the very packets that
// he would have got had he stayed silent; and when he is back in the shared
// stream, the change stays within what two encoders always differ by.
func TestOnsetIsBitExact(t *testing.T) {
	t.Parallel()
	const from, to, end = 60, 160, 400
	hear := func(talks audio.Source) *phone {
		r := newOpusRoom(t)
		r.Add(1, vowel(120), newPhone(t))
		r.Add(3, nil, newPhone(t)) // keeps the shared stream alive
		p := newPhone(t)
		r.Add(2, talks, p)
		for range end {
			r.step()
		}
		return p
	}
	still, talker := hear(silent()), hear(between(vowel(210), from, to))
	if len(still.packets) != end || len(talker.packets) != end {
		t.Fatalf("%d and %d packets in %d ticks", len(still.packets), len(talker.packets), end)
	}
	back := to + 20 // ticks of equal input
	for i := range back {
		if !bytes.Equal(still.packets[i], talker.packets[i]) {
			t.Fatalf("packet %d differs; he talks from %d to %d", i, from, to)
		}
	}
	var changes []float64
	for i := back; i < end; i++ {
		changes = append(changes, difference(still.ticks[i], talker.ticks[i]))
	}
	steady := slices.Clone(changes[20:])
	slices.Sort(steady)
	usual := steady[len(steady)*9/10]
	for i, d := range changes[:20] {
		if d > max(usual+6, -60) {
			t.Errorf("%d ticks after his return the streams differ by %.1f dBFS, usual are %.1f", i, d, usual)
		}
	}
}

// TestToneWithoutGap: a listener hears a steady 1 kHz tone while 50 others come
// and go and he himself talks now and then, which moves him between the shared
// and his own stream. The tone never sags, and the codec's noise stays
// within 6 dB of that in a room where nothing happens (media.md 22).
func TestToneWithoutGap(t *testing.T) {
	t.Parallel()
	still, _ := toneRoom(t, false)
	moved, s := toneRoom(t, true)
	if s.StateCopies < 10 || s.OwnEncodes < 100 || s.SharedEncodes == s.OwnEncodes {
		t.Errorf("he did not change streams often enough: %+v", s)
	}
	if len(moved) != len(still) {
		t.Fatalf("%d frames, want %d", len(moved), len(still))
	}
	usual := -200.0
	for _, pcm := range still[5:] {
		usual = max(usual, rest(pcm, 1000))
	}
	loud := 20 * math.Log10(toneAmplitude/32768.0)
	for i, pcm := range moved[5:] {
		if got := dBFS(pcm, 1000); math.Abs(got-loud) > 0.5 {
			t.Errorf("tick %d: the tone is at %.2f dBFS, want %.2f", i+5, got, loud)
		}
		if got := rest(pcm, 1000); got > usual+6 {
			t.Errorf("tick %d: %.1f dBFS beside the tone, usual are up to %.1f", i+5, got, usual)
		}
	}
}

const toneAmplitude = 8000

// toneRoom returns what a listener hears in a room with a tone; with moves, he
// talks at times, and guests come and go.
func toneRoom(t *testing.T, moves bool) ([][]int16, audio.Stats) {
	t.Helper()
	r := newOpusRoom(t)
	r.Add(1, tone(1000, toneAmplitude, 1), nil)
	r.Add(2, nil, newPhone(t))
	p, own, talks := newPhone(t), tone(440, 3000, 1), false
	r.Add(3, source(func(_ int, dst []int16) media.Outcome {
		if !talks {
			return media.Silence
		}
		return own.Pull(dst)
	}), p)
	for i := range 50 {
		var guest *audio.Port
		if moves {
			talks = i%4 == 1
			guest = r.Add(audio.PortID(10+i), silent(), newPhone(t))
		}
		for range 4 + i%9 {
			r.step()
		}
		if moves {
			r.Remove(guest)
		}
		for range 8 {
			r.step()
		}
	}
	return p.ticks, r.Stats()
}

// recorded repeats the first ticks of src, at no cost.
func recorded(src audio.Source, ticks int) *sourceFunc {
	pcm := make([][media.TickSamples]int16, ticks)
	for i := range pcm {
		src.Pull(pcm[i][:])
	}
	return source(func(n int, dst []int16) media.Outcome {
		channels := len(dst) / media.TickSamples
		for i := range dst {
			dst[i] = pcm[n%ticks][i/channels]
		}
		return media.Sound
	})
}

// BenchmarkOpusTalker is what one more talker costs: his part of the mix and his
// own encode.
func BenchmarkOpusTalker(b *testing.B) {
	m := audio.New(audio.Options{
		Clock: media.NewClock(), Channels: 1, Frames: media.NewFramePool(16),
		NewEncoder: func() (media.AudioEncoder, error) {
			return opus.NewEncoder(opus.EncoderOptions{Channels: 1, Bitrate: 48000, Complexity: 5, FEC: true, LossPercent: 5})
		},
	})
	defer m.Close()
	const talkers = 10
	for i := range talkers {
		m.Add(audio.PortID(i+1), recorded(vowel(float64(100+10*i)), 50), deafEar{})
	}
	b.ReportAllocs()
	var tick int64
	for b.Loop() {
		m.Step(tick, time.Duration(tick)*media.AudioTick)
		tick++
	}
	b.ReportMetric(b.Elapsed().Seconds()*1e6/float64(b.N)/talkers, "µs/talker")
}
