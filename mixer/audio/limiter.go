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

// limiter keeps a room's sum within 16 bits by a gain that all listeners share.
// The gain never lets the sum clip, not even while it changes.
type limiter struct {
	channels int
	gain     float64 // at the end of the last tick, 1 when idle
	curve    []int32 // this tick's gain per interleaved sample, Q24
}

func newLimiter(channels, samples int) limiter {
	return limiter{channels: channels, gain: 1, curve: make([]int32, samples)}
}

// next finds the gain of one tick. It returns false when that is exactly 1
// throughout, else the curve holds it.
func (l *limiter) next(sum []int32) bool {
	fits := fit(sum)
	if l.gain == 1 && fits == 1 {
		return false
	}
	if fits >= l.gain {
		to := min(fits, l.gain*release)
		l.ramp(l.curve, l.gain, to)
		l.gain = to
		return true
	}
	// The start of the ramp must fit, too: a burst in the first millisecond
	// makes the gain jump.
	n := attackFrames * l.channels
	l.ramp(l.curve[:n], min(l.gain, fit(sum[:n])), fits)
	fill(l.curve[n:], quantize(fits))
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
func (l *limiter) ramp(curve []int32, from, to float64) {
	frames := len(curve) / l.channels
	for i := range frames {
		g := quantize(from + (to-from)*float64(i+1)/float64(frames))
		fill(curve[i*l.channels:(i+1)*l.channels], g)
	}
}

func quantize(gain float64) int32 { return int32(gain * unity) }

func fill(dst []int32, v int32) {
	for i := range dst {
		dst[i] = v
	}
}
