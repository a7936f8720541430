package mcu

import (
	"context"
	"fmt"

	"github.com/omniverto/omniverto/mcu/livearray"
	"github.com/omniverto/omniverto/mcu/room"
	"github.com/omniverto/omniverto/mcu/verto"
	"github.com/omniverto/omniverto/media"
)

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

func (c *conference) leg(i room.Info) livearray.Leg {
	return livearray.Leg{
		CallID: i.CallID, Session: i.Session, MemberID: uint32(i.ID), Moderator: i.Role == room.Moderator,
		CanvasCount: i.Canvases, SecondScreen: i.SecondScreen, ScreenShare: i.ScreenShare, VideoOnly: i.SecondScreen,
		Variables: c.info.Verto,
	}
}

func roomInfo(i room.RoomInfo) livearray.RoomInfo {
	return livearray.RoomInfo{
		Locked: i.Locked, NeedsPIN: i.NeedsPIN, Lobby: i.Lobby, WaitModerator: i.WaitModerator,
		Recording: i.Recording, Waiting: i.Waiting,
	}
}

// row is a member as the live array tells him.
func row(i room.Info) livearray.Member {
	m := livearray.Member{
		ID: uint32(i.ID), Number: i.Number, Name: i.Name, Codec: codecName(i.AudioCodec), UserVariables: i.UserVariables,
		Hold: i.Hold, Role: string(i.Role), Quality: int(i.Quality), Detached: i.Detached,
		Audio: livearray.Audio{
			Muted: i.Muted, Deaf: i.Deaf, OnHold: i.CallHold, Talking: i.Talking, Floor: i.Floor, EnergyScore: i.Score,
		},
		Video: &livearray.Video{
			AvatarOnly: !i.HasVideo, AvatarPresented: !i.HasVideo, SendOnly: !i.HasVideo,
			ScreenShare: i.ScreenShare, Muted: i.VideoMuted, Floor: i.VideoFloor,
			FloorLocked: i.FloorLocked, ReservationID: string(i.ReservationID), RoleID: i.RoleID,
			Layer: i.Layer, Canvas: i.Canvas, Watching: max(i.Watching, 0),
		},
	}
	if !i.Hand.IsZero() {
		m.Hand = i.Hand.UnixMilli()
	}
	return m
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
		cmd, ok := livearray.ParseCommand(b.Data)
		switch {
		case ok && cmd.Bootstrap():
			return h.Do(ctx, func(s *room.State) error { h.conference.bootstrap(s, b.Session.ID(), cmd); return nil })
		case ok:
			return h.conference.table(b.Session.ID(), cmd)
		}
	case "conference-chat":
		if m, ok := livearray.ParseChat(b.Data); ok {
			return h.conference.say(m, sender{b.Session.ID(), b.UserID, b.FromDisplay})
		}
	case "conference-mod":
		return h.moderate(ctx, b)
	case "conference":
		h.conference.describe(b.Session.ID(), b)
	}
	return nil
}

// bootstrap sends the whole table to one session, and where it sees whom.
func (c *conference) bootstrap(s *room.State, session string, cmd livearray.Command) {
	id, ok := c.bootstrapRows(session, cmd.Name)
	if !ok {
		return
	}
	if g, ok := s.Geometry(id); ok {
		c.send(session, c.GeometryEvent(geometry(g), session))
	}
}

// bootstrapRows sends the whole table of that name; of a member who asks for the
// members it returns the id.
func (c *conference) bootstrapRows(session, name string) (room.MemberID, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.flushLocked()
	for _, d := range c.roster.Bootstrap(session, name) {
		c.verto.SendSession(session, c.roster.Unicast(d, session))
	}
	if name != c.LaName() {
		return 0, false
	}
	return c.memberLocked(session)
}

// table does what a client asks of the table besides its rows. heartbeat, changepage
// and what else clients of FreeSWITCH send is taken silently.
func (c *conference) table(session string, cmd livearray.Command) error {
	if cmd.Writes() {
		return fmt.Errorf("%w: the rows of a conference are the server's", verto.ErrDenied)
	}
	if cmd.Hash() && cmd.Name == c.LaName() {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.flushLocked()
		c.verto.SendSession(session, c.roster.Unicast(c.roster.HashOf(), session))
	}
	return nil
}

// memberLocked is the id of a session's own member: who is not a shared screen.
func (c *conference) memberLocked(session string) (room.MemberID, bool) {
	if session == "" {
		return 0, false
	}
	for _, p := range c.legs[session] {
		if !p.ScreenShare {
			return p.ID, true
		}
	}
	return 0, false
}
