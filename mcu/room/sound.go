package room

import (
	"cmp"
	"fmt"
	"time"

	"github.com/omniverto/omniverto/media"
	"github.com/omniverto/omniverto/mixer/audio"
	"github.com/omniverto/omniverto/mixer/source"
)

// hearing is where a member's mix goes, nil if he hears nothing.
func hearing(m *Member) media.Watcher {
	if m.leg == nil || !m.dir.AudioOut || m.req.ScreenShare || m.req.SecondScreen {
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
		m.talking = st.Talking && !s.muffled(m) && !m.voice.hold
		if talked != m.talking {
			m.lastTalking = time.Now()
		}
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
		sounds := s.room.profile.Sounds
		s.prompt(cmp.Or(sounds.MuteDetect, sounds.Muted), m)
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
		m.port.SetMuted(s.muffled(m))
	}
	s.changed(m)
	s.happened(toldIf(!on, "mute-member"), m)
	s.pollSound()
}

// muffled reports whether a member's voice stays out of the mix.
func (s *State) muffled(m *Member) bool { return m.muted || s.life.waitModerator }

// detectsMuted reports whether a member's talking is noticed while he is muted.
func (s *State) detectsMuted(m *Member) bool {
	return s.room.profile.MuteDetect || m.req.Flags.MuteDetect
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
	if sounds := s.room.profile.Sounds; on {
		s.prompt(sounds.Deaf, m)
	} else {
		s.prompt(sounds.Undeaf, m)
	}
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
	if m.gone {
		return
	}
	if m.waiting != NotWaiting {
		s.Deny(m)
		return
	}
	s.happened("kick-member", m)
	s.leave(m, Kicked)
}
