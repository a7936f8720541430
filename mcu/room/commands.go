package room

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Reply is what a command answers.
type Reply struct {
	Text string
	// Later, if not nil, has to be called outside of the room's goroutine: it waits
	// for a picture, for the disk or for somebody who is called. What it returns goes
	// on after Text.
	Later func(ctx context.Context) string
	Slow  bool // Later may take a minute
}

// Kind tells what a command is about.
type Kind string

// The kinds.
const (
	KindAudio       Kind = "audio"
	KindVideo       Kind = "video"
	KindModeration  Kind = "moderation"
	KindInformation Kind = "information"
	KindRecording   Kind = "recording"
	KindDial        Kind = "dial"
)

// Permission tells who may run a command.
type Permission string

// The permissions. Each has those of the ones below it: whoever runs the server may
// everything, a moderator whatever is not his alone, and for everybody; a participant
// what is for himself, a viewer of that what changes nothing but what he sees and
// hears, and his own signs.
const (
	ForOperator  Permission = "operator"
	ForModerator Permission = "moderator"
	ForSelf      Permission = "self"
	ForViewer    Permission = "viewer"
)

// CommandInfo is a command as help and documentation show it.
type CommandInfo struct {
	Name        string
	Usage       string // name and arguments in FreeSWITCH's words: the reply to rejected arguments
	Description string // one line
	Kind        Kind
	Permission  Permission
	Selector    bool     // the first word selects members
	SelfWords   []string // the only second words that somebody may give for himself; nil: any
}

// command is one entry of the table behind FreeSWITCH's "conference NAME …" words.
// Exactly one of each and run is set.
type command struct {
	CommandInfo
	// each acts on one member. word is what follows the selector, "" for nothing.
	each func(s *State, m *Member, word string) string
	// run gets all words after the name. errUsage is answered with the usage.
	run func(s *State, args []string) (Reply, error)
}

// errUsage rejects a command's arguments.
var errUsage = errors.New("room: wrong arguments")

// Errors of CommandAs.
var (
	ErrNoCommand = errors.New("room: no such command")
	ErrDenied    = errors.New("room: not allowed")
)

// eachOf and runOf make entries of a family of commands: what follows the name in
// their usage, a line that describes them, and what they do.
func eachOf(k Kind, p Permission) func(name, usage, description string, f func(*State, *Member, string) string) command {
	return func(name, usage, description string, f func(*State, *Member, string) string) command {
		return command{each: f, CommandInfo: CommandInfo{
			Name: name, Usage: name + usage, Description: description, Kind: k, Permission: p, Selector: true}}
	}
}

func runOf(k Kind, p Permission) func(name, usage, description string, f func(*State, []string) (Reply, error)) command {
	return func(name, usage, description string, f func(*State, []string) (Reply, error)) command {
		return command{run: f, CommandInfo: CommandInfo{Name: name, Usage: name + usage, Description: description, Kind: k, Permission: p}}
	}
}

// commands is the table.
func commands() []command {
	return slices.Concat(audioCommands(), soundCommands(), gateCommands(), playCommands(), memberVideoCommands(), seatCommands(),
		canvasCommands(), moderationCommands(), doorCommands(), peopleCommands(), dialCommands(), recordCommands(),
		informationCommands(), variableCommands())
}

// listed is the table in the order in which help lists it: FreeSWITCH's, and then ours.
func listed() []command {
	order := map[string]int{}
	for i, name := range freeSWITCHOrder() {
		order[name] = i - len(freeSWITCHOrder())
	}
	all := commands()
	slices.SortStableFunc(all, func(a, b command) int { return cmp.Compare(order[a.Name], order[b.Name]) })
	return all
}

// freeSWITCHOrder is how FreeSWITCH's help lists its commands. Its second pause, for
// files that play, is called by its name, pause_play.
func freeSWITCHOrder() []string {
	return strings.Fields(`canvas-auto-clear count list xml_list json_list energy auto-energy max-energy agc vid-canvas
		vid-watching-canvas vid-layer volume_in volume_out position auto-3d-position play moh pause_play play_status file_seek
		say saymember cam stop dtmf kick vid-flip vid-border hup hold unhold mute tmute unmute vmute tvmute vmute-snap unvmute
		vblind tvblind unvblind deaf undeaf vid-filter relate getvar setvar lock unlock dial bgdial transfer record chkrecord
		norecord pause resume recording exit_sound enter_sound pin nopin get set file-vol floor vid-floor vid-banner vid-mute-img
		vid-logo-img vid-codec-group vid-res-id vid-role-id get-uuid clear-vid-floor vid-layout vid-write-png vid-fps vid-res
		vid-fgimg vid-bgimg vid-bandwidth vid-personal`)
}

// LookUp finds a command by its name, which may be in any case.
func LookUp(name string) (CommandInfo, bool) {
	c, ok := find(name)
	return c.CommandInfo, ok
}

// CommandTable lists all commands.
func CommandTable() []CommandInfo {
	var out []CommandInfo
	for _, c := range listed() {
		out = append(out, c.CommandInfo)
	}
	return out
}

// find looks a command up; its name may be in any case.
func find(name string) (command, bool) {
	all := commands()
	i := slices.IndexFunc(all, func(c command) bool { return strings.EqualFold(c.Name, name) })
	if i < 0 {
		return command{}, false
	}
	return all[i], true
}

// Command runs one command of the conference API for whoever runs the server; ok is
// false when there is none of that name.
func (s *State) Command(name string, args ...string) (reply Reply, ok bool) {
	c, ok := find(name)
	if !ok {
		return Reply{}, false
	}
	return s.call(c, args), true
}

// CommandAs runs a command for a member, who may what his role says. With an error,
// which is ErrNoCommand, ErrDenied or ErrNoMember, nothing happened. Only moderators
// learn which commands there are.
func (s *State) CommandAs(by MemberID, name string, args ...string) (Reply, error) {
	m, err := s.Member(by)
	if err != nil {
		return Reply{}, err
	}
	c, ok := find(name)
	switch {
	case !ok && m.req.Role == Moderator:
		return Reply{}, ErrNoCommand
	case !ok, !c.allows(m, args):
		return Reply{}, ErrDenied
	}
	return s.call(c, args), nil
}

// allows reports whether m may run a command with these words.
func (c command) allows(m *Member, args []string) bool {
	self := false // a command that is made for this role, on himself
	switch m.req.Role {
	case Moderator:
		return c.Permission != ForOperator
	case Participant:
		self = c.Permission == ForSelf || c.Permission == ForViewer
	case Viewer:
		self = c.Permission == ForViewer
	}
	return self && names(arg(args, 0), m.id) && (c.SelfWords == nil || slices.Contains(c.SelfWords, arg(args, 1)))
}

func (s *State) call(c command, args []string) Reply {
	var r Reply
	var err error
	if c.each != nil {
		r.Text, err = s.forEach(c.each, args)
	} else {
		r, err = c.run(s, args)
	}
	if err != nil {
		r.Text += c.Usage
	}
	return r
}

// say is a Reply of text alone.
func say(format string, args ...any) (Reply, error) {
	return Reply{Text: fmt.Sprintf(format, args...)}, nil
}

// arg is a word of a command's arguments, "" if there are not so many.
func arg(args []string, i int) string {
	if i < len(args) {
		return args[i]
	}
	return ""
}
