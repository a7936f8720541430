package verto

import (
	"cmp"
	"maps"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
)

// Session is one logged-in connection. It begins with the login and ends with its
// socket, or when another login of the same user takes its id over. Methods are safe
// for concurrent use.
type Session struct {
	// constant
	id   string
	addr netip.Addr
	conn *conn

	identity atomic.Pointer[Identity]

	mu      sync.Mutex // guards what follows
	display string
	vars    map[string]string

	// guarded by Server.mu
	seq     int64 // order of the sessions
	grants  map[string]bool
	subs    map[string]*subscription // by channel
	revoked map[string]bool          // subscriptions that Revoke ended and the client has not
	calls   map[string]*call         // by callID
	asking  int                      // goroutines that ask the switch for a call
	ended   bool
}

// ID is the session id, which the client chose (or the server, if it did not).
func (s *Session) ID() string { return s.id }

// Identity is who logged in; a repeated login may renew it.
func (s *Session) Identity() *Identity { return s.identity.Load() }

// RemoteAddr is the client's address, behind trusted proxies the one they name.
func (s *Session) RemoteAddr() netip.Addr { return s.addr }

// Display is the name that others read beside what this session says: the
// directory's or token's, else the first caller id name it called with, else "".
func (s *Session) Display() string {
	if name := s.Identity().Name; name != "" {
		return cleanText(name, maxDisplay)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.display
}

// noteDisplay keeps the first name that an invite brought.
func (s *Session) noteDisplay(name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.display == "" {
		s.display = name
	}
}

// UserVariables are what the client sent at login. They are a namespace of their own:
// nothing may be granted because of them.
func (s *Session) UserVariables() map[string]string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return maps.Clone(s.vars)
}

func (s *Session) setUserVariables(vars map[string]string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.vars = vars
}

// SessionsOf gives a user's connections, the oldest first. The id is user@domain.
func (s *Server) SessionsOf(userID string) []*Session {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.SortedFunc(maps.Keys(s.users[userID]), func(a, b *Session) int { return cmp.Compare(a.seq, b.seq) })
}

// SendUser sends a request, as verto.info with what Message.Delivered makes, to all
// connections of a user, and gives their number.
func (s *Server) SendUser(userID, method string, params any) int {
	n := 0
	for _, session := range s.SessionsOf(userID) {
		if session.send(method, params) {
			n++
		}
	}
	return n
}

// send queues a server request for the session's client.
func (s *Session) send(method string, params any) bool {
	return s.conn.send(method, params)
}
