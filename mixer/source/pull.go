package source

import (
	"fmt"
	"log/slog"
	"runtime/debug"
	"time"

	"github.com/omniverto/omniverto/media"
)

const (
	ramp = grain // samples of a fade-in: 2.5 ms
	// A tick below this mean square (−50 dBFS) is quiet: leaving it out is not heard.
	quietPower = 32768 * 32768 / 100000
)

// Pull fills dst with the next tick, TickSamples × channels interleaved samples,
// and returns Sound; it leaves dst alone and returns Silence while the sender
// pauses, and Gone after Close or when the decoder failed. It never waits for
// packets.
func (a *Audio) Pull(dst []int16) media.Outcome { return a.pullAt(a.clock.Now(), dst) }

func (a *Audio) pullAt(now time.Duration, dst []int16) media.Outcome {
	a.mu.Lock()
	if a.closed || a.stats.Failed {
		a.mu.Unlock()
		return media.Gone
	}
	a.pulling = true
	p := a.judgeLocked(now)
	s := a.stepLocked(now, p.want)
	a.mu.Unlock()

	for s.kind != stepDone {
		err := a.render(&s)
		a.mu.Lock()
		a.settleLocked(s)
		stop := s.kind == stepStop || err != nil || a.closed
		if !stop {
			s = a.stepLocked(now, p.want)
		}
		a.mu.Unlock()
		if err != nil {
			return a.fail(err)
		}
		if stop {
			break
		}
	}
	return a.finish(dst, s, p)
}

// finish moves one tick to dst after the last step of it.
func (a *Audio) finish(dst []int16, last step, p plan) media.Outcome {
	outcome, stopped := media.Silence, last.kind == stepStop
	var m moved
	if a.have >= tickSamples {
		if !stopped {
			m = a.move(p)
		}
		if a.sound > 0 {
			outcome = a.output(dst, last)
		}
		a.consume(tickSamples)
	}
	sounds := outcome == media.Sound
	if stopped || !sounds {
		a.heard = 0
	}
	if !sounds && a.comfort && a.noise.fill(dst, a.channels) {
		outcome = media.Sound
	}
	a.mu.Lock()
	a.pulling = false
	a.endTickLocked(sounds, stopped, m)
	var dec media.AudioDecoder
	if a.closed {
		dec, outcome = a.releaseLocked(), media.Gone
	}
	a.mu.Unlock()
	a.closeDecoder(dec)
	return outcome
}

// move takes delay out of the decoded sound or adds some, as planned.
func (a *Audio) move(p plan) (m moved) {
	switch {
	case p.add:
		m.samples, m.stretched = a.lengthen(p.alike), true
		m.failed = m.samples == 0
	case p.drop || p.cut > 0:
		n, stretched := a.shorten(p)
		m.samples, m.stretched = -n, stretched
		m.failed = n == 0 && stretched
	}
	return m
}

// output writes the next tick, which ended with step last, to dst, unless it
// belongs to a pause that the sender has announced.
func (a *Audio) output(dst []int16, last step) media.Outcome {
	tick := a.ahead(0, tickSamples)
	if a.noise.pause {
		if p := power(tick); p < pausePower {
			if last.kind != stepStop { // which fades
				a.noise.learn(p)
			}
			a.fadeIn = true
			return media.Silence
		}
		a.noise.pause = false
	}
	if last.kind == stepStop && last.dtx {
		a.noise.begin(power(tick))
	}
	copy(dst, tick)
	if !a.fadeIn {
		return media.Sound
	}
	a.fadeIn = false
	for i := range ramp {
		for c := range a.channels {
			j := i*a.channels + c
			dst[j] = int16(int(dst[j]) * i / ramp)
		}
	}
	return media.Sound
}

// consume makes the first n samples a part of the past.
func (a *Audio) consume(n int) {
	copy(a.pcm, a.pcm[n*a.channels:(past+a.have)*a.channels])
	a.have -= n
	a.sound = max(a.sound-n, 0)
	a.heard = min(a.heard+n, past)
}

func isQuiet(pcm []int16) bool {
	return power(pcm) < quietPower
}

// render does one step with the decoder. Its error, a panic, ends the source.
func (a *Audio) render(s *step) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("%w: %v\n%s", errPanic, r, debug.Stack())
		}
	}()
	switch s.kind {
	case stepPlay:
		a.renderPacket(s)
	case stepConceal:
		a.concealStep(s)
	case stepStop:
		a.stop(s.mute)
	case stepDone:
	}
	return nil
}

// renderPacket decodes a packet, after what can be restored of the one before.
func (a *Audio) renderPacket(s *step) {
	d := a.dec.Duration(s.packet.data)
	if d <= 0 || d > maxFrame || d%grain != 0 {
		s.failed = true
		s.n = max(a.play.dur, grain)
		a.conceal(s.n)
		return
	}
	s.n = d
	skip, fade := a.idle.skip(s.packet.hush, d)
	if skip {
		a.keep(s)
		return
	}
	if s.joins && a.again.lag == 0 {
		a.findPeriod()
	}
	s.added = a.rejoin(s.covered)
	a.catchUp()
	if s.fec > 0 {
		if n, err := a.dec.DecodeFEC(s.packet.data, a.room(s.fec)); err != nil || n != s.fec {
			a.conceal(s.fec)
		} else {
			a.advance(s.fec)
		}
	}
	n, err := a.dec.Decode(s.packet.data, a.room(d))
	if err != nil || n != d {
		s.failed = true
		a.conceal(d)
		return
	}
	if fade {
		fadeOut(a.room(d), a.channels)
	}
	a.advance(d)
}

// concealStep makes up what is missing: as a repetition where the packet is
// probably only late, else by the decoder.
func (a *Audio) concealStep(s *step) {
	if s.late && !a.idle.waiting() && a.repeat(s.n) {
		return
	}
	s.added = a.rejoin(s.covered)
	a.conceal(s.n)
}

// keep puts a packet of silence aside in place of decoding it; s gets one that is
// no longer needed, to be reused.
func (a *Audio) keep(s *step) {
	s.skipped = true
	s.packet = a.idle.keep(s.packet, s.n)
	s.added = a.rejoin(0)
	a.zero(s.fec + s.n)
}

// catchUp decodes the packets that were only kept and discards their sound.
func (a *Audio) catchUp() {
	for p := a.idle.next(); p != nil; p = a.idle.next() {
		// An error leaves the decoder as it is, which is all that can be done.
		_, _ = a.dec.Decode(p.data, a.room(maxFrame))
	}
}

// conceal appends n samples that continue the last sound.
func (a *Audio) conceal(n int) {
	if n == 0 {
		return
	}
	if a.idle.waiting() || a.dec.Conceal(a.room(n)) != nil {
		a.zero(n)
		return
	}
	a.advance(n)
}

// stop completes the last tick and fades it out. mute: there was no sound.
func (a *Audio) stop(mute bool) {
	missing := (tickSamples - a.have%tickSamples) % tickSamples
	if a.have == 0 {
		missing = tickSamples
	}
	if mute {
		a.zero(missing)
		return
	}
	if a.again.lag == 0 || !a.repeat(missing) {
		a.conceal(missing)
	}
	a.again.lag = 0
	fadeOut(a.ahead(a.have-tickSamples, tickSamples), a.channels)
}

func fadeOut(pcm []int16, channels int) {
	n := len(pcm) / channels
	for i := range n {
		for c := range channels {
			j := i*channels + c
			pcm[j] = int16(int(pcm[j]) * (n - 1 - i) / n)
		}
	}
}

// room is the space of the next n samples.
func (a *Audio) room(n int) []int16 { return a.ahead(a.have, n) }

// advance takes n samples of sound in.
func (a *Audio) advance(n int) {
	a.joinTail(n)
	a.have += n
	a.sound = a.have
}

// zero appends n samples of digital silence.
func (a *Audio) zero(n int) {
	clear(a.room(n))
	if a.again.ready {
		a.advance(n)
		return
	}
	a.have += n
}

// fail ends the source for this member alone.
func (a *Audio) fail(err error) media.Outcome {
	a.mu.Lock()
	a.stats.Failed = true
	a.pulling = false
	dec := a.releaseLocked()
	a.mu.Unlock()
	a.log.Error("audio source ended", slog.Any("error", err))
	a.closeDecoder(dec)
	return media.Gone
}

// releaseLocked gives the decoder to the only one who closes it.
func (a *Audio) releaseLocked() media.AudioDecoder {
	dec := a.dec
	a.dec = nil
	return dec
}

func (a *Audio) closeDecoder(dec media.AudioDecoder) {
	if dec == nil {
		return
	}
	defer func() {
		if r := recover(); r != nil {
			a.log.Error("close audio decoder", slog.Any("panic", r))
		}
	}()
	if err := dec.Close(); err != nil {
		a.log.Warn("close audio decoder", slog.Any("error", err))
	}
}
