package audio_test

import (
	"encoding/binary"
	"errors"
	"hash/fnv"
	"math"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/omniverto/omniverto/media"
	"github.com/omniverto/omniverto/mixer/audio"
)

// memory is how many ticks the fake encoder's state depends on, as a real one's
// state fades from older input.
const memory = 20

// tape keeps what the fake encoders were given, so that a payload of a few bytes
// stands for exact samples.
type tape struct {
	mu      sync.Mutex
	takes   []take
	open    int // encoders not closed
	made    int
	failing error // of NewEncoder
	dtx     bool
	broken  error // of Encode
}

// take is one encode.
type take struct {
	pcm   []int16
	kind  audio.Kind
	state []uint64 // of the encoder after it: hashes of the last ticks
	// complexity of the encoder
	complexity int
}

func (tp *tape) newEncoder() (media.AudioEncoder, error) { return tp.newEncoderFor(audio.Kind{}) }

func (tp *tape) newEncoderFor(k audio.Kind) (media.AudioEncoder, error) {
	tp.mu.Lock()
	defer tp.mu.Unlock()
	if tp.failing != nil {
		return nil, tp.failing
	}
	tp.open++
	tp.made++
	return &fakeEncoder{tape: tp, kind: k}, nil
}

// fakeEncoder keeps samples exact.
type fakeEncoder struct {
	tape       *tape
	kind       audio.Kind
	state      []uint64
	complexity int
}

func (e *fakeEncoder) SetComplexity(n int) error { e.complexity = n; return nil }

func (e *fakeEncoder) Encode(pcm []int16, dst []byte) (int, error) {
	e.tape.mu.Lock()
	defer e.tape.mu.Unlock()
	if e.tape.broken != nil {
		return 0, e.tape.broken
	}
	e.state = append(e.state, hash(pcm))
	e.state = slices.Clone(e.state[max(0, len(e.state)-memory):])
	if e.tape.dtx && peakOf(pcm) == 0 {
		dst[0] = 0xF8
		return 1, nil
	}
	binary.BigEndian.PutUint64(dst, uint64(len(e.tape.takes)))
	e.tape.takes = append(e.tape.takes, take{slices.Clone(pcm), e.kind, e.state, e.complexity})
	return 8, nil
}

func (e *fakeEncoder) CopyState(from media.AudioEncoder) error {
	f, ok := from.(*fakeEncoder)
	if !ok || f.kind.AudioForm != e.kind.AudioForm {
		return errors.New("not a fake of the same form")
	}
	e.state = f.state
	return nil
}

func (e *fakeEncoder) Close() error {
	e.tape.mu.Lock()
	defer e.tape.mu.Unlock()
	e.tape.open--
	return nil
}

func hash(pcm []int16) uint64 {
	h := fnv.New64a()
	for _, s := range pcm {
		h.Write([]byte{byte(s), byte(s >> 8)})
	}
	return h.Sum64()
}

func peakOf(pcm []int16) int {
	top := 0
	for _, s := range pcm {
		top = max(top, int(s), -int(s))
	}
	return top
}

// heard is one frame as a listener got it.
type heard struct {
	take
	tick   int64
	rtp    uint32
	marker bool
	empty  bool // a packet of discontinuous transmission
}

// ear is a listener.
type ear struct {
	tape   *tape
	frames []heard
}

func (e *ear) WriteFrame(f *media.Frame) {
	h := heard{tick: f.Tick, rtp: f.RTPTime, marker: f.Marker}
	if payload := f.Fragments[0]; len(payload) == 8 {
		e.tape.mu.Lock()
		h.take = e.tape.takes[binary.BigEndian.Uint64(payload)]
		e.tape.mu.Unlock()
	} else {
		h.empty = true
	}
	e.frames = append(e.frames, h)
}

// last is the last tick's sound.
func (e *ear) last(t *testing.T) []int16 {
	t.Helper()
	if len(e.frames) == 0 {
		t.Fatal("heard nothing at all")
	}
	return e.frames[len(e.frames)-1].pcm
}

// pcm is everything heard, one after the other.
func (e *ear) pcm() []int16 {
	var out []int16
	for _, f := range e.frames {
		out = append(out, f.pcm...)
	}
	return out
}

// sourceFunc makes a source of a function of the number of the pull.
type sourceFunc struct {
	f     func(n int, dst []int16) media.Outcome
	pulls int
}

func (s *sourceFunc) Pull(dst []int16) media.Outcome {
	s.pulls++
	return s.f(s.pulls-1, dst)
}

func source(f func(n int, dst []int16) media.Outcome) *sourceFunc { return &sourceFunc{f: f} }

// tone is an endless sine of the frequency in all channels.
func tone(hz, amplitude float64, channels int) *sourceFunc {
	return source(func(n int, dst []int16) media.Outcome {
		for i := range dst {
			at := float64(n*media.TickSamples + i/channels)
			dst[i] = int16(math.Round(amplitude * math.Sin(2*math.Pi*hz*at/media.SampleRate)))
		}
		return media.Sound
	})
}

// level is a source whose |samples| are all v, so that its score is v.
func level(v func(n int) int) *sourceFunc {
	return source(func(n int, dst []int16) media.Outcome {
		for i := range dst {
			dst[i] = int16(v(n) * (1 - i%2*2))
		}
		return media.Sound
	})
}

func steady(v int) *sourceFunc { return level(func(int) int { return v }) }

func silent() *sourceFunc {
	return source(func(int, []int16) media.Outcome { return media.Silence })
}

// music is a source whose samples are all v, for a number of ticks.
func music(v int16, ticks int) *sourceFunc {
	return source(func(n int, dst []int16) media.Outcome {
		if n >= ticks {
			return media.Gone
		}
		for i := range dst {
			dst[i] = v
		}
		return media.Sound
	})
}

// forKinds lets a rig's encoders know their kinds.
func forKinds(o *audio.Options) { o.NewEncoder = nil }

// rig is a mixer that the test steps.
type rig struct {
	*audio.Mixer
	t     *testing.T
	tape  *tape
	clock *media.Clock
	tick  int64
}

func newRig(t *testing.T, change func(*audio.Options)) *rig {
	t.Helper()
	r := &rig{t: t, tape: &tape{}, clock: media.NewClock()}
	o := audio.Options{Clock: r.clock, Channels: 1, NewEncoder: r.tape.newEncoder, Frames: media.NewFramePool(16)}
	if change != nil {
		change(&o)
	}
	if o.NewEncoder == nil && o.NewEncoderFor == nil {
		o.NewEncoderFor = r.tape.newEncoderFor
	}
	r.Mixer = audio.New(o)
	t.Cleanup(func() {
		r.Close()
		if r.tape.open != 0 {
			t.Errorf("%d of %d encoders left open", r.tape.open, r.tape.made)
		}
	})
	return r
}

func (r *rig) run(ticks int) {
	for range ticks {
		r.Step(r.tick, time.Duration(r.tick)*media.AudioTick)
		r.tick++
	}
}

// join adds a member who hears, and returns his port and ear.
func (r *rig) join(id audio.PortID, src audio.Source) (*audio.Port, *ear) {
	e := &ear{tape: r.tape}
	return r.Add(id, src, e), e
}

// joinAs is join with a form.
func (r *rig) joinAs(id audio.PortID, src audio.Source, f media.AudioForm) (*audio.Port, *ear) {
	e := &ear{tape: r.tape}
	return r.AddPort(id, src, e, audio.PortOptions{Form: f}), e
}

// channel is one of two interleaved.
func channel(pcm []int16, n int) []int16 {
	var out []int16
	for i := n; i < len(pcm); i += 2 {
		out = append(out, pcm[i])
	}
	return out
}

// dBFS is the level of a tone in pcm, one channel, whose length is a whole number
// of its periods (Goertzel); a full-scale sine has 0.
func dBFS(pcm []int16, hz float64) float64 {
	w := 2 * math.Pi * hz / media.SampleRate
	var re, im float64
	for i, s := range pcm {
		re += float64(s) * math.Cos(w*float64(i))
		im += float64(s) * math.Sin(w*float64(i))
	}
	amplitude := 2 * math.Hypot(re, im) / float64(len(pcm))
	return 20 * math.Log10(amplitude/32768+1e-12)
}

// jerk is the largest second difference, which a click makes large.
func jerk(pcm []int16) int {
	top := 0
	for i := 2; i < len(pcm); i++ {
		d := int(pcm[i]) - 2*int(pcm[i-1]) + int(pcm[i-2])
		top = max(top, d, -d)
	}
	return top
}

// difference is the level of a-b in dBFS.
func difference(a, b []int16) float64 {
	sum := 0.0
	for i := range a {
		d := float64(a[i]) - float64(b[i])
		sum += d * d
	}
	return 10 * math.Log10(sum/float64(len(a))/(32768*32768)+1e-12)
}

// rest is the level in dBFS of what remains of one tick without the tone.
func rest(pcm []int16, hz float64) float64 {
	w := 2 * math.Pi * hz / media.SampleRate
	var re, im float64
	for i, s := range pcm {
		re += 2 * float64(s) * math.Cos(w*float64(i)) / float64(len(pcm))
		im += 2 * float64(s) * math.Sin(w*float64(i)) / float64(len(pcm))
	}
	left := make([]int16, len(pcm))
	for i, s := range pcm {
		left[i] = s - int16(math.Round(re*math.Cos(w*float64(i))+im*math.Sin(w*float64(i))))
	}
	return difference(left, make([]int16, len(pcm)))
}
