package verto

import (
	"maps"
	"strconv"
	"strings"
)

// maxSubscriptions of one session; further ones are answered as unauthorized.
const maxSubscriptions = 256

// subscription is one session's interest in one channel.
type subscription struct {
	session *Session
	channel string
	tail    []byte // what follows eventSerno in every event of it
	serno   int64  // of the next event; guarded by Server.mu
}

// channelParams are those of verto.subscribe and verto.unsubscribe.
type channelParams struct{ channels []string }

func parseSubscribe(p params) (channelParams, *answer) {
	return channelParams{channelNames(p.object)}, nil
}

// channelNames reads eventChannel: a string or an array, in which only strings count.
func channelNames(o object) []string {
	rawNames, ok := o.get("eventChannel")
	if !ok {
		return nil
	}
	if s, ok := asString(rawNames); ok {
		return []string{s}
	}
	var names []string
	for _, e := range elements(rawNames) {
		if s, ok := asString(e); ok {
			names = append(names, s)
		}
	}
	return names
}

// subscribe answers with what became of every name. It is an error only if not one
// was authorised, and then has no code: stock clients read the lists alone.
func (c *conn) subscribe(p channelParams) answer {
	s := c.srv
	s.mu.Lock()
	added, dups, refused := []string{}, []string{}, []string{}
	for _, name := range p.channels {
		switch {
		case !s.mayLocked(c.session, name):
			refused = append(refused, name)
		case c.session.subs[name] != nil:
			dups = append(dups, name)
		case len(c.session.subs) >= maxSubscriptions || len(name) > maxChannel:
			refused = append(refused, name)
		default:
			s.subscribeLocked(c.session, name)
			added = append(added, name)
		}
	}
	s.mu.Unlock()
	var b body
	if len(added)+len(dups) > 0 {
		b = append(b, member{"subscribedChannels", added})
	}
	b = appendNames(b, "unauthorizedChannels", refused)
	b = appendNames(b, "alreadySubscribedChannels", dups)
	if len(refused) > 0 {
		s.metrics.denied.WithLabelValues("subscribe").Inc()
		c.audit("subscription refused", "channel", cleanText(refused[0], maxChannel), "more", len(refused)-1)
	}
	if len(added)+len(dups) == 0 {
		return answer{fail: append(body{}, b...)}
	}
	a := success(b...)
	if w, ok := s.o.Switch.(Watcher); ok && len(added) > 0 {
		a.after = func() {
			for _, name := range added {
				w.Subscribed(c.session, name)
			}
		}
	}
	return a
}

func appendNames(b body, key string, names []string) body {
	if len(names) == 0 {
		return b
	}
	return append(b, member{key, names})
}

func (c *conn) unsubscribe(p channelParams) answer {
	s := c.srv
	s.mu.Lock()
	var gone, unknown []string
	for _, name := range p.channels {
		switch sub := c.session.subs[name]; {
		case sub != nil:
			s.unsubscribeLocked(sub)
			gone = append(gone, name)
		case c.session.revoked[name]: // he need not know that it has ended already
			delete(c.session.revoked, name)
			gone = append(gone, name)
		default:
			unknown = append(unknown, name)
		}
	}
	s.mu.Unlock()
	b := appendNames(nil, "unsubscribedChannels", gone)
	b = appendNames(b, "notSubscribedChannels", unknown)
	if len(gone) == 0 && len(unknown) > 0 {
		return answer{fail: b}
	}
	return success(b...)
}

// mayLocked is the authorisation of a channel, for subscribing and for broadcasting:
// a conference's grant, an own call's id, or the directory's list. System events
// (FSevent) are not offered.
func (s *Server) mayLocked(session *Session, channel string) bool {
	switch {
	case channel == "" || family(channel) == "FSevent" || session.ended:
		return false
	case session.grants[channel] || session.calls[channel] != nil:
		return true
	}
	return session.Identity().Channels.AllowsFamily(channel)
}

// family is a channel's name before its first dot.
func family(channel string) string {
	name, _, _ := strings.Cut(channel, ".")
	return name
}

func (s *Server) subscribeLocked(session *Session, channel string) {
	name, _ := encode(channel) // a string always encodes
	sub := &subscription{session: session, channel: channel}
	sub.tail = append(append([]byte(`,"subscribedChannel":`), name...), '}', '}')
	session.subs[channel] = sub
	delete(session.revoked, channel)
	if s.subs[channel] == nil {
		s.subs[channel] = map[*subscription]struct{}{}
	}
	s.subs[channel][sub] = struct{}{}
}

func (s *Server) unsubscribeLocked(sub *subscription) {
	delete(sub.session.subs, sub.channel)
	delete(s.subs[sub.channel], sub)
	if len(s.subs[sub.channel]) == 0 {
		delete(s.subs, sub.channel)
	}
}

// Grant lets a session use channels, as joining a conference does. Grants end with
// the connection. Nothing happens if there is no such session.
func (s *Server) Grant(sessid string, channels ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if session := s.sessions[sessid]; session != nil {
		for _, name := range channels {
			session.grants[name] = true
		}
	}
}

// Revoke takes grants back and ends the session's subscriptions of those channels.
// The client does not know that they have ended: FreeSWITCH leaves them on until he
// unsubscribes, and so his unsubscribe is still answered as if they were there.
func (s *Server) Revoke(sessid string, channels ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	session := s.sessions[sessid]
	if session == nil {
		return
	}
	for _, name := range channels {
		delete(session.grants, name)
		if sub := session.subs[name]; sub != nil {
			s.unsubscribeLocked(sub)
			if len(session.revoked) < maxSubscriptions {
				session.revoked[name] = true
			}
		}
	}
}

// Publish sends an event to every subscriber of the channel and of the part before its
// first dot. The payload gains eventChannel (unless it names one), and for each
// receiver eventSerno and subscribedChannel. Events of one channel arrive in the order
// of the calls. The payload is not kept.
func (s *Server) Publish(channel string, payload map[string]any) {
	if _, ok := payload["eventChannel"]; !ok {
		payload = maps.Clone(payload)
		if payload == nil {
			payload = map[string]any{}
		}
		payload["eventChannel"] = channel
	}
	s.publish(payload, channel, family(channel))
}

// publish delivers an object to the subscribers of exactly these channels.
func (s *Server) publish(payload any, channels ...string) {
	text, err := encode(payload)
	if err != nil || len(text) < len(`{"a":1}`) {
		s.log.Error("verto: encode event", "channel", channels[0], "err", err)
		return
	}
	text = text[:len(text)-1] // eventSerno follows
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, channel := range channels {
		if i > 0 && channel == channels[0] {
			continue
		}
		for sub := range s.subs[channel] {
			s.deliverLocked(sub, text)
		}
	}
}

// deliverLocked queues one receiver's copy, of which only the ends are his own.
func (s *Server) deliverLocked(sub *subscription, text []byte) {
	ends := appendHead(make([]byte, 0, len(sub.tail)+96), s.ids.Add(1), "verto.event")
	head := len(ends)
	ends = append(ends, `,"eventSerno":`...)
	ends = strconv.AppendInt(ends, sub.serno, 10)
	ends = append(ends, sub.tail...)
	if sub.session.conn.out.event(message{ends[:head:head], text, ends[head:]}) {
		sub.serno++
		s.metrics.events.Inc()
	}
}

// SendSession sends a verto.event with the payload as it is to one session, without
// any subscription. False: there is no such session, or it is ending.
func (s *Server) SendSession(sessid string, payload map[string]any) bool {
	return s.sendTo(sessid, "verto.event", payload)
}

// SendInfo sends a verto.info with msg, outside any call, to one session.
func (s *Server) SendInfo(sessid string, msg any) bool {
	return s.sendTo(sessid, "verto.info", body{{"msg", msg}})
}

func (s *Server) sendTo(sessid, method string, params any) bool {
	s.mu.Lock()
	session := s.sessions[sessid]
	s.mu.Unlock()
	return session != nil && session.send(method, params)
}
