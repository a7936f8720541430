package audio_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/omniverto/omniverto/media"
	"github.com/omniverto/omniverto/mixer/audio"
)

// TestEverybodyHearsTheOthers: a tone per member, its level in every other mix,
// its absence in his own.
func TestEverybodyHearsTheOthers(t *testing.T) {
	t.Parallel()
	const amplitude, members = 3000, 6
	want := 20 * math.Log10(amplitude/32768.0)
	r := newRig(t, nil)
	hz := func(i int) float64 { return float64(400 + 100*i) } // whole periods in 10 ms
	ears := make([]*ear, members)
	for i := range ears {
		_, ears[i] = r.join(audio.PortID(i+1), tone(hz(i), amplitude, 1))
	}
	_, listener := r.join(99, nil)
	r.run(5)
	for i, e := range append(ears, listener) {
		for j := range members {
			got := dBFS(e.last(t), hz(j))
			switch {
			case i == j && got > -90:
				t.Errorf("member %d hears himself at %.1f dBFS", i, got)
			case i != j && math.Abs(got-want) > 0.1:
				t.Errorf("member %d hears %d at %.2f dBFS, want %.2f", i, j, got, want)
			}
		}
	}
}

// TestMixMinusIsExact compares with the sum of the others, sample by sample.
func TestMixMinusIsExact(t *testing.T) {
	t.Parallel()
	for _, channels := range []int{1, 2} {
		t.Run(fmt.Sprint(channels, " channels"), func(t *testing.T) {
			const members = 7
			r := newRig(t, func(o *audio.Options) { o.Channels = channels })
			n := media.TickSamples * channels
			said, ears := make([][]int16, members), make([]*ear, members)
			for i := range said {
				rnd := rand.New(rand.NewPCG(1, uint64(i)))
				said[i] = make([]int16, n)
				src := source(func(_ int, dst []int16) media.Outcome {
					for k := range dst {
						dst[k] = int16(rnd.IntN(2*4681) - 4681) // 7 of them just fit
					}
					copy(said[i], dst)
					return media.Sound
				})
				_, ears[i] = r.join(audio.PortID(i+1), src)
			}
			_, listener := r.join(50, silent())
			r.run(3)
			for i, e := range append(ears, listener) {
				want := make([]int16, n)
				for j := range said {
					for k := range want {
						if i != j {
							want[k] += said[j][k]
						}
					}
				}
				if !slices.Equal(e.last(t), want) {
					t.Errorf("member %d does not hear exactly the others", i)
				}
			}
		})
	}
}

// TestAJoinChangesNobodysLevel: what was there before is there unchanged, to the
// sample.
func TestAJoinChangesNobodysLevel(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	r.join(1, tone(500, 5000, 1))
	_, listener := r.join(2, nil)
	r.run(3)
	alone := listener.last(t)
	for i := range 3 {
		r.join(audio.PortID(3+i), tone(float64(700+100*i), 5000, 1))
	}
	r.run(3)
	together := slices.Clone(listener.last(t))
	for i := range 3 {
		rest := tone(float64(700+100*i), 5000, 1)
		dst := make([]int16, media.TickSamples)
		for range 3 { // the third tick since their join
			rest.Pull(dst)
		}
		for k := range dst {
			together[k] -= dst[k]
		}
	}
	if !slices.Equal(alone, together) {
		t.Error("the first voice changed when others joined")
	}
}

// TestTwentyFullScaleTalkers: nothing clips, the gain is one for all and does
// not move within a tick once it has found its place.
func TestTwentyFullScaleTalkers(t *testing.T) {
	t.Parallel()
	const talkers = 20
	r := newRig(t, nil)
	src := make([]*sourceFunc, talkers)
	var sum []int32
	last := make([][]int16, talkers)
	for i := range src {
		f := tone(float64(300+50*i), 32767, 1)
		src[i] = source(func(n int, dst []int16) media.Outcome {
			f.Pull(dst)
			last[i] = slices.Clone(dst)
			if i == 0 {
				sum = make([]int32, len(dst))
			}
			for k, s := range dst {
				sum[k] += int32(s)
			}
			return media.Sound
		})
	}
	ears := make([]*ear, talkers)
	for i, s := range src {
		_, ears[i] = r.join(audio.PortID(i+1), s)
	}
	_, listener := r.join(99, nil)
	for tick := range 200 {
		r.run(1)
		if tick == 0 {
			continue // everybody fades in
		}
		mix := listener.last(t)
		gain := r.Stats().LimiterGain
		worst := 0.0
		for k, s := range mix {
			worst = max(worst, math.Abs(float64(s)-float64(sum[k])*gain))
		}
		if tick > 1 && worst > 32767*0.06 {
			t.Fatalf("tick %d: %.0f off the sum at one gain of %.4f", tick, worst, gain)
		}
		if p := peakOf(mix); p > 32767 || clipped(mix) > 2 {
			t.Fatalf("tick %d: peak %d, %d samples at the rail", tick, p, clipped(mix))
		}
	}
	gain := r.Stats().LimiterGain
	for i, e := range ears {
		for k, s := range e.last(t) {
			want := float64(sum[k]-int32(last[i][k])) * gain
			if math.Abs(want) < 32700 && math.Abs(float64(s)-want) > 32767*0.06 {
				t.Fatalf("talker %d, sample %d: %d, want about %.0f", i, k, s, want)
			}
		}
	}
}

// clipped counts samples at the rails.
func clipped(pcm []int16) int {
	n := 0
	for _, s := range pcm {
		if s == 32767 || s <= -32767 {
			n++
		}
	}
	return n
}

// TestLimiter follows the gain through a burst: exactly one before, falling in
// the tick that needs it, back to exactly one after.
func TestLimiter(t *testing.T) {
	t.Parallel()
	burst := func(n int) int {
		if n == 10 {
			return 32767
		}
		return 1000
	}
	r := newRig(t, nil)
	r.join(1, level(burst))
	r.join(2, level(burst))
	_, listener := r.join(3, nil)
	r.run(10)
	if got := r.Stats().LimiterGain; got != 1 {
		t.Errorf("gain %v before the burst", got)
	}
	before := listener.last(t)
	r.run(1)
	if got := r.Stats().LimiterGain; math.Abs(got-0.5) > 0.001 {
		t.Errorf("gain %v in the burst of twice full scale", got)
	}
	if mix := listener.last(t); peakOf(mix) > 32767 || peakOf(mix) < 32700 {
		t.Errorf("peak %d in the burst", peakOf(mix))
	}
	r.run(1)
	if got := r.Stats().LimiterGain; got <= 0.5 || got > 0.55 {
		t.Errorf("gain %v right after the burst", got)
	}
	r.run(20)
	if got := r.Stats().LimiterGain; got != 1 {
		t.Errorf("gain %v long after the burst", got)
	}
	if !slices.Equal(before, listener.last(t)) {
		t.Error("the mix is not exact again after the burst")
	}
}

// TestOneFullScaleTalkerIsUntouched: the extremes of int16 need no limiter.
func TestOneFullScaleTalkerIsUntouched(t *testing.T) {
	t.Parallel()
	want := make([]int16, media.TickSamples)
	for i := range want {
		want[i] = []int16{-32768, 32767, 0, 1}[i%4]
	}
	r := newRig(t, nil)
	r.join(1, source(func(_ int, dst []int16) media.Outcome { copy(dst, want); return media.Sound }))
	_, listener := r.join(2, nil)
	r.run(3)
	if !slices.Equal(listener.last(t), want) || r.Stats().LimiterGain != 1 {
		t.Errorf("full scale comes out changed, gain %v", r.Stats().LimiterGain)
	}
}

// TestOwnMixIsGuarded: where a talker's own samples held the sum down, his mix
// saturates instead of wrapping.
func TestOwnMixIsGuarded(t *testing.T) {
	t.Parallel()
	constant := func(v int16) *sourceFunc {
		return source(func(_ int, dst []int16) media.Outcome {
			for i := range dst {
				dst[i] = v
			}
			return media.Sound
		})
	}
	r := newRig(t, nil)
	r.join(1, constant(30000))
	r.join(2, constant(30000))
	_, e := r.join(3, constant(-30000))
	r.run(2)
	if got := e.last(t)[900]; got != 32767 {
		t.Errorf("sample %d, want the rail", got)
	}
}
