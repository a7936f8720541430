package source_test

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/omniverto/omniverto/media"
)

const (
	ms  = time.Millisecond
	sec = time.Second
)

// bubble runs f in a synctest bubble of its own, as a sub-test.
func bubble(t *testing.T, name string, f func(t *testing.T)) {
	t.Helper()
	t.Run(name, func(t *testing.T) { synctest.Test(t, f) })
}

func TestAudioSteadyArrivalIsPlayedByTheNextTick(t *testing.T) {
	for _, spread := range []time.Duration{0, 1900 * time.Microsecond} {
		bubble(t, spread.String(), func(t *testing.T) {
			e := newEar(t, 2)
			net := network{jitter: spread, rng: newRand(1)}
			e.listen(net.carry(talk(sec, 500, 8, numbered)), 8*ms, 11*sec)
			// Packet i arrives at 1000+20i to 1002+20i ms; the next tick is the one at
			// 1008+20i ms, number 50+i.
			for i := range 500 {
				if got := e.last[50+i]; got != numbered(i) {
					t.Fatalf("tick %d plays %d, want packet %d", 50+i, got, i)
				}
				if got := e.first[50+i]; got != numbered(i) && i > 0 {
					t.Fatalf("tick %d begins with %d", 50+i, got)
				}
			}
			if s := e.Stats(); s.Target != 0 || s.Delay > 20*ms {
				t.Errorf("target %v, delay %v", s.Target, s.Delay)
			}
		})
	}
}

func TestAudioAdaptsToJitter(t *testing.T) {
	cases := []struct {
		jitter  time.Duration
		ordered bool
		seeds   uint64
		made    time.Duration // sound that may be made up after the first 10 s
	}{
		{10 * ms, false, 5, 0},
		{40 * ms, false, 5, 0},
		{40 * ms, true, 5, 0},
		{120 * ms, false, 1, 60 * ms},
		{120 * ms, true, 1, 60 * ms},
	}
	for _, c := range cases {
		for seed := range c.seeds {
			bubble(t, fmt.Sprintf("%v, ordered %v, %d", c.jitter, c.ordered, seed), func(t *testing.T) {
				e := newEar(t, 1)
				net := network{delay: 30 * ms, jitter: c.jitter, inOrder: c.ordered, rng: newRand(seed)}
				packets := net.carry(talk(sec, 3000, 8, numbered))
				e.listen(packets, 5*ms, 11*sec)
				before := e.Stats()
				e.listen(packets[countBefore(packets, 11*sec):], 11*sec+5*ms, 60*sec)
				s := e.Stats()
				if got := s.Concealed - before.Concealed; got > c.made {
					t.Errorf("concealed %v after the first 10 s: %+v", got, s)
				}
				if s.Delay > c.jitter+40*ms {
					t.Errorf("delay %v", s.Delay)
				}
				if n := e.count(60, media.Silence); n > 0 {
					t.Errorf("%d silent ticks", n)
				}
			})
		}
	}
}

func countBefore(packets []sent, at time.Duration) int {
	n := 0
	for n < len(packets) && packets[n].at <= at {
		n++
	}
	return n
}

func TestAudioDelayFallsAgainWhenJitterEnds(t *testing.T) {
	for name, level := range map[string]func(int) int16{"loud": steady, "quiet": quiet} {
		bubble(t, name, func(t *testing.T) {
			e := newEar(t, 1)
			all := talk(sec, 2500, 8, level)
			packets := network{jitter: 100 * ms, rng: newRand(5)}.carry(all[:1000])
			packets = append(packets, network{delay: 10 * ms, rng: newRand(5)}.carry(all[1000:])...)
			e.listen(packets, 5*ms, 21*sec)
			if s := e.Stats(); s.Delay < 80*ms {
				t.Fatalf("delay %v under a jitter of 100 ms", s.Delay)
			}
			e.listen(packets[countBefore(packets, 21*sec):], 21*sec+5*ms, 45*sec)
			if s := e.Stats(); s.Delay > 40*ms || s.Shrunk < 60*ms {
				t.Errorf("delay %v, taken back %v: %+v", s.Delay, s.Shrunk, s)
			}
			if n := e.count(60, media.Silence); n > 0 {
				t.Errorf("%d silent ticks", n)
			}
		})
	}
}

func TestAudioFollowsClockDrift(t *testing.T) {
	for _, ppm := range []int{-200, 200} {
		bubble(t, fmt.Sprintf("%+d ppm", ppm), func(t *testing.T) {
			e := newEar(t, 1)
			const n = 10 * 60 * 50
			packets := talk(sec, n, 8, steady)
			for i := range packets {
				packets[i].at -= time.Duration(i) * 20 * ms * time.Duration(ppm) / 1e6
			}
			packets = network{jitter: 2 * ms, rng: newRand(2)}.carry(packets)
			worst := time.Duration(0)
			play(e.clock, e, packets, media.AudioTick, 3*ms, 599*sec, func(now time.Duration) {
				e.tick(now)
				if now > 5*sec {
					worst = max(worst, e.Delay())
				}
			})
			s := e.Stats()
			// 600 s at 200 ppm are 120 ms: six ticks.
			if corrections := (s.Grown + s.Shrunk) / media.AudioTick; corrections > 12 || corrections < 4 {
				t.Errorf("%d corrections: %+v", corrections, s)
			}
			if worst > 50*ms {
				t.Errorf("delay up to %v", worst)
			}
			if n := e.count(60, media.Silence); n > 0 {
				t.Errorf("%d silent ticks", n)
			}
		})
	}
}

func TestAudioPause(t *testing.T) {
	mark := func(p sent) sent { p.payload = p.payload[:1]; return p }
	cases := map[string]struct {
		gap      time.Duration // without packets, in which the sender's time goes on
		mark     bool          // announced by an empty packet, as DTX is
		newSeqs  bool          // the numbers go on as if packets had been lost
		hushed   int           // ticks until silence, at most
		resynced bool
	}{
		"dtx":              {gap: 2 * sec, mark: true, hushed: 1},
		"mute":             {gap: 10 * sec, hushed: 6},
		"lost for 1 s":     {gap: sec, newSeqs: true, hushed: 6},
		"dtx of one tick":  {gap: 40 * ms, mark: true, hushed: 1},
		"mute of an hour":  {gap: 10 * time.Minute, hushed: 6},
		"dtx, long pauses": {gap: 30 * sec, mark: true, hushed: 1},
	}
	for name, c := range cases {
		bubble(t, name, func(t *testing.T) {
			e := newEar(t, 1)
			const before = 100
			packets := talk(sec, 200, 8, numbered)
			for i := before; i < len(packets); i++ {
				packets[i].at += c.gap
				packets[i].ts += uint32(c.gap * 48 / ms)
				if c.newSeqs {
					packets[i].seq += uint16(c.gap / (20 * ms))
				}
			}
			if c.mark {
				packets[before-1] = mark(packets[before-1])
			}
			e.listen(packets, 10*ms, 5*sec+c.gap)

			spoken := before
			if c.mark {
				spoken--
			}
			end := 50 + spoken // the tick after the last packet before the pause
			resume := 50 + before + int(c.gap/(20*ms))
			silent := min(end+c.hushed, resume)
			for i := silent; i < resume; i++ {
				if e.outcomes[i] != media.Silence {
					t.Fatalf("tick %d of the pause %d..%d is sound", i, end, resume)
				}
			}
			if silent < resume && e.last[silent-1] != 0 {
				t.Errorf("the last tick before silence ends with %d", e.last[silent-1])
			}
			for i := range 100 {
				if got := e.last[resume+i]; got != numbered(before+i) {
					t.Fatalf("tick %d after the pause plays %d, want %d", i, got, numbered(before+i))
				}
			}
			if silent < resume && e.first[resume] != 0 {
				t.Errorf("sound begins with %d after silence", e.first[resume])
			}
		})
	}
}

func TestAudioLossNeverMakesAGap(t *testing.T) {
	cases := map[string]struct {
		loss  float64
		level func(int) int16
	}{
		"2 %": {0.02, steady}, "2 %, quiet": {0.02, quiet}, "10 %": {0.1, steady}, "10 %, quiet": {0.1, quiet}, "30 %": {0.3, steady},
	}
	for name, c := range cases {
		bubble(t, name, func(t *testing.T) {
			e := newEar(t, 1)
			loss := c.loss
			net := network{loss: loss, jitter: 5 * ms, duplicate: 0.05, rng: newRand(9)}
			e.listen(net.carry(talk(sec, 3000, 8, c.level)), 8*ms, 60*sec)
			// At 30 % there are outages of over 100 ms.
			if n := e.count(52, media.Silence); n > 0 && loss < 0.3 || n > 3 {
				t.Errorf("%d silent ticks", n)
			}
			s := e.Stats()
			if s.Lost < uint64(loss*2000) || s.Duplicates == 0 {
				t.Errorf("loss %v: %+v", loss, s)
			}
			if loss <= 0.1 && s.Grown+s.Shrunk > 160*ms {
				t.Errorf("%v added and %v taken back", s.Grown, s.Shrunk)
			}
			if loss == 0.1 && s.Recovered < s.Concealed {
				t.Errorf("recovered %v, made up %v", s.Recovered, s.Concealed)
			}
			if s.Delay > 60*ms {
				t.Errorf("delay %v: %+v", s.Delay, s)
			}
		})
	}
}

func TestAudioStallThenBurst(t *testing.T) {
	for _, length := range []time.Duration{90 * ms, 300 * ms, 2 * sec, 5 * sec} {
		bubble(t, length.String(), func(t *testing.T) {
			e := newEar(t, 1)
			packets := talk(sec, 1000, 8, numbered)
			from := 5 * sec
			for i := range packets {
				if p := &packets[i]; p.at > from && p.at < from+length {
					p.at = from + length
				}
			}
			e.listen(packets, 10*ms, from+length+2*sec)
			if d := e.Delay(); d > 110*ms || length > maxStall && d > 40*ms {
				t.Errorf("delay %v, 2 s after a stall of %v: %+v", d, length, e.Stats())
			}
			e.listen(packets[countBefore(packets, from+length+2*sec):], from+length+2*sec+10*ms, 20*sec)
			if d := e.Delay(); d > 40*ms {
				t.Errorf("delay %v at the end: %+v", d, e.Stats())
			}
			heard := int16(0)
			for i, level := range e.last {
				if level != 0 && level < heard && e.first[i] != level {
					t.Errorf("tick %d plays %d after %d", i, level, heard)
				}
				heard = max(heard, level)
			}
		})
	}
}

// maxStall is the longest delay that the buffer follows.
const maxStall = 200 * ms

func TestAudioPacketDurations(t *testing.T) {
	for _, grains := range []int{1, 2, 4, 8, 16, 24, 48} {
		for name, level := range map[string]func(int) int16{"loud": steady, "quiet": quiet} {
			bubble(t, fmt.Sprintf("%.1f ms, %s", float64(grains)*2.5, name), func(t *testing.T) {
				e := newEar(t, 2)
				net := network{jitter: ms, rng: newRand(4)}
				e.listen(net.carry(talk(sec, 20*400/grains, grains, level)), 7*ms, 20*sec)
				if n := e.count(55, media.Silence); n > 0 {
					t.Errorf("%d silent ticks", n)
				}
				s := e.Stats()
				if s.Concealed > 40*ms || s.Lost > 0 || s.Late > 0 || s.Shrunk > 0 {
					t.Errorf("%+v", s)
				}
				if s.Delay > 40*ms {
					t.Errorf("delay %v", s.Delay)
				}
			})
		}
	}
}

func TestAudioLatePacketsAreCountedAndDropped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := newEar(t, 1)
		packets := talk(sec, 200, 8, numbered)
		late := packets[50]
		late.at = packets[60].at + ms
		packets = append(packets[:50], packets[51:]...)
		packets = append(packets[:60], append([]sent{late}, packets[60:]...)...)
		e.listen(packets, 10*ms, 5*sec)
		if s := e.Stats(); s.Late != 1 || s.Lost != 1 {
			t.Errorf("late %d, lost %d, want 1, 1", s.Late, s.Lost)
		}
		for i, level := range e.first[55:140] {
			if level == numbered(50) {
				t.Errorf("the late packet is played in tick %d", 55+i)
			}
		}
	})
}

func TestAudioOldSoundIsNotHeardInAPause(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := newEar(t, 1)
		packets := talk(sec, 100, 8, numbered)
		for i := 90; i < 95; i++ {
			packets[i].at = 4*sec + time.Duration(i)*ms
		}
		old := packets[90:95:95]
		e.listen(append(append(packets[:90:90], packets[95:]...), old...), 10*ms, 5*sec)
		if n := e.count(160, media.Sound); n > 0 {
			t.Errorf("%d ticks of sound after the end", n)
		}
		if s := e.Stats(); s.Late != 5 {
			t.Errorf("late %d, want 5", s.Late)
		}
	})
}

// TestAudioTicksStop is a room that does not pull for 1.5 s.
func TestAudioTicksStop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := newEar(t, 1)
		packets := talk(sec, 500, 8, numbered)
		e.listen(packets, 10*ms, 3*sec)
		rest := packets[countBefore(packets, 3*sec):]
		e.listen(rest, 4500*ms, 9*sec)
		if age := int(numbered(175)) - int(e.last[150]); age > 13 {
			t.Errorf("the first tick plays a packet from %v before", time.Duration(age)*20*ms)
		}
		if d := e.Delay(); d > 40*ms {
			t.Errorf("delay %v after 4.5 s: %+v", d, e.Stats())
		}
	})
}

func TestAudioTargetIsLimited(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := newEar(t, 1)
		net := network{jitter: 500 * ms, rng: newRand(8)}
		worst := time.Duration(0)
		play(e.clock, e, net.carry(talk(sec, 3000, 8, numbered)), media.AudioTick, 0, 60*sec, func(now time.Duration) {
			e.tick(now)
			worst = max(worst, e.Delay())
			if s := e.Stats(); s.Target < 0 || s.Target > 200*ms {
				t.Fatalf("target %v", s.Target)
			}
		})
		if worst > 300*ms {
			t.Errorf("delay up to %v", worst)
		}
	})
}
