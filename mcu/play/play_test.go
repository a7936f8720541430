package play_test

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/omniverto/omniverto/mcu/play"
	"github.com/omniverto/omniverto/media"
	"github.com/omniverto/omniverto/media/mediatest"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func open(t testing.TB, o play.Options, spec string) *play.Player {
	t.Helper()
	if o.Channels == 0 {
		o.Channels = 1
	}
	p, err := play.Open(t.Context(), o, spec)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.Close() })
	return p
}

// ticks pulls n ticks of mono sound; quiet ones are zeros.
func ticks(t testing.TB, p *play.Player, n int) []int16 {
	t.Helper()
	pcm := make([]int16, n*media.TickSamples)
	for i := range n {
		if p.Pull(pcm[i*media.TickSamples:][:media.TickSamples]) == media.Gone {
			t.Fatalf("gone at tick %d of %d", i, n)
		}
	}
	return pcm
}

// count pulls a computed sound to its end, at most most ticks.
func count(t testing.TB, p *play.Player, most int) int {
	t.Helper()
	dst := make([]int16, media.TickSamples)
	for i := range most {
		if p.Pull(dst) == media.Gone {
			return i
		}
	}
	return most
}

// level is that of a frequency in a part of mono pcm, from and to in milliseconds.
func level(pcm []int16, from, to int, hz float64) float64 {
	return mediatest.Goertzel(pcm[from*48:to*48], 1, 0, hz)
}

// vol is the level of one tone at libteletone's -7, which its default is.
const vol = -7 - 6.16 + 3.01

func TestTones(t *testing.T) {
	type part struct {
		from, to int
		hz, dB   float64 // -100: none
	}
	tests := []struct {
		spec  string
		ticks int // 20 ms
		parts []part
	}{
		{"%(1000,0,440)", 50, []part{{50, 950, 440, vol}, {50, 950, 660, -100}}},
		{"%(500,500,440,660)", 50, []part{{20, 480, 440, vol - 6.02}, {20, 480, 660, vol - 6.02}, {520, 980, 440, -100}}},
		{"v=-20;%(400,0,1000)", 20, []part{{20, 380, 1000, vol - 13}}},
		{"v=5;%(400,0,1000)", 20, []part{{20, 380, 1000, vol}}},
		{"%(200,0,500,600,700)", 10, []part{{10, 190, 500, vol - 9.54}, {10, 190, 700, vol - 9.54}}},
		{"%(500,0,300,200,100,50,25)", 25, []part{{10, 490, 300, vol - 13.98}, {10, 490, 50, vol - 13.98}}},
		{"%(200,100,500);%(200,0,900)", 25, []part{{10, 190, 500, vol}, {210, 290, 500, -100}, {310, 490, 900, vol}, {310, 490, 500, -100}}},
		{"%(200,100,500)%(200,0,900)", 25, []part{{10, 190, 500, vol}, {310, 490, 900, vol}}},
		{"%(200,0,500);loops=3", 30, []part{{410, 590, 500, vol}}},
		{"L=2;%(200,0,500);loops=2", 40, []part{{610, 790, 500, vol}}},
		{"l=3;%(100,100,500);%(100,0,900)", 35, []part{{405, 495, 500, vol}, {510, 590, 500, -100}, {605, 695, 900, vol}}},
		{"d=300;w=100;5", 20, []part{{20, 280, 770, vol - 6.02}, {20, 280, 1336, vol - 6.02}, {310, 390, 770, -100}}},
		{" %(100, 0, 0) ; %(100,0,700) ", 10, []part{{10, 90, 700, -100}, {110, 190, 700, vol}}},
		{"v=0;>=10;+=1;%(400,0,1000)", 20, []part{{90, 110, 1000, vol + 7 - 10}, {290, 310, 1000, vol + 7 - 30}}},
		{"v=-20;<=10;+=1;%(400,0,1000)", 20, []part{{90, 110, 1000, vol + 7 - 10}, {250, 390, 1000, vol + 7}}},
	}
	for _, tt := range tests {
		p := open(t, play.Options{}, "tone_stream://"+tt.spec)
		pcm := ticks(t, p, tt.ticks)
		if more := count(t, p, 10); more != 0 {
			t.Errorf("%s: goes on for %d ticks", tt.spec, more)
		}
		for _, part := range tt.parts {
			got := level(pcm, part.from, part.to, part.hz)
			if part.dB == -100 && got > -60 || part.dB != -100 && math.Abs(got-part.dB) > 0.3 {
				t.Errorf("%s: %v Hz from %d to %d ms at %.2f dBFS, want %.2f", tt.spec, part.hz, part.from, part.to, got, part.dB)
			}
		}
	}
}

func TestRefusedSpecs(t *testing.T) {
	for _, spec := range []string{
		"", "tone_stream://", "tone_stream://%(", "tone_stream://%(1)", "tone_stream://%(a,b,c)", "tone_stream://%(100,0,NaN)",
		"tone_stream://%(100,0,-5)", "tone_stream://%(100,0,30000)", "tone_stream://%(1e300,0,500)", "tone_stream://%(86400000,1,500)",
		"tone_stream://%(100,0,500);loops=0", "tone_stream://%(100,0,500);loops=x", "tone_stream://%(100,0,500);loops=-2",
		"tone_stream://x=1;%(100,0,500)", "tone_stream://l=-1;%(100,0,500)", "tone_stream://l=100000;%(1,0,500)", "tone_stream://hello",
		"tone_stream://path=/etc/passwd", "tone_stream://loops=-1", "tone_stream://l=1000000;%(0,0)",
		"silence_stream://", "silence_stream://0", "silence_stream://-5", "silence_stream://100,x",
		"omniverto://", "omniverto://nothing", "http://example.com/a.wav", "file:///etc/passwd", "concat:a|b://x",
		strings.Repeat("5", 5000),
	} {
		if p, err := play.Open(t.Context(), play.Options{Dir: t.TempDir(), Channels: 1}, spec); err == nil {
			p.Close()
			t.Errorf("%q was opened", spec)
		}
	}
	if _, err := play.Open(t.Context(), play.Options{Channels: 3}, "silence"); err == nil {
		t.Error("three channels were taken")
	}
}

func TestSilence(t *testing.T) {
	dst := make([]int16, media.TickSamples)
	p := open(t, play.Options{}, "silence_stream://100")
	for range 5 {
		if got := p.Pull(dst); got != media.Silence {
			t.Fatalf("outcome %v", got)
		}
	}
	if got := p.Pull(dst); got != media.Gone {
		t.Errorf("outcome %v after the end", got)
	}
	for _, spec := range []string{"silence", "silence_stream://-1"} {
		if got := count(t, open(t, play.Options{}, spec), 5000); got != 5000 {
			t.Errorf("%s ends after %d ticks", spec, got)
		}
	}
	noise := ticks(t, open(t, play.Options{}, "silence_stream://1000,400"), 50)
	// Even noise of 1/400: -52.04 dB, and 1.76 less for its mean against a sine's.
	if got := mediatest.Level(noise, 1, 0); math.Abs(got+53.8) > 0.5 {
		t.Errorf("comfort noise at %.1f dBFS", got)
	}
}

func TestStereo(t *testing.T) {
	p := open(t, play.Options{Channels: 2}, "tone_stream://%(100,0,440)")
	dst := make([]int16, 2*media.TickSamples)
	if got := p.Pull(dst); got != media.Sound {
		t.Fatalf("outcome %v", got)
	}
	for i := 0; i < len(dst); i += 2 {
		if dst[i] != dst[i+1] {
			t.Fatalf("left %d, right %d", dst[i], dst[i+1])
		}
	}
}

// TestPieces: a tone has no seam between ticks.
func TestPieces(t *testing.T) {
	pcm := ticks(t, open(t, play.Options{}, "tone_stream://%(10000,0,1000)"), 500)
	steepest := 32767 * math.Pow(10, vol/20) * 2 * math.Pi * 1000 / media.SampleRate
	for i := 1; i < len(pcm); i++ {
		if step := math.Abs(float64(pcm[i]) - float64(pcm[i-1])); step > steepest+2 {
			t.Fatalf("step of %.0f at sample %d, a tone's steepest is %.0f", step, i, steepest)
		}
	}
}

// TestPartialTick: what ends within a tick is filled up with silence.
func TestPartialTick(t *testing.T) {
	p := open(t, play.Options{}, "tone_stream://%(30,0,1000)")
	pcm := ticks(t, p, 2)
	if got := level(pcm, 31, 40, 1000); got > -80 {
		t.Errorf("%.1f dBFS after the end", got)
	}
	if count(t, p, 5) != 0 {
		t.Error("it goes on")
	}
}

func TestControls(t *testing.T) {
	p := open(t, play.Options{}, "tone_stream://%(1000,0,500);%(1000,0,900)")
	if got := p.Duration(); got != 2*time.Second {
		t.Errorf("duration %v", got)
	}
	ticks(t, p, 10)
	if got := p.Position(); got != 200*time.Millisecond {
		t.Errorf("position %v", got)
	}

	p.Pause(true)
	if fading := ticks(t, p, 1); mediatest.Level(fading[900:], 1, 0) > -30 {
		t.Errorf("%.1f dBFS at the end of the tick that fades", mediatest.Level(fading[900:], 1, 0))
	}
	before := p.Position()
	if paused := ticks(t, p, 100); mediatest.Level(paused, 1, 0) != mediatest.Floor {
		t.Error("a pause is not silent")
	}
	if got := p.Position(); got != before {
		t.Errorf("position %v after the pause, %v before", got, before)
	}
	p.Pause(false)
	ticks(t, p, 1)
	if got := level(ticks(t, p, 5), 0, 100, 500); math.Abs(got-vol) > 0.2 {
		t.Errorf("%.1f dBFS after the pause", got)
	}

	p.SetVolume(-20)
	ticks(t, p, 1)
	if got := level(ticks(t, p, 5), 0, 100, 500); math.Abs(got-vol+20) > 0.2 {
		t.Errorf("%.2f dBFS at -20 dB", got)
	}
	p.SetVolume(math.NaN())
	ticks(t, p, 1)
	if got := mediatest.Level(ticks(t, p, 5), 1, 0); got != mediatest.Floor {
		t.Errorf("%.2f dBFS at no volume", got)
	}
	p.SetVolume(0)
	if err := p.Seek(1200*time.Millisecond, false); err != nil {
		t.Fatal(err)
	}
	if got := p.Position(); got != 1200*time.Millisecond {
		t.Errorf("position %v after a seek", got)
	}
	ticks(t, p, 1)
	if got := level(ticks(t, p, 5), 0, 100, 900); math.Abs(got-vol) > 0.2 {
		t.Errorf("%.1f dBFS of the second tone", got)
	}
	for _, tt := range []struct{ by, want time.Duration }{
		{-time.Second, 320 * time.Millisecond}, {-time.Hour, 0}, {math.MinInt64, 0}, {math.MaxInt64, 2 * time.Second}, {-500 * time.Millisecond, 1500 * time.Millisecond},
	} {
		if err := p.Seek(tt.by, true); err != nil || p.Position() != tt.want {
			t.Errorf("seek by %v: at %v, want %v, error %v", tt.by, p.Position(), tt.want, err)
		}
	}
	p.Loop(2)
	if got := count(t, p, 1000); got != 25+100 {
		t.Errorf("%d ticks in the rest of this pass and another", got)
	}
	if err := p.Seek(0, false); err == nil {
		t.Error("sought in what is over")
	}
}

func TestEndless(t *testing.T) {
	p := open(t, play.Options{}, "tone_stream://%(100,0,500);loops=-1")
	if got := count(t, p, 3000); got != 3000 {
		t.Fatalf("ended after %d ticks", got)
	}
	p.Loop(1)
	if got := count(t, p, 3000); got > 5 {
		t.Errorf("%d ticks after the last pass was asked for", got)
	}
}

func TestClosed(t *testing.T) {
	p := open(t, play.Options{}, "omniverto://hold")
	ticks(t, p, 1)
	for range 2 {
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	}
	if got := p.Pull(make([]int16, media.TickSamples)); got != media.Gone {
		t.Errorf("outcome %v", got)
	}
}

// TestSounds: the product's sounds are short, soft, and end in silence.
func TestSounds(t *testing.T) {
	heard := map[string]bool{}
	for _, name := range []string{"enter", "exit", "alone", "muted", "unmuted", "locked", "unlocked", "kicked"} {
		spec, ok := play.Sound(name)
		if !ok {
			t.Fatalf("no sound %q", name)
		}
		p := open(t, play.Options{}, spec)
		d := p.Duration()
		if d < 200*time.Millisecond || d > 2*time.Second {
			t.Errorf("%s lasts %v", name, d)
		}
		pcm := ticks(t, p, int((d+media.AudioTick-1)/media.AudioTick))
		if count(t, p, 5) != 0 {
			t.Errorf("%s goes on", name)
		}
		checkSoft(t, name, pcm)
		last := pcm[int(d.Seconds()*media.SampleRate)-480:]
		if got := mediatest.Level(last, 1, 0); got > -60 {
			t.Errorf("%s ends at %.1f dBFS", name, got)
		}
		key := string(rune(pcm[4800])) + string(rune(pcm[9000])) + d.String()
		if heard[key] {
			t.Errorf("%s sounds like another", name)
		}
		heard[key] = true
	}
	if _, ok := play.Sound("nothing"); ok {
		t.Error("there is a sound of nothing")
	}
}

// checkSoft: no peak over -12 dBFS, no step that a sound of 3 kHz would not have.
func checkSoft(t *testing.T, name string, pcm []int16) {
	t.Helper()
	for i, v := range pcm {
		if v > 8231 || v < -8231 {
			t.Fatalf("%s: %d at sample %d", name, v, i)
		}
		if i > 0 && math.Abs(float64(v)-float64(pcm[i-1])) > 1500 {
			t.Fatalf("%s clicks at sample %d", name, i)
		}
	}
}

// TestHold: the music is soft, never silent, and has no seam where it begins anew.
func TestHold(t *testing.T) {
	for _, spec := range []string{"omniverto://hold", "local_stream://moh"} {
		p := open(t, play.Options{}, spec)
		if got := p.Duration(); got != 16*time.Second {
			t.Errorf("%s lasts %v", spec, got)
		}
		pcm := ticks(t, p, 1650) // two passes
		checkSoft(t, spec, pcm)
		for second := range 33 {
			if got := mediatest.Level(pcm[second*48000:][:48000], 1, 0); got < -45 || got > -18 {
				t.Errorf("%s: second %d at %.1f dBFS", spec, second, got)
			}
		}
		// The second pass begins with the first one's end: its last note is b3.
		if got := level(pcm, 16000, 16300, 246.94); got < -45 {
			t.Errorf("%s: the last note is at %.1f dBFS in the next pass", spec, got)
		}
		if got := level(pcm, 0, 300, 246.94); got > -50 {
			t.Errorf("%s: the last note is at %.1f dBFS at the very beginning", spec, got)
		}
		for i := range 48000 {
			at := 16*48000 + i
			if step := math.Abs(float64(pcm[at]) - float64(pcm[at-1])); step > 400 {
				t.Fatalf("%s: step of %.0f at the seam", spec, step)
			}
		}
	}
}

func TestNoAllocations(t *testing.T) {
	for _, spec := range []string{"tone_stream://%(200,0,500,600,700);loops=-1", "omniverto://hold", "silence_stream://-1,400"} {
		p, dst := open(t, play.Options{}, spec), make([]int16, media.TickSamples)
		if n := testing.AllocsPerRun(50, func() { p.Pull(dst) }); n != 0 {
			t.Errorf("%s allocates %v objects a tick", spec, n)
		}
	}
}

func FuzzSpec(f *testing.F) {
	for _, seed := range []string{
		"tone_stream://%(200,0,500,600,700)", "tone_stream://v=-7;>=2;+=.1;%(140,0,350,440);loops=-1", "tone_stream://L=3;d=100;w=50;123A",
		"silence_stream://2000,1400", "omniverto://hold", "local_stream://moh", "silence", "a/b.wav",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, spec string) {
		if !strings.Contains(spec, "://") && spec != "silence" {
			spec = "tone_stream://" + spec
		}
		p, err := play.Open(t.Context(), play.Options{Channels: 2}, spec)
		if err != nil {
			return
		}
		defer p.Close()
		dst := make([]int16, 2*media.TickSamples)
		for range 20 {
			p.Pull(dst)
		}
		_ = p.Seek(time.Hour, false)
		p.Loop(2)
		p.Pull(dst)
	})
}

func BenchmarkPull(b *testing.B) {
	for name, spec := range map[string]string{
		"tone": "tone_stream://%(1000,0,440);loops=-1", "five tones": "tone_stream://%(500,0,300,200,100,50,25);loops=-1", "hold": "omniverto://hold",
	} {
		b.Run(name, func(b *testing.B) {
			p, dst := open(b, play.Options{Channels: 2}, spec), make([]int16, 2*media.TickSamples)
			b.ReportAllocs()
			for b.Loop() {
				p.Pull(dst)
			}
		})
	}
}
