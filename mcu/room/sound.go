package room

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/omniverto/omniverto/media"
	"github.com/omniverto/omniverto/mixer/audio"
	"github.com/omniverto/omniverto/mixer/source"
)

// hearing is where a member's mix goes, nil if he hears nothing.
func hearing(m *Member) media.Watcher {
	if !m.dir.AudioOut || m.req.ScreenShare || m.req.SecondScreen {
		return nil
	}
	return m.leg.Audio()
}

// pollSound takes over who talks and who has the floor from the mixer.
func (s *State) pollSound() {
	old, ring := s.floor, false
	s.floor = MemberID(s.room.mixer.Floor())
	for _, m := range s.members {
		if m.port == nil {
			continue
		}
		st := m.port.State()
		m.score = st.Score
		talked := m.talking
		m.talking = st.Talking && !m.muted && !m.voice.hold
		if talked != m.talking || old != s.floor && (m.id == old || m.id == s.floor) {
			s.changed(m)
			ring = ring || talked != m.talking
		}
		if talked != m.talking {
			s.tellTalking(m, st.Spell)
		}
		s.warnMuted(m, st.Talking)
	}
	if old != s.floor {
		holder, _ := s.Member(s.floor)
		s.happened("floor-change", holder, floorHeaders(old, s.floor)...)
	}
	if ring && s.room.profile.TalkRing {
		s.show()
	}
	s.followFloor()
}

// warnMuted tells when somebody begins to talk who is muted.
func (s *State) warnMuted(m *Member, talks bool) {
	warned := m.voice.warned
	m.voice.warned = talks && m.muted
	if m.voice.warned && !warned {
		s.happened("mute-detect", m)
	}
}

// tellTalking tells that somebody began to talk, or how he did until now.
func (s *State) tellTalking(m *Member, sp audio.Spell) {
	if m.talking {
		s.happened("start-talking", m)
		return
	}
	ticks, hits := float64(max(sp.Ticks, 1)), float64(max(sp.Hits, 1))
	on, off := 100*float64(sp.Hits)/ticks, 100*float64(sp.Misses)/ticks
	s.happened("stop-talking", m,
		Header{"talking-gate-hits", fmt.Sprint(sp.Hits)}, Header{"talking-total-packets", fmt.Sprint(sp.Ticks)},
		Header{"talking-duration-ms", fmt.Sprint(sp.Ticks * int(media.AudioTick/time.Millisecond))},
		Header{"talking-average-energy", fmt.Sprintf("%f", float64(sp.Energy))},
		Header{"talking-delta-average", fmt.Sprintf("%f", float64(sp.Change))},
		Header{"talking-hit-on-percent", fmt.Sprintf("%f", on)},
		Header{"talking-non-hit-ratio", fmt.Sprintf("%f", 100*float64(sp.Misses)/hits)},
		Header{"talking-hit-off-percent", fmt.Sprintf("%f", off)},
		Header{"talking-hit-off-differential", fmt.Sprintf("%f", on-off)})
}

// alignLips holds the picture back when the member's sound is played later.
func (s *State) alignLips(m *Member) {
	if m.dir.AudioIn && m.dir.VideoIn {
		m.video.SetHold(source.LipSync(m.audio, m.video))
	}
}

// Mute stops or lets a member's voice into the mix.
func (s *State) Mute(m *Member, on bool) {
	if m.muted == on {
		return
	}
	m.muted = on
	if m.port != nil {
		m.port.SetMuted(on)
	}
	s.changed(m)
	s.happened(toldIf(!on, "mute-member"), m)
	s.pollSound()
}

// tellMute plays to a member that he was muted, or is heard again.
func (s *State) tellMute(m *Member) {
	if sounds := s.room.profile.Sounds; m.muted {
		s.prompt(sounds.Muted, m)
	} else {
		s.prompt(sounds.Unmuted, m)
	}
}

// Deafen stops or lets the mix to a member.
func (s *State) Deafen(m *Member, on bool) {
	if m.deaf == on {
		return
	}
	m.deaf = on
	if m.port != nil {
		m.port.SetDeaf(on)
	}
	s.changed(m)
	s.happened(toldIf(!on, "deaf-member"), m)
}

// MuteVideo shows a member's avatar instead of his camera.
func (s *State) MuteVideo(m *Member, on bool) {
	if m.vmuted == on {
		return
	}
	m.vmuted = on
	s.changed(m)
	s.happened(toldIf(!on, "vmute-member"), m)
	s.reseat()
}

// Kick removes a member.
func (s *State) Kick(m *Member) {
	s.happened("kick-member", m)
	s.leave(m, Kicked)
}

// dtmf dials more digits for m.
func (s *State) dtmf(m *Member, more string) {
	if m.gone {
		return
	}
	if m.digitTimer != nil {
		m.digitTimer.Stop()
	}
	s.happened("dtmf-member", m, Header{"Digits", more})
	actions, wait := m.digits.dial(more)
	for _, a := range actions {
		s.act(m, a)
	}
	if wait {
		m.digitTimer = s.room.after(digitTimeout, func(s *State) {
			for _, a := range m.digits.timeout() {
				s.act(m, a)
			}
		})
	}
}

// act does what a DTMF sequence stands for. As in FreeSWITCH, dialling oneself
// unmuted also ends deafness.
func (s *State) act(m *Member, a Action) {
	switch a {
	case ActionMute:
		s.speakAndHear(m, !m.muted)
	case ActionMuteOn:
		s.dialMute(m, true)
	case ActionMuteOff:
		s.speakAndHear(m, false)
	case ActionDeafMut:
		s.dialMute(m, !m.deaf)
		s.Deafen(m, !m.deaf)
	case ActionDeaf:
		s.Deafen(m, !m.deaf)
	case ActionVmute:
		s.MuteVideo(m, !m.vmuted)
	case ActionVmuteOn:
		s.MuteVideo(m, true)
	case ActionVmuteOf:
		s.MuteVideo(m, false)
	case ActionHangup:
		s.leave(m, Left)
	default:
		s.dialLevel(m, a)
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
