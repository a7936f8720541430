package source

import (
	"fmt"
	"log/slog"
	"runtime/debug"

	"github.com/omniverto/omniverto/media"
)

const (
	ramp = grain // samples of a fade-in: 2.5 ms
	// A tick below this mean square (−50 dBFS) is quiet: leaving it out is not heard.
	quietPower = 32768 * 32768 / 100000
	// Digital silence is decoded this many packets long, then only kept, so
	// that the decoder can be brought up to date (media.md 24).
	quietDecoded = 3
)

// Pull fills dst with the next tick, TickSamples × channels interleaved samples,
// and returns Sound; it leaves dst alone and returns Silence while the sender
// pauses, and Gone after Close or when the decoder failed. It never waits for
// packets.
func (a *Audio) Pull(dst []int16) media.Outcome {
	now := a.clock.Now()
	a.mu.Lock()
	if a.closed || a.stats.Failed {
		a.mu.Unlock()
		return media.Gone
	}
	a.pulling = true
	want := a.judgeLocked(now)
	s := a.stepLocked(now, want)
	a.mu.Unlock()

	for s.kind != stepDone {
		err := a.render(&s)
		a.mu.Lock()
		a.settleLocked(s)
		stop := s.kind == stepStop || err != nil || a.closed
		if !stop {
			s = a.stepLocked(now, want)
		}
		a.mu.Unlock()
		if err != nil {
			return a.fail(err)
		}
		if stop {
			break
		}
	}
	return a.finish(dst, s.kind == stepStop, want > tickSamples)
}

// finish moves one tick to dst. stopped tells that what is left fades out,
// surplus that a tick may be taken back.
func (a *Audio) finish(dst []int16, stopped, surplus bool) media.Outcome {
	outcome, shrunk := media.Silence, false
	if a.have >= tickSamples {
		shrunk = surplus && a.have >= 2*tickSamples && a.takeBack()
		if a.sound > 0 {
			outcome = media.Sound
			a.output(dst)
		}
		a.consume(tickSamples)
	}
	a.mu.Lock()
	a.pulling = false
	a.endTickLocked(outcome == media.Sound, stopped, shrunk)
	var dec media.AudioDecoder
	if a.closed {
		dec, outcome = a.releaseLocked(), media.Gone
	}
	a.mu.Unlock()
	a.closeDecoder(dec)
	return outcome
}

func (a *Audio) output(dst []int16) {
	copy(dst, a.pcm[:tickSamples*a.channels])
	if !a.fadeIn {
		return
	}
	a.fadeIn = false
	for i := range ramp {
		for c := range a.channels {
			j := i*a.channels + c
			dst[j] = int16(int(dst[j]) * i / ramp)
		}
	}
}

// consume drops the first n samples.
func (a *Audio) consume(n int) {
	copy(a.pcm, a.pcm[n*a.channels:a.have*a.channels])
	a.have -= n
	a.sound = max(a.sound-n, 0)
}

// takeBack joins the first two ticks to one by a cross-fade, when both are quiet
// or it has waited long enough, and tells whether it did.
func (a *Audio) takeBack() bool {
	n := tickSamples * a.channels
	if !a.play.force && (!isQuiet(a.pcm[:n]) || !isQuiet(a.pcm[n:2*n])) {
		return false
	}
	for i := range tickSamples {
		for c := range a.channels {
			j := i*a.channels + c
			from, to := int(a.pcm[j]), int(a.pcm[n+j])
			a.pcm[n+j] = int16((from*(tickSamples-i) + to*i) / tickSamples)
		}
	}
	a.consume(tickSamples)
	return true
}

func isQuiet(pcm []int16) bool {
	sum := int64(0)
	for _, s := range pcm {
		sum += int64(s) * int64(s)
	}
	return sum < int64(len(pcm))*quietPower
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
		a.conceal(s.n)
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
	if !s.packet.quiet {
		a.quiet = 0
	} else if a.quiet++; a.quiet > quietDecoded {
		a.keep(s)
		return
	}
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
	a.advance(d)
}

// keep puts a packet of digital silence aside in place of decoding it; s gets
// the oldest one kept, to be reused.
func (a *Audio) keep(s *step) {
	s.skipped = true
	oldest := a.kept[0]
	copy(a.kept[:], a.kept[1:])
	a.kept[len(a.kept)-1], s.packet = s.packet, oldest
	a.nkept = min(a.nkept+1, len(a.kept))
	a.zero(s.fec + s.n)
}

// catchUp decodes the packets that were only kept and discards their sound.
func (a *Audio) catchUp() {
	for _, p := range a.kept[len(a.kept)-a.nkept:] {
		// An error leaves the decoder as it is, which is all that can be done.
		_, _ = a.dec.Decode(p.data, a.pcm[a.have*a.channels:])
	}
	a.nkept = 0
}

// conceal appends n samples that continue the last sound.
func (a *Audio) conceal(n int) {
	if n == 0 {
		return
	}
	if a.quiet > quietDecoded || a.dec.Conceal(a.room(n)) != nil {
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
	a.conceal(missing)
	last := a.pcm[(a.have-tickSamples)*a.channels : a.have*a.channels]
	for i := range tickSamples {
		for c := range a.channels {
			j := i*a.channels + c
			last[j] = int16(int(last[j]) * (tickSamples - 1 - i) / tickSamples)
		}
	}
}

// room is the space of the next n samples.
func (a *Audio) room(n int) []int16 {
	return a.pcm[a.have*a.channels : (a.have+n)*a.channels]
}

// advance takes n samples of sound in.
func (a *Audio) advance(n int) {
	a.have += n
	a.sound = a.have
}

// zero appends n samples of digital silence.
func (a *Audio) zero(n int) {
	clear(a.room(n))
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
