package mcu

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// watched is a reloader of one document, in a bubble.
type watched struct {
	*reloader
	*document
	dir     string
	changes int

	mu      sync.Mutex
	adopted []string // guarded by mu; what was handed on, in order
	out     bytes.Buffer
}

// watching runs f beside a reloader that looks after best.xml and second.xml of a
// folder. A document that holds the word bad is refused.
func watching(t *testing.T, f func(w *watched)) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		w := &watched{dir: dir}
		w.document = &document{
			what: "layouts", paths: []string{filepath.Join(dir, "best.xml"), filepath.Join(dir, "second.xml")},
			adopt: func(doc []byte, path string) error {
				if strings.Contains(string(doc), "bad") {
					return errors.New("line 3: image: x: not a number")
				}
				w.mu.Lock()
				defer w.mu.Unlock()
				w.adopted = append(w.adopted, fmt.Sprintf("%s=%s", filepath.Base(path), doc))
				return nil
			},
		}
		w.reloader = newReloader(slog.New(slog.NewTextHandler(&w.out, nil)), func(string) { w.changes++ }, w.document)
		if err := w.load(); err != nil {
			t.Fatal(err)
		}
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan struct{})
		go func() { w.watch(ctx); close(ended) }()
		f(w)
		stop()
		<-ended
	})
}

// looks lets the reloader look n times.
func looks(n int) {
	for range n {
		<-time.After(lookEvery)
		synctest.Wait()
	}
}

func (w *watched) put(t *testing.T, name, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(w.dir, name), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func (w *watched) has(t *testing.T, adopted ...string) {
	t.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	if got, want := strings.Join(w.adopted, " "), strings.Join(adopted, " "); got != want {
		t.Errorf("adopted %q, want %q", got, want)
	}
}

// counted is omniverto_reloads_total of the document.
func (w *watched) counted(t *testing.T, result string) (n float64) {
	t.Helper()
	r := prometheus.NewRegistry()
	r.MustRegister(w.total)
	all, err := r.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, family := range all {
		for _, m := range family.GetMetric() {
			for _, label := range m.GetLabel() {
				if label.GetValue() == result {
					n += m.GetCounter().GetValue()
				}
			}
		}
	}
	return n
}

func TestWatchReadsWhatChanged(t *testing.T) {
	watching(t, func(w *watched) {
		looks(3)
		w.has(t, ".=")
		w.put(t, "second.xml", "one")
		looks(3)
		w.has(t, ".=", "second.xml=one")
		w.put(t, "best.xml", "two")
		looks(5)
		w.has(t, ".=", "second.xml=one", "best.xml=two")
		if err := os.Remove(filepath.Join(w.dir, "best.xml")); err != nil {
			t.Fatal(err)
		}
		looks(3)
		w.has(t, ".=", "second.xml=one", "best.xml=two", "second.xml=one")
		if w.changes != 3 || w.counted(t, "ok") != 3 {
			t.Errorf("%d changes passed on", w.changes)
		}
	})
}

// TestWatchWaitsForTheWriter: a file that still grows is not read.
func TestWatchWaitsForTheWriter(t *testing.T) {
	watching(t, func(w *watched) {
		for i := range 5 {
			w.put(t, "best.xml", strings.Repeat("x", i+1))
			looks(1)
			w.has(t, ".=")
		}
		looks(2)
		w.has(t, ".=", "best.xml=xxxxx")
	})
}

// TestWatchKeepsTheOld: a bad document is told about once, and nothing changes.
func TestWatchKeepsTheOld(t *testing.T) {
	watching(t, func(w *watched) {
		w.put(t, "best.xml", "good")
		looks(2)
		w.put(t, "best.xml", "bad one")
		looks(10)
		w.has(t, ".=", "best.xml=good")
		errors := strings.Count(w.out.String(), "level=ERROR")
		if errors != 1 || !strings.Contains(w.out.String(), "best.xml: line 3: image: x") {
			t.Errorf("%d errors in\n%s", errors, w.out.String())
		}
		if n := w.counted(t, "refused"); n != 1 || w.changes != 1 {
			t.Errorf("%v refusals counted, %d changes passed on", n, w.changes)
		}
		w.put(t, "best.xml", "good again")
		looks(2)
		w.has(t, ".=", "best.xml=good", "best.xml=good again")
	})
}

// TestWatchAfterReload: what was read on request is not read again.
func TestWatchAfterReload(t *testing.T) {
	watching(t, func(w *watched) {
		w.put(t, "best.xml", "bad")
		if err := w.reload(); err == nil || !strings.Contains(err.Error(), "line 3") {
			t.Errorf("reload: %v", err)
		}
		looks(5)
		if w.out.Len() > 0 {
			t.Errorf("said again: %s", w.out.String())
		}
		w.put(t, "best.xml", "good")
		if err := w.reload(); err != nil {
			t.Error(err)
		}
		looks(5)
		w.has(t, ".=", "best.xml=good")
	})
}
