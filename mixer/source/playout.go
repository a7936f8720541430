package source

import (
	"math"
	"time"

	"github.com/omniverto/omniverto/media"
)

const (
	tickSamples = media.TickSamples
	epochTicks  = 25  // the delay is judged twice a second
	calmTicks   = 250 // little is taken back for 5 s after a late packet
	// So much must be left beyond need when delay is taken back that the next
	// late packet does not ask for it again.
	surplusMargin = 2 * time.Millisecond
	// More than this is left by a stall, not kept for the next late packet.
	muchDelay = 60 * time.Millisecond
	// Delay is added by stretch when the need was not met for an epoch, and at
	// once when it is missed by so much.
	growMargin = 500 * time.Microsecond
	growAtOnce = -10 * time.Millisecond
	// Where no place for a stretch was found it is looked for again later, and
	// after so many times any will do.
	retryTicks = 3
	patience   = 15
	// When the next packet is this old, the ticks stood still: a new start is made.
	maxAge = maxDelay + 2*media.AudioTick
)

// playout is the position in the sender's time and the judgement of the delay.
// It is guarded by its Audio's lock and written by Pull alone, but for a flush,
// which clears playing and next.
type playout struct {
	playing bool
	next    int64 // timestamp of the next sample to decode; firstFrom: any
	seq     int64 // last packet decoded
	dur     int   // its samples
	run     int   // samples concealed while next stood still
	hidden  int   // samples concealed since the last packet
	covered int   // samples of a loss that a repetition stood for
	tail    bool  // the last tick ended in sound, not faded out
	joins   bool  // the next packet begins another stream, which is to be joined to it

	delay   time.Duration // smoothed
	low     time.Duration // lowest delay beyond need in this epoch
	high    time.Duration // highest
	ticks   int           // of this epoch
	calm    int           // ticks to wait before a little is taken back
	rest    int           // samples to play before the next stretch
	waited  int           // times that no good place for a stretch was found
	surplus bool          // delay is to be taken back
	deficit bool          // delay is to be added
}

// plan is what one Pull does besides filling the tick.
type plan struct {
	want  int     // samples that should be decoded
	drop  bool    // a quiet tick may be left out
	cut   int     // samples that may be taken out by stretch
	add   bool    // delay is to be added by stretch
	alike float64 // how good the place for it must be

	// The delay at which the tick begins, what it must not fall below, and the
	// samples of a packet.
	delay, floor time.Duration
	dur          int
}

// fits tells whether what is left is enough when have samples are decoded and
// the delay is d: the last packet of the tick that begins with the have samples
// must be there, which is into later than the tick's first sample.
func (p *plan) fits(have int, d time.Duration) bool {
	return d-samples(into(have, p.dur)) >= p.floor
}

// into is how far into a tick its last packet begins, have samples of it being
// there and a packet lasting dur.
func into(have, dur int) int {
	have = (have%tickSamples + tickSamples) % tickSamples
	return have + (tickSamples-1-have)/dur*dur
}

type stepKind uint8

const (
	stepDone    stepKind = iota // the tick is full, or there is nothing
	stepPlay                    // decode packet, after fec samples restored from it
	stepConceal                 // make up n samples
	stepStop                    // make up the rest of the tick and fade it out
)

// step is one piece of work for the decoder.
type step struct {
	kind   stepKind
	packet *packet
	ts     int64 // of packet
	fec    int
	mute   bool // stepStop: there was no sound to fade out
	dtx    bool // stepStop: the sender has announced a pause
	late   bool // stepConceal: the packet is probably only late
	// Samples of a loss before the packet that have already been stood for.
	covered int
	joins   bool // the packet is the first of another stream

	// Results.
	n       int // samples that the packet held; for stepConceal: to make up
	added   int // samples made to end a repetition
	failed  bool
	skipped bool // not decoded
}

// stepLocked chooses the next piece of work towards want samples.
func (a *Audio) stepLocked(now time.Duration, want int) step {
	p := &a.play
	if a.have >= want {
		return step{}
	}
	if !p.playing && !a.resumeLocked(now) {
		if p.tail {
			return a.stopLocked()
		}
		return step{}
	}
	for {
		front := a.buf.front()
		if front == nil {
			return a.starveLocked(now, want)
		}
		gap := front.ts - p.next
		next := front.seq == p.seq+1
		switch {
		case a.buf.n > 1 && now-a.line.at(front.ts) > maxAge:
			a.skipLocked(now)
			p.next, p.seq = a.buf.front().ts, a.buf.front().seq-1
		case gap < 0 && gap <= -int64(p.dur):
			a.stats.Late++
			a.buf.drop()
		case gap < grain:
			return a.playLocked(0)
		case next && now-a.line.at(front.ts) < a.target:
			return a.stopLocked() // nothing was lost: the sender paused
		case next:
			p.next, p.joins = front.ts, p.tail // and speaks again
		case a.coverLocked(now, gap):
		default:
			a.growLocked()
			return a.missingLocked(now, want, int(min(gap, math.MaxInt32)))
		}
	}
}

// resumeLocked begins to play when the first packet is due. What a stall held
// back is dropped, so that no old sound is heard.
func (a *Audio) resumeLocked(now time.Duration) bool {
	for a.buf.n > 0 {
		a.skipLocked(now)
		front := a.buf.front()
		waited := now - a.line.at(front.ts)
		switch {
		case a.pausesLocked(front):
			a.buf.drop()
		case waited < a.target:
			return false
		default:
			p := &a.play
			p.playing, p.next, p.seq = true, front.ts, front.seq-1
			p.run, p.hidden, p.covered, p.surplus, p.deficit = 0, 0, 0, false, false
			a.epochLocked()
			if p.delay == 0 {
				p.delay = waited
			}
			a.fadeIn, p.joins = !p.tail, p.tail
			return true
		}
	}
	return false
}

// skipLocked drops what is older than the target delay asks, but for the newest
// packet.
func (a *Audio) skipLocked(now time.Duration) {
	for a.buf.n > 1 && now-a.line.at(a.buf.front().ts) >= a.target+media.AudioTick {
		a.stats.Skipped++
		a.buf.drop()
	}
}

// playLocked takes the first packet to be decoded, after fec samples before it
// have been restored from its redundancy.
func (a *Audio) playLocked(fec int) step {
	p := &a.play
	front := a.buf.pop()
	lost := front.seq - p.seq - 1
	a.stats.Lost += uint64(max(lost, 0))
	a.lossLocked(lost)
	a.growLocked()
	p.seq, p.hidden = front.seq, 0
	if a.pausesLocked(front) {
		p.next = front.ts + int64(p.dur)
		a.buf.put(front)
		s := a.stopLocked()
		s.dtx = true
		return s
	}
	p.next = front.ts
	joins := p.joins
	p.joins = false
	return step{kind: stepPlay, packet: front, ts: front.ts, fec: fec, covered: a.takeCoveredLocked(), joins: joins}
}

// pausesLocked tells whether the packet announces discontinuous transmission:
// Opus then sends nothing but the first byte or two (RFC 6716 3.1 with empty
// frames).
func (a *Audio) pausesLocked(p *packet) bool { return a.codec == media.Opus && len(p.data) <= 2 }

func (a *Audio) takeCoveredLocked() int {
	n := a.play.covered
	a.play.covered = 0
	return n
}

// coverLocked moves the position over the part of a gap that was concealed while
// it was not yet known, less what the delay needs to reach its target, and tells
// whether it did.
func (a *Audio) coverLocked(now time.Duration, gap int64) bool {
	p := &a.play
	ticks := max(now-a.line.at(p.next)-a.target, 0) / media.AudioTick
	n := min(gap, int64(p.run), int64(ticks)*tickSamples)
	p.next += n
	p.run -= int(n)
	p.covered += int(n)
	return n > 0
}

// growLocked makes what was concealed since next stands still a part of the
// delay.
func (a *Audio) growLocked() {
	p := &a.play
	if p.run == 0 {
		return
	}
	a.stats.Grown += samples(p.run)
	p.run, p.calm, p.surplus = 0, calmTicks, false
}

// starveLocked conceals for want of any packet. It may only be late, so the
// position stands still and the delay grows, up to its limit.
func (a *Audio) starveLocked(now time.Duration, want int) step {
	n := want - a.have
	if a.play.hidden+n > maxConceal {
		return a.stopLocked()
	}
	if now-a.line.at(a.play.next) >= maxDelay {
		a.play.next += int64(n)
		return a.concealLocked(n)
	}
	return a.awaitLocked(n)
}

// awaitLocked conceals while the position stands still. Where packets are never
// late this one is lost, and the decoder knows best what to make of that.
func (a *Audio) awaitLocked(n int) step {
	a.play.run += n
	if a.target == 0 {
		return a.concealLocked(n)
	}
	a.play.hidden += n
	a.stats.Concealed += samples(n)
	return step{kind: stepConceal, n: n, late: true}
}

// missingLocked bridges a gap before the first packet.
func (a *Audio) missingLocked(now time.Duration, want, gap int) step {
	p := &a.play
	if p.hidden+gap > maxConceal {
		return a.stopLocked()
	}
	if now-a.line.at(p.next) < a.target { // may still come
		return a.awaitLocked(want - a.have)
	}
	last := max(p.dur, grain) // which the packet may carry a copy of
	if gap < last+grain {
		return a.playLocked(min(gap, last) / grain * grain)
	}
	n := min(gap-last, last) / grain * grain
	p.next += int64(n)
	return a.concealLocked(n)
}

func (a *Audio) concealLocked(n int) step {
	a.play.hidden += n
	a.stats.Concealed += samples(n)
	return step{kind: stepConceal, n: n, covered: a.takeCoveredLocked()}
}

func (a *Audio) stopLocked() step {
	p := &a.play
	s := step{kind: stepStop, mute: !p.tail && a.sound == 0}
	p.playing, p.tail, p.run, p.covered = false, false, 0, 0
	a.stats.Pauses++
	return s
}

// settleLocked enters the result of a step.
func (a *Audio) settleLocked(s step) {
	a.stats.Concealed += samples(s.added)
	a.stats.Grown += samples(s.added)
	if s.kind != stepPlay {
		return
	}
	// A flush during the decode has already taken the position away.
	if a.play.next == s.ts {
		a.play.next += int64(s.n)
	}
	a.play.dur = s.n
	a.stats.Recovered += samples(s.fec)
	if s.failed {
		a.stats.Errors++
	}
	if s.skipped {
		a.stats.Undecoded++
	}
	if s.packet != nil {
		a.buf.put(s.packet)
	}
}

// moved is what a tick did to the delay.
type moved struct {
	samples   int // more if positive
	stretched bool
	failed    bool // no good place was found
}

// endTickLocked enters how a tick ended.
func (a *Audio) endTickLocked(sound, stopped bool, m moved) {
	p := &a.play
	switch {
	case stopped || !sound:
		p.tail = false
	case p.playing:
		p.tail = true
	}
	if m.failed {
		p.rest = retryTicks * tickSamples
		p.waited++
	}
	if m.samples == 0 {
		return
	}
	p.waited = 0
	n := max(m.samples, -m.samples)
	if m.samples > 0 {
		a.stats.Grown += samples(n)
		p.calm = calmTicks
	} else {
		a.stats.Shrunk += samples(n)
	}
	if m.stretched {
		a.stats.Stretched += samples(n)
		p.rest = stretchRest * n
	}
}

// judgeLocked measures the delay at the begin of a tick and plans it.
func (a *Audio) judgeLocked(now time.Duration) plan {
	p := &a.play
	p.calm = max(p.calm-1, 0)
	p.rest = max(p.rest-tickSamples, 0)
	if !p.playing || p.hidden > 0 || p.dur == 0 {
		return plan{want: tickSamples}
	}
	delay := now - a.line.at(p.next-int64(a.have))
	if delay < -maxAge || delay > 2*maxAge {
		return plan{want: tickSamples} // the sender's clock jumped ahead of what is left
	}
	p.delay += (delay - p.delay) / 16
	lag := delay - samples(into(a.have, p.dur))
	p.low, p.high = min(p.low, lag-a.need), max(p.high, lag-a.need)
	if p.ticks++; p.ticks == epochTicks {
		a.endEpochLocked()
	}
	out := plan{
		want: tickSamples, alike: alike,
		delay: delay, floor: a.need + surplusMargin, dur: p.dur,
	}
	if p.waited > patience && p.deficit {
		out.alike = -1
	}
	switch {
	case p.deficit && lag-a.need >= growMargin:
		p.deficit = false
	case p.deficit, lag-a.need < growAtOnce:
		out.add = p.rest == 0
	case p.surplus:
		a.planCutLocked(&out)
	}
	return out
}

// endEpochLocked judges the delay of the last epoch.
func (a *Audio) endEpochLocked() {
	p := &a.play
	over := p.low - surplusMargin
	p.surplus = over >= muchDelay || (p.surplus || p.calm == 0) && over >= 0
	p.deficit = p.high < growMargin
	a.epochLocked()
}

// planCutLocked finds how much can be taken out now: the more, the more is there.
func (a *Audio) planCutLocked(out *plan) {
	p := &a.play
	run := a.have + a.buf.run(p.seq+1, p.next, p.dur)
	fits := func(n int) bool { return run >= tickSamples+n && out.fits(a.have-n, out.delay-samples(n)) }
	if fits(tickSamples) {
		out.drop, out.want = true, 2*tickSamples
	}
	if p.rest > 0 {
		return
	}
	for n := maxPeriod; n >= minPeriod && out.cut == 0; n -= grain / 2 {
		if fits(n) {
			out.cut = n
		}
	}
	if rest := a.have % tickSamples; out.cut < rest && rest >= minPeriod && rest <= maxPeriod && fits(rest) {
		out.cut = rest
	}
	switch {
	case out.cut < maxPeriod:
		out.alike = veryAlike
	case p.waited > patience:
		out.alike = -1
	}
	out.want = max(out.want, tickSamples+out.cut)
}

func (a *Audio) epochLocked() {
	a.play.ticks, a.play.low, a.play.high = 0, time.Duration(math.MaxInt64), time.Duration(math.MinInt64)
}
