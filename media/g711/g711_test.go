package g711_test

import (
	"encoding/binary"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"

	"github.com/omniverto/omniverto/media"
	"github.com/omniverto/omniverto/media/g711"
	"github.com/omniverto/omniverto/media/mediatest"
)

var laws = []media.AudioCodec{media.PCMU, media.PCMA}

func TestConformance(t *testing.T) {
	for _, law := range laws {
		t.Run(law.String(), func(t *testing.T) {
			mediatest.AudioCodec{
				NewEncoder: func(channels int) (media.AudioEncoder, error) { return g711.NewEncoder(law, channels) },
				NewDecoder: func(channels int) (media.AudioDecoder, error) { return g711.NewDecoder(law, channels) },
			}.Run(t)
		})
	}
}

func TestOptions(t *testing.T) {
	for _, tt := range []struct {
		law      media.AudioCodec
		channels int
	}{{media.Opus, 1}, {media.G722, 1}, {media.PCMU, 0}, {media.PCMA, 3}} {
		if _, err := g711.NewEncoder(tt.law, tt.channels); err == nil {
			t.Errorf("an encoder of %v with %d channels was made", tt.law, tt.channels)
		}
		if _, err := g711.NewDecoder(tt.law, tt.channels); err == nil {
			t.Errorf("a decoder of %v with %d channels was made", tt.law, tt.channels)
		}
	}
	from, _ := g711.NewEncoder(media.PCMU, 1)
	to, _ := g711.NewEncoder(media.PCMA, 1)
	if err := to.CopyState(from); err == nil {
		t.Error("the state of another law was copied")
	}
}

// TestValues: codes that the recommendation's tables name.
func TestValues(t *testing.T) {
	tests := []struct {
		name   string
		linear int16
		encode func(int16) byte
		decode func(byte) int16
		code   byte
		back   int16
	}{
		{"µ-law zero", 0, g711.EncodeMu, g711.DecodeMu, 0xFF, 0},
		{"µ-law least", 4, g711.EncodeMu, g711.DecodeMu, 0xFE, 8},
		{"µ-law least negative", -5, g711.EncodeMu, g711.DecodeMu, 0x7E, -8},
		{"µ-law top", 32767, g711.EncodeMu, g711.DecodeMu, 0x80, 32124},
		{"µ-law bottom", -32768, g711.EncodeMu, g711.DecodeMu, 0x00, -32124},
		{"µ-law overload point", 31 * 4, g711.EncodeMu, g711.DecodeMu, 0xEF, 33 * 4},
		{"A-law zero", 0, g711.EncodeA, g711.DecodeA, 0xD5, 8},
		{"A-law minus one", -1, g711.EncodeA, g711.DecodeA, 0x55, -8},
		{"A-law top", 32767, g711.EncodeA, g711.DecodeA, 0xAA, 32256},
		{"A-law bottom", -32768, g711.EncodeA, g711.DecodeA, 0x2A, -32256},
		{"A-law second segment", 32 * 16, g711.EncodeA, g711.DecodeA, 0xF5, 33 * 16},
	}
	for _, tt := range tests {
		if code := tt.encode(tt.linear); code != tt.code {
			t.Errorf("%s: %d is %#x, want %#x", tt.name, tt.linear, code, tt.code)
		}
		if back := tt.decode(tt.code); back != tt.back {
			t.Errorf("%s: %#x is %d, want %d", tt.name, tt.code, back, tt.back)
		}
	}
}

// TestRoundTrip: every code comes back as itself, and every sample within half a
// quantising step.
func TestRoundTrip(t *testing.T) {
	for code := range 256 {
		c := byte(code)
		if got := g711.EncodeMu(g711.DecodeMu(c)); got != c && c != 0x7F { // 0x7F is minus zero
			t.Errorf("µ-law %#x comes back as %#x", c, got)
		}
		if got := g711.EncodeA(g711.DecodeA(c)); got != c {
			t.Errorf("A-law %#x comes back as %#x", c, got)
		}
	}
	for v := math.MinInt16; v <= math.MaxInt16; v++ {
		m := float64(max(v, -v))
		for name, got := range map[string]int16{
			"µ-law": g711.DecodeMu(g711.EncodeMu(int16(v))), "A-law": g711.DecodeA(g711.EncodeA(int16(v))),
		} {
			// The step is 1/16 of a segment, and a segment spans a factor of two; the
			// topmost values are clipped.
			if off := math.Abs(float64(v) - float64(got)); off > max(16, m/32+5) {
				t.Fatalf("%s: %d comes back as %d", name, v, got)
			}
		}
	}
}

// run converts a file by FFmpeg; nil if there is none on this machine.
func run(t *testing.T, in []byte, from, to string) []byte {
	t.Helper()
	program, err := exec.LookPath("ffmpeg")
	if err != nil {
		t.Log("no ffmpeg here: nothing to compare with")
		return nil
	}
	dir := t.TempDir()
	source, target := filepath.Join(dir, "in"), filepath.Join(dir, "out")
	if err := os.WriteFile(source, in, 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command(program, "-nostdin", "-v", "error", "-f", from, "-ar", "8000", "-ac", "1", "-i", source, "-f", to, target).CombinedOutput(); err != nil {
		t.Fatalf("ffmpeg: %v\n%s", err, out)
	}
	result, err := os.ReadFile(target)
	if err != nil {
		t.Fatal(err)
	}
	return result
}

// ranks is each code's place among the values that codes stand for.
func ranks(decode func(byte) int16) (rank [256]int) {
	values := make([]int16, 256)
	for code := range values {
		values[code] = decode(byte(code))
	}
	slices.Sort(values)
	values = slices.Compact(values)
	for code := range rank {
		rank[code], _ = slices.BinarySearch(values, decode(byte(code)))
	}
	return rank
}

// TestPeer: FFmpeg decodes all codes to the same values. It encodes to the nearest
// value, not by the recommendation's decision values, which differ from the middles
// where segments meet: there the codes may be neighbours.
func TestPeer(t *testing.T) {
	codes, all := make([]byte, 256), make([]int16, 1<<16)
	for i := range codes {
		codes[i] = byte(i)
	}
	for i := range all {
		all[i] = int16(i - 1<<15)
	}
	linear, _ := binary.Append(nil, binary.LittleEndian, all)
	for _, tt := range []struct {
		format string
		encode func(int16) byte
		decode func(byte) int16
	}{{"mulaw", g711.EncodeMu, g711.DecodeMu}, {"alaw", g711.EncodeA, g711.DecodeA}} {
		decoded, encoded := run(t, codes, tt.format, "s16le"), run(t, linear, "s16le", tt.format)
		for i := 0; i+1 < len(decoded); i += 2 {
			if want, got := int16(binary.LittleEndian.Uint16(decoded[i:])), tt.decode(byte(i/2)); got != want {
				t.Errorf("%s: %#x is %d, FFmpeg has %d", tt.format, i/2, got, want)
			}
		}
		rank := ranks(tt.decode)
		differ := 0
		for i, code := range encoded {
			mine := tt.encode(all[i])
			if mine != code {
				differ++
			}
			if off := rank[mine] - rank[code]; off < -1 || off > 1 {
				t.Errorf("%s: %d is %#x, FFmpeg has %#x", tt.format, all[i], mine, code)
			}
		}
		t.Logf("%s: %d of %d samples have another code", tt.format, differ, len(encoded))
		if differ > len(all)/50 {
			t.Errorf("%s: %d of %d samples have another code than FFmpeg's", tt.format, differ, len(encoded))
		}
	}
}

// TestSilence: silence stays exactly that in µ-law, and next to it in A-law, which
// has no zero.
func TestSilence(t *testing.T) {
	for law, most := range map[media.AudioCodec]int16{media.PCMU: 0, media.PCMA: 8} {
		e, err := g711.NewEncoder(law, 2)
		if err != nil {
			t.Fatal(err)
		}
		d, err := g711.NewDecoder(law, 1)
		if err != nil {
			t.Fatal(err)
		}
		packet, pcm := make([]byte, 160), make([]int16, media.TickSamples)
		for range 5 {
			if _, err := e.Encode(make([]int16, 2*media.TickSamples), packet); err != nil {
				t.Fatal(err)
			}
			if _, err := d.Decode(packet, pcm); err != nil {
				t.Fatal(err)
			}
		}
		for _, v := range pcm {
			if v > most || v < -most {
				t.Fatalf("%v: silence comes out as %d", law, v)
			}
		}
	}
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte{}, false)
	f.Add(make([]byte, 160), true)
	f.Add(make([]byte, 961), true)
	f.Fuzz(func(t *testing.T, packet []byte, a bool) {
		law := media.PCMU
		if a {
			law = media.PCMA
		}
		d, err := g711.NewDecoder(law, 2)
		if err != nil {
			t.Fatal(err)
		}
		n := d.Duration(packet)
		if got, err := d.Decode(packet, make([]int16, 2*n)); (err == nil) != (n > 0) || err == nil && got != n {
			t.Errorf("%d bytes: %d samples of %d, error %v", len(packet), got, n, err)
		}
	})
}

func BenchmarkEncode(b *testing.B) {
	for _, law := range laws {
		b.Run(law.String(), func(b *testing.B) {
			e, _ := g711.NewEncoder(law, 2)
			pcm, packet := make([]int16, 2*media.TickSamples), make([]byte, 160)
			mediatest.Tone(pcm, 2, 440, -12, 0)
			b.ReportAllocs()
			for b.Loop() {
				if _, err := e.Encode(pcm, packet); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds()/50, "streams/core")
		})
	}
}

func BenchmarkDecode(b *testing.B) {
	d, _ := g711.NewDecoder(media.PCMU, 2)
	pcm, packet := make([]int16, 2*media.TickSamples), make([]byte, 160)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := d.Decode(packet, pcm); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds()/50, "streams/core")
}
