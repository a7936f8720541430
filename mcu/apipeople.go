package mcu

import (
	"context"
	"time"

	"github.com/omniverto/omniverto/mcu/room"
)

// overview tells the admin API about the room.
func (h *hosted) overview(ctx context.Context) (roomEntry, error) {
	e := roomEntry{Name: h.Name(), Domain: h.Domain(), Canvases: []canvasEntry{}}
	err := h.Do(ctx, func(s *room.State) error {
		i := s.RoomInfo()
		e.UUID, e.Profile, e.Started = i.UUID, i.Profile, i.Started
		e.Members, e.Ghosts, e.MaxMembers, e.Waiting = i.Members, i.Ghosts, i.MaxMembers, i.Waiting
		e.Locked, e.NeedsPIN, e.Lobby, e.WaitModerator, e.Recording = i.Locked, i.NeedsPIN, i.Lobby, i.WaitModerator, i.Recording
		for _, v := range s.Canvases() {
			c := canvasEntry{ID: v.Canvas + 1, Super: v.Super, Width: v.Width, Height: v.Height, FPS: v.FPS, Used: v.Used}
			if v.Layout != nil {
				c.Layout = v.Layout.Name
			}
			e.Canvases = append(e.Canvases, c)
		}
		return nil
	})
	return e, err
}

// people tells the admin API who is in the room and who at its door.
func (h *hosted) people(ctx context.Context) (here []memberEntry, atDoor []waitingEntry, err error) {
	here, atDoor = []memberEntry{}, []waitingEntry{}
	err = h.Do(ctx, func(s *room.State) error {
		for _, i := range s.Members() {
			here = append(here, entryOf(i))
		}
		for _, i := range s.WaitingMembers() {
			atDoor = append(atDoor, waitingOf(i))
		}
		return nil
	})
	return here, atDoor, err
}

// entryOf is a member as the API tells him.
func entryOf(i room.Info) memberEntry {
	return memberEntry{
		ID: uint32(i.ID), CallID: i.CallID, User: i.User, Name: i.Name, Number: i.Number, Role: string(i.Role),
		Joined: i.Joined, Muted: i.Muted, Deaf: i.Deaf, VideoMuted: i.VideoMuted, HasAudio: i.HasAudio, HasVideo: i.HasVideo,
		Talking: i.Talking, LastTalking: moment(i.LastTalking), Floor: i.Floor, VideoFloor: i.VideoFloor,
		Hold: i.Hold, CallHold: i.CallHold, Detached: i.Detached, Hand: moment(i.Hand), Quality: qualityName(i.Quality),
		Ghost: i.Ghost, Outbound: i.Outbound, ScreenShare: i.ScreenShare, SecondScreen: i.SecondScreen,
		Canvas: i.Canvas + 1, Layer: i.Layer + 1, Watching: i.Watching + 1,
		ReservationID: string(i.ReservationID), RoleID: i.RoleID,
		Energy: i.Energy, VolumeIn: i.VolumeIn, VolumeOut: i.VolumeOut, Codec: codecName(i.AudioCodec),
		UserVariables: i.UserVariables,
	}
}

// waitingOf is somebody at the door as the API tells him.
func waitingOf(i room.Info) waitingEntry {
	what := "admission"
	if i.Waiting == room.ForPIN {
		what = "pin"
	}
	return waitingEntry{
		ID: uint32(i.ID), CallID: i.CallID, User: i.User, Name: i.Name, Number: i.Number,
		Since: i.Joined, For: what, Tries: i.PINTries,
	}
}

// moment is a time, or nil for none.
func moment(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

func qualityName(q int) string {
	switch q {
	case room.QualityBad:
		return "bad"
	case room.QualityPoor:
		return "poor"
	case room.QualityGood:
		return "good"
	}
	return "unknown"
}

func (h *hosted) listing(ctx context.Context) (l room.Listing, err error) {
	err = h.Do(ctx, func(s *room.State) error { l = s.Listing(); return nil })
	return l, err
}

func (h *hosted) end(ctx context.Context) error {
	return h.Do(ctx, func(s *room.State) error { s.End(); return nil })
}
