package audio_test

import (
	"math"
	"slices"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/omniverto/omniverto/media"
	"github.com/omniverto/omniverto/mixer/audio"
)

// TestMuteAndDeafFade: a 1 kHz tone through mute, unmute, deaf and undeaf bends
// no harder than its own curve, goes to exact silence and comes back whole.
func TestMuteAndDeafFade(t *testing.T) {
	t.Parallel()
	const amplitude = 20000
	// The bend of a sine is its amplitude times (2πf/rate)²; the corners of a
	// linear fade add little, a click would add a multiple.
	w := 2 * math.Pi * 1000 / media.SampleRate
	limit := int(amplitude*w*w*1.1) + 20
	for _, c := range []struct {
		name string
		set  func(speaker, listener *audio.Port, on bool)
	}{
		{"mute", func(speaker, _ *audio.Port, on bool) { speaker.SetMuted(on) }},
		{"deaf", func(_, listener *audio.Port, on bool) { listener.SetDeaf(on) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := newRig(t, nil)
			speaker, _ := r.join(1, tone(1000, amplitude, 1))
			listener, e := r.join(2, nil)
			loud := 20 * math.Log10(amplitude/32768.0)
			r.run(5)
			c.set(speaker, listener, true)
			r.run(5)
			if got := peakOf(e.last(t)); got != 0 {
				t.Errorf("peak %d instead of silence", got)
			}
			c.set(speaker, listener, false)
			r.run(5)
			if got := dBFS(e.last(t), 1000); math.Abs(got-loud) > 0.1 {
				t.Errorf("%.2f dBFS after it, want %.2f", got, loud)
			}
			if len(e.frames) != 15 {
				t.Errorf("%d frames in 15 ticks", len(e.frames))
			}
			if got := jerk(e.pcm()); got > limit {
				t.Errorf("the sound bends by %d, the tone itself by %d", got, limit)
			}
		})
	}
}

// TestMutedHears: muting takes the voice, not the ears, and a muted member is
// served by the shared stream.
func TestMutedHears(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	muted, e := r.join(1, steady(2000))
	r.join(2, steady(700))
	muted.SetMuted(true)
	r.run(40)
	if got := peakOf(e.last(t)); got != 700 {
		t.Errorf("the muted member hears a peak of %d, want the other's 700", got)
	}
	if s := r.Stats(); s.Mixed != 1 || s.Listeners != 1 {
		t.Errorf("%+v", s)
	}
	if s := muted.State(); s.Talking || s.Score != 0 || s.LevelDBov != -24 {
		t.Errorf("a muted member's state is %+v; he is not talking, but his level shows", s)
	}
}

// TestDeafIsHeard: deafness takes the ears, not the voice.
func TestDeafIsHeard(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	deaf, e := r.join(1, steady(2000))
	_, other := r.join(2, steady(700))
	deaf.SetDeaf(true)
	r.run(5)
	if peakOf(other.last(t)) != 2000 || peakOf(e.last(t)) != 0 || len(e.frames) != 5 {
		t.Errorf("the other hears %d, the deaf member %d in %d frames", peakOf(other.last(t)), peakOf(e.last(t)), len(e.frames))
	}
}

func TestSilenceHoldsTheLastStateOfNothing(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	p, _ := r.join(1, source(func(n int, dst []int16) media.Outcome {
		if n < 3 {
			return steady(32767).Pull(dst)
		}
		return media.Silence
	}))
	r.run(3)
	if s := p.State(); s.Score != 32767 || s.LevelDBov != 0 {
		t.Errorf("full scale: %+v", s)
	}
	r.run(1)
	if s := p.State(); s.Score != 0 || s.LevelDBov != -127 || !s.Talking {
		t.Errorf("silence: %+v", s)
	}
}

// TestGoneSourceIsInert: it is not pulled again, not mixed, not talking, and its
// member goes on hearing.
func TestGoneSourceIsInert(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	src := source(func(n int, dst []int16) media.Outcome {
		if n == 5 {
			return media.Gone
		}
		return steady(1000).Pull(dst)
	})
	p, e := r.join(1, src)
	r.run(40)
	s := r.Stats()
	if src.pulls != 6 || s.Mixed != 0 || len(e.frames) != 40 || p.State().Talking || p.State().Score != 0 || p.State().LevelDBov != -127 || r.Floor() != 0 {
		t.Errorf("%d pulls, %d frames, %+v, %+v, floor %d", src.pulls, len(e.frames), p.State(), s, r.Floor())
	}
}

// TestRemoveWaitsForTheStep: while a step is within a source, its member's Remove
// does not return.
func TestRemoveWaitsForTheStep(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, nil)
		pulling := make(chan struct{})
		p, _ := r.join(1, source(func(int, []int16) media.Outcome { <-pulling; return media.Silence }))
		stepped, removed := false, false
		go func() { r.run(1); stepped = true }()
		synctest.Wait()
		go func() { r.Remove(p); removed = true }()
		synctest.Wait()
		if removed || stepped {
			t.Fatalf("removed %v, stepped %v while the source is pulled", removed, stepped)
		}
		close(pulling)
		synctest.Wait()
		if !removed || !stepped {
			t.Errorf("removed %v, stepped %v", removed, stepped)
		}
		r.Remove(p)
	})
}

func TestRemovedIsOut(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	src := steady(1000)
	p, e := r.join(1, src)
	_, other := r.join(2, nil)
	r.run(2)
	r.Remove(p)
	r.run(2)
	if src.pulls != 2 || len(e.frames) != 2 || peakOf(other.last(t)) != 0 {
		t.Errorf("after Remove: %d pulls, %d frames, others hear %d", src.pulls, len(e.frames), peakOf(other.last(t)))
	}
	p.SetDeaf(true) // must not make an encoder that nobody closes
}

func TestAfterClose(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	_, e := r.join(1, steady(1000))
	r.run(1)
	r.Close()
	_, late := r.join(2, steady(1000))
	r.run(1)
	r.Close()
	if len(e.frames) != 1 || len(late.frames) != 0 || r.tape.open != 0 {
		t.Errorf("%d and %d frames, %d encoders open", len(e.frames), len(late.frames), r.tape.open)
	}
}

// TestConcurrentControl is for the race detector: everything that any goroutine
// may call, beside a running mixer.
func TestConcurrentControl(t *testing.T) {
	t.Parallel()
	r := newRig(t, func(o *audio.Options) { forKinds(o); o.Channels = 2 })
	var wg sync.WaitGroup
	for i := range 4 {
		wg.Go(func() {
			for k := range 50 {
				p, _ := r.join(audio.PortID(i+1), steady(500*i))
				controlAll(r, p, i, k)
				_, _, _ = p.State(), r.Floor(), r.Stats()
				select {
				case <-r.Changed():
				default:
				}
				r.Remove(p)
			}
		})
	}
	stop := make(chan struct{})
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			select {
			case <-stop:
				return
			default:
				r.run(1)
			}
		}
	}()
	wg.Wait()
	close(stop)
	<-done
	if s := r.Stats(); s.Members != 0 {
		t.Errorf("%d members left", s.Members)
	}
}

// controlAll calls everything that can be set of a port.
func controlAll(r *rig, p *audio.Port, i, k int) {
	p.SetMuted(k%2 == 0)
	p.SetDeaf(k%3 == 0)
	p.SetLossy(k%5 == 0)
	p.SetVolumeIn(float64(k % 7))
	p.SetVolumeOut(float64(k % 4))
	p.SetPosition(float64(k%3-1), k%2 == 0)
	p.SetEnergy(k - 3)
	p.SetAGC(audio.AGC{Level: 100 * (k % 3)})
	p.SetTalkDetectMuted(k%2 == 0)
	p.SetHold(k%4 == 0, steady(5))
	r.SetRelation(audio.PortID(i+1), audio.PortID(i+2), audio.Relation{NoSpeak: k%2 == 0, NoHear: k%3 == 0})
	r.SetComfortNoise(k)
	done := make(chan struct{})
	stop := r.Announce(positive(100, 1+k%3), audio.Announcement{To: audio.PortID(k % 3), Alone: k%2 == 0, Done: func() { close(done) }})
	if k%2 == 0 {
		stop()
		<-done
	}
}

// TestTwoPortsOfOneMember: while a new leg takes over, the floor stays.
func TestTwoPortsOfOneMember(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	old, _ := r.join(7, steady(1000))
	r.join(8, steady(200))
	r.run(2)
	if r.Floor() != 7 {
		t.Fatalf("floor %d, want 7", r.Floor())
	}
	r.join(7, silent())
	r.run(1)
	r.Remove(old)
	var floors []audio.PortID
	for range 30 {
		r.run(1)
		floors = append(floors, r.Floor())
	}
	if slices.Contains(floors, 8) || slices.Contains(floors, 0) {
		t.Errorf("the floor went through %v", floors)
	}
}
