package dialplan

import (
	"fmt"
	"strings"

	"github.com/omniverto/omniverto/mcu/directory"
)

// userPrefix is how a destination names a person, not a room.
const userPrefix = "user/"

// Builtin is the plan of a server without dialplan XML: every name is a room, with
// FreeSWITCH's vanilla sizes for 35xx to 38xx; user/NAME, and a number that is a
// user of the caller's domain, is that user. No dialled name gives any right.
// users tells whether a user exists; nil: there are none.
func Builtin(users func(id, domain string) bool) *Plan { return &Plan{users: users} }

func (p *Plan) builtin(c Call) (Target, error) {
	if user, ok := p.person(c); ok {
		return user, nil
	}
	r, err := directory.ParseRoute(c.Destination)
	if err != nil {
		return Target{}, fmt.Errorf("dialplan: %w", err)
	}
	return Target{
		Kind: Conference, Room: r.Room, Profile: r.Profile,
		Screen: r.Screen, Personal: r.Personal, Canvas: r.Canvas,
		Flags: flags("", func(name string) string { return c.Variables[name] }, c.Variables),
	}, nil
}

// person is the user that a destination of the built-in plan names.
func (p *Plan) person(c Call) (Target, bool) {
	name, named := strings.CutPrefix(c.Destination, userPrefix)
	name, domain, _ := strings.Cut(name, "@")
	if domain == "" {
		domain = c.Domain
	}
	digits := name != "" && strings.Trim(name, "0123456789") == ""
	if c.Guest || !named && !digits || !p.exists(name, domain) {
		return Target{}, false
	}
	return Target{Kind: User, User: name + "@" + domain, Canvas: -1}, true
}
