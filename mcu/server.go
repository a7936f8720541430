// Package mcu assembles the conference server: signalling, rooms, codecs,
// sockets, web client. It is the embedding API, and the only package that knows
// all others.
package mcu

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"github.com/omniverto/omniverto/fonts"
	"github.com/omniverto/omniverto/mcu/admin"
	"github.com/omniverto/omniverto/mcu/cdr"
	"github.com/omniverto/omniverto/mcu/certs"
	"github.com/omniverto/omniverto/mcu/config"
	"github.com/omniverto/omniverto/mcu/decor"
	"github.com/omniverto/omniverto/mcu/dialplan"
	"github.com/omniverto/omniverto/mcu/directory"
	"github.com/omniverto/omniverto/mcu/room"
	"github.com/omniverto/omniverto/mcu/rtc"
	"github.com/omniverto/omniverto/mcu/verto"
	"github.com/omniverto/omniverto/media"
)

// Version is the product's version.
const Version = "0.1.0"

// shutdownGrace is how long open HTTP requests may take to end.
const shutdownGrace = 2 * time.Second

// Server is one conference server.
type Server struct {
	// constant after construction
	cfg       config.Config
	log       *slog.Logger
	domain    string
	registry  *prometheus.Registry
	certs     *certs.Store
	keys      *directory.Keys
	users     *directory.Directory
	auth      *directory.Authenticator
	rtc       *rtc.Server
	verto     *verto.Server
	exchange  *exchange
	rooms     *rooms
	calls     *calls
	bridges   *bridges
	tasks     *tasks
	keeper    *keeper
	records   *cdr.Store
	arrays    *arrays
	presence  *presence
	reloads   *reloader
	dialplan  atomic.Pointer[dialplan.Plan] // replaced by reloads
	uploads   *uploader
	links     config.Links
	listeners []listener
	started   time.Time
	closers   []func()

	ready atomic.Bool
}

// listener is one open address and what it serves.
type listener struct {
	net.Listener
	setting string
	handler http.Handler
	tls     *tls.Config
}

// New opens everything that can fail: files, certificate, ports. Run serves.
func New(cfg config.Config, log *slog.Logger) (*Server, error) {
	s := &Server{cfg: cfg, log: log, started: time.Now(), registry: prometheus.NewRegistry()}
	s.registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	if err := s.open(); err != nil {
		s.close()
		return nil, err
	}
	return s, nil
}

func (s *Server) open() error {
	for _, step := range []func() error{s.openIdentity, s.openMedia, s.openListeners} {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

// openIdentity opens users, token keys and the certificate.
func (s *Server) openIdentity() error {
	var err error
	if s.keys, err = directory.OpenKeys(filepath.Join(s.cfg.Data, "tokens")); err != nil {
		return err
	}
	if s.users, err = directory.Open(directory.Options{Read: s.readUsers, ForceDomain: s.cfg.ForceRegisterDomain, Log: s.log}); err != nil {
		return err
	}
	s.auth = directory.NewAuthenticator(s.users, s.keys)
	s.domain = s.users.GuestDomain()
	s.certs, err = certs.Open(certs.Options{
		Dir: filepath.Join(s.cfg.Data, "tls"), Cert: s.cfg.Cert, Key: s.cfg.Key,
		Hosts: s.certHosts(), Log: s.log,
	})
	if err != nil {
		return err
	}
	s.closers = append(s.closers, s.certs.Close)
	return nil
}

// openMedia opens the media port and makes rooms and signalling.
func (s *Server) openMedia() error {
	peers, err := rtc.New(rtc.Options{Addr: s.cfg.Media, Advertise: s.cfg.Advertise, Log: s.log})
	if err != nil {
		return err
	}
	s.rtc = peers
	s.closers = append(s.closers, func() { _ = peers.Close() })
	images, library, err := s.openDecor()
	if err != nil {
		return err
	}
	var ids atomic.Uint32
	engine := newEngine(images, library, s.cfg.MediaFolder(), &ids, s.log)
	s.exchange = &exchange{server: s}
	s.keeper = newKeeper(s, &ids)
	s.rooms = s.newRooms(engine)
	if s.reloads, err = s.openReloader(); err != nil {
		return err
	}
	s.uploads = s.newUploader(images, library)
	s.verto = verto.NewServer(verto.Options{
		Auth: s.auth, Switch: s.exchange, Log: s.log,
		AllowedOrigins: s.cfg.AllowedOrigins, TrustedProxies: s.cfg.TrustedProxies, Registerer: s.registry,
	})
	s.arrays, s.presence = newArrays(s.verto, s.log), newPresence(s.verto)
	s.registry.MustRegister(newGauges(s.rooms, engine))
	s.closers = append(s.closers, s.records.Close, s.rooms.close, s.verto.Close, s.tasks.close)
	s.keeper.restore()
	return nil
}

// newRooms makes the registry of rooms and what rooms need of the server.
func (s *Server) newRooms(engine *room.Engine) *rooms {
	s.tasks, s.calls, s.bridges = newTasks(), &calls{by: make(map[*room.Member]*call)}, new(bridges)
	s.records = cdr.New(cdr.Options{
		Dir: s.cfg.CDRFolder(), Auto: filepath.Join(s.cfg.Data, "cdr"), KeepFor: time.Duration(s.cfg.CDRKeepDays) * 24 * time.Hour, KeepCount: s.cfg.CDRKeepCount,
		Registerer: s.registry, Log: s.log,
	})
	return &rooms{
		engine: engine, log: s.log, clock: media.NewClock(), detach: s.cfg.DetachTimeout,
		most: cmp.Or(s.cfg.MaxRooms, defaultMaxRooms), records: s.records, switchboard: s.exchange, changed: s.keeper.touch,
		live: make(map[string]*hosted), hidden: make(map[*hosted]struct{}),
		observe: func(name, domain string, p room.Profile) *conference { return newConference(name, domain, p, s.verto) },
	}
}

// openDecor opens the folders of pictures and typefaces, which are made when missing.
func (s *Server) openDecor() (*decor.Media, *decor.Library, error) {
	for setting, dir := range map[string]string{"media-dir": s.cfg.MediaFolder(), "data": s.cfg.FontsFolder()} {
		if err := os.MkdirAll(dir, 0o750); err != nil {
			return nil, nil, fmt.Errorf("mcu: make folder: %w; choose another with --%s", err, setting)
		}
	}
	media, err := decor.OpenMedia(s.cfg.MediaFolder())
	if err != nil {
		return nil, nil, err
	}
	s.closers = append(s.closers, func() { _ = media.Close() })
	typefaces := fonts.Open(fonts.Options{Dir: s.cfg.FontsFolder(), Log: s.log})
	return media, decor.New(decor.Options{Fonts: typefaces, Media: media, Log: s.log}), nil
}

// openListeners opens the addresses that the configuration names.
func (s *Server) openListeners() error {
	control, err := admin.New(s.adminOptions())
	if err != nil {
		return err
	}
	secure := &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: s.certs.GetCertificate}
	all := []listener{
		{setting: "https", tls: secure},
		{setting: "ws"},
		{setting: "admin", handler: control},
	}
	if s.cfg.Metrics != "" {
		all = append(all, listener{setting: "metrics", handler: admin.Metrics(s.adminOptions())})
	}
	for _, l := range all {
		if l.Listener, err = s.cfg.Listen(l.setting, s.log); err != nil {
			return err
		}
		s.listeners = append(s.listeners, l)
	}
	s.links = s.findLinks()
	if err := config.SaveLinks(s.cfg.Data, s.links); err != nil {
		return err
	}
	for i, l := range s.listeners {
		if l.handler == nil {
			// Behind a proxy everybody seems to come from this machine.
			local := l.setting == "ws" && isLoopback(l.Addr()) && len(s.cfg.TrustedProxies) == 0
			s.listeners[i].handler = s.handler(local)
		}
	}
	return nil
}

func (s *Server) adminOptions() admin.Options {
	return admin.Options{Data: s.cfg.Data, Gatherer: s.registry, Ready: s.ready.Load, Log: s.log, API: s.newControl()}
}

// Run serves until ctx ends, then closes everything and waits.
func (s *Server) Run(ctx context.Context) error {
	failed := make(chan error, len(s.listeners))
	var servers []*http.Server
	var wg sync.WaitGroup
	for _, l := range s.listeners {
		h := newHTTPServer(l.handler)
		h.ErrorLog = slog.NewLogLogger(s.log.Handler(), slog.LevelDebug)
		servers = append(servers, h)
		in := l.Listener
		if l.tls != nil {
			in = tls.NewListener(in, l.tls)
		}
		wg.Go(func() {
			if err := h.Serve(in); !errors.Is(err, http.ErrServerClosed) {
				failed <- fmt.Errorf("mcu: %s: %w", l.setting, err)
			}
		})
	}
	watching, unwatch := context.WithCancel(ctx)
	wg.Go(func() { s.reloads.watch(watching) })
	wg.Go(func() { s.keeper.run(watching) })
	s.ready.Store(true)
	s.log.Info("ready", "https", s.addr("https"), "ws", s.addr("ws"), "admin", s.addr("admin"), "media", s.rtc.Port())
	var err error
	select {
	case <-ctx.Done():
	case err = <-failed:
	}
	s.ready.Store(false)
	unwatch()
	s.log.Info("stopping")
	s.keeper.suspend()
	s.verto.CloseForRestart()
	grace, cancel := context.WithTimeout(context.Background(), shutdownGrace)
	defer cancel()
	s.close()
	for _, h := range servers {
		if h.Shutdown(grace) != nil {
			_ = h.Close()
		}
	}
	wg.Wait()
	return err
}

// Close frees what New opened, for a server that was never run.
func (s *Server) Close() {
	s.close()
	for _, l := range s.listeners {
		_ = l.Close()
	}
}

// close undoes New in reverse order.
func (s *Server) close() {
	for i := len(s.closers) - 1; i >= 0; i-- {
		s.closers[i]()
	}
	s.closers = nil
}

// addr is the address on which a setting listens, "" if it does not.
func (s *Server) addr(setting string) string {
	for _, l := range s.listeners {
		if l.setting == setting {
			return l.Addr().String()
		}
	}
	return ""
}
