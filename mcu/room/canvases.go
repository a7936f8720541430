package room

import (
	"errors"
	"fmt"
	"image"
	"slices"
	"time"

	"github.com/omniverto/omniverto/layouts"
	"github.com/omniverto/omniverto/media"
	"github.com/omniverto/omniverto/mixer/canvas"
)

// personalCanvas is the index of a canvas that one member alone sees.
const personalCanvas = -1

// canvasState is one canvas of the conference: its layout and who sits where.
// Owned by the room's loop.
type canvasState struct {
	index  int // 0-based; personalCanvas for a personal one
	form   *form
	layout *layouts.Layout
	group  *layouts.Group  // nil: the layout is fixed
	wanted *layouts.Layout // when the layout is fixed; nil: goes on
	seats  []MemberID      // per image of layout
	viewer MemberID        // of a personal canvas
	cams   map[int]cam     // by layer
	bgFile string          // image under the layers that a command set; "" = the layout's
	fgFile string
	keep   bool // canvas-auto-clear is off

	shown    *canvas.Scene // given to the canvas last
	geometry Geometry      // told last
	cover    cover         // transition image
}

// newCanvas makes a canvas that shows nothing yet.
func (s *State) newCanvas(index int, size image.Point, l *layouts.Layout, g *layouts.Group, monitored bool) *canvasState {
	if g != nil {
		l = g.Choose(1, 0)
	}
	return &canvasState{
		index: index, form: s.room.newForm(size.X, size.Y, s.fps, monitored),
		layout: l, group: g, seats: make([]MemberID, len(l.Images)), cams: make(map[int]cam),
	}
}

// openCanvases makes the conference's canvases and, if there are several, the
// super canvas that shows them all.
func (s *State) openCanvases(l *layouts.Layout, g *layouts.Group) {
	p := s.room.profile
	n := max(p.Canvases, 1)
	size := image.Pt(p.Width, p.Height)
	for i := range n {
		s.canvases = append(s.canvases, s.newCanvas(i, size, l, g, n > 1))
	}
	if n > 1 {
		grid, group := s.superLayout()
		s.super = s.newCanvas(n, size, grid, group, false)
	}
	s.publish()
}

// superLayout is the group grid, or whatever the set has first.
func (s *State) superLayout() (*layouts.Layout, *layouts.Group) {
	if g, ok := s.set.Group("grid"); ok {
		return nil, g
	}
	return s.set.Layouts()[0], nil
}

// publish tells the compose goroutine what there is now, and what is no more.
func (s *State) publish(retired ...*form) {
	d := deck{}
	for _, c := range s.canvases {
		d.forms = append(d.forms, c.form)
	}
	for _, m := range s.members {
		if m.personal != nil {
			d.forms = append(d.forms, m.personal.form)
		}
	}
	if s.super != nil {
		d.super = s.super.form
	}
	s.room.publishDeck(d, retired...)
}

// canvas finds a canvas by its 0-based number.
func (s *State) canvas(index int) (*canvasState, error) {
	if index < 0 || index >= len(s.canvases) {
		return nil, fmt.Errorf("%w: %d", ErrNoCanvas, index+1)
	}
	return s.canvases[index], nil
}

// canvasOrSuper finds a canvas; the number after the last is the super canvas.
func (s *State) canvasOrSuper(index int) (*canvasState, error) {
	if index == len(s.canvases) && s.super != nil {
		return s.super, nil
	}
	return s.canvas(index)
}

// everyCanvas are the canvases, the personal ones, and the super canvas.
func (s *State) everyCanvas() []*canvasState {
	all := slices.Clone(s.canvases)
	for _, m := range s.members {
		if m.personal != nil {
			all = append(all, m.personal)
		}
	}
	if s.super != nil {
		all = append(all, s.super)
	}
	return all
}

// SetLayout fixes a canvas' layout by name, or a group by "group:NAME".
func (s *State) SetLayout(index int, name string) error {
	c, err := s.canvas(index)
	if err != nil {
		return err
	}
	layout, group, err := s.set.Resolve(name)
	if err != nil {
		return err
	}
	before, seats := c.layout, slices.Clone(c.seats)
	c.group, c.wanted = group, layout
	s.reseat()
	if c.layout == before && slices.Equal(c.seats, seats) { // who asked wants to hear of it
		s.observer.LayoutChanged(s.canvasInfo(c))
	}
	return nil
}

// SetPersonalLayout sets what all personal canvases show.
func (s *State) SetPersonalLayout(name string) error {
	layout, group, err := s.set.Resolve(name)
	if err != nil {
		return err
	}
	s.personalLayout, s.personalGroup = layout, group
	s.reseat()
	return nil
}

// SetLayouts replaces the layouts that the room knows. A canvas goes on with the
// layout or group of the same name, or keeps the one that is gone.
func (s *State) SetLayouts(set *layouts.Set) {
	s.set = set
	for _, c := range s.everyCanvas() {
		if c.group != nil {
			if g, ok := set.Group(c.group.Name); ok {
				c.group = g
			}
		} else if l, ok := set.Layout(c.layout.Name); ok {
			c.wanted = l
		}
	}
	s.reseat()
}

// Layouts is the set of layouts that the room knows.
func (s *State) Layouts() *layouts.Set { return s.set }

// Canvases tells layout and seats of every canvas; the super canvas, if there is
// one, is the last.
func (s *State) Canvases() []CanvasInfo {
	var out []CanvasInfo
	for _, c := range s.canvases {
		out = append(out, s.canvasInfo(c))
	}
	if s.super != nil {
		out = append(out, s.canvasInfo(s.super))
	}
	return out
}

func (s *State) canvasInfo(c *canvasState) CanvasInfo {
	used := 0
	for _, id := range c.seats {
		if id != 0 {
			used++
		}
	}
	return CanvasInfo{
		Canvas: c.index, Width: c.form.width, Height: c.form.height, FPS: s.fps,
		Layout: c.layout, Used: used, Members: slices.Clone(c.seats), Super: c == s.super,
	}
}

// Limits of a canvas' size in pixels: FreeSWITCH's least, and the largest picture
// that the encoder is asked for.
const (
	minCanvasWidth, minCanvasHeight = 320, 180
	maxCanvasWidth, maxCanvasHeight = 4096, 2304
	maxCanvasFPS                    = 60
)

// Errors of a canvas' form.
var (
	ErrTooSmall = errors.New("room: canvas too small")
	ErrTooLarge = errors.New("room: canvas too large")
	ErrFPS      = errors.New("room: no such frame rate")
)

// SetSize changes a canvas' size in pixels, made even. Everybody who watches it
// goes over to the new form.
func (s *State) SetSize(index, width, height int) error {
	c, err := s.canvasOrSuper(index)
	switch {
	case err != nil:
		return err
	case width < minCanvasWidth || height < minCanvasHeight:
		return ErrTooSmall
	case width > maxCanvasWidth || height > maxCanvasHeight:
		return ErrTooLarge
	}
	if width &^= 1; width == c.form.width && height&^1 == c.form.height {
		return nil
	}
	s.reform(c, width, height&^1)
	s.observer.LayoutChanged(s.canvasInfo(c))
	return nil
}

// reform gives a canvas another form: the old one's pictures and views end when
// nobody watches them any more.
func (s *State) reform(cs *canvasState, width, height int) {
	old := cs.form
	cs.form = s.room.newForm(width, height, s.fps, old.monitor != nil)
	cs.shown, cs.cams = nil, make(map[int]cam)
	s.forgetCameras(cs.index)
	for _, e := range *old.encodes.Load() { // a group keeps what was set for it
		if e.terms.set {
			cs.form.encode(e.group, e.terms)
		}
	}
	s.rewatch()
	s.publish(old)
	s.show()
}

// SetFPS changes the frame rate of all canvases and returns an error outside of 1
// to 60.
func (s *State) SetFPS(fps int) error {
	if fps < 1 || fps > maxCanvasFPS {
		return ErrFPS
	}
	if fps == s.fps {
		return nil
	}
	s.fps = fps
	s.room.stopBeat()
	var old []*form
	for _, c := range s.everyCanvas() {
		old = append(old, c.form)
		c.form = s.room.newForm(c.form.width, c.form.height, fps, c.form.monitor != nil)
		c.shown = nil
	}
	s.rewatch()
	s.publish(old...)
	s.show()
	s.room.startBeat(fps)
	return nil
}

// FPS is the canvases' frame rate.
func (s *State) FPS() int { return s.fps }

// SetBandwidth sets the bit rate of what a codec group watches ("" = those in no
// group), and its size and frame rate. Zero values keep what follows from the
// profile. It returns how many members watch it.
func (s *State) SetBandwidth(index int, group string, kbps int, size image.Point, divide int) (int, error) {
	c, err := s.canvas(index)
	if err != nil {
		return 0, err
	}
	terms := s.encodeTerms(c.form)
	terms.set = true
	if kbps > 0 {
		terms.kbps = kbps
	}
	if size.X > 0 && size.Y > 0 {
		terms.width, terms.height = max(size.X&^1, 16), max(size.Y&^1, 16)
	}
	if divide > 0 {
		terms.divide = divide
	}
	old := c.form.drop(group)
	c.form.encode(group, terms)
	s.rewatch()
	if old != nil {
		s.room.wg.Go(func() { old.close(s.room) })
	}
	n := 0
	for _, m := range s.members {
		if m.watched != nil && s.watching(m) == c && m.look.codecGroup == group {
			n++
		}
	}
	return n, nil
}

// encodeTerms are those of a form's views when nothing else was said: the
// profile's bit rate is for the profile's size.
func (s *State) encodeTerms(f *form) encodeTerms {
	p := s.room.profile
	kbps := p.VideoKbps
	if area, own := p.Width*p.Height, f.width*f.height; own < area {
		kbps = max(kbps*own/area, minKbps)
	}
	return encodeTerms{kbps: kbps, width: f.width, height: f.height, divide: 1}
}

// minKbps is the least bit rate that a picture gets by itself.
const minKbps = 150

// sceneTime is when a scene made now is shown: on the tick grid, far enough ahead
// for its geometry to be there before its picture (media.md 20).
func (s *State) sceneTime() time.Duration {
	p := period(s.fps)
	phase := s.room.phaseOf(p)
	return ((s.room.clock.Now()-phase)/p+sceneLead)*p + phase
}

// sceneLead is in ticks.
const sceneLead = 3

// background is a canvas' colour.
func (s *State) background(c *canvasState) media.YUV {
	if c == s.super {
		return s.room.profile.SuperBackground.YUV()
	}
	return s.room.profile.Background.YUV()
}
