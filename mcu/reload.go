package mcu

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/omniverto/omniverto/layouts"
	"github.com/omniverto/omniverto/mcu/room"
)

// lookEvery is how often the documents on disk are looked at. A changed one is read
// when two looks have found it the same, so that half a file is not taken for one.
const lookEvery = 2 * time.Second

// stamp tells one state of a file from another without reading it. The zero value
// is that of no file.
type stamp struct {
	path     string
	size     int64
	modified int64 // Unix nanoseconds
}

// document is a configuration document that is read again while the server runs.
type document struct {
	// constant after construction
	what  string // label of omniverto_reloads_total
	paths []string
	adopt func(doc []byte, path string) error // doc is nil when there is no file

	mu   sync.Mutex // orders readings: the later one holds
	read stamp      // guarded by mu; of the file as last read, good or bad

	seen stamp // at the last look; watch's only
}

// look finds the file and its state.
func (d *document) look() stamp {
	for _, path := range d.paths {
		info, err := os.Stat(path)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return stamp{path: path, size: -1} // reading it tells why
		}
		return stamp{path, info.Size(), info.ModTime().UnixNano()}
	}
	return stamp{}
}

// load reads the file and hands it on. On an error what was adopted before stays.
func (d *document) load() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.loadLocked()
}

func (d *document) loadLocked() error {
	d.read = d.look() // before the reading: what changes meanwhile is seen as a change
	var doc []byte
	if d.read.path != "" {
		var err error
		if doc, err = os.ReadFile(d.read.path); err != nil {
			return fmt.Errorf("mcu: %w", err)
		}
	}
	if err := d.adopt(doc, d.read.path); err != nil {
		return fmt.Errorf("%s: %w", d.read.path, err)
	}
	return nil
}

// refresh reads the file if it has changed since it was last read and stands still.
func (d *document) refresh() (done bool, err error) {
	now := d.look()
	still := now == d.seen
	d.seen = now
	d.mu.Lock()
	defer d.mu.Unlock()
	if !still || now == d.read {
		return false, nil
	}
	return true, d.loadLocked()
}

// reloader keeps the documents of a FreeSWITCH tree up to date in a running server:
// on request, and when they change on disk.
type reloader struct {
	// constant after construction
	documents []*document
	changed   func(what string) // after a reading that was adopted, in no lock
	log       *slog.Logger
	total     *prometheus.CounterVec
}

func newReloader(log *slog.Logger, changed func(what string), documents ...*document) *reloader {
	return &reloader{
		documents: documents, changed: changed, log: log,
		total: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "omniverto_reloads_total", Help: "Documents read again while the server runs.",
		}, []string{"what", "result"}),
	}
}

// reload reads all documents; each is adopted or refused by itself.
func (r *reloader) reload() error {
	var all error
	for _, d := range r.documents {
		err := d.load()
		r.done(d.what, err)
		all = errors.Join(all, err)
	}
	return all
}

// done counts a reading and passes on what it changed.
func (r *reloader) done(what string, err error) {
	result := "ok"
	if err != nil {
		result = "refused"
	}
	r.total.WithLabelValues(what, result).Inc()
	if err == nil && r.changed != nil {
		r.changed(what)
	}
}

// watch reads documents that change on disk until ctx ends.
func (r *reloader) watch(ctx context.Context) {
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		for _, d := range r.documents {
			done, err := d.refresh()
			if !done {
				continue
			}
			r.done(d.what, err)
			if err != nil {
				r.log.Error("reload refused, the old document stays", "what", d.what, "error", err)
			} else {
				r.log.Info("document read again", "what", d.what)
			}
		}
	}
}

// What can be read again: labels of omniverto_reloads_total.
const (
	reloadUsers    = "users"
	reloadProfiles = "profiles"
	reloadLayouts  = "layouts"
)

// openReloader reads the documents for the first time and returns who keeps them
// up to date.
func (s *Server) openReloader() (*reloader, error) {
	vars := map[string]string{"domain": s.domain}
	r := newReloader(s.log, s.reloaded,
		&document{what: reloadProfiles, paths: confPaths(s.cfg.Conf, "conference.conf.xml"), adopt: func(doc []byte, path string) error {
			ps, err := parseProfiles(doc, path, vars, s.log)
			if err == nil {
				s.rooms.setProfiles(ps)
			}
			return err
		}},
		&document{what: reloadLayouts, paths: confPaths(s.cfg.Conf, "conference_layouts.conf.xml"), adopt: func(doc []byte, path string) error {
			set, err := parseLayouts(doc, path, s.log)
			if err == nil {
				s.rooms.setLayouts(set)
			}
			return err
		}},
	)
	for _, d := range r.documents {
		if err := d.load(); err != nil {
			return nil, err
		}
	}
	s.registry.MustRegister(r.total)
	return r, nil
}

// reloaded gives live rooms what was read again. Profiles count for new rooms only.
func (s *Server) reloaded(what string) {
	if what == reloadLayouts {
		s.rooms.relayout()
	}
}

// Reload reads users, profiles and layouts again. Each document counts by itself: a
// bad one changes nothing of what it is about, and the error, one line for each bad
// document, says what is wrong with it. Token keys and certificate files are watched
// by themselves, profiles and layouts as well while the server runs.
func (s *Server) Reload() error {
	err := s.users.Reload()
	s.reloads.done(reloadUsers, err)
	return errors.Join(err, s.reloads.reload())
}

// setProfiles changes the profiles of rooms to come.
func (rs *rooms) setProfiles(ps *room.Profiles) {
	rs.mu.Lock()
	defer rs.mu.Unlock()
	rs.profiles = ps
}

// setLayouts changes the layouts of rooms to come; relayout those of live ones.
func (rs *rooms) setLayouts(set *layouts.Set) {
	rs.mu.Lock()
	defer rs.mu.Unlock()
	rs.layouts = set
}

// relayout gives all live rooms the newest set and waits until they have it, except
// for rooms that do not answer.
func (rs *rooms) relayout() {
	ctx, cancel := context.WithTimeout(context.Background(), roomPatience)
	defer cancel()
	var wg sync.WaitGroup
	for _, h := range rs.all() {
		wg.Go(func() {
			err := h.Do(ctx, func(s *room.State) error {
				// Asked for here: of two reloads the later one holds, whichever
				// comes to the room first.
				s.SetLayouts(rs.currentLayouts())
				return nil
			})
			if err != nil && !errors.Is(err, room.ErrEnded) {
				rs.log.Warn("room keeps its old layouts", "room", h.Name(), "error", err)
			}
		})
	}
	wg.Wait()
}

func (rs *rooms) currentLayouts() *layouts.Set {
	rs.mu.Lock()
	defer rs.mu.Unlock()
	return rs.layouts
}
