package audio

import (
	"time"

	"github.com/omniverto/omniverto/media"
)

// Ceiling takes a voice that is too loud out of the mix for a while, as FreeSWITCH's
// max-energy does: somebody whose microphone howls or who moves his chair.
type Ceiling struct {
	Level int           // score above which a tick is too loud; 0 and less: none
	Ticks int           // how many of them are borne: those below make up for those above
	Mute  time.Duration // how long he is not heard after one more
}

// SetCeiling sets a member's ceiling.
func (p *Port) SetCeiling(c Ceiling) { p.ceiling.Store(&c) }

// burst is how loud somebody was. The step's.
type burst struct {
	loud int // ticks above the ceiling, less those below
	mute int // ticks that he is still not heard
}

// hear takes the score of one tick and reports whether it is not to be heard.
func (b *burst) hear(score int, c *Ceiling) (mute bool) {
	if c == nil || c.Level <= 0 || c.Mute <= 0 {
		*b = burst{}
		return false
	}
	if score > c.Level {
		b.loud = min(b.loud, c.Ticks) + 1
	} else {
		b.loud = max(b.loud-1, 0)
	}
	switch {
	case b.loud > c.Ticks:
		b.mute = int(c.Mute / media.AudioTick)
	case b.mute > 0:
		b.mute--
	}
	return b.mute > 0
}
