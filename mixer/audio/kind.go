package audio

import (
	"sync/atomic"

	"github.com/omniverto/omniverto/media"
)

// Kind is what listeners must have in common to be served by one encoder.
type Kind struct {
	media.AudioForm
	Lossy bool // their way loses packets: worth redundancy (media.md 23)
}

// kinds is the number of kinds there can be.
const kinds = 4 * 2 * 2

// kindID is the place of a kind in the tables of the step.
type kindID uint8

// channels is the number of channels of the kind.
func (k kindID) channels() int { return 1 + int(k>>1&1) }

// class is 1 for the lossy kinds.
func (k kindID) class() int { return int(k & 1) }

func idOf(form media.AudioForm, lossy bool) kindID {
	return kindID(form.Codec&3)<<2 | kindID(form.Channels-1)<<1 | kindID(classOf(lossy))
}

func classOf(lossy bool) int {
	if lossy {
		return 1
	}
	return 0
}

// kind is the kind with that place.
func (k kindID) kind() Kind {
	return Kind{media.AudioForm{Codec: media.AudioCodec(k >> 2), Channels: k.channels()}, k.class() == 1}
}

// common is what all who hear the common mix in one kind share.
type common struct {
	stream atomic.Pointer[stream] // nil until the first listener
	// owned by the step
	age       int // ticks in a row in which the stream was encoded
	joins     int // ticks, from this one on, in which somebody comes from another stream
	listeners int // in this tick
	frame     *media.Frame
}

// ComplexitySetter is an optional power of an encoder: how much CPU it spends, on
// the scale of libopus, 0 to 10. It takes effect with the next packet.
type ComplexitySetter interface {
	SetComplexity(complexity int) error
}

// PredictionSetter is an optional power of an encoder: to make packets that need
// nothing of those before them (libopus: OPUS_SET_PREDICTION_DISABLED), from the
// next packet on. With it a listener comes back to the common stream without a
// trace; without it the two encoders are left to agree by themselves. Those of
// Opus do so in its speech modes, where an encoder may ignore the setting, but not
// with transforms only.
type PredictionSetter interface {
	SetPrediction(on bool) error
}

// The complexity of own mixes follows their number: where many speak at once,
// each costs an encode, and nobody can hear how well it is coded.
const (
	fewMixes        = 3 // up to here the full complexity
	someMixes       = 9 // up to here someComplexity, then crowdComplexity
	someComplexity  = 2 // of libopus: with time-frequency analysis
	crowdComplexity = 0
	// Ticks that the number must be over or under a limit: a cough of one more
	// changes nothing, and coming back takes two seconds.
	effortFalls = 10
	effortGrows = 100
)

// effort finds the complexity of own mixes, with hysteresis.
type effort struct {
	full  int // 0: encoders are left alone
	level int // 0: few, 1: some, 2: a crowd
	ticks int // in a row that ask for another level
}

// hear takes the number of own mixes of one tick.
func (e *effort) hear(mixes int) {
	switch asked := effortLevel(mixes); {
	case asked > e.level:
		e.ticks = max(e.ticks, 0) + 1
	case asked < e.level && effortLevel(mixes+1) < e.level:
		e.ticks = min(e.ticks, 0) - 1
	default:
		e.ticks = 0
	}
	if e.ticks >= effortFalls {
		e.level, e.ticks = effortLevel(mixes), 0
	}
	if e.ticks <= -effortGrows {
		e.level, e.ticks = e.level-1, 0
	}
}

func effortLevel(mixes int) int {
	switch {
	case mixes <= fewMixes:
		return 0
	case mixes <= someMixes:
		return 1
	}
	return 2
}

// complexity is that of own mixes now.
func (e *effort) complexity() int {
	return [...]int{e.full, min(e.full, someComplexity), min(e.full, crowdComplexity)}[e.level]
}
