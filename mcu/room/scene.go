package room

import (
	"image"
	"slices"
	"time"

	"github.com/omniverto/omniverto/layouts"
	"github.com/omniverto/omniverto/mixer/canvas"
)

// hasCamera reports whether m sends pictures that may be shown.
func (s *State) hasCamera(m *Member) bool {
	return m.dir.VideoIn && !m.req.SecondScreen && m.req.Role != Viewer
}

// films reports whether m's camera is to be shown where he sits; else it is his
// avatar.
func (s *State) films(m *Member) bool {
	return s.hasCamera(m) && !m.vmuted && !m.media.detached && !m.callHold
}

// wantsSeat decides who is on the canvas.
func (s *State) wantsSeat(m *Member) bool {
	p := s.room.profile
	switch {
	case m.req.SecondScreen, m.req.Role == Viewer:
		return false
	case p.VideoRequired && !s.hasCamera(m):
		return false
	case p.MuteExits && m.vmuted, m.voice.hold, m.media.detached && m.req.ScreenShare:
		return false
	}
	return true
}

// reseat chooses the layouts by the number of members, gives the seats, shows the
// new scenes and tells what changed.
func (s *State) reseat() {
	before := make(map[MemberID][2]int, len(s.members))
	for _, m := range s.members {
		before[m.id] = s.layerOf(m)
	}
	s.openPersonal()
	all := s.everyCanvas()
	old := make([]CanvasInfo, len(all))
	for i, c := range all {
		old[i] = s.canvasInfo(c)
	}
	for _, c := range all {
		s.seat(c)
	}
	s.show()
	s.placeVoices()
	for i, c := range all {
		if c.index != personalCanvas && (c.layout != old[i].Layout || !slices.Equal(c.seats, old[i].Members)) {
			s.observer.LayoutChanged(s.canvasInfo(c))
		}
	}
	for _, m := range s.members {
		if before[m.id] != s.layerOf(m) {
			s.changed(m)
		}
	}
}

// layerOf is a member's canvas and seat, both 0-based; seat -1 for none.
func (s *State) layerOf(m *Member) [2]int {
	return [2]int{m.canvas, slices.Index(s.canvases[m.canvas].seats, m.id)}
}

// seat chooses a canvas' layout and gives its seats. Who finds none goes to a
// canvas where he does.
func (s *State) seat(c *canvasState) {
	want := s.candidates(c)
	layout := c.choose(len(want))
	c.wanted = nil
	seats := assign(layout, layout == c.layout, c.seats, want)
	if layout != c.layout {
		clear(c.cams)
		s.forgetCameras(c.index)
		s.coverFor(c, layout)
	}
	c.layout, c.seats = layout, seats
	if s.overflow(c, want) {
		s.seat(c)
	}
}

// choose is the layout for a number of people.
func (c *canvasState) choose(n int) *layouts.Layout {
	switch {
	case c.group != nil:
		return c.group.Choose(max(n, 1), 0)
	case c.wanted != nil:
		return c.wanted
	}
	return c.layout
}

// overflow moves who found no seat to the next canvas that has one for him; it
// reports whether anybody went.
func (s *State) overflow(c *canvasState, want []candidate) (moved bool) {
	if c.index < 0 || c == s.super || len(s.canvases) < 2 {
		return false
	}
	for _, w := range want {
		for n := 1; n < len(s.canvases) && !slices.Contains(c.seats, w.id); n++ {
			next := s.canvases[(c.index+n)%len(s.canvases)]
			m, err := s.Member(w.id)
			if err == nil && s.seatsAll(next, append(s.candidates(next), w)) {
				m.canvas, moved = next.index, true
				s.seat(next)
				break
			}
		}
	}
	return moved
}

// seatsAll reports whether a canvas has seats for all of them, so that nobody goes
// in circles.
func (s *State) seatsAll(c *canvasState, want []candidate) bool {
	layout := c.choose(len(want))
	seats := assign(layout, layout == c.layout, c.seats, want)
	return !slices.ContainsFunc(want, func(w candidate) bool { return !slices.Contains(seats, w.id) })
}

// candidates are those who want a seat on a canvas; of the super canvas, the
// canvases' numbers.
func (s *State) candidates(c *canvasState) []candidate {
	if c == s.super {
		return s.superCandidates()
	}
	var want []candidate
	var only *Member // sent to the viewer by a relation
	if viewer, err := s.Member(c.viewer); err == nil {
		only = s.sends(viewer)
	}
	others := 0
	for _, m := range s.members {
		if s.wantsSeat(m) && m.id != c.viewer {
			others++
		}
	}
	for _, m := range s.members {
		if !s.wantsSeat(m) || c.index >= 0 && m.canvas != c.index || m.id == c.viewer && others > 0 || only != nil && m != only {
			continue
		}
		w := candidate{
			id: m.id, floor: m.id == s.videoFloor && len(s.canvases) == 1,
			avatar: !s.hasCamera(m) || m.vmuted, first: s.room.profile.ModeratorsFirst && m.req.Role == Moderator,
		}
		if c.index >= 0 { // personal canvases know no reservations
			w.resID, w.roleID = m.req.ReservationID, m.req.RoleID
		}
		want = append(want, w)
	}
	return want
}

// show gives every canvas an immutable scene of the present state.
func (s *State) show() {
	for _, c := range s.everyCanvas() {
		s.showCanvas(c)
	}
	for _, m := range s.members {
		m.video.SetVisible(s.films(m) && s.seen(m))
	}
}

// seen reports whether a member sits on any canvas.
func (s *State) seen(m *Member) bool {
	return slices.ContainsFunc(s.everyCanvas(), func(c *canvasState) bool {
		return c != s.super && slices.Contains(c.seats, m.id)
	})
}

// showCanvas makes one canvas' scene.
func (s *State) showCanvas(c *canvasState) {
	s.serial++
	scene := &canvas.Scene{Serial: s.serial, Background: s.background(c), Letterbox: s.room.profile.Letterbox.YUV()}
	s.images(c, scene)
	var over []canvas.Layer
	for i, im := range c.layout.Images {
		l, ok := s.layer(c, i, im)
		switch {
		case !ok:
		case im.Overlap:
			over = append(over, l)
		default:
			scene.Layers = append(scene.Layers, l)
		}
	}
	scene.Layers = append(scene.Layers, over...)
	s.schedule(c, scene)
	c.form.canvas.SetScene(scene)
	c.shown = scene
	s.tellGeometry(c)
}

// schedule says when a scene is shown and how its layers get there. One that
// moves nothing is shown at once, but not before those that were given before.
func (s *State) schedule(c *canvasState, scene *canvas.Scene) {
	now := s.room.clock.Now()
	if c.shown != nil && c.shown.At > now {
		scene.At = c.shown.At
	}
	if sameCells(c.shown, scene) {
		for i := range scene.Layers { // what moves goes on to
			scene.Layers[i].Move = c.shown.Layers[i].Move
		}
		return
	}
	scene.At = s.sceneTime()
	d := time.Duration(s.room.profile.TransitionMsec) * time.Millisecond
	if c.shown == nil || d == 0 {
		return
	}
	for i := range scene.Layers {
		l := &scene.Layers[i]
		if from, ok := placeOf(c.shown, l.Member, scene.At); ok && from != l.Rect {
			l.Move = canvas.Move{From: from, Start: scene.At, Duration: d}
		}
	}
}

// sameCells reports whether two scenes show the same members in the same cells.
func sameCells(a, b *canvas.Scene) bool {
	return a != nil && slices.EqualFunc(a.Layers, b.Layers, func(x, y canvas.Layer) bool {
		return x.ID == y.ID && x.Rect == y.Rect && x.Member == y.Member
	})
}

// placeOf is where a scene shows a member at a time.
func placeOf(sc *canvas.Scene, member uint32, t time.Duration) (image.Rectangle, bool) {
	for _, l := range sc.Layers {
		if l.Member == member {
			return l.Move.At(l.Rect, t), true
		}
	}
	return image.Rectangle{}, false
}

// layer is the image i with whoever sits there.
func (s *State) layer(c *canvasState, i int, im layouts.Image) (canvas.Layer, bool) {
	rect := im.Rect(c.form.width, c.form.height)
	l := canvas.Layer{ID: i, Rect: rect, Zoom: im.Zoom}
	if c == s.super {
		return s.superLayer(c, l)
	}
	m, err := s.Member(c.seats[i])
	if err != nil {
		return l, false
	}
	p := s.room.profile
	w, h := rect.Dx(), rect.Dy()
	l.Member = uint32(m.id)
	l.Turn, l.Filter = m.look.turn, m.look.filter
	l.Border = canvas.Border{Width: s.borderOf(m, im), Color: p.BorderColor.YUV()}
	l.Banner = s.bannerOf(m, w, h)
	l.Overlays = s.logoOf(m, w, h)
	if p.TalkRing && m.talking && !m.muted {
		l.Ring = canvas.Border{Width: ringWidth(h), Color: talkColor.YUV()}
	}
	if cam := c.cams[i]; cam.on {
		l.Camera = &cam.camera
	}
	if s.films(m) {
		l.Source, l.Shared = m.video, len(s.personals()) > 0
	} else {
		l.Turn, l.Filter, l.Camera, l.Zoom = canvas.Turn{}, m.look.behind, nil, false
	}
	inner := image.Pt(w-2*l.Border.Width, h-2*l.Border.Width)
	if l.Banner != nil {
		inner.Y -= l.Banner.Picture.Height
	}
	still, more := s.stillOf(m, rect.Size(), image.Pt(max(inner.X, 2), max(inner.Y, 2)))
	l.Still = still
	l.Overlays = append(l.Overlays, more...)
	return l, true
}

// borderOf is the width of a member's frame: his own, the image's, the profile's.
func (s *State) borderOf(m *Member, im layouts.Image) int {
	switch {
	case m.look.border > 0:
		return m.look.border
	case im.Border > 0:
		return im.Border
	}
	return s.room.profile.BorderSize
}

// ringWidth is the talking highlight's for a cell's height.
func ringWidth(h int) int { return max(h/90, 1) * 2 }

// Geometry tells where whom a canvas shows, from which picture on.
type Geometry struct {
	Canvas        int // 0-based; -1: the receiver's personal canvas
	Serial        uint64
	Width, Height int    // pixels
	RTPTime       uint32 // 90 kHz; of the first picture that shows it (media.md 20)
	Layout        string
	Group         string // "group:grid" while a group chooses the layout
	MoveMsec      int    // how long the pictures take to their places
	Layers        []Place
}

// Place is one layer of a Geometry.
type Place struct {
	Layer         int             // 0-based
	Member        MemberID        // 0: nobody, a reserved seat
	Canvas        int             // on the super canvas: the canvas shown there, from 1; else 0
	Rect          image.Rectangle // canvas pixels
	Source        image.Point     // size of the member's picture, pixels; 0 not known
	Floor, Zoom   bool
	Banner        bool
	ReservationID layouts.ReservationID
}

// tellGeometry tells what changed of where a canvas shows whom.
func (s *State) tellGeometry(c *canvasState) {
	g := s.geometryOf(c)
	if sameGeometry(g, c.geometry) {
		return
	}
	c.geometry = g
	s.observer.GeometryChanged(g, c.viewer)
}

func sameGeometry(a, b Geometry) bool {
	return a.Width == b.Width && a.Height == b.Height && a.Layout == b.Layout && a.Group == b.Group &&
		slices.Equal(a.Layers, b.Layers)
}

// geometryOf reads the geometry off the scene shown last.
func (s *State) geometryOf(c *canvasState) Geometry {
	sc := c.shown
	at := sc.At
	if at == 0 {
		at = s.room.clock.Now()
	}
	g := Geometry{
		Canvas: c.index, Serial: sc.Serial, Width: c.form.width, Height: c.form.height,
		RTPTime: s.room.clock.VideoRTP(at), Layout: c.layout.Name,
	}
	if c.group != nil {
		g.Group = "group:" + c.group.Name
	}
	for i, im := range c.layout.Images {
		if c.seats[i] == 0 && im.ReservationID != "" {
			g.Layers = append(g.Layers, Place{Layer: i, Rect: im.Rect(g.Width, g.Height), ReservationID: im.ReservationID})
		}
	}
	floor := c.layout.Floor()
	for _, l := range sc.Layers {
		im := c.layout.Images[l.ID]
		place := Place{
			Layer: l.ID, Member: MemberID(l.Member), Rect: l.Rect, Floor: l.ID == floor, Zoom: im.Zoom,
			Banner: l.Banner != nil, ReservationID: im.ReservationID,
		}
		if m, err := s.Member(place.Member); err == nil && c != s.super {
			place.Source = m.pictureSize
		}
		if c == s.super {
			place.Member, place.Canvas = 0, int(l.Member)
		}
		g.Layers = append(g.Layers, place)
		if l.Move.Duration > 0 {
			g.MoveMsec = int(l.Move.Duration / time.Millisecond)
		}
	}
	return g
}

// Geometry is what was told last of the canvas that a member watches; ok is false
// for somebody who is not there.
func (s *State) Geometry(id MemberID) (g Geometry, ok bool) {
	m, err := s.Member(id)
	if err != nil {
		return g, false
	}
	return s.watching(m).geometry, true
}
