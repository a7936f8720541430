package mcu

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/omniverto/omniverto/mcu/admin"
	"github.com/omniverto/omniverto/mcu/directory"
	"github.com/omniverto/omniverto/mcu/room"
)

// dialPatience is how long a command may take that calls somebody: he has a minute.
const dialPatience = 70 * time.Second

// newRoomProfile is the profile of a room that a call makes, as in FreeSWITCH.
const newRoomProfile = "default"

// apiCommands are those of FreeSWITCH's API commands that exist here.
type apiCommands struct {
	find    func(room string) steered                   // nil: no such room
	all     func() []steered                            // in no order
	open    func(room, profile string) (steered, error) // the live one, or a new one
	bury    func(context.Context, steered) error        // waits until one that ends is none of all
	contact func(user string) []string                  // sessions of user@domain
	calls   func() int                                  // that are in a room
	domain  string                                      // of users who are named without one
	started time.Time                                   // of the server
	ready   func() bool                                 // takes calls
}

// runAPI runs one of FreeSWITCH's API commands and returns its reply as it is. known
// is false when there is no such command here. It may be called from any goroutine;
// the caller has checked who asks.
func (s *Server) runAPI(ctx context.Context, cmd, arg string) (reply string, known bool) {
	return s.apiCommands().run(ctx, cmd, arg)
}

func (s *Server) apiCommands() *apiCommands {
	return &apiCommands{
		find: s.rooms.steered, all: s.rooms.allSteered,
		open: func(name, profile string) (steered, error) {
			h, err := s.rooms.get(wish{name: name, domain: s.domain, profile: profile})
			if err != nil {
				return nil, err
			}
			return h, nil
		},
		bury: func(ctx context.Context, ended steered) error {
			h := ended.(*hosted)
			select {
			case <-h.Done():
				s.rooms.forget(h.Name(), h)
				return nil
			case <-ctx.Done():
				return ctx.Err()
			}
		},
		contact: func(user string) (ids []string) {
			for _, session := range s.verto.SessionsOf(user) {
				ids = append(ids, session.ID())
			}
			return ids
		},
		calls: s.calls.count, domain: s.domain, started: s.started, ready: s.ready.Load,
	}
}

// run runs a command; known is false when there is none of that name.
func (c *apiCommands) run(ctx context.Context, cmd, arg string) (reply string, known bool) {
	switch strings.ToLower(cmd) {
	case "conference":
		return c.conference(ctx, arg), true
	case "status":
		return c.status(), true
	case "version":
		if strings.TrimSpace(arg) == "short" {
			return Version + "\n", true
		}
		return "Omniverto Version " + Version + "\n", true
	case "verto_contact":
		return c.dialString(strings.TrimSpace(arg)), true
	case "echo":
		return arg, true
	}
	return "", false
}

// conference is FreeSWITCH's "conference" command. A room goes before the words that
// need none, should it be called like one of them.
func (c *apiCommands) conference(ctx context.Context, line string) string {
	words := room.Split(line)
	if len(words) > 0 {
		if reply, found, err := c.inRoom(ctx, words[0], words[1:]); found || err != nil {
			return orRefusal(reply, err)
		}
	}
	rooms, err := c.listings(ctx)
	if err != nil {
		return orRefusal("", err)
	}
	if reply, ok := room.ListRooms(words, rooms); ok {
		return reply
	}
	return notFound(words[0])
}

func notFound(name string) string { return fmt.Sprintf("-ERR Conference %s not found\n", name) }

// orRefusal is a reply, or what there is instead of one.
func orRefusal(reply string, err error) string {
	switch {
	case err == nil:
		return reply
	case errors.Is(err, context.DeadlineExceeded):
		return "-ERR the room does not answer\n"
	case errors.Is(err, context.Canceled), errors.Is(err, errClosing):
		return "-ERR the server is stopping\n"
	}
	return "-ERR the room failed; the log tells why\n"
}

// inRoom runs a command in a room. found is false when there is no such room; one
// that is called into (dial, bgdial) is made.
func (c *apiCommands) inRoom(ctx context.Context, name string, words []string) (reply string, found bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, patienceFor(words))
	defer cancel()
	for {
		h := c.find(name)
		if h == nil {
			if h, err = c.dialled(name, words); h == nil || err != nil {
				return "", false, err
			}
		}
		reply, err = h.Execute(ctx, admin.Line(words))
		switch {
		case !errors.Is(err, room.ErrEnded):
			return reply, true, err
		case !dials(words):
			return "", false, nil
		}
		if err := c.bury(ctx, h); err != nil { // and make it anew
			return "", false, err
		}
	}
}

// dials reports whether a command calls somebody.
func dials(words []string) bool {
	return len(words) > 1 && (strings.EqualFold(words[0], "dial") || strings.EqualFold(words[0], "bgdial"))
}

func patienceFor(words []string) time.Duration {
	if len(words) > 0 && strings.EqualFold(words[0], "dial") {
		return dialPatience
	}
	return roomPatience
}

// dialled makes the room that does not exist and that somebody is called into, as
// NAME or NAME@PROFILE; nil when the words are others or nobody is named.
func (c *apiCommands) dialled(name string, words []string) (steered, error) {
	name, profile, named := strings.Cut(name, "@")
	if !named {
		profile = newRoomProfile
	}
	if !dials(words) || !directory.ValidRoom(name) {
		return nil, nil
	}
	return c.open(name, profile)
}

// listings reads what lists tell of all rooms, in the order of their names.
func (c *apiCommands) listings(ctx context.Context) ([]room.Listing, error) {
	ctx, cancel := context.WithTimeout(ctx, roomPatience)
	defer cancel()
	var out []room.Listing
	for _, h := range c.all() {
		l, err := h.listing(ctx)
		if errors.Is(err, room.ErrEnded) {
			continue
		}
		if err != nil {
			return nil, err
		}
		out = append(out, l)
	}
	slices.SortFunc(out, func(a, b room.Listing) int { return cmp.Compare(a.Name, b.Name) })
	return out, nil
}

// status tells about the server in the form of FreeSWITCH's command, as far as it has
// such numbers.
func (c *apiCommands) status() string {
	ready := "ready"
	if !c.ready() {
		ready = "not ready"
	}
	return fmt.Sprintf("UP %s\nOmniverto (Version %s) is %s\n%d session(s)\n%d conference(s)\n",
		uptime(time.Since(c.started)), Version, ready, c.calls(), len(c.all()))
}

// uptime is a duration in FreeSWITCH's words; its years have 365 days.
func uptime(d time.Duration) string {
	const day = 24 * time.Hour
	var parts []string
	for _, u := range []struct {
		name string
		size time.Duration
	}{
		{"year", 365 * day}, {"day", day}, {"hour", time.Hour}, {"minute", time.Minute},
		{"second", time.Second}, {"millisecond", time.Millisecond}, {"microsecond", time.Microsecond},
	} {
		n := d / u.size
		d -= n * u.size
		plural := "s"
		if n == 1 {
			plural = ""
		}
		parts = append(parts, fmt.Sprintf("%d %s%s", n, u.name, plural))
	}
	return strings.Join(parts, ", ")
}

// dialString is what reaches all connections of a user.
func (c *apiCommands) dialString(user string) string {
	if user != "" && !strings.Contains(user, "@") {
		user += "@" + c.domain
	}
	var urls []string
	for _, id := range c.contact(user) {
		urls = append(urls, "verto.rtc/u:"+id)
	}
	if len(urls) == 0 {
		return "error/user_not_registered"
	}
	return strings.Join(urls, ",")
}
