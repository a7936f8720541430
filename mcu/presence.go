package mcu

import (
	"cmp"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/omniverto/omniverto/mcu/room"
	"github.com/omniverto/omniverto/mcu/verto"
)

// presenceState is what a call is doing, in FreeSWITCH's words.
type presenceState string

// The states of a call, in the order in which it may go through them.
const (
	presenceDown    presenceState = "DOWN"
	presenceRinging presenceState = "RINGING"
	presenceEarly   presenceState = "EARLY"
	presenceActive  presenceState = "ACTIVE"
	presenceHeld    presenceState = "HELD"
	presenceOver    presenceState = "HANGUP"
)

// channel is the state of FreeSWITCH's channel that goes with it.
func (s presenceState) channel() string {
	switch s {
	case presenceRinging:
		return "CS_ROUTING"
	case presenceOver:
		return "CS_HANGUP"
	}
	return "CS_EXECUTE"
}

// presenceCall is one call of a user.
type presenceCall struct {
	CallID                   string
	User                     string // user@domain, whose presence it is
	CallerName, CallerNumber string
	CalleeName, CalleeNumber string // "" until it is answered
	Outbound                 bool   // the server called him
	State                    presenceState
}

// presence tells on presence.<user@domain> what the calls of every user do, and
// who subscribes such a channel what they are doing already. Safe for concurrent use.
type presence struct {
	verto clients // constant

	mu    sync.Mutex              // guards what follows; held while clients are told, so that states stay in order
	calls map[string]presenceCall // by call id
}

// clients is what conferences, arrays and presence need of the signalling: met by
// *verto.Server. The methods never block.
type clients interface {
	Publish(channel string, payload map[string]any)
	SendSession(sessid string, payload map[string]any) bool
	SendInfo(sessid string, msg any) bool
	Grant(sessid string, channels ...string)
	Revoke(sessid string, channels ...string)
}

var _ clients = (*verto.Server)(nil)

func newPresence(v clients) *presence {
	return &presence{verto: v, calls: make(map[string]presenceCall)}
}

// set tells a call's new state; one that it has already is not told again. What
// stays empty is as it was.
func (p *presence) set(c presenceCall) {
	p.mu.Lock()
	defer p.mu.Unlock()
	old, known := p.calls[c.CallID]
	if !known {
		old.State = presenceDown
	}
	if c.User == "" || c.State == old.State || !known && c.State == presenceOver {
		return
	}
	c = c.completed(old)
	if c.State == presenceOver {
		delete(p.calls, c.CallID)
	} else {
		p.calls[c.CallID] = c
	}
	p.verto.Publish("presence."+c.User, c.event(old.State))
}

// completed takes from the call's last state what the new one leaves open.
func (c presenceCall) completed(old presenceCall) presenceCall {
	for _, f := range []struct{ now, was *string }{
		{&c.CallerName, &old.CallerName}, {&c.CallerNumber, &old.CallerNumber},
		{&c.CalleeName, &old.CalleeName}, {&c.CalleeNumber, &old.CalleeNumber},
	} {
		if *f.now == "" {
			*f.now = *f.was
		}
	}
	return c
}

// replay tells a session that has subscribed presence or presence.<user@domain>
// what the calls there are doing.
func (p *presence) replay(session *verto.Session, channel string) {
	p.replayTo(session.ID(), channel)
}

func (p *presence) replayTo(sessid, channel string) {
	family, user, one := strings.Cut(channel, ".")
	if family != "presence" {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	var found []presenceCall
	for _, c := range p.calls {
		if !one || c.User == user {
			found = append(found, c)
		}
	}
	slices.SortFunc(found, func(a, b presenceCall) int { return strings.Compare(a.CallID, b.CallID) })
	for _, c := range found {
		p.verto.SendSession(sessid, c.event(c.State))
	}
}

// presenceData is a call on the wire (verto-protocol.md 8.5).
type presenceData struct {
	CallState     presenceState `json:"channelCallState"`
	OriginalState presenceState `json:"originalChannelCallState"`
	ChannelState  string        `json:"channelState"`
	UserName      string        `json:"callerUserName"`
	CallerName    string        `json:"callerIDName"`
	CallerNumber  string        `json:"callerIDNumber"`
	CalleeName    string        `json:"calleeIDName,omitempty"`
	CalleeNumber  string        `json:"calleeIDNumber,omitempty"`
	UUID          string        `json:"channelUUID"`
	Direction     string        `json:"presenceCallDirection"`
	PresenceID    string        `json:"channelPresenceID"`
}

// event are the parameters of the verto.event that tells the call's state, and the
// one before.
func (c presenceCall) event(before presenceState) map[string]any {
	direction := "inbound"
	if c.Outbound {
		direction = "outbound"
	}
	return map[string]any{"eventChannel": "presence." + c.User, "data": presenceData{
		CallState: c.State, OriginalState: before, ChannelState: c.State.channel(), UserName: c.User,
		CallerName: c.CallerName, CallerNumber: c.CallerNumber, CalleeName: c.CalleeName, CalleeNumber: c.CalleeNumber,
		UUID: c.CallID, Direction: direction, PresenceID: c.User,
	}}
}

// maxOldUsers bounds how many of those who left a conference's description names.
const maxOldUsers = 200

// description is what FreeSWITCH's json-events tell of a conference: its members
// now and before. It is guarded by the conference's mu.
type description struct {
	old []describedUser // the newest last
}

// describedUser is a member there (livearray.md 11). FreeSWITCH tells RTP's SSRCs
// besides; they are nobody's business.
type describedUser struct {
	Entity         string            `json:"entity"`
	DisplayText    string            `json:"displayText"`
	Status         string            `json:"status"`
	JoinTime       string            `json:"joinTime"`
	MemberID       string            `json:"memberId"`
	AudioDirection string            `json:"rtpAudioDirection,omitempty"`
	VideoDirection string            `json:"rtpVideoDirection,omitempty"`
	Variables      map[string]string `json:"variables"`
}

// described is the whole.
type described struct {
	Entity      string          `json:"entity,omitempty"`
	Description string          `json:"conferenceDescription"`
	State       string          `json:"conferenceState"`
	UserCount   string          `json:"userCount,omitempty"`
	Users       []describedUser `json:"users"`
	OldUsers    []describedUser `json:"oldUsers"`
	Action      string          `json:"action,omitempty"`
}

// userOf is a member as he is now.
func userOf(i room.Info) describedUser {
	u := describedUser{
		Entity: i.User, DisplayText: i.Name, Status: "connected", JoinTime: i.Joined.UTC().Format("2006-01-02T15:04:05+00:00"),
		MemberID: strconv.FormatUint(uint64(i.ID), 10), AudioDirection: direction(i.HasAudio), VideoDirection: direction(i.HasVideo),
		Variables: map[string]string{},
	}
	for name, value := range i.Variables {
		if strings.HasPrefix(name, "json_") || strings.HasPrefix(name, "PD-") {
			u.Variables[name] = value
		}
	}
	return u
}

// direction is that of a stream as the server sees it.
func direction(receives bool) string {
	if receives {
		return "sendrecv"
	}
	return "sendonly"
}

func (d *description) left(i room.Info) {
	u := userOf(i)
	u.Status, u.AudioDirection, u.VideoDirection = "disconnected", "", ""
	if len(d.old) >= maxOldUsers {
		d.old = slices.Delete(d.old, 0, 1)
	}
	d.old = append(d.old, u)
}

// descriptionText is what a conference without a description of its own is called.
const descriptionText = "FreeSWITCH Conference"

func (c *conference) descriptionLocked() described {
	d := described{
		Entity: c.Entity(), Description: cmp.Or(c.profile.Description, descriptionText), State: "active",
		UserCount: strconv.Itoa(len(c.people)), Users: []describedUser{}, OldUsers: append([]describedUser{}, c.past.old...),
	}
	for _, p := range c.sortedLocked() {
		d.Users = append(d.Users, userOf(p.Info))
	}
	return d
}

// describeLocked tells the description after somebody joined or left, if the profile
// has json-events.
func (c *conference) describeLocked() {
	if !c.profile.JSONEvents {
		return
	}
	c.paceLocked(&c.descriptionPace, len(c.people)+len(c.past.old), func() {
		channel := c.DescriptionChannel()
		c.publishLocked(channel, map[string]any{"eventChannel": channel, "data": c.descriptionLocked()})
	})
}

// describe answers a broadcast on the channel of the description: bootstrap is the
// only action.
func (c *conference) describe(session string, b verto.Broadcast) {
	c.mu.Lock()
	defer c.mu.Unlock()
	var data any = refusedAction()
	if asksDescription(b) {
		d := c.descriptionLocked()
		d.Action = actionDescription
		data = d
	}
	c.sendLocked(session, descriptionReply(session, b, data))
}

const actionDescription = "conferenceDescription"

// invalidAction answers any action but bootstrap.
type invalidAction struct {
	Error  string `json:"error"`
	Action string `json:"action"`
}

func refusedAction() invalidAction { return invalidAction{"Invalid action", actionDescription} }

// describeInactive answers a broadcast on the channel of a conference that there is
// not.
func describeInactive(v clients, session string, b verto.Broadcast) {
	var d any = refusedAction()
	if asksDescription(b) {
		d = described{
			Description: descriptionText, State: "inactive", Users: []describedUser{}, OldUsers: []describedUser{}, Action: actionDescription,
		}
	}
	v.SendSession(session, descriptionReply(session, b, d))
}

func asksDescription(b verto.Broadcast) bool {
	var in struct {
		Action string `json:"action"`
	}
	return json.Unmarshal(b.Data, &in) == nil && in.Action == "bootstrap"
}

// descriptionReply is the request's parameters with the answer as data.
func descriptionReply(session string, b verto.Broadcast, data any) map[string]any {
	p := map[string]any{"sessid": session, "eventChannel": b.Channel, "userid": b.UserID, "data": data}
	if b.FromDisplay != "" {
		p["fromDisplay"] = b.FromDisplay
	}
	return p
}
