package mcu

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/omniverto/omniverto/mcu/dialplan"
	"github.com/omniverto/omniverto/mcu/directory"
	"github.com/omniverto/omniverto/mcu/room"
	"github.com/omniverto/omniverto/mcu/rtc"
	"github.com/omniverto/omniverto/mcu/verto"
	"github.com/omniverto/omniverto/media"
)

// exchange routes Verto calls to rooms and to each other. It is met by verto.Switch
// and by room.Switchboard and keeps no state of its own.
type exchange struct{ server *Server }

var (
	_ verto.Switch     = (*exchange)(nil)
	_ verto.API        = (*exchange)(nil)
	_ verto.Watcher    = (*exchange)(nil)
	_ room.Switchboard = (*exchange)(nil)
)

// roomPatience bounds how long a client's request waits for a room's goroutine.
const roomPatience = 5 * time.Second

// Invite brings a call to where the dialplan leads.
func (x *exchange) Invite(ctx context.Context, inv verto.Invite, out verto.CallControl) (verto.Call, error) {
	c := x.newCall(inv.CallID, callerOf(inv), out)
	c.present(presenceRinging)
	t, err := x.route(&c.who, inv.Destination, "")
	if err == nil {
		err = pause(ctx, t.Delay)
	}
	if err == nil {
		err = x.connect(ctx, c, t, inv.SDP)
	}
	if err != nil {
		x.refused("call", c, err)
		c.Hangup(0) // the error tells the client
		return nil, refusal(err)
	}
	return c, nil
}

// pause waits, as a dialplan may want it.
func pause(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return nil
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// errAdmission says that somebody may not go where he wants.
var errAdmission = errors.New("the token is for another room")

// route asks the dialplan where somebody's call leads, and whether he may go there.
func (x *exchange) route(who *caller, destination, context string) (dialplan.Target, error) {
	t, err := x.server.plan().Route(who.asks(destination, context))
	if err != nil {
		return t, err
	}
	return t, x.allowed(who, t)
}

// allowed refuses whom no room may be entered by, and names that no room may have:
// an XML dialplan takes any text.
func (x *exchange) allowed(who *caller, t dialplan.Target) error {
	switch {
	case t.Kind == dialplan.Conference && !directory.ValidRoom(t.Room):
		return fmt.Errorf("room %.80q: %w", t.Room, directory.ErrDestination)
	case !who.admitted(t):
		return errAdmission
	}
	return nil
}

// connect takes a new call to its target.
func (x *exchange) connect(ctx context.Context, c *call, t dialplan.Target, offer string) error {
	switch t.Kind {
	case dialplan.Conference:
		return x.join(ctx, c, t, offer)
	case dialplan.User:
		return x.bridge(ctx, c, t, offer)
	default:
		return &verto.CallError{Cause: verto.Cause(t.Cause), Err: errors.New("the dialplan ends the call")}
	}
}

// join answers a call and brings it into its room.
func (x *exchange) join(ctx context.Context, c *call, t dialplan.Target, offer string) error {
	c.present(presenceEarly)
	p, err := c.reserve(ctx, t, func(p room.Profile) media.AudioForm {
		c.sound, _ = rtc.OfferedSound(offer, codecs(p))
		return c.sound
	})
	if errors.Is(err, room.ErrLocked) { // as FreeSWITCH, which has a sound for it
		if l, err := x.answer(ctx, c, room.Profile{}, offer); err == nil {
			c.drop(l)
		}
	}
	if err != nil {
		return err
	}
	if p.leg, err = x.answer(ctx, c, p.room.Profile(), offer); err != nil {
		p.member.Discard()
		return err
	}
	c.display(party{t.DisplayName, t.DisplayNumber})
	c.present(presenceActive)
	return c.enter(ctx, p)
}

// answer makes a call's leg and sends its answer.
func (x *exchange) answer(ctx context.Context, c *call, p room.Profile, offer string) (*leg, error) {
	l := &leg{conduit: new(conduit)}
	var answer string
	var err error
	if l.peer, answer, err = x.server.rtc.Answer(ctx, offer, x.peerOptions(c.id, p, l.conduit)); err != nil {
		return nil, err
	}
	c.control().Answer(answer)
	return l, nil
}

// codecs are those that a profile agrees to.
func codecs(p room.Profile) rtc.Codecs {
	return rtc.Codecs{Audio: p.Codecs, NoVideo: p.NoVideo}
}

// refusal gives an error its hangup cause.
func refusal(err error) error {
	if ce := (*verto.CallError)(nil); errors.As(err, &ce) {
		return ce
	}
	cause := verto.CauseTemporaryFailure
	for _, known := range []struct {
		err   error
		cause verto.Cause
	}{
		{rtc.ErrUnusable, verto.CauseIncompatible},
		{directory.ErrDestination, verto.CauseNoRoute}, {room.ErrJoinOnly, verto.CauseNoRoute},
		{room.ErrFull, verto.CauseUserBusy}, {room.ErrLocked, verto.CauseNormalClearing},
		{room.ErrBanned, verto.CauseCallRejected}, {room.ErrPINWrong, verto.CauseCallRejected},
		{errAdmission, verto.CauseCallRejected}, {errOver, verto.CauseNormalClearing},
	} {
		if errors.Is(err, known.err) {
			cause = known.cause
			break
		}
	}
	return &verto.CallError{Cause: cause, Err: err}
}

// refused notes for whoever runs the server what was refused to whom. What a person
// does by himself, to hang up or not to answer, is no refusal.
func (x *exchange) refused(what string, c *call, err error) {
	if errors.Is(err, context.Canceled) || errors.Is(err, errOver) {
		return
	}
	ce := (*verto.CallError)(nil)
	if errors.As(err, &ce) && ce.Err == nil {
		return
	}
	who := c.caller()
	x.server.log.Warn(what+" refused", "call", c.id, "user", who.identity.UserID(), "session", who.session, "reason", err)
}

// Broadcast hands a client's message on a channel to the room, or to whoever it is
// for.
func (x *exchange) Broadcast(b verto.Broadcast) error {
	kind, full, _ := strings.Cut(b.Channel, ".")
	name, _, _ := strings.Cut(full, "@")
	if kind != "conference" && !strings.HasPrefix(kind, "conference-") {
		_, err := x.server.arrays.broadcast(b)
		return err
	}
	h := x.server.rooms.find(name)
	if h == nil {
		if kind == "conference" {
			describeInactive(x.server.verto, b.Session.ID(), b)
		}
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), roomPatience)
	defer cancel()
	return h.broadcast(ctx, kind, b)
}

// Message relays a verto.info message to the conference that it was meant for, the
// call's own or conf+NAME@DOMAIN, as chat, or to the sockets of a user. FreeSWITCH
// needs a chatplan for the latter. Token holders reach conferences only.
func (x *exchange) Message(m verto.Message) {
	name := ""
	proto, to, named := strings.Cut(m.To, "+")
	if !named {
		proto, to = "", m.To
	}
	switch c, ok := m.Call.(*call); {
	case ok && m.InDialog && c.at().room != nil:
		name = c.at().room.Name()
	case proto == "conf":
		name, _, _ = strings.Cut(to, "@")
	case (proto == "" || proto == "verto") && m.Session.Identity().Token == nil:
		x.text(m, to)
		return
	default:
		return
	}
	if h := x.server.rooms.find(name); h != nil {
		h.relay(m)
	} else if proto == "conf" {
		notActive(x.server.verto, sender{session: m.Session.ID(), user: m.From}, m.To)
	}
}

// text brings a message to a user of the sender's domain, or of another one.
func (x *exchange) text(m verto.Message, to string) {
	if !strings.Contains(to, "@") {
		to += "@" + m.Session.Identity().Domain
	}
	x.server.verto.SendUser(to, "verto.info", m.Delivered(to))
}

// Subscribed replays what a new subscriber has missed.
func (x *exchange) Subscribed(session *verto.Session, channel string) {
	x.server.presence.replay(session, channel)
	x.server.arrays.subscribed(session, channel)
}

// FSAPI runs an API command; verto has checked that the user may.
func (x *exchange) FSAPI(ctx context.Context, session *verto.Session, cmd, arg string) (string, error) {
	reply, known := x.server.runAPI(ctx, cmd, arg)
	if !known {
		return "", verto.ErrDenied
	}
	x.server.log.Info("fsapi", "user", session.Identity().UserID(), "command", cmd) // its argument may be a PIN
	return reply, nil
}

// JSAPI knows no command but those that verto answers itself.
func (x *exchange) JSAPI(context.Context, *verto.Session, string, json.RawMessage) (any, error) {
	return nil, verto.ErrDenied
}
