package resample_test

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/omniverto/omniverto/media/mediatest"
	"github.com/omniverto/omniverto/media/resample"
)

func newResampler(t testing.TB, from, to, channels int) *resample.Resampler {
	t.Helper()
	r, err := resample.New(from, to, channels)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func process(t testing.TB, r *resample.Resampler, src []int16, n int) []int16 {
	t.Helper()
	dst := make([]int16, n)
	got, err := r.Process(dst, src)
	if err != nil || got != n {
		t.Fatalf("%d samples of %d, error %v", got, n, err)
	}
	return dst
}

func TestRefused(t *testing.T) {
	for _, tt := range [][3]int{{48000, 44100, 1}, {8000, 16000, 1}, {48000, 48000, 1}, {0, 0, 1}, {48000, 8000, 0}, {48000, 8000, 3}} {
		if _, err := resample.New(tt[0], tt[1], tt[2]); err == nil {
			t.Errorf("%v was made", tt)
		}
	}
	r := newResampler(t, 48000, 8000, 2)
	for _, size := range [][2]int{{100, 6}, {100, 14}, {1, 12}} {
		if _, err := r.Process(make([]int16, size[0]), make([]int16, size[1])); err == nil {
			t.Errorf("%d samples into %d were taken", size[1], size[0])
		}
	}
}

// through brings a tone down to a narrow rate and up again, and measures hz in it.
func through(t *testing.T, rate int, tone, hz float64) float64 {
	t.Helper()
	down, up := newResampler(t, 48000, rate, 1), newResampler(t, rate, 48000, 1)
	src := make([]int16, 24000)
	mediatest.Tone(src, 1, tone, -6, 0)
	wide := process(t, up, process(t, down, src, rate/2), len(src))
	return mediatest.Goertzel(wide[4800:], 1, 0, hz)
}

// TestResponse: the band of the codec is flat, its images and aliases are gone.
func TestResponse(t *testing.T) {
	for _, tt := range []struct {
		rate  int
		pass  []float64
		stops []float64
	}{
		{8000, []float64{100, 1000, 3000, 3300}, []float64{4700, 6000, 9000, 15000, 21000}},
		{16000, []float64{50, 1000, 5000, 6900}, []float64{9100, 11000, 15000, 17000, 23000}},
	} {
		for _, hz := range tt.pass {
			if got := through(t, tt.rate, hz, hz); math.Abs(got+6) > 0.1 {
				t.Errorf("%d Hz: %v Hz at %.2f dBFS, want -6", tt.rate, hz, got)
			}
			if image := through(t, tt.rate, hz, float64(tt.rate)-hz); image > -6-68 {
				t.Errorf("%d Hz: the image of %v Hz is at %.1f dBFS", tt.rate, hz, image)
			}
		}
		for _, hz := range tt.stops {
			alias := math.Abs(hz - float64(tt.rate)*math.Round(hz/float64(tt.rate)))
			if got := through(t, tt.rate, hz, alias); got > -6-68 {
				t.Errorf("%d Hz: the alias of %v Hz at %v Hz is at %.1f dBFS", tt.rate, hz, alias, got)
			}
		}
	}
}

// TestPieces: a stream converts alike whatever pieces it comes in, and channels do
// not touch each other.
func TestPieces(t *testing.T) {
	for _, rates := range [][2]int{{48000, 8000}, {48000, 16000}, {8000, 48000}, {16000, 48000}} {
		left, right := make([]int16, 9600), make([]int16, 9600)
		mediatest.Tone(left, 1, 440, -6, 0)
		mediatest.Tone(right, 1, 1234, -20, 7)
		both := make([]int16, 2*len(left))
		for i := range left {
			both[2*i], both[2*i+1] = left[i], right[i]
		}
		n := len(left) * rates[1] / rates[0]
		wantLeft := process(t, newResampler(t, rates[0], rates[1], 1), left, n)
		wantRight := process(t, newResampler(t, rates[0], rates[1], 1), right, n)
		stereo := newResampler(t, rates[0], rates[1], 2)
		var got []int16
		for at, size := 0, 0; at < len(both); at += size {
			size = min(12*(1+at/12%7*31), len(both)-at)
			got = append(got, process(t, stereo, both[at:at+size], size*rates[1]/rates[0])...)
		}
		for i := range n {
			if got[2*i] != wantLeft[i] || got[2*i+1] != wantRight[i] {
				t.Fatalf("%v: sample %d is %d, %d; want %d, %d", rates, i, got[2*i], got[2*i+1], wantLeft[i], wantRight[i])
			}
		}
	}
}

// TestDelay: an impulse arrives where Delay says.
func TestDelay(t *testing.T) {
	for _, rate := range []int{8000, 16000} {
		down, up := newResampler(t, 48000, rate, 1), newResampler(t, rate, 48000, 1)
		src := make([]int16, 4800)
		src[1200] = 30000
		wide := process(t, up, process(t, down, src, len(src)*rate/48000), len(src))
		peak := 0
		for i, v := range wide {
			if v > wide[peak] {
				peak = i
			}
		}
		if want := 1200 + down.Delay() + up.Delay(); peak < want-6 || peak > want+6 {
			t.Errorf("%d Hz: the impulse is at %d, want %d", rate, peak, want)
		}
		t.Logf("%d Hz: %d samples each way", rate, up.Delay())
	}
}

// TestExtremes: full scale of either sign neither wraps nor drifts.
func TestExtremes(t *testing.T) {
	for _, v := range []int16{math.MaxInt16, math.MinInt16} {
		r := newResampler(t, 48000, 8000, 1)
		src := slices.Repeat([]int16{v}, 4800)
		got := process(t, r, src, 800)
		for i, g := range got {
			if (v > 0) != (g > 0) && i > 20 || i > 100 && g != v {
				t.Fatalf("constant %d is %d at %d", v, g, i)
			}
		}
	}
}

func TestState(t *testing.T) {
	from, to := newResampler(t, 48000, 8000, 1), newResampler(t, 48000, 8000, 1)
	src := make([]int16, 960)
	mediatest.Tone(src, 1, 440, -6, 0)
	process(t, from, src, 160)
	if err := to.CopyState(from); err != nil {
		t.Fatal(err)
	}
	if a, b := process(t, from, src, 160), process(t, to, src, 160); !slices.Equal(a, b) {
		t.Error("the copy goes on differently")
	}
	to.Reset()
	if a, b := process(t, newResampler(t, 48000, 8000, 1), src, 160), process(t, to, src, 160); !slices.Equal(a, b) {
		t.Error("a reset resampler remembers")
	}
	if err := to.CopyState(newResampler(t, 48000, 16000, 1)); err == nil {
		t.Error("the state of another conversion was copied")
	}
}

func TestNoAllocations(t *testing.T) {
	down, up := newResampler(t, 48000, 8000, 2), newResampler(t, 8000, 48000, 2)
	wide, narrow := make([]int16, 1920), make([]int16, 320)
	c := resample.NewConcealer(8000)
	if n := testing.AllocsPerRun(20, func() {
		_, _ = down.Process(narrow, wide)
		_, _ = up.Process(wide, narrow)
		c.Heard(narrow)
		c.Conceal(narrow)
	}); n != 0 {
		t.Errorf("a tick allocates %v objects", n)
	}
}

// TestConcealer: the repetition goes on with the pitch, is silent after 60 ms, and
// what comes after does not click.
func TestConcealer(t *testing.T) {
	for _, rate := range []int{8000, 16000} {
		for _, hz := range []float64{90, 210, 440, 1000} {
			c := resample.NewConcealer(rate)
			tick := rate / 50
			at := 0
			tone := func() []int16 {
				pcm := make([]int16, tick)
				for i := range pcm {
					pcm[i] = int16(10000 * math.Sin(2*math.Pi*hz*float64(at)/float64(rate)))
					at++
				}
				return pcm
			}
			var last int16
			// The steepest slope of a tone, with some room for the seams.
			limit := 1.6*10000*2*math.Pi*hz/float64(rate) + 600
			check := func(what string, pcm []int16) {
				t.Helper()
				for i, v := range pcm {
					if step := math.Abs(float64(v) - float64(last)); step > limit {
						t.Fatalf("%d Hz, tone of %v Hz: %s jumps by %.0f at %d, limit %.0f", rate, hz, what, step, i, limit)
					}
					last = v
				}
			}
			for range 5 {
				pcm := tone()
				c.Heard(pcm)
				check("the tone", pcm)
			}
			lost := tone()
			c.Conceal(lost)
			check("the repetition", lost)
			if power := rms(lost); power < 10000/math.Sqrt2*0.6 {
				t.Errorf("%d Hz, tone of %v Hz: the first concealed tick has %.0f, want the tone to go on", rate, hz, power)
			}
			back := tone()
			c.Heard(back)
			check("the end of the gap", back)
			long := make([]int16, rate)
			c.Conceal(long)
			check("a long repetition", long)
			if power := rms(long[rate*60/1000:]); power != 0 {
				t.Errorf("%d Hz: %.0f is left after 60 ms", rate, power)
			}
		}
	}
}

func rms(pcm []int16) float64 {
	sum := 0.0
	for _, v := range pcm {
		sum += float64(v) * float64(v)
	}
	return math.Sqrt(sum / float64(len(pcm)))
}

func BenchmarkResample(b *testing.B) {
	for _, rates := range [][2]int{{48000, 8000}, {48000, 16000}, {8000, 48000}, {16000, 48000}} {
		b.Run(fmt.Sprintf("%d-%d", rates[0], rates[1]), func(b *testing.B) {
			r := newResampler(b, rates[0], rates[1], 1)
			src, dst := make([]int16, rates[0]/50), make([]int16, rates[1]/50)
			b.ReportAllocs()
			for b.Loop() {
				if _, err := r.Process(dst, src); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkConceal is the first tick of a gap, with the search for the pitch.
func BenchmarkConceal(b *testing.B) {
	c, pcm := resample.NewConcealer(16000), make([]int16, 320)
	mediatest.Tone(pcm, 1, 440, -12, 0)
	b.ReportAllocs()
	for b.Loop() {
		c.Heard(pcm)
		c.Conceal(pcm)
	}
}
