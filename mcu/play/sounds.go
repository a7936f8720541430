package play

import (
	"math"

	"github.com/omniverto/omniverto/media"
)

// Sound is the spec of a sound that comes with the product: enter, exit, alone, muted,
// unmuted, locked, unlocked, kicked, and hold, which is music without end. They are
// short, soft and computed.
func Sound(name string) (spec string, ok bool) {
	if name != "hold" && sound(name) == nil {
		return "", false
	}
	return "omniverto://" + name, true
}

// Pitches in Hz, equal temperament.
const (
	f2, g2, a2, c3             = 87.31, 98.00, 110.00, 130.81
	f3, g3, a3, b3             = 174.61, 196.00, 220.00, 246.94
	c4, d4, e4, f4, g4, a4, b4 = 261.63, 293.66, 329.63, 349.23, 392.00, 440.00, 493.88
	c5, d5, e5, g5, a5         = 523.25, 587.33, 659.26, 783.99, 880.00
)

// struck is a bar of a melody: a pitch at a time, both of them for a bell.
type struck struct {
	ms int
	hz float64
}

// sound is one of the short sounds; nil if there is none of that name. What happens to
// somebody alone is quicker than what the room is told.
func sound(name string) *score {
	switch name {
	case "enter":
		return bells(180, struck{0, e5}, struck{130, a5})
	case "exit":
		return bells(180, struck{0, a5}, struck{130, e5})
	case "alone":
		return bells(260, struck{0, g4}, struck{260, e4}, struck{520, g4})
	case "muted":
		return bells(70, struck{0, d5}, struck{80, g4})
	case "unmuted":
		return bells(70, struck{0, g4}, struck{80, d5})
	case "locked":
		return bells(90, struck{0, c5}, struck{120, c5}, struck{240, g4})
	case "unlocked":
		return bells(90, struck{0, g4}, struck{120, g4}, struck{240, c5})
	case "kicked":
		return bells(200, struck{0, g5}, struck{170, e5}, struck{340, c5}, struck{510, g4})
	}
	return nil
}

// bells are struck one after the other, each falling to 1/e within so many ms.
func bells(fallMs int, melody ...struck) *score {
	s := &score{}
	for _, m := range melody {
		s.bell(millis(m.ms), m.hz, 0.14, millis(fallMs), 5*millis(fallMs))
		s.length = max(s.length, millis(m.ms)+5*millis(fallMs))
	}
	return s.ready()
}

// bell appends a pitch with two overtones, which are softer and fall faster.
func (s *score) bell(at int64, hz, amplitude float64, fall, length int64) {
	for i, share := range [...]float64{1, 0.22, 0.07} {
		partial := float64(i + 1)
		s.notes = append(s.notes, note{
			at: at, length: length, hz: hz * partial, amplitude: amplitude * share,
			fall: -partial / float64(fall), attack: 8 * media.SampleRate / 1000, release: length / 5,
		})
	}
}

// holdMusic is 16 s of broken chords over a slow bass, which runs into itself.
func holdMusic() *score {
	const beat, bar = media.SampleRate / 2, 4 * media.SampleRate
	s := &score{length: 4 * bar, wrap: true}
	chords := [...]struct {
		bass  float64
		notes [4]float64
	}{
		{c3, [4]float64{c4, e4, g4, b4}},
		{a2, [4]float64{a3, c4, e4, g4}},
		{f2, [4]float64{f3, a3, c4, e4}},
		{g2, [4]float64{g3, b3, d4, e4}},
	}
	for i, chord := range chords {
		start := int64(i) * bar
		s.bell(start, chord.bass, 0.07, 3*media.SampleRate/2, bar)
		// Up and down, and the top an octave over the root.
		order := [...]float64{
			chord.notes[0], chord.notes[1], chord.notes[2], chord.notes[3],
			2 * chord.notes[0], chord.notes[3], chord.notes[2], chord.notes[1],
		}
		for k, hz := range order {
			// A little softer off the beat, as a hand would play it.
			level := 0.055 * math.Pow(0.85, float64(k%2))
			s.bell(start+int64(k)*beat, hz, level, media.SampleRate*7/10, 3*media.SampleRate)
		}
	}
	return s.ready()
}
