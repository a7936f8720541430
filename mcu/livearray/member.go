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

	// What follows is ours; FreeSWITCH's rows do not tell it.
	Role     string // moderator, participant or viewer; "" is not told
	Hand     int64  // when he raised it, Unix ms; 0: it is down
	Quality  int    // of his connection: 1 bad, 2 poor, 3 good; 0 is not told
	Detached bool   // his media is gone and he may come back
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
	return string(encode(struct {
		Audio     audioStatus `json:"audio"`
		Video     any         `json:"video"`
		OldStatus string      `json:"oldStatus"`
		Role      string      `json:"role,omitempty"`
		Hand      int64       `json:"hand,omitempty"`
		Quality   int         `json:"quality,omitempty"`
		Detached  bool        `json:"detached,omitempty"`
	}{audioStatus(m.Audio), video, m.StatusText(), m.Role, m.Hand, m.Quality, m.Detached}))
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

// Row is the member's row: seven columns. The last one is a place for the client's
// own buttons. Stock clients read the variables without asking whether there are
// any, so an object is always there.
func (m Member) Row() json.RawMessage {
	vars := m.UserVariables
	if vars == nil {
		vars = map[string]string{}
	}
	return encode([7]any{fmt.Sprintf("%04d", m.ID), m.Number, m.Name, m.Codec, m.Status(), vars, nil})
}

// same reports whether two states give the same row, the energy score aside.
func (m Member) same(o Member) bool {
	m.Audio.EnergyScore, o.Audio.EnergyScore = 0, 0
	return m.Audio == o.Audio && m.sameButTalk(o)
}

// sameButTalk reports whether nothing but the talking and who has the audio floor
// tells two states apart.
func (m Member) sameButTalk(o Member) bool {
	a, b := m.Audio, o.Audio
	a.Talking, a.Floor, a.EnergyScore = b.Talking, b.Floor, b.EnergyScore
	return a == b && m.sameVideo(o) && maps.Equal(m.UserVariables, o.UserVariables) &&
		m.ID == o.ID && m.Number == o.Number && m.Name == o.Name && m.Codec == o.Codec && m.Hold == o.Hold &&
		m.Role == o.Role && m.Hand == o.Hand && m.Quality == o.Quality && m.Detached == o.Detached
}

func (m Member) sameVideo(o Member) bool {
	if m.Video == nil || o.Video == nil {
		return m.Video == o.Video
	}
	return *m.Video == *o.Video
}
