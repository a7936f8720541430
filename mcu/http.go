package mcu

import (
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/omniverto/omniverto/mcu/directory"
	"github.com/omniverto/omniverto/web"
)

// httpTimeouts bound what a slow or hostile client may hold on to; they end when
// a connection becomes a WebSocket.
const (
	headerTimeout = 5 * time.Second
	readTimeout   = 15 * time.Second
	idleTimeout   = 60 * time.Second
	maxHeader     = 32 << 10
)

// hostToken is how long a new meeting's links are good for.
const hostToken = 24 * time.Hour

// handler serves the client, Verto on any path, the local authority's
// certificate, moderators' uploads and, on loopback, new meetings.
func (s *Server) handler(local bool) http.Handler {
	pages := web.Handler(web.Assets(), func(*http.Request) web.Config {
		return web.Config{NewMeeting: local, Domain: s.domain, Version: Version}
	})
	mux := http.NewServeMux()
	mux.Handle("/", pages)
	if ca := s.certs.CA(); ca != nil {
		mux.HandleFunc("GET /ca.crt", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/x-x509-ca-cert")
			_, _ = w.Write(ca)
		})
	}
	mux.Handle("POST /api/images", s.uploads)
	if local {
		mux.HandleFunc("POST /api/meetings", s.newMeeting)
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.EqualFold(r.Header.Get("Upgrade"), "websocket") {
			s.verto.ServeHTTP(w, r)
			return
		}
		mux.ServeHTTP(w, r)
	})
}

func newHTTPServer(h http.Handler) *http.Server {
	return &http.Server{
		Handler: h, ReadHeaderTimeout: headerTimeout, ReadTimeout: readTimeout,
		IdleTimeout: idleTimeout, MaxHeaderBytes: maxHeader,
	}
}

// meeting is the answer to POST /api/meetings.
type meeting struct {
	Room  string `json:"room"`
	Token string `json:"token"` // moderator
	Link  string `json:"link"`  // for guests
}

// newMeeting makes a room's links for whoever sits at this machine. A page of
// another origin or a rebound name cannot ask for it: Host must be this machine,
// Origin the same, and the body JSON, which no simple form can send.
func (s *Server) newMeeting(w http.ResponseWriter, r *http.Request) {
	if err := fromThisMachine(r); err != nil {
		s.log.Warn("new meeting refused", "error", err, "remote", r.RemoteAddr)
		http.Error(w, err.Error(), http.StatusForbidden)
		return
	}
	var ask struct{ Room, Name string }
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 4096)).Decode(&ask); err != nil {
		http.Error(w, "the body is not JSON", http.StatusBadRequest)
		return
	}
	if ask.Room == "" {
		ask.Room = "meet-" + uuid.NewString()[:8]
	}
	m, err := s.invite(ask.Room, ask.Name)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	_ = json.NewEncoder(w).Encode(m)
}

// invite signs the host's token and a guest's link for a room.
func (s *Server) invite(name, host string) (*meeting, error) {
	if _, err := directory.ParseRoute(name); err != nil {
		return nil, fmt.Errorf("%q is not a room name: use 1 to 64 of A-Z a-z 0-9 _ . -", name)
	}
	token, err := s.keys.Sign(directory.Claims{Room: name, Role: directory.RoleModerator, Name: host}, hostToken)
	if err != nil {
		return nil, err
	}
	guest, err := s.keys.Sign(directory.Claims{Room: name, Role: directory.RoleParticipant}, hostToken)
	if err != nil {
		return nil, err
	}
	return &meeting{Room: name, Token: token, Link: s.links.Join(name, guest)}, nil
}

// forwarded are the headers that a proxy adds.
var forwarded = [...]string{"Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Real-Ip", "Via"}

func fromThisMachine(r *http.Request) error {
	for _, h := range forwarded {
		if r.Header.Get(h) != "" {
			return errors.New("came through a proxy")
		}
	}
	host, _, err := net.SplitHostPort(r.Host)
	if err != nil {
		host = r.Host
	}
	if addr, err := netip.ParseAddr(strings.Trim(host, "[]")); host != "localhost" && (err != nil || !addr.IsLoopback()) {
		return errors.New("not asked for under this machine's own name")
	}
	if o := r.Header.Get("Origin"); o != "" && o != "http://"+r.Host {
		return errors.New("asked for by a page of another origin")
	}
	if ct, _, _ := strings.Cut(r.Header.Get("Content-Type"), ";"); strings.TrimSpace(ct) != "application/json" {
		return errors.New("the body must be application/json")
	}
	return nil
}
