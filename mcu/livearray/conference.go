package livearray

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
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

// DescriptionChannel carries the description of the conference and its members.
func (c Conference) DescriptionChannel() string { return "conference." + c.full() }

// Entity is the conference's name with its domain.
func (c Conference) Entity() string { return c.full() }

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
	// Variables are told besides: FreeSWITCH's variables conference_verto_X by X.
	// Those with the name of another member are left out.
	Variables map[string]string
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
	return pvtEvent(l.Session, withVariables(encode(d), l.Variables))
}

// own are the names of a join event's members, which no variable may take.
const own = "/callID/action/laChannel/laName/role/chatID/conferenceMemberID/canvasCount/secondScreen/screenShare" +
	"/videoOnly/modChannel/chatChannel/infoChannel/"

// withVariables puts variables at the end of an object, by name.
func withVariables(object []byte, vars map[string]string) json.RawMessage {
	object = bytes.TrimSuffix(object, []byte("}"))
	for _, name := range slices.Sorted(maps.Keys(vars)) {
		if name == "" || strings.Contains(own, "/"+name+"/") {
			continue
		}
		object = append(append(object, ','), encode(name)...)
		object = append(append(object, ':'), encode(vars[name])...)
	}
	return append(object, '}')
}

// pvtEvent are the parameters of a verto.event for one session about its own call.
func pvtEvent(session string, data any) map[string]any {
	return map[string]any{"pvtData": data, "eventChannel": session, "eventType": "channelPvtData"}
}

// Reasons for which a call waits at a conference's door.
const (
	WaitsForPIN       = "pin"       // the client is to send or dial it
	WaitsForRightPIN  = "pin-wrong" // the one that it sent was wrong
	WaitsForAdmission = "admission" // a moderator is to let it in
	WaitsNoMore       = "none"      // it is let in
)

// Waiting are the parameters of the verto.event that tells a session what its call
// waits for. FreeSWITCH has no such message.
func (c Conference) Waiting(callID, session, reason string) map[string]any {
	return pvtEvent(session, struct {
		Action string `json:"action"`
		CallID string `json:"callID"`
		Reason string `json:"reason"`
		LaName string `json:"laName"`
	}{"conference-waiting", callID, reason, c.LaName()})
}
