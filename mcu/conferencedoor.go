package mcu

import (
	"slices"
	"time"

	"github.com/omniverto/omniverto/mcu/livearray"
	"github.com/omniverto/omniverto/mcu/room"
)

// visit is somebody's wait at the door.
type visit struct {
	told  room.Waiting
	tries int  // wrong PINs, as told
	gone  bool // he waits no more
}

// LobbyChanged tells those at the door what they wait for, and the moderators who
// waits to be let in.
func (c *conference) LobbyChanged(waiting []room.Info) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.forgetVisitsLocked(waiting)
	guests := []livearray.Guest{}
	for _, i := range waiting {
		c.visitLocked(i)
		if i.Waiting == room.ForAdmission {
			guests = append(guests, livearray.Guest{MemberID: uint32(i.ID), Name: i.Name, CallID: i.CallID, Since: i.Joined.UnixMilli()})
		}
	}
	if slices.Equal(guests, c.lobby) {
		return
	}
	c.lobby = guests
	c.paceLocked(&c.lobbyPace, len(guests), func() {
		c.publishLocked(c.ModChannel(), map[string]any{"data": livearray.Lobby(c.lobby), "eventChannel": c.ModChannel()})
	})
}

// forgetVisitsLocked forgets those who went away; one who has gone only now may be
// about to join.
func (c *conference) forgetVisitsLocked(waiting []room.Info) {
	here := make(map[room.MemberID]bool, len(waiting))
	for _, i := range waiting {
		here[i.ID] = true
	}
	for id, v := range c.visits {
		if !here[id] && v.gone {
			delete(c.visits, id)
		}
		v.gone = !here[id]
	}
}

// visitLocked tells somebody what he waits for, when it is something new.
func (c *conference) visitLocked(i room.Info) {
	v := c.visits[i.ID]
	if v == nil {
		v = &visit{}
		c.visits[i.ID] = v
	}
	if v.told == i.Waiting && v.tries == i.PINTries {
		return
	}
	reason := livearray.WaitsForAdmission
	switch {
	case i.Waiting == room.ForPIN && i.PINTries > v.tries:
		reason = livearray.WaitsForRightPIN
	case i.Waiting == room.ForPIN:
		reason = livearray.WaitsForPIN
	}
	v.told, v.tries = i.Waiting, i.PINTries
	c.sendLocked(i.Session, c.Waiting(i.CallID, i.Session, reason))
}

// admittedLocked tells somebody who waited that he is let in.
func (c *conference) admittedLocked(i room.Info) {
	if c.visits[i.ID] == nil {
		return
	}
	delete(c.visits, i.ID)
	c.sendLocked(i.Session, c.Waiting(i.CallID, i.Session, livearray.WaitsNoMore))
}

// pace sends something that is as long as the room is large: at once while it is
// short, and else once a second at most.
type pace struct{ timer *time.Timer }

const (
	shortList = 50
	listTick  = time.Second
)

func (p *pace) stop() {
	if p.timer != nil {
		p.timer.Stop()
		p.timer = nil
	}
}

// paceLocked calls tell with mu held, now or later.
func (c *conference) paceLocked(p *pace, length int, tell func()) {
	if length <= shortList {
		p.stop()
		tell()
		return
	}
	if p.timer != nil {
		return
	}
	var timer *time.Timer
	timer = time.AfterFunc(listTick, func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		if p.timer == timer {
			p.timer = nil
			tell()
		}
	})
	p.timer = timer
}
