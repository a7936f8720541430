package source_test

import (
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/omniverto/omniverto/media"
	"github.com/omniverto/omniverto/media/mediatest"
	"github.com/omniverto/omniverto/mixer/source"
)

// beside is the level in dBFS of the loudest 5 ms of one channel of x, beside a
// tone of hz at any level and phase.
func beside(x []int16, channels, channel int, hz float64) float64 {
	const window = media.SampleRate / 200
	worst := math.Inf(-1)
	part := make([]float64, window)
	sin, cos := make([]float64, window), make([]float64, window)
	for i := range window {
		sin[i], cos[i] = math.Sincos(2 * math.Pi * hz * float64(i) / media.SampleRate)
	}
	for from := 0; from+window <= len(x)/channels; from += window {
		var cc, ss, cs, xc, xs float64
		for i := range part {
			part[i] = float64(x[(from+i)*channels+channel])
			s, c := sin[i], cos[i]
			cc, ss, cs = cc+c*c, ss+s*s, cs+c*s
			xc, xs = xc+part[i]*c, xs+part[i]*s
		}
		det := cc*ss - cs*cs
		a, b := (xc*ss-xs*cs)/det, (xs*cc-xc*cs)/det
		rest := 0.0
		for i, v := range part {
			d := v - a*cos[i] - b*sin[i]
			rest += d * d
		}
		worst = max(worst, 10*math.Log10(2*rest/window/32767/32767+1e-15))
	}
	return worst
}

// moving is a stream whose delay has to grow and to fall again, without any loss:
// a clock off by ppm, over a network of little jitter.
func moving(n, ppm int) []sent {
	packets := sing(sec, n, 8)
	for i := range packets {
		packets[i].at -= time.Duration(i) * 20 * ms * time.Duration(ppm) / 1e6
	}
	return network{delay: 20 * ms, jitter: 3 * ms, rng: newRand(11)}.carry(packets)
}

// record plays packets and returns all that was heard from room time from on.
func record(e *ear, packets []sent, from, end time.Duration) []int16 {
	var out []int16
	drive(e, packets, 7*ms, end, func(now time.Duration) {
		clear(e.dst)
		source.PullAt(e.Audio, now, e.dst)
		if now >= from {
			out = append(out, e.dst...)
		}
	})
	return out
}

// TestStretchKeepsTones: a tone keeps its pitch and its level through every
// stretch, and no join is a click.
func TestStretchKeepsTones(t *testing.T) {
	const amplitude = 8000
	level := 20 * math.Log10(amplitude/32767.0)
	for _, c := range []struct {
		hz       float64
		channels int
		ppm      int
	}{{97, 1, 500}, {97, 1, -500}, {220, 1, 500}, {220, 1, -500}, {441, 2, 500}, {441, 2, -500}, {3001, 1, 500}, {3001, 1, -500}} {
		t.Run(fmt.Sprintf("%v Hz, %d channels, %+d ppm", c.hz, c.channels, c.ppm), func(t *testing.T) {
			e := newChoir(t, &singer{song: tone(c.hz, amplitude), channels: c.channels}, source.AudioOptions{})
			got := record(e, moving(100*50, c.ppm), 3*sec, 99*sec)
			if s := e.Stats(); s.Stretched < 20*ms || s.Concealed > 0 {
				t.Fatalf("%+v", s)
			}
			for channel := range c.channels {
				want := level - 6.02*float64(channel)
				clicks := beside(got, c.channels, channel, c.hz)
				t.Logf("channel %d: %.1f dB below the tone", channel, want-clicks)
				if clicks > want-40 {
					t.Errorf("channel %d: %.1f dBFS beside the tone of %.1f", channel, clicks, want)
				}
				second := media.SampleRate * c.channels
				for at := 0; at < len(got)-second; at += second {
					if l := mediatest.Goertzel(got[at:at+second/5], c.channels, channel, c.hz); math.Abs(l-want) > 0.5 {
						t.Fatalf("channel %d, second %d: the tone is at %.1f dBFS, want %.1f", channel, at/second, l, want)
					}
				}
			}
		})
	}
}

// TestStretchIsSlow: the tempo changes by 10 % at most.
func TestStretchIsSlow(t *testing.T) {
	e := newChoir(t, &singer{song: vowel(110), channels: 1}, source.AudioOptions{})
	packets := sing(sec, 1000, 8)
	for i := range packets {
		if p := &packets[i]; p.at > 5*sec && p.at < 5*sec+180*ms {
			p.at = 5*sec + 180*ms
		}
	}
	var marks []time.Duration // of Stretched, each tick
	drive(e, packets, 7*ms, 15*sec, func(now time.Duration) {
		source.PullAt(e.Audio, now, e.dst)
		marks = append(marks, e.Stats().Stretched)
	})
	if s := e.Stats(); s.Stretched < 40*ms {
		t.Fatalf("%+v", s)
	}
	// At most 15 ms, then none for ten times as long.
	for i := range marks[:len(marks)-10] {
		if moved := marks[i+10] - marks[i]; moved > 35*ms {
			t.Errorf("%v in 200 ms from tick %d on", moved, i)
		}
	}
}

// TestLateSoundIsContinued: while a packet is late the sound goes on, and the
// packet follows it without a click.
func TestLateSoundIsContinued(t *testing.T) {
	for _, hz := range []float64{220, 441, 1333} {
		t.Run(fmt.Sprint(hz), func(t *testing.T) {
			e := newChoir(t, &singer{song: tone(hz, 8000), channels: 1}, source.AudioOptions{})
			all := sing(sec, 60*50, 8)
			packets := network{delay: 20 * ms, jitter: 10 * ms, inOrder: true, rng: newRand(12)}.carry(all[:250])
			packets = append(packets, network{delay: 20 * ms, jitter: 60 * ms, inOrder: true, rng: newRand(12)}.carry(all[250:])...)
			got := record(e, packets, 3*sec, 60*sec)
			s := e.Stats()
			if s.Concealed == 0 || s.Lost > 0 {
				t.Fatalf("%+v", s)
			}
			clicks := beside(got, 1, 0, hz)
			// Two ticks are made at times, the second of which fades.
			if clicks > -12.2-24 {
				t.Errorf("%.1f dBFS beside the tone", clicks)
			}
		})
	}
}

// TestLongLossFades: two seconds of loss fade to silence within 120 ms, and the
// sound begins again without a click.
func TestLongLossFades(t *testing.T) {
	e := newChoir(t, &singer{song: tone(440, 8000), channels: 1}, source.AudioOptions{})
	packets := sing(sec, 400, 8)
	packets = append(packets[:200:200], packets[300:]...)
	got := record(e, packets, 3*sec, 9*sec)
	from := 2 * media.SampleRate // the loss, from 5 s on
	if l := mediatest.Level(got[from+media.SampleRate/5:from+19*media.SampleRate/10], 1, 0); l > mediatest.Floor {
		t.Errorf("the loss ends in %.1f dBFS", l)
	}
	last := 0
	for i, v := range got[from-media.SampleRate : from+3*media.SampleRate] {
		if step := int(v) - last; step > 700 || step < -700 { // the tone's own are 461
			t.Errorf("a step of %d after %.3f s", step, float64(i)/media.SampleRate)
		}
		last = int(v)
	}
}

// TestNewStreamWithoutClick: another stream, or a jump of the sender's clock,
// follows what was heard without a click.
func TestNewStreamWithoutClick(t *testing.T) {
	for name, change := range map[string]func(*sent){
		"ssrc":       func(p *sent) { p.ssrc, p.seq, p.ts = 2, p.seq+5000, p.ts+1e9 },
		"timestamps": func(p *sent) { p.ts += 1e9 },
		"back":       func(p *sent) { p.ts -= 1e9 },
	} {
		t.Run(name, func(t *testing.T) {
			e := newChoir(t, &singer{song: tone(440, 8000), channels: 1}, source.AudioOptions{})
			packets := sing(sec, 400, 8)
			for i := 200; i < len(packets); i++ {
				p := &packets[i]
				change(p)
				p.payload = sung(8, (i*960+13*i/200)%media.SampleRate)
			}
			got := record(e, packets, 3*sec, 8*sec)
			last := int(got[0])
			for i, v := range got {
				if step := int(v) - last; step > 900 || step < -900 { // the tone's own are 461
					t.Errorf("a step of %d after %.3f s", step, float64(i)/media.SampleRate)
				}
				last = int(v)
			}
			if s := e.Stats(); s.Pauses > 1 || s.Concealed > 20*ms {
				t.Errorf("%+v", s)
			}
		})
	}
}

func TestStretchAllocatesNothing(t *testing.T) {
	e := newChoir(t, &singer{song: vowel(150), channels: 2}, source.AudioOptions{ComfortNoise: true})
	packets := network{delay: 20 * ms, jitter: 150 * ms, loss: 0.02, rng: newRand(6)}.carry(sing(sec, 12000, 8))
	for i := range packets { // the delay falls and grows
		if packets[i].at/(10*sec)%2 == 1 {
			packets[i].at = packets[i].at / (20 * ms) * (20 * ms)
		}
	}
	now := 7 * ms
	start := time.Now().Add(-e.clock.Now())
	p := &media.Packet{}
	one := func() {
		for ; packets[0].at <= now; packets = packets[1:] {
			packets[0].fill(p)
			p.Arrival = start.Add(packets[0].at)
			e.Push(p)
		}
		source.PullAt(e.Audio, now, e.dst)
		now += media.AudioTick
	}
	for range 2000 {
		one()
	}
	before := e.Stats()
	if n := testing.AllocsPerRun(4000, one); n != 0 {
		t.Errorf("%v allocations per tick with its packets", n)
	}
	if s := e.Stats(); s.Stretched == before.Stretched || s.Concealed == before.Concealed {
		t.Errorf("nothing was stretched or concealed: %+v", s)
	}
}
