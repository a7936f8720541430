package opus_test

import (
	"testing"

	"github.com/omniverto/omniverto/media"
	"github.com/omniverto/omniverto/media/opus"
)

// packets encodes a melody; each runs before each tick.
func packets(t *testing.T, o opus.EncoderOptions, ticks int, each func(e *opus.Encoder, tick int)) (out [][]byte) {
	t.Helper()
	e, err := opus.NewEncoder(o)
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	pcm := melody(ticks)
	for i := range ticks {
		each(e, i)
		dst := make([]byte, 1500)
		n, err := e.Encode(pcm[i*media.TickSamples:][:media.TickSamples], dst)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, dst[:n])
	}
	return out
}

// transforms tells from the table of contents of a packet whether it holds no
// model of speech (RFC 6716 3.1).
func transforms(p []byte) bool { return p[0]&0x80 != 0 }

func TestMusicIsTransformsOnly(t *testing.T) {
	for _, music := range []bool{false, true} {
		o := opus.EncoderOptions{Channels: 1, Bitrate: 32000, Complexity: 5, Music: music}
		n := 0
		for _, p := range packets(t, o, 50, func(*opus.Encoder, int) {}) {
			if transforms(p) {
				n++
			}
		}
		if music && n < 49 || !music && n > 25 {
			t.Errorf("music %t: %d of 50 packets hold transforms alone", music, n)
		}
	}
}

func TestComplexityChanges(t *testing.T) {
	o := opus.EncoderOptions{Channels: 1, Bitrate: 32000, Complexity: 5, Music: true}
	packets(t, o, 20, func(e *opus.Encoder, tick int) {
		if err := e.SetComplexity(tick % 11); err != nil {
			t.Errorf("complexity %d: %v", tick%11, err)
		}
		if e.SetComplexity(11) == nil {
			t.Error("complexity 11 was taken")
		}
	})
	e, err := opus.NewEncoder(o)
	if err != nil {
		t.Fatal(err)
	}
	e.Close()
	if e.SetComplexity(1) == nil || e.SetPrediction(false) == nil {
		t.Error("a closed encoder takes settings")
	}
}

// TestPacketsWithoutPrediction: a decoder that has heard nothing is as well off
// with such a packet as with the first of a stream.
func TestPacketsWithoutPrediction(t *testing.T) {
	o := opus.EncoderOptions{Channels: 1, Bitrate: 32000, Complexity: 5, Music: true}
	plain := packets(t, o, 12, func(*opus.Encoder, int) {})
	alone := packets(t, o, 12, func(e *opus.Encoder, tick int) {
		if err := e.SetPrediction(tick != 10); err != nil {
			t.Fatal(err)
		}
	})
	if string(plain[9]) != string(alone[9]) {
		t.Error("packets differ before the change")
	}
	if string(plain[10]) == string(alone[10]) {
		t.Error("turning prediction off changes nothing")
	}
}
