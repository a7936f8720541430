package source_test

import (
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

// BenchmarkAudioTick is one packet and one tick of a talker, without a codec.
func BenchmarkAudioTick(b *testing.B) {
	a := source.NewAudio(source.AudioOptions{
		Clock: media.NewClock(), Channels: 1, Log: testLog(b),
		NewDecoder: func() (media.AudioDecoder, error) { return &fakeVoice{channels: 1}, nil },
	})
	defer a.Close()
	p := &media.Packet{SSRC: 1, Payload: voice(8, 1000, 1000)}
	dst := make([]int16, media.TickSamples)
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		p.Arrival = time.Now()
		p.Seq, p.Timestamp = uint16(i), uint32(i*960)
		a.Push(p)
		a.Pull(dst)
	}
}
