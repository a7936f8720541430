package verto_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/gorilla/websocket"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/omniverto/omniverto/mcu/directory"
	"github.com/omniverto/omniverto/mcu/verto"
)

// pipes is a listener whose connections are net.Pipe: a real HTTP server and real
// WebSockets in a synctest bubble.
type pipes struct {
	conns chan net.Conn
	done  chan struct{}
	once  sync.Once
}

func newPipes() *pipes { return &pipes{conns: make(chan net.Conn), done: make(chan struct{})} }

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.conns:
		return c, nil
	case <-p.done:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error   { p.once.Do(func() { close(p.done) }); return nil }
func (p *pipes) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(192, 0, 2, 1), Port: 8081} }

func (p *pipes) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	client, server := net.Pipe()
	select {
	case p.conns <- from{server}:
		return client, nil
	case <-p.done:
		return nil, net.ErrClosed
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// from gives a pipe the address of a client.
type from struct{ net.Conn }

func (from) RemoteAddr() net.Addr { return &net.TCPAddr{IP: net.IPv4(192, 0, 2, 7), Port: 4000} }

// stage is a server with its fake switch and its clients.
type stage struct {
	t        *testing.T
	net      *pipes
	http     *httptest.Server
	srv      *verto.Server
	sw       *fakeSwitch
	registry *prometheus.Registry
	clients  map[string]*client
	log      *strings.Builder
}

// newStage starts a server; options may change what is given to it.
func newStage(t *testing.T, options ...func(*verto.Options)) *stage {
	t.Helper()
	s := &stage{
		t: t, net: newPipes(), sw: newFakeSwitch(), registry: prometheus.NewRegistry(),
		clients: map[string]*client{}, log: &strings.Builder{},
	}
	o := verto.Options{
		Auth: directory.NewAuthenticator(testUsers(t), testKeys(t)), Switch: s.sw, Registerer: s.registry,
		Log: slog.New(slog.NewTextHandler(&lockedWriter{w: s.log}, &slog.HandlerOptions{Level: slog.LevelDebug})),
	}
	for _, change := range options {
		change(&o)
	}
	s.srv = verto.NewServer(o)
	s.sw.srv = s.srv
	s.http = httptest.NewUnstartedServer(s.srv)
	s.http.Listener.Close()
	s.http.Listener = s.net
	s.http.Start()
	return s
}

type lockedWriter struct {
	mu sync.Mutex
	w  *strings.Builder
}

func (l *lockedWriter) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.w.Write(b)
}

// close ends everything; a goroutine left behind fails the bubble.
func (s *stage) close() {
	s.srv.Close()
	for _, c := range s.clients {
		c.ws.Close()
		<-c.done
	}
	s.http.Close()
}

func testUsers(t *testing.T) *directory.Directory {
	t.Helper()
	d, err := directory.Open(directory.Options{Dir: filepath.Join("testdata", "directory")})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func testKeys(t *testing.T) *directory.Keys {
	t.Helper()
	dir := t.TempDir()
	secret := []byte("a secret that only the tests know")
	if err := os.WriteFile(filepath.Join(dir, "test.key"), secret, 0o600); err != nil {
		t.Fatal(err)
	}
	k, err := directory.OpenKeys(dir)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// client is one WebSocket of a test.
type client struct {
	ws   *websocket.Conn
	done chan struct{} // closed when the socket is

	mu   sync.Mutex // guards what follows
	got  []string
	code int           // of the close, -1 while open
	hold chan struct{} // the reader waits for it
}

// stall stops the client's reading until resume is called.
func (c *client) stall() (resume func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.hold = make(chan struct{})
	return func() { close(c.hold) }
}

func (s *stage) open(name string, header http.Header) (*client, error) {
	d := websocket.Dialer{NetDialContext: s.net.dial}
	ws, _, err := d.Dial("ws://verto.test/any/path", header)
	if err != nil {
		return nil, err
	}
	c := &client{ws: ws, done: make(chan struct{}), code: -1}
	s.clients[name] = c
	go c.read()
	return c, nil
}

func (s *stage) mustOpen(name string) *client {
	s.t.Helper()
	c, err := s.open(name, nil)
	if err != nil {
		s.t.Fatal(err)
	}
	return c
}

func (c *client) read() {
	defer close(c.done)
	for {
		_, text, err := c.ws.ReadMessage()
		c.mu.Lock()
		if err != nil {
			c.code = websocket.CloseAbnormalClosure
			if ce := (*websocket.CloseError)(nil); errors.As(err, &ce) {
				c.code = ce.Code
			}
			c.mu.Unlock()
			return
		}
		c.got = append(c.got, string(text))
		hold := c.hold
		c.mu.Unlock()
		if hold != nil {
			<-hold
		}
	}
}

// next gives the oldest message not yet looked at, when everything has settled.
func (c *client) next() (string, bool) {
	synctest.Wait()
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.got) == 0 {
		return "", false
	}
	first := c.got[0]
	c.got = c.got[1:]
	return first, true
}

func (c *client) closeCode() int {
	synctest.Wait()
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.code
}

func (c *client) send(t *testing.T, text string) {
	t.Helper()
	if err := c.ws.WriteMessage(websocket.TextMessage, []byte(text)); err != nil {
		t.Errorf("send %.80s: %v", text, err)
	}
}

// login logs a client in and takes the result and clientReady.
func (s *stage) login(name, user, sessid string) *client {
	s.t.Helper()
	c := s.mustOpen(name)
	c.send(s.t, fmt.Sprintf(`{"jsonrpc":"2.0","method":"login","id":1,"params":{"login":%q,"passwd":"1234","sessid":%q}}`, user, sessid))
	for range 2 {
		if m, ok := c.next(); !ok || strings.Contains(m, `"error"`) {
			s.t.Fatalf("login of %s: %s", user, m)
		}
	}
	return c
}

// fakeSwitch writes down what it hears; what it does depends on what is dialled.
type fakeSwitch struct {
	srv *verto.Server

	mu    sync.Mutex // guards what follows
	heard []string
	calls map[string]verto.CallControl
	gates map[string]chan struct{} // of destination "slow": closed to go on
}

func newFakeSwitch() *fakeSwitch {
	return &fakeSwitch{calls: map[string]verto.CallControl{}, gates: map[string]chan struct{}{}}
}

func (f *fakeSwitch) note(format string, args ...any) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.heard = append(f.heard, fmt.Sprintf(format, args...))
}

// next gives the oldest thing heard, when everything has settled.
func (f *fakeSwitch) next() (string, bool) {
	synctest.Wait()
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.heard) == 0 {
		return "", false
	}
	first := f.heard[0]
	f.heard = f.heard[1:]
	return first, true
}

func (f *fakeSwitch) control(callID string) verto.CallControl {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.calls[callID]
}

func (f *fakeSwitch) release(callID string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	close(f.gates[callID])
}

func (f *fakeSwitch) Invite(ctx context.Context, inv verto.Invite, out verto.CallControl) (verto.Call, error) {
	f.note("invite %s %s from %q <%s> by %s%s", inv.CallID, inv.Destination, inv.CallerName, inv.CallerNumber,
		inv.Session.Identity().UserID(), inviteOptions(inv))
	gate := make(chan struct{})
	f.mu.Lock()
	f.calls[inv.CallID], f.gates[inv.CallID] = out, gate
	f.mu.Unlock()
	leg := fakeLeg{id: inv.CallID, f: f, held: new(bool)}
	switch {
	case !strings.Contains(inv.SDP, "m="):
		return nil, &verto.CallError{Cause: verto.CauseIncompatible}
	case inv.Destination == "0815":
		return nil, fmt.Errorf("route: %w", &verto.CallError{Cause: verto.CauseNoRoute})
	case inv.Destination == "broken":
		return nil, errors.New("broken")
	case inv.Destination == "panic":
		panic("fake panic")
	case inv.Destination == "slow":
		select {
		case <-gate:
		case <-ctx.Done():
			f.note("invite %s: %v", inv.CallID, ctx.Err())
		}
	case inv.Destination == "attach":
		return attachable{leg}, nil
	}
	return leg, nil
}

func inviteOptions(inv verto.Invite) string {
	var s strings.Builder
	for _, o := range []struct {
		name string
		on   bool
	}{
		{"screen", inv.ScreenShare}, {"second", inv.SecondSource}, {"dedicated", inv.DedicatedEncoder},
		{"mirror", inv.MirrorInput}, {"norecover", inv.NoRecover},
	} {
		if o.on {
			s.WriteString(" " + o.name)
		}
	}
	if inv.Canvas >= 0 || inv.OutgoingKbps+inv.IncomingKbps > 0 {
		fmt.Fprintf(&s, " canvas=%d out=%d in=%d", inv.Canvas, inv.OutgoingKbps, inv.IncomingKbps)
	}
	var names []string
	for k, v := range inv.UserVariables {
		names = append(names, " "+k+"="+v)
	}
	slices.Sort(names)
	return s.String() + strings.Join(names, "")
}

func (f *fakeSwitch) Broadcast(b verto.Broadcast) error {
	f.note("broadcast %s %s by %s %q", b.Channel, b.Data, b.UserID, b.FromDisplay)
	if strings.Contains(string(b.Data), "forbidden") {
		return verto.ErrDenied
	}
	if strings.Contains(string(b.Data), "relay") {
		f.srv.Publish(b.Channel, map[string]any{"data": b.Data})
	}
	return nil
}

func (f *fakeSwitch) Message(m verto.Message) {
	f.note("message to %s %q from %s indialog=%v call=%v extra=%v", m.To, m.Body, m.From, m.InDialog, m.Call != nil, m.Extra)
}

type fakeLeg struct {
	id   string
	f    *fakeSwitch
	held *bool
}

func (l fakeLeg) Hangup(c verto.Cause) { l.f.note("hangup %s %s", l.id, c) }
func (l fakeLeg) Lost()                { l.f.note("lost %s", l.id) }

func (l fakeLeg) DTMF(digits string) {
	if digits == "D" {
		panic("fake panic")
	}
	l.f.note("dtmf %s %s", l.id, digits)
}

func (l fakeLeg) Candidate(c string) error {
	l.f.note("candidate %s %q", l.id, c)
	return errors.New("no more candidates")
}

func (l fakeLeg) Modify(_ context.Context, m verto.Modify) (verto.ModifyResult, error) {
	l.f.note("modify %s %s", l.id, m.Action)
	switch m.Action {
	case verto.ActionHold:
		*l.held = true
	case verto.ActionUnhold:
		*l.held = false
	case verto.ActionToggleHold:
		*l.held = !*l.held
	case verto.ActionVideoRefresh:
	case verto.ActionUpdateMedia:
		if !strings.Contains(m.SDP, "m=") {
			return verto.ModifyResult{}, &verto.CallError{Message: "MEDIA ERROR", Err: errors.New("no media")}
		}
		return verto.ModifyResult{Held: *l.held, SDP: "v=0 m=new"}, nil
	}
	return verto.ModifyResult{Held: *l.held}, nil
}

type attachable struct{ fakeLeg }

func (a attachable) Attach(_ context.Context, sdp string) error {
	a.f.note("attach %s %s", a.id, sdp)
	if !strings.Contains(sdp, "m=") {
		return errors.New("no media")
	}
	return nil
}

// trust makes the server believe X-Forwarded-For of the pipe's address.
func trust(o *verto.Options) {
	o.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")}
}
