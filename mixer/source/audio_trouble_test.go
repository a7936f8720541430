package source_test

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/omniverto/omniverto/media"
	"github.com/omniverto/omniverto/mixer/source"
)

func TestAudioNewStream(t *testing.T) {
	second := func(change func(*sent)) []sent {
		out := talk(sec+2*sec, 100, 8, func(i int) int16 { return int16(8000 + i) })
		for i := range out {
			out[i].seq += 100
			out[i].ts += 100 * 960
			change(&out[i])
		}
		return out
	}
	cases := map[string]struct {
		change  func(*sent)
		skipped int // packets that are needed to see it
	}{
		"ssrc":                      {func(p *sent) { p.ssrc, p.seq, p.ts = 2, p.seq+9999, p.ts-1e9 }, 0},
		"timestamps jump ahead":     {func(p *sent) { p.ts += 1e9 }, 0},
		"timestamps jump back":      {func(p *sent) { p.ts -= 1e9 }, 0},
		"timestamps jump back 1 s":  {func(p *sent) { p.ts -= 48000 }, 0},
		"timestamps jump half way":  {func(p *sent) { p.ts += 1 << 31 }, 0},
		"numbers jump":              {func(p *sent) { p.seq += 20000 }, 1},
		"numbers jump back":         {func(p *sent) { p.seq -= 10000 }, 1},
		"numbers and times restart": {func(p *sent) { p.seq, p.ts = p.seq+30000, p.ts+3e9 }, 1},
	}
	for name, c := range cases {
		bubble(t, name, func(t *testing.T) {
			e := newEar(t, 1)
			packets := append(talk(sec, 100, 8, numbered), second(c.change)...)
			e.listen(packets, 10*ms, 5*sec)
			// At most a few ticks late, then each packet in its order.
			heard := map[int16]bool{}
			for _, level := range e.last[150:] {
				heard[level] = true
			}
			for i := c.skipped; i < 95; i++ {
				if !heard[int16(8000+i)] {
					t.Fatalf("packet %d of the new stream is not heard: %+v", i, e.Stats())
				}
			}
			if d := e.Delay(); d > 60*ms {
				t.Errorf("delay %v", d)
			}
		})
	}
}

func TestAudioGarbage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := newEar(t, 1)
		packets := talk(sec, 1000, 8, numbered)
		for i := 100; i < 400; i += 10 {
			packets[i].payload = make([]byte, []int{0, 3, 5, 9000}[i/10%4])
		}
		e.listen(packets, 10*ms, 21*sec)
		s := e.Stats()
		if s.Errors == 0 || s.Malformed == 0 {
			t.Errorf("%+v", s)
		}
		if n := e.count(50, media.Silence); n > 0 {
			t.Errorf("%d silent ticks", n)
		}
		if got := e.last[len(e.last)-1]; got != numbered(999) {
			t.Errorf("the last packet is not played in its tick: %d", got)
		}
	})
}

func TestAudioDigitalSilenceIsNotDecoded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := newEar(t, 1)
		e.dec.levels = make([]int16, 0, 400)
		packets := talk(sec, 300, 8, numbered)
		for i := 100; i < 200; i++ {
			packets[i].quiet = true
		}
		e.listen(packets, 10*ms, 7*sec)
		// Of the 100 quiet packets 3 are decoded in their time, 3 before the sound.
		if e.dec.decoded != 206 || e.Stats().Undecoded != 97 {
			t.Errorf("%d packets decoded, %d not", e.dec.decoded, e.Stats().Undecoded)
		}
		want := []int16{numbered(101), numbered(102), numbered(197), numbered(198), numbered(199), numbered(200)}
		if got := e.dec.levels[101:107]; fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("decoded %v around the silence, want %v", got, want)
		}
		if n := e.count(153, media.Silence); n != 97 {
			t.Errorf("%d silent ticks, want 97", n)
		}
		if got := e.last[250]; got != numbered(200) {
			t.Errorf("the first packet after silence is not played in its tick: %d", got)
		}
	})
}

func TestAudioDecoderTrouble(t *testing.T) {
	bubble(t, "error", func(t *testing.T) {
		e := newEar(t, 1)
		e.dec.failAt = 50
		e.listen(talk(sec, 100, 8, numbered), 10*ms, 3*sec)
		if n := e.count(50, media.Sound); n != 100 || e.Stats().Errors != 1 {
			t.Errorf("%d ticks of sound, %+v", n, e.Stats())
		}
	})
	bubble(t, "panic", func(t *testing.T) {
		e := newEar(t, 1)
		e.dec.panicAt = 50
		e.listen(talk(sec, 100, 8, numbered), 10*ms, 3*sec)
		if n := e.count(0, media.Gone); n != 51 || !e.Stats().Failed || e.dec.closed != 1 {
			t.Errorf("%d ticks gone, decoder closed %d times, %+v", n, e.dec.closed, e.Stats())
		}
	})
	bubble(t, "none", func(t *testing.T) {
		a := source.NewAudio(source.AudioOptions{
			Clock: media.NewClock(), Channels: 1, Log: testLog(t),
			NewDecoder: func() (media.AudioDecoder, error) { return nil, errFake },
		})
		defer a.Close()
		if got := a.Pull(make([]int16, media.TickSamples)); got != media.Gone {
			t.Errorf("outcome %v, want Gone", got)
		}
	})
}

func TestAudioClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := newEar(t, 1)
		e.listen(talk(sec, 10, 8, numbered), 10*ms, 2*sec)
		e.Close()
		e.Close()
		push(e, talk(sec, 11, 8, numbered)[10])
		if got := e.Pull(e.dst); got != media.Gone || e.dec.closed != 1 {
			t.Errorf("outcome %v, closed %d times; want Gone, once", got, e.dec.closed)
		}
	})
}

func TestAudioCloseDuringPull(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := newEar(t, 1)
		done := make(chan struct{})
		go func() {
			defer close(done)
			for e.Pull(e.dst) != media.Gone {
				<-time.After(media.AudioTick)
			}
		}()
		for _, p := range talk(sec, 100, 8, numbered) {
			until(e.clock, p.at)
			push(e, p)
		}
		e.Close()
		<-done
		if e.dec.closed != 1 {
			t.Errorf("decoder closed %d times", e.dec.closed)
		}
	})
}

func TestAudioAllocatesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := newEar(t, 2)
		packets := network{jitter: 30 * ms, loss: 0.05, rng: newRand(6)}.carry(talk(sec, 12000, 8, numbered))
		p := &media.Packet{SSRC: 1}
		ticker := time.NewTicker(media.AudioTick)
		defer ticker.Stop()
		one := func() {
			<-ticker.C
			p.Arrival = time.Now()
			for len(packets) > 0 && packets[0].at <= e.clock.Now() {
				p.Seq, p.Timestamp, p.Payload = packets[0].seq, packets[0].ts, packets[0].payload
				e.Push(p)
				packets = packets[1:]
			}
			e.Pull(e.dst)
		}
		for range 1000 {
			one()
		}
		if n := testing.AllocsPerRun(1000, one); n != 0 {
			t.Errorf("%v allocations per tick with its packets", n)
		}
	})
}
