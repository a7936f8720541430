package audio_test

import (
	"errors"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/omniverto/omniverto/media"
	"github.com/omniverto/omniverto/mixer/audio"
)

// TestEncodesAreShared counts encodes per tick: one for all who are silent, one
// for each who is mixed, none for who does not listen.
func TestEncodesAreShared(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name                              string
		silent, listeners, talkers, mutes int // mutes: they talk and do not listen
		shared, own                       uint64
	}{
		{"nobody", 0, 0, 0, 0, 0, 0},
		{"one alone", 1, 0, 0, 0, 1, 0},
		{"ten silent", 10, 0, 0, 0, 1, 0},
		{"listeners without a source", 0, 5, 0, 0, 1, 0},
		{"three talk to ten", 8, 2, 3, 0, 1, 3},
		{"all talk", 0, 0, 4, 0, 0, 4},
		{"nobody listens", 0, 0, 0, 3, 0, 0},
		{"who does not listen costs nothing", 1, 0, 1, 3, 1, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := newRig(t, nil)
			for range c.silent {
				r.join(1, silent())
			}
			for range c.listeners {
				r.join(1, nil)
			}
			for range c.talkers {
				r.join(1, steady(1000))
			}
			for range c.mutes {
				r.Add(1, steady(1000), nil)
			}
			const ticks = 30
			r.run(ticks)
			s := r.Stats()
			if s.SharedEncodes != c.shared*ticks || s.OwnEncodes != c.own*ticks {
				t.Errorf("%d shared and %d own encodes in %d ticks, want %d and %d a tick",
					s.SharedEncodes, s.OwnEncodes, ticks, c.shared, c.own)
			}
			if s.Mixed != c.talkers+c.mutes || s.Listeners != c.silent+c.listeners || s.Members != c.silent+c.listeners+c.talkers+c.mutes {
				t.Errorf("%+v", s)
			}
		})
	}
}

// TestDigitalSilenceIsNotMixed: zeros change no sum, so they cost no encode.
func TestDigitalSilenceIsNotMixed(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	r.join(1, steady(0))
	r.join(2, steady(500))
	r.run(10)
	if s := r.Stats(); s.Mixed != 1 || s.OwnEncodes != 10 || s.SharedEncodes != 10 {
		t.Errorf("%+v", s)
	}
}

// TestReturnToTheSharedStream: who stops talking keeps his own encode until both
// encoders have had the same input for 20 ticks.
func TestReturnToTheSharedStream(t *testing.T) {
	t.Parallel()
	const from, to = 5, 15
	r := newRig(t, nil)
	_, e := r.join(1, level(spans(span{0, from}, span{1000, to - from})))
	r.join(2, nil)
	r.run(60)
	if s := r.Stats(); s.OwnEncodes != to-from+20 || s.SharedEncodes != 60 {
		t.Errorf("%d own encodes, want %d; %d shared", s.OwnEncodes, to-from+20, s.SharedEncodes)
	}
	for i, f := range e.frames {
		if f.tick != int64(i) || f.marker != (i == 0) {
			t.Errorf("frame %d: tick %d, marker %v: the stream must go on as one", i, f.tick, f.marker)
		}
	}
}

// TestViewersNeedNoEncoder: what only listens is served by the one encoder that
// all share, until he goes deaf.
func TestViewersNeedNoEncoder(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	p, _ := r.join(1, nil)
	for range 9 {
		r.join(1, nil)
	}
	r.Add(2, steady(100), nil).SetDeaf(true)
	if r.tape.made != 1 {
		t.Errorf("%d encoders for ten viewers, want 1", r.tape.made)
	}
	p.SetDeaf(true)
	p.SetDeaf(true)
	if r.tape.made != 2 {
		t.Errorf("%d encoders, want 2", r.tape.made)
	}
}

// TestEveryStreamGoesOn lets members talk, pause, mute, go deaf, come and leave
// at random. Whatever encoder serves a listener in a tick, its state must be that
// of an encoder which encoded what this listener heard before and nothing else.
func TestEveryStreamGoesOn(t *testing.T) {
	t.Parallel()
	type person struct {
		port *audio.Port
		ear  *ear
	}
	r := newRig(t, nil)
	rnd := rand.New(rand.NewPCG(7, 7))
	people, all := []person{}, []person{}
	join := func() {
		talking := false
		src := source(func(n int, dst []int16) media.Outcome {
			if rnd.IntN(25) == 0 {
				talking = !talking
			}
			if !talking {
				return media.Silence
			}
			for i := range dst {
				dst[i] = int16(rnd.IntN(4000) - 2000)
			}
			return media.Sound
		})
		port, e := r.join(audio.PortID(len(all)+1), src)
		people, all = append(people, person{port, e}), append(all, person{port, e})
	}
	for range 1500 {
		switch rnd.IntN(20) {
		case 0:
			if len(people) < 6 {
				join()
			}
		case 1:
			if len(people) > 0 {
				i := rnd.IntN(len(people))
				r.Remove(people[i].port)
				people = slices.Delete(people, i, i+1)
			}
		case 2, 3:
			if len(people) > 0 {
				people[rnd.IntN(len(people))].port.SetMuted(rnd.IntN(3) == 0)
			}
		case 4:
			if len(people) > 0 {
				people[rnd.IntN(len(people))].port.SetDeaf(rnd.IntN(4) == 0)
			}
		}
		r.run(1)
	}
	for i, p := range all {
		checkStream(t, i, p.ear.frames)
	}
	if s := r.Stats(); s.StateCopies < 20 || s.SharedEncodes < 100 || s.OwnEncodes < 100 || len(all) < 20 {
		t.Errorf("the scenario is too tame: %d people, %+v", len(all), s)
	}
}

// checkStream looks at one listener's frames, except the first, in which the
// encoder may still remember what others heard before he came.
func checkStream(t *testing.T, who int, frames []heard) {
	t.Helper()
	var past []uint64
	for i, f := range frames {
		past = append(past, hash(f.pcm))
		if i > 0 && f.tick != frames[i-1].tick+1 {
			t.Errorf("listener %d: tick %d follows %d", who, f.tick, frames[i-1].tick)
		}
		if i < memory {
			continue
		}
		if want := past[len(past)-memory:]; !slices.Equal(f.state, want) {
			t.Errorf("listener %d, frame %d: the encoder's past is not what he heard", who, i)
			return
		}
	}
}

// TestFramesCarryTheTick checks what the legs put into their packets.
func TestFramesCarryTheTick(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	_, e := r.join(1, steady(100))
	_, f := r.join(2, nil)
	r.run(3)
	for _, listener := range []*ear{e, f} {
		if len(listener.frames) != 3 {
			t.Fatalf("%d frames in 3 ticks", len(listener.frames))
		}
		for i, h := range listener.frames {
			rtp := r.clock.AudioRTP(time.Duration(i) * media.AudioTick)
			if h.tick != int64(i) || h.rtp != rtp || h.marker != (i == 0) {
				t.Errorf("frame %d: tick %d, RTP time %d (want %d), marker %v", i, h.tick, h.rtp, rtp, h.marker)
			}
		}
	}
}

// TestPauses: packets that need not be sent are not, but the stream never stops
// for good, and the first packet after a pause is marked.
func TestPauses(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	r.tape.dtx = true
	r.join(1, source(func(n int, dst []int16) media.Outcome {
		if n < 50 {
			return media.Silence
		}
		return steady(1000).Pull(dst)
	}))
	_, e := r.join(2, nil)
	r.run(53)
	type packet struct {
		tick          int64
		empty, marker bool
	}
	var got []packet
	for _, h := range e.frames {
		got = append(got, packet{h.tick, h.empty, h.marker})
	}
	want := []packet{{19, true, true}, {40, true, true}, {50, false, true}, {51, false, false}, {52, false, false}}
	if !slices.Equal(got, want) {
		t.Errorf("packets %+v, want %+v", got, want)
	}
	if s := r.Stats(); s.Paused == 0 || s.Frames+s.Paused != s.SharedEncodes+s.OwnEncodes {
		t.Errorf("%+v", s)
	}
}

func TestFramesReturnToThePool(t *testing.T) {
	t.Parallel()
	var kept []*media.Frame
	r := newRig(t, nil)
	r.Add(1, steady(100), watcher(func(f *media.Frame) {
		for _, k := range kept {
			k.Release() // panics if the mixer gave away our reference
		}
		kept = []*media.Frame{f.Retain()}
	}))
	r.run(10)
	kept[0].Release()
	defer func() {
		if recover() == nil {
			t.Error("the mixer kept a reference to a frame")
		}
	}()
	kept[0].Release()
}

type watcher func(*media.Frame)

func (w watcher) WriteFrame(f *media.Frame) { w(f) }

// TestNoEncoder: who cannot be served hears nothing, and others are not touched.
func TestNoEncoder(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	_, listener := r.join(1, nil)
	r.tape.failing = errors.New("no memory")
	_, e := r.join(2, steady(700))
	r.run(5)
	if len(e.frames) != 0 || len(listener.frames) != 5 || peakOf(listener.last(t)) != 700 {
		t.Errorf("%d frames for the talker, %d for the listener", len(e.frames), len(listener.frames))
	}
	if s := r.Stats(); s.Unserved != 5 {
		t.Errorf("%+v", s)
	}
}

func TestEncodeErrors(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	_, e := r.join(1, nil)
	r.tape.broken = errors.New("broken")
	r.run(5)
	r.tape.broken = nil
	r.run(1)
	if s := r.Stats(); s.EncodeErrors != 5 || len(e.frames) != 1 || !e.frames[0].marker {
		t.Errorf("%d errors counted, frames %+v", s.EncodeErrors, e.frames)
	}
}
