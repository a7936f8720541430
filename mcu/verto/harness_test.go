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
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

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
	pong atomic.Value  // what the newest pong frame carried
	gone atomic.Bool   // answers no ping frame, like a host that is gone
	rung string        // the call of the newest verto.invite; owned by the test

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
	ws.SetPongHandler(func(data string) error { c.pong.Store(data); return nil })
	ws.SetPingHandler(func(data string) error {
		if c.gone.Load() {
			return nil
		}
		return ws.WriteControl(websocket.PongMessage, []byte(data), time.Now().Add(time.Second))
	})
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

// trust makes the server believe X-Forwarded-For of the pipe's address.
func trust(o *verto.Options) {
	o.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")}
}
