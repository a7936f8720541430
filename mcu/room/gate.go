package room

import (
	"fmt"
	"strings"
	"time"

	"github.com/omniverto/omniverto/mixer/audio"
)

// gate is what moves a member's noise gate by itself, and what closes it. Owned by
// the room's loop.
type gate struct {
	auto  int // how high it may rise; 0 and less: it does not
	base  int // what it goes back to: the level that was set
	decay int // seconds of quiet before it goes down
	// since the last look
	spell         audio.Spell
	steady, quiet int // seconds

	max      int // level above which he is not heard for a while; 0 none
	hits     int // how often he may be above it
	muteMsec int
}

// Usual numbers of FreeSWITCH's gate.
const defaultHits, defaultDecay = 5, 5

func newGate(p Profile) gate {
	g := gate{auto: p.AutoEnergy, base: p.EnergyLevel, decay: p.AutoEnergySec, max: p.MaxEnergy, hits: p.MaxEnergyHits, muteMsec: p.MaxEnergyMuteMsec}
	if g.hits == 0 {
		g.hits = defaultHits
	}
	if g.decay == 0 {
		g.decay = defaultDecay
	}
	return g
}

// applyGate brings the member's port to his ceiling.
func (s *State) applyGate(m *Member) {
	if m.port == nil {
		return
	}
	g := &m.voice.gate
	m.port.SetCeiling(audio.Ceiling{Level: g.max, Ticks: g.hits, Mute: time.Duration(g.muteMsec) * time.Millisecond})
}

// How an automatic gate moves: by so much a second, up when a whole second was
// sound without a pause and without much change, down after quiet far below it.
const (
	gateStep    = 100
	steadyTicks = 45 // of 50 in a second; speech has pauses
	steadyFor   = 3  // seconds, because one may sing a note
)

// checkGate moves a member's automatic gate. It is called once a second.
func (s *State) checkGate(m *Member) {
	g := &m.voice.gate
	if g.auto <= 0 || m.port == nil {
		return
	}
	st := m.port.State()
	last := g.spell
	g.spell = st.Spell
	if st.Spell.Ticks < last.Ticks {
		last = audio.Spell{} // he stopped, and began again
	}
	ticks, misses := st.Spell.Ticks-last.Ticks, st.Spell.Misses-last.Misses
	switch {
	case st.Talking:
		g.quiet = 0
		if ticks < steadyTicks || misses > 0 || st.Spell.Change > st.Spell.Energy/8 {
			g.steady = 0
			return
		}
		if g.steady++; g.steady >= steadyFor && m.voice.energy < g.auto {
			s.openGate(m, min(m.voice.energy+gateStep, g.auto))
		}
	case st.Score < m.voice.energy/2:
		g.steady = 0
		if g.quiet++; g.quiet >= g.decay && m.voice.energy > g.base {
			s.openGate(m, max(m.voice.energy-gateStep, g.base))
		}
	default:
		g.steady, g.quiet = 0, 0
	}
}

// openGate moves the gate without changing what it goes back to.
func (s *State) openGate(m *Member, level int) {
	base := m.voice.gate.base
	s.setEnergy(m, level)
	m.voice.gate.base = base
	m.log.Debug("gate moved", "level", level)
}

// gateCommands are those about a member's noise gate.
func gateCommands() []command {
	const value = " <member_id|all|last|non_moderator> [<newval>]"
	each := eachOf(KindAudio, ForModerator)
	own := each("energy", value, "sets how loud one must be to be heard: a level, up or down; 0 is always open; without a word tells it", energy)
	own.Permission = ForSelf
	return []command{
		own,
		each("auto-energy", value, "lets that level rise by itself while there is nothing but noise, up to a level, up or down; 0 leaves it", autoEnergy),
		each("max-energy", value,
			"keeps out who is too loud: level[:milliseconds[:hits]], up or down; above it for more ticks of 20 ms than hits he is not heard for so long; 0 never", maxEnergy),
	}
}

// energy ends the automatic gate where it is set higher than that may rise.
func energy(s *State, m *Member, word string) string {
	told := ""
	if word != "" {
		level, ok := moved(m.voice.energy, word)
		if !ok {
			level = atoi(word)
		}
		s.setEnergy(m, level)
		s.happened("energy-level-member", m, Header{"Energy-Level", fmt.Sprint(level)})
		if g := &m.voice.gate; g.auto > 0 && level > g.auto {
			g.auto = 0
			told = "Auto-Energy level exceeded, Auto-Energy mode disabled\n"
		}
	}
	return fmt.Sprintf("Energy %d = %d\n%s", m.id, m.voice.energy, told)
}

// autoEnergy tells the level before it makes a gate of what is always open: without
// one there is nothing to raise.
func autoEnergy(s *State, m *Member, word string) string {
	g := &m.voice.gate
	if word != "" {
		level, ok := moved(g.auto, word)
		if !ok {
			level = atoi(word)
		}
		g.auto, g.steady, g.quiet = level, 0, 0
		s.happened("auto-energy-level-member", m, Header{"Auto-Energy-Level", fmt.Sprint(level)})
	}
	reply := fmt.Sprintf("%d = Auto-Energy: %d Energy: %d\n", m.id, g.auto, m.voice.energy)
	if least := min(gateStep, g.auto); word != "" && m.voice.energy < least {
		s.setEnergy(m, least)
	}
	return reply
}

// Bounds of what max-energy takes.
const maxBurstMsec, maxHits = 60_000, 1000

// maxEnergy tells the two levels the wrong way round, as FreeSWITCH does.
func maxEnergy(s *State, m *Member, word string) string {
	g, told := &m.voice.gate, ""
	if word != "" {
		level, ok := moved(g.max, word)
		if !ok {
			parts := strings.SplitN(word, ":", 3)
			level = atoi(parts[0])
			if len(parts) > 1 {
				g.muteMsec = min(max(atoi(parts[1]), 0), maxBurstMsec)
			}
			if len(parts) > 2 {
				g.hits = min(max(atoi(parts[2]), 1), maxHits)
			}
		}
		if level != 0 && level < m.voice.energy {
			level = 0
			told = fmt.Sprintf("-ERR %d Max-Energy cannot exceed energy level.\n", m.id)
		}
		g.max = level
		s.applyGate(m)
		s.happened("max-energy-level-member", m, Header{"Max-Energy-Level", fmt.Sprint(level)},
			Header{"Max-Energy-Mute", fmt.Sprint(g.muteMsec)}, Header{"Max-Energy-Hit-Trigger", fmt.Sprint(g.hits)})
	}
	return fmt.Sprintf("%s%d = Max-Energy: %d Energy: %d Max-Energy-Mute: %dms Max-Energy-Hit-Trigger %d\n",
		told, m.id, m.voice.energy, g.max, g.muteMsec, g.hits)
}
