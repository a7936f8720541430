package mcu

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/omniverto/omniverto/mcu/cdr"
	"github.com/omniverto/omniverto/mcu/dialplan"
	"github.com/omniverto/omniverto/mcu/directory"
	"github.com/omniverto/omniverto/mcu/room"
	"github.com/omniverto/omniverto/mcu/verto"
	"github.com/omniverto/omniverto/media"
)

// reserve takes the call's place in the room that it is to come to. form tells
// what sound will come, which may depend on the room's profile.
func (c *call) reserve(ctx context.Context, t dialplan.Target, form func(room.Profile) media.AudioForm) (place, error) {
	who := c.caller()
	var m *room.Member
	ask := func(p room.Profile) room.Request {
		req := who.request(t, form(p))
		req.CallID = c.id
		req.Left = func(cause room.Cause) { c.left(m, cause) }
		req.Lost = c.lostMedia
		return req
	}
	w := wish{
		name: t.Room, domain: who.identity.Domain, profile: t.Profile, pin: t.PIN, flags: t.Flags,
		maker: who.identity.UserID(), joinOnly: room.ParseMemberFlags(t.Flags + "|" + who.identity.MemberFlags).JoinOnly,
	}
	h, m2, err := c.exchange.server.rooms.reserve(ctx, w, ask)
	if err != nil {
		c.rejected(h, err)
		return place{}, err
	}
	m = m2
	return place{room: h, member: m}, nil
}

// rejected adds to a room's record that the call was not let in.
func (c *call) rejected(h *hosted, err error) {
	if h == nil {
		return
	}
	for _, known := range []struct {
		err    error
		reason cdr.Reason
	}{
		{room.ErrLocked, cdr.Locked}, {room.ErrPINWrong, cdr.InvalidPIN}, {room.ErrFull, cdr.MaxMembers},
		{room.ErrBanned, cdr.Banned}, {errDenied, cdr.Denied},
	} {
		if errors.Is(err, known.err) {
			who := c.caller()
			h.record.Rejected(cdr.Attempt{Reason: known.reason, CallID: c.id, User: who.identity.UserID(), Name: who.name, Number: who.number})
		}
	}
}

// errDenied is of those whom a moderator did not let in.
var errDenied = errors.New("mcu: not let in")

// enter brings the call's leg to a reserved place. On an error the place is given
// back and the leg closed.
func (c *call) enter(ctx context.Context, p place) error {
	p.leg.conduit.connect(p.member.Handler())
	err := errOver
	if c.settle(p) {
		err = p.room.Join(ctx, p.member, p.leg.peer)
	}
	if err != nil {
		c.settle(place{})
		p.member.Discard()
		c.drop(p.leg)
		return err
	}
	c.mu.Lock()
	held, over := c.held, c.over
	c.mu.Unlock()
	if over { // the client hung up while the member was on his way
		return errors.Join(errOver, c.do(func(ctx context.Context) error { return p.member.Leave(ctx, room.Left) }))
	}
	if held {
		c.member("hold", func(ctx context.Context, m *room.Member) error { return m.HoldCall(ctx, true) })
	}
	return nil
}

// move brings the call into another room, without a word of session descriptions.
// The call has its turn. On errNotMoved it is where it was, on others it is over
// or about to be.
func (c *call) move(ctx context.Context, reserve func(ctx context.Context) (place, error)) error {
	old := c.at()
	if old.member == nil || old.leg == nil {
		return fmt.Errorf("%w: %w", errNotMoved, room.ErrDetached)
	}
	p, err := reserve(ctx)
	if err != nil {
		return fmt.Errorf("%w: %w", errNotMoved, err)
	}
	released, err := old.member.Release(ctx)
	if err != nil {
		p.member.Discard()
		return fmt.Errorf("%w: %w", errNotMoved, err)
	}
	p.leg = old.legOf(released)
	if err := c.enter(ctx, p); err != nil {
		c.end(verto.CauseTemporaryFailure)
		return err
	}
	// The new room's decoder begins with a keyframe, which nobody else asks for now.
	c.member("refresh", func(ctx context.Context, m *room.Member) error { return m.Refresh(ctx) })
	return nil
}

// errNotMoved says that a call has stayed where it was.
var errNotMoved = errors.New("mcu: not moved")

// moveTo moves the call to a conference.
func (c *call) moveTo(ctx context.Context, t dialplan.Target) error {
	if err := c.take(ctx); err != nil {
		return err
	}
	defer c.pass()
	c.mu.Lock()
	sound := c.sound
	c.mu.Unlock()
	err := c.move(ctx, func(ctx context.Context) (place, error) {
		return c.reserve(ctx, t, func(room.Profile) media.AudioForm { return sound })
	})
	if err == nil {
		c.display(party{t.DisplayName, t.DisplayNumber})
	}
	return err
}

// redirect sends a call that is answered to where the dialplan leads.
func (c *call) redirect(ctx context.Context, t dialplan.Target) error {
	switch t.Kind {
	case dialplan.Conference:
		return c.moveTo(ctx, t)
	case dialplan.User:
		return c.exchange.reconnect(ctx, c, t)
	default:
		c.end(verto.Cause(cmp.Or(t.Cause, int(verto.CauseNormalClearing))))
		return nil
	}
}

// Transfer sends a member elsewhere; it is part of room.Switchboard and may be
// called on the room's goroutine.
func (x *exchange) Transfer(m *room.Member, to room.Destination) error {
	c := x.server.calls.of(m)
	if c == nil {
		return room.ErrNoMember
	}
	t, err := x.destination(c, to)
	if err != nil {
		x.refused("transfer", c, err)
		return err
	}
	x.server.tasks.do(func(ctx context.Context) {
		if err := c.redirect(ctx, t); err != nil {
			x.refused("transfer", c, err)
		}
	})
	return nil
}

// destination is where a transfer leads. Whom a token admits to one room stays
// there, whoever sends him: he could have asked a moderator of his own.
func (x *exchange) destination(c *call, to room.Destination) (dialplan.Target, error) {
	who := c.caller()
	if to.Conference == "" {
		t, err := x.route(&who, to.Exten, to.Context)
		return t, err
	}
	a := dialplan.ParseConference(to.Conference)
	r, err := directory.ParseRoute(a.Name)
	if err != nil {
		return dialplan.Target{}, err
	}
	t := dialplan.Target{Kind: dialplan.Conference, Room: r.Room, Profile: r.Profile, Canvas: -1}
	if strings.Contains(to.Conference, "@") {
		t.Profile = a.Profile
	}
	return t, x.allowed(&who, t)
}
