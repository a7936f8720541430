package room

import (
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
	// for a picture or for the disk. What it returns goes on after Text.
	Later func(ctx context.Context) string
}

// Kind tells what a command is about.
type Kind string

// The kinds.
const (
	KindAudio       Kind = "audio"
	KindVideo       Kind = "video"
	KindModeration  Kind = "moderation"
	KindInformation Kind = "information"
)

// Permission tells who may run a command.
type Permission string

// The permissions. What a participant may run for himself, a moderator may run for
// everybody.
const (
	ForModerator Permission = "moderator"
	ForSelf      Permission = "self"
)

// CommandInfo is a command as help and documentation show it.
type CommandInfo struct {
	Name        string
	Usage       string // name and arguments in FreeSWITCH's words: the reply to rejected arguments
	Description string // one line
	Kind        Kind
	Permission  Permission
	SelfWords   []string // the only second words that a participant may give; nil: any
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

// commands is the table, in the order in which help lists it.
func commands() []command {
	return slices.Concat(audioCommands(), soundCommands(), playCommands(), memberVideoCommands(), seatCommands(), canvasCommands(), otherCommands())
}

// CommandTable lists all commands.
func CommandTable() []CommandInfo {
	var out []CommandInfo
	for _, c := range commands() {
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

// Command runs one command of the conference API; ok is false when there is none of
// that name. The caller has checked the role.
func (s *State) Command(name string, args ...string) (reply Reply, ok bool) {
	c, ok := find(name)
	if !ok {
		return Reply{}, false
	}
	return s.call(c, args), true
}

// SelfCommand runs a command for a participant who acts on himself. It is not
// allowed if the command is not made for that or names anybody else than id; then
// nothing happens.
func (s *State) SelfCommand(id MemberID, name string, args ...string) (reply Reply, allowed bool) {
	c, ok := find(name)
	switch {
	case !ok, c.Permission != ForSelf, len(args) == 0, !names(args[0], id):
		return Reply{}, false
	case c.SelfWords != nil && (len(args) < 2 || !slices.Contains(c.SelfWords, args[1])):
		return Reply{}, false
	}
	return s.call(c, args), true
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

// otherCommands are those about members as such, and the help.
func otherCommands() []command {
	info := func(name, usage, description string) CommandInfo {
		return CommandInfo{Name: name, Usage: usage, Description: description, Kind: KindInformation, Permission: ForModerator}
	}
	return []command{
		{CommandInfo: CommandInfo{Name: "kick", Usage: "kick <[member_id|all|last|non_moderator]> [<optional sound file>]",
			Description: "removes a member", Kind: KindModeration, Permission: ForModerator},
			each: func(s *State, m *Member, _ string) string {
				s.Kick(m)
				return fmt.Sprintf("+OK kicked %d\n", m.id)
			}},
		{CommandInfo: info("help", "help", "lists the commands"), run: help},
		{CommandInfo: info("commands", "commands", "lists the commands"), run: help},
	}
}

func help(*State, []string) (Reply, error) {
	var b strings.Builder
	for _, c := range commands() {
		fmt.Fprintf(&b, "\t\t%s\n\t\t\t%s\n", c.Usage, c.Description)
	}
	return Reply{Text: b.String()}, nil
}
