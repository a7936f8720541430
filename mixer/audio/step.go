package audio

import (
	"math"
	"time"

	"github.com/omniverto/omniverto/media"
)

// step is the state that only Step touches.
type step struct {
	now     snapshot
	sum     []int32 // of all who are mixed, announcements and comfort noise
	voices  []*Port // who is in it
	mix     []int16 // the common mix
	other   []int16 // the same in the other number of channels …
	hasIt   bool    // … once somebody needs it
	scratch []int16 // one own mix
	turned  []int16 // the same in the other number of channels
	wide    []int32 // one personal mix before it is limited
	silence []int16 // zeros
	curve   []int32 // the room's limiter's gain in this tick, per interleaved sample
	guarded []int32 // likewise that of a personal mix
	packet  [media.MaxFragment]byte
	limiter limiter
	limited bool // the curve applies in this tick
	solo    bool // an announcement replaces everybody's voices
	ending  bool // an announcement ended in this step
	noise   uint32
	effort  effort
	holder  *Port // of the floor
	tick    int64
	rtp     uint32
	at      time.Duration
	nextLog time.Duration
}

func newStep(channels, complexity int) step {
	n := media.TickSamples * channels
	return step{
		sum: make([]int32, n), mix: make([]int16, n), scratch: make([]int16, n), silence: make([]int16, 2*media.TickSamples),
		other: make([]int16, 2*media.TickSamples/channels), turned: make([]int16, 2*media.TickSamples/channels),
		wide: make([]int32, n), curve: make([]int32, n), guarded: make([]int32, n),
		limiter: limiter{gain: 1}, effort: effort{full: complexity},
	}
}

// Step makes one tick: pulls, mixes, encodes and hands the frames out. now is the
// tick's nominal room time. It allocates nothing in steady state.
func (m *Mixer) Step(tick int64, now time.Duration) {
	m.now = m.begin()
	defer m.end()
	m.tick, m.at, m.rtp = tick, now, m.o.Clock.AudioRTP(now)
	m.ticks.Add(1)
	clear(m.sum)
	m.announce()
	changed := m.collect()
	if m.passFloor(m.now.ports) {
		changed = true
	}
	m.deliver()
	m.comfortNoise()
	m.limited = m.limiter.next(m.sum, m.curve, m.o.Channels)
	m.gain.Store(uint32(below(m.limiter.gain)))
	if m.hasIt = false; m.limited {
		narrowGain(m.mix, m.sum, m.curve)
	} else {
		narrow(m.mix, m.sum)
	}
	m.send()
	if changed {
		m.signal()
	}
}

// collect pulls from everybody and adds up who is heard. It reports whether
// anybody began or stopped talking.
func (m *Mixer) collect() (changed bool) {
	m.voices = m.voices[:0]
	for _, p := range m.now.ports {
		p.plays, p.alone = p.plays[:0], false
		if m.listen(p) {
			changed = true
		}
		if !p.mixed {
			continue
		}
		m.voices = append(m.voices, p)
		if p.shaped {
			add(m.sum, *p.wide.Load())
		} else {
			add(m.sum, p.pcm)
		}
	}
	m.mixed.Store(int32(len(m.voices)))
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
	volume := p.volumeIn.get()
	if volume != 1 {
		heard.score = int(float64(heard.score) * volume)
	}
	gate := int(p.energy.Load())
	if gate < 0 {
		gate = m.o.EnergyLevel
	}
	quiet := p.burst.hear(heard.score, p.ceiling.Load()) || p.muted.Load() || p.hold.Load() != nil || p.gone
	changed = m.detect(p, heard.score, gate, quiet)

	p.agc.use(p.agcSet.Load())
	gain := p.agc.factor()
	if heard.score > gate && !quiet {
		p.agc.hear(int(float64(heard.score) * gain))
	}
	open := gate == 0 || m.o.AudioAlways || p.talk.on
	t := p.mouth.turn(open && !quiet && !m.solo)
	// Digital silence adds nothing; who sends it hears the common mix.
	p.mixed = sound && t != staysOff && heard.square > 0
	m.shapeVoice(p, place(volume*gain, p.pan.get()), t)
	return changed
}

// detect follows the talking of p and reports whether it began or ended.
func (m *Mixer) detect(p *Port, score, gate int, quiet bool) (changed bool) {
	switch {
	case p.gone || quiet && !p.detectMuted.Load():
		score = 0
		changed = p.talk.silence()
	default:
		changed = p.talk.hear(score, gate)
		p.spell.hear(changed, p.talk.on, score, score > gate)
		if quiet {
			p.talk.smooth = 0 // no claim to the floor
		}
	}
	p.talking.Store(p.talk.on)
	p.score.Store(int32(score))
	return changed
}

// shapeVoice brings the samples of p to gains within this tick.
func (m *Mixer) shapeVoice(p *Port, to gains, t turn) {
	from := p.gains
	if !p.begun {
		from, p.begun = to, true
	}
	p.gains, p.shaped = to, false
	if !p.mixed {
		return
	}
	wide := p.wide.Load()
	if wide == nil || from == plain() && to == plain() {
		applyTurn(t, p.pcm, m.o.Channels)
		return
	}
	p.shaped = true
	shape(*wide, p.pcm, from, to, t, m.o.Channels)
	p.mixed = from != gains{} || to != gains{}
}

// comfortNoise adds noise as FreeSWITCH makes it, the same in all channels:
// switch_generate_sln_silence with a divisor that grows with the rate.
func (m *Mixer) comfortNoise() {
	level := m.comfort.Load()
	if level == 0 {
		return
	}
	divisor := level * (media.SampleRate / 8000)
	for i := 0; i < len(m.sum); i += m.o.Channels {
		m.noise = m.noise*1664525 + 1013904223
		v := int32(int16(m.noise>>16)) / divisor
		m.sum[i] += v
		if m.o.Channels == 2 {
			m.sum[i+1] += v
		}
	}
}
