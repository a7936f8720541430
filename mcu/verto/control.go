package verto

// party is who talks to whom, as the client reads it in invites, attaches and displays.
type party struct {
	callerName, callerNumber string
	calleeName, calleeNumber string
	outbound                 bool              // the server called the client
	variables                map[string]string // verto_svar_*
	headers                  map[string]string // verto_h_*
}

// block is FreeSWITCH's caller block.
func (p party) block() body {
	direction := "inbound"
	if p.outbound {
		direction = "outbound"
	}
	b := body{
		{"caller_id_name", p.callerName}, {"caller_id_number", p.callerNumber},
		{"callee_id_name", p.calleeName}, {"callee_id_number", p.calleeNumber},
		{"display_direction", direction},
	}
	for _, name := range sortedKeys(p.headers) {
		b = append(b, member{name, p.headers[name]})
	}
	return b
}

// offer is the part of verto.invite and verto.attach after callID.
func (p party) offer(sdp string) body {
	variables := body{}
	for _, name := range sortedKeys(p.variables) {
		variables = append(variables, member{name, p.variables[name]})
	}
	return append(body{{"variables", variables}, {"sdp", sdp}}, p.block()...)
}

// control is the call as the switch sees it.
type control struct{ k *call }

// Media sends early media to a caller.
func (o control) Media(sdp string) {
	o.k.mu.Lock()
	defer o.k.mu.Unlock()
	if o.k.ring == nil && o.k.sayLocked("verto.media", body{{"sdp", sdp}}) {
		o.k.mediaSent = true
	}
}

// Answer answers a caller.
func (o control) Answer(sdp string) {
	o.k.mu.Lock()
	defer o.k.mu.Unlock()
	b := body{{"sdp", sdp}}
	if o.k.mediaSent {
		b = nil
	}
	if o.k.ring == nil && o.k.sayLocked("verto.answer", b) {
		o.k.answered = true
	}
}

// Display shows a name. A client who does not listen sees the last one once he has
// attached.
func (o control) Display(name, number string) {
	o.k.mu.Lock()
	defer o.k.mu.Unlock()
	o.k.display = body{{"display_name", name}, {"display_number", number}}
	if o.k.line == lineUp {
		o.k.displayLocked()
	}
}

// displayLocked sends the last display, if there was one.
func (k *call) displayLocked() {
	if k.display != nil {
		k.sayLocked("verto.display", append(k.display[:2:2], k.party.block()...))
	}
}

// Info sends a message within the call.
func (o control) Info(msg any) {
	o.k.mu.Lock()
	defer o.k.mu.Unlock()
	o.k.sayLocked("verto.info", body{{"msg", msg}})
}

// Attach asks a client who listens for new media.
func (o control) Attach(sdp string) {
	o.k.mu.Lock()
	defer o.k.mu.Unlock()
	if o.k.answered && o.k.sayLocked("verto.attach", o.k.party.offer(sdp)) {
		o.k.line = lineOffered
	}
}

// Bye ends the call from the switch's side.
func (o control) Bye(cause Cause) { o.k.bye(cause) }

// sayLocked sends a message of the call. Under the call's lock, so that nothing follows
// a bye. False: there is nobody to hear it.
func (k *call) sayLocked(method string, params body) bool {
	if k.closed || !k.known || k.line == lineDown {
		return false
	}
	return k.session.send(method, append(body{{"callID", k.id}}, params...))
}

func (k *call) bye(cause Cause) {
	k.srv.remove(k)
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.closeLocked(cause) {
		k.sayByeLocked(cause)
	}
}

// sayByeLocked tells a client who can be reached that his call is over.
func (k *call) sayByeLocked(cause Cause) {
	if k.session != nil && k.known {
		k.session.send("verto.bye", body{{"callID", k.id}, {"causeCode", int(cause)}, {"cause", cause.String()}})
	}
}

// hangup ends the call from the server's side: the switch hears Hangup, the client
// verto.bye.
func (k *call) hangup(cause Cause) {
	k.srv.remove(k)
	k.mu.Lock()
	if k.closeLocked(cause) {
		k.sayByeLocked(cause)
		k.pending = []request{{run: func(leg Call) { leg.Hangup(cause) }}}
	}
	k.runUnlock()
}
