package audio

import "github.com/omniverto/omniverto/media"

// returnTicks is how long both encoders must have had the same input before a
// port goes back to the common stream (media.md 22): by then they agree.
const returnTicks = 20

// comeBackTicks is the grid of the returns that need packets without prediction.
const comeBackTicks = 8

// send encodes and hands out. Encoder states are copied before anything of this
// tick is encoded.
func (m *Mixer) send() {
	for i := range m.commons {
		m.commons[i].listeners = 0
	}
	own, listeners := 0, 0
	relations := m.deafTo.Load()
	for _, p := range m.now.ports {
		if p.out == nil {
			continue
		}
		p.lacks = p.relate(relations, m.voices)
		m.direct(p)
		if p.route == fromCommon {
			m.commons[p.kind].listeners++
			listeners++
		} else {
			own++
		}
	}
	m.listeners.Store(int32(listeners))
	m.effort.hear(own)
	m.complexity.Store(int32(m.effort.complexity()))
	for k := range m.commons {
		m.encodeCommon(kindID(k))
	}
	for _, p := range m.now.ports {
		switch {
		case p.out == nil:
		case p.route == fromOwn:
			m.sendOwn(p)
		case m.commons[p.kind].frame != nil:
			p.out.WriteFrame(m.commons[p.kind].frame)
		}
	}
	for k := range m.commons {
		if c := &m.commons[k]; c.frame != nil {
			c.frame.Release()
			c.frame = nil
		}
	}
}

// direct decides which stream p hears in this tick.
func (m *Mixer) direct(p *Port) {
	personal := p.isPersonal()
	if k := idOf(p.form, p.lossy.Load()); p.route == nowhere {
		p.kind = k
	} else if k != p.kind {
		m.cross(p, k)
	}
	common := &m.commons[p.kind]
	if personal {
		if p.route == fromCommon {
			m.copyState(p.stream(), common.stream.Load())
		}
		p.route, p.equal, p.leaving = fromOwn, 0, false
		return
	}
	if p.route != fromOwn {
		p.route = fromCommon
		return
	}
	m.comeBack(p, common)
}

// comeBack lets p return to the common stream when both encoders have had the
// same input for long enough.
func (m *Mixer) comeBack(p *Port, common *common) {
	idle := common.age == 0
	p.equal++
	if p.equal <= returnTicks || !idle && common.age < returnTicks {
		return
	}
	own := p.stream()
	switch {
	case idle:
		// Nobody heard the common stream: it goes on from this one.
		m.copyState(common.stream.Load(), own)
		common.age = returnTicks
	case own != nil && own.prediction != nil && !p.leaving:
		// The last packet of his own stream and the packets of the common one
		// beside and after it need no others. Members come back together, so that
		// this is rare.
		if m.tick%comeBackTicks == 0 {
			p.leaving, common.joins = true, 2
		}
		return
	}
	p.leaving, p.route = false, fromCommon
}

// cross moves p to another kind, by way of his own encoder of that kind.
func (m *Mixer) cross(p *Port, k kindID) {
	from := m.commons[p.kind].stream.Load()
	if p.route == fromOwn {
		from = p.stream()
	}
	p.kind = k
	if own := p.stream(); own != nil {
		m.copyState(own, from)
		p.route, p.equal, p.leaving = fromOwn, 0, false
		return
	}
	p.route = fromCommon // no encoder to be had: rather a click than nothing
}

// isPersonal finds out whether what p hears in this tick differs from the common
// mix.
func (p *Port) isPersonal() bool {
	onHold := p.hearHold()
	p.earTurn = p.ear.turn(!p.deaf.Load() && !onHold && !p.alone)
	p.from, p.to = p.to, quantize(p.volumeOut.get())
	if p.route == nowhere {
		p.from = p.to
	}
	return p.mixed || p.earTurn != staysOn || p.hasExtras()
}

// hasExtras reports whether more than his own voice makes what p hears differ.
func (p *Port) hasExtras() bool {
	return p.lacks || p.music != nil || len(p.plays) > 0 || p.from != unity || p.to != unity || p.guard.gain < 1
}

// hearHold finds the music that p hears in this tick, and reports whether it
// replaces the mix.
func (p *Port) hearHold() bool {
	h, before := p.hold.Load(), p.holding
	p.music, p.faded, p.holding = nil, staysOn, h
	replaces := h.plays()
	switch {
	case h != before && before.plays() && before.last():
		p.music, p.faded = before.heard, fadesOut
	case replaces && h.roll():
		p.music = h.heard
		if h != before {
			p.faded = fadesIn
		}
	}
	return replaces
}

func (m *Mixer) copyState(to, from *stream) {
	if to == nil || from == nil {
		return
	}
	ok, err := to.take(from)
	if err != nil {
		m.encodeFailed(err)
	}
	if ok {
		m.copies.Add(1)
	}
}

// encodeCommon encodes the common mix in a kind that has listeners.
func (m *Mixer) encodeCommon(k kindID) {
	c := &m.commons[k]
	if c.listeners == 0 {
		c.age = 0
		return
	}
	c.age++
	s := c.stream.Load()
	if s == nil {
		m.unserved.Add(uint64(c.listeners))
		return
	}
	m.sharedEncodes.Add(1)
	m.setComplexity(s, m.effort.full)
	m.setAlone(s, c.joins > 0)
	c.joins = max(0, c.joins-1)
	c.frame = m.encode(s, m.mixFor(k))
}

// mixFor is the common mix in the channels of a kind.
func (m *Mixer) mixFor(k kindID) []int16 {
	if k.channels() == m.o.Channels {
		return m.mix
	}
	if !m.hasIt {
		m.hasIt = true
		m.convert(m.other, m.mix)
	}
	return m.other
}

// convert changes the number of channels.
func (m *Mixer) convert(dst, src []int16) {
	if m.o.Channels == 2 {
		toMono(dst, src)
	} else {
		toStereo(dst, src)
	}
}

func (m *Mixer) sendOwn(p *Port) {
	own := p.stream()
	if own == nil {
		m.unserved.Add(1)
		return
	}
	m.ownEncodes.Add(1)
	m.setComplexity(own, m.effort.complexity())
	m.setAlone(own, p.leaving)
	if f := m.encode(own, m.ownMix(p)); f != nil {
		p.out.WriteFrame(f)
		f.Release()
	}
}

// ownMix is what p hears in the channels of his kind, valid until the next call.
func (m *Mixer) ownMix(p *Port) []int16 {
	n := media.TickSamples * p.kind.channels()
	switch {
	case p.hasExtras():
		m.personal(p)
	case p.earTurn == staysOff:
		return m.silence[:n]
	case p.earTurn == staysOn && !p.mixed:
		return m.mixFor(p.kind)
	default:
		m.less(m.scratch, p)
		applyTurn(p.earTurn, m.scratch, m.o.Channels)
	}
	if n == len(m.scratch) {
		return m.scratch
	}
	m.convert(m.turned, m.scratch)
	return m.turned
}

// less sets dst to the limited sum without the voice of p.
func (m *Mixer) less(dst []int16, p *Port) {
	switch {
	case !p.mixed:
		copy(dst, m.mix)
	case p.shaped && m.limited:
		minusGain(dst, m.sum, *p.wide.Load(), m.curve)
	case p.shaped:
		minus(dst, m.sum, *p.wide.Load())
	case m.limited:
		minusGain(dst, m.sum, p.pcm, m.curve)
	default:
		minus(dst, m.sum, p.pcm)
	}
}

// personal sets scratch to what p hears, when that is more or less than the mix
// without his voice.
func (m *Mixer) personal(p *Port) {
	w := m.wide
	if p.earTurn == staysOff {
		clear(w)
	} else {
		m.rest(p)
	}
	if p.music != nil {
		applyTurn(p.faded, p.music, m.o.Channels)
		add(w, p.music)
	}
	for _, a := range p.plays {
		add(w, a.wide)
	}
	if p.from != unity || p.to != unity {
		scaleRamp(w, p.from, p.to, m.o.Channels)
	}
	if p.guard.next(w, m.guarded, m.o.Channels) {
		narrowGain(m.scratch, w, m.guarded)
	} else {
		narrow(m.scratch, w)
	}
}

// rest sets wide to the sum without the voices that p does not hear, limited.
func (m *Mixer) rest(p *Port) {
	copy(m.wide, m.sum)
	for _, q := range m.voices {
		t := staysOn
		if q != p {
			t = p.without(q)
		}
		switch {
		case t == staysOff:
		case q.shaped && t == staysOn:
			subtract(m.wide, *q.wide.Load())
		case q.shaped:
			subtractFaded(m.wide, *q.wide.Load(), t, m.o.Channels)
		case t == staysOn:
			subtract(m.wide, q.pcm)
		default:
			subtractFaded(m.wide, q.pcm, t, m.o.Channels)
		}
	}
	if m.limited {
		scale(m.wide, m.curve)
	}
	applyTurn(p.earTurn, m.wide, m.o.Channels)
}
