package media

import "time"

// Internal audio format: 48 kHz, ticks of 20 ms, interleaved int16.
const (
	SampleRate  = 48000
	AudioTick   = 20 * time.Millisecond
	TickSamples = SampleRate / 50 // per channel
)

// Outcome is what a source of sound has for one tick.
type Outcome uint8

const (
	// Silence: nothing was written; not mixed, nothing to subtract.
	Silence Outcome = iota
	// Sound: the whole tick was written.
	Sound
	// Gone: the source has ended for good.
	Gone
)
