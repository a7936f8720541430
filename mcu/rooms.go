package mcu

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"

	"github.com/omniverto/omniverto/layouts"
	"github.com/omniverto/omniverto/mcu/room"
)

// rooms is the registry of live rooms by name.
type rooms struct {
	// constant after construction
	engine   *room.Engine
	profiles *room.Profiles
	layouts  *layouts.Set
	log      *slog.Logger
	observe  func(name, domain string) *conference

	mu     sync.Mutex
	live   map[string]*hosted // guarded by mu
	closed bool               // guarded by mu
	wg     sync.WaitGroup
}

// hosted is a live room with its Verto side.
type hosted struct {
	*room.Room
	conference *conference
}

var errClosing = errors.New("mcu: server is shutting down")

// get returns the live room of that name, made with the profile if there is none.
func (rs *rooms) get(name, domain, profile string) (*hosted, error) {
	rs.mu.Lock()
	defer rs.mu.Unlock()
	if rs.closed {
		return nil, errClosing
	}
	if h, ok := rs.live[name]; ok {
		return h, nil
	}
	p := rs.profiles.Get(profile)
	if p.Domain != "" {
		domain = p.Domain
	}
	h := &hosted{conference: rs.observe(name, domain)}
	r, err := room.New(room.Options{
		Name: name, Domain: domain, Profile: p, Layouts: rs.layouts, Engine: rs.engine,
		Observer: h.conference, Log: rs.log,
	})
	if err != nil {
		return nil, err
	}
	h.Room = r
	rs.live[name] = h
	rs.wg.Go(func() {
		<-r.Done()
		rs.forget(name, h)
	})
	return h, nil
}

func (rs *rooms) forget(name string, h *hosted) {
	rs.mu.Lock()
	defer rs.mu.Unlock()
	if rs.live[name] == h {
		delete(rs.live, name)
	}
}

// find returns the live room of that name or nil.
func (rs *rooms) find(name string) *hosted {
	rs.mu.Lock()
	defer rs.mu.Unlock()
	return rs.live[name]
}

// all lists the live rooms.
func (rs *rooms) all() []*hosted {
	rs.mu.Lock()
	defer rs.mu.Unlock()
	out := make([]*hosted, 0, len(rs.live))
	for _, h := range rs.live {
		out = append(out, h)
	}
	return out
}

// reserve takes a place in the named room, made if need be. A room that ends at
// this very moment is made anew.
func (rs *rooms) reserve(ctx context.Context, name, domain, profile string, req room.Request) (*hosted, *room.Member, error) {
	for {
		h, err := rs.get(name, domain, profile)
		if err != nil {
			return nil, nil, err
		}
		m, err := h.Reserve(ctx, req)
		if !errors.Is(err, room.ErrEnded) {
			return h, m, err
		}
		<-h.Done()
		rs.forget(name, h)
	}
}

// close ends all rooms and waits.
func (rs *rooms) close() {
	rs.mu.Lock()
	rs.closed = true
	rs.mu.Unlock()
	var wg sync.WaitGroup
	for _, h := range rs.all() {
		wg.Go(h.Close)
	}
	wg.Wait()
	rs.wg.Wait()
}

// loadProfiles reads the conference.conf.xml of a FreeSWITCH tree, if there is one.
func loadProfiles(conf string, vars map[string]string, log *slog.Logger) (*room.Profiles, error) {
	doc, path, err := readConf(conf, "conference.conf.xml")
	if err != nil || doc == nil {
		return nil, err
	}
	ps, err := room.ParseProfiles(doc, vars)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if len(ps.Unknown) > 0 {
		log.Warn("conference profiles hold parameters that are not used", "file", path, "parameters", ps.Unknown)
	}
	return ps, nil
}

// loadLayouts reads the conference_layouts.conf.xml of a FreeSWITCH tree, or
// gives the embedded set.
func loadLayouts(conf string, log *slog.Logger) (*layouts.Set, error) {
	doc, path, err := readConf(conf, "conference_layouts.conf.xml")
	if err != nil {
		return nil, err
	}
	if doc == nil {
		return layouts.Stock(), nil
	}
	set, err := layouts.Parse(doc)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if unknown := set.Unknown(); len(unknown) > 0 {
		log.Warn("layouts hold what is not understood", "file", path, "unknown", unknown)
	}
	return set, nil
}

// readConf reads a document of a FreeSWITCH tree: from autoload_configs or the
// folder itself; nil if there is none.
func readConf(conf, name string) (doc []byte, path string, err error) {
	for _, path := range []string{filepath.Join(conf, "autoload_configs", name), filepath.Join(conf, name)} {
		doc, err := os.ReadFile(path)
		if errors.Is(err, os.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, path, fmt.Errorf("mcu: %w", err)
		}
		return doc, path, nil
	}
	return nil, "", nil
}
