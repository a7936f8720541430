package mcu

import (
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/omniverto/omniverto/mcu/livearray"
	"github.com/omniverto/omniverto/mcu/room"
)

// conference is the Verto side of a room: it turns what the room tells into live
// array, join events, layout information and chat, and takes the broadcasts on
// the room's channels. It is a room.Observer and safe for concurrent use.
type conference struct {
	// constant after construction
	livearray.Conference
	verto   clients
	profile room.Profile

	// mu guards what follows. It is held while clients are told, which never blocks,
	// so that everybody reads everything in the order in which it happened.
	mu     sync.Mutex
	roster *livearray.Roster
	tick   *time.Timer // tells who talks; nil while there is nothing to tell
	people map[room.MemberID]*person
	legs   map[string][]*person // members by session, in the order of their joins
	info   room.RoomInfo
	visits map[room.MemberID]*visit // of those who wait at the door
	lobby  []livearray.Guest        // as moderators know it
	chat   chat
	past   description
	ended  bool

	lobbyPace, descriptionPace pace
}

// person is a member as far as clients are concerned.
type person struct {
	room.Info
	renamed bool // since he joined
}

var _ room.Observer = (*conference)(nil)

// talkTick is how long it is held back who talks, so that a row changes once where
// voice and floor went back and forth.
const talkTick = 100 * time.Millisecond

func newConference(name, domain string, p room.Profile, v clients) *conference {
	id := livearray.Conference{Name: name, Domain: domain}
	return &conference{
		Conference: id, verto: v, profile: p,
		roster: livearray.NewRoster(id.LaName(), id.LiveArrayChannel()),
		people: make(map[room.MemberID]*person), legs: make(map[string][]*person),
		visits: make(map[room.MemberID]*visit), chat: newChat(),
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

// publish sends an event to a channel's subscribers, after the rows that changed
// before it.
func (c *conference) publish(channel string, payload map[string]any) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.publishLocked(channel, payload)
}

func (c *conference) publishLocked(channel string, payload map[string]any) {
	c.flushLocked()
	c.verto.Publish(channel, payload)
}

// send sends an event to one session, after the rows that changed before it.
func (c *conference) send(session string, payload map[string]any) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.sendLocked(session, payload)
}

func (c *conference) sendLocked(session string, payload map[string]any) {
	if session == "" {
		return
	}
	c.flushLocked()
	c.verto.SendSession(session, payload)
}

// tellLocked sends rows to all who mirror them, and looks after what is held back.
func (c *conference) tellLocked(rows []livearray.Data) {
	for _, d := range rows {
		c.verto.Publish(c.LiveArrayChannel(), c.roster.Params(d))
	}
	switch waiting := c.roster.Holding(); {
	case waiting && c.tick == nil && !c.ended:
		c.tick = time.AfterFunc(talkTick, c.flush)
	case !waiting && c.tick != nil:
		c.tick.Stop()
		c.tick = nil
	}
}

// flush tells who talks.
func (c *conference) flush() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.flushLocked()
}

func (c *conference) flushLocked() {
	if c.roster.Holding() {
		c.tellLocked(c.roster.Flush())
	}
}

// MemberJoined adds the row, then tells the joiner, as FreeSWITCH does.
func (c *conference) MemberJoined(i room.Info, canvases []room.CanvasInfo) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.admittedLocked(i)
	if !i.SecondScreen {
		c.tellLocked(c.roster.Add(i.CallID, row(i)))
	}
	c.enterLocked(i, true)
	c.greetLocked(i)
	for _, v := range canvases {
		c.layoutLocked(v)
	}
	c.describeLocked()
}

// MemberAttached tells a member who came back what a joiner is told: he subscribes
// and bootstraps anew.
func (c *conference) MemberAttached(i room.Info, _ []room.CanvasInfo) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.tellLocked(c.roster.Modify(i.CallID, row(i)))
	c.enterLocked(i, true)
	c.greetLocked(i)
}

// MemberChanged modifies the row. Who becomes a moderator, or is none any more, is
// told so by another join event: it is what stock clients understand.
func (c *conference) MemberChanged(i room.Info) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.tellLocked(c.roster.Modify(i.CallID, row(i)))
	p := c.people[i.ID]
	if p == nil {
		return
	}
	other := (p.Role == room.Moderator) != (i.Role == room.Moderator)
	c.enterLocked(i, other || p.Session != i.Session)
	if other {
		c.greetLocked(i)
	}
}

// enterLocked keeps what is known of a member and, if grant is set, lets his session
// use the channels that his role is for: grants end with a client's connection.
func (c *conference) enterLocked(i room.Info, grant bool) {
	p := c.people[i.ID]
	if p != nil && p.Session != i.Session {
		c.exitLocked(p)
	}
	if p == nil {
		p = &person{Info: i}
		c.people[i.ID] = p
	}
	if s := i.Session; s != "" && !slices.Contains(c.legs[s], p) {
		c.legs[s] = append(c.legs[s], p)
	}
	demoted := p.Role == room.Moderator && i.Role != room.Moderator
	p.renamed = p.renamed || p.Name != i.Name
	p.Info = i
	if i.Session == "" {
		return
	}
	if demoted && !slices.ContainsFunc(c.legs[i.Session], func(p *person) bool { return p.Role == room.Moderator }) {
		c.verto.Revoke(i.Session, c.ModChannel())
	}
	if grant && !i.Detached {
		c.verto.Grant(i.Session, c.channels(i.Role)...)
	}
}

// exitLocked takes a member from his session, and its channels after the last one.
func (c *conference) exitLocked(p *person) {
	if p.Session == "" {
		return
	}
	left := slices.DeleteFunc(c.legs[p.Session], func(o *person) bool { return o == p })
	c.legs[p.Session] = left
	if len(left) > 0 {
		return
	}
	delete(c.legs, p.Session)
	c.roster.Forget(p.Session)
	c.verto.Revoke(p.Session, c.channels(room.Moderator)...)
}

// greetLocked tells a member's session that its call is in the conference, and what
// it cannot know otherwise. The client begins anew with all it mirrors.
func (c *conference) greetLocked(i room.Info) {
	if i.Detached || i.Session == "" {
		return
	}
	c.roster.Forget(i.Session)
	c.sendLocked(i.Session, c.Join(c.leg(i)))
	c.sendLocked(i.Session, c.RoomInfoEvent(roomInfo(c.info), i.Session))
	if i.Role == room.Moderator && len(c.lobby) > 0 {
		c.sendLocked(i.Session, c.toModerator(i.Session, livearray.Lobby(c.lobby)))
	}
}

// toModerator are the parameters of what a moderator alone is told.
func (c *conference) toModerator(session string, data any) map[string]any {
	return map[string]any{"data": data, "eventChannel": session, "modChannel": c.ModChannel()}
}

// MemberLeft deletes the row, tells the leaver and takes his channels back. A
// session whose media is gone is not told: it reads the end of the call.
func (c *conference) MemberLeft(i room.Info, _ room.Cause) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.tellLocked(c.roster.Modify(i.CallID, row(without(i))))
	c.tellLocked(c.roster.Delete(i.CallID))
	if !i.Detached {
		c.sendLocked(i.Session, c.Part(c.leg(i)))
	}
	if p := c.people[i.ID]; p != nil {
		delete(c.people, i.ID)
		c.exitLocked(p)
	}
	c.past.left(i)
	c.describeLocked()
}

// without is a leaver who has lost voice, floors and seat: FreeSWITCH tells that
// before it deletes the row.
func without(i room.Info) room.Info {
	i.Talking, i.Floor, i.VideoFloor, i.FloorLocked, i.Layer = false, false, false, false, -1
	return i
}

// LayoutChanged sends the layout information.
func (c *conference) LayoutChanged(v room.CanvasInfo) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.layoutLocked(v)
}

func (c *conference) layoutLocked(v room.CanvasInfo) {
	if v.Super {
		return // no stock client knows of it; its geometry is told
	}
	c.publishLocked(c.InfoChannel(), c.LayoutInfo(livearray.Canvas{
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
	c.mu.Lock()
	defer c.mu.Unlock()
	if only == 0 {
		c.publishLocked(c.InfoChannel(), c.GeometryEvent(geometry(g), ""))
		return
	}
	if p := c.people[only]; p != nil && !p.Detached && p.Session != "" {
		c.sendLocked(p.Session, c.GeometryEvent(geometry(g), p.Session))
	}
}

// PersonalRefused tells a member that he goes on with the common canvas.
func (c *conference) PersonalRefused(i room.Info, limit int) {
	if i.Detached {
		return
	}
	c.send(i.Session, c.toModerator(i.Session, map[string]any{
		"action": "response", "conf-command": c.LaName() + " vid-personal",
		"response": fmt.Sprintf("-ERR no more than %d personal canvases\n", limit),
	}))
}

// Happened is for consumers of events; the room itself logs them.
func (c *conference) Happened(room.Event) {}

// RoomChanged tells everybody the room's state.
func (c *conference) RoomChanged(i room.RoomInfo) {
	c.mu.Lock()
	defer c.mu.Unlock()
	was := roomInfo(c.info)
	c.info = i
	if now := roomInfo(i); now != was {
		c.publishLocked(c.InfoChannel(), c.RoomInfoEvent(now, ""))
	}
}

// Reacted shows everybody an emoji.
func (c *conference) Reacted(i room.Info, reaction string) {
	c.publish(c.InfoChannel(), c.ReactionEvent(uint32(i.ID), i.Name, reaction))
}

// Ended clears the table for whoever still watches it.
func (c *conference) Ended() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ended = true
	c.tellLocked(c.roster.Clear())
	c.lobbyPace.stop()
	c.descriptionPace.stop()
}
