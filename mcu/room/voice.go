package room

import (
	"fmt"
	"math"
	"strings"

	"github.com/omniverto/omniverto/mixer/audio"
)

// voice is what was set of a member's sound. It outlives his port in the mix.
// Owned by the room's loop.
type voice struct {
	in, out  volume
	energy   int // gate level
	agc      audio.AGC
	gate     gate       // what moves and closes it
	position [3]float64 // that a command set
	placed   bool       // position holds
	pan      pan        // in force
	hold     bool
	music    Sound // instead of the mix while on hold; nil: none
	holds    int   // counts holds, for music that is still being opened
	warned   bool  // he talks while he is muted, and it was told
	loss     lossClass
}

// pan is a place between left, -1, and right, 1.
type pan struct {
	x  float64
	on bool
}

// newVoice is how a member sounds at first.
func newVoice(p Profile) voice { return voice{energy: p.EnergyLevel, agc: p.AGC, gate: newGate(p)} }

// applyVoice brings a new port to what was set of its member.
func (s *State) applyVoice(m *Member) {
	v, p := &m.voice, m.port
	p.SetMuted(s.muffled(m))
	if m.deaf {
		p.SetDeaf(true)
	}
	if v.in != (volume{}) {
		p.SetVolumeIn(v.in.gain())
	}
	if v.out != (volume{}) {
		p.SetVolumeOut(v.out.gain())
	}
	if v.energy != s.room.profile.EnergyLevel {
		p.SetEnergy(max(v.energy, 0))
	}
	if v.agc.Level > 0 {
		p.SetAGC(v.agc)
	}
	if v.gate.max > 0 {
		s.applyGate(m)
	}
	if v.pan.on {
		p.SetPosition(v.pan.x, true)
	}
	if v.hold {
		s.hear(m, v.music)
	}
	if v.loss.lossy {
		p.SetLossy(true)
	}
	p.SetTalkDetectMuted(s.detectsMuted(m))
}

// volume is FreeSWITCH's step from -4 to 4, or a number of decibels.
type volume struct {
	step int
	dB   float64
	free bool // dB holds
}

// maxStep is the loudest volume step.
const maxStep = 4

// Limits of a volume in decibels.
const minGain, maxGain = -90, 24

// gain is the volume in decibels.
func (v volume) gain() float64 {
	if v.free {
		return v.dB
	}
	return audio.StepDB(v.step)
}

// nearest is the step that is closest to the volume.
func (v volume) nearest() int {
	if !v.free {
		return v.step
	}
	best := -maxStep
	for n := -maxStep; n <= maxStep; n++ {
		if math.Abs(audio.StepDB(n)-v.dB) < math.Abs(audio.StepDB(best)-v.dB) {
			best = n
		}
	}
	return best
}

// String is the volume as commands take it.
func (v volume) String() string {
	if v.free {
		return fmt.Sprintf("%gdB", v.dB)
	}
	return fmt.Sprint(v.step)
}

// change reads up, down, a step, or decibels: 3dB.
func (v volume) change(word string) volume {
	to := v.nearest()
	number, free := cutSuffixFold(word, "dB")
	switch {
	case strings.EqualFold(word, "up"):
		to++
	case strings.EqualFold(word, "down"):
		to--
	case free && isNumber(number):
		return volume{free: true, dB: max(minGain, min(maxGain, atof(number)))}
	default:
		to = atoi(word)
	}
	return volume{step: max(-maxStep, min(maxStep, to))}
}

func cutSuffixFold(s, suffix string) (string, bool) {
	if n := len(s) - len(suffix); n >= 0 && strings.EqualFold(s[n:], suffix) {
		return s[:n], true
	}
	return s, false
}

// setVolumeIn sets how loud a member is in the mix.
func (s *State) setVolumeIn(m *Member, v volume) {
	m.voice.in = v
	if m.port != nil {
		m.port.SetVolumeIn(v.gain())
	}
}

// setVolumeOut sets how loud the mix is for a member.
func (s *State) setVolumeOut(m *Member, v volume) {
	m.voice.out = v
	if m.port != nil {
		m.port.SetVolumeOut(v.gain())
	}
}

// setEnergy sets a member's gate level; 0 and less: always open.
func (s *State) setEnergy(m *Member, level int) {
	m.voice.energy, m.voice.gate.base = level, level
	if m.port != nil {
		m.port.SetEnergy(max(level, 0))
	}
}

// setAGC sets a member's automatic gain; level 0 turns it off.
func (s *State) setAGC(m *Member, a audio.AGC) {
	m.voice.agc = a
	if m.port != nil {
		m.port.SetAGC(a)
	}
}

// Hold takes a member's voice and picture out of the conference. He hears the mix
// on, unless file names a sound that is played once instead of it.
func (s *State) Hold(m *Member, file string) {
	was := m.voice.hold
	m.voice.hold = true
	m.voice.holds++
	s.hear(m, nil)
	s.happened("hold-member", m)
	if !was {
		s.changed(m)
		s.pollSound()
		s.reseat()
	}
	if file == "" {
		return
	}
	this := m.voice.holds
	s.open(file, func(s *State, music Sound, err error) {
		switch {
		case err != nil:
			s.noSound(file, err)
		case m.gone || !m.voice.hold || m.voice.holds != this:
			s.closeSound(music)
		default:
			s.hear(m, music)
		}
	})
}

// Unhold ends a member's hold.
func (s *State) Unhold(m *Member) {
	if !m.voice.hold {
		return
	}
	m.voice.hold = false
	s.hear(m, nil)
	s.happened("unhold-member", m)
	s.changed(m)
	s.pollSound()
	s.reseat()
}

// hear gives a member's hold its music, nil for none, and ends the one before.
func (s *State) hear(m *Member, music Sound) {
	if m.port != nil {
		var src audio.Source // a nil Sound must not become a Source
		if music != nil {
			src = music
		}
		m.port.SetHold(m.voice.hold, src)
	}
	if old := m.voice.music; old != nil && old != music {
		s.closeSound(old)
	}
	m.voice.music = music
}
