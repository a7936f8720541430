package room

import (
	"errors"
	"fmt"
	"image"
	"slices"
	"time"

	"github.com/omniverto/omniverto/layouts"
	"github.com/omniverto/omniverto/mixer/canvas"
	"github.com/omniverto/omniverto/mixer/pixel"
)

// watching is the canvas that a member watches.
func (s *State) watching(m *Member) *canvasState {
	switch {
	case m.personal != nil:
		return m.personal
	case m.watchesCanvas >= len(s.canvases) && s.super != nil:
		return s.super
	case m.watchesCanvas >= len(s.canvases):
		return s.canvases[0]
	}
	return s.canvases[m.watchesCanvas]
}

// rewatch brings every member to the view that he is to have.
func (s *State) rewatch() {
	for _, m := range s.members {
		s.watch(m)
	}
	for _, c := range s.everyCanvas() {
		for _, e := range *c.form.encodes.Load() {
			if e.group != "" && !e.terms.set && !s.watched(e) {
				c.form.drop(e.group)
				s.room.wg.Go(func() { e.close(s.room) })
			}
		}
	}
}

// watched reports whether any member watches the view.
func (s *State) watched(e *encode) bool {
	return slices.ContainsFunc(s.members, func(m *Member) bool { return m.watched == e.view })
}

// watch connects a member to the view of the canvas that he watches.
func (s *State) watch(m *Member) {
	if m.leg == nil || m.callHold || !m.dir.VideoOut || m.req.ScreenShare || m.look.blind || m.gone {
		m.unwatch()
		return
	}
	f := s.watching(m).form
	e := f.encode(m.look.codecGroup, s.encodeTerms(f))
	if m.watched == e.view {
		return
	}
	m.unwatch()
	m.watched, m.cancelWatch = e.view, e.view.Watch(m.leg.Video())
	m.keyframes.Store(e.view)
}

// unwatch takes the picture from a member.
func (m *Member) unwatch() {
	if m.cancelWatch != nil {
		m.cancelWatch()
	}
	m.watched, m.cancelWatch = nil, nil
	m.keyframes.Store(nil)
}

// Watch lets a member watch another canvas, 0-based; the number after the last is
// the super canvas.
func (s *State) Watch(m *Member, index int) error {
	if _, err := s.canvasOrSuper(index); err != nil {
		return err
	}
	m.watchesCanvas, m.wantsPersonal = index, false
	s.closePersonal(m)
	s.watch(m)
	s.changed(m)
	s.reseat()
	return nil
}

// Watches is the canvas that a member watches, 0-based; -1 for his personal one.
func (s *State) Watches(m *Member) int {
	if c := s.watching(m); c != s.super {
		return c.index
	}
	return len(s.canvases)
}

// Super reports whether there is a super canvas.
func (s *State) Super() bool { return s.super != nil }

// MoveTo puts a member's picture onto another canvas, 0-based.
func (s *State) MoveTo(m *Member, index int) error {
	if _, err := s.canvas(index); err != nil {
		return err
	}
	m.canvas = index
	s.changed(m)
	s.reseat()
	return nil
}

// CanvasOf is the canvas that shows a member, 0-based.
func (m *Member) CanvasOf() int { return m.canvas }

// Layer is the layer on which a member sits, 0-based, -1 for none.
func (s *State) Layer(m *Member) int { return s.layerOf(m)[1] }

// Place puts a member on a layer of his canvas, 0-based. Who sat there takes his
// seat, if he had one and the other may have it. It reports whether the layer is
// one where the member may sit.
func (s *State) Place(m *Member, layer int) bool {
	c := s.canvases[m.canvas]
	if layer < 0 || layer >= len(c.seats) {
		return false
	}
	w := candidate{id: m.id, resID: m.req.ReservationID, roleID: m.req.RoleID, floor: m.id == s.videoFloor}
	if !open(c.layout.Images[layer], w) {
		return false
	}
	old, there := slices.Index(c.seats, m.id), c.seats[layer]
	c.seats[layer] = m.id
	if old >= 0 && old != layer {
		c.seats[old] = there
	}
	s.show()
	for _, other := range s.members {
		if other == m || other.id == there && there != 0 {
			s.changed(other)
		}
	}
	s.reseat()
	return true
}

// personals are the members who have a canvas of their own.
func (s *State) personals() []*Member {
	var out []*Member
	for _, m := range s.members {
		if m.personal != nil {
			out = append(out, m)
		}
	}
	return out
}

// ErrPersonalLimit says that no more personal canvases may be made.
var ErrPersonalLimit = errors.New("room: no more personal canvases")

// SetPersonal gives everybody a canvas that shows the others, or takes it away.
// Beyond the profile's limit members go on with the common canvas and are told.
func (s *State) SetPersonal(on bool) {
	s.personalMode = on
	s.reseat()
}

// Personal reports whether the conference is in personal canvas mode.
func (s *State) Personal() bool { return s.personalMode }

// WantPersonal is a member's wish for a canvas without himself.
func (s *State) WantPersonal(m *Member, on bool) error {
	m.wantsPersonal = on
	s.reseat()
	if on && m.personal == nil {
		m.wantsPersonal = false
		return ErrPersonalLimit
	}
	return nil
}

// openPersonal makes and ends personal canvases as they are wanted.
func (s *State) openPersonal() {
	n := 0
	for _, m := range s.members {
		want := (s.personalMode || m.wantsPersonal || s.sends(m) != nil) && m.dir.VideoOut && !m.req.ScreenShare && !m.req.SecondScreen
		switch {
		case !want:
			s.closePersonal(m)
		case n == s.room.profile.PersonalLimit:
			s.closePersonal(m)
			if !m.toldLimit {
				m.toldLimit = true
				m.log.Info("no personal canvas", "limit", n)
				s.observer.PersonalRefused(s.info(m), n)
			}
		default:
			n++
			s.givePersonal(m)
		}
	}
}

func (s *State) givePersonal(m *Member) {
	layout, group := s.personalLayout, s.personalGroup
	if layout == nil && group == nil {
		layout, group = s.canvases[0].layout, s.canvases[0].group
	}
	if one, ok := s.set.Layout("1x1"); ok && s.sends(m) != nil {
		layout, group = one, nil
	}
	if c := m.personal; c != nil {
		if c.group = group; group == nil {
			c.wanted = layout
		}
		return
	}
	m.personal = s.newCanvas(personalCanvas, s.personalSize(), layout, group, false)
	m.personal.viewer = m.id
	s.publish()
	s.watch(m)
}

// closePersonal brings a member back to the common canvas.
func (s *State) closePersonal(m *Member) {
	c := m.personal
	if c == nil {
		return
	}
	m.personal = nil
	s.watch(m)
	s.publish(c.form)
	if g := s.watching(m).geometry; !m.gone {
		s.observer.GeometryChanged(g, m.id)
	}
}

// personalSize is the profile's, or the canvas scaled into 640x360.
func (s *State) personalSize() image.Point {
	p := s.room.profile
	if p.PersonalWidth > 0 {
		return image.Pt(p.PersonalWidth, p.PersonalHeight)
	}
	const w, h = 640, 360
	if p.Width <= w && p.Height <= h {
		return image.Pt(p.Width, p.Height)
	}
	if p.Width*h > w*p.Height {
		return image.Pt(w, w*p.Height/p.Width&^1)
	}
	return image.Pt(h*p.Width/p.Height&^1, h)
}

// superCandidates are the canvases on the super canvas, as numbers from 1: the
// used ones, or all if the profile says so.
func (s *State) superCandidates() []candidate {
	var want []candidate
	for _, c := range s.canvases {
		if s.room.profile.SuperShowAll || s.canvasInfo(c).Used > 0 {
			want = append(want, candidate{id: MemberID(c.index + 1)})
		}
	}
	return want
}

// superLayer shows a canvas on the super canvas.
func (s *State) superLayer(c *canvasState, l canvas.Layer) (canvas.Layer, bool) {
	n := int(c.seats[l.ID])
	if n == 0 {
		return l, false
	}
	shown := s.canvases[n-1]
	l.Source, l.Zoom, l.Member = shown.form.monitor, false, uint32(n)
	if s.room.profile.SuperLabels {
		label := s.room.engine.Decor.Label(fmt.Sprintf("Canvas %d", n), l.Rect.Dx(), l.Rect.Dy())
		l.Overlays = overlays(label)
	}
	return l, true
}

// images are what lies under and over a canvas' layers: what a command set, else
// the layout's; and while a layout comes in, its transition image.
func (s *State) images(c *canvasState, scene *canvas.Scene) {
	d, w, h := s.room.engine.Decor, c.form.width, c.form.height
	bg, fg := c.bgFile, c.fgFile
	if bg == "" {
		bg = c.layout.BGImage
	}
	if fg == "" {
		fg = c.layout.FGImage
	}
	var err error
	if bg != "" && !s.missing[bg] {
		if scene.Backdrop, err = d.Backdrop(bg, w, h, scene.Background); err != nil {
			s.lost(bg, err)
		}
	}
	if fg != "" && !s.missing[fg] {
		if scene.Front, err = d.Front(fg, w, h); err != nil {
			s.lost(fg, err)
		}
	}
	if c.cover.pic != nil {
		scene.Front = c.cover.pic
	}
}

// lost tells once that a layout's image cannot be shown.
func (s *State) lost(file string, err error) {
	s.missing[file] = true
	s.room.log.Warn("image left out", "file", file, "error", err)
}

// cover is a transition image over a whole canvas.
type cover struct {
	pic   *pixel.Bitmap
	timer *time.Timer
}

// transitionTime is how long a layout's transition image stays.
const transitionTime = time.Second

// coverFor shows the transition image of a layout that goes or, if that one has
// none, of the one that comes. FreeSWITCH plays media files here; only images are
// shown.
func (s *State) coverFor(c *canvasState, next *layouts.Layout) {
	file := c.layout.TransitionOut
	if file == "" {
		file = next.TransitionIn
	}
	if file == "" || s.missing[file] || c.shown == nil {
		return
	}
	pic, err := s.room.engine.Decor.Front(file, c.form.width, c.form.height)
	if err != nil {
		s.lost(file, err)
		return
	}
	if c.cover.timer != nil {
		c.cover.timer.Stop()
	}
	c.cover = cover{pic: pic, timer: s.room.after(transitionTime, func(s *State) {
		c.cover = cover{}
		if slices.Contains(s.everyCanvas(), c) {
			s.show()
		}
	})}
}
