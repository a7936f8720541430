package opus_test

import (
	"math"
	"testing"

	"github.com/omniverto/omniverto/media"
	"github.com/omniverto/omniverto/media/mediatest"
	"github.com/omniverto/omniverto/media/opus"
)

// usual are the settings of a room's encoders.
func usual(channels int) opus.EncoderOptions {
	return opus.EncoderOptions{Channels: channels, Bitrate: 48_000, Complexity: 5, FEC: true, LossPercent: 5, DTX: true}
}

func newEncoder(t testing.TB, o opus.EncoderOptions) *opus.Encoder {
	t.Helper()
	e, err := opus.NewEncoder(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { e.Close() })
	return e
}

func newDecoder(t testing.TB, channels int) *opus.Decoder {
	t.Helper()
	d, err := opus.NewDecoder(channels)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	return d
}

// encode encodes pcm into a packet of its own.
func encode(t testing.TB, e *opus.Encoder, pcm []int16) []byte {
	t.Helper()
	packet := make([]byte, 4000)
	n, err := e.Encode(pcm, packet)
	if err != nil {
		t.Fatal(err)
	}
	return packet[:n]
}

func TestConformance(t *testing.T) {
	mediatest.AudioCodec{
		NewEncoder: func(channels int) (media.AudioEncoder, error) { return opus.NewEncoder(usual(channels)) },
		NewDecoder: func(channels int) (media.AudioDecoder, error) { return opus.NewDecoder(channels) },
	}.Run(t)
}

func TestOptions(t *testing.T) {
	tests := []struct {
		name    string
		options opus.EncoderOptions
		ok      bool
	}{
		{"usual", usual(1), true},
		{"automatic bit rate", opus.EncoderOptions{Channels: 2}, true},
		{"no channels", opus.EncoderOptions{}, false},
		{"three channels", opus.EncoderOptions{Channels: 3}, false},
		{"complexity", opus.EncoderOptions{Channels: 1, Complexity: 11}, false},
		{"bit rate", opus.EncoderOptions{Channels: 1, Bitrate: -5}, false},
		{"loss", opus.EncoderOptions{Channels: 1, LossPercent: 101}, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			e, err := opus.NewEncoder(tt.options)
			if (err == nil) != tt.ok {
				t.Fatalf("error %v, want ok = %v", err, tt.ok)
			}
			if e != nil {
				e.Close()
			}
		})
	}
	if _, err := opus.NewDecoder(0); err == nil {
		t.Error("a decoder without channels was made")
	}
}

// melody is n ticks of mono voice-like sound, another pitch in each tick, so that
// no tick can be guessed from the one before.
func melody(n int) []int16 {
	pcm := make([]int16, n*media.TickSamples)
	for i := range n {
		tick := pcm[i*media.TickSamples:][:media.TickSamples]
		part := make([]int16, media.TickSamples)
		base := pitch(i)
		for harmonic := 1; harmonic <= 4; harmonic++ {
			mediatest.Tone(part, 1, base*float64(harmonic), -18-3*float64(harmonic), i*media.TickSamples)
			for j := range tick {
				tick[j] += part[j]
			}
		}
	}
	return pcm
}

// pitch is the fundamental of the melody's tick i.
func pitch(i int) float64 { return []float64{200, 500, 300, 700, 400}[i%5] }

// TestFEC: a lost packet's pitch is heard from the copy in the next one, which
// concealment cannot know.
func TestFEC(t *testing.T) {
	const ticks, lossEvery = 100, 5
	o := usual(1)
	o.LossPercent = 20
	sound, e := melody(ticks), newEncoder(t, o)
	var packets [][]byte
	for i := range ticks {
		packets = append(packets, encode(t, e, sound[i*media.TickSamples:][:media.TickSamples]))
	}
	recovered := func(fec bool) (rightPitch int) {
		d := newDecoder(t, 1)
		pcm := make([]int16, media.TickSamples)
		for i := 0; i < ticks-1; i++ {
			if i%lossEvery != lossEvery-1 {
				if _, err := d.Decode(packets[i], pcm); err != nil {
					t.Fatal(err)
				}
				continue
			}
			var err error
			if fec {
				_, err = d.DecodeFEC(packets[i+1], pcm)
			} else {
				err = d.Conceal(pcm)
			}
			if err != nil {
				t.Fatal(err)
			}
			if mediatest.Goertzel(pcm, 1, 0, pitch(i)) > mediatest.Goertzel(pcm, 1, 0, pitch(i-1))+3 {
				rightPitch++
			}
		}
		return rightPitch
	}
	const lost = ticks/lossEvery - 1
	if got := recovered(true); got < lost*8/10 {
		t.Errorf("with FEC %d of %d lost ticks have their pitch", got, lost)
	}
	if got := recovered(false); got > lost*3/10 {
		t.Errorf("without FEC %d of %d lost ticks have their pitch: the test proves nothing", got, lost)
	}
}

// TestDTX: silence costs next to nothing, is decoded as silence, and the sound
// after it is whole.
func TestDTX(t *testing.T) {
	e, d := newEncoder(t, usual(1)), newDecoder(t, 1)
	// A steady tone would be taken for background noise after a second.
	voice, pcm, out := melody(50), make([]int16, media.TickSamples), make([]int16, media.TickSamples)
	for i := range 50 {
		packet := encode(t, e, voice[i*media.TickSamples:][:media.TickSamples])
		if len(packet) <= 2 {
			t.Fatalf("tick %d of a voice is %d bytes", i, len(packet))
		}
		if _, err := d.Decode(packet, out); err != nil {
			t.Fatal(err)
		}
	}
	unsent := 0
	for i := range 200 {
		packet := encode(t, e, pcm)
		if len(packet) <= 2 {
			unsent++
		}
		if n, err := d.Decode(packet, out); err != nil || n != media.TickSamples {
			t.Fatalf("silent packet of %d bytes: %d samples, error %v", len(packet), n, err)
		}
		if level := mediatest.Level(out, 1, 0); i >= 20 && level > -70 {
			t.Fatalf("silent tick %d at %.1f dBFS", i, level)
		}
	}
	if unsent < 150 {
		t.Errorf("%d of 200 silent ticks need not be sent, want at least 150", unsent)
	}
	for i := range 10 {
		mediatest.Tone(pcm, 1, 440, -12, i*media.TickSamples)
		if _, err := d.Decode(encode(t, e, pcm), out); err != nil {
			t.Fatal(err)
		}
	}
	if got := mediatest.Goertzel(out, 1, 0, 440); math.Abs(got+12) > 1.5 {
		t.Errorf("tone after silence at %.1f dBFS, want -12", got)
	}
}

// TestStereo: left and right stay apart.
func TestStereo(t *testing.T) {
	o := usual(2)
	o.Bitrate = 96_000
	e, d := newEncoder(t, o), newDecoder(t, 2)
	pcm, out := make([]int16, media.TickSamples*2), make([]int16, media.TickSamples*2)
	left, right := make([]int16, media.TickSamples), make([]int16, media.TickSamples)
	for i := range 50 {
		mediatest.Tone(left, 1, 400, -12, i*media.TickSamples)
		mediatest.Tone(right, 1, 1500, -12, i*media.TickSamples)
		for j := range left {
			pcm[2*j], pcm[2*j+1] = left[j], right[j]
		}
		if _, err := d.Decode(encode(t, e, pcm), out); err != nil {
			t.Fatal(err)
		}
	}
	for channel, tones := range [][2]float64{{400, 1500}, {1500, 400}} {
		own, foreign := mediatest.Goertzel(out, 2, channel, tones[0]), mediatest.Goertzel(out, 2, channel, tones[1])
		if math.Abs(own+12) > 2 || foreign > own-25 {
			t.Errorf("channel %d has its tone at %.1f dBFS and the other's at %.1f", channel, own, foreign)
		}
	}
}

// TestLongPackets: Duration tells the room that a packet needs, up to 60 ms as
// phones send it.
func TestLongPackets(t *testing.T) {
	for _, ms := range []int{10, 20, 40, 60} {
		e, d := newEncoder(t, usual(1)), newDecoder(t, 1)
		pcm := make([]int16, ms*media.SampleRate/1000)
		mediatest.Tone(pcm, 1, 440, -12, 0)
		packet := encode(t, e, pcm)
		if got := d.Duration(packet); got != len(pcm) {
			t.Errorf("duration of %d ms is %d samples", ms, got)
		}
		if n, err := d.Decode(packet, make([]int16, len(pcm))); n != len(pcm) || err != nil {
			t.Errorf("decode %d ms: %d samples, error %v", ms, n, err)
		}
		if ms > 10 {
			if n, err := d.Decode(packet, make([]int16, len(pcm)-1)); err == nil {
				t.Errorf("%d ms into too little room: %d samples", ms, n)
			}
		}
	}
}

func TestDurationOfMalformed(t *testing.T) {
	d := newDecoder(t, 1)
	tests := []struct {
		name   string
		packet []byte
		want   int
	}{
		{"one CELT frame of 20 ms", []byte{31 << 3, 1, 2, 3}, 960},
		{"two frames of equal size", []byte{31<<3 | 1, 1, 2}, 1920},
		{"two frames of equal size, odd bytes", []byte{31<<3 | 1, 1, 2, 3}, 0},
		{"two frames, first longer than the packet", []byte{31<<3 | 2, 100, 1}, 0},
		{"count without a count byte", []byte{31<<3 | 3}, 0},
		{"count of zero", []byte{31<<3 | 3, 0}, 0},
		{"seven frames of 20 ms", []byte{31<<3 | 3, 7, 1, 2, 3, 4, 5, 6, 7}, 0},
		{"padding longer than the packet", []byte{31<<3 | 3, 0x41, 200}, 0},
	}
	for _, tt := range tests {
		if got := d.Duration(tt.packet); got != tt.want {
			t.Errorf("%s: %d, want %d", tt.name, got, tt.want)
		}
	}
}

// TestCopyKeepsSettings: a state that is taken over leaves the settings alone.
func TestCopyKeepsSettings(t *testing.T) {
	low := usual(1)
	low.Bitrate, low.FEC, low.DTX = 12_000, false, false
	from, to := newEncoder(t, usual(1)), newEncoder(t, low)
	pcm := make([]int16, media.TickSamples)
	size := func(e *opus.Encoder) (bytes int) {
		for i := range 50 {
			mediatest.Tone(pcm, 1, 440, -12, i*media.TickSamples)
			bytes += len(encode(t, e, pcm))
		}
		return bytes
	}
	before := size(to)
	size(from)
	if err := to.CopyState(from); err != nil {
		t.Fatal(err)
	}
	if after := size(to); after > before*5/4 {
		t.Errorf("%d bytes a second after the copy, %d before", after, before)
	}
	if err := to.SetBitrate(64_000); err != nil {
		t.Fatal(err)
	}
	if raised := size(to); raised < before*2 {
		t.Errorf("%d bytes a second at 64 kbit/s, %d at 12", raised, before)
	}
	if err := to.SetBitrate(-1); err == nil {
		t.Error("a bit rate of -1 was taken")
	}
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte{31 << 3, 1, 2, 3}, false)
	f.Add([]byte{31<<3 | 3, 0x41, 200}, true)
	f.Add([]byte{0x78, 0xff, 0xfe}, true)
	f.Fuzz(func(t *testing.T, packet []byte, fec bool) {
		d := newDecoder(t, 2)
		buffer := make([]int16, media.TickSamples*4)
		pcm := buffer[:media.TickSamples*2]
		if fec {
			_, _ = d.DecodeFEC(packet, pcm)
		} else if n, err := d.Decode(packet, pcm); err == nil && n != d.Duration(packet) {
			t.Errorf("%d samples of the %d that it says", n, d.Duration(packet))
		}
		for i, v := range buffer[len(pcm):] {
			if v != 0 {
				t.Fatalf("written %d samples beyond", i)
			}
		}
	})
}
