package mcu

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/omniverto/omniverto/layouts"
	"github.com/omniverto/omniverto/mcu/livearray"
	"github.com/omniverto/omniverto/mcu/room"
	"github.com/omniverto/omniverto/mcu/verto"
)

// conference is the Verto side of a room: it turns what the room tells into live
// array, join events, layout information and chat, and takes the broadcasts on
// the room's channels. It is a room.Observer; its state belongs to the room's
// goroutine.
type conference struct {
	livearray.Conference
	verto *verto.Server
	array *livearray.Array
	legs  map[string]int // legs in the room per session
}

var _ room.Observer = (*conference)(nil)

func newConference(name, domain string, v *verto.Server) *conference {
	id := livearray.Conference{Name: name, Domain: domain}
	return &conference{
		Conference: id, verto: v, legs: make(map[string]int),
		array: livearray.NewArray(id.LaName(), id.LiveArrayChannel()),
	}
}

// channels are those that a leg's session may use while it is in the room.
// FreeSWITCH grants the moderators' channel to everybody; we do not.
func (c *conference) channels(r room.Role) []string {
	ch := []string{c.LiveArrayChannel(), c.ChatChannel(), c.InfoChannel()}
	if r == room.Moderator {
		ch = append(ch, c.ModChannel())
	}
	return ch
}

// MemberJoined adds the row, then tells the joiner, as FreeSWITCH does.
func (c *conference) MemberJoined(i room.Info, cv room.CanvasInfo) {
	if !i.SecondScreen {
		if d, ok := c.array.Add(i.CallID, row(i)); ok {
			c.publish(d)
		}
	}
	c.legs[i.Session]++
	c.verto.Grant(i.Session, c.channels(i.Role)...)
	c.verto.SendSession(i.Session, c.Join(leg(i)))
	c.LayoutChanged(cv)
}

// MemberChanged modifies the row.
func (c *conference) MemberChanged(i room.Info) {
	if d, ok := c.array.Modify(i.CallID, row(i)); ok {
		c.publish(d)
	}
}

// MemberLeft deletes the row, tells the leaver and takes his channels back.
func (c *conference) MemberLeft(i room.Info, _ room.Cause) {
	if d, ok := c.array.Delete(i.CallID); ok {
		c.publish(d)
	}
	c.verto.SendSession(i.Session, c.Part(leg(i)))
	if c.legs[i.Session]--; c.legs[i.Session] > 0 {
		return
	}
	delete(c.legs, i.Session)
	c.array.Forget(i.Session)
	c.verto.Revoke(i.Session, c.channels(room.Moderator)...)
}

// LayoutChanged sends the layout information.
func (c *conference) LayoutChanged(v room.CanvasInfo) {
	c.verto.Publish(c.InfoChannel(), c.LayoutInfo(livearray.Canvas{
		Width: v.Width, Height: v.Height, Used: v.Used, Layout: v.Layout,
	}))
}

// Ended clears the table for whoever still watches it.
func (c *conference) Ended() { c.publish(c.array.Clear()) }

func (c *conference) publish(d livearray.Data) {
	c.verto.Publish(c.LiveArrayChannel(), c.array.Params(d))
}

func leg(i room.Info) livearray.Leg {
	return livearray.Leg{
		CallID: i.CallID, Session: i.Session, MemberID: uint32(i.ID), Moderator: i.Role == room.Moderator,
		CanvasCount: 1, SecondScreen: i.SecondScreen, ScreenShare: i.ScreenShare, VideoOnly: i.SecondScreen,
	}
}

// row is a member as the live array tells him.
func row(i room.Info) livearray.Member {
	return livearray.Member{
		ID: uint32(i.ID), Number: i.Number, Name: i.Name, Codec: "opus@48000", UserVariables: i.UserVariables,
		Audio: livearray.Audio{Muted: i.Muted, Deaf: i.Deaf, Talking: i.Talking, Floor: i.Floor, EnergyScore: i.Score},
		Video: &livearray.Video{
			AvatarOnly: !i.HasVideo, AvatarPresented: !i.HasVideo, SendOnly: !i.HasVideo,
			ScreenShare: i.ScreenShare, Muted: i.VideoMuted, Floor: i.VideoFloor,
			ReservationID: string(i.ReservationID), Layer: i.Layer,
		},
	}
}

// broadcast takes a client's message on one of the room's channels.
func (h *hosted) broadcast(ctx context.Context, kind string, b verto.Broadcast) error {
	switch kind {
	case "conference-liveArray":
		if cmd, ok := livearray.ParseCommand(b.Data); ok && cmd.Bootstrap() {
			return h.Do(ctx, func(*room.State) error { h.conference.bootstrap(b.Session.ID(), cmd); return nil })
		}
	case "conference-chat":
		if m, ok := livearray.ParseChat(b.Data); ok {
			return h.Do(ctx, func(*room.State) error { h.conference.chat(m, b.FromDisplay, b.UserID); return nil })
		}
	case "conference-mod":
		return h.Do(ctx, func(s *room.State) error { return h.conference.moderate(s, b) })
	}
	return nil
}

// relay sends a verto.info message of a member as chat.
func (h *hosted) relay(ctx context.Context, m verto.Message) {
	_ = h.Do(ctx, func(s *room.State) error {
		for _, i := range s.Members() {
			if i.Session == m.Session.ID() {
				h.conference.chat(livearray.Chat{Message: m.Body, Type: "message"}, m.Session.Display(), m.From)
				return nil
			}
		}
		return room.ErrNoMember
	})
}

// bootstrap sends the whole table to one session.
func (c *conference) bootstrap(session string, cmd livearray.Command) {
	for _, d := range c.array.Bootstrap(session, cmd.Name) {
		c.verto.SendSession(session, c.array.Unicast(d, session))
	}
}

func (c *conference) chat(m livearray.Chat, name, from string) {
	c.verto.Publish(c.ChatChannel(), c.Relay(m, name, from))
}

// modCommand is a moderator's command as clients send it.
type modCommand struct {
	Command string
	ID      any
	Value   any
}

// moderate runs a moderator's command. The role is that of the sender's own
// member, whatever channel he was granted.
func (c *conference) moderate(s *room.State, b verto.Broadcast) error {
	if !isModerator(s, b.Session.ID()) {
		return verto.ErrDenied
	}
	var cmd modCommand
	if err := json.Unmarshal(b.Data, &cmd); err != nil {
		c.respond(map[string]any{"action": "response", "error": "Invalid Command"})
		return nil
	}
	switch cmd.Command {
	case "list-videoLayouts":
		c.LayoutChanged(s.Canvas())
		c.structured(cmd.Command, layoutList(s.Layouts()))
	case "canvasInfo":
		c.structured(cmd.Command, canvasList(s.Canvas()))
	default:
		c.command(s, cmd)
	}
	return nil
}

func isModerator(s *room.State, session string) bool {
	for _, i := range s.Members() {
		if i.Session == session && i.Role == room.Moderator {
			return true
		}
	}
	return false
}

// command runs one text command. As with FreeSWITCH its answer goes to all who
// subscribed the moderators' channel; missing parts leave their space.
func (c *conference) command(s *room.State, cmd modCommand) {
	words := []string{text(cmd.ID)}
	if cmd.Command == "vid-layout" {
		words = nil
	}
	values := texts(cmd.Value)
	if cmd.Command == "vid-layout" && len(values) == 1 {
		values = append(values, "all")
	}
	words = append(words, values...)
	args := words
	if len(args) == 1 && args[0] == "" {
		args = nil
	}
	reply, ok := s.Command(cmd.Command, args...)
	if !ok {
		c.respond(map[string]any{"action": "response", "error": "Invalid Command"})
		return
	}
	line := c.LaName() + " " + strings.ToLower(cmd.Command) + " " + strings.Join(words, " ")
	c.respond(map[string]any{"action": "response", "conf-command": line, "response": reply})
}

func (c *conference) structured(command string, data any) {
	c.respond(map[string]any{"action": "response", "conf-command": command, "response": "OK", "responseData": data})
}

func (c *conference) respond(data map[string]any) {
	c.verto.Publish(c.ModChannel(), map[string]any{"data": data, "eventChannel": c.ModChannel()})
}

// text is a JSON value as a command's word; 0 and null are none.
func text(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case float64:
		if v != 0 {
			return fmt.Sprint(int64(v))
		}
	}
	return ""
}

// maxValues bounds the words of a command's value.
const maxValues = 10

func texts(v any) []string {
	list, ok := v.([]any)
	if !ok {
		list = []any{v}
	}
	var out []string
	for _, item := range list[:min(len(list), maxValues)] {
		if s := text(item); s != "" || ok {
			out = append(out, s)
		}
	}
	return out
}

// layoutEntry is one item of list-videoLayouts.
type layoutEntry struct {
	Type    string    `json:"type"`
	Name    string    `json:"name"`
	ResIDs  *[]string `json:"resIDS,omitempty"`
	Layouts []string  `json:"groupLayouts,omitempty"`
}

func layoutList(set *layouts.Set) []layoutEntry {
	var out []layoutEntry
	for _, l := range set.Layouts() {
		ids := []string{}
		for _, im := range l.Images {
			if im.ReservationID != "" {
				ids = append(ids, string(im.ReservationID))
			}
		}
		out = append(out, layoutEntry{Type: "layout", Name: l.Name, ResIDs: &ids})
	}
	for _, g := range set.Groups() {
		e := layoutEntry{Type: "layoutGroup", Name: "group:" + g.Name}
		for _, l := range g.Layouts {
			e.Layouts = append(e.Layouts, l.Name)
		}
		out = append(out, e)
	}
	return out
}

func canvasList(v room.CanvasInfo) []map[string]any {
	return []map[string]any{{
		"canvasID": 0, "totalLayers": len(v.Layout.Images), "layersUsed": v.Used,
		"layoutFloorID": v.Layout.Floor(), "layoutName": v.Layout.Name,
	}}
}
