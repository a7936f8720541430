package play

import (
	"math"
	"slices"
	"sort"
	"sync"

	"github.com/omniverto/omniverto/media"
)

// endless is the length of a score that never ends.
const endless = -1

// note is a sine with an envelope. Times are in samples.
type note struct {
	at, length      int64
	hz, phase       float64
	amplitude       float64 // of full scale, at its beginning
	fall            float64 // what the amplitude's natural logarithm changes by in a sample
	attack, release int64   // straight edges at both ends
}

// score is sound as a pure function of time: any part of it can be computed without
// what is before. It is constant once it is ready.
type score struct {
	notes   []note
	length  int64
	comfort int  // noise of one in that many parts of full scale; 0: none
	wrap    bool // what still sounds at the end sounds on in the next pass

	longest int64 // note
}

// ready puts the notes into order.
func (s *score) ready() *score {
	slices.SortStableFunc(s.notes, func(a, b note) int { return int(a.at - b.at) })
	for _, n := range s.notes {
		s.longest = max(s.longest, n.length)
	}
	return s
}

// render adds the sound from a time on to mix, whose full scale is 32767. It tells
// whether there was any.
func (s *score) render(mix []float64, from int64) bool {
	first := sort.Search(len(s.notes), func(i int) bool { return s.notes[i].at > from-s.longest })
	heard, to := false, from+int64(len(mix))
	for _, n := range s.notes[first:] {
		if n.at >= to {
			break
		}
		if n.at+n.length > from {
			n.render(mix, from)
			heard = true
		}
	}
	return heard
}

// render adds the note. Its phase and level are computed anew for each call; in between
// a pointer turns and shrinks from sample to sample.
func (n *note) render(mix []float64, from int64) {
	start := max(from, n.at)
	mix = mix[start-from : min(int64(len(mix)), n.at+n.length-from)]
	t := start - n.at
	turn := 2 * math.Pi * n.hz / media.SampleRate
	amplitude := 32767 * n.amplitude * math.Exp(n.fall*float64(t))
	if n.fall < 0 && amplitude < 0.5 { // it has died away
		return
	}
	sin, cos := math.Sincos(math.Mod(turn*float64(t), 2*math.Pi) + n.phase)
	sin, cos = amplitude*sin, amplitude*cos
	stepSin, stepCos := math.Sincos(turn)
	shrink := math.Exp(n.fall)
	stepSin, stepCos = shrink*stepSin, shrink*stepCos
	whole := t >= n.attack && t+int64(len(mix)) <= n.length-n.release
	for i := range mix {
		if whole {
			mix[i] += sin
		} else {
			mix[i] += sin * n.edge(t+int64(i))
		}
		sin, cos = sin*stepCos+cos*stepSin, cos*stepCos-sin*stepSin
	}
}

// edge is the envelope's share of the straight edges.
func (n *note) edge(t int64) float64 {
	v := 1.0
	if t < n.attack {
		v = float64(t) / float64(n.attack)
	}
	if left := n.length - t; left < n.release {
		v *= float64(left) / float64(n.release)
	}
	return v
}

// scoreVoice plays a score.
type scoreVoice struct {
	score    *score
	channels int

	mu    sync.Mutex
	at    int64
	again int    // passes that follow this one; -1: for ever
	later bool   // a pass was before this one
	seed  uint32 // of the noise
	mix   []float64
}

func newScoreVoice(s *score, channels, loops int) *scoreVoice {
	v := &scoreVoice{score: s, channels: channels, seed: 1, mix: make([]float64, media.TickSamples)}
	v.loop(loops)
	return v
}

func (v *scoreVoice) read(dst []int16) state {
	v.mu.Lock()
	defer v.mu.Unlock()
	if cap(v.mix) < len(dst)/v.channels { // no mixer has other ticks than the first
		v.mix = make([]float64, len(dst)/v.channels)
	}
	mix := v.mix[:len(dst)/v.channels]
	clear(mix)
	done, heard := v.perform(mix)
	switch {
	case done == 0:
		return ended
	case v.score.comfort > 0:
		v.noise(mix[:done])
	case !heard:
		return quiet
	}
	for i, s := range mix {
		sample := clip(s)
		for c := range v.channels {
			dst[i*v.channels+c] = sample
		}
	}
	return played
}

// perform plays into mix until it is full or all is over.
func (v *scoreVoice) perform(mix []float64) (done int, heard bool) {
	for done < len(mix) {
		rest := int64(len(mix) - done)
		if v.score.length != endless {
			if v.at >= v.score.length && !v.rewind() {
				break
			}
			rest = min(rest, v.score.length-v.at)
		}
		part := mix[done : done+int(rest)]
		heard = v.score.render(part, v.at) || heard
		if v.score.wrap && v.later {
			heard = v.score.render(part, v.at+v.score.length) || heard
		}
		v.at += rest
		done += int(rest)
	}
	return done, heard
}

// rewind begins the next pass, if there is one.
func (v *scoreVoice) rewind() bool {
	if v.again == 0 {
		return false
	}
	if v.again > 0 {
		v.again--
	}
	v.at, v.later = 0, true
	return true
}

// noise adds white noise.
func (v *scoreVoice) noise(mix []float64) {
	level := 32767 / float64(v.score.comfort)
	for i := range mix {
		v.seed = v.seed*1664525 + 1013904223
		mix[i] += level * float64(int32(v.seed)) / (1 << 31)
	}
}

func (v *scoreVoice) seek(to int64) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.at = to
}

func (v *scoreVoice) loop(n int) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.again = -1; n >= 0 {
		v.again = max(n, 1) - 1
	}
}

func (v *scoreVoice) position() int64 {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.at
}

func (v *scoreVoice) length() int64 { return max(v.score.length, 0) }

func (v *scoreVoice) close() {}
