package source

import (
	"math"
	"time"

	"github.com/omniverto/omniverto/media"
)

const (
	tickSamples = media.TickSamples
	epochTicks  = 50  // the delay is judged once a second
	calmTicks   = 250 // nothing is taken back for 5 s after a late packet
	// Delay beyond need is taken back by whole ticks; so much more must be
	// there that the next late packet does not ask for it again.
	surplusMargin = 2 * time.Millisecond
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
	tail    bool  // the last tick ended in sound, not faded out

	delay   time.Duration // smoothed
	excess  time.Duration // lowest delay beyond need in this epoch
	ticks   int           // of this epoch
	calm    int           // ticks to wait before anything is taken back
	surplus int           // ticks to take back
	force   bool          // they have waited for a quiet moment long enough
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

	// Results.
	n       int // samples that the packet held; for stepConceal: to make up
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
			p.next = front.ts // and speaks again
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
		case front.pause():
			a.buf.drop()
		case waited < a.target:
			return false
		default:
			p := &a.play
			p.playing, p.next, p.seq = true, front.ts, front.seq-1
			p.run, p.hidden, p.surplus = 0, 0, 0
			a.epochLocked()
			if p.delay == 0 {
				p.delay = waited
			}
			a.fadeIn = !p.tail
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
	if front.pause() {
		p.next = front.ts + int64(p.dur)
		a.buf.put(front)
		return a.stopLocked()
	}
	p.next = front.ts
	return step{kind: stepPlay, packet: front, ts: front.ts, fec: fec}
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
	p.run, p.calm, p.surplus = 0, calmTicks, 0
}

// starveLocked conceals for want of any packet. It may only be late, so the
// position stands still and the delay grows, up to its limit.
func (a *Audio) starveLocked(now time.Duration, want int) step {
	n := want - a.have
	if a.play.hidden+n > maxConceal {
		return a.stopLocked()
	}
	if now-a.line.at(a.play.next) < maxDelay {
		a.play.run += n
	} else {
		a.play.next += int64(n)
	}
	return a.concealLocked(n)
}

// missingLocked bridges a gap before the first packet.
func (a *Audio) missingLocked(now time.Duration, want, gap int) step {
	p := &a.play
	if p.hidden+gap > maxConceal {
		return a.stopLocked()
	}
	if now-a.line.at(p.next) < a.target { // may still come
		n := want - a.have
		p.run += n
		return a.concealLocked(n)
	}
	n := min(gap, max(p.dur, grain)) / grain * grain
	if n+grain > gap {
		return a.playLocked(n)
	}
	p.next += int64(n)
	return a.concealLocked(n)
}

func (a *Audio) concealLocked(n int) step {
	a.play.hidden += n
	a.stats.Concealed += samples(n)
	return step{kind: stepConceal, n: n}
}

func (a *Audio) stopLocked() step {
	p := &a.play
	s := step{kind: stepStop, mute: !p.tail && a.sound == 0}
	p.playing, p.tail, p.run = false, false, 0
	a.stats.Pauses++
	return s
}

// settleLocked enters the result of a step.
func (a *Audio) settleLocked(s step) {
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

// endTickLocked enters how a tick ended.
func (a *Audio) endTickLocked(sound, stopped, shrunk bool) {
	p := &a.play
	switch {
	case stopped || !sound:
		p.tail = false
	case p.playing:
		p.tail = true
	}
	if shrunk {
		p.surplus--
		p.force = false
		a.stats.Shrunk += media.AudioTick
		a.epochLocked()
	}
}

// judgeLocked measures the delay at the begin of a tick and returns how many
// samples are wanted: two ticks when one is to be taken back.
func (a *Audio) judgeLocked(now time.Duration) int {
	p := &a.play
	p.calm = max(p.calm-1, 0)
	if !p.playing || p.hidden > 0 || p.dur == 0 {
		return tickSamples
	}
	delay := now - a.line.at(p.next-int64(a.have))
	if delay < -maxAge || delay > 2*maxAge {
		return tickSamples // the sender's clock jumped ahead of what is left
	}
	p.delay += (delay - p.delay) / 16
	// The last packet of a tick begins this much into it.
	into := max(tickSamples-p.dur, a.have%tickSamples, 0)
	excess := delay - a.target - samples(into)
	p.excess = min(p.excess, excess)
	if p.ticks++; p.ticks == epochTicks {
		waited := p.surplus > 0
		p.surplus = int(max(p.excess-surplusMargin, 0) / media.AudioTick)
		p.force = waited && p.surplus > 0
		if p.calm > 0 {
			p.surplus = 0
		}
		a.epochLocked()
	}
	enough := excess >= media.AudioTick+surplusMargin // the target may have grown since
	if p.surplus > 0 && enough && a.have+a.buf.run(p.seq+1, p.next, p.dur) >= 2*tickSamples {
		return 2 * tickSamples
	}
	return tickSamples
}

func (a *Audio) epochLocked() {
	a.play.ticks, a.play.excess = 0, time.Duration(math.MaxInt64)
}
