package audio

const (
	gainBits = 24
	unity    = 1 << gainBits
	// fullScale is the largest sample.
	fullScale = 32767
	// attackFrames is how fast the gain falls, in samples per channel: 1 ms.
	attackFrames = 48
	// release is the factor by which the gain may grow per tick: 0.4 dB, so that
	// it recovers 20 dB a second, too slow to be heard as pumping.
	release = 1.0471285480508996
)

// limiter keeps a sum within 16 bits: that of a room by a gain that all listeners
// share, and that of a personal mix which is louder. The gain never lets the sum
// clip, not even while it changes.
type limiter struct {
	gain float64 // at the end of the last tick, 1 when idle
}

// next finds the gain of one tick. It returns false when that is exactly 1
// throughout, else curve holds it for each interleaved sample, in Q24.
func (l *limiter) next(sum, curve []int32, channels int) bool {
	fits := fit(sum)
	if l.gain == 1 && fits == 1 {
		return false
	}
	if fits >= l.gain {
		to := min(fits, l.gain*release)
		ramp(curve, l.gain, to, channels)
		l.gain = to
		return true
	}
	// The start of the ramp must fit, too: a burst in the first millisecond
	// makes the gain jump.
	n := attackFrames * channels
	ramp(curve[:n], min(l.gain, fit(sum[:n])), fits, channels)
	fill(curve[n:], below(fits))
	l.gain = fits
	return true
}

// fit is the largest gain up to 1 that leaves sum unclipped.
func fit(sum []int32) float64 {
	if top := peak(sum); top > fullScale {
		return fullScale / float64(top)
	}
	return 1
}

// ramp goes from one gain to the other in equal steps, one per frame; the last
// frame has to.
func ramp(curve []int32, from, to float64, channels int) {
	frames := len(curve) / channels
	for i := range frames {
		g := below(from + (to-from)*float64(i+1)/float64(frames))
		fill(curve[i*channels:(i+1)*channels], g)
	}
}

// below is a gain in Q24, rounded down, so that what just fits goes on fitting.
func below(gain float64) int32 { return int32(gain * unity) }

func fill(dst []int32, v int32) {
	for i := range dst {
		dst[i] = v
	}
}
