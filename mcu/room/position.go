package room

import (
	"fmt"
	"strings"

	"github.com/omniverto/omniverto/layouts"
)

// SetPosition puts a member's voice to a place, x from -1, left, to 1, right; y
// and z are kept and told, but not heard.
func (s *State) SetPosition(m *Member, x, y, z float64) {
	m.voice.position, m.voice.placed = [3]float64{x, y, z}, true
	s.place(m)
	s.happened("set-position-member", m, Header{"Position", m.positionWord()})
}

// positionWord is a member's position as FreeSWITCH prints it.
func (m *Member) positionWord() string {
	p := m.voice.position
	return fmt.Sprintf("%0.2f:%0.2f:%0.2f", p[0], p[1], p[2])
}

// SetAuto3D places every voice where its picture is, or no longer. It takes back
// what was set for single members.
func (s *State) SetAuto3D(on bool) {
	s.auto3D = on
	for _, m := range s.members {
		m.voice.placed = false
		s.place(m)
	}
}

// placeVoices follows the seats.
func (s *State) placeVoices() {
	for _, m := range s.members {
		s.place(m)
	}
}

// place brings a member's voice to where it belongs.
func (s *State) place(m *Member) {
	to := s.panOf(m)
	if to == m.voice.pan {
		return
	}
	m.voice.pan = to
	if m.port != nil {
		m.port.SetPosition(to.x, to.on)
	}
}

// panOf is where a member's voice belongs: where a command put it, where the
// layout says, or where his seat is.
func (s *State) panOf(m *Member) pan {
	if m.voice.placed {
		return pan{x: max(-1, min(1, m.voice.position[0])), on: true}
	}
	at := s.layerOf(m)
	if at[1] < 0 {
		return pan{}
	}
	l := s.canvases[at[0]].layout
	im := l.Images[at[1]]
	if im.AudioPosition != "" && im.AudioPosition != "auto" {
		x, _, _ := strings.Cut(im.AudioPosition, ":")
		return pan{x: max(-1, min(1, atof(x))), on: true}
	}
	if im.AudioPosition == "auto" || l.Auto3D || s.auto3D {
		return pan{x: middle(im), on: true}
	}
	return pan{}
}

// middle is where the middle of an image is, from -1, the left edge of the canvas,
// to 1, the right one.
func middle(im layouts.Image) float64 {
	return float64(2*im.X+im.Scale-layouts.Units) / layouts.Units
}
