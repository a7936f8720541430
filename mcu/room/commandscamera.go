package room

import (
	"fmt"
	"image"
	"strings"

	"github.com/omniverto/omniverto/mixer/canvas"
)

// cameraSettings are what the cam command keeps for a layer, in pixels of the
// picture (FreeSWITCH's cam_opts and geometries).
type cameraSettings struct {
	factor, snap int // zoom_factor, snap_factor
	zoomed       bool
	zoom         window
	panned       bool
	pan          window
}

// window is a part of a picture; h 0: as high as its width asks for.
type window struct{ x, y, w, h int }

func newCamera() *cameraSettings { return &cameraSettings{factor: 3, snap: 25} }

// forgetCameras drops what was set for the layers of a canvas.
func (s *State) forgetCameras(index int) {
	for at := range s.cameras {
		if at[0] == index {
			delete(s.cameras, at)
		}
	}
}

// unknownSize is what a picture is taken for while there is none.
func unknownSize() image.Point { return image.Pt(640, 360) }

// camCommand answers cam, whose canvas and layer count from 0. As in FreeSWITCH the last
// line is +OK even after an option that was refused.
func camCommand(s *State, args []string) (Reply, error) {
	const invalid = "-ERR invalid args\n"
	if len(args) < 3 {
		return say(invalid)
	}
	index, layer := atoi(args[0]), atoi(args[1])
	c, err := s.canvas(index)
	if err != nil || layer < 0 || layer >= len(c.layout.Images) {
		return say(invalid)
	}
	im := c.layout.Images[layer]
	l := cameraLayer{picture: unknownSize(), cell: im.Rect(c.form.width, c.form.height).Size(), cover: im.Zoom}
	if w, h := s.PictureSize(index, layer); w > 0 && h > 0 {
		l.picture = image.Pt(w, h)
	}
	at := [2]int{index, layer}
	set := s.cameras[at]
	if set == nil {
		set = newCamera()
		s.cameras[at] = set
	}
	var reply strings.Builder
	last := "+OK\n"
	for _, word := range args[2:] {
		text, ok := set.option(word, l)
		reply.WriteString(text)
		if !ok {
			last = invalid
		}
	}
	if to := set.crop(l); to != nil || c.cams[layer].on {
		if s.SetCamera(index, layer, to) != nil {
			last = invalid
		}
	}
	return say("%s%s", reply.String(), last)
}

// cameraLayer is what the camera of a layer looks at.
type cameraLayer struct {
	picture, cell image.Point // sizes in pixels
	cover         bool        // the layer shows the middle of the picture by itself
}

// option takes one word of cam and tells what FreeSWITCH says of it; false makes
// the whole command invalid.
func (cs *cameraSettings) option(word string, l cameraLayer) (reply string, ok bool) {
	name, value, given := strings.Cut(word, "=")
	option := strings.ToLower(name)
	switch {
	case given && option == "zoom":
		return "", cs.setZoom(value)
	case given && option == "pan":
		return cs.setPan(value, l), true
	case !given && option == "reset":
		*cs = *newCamera()
		return "", true
	}
	n := 0
	switch {
	case isNumber(value):
		n = atoi(value)
	case isTrue(value):
		n = 1
	}
	if !given || n < 0 {
		return fmt.Sprintf("-ERR invalid val for option [%s]\n", name), true
	}
	return cs.setNumber(name, option, n, l), true
}

// setNumber takes an option that is a number. How fast FreeSWITCH's camera moves
// and what its face detection does is checked, and nothing else: ours moves by
// itself and detects nothing.
func (cs *cameraSettings) setNumber(name, option string, n int, l cameraLayer) string {
	refused := func(format string, args ...any) string {
		return fmt.Sprintf("-ERR invalid val for option [%s] must be %s\n", name, fmt.Sprintf(format, args...))
	}
	half := l.cell.X / 2
	switch option {
	case "autozoom":
		cs.zoomed = cs.zoomed && n == 0
	case "autopan":
		cs.panned = cs.panned && n == 0
	case "zoom_factor":
		if n < 1 || n > 4 {
			return refused("1-4")
		}
		cs.factor = n
	case "snap_factor":
		if n < 1 || n >= half {
			return refused("1-%d", half)
		}
		cs.snap = n
	case "zoom_move_factor":
		if n < 1 || n >= half {
			return refused("1-4") // FreeSWITCH's words
		}
	case "pan_speed", "pan_accel_speed", "pan_accel_min", "zoom_speed", "zoom_accel_speed", "zoom_accel_min":
		if n < 1 || n > 99 {
			return refused("1-100")
		}
	case "reset":
		*cs = *newCamera()
	default:
		return fmt.Sprintf("-ERR invalid option [%s]\n", name)
	}
	return ""
}

// setZoom takes x:y:w[:h] or false; less than three numbers change nothing.
func (cs *cameraSettings) setZoom(value string) bool {
	if isFalse(value) {
		cs.zoom, cs.zoomed = window{}, false
		return true
	}
	parts := strings.SplitN(value, ":", 4)
	if len(parts) < 3 {
		return true
	}
	var n [4]int
	for i, p := range parts {
		if n[i] = min(atoi(p), maxCameraPixel); n[i] < 0 {
			return false
		}
	}
	if n[2] == 0 {
		return false
	}
	cs.zoom = window{n[0], n[1], n[2], n[3]}
	cs.pan, cs.zoomed = cs.zoom, true
	return true
}

// maxCameraPixel bounds what is reckoned with; no picture is so large.
const maxCameraPixel = 1 << 16

// setPan takes x:<n>, y:<n> or false; an i after the number means further. What is
// panned by steps stays inside of the picture.
func (cs *cameraSettings) setPan(value string, l cameraLayer) string {
	if isFalse(value) {
		cs.pan.x, cs.pan.y, cs.panned = 0, 0, false
		return ""
	}
	axis, number, ok := strings.Cut(value, ":")
	if !ok || axis == "" || axis[0] != 'x' && axis[0] != 'y' {
		return "-ERR invalid val for pan\n"
	}
	n := min(max(atoi(number), -maxCameraPixel), maxCameraPixel)
	seen := cs.seen(l)
	place, room := &cs.pan.x, l.picture.X-seen.X
	if axis[0] == 'y' {
		place, room = &cs.pan.y, l.picture.Y-seen.Y
	}
	switch {
	case strings.Contains(number, "i"):
		*place = max(min(*place+n, room), 0)
	case n < 0:
		return ""
	default:
		*place = n
	}
	cs.panned = true
	return fmt.Sprintf("+OK PAN %d,%d\n", cs.pan.x, cs.pan.y)
}

// seen is the size of the part that is shown.
func (cs *cameraSettings) seen(l cameraLayer) image.Point {
	p, c := l.picture, image.Pt(max(l.cell.X, 1), max(l.cell.Y, 1))
	w, h := p.X, p.Y
	switch {
	case cs.zoomed:
		w, h = cs.zoom.w*cs.factor, cs.zoom.h*cs.factor
		if h == 0 {
			h = max(w*c.Y/c.X, 1)
		}
	case l.cover && p.X*c.Y > p.Y*c.X:
		w = p.Y * c.X / c.Y
	case l.cover:
		h = p.X * c.Y / c.X
	}
	if w > p.X {
		w, h = p.X, max(h*p.X/w, 1)
	}
	if h > p.Y {
		w, h = max(w*p.Y/h, 1), p.Y
	}
	return image.Pt(w, h)
}

// crop is the part that is shown, nil for what the layer shows by itself. Panning
// does nothing to a picture of which all is seen.
func (cs *cameraSettings) crop(l cameraLayer) *canvas.Crop {
	if !cs.zoomed && !(cs.panned && l.cover) {
		return nil
	}
	from, seen := cs.zoom, cs.seen(l)
	if cs.panned {
		from = cs.pan
	}
	place := func(n, size, whole int) float64 {
		n = (n + cs.snap/2) / cs.snap * cs.snap
		return float64(min(n, whole-size)) / float64(whole)
	}
	return &canvas.Crop{
		X: place(from.x, seen.X, l.picture.X), Y: place(from.y, seen.Y, l.picture.Y),
		W: float64(seen.X) / float64(l.picture.X), H: float64(seen.Y) / float64(l.picture.Y),
	}
}
