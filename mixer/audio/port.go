package audio

import (
	"math"
	"sync/atomic"

	"github.com/omniverto/omniverto/media"
)

// Port is one member in the mix. Its exported methods may be called by any
// goroutine.
type Port struct {
	// constant after construction
	id    PortID
	src   Source        // nil: listener only
	out   media.Watcher // nil: hears nothing
	mixer *Mixer

	// atomic
	muted, deaf atomic.Bool
	talking     atomic.Bool
	score       atomic.Int32
	power       atomic.Uint64 // mean square, as float64 bits
	own         atomic.Pointer[stream]

	removed bool // guarded by mixer.mu

	// owned by the step
	pcm        []int16 // this tick's samples, faded; in the sum if mixed
	gone       bool
	mixed      bool
	talk       talk
	mouth, ear fade
	earTurn    turn // what ear does in this tick
	route      route
	equal      int // ticks on the own encoder with the same input as the shared one
}

// route is where a port's stream comes from.
type route uint8

const (
	nowhere route = iota // had no frame yet
	fromShared
	fromOwn
)

// ID is the id that the port was added with.
func (p *Port) ID() PortID { return p.id }

// SetMuted takes a member's voice out of the mix or back in, with a short fade.
// He goes on hearing.
func (p *Port) SetMuted(on bool) { p.muted.Store(on) }

// SetDeaf makes a member hear silence, or the mix again, with a short fade. His
// stream goes on.
func (p *Port) SetDeaf(on bool) {
	if on && p.out != nil {
		p.needOwn()
	}
	p.deaf.Store(on)
}

// needOwn makes the encoder of the port's own mix, once. Without one (it has
// been logged) he gets no frames while he needs it.
func (p *Port) needOwn() {
	if p.own.Load() != nil {
		return
	}
	s := p.mixer.newStream()
	p.mixer.mu.Lock()
	if !p.removed && p.own.CompareAndSwap(nil, s) {
		s = nil
	}
	p.mixer.mu.Unlock()
	s.close()
}

// PortState is what the last step heard of a member.
type PortState struct {
	Talking bool
	// Score is FreeSWITCH's energy score, the mean |sample| of the last tick; 0
	// while muted.
	Score int
	// LevelDBov is the last tick's level as in RFC 6464, but negative: 0 is the
	// loudest, -127 silence. It is told while muted, too.
	LevelDBov int
}

// State may be called at any time.
func (p *Port) State() PortState {
	return PortState{
		Talking:   p.talking.Load(),
		Score:     int(p.score.Load()),
		LevelDBov: dBov(math.Float64frombits(p.power.Load())),
	}
}

// speaks reports whether the port can still have sound for the mix.
func (p *Port) speaks() bool { return p.src != nil && !p.gone }
