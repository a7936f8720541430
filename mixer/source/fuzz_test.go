package source_test

import (
	"bytes"
	"encoding/binary"
	"testing"
	"testing/synctest"
	"time"

	"github.com/omniverto/omniverto/media"
	"github.com/omniverto/omniverto/mixer/source"
)

func FuzzDescriptor(f *testing.F) {
	f.Add([]byte{0x10, 1})
	f.Add([]byte{0x90, 0xf0, 0xff, 0xff, 9, 0xc5, 1, 2, 3})
	f.Fuzz(func(t *testing.T, b []byte) {
		d, data, ok := source.ParseDescriptor(b)
		if !ok {
			return
		}
		if len(data) == 0 || !bytes.HasSuffix(b, data) || len(b)-len(data) > 6 {
			t.Errorf("%x is split before %x", b, data)
		}
		if d.PictureID > 0x7fff || d.TL0PicIdx > 255 || d.TID > 3 || d.KeyIdx > 31 || d.Start && d.Partition != 0 {
			t.Errorf("%x gives %+v", b, d)
		}
	})
}

// disturb lets each byte of how decide the fate of one packet, in turn: lost,
// doubled, damaged or late by up to 252 ms.
func disturb(packets []sent, how []byte) []sent {
	if len(how) == 0 {
		return packets
	}
	var out []sent
	for i, p := range packets {
		switch b := how[i%len(how)]; {
		case b < 64:
			out = append(out, p)
		case b < 128:
			p.at += time.Duration(b-64) * 4 * ms
			out = append(out, p)
		case b < 160:
			out = append(out, p, p)
		case b < 176:
			p.payload = p.payload[:int(b-160)%(len(p.payload)+1)]
			out = append(out, p)
		}
	}
	return network{rng: newRand(1)}.carry(out)
}

func FuzzVideoOrder(f *testing.F) {
	f.Add([]byte{0})
	f.Add([]byte{0, 70, 130, 0, 0, 165, 0, 200, 90})
	f.Fuzz(func(t *testing.T, how []byte) {
		synctest.Test(t, func(t *testing.T) {
			e := newEye(t)
			key := func(id int) bool { return id%20 == 0 }
			// The fake decoder objects to a missing or damaged picture; cut payloads
			// would be damage that only a real decoder sees.
			packets := film(sec, 30, 120, 3, key)
			for i, p := range disturb(packets, how) {
				if len(p.payload) > 1 && len(p.payload) < 101 {
					p.payload = p.payload[:1]
				}
				packets = append(packets[:i:i], p)
			}
			e.watch(packets, 30, 5*ms, 6*sec)
			if n := e.pool.InUse(); n > 4 {
				t.Errorf("%d pictures held", n)
			}
			if len(e.asked) > 8 {
				t.Errorf("keyframes asked for at %v", e.asked)
			}
		})
	})
}

func FuzzAudioOrder(f *testing.F) {
	f.Add([]byte{0})
	f.Add([]byte{0, 70, 130, 0, 0, 165, 0, 200, 90})
	f.Fuzz(func(t *testing.T, how []byte) {
		synctest.Test(t, func(t *testing.T) {
			e := newEar(t, 1)
			e.dec.levels = []int16{}
			e.listen(disturb(talk(sec, 200, 8, numbered), how), 5*ms, 6*sec)
			for i := 1; i < len(e.dec.levels); i++ {
				if e.dec.levels[i] <= e.dec.levels[i-1] {
					t.Fatalf("packet %d is decoded after %d", e.dec.levels[i]-2000, e.dec.levels[i-1]-2000)
				}
			}
			if d := e.Delay(); d > 400*ms || d < -400*ms {
				t.Errorf("delay %v", d)
			}
		})
	})
}

// records makes packets of arbitrary headers: 10 bytes each.
func records(b []byte) []sent {
	var out []sent
	at := time.Duration(0)
	for ; len(b) >= 10; b = b[10:] {
		at += time.Duration(b[0]%32) * ms
		out = append(out, sent{
			at: at, ssrc: uint32(b[1] & 1), marker: b[1]&2 != 0, quiet: b[1]&4 != 0,
			seq: binary.BigEndian.Uint16(b[2:]), ts: binary.BigEndian.Uint32(b[4:]),
			payload: b[8 : 8+min(int(b[1]>>3)%4, 2)],
		})
	}
	return out
}

// FuzzHeaders pushes arbitrary headers and garbage into both kinds of source.
func FuzzHeaders(f *testing.F) {
	f.Add(bytes.Repeat([]byte{20, 8, 0, 1, 0, 0, 3, 192, 0x10, 0}, 8))
	f.Add([]byte("arbitrary bytes that are no packets at all, long enough for some of them"))
	f.Fuzz(func(t *testing.T, b []byte) {
		synctest.Test(t, func(t *testing.T) {
			e, v := newEar(t, 2), newEye(t)
			v.Close()
			v.Video = source.NewVideo(source.VideoOptions{
				Clock: v.clock, Pool: v.pool, Log: testLog(t), RequestKeyframe: func() {},
				NewDecoder: func() (media.VideoDecoder, error) { return anyScreen{}, nil },
			})
			packets := records(b)
			end := time.Second
			if n := len(packets); n > 0 {
				end += packets[n-1].at
			}
			play(e.clock, e, packets, media.AudioTick, 0, end, e.tick)
			play(v.clock, v, packets, sec/30, 0, end, v.tick)
		})
	})
}

// FuzzSound pushes packets of any length, level, order and time, of a sound that
// has to be stretched, concealed and skipped.
func FuzzSound(f *testing.F) {
	f.Add([]byte{8, 0, 0}, false)
	f.Add([]byte{8, 20, 0, 24, 160, 1, 1, 3, 200, 48, 255, 64, 8, 90, 127}, true)
	voice := vowel(110)
	f.Fuzz(func(t *testing.T, how []byte, comfort bool) {
		if len(how) < 3 {
			return
		}
		e := newChoir(t, &singer{song: voice, channels: 2}, source.AudioOptions{ComfortNoise: comfort})
		var packets []sent
		at := 0
		for i := range 300 {
			h := how[i*3%(len(how)-2):][:3]
			grains := 1 + int(h[0])%48
			p := sent{
				at: sec + time.Duration(at)*sec/48000 + time.Duration(h[1]%128)*3*ms, ssrc: 1 + uint32(i/200), seq: uint16(i), ts: uint32(at),
				level: h[2] % 128, voice: h[2] > 200, payload: sung(grains, at%media.SampleRate),
			}
			at += grains * 120
			switch {
			case h[1] > 240: // lost
			case h[1] > 230:
				p.payload = p.payload[:1]
				packets = append(packets, p)
			default:
				packets = append(packets, p)
			}
		}
		packets = network{rng: newRand(1)}.carry(packets)
		drive(e, packets, 7*ms, 2*sec+time.Duration(at)*sec/48000, func(now time.Duration) { source.PullAt(e.Audio, now, e.dst) })
		if d := e.Delay(); d > 700*ms || d < -700*ms {
			t.Errorf("delay %v", d)
		}
	})
}

// anyScreen makes a picture of whatever it is given.
type anyScreen struct{}

func (anyScreen) Decode(unit []byte, pool *media.PicturePool) (*media.Picture, error) {
	return pool.Get(1+int(unit[0])%8, 2), nil
}

func (anyScreen) Close() error { return nil }
