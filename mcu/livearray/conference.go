package livearray

import (
	"strconv"
	"strings"
)

// Conference names a conference's channels.
type Conference struct {
	Name   string // may carry its own domain: 3500@example.com
	Domain string // for names without one
}

// LaName is the table's name: the conference's name without domain.
func (c Conference) LaName() string {
	local, _, _ := strings.Cut(c.Name, "@")
	return local
}

// full is the name with domain.
func (c Conference) full() string {
	if strings.Contains(c.Name, "@") {
		return c.Name
	}
	return c.Name + "@" + c.Domain
}

// LiveArrayChannel carries the member table.
func (c Conference) LiveArrayChannel() string { return "conference-liveArray." + c.full() }

// ChatChannel carries chat.
func (c Conference) ChatChannel() string { return "conference-chat." + c.full() }

// InfoChannel carries layout information.
func (c Conference) InfoChannel() string { return "conference-info." + c.full() }

// ModChannel carries moderator commands and their answers.
func (c Conference) ModChannel() string { return "conference-mod." + c.full() }

// ChatID is the conference's address for verto.info messages.
func (c Conference) ChatID() string { return "conf+" + c.full() }

// Leg is one call that joins or leaves, as its own session is told.
type Leg struct {
	CallID       string
	Session      string // the event channel of the message
	MemberID     uint32
	Moderator    bool
	CanvasCount  int // 0 without mixing
	SecondScreen bool
	// ScreenShare and VideoOnly mark auxiliary legs. FreeSWITCH never tells
	// them, so that a screen share makes stock clients start over with the wrong
	// member; they do heed them.
	ScreenShare, VideoOnly bool
}

// pvtData is the body of a join or part event.
type pvtData struct {
	CallID       string `json:"callID"`
	Action       string `json:"action"`
	LaChannel    string `json:"laChannel"`
	LaName       string `json:"laName"`
	Role         string `json:"role"`
	ChatID       string `json:"chatID"`
	MemberID     string `json:"conferenceMemberID"`
	CanvasCount  int    `json:"canvasCount"`
	SecondScreen bool   `json:"secondScreen,omitempty"`
	ScreenShare  bool   `json:"screenShare,omitempty"`
	VideoOnly    bool   `json:"videoOnly,omitempty"`
	ModChannel   string `json:"modChannel,omitempty"`
	ChatChannel  string `json:"chatChannel"`
	InfoChannel  string `json:"infoChannel"`
}

// Join are the parameters of the verto.event that tells a session that its call
// has joined.
func (c Conference) Join(l Leg) map[string]any { return c.pvt("conference-liveArray-join", l) }

// Part are the parameters of the verto.event that tells a session that its call
// has left. It is sent after the row was deleted.
func (c Conference) Part(l Leg) map[string]any { return c.pvt("conference-liveArray-part", l) }

func (c Conference) pvt(action string, l Leg) map[string]any {
	d := pvtData{
		CallID: l.CallID, Action: action, LaChannel: c.LiveArrayChannel(), LaName: c.LaName(),
		Role: "participant", ChatID: c.ChatID(), MemberID: strconv.FormatUint(uint64(l.MemberID), 10),
		CanvasCount: l.CanvasCount, SecondScreen: l.SecondScreen, ScreenShare: l.ScreenShare, VideoOnly: l.VideoOnly,
		ChatChannel: c.ChatChannel(), InfoChannel: c.InfoChannel(),
	}
	if l.Moderator {
		d.Role, d.ModChannel = "moderator", c.ModChannel()
	}
	return map[string]any{"pvtData": d, "eventChannel": l.Session, "eventType": "channelPvtData"}
}
