package mcu

import (
	"context"
	"fmt"

	"github.com/omniverto/omniverto/mcu/livearray"
	"github.com/omniverto/omniverto/mcu/room"
	"github.com/omniverto/omniverto/mcu/verto"
	"github.com/omniverto/omniverto/media"
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
	// sessions are those of the members who have one.
	sessions map[room.MemberID]string
}

var _ room.Observer = (*conference)(nil)

func newConference(name, domain string, v *verto.Server) *conference {
	id := livearray.Conference{Name: name, Domain: domain}
	return &conference{
		Conference: id, verto: v, legs: make(map[string]int), sessions: make(map[room.MemberID]string),
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
func (c *conference) MemberJoined(i room.Info, canvases []room.CanvasInfo) {
	if !i.SecondScreen {
		if d, ok := c.array.Add(i.CallID, row(i)); ok {
			c.publish(d)
		}
	}
	c.legs[i.Session]++
	c.sessions[i.ID] = i.Session
	c.verto.Grant(i.Session, c.channels(i.Role)...)
	c.verto.SendSession(i.Session, c.Join(leg(i)))
	c.layouts(canvases)
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
	delete(c.sessions, i.ID)
	if c.legs[i.Session]--; c.legs[i.Session] > 0 {
		return
	}
	delete(c.legs, i.Session)
	c.array.Forget(i.Session)
	c.verto.Revoke(i.Session, c.channels(room.Moderator)...)
}

// LayoutChanged sends the layout information.
func (c *conference) LayoutChanged(v room.CanvasInfo) {
	if v.Super {
		return // no stock client knows of it; its geometry is told
	}
	c.verto.Publish(c.InfoChannel(), c.LayoutInfo(livearray.Canvas{
		ID: v.Canvas, Width: v.Width, Height: v.Height, Used: v.Used, Layout: v.Layout,
	}))
}

// layouts sends the layout information of all canvases.
func (c *conference) layouts(all []room.CanvasInfo) {
	for _, v := range all {
		c.LayoutChanged(v)
	}
}

// GeometryChanged sends the geometry to whom it concerns.
func (c *conference) GeometryChanged(g room.Geometry, only room.MemberID) {
	if only == 0 {
		c.verto.Publish(c.InfoChannel(), c.GeometryEvent(geometry(g), ""))
		return
	}
	if session, ok := c.sessions[only]; ok {
		c.verto.SendSession(session, c.GeometryEvent(geometry(g), session))
	}
}

// PersonalRefused tells a member that he goes on with the common canvas.
func (c *conference) PersonalRefused(i room.Info, limit int) {
	c.answer(i.Session, map[string]any{
		"action": "response", "conf-command": c.LaName() + " vid-personal",
		"response": fmt.Sprintf("-ERR no more than %d personal canvases\n", limit),
	})
}

// Happened is for consumers of events; the room itself logs them.
func (c *conference) Happened(room.Event) {}

func geometry(g room.Geometry) livearray.Geometry {
	out := livearray.Geometry{
		CanvasID: g.Canvas, Serial: g.Serial, Width: g.Width, Height: g.Height, RTPTime: g.RTPTime,
		Layout: g.Layout, Group: g.Group, MoveMs: g.MoveMsec, Layers: make([]livearray.Place, len(g.Layers)),
	}
	for z, p := range g.Layers {
		out.Layers[z] = livearray.Place{
			LayerID: p.Layer, MemberID: uint32(p.Member), X: p.Rect.Min.X, Y: p.Rect.Min.Y,
			Width: p.Rect.Dx(), Height: p.Rect.Dy(), Z: z, Floor: p.Floor, Zoom: p.Zoom,
			Banner: p.Banner, ReservationID: string(p.ReservationID), Shows: p.Canvas,
			SourceWidth: p.Source.X, SourceHeight: p.Source.Y,
		}
	}
	return out
}

// Ended clears the table for whoever still watches it.
func (c *conference) Ended() { c.publish(c.array.Clear()) }

func (c *conference) publish(d livearray.Data) {
	c.verto.Publish(c.LiveArrayChannel(), c.array.Params(d))
}

func leg(i room.Info) livearray.Leg {
	return livearray.Leg{
		CallID: i.CallID, Session: i.Session, MemberID: uint32(i.ID), Moderator: i.Role == room.Moderator,
		CanvasCount: i.Canvases, SecondScreen: i.SecondScreen, ScreenShare: i.ScreenShare, VideoOnly: i.SecondScreen,
	}
}

// row is a member as the live array tells him.
func row(i room.Info) livearray.Member {
	return livearray.Member{
		ID: uint32(i.ID), Number: i.Number, Name: i.Name, Codec: codecName(i.AudioCodec), UserVariables: i.UserVariables,
		Hold:  i.Hold,
		Audio: livearray.Audio{Muted: i.Muted, Deaf: i.Deaf, Talking: i.Talking, Floor: i.Floor, EnergyScore: i.Score},
		Video: &livearray.Video{
			AvatarOnly: !i.HasVideo, AvatarPresented: !i.HasVideo, SendOnly: !i.HasVideo,
			ScreenShare: i.ScreenShare, Muted: i.VideoMuted, Floor: i.VideoFloor,
			FloorLocked: i.FloorLocked, ReservationID: string(i.ReservationID), RoleID: i.RoleID,
			Layer: i.Layer, Canvas: i.Canvas, Watching: max(i.Watching, 0),
		},
	}
}

// codecName is a codec as FreeSWITCH's rows tell it: with the rate of its sound.
func codecName(c media.AudioCodec) string {
	rate := c.ClockRate()
	if c == media.G722 {
		rate = 16000
	}
	return fmt.Sprintf("%v@%d", c, rate)
}

// broadcast takes a client's message on one of the room's channels.
func (h *hosted) broadcast(ctx context.Context, kind string, b verto.Broadcast) error {
	switch kind {
	case "conference-liveArray":
		if cmd, ok := livearray.ParseCommand(b.Data); ok && cmd.Bootstrap() {
			return h.Do(ctx, func(s *room.State) error { h.conference.bootstrap(s, b.Session.ID(), cmd); return nil })
		}
	case "conference-chat":
		if m, ok := livearray.ParseChat(b.Data); ok {
			return h.Do(ctx, func(*room.State) error { h.conference.chat(m, b.FromDisplay, b.UserID); return nil })
		}
	case "conference-mod":
		return h.moderate(ctx, b)
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

// bootstrap sends the whole table to one session, and where it sees whom.
func (c *conference) bootstrap(s *room.State, session string, cmd livearray.Command) {
	for _, d := range c.array.Bootstrap(session, cmd.Name) {
		c.verto.SendSession(session, c.array.Unicast(d, session))
	}
	if id, ok := c.member(s, session); ok {
		if g, ok := s.Geometry(id); ok {
			c.verto.SendSession(session, c.GeometryEvent(geometry(g), session))
		}
	}
}

// member is the id of a session's own member: who is not a shared screen.
func (c *conference) member(s *room.State, session string) (room.MemberID, bool) {
	for _, i := range s.Members() {
		if i.Session == session && !i.ScreenShare {
			return i.ID, true
		}
	}
	return 0, false
}

func (c *conference) chat(m livearray.Chat, name, from string) {
	c.verto.Publish(c.ChatChannel(), c.Relay(m, name, from))
}
