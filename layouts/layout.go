package layouts

import (
	"fmt"
	"image"
	"strings"
)

// Units is the width and the height of a canvas in the units of an Image.
const Units = 360

// MaxImages is the most images that a layout may have (FreeSWITCH's limit).
const MaxImages = 64

// MinScale is the least width and height of an image in Units: two pixels on the
// smallest canvas, 320x180, so that images which are apart never share a pixel.
const MinScale = 4

// MaxBorder is the widest border in pixels.
const MaxBorder = 50

// ReservationID names the seat that is kept for the member who has the same id.
type ReservationID string

// Layout is a named arrangement of images.
type Layout struct {
	Name   string
	Images []Image // at most MaxImages, in the order of the file; the index is the layer id
	// Auto3D places every voice where its image is.
	Auto3D bool
	// BGImage and FGImage are PNG files under and over the canvas, "" for none.
	BGImage, FGImage string
	// TransitionIn and TransitionOut are media files that are played when the
	// layout is applied and replaced, "" for none.
	TransitionIn, TransitionOut string
	// Border is the default of the images, 0 to MaxBorder pixels.
	Border int
}

// Image is one place of a layout.
type Image struct {
	// X and Y are the top left corner, Scale the width and HScale the height, in
	// Units of the canvas' width and height. A parsed image lies within Units.
	X, Y, Scale, HScale int
	// Zoom crops the picture to fill the image instead of letterboxing it.
	Zoom bool
	// Floor: the video floor holder's; others may use it while it is free.
	// FloorOnly: only his; implies Floor. FileOnly: only for media files; excludes
	// both.
	Floor, FloorOnly, FileOnly bool
	// Overlap: drawn over the images without it.
	Overlap bool
	// ReservationID keeps the image for the member who has it; "" for nobody.
	ReservationID ReservationID
	// RoleID dedicates the image to the member who has it; "" for nobody.
	RoleID string
	// AudioPosition is "x:y:z", "auto" or "".
	AudioPosition string
	// Border is 0 to MaxBorder pixels; 0 means the conference's default.
	Border int
}

// Rect is the image on a canvas of w x h pixels, with even coordinates. Images
// that touch in Units touch in pixels: every edge is rounded by itself. An edge
// is at most one pixel before or behind FreeSWITCH's, which rounds position and
// size and does not align. What would reach over the canvas is cut off.
func (im Image) Rect(w, h int) image.Rectangle {
	x0, x1 := span(im.X, im.Scale, w)
	y0, y1 := span(im.Y, im.HScale, h)
	return image.Rect(x0, y0, x1, y1)
}

// span is one axis of a Rect; it is at least 2 pixels long if the canvas is. That
// makes it longer than its units only on canvases smaller than 320x180.
func span(at, length, size int) (from, to int) {
	size &^= 1
	from = edge(at, size)
	to = min(max(edge(at+length, size), from+2), size)
	return min(from, max(to-2, 0)), to
}

func edge(at, size int) int { return size * at / Units &^ 1 }

// Floor is the index of the image for the video floor holder, the last one with
// Floor as in FreeSWITCH; -1 if there is none.
func (l *Layout) Floor() int {
	for i := len(l.Images) - 1; i >= 0; i-- {
		if l.Images[i].Floor {
			return i
		}
	}
	return -1
}

// fileOnly is how many images are for media files only.
func (l *Layout) fileOnly() int {
	n := 0
	for _, im := range l.Images {
		if im.FileOnly {
			n++
		}
	}
	return n
}

// Group is a named list of layouts, from which the number of members chooses.
type Group struct {
	Name    string
	Layouts []*Layout // at least one
}

// Choose is the layout for count members and a number of media files. It is the
// first, in listed order, with room for the members and own images for the
// files; but if one before it has room for both in ordinary images, the smallest
// of those. If nothing fits it is the last of the group.
// (FreeSWITCH's conference_video_find_best_layout.)
func (g *Group) Choose(count, files int) *Layout {
	if count == 1 && files == 1 { // the only picture is the file's
		files = 0
	}
	var smallest *Layout
	for _, l := range g.Layouts {
		own := l.fileOnly()
		room := len(l.Images) - own
		if room >= count && own >= files {
			if smallest == nil {
				return l
			}
			break
		}
		if room >= count+files && (smallest == nil || len(l.Images) < len(smallest.Images)) {
			smallest = l
		}
	}
	if smallest != nil {
		return smallest
	}
	return g.Layouts[len(g.Layouts)-1]
}

// Set is the layouts and groups of a document, in its order.
type Set struct {
	layouts []*Layout
	groups  []*Group
	unknown []string
}

// Layouts are all layouts; the first is the fallback. The slice is shared and
// not to be changed.
func (s *Set) Layouts() []*Layout { return s.layouts }

// Groups are all groups. The slice is shared and not to be changed.
func (s *Set) Groups() []*Group { return s.groups }

// Layout finds a layout by its name.
func (s *Set) Layout(name string) (*Layout, bool) {
	for _, l := range s.layouts {
		if l.Name == name {
			return l, true
		}
	}
	return nil, false
}

// Group finds a group by its name.
func (s *Set) Group(name string) (*Group, bool) {
	for _, g := range s.groups {
		if g.Name == name {
			return g, true
		}
	}
	return nil, false
}

// groupPrefix marks a group where a layout's or a group's name is meant.
const groupPrefix = "group:"

// Resolve reads a name as in video-layout-name and vid-layout: a layout's name,
// or "group:" and a group's name. One of the results is nil unless err is not.
func (s *Set) Resolve(name string) (*Layout, *Group, error) {
	if group, ok := strings.CutPrefix(name, groupPrefix); ok {
		if g, ok := s.Group(group); ok {
			return nil, g, nil
		}
		return nil, nil, fmt.Errorf("layouts: no group %q", group)
	}
	if l, ok := s.Layout(name); ok {
		return l, nil, nil
	}
	return nil, nil, fmt.Errorf("layouts: no layout %q", name)
}

// Unknown lists the elements and attributes that Parse did not understand and
// left out, each once with the line where it stood first.
func (s *Set) Unknown() []string { return s.unknown }
