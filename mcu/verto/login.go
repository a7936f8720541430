package verto

import (
	"errors"
	"strings"

	"github.com/google/uuid"
	"github.com/gorilla/websocket"

	"github.com/omniverto/omniverto/mcu/directory"
)

// maxSessionID is the longest session id that a client may choose.
const maxSessionID = 64

// loginParams are what any request may carry before login, and login always.
type loginParams struct {
	login, passwd string
	sessionID     string // "" if none, or none that is fit
	params        map[string]string
	variables     map[string]string
}

func parseLogin(p params) (loginParams, *answer) {
	l := loginParams{login: p.str("login"), passwd: p.str("passwd")}
	var refusal answer
	switch {
	case !p.present:
		refusal = refuse(codeAuthFailed, "Missing params")
	case l.login == "":
		refusal = refuse(codeAuthNeeded, "Authentication Required")
	case l.passwd == "":
		refusal = refuse(codeAuthFailed, "Missing passwd")
	default:
		if id := p.str("sessid"); sessionID(id) {
			l.sessionID = id
		}
		l.params = ownParams(p.object.object("loginParams").texts(maxVariables))
		l.variables = p.object.object("userVariables").texts(maxVariables)
		return l, nil
	}
	return l, &refusal
}

// sessionID accepts ids that can be no channel's name: letters, digits, '-' and '_'.
func sessionID(s string) bool {
	return s != "" && len(s) <= maxSessionID && strings.IndexFunc(s, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '-' && r != '_'
	}) < 0
}

// ownParams drops the members that the server alone decides.
func ownParams(m map[string]string) map[string]string {
	for k := range m {
		switch strings.ToLower(k) {
		case "action", "user", "domain":
			delete(m, k)
		}
	}
	return m
}

// authenticate is the gate before everything else: it logs in or gives the refusal.
// Nothing is kept of a failed attempt.
func (c *conn) authenticate(p params) *answer {
	l, refusal := parseLogin(p)
	if refusal != nil {
		return refusal
	}
	if c.session != nil {
		l.sessionID = c.session.id
	} else if l.sessionID == "" {
		l.sessionID = uuid.NewString()
	}
	who, err := c.srv.o.Auth.Login(c.ctx, Credentials{
		Login: l.login, Password: l.passwd, SessionID: l.sessionID, Addr: c.addr, LoginParams: l.params,
	})
	if err != nil {
		return c.loginFailed(l.login, err)
	}
	if !c.bind(l.sessionID, who) {
		c.srv.metrics.logins.WithLabelValues("in_use").Inc()
		c.audit("session id of another user", "login", cleanText(l.login, maxDisplay))
		a := refuse(codeAuthFailed, "Session in use")
		a.after = func() { c.out.finish(closing{websocket.CloseNormalClosure, "session in use"}) }
		return &a
	}
	c.srv.metrics.logins.WithLabelValues("ok").Inc()
	c.session.setUserVariables(l.variables)
	return nil
}

func (c *conn) loginFailed(login string, err error) *answer {
	text, result := "Authentication Failure", "failed"
	switch {
	case errors.Is(err, directory.ErrNoDomain):
		text = "Missing or improper credentials"
	case errors.Is(err, directory.ErrUnknownUser):
		text = "Login Incorrect"
	case errors.Is(err, directory.ErrBackOff):
		result = "backoff"
	}
	c.srv.metrics.logins.WithLabelValues(result).Inc()
	c.audit("login refused", "login", cleanText(login, maxDisplay), "err", err)
	a := refuse(codeAuthFailed, text)
	return &a
}

// bind gives the connection its session, or renews the identity of the one it has.
// False: the id is in use by somebody else.
func (c *conn) bind(id string, who *Identity) bool {
	if c.session != nil {
		if c.session.Identity().UserID() != who.UserID() {
			return false
		}
		c.session.identity.Store(who)
	} else {
		s, backs, ok := c.srv.startSession(c, id, who)
		if !ok {
			return false
		}
		c.session, c.backs, c.readyDue = s, backs, true
		c.log.Info("verto: login", "user", who.UserID(), "session", id)
	}
	var at int64
	if !who.Expires.IsZero() {
		at = who.Expires.UnixNano()
	}
	c.expires.Store(at)
	c.loggedIn.Store(true)
	return true
}

// startSession enters a session under its id, and gives it the calls that are kept
// there. Another connection of the same user that holds the id is punted; if anything
// of another user is under it, that is left alone and ok is false.
func (s *Server) startSession(c *conn, id string, who *Identity) (session *Session, backs []*comeback, ok bool) {
	session = &Session{
		id: id, addr: c.addr, conn: c,
		grants: map[string]bool{}, subs: map[string]*subscription{}, revoked: map[string]bool{}, calls: map[string]*call{},
	}
	session.identity.Store(who)
	s.mu.Lock()
	if !s.ownsLocked(id, who.UserID()) {
		s.mu.Unlock()
		return nil, nil, false
	}
	old := s.sessions[id]
	var lost []*call
	if old != nil {
		lost = s.detachLocked(old)
	}
	s.enterSessionLocked(session)
	backs = s.takeBackLocked(session)
	s.leaveLocked(c.addr)
	s.mu.Unlock()
	if old != nil {
		old.conn.cancel() // requests of its own that wait for the switch
		old.send("verto.punt", body{})
		old.conn.out.finish(closing{websocket.CloseNormalClosure, "punted"})
	}
	for _, b := range backs {
		lost = append(lost, b.k)
	}
	s.runAll(lost)
	return session, backs, true
}

func (s *Server) enterSessionLocked(session *Session) {
	s.seq++
	session.seq = s.seq
	s.sessions[session.id] = session
	user := session.Identity().UserID()
	if s.users[user] == nil {
		s.users[user] = map[*Session]struct{}{}
	}
	s.users[user][session] = struct{}{}
	s.metrics.sessions.Inc()
}

// endSession follows the loss of a connection; after a take-over there is nothing left
// to do.
func (s *Server) endSession(session *Session) {
	s.mu.Lock()
	lost := s.detachLocked(session)
	s.mu.Unlock()
	s.runAll(lost)
}

// detachLocked takes a session out of everything and gives its calls.
func (s *Server) detachLocked(session *Session) []*call {
	if session.ended {
		return nil
	}
	session.ended = true
	s.metrics.sessions.Dec()
	if s.sessions[session.id] == session {
		delete(s.sessions, session.id)
	}
	user := session.Identity().UserID()
	if delete(s.users[user], session); len(s.users[user]) == 0 {
		delete(s.users, user)
	}
	for _, sub := range session.subs {
		s.unsubscribeLocked(sub)
	}
	clear(session.grants)
	return s.loseLocked(session)
}

// loginResult answers login; the gate before it has authenticated.
func (c *conn) loginResult(params) answer {
	who := c.session.Identity()
	b := append(body{{"message", "logged in"}}, c.authExpires()...)
	for _, flag := range []struct {
		name string
		on   bool
	}{{"moderator", who.Moderator}, {"stereoAudio", who.StereoAudio}, {"superuser", who.Superuser}} {
		if flag.on {
			b = append(b, member{flag.name, true})
		}
	}
	return success(b...)
}
