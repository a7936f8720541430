package audio_test

import (
	"fmt"
	"time"

	"github.com/omniverto/omniverto/media"
	"github.com/omniverto/omniverto/mixer/audio"
)

// A room of two: each hears the other. A mixer.Metronome calls Step in a server;
// a test or a tool may call it itself.
func Example() {
	tape := &tape{} // stands for a codec
	m := audio.New(audio.Options{
		Clock: media.NewClock(), Channels: 1, NewEncoder: tape.newEncoder, Frames: media.NewFramePool(8),
	})
	defer m.Close()
	ada, bob := &ear{tape: tape}, &ear{tape: tape}
	m.Add(1, steady(300), ada)
	m.Add(2, steady(500), bob)
	for tick := range int64(3) {
		m.Step(tick, time.Duration(tick)*media.AudioTick)
	}
	fmt.Println("Ada hears", peakOf(ada.frames[2].pcm), "and Bob", peakOf(bob.frames[2].pcm))
	// Output: Ada hears 500 and Bob 300
}
