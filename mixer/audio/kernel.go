package audio

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

// add adds pcm to sum, exactly: 65,536 members would fit.
func add(sum []int32, pcm []int16) {
	sum = sum[:len(pcm)]
	for i, s := range pcm {
		sum[i] += int32(s)
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
func minus(dst []int16, sum []int32, own []int16) {
	sum, own = sum[:len(dst)], own[:len(dst)]
	for i := range dst {
		dst[i] = clip(sum[i] - int32(own[i]))
	}
}

// minusGain sets dst to sum without own, times gain (Q24), rounded.
func minusGain(dst []int16, sum []int32, own []int16, gain []int32) {
	sum, own, gain = sum[:len(dst)], own[:len(dst)], gain[:len(dst)]
	for i := range dst {
		v := int64(sum[i]-int32(own[i]))*int64(gain[i]) + unity/2
		dst[i] = clip(int32(v >> gainBits))
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

// apply does to pcm, one tick of interleaved samples, what t says.
func (t turn) apply(pcm []int16, channels int) {
	head := pcm[:min(len(pcm), fadeFrames*channels)]
	switch t {
	case staysOff:
		clear(pcm)
	case fadesIn:
		for i, s := range head {
			head[i] = int16(int32(s) * int32(i/channels) / fadeFrames)
		}
	case fadesOut:
		for i, s := range head {
			head[i] = int16(int32(s) * int32(fadeFrames-i/channels) / fadeFrames)
		}
		clear(pcm[len(head):])
	case staysOn:
	}
}
