package verto

// method is one row of the protocol's table of verbs.
type method struct {
	name  string // also the permission, whole or up to its first dot
	usage string
	open  bool // needs no permission
	// handle runs on the connection's reader, never before login.
	handle func(*conn, params) answer
}

// methodTable is the protocol, client to server. Parameters are read by the parse
// function of each row into its own type.
func methodTable() []method {
	return []method{
		{"login", "login, passwd, loginParams, userVariables: authenticates", true, (*conn).loginResult},
		{"echo", "anything: comes back", false, (*conn).echo},
		{"jsapi", "command, data: runs a JSON command", false, typed(parseJSAPI, (*conn).jsapi)},
		{"fsapi", "cmd, arg: runs a command", false, typed(parseFSAPI, (*conn).fsapi)},
		{"verto.ping", "answers PONG", false, (*conn).ping},
		{"verto.invite", "sdp, dialogParams: starts a call", false, typed(parseInvite, (*conn).invite)},
		{"verto.answer", "sdp, dialogParams: answers a server's invite", false, typed(parseAnswer, (*conn).answerCall)},
		{"verto.bye", "dialogParams, cause, causeCode: ends a call", false, typed(parseBye, (*conn).bye)},
		{"verto.modify", "action, dialogParams, sdp, destination, replaceCallID: hold, new media, transfers", false, typed(parseModify, (*conn).modify)},
		{"verto.attach", "sdp, dialogParams: answers a server's attach", false, typed(parseAttach, (*conn).attach)},
		{"verto.info", "dtmf, msg, candidate, dialogParams", false, typed(parseInfo, (*conn).info)},
		{"verto.subscribe", "eventChannel: name or names", false, typed(parseSubscribe, (*conn).subscribe)},
		{"verto.unsubscribe", "eventChannel: name or names", false, typed(parseSubscribe, (*conn).unsubscribe)},
		{"verto.broadcast", "eventChannel, data, localBroadcast", false, typed(parseBroadcast, (*conn).broadcast)},
	}
}

func methodsByName() map[string]method {
	m := map[string]method{}
	for _, row := range methodTable() {
		m[row.name] = row
	}
	return m
}

// params are a request's parameters; anything but an object reads as an empty one.
type params struct {
	object
	present bool
	raw     raw
}

// typed joins a method's parser and handler. A parser's refusal is the reply.
func typed[T any](parse func(params) (T, *answer), handle func(*conn, T) answer) func(*conn, params) answer {
	return func(c *conn, p params) answer {
		v, refusal := parse(p)
		if refusal != nil {
			return *refusal
		}
		return handle(c, v)
	}
}

const methodRefused = "Invalid Method, Missing Method or Permission Denied"

// dispatch passes the login gate and the method's permission, then handles.
func (c *conn) dispatch(name string, p params) answer {
	if c.session == nil || name == "login" {
		if refusal := c.authenticate(p); refusal != nil {
			return *refusal
		}
	}
	m, known := c.srv.methods[name]
	if !known {
		c.srv.metrics.requests.WithLabelValues("unknown").Inc()
		return refuse(codeMethod, methodRefused)
	}
	c.srv.metrics.requests.WithLabelValues(name).Inc()
	if !m.open && !c.session.Identity().Methods.AllowsFamily(name) {
		c.srv.metrics.denied.WithLabelValues("method").Inc()
		return refuse(codeMethod, methodRefused)
	}
	return m.handle(c, p)
}

func (c *conn) echo(p params) answer {
	if !p.present {
		return callFault("Params data missing")
	}
	a := success()
	for _, f := range p.object {
		a.result = append(a.result, member{f.key, f.raw})
	}
	return a
}

func (c *conn) ping(params) answer {
	return success(append(body{{"message", "PONG"}}, c.authExpires()...)...)
}
