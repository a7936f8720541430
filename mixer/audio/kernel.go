package audio

// sample is a member's contribution: as it came, or shaped by gains.
type sample interface{ ~int16 | ~int32 }

// clip is the guard behind the limiter.
func clip(v int32) int16 { return int16(max(-32768, min(32767, v))) }

// loudness is what one tick of samples sounds like.
type loudness struct {
	score  int     // mean |sample|, rounded down
	square float64 // mean square
}

// measure takes the loudness of pcm, which is not empty.
func measure(pcm []int16) loudness {
	var abs, square uint64
	for _, s := range pcm {
		v := int64(s)
		square += uint64(v * v)
		abs += uint64(max(v, -v))
	}
	n := len(pcm)
	return loudness{score: int(abs) / n, square: float64(square) / float64(n)}
}

// add adds pcm to sum, exactly: 8,192 members would fit.
func add[S sample](sum []int32, pcm []S) {
	sum = sum[:len(pcm)]
	for i, s := range pcm {
		sum[i] += int32(s)
	}
}

// subtract takes own out of sum.
func subtract[S sample](sum []int32, own []S) {
	sum = sum[:len(own)]
	for i, s := range own {
		sum[i] -= int32(s)
	}
}

// subtractFaded takes own out of sum as far as t says.
func subtractFaded[S sample](sum []int32, own []S, t turn, channels int) {
	sum = sum[:len(own)]
	for i, s := range own {
		sum[i] -= int32(int64(s) * t.share(i/channels) / fadeFrames)
	}
}

// peak is the largest |sample| of sum, where -32768 counts as 32767, since both
// just fit.
func peak(sum []int32) int32 {
	var top int32
	for _, s := range sum {
		top = max(top, s, ^s)
	}
	return top
}

// minus sets dst to sum without own.
func minus[S sample](dst []int16, sum []int32, own []S) {
	sum, own = sum[:len(dst)], own[:len(dst)]
	for i := range dst {
		dst[i] = clip(sum[i] - int32(own[i]))
	}
}

// minusGain sets dst to sum without own, times gain (Q24), rounded.
func minusGain[S sample](dst []int16, sum []int32, own []S, gain []int32) {
	sum, own, gain = sum[:len(dst)], own[:len(dst)], gain[:len(dst)]
	for i := range dst {
		dst[i] = clip(scaled(sum[i]-int32(own[i]), int64(gain[i])))
	}
}

// narrow sets dst to sum, clipped.
func narrow(dst []int16, sum []int32) {
	sum = sum[:len(dst)]
	for i := range dst {
		dst[i] = clip(sum[i])
	}
}

// narrowGain sets dst to sum times gain (Q24), rounded and clipped.
func narrowGain(dst []int16, sum, gain []int32) {
	sum, gain = sum[:len(dst)], gain[:len(dst)]
	for i := range dst {
		dst[i] = clip(scaled(sum[i], int64(gain[i])))
	}
}

// scaled is v times gain (Q24), rounded.
func scaled(v int32, gain int64) int32 {
	return int32((int64(v)*gain + unity/2) >> gainBits)
}

// scale multiplies sum by gain (Q24).
func scale(sum, gain []int32) {
	gain = gain[:len(sum)]
	for i := range sum {
		sum[i] = scaled(sum[i], int64(gain[i]))
	}
}

// scaleRamp multiplies sum by a gain (Q24) that goes from one value to the other
// within the tick.
func scaleRamp(sum []int32, from, to int64, channels int) {
	if from == to {
		for i := range sum {
			sum[i] = scaled(sum[i], to)
		}
		return
	}
	l := newLine(from, to, len(sum)/channels)
	for i := range sum {
		sum[i] = scaled(sum[i], l.at(i/channels))
	}
}

// line goes from one gain to another in equal steps, one for each frame; the last
// frame has the second.
type line struct{ from, step float64 }

func newLine(from, to int64, frames int) line {
	return line{float64(from), float64(to-from) / float64(frames)}
}

func (l line) at(frame int) int64 { return int64(l.from + l.step*float64(frame+1)) }

// toMono sets dst to the mean of the two channels of stereo, rounded.
func toMono(dst, stereo []int16) {
	stereo = stereo[:2*len(dst)]
	for i := range dst {
		dst[i] = int16((int32(stereo[2*i]) + int32(stereo[2*i+1]) + 1) >> 1)
	}
}

// toStereo sets both channels of dst to mono.
func toStereo(dst, mono []int16) {
	dst = dst[:2*len(mono)]
	for i, s := range mono {
		dst[2*i], dst[2*i+1] = s, s
	}
}

// turn is what a fade does during one tick.
type turn uint8

const (
	staysOff turn = iota
	staysOn
	fadesIn
	fadesOut
)

// fade opens and closes without a click.
type fade struct{ on bool }

// turn moves the fade to on within this tick.
func (f *fade) turn(on bool) turn {
	was := f.on
	f.on = on
	switch {
	case was && on:
		return staysOn
	case was:
		return fadesOut
	case on:
		return fadesIn
	}
	return staysOff
}

// fadeFrames is the length of a fade in samples per channel: 10 ms.
const fadeFrames = 480

// share is how far the fade is open at a frame of the tick, out of fadeFrames.
func (t turn) share(frame int) int64 {
	switch t {
	case staysOn:
		return fadeFrames
	case fadesIn:
		return int64(min(frame, fadeFrames))
	case fadesOut:
		return int64(max(fadeFrames-frame, 0))
	case staysOff:
	}
	return 0
}

// applyTurn does to pcm, one tick of interleaved samples, what t says.
func applyTurn[S sample](t turn, pcm []S, channels int) {
	head := pcm[:min(len(pcm), fadeFrames*channels)]
	switch t {
	case staysOff:
		clear(pcm)
	case fadesIn, fadesOut:
		for i, s := range head {
			head[i] = S(int64(s) * t.share(i/channels) / fadeFrames)
		}
		if t == fadesOut {
			clear(pcm[len(head):])
		}
	case staysOn:
	}
}
