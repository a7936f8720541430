package room

import (
	"fmt"
	"strings"
)

// peopleCommands are those by which people give signs.
func peopleCommands() []command {
	each := eachOf(KindModeration, ForViewer)
	return []command{
		each("hand", usageOne+" [on|off|toggle]", "raises or lowers a hand", hand),
		each("rename", usageOne+" <name>", "gives a member another name; quote one of several words", rename),
		each("react", usageOne+" <emoji>", "shows everybody a reaction, a few in a second at most", react),
	}
}

func hand(s *State, m *Member, word string) string {
	up := m.hand.IsZero()
	switch {
	case word == "", strings.EqualFold(word, "toggle"):
	case isTrue(word), isFalse(word):
		up = isTrue(word)
	default:
		return invalidData
	}
	s.SetHand(m, up)
	if up {
		return fmt.Sprintf("+OK hand %d up\n", m.id)
	}
	return fmt.Sprintf("+OK hand %d down\n", m.id)
}

func rename(s *State, m *Member, name string) string {
	if !s.Rename(m, name) {
		return fmt.Sprintf("-ERR member %d cannot have that name\n", m.id)
	}
	return done("rename", m)
}

func react(s *State, m *Member, reaction string) string {
	if !s.React(m, reaction) {
		return fmt.Sprintf("-ERR no reaction of member %d\n", m.id)
	}
	return done("react", m)
}
