package mcu

import (
	"cmp"
	"context"
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/omniverto/omniverto/mcu/dialplan"
	"github.com/omniverto/omniverto/mcu/room"
	"github.com/omniverto/omniverto/mcu/verto"
	"github.com/omniverto/omniverto/media"
)

// outgoing is a call from the server to a user.
type outgoing struct {
	user, session            string // user@domain, or one of his sessions
	callerName, callerNumber string
	variables                map[string]string
	timeout                  time.Duration
	profile                  room.Profile
	dir                      media.Directions
	change                   func(*caller) // what else is known of the called one; may be nil
}

// ring calls a user and returns the call that was answered, which is nowhere yet.
func (x *exchange) ring(ctx context.Context, o outgoing) (*call, error) {
	won, err := x.server.verto.Ring(ctx, verto.Outgoing{
		UserID: o.user, SessionID: o.session, CallerName: o.callerName, CallerNumber: o.callerNumber,
		Variables: o.variables, Timeout: o.timeout,
		Offer: func(ctx context.Context, session *verto.Session, id string, out verto.CallControl) (string, verto.Call, error) {
			return x.invite(ctx, o, session, id, out)
		},
	})
	if err != nil {
		return nil, err
	}
	c := won.Call.(*call)
	c.mu.Lock()
	c.who.name = cmp.Or(won.CalleeName, unansweredText)
	c.who.number = cmp.Or(won.CalleeNumber, won.Session.Identity().User)
	c.who.shown = party{c.who.name, c.who.number}
	c.mu.Unlock()
	return c, nil
}

// invite makes the call and the offer for one connection of who is called.
func (x *exchange) invite(ctx context.Context, o outgoing, session *verto.Session, id string, out verto.CallControl) (string, verto.Call, error) {
	who := caller{
		identity: session.Identity(), session: session.ID(), canvas: -1, outbound: true,
		name: unansweredText, number: session.Identity().User, called: party{o.callerName, o.callerNumber},
	}
	if o.change != nil {
		o.change(&who)
	}
	c := x.newCall(id, who, out)
	var sound []media.AudioCodec
	if len(o.profile.Codecs) > 0 {
		sound = o.profile.Codecs[:1]
	}
	c.dir = o.dir
	l, sdp, err := x.offer(ctx, id, o.profile, o.dir, sound)
	if err != nil {
		return "", nil, err
	}
	c.offered = l
	c.present(presenceRinging)
	return sdp, c, nil
}

// Dial calls a user into a room; it is part of room.Switchboard.
func (x *exchange) Dial(ctx context.Context, r *room.Room, d room.Dial) string {
	cause, err := x.dial(ctx, r, d)
	if err != nil {
		x.server.log.Warn("dial failed", "room", r.Name(), "url", d.URL, "cause", cause, "error", err)
	}
	if cause == 0 {
		return "SUCCESS"
	}
	return cause.String()
}

// errOnlyUsers refuses to dial what is not a user.
var errOnlyUsers = errors.New("only Verto users can be called")

// dial returns why there is no call, or 0.
func (x *exchange) dial(ctx context.Context, r *room.Room, d room.Dial) (verto.Cause, error) {
	h := x.server.rooms.find(r.Name())
	if h == nil || h.Room != r {
		return verto.CauseNormalClearing, room.ErrEnded
	}
	o, ok := parseDial(d.URL, r.Domain())
	if !ok {
		return verto.CauseDestOutOfOrder, errOnlyUsers
	}
	o.callerName = cmp.Or(variable(o.variables, "origination_caller_id_name"), d.CallerName)
	o.callerNumber = cmp.Or(variable(o.variables, "origination_caller_id_number"), d.CallerNumber)
	o.timeout = cmp.Or(ringSeconds(o.variables), min(d.Timeout, maxRingTime), time.Minute)
	o.profile, o.dir = r.Profile(), everything()
	if codecs := variable(o.variables, "absolute_codec_string"); codecs != "" && !strings.Contains(strings.ToLower(codecs), "vp8") {
		o.dir.VideoIn, o.dir.VideoOut = false, false
	}
	o.change = func(w *caller) {
		w.trusted, w.flags = true, d.Flags+"|"+variable(o.variables, "conference_member_flags")
	}
	c, err := x.ring(ctx, o)
	if err == nil {
		err = x.bring(ctx, c, h)
	}
	if err != nil {
		ce := (*verto.CallError)(nil)
		errors.As(refusal(err), &ce)
		if c != nil {
			c.end(ce.Cause)
		}
		return ce.Cause, err
	}
	return 0, nil
}

// bring takes a call that was answered into the room that made it.
func (x *exchange) bring(ctx context.Context, c *call, h *hosted) error {
	if err := c.take(ctx); err != nil {
		return err
	}
	defer c.pass()
	c.mu.Lock()
	sound := c.sound
	c.mu.Unlock()
	if x.server.rooms.find(h.Name()) != h {
		return room.ErrEnded
	}
	t := dialplan.Target{Kind: dialplan.Conference, Room: h.Name(), Profile: h.Profile().Name, Canvas: -1}
	p, err := c.reserve(ctx, t, func(room.Profile) media.AudioForm { return sound })
	if err != nil {
		return err
	}
	c.mu.Lock()
	c.who.trusted, c.who.flags = false, "" // no room but this one has called him
	c.mu.Unlock()
	if p.leg = c.answered(); p.leg == nil {
		p.member.Discard()
		return errOver
	}
	if err := c.enter(ctx, p); err != nil {
		return err
	}
	c.present(presenceActive)
	return nil
}

// ringSeconds is how long variables want somebody to be called; 0 if they say nothing.
func ringSeconds(vars map[string]string) time.Duration {
	for _, name := range []string{"originate_timeout", "leg_timeout", "call_timeout"} {
		if n, err := strconv.Atoi(variable(vars, name)); err == nil && n > 0 {
			return min(time.Duration(n)*time.Second, maxRingTime)
		}
	}
	return 0
}

// parseDial reads {a=b,c='d,e'}user/NAME[@DOMAIN], verto.rtc/NAME[@DOMAIN],
// verto.rtc/u:SESSION, or NAME[@DOMAIN] alone. Several endpoints are none.
func parseDial(url, domain string) (o outgoing, ok bool) {
	rest := strings.TrimSpace(url)
	o.variables = make(map[string]string)
	for _, braces := range []string{"{}", "[]"} {
		if strings.HasPrefix(rest, braces[:1]) {
			inside, after, closed := strings.Cut(rest[1:], braces[1:])
			if !closed {
				return o, false
			}
			assign(o.variables, inside)
			rest = strings.TrimSpace(after)
		}
	}
	kind, name, named := strings.Cut(rest, "/")
	if !named {
		kind, name = "user", rest
	}
	if name == "" || strings.ContainsAny(name, ",|/ :") && !strings.HasPrefix(name, "u:") {
		return o, false
	}
	switch strings.ToLower(kind) {
	case "verto.rtc":
		if session, is := strings.CutPrefix(name, "u:"); is {
			o.session = session
			return o, session != "" && !strings.ContainsAny(session, ",|/ :")
		}
	case "user":
	default:
		return o, false
	}
	if strings.HasPrefix(name, "u:") {
		return o, false
	}
	if !strings.Contains(name, "@") {
		name += "@" + domain
	}
	o.user = name
	return o, true
}

// assign reads a=b,c='d,e'; ^^: at the beginning names another separator.
func assign(to map[string]string, text string) {
	sep := byte(',')
	if strings.HasPrefix(text, "^^") && len(text) > 2 {
		sep, text = text[2], text[3:]
	}
	for text != "" {
		end, quoted := 0, false
		for ; end < len(text) && (quoted || text[end] != sep); end++ {
			quoted = quoted != (text[end] == '\'')
		}
		name, value, ok := strings.Cut(text[:end], "=")
		if name = strings.TrimSpace(name); ok && name != "" && len(to) < maxDialVariables {
			to[name] = strings.Trim(value, "'")
		}
		text = text[min(end+1, len(text)):]
	}
}

// maxDialVariables bounds what a dial string sets.
const maxDialVariables = 64
