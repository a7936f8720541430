package room

import (
	"github.com/omniverto/omniverto/media"
	"github.com/omniverto/omniverto/mixer/audio"
)

// widened is a source of one channel in a room of two: decoding one costs half.
type widened struct {
	src  audio.Source
	mono []int16
}

// Pull implements audio.Source.
func (w *widened) Pull(dst []int16) media.Outcome {
	outcome := w.src.Pull(w.mono)
	if outcome == media.Sound {
		for i, s := range w.mono {
			dst[2*i], dst[2*i+1] = s, s
		}
	}
	return outcome
}

// voiceSource is a member's sound in as many channels as the room has.
func (m *Member) voiceSource() audio.Source {
	if m.channels == m.room.channels() {
		return m.audio
	}
	return &widened{src: m.audio, mono: make([]int16, media.TickSamples)}
}
