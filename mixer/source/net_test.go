package source_test

import (
	"log/slog"
	"math/rand/v2"
	"sort"
	"testing"
	"time"

	"github.com/omniverto/omniverto/media"
)

// sent is one packet on a virtual network: at is when it arrives.
type sent struct {
	at      time.Duration
	ssrc    uint32
	seq     uint16
	ts      uint32
	marker  bool
	quiet   bool  // carries a level of digital silence
	level   uint8 // if not 0: the level it carries, with voice
	voice   bool
	payload []byte
}

// network turns what was sent into what arrives.
type network struct {
	delay     time.Duration
	jitter    time.Duration // uniform on top of delay
	inOrder   bool          // packets queue behind each other
	loss      float64
	duplicate float64
	rng       *rand.Rand
}

func newRand(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 7)) }

// carry returns the packets in the order of their arrival; at is taken as the
// time of sending.
func (n network) carry(in []sent) []sent {
	var out []sent
	last := time.Duration(0)
	for _, p := range in {
		if n.rng.Float64() < n.loss {
			continue
		}
		p.at += n.delay
		if n.jitter > 0 {
			p.at += time.Duration(n.rng.Int64N(int64(n.jitter)))
		}
		if n.inOrder {
			p.at = max(p.at, last)
			last = p.at
		}
		out = append(out, p)
		if n.rng.Float64() < n.duplicate {
			p.at += 3 * time.Millisecond
			out = append(out, p)
		}
	}
	sort.SliceStable(out, func(i, j int) bool { return out[i].at < out[j].at })
	return out
}

// until waits for room time t in a synctest bubble.
func until(c *media.Clock, t time.Duration) {
	if d := t - c.Now(); d > 0 {
		<-time.After(d)
	}
}

// pusher is a Video or an Audio.
type pusher interface{ Push(*media.Packet) }

func push(to pusher, p sent) {
	out := &media.Packet{Arrival: time.Now()}
	p.fill(out)
	to.Push(out)
}

// fill writes all but the arrival.
func (s sent) fill(p *media.Packet) {
	p.SSRC, p.Seq, p.Timestamp, p.Marker, p.Payload = s.ssrc, s.seq, s.ts, s.marker, s.payload
	p.HasLevel, p.Level, p.Voice = s.quiet, 127, s.voice
	if s.level > 0 {
		p.HasLevel, p.Level = true, s.level
	}
}

// play runs the packets and a tick every period from phase on, until end. It is
// called inside a bubble.
func play(c *media.Clock, to pusher, packets []sent, period, phase, end time.Duration, tick func(now time.Duration)) {
	next := phase
	for next < end || len(packets) > 0 && packets[0].at < end {
		if len(packets) > 0 && packets[0].at <= next {
			until(c, packets[0].at)
			push(to, packets[0])
			packets = packets[1:]
			continue
		}
		if next >= end {
			return
		}
		until(c, next)
		tick(next)
		next += period
	}
}

// drive is play for an Audio by hand, without waiting: ticks every 20 ms are given
// their time.
func drive(e *ear, packets []sent, phase, end time.Duration, tick func(now time.Duration)) {
	now := time.Now()
	start := now.Add(-e.clock.At(now))
	p := &media.Packet{}
	for next := phase; next < end; next += media.AudioTick {
		for ; len(packets) > 0 && packets[0].at <= next; packets = packets[1:] {
			packets[0].fill(p)
			p.Arrival = start.Add(packets[0].at)
			e.Push(p)
		}
		tick(next)
	}
}

func testLog(t testing.TB) *slog.Logger {
	return slog.New(slog.NewTextHandler(t.Output(), nil))
}
