package mcu

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/omniverto/omniverto/layouts"
	"github.com/omniverto/omniverto/mcu/dialplan"
	"github.com/omniverto/omniverto/mcu/fsconf"
	"github.com/omniverto/omniverto/mcu/room"
)

// lookEvery is how often the documents on disk are looked at. Changed ones are read
// when two looks have found them the same, so that half a file is not taken for one.
const lookEvery = 2 * time.Second

// lookShare is how many times longer the pause is than the look before it: a tree of
// very many files is looked at less often.
const lookShare = 100

// document is a configuration document that is read again while the server runs.
type document struct {
	// constant after construction
	what  string // label of omniverto_reloads_total
	load  func() (*fsconf.Document, error)
	adopt func(*fsconf.Document) error // nil stands for no document

	// guarded by the reloader's mu
	sum    uint64 // of what was adopted last
	failed string // what was wrong at the last reading; "" nothing
}

// read reads the document and hands it on. On an error what was adopted before stays.
// If always is false, what says the same as at the last reading is passed over.
func (d *document) read(always bool) (done bool, err error) {
	doc, err := d.load()
	if err == nil {
		if sum := doc.Sum(); sum != d.sum || d.failed != "" || always {
			if err = doc.Explain(d.adopt(doc)); err == nil {
				d.sum, d.failed = sum, ""
				return true, nil
			}
		}
	}
	if err == nil || err.Error() == d.failed && !always {
		return false, nil
	}
	d.failed = err.Error()
	return true, err
}

// reloader keeps the documents of a FreeSWITCH tree up to date in a running server:
// on request, and when they change on disk.
type reloader struct {
	// constant after construction
	documents []*document
	look      func() (uint64, error) // state of all files
	changed   func(what string)      // after a reading that was adopted, in no lock
	log       *slog.Logger
	total     *prometheus.CounterVec

	mu   sync.Mutex // orders readings: the later one holds
	read uint64     // guarded by mu; state of the files when they were last read

	// watch's only
	seen  uint64 // state at the last look
	blind string // why the last look failed; "" it did not
}

func newReloader(log *slog.Logger, look func() (uint64, error), changed func(what string), documents ...*document) *reloader {
	return &reloader{
		documents: documents, look: look, changed: changed, log: log,
		total: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "omniverto_reloads_total", Help: "Documents read again while the server runs.",
		}, []string{"what", "result"}),
	}
}

// outcome is what came of reading one document.
type outcome struct {
	what string
	err  error
}

// readAll reads the documents; each is adopted or refused by itself.
func (r *reloader) readAll(always bool) []outcome {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.readAllLocked(always)
}

func (r *reloader) readAllLocked(always bool) (all []outcome) {
	// Before the reading: what changes meanwhile is seen as a change. What cannot be
	// looked at cannot be read either, and that says why.
	r.read, _ = r.look()
	for _, d := range r.documents {
		if done, err := d.read(always); done {
			all = append(all, outcome{d.what, err})
		}
	}
	return all
}

// first reads the documents before anybody needs them.
func (r *reloader) first() error {
	var all error
	for _, o := range r.readAll(true) {
		all = joined(all, o.err)
	}
	return all
}

// reload reads all documents on request.
func (r *reloader) reload() error {
	var all error
	for _, o := range r.readAll(true) {
		r.done(o)
		all = joined(all, o.err)
	}
	return all
}

// joined is errors.Join without what is said already: documents of one tree share files.
func joined(all, err error) error {
	if all != nil && err != nil && slices.Contains(strings.Split(all.Error(), "\n"), err.Error()) {
		return all
	}
	return errors.Join(all, err)
}

// done counts a reading and passes on what it changed.
func (r *reloader) done(o outcome) {
	result := "ok"
	if o.err != nil {
		result = "refused"
	}
	r.total.WithLabelValues(o.what, result).Inc()
	if o.err == nil && r.changed != nil {
		r.changed(o.what)
	}
}

// refresh reads what has changed since it was last read and stands still.
func (r *reloader) refresh() []outcome {
	now, err := r.look()
	if err != nil {
		if text := err.Error(); text != r.blind {
			r.blind = text
			r.log.Warn("changed documents are not seen", "error", err)
		}
		return nil
	}
	still := now == r.seen
	r.seen, r.blind = now, ""
	r.mu.Lock()
	defer r.mu.Unlock()
	if !still || now == r.read {
		return nil
	}
	return r.readAllLocked(false)
}

// watch reads documents that change on disk until ctx ends.
func (r *reloader) watch(ctx context.Context) {
	next := time.NewTimer(lookEvery)
	defer next.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-next.C:
		}
		began := time.Now()
		for _, o := range r.refresh() {
			r.done(o)
			if o.err != nil {
				r.log.Error("reload refused, the old document stays", "what", o.what, "error", o.err)
			} else {
				r.log.Info("document read again", "what", o.what)
			}
		}
		next.Reset(max(lookEvery, lookShare*time.Since(began)))
	}
}

// What can be read again: labels of omniverto_reloads_total.
const (
	reloadUsers    = "users"
	reloadProfiles = "profiles"
	reloadLayouts  = "layouts"
	reloadDialplan = "dialplan"
)

// tree says where documents are read. The domain of the users is everybody's.
func (s *Server) tree() fsconf.Options {
	o := fsconf.Options{Dir: s.cfg.Conf}
	if s.domain != "" {
		o.Vars = map[string]string{"domain": s.domain}
	}
	return o
}

// readUsers reads the section directory. Which domain is everybody's comes from it,
// so it is not told one, unless that is forced.
func (s *Server) readUsers() (*fsconf.Document, error) {
	o := fsconf.Options{Dir: s.cfg.Conf}
	if s.cfg.ForceRegisterDomain != "" {
		o.Vars = map[string]string{"domain": s.cfg.ForceRegisterDomain}
	}
	return fsconf.Load(o, fsconf.Directory, "")
}

// openReloader reads the documents for the first time and returns who keeps them
// up to date.
func (s *Server) openReloader() (*reloader, error) {
	configuration := func(name string) func() (*fsconf.Document, error) {
		return func() (*fsconf.Document, error) { return fsconf.Load(s.tree(), fsconf.Configuration, name) }
	}
	look := func() (uint64, error) { return fsconf.State(s.cfg.Conf) }
	r := newReloader(s.log, look, s.reloaded,
		&document{what: reloadUsers, load: s.readUsers, adopt: s.users.Adopt},
		&document{what: reloadProfiles, load: configuration("conference.conf"), adopt: s.adoptProfiles},
		&document{what: reloadLayouts, load: configuration("conference_layouts.conf"), adopt: s.adoptLayouts},
		&document{what: reloadDialplan, adopt: s.adoptPlan, load: func() (*fsconf.Document, error) {
			return fsconf.Load(s.tree(), fsconf.Dialplan, "")
		}},
	)
	for _, warning := range s.cfg.Warnings() {
		s.log.Warn("FreeSWITCH configuration", "folder", s.cfg.Conf, "warning", warning)
	}
	if err := r.first(); err != nil {
		return nil, err
	}
	s.registry.MustRegister(r.total)
	return r, nil
}

func (s *Server) adoptProfiles(doc *fsconf.Document) error {
	doc = withCodecs(doc, s.cfg.Codecs)
	ps, err := parseProfiles(doc.Text(), doc.Name(), map[string]string{"domain": s.domain}, s.log)
	if err == nil {
		s.rooms.setProfiles(ps)
	}
	return err
}

func (s *Server) adoptLayouts(doc *fsconf.Document) error {
	set, err := parseLayouts(doc.Text(), doc.Name(), s.log)
	if err == nil {
		s.rooms.setLayouts(set)
	}
	return err
}

// embedded are the profiles that are there without any file.
var embedded = []string{"video-mcu-stereo", "video-mcu-stereo-720", "video-mcu-stereo-480", "video-mcu-stereo-320"}

// withCodecs gives the profiles that name no codecs those of the settings, the
// embedded ones too.
func withCodecs(doc *fsconf.Document, codecs []string) *fsconf.Document {
	if len(codecs) == 0 {
		return doc
	}
	out := fsconf.Document{Root: &fsconf.Element{Name: "configuration", Line: 1}}
	if doc != nil {
		out = *doc
	}
	profiles := fsconf.Element{Name: "profiles", File: out.Root.File, Line: out.Root.Line}
	if there := out.Root.Child("profiles"); there != nil {
		profiles = *there
	}
	missing := slices.Clone(embedded)
	list := slices.Clone(profiles.Children)
	for i, p := range list {
		// What stands first is what a profile's own parameter replaces.
		list[i] = withParam(*p, "inbound-codec-string", strings.Join(codecs, ","))
		missing = slices.DeleteFunc(missing, func(name string) bool { return name == p.Attr("name") })
	}
	for _, name := range missing {
		p := fsconf.Element{Name: "profile", Attrs: []fsconf.Attr{{Name: "name", Value: name}}, File: profiles.File, Line: profiles.Line}
		list = append(list, withParam(p, "inbound-codec-string", strings.Join(codecs, ",")))
	}
	profiles.Children = list
	root := *out.Root
	root.Children = []*fsconf.Element{&profiles}
	for _, c := range out.Root.Children {
		if c.Name != "profiles" {
			root.Children = append(root.Children, c)
		}
	}
	out.Root = &root
	return &out
}

// withParam is a profile with a parameter before its own.
func withParam(p fsconf.Element, name, value string) *fsconf.Element {
	first := &fsconf.Element{
		Name: "param", File: p.File, Line: p.Line,
		Attrs: []fsconf.Attr{{Name: "name", Value: name}, {Name: "value", Value: value}},
	}
	p.Children = append([]*fsconf.Element{first}, p.Children...)
	return &p
}

// adoptPlan takes a dialplan; without one the built-in one counts.
func (s *Server) adoptPlan(doc *fsconf.Document) error {
	plan := dialplan.Builtin(s.knows)
	if doc != nil {
		var err error
		plan, err = dialplan.Parse(doc, dialplan.Options{Users: s.knows, Context: s.cfg.Context, Log: s.log})
		if err != nil {
			return err
		}
		if unknown := plan.Unknown(); len(unknown) > 0 {
			s.log.Warn("the dialplan holds what is not understood and passed over", "file", doc.Path, "unknown", unknown)
		}
	}
	s.dialplan.Store(plan)
	return nil
}

// plan is the dialplan of calls to come.
func (s *Server) plan() *dialplan.Plan { return s.dialplan.Load() }

// knows tells the dialplan whether a user exists.
func (s *Server) knows(id, domain string) bool {
	_, ok := s.users.User(id, domain)
	return ok
}

// reloaded gives live rooms what was read again. Profiles count for new rooms only.
func (s *Server) reloaded(what string) {
	if what == reloadLayouts {
		s.rooms.relayout()
	}
}

// Reload reads users, profiles, layouts and dialplan again. Each document counts by
// itself: a bad one changes nothing of what it is about, and the error, one line for
// each bad document, says what is wrong with it. Token keys and certificate files are
// watched by themselves, the documents as well while the server runs.
func (s *Server) Reload() error { return s.reloads.reload() }

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
