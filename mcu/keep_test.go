package mcu_test

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/omniverto/omniverto/mcu/config"
	"github.com/omniverto/omniverto/media/mediatest"
)

// again starts a server with the data of another one, which has ended.
func (s *server) again(change func(*config.Config)) *server {
	s.t.Helper()
	return start(s.t, func(c *config.Config) {
		c.Data, c.Conf = s.data, s.data+"/conf"
		if change != nil {
			change(c)
		}
	})
}

// TestRestart: a server that ends and comes back has its rooms as they were. Nobody
// is told but by the socket's end; who comes back in time is the member that he was.
func TestRestart(t *testing.T) {
	s := startHouse(t, nil)
	host, bob := s.user("1000"), s.user("1001")
	host.join("3800", "Host")
	bob.join("3800", "Bob")
	hostID, bobID := host.memberID(0), bob.memberID(0)
	_, n, _ := strings.Cut(bobID, "/")
	for _, command := range []string{"vid-layout 3x3", "pin 4711", "mute " + n, "vid-banner " + n + " Captain"} {
		if reply := s.control("3800", command); strings.HasPrefix(reply, "-ERR") {
			t.Errorf("%s: %q", command, reply)
		}
	}
	host.await("the picture", func() bool { return host.pics > 0 })
	fromHost := host.count()
	s.stop()
	for _, c := range []*client{host, bob} {
		c.await("the socket's end", func() bool { return c.lost != nil })
		if ce := (*websocket.CloseError)(nil); !errors.As(c.lost, &ce) || ce.Code != websocket.CloseServiceRestart {
			t.Errorf("the socket ended with %v", c.lost)
		}
	}
	if got := host.words(fromHost); len(got) != 0 {
		t.Errorf("the server said %q at its end", got)
	}
	info, err := os.Stat(filepath.Join(s.data, "rooms.json"))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("rooms.json: %v, %v", info, err)
	}
	call := bob.callID
	_ = bob.pc.Close()
	_ = host.pc.Close()

	s = s.again(nil)
	if got := s.control("3800", "list count"); got != "2" {
		t.Errorf("%q members after the restart", got)
	}
	bob = s.user("1001")
	if m := bob.pick(0, "verto.attach", "verto.attach"); m.Error != nil || bob.callID != call {
		t.Fatalf("attach: %+v", m.Error)
	}
	if id := bob.memberID(0); id != bobID {
		t.Errorf("member %s is now %s", bobID, id)
	}
	bob.perform(mediatest.Color(1), 660)
	bob.await("the picture", func() bool { return bob.pics > 0 })
	if list := s.control("3800", "list"); !strings.Contains(list, "Bob;Bob;hear|video") {
		t.Errorf("he is not muted any more: %s", list)
	}
	if _, doc := send(t, "GET", s.Links().Admin+"/api/rooms", secretOf(t, s.data), "", nil); !strings.Contains(string(doc), `"layout":"3x3"`) {
		t.Errorf("the layout is another one: %s", doc)
	}
	carol := s.user("1002")
	carol.invite("3800", "Carol", map[string]any{"pin": "4711"})
	carol.established()
	_, id, _ := strings.Cut(carol.memberID(0), "/")
	if n, err := strconv.Atoi(id); err != nil || id <= hostID[strings.Index(hostID, "/")+1:] {
		t.Errorf("the newcomer is member %d: %v", n, err)
	}
	m := bob.call("verto.bye", map[string]any{"dialogParams": map[string]any{"callID": bob.callID}})
	if m.Error != nil {
		t.Errorf("bye: %+v", m.Error)
	}
	carol.call("verto.bye", map[string]any{"dialogParams": map[string]any{"callID": carol.callID}})
}

// TestRestartTooLate: rooms are forgotten when nobody could come back in time, and a
// file that cannot be read keeps no server from starting.
func TestRestartTooLate(t *testing.T) {
	s := startHouse(t, nil)
	bob := s.user("1001")
	bob.join("3800", "Bob")
	bob.memberID(0)
	s.stop()
	path := filepath.Join(s.data, "rooms.json")
	doc, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}

	put(t, path, string(doc[:len(doc)/2]))
	s = s.again(nil)
	if rooms := s.rooms(); len(rooms) != 0 {
		t.Errorf("rooms of half a file: %v", rooms)
	}
	if kept, err := os.ReadFile(path + ".damaged"); err != nil || len(kept) != len(doc)/2 {
		t.Errorf("the damaged file is not kept: %v", err)
	}
	s.stop()

	var old map[string]any
	if err := json.Unmarshal(doc, &old); err != nil {
		t.Fatal(err)
	}
	old["saved"] = time.Now().Add(-config.Default().DetachTimeout - time.Second)
	aged, err := json.Marshal(old)
	if err != nil {
		t.Fatal(err)
	}
	put(t, path, string(aged))
	s = s.again(nil)
	if rooms := s.rooms(); len(rooms) != 0 {
		t.Errorf("rooms that are too old: %v", rooms)
	}
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the old file is still there: %v", err)
	}
	s.stop()

	put(t, path, string(doc))
	s = s.again(nil)
	if rooms := s.rooms(); len(rooms) != 1 {
		t.Errorf("rooms %v, want the one", rooms)
	}
	other := s.user("1002")
	other.join("3800", "Carol")
	other.memberID(0)
	if got := s.control("3800", "list count"); got != "2" {
		t.Errorf("%q members", got)
	}
	thief := dial(t, s.ws, bob.session)
	if m := thief.call("login", map[string]any{"login": "1002@d.example", "passwd": "1234"}); m.Error == nil || m.Error.Message != "Session in use" {
		t.Errorf("the session of who is away: %+v", m)
	}
}

// TestKept: what a crash must not lose is in the file while the server runs.
func TestKept(t *testing.T) {
	s := startHouse(t, nil)
	bob := s.user("1001")
	bob.join("3800", "Bob")
	bob.memberID(0)
	look := time.NewTicker(50 * time.Millisecond)
	defer look.Stop()
	for give := time.After(patience); ; {
		doc, _ := os.ReadFile(filepath.Join(s.data, "rooms.json"))
		if strings.Contains(string(doc), bob.callID) {
			return
		}
		select {
		case <-look.C:
		case <-give:
			t.Fatal("the room is not written")
		}
	}
}
