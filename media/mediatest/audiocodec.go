package mediatest

import (
	"bytes"
	"math"
	"testing"

	"github.com/omniverto/omniverto/media"
)

// AudioCodec is the conformance suite of an audio codec: what every engine relies
// on whatever the codec.
type AudioCodec struct {
	NewEncoder func(channels int) (media.AudioEncoder, error)
	NewDecoder func(channels int) (media.AudioDecoder, error)
}

// Run runs the suite as subtests of t.
func (c AudioCodec) Run(t *testing.T) {
	t.Run("tones", c.testTones)
	t.Run("duration", c.testDuration)
	t.Run("bounds", c.testBounds)
	t.Run("malformed", c.testMalformed)
	t.Run("conceal", c.testConceal)
	t.Run("state", c.testState)
	t.Run("closed", c.testClosed)
	t.Run("allocations", c.testAllocations)
}

// microphone is an encoder fed by a tone.
type microphone struct {
	encoder  media.AudioEncoder
	channels int
	hz, dBFS float64
	sample   int
	pcm      []int16
	packet   [4000]byte
}

func (c AudioCodec) microphone(t testing.TB, channels int, hz float64) *microphone {
	t.Helper()
	e, err := c.NewEncoder(channels)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { e.Close() })
	return &microphone{encoder: e, channels: channels, hz: hz, dBFS: -12, pcm: make([]int16, media.TickSamples*channels)}
}

// tick encodes the next tick; the packet is valid until the next call.
func (m *microphone) tick(t testing.TB) []byte {
	t.Helper()
	Tone(m.pcm, m.channels, m.hz, m.dBFS, m.sample)
	m.sample += media.TickSamples
	n, err := m.encoder.Encode(m.pcm, m.packet[:])
	if err != nil || n == 0 {
		t.Fatalf("encode: %d bytes, error %v", n, err)
	}
	return m.packet[:n]
}

func (c AudioCodec) decoder(t testing.TB, channels int) media.AudioDecoder {
	t.Helper()
	d, err := c.NewDecoder(channels)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	return d
}

// hear decodes one tick that must be whole.
func hear(t testing.TB, d media.AudioDecoder, packet []byte, pcm []int16) {
	t.Helper()
	if n, err := d.Decode(packet, pcm); n != media.TickSamples || err != nil {
		t.Fatalf("decode: %d samples, error %v", n, err)
	}
}

// testTones: a tone keeps frequency and level, from any number of channels to
// any other.
func (c AudioCodec) testTones(t *testing.T) {
	for _, from := range []int{1, 2} {
		for _, to := range []int{1, 2} {
			m, d := c.microphone(t, from, 440), c.decoder(t, to)
			pcm := make([]int16, media.TickSamples*to)
			var heard []int16
			for i := range 30 {
				hear(t, d, m.tick(t), pcm)
				if i >= 20 {
					heard = append(heard, pcm...)
				}
			}
			for channel := range to {
				if got := Goertzel(heard, to, channel, 440); math.Abs(got+12) > 1 {
					t.Errorf("%d to %d channels: tone in channel %d at %.1f dBFS, want -12", from, to, channel, got)
				}
				if got := Goertzel(heard, to, channel, 1000); got > -50 {
					t.Errorf("%d to %d channels: %.1f dBFS of another tone in channel %d", from, to, got, channel)
				}
			}
		}
	}
}

func (c AudioCodec) testDuration(t *testing.T) {
	m, d := c.microphone(t, 2, 440), c.decoder(t, 1)
	if got := d.Duration(m.tick(t)); got != media.TickSamples {
		t.Errorf("duration %d, want %d", got, media.TickSamples)
	}
	for _, packet := range [][]byte{nil, {}} {
		if got := d.Duration(packet); got != 0 {
			t.Errorf("duration of nothing is %d", got)
		}
	}
}

// guarded is a buffer of n samples with a border that nobody may touch.
func guarded(n int) (pcm, border []int16) {
	const mark = 0x5A5A
	whole := make([]int16, n+media.TickSamples*2*6)
	for i := range whole {
		whole[i] = mark
	}
	return whole[:n], whole[n:]
}

func touched(border []int16) bool {
	for _, v := range border {
		if v != 0x5A5A {
			return true
		}
	}
	return false
}

// testBounds: a decoder writes within len(pcm), whatever the capacity and the
// packet.
func (c AudioCodec) testBounds(t *testing.T) {
	for channels := 1; channels <= 2; channels++ {
		m, d := c.microphone(t, channels, 440), c.decoder(t, channels)
		for _, room := range []int{0, 1, channels * 120, channels*media.TickSamples - 1, channels * media.TickSamples} {
			pcm, border := guarded(room)
			n, err := d.Decode(m.tick(t), pcm)
			if whole := room == channels*media.TickSamples; (err == nil) != whole || whole && n != media.TickSamples {
				t.Errorf("%d channels into %d samples: %d, error %v", channels, room, n, err)
			}
			if touched(border) {
				t.Fatalf("%d channels into %d samples: written beyond", channels, room)
			}
		}
		pcm, border := guarded(channels * 480)
		if err := d.Conceal(pcm); err != nil || touched(border) {
			t.Errorf("conceal: error %v, written beyond: %v", err, touched(border))
		}
		if _, err := d.DecodeFEC(m.tick(t), pcm); err != nil || touched(border) {
			t.Errorf("FEC: error %v, written beyond: %v", err, touched(border))
		}
	}
}

// testMalformed: no bytes whatever crash a decoder or make it write beyond pcm,
// and the stream goes on after them.
func (c AudioCodec) testMalformed(t *testing.T) {
	m, d := c.microphone(t, 2, 440), c.decoder(t, 2)
	pcm, border := guarded(media.TickSamples * 2)
	if _, err := d.Decode(nil, pcm); err == nil {
		t.Error("an empty packet was decoded")
	}
	next := generator(7)
	for i := range 2000 {
		packet := make([]byte, i%200+1)
		for j := range packet {
			packet[j] = byte(next())
		}
		n := d.Duration(packet)
		if got, err := d.Decode(packet, pcm); err == nil && got != n {
			t.Fatalf("packet %x: %d samples of the %d that it says", packet, got, n)
		}
		if _, err := d.DecodeFEC(packet, pcm); err == nil && n == 0 {
			t.Fatalf("packet %x: FEC of a malformed packet", packet)
		}
		if touched(border) {
			t.Fatalf("packet %x: written beyond", packet)
		}
	}
	for range 20 {
		hear(t, d, m.tick(t), pcm)
	}
	if got := Goertzel(pcm, 2, 0, 440); math.Abs(got+12) > 1.5 {
		t.Errorf("tone after garbage at %.1f dBFS, want -12", got)
	}
}

// testConceal: a short gap goes on with the sound, a long one fades, and what
// comes after is heard.
func (c AudioCodec) testConceal(t *testing.T) {
	m, d := c.microphone(t, 1, 440), c.decoder(t, 1)
	pcm := make([]int16, media.TickSamples)
	for range 20 {
		hear(t, d, m.tick(t), pcm)
	}
	if err := d.Conceal(pcm); err != nil {
		t.Fatal(err)
	}
	if got := Goertzel(pcm, 1, 0, 440); got < -18 {
		t.Errorf("first concealed tick at %.1f dBFS, want the tone to go on", got)
	}
	long := make([]int16, 2*media.SampleRate)
	if err := d.Conceal(long); err != nil {
		t.Fatal(err)
	}
	if got := Level(long[media.SampleRate:], 1, 0); got > -50 {
		t.Errorf("second second of concealment at %.1f dBFS, want silence", got)
	}
	for range 10 {
		hear(t, d, m.tick(t), pcm)
	}
	if got := Goertzel(pcm, 1, 0, 440); math.Abs(got+12) > 1.5 {
		t.Errorf("tone after a gap at %.1f dBFS, want -12", got)
	}
	for _, bad := range [][]int16{nil, pcm[:1], pcm[:121]} {
		if err := d.Conceal(bad); err == nil {
			t.Errorf("%d samples were concealed", len(bad))
		}
	}
}

// testState: an encoder that takes over another's state makes the packets that
// the other would have made, to the bit. For encoders that are a StateCopier.
func (c AudioCodec) testState(t *testing.T) {
	for channels := 1; channels <= 2; channels++ {
		from, to := c.microphone(t, channels, 440), c.microphone(t, channels, 3000)
		copier, ok := to.encoder.(media.StateCopier)
		if !ok {
			return
		}
		for range 37 {
			from.tick(t)
			to.tick(t)
		}
		if err := copier.CopyState(from.encoder); err != nil {
			t.Fatal(err)
		}
		to.hz, to.sample = from.hz, from.sample
		for i := range 50 {
			want := bytes.Clone(from.tick(t))
			if got := to.tick(t); !bytes.Equal(got, want) {
				t.Fatalf("%d channels: packet %d after the copy differs", channels, i)
			}
		}
		other := c.microphone(t, 3-channels, 440)
		if err := copier.CopyState(other.encoder); err == nil {
			t.Error("the state of another number of channels was copied")
		}
		if err := copier.CopyState(nil); err == nil {
			t.Error("the state of nothing was copied")
		}
	}
}

func (c AudioCodec) testClosed(t *testing.T) {
	m, d := c.microphone(t, 1, 440), c.decoder(t, 1)
	packet := m.tick(t)
	for range 2 {
		if err := d.Close(); err != nil {
			t.Errorf("close decoder: %v", err)
		}
		if err := m.encoder.Close(); err != nil {
			t.Errorf("close encoder: %v", err)
		}
	}
	if _, err := d.Decode(packet, m.pcm); err == nil {
		t.Error("a closed decoder decoded")
	}
	if err := d.Conceal(m.pcm); err == nil {
		t.Error("a closed decoder concealed")
	}
	if _, err := m.encoder.Encode(m.pcm, m.packet[:]); err == nil {
		t.Error("a closed encoder encoded")
	}
}

func (c AudioCodec) testAllocations(t *testing.T) {
	m, d := c.microphone(t, 2, 440), c.decoder(t, 2)
	pcm := make([]int16, media.TickSamples*2)
	if n := testing.AllocsPerRun(50, func() {
		packet := m.tick(t)
		d.Duration(packet)
		if _, err := d.DecodeFEC(packet, pcm); err != nil {
			t.Fatal(err)
		}
		hear(t, d, packet, pcm)
		if err := d.Conceal(pcm); err != nil {
			t.Fatal(err)
		}
	}); n != 0 {
		t.Errorf("a tick allocates %v objects, want 0", n)
	}
}
