package mcu

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/omniverto/omniverto/mcu/config"
	"github.com/omniverto/omniverto/mcu/dialplan"
	"github.com/omniverto/omniverto/mcu/directory"
	"github.com/omniverto/omniverto/mcu/fsconf"
	"github.com/omniverto/omniverto/mcu/room"
	"github.com/omniverto/omniverto/media"
)

// watched is a reloader of one document, in a bubble.
type watched struct {
	*reloader
	dir     string
	changes int

	mu      sync.Mutex
	adopted []string // guarded by mu; what was handed on, in order
	out     bytes.Buffer
}

// watching runs f beside a reloader that looks after the document x of a tree without
// a freeswitch.xml. A document with an element <bad> is refused.
func watching(t *testing.T, f func(w *watched)) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		w := &watched{dir: dir}
		w.reloader = newReloader(slog.New(slog.NewTextHandler(&w.out, nil)),
			func() (uint64, error) { return fsconf.State(dir) }, func(string) { w.changes++ },
			&document{what: "layouts", adopt: w.adopt, load: func() (*fsconf.Document, error) {
				return fsconf.Load(fsconf.Options{Dir: dir}, fsconf.Configuration, "x")
			}})
		if err := w.first(); err != nil {
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

func (w *watched) adopt(doc *fsconf.Document) error {
	if doc != nil && doc.Root.Name == "bad" {
		return errors.New("line 1: image: x: not a number")
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.adopted = append(w.adopted, string(doc.Text()))
	return nil
}

// looks lets the reloader look n times.
func looks(n int) {
	for range n {
		<-time.After(lookEvery)
		synctest.Wait()
	}
}

// keep writes a file, and the folders that it lies in.
func keep(t *testing.T, path, text string) {
	t.Helper()
	if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, []byte(text), 0o600)); err != nil {
		t.Fatal(err)
	}
}

func (w *watched) put(t *testing.T, name, text string) {
	t.Helper()
	keep(t, filepath.Join(w.dir, name), text)
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
		w.has(t, "")
		w.put(t, "x.xml", "<one/>")
		looks(3)
		w.has(t, "", "<one/>")
		w.put(t, "autoload_configs/x.xml", `<two><X-PRE-PROCESS cmd="include" data="../y.inc"/></two>`)
		looks(5)
		w.has(t, "", "<one/>", "<two/>")
		w.put(t, "y.inc", "<three/>")
		looks(3)
		w.has(t, "", "<one/>", "<two/>", "<two>\n<three/></two>")
		if err := os.Remove(filepath.Join(w.dir, "autoload_configs/x.xml")); err != nil {
			t.Fatal(err)
		}
		looks(3)
		w.has(t, "", "<one/>", "<two/>", "<two>\n<three/></two>", "<one/>")
		if w.changes != 4 || w.counted(t, "ok") != 4 {
			t.Errorf("%d changes passed on", w.changes)
		}
	})
}

// TestWatchPassesOverOthers: a file that the document has nothing to do with.
func TestWatchPassesOverOthers(t *testing.T) {
	watching(t, func(w *watched) {
		w.put(t, "other.xml", "<a/>")
		looks(3)
		w.put(t, "x.xml", "<bad/>")
		looks(3)
		w.put(t, "other.xml", "<b/>")
		looks(3)
		w.has(t, "")
		if n := w.counted(t, "refused"); n != 1 || strings.Count(w.out.String(), "\n") != 1 {
			t.Errorf("%v refusals counted\n%s", n, w.out.String())
		}
	})
}

// TestWatchWaitsForTheWriter: a file that still grows is not read.
func TestWatchWaitsForTheWriter(t *testing.T) {
	watching(t, func(w *watched) {
		for i := range 5 {
			w.put(t, "x.xml", "<"+strings.Repeat("x", i+1)+"/>")
			looks(1)
			w.has(t, "")
		}
		looks(2)
		w.has(t, "", "<xxxxx/>")
	})
}

// TestWatchKeepsTheOld: a bad document is told about once, and nothing changes.
func TestWatchKeepsTheOld(t *testing.T) {
	watching(t, func(w *watched) {
		w.put(t, "x.xml", "<good/>")
		looks(2)
		w.put(t, "x.xml", "<bad/>")
		looks(10)
		w.has(t, "", "<good/>")
		errors := strings.Count(w.out.String(), "level=ERROR")
		if errors != 1 || !strings.Contains(w.out.String(), "x.xml: line 1: image: x") {
			t.Errorf("%d errors in\n%s", errors, w.out.String())
		}
		if n := w.counted(t, "refused"); n != 1 || w.changes != 1 {
			t.Errorf("%v refusals counted, %d changes passed on", n, w.changes)
		}
		w.put(t, "x.xml", "<open>")
		looks(2)
		if !strings.Contains(w.out.String(), "x.xml:1: unexpected EOF") {
			t.Errorf("no word of the file and line in\n%s", w.out.String())
		}
		w.put(t, "x.xml", "<good/>")
		looks(2)
		w.has(t, "", "<good/>", "<good/>")
	})
}

// TestWatchAfterReload: what was read on request is not read again.
func TestWatchAfterReload(t *testing.T) {
	watching(t, func(w *watched) {
		w.put(t, "x.xml", "<bad/>")
		if err := w.reload(); err == nil || !strings.Contains(err.Error(), "line 1") {
			t.Errorf("reload: %v", err)
		}
		looks(5)
		if w.out.Len() > 0 {
			t.Errorf("said again: %s", w.out.String())
		}
		w.put(t, "x.xml", "<good/>")
		if err := w.reload(); err != nil {
			t.Error(err)
		}
		looks(5)
		w.has(t, "", "<good/>")
	})
}

// TestWatchThatCannotLook says so once, and looks on.
func TestWatchThatCannotLook(t *testing.T) {
	var out bytes.Buffer
	var fails error
	r := newReloader(slog.New(slog.NewTextHandler(&out, nil)), func() (uint64, error) { return 1, fails }, nil)
	fails = os.ErrPermission
	for range 3 {
		r.refresh()
	}
	if n := strings.Count(out.String(), "level=WARN"); n != 1 {
		t.Errorf("%d warnings\n%s", n, out.String())
	}
}

// TestReloadSaysEverythingOnce: documents of one tree fail with one file of it.
func TestReloadSaysEverythingOnce(t *testing.T) {
	broken := func() (*fsconf.Document, error) { return nil, errors.New("conf/vars.xml:1: broken") }
	r := newReloader(slog.New(slog.DiscardHandler), func() (uint64, error) { return 0, nil }, nil,
		&document{what: "a", load: broken}, &document{what: "b", load: broken})
	if err := r.reload(); err == nil || err.Error() != "conf/vars.xml:1: broken" {
		t.Errorf("%v", err)
	}
}

// TestCodecsOfTheSettings: profiles of their own keep theirs.
func TestCodecsOfTheSettings(t *testing.T) {
	dir := t.TempDir()
	keep(t, filepath.Join(dir, "conference.conf.xml"), `<configuration name="conference.conf"><profiles>
		<profile name="own"><param name="inbound-codec-string" value="pcma"/></profile>
		<profile name="video-mcu-stereo"/></profiles></configuration>`)
	doc, err := fsconf.Load(fsconf.Options{Dir: dir}, fsconf.Configuration, "conference.conf")
	if err != nil {
		t.Fatal(err)
	}
	for _, base := range []*fsconf.Document{doc, nil} {
		ps, err := room.ParseProfiles(withCodecs(base, []string{"g722", "h264", "opus"}).Text(), nil)
		if err != nil {
			t.Fatal(err)
		}
		for name, want := range map[string][]media.AudioCodec{
			"own": {media.PCMA}, "video-mcu-stereo": {media.G722, media.Opus}, "video-mcu-stereo-480": {media.G722, media.Opus},
		} {
			if got := ps.Get(name).Codecs; !slices.Equal(got, want) && (base != nil || name != "own") {
				t.Errorf("%s: codecs %v, want %v", name, got, want)
			}
		}
	}
	if withCodecs(doc, nil) != doc || withCodecs(nil, nil) != nil {
		t.Error("no codecs change something")
	}
}

// TestStockTree: a tree with the shape of FreeSWITCH's own is a server's whole
// configuration, and follows its files.
func TestStockTree(t *testing.T) {
	conf := filepath.Join(t.TempDir(), "conf")
	if err := os.CopyFS(conf, os.DirFS("fsconf/testdata/vanilla")); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	s := &Server{log: slog.New(slog.NewTextHandler(&out, nil)), registry: prometheus.NewRegistry()}
	cfg, err := config.Load(config.Sources{Flags: map[string]string{"data": t.TempDir(), "conf": conf}})
	if err != nil {
		t.Fatal(err)
	}
	s.cfg, s.rooms = cfg, &rooms{log: s.log, live: map[string]*hosted{}}
	if s.users, err = directory.Open(directory.Options{Read: s.readUsers, ForceDomain: cfg.ForceRegisterDomain}); err != nil {
		t.Fatal(err)
	}
	s.domain = s.users.GuestDomain()
	if s.reloads, err = s.openReloader(); err != nil {
		t.Fatal(err)
	}
	if s.domain != "meet.example" || !s.knows("1001", "meet.example") || !strings.HasSuffix(cfg.HTTPS, ":8082") {
		t.Errorf("domain %q, https %q", s.domain, cfg.HTTPS)
	}
	p := s.rooms.profiles.Get("video-mcu-stereo-480")
	if p.Width != 640 || p.EnergyLevel != 200 || p.Domain != "meet.example" || p.Controls["9"].Action != "energy up" || p.Controls["*0"].Action != room.ActionVmute {
		t.Errorf("profile %+v", p)
	}
	if got := s.rooms.profiles.Get("sla"); len(got.Controls) != 0 {
		t.Errorf("controls %v of a profile that has none", got.Controls)
	}
	leads := func(destination, to string) {
		t.Helper()
		got, err := s.plan().Route(dialplan.Call{Destination: destination, User: "1000", Domain: "meet.example"})
		if err != nil || got.Room+got.User != to {
			t.Errorf("%s leads to %+v, %v", destination, got, err)
		}
	}
	leads("3712", "3712")
	leads("1001", "1001@meet.example")
	if strings.Count(out.String(), "the dialplan holds what is not understood") != 1 || strings.Contains(out.String(), "1234") {
		t.Errorf("log\n%s", out.String())
	}

	keep(t, filepath.Join(conf, "directory/default/1003.xml"), `<include><user id="1003"/></include>`)
	keep(t, filepath.Join(conf, "dialplan/default/00_own.xml"), `<include><extension name="own"><condition field="destination_number" expression="^own$">
		<action application="conference" data="team"/></condition></extension></include>`)
	if err := s.Reload(); err != nil || !s.knows("1003", "meet.example") {
		t.Errorf("a new user: %v", err)
	}
	leads("own", "team")
	keep(t, filepath.Join(conf, "dialplan/default/00_own.xml"), "<include>\n<extension name=\"own\"><condition field=\"destination_number\" expression=\"(?!x)\"/></extension></include>")
	if err := s.Reload(); err == nil || !strings.Contains(err.Error(), "dialplan/default/00_own.xml:2: extension \"own\"") {
		t.Errorf("a bad expression: %v", err)
	}
	leads("own", "team")
}
