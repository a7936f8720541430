package verto

import (
	"context"
	"errors"
	"net/netip"
	"strconv"

	"github.com/omniverto/omniverto/mcu/directory"
)

// Handle is what the envelope replies to one JSON text, of a client without a login
// or with one.
func Handle(text []byte, loggedIn bool) []byte {
	handle, done := handler(loggedIn)
	defer done()
	return handle(text)
}

// Handler is Handle for many texts of one logged-in client.
func Handler() (handle func([]byte) []byte, done func()) { return handler(true) }

func handler(loggedIn bool) (handle func([]byte) []byte, done func()) {
	s := NewServer(Options{Auth: closedDoor{}, Switch: closedDoor{}})
	c := newConn(s, nil, netip.Addr{})
	if loggedIn {
		c.bind("s", &Identity{User: "u", Domain: "d", Methods: directory.AllowAll(), Channels: directory.ParsePermission("demo")})
	}
	return func(text []byte) []byte {
		reply, after := c.handle(text)
		for _, f := range after {
			f()
		}
		s.wg.Wait() // an invite's goroutine
		return reply
	}, s.Close
}

// FanOut subscribes n sessions without sockets to demo. written lets each have written
// what it got, and gives the number of messages.
func FanOut(n int) (s *Server, written func() int) {
	s = NewServer(Options{Auth: closedDoor{}, Switch: closedDoor{}})
	var conns []*conn
	for i := range n {
		c := newConn(s, nil, netip.Addr{})
		c.bind(strconv.Itoa(i), &Identity{User: "u", Domain: "d", Channels: directory.AllowAll()})
		c.subscribe(channelParams{[]string{"demo"}})
		conns = append(conns, c)
	}
	due := make([][]entry, n)
	return s, func() int {
		sum := 0
		for i, c := range conns {
			due[i], _ = c.out.take(due[i])
			for _, e := range due[i] {
				c.out.written(e.message)
			}
			sum += len(due[i])
		}
		return sum
	}
}

// closedDoor lets nobody in and nothing through.
type closedDoor struct{}

var errClosed = errors.New("closed")

func (closedDoor) Login(context.Context, Credentials) (*Identity, error) { return nil, errClosed }
func (closedDoor) Invite(context.Context, Invite, CallControl) (Call, error) {
	return nil, errClosed
}
func (closedDoor) Broadcast(Broadcast) error { return nil }
func (closedDoor) Message(Message)           {}

// ReadInvite and the others run one method's parameter parser on the text of params.
// ok is false where the parser refused.
func ReadInvite(text []byte) (inv Invite, ok bool) { return read(text, parseInvite) }

// ReadLogin gives the session id and the names of the variables.
func ReadLogin(text []byte) (sessionID string, variables map[string]string, ok bool) {
	l, ok := read(text, parseLogin)
	return l.sessionID, l.variables, ok
}

// ReadBye gives the cause.
func ReadBye(text []byte) (Cause, bool) {
	b, ok := read(text, parseBye)
	return b.cause, ok
}

// ReadSDP is verto.answer's and verto.attach's.
func ReadSDP(text []byte) (callID string, ok bool) {
	a, ok := read(text, parseAnswer)
	b, same := read(text, parseAttach)
	return a.callID, ok && same && a == b
}

// ReadAPI gives the commands of fsapi and jsapi.
func ReadAPI(text []byte) (cmd, command string, data []byte) {
	f, _ := read(text, parseFSAPI)
	j, _ := read(text, parseJSAPI)
	return f.cmd, j.command, j.data
}

// ReadModify gives the action.
func ReadModify(text []byte) (action string, ok bool) {
	m, ok := read(text, parseModify)
	return m.action, ok
}

// ReadInfo gives the digits and the candidate.
func ReadInfo(text []byte) (digits, candidate string, ok bool) {
	i, ok := read(text, parseInfo)
	return i.dtmf, i.candidate, ok
}

// ReadChannels is verto.subscribe's and verto.unsubscribe's.
func ReadChannels(text []byte) []string {
	c, _ := read(text, parseSubscribe)
	return c.channels
}

// ReadBroadcast gives channel and data.
func ReadBroadcast(text []byte) (channel string, data []byte) {
	b, _ := read(text, parseBroadcast)
	return b.channel, b.data
}

// Sign is the object that a local broadcast with these params becomes.
func Sign(text []byte) []byte {
	s := NewServer(Options{Auth: closedDoor{}, Switch: closedDoor{}})
	c := newConn(s, nil, netip.Addr{})
	c.bind("s", &Identity{User: "u", Domain: "d"})
	b, _ := read(text, parseBroadcast)
	out, err := encode(c.signed(b.all))
	if err != nil {
		return nil
	}
	return out
}

func read[T any](text []byte, parse func(params) (T, *answer)) (v T, ok bool) {
	if checkJSON(text) != nil {
		return v, false
	}
	p, err := object{{"params", text}}.params()
	if err != nil {
		return v, false
	}
	v, refusal := parse(p)
	return v, refusal == nil
}

// MethodNames are all that a client may call.
func MethodNames() []string {
	var names []string
	for _, m := range methodTable() {
		names = append(names, m.name)
	}
	return names
}
