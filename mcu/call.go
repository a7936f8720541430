package mcu

import (
	"context"
	"errors"
	"sync"

	"github.com/omniverto/omniverto/mcu/room"
	"github.com/omniverto/omniverto/mcu/rtc"
	"github.com/omniverto/omniverto/mcu/verto"
	"github.com/omniverto/omniverto/media"
)

// call is one Verto call. It outlives sockets, legs and rooms: its client may come
// back on another socket with another leg, and it may be sent to another room.
type call struct {
	// constant
	exchange *exchange
	id       string
	life     context.Context // until the call is over
	stop     context.CancelFunc

	// turn has one place: what changes where the call is, one after the other.
	turn chan struct{}

	mu      sync.Mutex // guards what follows
	out     verto.CallControl
	who     caller
	place   place
	offered *leg // waits for the client's answer
	sound   media.AudioForm
	dir     media.Directions
	held    bool // by its own client
	over    bool

	partner *call // in a bridge, else nil; guarded by the bridges' mutex
}

// leg is the media of a call: a peer, and where it reports to.
type leg struct {
	peer    *rtc.Peer
	conduit *conduit
}

// place is where a call is; the zero value is that of one that rings.
type place struct {
	room   *hosted
	member *room.Member
	leg    *leg // nil after a restart, until the client is back
	before *leg // goes on until leg is connected; nil if there was none
}

// legOf finds which of the legs a room gave back.
func (p place) legOf(given room.Leg) *leg {
	if p.before != nil && p.before.peer == given {
		return p.before
	}
	return p.leg
}

// flowing is the leg that the member has: the newest that has not ended.
func (p place) flowing() *leg {
	if p.before != nil && p.leg != nil && p.leg.conduit.dead() {
		return p.before
	}
	return p.leg
}

var (
	_ verto.Call        = (*call)(nil)
	_ verto.Reattacher  = (*call)(nil)
	_ verto.Answerer    = (*call)(nil)
	_ verto.Transferrer = (*call)(nil)
)

func (x *exchange) newCall(id string, who caller, out verto.CallControl) *call {
	c := &call{exchange: x, id: id, who: who, out: out, turn: make(chan struct{}, 1)}
	c.life, c.stop = context.WithCancel(context.Background())
	return c
}

// errOver says that the call has ended meanwhile.
var errOver = errors.New("mcu: the call has ended")

// take waits for the call's turn; pass must follow, unless it fails.
func (c *call) take(ctx context.Context) error {
	select {
	case c.turn <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (c *call) pass() { <-c.turn }

// at tells where the call is.
func (c *call) at() place {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.place
}

// caller tells who is in the call.
func (c *call) caller() caller {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.who
}

// control is how the client is spoken to.
func (c *call) control() verto.CallControl {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.out
}

// settle notes where the call is now; false when it is over, and then the place
// is still the caller's.
func (c *call) settle(p place) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.over {
		return false
	}
	c.exchange.server.calls.move(c, c.place.member, p.member)
	c.place = p
	if p.leg != nil {
		c.dir = p.leg.peer.Directions()
	}
	return true
}

// finish makes the call over; false if it was. What it had is the caller's to end.
func (c *call) finish() (had place, offered *leg, first bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.over {
		return place{}, nil, false
	}
	c.over = true
	c.stop()
	had, offered = c.place, c.offered
	c.offered = nil
	c.exchange.server.calls.move(c, c.place.member, nil)
	return had, offered, true
}

// end ends the call from the server's side.
func (c *call) end(cause verto.Cause) {
	if had, offered, first := c.finish(); first {
		c.control().Bye(cause)
		c.clear(had, offered)
	}
}

// clear ends what a call had: member, legs, partner.
func (c *call) clear(had place, offered *leg) {
	if had.member != nil {
		c.logged("leave", c.do(func(ctx context.Context) error { return had.member.Leave(ctx, room.Left) }))
	}
	c.drop(had.before)
	c.drop(had.leg)
	c.gone(offered)
}

// gone follows the end of the call, however it came.
func (c *call) gone(offered *leg) {
	c.drop(offered)
	if partner := c.exchange.server.bridges.part(c); partner != nil {
		partner.end(verto.CauseNormalClearing)
	}
	c.present(presenceOver)
}

// left is told by a room that its member is out, and tells the client.
func (c *call) left(m *room.Member, cause room.Cause) {
	if cause == room.Suspended || c.at().member != m {
		return // the server restarts, or the call has gone on to another room
	}
	had, offered, first := c.finish()
	if !first {
		return
	}
	c.control().Bye(causeOf(cause))
	c.gone(offered)
	if cause == room.Rejected && had.room.record != nil {
		c.rejected(had.room, had.room.turnedAway())
	}
}

// causeOf is a room's cause as hangup cause.
func causeOf(cause room.Cause) verto.Cause {
	switch cause {
	case room.MediaLost:
		return verto.CauseMediaTimeout
	case room.DetachTimeout:
		return verto.CauseRecoveryTimerExpire
	case room.Rejected, room.Banned:
		return verto.CauseCallRejected
	default:
		return verto.CauseNormalClearing
	}
}

// do asks a room for something; a room that has ended needs nothing more.
func (c *call) do(f func(ctx context.Context) error) error {
	ctx, cancel := context.WithTimeout(context.Background(), roomPatience)
	defer cancel()
	err := f(ctx)
	if errors.Is(err, room.ErrEnded) {
		return nil
	}
	return err
}

// member asks the call's present member for something.
func (c *call) member(what string, f func(ctx context.Context, m *room.Member) error) {
	if m := c.at().member; m != nil {
		c.logged(what, c.do(func(ctx context.Context) error { return f(ctx, m) }))
	}
}

// Hangup removes the member.
func (c *call) Hangup(verto.Cause) {
	if had, offered, first := c.finish(); first {
		c.clear(had, offered)
	}
}

// Lost keeps the member: losing the socket alone never stops a call (media.md 7).
func (c *call) Lost() {
	if c.at().member == nil { // it is on its way to somewhere
		c.end(verto.CauseDestOutOfOrder)
		return
	}
	c.member("lost", func(ctx context.Context, m *room.Member) error { return m.SocketLost(ctx) })
}

// DTMF dials.
func (c *call) DTMF(digits string) {
	c.member("dtmf", func(ctx context.Context, m *room.Member) error { return m.DTMF(ctx, digits) })
}

// Candidate adds a trickled ICE candidate to the newest leg.
func (c *call) Candidate(candidate string) error {
	if l := c.newest(); l != nil {
		return l.peer.AddCandidate(candidate)
	}
	return nil
}

func (c *call) newest() *leg {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.offered != nil {
		return c.offered
	}
	return c.place.leg
}

// Modify renegotiates media, refreshes the picture, and holds.
func (c *call) Modify(ctx context.Context, m verto.Modify) (verto.ModifyResult, error) {
	at := c.at()
	if at.member == nil || at.leg == nil {
		return c.result(""), nil
	}
	switch m.Action {
	case verto.ActionUpdateMedia:
		answer, err := at.flowing().peer.Reoffer(m.SDP)
		if err != nil {
			return c.result(""), &verto.CallError{Cause: verto.CauseIncompatible, Message: "CODEC NEGOTIATION ERROR", Err: err}
		}
		return c.result(answer), c.renegotiated(at)
	case verto.ActionVideoRefresh:
		return c.result(""), c.do(at.member.Refresh)
	case verto.ActionHold, verto.ActionUnhold, verto.ActionToggleHold:
		return c.hold(ctx, m.Action)
	}
	return c.result(""), nil
}

func (c *call) renegotiated(at place) error {
	c.mu.Lock()
	c.dir = at.flowing().peer.Directions()
	c.mu.Unlock()
	return c.do(at.member.Renegotiated)
}

// result is the call's state after a verto.modify.
func (c *call) result(sdp string) verto.ModifyResult {
	c.mu.Lock()
	defer c.mu.Unlock()
	return verto.ModifyResult{Held: c.held, SDP: sdp}
}

// hold puts the call on hold, or takes it off again. A partner hears music.
func (c *call) hold(ctx context.Context, a verto.Action) (verto.ModifyResult, error) {
	if err := c.take(ctx); err != nil {
		return c.result(""), err
	}
	defer c.pass()
	c.mu.Lock()
	on := a == verto.ActionHold || a == verto.ActionToggleHold && !c.held
	changed := on != c.held
	c.held = on
	m := c.place.member
	c.mu.Unlock()
	if !changed || m == nil {
		return c.result(""), nil
	}
	err := c.do(func(ctx context.Context) error { return m.HoldCall(ctx, on) })
	if partner := c.exchange.server.bridges.partner(c); partner != nil {
		partner.music(on)
	}
	if on {
		c.present(presenceHeld)
	} else {
		c.present(presenceActive)
	}
	return c.result(""), err
}

// display tells the client whom he speaks with; nobody is not told.
func (c *call) display(p party) {
	if p == (party{}) {
		return
	}
	c.mu.Lock()
	c.who.display = p
	out := c.out
	c.mu.Unlock()
	out.Display(p.name, p.number)
}

// present tells those who watch the user what the call does. Whom he has called is
// known once somebody has answered, as in FreeSWITCH.
func (c *call) present(state presenceState) {
	who := c.caller()
	if !who.outbound && state != presenceActive && state != presenceHeld {
		who.called = party{}
	}
	from, to := who.ends()
	c.exchange.server.presence.set(presenceCall{
		CallID: c.id, User: who.identity.UserID(), State: state, Outbound: who.outbound,
		CallerName: from.name, CallerNumber: from.number, CalleeName: to.name, CalleeNumber: to.number,
	})
}

func (c *call) logged(what string, err error) {
	if err != nil && !errors.Is(err, context.Canceled) && !errors.Is(err, errOver) {
		c.exchange.server.log.Warn("verto call", "call", c.id, "op", what, "error", err)
	}
}
