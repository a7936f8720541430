package source_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/omniverto/omniverto/media"
	"github.com/omniverto/omniverto/mixer"
	"github.com/omniverto/omniverto/mixer/source"
)

// without leaves the packets with these places out.
func without(packets []sent, places ...int) []sent {
	var out []sent
	for i, p := range packets {
		if !slices.Contains(places, i) {
			out = append(out, p)
		}
	}
	return out
}

// delayed lets the packet with this place arrive by d later.
func delayed(packets []sent, place int, d time.Duration) []sent {
	p := packets[place]
	p.at += d
	out := without(packets, place)
	for i := range out {
		if out[i].at > p.at {
			return slices.Insert(out, i, p)
		}
	}
	return append(out, p)
}

// keys makes the pictures with these numbers keyframes.
func keys(ids ...int) func(int) bool {
	return func(id int) bool { return slices.Contains(ids, id) }
}

func TestVideoEachTickShowsADistinctPicture(t *testing.T) {
	for _, jitter := range []time.Duration{ms, 5 * ms, 10 * ms} {
		for phase := time.Duration(0); phase < 33*ms; phase += 4700 * time.Microsecond {
			bubble(t, fmt.Sprintf("jitter %v, phase %v", jitter, phase), func(t *testing.T) {
				e := newEye(t)
				e.dec.takes = ms
				net := network{delay: 20 * ms, jitter: jitter, rng: newRand(11)}
				e.watch(net.carry(film(sec, 30, 600, 1, firstKey)), 30, phase, 20*sec)
				same := 0
				for i := 5 * 30; i < len(e.seen); i++ {
					if e.seen[i] != e.seen[i-1]+1 {
						same++
					}
				}
				// The margin falls by 1 ms a second from what the first pictures asked
				// for; each such step can move one picture over a tick.
				if same > 2 {
					t.Errorf("%d of %d ticks do not show the next picture: %+v", same, len(e.seen), e.Stats())
				}
				if s := e.Stats(); s.Margin > 15*ms {
					t.Errorf("margin %v", s.Margin)
				}
			})
		}
	}
}

func TestVideoHostileNetwork(t *testing.T) {
	everySecond := func(id int) bool { return id%30 == 0 }
	for _, net := range []network{
		{jitter: 60 * ms},
		{jitter: 20 * ms, duplicate: 0.2},
		{jitter: 10 * ms, loss: 0.01, duplicate: 0.05},
		{loss: 0.1},
		{jitter: 500 * ms, loss: 0.3},
	} {
		bubble(t, fmt.Sprintf("jitter %v, loss %v, duplicates %v", net.jitter, net.loss, net.duplicate), func(t *testing.T) {
			e := newEye(t)
			net.rng = newRand(13)
			e.watch(net.carry(film(sec, 30, 900, 3, everySecond)), 30, 0, 30*sec)
			s := e.Stats()
			if net.loss == 0 && net.jitter < 100*ms && (s.Gaps > 0 || s.Decoded != 870 && s.Decoded < 865) {
				t.Errorf("%+v", s)
			}
			if net.duplicate > 0 && s.Duplicates == 0 {
				t.Errorf("no duplicates counted: %+v", s)
			}
			if s.Requests > 20 {
				t.Errorf("%d keyframes asked for in 30 s", s.Requests)
			}
			for i := 1; i < len(e.seen); i++ {
				if e.seen[i] < e.seen[i-1] && e.seen[i] >= 0 {
					t.Fatalf("tick %d shows picture %d after %d", i, e.seen[i], e.seen[i-1])
				}
			}
		})
	}
}

func TestVideoLossDropsToTheNextKeyframe(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := newEye(t)
		// Picture 30 of the stream loses its second packet; a keyframe comes as 45.
		packets := without(film(sec, 30, 90, 3, keys(0, 45)), 30*3+1)
		e.watch(packets, 30, 5*ms, 4*sec)
		lost := sec + 30*sec/30
		if len(e.asked) != 2 || e.asked[0] < lost+150*ms || e.asked[0] > lost+155*ms || e.asked[1]-e.asked[0] != 300*ms {
			t.Errorf("keyframes asked for at %v; the loss was at %v", e.asked, lost)
		}
		want := append(count(0, 30), count(45, 90)...)
		if !slices.Equal(e.dec.decoded, want) {
			t.Errorf("decoded %v, want %v", e.dec.decoded, want)
		}
		if s := e.Stats(); s.Gaps != 1 || s.Broken != 1 || s.Skipped != 14 {
			t.Errorf("gaps %d, broken %d, skipped %d; want 1, 1, 14", s.Gaps, s.Broken, s.Skipped)
		}
	})
}

func count(from, to int) []int {
	var out []int
	for i := from; i < to; i++ {
		out = append(out, i)
	}
	return out
}

func TestVideoKeyframeEndsAGapAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := newEye(t)
		packets := without(film(sec, 30, 60, 3, keys(0, 32)), 30*3+1)
		e.watch(packets, 30, 5*ms, 3*sec)
		if want := append(count(0, 30), count(32, 60)...); !slices.Equal(e.dec.decoded, want) {
			t.Errorf("decoded %v, want %v", e.dec.decoded, want)
		}
		if len(e.asked) != 0 {
			t.Errorf("keyframes asked for at %v", e.asked)
		}
		// Picture 32 comes at 2.067 s and is shown by the tick at 2.072 or 2.105 s.
		if got := e.seen[63]; got < 32 {
			t.Errorf("picture %d is shown at 2.105 s", got)
		}
	})
}

func TestVideoHealedLossDropsNothing(t *testing.T) {
	for _, after := range []time.Duration{20 * ms, 100 * ms, 145 * ms} {
		bubble(t, after.String(), func(t *testing.T) {
			e := newEye(t)
			e.watch(delayed(film(sec, 30, 90, 3, firstKey), 30*3+1, after), 30, 5*ms, 4*sec)
			if !slices.Equal(e.dec.decoded, count(0, 90)) || len(e.asked) != 0 {
				t.Errorf("decoded %v, asked at %v", e.dec.decoded, e.asked)
			}
		})
	}
	bubble(t, "too late", func(t *testing.T) {
		e := newEye(t)
		e.watch(delayed(film(sec, 30, 90, 3, firstKey), 30*3+1, 160*ms), 30, 5*ms, 4*sec)
		if s := e.Stats(); s.Late != 1 || s.Gaps != 1 {
			t.Errorf("late %d, gaps %d; want 1, 1", s.Late, s.Gaps)
		}
	})
}

func TestVideoKeyframeBackOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := newEye(t)
		// The keyframe never comes.
		e.watch(film(sec, 30, 300, 2, func(int) bool { return false }), 30, 5*ms, 11*sec)
		var gaps []time.Duration
		for i := 1; i < len(e.asked); i++ {
			gaps = append(gaps, e.asked[i]-e.asked[i-1])
		}
		if want := []time.Duration{300 * ms, sec, 2 * sec, 2 * sec, 2 * sec, 2 * sec}; !slices.Equal(gaps, want) {
			t.Errorf("requests are apart %v, want %v", gaps, want)
		}
		if len(e.asked) == 0 || e.asked[0] != sec {
			t.Errorf("requests at %v, want the first at 1 s", e.asked)
		}
	})
}

func TestVideoAgesToNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := newEye(t)
		e.watch(film(sec, 30, 30, 2, firstKey), 30, 0, 8*sec)
		last := sec + 29*sec/30
		for i, id := range e.seen {
			now := time.Duration(i) * (sec / 30)
			switch {
			case now < sec-ms && id != -1, now > last+3*sec+20*ms && id != -1:
				t.Fatalf("at %v picture %d is shown", now, id)
			case now > sec+20*ms && now < last+3*sec && id == -1:
				t.Fatalf("at %v nothing is shown", now)
			}
		}
		want := []time.Duration{last + sec, last + sec + 300*ms, last + 2*sec + 300*ms}
		if !slices.EqualFunc(e.asked, want, func(a, b time.Duration) bool { return (a - b).Abs() < ms }) {
			t.Errorf("asked at %v, want %v", e.asked, want)
		}
	})
}

func TestVideoTooLarge(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := newEye(t)
		e.dec.tooLarge = func(id int) bool { return id == 30 }
		// From picture 30 on the sender sends 4K; 150 is a keyframe of good size.
		e.watch(film(sec, 30, 300, 2, keys(0, 30, 150)), 30, 5*ms, 11*sec)
		if want := append(count(0, 30), count(150, 300)...); !slices.Equal(e.dec.decoded, want) {
			t.Errorf("decoded %v, want %v", e.dec.decoded, want)
		}
		if s := e.Stats(); s.TooLarge != 1 || s.Requests > 1 {
			t.Errorf("too large %d, requests %d; want 1, at most 1", s.TooLarge, s.Requests)
		}
	})
}

func TestVideoDecoderTrouble(t *testing.T) {
	bubble(t, "error", func(t *testing.T) {
		e := newEye(t)
		e.dec.failAt = 30
		e.watch(film(sec, 30, 90, 2, keys(0, 40)), 30, 5*ms, 4*sec)
		if want := append(count(0, 30), count(40, 90)...); !slices.Equal(e.dec.decoded, want) {
			t.Errorf("decoded %v, want %v", e.dec.decoded, want)
		}
		if s := e.Stats(); s.Errors != 1 || len(e.asked) == 0 {
			t.Errorf("errors %d, asked at %v", s.Errors, e.asked)
		}
	})
	bubble(t, "panic", func(t *testing.T) {
		e := newEye(t)
		e.dec.panicAt = 30
		e.watch(film(sec, 30, 90, 2, firstKey), 30, 5*ms, 4*sec)
		if s := e.Stats(); !s.Failed || e.dec.closed != 1 || e.seen[len(e.seen)-1] != -1 {
			t.Errorf("decoder closed %d times, last shown %d, %+v", e.dec.closed, e.seen[len(e.seen)-1], s)
		}
		if n := e.pool.InUse(); n != 0 {
			t.Errorf("%d pictures held", n)
		}
	})
	bubble(t, "none", func(t *testing.T) {
		v := source.NewVideo(source.VideoOptions{
			Clock: media.NewClock(), Gate: mixer.NewGate(1), Pool: media.NewPicturePool(1), Log: testLog(t),
			NewDecoder:      func() (media.VideoDecoder, error) { return nil, errors.New("no decoder") },
			RequestKeyframe: func() {},
		})
		push(v, film(0, 30, 1, 1, firstKey)[0])
		synctest.Wait()
		if !v.Stats().Failed {
			t.Error("not failed")
		}
		v.Close()
	})
}

func TestVideoHidden(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := newEye(t)
		packets := film(sec, 30, 300, 2, keys(0, 100, 200))
		e.watch(packets, 30, 5*ms, 3*sec)
		e.SetVisible(false)
		if n := e.pool.InUse(); n != 0 {
			t.Errorf("%d pictures held while hidden", n)
		}
		rest := packets[countBefore(packets, 3*sec):]
		e.watch(rest, 30, 3*sec+5*ms, 6*sec)
		if len(e.asked) != 0 || len(e.dec.decoded) > 61 || e.seen[len(e.seen)-1] != -1 {
			t.Errorf("hidden: asked at %v, %d decoded, %d shown", e.asked, len(e.dec.decoded), e.seen[len(e.seen)-1])
		}
		e.SetVisible(true)
		synctest.Wait()
		e.SetVisible(false)
		e.SetVisible(true)
		synctest.Wait()
		if len(e.asked) != 1 {
			t.Errorf("%d keyframes asked for on show, want 1", len(e.asked))
		}
		rest = rest[countBefore(rest, 6*sec):]
		e.watch(rest, 30, 6*sec+5*ms, 12*sec)
		if i := len(e.dec.decoded) - 100; i < 0 || !slices.Equal(e.dec.decoded[i:], count(200, 300)) {
			t.Errorf("decoded after show %v", e.dec.decoded)
		}
	})
}

func TestVideoHiddenForAMoment(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := newEye(t)
		packets := film(sec, 30, 90, 2, keys(0, 45))
		e.watch(packets, 30, 5*ms, 2*sec+10*ms)
		e.SetVisible(false)
		e.SetVisible(true)
		e.watch(packets[countBefore(packets, 2*sec+10*ms):], 30, 2*sec+38*ms, 4*sec)
		if len(e.asked) == 0 || e.asked[0] > 2*sec+15*ms {
			t.Errorf("asked at %v, want 2.01 s", e.asked)
		}
		if want := append(count(0, 31), count(45, 90)...); !slices.Equal(e.dec.decoded, want) {
			t.Errorf("decoded %v, want %v", e.dec.decoded, want)
		}
	})
}

func TestVideoHold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := newEye(t)
		e.SetHold(time.Hour)
		packets := film(sec, 30, 300, 2, firstKey)
		e.watch(packets, 30, 5*ms, 10*sec)
		if s := e.Stats(); s.Hold != 200*ms {
			t.Fatalf("hold %v, want the limit of 200 ms", s.Hold)
		}
		// Picture 269 came at 9.967 s; shown is what came 200 to 240 ms before.
		last := e.seen[len(e.seen)-1]
		if last < 261 || last > 263 {
			t.Errorf("picture %d shown at 9.98 s", last)
		}
		// Held units wait encoded.
		if n := e.dec.decoded[len(e.dec.decoded)-1]; n > last+1 || e.pool.InUse() > 2 {
			t.Errorf("picture %d decoded while %d is shown, %d pictures held", n, last, e.pool.InUse())
		}
		for i := 40; i < len(e.seen); i++ {
			if d := e.seen[i] - e.seen[i-1]; d < 0 || d > 2 {
				t.Errorf("tick %d goes from picture %d to %d", i, e.seen[i-1], e.seen[i])
			}
		}
	})
}

func TestVideoNewStream(t *testing.T) {
	for name, change := range map[string]func(*sent){
		"ssrc":                 func(p *sent) { p.ssrc, p.seq, p.ts = 8, p.seq+5000, p.ts+1e9 },
		"ssrc, numbers taken":  func(p *sent) { p.ssrc, p.seq = 8, p.seq-120 },
		"timestamp jump":       func(p *sent) { p.ts += 1e9 },
		"timestamp jump back":  func(p *sent) { p.ts -= 1e9 },
		"short jump back":      func(p *sent) { p.ts -= 90000 },
		"sequence jump":        func(p *sent) { p.seq += 20000 },
		"sequence jump back":   func(p *sent) { p.seq -= 20000 },
		"all at once, no ssrc": func(p *sent) { p.seq, p.ts = p.seq-9000, p.ts+3e9 },
	} {
		bubble(t, name, func(t *testing.T) {
			e := newEye(t)
			packets := film(sec, 30, 120, 2, func(id int) bool { return id == 0 || id == 60 || id == 65 })
			for i := 120; i < len(packets); i++ {
				change(&packets[i])
			}
			e.watch(packets, 30, 16*ms, 5*sec)
			if got := e.seen[len(e.seen)-1]; got < 118 {
				t.Errorf("picture %d is shown at the end: %+v", got, e.Stats())
			}
			if !slices.Contains(e.dec.decoded, 66) {
				t.Errorf("decoded %v", e.dec.decoded)
			}
			if s := e.Stats(); s.Duplicates > 0 {
				t.Errorf("%d duplicates", s.Duplicates)
			}
		})
	}
}
