package room

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// dialCommands are those that call somebody into the room.
func dialCommands() []command {
	run := runOf(KindDial, ForModerator)
	const usage = " <endpoint_module_name>/<destination> <callerid number> <callerid name>"
	return []command{
		run("dial", usage, "calls a user into the room (user/1001, or his name alone) and answers when he came, or why he did not", dial),
		run("bgdial", usage, "calls him likewise and answers at once; an event tells the rest", bgdial),
	}
}

// errNoSwitchboard says that the server has nothing to transfer and call with.
var errNoSwitchboard = errors.New("room: no switchboard")

// Bounds of calls.
const (
	dialTimeout = 60 * time.Second
	maxDialURL  = 512 // bytes
	maxDials    = 20  // at a time
)

// parseDial reads the words of dial.
func (s *State) parseDial(args []string) (Dial, bool) {
	d := Dial{URL: arg(args, 0), CallerNumber: cleanName(arg(args, 1)), CallerName: cleanName(arg(args, 2)), Timeout: dialTimeout}
	name, number := s.CallerID()
	if d.CallerNumber == "" {
		d.CallerNumber = number
	}
	if d.CallerName == "" {
		d.CallerName = name
	}
	return d, d.URL != "" && len(d.URL) <= maxDialURL
}

// checkDial reads a call's words; ok is false where it cannot be made.
func (s *State) checkDial(args []string) (d Dial, refusal Reply, ok bool, err error) {
	d, ok = s.parseDial(args)
	switch {
	case !ok:
		return d, Reply{Text: "-ERR Bad Args\n"}, false, errUsage
	case s.room.switchboard == nil:
		return d, Reply{Text: noSwitchboard}, false, nil
	}
	return d, Reply{}, true, nil
}

const tooManyCalls = "-ERR too many calls\n"

// takeDial counts a call in; false when there are too many. While there are calls the
// room goes on without members.
func (r *Room) takeDial() bool {
	if r.dials.Add(1) > maxDials {
		r.dials.Add(-1)
		return false
	}
	return true
}

// dial lets the room go on while it rings.
func dial(s *State, args []string) (Reply, error) {
	d, refusal, ok, err := s.checkDial(args)
	if !ok {
		return refusal, err
	}
	r := s.room
	return Reply{Slow: true, Later: func(ctx context.Context) string {
		if !r.takeDial() {
			return tooManyCalls
		}
		return fmt.Sprintf("+OK Call Requested: result: [%s]\n", r.dial(ctx, d))
	}}, nil
}

// dial makes a call that was counted in; not on the room's goroutine.
func (r *Room) dial(ctx context.Context, d Dial) (cause string) {
	defer r.dials.Add(-1)
	ctx, cancel := context.WithTimeout(ctx, d.Timeout)
	defer cancel()
	return r.switchboard.Dial(ctx, r, d)
}

// bgdial tells the result by an event.
func bgdial(s *State, args []string) (Reply, error) {
	d, refusal, ok, err := s.checkDial(args)
	switch {
	case !ok:
		return refusal, err
	case !s.room.takeDial():
		return say(tooManyCalls)
	}
	job := newUUID()
	s.Background(func(ctx context.Context) {
		cause := s.room.dial(ctx, d)
		s.room.post(func(s *State) { s.happened("bgdial-result", nil, Header{"Result", cause}, Header{"Job-UUID", job}) })
	})
	return say("+OK Job-UUID: %s\n", job)
}

// Background runs f off the room's goroutine. Its context ends with the room, which
// waits for f then.
func (s *State) Background(f func(ctx context.Context)) {
	r := s.room
	r.wg.Go(func() { f(r.life) })
}
