package audio

import (
	"math"
	"sync/atomic"

	"github.com/omniverto/omniverto/media"
)

// Port is one member in the mix. Its exported methods may be called by any
// goroutine, but not from within a Source or a media.Watcher.
type Port struct {
	// constant after construction
	id    PortID
	src   Source        // nil: listener only
	out   media.Watcher // nil: hears nothing
	form  media.AudioForm
	mixer *Mixer

	// set by control, read by the step
	muted, deaf, lossy, detectMuted atomic.Bool
	energy                          atomic.Int32 // own gate level; < 0: the mixer's
	volumeIn, volumeOut             number       // factors
	pan                             number       // -1 to 1
	agcSet                          atomic.Pointer[AGC]
	ceiling                         atomic.Pointer[Ceiling]
	hold                            atomic.Pointer[hold]
	wide                            atomic.Pointer[[]int32]   // room for shaped samples
	own                             [2]atomic.Pointer[stream] // by class

	// set by the step, read by all
	talking atomic.Bool
	score   atomic.Int32
	power   atomic.Uint64 // mean square, as float64 bits
	spell   spell

	removed bool // guarded by mixer.mu

	voice
	listening
}

// voice is what the step knows of what a member says.
type voice struct {
	pcm    []int16 // this tick's samples
	shaped bool    // they are in wide, under gains
	gone   bool
	mixed  bool // is in this tick's sum
	talk   talk
	mouth  fade
	begun  bool // was stepped before
	gains  gains
	agc    agc
	burst  burst
}

// listening is what the step knows of what a member hears.
type listening struct {
	ear      fade
	earTurn  turn // what ear does in this tick: how the mix is heard
	holding  *hold
	music    []int16 // what he hears of it in this tick; nil: nothing
	faded    turn    // how
	plays    []*announcement
	alone    bool // an announcement replaces the mix
	deafTo   *deafTo
	unheard  []deafness
	lacks    bool  // somebody who is mixed is taken out of what he hears
	from, to int64 // volume out at the tick's start and end, Q24
	guard    limiter
	kind     kindID
	route    route
	equal    int  // ticks on the own encoder with the same input as the common one
	leaving  bool // the own encoder for the common one, in the next tick
}

// route is where a port's stream comes from.
type route uint8

const (
	nowhere route = iota // had no frame yet
	fromCommon
	fromOwn
)

// PortOptions are a port's settings.
type PortOptions struct {
	// Form is what the member is sent; 0 channels: as many as the mixer has. It
	// needs Options.NewEncoderFor, without which all are sent the same.
	Form media.AudioForm
}

// ID is the id that the port was added with.
func (p *Port) ID() PortID { return p.id }

// SetMuted takes a member's voice out of the mix or back in, with a short fade.
// He goes on hearing.
func (p *Port) SetMuted(on bool) { p.muted.Store(on) }

// SetDeaf makes a member hear silence, or the mix again, with a short fade. His
// stream goes on, and so does what is played to him alone.
func (p *Port) SetDeaf(on bool) {
	if on {
		p.needOwn()
	}
	p.deaf.Store(on)
}

// SetVolumeIn sets the volume of a member's voice in dB, up to 24; -90 and less
// is silence. It moves within 20 ms. His score and his gate follow it.
func (p *Port) SetVolumeIn(dB float64) {
	p.needWide()
	p.volumeIn.set(linear(dB))
}

// SetVolumeOut sets the volume of what a member hears, as SetVolumeIn.
func (p *Port) SetVolumeOut(dB float64) {
	p.needOwn()
	p.volumeOut.set(linear(dB))
}

// SetEnergy gives a member a gate level of his own; below 0 he has the mixer's.
func (p *Port) SetEnergy(level int) {
	p.energy.Store(int32(max(-1, min(level, math.MaxInt32))))
}

// SetAGC makes a member's voice reach a level by itself, or no longer.
func (p *Port) SetAGC(a AGC) {
	p.needWide()
	p.agcSet.Store(&a)
}

// SetPosition puts a member's voice to a place from -1, left, to 1, right, or
// with on false back to where his own stereo has it. It moves within 20 ms. Who
// listens in mono hears no difference, and in a mono mixer there is none.
func (p *Port) SetPosition(pan float64, on bool) {
	if !on || math.IsNaN(pan) || p.mixer.o.Channels == 1 {
		pan = 0
	}
	p.needWide()
	p.pan.set(max(-1, min(1, pan)))
}

// SetHold takes a member's voice out of the mix, and lets him hear music instead
// of the mix until it is Gone; without music he goes on hearing the mix. When it
// returns, no step can touch the music of before any more.
func (p *Port) SetHold(on bool, music Source) {
	var h *hold
	if on {
		h = &hold{music: music}
	}
	if on && music != nil {
		p.needOwn()
		n := media.TickSamples * p.mixer.o.Channels
		h.next, h.heard = make([]int16, n), make([]int16, n)
	}
	p.hold.Store(h)
	p.mixer.mu.Lock()
	p.mixer.waitLocked()
	p.mixer.mu.Unlock()
}

// SetLossy chooses the loss class of what a member is sent (media.md 23).
func (p *Port) SetLossy(on bool) {
	if p.out != nil {
		p.mixer.needCommon(idOf(p.form, on))
		p.needOwnIn(classOf(on))
	}
	p.lossy.Store(on)
}

// SetTalkDetectMuted lets talking be detected while a member is muted or on hold.
// He is not mixed then and cannot take the floor.
func (p *Port) SetTalkDetectMuted(on bool) { p.detectMuted.Store(on) }

// needWide makes room for shaped samples, once.
func (p *Port) needWide() {
	if p.src == nil || p.wide.Load() != nil {
		return
	}
	wide := make([]int32, media.TickSamples*p.mixer.o.Channels)
	p.wide.CompareAndSwap(nil, &wide)
}

// needOwn makes the encoder of the port's own mix, once. Without one (it has
// been logged) he gets no frames while he needs it.
func (p *Port) needOwn() {
	if p.out != nil {
		p.needOwnIn(classOf(p.lossy.Load()))
	}
}

func (p *Port) needOwnIn(class int) {
	own := &p.own[class]
	if own.Load() != nil {
		return
	}
	s := p.mixer.newStream(idOf(p.form, class == 1))
	p.mixer.mu.Lock()
	if !p.removed && own.CompareAndSwap(nil, s) {
		s = nil
	}
	p.mixer.mu.Unlock()
	s.close()
}

// PortState is what the last step heard of a member.
type PortState struct {
	// Talking is told of the muted only after SetTalkDetectMuted.
	Talking bool
	// Score is FreeSWITCH's energy score, the mean |sample| of the last tick under
	// the volume of his voice; 0 while muted without detection.
	Score int
	// LevelDBov is the last tick's level as in RFC 6464, but negative: 0 is the
	// loudest, -127 silence. It is that of his microphone, told while muted, too.
	LevelDBov int
	// Spell is how he talks, or talked last.
	Spell Spell
}

// Spell measures the time from when somebody began to talk until he stopped, or
// until now, for FreeSWITCH's events.
type Spell struct {
	Ticks  int // of talking
	Hits   int // of them over the gate
	Misses int // of them below
	Energy int // mean score of the hits
	Change int // mean difference between the score of a hit and that of the tick before it
}

// State may be called at any time.
func (p *Port) State() PortState {
	return PortState{
		Talking:   p.talking.Load(),
		Score:     int(p.score.Load()),
		LevelDBov: dBov(math.Float64frombits(p.power.Load())),
		Spell:     p.spell.load(),
	}
}

// speaks reports whether the port can still have sound for the mix.
func (p *Port) speaks() bool { return p.src != nil && !p.gone }

// stream is the port's own encoder in its present kind, or nil.
func (p *Port) stream() *stream { return p.own[p.kind.class()].Load() }
