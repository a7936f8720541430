package load

import (
	"math"
	"math/cmplx"

	"github.com/omniverto/omniverto/media"
)

const (
	// earStep is the resolution of an ear: samples that are correlated at once.
	earStep = media.SampleRate / 1000
	// earWindow is the number of steps in the window, as long as a beep: when the
	// window lies on the beep its sum has its peak, from which it falls evenly to
	// both sides. The pitches lie a multiple of the window's inverse apart, so that
	// one beep leaves no trace in the other's window.
	earWindow = beepSamples / earStep
	// earLeast is the least amplitude of a beep, earPure the least share that it
	// has of the energy in the window.
	earLeast, earPure = 0.002, 0.3
	// earShort and earLong bound the steps for which the sum is over half its peak.
	earShort, earLong = earWindow * 6 / 10, earWindow * 15 / 10
	// earEmphasis takes the voices, which are low, out of the comparison.
	earEmphasis = 0.95
)

// ear listens for the beeps of one pitch in a stream of samples. It is used by
// one goroutine.
type ear struct {
	turn, phase complex128 // of the oscillator: per sample, and now
	before      float64    // the sample before
	now         step       // that is being filled
	filled      int
	ring        [earWindow]step
	at          int // in the ring
	window      step
	steps       int64

	// The beep that may be passing.
	peak       float64 // 0: none
	begun      int64   // step of the first of amplitudes
	amplitudes []float64
}

// step is what one or more steps sum up to: the correlation with the pitch and
// the energy.
type step struct {
	sum    complex128
	energy float64
}

func newEar(hz float64) *ear {
	return &ear{
		turn: cmplx.Rect(1, -2*math.Pi*hz/media.SampleRate), phase: 1,
		amplitudes: make([]float64, 0, 4*earWindow),
	}
}

// listen takes interleaved samples, of which it hears the first channel; it
// reports the middle of a beep that ended in them, in samples since the stream's
// begin.
func (e *ear) listen(pcm []int16, channels int) (at float64, heard bool) {
	for i := 0; i < len(pcm); i += channels {
		v := float64(pcm[i]) / 32768
		x := v - earEmphasis*e.before
		e.before = v
		e.now.sum += complex(x, 0) * e.phase
		e.now.energy += x * x
		e.phase *= e.turn
		if e.filled++; e.filled < earStep {
			continue
		}
		e.turnRing()
		if e.hear() {
			at, heard = e.middle(), true
		}
	}
	return at, heard
}

// turnRing takes the filled step into the window.
func (e *ear) turnRing() {
	old := e.ring[e.at]
	e.window.sum += e.now.sum - old.sum
	e.window.energy += e.now.energy - old.energy
	e.ring[e.at] = e.now
	e.at = (e.at + 1) % earWindow
	e.now, e.filled = step{}, 0
	e.steps++
	if e.at != 0 {
		return
	}
	// Once a window rounding errors are taken out of the running values.
	e.phase /= complex(cmplx.Abs(e.phase), 0)
	e.window = step{}
	for _, s := range e.ring {
		e.window.sum += s.sum
		e.window.energy += s.energy
	}
}

// hear looks at the window; true when a beep has passed.
func (e *ear) hear() bool {
	amplitude := 2 * cmplx.Abs(e.window.sum) / beepSamples
	if e.peak == 0 {
		pure := amplitude*amplitude*beepSamples/2 > earPure*e.window.energy
		if amplitude < earLeast || !pure {
			return false
		}
		e.begun, e.amplitudes = e.steps, e.amplitudes[:0]
	}
	e.peak = max(e.peak, amplitude)
	if len(e.amplitudes) < cap(e.amplitudes) {
		e.amplitudes = append(e.amplitudes, amplitude)
	}
	if amplitude >= e.peak/2 {
		return false
	}
	long := 0
	for _, a := range e.amplitudes {
		if a >= e.peak/2 {
			long++
		}
	}
	heard := long >= earShort && long <= earLong
	if !heard {
		e.peak = 0
	}
	return heard
}

// middle ends the beep and returns its middle, in samples: the middle of what is
// over three quarters of the peak, less half a window, since the window covers
// the steps before it.
func (e *ear) middle() float64 {
	weight, moment := 0.0, 0.0
	for i, a := range e.amplitudes {
		if over := a - 0.75*e.peak; over > 0 {
			weight += over
			moment += over * float64(e.begun+int64(i))
		}
	}
	e.peak = 0
	return (moment/weight - earWindow/2.0) * earStep
}
