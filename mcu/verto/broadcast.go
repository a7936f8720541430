package verto

import (
	"errors"
	"strings"
)

// broadcastParams are those of verto.broadcast.
type broadcastParams struct {
	channel string
	data    raw
	local   bool
	all     object
}

func parseBroadcast(p params) (broadcastParams, *answer) {
	data, _ := p.get("data")
	return broadcastParams{
		channel: p.str("eventChannel"), data: data, local: p.isTrue("localBroadcast"), all: p.object,
	}, nil
}

// broadcast hands a message to the switch, or relays it among the subscribers of its
// channel. Clients never write to the subscribers of a conference or of presence
// themselves: that would let them forge rows, chat, layouts and states. Refusals are
// results, as in FreeSWITCH.
func (c *conn) broadcast(p broadcastParams) answer {
	if p.channel == "" {
		return broadcastRefused("eventChannel not specified.")
	}
	c.srv.mu.Lock()
	allowed := c.srv.mayLocked(c.session, p.channel) || c.srv.selfLocked(c.session, p.channel)
	c.srv.mu.Unlock()
	switch {
	case !allowed:
	case !p.local:
		allowed = c.toSwitch(p)
	case serverChannel(p.channel):
		allowed = false
	default:
		c.srv.publish(c.signed(p.all), p.channel)
	}
	if !allowed {
		c.srv.metrics.denied.WithLabelValues("broadcast").Inc()
		c.audit("broadcast refused", "channel", cleanText(p.channel, maxChannel), "local", p.local)
		return broadcastRefused("Permission Denied.")
	}
	return success()
}

// selfLocked lets a member who is no moderator speak on the moderators' channel of
// his conference: the switch lets him act on himself only. He cannot listen there.
func (s *Server) selfLocked(session *Session, channel string) bool {
	conference, ok := strings.CutPrefix(channel, "conference-mod.")
	return ok && session.grants["conference-info."+conference]
}

func broadcastRefused(text string) answer {
	return success(member{"message", text}, member{"code", codeCall})
}

// serverChannel reports whether only the server speaks to the subscribers there.
func serverChannel(channel string) bool {
	f := family(channel)
	return f == "presence" || f == "conference" || strings.HasPrefix(f, "conference-")
}

// toSwitch hands a broadcast on; false: refused. Of a conference's channels some have
// no meaning but for what the server says there.
func (c *conn) toSwitch(p broadcastParams) bool {
	switch f := family(p.channel); f {
	case "conference-liveArray", "conference-mod", "conference-chat", "conference":
	default:
		if strings.HasPrefix(f, "conference-") {
			return false
		}
	}
	err := c.srv.o.Switch.Broadcast(Broadcast{
		Session: c.session, Channel: p.channel, Data: p.data,
		UserID: c.session.Identity().UserID(), FromDisplay: c.session.Display(),
	})
	if err != nil && !errors.Is(err, ErrDenied) {
		c.log.Warn("verto: broadcast", "channel", cleanText(p.channel, maxChannel), "err", err)
	}
	return !errors.Is(err, ErrDenied)
}

// signed gives a local broadcast's params with the sender's identity, which replaces
// whatever the client wrote there.
func (c *conn) signed(params object) body {
	var b body
	for _, f := range params {
		b = append(b, member{f.key, f.raw})
	}
	for _, own := range []string{"sessid", "userid", "fromDisplay", "eventSerno", "subscribedChannel", "login", "passwd"} {
		b = b.without(own)
	}
	b = append(b, member{"userid", c.session.Identity().UserID()}, member{"sessid", c.session.id})
	if name := c.session.Display(); name != "" {
		b = append(b, member{"fromDisplay", name})
	}
	return b
}
