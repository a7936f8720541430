package room

import (
	"context"
	"errors"
	"image"
	"time"

	"github.com/omniverto/omniverto/layouts"
	"github.com/omniverto/omniverto/mcu/decor"
	"github.com/omniverto/omniverto/media"
	"github.com/omniverto/omniverto/mixer/canvas"
	"github.com/omniverto/omniverto/mixer/pixel"
)

// Look is how a member is shown, as far as his directory entry or his request
// says. Files are of the media folder.
type Look struct {
	Banner        string // words of vid-banner; "" none
	Logo          string // words of vid-logo-img
	Avatar        string // image file instead of initials
	NoVideoAvatar string // the same, for members without a camera only
	MuteImage     string // image file shown while the camera is muted
	MuteBanner    string // words of the bar over it
}

// look is what moderators changed of it. Owned by the room's loop.
type look struct {
	banner     string        // words; "" none
	border     int           // pixels; -1: the layout's
	turn       canvas.Turn   // of the picture
	filter     canvas.Filter // of the picture
	behind     canvas.Filter // of what stands in for it
	logo       string
	muteImage  string
	snap       *media.Picture // frozen as mute image; nil: none
	codecGroup string
	blind      bool // gets no picture
}

func newLook(l Look) look {
	return look{banner: l.Banner, border: -1, logo: l.Logo, muteImage: l.MuteImage}
}

// SetBanner shows a text under a member: [{option=value,…}]text. "reset" or no
// text brings back the one that he came with, "clear" removes it, "allclear"
// forgets that one, too.
func (s *State) SetBanner(m *Member, words string) error {
	switch words {
	case "", "reset":
		words = m.req.Look.Banner
	case "allclear":
		m.req.Look.Banner = ""
		words = ""
	case "clear":
		words = ""
	}
	if words != "" {
		if _, err := decor.ParseBanner(words); err != nil {
			return err
		}
	}
	m.look.banner = words
	s.show()
	return nil
}

// SetBorder frames a member's picture; pixels, 0 for none.
func (s *State) SetBorder(m *Member, px int) {
	m.look.border = px
	s.show()
}

// Border is the width of the frame that was set for a member, 0 for none.
func (m *Member) Border() int { return max(m.look.border, 0) }

// SetTurn turns and mirrors a member's picture.
func (s *State) SetTurn(m *Member, t canvas.Turn) {
	m.look.turn = t
	s.show()
}

// SetFilter changes the colours of a member's picture, and of what stands in for
// it while there is none.
func (s *State) SetFilter(m *Member, picture, behind canvas.Filter) {
	m.look.filter, m.look.behind = picture, behind
	s.show()
}

// SetLogo shows an image over a member's picture: [{option=value,…}]file, "" for
// none. With an error there is none.
func (s *State) SetLogo(m *Member, words string) error {
	m.look.logo = words
	err := s.checkLogo(words)
	if err != nil {
		m.look.logo = ""
	}
	s.show()
	return err
}

func (s *State) checkLogo(words string) error {
	if words == "" {
		return nil
	}
	g, err := decor.ParseLogo(words)
	if err == nil {
		_, err = s.room.engine.Decor.Logo(g, 320, 180)
	}
	return err
}

// SetMuteImage names the image that stands for a member whose camera is muted, ""
// for none.
func (s *State) SetMuteImage(m *Member, file string) error {
	if file != "" {
		if _, err := s.room.engine.Decor.Still(file, 320, 180, s.room.profile.Letterbox.YUV()); err != nil {
			return err
		}
	}
	m.look.muteImage, m.look.snap = file, nil
	s.show()
	return nil
}

// SnapMuteImage keeps the member's present picture as mute image; false when he
// has none. clear forgets it.
func (s *State) SnapMuteImage(m *Member, clear bool) bool {
	m.look.snap = nil
	if !clear {
		if p := m.video.At(s.room.clock.Now()); p != nil {
			m.look.snap = media.NewPicture(p.Width, p.Height) // the pool's pictures are for a short time
			pixel.Copy(m.look.snap, image.Point{}, p)
			p.Release()
		}
	}
	s.show()
	return clear || m.look.snap != nil
}

// Blind stops or lets the picture to a member.
func (s *State) Blind(m *Member, on bool) {
	if m.look.blind != on {
		m.look.blind = on
		s.happened(toldIf(!on, "vblind-member"), m)
		if sounds := s.room.profile.Sounds; on {
			s.prompt(sounds.Blind, m)
		} else {
			s.prompt(sounds.Unblind, m)
		}
	}
	s.rewatch()
}

// SetCodecGroup puts a member into an encoder group, "" for none.
func (s *State) SetCodecGroup(m *Member, group string) {
	m.look.codecGroup = group
	s.rewatch()
}

// SetReservation gives a member the reservation id that he alone has from now on,
// "" for none.
func (s *State) SetReservation(m *Member, id layouts.ReservationID) {
	if id != "" {
		for _, other := range s.members {
			if other != m && other.req.ReservationID == id {
				other.req.ReservationID = ""
				s.changed(other)
			}
		}
	}
	m.req.ReservationID = id
	s.changed(m)
	s.reseat()
}

// SetRoleID dedicates a member to the seats of a role; he alone has it from now
// on. "" for none.
func (s *State) SetRoleID(m *Member, id string) {
	if id != "" {
		for _, other := range s.members {
			if other != m && other.req.RoleID == id {
				other.req.RoleID = ""
				s.changed(other)
			}
		}
	}
	m.req.RoleID = id
	s.changed(m)
	s.reseat()
}

// bannerOf is the bar for a cell, nil for none.
func (s *State) bannerOf(m *Member, w, h int) *pixel.Bitmap {
	if m.look.banner == "" {
		return nil
	}
	b, err := decor.ParseBanner(m.look.banner)
	if err != nil { // of the directory: commands were checked
		m.log.Warn("banner left out", "error", err)
		m.look.banner = ""
		return nil
	}
	return s.room.engine.Decor.Banner(b, w, h)
}

// logoOf are the overlays of a member's logo.
func (s *State) logoOf(m *Member, w, h int) []canvas.Overlay {
	if m.look.logo == "" {
		return nil
	}
	g, err := decor.ParseLogo(m.look.logo)
	var placed []decor.Placed
	if err == nil {
		placed, err = s.room.engine.Decor.Logo(g, w, h)
	}
	if err != nil {
		m.log.Warn("logo left out", "error", err)
		m.look.logo = ""
		return nil
	}
	return overlays(placed...)
}

func overlays(placed ...decor.Placed) []canvas.Overlay {
	var out []canvas.Overlay
	for _, p := range placed {
		if p.Bitmap != nil {
			out = append(out, canvas.Overlay{Bitmap: p.Bitmap, At: p.At})
		}
	}
	return out
}

// stillOf is what stands in for a member's camera in the inner part of a cell, that
// which border and banner leave, with a bar over it if it is a mute image.
func (s *State) stillOf(m *Member, cell, inner image.Point) (*media.Picture, []canvas.Overlay) {
	d, p := s.room.engine.Decor, s.room.profile
	w, h := inner.X, inner.Y
	if m.vmuted && s.hasCamera(m) {
		bar := p.MuteBanner
		if m.req.Look.MuteBanner != "" {
			bar = m.req.Look.MuteBanner
		}
		over := overlays(decor.Placed{Bitmap: d.Bar(bar, cell.X, cell.Y)})
		if m.look.snap != nil {
			return m.look.snap, over
		}
		if pic := s.file(m, &m.look.muteImage, w, h); pic != nil {
			return pic, over
		}
	}
	if pic := s.file(m, &m.req.Look.Avatar, w, h); pic != nil {
		return pic, nil
	}
	if !s.hasCamera(m) {
		if pic := s.file(m, &m.req.Look.NoVideoAvatar, w, h); pic != nil {
			return pic, nil
		}
		if pic := s.file(m, &s.noVideoAvatar, w, h); pic != nil {
			return pic, nil
		}
	}
	return d.Avatar(m.req.Name, w, h), nil
}

// file is an image of the media folder for a cell. One that cannot be shown is
// told once and forgotten.
func (s *State) file(m *Member, name *string, w, h int) *media.Picture {
	if *name == "" {
		return nil
	}
	pic, err := s.room.engine.Decor.Still(*name, w, h, s.room.profile.Letterbox.YUV())
	if err != nil {
		m.log.Warn("image left out", "error", err)
		*name = ""
		return nil
	}
	return pic
}

// cam is the manual camera of a layer.
type cam struct {
	camera canvas.Camera
	on     bool
}

// errNoLayer says that a layer is not there or nobody sits on it.
var errNoLayer = errors.New("room: no such layer")

// cameraMove is how long a manual camera takes to its new place.
const cameraMove = 400 * time.Millisecond

// SetCamera moves the manual camera of a layer, both 0-based, to a part of the
// picture; nil lets it go back to the whole.
func (s *State) SetCamera(index, layer int, to *canvas.Crop) error {
	c, err := s.canvas(index)
	if err != nil {
		return err
	}
	if layer < 0 || layer >= len(c.layout.Images) {
		return errNoLayer
	}
	now := s.room.clock.Now()
	whole := canvas.Crop{W: 1, H: 1}
	old, from := c.cams[layer], whole
	if old.on {
		from = old.camera.At(now)
	}
	target := whole
	if to != nil {
		target = *to
	}
	c.cams[layer] = cam{on: true, camera: canvas.Camera{From: from, To: target, Start: now, Duration: cameraMove}}
	s.show()
	if to == nil { // once it is back, the picture needs no camera
		s.room.after(cameraMove+time.Second, func(s *State) {
			if now := c.cams[layer]; now.on && now.camera.To == whole {
				delete(c.cams, layer)
				s.show()
			}
		})
	}
	return nil
}

// PictureSize is the size of the picture of whoever sits on a layer, both
// 0-based: pixels, after his turn; 0 while there is none.
func (s *State) PictureSize(index, layer int) (width, height int) {
	c, err := s.canvas(index)
	if err != nil || layer < 0 || layer >= len(c.seats) {
		return 0, 0
	}
	m, err := s.Member(c.seats[layer])
	if err != nil {
		return 0, 0
	}
	size := s.pictureSize(m)
	return size.X, size.Y
}

func (s *State) pictureSize(m *Member) image.Point {
	st := m.video.Stats()
	if m.look.turn.Quarters%2 == 1 {
		return image.Pt(st.Height, st.Width)
	}
	return image.Pt(st.Width, st.Height)
}

// measurePictures tells the geometry anew when a camera changed its size.
func (s *State) measurePictures() {
	changed := false
	for _, m := range s.members {
		if size := s.pictureSize(m); size != m.pictureSize {
			m.pictureSize, changed = size, true
		}
	}
	if changed {
		s.show()
	}
}

// SetBackdrop puts an image under the layers of a canvas, "" brings back the
// layout's.
func (s *State) SetBackdrop(index int, file string) error {
	c, err := s.canvas(index)
	if err != nil {
		return err
	}
	if file != "" {
		if _, err := s.room.engine.Decor.Backdrop(file, c.form.width, c.form.height, s.background(c)); err != nil {
			return err
		}
	}
	c.bgFile = file
	s.show()
	return nil
}

// SetFront puts an image over everything of a canvas, "" brings back the layout's.
func (s *State) SetFront(index int, file string) error {
	c, err := s.canvas(index)
	if err != nil {
		return err
	}
	if file != "" {
		if _, err := s.room.engine.Decor.Front(file, c.form.width, c.form.height); err != nil {
			return err
		}
	}
	c.fgFile = file
	s.show()
	return nil
}

// WritePNG prepares a snapshot of a canvas into the media folder; the result is
// to be called outside of Do, because it waits for a tick and for the disk.
func (s *State) WritePNG(index int, path string) (func(ctx context.Context) error, error) {
	c, err := s.canvasOrSuper(index)
	if err != nil {
		return nil, err
	}
	r, asked := s.room, s.room.snapshot(c.form)
	return func(ctx context.Context) error {
		p, err := r.awaitSnapshot(ctx, asked)
		if err != nil {
			return err
		}
		defer p.Release()
		_, err = r.engine.Media.WritePNG(path, p)
		return err
	}, nil
}
