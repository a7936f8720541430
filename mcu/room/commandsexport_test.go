package room

import (
	"github.com/omniverto/omniverto/mixer/canvas"
)

// Seen is what commands changed of how a member is shown.
type Seen struct {
	Turn           canvas.Turn
	Filter, Behind canvas.Filter
	Border         int
	Banner, Logo   string
	MuteImage      string
	Group          string
	Blind, Watches bool
}

// SeenOf tells it of a member.
func (s *State) SeenOf(id MemberID) Seen {
	m, err := s.Member(id)
	if err != nil {
		return Seen{}
	}
	l := m.look
	return Seen{
		Turn: l.turn, Filter: l.filter, Behind: l.behind, Border: m.Border(), Banner: l.banner, Logo: l.logo,
		MuteImage: l.muteImage, Group: l.codecGroup, Blind: l.blind, Watches: m.watched != nil,
	}
}

// CameraOf is where the manual camera of a layer looks in the end.
func (s *State) CameraOf(index, layer int) canvas.Crop {
	c := s.canvases[index].cams[layer]
	if !c.on {
		return canvas.Crop{W: 1, H: 1}
	}
	return c.camera.To
}

// TermsOf are an encoder's size, bit rate and frame rate divisor.
func (s *State) TermsOf(index int, group string) (width, height, kbps, divide int) {
	for _, e := range *s.canvases[index].form.encodes.Load() {
		if e.group == group {
			return e.terms.width, e.terms.height, e.terms.kbps, e.terms.divide
		}
	}
	return 0, 0, 0, 0
}
