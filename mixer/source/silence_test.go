package source_test

import (
	"math"
	"testing"
	"time"

	"github.com/omniverto/omniverto/media"
	"github.com/omniverto/omniverto/media/mediatest"
	"github.com/omniverto/omniverto/mixer/source"
)

// TestSoftSoundIsNotDecoded: what a level says is soft and no voice is decoded
// for 200 ms more, then no longer, and again with the packet that is louder.
func TestSoftSoundIsNotDecoded(t *testing.T) {
	cases := map[string]struct {
		level     uint8
		voice     bool
		undecoded uint64 // of 100 packets
	}{
		"soft":         {level: 70, undecoded: 89},
		"very soft":    {level: 100, undecoded: 89},
		"digital":      {level: 127, undecoded: 97},
		"audible":      {level: 69},
		"voice":        {level: 90, voice: true},
		"not known":    {},
		"voice of 127": {level: 127, voice: true, undecoded: 97},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			s := &singer{song: tone(440, 8000), channels: 1}
			e := newChoir(t, s, source.AudioOptions{})
			packets := sing(sec, 300, 8)
			for i := range packets {
				packets[i].level = 30
				if i >= 100 && i < 200 {
					packets[i].level, packets[i].voice = c.level, c.voice
				}
			}
			drive(e, packets, 7*ms, 6900*ms, func(now time.Duration) {
				clear(e.dst)
				o := source.PullAt(e.Audio, now, e.dst)
				i := int((now - sec) / (20 * ms)) // the packet that is due
				if now < sec || c.undecoded == 0 {
					return
				}
				if want := i < 100+100-int(c.undecoded) || i >= 200; (o == media.Sound) != want {
					t.Errorf("packet %d: outcome %v", i, o)
				}
				if l := mediatest.Goertzel(e.dst, 1, 0, 440); i >= 200 && math.Abs(l+12.2) > 0.5 {
					t.Errorf("packet %d is heard at %.1f dBFS", i, l)
				}
			})
			if got := e.Stats().Undecoded; got != c.undecoded {
				t.Errorf("%d packets not decoded, want %d", got, c.undecoded)
			}
			if want := 295 - c.undecoded + min(c.undecoded, 3); uint64(s.decoded) < want-1 || uint64(s.decoded) > want+1 {
				t.Errorf("%d packets decoded, want about %d", s.decoded, want)
			}
		})
	}
}

// paused is a tone of which the sender stops at packet from and speaks again at
// packet to, as discontinuous transmission does: an empty packet, and from time
// to time one of background noise with an empty one after it.
func paused(n, from, to int, noise func(i int) []byte) []sent {
	all := sing(sec, n, 8)
	out := append([]sent{}, all[:from]...)
	seq := out[from-1].seq
	for i := from; i < n; i++ {
		p := all[i]
		switch since := (i - from) % 20; {
		case i >= to:
		case i > from && since == 0:
			p.payload = noise(i)
		case since == 0 || i > from+1 && since == 1:
			p.payload = []byte{8}
		default:
			continue
		}
		seq++
		p.seq = seq
		out = append(out, p)
	}
	return out
}

func TestPausesAreSilent(t *testing.T) {
	for _, comfort := range []bool{false, true} {
		// It begins at its peak after the pause, and right after a packet of noise,
		// so that a missing fade is a step.
		loud := compose(func(at float64) float64 { return 8000 * math.Cos(2*math.Pi*450*at) })
		s := &singer{song: loud, channels: 2}
		e := newChoir(t, s, source.AudioOptions{ComfortNoise: comfort})
		// The background is a tone of -66 and -72 dBFS left and right, together -68.2.
		soft := tone(440, 16)
		packets := paused(400, 100, 301, func(int) []byte { return append(sung(8, 0), 'n') })
		listener := &switchSinger{singer: s, loud: loud, soft: soft}
		e.Audio.Close()
		e.Audio = source.NewAudio(source.AudioOptions{
			Clock: e.clock, Channels: 2, ComfortNoise: comfort, Log: testLog(t),
			NewDecoder: func() (media.AudioDecoder, error) { return listener, nil },
		})
		defer e.Audio.Close()
		var last [2]int
		drive(e, packets, 7*ms, 8*sec, func(now time.Duration) {
			clear(e.dst)
			o := source.PullAt(e.Audio, now, e.dst)
			i := int((now - sec) / (20 * ms))
			if i > 101 && i < 300 && now > sec {
				if (o == media.Sound) != comfort {
					t.Fatalf("comfort %v, tick %d of the pause: outcome %v", comfort, i, o)
				}
				if l := mediatest.Level(e.dst, 2, 0); comfort && i > 125 && math.Abs(l+68.2) > 1 {
					t.Fatalf("tick %d: comfort noise at %.1f dBFS", i, l)
				}
			}
			for k, v := range e.dst {
				if step := int(v) - last[k%2]; step > 600 || step < -600 { // the tone's own are 461
					t.Errorf("comfort %v, tick %d: a step of %d", comfort, i, step)
				}
				last[k%2] = int(v)
			}
			if i >= 302 && i < 399 && o != media.Sound {
				t.Errorf("tick %d after the pause is silent", i)
			}
		})
		if st := e.Stats(); st.Concealed > 0 || st.Lost > 0 {
			t.Errorf("%+v", st)
		}
	}
}

// switchSinger sings packets that are one byte longer softly.
type switchSinger struct {
	*singer
	loud, soft song
}

func (s *switchSinger) Duration(b []byte) int { return s.singer.Duration(b[:min(len(b), 6)]) }

func (s *switchSinger) Decode(b []byte, pcm []int16) (int, error) {
	s.song = s.loud
	if len(b) > 6 {
		s.song = s.soft
	}
	return s.singer.Decode(b[:6], pcm)
}

func (s *switchSinger) Conceal(pcm []int16) error {
	s.sing(pcm, 0)
	return nil
}

// TestCodecClock: the timestamps of the telephone codecs count 8,000 a second,
// and a packet of two bytes is no pause.
func TestCodecClock(t *testing.T) {
	for _, codec := range []media.AudioCodec{media.Opus, media.PCMU, media.PCMA, media.G722} {
		t.Run(codec.String(), func(t *testing.T) {
			e := newChoir(t, &singer{song: tone(440, 8000), channels: 1}, source.AudioOptions{Codec: codec})
			packets := sing(sec, 3000, 8)
			for i := range packets {
				packets[i].ts = uint32(4294967000 + i*codec.ClockRate()/50)
			}
			packets = network{delay: 20 * ms, jitter: 30 * ms, rng: newRand(5)}.carry(packets)
			got := record(e, packets, 3*sec, 60*sec)
			s := e.Stats()
			if s.Concealed > 60*ms || s.Delay > 70*ms || s.Malformed > 0 {
				t.Errorf("%+v", s)
			}
			if l := mediatest.Goertzel(got[len(got)-media.SampleRate:], 1, 0, 440); math.Abs(l+12.2) > 0.5 {
				t.Errorf("the tone is at %.1f dBFS", l)
			}
			push(e, sent{at: 61 * sec, ssrc: 1, seq: packets[len(packets)-1].seq + 1, ts: packets[len(packets)-1].ts + 160, payload: []byte{1, 2}})
			e.Pull(e.dst)
		})
	}
}

// TestFramesOfAnyLength: packets change their length at any time.
func TestFramesOfAnyLength(t *testing.T) {
	e := newChoir(t, &singer{song: tone(440, 8000), channels: 2}, source.AudioOptions{})
	rng := newRand(20)
	var packets []sent
	at := 0
	for i := 0; at < 60*media.SampleRate; i++ {
		grains := []int{1, 2, 4, 8, 16, 24, 48}[rng.IntN(7)]
		if i%50 < 25 {
			grains = []int{1, 2, 4, 8, 16, 24, 48}[i/50%7]
		}
		packets = append(packets, sent{
			at: sec + time.Duration(at+grains*120)*sec/48000, ssrc: 1, seq: uint16(i), ts: uint32(at),
			payload: sung(grains, at%media.SampleRate),
		})
		at += grains * 120
	}
	got := record(e, packets, 15*sec, 60*sec)
	s := e.Stats()
	if s.Concealed > 400*ms || s.Lost > 0 || s.Errors > 0 || s.Delay > 250*ms {
		t.Errorf("%+v", s)
	}
	for from := 0; from+media.SampleRate*2 <= len(got); from += media.SampleRate * 2 {
		if l := mediatest.Goertzel(got[from:from+media.SampleRate*2], 2, 0, 440); math.Abs(l+12.2) > 1 {
			t.Errorf("second %d: the tone is at %.1f dBFS", from/media.SampleRate/2, l)
		}
	}
}

func TestLargePacketsAreRefused(t *testing.T) {
	e := newChoir(t, &singer{song: tone(440, 8000), channels: 1}, source.AudioOptions{})
	for i, size := range []int{8000, 8192, 65000} {
		push(e, sent{ssrc: 1, seq: uint16(i), ts: uint32(i * 960), payload: make([]byte, size)})
	}
	if s := e.Stats(); s.Malformed != 3 {
		t.Errorf("%d packets refused, want 3", s.Malformed)
	}
}
