package audio_test

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/omniverto/omniverto/media"
	"github.com/omniverto/omniverto/mixer/audio"
)

func TestStepDB(t *testing.T) {
	t.Parallel()
	for step, factor := range map[int]float64{-9: 0.2, -4: 0.2, -3: 0.4, -2: 0.6, -1: 0.8, 0: 1, 1: 1.3, 2: 2.3, 3: 3.3, 4: 4.3, 9: 4.3} {
		if got := math.Pow(10, audio.StepDB(step)/20); math.Abs(got-factor) > 1e-9 {
			t.Errorf("step %d is a factor of %v, want %v", step, got, factor)
		}
	}
}

// TestVolumes: a tone comes out as many dB louder as was asked, within 0.1 dB.
func TestVolumes(t *testing.T) {
	t.Parallel()
	const amplitude = 1500
	flat := 20 * math.Log10(amplitude/32768.0)
	for _, dB := range []float64{-40, -12.5, audio.StepDB(-2), 0, 0.5, audio.StepDB(1), audio.StepDB(4), 20} {
		t.Run(fmt.Sprintf("%.1f dB", dB), func(t *testing.T) {
			r := newRig(t, nil)
			speaker, own := r.join(1, tone(1000, amplitude, 1))
			listener, e := r.join(2, nil)
			_, other := r.join(3, nil)
			level := func(what string, e *ear, want float64) {
				t.Helper()
				if got := dBFS(e.last(t), 1000); math.Abs(got-want) > 0.1 {
					t.Errorf("%s: %.2f dBFS, want %.2f", what, got, want)
				}
			}
			speaker.SetVolumeIn(dB)
			r.run(4)
			level("volume in", e, flat+dB)
			if peakOf(own.last(t)) != 0 {
				t.Error("he hears himself")
			}
			score := int(amplitude * 2 / math.Pi * math.Pow(10, dB/20))
			if got := speaker.State().Score; math.Abs(float64(got-score)) > 0.01*float64(score)+2 {
				t.Errorf("score %d, want about %d: the gate follows the volume", got, score)
			}
			speaker.SetVolumeIn(0)
			r.run(2)
			listener.SetVolumeOut(dB)
			r.run(4)
			level("volume out", e, flat+dB)
			level("volume out of another", other, flat)
		})
	}
}

// TestVolumeOfNothing: silence is silence, and what nobody can mean is bounded.
func TestVolumeOfNothing(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	p, _ := r.join(1, steady(100))
	_, e := r.join(2, nil)
	for _, c := range []struct {
		dB   float64
		want int
	}{{-90, 0}, {math.Inf(-1), 0}, {math.NaN(), 100}, {math.Inf(1), 1585}} {
		p.SetVolumeIn(c.dB)
		r.run(3)
		if got := peakOf(e.last(t)); got != c.want {
			t.Errorf("at %v dB: peak %d, want %d", c.dB, got, c.want)
		}
	}
}

// TestChangesDoNotClick: everything that moves a gain bends a tone no harder than
// its own curve.
func TestChangesDoNotClick(t *testing.T) {
	t.Parallel()
	const amplitude = 8000
	w := 2 * math.Pi * 1000 / media.SampleRate
	for _, c := range []struct {
		name   string
		factor float64 // how much louder it can become
		set    func(r *rig, speaker, listener *audio.Port, on bool)
	}{
		{"volume in", 2, func(_ *rig, s, _ *audio.Port, on bool) { s.SetVolumeIn(dB(on, 6)) }},
		{"volume in down", 1, func(_ *rig, s, _ *audio.Port, on bool) { s.SetVolumeIn(dB(on, -30)) }},
		{"volume out", 2, func(_ *rig, _, l *audio.Port, on bool) { l.SetVolumeOut(dB(on, 6)) }},
		{"volume out down", 1, func(_ *rig, _, l *audio.Port, on bool) { l.SetVolumeOut(dB(on, -30)) }},
		{"position", 2, func(_ *rig, s, _ *audio.Port, on bool) { s.SetPosition(-1, on) }},
		{"other side", 2, func(_ *rig, s, _ *audio.Port, on bool) { s.SetPosition(side(on), true) }},
		{"relation", 1, func(r *rig, _, _ *audio.Port, on bool) { r.SetRelation(1, 2, audio.Relation{NoSpeak: on}) }},
		{"hold the speaker", 1, func(_ *rig, s, _ *audio.Port, on bool) { s.SetHold(on, nil) }},
		{"hold the listener", 1, func(_ *rig, _, l *audio.Port, on bool) { l.SetHold(on, silent()) }},
		{"music", 1, func(_ *rig, _, l *audio.Port, on bool) { l.SetHold(on, tone(1000, amplitude, 2)) }},
		{"deaf", 1, func(_ *rig, _, l *audio.Port, on bool) { l.SetDeaf(on) }},
		{"loss class", 1, func(_ *rig, _, l *audio.Port, on bool) { l.SetLossy(on) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := newRig(t, func(o *audio.Options) { forKinds(o); o.Channels = 2 })
			speaker, _ := r.join(1, tone(1000, amplitude, 2))
			listener, e := r.join(2, nil)
			r.run(5)
			for i := range 4 {
				c.set(r, speaker, listener, i%2 == 0)
				r.run(30)
			}
			if len(e.frames) != 125 {
				t.Errorf("%d frames in 125 ticks", len(e.frames))
			}
			limit := int(amplitude*w*w*1.15*c.factor) + 20
			for n := range 2 {
				if got := jerk(channel(e.pcm(), n)); got > limit {
					t.Errorf("channel %d bends by %d, the tone itself by %d", n, got, limit)
				}
			}
		})
	}
}

func dB(on bool, v float64) float64 {
	if on {
		return v
	}
	return 0
}

func side(left bool) float64 {
	if left {
		return -1
	}
	return 1
}

// TestPosition: levels in both ears, and the mono sum which stays.
func TestPosition(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		pan         float64
		on          bool
		left, right int // of a mono source of 1000
	}{
		{-1, true, 2000, 0}, {1, true, 0, 2000}, {0, true, 1000, 1000}, {0.5, true, 500, 1500},
		{-0.25, true, 1250, 750}, {-7, true, 2000, 0}, {math.NaN(), true, 1000, 1000}, {1, false, 1000, 1000},
	} {
		t.Run(fmt.Sprint(c.pan, c.on), func(t *testing.T) {
			r := newRig(t, func(o *audio.Options) { forKinds(o); o.Channels = 2 })
			p, own := r.join(1, music(1000, 100))
			_, e := r.join(2, nil)
			_, mono := r.joinAs(3, nil, media.AudioForm{Channels: 1})
			p.SetPosition(c.pan, c.on)
			r.run(4)
			pcm := e.last(t)
			if int(pcm[500]) != c.left || int(pcm[501]) != c.right {
				t.Errorf("left %d and right %d, want %d and %d", pcm[500], pcm[501], c.left, c.right)
			}
			if got := mono.last(t); len(got) != media.TickSamples || got[250] != 1000 {
				t.Errorf("in mono %d of %d samples, want 1000", got[250], len(got))
			}
			if peakOf(own.last(t)) != 0 {
				t.Error("he hears himself")
			}
		})
	}
}

// TestPositionOfStereo: a stereo voice moves as a whole and keeps its sum.
func TestPositionOfStereo(t *testing.T) {
	t.Parallel()
	r := newRig(t, func(o *audio.Options) { o.Channels = 2 })
	p, _ := r.join(1, source(func(_ int, dst []int16) media.Outcome {
		for i := range dst {
			dst[i] = int16(1000 - 600*(i%2)) // 1000 left, 400 right
		}
		return media.Sound
	}))
	_, e := r.join(2, nil)
	for _, c := range []struct {
		pan  float64
		want []int16
	}{{0, []int16{1000, 400}}, {0.5, []int16{500, 900}}, {1, []int16{0, 1400}}, {-0.5, []int16{1200, 200}}} {
		p.SetPosition(c.pan, true)
		r.run(3)
		if got := e.last(t)[800:802]; !slices.Equal(got, c.want) {
			t.Errorf("at %v: %v, want %v", c.pan, got, c.want)
		}
	}
}

// TestPositionInMono has no effect.
func TestPositionInMono(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	p, _ := r.join(1, music(1000, 100))
	_, e := r.join(2, nil)
	for _, pan := range []float64{-1, 1} {
		p.SetPosition(pan, true)
		r.run(3)
		if got := e.last(t)[500]; got != 1000 {
			t.Errorf("sample %d at %v, want 1000", got, pan)
		}
	}
}

// TestAGC: a quiet voice grows to the level and a loud one shrinks, in steps; who
// is within the margin, silent, or has none is left alone.
func TestAGC(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		said   int
		agc    audio.AGC
		lo, hi int
	}{
		{"off", 300, audio.AGC{}, 300, 300},
		{"quiet", 300, audio.AGC{Level: 1000}, 900, 1100},
		{"loud", 2500, audio.AGC{Level: 1000}, 900, 1100},
		{"within the margin", 950, audio.AGC{Level: 1000}, 950, 950},
		{"a wide margin", 600, audio.AGC{Level: 1000, Margin: 500}, 600, 600},
		{"as loud as it can be", 100, audio.AGC{Level: 1000}, 450, 450},
		{"as quiet as it can be", 20000, audio.AGC{Level: 1000}, 5060, 5060},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := newRig(t, nil)
			p, _ := r.join(1, steady(c.said))
			_, e := r.join(2, nil)
			p.SetAGC(c.agc)
			r.run(1500)
			if got := peakOf(e.last(t)); got < c.lo || got > c.hi {
				t.Errorf("heard at %d, want %d to %d", got, c.lo, c.hi)
			}
			if got := p.State().Score; got != c.said {
				t.Errorf("score %d: the gate must not follow", got)
			}
			p.SetAGC(audio.AGC{})
			r.run(2)
			if got := peakOf(e.last(t)); got != c.said {
				t.Errorf("heard at %d after it was turned off, want %d", got, c.said)
			}
		})
	}
}

// TestAGCPace: one step after Factor periods beyond the first, at once below the
// low energy level, and not in silence.
func TestAGCPace(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		agc  audio.AGC
		gate int
		want int // ticks until the first change; -1: none within 300
	}{
		{"in the usual time", audio.AGC{Level: 1000}, 0, 3 * 26},
		{"with a period", audio.AGC{Level: 1000, Period: 9}, 0, 3 * 10},
		{"with a factor", audio.AGC{Level: 1000, Factor: 4}, 0, 5 * 26},
		{"below the low level", audio.AGC{Level: 1000, LowEnergy: 400}, 0, 26},
		{"below the gate", audio.AGC{Level: 1000}, 500, -1},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := newRig(t, func(o *audio.Options) { o.EnergyLevel, o.AudioAlways = c.gate, true })
			p, _ := r.join(1, steady(300))
			_, e := r.join(2, nil)
			p.SetAGC(c.agc)
			got := -1
			for i := range 300 {
				r.run(1)
				if got < 0 && peakOf(e.last(t)) > 300 {
					got = i
				}
			}
			if got != c.want {
				t.Errorf("first change in tick %d, want %d", got, c.want)
			}
		})
	}
}

// TestOwnEnergy: a member's own gate, and back to the mixer's.
func TestOwnEnergy(t *testing.T) {
	t.Parallel()
	r := newRig(t, func(o *audio.Options) { o.EnergyLevel = 200 })
	p, _ := r.join(1, steady(300))
	mixed := func(want int) {
		t.Helper()
		r.run(60)
		if got := r.Stats().Mixed; got != want {
			t.Errorf("%d mixed, want %d", got, want)
		}
	}
	mixed(1)
	p.SetEnergy(500)
	mixed(0)
	p.SetEnergy(0)
	mixed(1)
	p.SetEnergy(300)
	mixed(0)
	p.SetEnergy(-1)
	mixed(1)
}

// TestLouderMixDoesNotClip: a volume out beyond full scale is limited for this
// listener alone.
func TestLouderMixDoesNotClip(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	r.join(1, tone(1000, 20000, 1))
	p, e := r.join(2, nil)
	_, other := r.join(3, nil)
	p.SetVolumeOut(12)
	r.run(50)
	if got := rest(e.last(t), 1000); got > -60 {
		t.Errorf("%.1f dBFS of distortion", got)
	}
	if peakOf(e.last(t)) < 32000 || peakOf(other.last(t)) != 20000 || r.Stats().LimiterGain != 1 {
		t.Errorf("peaks %d and %d, room gain %v", peakOf(e.last(t)), peakOf(other.last(t)), r.Stats().LimiterGain)
	}
	before := len(e.frames) - 1
	p.SetVolumeOut(0)
	r.run(80)
	if got := jerk(e.pcm()[before*media.TickSamples:]); got > 650 {
		t.Errorf("the way back bends by %d", got)
	}
	if s := r.Stats(); peakOf(e.last(t)) != 20000 || s.Listeners != 2 {
		t.Errorf("peak %d after it, %d listeners in common", peakOf(e.last(t)), s.Listeners)
	}
}
