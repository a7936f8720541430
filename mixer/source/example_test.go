package source_test

import (
	"fmt"
	"log/slog"
	"time"

	"github.com/omniverto/omniverto/media"
	"github.com/omniverto/omniverto/mixer"
	"github.com/omniverto/omniverto/mixer/source"
)

// A packet of sound is pushed when it arrives and heard in the next tick.
func ExampleAudio() {
	a := source.NewAudio(source.AudioOptions{
		Clock:      media.NewClock(),
		Channels:   1,
		NewDecoder: func() (media.AudioDecoder, error) { return &fakeVoice{channels: 1}, nil },
		Log:        slog.New(slog.DiscardHandler),
	})
	defer a.Close()

	tick := make([]int16, media.TickSamples)
	fmt.Println(a.Pull(tick) == media.Silence)

	a.Push(&media.Packet{Arrival: time.Now(), Seq: 1, Timestamp: 960, Payload: voice(8, 1000, 0)})
	fmt.Println(a.Pull(tick) == media.Sound, tick[len(tick)-1])
	// Output:
	// true
	// true 1000
}

// A picture is decoded by the source's goroutine and shown from its play-out
// time on; each tick that takes it releases it.
func ExampleVideo() {
	clock := media.NewClock()
	v := source.NewVideo(source.VideoOptions{
		Clock:           clock,
		Gate:            mixer.NewGate(0),
		Pool:            media.NewPicturePool(8),
		NewDecoder:      func() (media.VideoDecoder, error) { return anyScreen{}, nil },
		RequestKeyframe: func() { fmt.Println("a keyframe, please") },
		Log:             slog.New(slog.DiscardHandler),
	})
	defer v.Close()

	keyframe := []byte{0x10, 0x06, 0, 0}
	v.Push(&media.Packet{Arrival: time.Now(), Seq: 1, Timestamp: 3000, Marker: true, Payload: keyframe})
	pic := v.At(clock.Now())
	for ; pic == nil; pic = v.At(clock.Now()) {
		<-time.After(time.Millisecond)
	}
	fmt.Println(pic.Width, pic.Height)
	pic.Release()
	// Output: 7 2
}
