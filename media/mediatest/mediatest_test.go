package mediatest_test

import (
	"bytes"
	"encoding/binary"
	"flag"
	"fmt"
	"image"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/omniverto/omniverto/media"
	"github.com/omniverto/omniverto/media/mediatest"
)

func TestTone(t *testing.T) {
	for _, dBFS := range []float64{0, -6, -30, -60} {
		pcm := make([]int16, 2*4800)
		mediatest.Tone(pcm, 2, 440, dBFS, 123)
		for channel := range 2 {
			// A sample has 16 bits, so quiet tones are a little rough.
			if got := mediatest.Level(pcm, 2, channel); math.Abs(got-dBFS) > 0.1 {
				t.Errorf("level of a tone at %v dBFS: %.2f", dBFS, got)
			}
			if got := mediatest.Goertzel(pcm, 2, channel, 440); math.Abs(got-dBFS) > 0.1 {
				t.Errorf("Goertzel of a tone at %v dBFS: %.2f", dBFS, got)
			}
		}
	}
}

func TestToneJoins(t *testing.T) {
	whole, parts := make([]int16, 1920), make([]int16, 1920)
	mediatest.Tone(whole, 1, 333, -6, 0)
	mediatest.Tone(parts[:960], 1, 333, -6, 0)
	mediatest.Tone(parts[960:], 1, 333, -6, 960)
	for i := range whole {
		if whole[i] != parts[i] {
			t.Fatalf("sample %d: %d in parts, %d as a whole", i, parts[i], whole[i])
		}
	}
}

// TestGoertzelSeparates: tones far enough apart do not leak.
func TestGoertzelSeparates(t *testing.T) {
	for _, n := range []int{960, 4800, 48000} {
		pcm := make([]int16, n)
		mediatest.Tone(pcm, 1, 1000, -6, 0)
		step := 4 * float64(media.SampleRate) / float64(n)
		for _, hz := range []float64{1000 - step, 1000 + step, 1000 + 3.5*step} {
			if got := mediatest.Goertzel(pcm, 1, 0, hz); got > -66 {
				t.Errorf("%d samples of 1000 Hz at -6 dBFS have %.1f dBFS at %.0f Hz", n, got, hz)
			}
		}
	}
	silence := make([]int16, 960)
	if a, b := mediatest.Goertzel(silence, 1, 0, 440), mediatest.Level(silence, 1, 0); a != mediatest.Floor || b != mediatest.Floor {
		t.Errorf("silence is at %v and %v", a, b)
	}
}

func TestPSNR(t *testing.T) {
	a, b := mediatest.Solid(10, 10, media.YUV{Y: 100, U: 100, V: 100}), mediatest.Solid(10, 10, media.YUV{Y: 110, U: 100, V: 99})
	if got := mediatest.PSNR(a, b); math.Abs(got-28.13) > 0.01 {
		t.Errorf("a difference of 10 gives %.2f dB, want 28.13", got)
	}
	if got := mediatest.WorstPSNR(b, a); math.Abs(got-28.13) > 0.01 {
		t.Errorf("the worst plane has %.2f dB, want 28.13", got)
	}
	if !mediatest.Equal(a, a) || mediatest.Equal(a, b) || mediatest.Equal(a, mediatest.Solid(10, 12, media.YUV{})) {
		t.Error("Equal is wrong")
	}
	a.U[a.StrideUV*4+4]++
	if mediatest.Equal(a, mediatest.Solid(10, 10, media.YUV{Y: 100, U: 100, V: 100})) {
		t.Error("Equal overlooks one chroma sample")
	}
}

// TestColors: the colours can be told apart after a codec.
func TestColors(t *testing.T) {
	for i := range 8 {
		for j := range i {
			if mediatest.Near(mediatest.Color(i).YUV(), mediatest.Color(j).YUV(), 29) {
				t.Errorf("colours %d and %d are too near: %v, %v", i, j, mediatest.Color(i).YUV(), mediatest.Color(j).YUV())
			}
		}
	}
	if mediatest.Color(-1) != mediatest.Color(7) || mediatest.Color(8) != mediatest.Color(0) {
		t.Error("Color does not wrap round")
	}
}

func TestPatterns(t *testing.T) {
	q := mediatest.Quadrants(64, 48, 2)
	for i, r := range []image.Rectangle{image.Rect(0, 0, 32, 24), image.Rect(32, 0, 64, 24), image.Rect(0, 24, 32, 48), image.Rect(32, 24, 64, 48)} {
		if got, want := mediatest.Average(q, r), mediatest.Color(2+i).YUV(); got != want {
			t.Errorf("quadrant %d is %v, want %v", i, got, want)
		}
	}
	if !mediatest.Equal(mediatest.Noise(33, 17, 5), mediatest.Noise(33, 17, 5)) || mediatest.Equal(mediatest.Noise(33, 17, 5), mediatest.Noise(33, 17, 6)) {
		t.Error("noise is not that of its seed")
	}
	a, b := media.NewPicture(320, 180), media.NewPicture(320, 180)
	mediatest.Moving(a, 0, 8)
	mediatest.Moving(b, 0, 9)
	if got := mediatest.PSNR(a, b); got > 40 {
		t.Errorf("two frames of Moving differ by %.1f dB only", got)
	}
	mediatest.Moving(b, 0, 8)
	if !mediatest.Equal(a, b) {
		t.Error("Moving is not the same for the same frame")
	}
}

// recorder is a testing.TB that remembers what a helper says.
type recorder struct {
	testing.TB
	dir    string
	failed []string
}

func (r *recorder) Helper()                   {}
func (r *recorder) Logf(string, ...any)       {}
func (r *recorder) ArtifactDir() string       { return r.dir }
func (r *recorder) Errorf(f string, a ...any) { r.failed = append(r.failed, fmt.Sprintf(f, a...)) }

// TestGolden: equal pictures pass; one level in one sample does not and leaves
// its pictures.
func TestGolden(t *testing.T) {
	q := mediatest.Quadrants(32, 24, 0)
	mediatest.Golden(t, "quadrants", q)
	update := flag.Lookup("update").Value
	defer update.Set(update.String())
	update.Set("false") // what follows must never be written
	for name, change := range map[string]func(){
		"Y": func() { q.Y[5*q.StrideY+7]++ },
		"U": func() { q.U[5*q.StrideUV+7]++ },
		"V": func() { q.V[5*q.StrideUV+7]-- },
	} {
		q = mediatest.Quadrants(32, 24, 0)
		change()
		r := &recorder{TB: t, dir: t.TempDir()}
		mediatest.Golden(r, "quadrants", q)
		if len(r.failed) != 1 || !strings.Contains(r.failed[0], "differ") {
			t.Errorf("a change in %s: %q", name, r.failed)
		}
		for _, kind := range []string{"got", "want", "diff"} {
			if _, err := os.Stat(filepath.Join(r.dir, "quadrants."+kind+".png")); err != nil {
				t.Errorf("a change in %s: %v", name, err)
			}
		}
	}
	r := &recorder{TB: t, dir: t.TempDir()}
	if mediatest.Golden(r, "quadrants", mediatest.Quadrants(32, 26, 0)); len(r.failed) != 1 {
		t.Errorf("another size: %q", r.failed)
	}
}

func TestY4M(t *testing.T) {
	var b bytes.Buffer
	f, err := mediatest.NewY4M(&b, 6, 4, 30)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := f.Write(mediatest.Solid(6, 4, media.YUV{Y: 'y', U: 'u', V: 'v'})); err != nil {
			t.Fatal(err)
		}
	}
	frame := "FRAME\n" + strings.Repeat("y", 24) + strings.Repeat("u", 6) + strings.Repeat("v", 6)
	if want := "YUV4MPEG2 W6 H4 F30:1 Ip A1:1 C420mpeg2\n" + frame + frame; b.String() != want {
		t.Errorf("file %q, want %q", b.String(), want)
	}
	if err := f.Write(media.NewPicture(4, 4)); err == nil {
		t.Error("a picture of another size was taken")
	}
}

func TestWAV(t *testing.T) {
	var b bytes.Buffer
	if err := mediatest.WriteWAV(&b, 2, []int16{1, -2, 3, -4}); err != nil {
		t.Fatal(err)
	}
	head := b.Bytes()
	le := binary.LittleEndian
	if len(head) != 44+8 || string(head[:4]) != "RIFF" || le.Uint32(head[4:]) != 44 || string(head[8:16]) != "WAVEfmt " {
		t.Fatalf("head %q", head)
	}
	if le.Uint16(head[22:]) != 2 || le.Uint32(head[24:]) != 48000 || le.Uint32(head[28:]) != 192000 || le.Uint16(head[32:]) != 4 || le.Uint16(head[34:]) != 16 {
		t.Errorf("format %x", head[20:36])
	}
	if string(head[36:40]) != "data" || le.Uint32(head[40:]) != 8 || le.Uint16(head[46:]) != 0xfffe {
		t.Errorf("data %x", head[36:])
	}
}
