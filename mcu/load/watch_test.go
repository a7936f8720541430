package load

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/omniverto/omniverto/media"
)

// stream is a canvas as a server sends it: packets of frames that are keyframes
// or not, 30 a second.
type stream struct {
	seq    uint16
	frames *media.FramePool
	n      int
}

// next returns the packets of the next frame; its bytes are many if it is a keyframe.
func (s *stream) next(key bool) []packet {
	if s.frames == nil {
		s.frames, s.seq = media.NewFramePool(1), 65500 // it wraps soon
	}
	unit := make([]byte, 3000)
	unit[0] = 1
	if key {
		copy(unit, []byte{0, 0, 0, 0x9d, 0x01, 0x2a, 0x00, 0x05, 0xd0, 0x02}) // 1280x720
	}
	unit[100] = byte(s.n)
	f := s.frames.Get()
	defer f.Release()
	f.SetVP8(unit)
	var out []packet
	for i, p := range f.Fragments {
		out = append(out, packet{
			seq: s.seq, ts: uint32(s.n) * 3000, marker: i == len(f.Fragments)-1,
			at: time.Unix(0, 0).Add(time.Duration(s.n) * time.Second / 30), payload: append([]byte(nil), p...),
		})
		s.seq++
	}
	s.n++
	return out
}

func TestAssemble(t *testing.T) {
	shuffle := func(p []packet) []packet {
		rand.New(rand.NewPCG(1, 1)).Shuffle(len(p), func(i, j int) { p[i], p[j] = p[j], p[i] })
		return p
	}
	tests := []struct {
		name   string
		change func(all [][]packet) []packet
		frames int
		lost   uint64
		ask    bool
	}{
		{"in order", flat, 60, 0, false},
		{"within a frame in any order", func(all [][]packet) []packet {
			for i := range all[1:] {
				shuffle(all[1+i])
			}
			return flat(all)
		}, 60, 0, false},
		{"a packet comes two frames late", func(all [][]packet) []packet {
			late := all[10][1]
			all[10] = append(all[10][:1], all[10][2:]...)
			all[12] = append(all[12], late)
			return flat(all)
		}, 60, 0, false},
		{"twice", func(all [][]packet) []packet { return flat(append(all[:20], all[19:]...)) }, 60, 0, false},
		{"a packet is lost for good: on to the keyframe", func(all [][]packet) []packet {
			all[10] = all[10][1:]
			return flat(all)
		}, 10 + 20, 1, false}, // the keyframe is the 40th
		{"no keyframe comes", func(all [][]packet) []packet {
			all[45] = all[45][:1]
			all[46] = nil
			return flat(all)
		}, 45, 5, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s, a := stream{}, assembler{}
			var all [][]packet
			for n := range 60 {
				all = append(all, s.next(n == 0 || n == 40))
			}
			shown, last, ask := 0, -1, false
			for _, p := range tt.change(all) {
				ask = a.tend(p.at) || ask
				a.push(p, func(f frame) {
					shown++
					if n := int(f.unit[100]); n <= last || f.key != (n == 0 || n == 40) || f.key && (f.width != 1280 || f.height != 720) {
						t.Errorf("frame %d (key %v, %dx%d) after %d", n, f.key, f.width, f.height, last)
					}
					last = int(f.unit[100])
				})
			}
			if shown != tt.frames || a.lost() != tt.lost || tt.ask && !ask {
				t.Errorf("%d frames, %d packets lost, asked %v; want %d, %d, %v", shown, a.lost(), ask, tt.frames, tt.lost, tt.ask)
			}
		})
	}
}

func flat(all [][]packet) []packet {
	var out []packet
	for _, f := range all {
		out = append(out, f...)
	}
	return out
}

// TestAssembleOverLine sends a canvas over a line of known loss, without resends,
// and counts what is missing.
func TestAssembleOverLine(t *testing.T) {
	s, a, f := stream{}, assembler{}, newFate(Line{Loss: 0.05}, 9)
	lost := uint64(0)
	for n := range 3000 {
		for _, p := range s.next(n%30 == 0) {
			if _, ok := f.decide(p.at, 1000); !ok {
				lost++
				continue
			}
			a.tend(p.at)
			a.push(p, func(frame) {})
		}
	}
	if got := a.lost(); got != lost || lost < 300 {
		t.Errorf("counted %d lost, want %d", got, lost)
	}
	if a.dropped == 0 {
		t.Error("no frame was given up")
	}
}

// TestFreezes shows pictures with known pauses.
func TestFreezes(t *testing.T) {
	tests := []struct {
		name       string
		pauses     map[int]time.Duration // after which frame
		count      int
		sum, worst time.Duration
	}{
		{"none", nil, 0, 0, 0},
		{"one frame left out is no freeze", map[int]time.Duration{40: 66 * time.Millisecond}, 0, 0, 0},
		{"two", map[int]time.Duration{40: 300 * time.Millisecond, 80: time.Second}, 2, 1300 * time.Millisecond, time.Second},
		{"one that goes on", map[int]time.Duration{119: 2 * time.Second}, 1, 2 * time.Second, 2 * time.Second},
		{"one from before the measurement", map[int]time.Duration{29: 500 * time.Millisecond}, 1, 500 * time.Millisecond, 500 * time.Millisecond},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w, now := watch{}, time.Unix(100, 0)
			for n := range 120 {
				w.show(now, 1000, false)
				if n == 29 {
					w.begin(now)
				}
				if p, ok := tt.pauses[n]; ok {
					now = now.Add(p)
				} else {
					now = now.Add(33 * time.Millisecond)
				}
			}
			count, sum, worst := w.end(now)
			if count != tt.count || sum != tt.sum || worst != tt.worst || w.frames != 90 || w.bytes != 90000 {
				t.Errorf("%d freezes, %v, longest %v, %d frames; want %d, %v, %v, 90", count, sum, worst, w.frames, tt.count, tt.sum, tt.worst)
			}
		})
	}
}

func TestSoundGaps(t *testing.T) {
	h, now := hear{}, time.Unix(100, 0)
	for n := range 400 {
		if n == 100 {
			h.begin()
		}
		now = now.Add(20 * time.Millisecond)
		if n >= 200 && n < 210 || n == 300 || n == 50 {
			continue // ten lost in a row, one alone, one before the measurement
		}
		h.take(now, uint16(n+65500), 80)
	}
	lost, expected := h.lost()
	h.end(now)
	if lost != 11 || expected != 300 || h.gaps != 1 || h.gapTime != 220*time.Millisecond {
		t.Errorf("%d of %d lost, %d gaps of %v; want 11 of 300, one of 220ms", lost, expected, h.gaps, h.gapTime)
	}
}
