package audio_test

import (
	"testing"
	"time"

	"github.com/omniverto/omniverto/mixer/audio"
)

// TestCeiling tells the ticks in which somebody is not heard: from one more than are
// borne, until the mute time after the last.
func TestCeiling(t *testing.T) {
	t.Parallel()
	howl := audio.Ceiling{Level: 500, Ticks: 3, Mute: 200 * time.Millisecond}
	for _, c := range []struct {
		name     string
		ceiling  audio.Ceiling
		said     func(n int) int
		from, to int // unheard ticks [from, to); -1 none
	}{
		{"none", audio.Ceiling{}, spans(span{2000, 60}), -1, -1},
		{"no time", audio.Ceiling{Level: 500, Ticks: 3}, spans(span{2000, 60}), -1, -1},
		{"as loud as allowed", howl, spans(span{500, 60}), -1, -1},
		{"short enough", howl, spans(span{2000, 3}, span{400, 60}), -1, -1},
		{"too long", howl, spans(span{2000, 4}, span{400, 56}), 3, 13},
		{"goes on", howl, spans(span{2000, 30}, span{400, 30}), 3, 39},
		{"quiet ticks make up for it", howl, spans(span{2000, 2}, span{400, 1}, span{2000, 2}, span{400, 55}), -1, -1},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := newRig(t, func(o *audio.Options) { o.EnergyLevel = 0 })
			p, _ := r.join(1, level(c.said))
			p.SetCeiling(c.ceiling)
			from, to := -1, -1
			for i := range 60 {
				r.run(1)
				heard := p.State().Score > 0
				if !heard && from < 0 {
					from = i
				}
				if heard && from >= 0 && to < 0 {
					to = i
				}
			}
			if from != c.from || to != c.to {
				t.Errorf("unheard in ticks [%d, %d), want [%d, %d)", from, to, c.from, c.to)
			}
		})
	}
}
