// Package cdr keeps call detail records: one for each conference, written when it
// has ended, as FreeSWITCH's XML and as JSON.
//
// Records are written by a goroutine of the store's own; a room never waits for
// the disk.
package cdr

import (
	"cmp"
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/prometheus/client_golang/prometheus"
)

const (
	// maxWaiting is how many records wait for the disk; more are dropped and counted.
	maxWaiting = 256
	// pruneEvery is how often the folders are looked through for what is too old.
	pruneEvery = time.Hour
	// abandonedAfter is how long a record that a restart has interrupted waits for its
	// conference; then it is written as it is. Nobody keeps a place longer than a day.
	abandonedAfter = 24 * time.Hour
)

// Options are where records go and how many are kept.
type Options struct {
	// Dir is the folder of records, made when missing. Empty: only conferences whose
	// profile names a folder get one.
	Dir string
	// Auto is the folder that a profile means by auto, and by a name that is no whole
	// path, if there is no Dir.
	Auto string
	// KeepFor and KeepCount say which records of a folder stay: those younger than
	// that, and of these so many of the newest; 0: no such limit.
	KeepFor   time.Duration
	KeepCount int
	// Registerer takes the metrics; nil: none.
	Registerer prometheus.Registerer
	Log        *slog.Logger
}

// Store keeps the records of a server. Safe for concurrent use.
type Store struct {
	// constant after construction
	o     Options
	host  string
	total *prometheus.CounterVec // by result: ok, error, dropped
	queue chan job
	done  chan struct{} // closed when the writer has ended

	// guarded by mu
	mu     sync.Mutex
	live   map[*Room]bool // conferences that go on
	closed bool
}

// job is a record for the writer.
type job struct {
	dir    string
	record Record
}

// New returns a store and starts its writer, which Close ends.
func New(o Options) *Store {
	host, err := os.Hostname()
	if err != nil {
		host = "localhost"
	}
	st := &Store{
		o: o, host: host, queue: make(chan job, maxWaiting), done: make(chan struct{}), live: map[*Room]bool{},
		total: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "omniverto_cdr_records_total", Help: "Call detail records of conferences that have ended.",
		}, []string{"result"}),
	}
	if o.Registerer != nil {
		o.Registerer.MustRegister(st.total)
	}
	go st.write()
	return st
}

// Close writes what waits and waits for it. A conference that has not ended is one
// that a restart interrupts: what is known of it is kept for the next start.
func (st *Store) Close() {
	st.mu.Lock()
	if st.closed {
		st.mu.Unlock()
		return
	}
	st.closed = true
	var open []*Room
	for r := range st.live {
		open = append(open, r)
	}
	close(st.queue)
	st.mu.Unlock()
	<-st.done
	for _, r := range open {
		r.keep()
	}
}

// put hands a record to the writer; it never waits.
func (st *Store) put(r *Room, rec Record) {
	st.mu.Lock()
	defer st.mu.Unlock()
	delete(st.live, r)
	if !st.closed {
		select {
		case st.queue <- job{r.dir, rec}:
			return
		default:
		}
	}
	st.total.WithLabelValues("dropped").Inc()
	st.o.Log.Error("call detail record dropped: the disk is too slow", "room", rec.Name, "uuid", rec.UUID)
}

// write is the writer. It ends when the queue is closed and empty.
func (st *Store) write() {
	defer close(st.done)
	tick := time.NewTicker(pruneEvery)
	defer tick.Stop()
	st.tidy(st.o.Dir)
	for {
		select {
		case j, more := <-st.queue:
			if !more {
				return
			}
			st.save(j)
		case <-tick.C:
			st.tidy(st.o.Dir)
		}
	}
}

func (st *Store) save(j job) {
	if err := save(j.dir, j.record); err != nil {
		st.total.WithLabelValues("error").Inc()
		st.o.Log.Error("call detail record not written", "room", j.record.Name, "uuid", j.record.UUID, "error", err)
		return
	}
	st.total.WithLabelValues("ok").Inc()
	if st.o.KeepCount > 0 || j.dir != st.o.Dir {
		st.tidy(j.dir)
	}
}

// tidy removes what is too old or too much in a folder, and finishes records that a
// restart interrupted and no conference came back for.
func (st *Store) tidy(dir string) {
	if dir == "" {
		return
	}
	now := time.Now()
	if err := finish(dir, now.Add(-abandonedAfter)); err != nil {
		st.o.Log.Warn("call detail record of an interrupted conference", "error", err)
	}
	oldest := time.Time{}
	if st.o.KeepFor > 0 {
		oldest = now.Add(-st.o.KeepFor)
	}
	if err := prune(dir, oldest, st.o.KeepCount); err != nil {
		st.o.Log.Warn("call detail records not tidied", "error", err)
	}
}

// folder is what a profile's cdr-log-dir names; "" none.
func (st *Store) folder(profile string) string {
	base := cmp.Or(st.o.Dir, st.o.Auto)
	switch {
	case profile == "":
		return st.o.Dir
	case filepath.IsAbs(profile):
		return filepath.Clean(profile)
	case base == "" || profile == "auto":
		return base
	case filepath.IsLocal(profile):
		return filepath.Join(base, profile)
	}
	st.o.Log.Warn("cdr-log-dir leads out of the folder of records: taken for auto", "cdr-log-dir", profile)
	return base
}

// Enabled reports whether there is a folder of records to look into.
func (st *Store) Enabled() bool { return st.o.Dir != "" }

// List tells of the newest records in the store's folder that ended before a moment
// (zero: now), of one room or of all (""). There are at most limit of them.
func (st *Store) List(ctx context.Context, room string, before time.Time, limit int) ([]Summary, error) {
	return list(ctx, st.o.Dir, room, before, limit)
}

// Get is one record of the store's folder; fs.ErrNotExist is wrapped when there is
// none of that id.
func (st *Store) Get(id uuid.UUID) (Record, error) { return load(jsonPath(st.o.Dir, id.String())) }
