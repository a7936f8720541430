package cdr_test

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/omniverto/omniverto/mcu/cdr"
	"github.com/omniverto/omniverto/mcu/room"
)

const id = "37f7ec05-1ea6-49b4-9484-1b1f1eff0fbd"

// store is a store and what it logged and counted.
type store struct {
	*cdr.Store
	dir string
	log *bytes.Buffer
	reg *prometheus.Registry
}

func newStore(t *testing.T, change func(*cdr.Options)) store {
	t.Helper()
	s := store{dir: filepath.Join(t.TempDir(), "cdr"), log: &bytes.Buffer{}, reg: prometheus.NewRegistry()}
	o := cdr.Options{Dir: s.dir, Registerer: s.reg, Log: slog.New(slog.NewTextHandler(s.log, nil))}
	if change != nil {
		change(&o)
		s.dir = o.Dir
	}
	s.Store = cdr.New(o)
	t.Cleanup(s.Close)
	return s
}

// count is a counter by its result.
func (s store) count(t *testing.T, result string) int {
	t.Helper()
	all, err := s.reg.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range all {
		for _, m := range f.GetMetric() {
			if f.GetName() == "omniverto_cdr_records_total" && m.GetLabel()[0].GetValue() == result {
				return int(m.GetCounter().GetValue())
			}
		}
	}
	return 0
}

func info(n room.MemberID, name string, joined time.Time) room.Info {
	return room.Info{
		ID: n, CallID: fmt.Sprintf("call-%d", n), User: fmt.Sprintf("%d@example.org", 1000+n), Name: name,
		Number: fmt.Sprint(1000 + n), Role: room.Participant, Joined: joined,
	}
}

func meeting() cdr.Conference {
	return cdr.Conference{Name: "3600", Domain: "example.org", UUID: id, Profile: "default"}
}

// hold runs a meeting with everything that a record tells.
func hold(st *cdr.Store, c cdr.Conference) {
	r := st.Room(c)
	now := time.Now()
	anna, bob, cam := info(1, "Anna", now), info(2, "Bob <b>", now), info(3, "Cam", now)
	anna.Role, anna.Flags.EndConference = room.Moderator, true
	cam.Ghost, cam.Outbound = true, true
	r.MemberJoined(anna, nil)
	r.MemberJoined(bob, nil)
	r.MemberJoined(cam, nil)
	bob.Name = "Bobby & Co"
	r.MemberChanged(bob)
	r.Rejected(cdr.Attempt{Reason: cdr.Locked, CallID: "call-9", User: "guest-1@example.org", Name: "Eve", Number: "666"})
	r.Rejected(cdr.Attempt{Reason: cdr.InvalidPIN, Name: "Mallory"})
	r.MemberLeft(bob, room.Kicked)
	r.MemberLeft(anna, room.Left)
	r.MemberLeft(cam, room.RoomEnded)
	r.Ended()
	r.Ended()
	r.Rejected(cdr.Attempt{Reason: cdr.Banned})
	r.MemberLeft(cam, room.Left)
}

func TestRecord(t *testing.T) {
	s := newStore(t, nil)
	hold(s.Store, meeting())
	s.Close()
	rec, err := s.Get(uuid.MustParse(id))
	if err != nil {
		t.Fatal(err)
	}
	if rec.Name != "3600" || rec.Domain != "example.org" || rec.Profile != "default" || rec.Rate != 48000 || rec.Interval != 20 ||
		!rec.Forced || rec.Peak != 3 || rec.Hostname == "" || rec.Start.IsZero() || rec.End.Before(rec.Start) || rec.Interrupted {
		t.Errorf("got %+v", rec)
	}
	if len(rec.Members) != 3 || len(rec.Rejected) != 2 {
		t.Fatalf("%d members, %d rejected", len(rec.Members), len(rec.Rejected))
	}
	a, b, c := rec.Members[0], rec.Members[1], rec.Members[2]
	if a.Name != "Anna" || a.Role != room.Moderator || !a.EndConference || a.Cause != "left" || a.User != "1001@example.org" || a.Leave.Before(a.Join) {
		t.Errorf("Anna: %+v", a)
	}
	if b.Name != "Bobby & Co" || b.Cause != "kicked" || !c.Ghost || !c.Outbound || c.Cause != "room-ended" {
		t.Errorf("Bob: %+v\nCam: %+v", b, c)
	}
	if x := rec.Rejected[0]; x.Reason != cdr.Locked || x.Name != "Eve" || x.At.IsZero() {
		t.Errorf("rejected: %+v", x)
	}
	for _, name := range []string{id + ".cdr.json", id + ".cdr.xml"} {
		info, err := os.Stat(filepath.Join(s.dir, name))
		if err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v; want mode 0600", name, info.Mode(), err)
		}
	}
	if files, _ := os.ReadDir(s.dir); len(files) != 2 {
		t.Errorf("%d files, want 2", len(files))
	}
	if n := s.count(t, "ok"); n != 1 {
		t.Errorf("%d records counted", n)
	}
}

// TestEmptyLists: whoever reads a record finds a list, however short.
func TestEmptyLists(t *testing.T) {
	s := newStore(t, nil)
	first, second := s.Room(meeting()), s.Room(cdr.Conference{Name: "x", UUID: uuid.NewString()})
	first.MemberJoined(info(1, "Anna", time.Now()), nil)
	first.Ended()
	second.Rejected(cdr.Attempt{Reason: cdr.Locked})
	second.Ended()
	s.Close()
	list, err := s.List(t.Context(), "", time.Time{}, 10)
	if err != nil || len(list) != 2 {
		t.Fatalf("%v, %v", list, err)
	}
	for _, e := range list {
		doc, err := os.ReadFile(filepath.Join(s.dir, e.UUID+".cdr.json"))
		if err != nil || bytes.Contains(doc, []byte("null")) {
			t.Errorf("%v: %s", err, doc)
		}
	}
}

// fsRecord is FreeSWITCH's document.
type fsRecord struct {
	Conference struct {
		Name     string `xml:"name"`
		Hostname string `xml:"hostname"`
		Rate     int    `xml:"rate"`
		Interval int    `xml:"interval"`
		Start    fsTime `xml:"start_time"`
		End      fsTime `xml:"end_time"`
		Members  []struct {
			Type      string    `xml:"type,attr"`
			Join      fsTime    `xml:"join_time"`
			Leave     fsTime    `xml:"leave_time"`
			Moderator bool      `xml:"flags>is_moderator"`
			Ends      bool      `xml:"flags>end_conference"`
			Kicked    bool      `xml:"flags>was_kicked"`
			Ghost     bool      `xml:"flags>is_ghost"`
			Profile   fsProfile `xml:"caller_profile"`
		} `xml:"members>member"`
		Rejected []struct {
			Reason  string    `xml:"reason"`
			Time    fsTime    `xml:"reject_time"`
			Profile fsProfile `xml:"caller_profile"`
		} `xml:"rejected>attempt"`
	} `xml:"conference"`
}

type fsTime struct {
	Type   string `xml:"type,attr"`
	Forced string `xml:"endconference_forced,attr"`
	Unix   int64  `xml:",chardata"`
}

type fsProfile struct {
	Username    string `xml:"username"`
	Name        string `xml:"caller_id_name"`
	Number      string `xml:"caller_id_number"`
	Destination string `xml:"destination_number"`
	UUID        string `xml:"uuid"`
	Channel     string `xml:"chan_name"`
}

func TestXML(t *testing.T) {
	s := newStore(t, nil)
	hold(s.Store, meeting())
	s.Close()
	doc, err := os.ReadFile(filepath.Join(s.dir, id+".cdr.xml"))
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.HasPrefix(doc, []byte("<?xml version=\"1.0\"?>\n<cdr>\n  <conference>\n    <name>3600</name>\n    <hostname>")) {
		t.Errorf("begins %.120s", doc)
	}
	var got fsRecord
	if err := xml.Unmarshal(doc, &got); err != nil {
		t.Fatal(err)
	}
	c := got.Conference
	if c.Name != "3600" || c.Rate != 48000 || c.Interval != 20 || c.Start.Type != "UNIX-epoch" || c.End.Forced != "true" || c.End.Unix < c.Start.Unix {
		t.Errorf("%+v", c)
	}
	if len(c.Members) != 3 || len(c.Rejected) != 2 {
		t.Fatalf("%s", doc)
	}
	anna, bob := c.Members[2], c.Members[1] // the newest is first
	if anna.Type != "caller" || !anna.Moderator || !anna.Ends || anna.Kicked || anna.Profile.Username != "1001" || anna.Profile.UUID != "call-1" {
		t.Errorf("%+v", anna)
	}
	if !bob.Kicked || bob.Profile.Name != "Bobby & Co" || bob.Profile.Destination != "3600" || bob.Profile.Channel != "verto.rtc/3600" || bob.Leave.Unix == 0 {
		t.Errorf("%+v", bob)
	}
	if c.Rejected[1].Reason != "conference_locked" || c.Rejected[0].Reason != "invalid_pin" || c.Rejected[1].Time.Unix == 0 || c.Rejected[1].Profile.Name != "Eve" {
		t.Errorf("%+v", c.Rejected)
	}
}

// TestHostileTexts: whatever somebody calls himself, the files can be read.
func TestHostileTexts(t *testing.T) {
	s := newStore(t, nil)
	r := s.Room(cdr.Conference{Name: "]]><a>", UUID: "../../etc/passwd"})
	for n, name := range []string{"</caller_id_name>", "\x00\x01\x1b[2J", "\xff\xfe", strings.Repeat("é", 5000), "\u202egnp.exe", "{{.}}", "&#x0;"} {
		i := info(room.MemberID(n+1), name, time.Now())
		i.CallID, i.User = name, name
		r.MemberJoined(i, nil)
	}
	r.Ended()
	s.Close()
	files, err := os.ReadDir(s.dir)
	if err != nil || len(files) != 2 {
		t.Fatalf("%v, %v", files, err)
	}
	list, err := s.List(t.Context(), "]]><a>", time.Time{}, 10)
	if err != nil || len(list) != 1 || list[0].Members != 7 {
		t.Fatalf("%+v, %v", list, err)
	}
	rec, err := s.Get(uuid.MustParse(list[0].UUID))
	if err != nil {
		t.Fatal(err)
	}
	var got fsRecord
	if err := xml.Unmarshal(rec.XML(), &got); err != nil || len(got.Conference.Members) != 7 {
		t.Errorf("%v: %d members", err, len(got.Conference.Members))
	}
}

func TestNothingToTell(t *testing.T) {
	s := newStore(t, nil)
	s.Room(meeting()).Ended()
	off := newStore(t, func(o *cdr.Options) { o.Dir = "" })
	hold(off.Store, meeting())
	own := filepath.Join(t.TempDir(), "own")
	c := meeting()
	c.Dir = own
	hold(off.Store, c)
	s.Close()
	off.Close()
	if _, err := os.Stat(s.dir); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a room to which nobody came left %s: %v", s.dir, err)
	}
	if off.Enabled() || !s.Enabled() {
		t.Error("Enabled")
	}
	if files, _ := os.ReadDir(own); len(files) != 2 {
		t.Errorf("the profile's own folder has %d files", len(files))
	}
	if _, err := s.Get(uuid.New()); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("unknown record: %v", err)
	}
}

// TestFolders: where a profile's cdr-log-dir leads.
func TestFolders(t *testing.T) {
	base, auto, whole := t.TempDir(), t.TempDir(), t.TempDir()
	for _, tt := range []struct {
		name, store, auto, profile, want string // want "": nowhere
	}{
		{"nothing", "", auto, "", ""},
		{"the store's", base, auto, "", base},
		{"auto with a store", base, auto, "auto", base},
		{"auto without one", "", auto, "auto", auto},
		{"nowhere at all", "", "", "auto", ""},
		{"relative", base, "", "sub/dir", filepath.Join(base, "sub", "dir")},
		{"relative below auto", "", auto, "sub", filepath.Join(auto, "sub")},
		{"out of it", base, "", "../../etc", base},
		{"whole", base, "", whole, whole},
		{"whole without a store", "", "", whole, whole},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := newStore(t, func(o *cdr.Options) { o.Dir, o.Auto = tt.store, tt.auto })
			c := cdr.Conference{Name: "x", UUID: uuid.NewString(), Dir: tt.profile}
			hold(s.Store, c)
			s.Close()
			for _, dir := range []string{base, auto, whole, filepath.Join(base, "sub", "dir"), filepath.Join(auto, "sub")} {
				_, err := os.Stat(filepath.Join(dir, c.UUID+".cdr.json"))
				if (err == nil) != (dir == tt.want) {
					t.Errorf("in %s: %v", dir, err)
				}
			}
		})
	}
}

// TestDisk: a disk that takes nothing costs the record and a line of the log, never
// a room.
func TestDisk(t *testing.T) {
	s := newStore(t, func(o *cdr.Options) { o.Dir = filepath.Join(os.DevNull, "cdr") })
	hold(s.Store, meeting())
	s.Close()
	if n := s.count(t, "error"); n != 1 || !strings.Contains(s.log.String(), "call detail record not written") {
		t.Errorf("%d errors counted, log %s", n, s.log)
	}
	late := newStore(t, nil)
	r := late.Room(meeting())
	late.Close()
	late.Close()
	r.MemberJoined(info(1, "Anna", time.Now()), nil)
	r.Ended()
	if n := late.count(t, "dropped"); n != 1 {
		t.Errorf("after Close: %d dropped", n)
	}
}

func TestBounds(t *testing.T) {
	s := newStore(t, nil)
	r := s.Room(meeting())
	for n := range room.MemberID(5005) {
		i := info(n+1, "x", time.Now())
		r.MemberJoined(i, nil)
		r.MemberLeft(i, room.Left)
	}
	for range 1003 {
		r.Rejected(cdr.Attempt{Reason: cdr.Locked})
	}
	r.Ended()
	s.Close()
	rec, err := s.Get(uuid.MustParse(id))
	if err != nil || len(rec.Members) != 5000 || len(rec.Rejected) != 1000 || rec.RejectedOmitted != 3 || rec.MembersOmitted != 5 {
		t.Errorf("%d members (%d omitted), %d rejected (%d omitted), %v", len(rec.Members), rec.MembersOmitted, len(rec.Rejected), rec.RejectedOmitted, err)
	}
}

// TestRestart: a conference that the server's restart interrupts is one record.
func TestRestart(t *testing.T) {
	s := newStore(t, nil)
	r := s.Room(meeting())
	began := time.Now().Add(-time.Hour).Truncate(time.Millisecond)
	anna, bob := info(1, "Anna", began), info(2, "Bob", began)
	r.MemberJoined(anna, nil)
	r.MemberJoined(bob, nil)
	r.MemberLeft(bob, room.Left)
	r.Rejected(cdr.Attempt{Reason: cdr.Banned, Name: "Eve"})
	s.Close()
	list, err := s.List(t.Context(), "", time.Time{}, 10)
	if err != nil || len(list) != 0 {
		t.Fatalf("before its end: %v, %v", list, err)
	}

	again := newStore(t, func(o *cdr.Options) { o.Dir = s.dir })
	c := meeting()
	c.Started = began
	r = again.Room(c)
	r.MemberAttached(anna, nil)
	r.MemberJoined(info(3, "Cam", time.Now()), nil)
	r.MemberLeft(anna, room.Left)
	r.Ended()
	again.Close()
	rec, err := again.Get(uuid.MustParse(id))
	if err != nil || !rec.Interrupted || !rec.Start.Equal(began) || len(rec.Members) != 3 || len(rec.Rejected) != 1 || rec.Peak != 2 {
		t.Fatalf("%+v, %v", rec, err)
	}
	if a := rec.Members[0]; a.Name != "Anna" || !a.Join.Equal(began) || a.Cause != "left" || a.Leave.Sub(began) < time.Hour {
		t.Errorf("%+v", a)
	}
	if cam := rec.Members[2]; cam.Cause != "room-ended" || cam.Leave.IsZero() {
		t.Errorf("%+v", cam)
	}
	if files, _ := os.ReadDir(s.dir); len(files) != 2 {
		t.Errorf("%d files are left", len(files))
	}
}

// TestRestartForGood: nobody comes back, and the record is written as it was.
func TestRestartForGood(t *testing.T) {
	s := newStore(t, nil)
	s.Room(meeting()).MemberJoined(info(1, "Anna", time.Now()), nil)
	s.Close()
	part := filepath.Join(s.dir, id+".cdr.part")
	again := newStore(t, func(o *cdr.Options) { o.Dir = s.dir })
	again.Close()
	if _, err := os.Stat(part); err != nil {
		t.Fatalf("it may still come back: %v", err)
	}
	old := time.Now().Add(-25 * time.Hour)
	if err := os.Chtimes(part, old, old); err != nil {
		t.Fatal(err)
	}
	again = newStore(t, func(o *cdr.Options) { o.Dir = s.dir })
	again.Close()
	rec, err := again.Get(uuid.MustParse(id))
	if err != nil || len(rec.Members) != 1 || rec.Members[0].Cause != "suspended" || rec.Members[0].Leave.IsZero() || !rec.Interrupted {
		t.Errorf("%+v, %v", rec, err)
	}
	if _, err := os.Stat(part); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the part is left: %v", err)
	}
}

// TestBrokenPart: what cannot be read of before the restart is logged, and the
// record begins anew.
func TestBrokenPart(t *testing.T) {
	s := newStore(t, nil)
	s.Close()
	if err := os.MkdirAll(s.dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(s.dir, id+".cdr.part"), []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	s = newStore(t, func(o *cdr.Options) { o.Dir = s.dir })
	c := meeting()
	c.Started = time.Now()
	hold(s.Store, c)
	s.Close()
	if rec, err := s.Get(uuid.MustParse(id)); err != nil || len(rec.Members) != 3 {
		t.Errorf("%+v, %v", rec, err)
	}
	if !strings.Contains(s.log.String(), "before the restart") {
		t.Errorf("log: %s", s.log)
	}
}

// fill writes records that ended so many hours ago.
func fill(t *testing.T, dir string, hours ...int) {
	t.Helper()
	s := newStore(t, func(o *cdr.Options) { o.Dir = dir })
	for n, h := range hours {
		c := cdr.Conference{Name: fmt.Sprintf("room-%d", n%2), UUID: uuid.NewString()}
		hold(s.Store, c)
		s.Close()
		for _, suffix := range []string{".cdr.json", ".cdr.xml"} {
			old := time.Now().Add(-time.Duration(h) * time.Hour)
			if err := os.Chtimes(filepath.Join(dir, c.UUID+suffix), old, old); err != nil {
				t.Fatal(err)
			}
		}
		s = newStore(t, func(o *cdr.Options) { o.Dir = dir })
	}
}

func TestPrune(t *testing.T) {
	for _, tt := range []struct {
		name  string
		keep  func(*cdr.Options)
		files int
	}{
		{"all", func(*cdr.Options) {}, 10},
		{"by age", func(o *cdr.Options) { o.KeepFor = 100 * time.Hour }, 6},
		{"by number", func(o *cdr.Options) { o.KeepCount = 2 }, 4},
		{"by both", func(o *cdr.Options) { o.KeepFor, o.KeepCount = 100*time.Hour, 4 }, 6},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			fill(t, dir, 1, 50, 99, 101, 1000)
			stranger := filepath.Join(dir, "notes.cdr.json") // nobody's record
			if err := os.WriteFile(stranger, nil, 0o600); err != nil {
				t.Fatal(err)
			}
			old := time.Now().Add(-10_000 * time.Hour)
			if err := os.Chtimes(stranger, old, old); err != nil {
				t.Fatal(err)
			}
			s := newStore(t, func(o *cdr.Options) { o.Dir = dir; tt.keep(o) })
			s.Close()
			if files, _ := os.ReadDir(dir); len(files) != tt.files+1 {
				t.Errorf("%d files, want %d and the other one", len(files), tt.files)
			}
		})
	}
}

func TestPruneWhileRunning(t *testing.T) {
	s := newStore(t, func(o *cdr.Options) { o.KeepCount = 3 })
	for range 8 {
		hold(s.Store, cdr.Conference{Name: "x", UUID: uuid.NewString()})
	}
	s.Close()
	if files, _ := os.ReadDir(s.dir); len(files) != 6 {
		t.Errorf("%d files, want 3 of each kind", len(files))
	}
}

func TestList(t *testing.T) {
	s := newStore(t, nil)
	var ids []string
	for n := range 6 {
		c := cdr.Conference{Name: fmt.Sprintf("room-%d", n%2), UUID: uuid.NewString()}
		hold(s.Store, c)
		ids = append([]string{c.UUID}, ids...) // the latest first
	}
	s.Close()
	if err := os.WriteFile(filepath.Join(s.dir, uuid.NewString()+".cdr.json"), []byte("no record"), 0o600); err != nil {
		t.Fatal(err)
	}
	page := func(room string, before time.Time, limit int) (out []string, last time.Time) {
		t.Helper()
		list, err := s.List(t.Context(), room, before, limit)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range list {
			if e.Members != 3 || e.Rejected != 2 || e.Peak != 3 {
				t.Errorf("%+v", e)
			}
			out, last = append(out, e.UUID), e.End
		}
		return out, last
	}
	first, last := page("", time.Time{}, 4)
	second, _ := page("", last, 4)
	if got := append(first, second...); fmt.Sprint(got) != fmt.Sprint(ids) {
		t.Errorf("got %v, want %v", got, ids)
	}
	if got, _ := page("room-1", time.Time{}, 10); len(got) != 3 {
		t.Errorf("room-1: %v", got)
	}
	if got, _ := page("", time.Now().Add(-time.Hour), 10); len(got) != 0 {
		t.Errorf("an hour ago: %v", got)
	}
}

// TestManyAtOnce: rooms and those who are not let in come from everywhere.
func TestManyAtOnce(t *testing.T) {
	s := newStore(t, nil)
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			r := s.Room(cdr.Conference{Name: "x", UUID: uuid.NewString()})
			var others sync.WaitGroup
			for n := range room.MemberID(10) {
				others.Go(func() { r.Rejected(cdr.Attempt{Reason: cdr.Denied}) })
				r.MemberJoined(info(n+1, "x", time.Now()), nil)
			}
			others.Wait()
			r.Ended()
		})
	}
	wg.Wait()
	s.Close()
	list, err := s.List(t.Context(), "", time.Time{}, 100)
	if err != nil || len(list) != 20 || list[0].Rejected != 10 || list[0].Members != 10 {
		t.Errorf("%d records, %v", len(list), err)
	}
}
