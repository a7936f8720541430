package source

import (
	"math"

	"github.com/omniverto/omniverto/media"
)

const (
	// A stretch takes out or repeats one to some periods of the voice: 2.5 to
	// 15 ms hold one of every voice from 67 Hz on.
	minPeriod = grain
	maxPeriod = 6 * grain
	// Periods are compared over 10 ms, joined by a cross-fade of at most as much.
	lagWindow = 4 * grain
	joinFade  = 4 * grain
	// The search begins on every sixth sample, which is 8 kHz.
	coarse = 6
	// Below this likeness a join is heard; it waits for a better place. Where
	// little is to be taken out, no period may fit: nothing is gained by force.
	alike, veryAlike = 0.9, 0.99
	// Sounds less alike than this add up by their power.
	unlike = 0.6
	// After a stretch by n samples none follows for stretchRest × n: the tempo
	// changes by 10 % at most.
	stretchRest = 10
)

// stretcher finds where a sound repeats itself. The zero value is ready.
type stretcher struct {
	low [2 * (lagWindow + maxPeriod) / coarse]int32 // interleaved, every sixth sample
}

// lag is the distance from lo to hi samples at which x is most like itself: window samples from ref on against those dir × lag further,
// dir being 1 or -1. Backwards all must be multiples of 6. like is their correlation, 1 for equal sound and for none.
func (s *stretcher) lag(x []int16, channels, ref, dir, window, lo, hi int) (lag int, like float64) {
	begin := ref
	if dir < 0 {
		begin -= hi
	}
	n := (window + hi) / coarse
	s.decimate(x[begin*channels:], channels, n)
	r := (ref - begin) / coarse
	at := s.around(r, dir, channels, window/coarse, lo/coarse, hi/coarse) * coarse
	lag, like = lo, -1
	this := x[ref*channels:][:window*channels]
	energy := dot(this, this)
	for l := max(at-coarse+1, lo); l <= min(at+coarse-1, hi); l++ {
		that := x[(ref+dir*l)*channels:][:window*channels]
		if c := correlation(dot(this, that), energy, dot(that, that)); c > like {
			lag, like = l, c
		}
	}
	return lag, like
}

// decimate fills low with n means of six samples for each channel.
func (s *stretcher) decimate(x []int16, channels, n int) {
	for k := range n {
		for c := range channels {
			sum := int32(0)
			for i := range coarse {
				sum += int32(x[(k*coarse+i)*channels+c])
			}
			s.low[k*channels+c] = sum / coarse
		}
	}
}

// around is the lag of low, in its samples, at which n of them from r on are most
// like themselves.
func (s *stretcher) around(r, dir, channels, n, lo, hi int) (at int) {
	window := func(k int) []int32 { return s.low[(r+dir*k)*channels:][:n*channels] }
	this := window(0)
	best, at := -1.0, lo
	energy := dot(window(lo), window(lo))
	for k := lo; k <= hi; k++ {
		that := window(k)
		if cross := dot(this, that); cross > 0 && energy > 0 {
			if score := float64(cross) * float64(cross) / float64(energy); score > best {
				best, at = score, k
			}
		}
		if k == hi {
			break
		}
		// The next window has a sample more at one end and one less at the other.
		next, edge := window(k+1), (n-1)*channels
		if dir > 0 {
			energy += dot(next[edge:], next[edge:]) - dot(that[:channels], that[:channels])
		} else {
			energy += dot(next[:channels], next[:channels]) - dot(that[edge:], that[edge:])
		}
	}
	return at
}

// dot is the product of two sounds of one length. Four sums at a time keep the
// processor's multipliers busy.
func dot[T int16 | int32](x, y []T) int64 {
	var a, b, c, d int64
	for len(x) >= 4 && len(y) >= 4 {
		a += int64(x[0]) * int64(y[0])
		b += int64(x[1]) * int64(y[1])
		c += int64(x[2]) * int64(y[2])
		d += int64(x[3]) * int64(y[3])
		x, y = x[4:], y[4:]
	}
	for i, v := range x {
		a += int64(v) * int64(y[i])
	}
	return a + b + c + d
}

// correlation normalises a product of two sounds by their energies, to -1 to 1;
// it is 1 for silence.
func correlation(cross, x, y int64) float64 {
	if x == 0 && y == 0 {
		return 1
	}
	return float64(cross) / math.Sqrt(float64(x)*float64(y)+1)
}

// blend cross-fades from one sound to another within len(dst) samples; like
// sounds keep their amplitude, unlike ones their power. dst may be either.
func blend(dst, from, to []int16, channels int, like float64) {
	n := len(dst) / channels
	for i := range n {
		t := (float64(i) + 0.5) / float64(n)
		down, up := 1-t, t
		if like < unlike {
			down, up = math.Sqrt(down), math.Sqrt(up)
		}
		for c := range channels {
			j := i*channels + c
			v := math.RoundToEven(down*float64(from[j]) + up*float64(to[j]))
			dst[j] = int16(max(math.MinInt16, min(v, math.MaxInt16)))
		}
	}
}

// shorten takes out of what is decoded a tick, if two are quiet, or else by
// stretch at most p.cut samples, and returns how many.
func (a *Audio) shorten(p plan) (n int, stretched bool) {
	tick := a.ahead(0, min(tickSamples, a.have))
	if p.drop && a.have >= 2*tickSamples && isQuiet(tick) && isQuiet(a.ahead(tickSamples, tickSamples)) {
		blend(a.ahead(tickSamples, tickSamples), tick, a.ahead(tickSamples, tickSamples), a.channels, 1)
		a.cut(tickSamples)
		return tickSamples, false
	}
	hi := min(p.cut, maxPeriod, a.have-tickSamples)
	if hi < minPeriod {
		return 0, false
	}
	lag, like := a.search.lag(a.pcm, a.channels, past, 1, lagWindow, minPeriod, hi)
	if like < p.alike && !isQuiet(tick) || !p.fits(a.have-lag, p.delay-samples(lag)) {
		return 0, true
	}
	blend(a.ahead(lag, joinFade), a.ahead(0, joinFade), a.ahead(lag, joinFade), a.channels, like)
	a.cut(lag)
	return lag, true
}

// lengthen repeats periods of the sound and returns how many samples were added.
func (a *Audio) lengthen(alike float64) int {
	if a.sound == 0 {
		copy(a.ahead(tickSamples, a.have), a.ahead(0, a.have))
		clear(a.ahead(0, tickSamples))
		a.have += tickSamples
		return tickSamples
	}
	hi := min(maxPeriod, a.heard) / coarse * coarse
	if hi < minPeriod {
		return 0
	}
	lag, like := a.search.lag(a.pcm, a.channels, past, -1, lagWindow, minPeriod, hi)
	if like < alike && !isQuiet(a.ahead(0, tickSamples)) {
		return 0
	}
	copy(a.ahead(lag, a.have), a.ahead(0, a.have))
	copy(a.ahead(0, lag), a.ahead(-lag, lag))
	fade := min(joinFade, lag)
	blend(a.ahead(0, fade), a.ahead(lag, fade), a.ahead(0, fade), a.channels, like)
	a.have += lag
	a.sound += lag
	return lag
}

// ahead is n samples from the one that is i after the next to be played; before
// it is what was played.
func (a *Audio) ahead(i, n int) []int16 {
	return a.pcm[(past+i)*a.channels : (past+i+n)*a.channels]
}

// cut drops the first n samples as if they had never been there.
func (a *Audio) cut(n int) {
	copy(a.ahead(0, a.have-n), a.ahead(n, a.have-n))
	a.have -= n
	a.sound = max(a.sound-n, 0)
}

// repeater goes on with the last period of a sound until the next packet is
// there. It leaves the decoder alone, so that a packet that was only late is
// decoded as if nothing had happened.
type repeater struct {
	lag   int     // the period; 0: not at work
	made  int     // samples made
	decay float64 // factor from one period to the next

	// What would have followed, to be blended with what follows.
	tail  [2 * grain]int16
	ready bool
}

// repeat appends n samples that repeat the end of the sound and tells whether it
// could: there must be enough to repeat.
func (a *Audio) repeat(n int) bool {
	r := &a.again
	if r.lag == 0 && !a.findPeriod() {
		return false
	}
	for range n {
		a.period(a.room(1), a.have, r.made)
		r.made++
		a.have++
	}
	a.sound = a.have
	return true
}

func (a *Audio) findPeriod() bool {
	known := min(a.heard+a.have, past+a.have)
	hi := min(maxPeriod, known-lagWindow) / coarse * coarse
	if hi < minPeriod || a.sound == 0 && a.have > 0 {
		return false
	}
	r := &a.again
	r.lag, _ = a.search.lag(a.pcm, a.channels, past+a.have-lagWindow, -1, lagWindow, minPeriod, hi)
	// Half a decibel in 10 ms: a repeated period soon sounds like a machine.
	r.made, r.decay = 0, 1-float64(r.lag)/(20*lagWindow)
	return true
}

// period makes the sample at position i, the made-th of a repetition.
func (a *Audio) period(dst []int16, i, made int) {
	r := &a.again
	from := a.ahead(i-r.lag, 1)
	// From the second tick on each period is softer than the one before; the
	// first one of these begins where the loudness was.
	gain := 1 - (1-r.decay)*min(1, max(0, float64(made-tickSamples)/float64(r.lag)))
	// The first period is joined to the end of the sound without a step.
	step := max(0, 1-float64(made)/(grain/2))
	for c := range dst {
		v := float64(from[c]) * gain
		if step > 0 {
			end, before := a.ahead(i-made-1, 1), a.ahead(i-made-1-r.lag, 1)
			v += step * (float64(end[c]) - float64(before[c]))
		}
		dst[c] = int16(max(math.MinInt16, min(v, math.MaxInt16)))
	}
}

// rejoin ends a repetition before sound from the decoder, whose first sample
// comes covered samples after the end of the last one: it completes the period
// and returns by how many samples.
func (a *Audio) rejoin(covered int) (added int) {
	r := &a.again
	if r.lag == 0 {
		return 0
	}
	if over := (r.made - covered) % r.lag; over != 0 {
		added = (r.lag - over) % r.lag
		a.repeat(added)
	}
	a.repeat(grain)
	a.have -= grain
	a.sound = a.have
	copy(r.tail[:], a.room(grain))
	r.lag, r.ready = 0, true
	if covered > 0 {
		// The decoder learns of the loss; what it makes of it came too late.
		_ = a.dec.Conceal(a.room(min(covered, media.TickSamples) / grain * grain))
	}
	return added
}

// joinTail blends what the repetition would have gone on with into the new sound.
func (a *Audio) joinTail(n int) {
	if !a.again.ready {
		return
	}
	a.again.ready = false
	n = min(n, grain)
	to := a.room(n)
	blend(to, a.again.tail[:n*a.channels], to, a.channels, 1)
}
