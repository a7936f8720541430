package room

import (
	"fmt"
	"strings"
)

// usageAll is another way in which FreeSWITCH words a command that takes a member.
const usageAll = " <[member_id|all|last|non_moderator]>"

// moderationCommands are those that remove, move and promote members.
func moderationCommands() []command {
	each, run := eachOf(KindModeration, ForModerator), runOf(KindModeration, ForModerator)
	banning := each("ban", usageAll, "removes a member, or somebody who waits, and keeps him out while the room lasts", nil)
	banning.run = ban
	return []command{
		each("kick", usageAll+" [<optional sound file>]", "removes a member, who hears that sound then, or the profile's",
			func(s *State, m *Member, sound string) string {
				m.lastSound = sound
				s.Kick(m)
				return done("kicked", m)
			}),
		each("hup", usageAll, "removes a member in silence", func(s *State, m *Member, _ string) string {
			s.Hangup(m)
			return done("hup", m)
		}),
		banning,
		each("promote", usageOne, "makes a member a moderator", func(s *State, m *Member, _ string) string {
			s.Promote(m, Moderator)
			return done("promote", m)
		}),
		each("demote", usageOne+" [viewer]", "makes a member a participant, or with viewer somebody who only sees and hears",
			func(s *State, m *Member, word string) string {
				role := Participant
				if strings.EqualFold(word, string(Viewer)) {
					role = Viewer
				}
				s.Promote(m, role)
				return done("demote", m)
			}),
		each("dtmf", usageAll+" <digits>", "sends digits to a member's phone", sendDTMF),
		run("transfer", " <conference_name> <member id> [...<member id>]",
			"moves members to another conference; its profile may stand after an @", transfer),
		run("endconf", "", "ends the conference for all", func(s *State, _ []string) (Reply, error) {
			s.End()
			return say("+OK %s ended\n", s.room.name)
		}),
	}
}

// ban reaches those who wait by their number.
func ban(s *State, args []string) (Reply, error) {
	one := func(s *State, m *Member, _ string) string {
		s.Ban(m)
		return done("ban", m)
	}
	if m, err := s.WaitingMember(memberID(arg(args, 0))); err == nil {
		return say("%s", one(s, m, ""))
	}
	text, err := s.forEach(one, args)
	return Reply{Text: text}, err
}

// DTMFSender is an optional power of a Leg: it sends digits to its peer.
type DTMFSender interface {
	// SendDTMF sends digits, which are 0 to 9, A to D, * and #. It does not block.
	SendDTMF(digits string) error
}

// maxDigits bounds what is sent at a time.
const maxDigits = 64

func sendDTMF(s *State, m *Member, digits string) string {
	if digits == "" || len(digits) > maxDigits || strings.Trim(strings.ToUpper(digits), "0123456789ABCD*#") != "" {
		return "-ERR Invalid input!\n"
	}
	leg, ok := m.leg.(DTMFSender)
	if !ok || leg.SendDTMF(strings.ToUpper(digits)) != nil {
		return fmt.Sprintf("-ERR member %d takes no digits\n", m.id)
	}
	s.happened("dtmf-member", m, Header{"Digits", digits})
	return fmt.Sprintf("+OK sent %s to %d\n", digits, m.id)
}

// noSwitchboard is the answer where there is nothing to transfer and call with.
const noSwitchboard = "-ERR Calls are not available.\n"

// transfer sends members away one by one; who cannot be sent stays.
func transfer(s *State, args []string) (Reply, error) {
	to := arg(args, 0)
	switch {
	case len(args) < 2 || to == "" || len(to) > maxName:
		return Reply{}, errUsage
	case s.room.switchboard == nil:
		return say(noSwitchboard)
	}
	var b strings.Builder
	for _, who := range args[1:] {
		m, _ := s.one(who)
		if m == nil {
			fmt.Fprintf(&b, "-ERR No Member %s in conference %s.\n", who, s.room.name)
			continue
		}
		if err := s.Transfer(m, Destination{Conference: to}); err != nil {
			fmt.Fprintf(&b, "-ERR Member '%d' stays: %v\n", m.id, err)
			continue
		}
		fmt.Fprintf(&b, "+OK Member '%d' sent to conference %s.\n", m.id, to)
	}
	return Reply{Text: b.String()}, nil
}

// Transfer begins to send a member elsewhere.
func (s *State) Transfer(m *Member, to Destination) error {
	if s.room.switchboard == nil {
		return errNoSwitchboard
	}
	if err := s.room.switchboard.Transfer(m, to); err != nil {
		return err
	}
	if to.Conference != "" {
		s.happened("transfer", m, Header{"Old-Conference-Name", s.room.name}, Header{"New-Conference-Name", to.Conference})
	}
	return nil
}

// doorCommands are those about who may come in.
func doorCommands() []command {
	each, run := eachOf(KindModeration, ForModerator), runOf(KindModeration, ForModerator)
	lock := func(on bool, word string) func(*State, []string) (Reply, error) {
		return func(s *State, _ []string) (Reply, error) {
			s.Lock(on)
			return say("+OK %s %s\n", s.room.name, word)
		}
	}
	waiting := func(name, usage, description string, f func(*State, *Member) bool, did string) command {
		c := each(name, usage, description, nil)
		c.run = func(s *State, args []string) (Reply, error) { return s.forWaiting(f, did, args) }
		return c
	}
	return []command{
		run("lock", "", "lets nobody else in", lock(true, "locked")),
		run("unlock", "", "lets everybody in again", lock(false, "unlocked")),
		run("pin", " <pin#>", "sets the PIN that newcomers give, or with mod before it the one that makes moderators of them", pin),
		run("nopin", "", "takes the PIN away", func(s *State, _ []string) (Reply, error) {
			s.SetPIN("")
			return say("+OK Pin for conference %s deleted\n", s.room.name)
		}),
		run("lobby", " [on|off]", "lets newcomers wait until they are admitted, or no longer; without a word tells it", lobby),
		waiting("admit", usageWaiting, "lets somebody in who waits", (*State).Admit, "admitted"),
		waiting("deny", usageWaiting, "turns somebody away who waits", func(s *State, m *Member) bool { s.Deny(m); return true }, "denied"),
	}
}

// maxPINWord bounds a PIN, in bytes.
const maxPINWord = 32

// pin takes any word, as FreeSWITCH does; mod alone is one.
func pin(s *State, args []string) (Reply, error) {
	word := arg(args, 0)
	moderators := len(args) == 2 && strings.EqualFold(word, "mod")
	if moderators {
		word = args[1]
	}
	switch {
	case word == "", len(args) > 1 && !moderators, len(word) > maxPINWord:
		return Reply{Text: "-ERR Invalid parameters:\n"}, errUsage
	case moderators:
		s.SetModeratorPIN(word)
		return say("+OK Moderator Pin for conference %s set: %s\n", s.room.name, word)
	}
	s.SetPIN(word)
	return say("+OK Pin for conference %s set: %s\n", s.room.name, word)
}

func lobby(s *State, args []string) (Reply, error) {
	if word := arg(args, 0); word != "" {
		if !isTrue(word) && !isFalse(word) {
			return Reply{}, errUsage
		}
		s.SetLobby(isTrue(word))
	}
	if s.Lobby() {
		return say("+OK lobby is on\n")
	}
	return say("+OK lobby is off\n")
}
