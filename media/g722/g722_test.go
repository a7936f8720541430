package g722_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/omniverto/omniverto/media"
	"github.com/omniverto/omniverto/media/g722"
	"github.com/omniverto/omniverto/media/mediatest"
)

func newEncoder(t testing.TB, channels int) *g722.Encoder {
	t.Helper()
	e, err := g722.NewEncoder(channels)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func newDecoder(t testing.TB, channels int) *g722.Decoder {
	t.Helper()
	d, err := g722.NewDecoder(channels)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestConformance(t *testing.T) {
	mediatest.AudioCodec{
		NewEncoder: func(channels int) (media.AudioEncoder, error) { return g722.NewEncoder(channels) },
		NewDecoder: func(channels int) (media.AudioDecoder, error) { return g722.NewDecoder(channels) },
	}.Run(t)
}

func TestChannels(t *testing.T) {
	for _, n := range []int{-1, 0, 3} {
		if _, err := g722.NewEncoder(n); err == nil {
			t.Errorf("an encoder of %d channels was made", n)
		}
		if _, err := g722.NewDecoder(n); err == nil {
			t.Errorf("a decoder of %d channels was made", n)
		}
	}
}

// TestBand: the codec hears up to 7 kHz, and what it cannot hear does not fold down.
func TestBand(t *testing.T) {
	for _, tt := range []struct{ hz, heard, below float64 }{
		{300, 300, 1}, {3000, 3000, 1}, {6500, 6500, 1}, {12000, 4000, -45}, {20000, 4000, -45},
	} {
		e, d := newEncoder(t, 1), newDecoder(t, 1)
		pcm, packet := make([]int16, media.TickSamples), make([]byte, 160)
		for i := range 20 {
			mediatest.Tone(pcm, 1, tt.hz, -12, i*media.TickSamples)
			if _, err := e.Encode(pcm, packet); err != nil {
				t.Fatal(err)
			}
			if _, err := d.Decode(packet, pcm); err != nil {
				t.Fatal(err)
			}
		}
		switch got := mediatest.Goertzel(pcm, 1, 0, tt.heard); {
		case tt.below > 0 && math.Abs(got+12) > tt.below:
			t.Errorf("%v Hz comes out at %.1f dBFS, want -12", tt.hz, got)
		case tt.below < 0 && got > tt.below:
			t.Errorf("%v Hz is heard as %v Hz at %.1f dBFS", tt.hz, tt.heard, got)
		}
	}
}

// sound is a second of integer arithmetic that visits all a codec can do: silence,
// sweeping triangles, noise of growing level, and clipping. The same on all machines.
func sound() []int16 {
	samples, seed, phase := make([]int16, 16000), uint32(1), 0
	for i := range samples {
		seed = seed*1664525 + 1013904223
		noise := int(int32(seed) >> 16)
		phase += 200 + i/2
		triangle := phase&0xFFFF - 32768
		if triangle < 0 {
			triangle = ^triangle
		}
		triangle = 2*triangle - 32768
		var v int
		switch i / 2000 {
		case 0: // silence, then a step
		case 1, 2:
			v = triangle / 4
		case 3:
			v = noise * (i - 6000) / 4000
		case 4:
			v = triangle/2 + noise/16
		case 5:
			v = 3 * triangle
		case 6:
			v = noise
		default:
			v = noise / 2048
		}
		samples[i] = int16(min(max(v, math.MinInt16), math.MaxInt16))
	}
	return samples
}

func digest(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

func raw(samples []int16) []byte {
	b, _ := binary.Append(nil, binary.LittleEndian, samples)
	return b
}

// What FFmpeg's g722 encoder makes of sound, and what its decoder makes of that and
// of bytes at random.
const (
	encodedByFFmpeg = "13eec746460c260e023d28e0263579b55e780b3f96ded1f71151470799ae009a"
	decodedByFFmpeg = "44b120175be86396575f2511d72cd873151ec384538c08935d3c3113f54f7651"
	randomByFFmpeg  = "52fa1580d7fbc0b899a0e5057008acf8ef9a51718303631159880b73b5ee317c"
)

func randomBytes() []byte {
	b, seed := make([]byte, 16000), uint32(7)
	for i := range b {
		seed = seed*1664525 + 1013904223
		b[i] = byte(seed >> 24)
	}
	return b
}

// TestBits: encoder and decoder are FFmpeg's to the bit.
func TestBits(t *testing.T) {
	packet := g722.Encode16(sound())
	for _, tt := range []struct{ name, got, want string }{
		{"encode", digest(packet), encodedByFFmpeg},
		{"decode", digest(raw(g722.Decode16(packet))), decodedByFFmpeg},
		{"decode random bytes", digest(raw(g722.Decode16(randomBytes()))), randomByFFmpeg},
	} {
		if tt.got != tt.want {
			t.Errorf("%s: %s, FFmpeg has %s", tt.name, tt.got, tt.want)
		}
	}
}

// ffmpeg runs in through FFmpeg; nil if there is none on this machine.
func ffmpeg(t *testing.T, in []byte, from, to string) []byte {
	t.Helper()
	program, err := exec.LookPath("ffmpeg")
	if err != nil {
		t.Log("no ffmpeg here: only the digests of its output are compared")
		return nil
	}
	dir := t.TempDir()
	source, target := filepath.Join(dir, "in"), filepath.Join(dir, "out")
	if err := os.WriteFile(source, in, 0o600); err != nil {
		t.Fatal(err)
	}
	args := []string{"-nostdin", "-v", "error", "-f", from}
	if from == "s16le" {
		args = append(args, "-ar", "16000", "-ac", "1")
	}
	args = append(args, "-i", source, "-f", to, target)
	if out, err := exec.Command(program, args...).CombinedOutput(); err != nil {
		t.Fatalf("ffmpeg: %v\n%s", err, out)
	}
	result, err := os.ReadFile(target)
	if err != nil {
		t.Fatal(err)
	}
	return result
}

// TestPeer: the same against the FFmpeg of this machine, byte by byte.
func TestPeer(t *testing.T) {
	packet := g722.Encode16(sound())
	if want := ffmpeg(t, raw(sound()), "s16le", "g722"); want != nil {
		compare(t, "encode", packet, want)
	}
	if want := ffmpeg(t, packet, "g722", "s16le"); want != nil {
		compare(t, "decode", raw(g722.Decode16(packet)), want)
	}
	if want := ffmpeg(t, randomBytes(), "g722", "s16le"); want != nil {
		compare(t, "decode random bytes", raw(g722.Decode16(randomBytes())), want)
	}
}

func compare(t *testing.T, name string, got, want []byte) {
	t.Helper()
	if bytes.Equal(got, want) {
		return
	}
	differ, first := 0, -1
	for i := range min(len(got), len(want)) {
		if got[i] != want[i] {
			if differ++; first < 0 {
				first = i
			}
		}
	}
	t.Errorf("%s: %d bytes, FFmpeg %d; %d differ, the first at %d; FFmpeg's digest is %s", name, len(got), len(want), differ, first, digest(want))
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte{})
	f.Add(bytes.Repeat([]byte{0xFF, 0x00, 0x7F}, 40))
	f.Add(randomBytes()[:960])
	f.Fuzz(func(t *testing.T, packet []byte) {
		d, err := g722.NewDecoder(2)
		if err != nil {
			t.Fatal(err)
		}
		n := d.Duration(packet)
		pcm := make([]int16, 2*n)
		if got, err := d.Decode(packet, pcm); (err == nil) != (n > 0) || err == nil && got != n {
			t.Errorf("%d bytes: %d samples of %d, error %v", len(packet), got, n, err)
		}
		if len(packet) > 0 {
			c := g722.Decode16(packet)
			if len(c) != 2*len(packet) {
				t.Errorf("%d bytes: %d samples", len(packet), len(c))
			}
		}
	})
}

func BenchmarkEncode(b *testing.B) {
	e, pcm, packet := newEncoder(b, 2), make([]int16, 2*media.TickSamples), make([]byte, 160)
	mediatest.Tone(pcm, 2, 440, -12, 0)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := e.Encode(pcm, packet); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds()/50, "streams/core")
}

func BenchmarkDecode(b *testing.B) {
	d, pcm := newDecoder(b, 2), make([]int16, 2*media.TickSamples)
	packet := g722.Encode16(sound()[4000:4320])
	b.ReportAllocs()
	for b.Loop() {
		if _, err := d.Decode(packet, pcm); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds()/50, "streams/core")
}
