package audio_test

import (
	"slices"
	"testing"

	"github.com/omniverto/omniverto/media"
	"github.com/omniverto/omniverto/mixer/audio"
)

func form(c media.AudioCodec, channels int) media.AudioForm {
	return media.AudioForm{Codec: c, Channels: channels}
}

// TestSeveralCodecs: one common stream for each kind that has listeners, own
// streams in the talker's own kind, and everybody in his channels.
func TestSeveralCodecs(t *testing.T) {
	t.Parallel()
	r := newRig(t, func(o *audio.Options) { forKinds(o); o.Channels = 2 })
	forms := []media.AudioForm{
		{}, form(media.Opus, 1), form(media.Opus, 2), form(media.PCMU, 1), form(media.PCMA, 1), form(media.G722, 1),
	}
	stereo := source(func(_ int, dst []int16) media.Outcome {
		for i := range dst {
			dst[i] = int16(1000 - 600*(i%2))
		}
		return media.Sound
	})
	r.join(1, stereo)
	talking := level(spans(span{0, 5}, span{100, 1000}))
	_, talker := r.joinAs(2, talking, form(media.PCMU, 1))
	var ears []*ear
	for range 3 {
		for i, f := range forms {
			_, e := r.joinAs(audio.PortID(10+i), silent(), f)
			ears = append(ears, e)
		}
	}
	r.run(5)
	if s := r.Stats(); s.SharedEncodes != 5*5 || s.OwnEncodes != 5 || s.Listeners != 19 {
		t.Errorf("%+v, want five kinds in common and one own", s)
	}
	r.run(5)
	if s := r.Stats(); s.OwnEncodes != 5+5*2 || s.Listeners != 18 {
		t.Errorf("%+v", s)
	}
	if f := talker.frames[9]; f.kind != (audio.Kind{AudioForm: form(media.PCMU, 1)}) || f.pcm[300] != 700 {
		t.Errorf("the talker has %+v, sample %d", f.kind, f.pcm[300])
	}
	for i, e := range ears {
		want := forms[i%len(forms)]
		if want.Channels == 0 {
			want.Channels = 2
		}
		f := e.frames[4]
		if f.kind.AudioForm != want || len(f.pcm) != want.Channels*media.TickSamples {
			t.Errorf("listener %d: %+v with %d samples, want %+v", i, f.kind, len(f.pcm), want)
		}
		pair := []int16{1000, 400}
		if want.Channels == 1 {
			pair = []int16{700, 700}
		}
		if !slices.Equal(f.pcm[500:502], pair) {
			t.Errorf("listener %d hears %v, want %v", i, f.pcm[500:502], pair)
		}
	}
}

// TestStereoListenerInMono gets the same in both ears.
func TestStereoListenerInMono(t *testing.T) {
	t.Parallel()
	r := newRig(t, forKinds)
	r.join(1, music(300, 99))
	_, e := r.joinAs(2, nil, form(media.Opus, 2))
	_, talker := r.joinAs(3, music(100, 99), form(media.Opus, 2))
	r.run(3)
	if got := e.last(t)[700:702]; !slices.Equal(got, []int16{400, 400}) {
		t.Errorf("the listener hears %v", got)
	}
	if got := talker.last(t)[700:702]; !slices.Equal(got, []int16{300, 300}) {
		t.Errorf("the talker hears %v", got)
	}
}

// TestOneFormWithoutKinds: with NewEncoder all are sent what it makes.
func TestOneFormWithoutKinds(t *testing.T) {
	t.Parallel()
	r := newRig(t, func(o *audio.Options) { o.Channels = 2 })
	_, e := r.joinAs(1, nil, form(media.PCMU, 1))
	r.run(1)
	if got := len(e.last(t)); got != 2*media.TickSamples || r.tape.made != 1 {
		t.Errorf("%d samples, %d encoders", got, r.tape.made)
	}
}

// TestLossClass: a listener and a talker cross to the lossy kind and back, each
// by way of his own encoder, whose state goes on where the one before stood.
func TestLossClass(t *testing.T) {
	t.Parallel()
	r := newRig(t, forKinds)
	noise := source(func(n int, dst []int16) media.Outcome {
		for i := range dst {
			dst[i] = int16((n*977 + i*7919) % 3001)
		}
		return media.Sound
	})
	r.join(1, noise)
	p, e := r.join(2, nil)
	_, stays := r.join(3, nil)
	q, talker := r.join(4, steady(100))
	r.run(30)
	for _, lossy := range []bool{true, false, true} {
		p.SetLossy(lossy)
		q.SetLossy(lossy)
		r.run(1)
		if e.frames[len(e.frames)-1].kind.Lossy != lossy || talker.frames[len(e.frames)-1].kind.Lossy != lossy {
			t.Errorf("lossy %v shows in the next tick: %+v", lossy, e.frames[len(e.frames)-1].kind)
		}
		r.run(20)
		before := r.Stats()
		r.run(1)
		after := r.Stats()
		kinds := uint64(1)
		if lossy {
			kinds = 2
		}
		if after.Listeners != 2 || after.SharedEncodes-before.SharedEncodes != kinds || after.OwnEncodes-before.OwnEncodes != 2 {
			t.Errorf("lossy %v: %d listeners, %d and %d encodes", lossy, after.Listeners,
				after.SharedEncodes-before.SharedEncodes, after.OwnEncodes-before.OwnEncodes)
		}
		r.run(20)
	}
	for i, frames := range [][]heard{e.frames, stays.frames, talker.frames} {
		checkStream(t, i, frames)
	}
}

// TestLossyBeforeTheFirstTick needs no crossing.
func TestLossyBeforeTheFirstTick(t *testing.T) {
	t.Parallel()
	r := newRig(t, forKinds)
	p, e := r.join(1, nil)
	p.SetLossy(true)
	r.run(2)
	if s := r.Stats(); !e.frames[0].kind.Lossy || s.OwnEncodes != 0 || s.SharedEncodes != 2 {
		t.Errorf("%+v, %+v", e.frames[0].kind, s)
	}
}

// TestEffort: the complexity of own mixes by their number, with hysteresis; the
// common mix always has the full one.
func TestEffort(t *testing.T) {
	t.Parallel()
	r := newRig(t, func(o *audio.Options) { forKinds(o); o.Complexity = 5 })
	_, listener := r.join(99, nil)
	talks := 0
	var talker *ear
	for i := range 20 {
		_, e := r.join(audio.PortID(i+1), source(func(_ int, dst []int16) media.Outcome {
			if i >= talks {
				return media.Silence
			}
			return steady(100).Pull(dst)
		}))
		if i == 0 {
			talker = e
		}
	}
	now := func(n, ticks, want int) {
		t.Helper()
		talks = n
		r.run(ticks)
		f := talker.frames[len(talker.frames)-1]
		if got := r.Stats().Complexity; got != want || f.complexity != want {
			t.Errorf("after %d ticks of %d talkers: complexity %d, encoded with %d, want %d", ticks, n, got, f.complexity, want)
		}
	}
	now(3, 20, 5)
	now(4, 9, 5)
	now(4, 1, 2)
	now(3, 200, 2) // one less is not enough: it would go to and fro
	now(2, 119, 2) // 20 until he is back in the common stream, then 100
	now(2, 2, 5)
	now(20, 9, 5)
	now(20, 1, 0)
	now(8, 119, 0)
	now(8, 2, 2)
	now(1, 150, 5)
	for i, f := range listener.frames {
		if f.complexity != 5 {
			t.Fatalf("tick %d: the common mix has complexity %d", i, f.complexity)
		}
	}
}

// TestEffortIsLeftAlone without a complexity to begin with.
func TestEffortIsLeftAlone(t *testing.T) {
	t.Parallel()
	r := newRig(t, forKinds)
	_, e := r.join(1, steady(1))
	for i := range 10 {
		r.join(audio.PortID(i+2), steady(1))
	}
	r.run(30)
	if f := e.frames[29]; f.complexity != 0 || r.Stats().Complexity != 0 {
		t.Errorf("complexity %d", f.complexity)
	}
}

// TestDTX: without it every packet is sent.
func TestDTX(t *testing.T) {
	t.Parallel()
	for _, dtx := range []bool{true, false} {
		r := newRig(t, func(o *audio.Options) { forKinds(o); o.DTX = dtx })
		r.tape.dtx = true
		_, e := r.join(1, nil)
		r.run(45)
		want := 45
		if dtx {
			want = 2 // one every 400 ms
		}
		if len(e.frames) != want {
			t.Errorf("DTX %v: %d frames in 45 ticks, want %d", dtx, len(e.frames), want)
		}
	}
}

// independent is a fake encoder that can do without prediction.
type independent struct {
	audio.ComplexitySetter
	media.AudioEncoder
	alone bool
}

func (e *independent) SetPrediction(on bool) error { e.alone = !on; return nil }

func (e *independent) CopyState(from media.AudioEncoder) error {
	return e.AudioEncoder.(media.StateCopier).CopyState(from.(*independent).AudioEncoder)
}

func (e *independent) Encode(pcm []int16, dst []byte) (int, error) {
	n, err := e.AudioEncoder.Encode(pcm, dst)
	if e.alone && n == 8 {
		dst[0] |= 0x80
	}
	return n, err
}

// unmark takes the mark of independent out of a frame.
type unmark struct {
	*ear
	alone []bool
}

func (u *unmark) WriteFrame(f *media.Frame) {
	payload := f.Fragments[0]
	u.alone = append(u.alone, payload[0]&0x80 != 0)
	clean := media.NewFramePool(1).Get()
	clean.Tick, clean.RTPTime, clean.Marker = f.Tick, f.RTPTime, f.Marker
	clean.SetPayload(append([]byte{payload[0] &^ 0x80}, payload[1:]...))
	u.ear.WriteFrame(clean)
}

// TestReturnWithoutPrediction: where encoders can, the last packet of a member's
// own stream and the first of the common one need no others, several members come
// back together, and nobody else gets such packets.
func TestReturnWithoutPrediction(t *testing.T) {
	t.Parallel()
	tp := &tape{}
	r := newRig(t, func(o *audio.Options) {
		o.NewEncoder = nil
		o.NewEncoderFor = func(k audio.Kind) (media.AudioEncoder, error) {
			e, err := tp.newEncoderFor(k)
			return &independent{AudioEncoder: e}, err
		}
	})
	r.tape = tp
	join := func(src audio.Source) *unmark {
		u := &unmark{ear: &ear{tape: tp}}
		r.Add(audio.PortID(r.Stats().Members+1), src, u)
		return u
	}
	r.Add(50, steady(10), nil)
	one := join(level(spans(span{0, 5}, span{100, 10})))
	two := join(level(spans(span{0, 5}, span{100, 13})))
	listener := join(nil)
	r.run(60)
	var at []int
	for i, alone := range listener.alone {
		if alone {
			at = append(at, i)
		}
	}
	if !slices.Equal(at, []int{40, 41}) {
		t.Errorf("the common packets %v need no others, want those of one return", at)
	}
	for _, u := range []*unmark{one, two} {
		if !slices.Equal(u.alone, listener.alone) {
			t.Errorf("his packets that need no others: %v", u.alone)
		}
		if &u.frames[40].pcm[0] == &listener.frames[40].pcm[0] || &u.frames[41].pcm[0] != &listener.frames[41].pcm[0] {
			t.Error("he does not come back between the two packets")
		}
	}
}

// TestOneHour: 180,000 ticks of a tone, with somebody who talks now and then, hold
// no silent packet, no gap and no packet too many.
func TestOneHour(t *testing.T) {
	t.Parallel()
	ticks := 180_000
	if testing.Short() || raced {
		ticks /= 20
	}
	count := &counting{}
	r := newRig(t, func(o *audio.Options) {
		o.NewEncoder = nil
		o.NewEncoderFor = func(audio.Kind) (media.AudioEncoder, error) { return count, nil }
	})
	hum := steady(1000)
	r.Add(1, hum, nil)
	var listener, talker stray
	r.Add(2, nil, &listener)
	pause := 0
	p := r.Add(3, source(func(n int, dst []int16) media.Outcome {
		if n%(100+pause) == 0 {
			pause = (pause + 37) % 211
		}
		if n%(100+pause) > 40 {
			return media.Silence
		}
		return hum.Pull(dst)
	}), &talker)
	for i := range ticks {
		if i%5000 == 0 {
			p.SetLossy(i%10000 == 0)
		}
		r.run(1)
	}
	for name, s := range map[string]stray{"listener": listener, "talker": talker} {
		if s.frames != ticks || s.silent != 0 || s.gaps != 0 {
			t.Errorf("%s: %d frames in %d ticks, %d silent, %d gaps", name, s.frames, ticks, s.silent, s.gaps)
		}
	}
	if s := r.Stats(); s.StateCopies < uint64(ticks/500) {
		t.Errorf("the talker changed streams %d times only", s.StateCopies)
	}
}

// counting encodes a tick to whether it is silent.
type counting struct{}

func (*counting) Encode(pcm []int16, dst []byte) (int, error) {
	dst[0] = 0
	for _, s := range pcm {
		if s != 0 {
			dst[0] = 1
			break
		}
	}
	return 3, nil
}
func (*counting) CopyState(media.AudioEncoder) error { return nil }
func (*counting) Close() error                       { return nil }

// stray counts what a listener should not get.
type stray struct {
	frames, silent, gaps int
	next                 int64
}

func (s *stray) WriteFrame(f *media.Frame) {
	if s.frames > 0 && (f.Tick != s.next || f.Marker) {
		s.gaps++
	}
	if f.Fragments[0][0] == 0 {
		s.silent++
	}
	s.frames, s.next = s.frames+1, f.Tick+1
}
