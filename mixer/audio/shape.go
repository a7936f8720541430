package audio

import (
	"math"
	"sync/atomic"
)

const (
	// maxDB bounds a volume: nobody means more, and the sum stays exact.
	maxDB = 24
	// minDB and less is silence.
	minDB = -90
	// maxContribution bounds one member's shaped samples, 18 dB over full scale,
	// so that 8,192 of them fit into the sum.
	maxContribution = 1 << 18
)

// StepDB is the gain in dB of FreeSWITCH's volume steps -4 to 4
// (switch_change_sln_volume); steps beyond count as the last.
func StepDB(step int) float64 {
	factors := [...]float64{0.20, 0.40, 0.60, 0.80, 1, 1.3, 2.3, 3.3, 4.3}
	return 20 * math.Log10(factors[max(-4, min(4, step))+4])
}

// linear is the factor of a gain in dB, within the bounds of a volume.
func linear(dB float64) float64 {
	switch {
	case math.IsNaN(dB):
		return 1
	case dB <= minDB:
		return 0
	}
	return math.Pow(10, min(dB, maxDB)/20)
}

// quantize is a factor in Q24.
func quantize(gain float64) int64 { return int64(gain*unity + 0.5) }

// number is a float64 that one goroutine sets and another reads.
type number struct{ bits atomic.Uint64 }

func (n *number) set(v float64) { n.bits.Store(math.Float64bits(v)) }
func (n *number) get() float64  { return math.Float64frombits(n.bits.Load()) }

// gains are what becomes of a member's two channels, in Q24:
//
//	left  = ll*left + rl*right
//	right = lr*left + rr*right
//
// A mono mix uses ll only.
type gains struct{ ll, rl, lr, rr int64 }

func plain() gains { return gains{ll: unity, rr: unity} }

// place returns the gains of a volume (a factor) at a position from -1, left, to
// 1, right. The position moves a share of the far channel into the near one: a
// mono voice is panned, a stereo one loses width towards the side, and the sum of
// the channels stays what it was, so that who listens in mono hears no change.
func place(volume, pan float64) gains {
	far := 1 - math.Abs(pan)
	g := gains{ll: quantize(volume), rr: quantize(volume)}
	switch {
	case pan > 0:
		g.ll, g.lr = quantize(volume*far), quantize(volume*pan)
	case pan < 0:
		g.rr, g.rl = quantize(volume*far), quantize(-volume*pan)
	}
	return g
}

// shape sets dst to pcm under gains that go from one to the other within the
// tick, and a fade.
func shape(dst []int32, pcm []int16, from, to gains, t turn, channels int) {
	dst = dst[:len(pcm)]
	switch {
	case from != to || t != staysOn:
		shapeMoving(dst, pcm, from, to, t, channels)
	case channels == 1:
		for i, s := range pcm {
			dst[i] = bounded(scaled(int32(s), to.ll))
		}
	default:
		for i := 0; i+1 < len(pcm); i += 2 {
			l, r := int64(pcm[i]), int64(pcm[i+1])
			dst[i] = bounded(int32((l*to.ll + r*to.rl + unity/2) >> gainBits))
			dst[i+1] = bounded(int32((l*to.lr + r*to.rr + unity/2) >> gainBits))
		}
	}
}

func bounded(v int32) int32 { return max(-maxContribution, min(maxContribution, v)) }

// shapeMoving is shape for the few ticks in which something changes.
func shapeMoving(dst []int32, pcm []int16, from, to gains, t turn, channels int) {
	frames := len(pcm) / channels
	ll, rl := newLine(from.ll, to.ll, frames), newLine(from.rl, to.rl, frames)
	lr, rr := newLine(from.lr, to.lr, frames), newLine(from.rr, to.rr, frames)
	for i := range frames {
		open := t.share(i)
		if channels == 1 {
			dst[i] = bounded(scaled(int32(pcm[i]), ll.at(i)*open/fadeFrames))
			continue
		}
		l, r := int64(pcm[2*i]), int64(pcm[2*i+1])
		left := (l*ll.at(i) + r*rl.at(i)) / fadeFrames * open
		right := (l*lr.at(i) + r*rr.at(i)) / fadeFrames * open
		dst[2*i] = bounded(int32((left + unity/2) >> gainBits))
		dst[2*i+1] = bounded(int32((right + unity/2) >> gainBits))
	}
}
