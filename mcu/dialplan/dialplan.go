package dialplan

import (
	"errors"
	"fmt"
	"log/slog"
	"time"
	"unicode/utf8"

	"github.com/omniverto/omniverto/mcu/directory"
)

// Call is who calls what.
type Call struct {
	Destination  string // as dialled
	Context      string // of the caller; "" is the plan's own
	CallerName   string
	CallerNumber string
	User, Domain string // who calls; a guest's User is not in the directory
	// Variables are channel variables that the server knows (the directory's, presence_id):
	// never those that a client sent.
	Variables map[string]string
	// Guest holds a token: the built-in plan counts for him, whatever the XML says.
	Guest bool
}

// Kind is what a call is to do.
type Kind uint8

// The kinds of targets. The zero value hangs up.
const (
	Hangup     Kind = iota // end with Target.Cause
	Conference             // join Target.Room
	User                   // call Target.User
)

// String is the kind's name in logs.
func (k Kind) String() string {
	switch k {
	case Conference:
		return "conference"
	case User:
		return "user"
	}
	return "hangup"
}

// Target is where a call leads.
type Target struct {
	Kind Kind

	// Of a conference.
	Room    string
	Profile string // conference profile; "default" if the plan names none
	PIN     string // that the room asks for if this call makes it; what the caller supplies is the variable supplied_pin
	// Flags are member and conference flags separated by '|': those of the application
	// and those of the variables conference_member_flags, conference_member_flags_FLAG
	// and conference_flags, set by the plan or known of the caller.
	Flags    string
	Screen   bool // NAME-screen: the leg carries the room's shared screen
	Personal bool // NAME-personal: the leg asks for a canvas of its own
	Canvas   int  // NAME-canvas-N: a second screen that shows canvas N as dialled; else -1

	User string // user@domain to be called

	Cause int // Q.850 hangup cause of Hangup

	// DisplayName and DisplayNumber are what the caller is shown (send_display); "" none.
	DisplayName, DisplayNumber string
	// Delay is how long the plan wants to wait before it connects (sleep), at most [MaxDelay].
	Delay time.Duration
	// Variables are those that the plan has set or exported and not unset again. They
	// include what stands in braces before a bridged user.
	Variables map[string]string
}

// MaxDelay bounds [Target.Delay].
const MaxDelay = 2 * time.Second

// Hangup causes that a plan names itself (Q.850).
const (
	CauseNoRoute          = 3
	CauseNormalClearing   = 16
	CauseSubscriberAbsent = 20
	CauseOutOfOrder       = 27
)

// Limits of one route. They are far above any real plan.
const (
	maxTransfers   = 10
	maxActions     = 10_000
	maxDestination = 256     // bytes
	maxText        = 8 << 10 // bytes of anything expanded
	maxVariables   = 500     // that a plan sets
)

// Plan is a dialplan. It is immutable. Construct with [Parse] or [Builtin].
type Plan struct {
	users    func(id, domain string) bool
	log      *slog.Logger
	now      func() time.Time
	contexts map[string]*context // nil: the built-in plan
	context  string              // of calls that name none
	globals  map[string]string   // the tree's variables
	unknown  []string
}

// Unknown names what the plan's document holds and is passed over, each once.
func (p *Plan) Unknown() []string { return p.unknown }

// Route follows a call to its target. What leads nowhere is an error that wraps
// [directory.ErrDestination].
func (p *Plan) Route(c Call) (Target, error) {
	if len(c.Destination) > maxDestination || !utf8.ValidString(c.Destination) {
		return Target{}, fmt.Errorf("dialplan: destination %.80q: %w", c.Destination, directory.ErrDestination)
	}
	if p.contexts == nil || c.Guest {
		return p.builtin(c)
	}
	t, err := p.follow(c)
	if err == nil || !errors.Is(err, directory.ErrDestination) {
		return t, err
	}
	return p.suffixed(c, err)
}

// suffixed is for the forms of a room's name that a plan knows nothing of: who may
// come into a room may have its shared screen, a second screen and a canvas of his own
// as well. A plan's own word counts first.
func (p *Plan) suffixed(c Call, unknown error) (Target, error) {
	form, err := directory.ParseRoute(c.Destination)
	if err != nil || !form.Screen && !form.Personal && form.Canvas < 0 {
		return Target{}, unknown
	}
	c.Destination = form.Room
	t, err := p.follow(c)
	if err != nil || t.Kind != Conference {
		return Target{}, unknown
	}
	t.Screen, t.Personal, t.Canvas = form.Screen, form.Personal, form.Canvas
	return t, nil
}

// exists asks whether a user is in the directory.
func (p *Plan) exists(id, domain string) bool {
	return p.users != nil && id != "" && p.users(id, domain)
}
