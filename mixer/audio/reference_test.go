package audio_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/omniverto/omniverto/media"
	"github.com/omniverto/omniverto/mixer/audio"
)

// person is a member of a random room and what a plain reference knows of him.
type person struct {
	id                audio.PortID
	port              *audio.Port
	ear               *ear
	form              media.AudioForm
	said              []int16 // in the last tick; nil: silence
	in, out           float64 // factors
	pan               float64
	muted, deaf, held bool
	music             *recorder
}

// recorder is a source of noise that keeps its last tick.
type recorder struct {
	rnd          *rand.Rand
	loud         int
	last, before []int16
}

func (s *recorder) Pull(dst []int16) media.Outcome {
	s.before = s.last
	if s.loud == 0 {
		s.last = nil
		return media.Silence
	}
	for i := range dst {
		dst[i] = int16(s.rnd.IntN(2*s.loud) - s.loud)
	}
	s.last = slices.Clone(dst)
	return media.Sound
}

// playing is an announcement as the reference knows it.
type playing struct {
	audio.Announcement
	src *recorder
}

// randomRoom is a mixer in random settings with its reference.
type randomRoom struct {
	*rig
	rnd       *rand.Rand
	channels  int
	people    []*person
	plays     []playing
	relations map[[2]audio.PortID]audio.Relation
}

func newRandomRoom(t *testing.T, seed uint64) *randomRoom {
	rnd := rand.New(rand.NewPCG(seed, 5))
	room := &randomRoom{rnd: rnd, channels: 1 + rnd.IntN(2), relations: map[[2]audio.PortID]audio.Relation{}}
	room.rig = newRig(t, func(o *audio.Options) { forKinds(o); o.Channels = room.channels })
	loud := []int{500, 4000, 30000}[rnd.IntN(3)]
	for i := range 1 + rnd.IntN(7) {
		p := &person{id: audio.PortID(i + 1), form: form(media.AudioCodec(rnd.IntN(4)), 1+rnd.IntN(2)), in: 1, out: 1}
		src := &recorder{rnd: rnd, loud: loud * rnd.IntN(3)}
		spoken := source(func(_ int, dst []int16) media.Outcome {
			out := src.Pull(dst)
			p.said = src.last
			return out
		})
		src.loud = min(src.loud, 32767)
		p.port, p.ear = room.joinAs(p.id, spoken, p.form)
		room.people = append(room.people, p)
		room.settle(p)
	}
	room.relate()
	for range rnd.IntN(3) {
		a := playing{audio.Announcement{To: audio.PortID(rnd.IntN(4)), Alone: rnd.IntN(4) == 0, Gain: -6}, &recorder{rnd: rnd, loud: 3000}}
		room.plays = append(room.plays, a)
		room.Announce(a.src, a.Announcement)
	}
	return room
}

// settle gives somebody random settings.
func (r *randomRoom) settle(p *person) {
	maybe := func() bool { return r.rnd.IntN(4) == 0 }
	if maybe() {
		dB := r.rnd.Float64()*18 - 12
		p.in = math.Pow(10, dB/20)
		p.port.SetVolumeIn(dB)
	}
	if maybe() {
		dB := -r.rnd.Float64() * 20
		p.out = math.Pow(10, dB/20)
		p.port.SetVolumeOut(dB)
	}
	if maybe() {
		p.pan = r.rnd.Float64()*2 - 1
		p.port.SetPosition(p.pan, true)
	}
	if maybe() {
		p.muted = true
		p.port.SetMuted(true)
	}
	if maybe() {
		p.deaf = true
		p.port.SetDeaf(true)
	}
	if maybe() {
		p.held = true
		if r.rnd.IntN(2) == 0 {
			p.music = &recorder{rnd: r.rnd, loud: 2000}
			p.port.SetHold(true, p.music)
		} else {
			p.port.SetHold(true, nil)
		}
	}
	p.port.SetLossy(maybe())
}

func (r *randomRoom) relate() {
	for range r.rnd.IntN(4) {
		from, to := audio.PortID(1+r.rnd.IntN(5)), audio.PortID(1+r.rnd.IntN(5))
		rel := audio.Relation{NoSpeak: r.rnd.IntN(2) == 0, NoHear: r.rnd.IntN(2) == 0}
		r.SetRelation(from, to, rel)
		if from != to {
			r.relations[[2]audio.PortID{from, to}] = rel
		}
	}
}

// hears tells what the relations say of one who listens and one who speaks.
func (r *randomRoom) hears(listener, speaker *person) bool {
	return listener != speaker &&
		!r.relations[[2]audio.PortID{speaker.id, listener.id}].NoSpeak &&
		!r.relations[[2]audio.PortID{listener.id, speaker.id}].NoHear
}

// voice is what somebody adds to the mix, in floats.
func (r *randomRoom) voice(p *person) []float64 {
	out := make([]float64, media.TickSamples*r.channels)
	if p.said == nil || p.muted || p.held {
		return out
	}
	for i, s := range p.said {
		out[i] = float64(s) * p.in
	}
	if r.channels == 1 {
		return out
	}
	for i := 0; i < len(out); i += 2 {
		middle, side := (out[i]+out[i+1])/2, (out[i]-out[i+1])/2*(1-math.Abs(p.pan))
		out[i], out[i+1] = (1-p.pan)*middle+side, (1+p.pan)*middle-side
	}
	return out
}

func plus(dst, src []float64, gain float64) {
	for i, v := range src {
		dst[i] += v * gain
	}
}

func floats(pcm []int16) []float64 {
	out := make([]float64, len(pcm))
	for i, s := range pcm {
		out[i] = float64(s)
	}
	return out
}

// mixFor is what p should hear if the room's limiter has the gain.
func (r *randomRoom) mixFor(p *person, gain float64) []float64 {
	n := media.TickSamples * r.channels
	out := make([]float64, n)
	solo, alone := false, false
	for _, a := range r.plays {
		solo = solo || a.Alone && a.To == 0
		alone = alone || a.Alone && a.To == p.id
	}
	if !p.deaf && !alone && p.music == nil {
		for _, q := range r.people {
			if !solo && r.hears(p, q) {
				plus(out, r.voice(q), gain)
			}
		}
		for _, a := range r.plays {
			if a.To == 0 {
				plus(out, floats(a.src.last), math.Pow(10, a.Gain/20)*gain)
			}
		}
	}
	if p.music != nil {
		plus(out, floats(p.music.before), 1) // music is pulled a tick ahead
	}
	for _, a := range r.plays {
		if a.To == p.id {
			plus(out, floats(a.src.last), math.Pow(10, a.Gain/20))
		}
	}
	return out
}

// inForm gives a mix the channels of a listener, at his volume.
func (r *randomRoom) inForm(p *person, mix []float64) []float64 {
	var out []float64
	for i := 0; i < len(mix); i += r.channels {
		left, right := mix[i]*p.out, mix[i+r.channels-1]*p.out
		if p.form.Channels == 2 {
			out = append(out, left, right)
		} else {
			out = append(out, (left+right)/2)
		}
	}
	return out
}

// TestAgainstReference: in random settings every output is that of a plain mixer
// in floats, within the rounding of samples, and where the room's limiter is at
// work, between what its gain was before and after the tick.
func TestAgainstReference(t *testing.T) {
	t.Parallel()
	const settled = 4
	compared, seeds := 0, 300
	if raced {
		seeds = 100
	}
	for seed := range uint64(seeds) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			r := newRandomRoom(t, seed)
			guarded := map[*person]bool{}
			for tick := range settled {
				before := r.Stats().LimiterGain
				r.run(1)
				after := r.Stats().LimiterGain
				for _, p := range r.people {
					a, b := r.expect(p, before), r.expect(p, after)
					// A mix that was guarded once recovers slowly.
					guarded[p] = guarded[p] || p.out*top(r.mixFor(p, max(before, after))) > 32700
					if tick == settled-1 && !guarded[p] {
						compared++
						r.compare(p, a, b)
					}
				}
			}
		})
	}
	if compared < 2*seeds {
		t.Errorf("only %d outputs could be compared", compared)
	}
}

// compare holds what p heard last to a range. Every voice under gains may be
// half a step off.
func (r *randomRoom) compare(p *person, a, b []float64) {
	r.t.Helper()
	got := p.ear.last(r.t)
	if len(got) != len(a) {
		r.t.Fatalf("member %d: %d samples, want %d", p.id, len(got), len(a))
	}
	allowed := 1.01 + 0.5*float64(len(r.plays))
	for _, q := range r.people {
		if q.in != 1 || q.pan != 0 {
			allowed += 0.5
		}
	}
	for i, s := range got {
		lo, hi := min(a[i], b[i]), max(a[i], b[i])
		if v := float64(s); v < lo-allowed || v > hi+allowed {
			r.t.Fatalf("member %d, sample %d: %d, want %.2f to %.2f", p.id, i, s, lo, hi)
		}
	}
}

func (r *randomRoom) expect(p *person, gain float64) []float64 { return r.inForm(p, r.mixFor(p, gain)) }

func top(v []float64) float64 {
	m := 0.0
	for _, x := range v {
		m = max(m, math.Abs(x))
	}
	return m
}
