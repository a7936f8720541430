package room

import (
	"strconv"
	"strings"
)

// dtmf dials more digits for m.
func (s *State) dtmf(m *Member, more string) {
	if m.gone {
		return
	}
	if m.digitTimer != nil {
		m.digitTimer.Stop()
	}
	if m.waiting != NotWaiting {
		s.dialPIN(m, more)
		return
	}
	s.happened("dtmf-member", m, Header{"Digits", more})
	if m.req.Flags.DistributeDTMF { // his digits are for the others, whose legs take none
		return
	}
	actions, wait := m.digits.dial(more)
	for _, a := range actions {
		s.act(m, a)
	}
	if wait && !m.gone {
		m.digitTimer = s.room.after(max(s.room.profile.IVRDTMFTimeout, digitTimeout), func(s *State) {
			for _, a := range m.digits.timeout() {
				s.act(m, a)
			}
		})
	}
}

// act does what a DTMF sequence stands for. As in FreeSWITCH, dialling oneself
// unmuted also ends deafness.
func (s *State) act(m *Member, c Control) {
	if m.gone {
		return
	}
	switch c.Action {
	case ActionMute:
		s.speakAndHear(m, !m.muted)
	case ActionMuteOn:
		s.dialMute(m, true)
	case ActionMuteOff:
		s.speakAndHear(m, false)
	case ActionDeafMute:
		s.dialMute(m, !m.deaf)
		s.Deafen(m, !m.deaf)
	case ActionDeaf:
		s.Deafen(m, !m.deaf)
	case ActionDeafOn, ActionDeafOff:
		s.Deafen(m, c.Action == ActionDeafOn)
	case ActionVmute:
		s.MuteVideo(m, !m.vmuted)
	case ActionVmuteOn, ActionVmuteOff:
		s.MuteVideo(m, c.Action == ActionVmuteOn)
	case ActionVmuteSnap, ActionVmuteSnapOff:
		s.SnapMuteImage(m, c.Action == ActionVmuteSnapOff)
	case ActionHangup:
		s.leave(m, Left)
	case ActionFloor: // goes to who talks
	default:
		s.actRoom(m, c)
	}
}

// actRoom does what concerns more than the member's own sound and picture.
func (s *State) actRoom(m *Member, c Control) {
	switch c.Action {
	case ActionMusic:
		s.prompts.music.on = !s.prompts.music.on
		s.playMusic()
	case ActionBorder:
		if px := atoi(c.Data); px >= 0 && px <= maxBorder {
			s.SetBorder(m, px)
		}
	case ActionEvent:
		s.happened("dtmf", m, Header{"DTMF-Key", s.keyOf(m, c)}, Header{"Data", c.Data})
	case ActionLock:
		s.Lock(!s.door.locked)
	case ActionTransfer:
		words := strings.Fields(c.Data)
		s.transfer(m, Destination{Exten: arg(words, 0), Dialplan: arg(words, 1), Context: arg(words, 2)})
	case ActionExecute:
		s.execute(m, c.Data)
	case ActionVideoFloor:
		if _, locked := s.VideoFloor(); !locked {
			s.TakeVideoFloor(m, false)
		}
	case ActionTakeFloor:
		s.TakeVideoFloor(m, true)
	default:
		s.dialLevel(m, c.Action)
	}
}

// maxBorder is the widest frame, in pixels.
const maxBorder = 50

// keyOf is the digits that stand for a control.
func (s *State) keyOf(m *Member, c Control) string {
	for key, other := range m.digits.controls {
		if other == c {
			return key
		}
	}
	return ""
}

// transfer sends a member where he dialled to go.
func (s *State) transfer(m *Member, to Destination) {
	if s.room.switchboard == nil || to.Exten == "" {
		m.log.Warn("transfer refused", "extension", to.Exten)
		return
	}
	s.happened("transfer", m, Header{"Dialplan", to.Dialplan})
	if err := s.room.switchboard.Transfer(m, to); err != nil {
		m.log.Warn("transfer refused", "extension", to.Exten, "error", err)
	}
}

// execute runs the applications of a dialplan that make sense in a conference.
func (s *State) execute(m *Member, data string) {
	app, args, _ := strings.Cut(strings.TrimSpace(data), " ")
	s.happened("execute_app", m, Header{"Application", app})
	switch app {
	case "transfer":
		words := strings.Fields(args)
		s.transfer(m, Destination{Exten: arg(words, 0), Dialplan: arg(words, 1), Context: arg(words, 2)})
	case "hangup":
		s.leave(m, Left)
	case "playback":
		s.prompt(strings.TrimSpace(args), m)
	default:
		m.log.Warn("application refused", "application", app)
	}
}

// dialLevel moves one of the member's levels. FreeSWITCH's names are the wrong way
// round: vol talk is what he hears, vol listen is how loud he is.
func (s *State) dialLevel(m *Member, a Action) {
	i := strings.LastIndexByte(string(a), ' ')
	what, how := string(a[:max(i, 0)]), string(a[i+1:])
	word := map[string]string{"up": "up", "dn": "down", "zero": "0", "equ": "equ"}[how]
	if word == "" {
		return
	}
	switch what {
	case "energy":
		level, ok := moved(m.voice.energy, word)
		if !ok {
			level = s.room.profile.EnergyLevel
		}
		s.setEnergy(m, level)
		s.happened("energy-level", m, Header{"New-Level", strconv.Itoa(level)})
	case "vol talk":
		s.setVolumeOut(m, m.voice.out.change(word))
		s.happened("volume-level", m, Header{"New-Level", m.voice.out.String()})
	case "vol listen":
		s.setVolumeIn(m, m.voice.in.change(word))
		s.happened("gain-level", m, Header{"New-Level", m.voice.in.String()})
	}
}

// dialMute is Mute by DTMF, which does nothing while on hold.
func (s *State) dialMute(m *Member, on bool) {
	if m.muted != on && !m.voice.hold {
		s.Mute(m, on)
		s.tellMute(m)
	}
}

func (s *State) speakAndHear(m *Member, mute bool) {
	s.dialMute(m, mute)
	if !mute && !m.voice.hold {
		s.Deafen(m, false)
	}
}
