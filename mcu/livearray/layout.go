package livearray

import (
	"fmt"

	"github.com/omniverto/omniverto/layouts"
)

// Canvas is a canvas as its layout information tells it.
type Canvas struct {
	ID            int // 0-based
	Width, Height int // pixels
	Used          int // layers taken
	Layout        *layouts.Layout
}

// fullScale is the number of layout units across a canvas, both ways.
const fullScale = 360

// layoutInfo is a canvas on the wire.
type layoutInfo struct {
	CanvasID    int           `json:"canvasID"`
	TotalLayers int           `json:"totalLayers"`
	LayersUsed  int           `json:"layersUsed"`
	FloorID     int           `json:"layoutFloorID"`
	Name        string        `json:"layoutName"`
	Layouts     []layoutImage `json:"canvasLayouts"`
	Scale       int           `json:"scale"`
}

// layoutImage is one image of a layout on the wire: in layout units and, cut to
// whole numbers, in pixels.
type layoutImage struct {
	X        int    `json:"x"`
	Y        int    `json:"y"`
	Scale    int    `json:"scale"`
	HScale   int    `json:"hscale"`
	Zoom     int    `json:"zoom"`
	Border   int    `json:"border"`
	Floor    int    `json:"floor"`
	Overlap  int    `json:"overlap"`
	Width    int    `json:"screenWidth"`
	Height   int    `json:"screenHeight"`
	XPos     int    `json:"xPOS"`
	YPos     int    `json:"yPOS"`
	ResID    string `json:"resID,omitempty"`
	AudioPos string `json:"audioPOS,omitempty"`
}

// LayoutInfo are the parameters of the verto.event on the info channel that
// tells a canvas' layout.
func (c Conference) LayoutInfo(v Canvas) map[string]any {
	body := struct {
		ContentType string     `json:"contentType"`
		CanvasInfo  layoutInfo `json:"canvasInfo"`
	}{"layout-info", v.info()}
	return map[string]any{"eventData": body, "eventChannel": c.InfoChannel()}
}

func (v Canvas) info() layoutInfo {
	out := layoutInfo{
		CanvasID: v.ID, TotalLayers: len(v.Layout.Images), LayersUsed: v.Used, FloorID: -1, Name: v.Layout.Name,
		Layouts: make([]layoutImage, len(v.Layout.Images)), Scale: fullScale,
	}
	for i, im := range v.Layout.Images {
		out.Layouts[i] = v.image(im)
		if out.Layouts[i].Floor == 1 {
			out.FloorID = i // the last one is where the floor holder sits
		}
	}
	return out
}

func (v Canvas) image(im layouts.Image) layoutImage {
	out := layoutImage{
		X: im.X, Y: im.Y, Scale: im.Scale, HScale: im.HScale,
		Zoom: number(im.Zoom), Border: im.Border, Floor: number((im.Floor || im.FloorOnly) && !im.FileOnly), Overlap: number(im.Overlap),
		Width: v.Width * im.Scale / fullScale, Height: v.Height * im.HScale / fullScale,
		XPos: v.Width * im.X / fullScale, YPos: v.Height * im.Y / fullScale,
		ResID: string(im.ReservationID), AudioPos: im.AudioPosition,
	}
	if im.AudioPosition == "auto" || im.AudioPosition == "" && v.Layout.Auto3D {
		out.AudioPos = v.position(out)
	}
	return out
}

// position is FreeSWITCH's text for an automatic place of the voice: the image's
// centre seen from the canvas' centre, its whole-number divisions included, since
// clients only show it.
func (v Canvas) position(im layoutImage) string {
	halfW, halfH := float64(v.Width/2), float64(v.Height/2)
	cx, cy := float64(im.XPos+im.Width/2), float64(im.YPos+im.Height/2)
	x, y := float64(-1+int(cx/halfW)), cy/halfH
	if cx > halfW {
		x = (cx - halfW) / halfW
	}
	if cy > halfH {
		y = float64(-1 + int((cy-halfH)/halfH))
	}
	return fmt.Sprintf("%f:0.0:%f", x, y)
}

func number(b bool) int {
	if b {
		return 1
	}
	return 0
}
