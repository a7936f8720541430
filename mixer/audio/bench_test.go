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

// crowd is a stereo room in which some members talk.
func crowd(members, talkers int) (*audio.Mixer, []*voice) {
	m := audio.New(audio.Options{
		Clock: media.NewClock(), Channels: 2, Frames: media.NewFramePool(64), Complexity: 5,
		NewEncoderFor: func(audio.Kind) (media.AudioEncoder, error) { return nullEncoder{}, nil },
	})
	pcm := make([]int16, 2*media.TickSamples)
	for i := range pcm {
		pcm[i] = int16(i*7919%2001 - 1000)
	}
	voices := make([]*voice, members)
	for i := range voices {
		voices[i] = &voice{pcm: pcm, talk: i < talkers}
		m.Add(audio.PortID(i+1), voices[i], deafEar{})
	}
	return m, voices
}

func TestStepAllocatesNothing(t *testing.T) {
	for _, members := range []int{10, 100, 500} {
		t.Run(fmt.Sprint(members), func(t *testing.T) {
			m, voices := crowd(members, members/3)
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

// TestStepAllocatesNothingWithEverything has every member in some special state,
// several kinds, announcements, relations and a limiter at work.
func TestStepAllocatesNothingWithEverything(t *testing.T) {
	m, _ := everything()
	defer m.Close()
	var tick int64
	step := func() {
		m.Step(tick, time.Duration(tick)*media.AudioTick)
		tick++
	}
	for range 60 {
		step()
	}
	if got := testing.AllocsPerRun(200, step); got != 0 {
		t.Errorf("%v allocations per step", got)
	}
	if s := m.Stats(); s.LimiterGain == 1 || s.Listeners == 0 || s.OwnEncodes < 1000 {
		t.Errorf("the room is too tame: %+v", s)
	}
}

// everything is a room of 60 in which all features are in use.
func everything() (*audio.Mixer, []*audio.Port) {
	m := audio.New(audio.Options{
		Clock: media.NewClock(), Channels: 2, Frames: media.NewFramePool(64), Complexity: 5, EnergyLevel: 100,
		NewEncoderFor: func(audio.Kind) (media.AudioEncoder, error) { return nullEncoder{}, nil },
	})
	m.SetComfortNoise(1400)
	pcm := make([]int16, 2*media.TickSamples)
	for i := range pcm {
		pcm[i] = int16(i*7919%20001 - 10000)
	}
	var ports []*audio.Port
	for i := range 60 {
		p := m.AddPort(audio.PortID(i+1), &voice{pcm: pcm, talk: i%2 == 0}, deafEar{},
			audio.PortOptions{Form: media.AudioForm{Codec: media.AudioCodec(i % 4), Channels: 1 + i%2}})
		ports = append(ports, p)
		p.SetMuted(i%11 == 3)
		p.SetDeaf(i%13 == 4)
		p.SetLossy(i%3 == 0)
		p.SetTalkDetectMuted(i%2 == 0)
		switch i % 7 {
		case 0:
			p.SetVolumeIn(3)
		case 1:
			p.SetVolumeOut(6)
		case 2:
			p.SetPosition(0.5, true)
		case 3:
			p.SetAGC(audio.AGC{Level: 1100})
		case 4:
			p.SetHold(true, &voice{pcm: pcm, talk: true})
		case 5:
			m.SetRelation(audio.PortID(i), audio.PortID(i+1), audio.Relation{NoSpeak: true, NoHear: true})
		case 6:
			m.Announce(&voice{pcm: pcm, talk: true}, audio.Announcement{To: p.ID(), Alone: i%2 == 0})
		}
	}
	m.Announce(&voice{pcm: pcm, talk: true}, audio.Announcement{Gain: -3})
	return m, ports
}

// BenchmarkTick is the mix without encodes.
func BenchmarkTick(b *testing.B) {
	for _, members := range []int{10, 100, 500, 1000} {
		for _, talkers := range []int{2, 10, 50} {
			if talkers > members {
				continue
			}
			b.Run(fmt.Sprintf("members=%d/talkers=%d", members, talkers), func(b *testing.B) {
				m, _ := crowd(members, talkers)
				defer m.Close()
				step(b, m)
				busy := b.Elapsed().Seconds() / float64(b.N) / media.AudioTick.Seconds()
				b.ReportMetric(float64(members)/busy, "members/core")
			})
		}
	}
}

// BenchmarkEverything is a tick of 60 members with all features in use.
func BenchmarkEverything(b *testing.B) {
	m, _ := everything()
	defer m.Close()
	step(b, m)
}

func step(b *testing.B, m *audio.Mixer) {
	b.ReportAllocs()
	var tick int64
	for ; tick < 20; tick++ {
		m.Step(tick, time.Duration(tick)*media.AudioTick)
	}
	for b.Loop() {
		m.Step(tick, time.Duration(tick)*media.AudioTick)
		tick++
	}
	b.ReportMetric(100*b.Elapsed().Seconds()/float64(b.N)/media.AudioTick.Seconds(), "%core")
}
