package audio_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/omniverto/omniverto/media"
	"github.com/omniverto/omniverto/mixer/audio"
)

// nullEncoder costs nothing, so that the mix itself is measured.
type nullEncoder struct{}

func (nullEncoder) Encode(_ []int16, dst []byte) (int, error) {
	clear(dst[:100])
	return 100, nil
}
func (nullEncoder) CopyState(media.AudioEncoder) error { return nil }
func (nullEncoder) Close() error                       { return nil }

// voice repeats one tick of noise, if it talks.
type voice struct {
	pcm  []int16
	talk bool
}

func (v *voice) Pull(dst []int16) media.Outcome {
	if !v.talk {
		return media.Silence
	}
	copy(dst, v.pcm)
	return media.Sound
}

type deafEar struct{}

func (deafEar) WriteFrame(*media.Frame) {}

// crowd is a stereo room in which every nth member talks.
func crowd(members, every int) (*audio.Mixer, []*voice) {
	m := audio.New(audio.Options{
		Clock: media.NewClock(), Channels: 2, Frames: media.NewFramePool(8),
		NewEncoder: func() (media.AudioEncoder, error) { return nullEncoder{}, nil },
	})
	pcm := make([]int16, 2*media.TickSamples)
	for i := range pcm {
		pcm[i] = int16(i*7919%2001 - 1000)
	}
	voices := make([]*voice, members)
	for i := range voices {
		voices[i] = &voice{pcm: pcm, talk: i%every == 0}
		m.Add(audio.PortID(i+1), voices[i], deafEar{})
	}
	return m, voices
}

var sizes = []int{10, 100, 500}

func TestStepAllocatesNothing(t *testing.T) {
	for _, members := range sizes {
		t.Run(fmt.Sprint(members), func(t *testing.T) {
			m, voices := crowd(members, 3)
			defer m.Close()
			var tick int64
			step := func() {
				// Somebody begins or stops to talk in every tick.
				v := voices[tick%int64(members)]
				v.talk = !v.talk
				m.Step(tick, time.Duration(tick)*media.AudioTick)
				tick++
			}
			for range 3 {
				step()
			}
			if got := testing.AllocsPerRun(50, step); got != 0 {
				t.Errorf("%v allocations per step", got)
			}
		})
	}
}

func bench(b *testing.B, every int) {
	for _, members := range sizes {
		b.Run(fmt.Sprint(members), func(b *testing.B) {
			m, _ := crowd(members, every)
			defer m.Close()
			b.ReportAllocs()
			var tick int64
			for b.Loop() {
				m.Step(tick, time.Duration(tick)*media.AudioTick)
				tick++
			}
			busy := b.Elapsed().Seconds() / float64(b.N) / media.AudioTick.Seconds()
			b.ReportMetric(100*busy, "%core")
		})
	}
}

// BenchmarkMix is the worst case: everybody talks, so everybody has a mix of his
// own. Encoding is not measured.
func BenchmarkMix(b *testing.B) { bench(b, 1) }

// BenchmarkMixFewTalk is an ordinary meeting: one in fifty talks.
func BenchmarkMixFewTalk(b *testing.B) { bench(b, 50) }
