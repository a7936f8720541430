package audio_test

import (
	"fmt"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/omniverto/omniverto/media"
	"github.com/omniverto/omniverto/mixer/audio"
)

// TestAnnouncements: what a talker of 100, a listener, a muted and a deaf member
// hear of an announcement of 1000, while it plays and after it.
func TestAnnouncements(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		a    audio.Announcement
		want [4]int // talker, listener, muted, deaf
		own  uint64 // encodes in its last tick
	}{
		{"to all", audio.Announcement{}, [4]int{1000, 1100, 1100, 0}, 2},
		{"to all, alone", audio.Announcement{Alone: true}, [4]int{1000, 1000, 1000, 0}, 1},
		{"quieter", audio.Announcement{Gain: -6.0206}, [4]int{500, 600, 600, 0}, 2},
		{"to the talker", audio.Announcement{To: 1}, [4]int{1000, 100, 100, 0}, 2},
		{"to the listener", audio.Announcement{To: 2}, [4]int{0, 1100, 100, 0}, 3},
		{"to the listener, alone", audio.Announcement{To: 2, Alone: true}, [4]int{0, 1000, 100, 0}, 3},
		{"to the deaf", audio.Announcement{To: 4}, [4]int{0, 100, 100, 1000}, 2},
		{"to nobody who is there", audio.Announcement{To: 9}, [4]int{0, 100, 100, 0}, 2},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := newRig(t, nil)
			var ears [4]*ear
			talker, e := r.join(1, steady(100))
			ears[0] = e
			_, ears[1] = r.join(2, nil)
			muted, e := r.join(3, steady(300))
			ears[2] = e
			deaf, e := r.join(4, nil)
			ears[3] = e
			muted.SetMuted(true)
			deaf.SetDeaf(true)
			r.run(40)
			check := func(when string, want [4]int) {
				t.Helper()
				for i, e := range ears {
					if got := peakOf(e.last(t)); got != want[i] {
						t.Errorf("%s: %d hears %d, want %d", when, i+1, got, want[i])
					}
				}
			}
			done := make(chan struct{})
			c.a.Done = func() { close(done) }
			src := positive(1000, 60)
			r.Announce(src, c.a)
			r.run(59)
			before := r.Stats().OwnEncodes
			r.run(1)
			if got := r.Stats().OwnEncodes - before; got != c.own {
				t.Errorf("%d own encodes, want %d", got, c.own)
			}
			check("while it plays", c.want)
			if s := talker.State(); !s.Talking || r.Floor() != 1 {
				t.Errorf("%+v, floor %d", s, r.Floor())
			}
			r.run(2)
			check("after it", [4]int{0, 100, 100, 0})
			<-done
			if src.pulls != 61 {
				t.Errorf("%d pulls, want 61", src.pulls)
			}
		})
	}
}

// positive is steady for a number of ticks.
func positive(v, ticks int) *sourceFunc {
	s := steady(v)
	return source(func(n int, dst []int16) media.Outcome {
		if n >= ticks {
			return media.Gone
		}
		return s.Pull(dst)
	})
}

// TestStoppedAnnouncement fades out and is not touched after Done.
func TestStoppedAnnouncement(t *testing.T) {
	t.Parallel()
	for _, a := range []audio.Announcement{{}, {To: 1}, {Alone: true}, {To: 1, Alone: true}} {
		t.Run(fmt.Sprintf("%+v", a), func(t *testing.T) {
			r := newRig(t, nil)
			_, e := r.join(1, nil)
			r.run(1)
			src, done := tone(1000, 8000, 1), make(chan struct{})
			a.Done = func() { close(done) }
			stop := r.Announce(src, a)
			r.run(5)
			stop()
			stop()
			r.run(1)
			<-done
			if src.pulls != 6 {
				t.Errorf("%d pulls", src.pulls)
			}
			r.run(5)
			if src.pulls != 6 || peakOf(e.last(t)) != 0 {
				t.Errorf("%d pulls, peak %d after the end", src.pulls, peakOf(e.last(t)))
			}
			if got := jerk(e.pcm()[5*media.TickSamples:]); got > 160 {
				t.Errorf("the end bends by %d", got)
			}
		})
	}
}

// TestAnnouncementsEndWithTheMixer, and one to a closed mixer at once.
func TestAnnouncementsEndWithTheMixer(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, nil)
		var done atomic.Int32
		a := audio.Announcement{Done: func() { done.Add(1) }}
		r.Announce(steady(1), a)
		r.Announce(steady(1), audio.Announcement{})
		r.run(1)
		r.Announce(steady(1), a)
		synctest.Wait()
		if got := done.Load(); got != 0 {
			t.Errorf("%d done before the end", got)
		}
		r.Close()
		synctest.Wait()
		r.Announce(steady(1), a)
		r.run(1)
		synctest.Wait()
		if got := done.Load(); got != 3 {
			t.Errorf("Done was called %d times, want 3", got)
		}
	})
}

// TestPausedAnnouncement: a source that has nothing to say goes on playing, alone
// if it is alone.
func TestPausedAnnouncement(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	r.join(1, steady(100))
	_, e := r.join(2, nil)
	r.run(2)
	stop := r.Announce(silent(), audio.Announcement{To: 2, Alone: true})
	r.run(5)
	if got := peakOf(e.last(t)); got != 0 {
		t.Errorf("hears %d", got)
	}
	stop()
	r.run(2)
	if got := peakOf(e.last(t)); got != 100 {
		t.Errorf("hears %d after it", got)
	}
}

// TestAnnouncementToAViewer makes the encoder that he did not need before, and to
// somebody who comes later, too.
func TestAnnouncementToAViewer(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	_, first := r.join(1, nil)
	r.Announce(steady(100), audio.Announcement{To: 1})
	r.Announce(steady(200), audio.Announcement{To: 2})
	r.run(2)
	_, second := r.join(2, nil)
	r.run(2)
	if peakOf(first.last(t)) != 100 || peakOf(second.last(t)) != 200 {
		t.Errorf("they hear %d and %d", peakOf(first.last(t)), peakOf(second.last(t)))
	}
}

// TestHold: whose voice is heard, and what he himself hears.
func TestHold(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	held, e := r.join(1, steady(1000))
	_, talker := r.join(2, steady(300))
	_, listener := r.join(3, nil)
	check := func(when string, own, others, heard int) {
		t.Helper()
		if a, b, c := peakOf(e.last(t)), peakOf(talker.last(t)), peakOf(listener.last(t)); a != own || b != others || c != heard {
			t.Errorf("%s: he hears %d (want %d), the talker %d (%d), the listener %d (%d)", when, a, own, b, others, c, heard)
		}
	}
	r.run(3)
	check("before", 300, 1000, 1300)
	held.SetHold(true, nil)
	r.run(3)
	check("without music", 300, 0, 300)
	if s := held.State(); s.Talking || s.Score != 0 {
		t.Errorf("%+v on hold", s)
	}
	tune := positive(700, 20)
	held.SetHold(true, tune)
	r.run(3)
	check("with music", 700, 0, 300)
	r.run(30)
	check("when the music is over", 300, 0, 300)
	if tune.pulls != 21 {
		t.Errorf("%d pulls of the music, want 21", tune.pulls)
	}
	tune = steady(700)
	held.SetHold(true, tune)
	r.run(3)
	held.SetHold(false, nil)
	pulls := tune.pulls
	r.run(3)
	check("after it", 300, 1000, 1300)
	if tune.pulls != pulls {
		t.Error("the music was pulled after SetHold")
	}
	held.SetHold(true, silent())
	r.run(3)
	check("silent music", 0, 0, 300)
}

// TestChangeOfMusic: from one piece to the other, and while deaf.
func TestChangeOfMusic(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	p, e := r.join(1, nil)
	r.join(2, steady(50))
	p.SetHold(true, steady(700))
	r.run(3)
	p.SetHold(true, steady(500))
	r.run(3)
	if got := peakOf(e.last(t)); got != 500 {
		t.Errorf("hears %d, want the second piece", got)
	}
	p.SetDeaf(true)
	r.run(3)
	if got := peakOf(e.last(t)); got != 500 {
		t.Errorf("deaf on hold: hears %d, want what is played to him alone", got)
	}
	p.SetHold(false, nil)
	r.run(3)
	if got := peakOf(e.last(t)); got != 0 {
		t.Errorf("deaf: hears %d", got)
	}
}

// TestTalkDetectMuted: who is muted or held shows as talking only if that was
// asked for, is never mixed and never gets the floor.
func TestTalkDetectMuted(t *testing.T) {
	t.Parallel()
	for _, detect := range []bool{true, false} {
		for _, hold := range []bool{true, false} {
			t.Run(fmt.Sprintf("detect %v hold %v", detect, hold), func(t *testing.T) {
				r := newRig(t, func(o *audio.Options) { o.EnergyLevel = 200 })
				r.join(1, steady(50))
				p, _ := r.join(2, level(spans(span{0, 5}, span{2000, 50}, span{0, 50})))
				r.run(3)
				p.SetTalkDetectMuted(detect)
				if hold {
					p.SetHold(true, nil)
				} else {
					p.SetMuted(true)
				}
				var talked []bool
				for range 105 {
					r.run(1)
					talked = append(talked, p.State().Talking)
					if r.Stats().Mixed != 0 || r.Floor() != 1 {
						t.Fatalf("%d mixed, floor %d", r.Stats().Mixed, r.Floor())
					}
				}
				if slices.Contains(talked, true) != detect || talked[104] {
					t.Errorf("talking shown %v, at the end %v", slices.Contains(talked, true), talked[104])
				}
			})
		}
	}
}

// TestSpell: the counts behind FreeSWITCH's stop-talking event.
func TestSpell(t *testing.T) {
	t.Parallel()
	r := newRig(t, func(o *audio.Options) { o.EnergyLevel = 100 })
	p, _ := r.join(1, level(spans(span{0, 5}, span{1000, 10}, span{600, 10}, span{0, 60}, span{900, 1}, span{0, 60})))
	r.run(80)
	if got, want := p.State().Spell, (audio.Spell{Ticks: 59, Hits: 20, Misses: 39, Energy: 800, Change: 70}); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
	r.run(60)
	if got := p.State().Spell; got.Hits != 1 || got.Energy != 900 {
		t.Errorf("the second: %+v", got)
	}
}

// TestComfortNoise: heard by all, never anybody's voice, encoded once.
func TestComfortNoise(t *testing.T) {
	t.Parallel()
	r := newRig(t, func(o *audio.Options) { o.Channels = 2 })
	_, a := r.join(1, silent())
	_, b := r.join(2, silent())
	deaf, c := r.join(3, nil)
	deaf.SetDeaf(true)
	r.SetComfortNoise(1400)
	r.run(20)
	pcm := a.last(t)
	if got := peakOf(pcm); got != 3 || !slices.Equal(pcm, b.last(t)) || peakOf(c.last(t)) != 0 {
		t.Errorf("peak %d, all hear the same: %v, the deaf %d", got, slices.Equal(pcm, b.last(t)), peakOf(c.last(t)))
	}
	if !slices.Equal(channel(pcm, 0), channel(pcm, 1)) || slices.Equal(pcm, a.frames[3].pcm) {
		t.Error("want new noise in every tick, the same in both ears")
	}
	if s := r.Stats(); s.Mixed != 0 || s.SharedEncodes != 20 {
		t.Errorf("%+v", s)
	}
	r.SetComfortNoise(0)
	r.run(1)
	if got := peakOf(a.last(t)); got != 0 {
		t.Errorf("peak %d after it", got)
	}
	r.SetComfortNoise(2)
	r.run(1)
	if got := peakOf(a.last(t)); got < 2500 || got > 2731 {
		t.Errorf("peak %d of the loudest", got)
	}
}
