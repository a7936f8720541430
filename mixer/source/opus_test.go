//go:build cgo

package source_test

import (
	"bytes"
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/omniverto/omniverto/media"
	"github.com/omniverto/omniverto/media/mediatest"
	"github.com/omniverto/omniverto/media/opus"
	"github.com/omniverto/omniverto/mixer/source"
)

// speech is words of a voice over a background of noise, in channels; loud tells
// for each packet of n samples whether there is a word in it.
func speech(seconds, n, channels int) (pcm []int16, loud []bool) {
	voice, rng := vowel(130), newRand(30)
	pcm = make([]int16, seconds*media.SampleRate*channels)
	loud = make([]bool, seconds*media.SampleRate/n)
	for i := range seconds * media.SampleRate {
		at := float64(i) / media.SampleRate
		v := 8 * (rng.Float64() - 0.5) // -83 dBFS
		if into := math.Mod(at, 2) - 1; into > 0 {
			loud[min(i/n, len(loud)-1)] = true
			v += float64(voice[i%len(voice)]) * math.Min(1, into*200)
		}
		for c := range channels {
			pcm[i*channels+c] = int16(math.Round(v / float64(c+1)))
		}
	}
	return pcm, loud
}

// code encodes packets of n samples that arrive 20 ms after they were spoken.
func code(t testing.TB, pcm []int16, n, channels int, o opus.EncoderOptions) []sent {
	t.Helper()
	o.Channels = channels
	enc, err := opus.NewEncoder(o)
	if err != nil {
		t.Fatal(err)
	}
	defer enc.Close()
	var out []sent
	buf := make([]byte, 4000)
	for i := 0; (i+1)*n*channels <= len(pcm); i++ {
		size, err := enc.Encode(pcm[i*n*channels:(i+1)*n*channels], buf)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, sent{
			at: sec + time.Duration(i*n)*sec/48000, ssrc: 1, seq: uint16(i), ts: uint32(i * n), payload: bytes.Clone(buf[:size]),
		})
	}
	return out
}

func opusEar(t testing.TB, channels int) *ear {
	e := &ear{clock: media.NewClock(), dst: make([]int16, media.TickSamples*channels)}
	e.Audio = source.NewAudio(source.AudioOptions{
		Clock: e.clock, Channels: channels, Log: testLog(t),
		NewDecoder: func() (media.AudioDecoder, error) { return opus.NewDecoder(channels) },
	})
	t.Cleanup(e.Close)
	return e
}

// TestOnsetAfterSkippedSilence: the first word after silence that was not decoded
// sounds as if all had been decoded (media.md 24).
func TestOnsetAfterSkippedSilence(t *testing.T) {
	modes := map[string]opus.EncoderOptions{
		"voice":     {Bitrate: 24_000, Complexity: 5, FEC: true, LossPercent: 5},
		"rich":      {Bitrate: 96_000, Complexity: 5},
		"thin":      {Bitrate: 12_000, Complexity: 5, FEC: true, LossPercent: 10},
		"very rich": {Bitrate: 192_000, Complexity: 9},
	}
	for name, o := range modes {
		for channels, level := range map[int]uint8{1: 80, 2: 127} {
			t.Run(fmt.Sprintf("%s, level %d, %d channels", name, level, channels), func(t *testing.T) {
				pcm, loud := speech(6, media.TickSamples, channels)
				packets := code(t, pcm, media.TickSamples, channels, o)
				dec, err := opus.NewDecoder(channels)
				if err != nil {
					t.Fatal(err)
				}
				defer dec.Close()
				want := make([][]int16, len(packets))
				for i := range packets {
					want[i] = make([]int16, media.TickSamples*channels)
					if _, err := dec.Decode(packets[i].payload, want[i]); err != nil {
						t.Fatal(err)
					}
					if packets[i].level = 20; !loud[i] {
						packets[i].level = level
					}
				}
				e := opusEar(t, channels)
				worst := math.Inf(-1)
				drive(e, packets, 7*ms, packets[len(packets)-1].at, func(now time.Duration) {
					i := int((now - sec) / (20 * ms))
					if o := source.PullAt(e.Audio, now, e.dst); o == media.Sound && now > 3*sec && loud[i] {
						worst = max(worst, apart(e.dst, want[i]))
					}
				})
				s := e.Stats()
				if worst > -100 || s.Undecoded < 100 {
					t.Errorf("%.1f dBFS apart, %+v", worst, s)
				}
			})
		}
	}
}

// apart is the level in dBFS of a-b.
func apart(a, b []int16) float64 {
	sum := 0.0
	for i, v := range a {
		d := float64(v) - float64(b[i])
		sum += d * d
	}
	return 10 * math.Log10(sum/float64(len(a))/32768/32768+1e-15)
}

// TestRealStream: a stream that changes the length of its packets and its
// channels all the time, over a network that loses some, keeps its tone.
func TestRealStream(t *testing.T) {
	e := opusEar(t, 2)
	song := tone(440, 8000)
	var packets []sent
	seq, ts := 0, 0
	for part := range 40 {
		n, channels := []int{120, 240, 480, 960, 1920, 2880}[part%6], 1+part%2
		pcm := make([]int16, media.SampleRate/2/n*n*channels)
		for i := range len(pcm) / channels {
			for c := range channels {
				pcm[i*channels+c] = song[(ts+i)%len(song)]
			}
		}
		for _, p := range code(t, pcm, n, channels, opus.EncoderOptions{Bitrate: 48_000, Complexity: 5, FEC: true, LossPercent: 10}) {
			p.seq, p.ts = uint16(seq), uint32(ts)
			p.at = sec + time.Duration(ts+n)*sec/48000
			packets = append(packets, p)
			seq, ts = seq+1, ts+n
		}
	}
	packets = network{delay: 20 * ms, jitter: 20 * ms, loss: 0.03, rng: newRand(40)}.carry(packets)
	got := record(e, packets, 3*sec, 20*sec)
	for from := 0; from+media.SampleRate <= len(got); from += media.SampleRate {
		if l := mediatest.Goertzel(got[from:from+media.SampleRate], 2, 1, 440); math.Abs(l+12.2) > 3 { // each new encoder begins anew
			t.Errorf("after %d s the tone is at %.1f dBFS", from/media.SampleRate/2, l)
		}
	}
	if s := e.Stats(); s.Errors > 0 || s.Concealed > 800*ms {
		t.Errorf("%+v", s)
	}
}

// BenchmarkAudioOpus is one tick of a talker with its decoder, and of one whose
// level says that he is silent.
func BenchmarkAudioOpus(b *testing.B) {
	pcm, _ := speech(10, media.TickSamples, 1)
	packets := code(b, pcm, media.TickSamples, 1, opus.EncoderOptions{Bitrate: 32_000, Complexity: 5, FEC: true, LossPercent: 5})
	for name, level := range map[string]uint8{"talking": 20, "silent": 80} {
		b.Run(name, func(b *testing.B) {
			e := opusEar(b, 1)
			p := &media.Packet{SSRC: 1, HasLevel: true, Level: level}
			start := time.Now().Add(-e.clock.Now())
			now := sec
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				p.Arrival, p.Seq, p.Timestamp, p.Payload = start.Add(now), uint16(i), uint32(i*960), packets[i%len(packets)].payload
				e.Push(p)
				source.PullAt(e.Audio, now+7*ms, e.dst)
				now += media.AudioTick
			}
		})
	}
}
