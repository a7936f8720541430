package verto

import "strings"

// infoParams are those of verto.info; every part is optional.
type infoParams struct {
	callID       string // "" if no dialog was named
	dtmf         string
	hasDTMF      bool
	candidate    string
	hasCandidate bool
	msg          *infoMessage
}

type infoMessage struct {
	to, text string
	inDialog bool
	extra    map[string]string
}

func parseInfo(p params) (infoParams, *answer) {
	d, _ := parseDialog(p)
	i := infoParams{callID: d.callID}
	if digits := p.str("dtmf"); digits != "" {
		i.dtmf, i.hasDTMF = dtmfDigits(digits), true
	}
	i.candidate, i.hasCandidate = parseCandidate(p.object)
	if !p.has("msg") {
		return i, nil
	}
	m := p.object.object("msg")
	i.msg = &infoMessage{to: m.str("to"), text: m.str("body"), inDialog: m.isTrue("inDialog"), extra: addressed(m)}
	if i.msg.to == "" || i.msg.text == "" || len(i.msg.text) > maxBody || len(i.msg.to) > maxChannel {
		a := answer{fail: body{{"message", "INVALID MESSAGE to and body params required"}}}
		return i, &a
	}
	return i, nil
}

// dtmfDigits keeps what a telephone has, upper-cased.
func dtmfDigits(s string) string {
	s = strings.Map(func(r rune) rune {
		if strings.ContainsRune("0123456789ABCD*#", r) {
			return r
		}
		return -1
	}, strings.ToUpper(s))
	return s[:min(len(s), maxDTMF)]
}

// parseCandidate reads candidate: text, or an RTCIceCandidate with text of that name.
func parseCandidate(o object) (string, bool) {
	rawCandidate, ok := o.get("candidate")
	if !ok {
		return "", false
	}
	text, ok := asString(rawCandidate)
	if !ok {
		inner, has := o.object("candidate").get("candidate")
		if text, ok = asString(inner); !has {
			ok = false
		}
	}
	return text, ok && len(text) <= maxValue && !strings.ContainsAny(text, "\r\n\x00")
}

// addressed gives the members from_* and to_*.
func addressed(o object) map[string]string {
	m := o.texts(maxVariables)
	for k := range m {
		if !strings.HasPrefix(k, "from_") && !strings.HasPrefix(k, "to_") {
			delete(m, k)
		}
	}
	return m
}

// info does every part that it finds. A DTMF for an unknown call is, as in FreeSWITCH,
// an empty success.
func (c *conn) info(p infoParams) answer {
	k := c.srv.ownCall(c.session, p.callID)
	if p.hasCandidate {
		if k == nil {
			return callFault(noCall, member{"callID", p.callID})
		}
		k.post(c.session, func(leg Call) {
			if err := leg.Candidate(p.candidate); err != nil {
				c.srv.log.Debug("verto: candidate", "call", k.id, "err", err)
			}
		})
	}
	dialled := p.hasDTMF && k != nil
	if dialled && p.dtmf != "" {
		k.post(c.session, func(leg Call) { leg.DTMF(p.dtmf) })
	}
	a := success()
	if dialled || p.hasCandidate || p.msg != nil {
		a = success(member{"message", "SENT"})
	}
	if p.msg != nil {
		a.after = func() { c.message(*p.msg, k) }
	}
	return a
}

// message hands chat to the switch, after the reply.
func (c *conn) message(m infoMessage, k *call) {
	out := Message{
		Session: c.session, InDialog: m.inDialog && k != nil, To: m.to, Body: m.text,
		From: c.session.Identity().UserID(), Extra: m.extra,
	}
	if k != nil {
		out.Call = k.theLeg()
	}
	c.srv.o.Switch.Message(out)
}
