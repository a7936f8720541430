package canvas

import (
	"image"
	"time"

	"github.com/omniverto/omniverto/media"
	"github.com/omniverto/omniverto/mixer/pixel"
)

// Source gives the newest picture that is due at room time t, without blocking.
// The caller gets one reference and releases it. The same picture again means
// that nothing changed. nil: there is nothing to show, and the layer's Still is
// shown. A Source is comparable with == (a pointer).
type Source interface {
	At(t time.Duration) *media.Picture
}

// Scene is what a canvas shows. It is immutable once given to a canvas, and so
// are the bitmaps in it for as long as a canvas shows them.
type Scene struct {
	// Serial numbers the scenes for the geometry message; the canvas hands it on.
	Serial uint64
	// At is the room time from which the scene is shown; 0: from the next step on.
	// A scene that is shown supersedes those given before it, also if their time is
	// still to come.
	At time.Duration
	// Background is where no layer is.
	Background media.YUV
	// Letterbox is where a layer's picture does not reach.
	Letterbox media.YUV
	// Backdrop lies under the layers in the place of Background; of the canvas'
	// size; nil: none.
	Backdrop *media.Picture
	// Front lies over everything; of the canvas' size; nil: none.
	Front *pixel.Bitmap
	// Layers are in drawing order: overlap layers last.
	Layers []Layer
}

// Layer is one image of a layout with whoever sits in it. A layer with neither
// Source nor Still is empty: it shows what lies below it.
type Layer struct {
	// ID is the index in the layout, from 0.
	ID int
	// Rect is the cell in canvas pixels with even coordinates; what lies outside
	// of the canvas is cut off.
	Rect image.Rectangle
	// Move tells where the layer comes from; zero: it stands still.
	Move Move
	// Zoom fills the cell with the middle of the picture instead of fitting the
	// whole picture in (a plain centred cover crop, not FreeSWITCH's quarter crop).
	Zoom bool
	// Camera shows a part of the source's picture, in the place that the whole
	// picture would take and shrunk around its middle to that place's shape; nil: all
	// of it.
	Camera *Camera
	// Turn turns and mirrors the source's picture.
	Turn Turn
	// Filter changes the colours of the source's picture.
	Filter Filter
	// Border is a frame around the picture, which is fitted inside.
	Border Border
	// Banner is an opaque bar along the bottom of the cell; the picture is fitted
	// into what is left above it. Where the bitmap does not reach, the bar goes on in
	// the colour of its top right corner. nil: none.
	Banner *pixel.Bitmap
	// Overlays lie over the picture, in order; while the layer moves they keep their
	// size and their distance from the cell's top left corner.
	Overlays []Overlay
	// Ring is a frame drawn over the edge of the cell; it moves no picture.
	Ring Border
	// Source is the camera; nil: no camera.
	Source Source
	// Still is shown when Source gives nothing, as it is: no camera, turn or filter.
	// It may be nil: then the layer has the letterbox colour.
	Still *media.Picture
	// Member is whose layer it is; for the reader of a scene.
	Member uint32
	// Shared says that other canvases show the source too, so that scaling it
	// through the canvas' Cache pays.
	Shared bool
}

// Turn turns a picture clockwise by quarters of a circle and then, if Mirror is
// set, swaps its left and right.
type Turn struct {
	Quarters uint8 // 0 to 3
	Mirror   bool
}

// Filter is a set of changes to a picture's colours.
type Filter uint8

// The filters, FreeSWITCH's gray, sepia and 8bit of vid-filter.
const (
	FilterGray Filter = 1 << iota
	FilterSepia
	FilterEightBit
)

// Border is a frame of one colour, Width pixels wide; odd widths are made even; 0:
// none.
type Border struct {
	Width int
	Color media.YUV
}

// Overlay is a bitmap that lies over a layer's picture. At is relative to the
// cell's top left corner, with even coordinates (odd ones are made even); what
// would lie outside of the cell is left out.
type Overlay struct {
	Bitmap *pixel.Bitmap
	At     image.Point
}
