//go:build cgo

package audio_test

import (
	"fmt"
	"math"
	"slices"
	"testing"
	"time"

	"github.com/omniverto/omniverto/media"
	"github.com/omniverto/omniverto/media/opus"
	"github.com/omniverto/omniverto/mixer/audio"
)

// coding is how a room's real encoders are made.
type coding struct {
	name     string
	bitrate  int // 48,000: speech mode; 96,000: transforms only
	ownCheap bool
}

// codings are the speech modes, and transforms only where the encoders can do
// without prediction.
func codings() []coding {
	all := []coding{{"speech", 48000, false}, {"speech, own ones cheap", 48000, true}}
	if _, ok := any((*opus.Encoder)(nil)).(audio.PredictionSetter); ok {
		all = append(all, coding{"transforms", 96000, false}, coding{"transforms, own ones cheap", 96000, true})
	}
	return all
}

// encoders makes those of the common mixes first, then those of own mixes.
func (c coding) encoders(k audio.Kind, common bool) (media.AudioEncoder, error) {
	o := opus.EncoderOptions{Channels: k.Channels, Bitrate: c.bitrate, Complexity: 5}
	if k.Lossy {
		o.FEC, o.LossPercent = true, 10
	}
	if c.ownCheap && !common {
		o.Complexity = 0
	}
	return opus.NewEncoder(o)
}

// moving is a way to move a listener between the common stream and his own
// without changing what he hears by more than a codec does.
type moving struct {
	name  string
	lossy bool
	set   func(r *opusRoom, p *audio.Port, talk *bool, on bool)
}

func movings() []moving {
	hum := func() audio.Source { return tone(1000, toneAmplitude, 1) } // whole periods a tick: always in phase
	return []moving{
		{"talking", false, func(_ *opusRoom, _ *audio.Port, talk *bool, on bool) { *talk = on }},
		{"volume", false, func(_ *opusRoom, p *audio.Port, _ *bool, on bool) { p.SetVolumeOut(dB(on, -0.01)) }},
		{"relation", false, func(r *opusRoom, _ *audio.Port, _ *bool, on bool) { r.SetRelation(3, 5, audio.Relation{NoHear: on}) }},
		{"hold", false, func(_ *opusRoom, p *audio.Port, _ *bool, on bool) {
			if on {
				p.SetHold(true, hum())
			} else {
				p.SetHold(false, nil)
			}
		}},
		{"announcement", false, func(r *opusRoom, _ *audio.Port, _ *bool, on bool) {
			if on {
				r.Announce(music(1, 9), audio.Announcement{To: 3})
			}
		}},
		{"loss class", true, func(_ *opusRoom, p *audio.Port, _ *bool, on bool) { p.SetLossy(on) }},
		{"loss class and talking", true, func(_ *opusRoom, p *audio.Port, talk *bool, on bool) { p.SetLossy(on); *talk = !on }},
	}
}

// TestEveryMoveIsInaudible: through each of the moves the tone keeps its level,
// and beside it is no more than 6 dB above what the codec always adds (media.md
// 22), or than -60 dBFS.
func TestEveryMoveIsInaudible(t *testing.T) {
	t.Parallel()
	for _, c := range codings() {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			still, _ := c.listen(t, nil)
			lossy, _ := c.listen(t, func(r *opusRoom, p *audio.Port, _ *bool, _ bool) { p.SetLossy(true) })
			usual := -200.0
			alone, _ := c.listen(t, func(_ *opusRoom, p *audio.Port, _ *bool, _ bool) { p.SetVolumeOut(-0.01) })
			for _, pcm := range slices.Concat(still[10:], lossy[40:], alone[10:]) {
				usual = max(usual, rest(pcm, 1000))
			}
			loud := 20 * math.Log10(toneAmplitude/32768.0)
			for _, m := range movings() {
				moved, s := c.listen(t, m.set)
				if len(moved) != len(still) || s.StateCopies < 3 || s.EncodeErrors > 0 {
					t.Fatalf("%s: %d frames, %+v", m.name, len(moved), s)
				}
				worst, off := -200.0, 0.0
				for _, pcm := range moved[10:] {
					worst = max(worst, rest(pcm, 1000))
					off = max(off, math.Abs(dBFS(pcm, 1000)-loud))
				}
				t.Logf("%-24s beside the tone up to %.1f dBFS, usual %.1f; level within %.2f dB", m.name, worst, usual, off)
				bound := max(usual+6, -60)
				switch {
				case m.lossy && c.bitrate > 48000:
					bound = -30 // redundancy makes Opus change its mode, which is no cleaner than that
				case c.ownCheap && c.bitrate <= 48000:
					bound += 3 // encoders of speech that differ in complexity agree less
				}
				if worst > bound || off > 1 {
					t.Errorf("%s: %.1f dBFS beside the tone, usual %.1f; level %.2f dB off", m.name, worst, usual, off)
				}
			}
		})
	}
}

// listen returns what member 3 hears of a tone while he is moved to and fro.
func (c coding) listen(t *testing.T, set func(r *opusRoom, p *audio.Port, talk *bool, on bool)) ([][]int16, audio.Stats) {
	t.Helper()
	common := true
	r := &opusRoom{Mixer: audio.New(audio.Options{
		Clock: media.NewClock(), Channels: 1, Frames: media.NewFramePool(16),
		NewEncoderFor: func(k audio.Kind) (media.AudioEncoder, error) { return c.encoders(k, common) },
	})}
	defer r.Close()
	r.Add(1, tone(1000, toneAmplitude, 1), nil)
	r.Add(5, tone(2000, 5, 1), nil)
	r.Add(2, nil, newPhone(t))
	r.Add(4, nil, newPhone(t)).SetLossy(true)
	common = false
	r.step()
	talk, p := false, newPhone(t)
	own := tone(440, 3000, 1)
	port := r.Add(3, source(func(_ int, dst []int16) media.Outcome {
		if !talk {
			return media.Silence
		}
		return own.Pull(dst)
	}), p)
	r.step()
	ticks := [...]int{5, 32, 12, 45, 3, 15, 25, 37} // also shorter than it takes to come back
	for i := range 8 {
		if set != nil {
			set(r, port, &talk, i%2 == 0)
		}
		for range ticks[i%len(ticks)] {
			r.step()
		}
	}
	return p.ticks, r.Stats()
}

// opusVoices measures a tick of a room in which everybody talks with real
// encoders.
func opusVoices(b *testing.B, channels, talkers, listeners, complexity int) time.Duration {
	m := audio.New(audio.Options{
		Clock: media.NewClock(), Channels: channels, Frames: media.NewFramePool(64),
		NewEncoderFor: func(k audio.Kind) (media.AudioEncoder, error) {
			return opus.NewEncoder(opus.EncoderOptions{Channels: k.Channels, Bitrate: 24000 * (1 + k.Channels), Complexity: complexity})
		},
	})
	defer m.Close()
	for i := range talkers {
		m.Add(audio.PortID(i+1), recorded(vowel(float64(100+7*i)), 50), deafEar{})
	}
	for i := range listeners {
		m.Add(audio.PortID(1000+i), silent(), deafEar{})
	}
	b.ReportAllocs()
	var tick int64
	for b.Loop() {
		m.Step(tick, time.Duration(tick)*media.AudioTick)
		tick++
	}
	return b.Elapsed() / time.Duration(b.N)
}

// BenchmarkOpusRoom is a whole tick with the encodes of real Opus.
func BenchmarkOpusRoom(b *testing.B) {
	for _, c := range []struct{ channels, talkers, listeners, complexity int }{
		{1, 2, 98, 5}, {1, 10, 90, 5}, {1, 20, 0, 5}, {1, 20, 0, 0}, {2, 1, 19, 5}, {2, 20, 0, 5}, {2, 20, 0, 2}, {2, 20, 0, 0},
	} {
		b.Run(fmt.Sprintf("channels=%d/talkers=%d/listeners=%d/complexity=%d", c.channels, c.talkers, c.listeners, c.complexity), func(b *testing.B) {
			took := opusVoices(b, c.channels, c.talkers, c.listeners, c.complexity)
			b.ReportMetric(100*took.Seconds()/media.AudioTick.Seconds(), "%core")
			b.ReportMetric(float64(c.talkers)*media.AudioTick.Seconds()/took.Seconds(), "talkers/core")
		})
	}
}
