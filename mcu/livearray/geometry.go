package livearray

// Geometry tells where a canvas shows whom, so that a client can lay its own
// elements over the picture. FreeSWITCH has no such message: its layout
// information names no members.
type Geometry struct {
	CanvasID int    `json:"canvasID"` // 0-based; -1: the receiver's personal canvas
	Serial   uint64 `json:"serial"`   // grows with every scene of the room
	Width    int    `json:"width"`    // pixels
	Height   int    `json:"height"`
	// RTPTime is the RTP time of the first picture that shows it: 90 kHz, wraps.
	RTPTime uint32  `json:"rtpTime"`
	Layout  string  `json:"layout"`
	Group   string  `json:"group,omitempty"` // "group:grid" while a group chooses the layout
	MoveMs  int     `json:"moveMs"`          // how long the pictures take to their places
	Layers  []Place `json:"layers"`          // in drawing order
}

// Place is one layer of a Geometry in pixels of the canvas.
type Place struct {
	LayerID       int    `json:"layerID"`  // 0-based
	MemberID      uint32 `json:"memberID"` // 0: nobody, a reserved seat
	X             int    `json:"x"`
	Y             int    `json:"y"`
	Width         int    `json:"width"`
	Height        int    `json:"height"`
	Z             int    `json:"z"` // drawing order
	Floor         bool   `json:"floor"`
	Zoom          bool   `json:"zoom"`
	Banner        bool   `json:"banner,omitempty"` // a text lies along the bottom
	ReservationID string `json:"reservationID,omitempty"`
	// SourceWidth and SourceHeight are the size of the member's picture in pixels,
	// in which the camera commands count; 0: not known yet.
	SourceWidth  int `json:"sourceWidth,omitempty"`
	SourceHeight int `json:"sourceHeight,omitempty"`
	Shows        int `json:"showsCanvas,omitempty"` // on the super canvas: the canvas, from 1
}

// GeometryEvent are the parameters of the verto.event that tells a geometry: on
// the info channel, or to one session alone, on its own channel.
func (c Conference) GeometryEvent(g Geometry, session string) map[string]any {
	return c.infoEvent(struct {
		ContentType string   `json:"contentType"`
		Geometry    Geometry `json:"geometry"`
	}{"canvas-geometry", g}, session)
}
