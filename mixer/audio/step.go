package audio

import (
	"math"
	"time"

	"github.com/omniverto/omniverto/media"
)

// returnTicks is how long both encoders must have had the same input before a
// port goes back to the shared stream (media.md 22): by then they agree.
const returnTicks = 20

// step is the state that only Step touches.
type step struct {
	sum     []int32 // of all who are mixed
	mix     []int16 // what everybody hears who is not in the sum
	scratch []int16 // one own mix
	silence []int16 // zeros
	packet  [media.MaxFragment]byte
	limiter limiter
	limited bool  // the limiter's curve applies in this tick
	holder  *Port // of the floor
	// sharedAge is how many ticks in a row the shared mix was encoded.
	sharedAge int
	tick      int64
	rtp       uint32
	now       time.Duration
	nextLog   time.Duration
}

func newStep(channels int) step {
	n := media.TickSamples * channels
	return step{
		sum: make([]int32, n), mix: make([]int16, n), scratch: make([]int16, n), silence: make([]int16, n),
		limiter: newLimiter(channels, n),
	}
}

// Step makes one tick: pulls, mixes, encodes and hands the frames out. now is the
// tick's nominal room time. It allocates nothing in steady state.
func (m *Mixer) Step(tick int64, now time.Duration) {
	ports, shared := m.begin()
	defer m.end()
	m.tick, m.now, m.rtp = tick, now, m.o.Clock.AudioRTP(now)
	m.ticks.Add(1)
	changed := m.collect(ports)
	if m.passFloor(ports) {
		changed = true
	}
	m.limited = m.limiter.next(m.sum)
	m.gain.Store(uint32(quantize(m.limiter.gain)))
	m.less(m.mix, m.silence)
	m.send(ports, shared)
	if changed {
		m.signal()
	}
}

// collect pulls from everybody and adds up who is heard. It reports whether
// anybody began or stopped talking.
func (m *Mixer) collect(ports []*Port) (changed bool) {
	clear(m.sum)
	mixed := int32(0)
	for _, p := range ports {
		if m.listen(p) {
			changed = true
		}
		if p.mixed {
			add(m.sum, p.pcm)
			mixed++
		}
	}
	m.mixed.Store(mixed)
	return changed
}

// listen pulls one tick from p and decides whether it is mixed.
func (m *Mixer) listen(p *Port) (changed bool) {
	p.mixed = false
	if !p.speaks() {
		return false
	}
	sound, heard := false, loudness{}
	switch p.src.Pull(p.pcm) {
	case media.Sound:
		sound, heard = true, measure(p.pcm)
	case media.Gone:
		p.gone = true
	case media.Silence:
	}
	p.power.Store(math.Float64bits(heard.square))
	muted := p.muted.Load()
	if muted || p.gone {
		heard.score = 0
		changed = p.talk.silence()
	} else {
		changed = p.talk.hear(heard.score, m.o.EnergyLevel)
	}
	p.talking.Store(p.talk.on)
	p.score.Store(int32(heard.score))

	open := m.o.EnergyLevel == 0 || m.o.AudioAlways || p.talk.on
	turn := p.mouth.turn(open && !muted)
	// Digital silence adds nothing; who sends it hears the shared mix.
	if p.mixed = sound && turn != staysOff && heard.square > 0; p.mixed {
		turn.apply(p.pcm, m.o.Channels)
	}
	return changed
}

// less sets dst to the limited sum without own.
func (m *Mixer) less(dst, own []int16) {
	if m.limited {
		minusGain(dst, m.sum, own, m.limiter.curve)
	} else {
		minus(dst, m.sum, own)
	}
}

// send encodes and hands out. Encoder states are copied before anything of this
// tick is encoded.
func (m *Mixer) send(ports []*Port, shared *stream) {
	listeners := int32(0)
	for _, p := range ports {
		if p.out == nil {
			continue
		}
		m.direct(p, shared)
		if p.route == fromShared {
			listeners++
		}
	}
	m.listeners.Store(listeners)
	m.sendShared(ports, shared, listeners > 0)
	for _, p := range ports {
		if p.out != nil && p.route == fromOwn {
			m.sendOwn(p)
		}
	}
}

// direct decides which stream p hears in this tick.
func (m *Mixer) direct(p *Port, shared *stream) {
	p.earTurn = p.ear.turn(!p.deaf.Load())
	if p.mixed || p.earTurn != staysOn {
		if own := p.own.Load(); p.route == fromShared && own != nil && shared != nil {
			m.copyState(own, shared)
		}
		p.route, p.equal = fromOwn, 0
		return
	}
	if p.route != fromOwn {
		p.route = fromShared
		return
	}
	idle := m.sharedAge == 0
	if p.equal < returnTicks || !idle && m.sharedAge < returnTicks {
		p.equal++
		return
	}
	if own := p.own.Load(); idle && own != nil && shared != nil {
		// Nobody heard the shared stream: it goes on from this one.
		m.copyState(shared, own)
		m.sharedAge = returnTicks
	}
	p.route = fromShared
}

func (m *Mixer) copyState(to, from *stream) {
	ok, err := to.take(from)
	if err != nil {
		m.encodeFailed(err)
	}
	if ok {
		m.copies.Add(1)
	}
}

func (m *Mixer) sendShared(ports []*Port, shared *stream, wanted bool) {
	if !wanted {
		m.sharedAge = 0
		return
	}
	m.sharedAge++
	if shared == nil {
		m.unserved.Add(1)
		return
	}
	m.sharedEncodes.Add(1)
	f := m.encode(shared, m.mix)
	if f == nil {
		return
	}
	for _, p := range ports {
		if p.out != nil && p.route == fromShared {
			p.out.WriteFrame(f)
		}
	}
	f.Release()
}

func (m *Mixer) sendOwn(p *Port) {
	own := p.own.Load()
	if own == nil {
		m.unserved.Add(1)
		return
	}
	m.ownEncodes.Add(1)
	if f := m.encode(own, m.ownMix(p)); f != nil {
		p.out.WriteFrame(f)
		f.Release()
	}
}

// ownMix is what p hears, valid until the next call.
func (m *Mixer) ownMix(p *Port) []int16 {
	switch {
	case p.earTurn == staysOff:
		return m.silence
	case p.earTurn == staysOn && !p.mixed:
		return m.mix
	case p.mixed:
		m.less(m.scratch, p.pcm)
	default:
		copy(m.scratch, m.mix)
	}
	p.earTurn.apply(m.scratch, m.o.Channels)
	return m.scratch
}
