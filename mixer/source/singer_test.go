package source_test

import (
	"encoding/binary"
	"math"
	"testing"
	"time"

	"github.com/omniverto/omniverto/media"
	"github.com/omniverto/omniverto/mixer/source"
)

// song is a sound that repeats itself after its length.
type song []int16

// tone is a sine of a whole number of periods in a second.
func tone(hz, amplitude float64) song {
	return compose(func(at float64) float64 { return amplitude * math.Sin(2*math.Pi*hz*at) })
}

// vowel is a voice of a pitch with a formant at 700 Hz.
func vowel(pitch float64) song {
	return compose(func(at float64) (v float64) {
		for k := 1.0; k <= 20; k++ {
			v += 2500 * math.Sin(2*math.Pi*k*pitch*at+k) / (1 + math.Abs(k*pitch-700)/200)
		}
		return v
	})
}

func compose(f func(at float64) float64) song {
	s := make(song, media.SampleRate)
	for i := range s {
		s[i] = int16(math.Round(f(float64(i) / media.SampleRate)))
	}
	return s
}

// sung is a fake coded packet: its length in units of 2.5 ms and its place in the song.
func sung(grains, at int) []byte {
	return binary.BigEndian.AppendUint32([]byte{'s', byte(grains)}, uint32(at))
}

// singer decodes what sung makes; it conceals by silence.
type singer struct {
	song     song
	channels int
	decoded  int
}

func (s *singer) Duration(b []byte) int {
	if len(b) != 6 || b[0] != 's' {
		return 0
	}
	return int(b[1]) * 120
}

func (s *singer) sing(pcm []int16, at int) {
	at = (at + len(s.song)) % len(s.song)
	if s.channels == 1 {
		copy(pcm[copy(pcm, s.song[at:]):], s.song)
		return
	}
	for i := 0; i < len(pcm); i += 2 {
		pcm[i], pcm[i+1] = s.song[at], -s.song[at]/2 // the channels cancel out, almost
		if at++; at == len(s.song) {
			at = 0
		}
	}
}

func (s *singer) Decode(b []byte, pcm []int16) (int, error) {
	n := s.Duration(b)
	s.decoded++
	s.sing(pcm[:n*s.channels], int(binary.BigEndian.Uint32(b[2:])))
	return n, nil
}

func (s *singer) DecodeFEC(b []byte, pcm []int16) (int, error) {
	n := len(pcm) / s.channels
	s.sing(pcm, int(binary.BigEndian.Uint32(b[2:]))-n)
	return n, nil
}

func (s *singer) Conceal(pcm []int16) error { clear(pcm); return nil }
func (s *singer) Close() error              { return nil }

// sing is a stream of n packets of that many grains from start on.
func sing(start time.Duration, n, grains int) []sent {
	out := make([]sent, n)
	payloads := make([]byte, 0, 6*n)
	for i := range out {
		at := i * grains * 120
		payloads = append(payloads, sung(grains, at%media.SampleRate)...)
		out[i] = sent{
			at: start + time.Duration(i*grains)*2500*time.Microsecond, ssrc: 1,
			seq: uint16(65000 + i), ts: uint32(4294900000 + at), payload: payloads[6*i : 6*i+6 : 6*i+6],
		}
	}
	return out
}

// newChoir is an ear to a singer.
func newChoir(t testing.TB, s *singer, o source.AudioOptions) *ear {
	e := &ear{clock: media.NewClock(), dst: make([]int16, media.TickSamples*s.channels)}
	o.Clock, o.Channels, o.Log = e.clock, s.channels, testLog(t)
	o.NewDecoder = func() (media.AudioDecoder, error) { return s, nil }
	e.Audio = source.NewAudio(o)
	t.Cleanup(e.Close)
	return e
}
