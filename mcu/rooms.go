package mcu

import (
	"context"
	"errors"
	"log/slog"
	"path/filepath"
	"sync"

	"github.com/omniverto/omniverto/layouts"
	"github.com/omniverto/omniverto/mcu/room"
)

// rooms is the registry of live rooms by name.
type rooms struct {
	// constant after construction
	engine  *room.Engine
	log     *slog.Logger
	observe func(name, domain string) *conference

	// guarded by mu
	mu       sync.Mutex
	profiles *room.Profiles // of rooms to come
	layouts  *layouts.Set
	live     map[string]*hosted
	closed   bool

	wg sync.WaitGroup
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
	if found := layoutFor(rs.layouts, p.Layout); found != p.Layout {
		rs.log.Warn("the profile's layout does not exist, took another", "room", name, "profile", p.Name, "layout", p.Layout, "took", found)
		p.Layout = found
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

// layoutFor is the layout that a profile names, or where there is none of that name
// what FreeSWITCH takes instead: the group grid, or the first layout of the file.
func layoutFor(set *layouts.Set, name string) string {
	for _, known := range []string{name, "group:grid"} {
		if _, _, err := set.Resolve(known); err == nil {
			return known
		}
	}
	if all := set.Layouts(); len(all) > 0 {
		return all[0].Name
	}
	return name
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

// reserve takes a place in the named room, made if need be. What is asked for may
// depend on the room's profile. A room that ends at this very moment is made anew.
func (rs *rooms) reserve(ctx context.Context, name, domain, profile string, ask func(room.Profile) room.Request) (*hosted, *room.Member, error) {
	for {
		h, err := rs.get(name, domain, profile)
		if err != nil {
			return nil, nil, err
		}
		m, err := h.Reserve(ctx, ask(h.Profile()))
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

// parseProfiles reads a conference.conf.xml; nil stands for none.
func parseProfiles(doc []byte, path string, vars map[string]string, log *slog.Logger) (*room.Profiles, error) {
	if doc == nil {
		return nil, nil
	}
	ps, err := room.ParseProfiles(doc, vars)
	if err != nil {
		return nil, err
	}
	if len(ps.Unknown) > 0 {
		log.Warn("conference profiles hold parameters that are not used", "file", path, "parameters", ps.Unknown)
	}
	return ps, nil
}

// parseLayouts reads a conference_layouts.conf.xml; nil stands for the embedded set.
func parseLayouts(doc []byte, path string, log *slog.Logger) (*layouts.Set, error) {
	if doc == nil {
		return layouts.Stock(), nil
	}
	set, err := layouts.Parse(doc)
	if err != nil {
		return nil, err
	}
	if unknown := set.Unknown(); len(unknown) > 0 {
		log.Warn("layouts hold what is not understood", "file", path, "unknown", unknown)
	}
	return set, nil
}

// confPaths are the places of a document in a FreeSWITCH tree, best first.
func confPaths(conf, name string) []string {
	return []string{filepath.Join(conf, "autoload_configs", name), filepath.Join(conf, name)}
}

// overview tells the admin API about the room.
func (h *hosted) overview(ctx context.Context) (roomEntry, error) {
	e := roomEntry{Name: h.Name(), Domain: h.Domain(), Members: h.Stats().Members, Canvases: []canvasEntry{}}
	err := h.Do(ctx, func(s *room.State) error {
		for _, v := range s.Canvases() {
			c := canvasEntry{ID: v.Canvas + 1, Super: v.Super, Width: v.Width, Height: v.Height, FPS: v.FPS, Used: v.Used}
			if v.Layout != nil {
				c.Layout = v.Layout.Name
			}
			e.Canvases = append(e.Canvases, c)
		}
		return nil
	})
	return e, err
}
