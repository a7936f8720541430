package play_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/omniverto/omniverto/mcu/play"
	"github.com/omniverto/omniverto/media"
	"github.com/omniverto/omniverto/media/mediatest"
)

// patience is for a busy machine.
const patience = 60 * time.Second

// record makes a file by FFmpeg: what is given, then the name.
func record(t testing.TB, dir, name string, args ...string) {
	t.Helper()
	args = append([]string{"-nostdin", "-v", "error", "-y"}, append(args, filepath.Join(dir, name))...)
	if out, err := exec.Command("ffmpeg", args...).CombinedOutput(); err != nil {
		t.Fatalf("ffmpeg, which these tests need: %v\n%s", err, out)
	}
}

// scale is a file whose pitch tells the time: in second n there are 300+100n Hz, with
// a peak of -12 dBFS.
func scale(t testing.TB, dir, name string, seconds int, args ...string) {
	t.Helper()
	source := fmt.Sprintf("aevalsrc=0.2512*sin(2*PI*t*(300+100*floor(t))):s=48000:d=%d", seconds)
	record(t, dir, name, append([]string{"-f", "lavfi", "-i", source}, args...)...)
}

// pull is the next n ticks of sound from a file; those for which the decoder was late
// are pulled again.
func pull(t testing.TB, p *play.Player, n int) []int16 {
	t.Helper()
	pcm := make([]int16, n*media.TickSamples)
	limit := time.Now().Add(patience)
	for i := 0; i < n; {
		switch p.Pull(pcm[i*media.TickSamples:][:media.TickSamples]) {
		case media.Sound:
			i++
		case media.Gone:
			t.Fatalf("gone at tick %d of %d", i, n)
		case media.Silence:
			if time.Now().After(limit) {
				t.Fatalf("nothing for %v", patience)
			}
			runtime.Gosched()
		}
	}
	return pcm
}

// drain pulls to the end, and returns what was heard.
func drain(t testing.TB, p *play.Player) (pcm []int16) {
	t.Helper()
	tick := make([]int16, media.TickSamples)
	for limit := time.Now().Add(patience); time.Now().Before(limit); {
		switch p.Pull(tick) {
		case media.Sound:
			pcm = append(pcm, tick...)
		case media.Gone:
			return pcm
		case media.Silence:
			runtime.Gosched()
		}
	}
	t.Fatal("no end")
	return nil
}

func TestFormats(t *testing.T) {
	dir := t.TempDir()
	for _, tt := range []struct {
		name string
		args []string
	}{
		{"a.wav", nil},
		{"8 kHz.wav", []string{"-ar", "8000", "-c:a", "pcm_u8"}},
		{"float.wav", []string{"-c:a", "pcm_f32le"}},
		{"24 bits.wav", []string{"-c:a", "pcm_s24le", "-ar", "44100"}},
		{"a.mp3", nil},
		{"a.ogg", []string{"-c:a", "libvorbis"}},
		{"a.opus", []string{"-c:a", "libopus"}},
		{"a.flac", nil},
		{"a.m4a", []string{"-c:a", "aac"}},
		{"a.webm", []string{"-c:a", "libopus"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			scale(t, dir, tt.name, 2, tt.args...)
			p := open(t, play.Options{Dir: dir}, tt.name)
			pcm := drain(t, p)
			if got := float64(len(pcm)) / media.SampleRate; math.Abs(got-2) > 0.15 {
				t.Errorf("%.2f s", got)
			}
			// Coders delay by up to 50 ms.
			for second, hz := range []float64{300, 400} {
				if got := level(pcm, 1000*second+100, 1000*second+900, hz); math.Abs(got+12) > 0.7 {
					t.Errorf("%v Hz at %.1f dBFS", hz, got)
				}
			}
			if got := p.Duration().Seconds(); math.Abs(got-2) > 0.15 {
				t.Errorf("duration %v", got)
			}
		})
	}
}

// TestFilm: a film's sound is played, its pictures are not, and its index may stand
// at the end.
func TestFilm(t *testing.T) {
	dir := t.TempDir()
	scale(t, dir, "film.mp4", 2, "-f", "lavfi", "-i", "testsrc=size=64x48:rate=10:duration=2", "-c:a", "aac", "-c:v", "mpeg4")
	pcm := pull(t, open(t, play.Options{Dir: dir}, filepath.Join(dir, "film.mp4")), 80)
	if got := level(pcm, 1100, 1500, 400); math.Abs(got+12) > 0.7 {
		t.Errorf("%.1f dBFS", got)
	}
}

// TestFileChannels: mono fills both sides, stereo keeps its sides and gives its mean.
func TestFileChannels(t *testing.T) {
	dir := t.TempDir()
	record(t, dir, "stereo.wav", "-f", "lavfi", "-i", "aevalsrc=0.2512*sin(2*PI*t*500)|0.2512*sin(2*PI*t*900):s=48000:d=1")
	scale(t, dir, "mono.wav", 1)
	for _, tt := range []struct {
		file     string
		channels int
		hz       []float64
		dB       float64
	}{
		{"stereo.wav", 2, []float64{500, 900}, -12}, {"stereo.wav", 1, []float64{500}, -18}, {"mono.wav", 2, []float64{300, 300}, -12},
	} {
		p := open(t, play.Options{Dir: dir, Channels: tt.channels}, tt.file)
		pcm := make([]int16, 10*media.TickSamples*tt.channels)
		for i := 0; i < len(pcm); {
			if p.Pull(pcm[i:i+media.TickSamples*tt.channels]) == media.Sound {
				i += media.TickSamples * tt.channels
			}
		}
		for c, hz := range tt.hz {
			if got := mediatest.Goertzel(pcm, tt.channels, c, hz); math.Abs(got-tt.dB) > 0.3 {
				t.Errorf("%s to %d channels: %v Hz at %.1f dBFS, want %v", tt.file, tt.channels, hz, got, tt.dB)
			}
		}
	}
}

// TestFileSeek: a seek lands where it says, in files of each kind, and the position
// says where it is.
func TestFileSeek(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"a.wav", "a.mp3", "a.opus", "a.m4a", "a.flac"} {
		scale(t, dir, name, 20)
		p := open(t, play.Options{Dir: dir}, name)
		pull(t, p, 10)
		if got := p.Position(); got != 200*time.Millisecond {
			t.Errorf("%s: position %v after 200 ms", name, got)
		}
		// 100 ms before the change of second 14 to 15.
		if err := p.Seek(14900*time.Millisecond, false); err != nil {
			t.Fatal(err)
		}
		if got := p.Position(); got != 14900*time.Millisecond {
			t.Errorf("%s: position %v after a seek", name, got)
		}
		pcm := pull(t, p, 25)
		if got := level(pcm, 220, 480, 1800); math.Abs(got+12) > 0.7 {
			t.Errorf("%s: second 15 at %.1f dBFS, 220 ms after 14.9 s", name, got)
		}
		if err := p.Seek(-10*time.Second, true); err != nil {
			t.Fatal(err)
		}
		if got := p.Position(); got != 5400*time.Millisecond {
			t.Errorf("%s: position %v", name, got)
		}
		pcm = pull(t, p, 25)
		if got := level(pcm, 20, 480, 800); math.Abs(got+12) > 0.7 {
			t.Errorf("%s: second 5 at %.1f dBFS", name, got)
		}
		if err := p.Seek(time.Hour, false); err != nil {
			t.Fatal(err)
		}
		if rest := drain(t, p); len(rest) > media.SampleRate/5 {
			t.Errorf("%s: %d samples after its end", name, len(rest))
		}
	}
}

// TestFilePause: the position stands, however long, and nothing is lost.
func TestFilePause(t *testing.T) {
	dir := t.TempDir()
	scale(t, dir, "a.wav", 12)
	p := open(t, play.Options{Dir: dir}, "a.wav")
	pull(t, p, 20)
	p.Pause(true)
	pull(t, p, 1) // fades
	at, dst := p.Position(), make([]int16, media.TickSamples)
	for range 1000 {
		if p.Pull(dst) != media.Silence {
			t.Fatal("a pause is not silent")
		}
	}
	if got := p.Position(); got != at || at != 420*time.Millisecond {
		t.Errorf("position %v, was %v", got, at)
	}
	p.Pause(false)
	p.SetVolume(-6)
	rest := drain(t, p)
	if got := len(rest); got != 12*media.SampleRate-21*media.TickSamples {
		t.Errorf("%d samples after the pause", got)
	}
	if got := level(rest, 5000-400, 5000, 300+500); math.Abs(got+18) > 0.3 {
		t.Errorf("%.2f dBFS at -6 dB", got)
	}
}

// TestFileLoop: short files from memory, long ones by a new child, and changes of mind
// while the decoder is ahead.
func TestFileLoop(t *testing.T) {
	dir := t.TempDir()
	scale(t, dir, "short.wav", 1, "-t", "0.5")
	scale(t, dir, "long.wav", 11)
	for _, tt := range []struct {
		file   string
		loops  int
		length float64
	}{{"short.wav", 1, 0.5}, {"short.wav", 4, 2}, {"short.wav", 0, 0.5}, {"long.wav", 2, 22}} {
		p := open(t, play.Options{Dir: dir}, tt.file)
		p.Loop(tt.loops)
		if got := float64(len(drain(t, p))) / media.SampleRate; math.Abs(got-tt.length) > 0.001 {
			t.Errorf("%s %d times is %.3f s, want %v", tt.file, tt.loops, got, tt.length)
		}
	}
	p := open(t, play.Options{Dir: dir}, "short.wav")
	p.Loop(-1)
	pcm := pull(t, p, 500)
	for second := range 10 {
		if got := level(pcm, 1000*second, 1000*second+1000, 300); math.Abs(got+12) > 0.3 {
			t.Errorf("second %d of an endless loop at %.2f dBFS", second, got)
		}
	}
	if got := p.Position(); got != 0 && got != 500*time.Millisecond {
		t.Errorf("position %v after 20 passes", got)
	}
	pull(t, p, 5)
	p.Loop(1)
	if got := len(drain(t, p)); got != 20*media.TickSamples {
		t.Errorf("%d samples in the rest of the last pass", got)
	}

	p = open(t, play.Options{Dir: dir}, "short.wav")
	p.Loop(-1)
	pull(t, p, 5)
	p.Loop(3)
	p.Loop(2)
	if got := len(drain(t, p)); got != 45*media.TickSamples {
		t.Errorf("%d samples in the rest of this pass and another", got)
	}

	// The second of three passes is in the ring already when the first is begun anew.
	p = open(t, play.Options{Dir: dir}, "short.wav")
	p.Loop(3)
	pull(t, p, 30)
	if err := p.Seek(0, false); err != nil {
		t.Fatal(err)
	}
	if got := len(drain(t, p)); got != 50*media.TickSamples {
		t.Errorf("%d samples in two passes, the first begun anew", got)
	}
}

// TestTiny: a file of less than a tick, looped, neither hangs nor spins.
func TestTiny(t *testing.T) {
	dir := t.TempDir()
	scale(t, dir, "tiny.wav", 1, "-af", "atrim=end_sample=7")
	p := open(t, play.Options{Dir: dir}, "tiny.wav")
	p.Loop(-1)
	pull(t, p, 200)
	if got := len(drain(t, open(t, play.Options{Dir: dir}, "tiny.wav"))); got != media.TickSamples {
		t.Errorf("%d samples, want a tick", got)
	}
}

// TestRestless: orders of all kinds at any time leave neither a child nor a deadlock.
func TestRestless(t *testing.T) {
	dir := t.TempDir()
	scale(t, dir, "a.wav", 15)
	p := open(t, play.Options{Dir: dir}, "a.wav")
	done := make(chan struct{})
	go func() {
		defer close(done)
		for i := range 30 {
			_ = p.Seek(time.Duration(i%15)*time.Second, i%3 == 0)
			p.Loop(i%4 - 1)
			p.Pause(i%5 == 0)
			p.SetVolume(float64(-i))
			_, _ = p.Position(), p.Duration()
		}
		p.Pause(false)
	}()
	dst := make([]int16, media.TickSamples)
	for running := true; running; {
		select {
		case <-done:
			running = false
		default:
			p.Pull(dst)
		}
	}
	p.Close()
	if children(t) != 0 {
		t.Error("a child is left")
	}
}

// children counts this process's children, dead ones included.
func children(t *testing.T) (n int) {
	t.Helper()
	lists, err := filepath.Glob("/proc/self/task/*/children")
	if err != nil {
		t.Fatal(err)
	}
	for _, list := range lists {
		words, err := os.ReadFile(list)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			t.Fatal(err)
		}
		n += len(strings.Fields(string(words)))
	}
	return n
}

// TestRefusedFiles: what is no sound, or lies elsewhere, is refused in words.
func TestRefusedFiles(t *testing.T) {
	outside, dir := t.TempDir(), t.TempDir()
	scale(t, outside, "secret.wav", 1)
	write := func(name, text string) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("text.wav", strings.Repeat("This is not a sound. ", 500))
	write("empty.wav", "")
	write("head.wav", "RIFF\x24\x00\x00\x00WAVEfmt ")
	write("concat.wav", "ffconcat version 1.0\nfile "+filepath.Join(outside, "secret.wav")+"\n")
	write("graph.wav", "sine=frequency=1000")
	for name, target := range map[string]string{"link.wav": filepath.Join(outside, "secret.wav"), "up.wav": "../" + filepath.Base(outside) + "/secret.wav"} {
		if err := os.Symlink(target, filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	if err := syscall.Mkfifo(filepath.Join(dir, "pipe.wav"), 0o600); err != nil {
		t.Fatal(err)
	}
	sparse, err := os.Create(filepath.Join(dir, "sparse.wav"))
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(sparse.Truncate(2<<30), sparse.Close()); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name string
		want error
	}{
		{"missing.wav", play.ErrFile}, {"text.wav", play.ErrFile}, {"empty.wav", play.ErrFile}, {"head.wav", play.ErrFile},
		{"concat.wav", play.ErrFile}, {"graph.wav", play.ErrFile}, {"pipe.wav", play.ErrFile}, {".", play.ErrFile}, {"sparse.wav", play.ErrFile},
		{"link.wav", play.ErrOutside}, {"up.wav", play.ErrOutside}, {"../x.wav", play.ErrOutside}, {"/etc/passwd", play.ErrOutside},
		{filepath.Join(outside, "secret.wav"), play.ErrOutside}, {"a\x00b", play.ErrOutside}, {"pipe:0", play.ErrFile}, {"-i", play.ErrFile},
	} {
		p, err := play.Open(t.Context(), play.Options{Dir: dir, Channels: 1}, tt.name)
		if err == nil {
			p.Close()
			t.Errorf("%q was opened", tt.name)
			continue
		}
		if !errors.Is(err, tt.want) {
			t.Errorf("%q: %v, want %v", tt.name, err, tt.want)
		}
	}
	if _, err := play.Open(t.Context(), play.Options{Channels: 1}, "a.wav"); !errors.Is(err, play.ErrOutside) {
		t.Errorf("without a folder: %v", err)
	}
	scale(t, dir, "good.wav", 1)
	if _, err := play.Open(t.Context(), play.Options{Dir: dir, Channels: 1, FFmpeg: "no such program"}, "good.wav"); !errors.Is(err, play.ErrNoDecoder) {
		t.Errorf("without FFmpeg: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if p, err := play.Open(ctx, play.Options{Dir: dir, Channels: 1, FFmpeg: "yes"}, "good.wav"); err == nil {
		p.Close()
		t.Error("a cancelled open succeeded")
	}
	if children(t) != 0 {
		t.Error("a child is left")
	}
}

// TestPlaylists: a playlist inside the folder reaches neither the network nor other
// files.
func TestPlaylists(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	asked := make(chan string, 100)
	server := &http.Server{Handler: http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { asked <- r.URL.Path })}
	served := make(chan struct{})
	go func() { defer close(served); _ = server.Serve(listener) }()
	defer func() { server.Close(); <-served }()
	outside, dir := t.TempDir(), t.TempDir()
	scale(t, outside, "secret.ts", 1, "-c:a", "aac")
	base := "http://" + listener.Addr().String()
	head := "#EXTM3U\n#EXT-X-TARGETDURATION:1\n"
	for name, text := range map[string]string{
		"net.m3u8":    head + "#EXTINF:1,\n" + base + "/a.ts\n#EXT-X-ENDLIST\n",
		"passwd.m3u8": head + "#EXTINF:1,\n/etc/passwd\n#EXT-X-ENDLIST\n",
		"file.m3u8":   head + "#EXTINF:1,\nfile://" + outside + "/secret.ts\n#EXT-X-ENDLIST\n",
		"net.wav":     head + "#EXTINF:1,\n" + base + "/a.ts\n#EXT-X-ENDLIST\n",
		"a.pls":       "[playlist]\nFile1=" + base + "/a.mp3\n",
		"a.sdp":       "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=audio 5004 RTP/AVP 0\n",
		"a.mpd":       `<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011"><Period><AdaptationSet><Representation id="1"><BaseURL>` + base + `/a.mp4</BaseURL></Representation></AdaptationSet></Period></MPD>`,
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if p, err := play.Open(t.Context(), play.Options{Dir: dir, Channels: 1}, name); !errors.Is(err, play.ErrFile) {
			t.Errorf("%s: error %v", name, err)
			if p != nil {
				p.Close()
			}
		}
	}
	select {
	case path := <-asked:
		t.Errorf("%s was fetched", path)
	default:
	}
}

// TestTruncated: what is there of a file is played, and then it is over.
func TestTruncated(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"a.wav", "a.mp3", "a.flac", "a.ogg"} {
		scale(t, dir, name, 4)
		path := filepath.Join(dir, name)
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.Truncate(path, info.Size()/2); err != nil {
			t.Fatal(err)
		}
		pcm := drain(t, open(t, play.Options{Dir: dir}, name))
		if got := float64(len(pcm)) / media.SampleRate; got < 1 || got > 3.5 {
			t.Errorf("%s: %.2f s of half a file of 4 s", name, got)
		}
	}
}

// TestStarved: a decoder that says nothing costs silence, and is counted; Pull and
// Close do not wait for it.
func TestStarved(t *testing.T) {
	dir := t.TempDir()
	scale(t, dir, "a.wav", 1)
	// A decoder that gives three ticks and then none for ever.
	program := filepath.Join(dir, "decoder")
	script := "#!/bin/sh\nprintf '.snd\\0\\0\\0\\030\\377\\377\\377\\377\\0\\0\\0\\3\\0\\0\\273\\200\\0\\0\\0\\1'\nhead -c 5760 /dev/zero\nexec sleep 1000\n"
	if err := os.WriteFile(program, []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	p := open(t, play.Options{Dir: dir, FFmpeg: program}, "a.wav")
	pull(t, p, 3)
	dst := make([]int16, media.TickSamples)
	for range 10 {
		if got := p.Pull(dst); got != media.Silence {
			t.Fatalf("outcome %v", got)
		}
	}
	if got := p.Stats().Starved; got < 10 {
		t.Errorf("%d ticks counted, want 10", got)
	}
	p.Close()
	if got := p.Pull(dst); got != media.Gone {
		t.Errorf("outcome %v after the end", got)
	}
	if children(t) != 0 {
		t.Error("a child is left")
	}
	// And one that never says anything: the wait ends with the context.
	if err := os.WriteFile(program, []byte("#!/bin/sh\nexec sleep 1000\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	if p, err := play.Open(ctx, play.Options{Dir: dir, Channels: 1, FFmpeg: program}, "a.wav"); !errors.Is(err, play.ErrFile) {
		t.Errorf("error %v", err)
		if p != nil {
			p.Close()
		}
	}
	if children(t) != 0 {
		t.Error("a child is left")
	}
}

func TestFileAllocations(t *testing.T) {
	dir := t.TempDir()
	scale(t, dir, "a.wav", 1)
	p := open(t, play.Options{Dir: dir}, "a.wav")
	p.Loop(-1)
	pull(t, p, 200)
	dst := make([]int16, media.TickSamples)
	// The feeder's own work is counted too: it copies from memory by now.
	if n := testing.AllocsPerRun(200, func() { p.Pull(dst) }); n > 0.1 {
		t.Errorf("a tick allocates %v objects", n)
	}
}

func BenchmarkPullFile(b *testing.B) {
	dir := b.TempDir()
	scale(b, dir, "a.wav", 5)
	p := open(b, play.Options{Dir: dir, Channels: 2}, "a.wav")
	p.Loop(-1)
	dst := make([]int16, 2*media.TickSamples)
	b.ReportAllocs()
	for b.Loop() {
		p.Pull(dst)
	}
}
