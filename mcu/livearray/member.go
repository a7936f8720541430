package livearray

import (
	"encoding/json"
	"fmt"
	"maps"
)

// Member is what the table tells of one participant.
type Member struct {
	ID           uint32
	Number, Name string // caller id
	Codec        string // "opus@48000"
	// UserVariables are the client's own words about himself. Never written after
	// it was handed in.
	UserVariables map[string]string
	Audio         Audio
	Video         *Video // nil: neither video nor avatar; never written after it was handed in
	// Hold is the conference's hold, which shows in the status text only.
	Hold bool
}

// Audio is the audio half of a member's status.
type Audio struct {
	Muted   bool // cannot speak
	Deaf    bool // cannot hear
	OnHold  bool // the call is on hold
	Talking bool
	Floor   bool // audio floor holder
	// EnergyScore is the last score; it never makes a row change by itself.
	EnergyScore int
}

// Video is the video half of a member's status.
type Video struct {
	// AvatarOnly: no video was negotiated, there is only an avatar.
	AvatarOnly      bool
	AvatarPresented bool // an avatar image is loaded
	NoRecover       bool // call recovery is disabled
	ScreenShare     bool
	SendOnly        bool // the server only sends: the member has no camera
	Muted           bool
	Floor           bool // video floor holder
	FloorLocked     bool
	ReservationID   string // "" for none
	RoleID          string // "" for none
	Layer           int    // 0-based, -1 for none
	Canvas          int    // 0-based
	Watching        int    // 0-based canvas
}

// audioStatus is Audio on the wire.
type audioStatus struct {
	Muted       bool `json:"muted"`
	Deaf        bool `json:"deaf"`
	OnHold      bool `json:"onHold"`
	Talking     bool `json:"talking"`
	Floor       bool `json:"floor"`
	EnergyScore int  `json:"energyScore"`
}

// videoStatus is Video on the wire.
type videoStatus struct {
	Visible         bool    `json:"visible"`
	NoRecover       bool    `json:"noRecover"`
	ScreenShare     bool    `json:"screenShare,omitempty"`
	AvatarPresented bool    `json:"avatarPresented"`
	MediaFlow       string  `json:"mediaFlow"`
	Muted           bool    `json:"muted"`
	Floor           bool    `json:"floor"`
	FloorLocked     bool    `json:"floorLocked,omitempty"`
	ReservationID   *string `json:"reservationID"`
	RoleID          *string `json:"roleID"`
	Layer           int     `json:"videoLayerID"`
	Canvas          int     `json:"canvasID"`
	Watching        int     `json:"watchingCanvasID"`
}

// StatusText is the short status that simple clients show (livearray.md 6.1),
// such as "TALKING (FLOOR) VIDEO".
func (m Member) StatusText() string { return m.audioText() + m.videoText() }

func (m Member) audioText() string {
	switch a := m.Audio; {
	case m.Hold:
		return "HOLD"
	case a.Muted:
		return "MUTE"
	case a.OnHold:
		return "HOLD"
	case a.Floor && a.Talking:
		return "TALKING (FLOOR)"
	case a.Floor:
		return "FLOOR"
	case a.Talking:
		return "TALKING"
	}
	return "ACTIVE"
}

func (m Member) videoText() string {
	switch v := m.Video; {
	case v == nil || v.AvatarOnly:
		return ""
	case v.Muted:
		return " VIDEO (BLIND)"
	case v.Floor:
		return " VIDEO (FLOOR)"
	}
	return " VIDEO"
}

// Status is the JSON text of column 4.
func (m Member) Status() string {
	var video any = false
	if m.Video != nil {
		video = m.Video.wire()
	}
	text, err := json.Marshal(struct {
		Audio     audioStatus `json:"audio"`
		Video     any         `json:"video"`
		OldStatus string      `json:"oldStatus"`
	}{audioStatus(m.Audio), video, m.StatusText()})
	if err != nil {
		panic(err) // of bools, numbers and strings: cannot be
	}
	return string(text)
}

func (v *Video) wire() videoStatus {
	flow := "sendRecv"
	if v.SendOnly {
		flow = "sendOnly"
	}
	return videoStatus{
		Visible:   v.Layer >= 0 && !v.Muted && !v.SendOnly,
		NoRecover: v.NoRecover, ScreenShare: v.ScreenShare, AvatarPresented: v.AvatarPresented, MediaFlow: flow,
		Muted: v.Muted, Floor: v.Floor, FloorLocked: v.FloorLocked,
		ReservationID: orNull(v.ReservationID), RoleID: orNull(v.RoleID),
		Layer: v.Layer, Canvas: v.Canvas, Watching: v.Watching,
	}
}

func orNull(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

// Row is one row of the table.
type Row struct {
	ID, Number, Name, Codec, Status string
	UserVariables                   map[string]string
}

// Row is the member's row.
func (m Member) Row() Row {
	return Row{
		ID: fmt.Sprintf("%04d", m.ID), Number: m.Number, Name: m.Name, Codec: m.Codec, Status: m.Status(),
		UserVariables: m.UserVariables,
	}
}

// MarshalJSON makes the array of seven columns. The last one is a place for the
// client's own buttons. Stock clients read the variables without asking whether
// there are any, so an object is always there.
func (r Row) MarshalJSON() ([]byte, error) {
	vars := r.UserVariables
	if vars == nil {
		vars = map[string]string{}
	}
	return json.Marshal([7]any{r.ID, r.Number, r.Name, r.Codec, r.Status, vars, nil})
}

// same reports whether two states give the same row, the energy score aside.
func (m Member) same(o Member) bool {
	m.Audio.EnergyScore, o.Audio.EnergyScore = 0, 0
	a, b := m.Row(), o.Row()
	return a.ID == b.ID && a.Number == b.Number && a.Name == b.Name && a.Codec == b.Codec &&
		a.Status == b.Status && maps.Equal(a.UserVariables, b.UserVariables)
}
