package room

import (
	"image"
	"slices"

	"github.com/omniverto/omniverto/layouts"
	"github.com/omniverto/omniverto/media"
	"github.com/omniverto/omniverto/mixer/canvas"
)

// hasCamera reports whether m sends pictures that may be shown.
func (s *State) hasCamera(m *Member) bool {
	return m.dir.VideoIn && !m.req.SecondScreen && m.req.Role != Viewer
}

// wantsSeat decides who is on the canvas.
func (s *State) wantsSeat(m *Member) bool {
	p := s.room.profile
	switch {
	case m.req.SecondScreen, m.req.Role == Viewer:
		return false
	case p.VideoRequired && !s.hasCamera(m):
		return false
	case p.MuteExits && m.vmuted:
		return false
	}
	return true
}

// reseat chooses the layout by the number of members, gives the seats, shows the
// new scene and tells what changed.
func (s *State) reseat() {
	before := make(map[MemberID]int, len(s.members))
	for _, m := range s.members {
		before[m.id] = slices.Index(s.seats, m.id)
	}
	want := s.candidates()
	layout := s.layout
	if s.group != nil {
		layout = s.group.Choose(max(len(want), 1), 0)
	}
	seats := assign(layout, layout == s.layout, s.seats, want)
	moved := layout != s.layout || !slices.Equal(seats, s.seats)
	s.layout, s.seats = layout, seats
	s.show()
	if !moved {
		return
	}
	s.observer.LayoutChanged(s.canvasInfo())
	for _, m := range s.members {
		if before[m.id] != slices.Index(s.seats, m.id) {
			s.changed(m)
		}
	}
}

func (s *State) candidates() []candidate {
	var want []candidate
	for _, m := range s.members {
		if s.wantsSeat(m) {
			want = append(want, candidate{m.id, m.req.ReservationID, m.id == s.videoFloor})
		}
	}
	return want
}

// SetLayout fixes a layout by name, or a group by "group:NAME".
func (s *State) SetLayout(name string) error {
	layout, group, err := s.set.Resolve(name)
	if err != nil {
		return err
	}
	s.group = group
	if group != nil {
		s.reseat()
		return nil
	}
	s.seats = assign(layout, layout == s.layout, s.seats, s.candidates())
	s.layout = layout
	s.show()
	s.observer.LayoutChanged(s.canvasInfo())
	for _, m := range s.members {
		s.changed(m)
	}
	return nil
}

// show gives the canvas an immutable scene of the present state.
func (s *State) show() {
	p := s.room.profile
	s.serial++
	scene := &canvas.Scene{Serial: s.serial, Background: p.Background.YUV(), Letterbox: p.Letterbox.YUV()}
	var over []canvas.Layer
	for i, im := range s.layout.Images {
		l, ok := s.layer(i, im)
		switch {
		case !ok:
		case im.Overlap:
			over = append(over, l)
		default:
			scene.Layers = append(scene.Layers, l)
		}
	}
	scene.Layers = append(scene.Layers, over...)
	for _, m := range s.members {
		m.video.SetVisible(!m.vmuted && slices.Contains(s.seats, m.id))
	}
	s.room.canvas.SetScene(scene)
}

// layer is the image i with whoever sits there.
func (s *State) layer(i int, im layouts.Image) (canvas.Layer, bool) {
	m, err := s.Member(s.seats[i])
	if err != nil {
		return canvas.Layer{}, false
	}
	rect := im.Rect(s.room.profile.Width, s.room.profile.Height)
	l := canvas.Layer{ID: i, Rect: rect, Zoom: im.Zoom, Member: uint32(m.id)}
	if s.hasCamera(m) && !m.vmuted {
		l.Source = m.video
	}
	l.Still = m.avatar.get(rect.Size(), func() *media.Picture {
		return avatar(s.room.engine.Fonts, m.req.Name, rect.Dx(), rect.Dy())
	})
	return l, true
}

// stills caches a member's avatar for the size in which it was shown last.
type stills struct {
	size image.Point
	pic  *media.Picture
}

func (st *stills) get(size image.Point, draw func() *media.Picture) *media.Picture {
	if st.pic == nil || st.size != size {
		st.size, st.pic = size, draw()
	}
	return st.pic
}

func (s *State) canvasInfo() CanvasInfo {
	used := 0
	for _, id := range s.seats {
		if id != 0 {
			used++
		}
	}
	return CanvasInfo{
		Serial: s.serial, Width: s.room.profile.Width, Height: s.room.profile.Height,
		Layout: s.layout, Used: used, Members: slices.Clone(s.seats),
	}
}
