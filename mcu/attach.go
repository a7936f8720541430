package mcu

import (
	"context"
	"errors"
	"time"

	"github.com/omniverto/omniverto/mcu/room"
	"github.com/omniverto/omniverto/mcu/rtc"
	"github.com/omniverto/omniverto/mcu/verto"
	"github.com/omniverto/omniverto/media"
)

// Reattach offers a new leg to a client who has come back on another socket. His
// member stays as he was; what his login says now counts for rooms to come.
func (c *call) Reattach(ctx context.Context, session *verto.Session) (string, error) {
	if err := c.take(ctx); err != nil {
		return "", err
	}
	defer c.pass()
	c.mu.Lock()
	c.who.session, c.who.identity = session.ID(), session.Identity()
	c.mu.Unlock()
	return c.offer(ctx)
}

// offerLife is how long an offer holds while the old leg goes on (media.md 7). One
// without an old leg waits for its client, who may have to be asked.
const offerLife = 10 * time.Second

// offer makes a leg like the one before and its offer. The call has its turn.
func (c *call) offer(ctx context.Context) (string, error) {
	at := c.at()
	if at.member == nil {
		return "", errOver
	}
	c.mu.Lock()
	dir, codec := c.dir, c.sound.Codec
	c.mu.Unlock()
	l, sdp, err := c.exchange.offer(ctx, c.id, at.room.Profile(), dir, []media.AudioCodec{codec})
	if err != nil {
		return "", err
	}
	c.mu.Lock()
	old := c.offered
	c.offered = l
	over := c.over
	if over {
		c.offered = nil
	}
	c.mu.Unlock()
	c.drop(old)
	if over {
		c.drop(l)
		return "", errOver
	}
	if at.leg != nil && !at.flowing().conduit.dead() {
		c.exchange.server.tasks.after(offerLife, func() { c.void(l) })
	}
	return sdp, nil
}

// offer makes a leg that waits for its answer.
func (x *exchange) offer(ctx context.Context, label string, p room.Profile, dir media.Directions, sound []media.AudioCodec) (*leg, string, error) {
	l := &leg{conduit: new(conduit)}
	o := x.peerOptions(label, p, l.conduit)
	o.Codecs.Audio = sound
	var sdp string
	var err error
	l.peer, sdp, err = x.server.rtc.Offer(ctx, o, dir)
	if err != nil {
		return nil, "", err
	}
	return l, sdp, nil
}

// peerOptions are those of a leg for a room of that profile.
func (x *exchange) peerOptions(label string, p room.Profile, in *conduit) rtc.PeerOptions {
	return rtc.PeerOptions{
		Label: label, Handler: in, Clock: x.server.rooms.clock,
		Stereo: p.Channels == 2, Bandwidth: p.VideoKbps, Codecs: codecs(p),
	}
}

// drop closes a leg that is not needed; nil is none.
func (c *call) drop(l *leg) {
	if l != nil {
		_ = l.peer.Close()
	}
}

// void takes an offer back that nobody has answered.
func (c *call) void(l *leg) {
	c.mu.Lock()
	waits := c.offered == l
	if waits {
		c.offered = nil
	}
	c.mu.Unlock()
	if waits {
		c.exchange.server.log.Info("offer was not answered", "call", c.id)
		c.drop(l)
	}
}

// Attach takes the client's answer to the last offer: his member has the new leg.
func (c *call) Attach(ctx context.Context, sdp string) error {
	if err := c.take(ctx); err != nil {
		return err
	}
	defer c.pass()
	c.mu.Lock()
	l, at, session := c.offered, c.place, c.who.session
	c.offered = nil
	c.mu.Unlock()
	if l == nil || at.member == nil {
		c.drop(l)
		return &verto.CallError{Cause: verto.CauseBearerNotAvailable, Message: "MEDIA ERROR", Err: errors.New("no offer waits for an answer")}
	}
	if err := l.peer.Accept(sdp); err != nil {
		c.drop(l)
		return &verto.CallError{Cause: verto.CauseBearerNotAvailable, Message: "CODEC NEGOTIATION ERROR", Err: err}
	}
	l.conduit.connect(at.member.Handler())
	err := at.room.SetSession(ctx, at.member, session, c.leaver(at.member), c.lostMedia)
	if err == nil {
		err = at.room.Attach(ctx, at.member, l.peer)
	}
	if err == nil {
		at.before, at.leg = at.flowing(), l
		if !c.settle(at) {
			err = errOver
		}
	}
	if err != nil {
		c.drop(l)
		return &verto.CallError{Cause: verto.CauseBearerNotAvailable, Message: "MEDIA ERROR", Err: err}
	}
	return nil
}

// leaver is what a member's room tells that he is out.
func (c *call) leaver(m *room.Member) func(room.Cause) {
	return func(cause room.Cause) { c.left(m, cause) }
}

// lostMedia offers one new leg when the old one died while the socket lives.
func (c *call) lostMedia() {
	c.exchange.server.tasks.do(func(ctx context.Context) {
		ctx, cancel := context.WithTimeout(ctx, roomPatience)
		defer cancel()
		if c.take(ctx) != nil {
			return
		}
		defer c.pass()
		c.mu.Lock()
		waits := c.offered != nil
		c.mu.Unlock()
		if waits {
			return
		}
		sdp, err := c.offer(ctx)
		if err != nil {
			c.logged("offer", err)
			return
		}
		c.control().Attach(sdp)
	})
}

// Answer takes the client's answer to a call that the server makes.
func (c *call) Answer(_ context.Context, sdp string) error {
	c.mu.Lock()
	l := c.offered
	c.mu.Unlock()
	if l == nil {
		return &verto.CallError{Cause: verto.CauseDestOutOfOrder, Message: "MEDIA ERROR", Err: errOver}
	}
	if err := l.peer.Accept(sdp); err != nil {
		return &verto.CallError{Cause: verto.CauseIncompatible, Message: "CODEC ERROR", Err: err}
	}
	sound, _ := rtc.OfferedSound(sdp, rtc.Codecs{Audio: []media.AudioCodec{l.peer.AudioForm().Codec}})
	c.mu.Lock()
	c.sound = sound
	c.mu.Unlock()
	return nil
}
