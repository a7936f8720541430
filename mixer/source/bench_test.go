package source_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/omniverto/omniverto/media"
	"github.com/omniverto/omniverto/mixer/source"
)

// BenchmarkVideoPush is the cost of one packet up to the queue before the
// decoder, with six packets a picture.
func BenchmarkVideoPush(b *testing.B) {
	v := source.NewVideo(source.VideoOptions{
		Clock: media.NewClock(), Pool: media.NewPicturePool(8), Log: testLog(b), RequestKeyframe: func() {},
		NewDecoder: func() (media.VideoDecoder, error) { return anyScreen{}, nil },
	})
	defer v.Close()
	v.SetVisible(false) // else the throttle drops what comes faster than 90 fps
	data := make([]byte, media.MaxFragment)
	p := &media.Packet{SSRC: 1, Arrival: time.Now(), Payload: data}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		data[0] = 0
		if i%6 == 0 {
			data[0] = 0x10
		}
		p.Seq, p.Timestamp, p.Marker = uint16(i), uint32(i/6*3000), i%6 == 5
		if i%6 == 0 {
			p.Arrival = p.Arrival.Add(time.Second / 30)
		}
		v.Push(p)
	}
}

// BenchmarkAudioTick is one packet and one tick of a talker, without a codec:
// steady, with a delay that has to grow and to fall, and with packets whose level says that he is silent.
func BenchmarkAudioTick(b *testing.B) {
	const none = 255
	cases := []struct {
		name  string
		level uint8
		moved func(i int) time.Duration // of packet i's arrival
	}{
		{"steady", none, func(int) time.Duration { return 0 }},
		{"stretch", none, func(i int) time.Duration { return time.Duration(i/1000%2*(i%1000)) * 20 * time.Microsecond }},
		{"skip", 80, func(int) time.Duration { return 0 }},
	}
	for _, c := range cases {
		for _, channels := range []int{1, 2} {
			b.Run(fmt.Sprintf("%s, %d channels", c.name, channels), func(b *testing.B) {
				e := newChoir(b, &singer{song: vowel(120), channels: channels}, source.AudioOptions{})
				start := time.Now().Add(-e.clock.Now())
				p := &media.Packet{SSRC: 1, HasLevel: c.level != none, Level: c.level, Payload: sung(8, 0)}
				b.ReportAllocs()
				now := time.Second
				for i := 0; b.Loop(); i++ {
					p.Arrival = start.Add(now + c.moved(i))
					p.Seq, p.Timestamp = uint16(i), uint32(i*960)
					e.Push(p)
					source.PullAt(e.Audio, now+7*ms, e.dst)
					now += media.AudioTick
				}
				s := e.Stats()
				b.ReportMetric(100*float64(s.Stretched)/float64(now), "%stretched")
			})
		}
	}
}

// BenchmarkStretch is one stretch alone: the search for a period, and the join.
func BenchmarkStretch(b *testing.B) {
	for _, channels := range []int{1, 2} {
		b.Run(fmt.Sprintf("%d channels", channels), func(b *testing.B) {
			s := &singer{song: vowel(120), channels: channels}
			pcm := make([]int16, 4*media.TickSamples*channels)
			s.sing(pcm, 0)
			b.ReportAllocs()
			for b.Loop() {
				source.Period(pcm, channels)
			}
		})
	}
}
