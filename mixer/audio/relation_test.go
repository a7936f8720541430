package audio_test

import (
	"fmt"
	"testing"

	"github.com/omniverto/omniverto/mixer/audio"
)

// TestRelations: what each of three who say 100, 200 and 400 hears, for every
// relation; sums tell who is in them.
func TestRelations(t *testing.T) {
	t.Parallel()
	type set struct {
		from, to audio.PortID
		r        audio.Relation
	}
	noSpeak, noHear := audio.Relation{NoSpeak: true}, audio.Relation{NoHear: true}
	for _, c := range []struct {
		name string
		sets []set
		want [4]int // members 1 to 3 and a listener, 4
	}{
		{"none", nil, [4]int{600, 500, 300, 700}},
		{"1 is not heard by 2", []set{{1, 2, noSpeak}}, [4]int{600, 400, 300, 700}},
		{"1 does not hear 2", []set{{1, 2, noHear}}, [4]int{400, 500, 300, 700}},
		{"both", []set{{1, 2, audio.Relation{NoSpeak: true, NoHear: true}}}, [4]int{400, 400, 300, 700}},
		{"directed", []set{{2, 1, noSpeak}}, [4]int{400, 500, 300, 700}},
		{"the last one counts", []set{{1, 2, noSpeak}, {1, 2, noHear}}, [4]int{400, 500, 300, 700}},
		{"each direction by itself", []set{{1, 2, noSpeak}, {2, 1, noSpeak}}, [4]int{400, 400, 300, 700}},
		{"removed", []set{{1, 2, noSpeak}, {1, 2, audio.Relation{}}}, [4]int{600, 500, 300, 700}},
		{"removing the other direction", []set{{1, 2, noSpeak}, {2, 1, audio.Relation{}}}, [4]int{600, 400, 300, 700}},
		{"twice the same", []set{{1, 2, noSpeak}, {2, 1, noHear}}, [4]int{600, 400, 300, 700}},
		{"a listener", []set{{4, 3, noHear}, {1, 4, noSpeak}}, [4]int{600, 500, 300, 200}},
		{"oneself", []set{{1, 1, noSpeak}}, [4]int{600, 500, 300, 700}},
		{"nobody hears 3", []set{{3, 1, noSpeak}, {3, 2, noSpeak}, {3, 4, noSpeak}}, [4]int{200, 100, 300, 300}},
	} {
		for _, early := range []bool{true, false} {
			t.Run(fmt.Sprint(c.name, early), func(t *testing.T) {
				r := newRig(t, nil)
				join := func() (ears [4]*ear) {
					for i, v := range [...]int{100, 200, 400} {
						_, ears[i] = r.join(audio.PortID(i+1), steady(v))
					}
					_, ears[3] = r.join(4, nil)
					return ears
				}
				relate := func() {
					for _, s := range c.sets {
						r.SetRelation(s.from, s.to, s.r)
					}
				}
				var ears [4]*ear
				if early {
					relate()
					ears = join()
				} else {
					ears = join()
					r.run(3)
					relate()
				}
				r.run(3)
				for i, e := range ears {
					if got := peakOf(e.last(t)); got != c.want[i] {
						t.Errorf("member %d hears %d, want %d", i+1, got, c.want[i])
					}
				}
			})
		}
	}
}

// TestRelationFromTheStart: who comes into a relation hears nothing of it, not
// even a fade.
func TestRelationFromTheStart(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	r.join(1, steady(1000))
	r.SetRelation(1, 2, audio.Relation{NoSpeak: true})
	r.run(5)
	_, e := r.join(2, nil)
	r.run(5)
	if got := peakOf(e.pcm()); got != 0 {
		t.Errorf("hears a peak of %d", got)
	}
}

// TestRelationsShare: while nobody speaks whom he does not hear, a member is
// served by the common mix.
func TestRelationsShare(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	r.join(1, level(spans(span{0, 50}, span{500, 50})))
	r.join(2, steady(300))
	r.join(3, nil)
	r.SetRelation(1, 3, audio.Relation{NoSpeak: true})
	r.run(50)
	if s := r.Stats(); s.Listeners != 2 || s.OwnEncodes != 50 {
		t.Errorf("%+v", s)
	}
	r.run(50)
	if s := r.Stats(); s.Listeners != 0 || s.OwnEncodes != 200 {
		t.Errorf("%+v", s)
	}
	r.run(21)
	if s := r.Stats(); s.Listeners != 2 {
		t.Errorf("%+v", s)
	}
}
