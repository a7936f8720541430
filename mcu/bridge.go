package mcu

import (
	"cmp"
	"context"
	"errors"
	"strconv"
	"sync"
	"time"

	"github.com/omniverto/omniverto/mcu/dialplan"
	"github.com/omniverto/omniverto/mcu/room"
	"github.com/omniverto/omniverto/mcu/rtc"
	"github.com/omniverto/omniverto/mcu/verto"
	"github.com/omniverto/omniverto/media"
)

// bridges know which two calls are joined. Their media meet in a room of their own,
// in which each sees and hears the other.
type bridges struct{ mu sync.Mutex }

// join makes two calls partners of each other. If one has ended meanwhile, so does
// the other.
func (b *bridges) join(a, c *call) {
	b.mu.Lock()
	a.partner, c.partner = c, a
	b.mu.Unlock()
	for _, end := range []*call{a, c} {
		if end.isOver() {
			if partner := b.part(end); partner != nil {
				partner.end(verto.CauseNormalClearing)
			}
		}
	}
}

// partner is whom a call is joined with, or nil.
func (b *bridges) partner(c *call) *call {
	b.mu.Lock()
	defer b.mu.Unlock()
	return c.partner
}

// part takes a bridge apart and returns the call's partner, or nil without one. Both
// stay where they are.
func (b *bridges) part(c *call) *call {
	b.mu.Lock()
	defer b.mu.Unlock()
	partner := c.partner
	if partner != nil {
		c.partner, partner.partner = nil, nil
	}
	return partner
}

// unansweredText is the name of whoever has said none, as FreeSWITCH has it.
const unansweredText = "Outbound Call"

// ringTime is how long somebody is called who does not answer, unless the dialplan's
// call_timeout says otherwise.
const ringTime = 30 * time.Second

// bridge rings a user for a caller, and bridges both.
func (x *exchange) bridge(ctx context.Context, c *call, t dialplan.Target, offer string) error {
	profile := x.server.rooms.bridgeProfile()
	if err := rtc.Usable(offer, codecs(profile)); err != nil {
		return err
	}
	partner, err := x.ringFor(ctx, c, t, profile)
	if err != nil {
		return err
	}
	h, err := x.server.rooms.hide(profile, c.who.identity.Domain)
	if err == nil {
		c.sound, _ = rtc.OfferedSound(offer, codecs(profile))
		err = x.meet(ctx, h, c, partner, func() (*leg, error) { return x.answer(ctx, c, profile, offer) })
	}
	if err != nil {
		partner.end(verto.CauseOriginatorCancel)
	}
	return err
}

// meet brings a caller without a leg yet, and who has answered him, into a room of
// their own.
func (x *exchange) meet(ctx context.Context, h *hosted, c, partner *call, answer func() (*leg, error)) error {
	first, err := c.reserveIn(ctx, h)
	if err != nil {
		return err
	}
	if first.leg, err = answer(); err != nil {
		first.member.Discard()
		return err
	}
	if err := c.enter(ctx, first); err != nil {
		return err
	}
	return x.follow(ctx, h, c, partner)
}

// follow brings the partner, who has just answered, to a call that is in h.
func (x *exchange) follow(ctx context.Context, h *hosted, c, partner *call) error {
	second, err := partner.reserveIn(ctx, h)
	if err != nil {
		return err
	}
	if second.leg = partner.answered(); second.leg == nil {
		second.member.Discard()
		return errOver
	}
	if err := partner.enter(ctx, second); err != nil {
		return err
	}
	x.introduce(c, partner)
	return nil
}

// introduce makes two calls that are in one room partners and shows each the other.
func (x *exchange) introduce(a, c *call) {
	for _, pair := range [][2]*call{{a, c}, {c, a}} {
		other := pair[1].caller()
		pair[0].display(party{cmp.Or(other.shown.name, other.name), cmp.Or(other.shown.number, other.number)})
		pair[0].present(presenceActive)
	}
	x.server.bridges.join(a, c)
}

// reserveIn takes the call's place in a room of two.
func (c *call) reserveIn(ctx context.Context, h *hosted) (place, error) {
	who := c.caller()
	c.mu.Lock()
	sound := c.sound
	c.mu.Unlock()
	req := who.request(dialplan.Target{Canvas: -1}, sound)
	req.CallID, req.Lost, req.Trusted = c.id, c.lostMedia, true
	req.Flags, req.Role, req.JoinVideoFloor = room.MemberFlags{}, room.Participant, false
	var m *room.Member
	req.Left = func(cause room.Cause) { c.left(m, cause) }
	m2, err := h.Reserve(ctx, req)
	if err != nil {
		return place{}, err
	}
	m = m2
	return place{room: h, member: m}, nil
}

// answered takes the leg of a call whose client has answered; nil if it is over.
func (c *call) answered() *leg {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.over {
		return nil
	}
	l := c.offered
	c.offered = nil
	return l
}

// ringFor calls a user on behalf of a caller and returns the call that was answered.
func (x *exchange) ringFor(ctx context.Context, c *call, t dialplan.Target, profile room.Profile) (*call, error) {
	who := c.caller()
	vars := who.variables()
	name := cmp.Or(variable(t.Variables, "effective_caller_id_name"), variable(vars, "effective_caller_id_name"), who.name)
	number := cmp.Or(variable(t.Variables, "effective_caller_id_number"), variable(vars, "effective_caller_id_number"), who.number)
	c.mu.Lock()
	c.who.shown = party{name, number}
	dir := c.dir
	c.mu.Unlock()
	if dir == (media.Directions{}) {
		dir = everything()
	}
	timeout := ringTime
	if n, err := strconv.Atoi(variable(t.Variables, "call_timeout")); err == nil && n > 0 {
		timeout = min(time.Duration(n)*time.Second, maxRingTime)
	}
	return x.ring(ctx, outgoing{
		user: t.User, callerName: name, callerNumber: number, variables: t.Variables, timeout: timeout,
		profile: profile, dir: dir,
	})
}

// maxRingTime bounds how long anybody is called.
const maxRingTime = 2 * time.Minute

// everything is what flows in a call with sound and picture.
func everything() media.Directions {
	return media.Directions{AudioIn: true, AudioOut: true, VideoIn: true, VideoOut: true}
}

// reconnect calls a user for a call that is answered already, who hears music
// meanwhile.
func (x *exchange) reconnect(ctx context.Context, c *call, t dialplan.Target) error {
	profile := x.server.rooms.bridgeProfile()
	h, err := x.server.rooms.hide(profile, c.caller().identity.Domain)
	if err != nil {
		return err
	}
	if err := c.moveIn(ctx, h); err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	stop := context.AfterFunc(c.life, cancel)
	defer stop()
	partner, err := x.ringFor(ctx, c, t, profile)
	if err == nil {
		if err = x.follow(ctx, h, c, partner); err != nil {
			partner.end(verto.CauseOriginatorCancel)
		}
	}
	if err != nil {
		cause := verto.CauseTemporaryFailure
		if ce := (*verto.CallError)(nil); errors.As(refusal(err), &ce) {
			cause = ce.Cause
		}
		c.end(cause)
	}
	return err
}

// moveIn moves an answered call into a room of two.
func (c *call) moveIn(ctx context.Context, h *hosted) error {
	if err := c.take(ctx); err != nil {
		return err
	}
	defer c.pass()
	return c.move(ctx, func(ctx context.Context) (place, error) { return c.reserveIn(ctx, h) })
}

// music lets a partner who was put on hold hear music instead of nothing.
func (c *call) music(on bool) {
	at := c.at()
	if at.room == nil {
		return
	}
	c.logged("music", c.do(func(ctx context.Context) error {
		return at.room.Do(ctx, func(s *room.State) error {
			m, err := s.Member(at.member.ID())
			switch {
			case err != nil:
				return nil
			case on:
				s.Hold(m, holdMusic)
			default:
				s.Unhold(m)
			}
			return nil
		})
	}))
}

// holdMusic is what one hears who waits for his partner.
const holdMusic = "omniverto://hold"

func (c *call) isOver() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.over
}

// Transfer sends the call's partner to where the dialplan leads, with the rights
// that he has himself. This call ends.
func (c *call) Transfer(_ context.Context, destination string) error {
	x := c.exchange
	partner := x.server.bridges.partner(c)
	if partner == nil {
		return errNotBridged
	}
	who := partner.caller()
	t, err := x.route(&who, destination, "")
	if err != nil {
		x.refused("transfer", c, err)
		return &verto.CallError{Message: "transfer failed", Err: err}
	}
	if x.server.bridges.part(c) != partner {
		return errNotBridged
	}
	partner.music(false)
	x.server.tasks.do(func(ctx context.Context) {
		c.end(verto.CauseNormalClearing)
		if err := partner.redirect(ctx, t); err != nil {
			x.refused("transfer", partner, err)
			if errors.Is(err, errNotMoved) {
				ce := (*verto.CallError)(nil)
				errors.As(refusal(err), &ce)
				partner.end(ce.Cause)
			}
		}
	})
	return nil
}

// errNotBridged is the client's error without a partner.
var errNotBridged = &verto.CallError{Message: "call is not bridged"}

// Replace joins the partner of this call with that of another call of the same
// client. Both calls of his end.
func (c *call) Replace(_ context.Context, other verto.Call) error {
	x := c.exchange
	from, ok := other.(*call)
	if !ok || from == c {
		return &verto.CallError{Message: "invalid transfer leg"}
	}
	staying, coming := x.server.bridges.partner(c), x.server.bridges.partner(from)
	if staying == nil {
		return errNotBridged
	}
	if coming == nil || coming == c {
		return &verto.CallError{Message: "invalid transfer leg"}
	}
	h := staying.at().room
	if h == nil || x.server.bridges.part(c) != staying || x.server.bridges.part(from) != coming {
		return &verto.CallError{Message: "transfer failed"}
	}
	staying.music(false)
	x.server.tasks.do(func(ctx context.Context) {
		from.end(verto.CauseNormalClearing)
		err := coming.moveIn(ctx, h)
		c.end(verto.CauseNormalClearing)
		if err != nil {
			x.refused("replace", c, err)
			coming.end(verto.CauseNormalClearing)
			staying.end(verto.CauseNormalClearing)
			return
		}
		x.introduce(coming, staying)
	})
	return nil
}
