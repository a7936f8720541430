package source_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/omniverto/omniverto/media"
	"github.com/omniverto/omniverto/mixer/source"
)

const (
	talkFrom = sec
	wireTime = 20 * ms // the network's smallest delay
	frame    = 20 * ms
)

// trouble is one network of the table and what is promised on it.
type trouble struct {
	name string
	wire func(packets []sent) []sent // 20 ms packets of perfect timing, sent
	ppm  int                         // the sender's clock; an hour instead of a minute, if not 0

	concealed float64 // %, at most
	p50       time.Duration
}

// heard is what became of a stream.
type heard struct {
	concealed, stretched float64 // % of the time
	p50, p95             time.Duration
	stats                source.AudioStats
	last                 time.Duration // mouth to ear in the end
}

// listen plays the packets through an Audio.
func (c trouble) listen(t *testing.T, voice song, packets []sent, end time.Duration) heard {
	e := newChoir(t, &singer{song: voice, channels: 1}, source.AudioOptions{})
	var delays []time.Duration
	hushed := 0
	first := int64(0)
	drive(e, packets, 7*ms, end, func(now time.Duration) {
		o := source.PullAt(e.Audio, now, e.dst)
		ts, ok := source.Played(e.Audio)
		if now < talkFrom+wireTime+2*sec {
			return // the first packet's bad luck is another matter
		}
		if first == 0 {
			first = int64(sing(talkFrom, 1, 8)[0].ts)
		}
		if o != media.Sound {
			hushed++
		} else if ok {
			// A packet is sent when its last sample was spoken.
			at := time.Duration(ts-first) * sec / 48000
			spoken := talkFrom - frame + at - at/1e6*time.Duration(c.ppm)
			delays = append(delays, now+media.AudioTick-spoken)
		}
	})
	if len(delays) == 0 {
		t.Fatal("nothing was heard")
	}
	out := heard{stats: e.Stats(), last: delays[len(delays)-1]}
	whole := float64(end - talkFrom - wireTime)
	out.concealed = 100 * float64(out.stats.Concealed+time.Duration(hushed)*media.AudioTick) / whole
	out.stretched = 100 * float64(out.stats.Stretched) / whole
	slices.Sort(delays)
	out.p50, out.p95 = delays[len(delays)/2], delays[len(delays)*95/100]
	return out
}

// fixed is an ideal buffer of constant delay over the network's smallest: it has
// no ticks, knows that smallest delay in advance and restores from the next packet
// what is lost. Where five packets in a row are late, or the delay has grown by
// 100 ms, it starts anew.
func (c trouble) fixed(packets []sent, n int, delay time.Duration) heard {
	arrival := make([]time.Duration, n+1)
	for i := range arrival {
		arrival[i] = 1 << 60
	}
	i, last := int(packets[0].seq-65000), packets[0].seq
	for _, p := range packets {
		i += int(int16(p.seq - last))
		last = p.seq
		arrival[i] = min(arrival[i], p.at)
	}
	var out heard
	var delays []time.Duration
	shift, concealed, row := time.Duration(0), 0, 0
	for i := range n {
		sentAt := talkFrom + time.Duration(i)*frame
		due := sentAt + wireTime + delay + shift
		switch {
		case arrival[i] > due && arrival[i+1] > due:
			concealed++
			if row++; row >= 5 && arrival[i] < 1<<60 {
				shift, row = arrival[i]-sentAt-wireTime, 0
			}
		case due-arrival[i] > delay+100*ms && arrival[i] <= due:
			concealed += 5
			shift -= 100 * ms
		default:
			row = 0
		}
		spoken := sentAt - frame - time.Duration(i)*frame/1e6*time.Duration(c.ppm)
		delays = append(delays, due-spoken)
	}
	slices.Sort(delays)
	out.concealed = 100 * float64(concealed) / float64(n)
	out.p50, out.p95 = delays[len(delays)/2], delays[len(delays)*95/100]
	return out
}

// over is a network of the smallest delay.
func over(n network, seed uint64) func([]sent) []sent {
	n.delay, n.rng = wireTime, newRand(seed)
	return n.carry
}

// bursts loses three packets at a time.
func bursts(share float64) func([]sent) []sent {
	return func(in []sent) []sent {
		rng := newRand(3)
		var out []sent
		for i := 0; i < len(in); i++ {
			if rng.Float64() < share/3/(1-share) && i+3 < len(in) {
				i += 3
			}
			out = append(out, in[i])
		}
		return over(network{jitter: 2 * ms}, 4)(out)
	}
}

// pause holds back what arrives for a while, every 20 s.
func pause(length time.Duration) func([]sent) []sent {
	return func(in []sent) []sent {
		out := over(network{jitter: 2 * ms}, 5)(in)
		for i := range out {
			if into := (out[i].at - 10*sec) % (20 * sec); out[i].at > 10*sec && into < length {
				out[i].at += length - into
			}
		}
		return out
	}
}

// overtaken delays one packet in twenty by up to three packets' time.
func overtaken(in []sent) []sent {
	rng := newRand(6)
	out := slices.Clone(in)
	for i := range out {
		if rng.Float64() < 0.05 {
			out[i].at += time.Duration(rng.Int64N(int64(60 * ms)))
		}
	}
	return over(network{jitter: 2 * ms}, 7)(out)
}

func drifting(ppm int) func([]sent) []sent {
	return func(in []sent) []sent {
		out := slices.Clone(in)
		for i := range out {
			out[i].at -= time.Duration(i) * frame * time.Duration(ppm) / 1e6
		}
		return over(network{jitter: 5 * ms}, 8)(out)
	}
}

func troubles() []trouble {
	steady := 2 * ms
	return []trouble{
		{name: "none (2 ms of jitter)", wire: over(network{jitter: steady}, 1), concealed: 0.1, p50: 60 * ms},
		{name: "1 % lost", wire: over(network{jitter: steady, loss: 0.01}, 2), concealed: 1.5, p50: 65 * ms},
		{name: "5 % lost", wire: over(network{jitter: steady, loss: 0.05}, 2), concealed: 5, p50: 90 * ms},
		{name: "10 % lost", wire: over(network{jitter: steady, loss: 0.1}, 2), concealed: 4, p50: 90 * ms},
		{name: "20 % lost", wire: over(network{jitter: steady, loss: 0.2}, 2), concealed: 8, p50: 90 * ms},
		{name: "1 % lost, 3 at a time", wire: bursts(0.01), concealed: 2, p50: 90 * ms},
		{name: "5 % lost, 3 at a time", wire: bursts(0.05), concealed: 6, p50: 100 * ms},
		{name: "10 % lost, 3 at a time", wire: bursts(0.1), concealed: 10, p50: 100 * ms},
		{name: "20 % lost, 3 at a time", wire: bursts(0.2), concealed: 20, p50: 100 * ms},
		{name: "20 ms of jitter", wire: over(network{jitter: 20 * ms, inOrder: true}, 9), concealed: 1, p50: 90 * ms},
		{name: "50 ms of jitter", wire: over(network{jitter: 50 * ms, inOrder: true}, 9), concealed: 1, p50: 120 * ms},
		{name: "100 ms of jitter", wire: over(network{jitter: 100 * ms, inOrder: true}, 9), concealed: 1, p50: 180 * ms},
		{name: "200 ms of jitter", wire: over(network{jitter: 200 * ms, inOrder: true}, 9), concealed: 2, p50: 280 * ms},
		{name: "500 ms of jitter", wire: over(network{jitter: 500 * ms, inOrder: true}, 9), concealed: 60, p50: 500 * ms},
		{name: "50 ms of jitter, out of order", wire: over(network{jitter: 50 * ms}, 9), concealed: 1.5, p50: 120 * ms},
		{name: "200 ms of jitter, out of order", wire: over(network{jitter: 200 * ms}, 9), concealed: 2, p50: 280 * ms},
		{name: "5 % overtaken by up to 3 packets", wire: overtaken, concealed: 3, p50: 120 * ms},
		{name: "5 % lost, 50 ms of jitter", wire: over(network{jitter: 50 * ms, loss: 0.05, inOrder: true}, 9), concealed: 2, p50: 140 * ms},
		{name: "500 ms stall every 20 s", wire: pause(500 * ms), concealed: 3, p50: 65 * ms},
		{name: "2 s pause every 20 s", wire: pause(2 * sec), concealed: 12, p50: 65 * ms},
		{name: "clock 200 ppm fast, 1 h", wire: drifting(200), ppm: 200, concealed: 0.05, p50: 80 * ms},
		{name: "clock 200 ppm slow, 1 h", wire: drifting(-200), ppm: -200, concealed: 0.05, p50: 80 * ms},
	}
}

// TestNetworkTable plays a voice through bad networks; with -v it prints what
// docs/performance.md shows.
func TestNetworkTable(t *testing.T) {
	var table strings.Builder
	voice := vowel(120)
	for i, c := range troubles() {
		if raced && i%6 != 1 {
			continue
		}
		t.Run(c.name, func(t *testing.T) {
			n := 60 * 50
			if c.ppm != 0 {
				n *= 60
			}
			packets := c.wire(sing(talkFrom, n, 8))
			got := c.listen(t, voice, packets, packets[len(packets)-1].at)
			short, equal := c.fixed(packets, n, 60*ms), c.fixed(packets, n, got.p50-frame-wireTime)
			if got.concealed > c.concealed || got.p50 > c.p50 {
				t.Errorf("concealed %.2f %%, mouth to ear %v; want at most %v %%, %v: %+v", got.concealed, got.p50, c.concealed, c.p50, got.stats)
			}
			if c.ppm != 0 && got.p95 > got.p50+25*ms {
				t.Errorf("mouth to ear %v, at times %v", got.p50, got.p95)
			}
			if got.stats.Target < 200*ms && got.concealed > equal.concealed+0.5 && got.concealed > 1.5*equal.concealed {
				t.Errorf("concealed %.2f %%, a fixed buffer of the same delay %.2f %%", got.concealed, equal.concealed)
			}
			fmt.Fprintf(&table, "| %s | %.2f | %.2f | %d / %d | %.2f | %d / %d | %.2f |\n", c.name, got.concealed, got.stretched,
				got.p50.Milliseconds(), got.p95.Milliseconds(), short.concealed, short.p50.Milliseconds(), short.p95.Milliseconds(), equal.concealed)
		})
	}
	t.Logf("\n| Network | Concealed, %% | Stretched, %% | Mouth to ear p50 / p95, ms | Fixed 60 ms: concealed, %% | p50 / p95, ms | Fixed at our p50: concealed, %% |\n|---|---|---|---|---|---|---|\n%s", table.String())
}

// TestNoDelayIsLeftByAStall: after a burst the delay is what it was before.
func TestNoDelayIsLeftByAStall(t *testing.T) {
	voice := vowel(120)
	for _, length := range []time.Duration{100 * ms, 180 * ms, 500 * ms, 2 * sec} {
		t.Run(length.String(), func(t *testing.T) {
			wire := over(network{jitter: 2 * ms}, 5)(sing(talkFrom, 40*50, 8))
			c := trouble{}
			before := c.listen(t, voice, wire, 9*sec).last
			for i := range wire {
				if p := &wire[i]; p.at > 9*sec && p.at < 9*sec+length {
					p.at = 9*sec + length
				}
			}
			// A short stall counts as jitter for the 5 s that are remembered.
			got := c.listen(t, voice, wire, 9*sec+length+7*sec)
			if got.last > before+10*ms {
				t.Errorf("mouth to ear %v, before %v: %+v", got.last, before, got.stats)
			}
			if length >= 500*ms {
				if soon := c.listen(t, voice, wire, 9*sec+length+100*ms); soon.last > before+10*ms {
					t.Errorf("mouth to ear %v after 100 ms, before %v: %+v", soon.last, before, soon.stats)
				}
			}
		})
	}
}
