package room

import (
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/omniverto/omniverto/mcu/decor"
)

// SetHand raises or lowers a member's hand. One that is up stays up since then.
func (s *State) SetHand(m *Member, up bool) {
	if up == !m.hand.IsZero() {
		return
	}
	m.hand = time.Time{}
	if up {
		m.hand = time.Now()
	}
	s.changed(m)
}

// Rename gives a member another display name; false when nothing of it can be
// shown. A banner that shows his name goes on doing so.
func (s *State) Rename(m *Member, name string) bool {
	name = cleanName(name)
	if !readable(name) {
		return false
	}
	old := m.req.Name
	if name == old {
		return true
	}
	m.req.Name = name
	m.look.banner = renamed(m.look.banner, old, name)
	m.req.Look.Banner = renamed(m.req.Look.Banner, old, name)
	m.log.Info("member renamed", "from", old, "to", name)
	s.changed(m)
	s.show() // initials and banner
	return true
}

// renamed is a banner's words with another name in place of the old one, if that is
// all it shows.
func renamed(words, old, name string) string {
	b, err := decor.ParseBanner(words)
	if err != nil || words == "" || b.Text != old || !strings.HasSuffix(words, old) {
		return words
	}
	b.Text = name
	changed := strings.TrimSuffix(words, old) + name
	if now, err := decor.ParseBanner(changed); err != nil || now != b {
		return words
	}
	return changed
}

// Bounds of reactions.
const (
	maxReaction   = 8 // runes: the longest emoji are seven, joined
	reactionBurst = 5 // one after the other, and as many a second
)

// React shows everybody a member's reaction, one emoji or a word; false when it is
// none or comes too soon after others.
func (s *State) React(m *Member, reaction string) bool {
	if utf8.RuneCountInString(reaction) > maxReaction {
		return false
	}
	reaction = cleanName(reaction)
	if !readable(reaction) || !m.reactions.take(time.Now(), reactionBurst, reactionBurst) {
		return false
	}
	s.observer.Reacted(s.info(m), reaction)
	return true
}

// readable reports whether a text has anything to be seen.
func readable(text string) bool {
	return strings.ContainsFunc(text, func(c rune) bool { return unicode.IsGraphic(c) && !unicode.IsSpace(c) })
}

// bucket limits how often something may be done: burst times at once, and then
// rate times a second. The zero value is full.
type bucket struct {
	used float64
	last time.Time
}

func (b *bucket) take(now time.Time, burst, rate float64) bool {
	b.used = max(b.used-now.Sub(b.last).Seconds()*rate, 0)
	b.last = now
	if b.used+1 > burst {
		return false
	}
	b.used++
	return true
}
