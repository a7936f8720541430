package verto

import (
	"context"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gorilla/websocket"
	"github.com/prometheus/client_golang/prometheus"
)

// Options configure a Server.
type Options struct {
	Auth   Authenticator
	Switch Switch
	Log    *slog.Logger // nil: silent
	// AllowedOrigins lists the Origin headers that may connect: "https://example.com"
	// or a bare host name. Empty: every one, as the login authenticates and nothing
	// else does. A request without Origin (no browser) is always taken.
	AllowedOrigins []string
	// TrustedProxies are the addresses whose X-Forwarded-For is believed.
	TrustedProxies []netip.Prefix
	Registerer     prometheus.Registerer // nil: no metrics
}

// maxUnknown is how many connections without login one address may hold.
const maxUnknown = 1000

// handshakeTimeout bounds writing the upgrade's answer.
const handshakeTimeout = 10 * time.Second

// Server is Verto for one process: connections, sessions, calls, subscriptions. Use
// NewServer. All methods are safe for concurrent use.
type Server struct {
	// constant
	o        Options
	log      *slog.Logger
	methods  map[string]method
	upgrader websocket.Upgrader
	metrics  *metrics
	ctx      context.Context
	cancel   context.CancelFunc

	ids atomic.Int64   // of server requests, from 1, shared by all connections
	wg  sync.WaitGroup // connections, invites, and what calls are told of a lost one

	mu       sync.Mutex // guards what follows
	closed   bool
	conns    map[*conn]struct{}
	unknown  map[netip.Addr]int // connections without login
	sessions map[string]*Session
	users    map[string]map[*Session]struct{} // sessions by user
	calls    map[string]*call
	subs     map[string]map[*subscription]struct{} // by channel
	seq      int64                                 // of the newest session or call

	kept      map[string]*shelf // calls without a connection, by session id
	keptCalls int
	keptOf    map[string]int // by user
}

// NewServer makes a server; Auth and Switch are needed.
func NewServer(o Options) *Server {
	if o.Auth == nil || o.Switch == nil {
		panic("verto: NewServer without Auth or Switch")
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	s := &Server{
		o: o, log: o.Log, methods: methodsByName(), metrics: newMetrics(o.Registerer),
		conns: map[*conn]struct{}{}, unknown: map[netip.Addr]int{},
		sessions: map[string]*Session{}, users: map[string]map[*Session]struct{}{},
		calls: map[string]*call{}, subs: map[string]map[*subscription]struct{}{},
		kept: map[string]*shelf{}, keptOf: map[string]int{},
	}
	s.ctx, s.cancel = context.WithCancel(context.Background())
	s.upgrader = websocket.Upgrader{
		HandshakeTimeout: handshakeTimeout,
		WriteBufferSize:  4096,
		WriteBufferPool:  &sync.Pool{},
		CheckOrigin:      s.originAllowed,
	}
	return s
}

// ServeHTTP upgrades a request of any path and serves the connection until it ends.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	addr := ClientAddr(r, s.o.TrustedProxies)
	if !s.admit(addr) {
		s.metrics.refused.Inc()
		http.Error(w, "too many connections", http.StatusServiceUnavailable)
		return
	}
	defer s.wg.Done()
	ws, err := s.upgrader.Upgrade(w, r, subprotocol(r))
	if err != nil { // Upgrade has answered
		s.leave(addr)
		s.log.Debug("verto: upgrade refused", "addr", addr, "err", err)
		return
	}
	c := newConn(s, ws, addr)
	if !s.enter(c) {
		s.leave(addr)
		ws.Close()
		return
	}
	c.serve()
}

// Close ends all connections (status 1001) and waits for their goroutines and for
// invites on their way. Calls hear Lost and are not kept. Further requests are refused.
func (s *Server) Close() { s.close(websocket.CloseGoingAway, "server is closing") }

// CloseForRestart is Close for a server that comes back: sockets are closed with
// status 1012, upon which clients return, and no client hears that a call has ended.
func (s *Server) CloseForRestart() { s.close(websocket.CloseServiceRestart, "server restarts") }

func (s *Server) close(code int, reason string) {
	s.mu.Lock()
	s.closed = true
	for c := range s.conns {
		c.out.finish(closing{code, reason})
	}
	for _, on := range s.kept { // they have heard Lost
		for _, k := range on.calls {
			k.mu.Lock()
			k.closeLocked(CauseDestOutOfOrder)
			k.mu.Unlock()
			s.removeLocked(k)
		}
	}
	s.mu.Unlock()
	s.cancel()
	s.wg.Wait()
}

// Stats are a server's present sizes. Kept calls wait for their client and are among
// the Calls.
type Stats struct{ Connections, Sessions, Calls, Kept int }

// Stats counts what there is now.
func (s *Server) Stats() Stats {
	s.mu.Lock()
	defer s.mu.Unlock()
	return Stats{Connections: len(s.conns), Sessions: len(s.sessions), Calls: len(s.calls), Kept: s.keptCalls}
}

// admit reserves a place among the connections without login.
func (s *Server) admit(addr netip.Addr) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed || s.unknown[addr] >= maxUnknown {
		return false
	}
	s.unknown[addr]++
	s.wg.Add(1)
	return true
}

// leave gives that place back.
func (s *Server) leave(addr netip.Addr) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.leaveLocked(addr)
}

func (s *Server) leaveLocked(addr netip.Addr) {
	if s.unknown[addr]--; s.unknown[addr] <= 0 {
		delete(s.unknown, addr)
	}
}

func (s *Server) enter(c *conn) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return false
	}
	s.conns[c] = struct{}{}
	s.metrics.connections.Inc()
	return true
}

func (s *Server) exit(c *conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.conns, c)
	if c.session == nil {
		s.leaveLocked(c.addr)
	}
	s.metrics.connections.Dec()
}

func (s *Server) originAllowed(r *http.Request) bool {
	origin := r.Header.Get("Origin")
	if origin == "" || len(s.o.AllowedOrigins) == 0 {
		return true
	}
	host := ""
	if u, err := url.Parse(origin); err == nil {
		host = u.Hostname()
	}
	return slices.ContainsFunc(s.o.AllowedOrigins, func(allowed string) bool {
		return strings.EqualFold(allowed, origin) || host != "" && strings.EqualFold(allowed, host)
	})
}

// subprotocol echoes the first one that the client offers: FreeSWITCH takes any.
func subprotocol(r *http.Request) http.Header {
	offered := websocket.Subprotocols(r)
	if len(offered) == 0 || !wireID(offered[0], maxName) {
		return nil
	}
	return http.Header{"Sec-Websocket-Protocol": {offered[0]}}
}

// ClientAddr is the peer's address, or, when the peer is a trusted proxy, the last
// address of X-Forwarded-For that is not one.
func ClientAddr(r *http.Request, trusted []netip.Prefix) netip.Addr {
	ap, _ := netip.ParseAddrPort(r.RemoteAddr)
	addr := ap.Addr().Unmap().WithZone("")
	isTrusted := func(a netip.Addr) bool {
		return slices.ContainsFunc(trusted, func(p netip.Prefix) bool { return p.Contains(a) })
	}
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for _, hop := range slices.Backward(hops) {
		if !isTrusted(addr) {
			break
		}
		next, err := netip.ParseAddr(strings.TrimSpace(hop))
		if err != nil {
			break
		}
		addr = next.Unmap().WithZone("")
	}
	return addr
}
