package source

import (
	"math"

	"github.com/omniverto/omniverto/media"
)

// hush is what a packet's RFC 6464 level says of its sound.
type hush uint8

const (
	loud    hush = iota // or not known: always decoded
	soft                // nobody speaks, and it is too soft to be heard
	digital             // nothing but zeros
)

const (
	// -dBov from which on a packet without voice is soft. Speech is 40 dB louder
	// and the gate of a conference closes 20 dB above it; ten steps of a 16-bit
	// sample are all that is lost.
	softLevel = 70
	// A level is taken for silence after this time: a voice often dips between
	// syllables, and its echo in the room should die away, not stop. Digital
	// silence has neither.
	softAfter    = media.SampleRate / 5
	digitalAfter = 3 * media.TickSamples
	// Packets that are not decoded are kept for this long, the last ones, to
	// bring the decoder up to date (media.md 24).
	keptFor = 3 * media.TickSamples
	maxKept = keptFor / grain

	// A tick below this mean square (-60 dBFS) in an announced pause is the
	// sender's noise, sent now and then to be imitated.
	pausePower = 32768 * 32768 / 1000000
	// Without such a tick for 2 s the sender has stopped sending at all.
	noiseTicks = 100
	// Comfort noise is at most at -50 dBFS.
	maxNoise = 104
)

// hushOf judges a packet by its level. The voice bit is a sender's to set or not;
// a level is trusted without it.
func hushOf(p *media.Packet) hush {
	switch {
	case !p.HasLevel || p.Level < softLevel:
		return loud
	case p.Level >= 127:
		return digital
	case p.Voice:
		return loud
	}
	return soft
}

// silence is a run of packets that need not be decoded.
type silence struct {
	run   int  // samples since the last loud packet
	faded bool // the sound was brought to zero

	// The last packets of it, oldest first, in a ring.
	kept   [maxKept]*packet
	length [maxKept]int // samples
	first  int
	n      int
	stale  int // of these, the oldest ones: decoded since, to be reused
	sum    int // samples of the others
}

// skip enters a packet of n samples and tells whether it may be left undecoded,
// and whether it is the last one to be heard.
func (s *silence) skip(h hush, n int) (skip, fade bool) {
	if h == loud {
		s.run, s.faded = 0, false
		return false, false
	}
	s.run += n
	limit := softAfter
	if h == digital {
		limit = digitalAfter
	}
	switch {
	case s.run <= limit:
		return false, false
	case h == soft && !s.faded:
		s.faded = true
		return false, true
	}
	return true, false
}

// keep puts a packet of n samples aside and returns one that is no longer needed,
// nil if there is none.
func (s *silence) keep(p *packet, n int) (old *packet) {
	if s.stale > 0 || s.n == maxKept || s.n > 0 && s.sum+n-s.length[s.first] >= keptFor {
		old = s.kept[s.first]
		if s.stale > 0 {
			s.stale--
		} else {
			s.sum -= s.length[s.first]
		}
		s.first = (s.first + 1) % maxKept
		s.n--
	}
	at := (s.first + s.n) % maxKept
	s.kept[at], s.length[at] = p, n
	s.n++
	s.sum += n
	return old
}

// waiting tells whether there are packets that the decoder has not seen.
func (s *silence) waiting() bool { return s.n > s.stale }

// next is the oldest packet that the decoder has not seen, nil when there is none.
func (s *silence) next() *packet {
	if !s.waiting() {
		return nil
	}
	at := (s.first + s.stale) % maxKept
	s.stale++
	s.sum -= s.length[at]
	return s.kept[at]
}

// noise imitates the sender's background while he sends none.
type noise struct {
	seed  uint32
	low   [2]float64
	level float64 // root mean square
	pause bool    // the sender has announced that he sends nothing
	ticks int     // since he last let his background be heard
}

// begin enters that a pause begins after a tick of mean square power.
func (n *noise) begin(power float64) {
	if !n.pause {
		n.pause = true
		n.learn(min(power, pausePower/4))
	}
}

// learn takes the level of the sender's background.
func (n *noise) learn(power float64) {
	n.level = min(math.Sqrt(power), maxNoise)
	n.ticks = 0
}

// fill writes a tick of noise and tells whether there was any.
func (n *noise) fill(dst []int16, channels int) bool {
	if n.ticks++; !n.pause || n.ticks > noiseTicks || n.level < 1 {
		return false
	}
	for i := range dst {
		n.seed ^= n.seed << 13
		n.seed ^= n.seed >> 17
		n.seed ^= n.seed << 5
		// White noise through a soft low-pass, which takes two thirds of its
		// power; a third of that of a square is in a uniform distribution.
		v := float64(int32(n.seed)) / (1 << 31) * 3 * n.level
		c := i % channels
		n.low[c] += (v - n.low[c]) / 2
		dst[i] = int16(math.RoundToEven(n.low[c]))
	}
	return true
}

// power is the mean square of a sound.
func power(pcm []int16) float64 {
	sum := int64(0)
	for _, s := range pcm {
		sum += int64(s) * int64(s)
	}
	return float64(sum) / float64(max(len(pcm), 1))
}
