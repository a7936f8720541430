package mcu_test

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/omniverto/omniverto/mcu/admin"
	"github.com/omniverto/omniverto/mcu/config"
	"github.com/omniverto/omniverto/mcu/directory"
)

// operator is whoever runs a server, with its admin address.
type operator struct {
	t      *testing.T
	s      *server
	bearer string
}

// do does a request, whose status has to be so, and reads the answer.
func (o *operator) do(method, path, body string, status int, into any) string {
	o.t.Helper()
	got, doc := send(o.t, method, o.s.Links().Admin+path, o.bearer, "application/json", strings.NewReader(body))
	if got != status {
		o.t.Fatalf("%s %s: %d %s, want %d", method, path, got, doc, status)
	}
	if into != nil {
		if err := json.Unmarshal(doc, into); err != nil {
			o.t.Fatalf("%s %s: %v: %s", method, path, err, doc)
		}
	}
	return string(doc)
}

// says runs a command and looks for texts in its reply.
func (o *operator) says(line string, texts ...string) {
	o.t.Helper()
	var a struct{ Reply string }
	o.do("POST", "/api/command", fmt.Sprintf(`{"command":%q}`, line), 200, &a)
	for _, text := range texts {
		if !strings.Contains(a.Reply, text) {
			o.t.Errorf("%s: %q, want %q", line, a.Reply, text)
		}
	}
}

// has looks for texts in the answer to a GET.
func (o *operator) has(path string, texts ...string) {
	o.t.Helper()
	doc := o.do("GET", path, "", 200, nil)
	for _, text := range texts {
		if !strings.Contains(doc, text) {
			o.t.Errorf("%s: %s, want %q", path, doc, text)
		}
	}
}

// poll asks again and again until something has happened that no message tells.
func poll(t *testing.T, what string, happened func() bool) {
	t.Helper()
	look := time.NewTicker(20 * time.Millisecond)
	defer look.Stop()
	for give := time.After(patience); !happened(); {
		select {
		case <-look.C:
		case <-give:
			t.Fatalf("there is not %s", what)
		}
	}
}

// TestAdminAPI is a meeting as whoever runs the server sees it, from its first
// invitation to its record.
func TestAdminAPI(t *testing.T) {
	s := start(t, func(c *config.Config) { c.CDR = filepath.Join(c.Data, "records") })
	o := &operator{t, s, secretOf(t, s.data)}
	o.says("conference list", "+OK No active conferences.\n")

	zoe := o.invites()
	var one struct {
		UUID   string
		People []struct {
			ID                 int
			Name, Role, CallID string
			Canvas             int
		}
		AtDoor []any
	}
	doc := o.do("GET", "/api/rooms/3800", "", 200, &one)
	if len(one.People) != 1 || one.People[0].Name != "Zoe" || one.People[0].Role != "moderator" || one.People[0].CallID != zoe.callID ||
		one.People[0].ID == 0 || one.People[0].Canvas != 1 || one.UUID == "" || len(one.AtDoor) != 0 {
		t.Fatalf("room: %s", doc)
	}
	o.has("/api/rooms/3800/members", zoe.callID)
	o.says("conference list", "+OK Conference 3800 (1 member rate: 48000 flags: ", zoe.callID)
	o.says("conference xml_list", `<conference name="3800" member-count="1"`)
	o.says("conference json_list compact", `"conference_uuid":"`+one.UUID)
	o.says("conference count", "1")
	o.says("conference 3800 mute all", fmt.Sprintf("+OK mute %d\n", one.People[0].ID))
	o.says("status", "\n1 session(s)\n1 conference(s)\n")

	o.chats(zoe)
	o.keepsDoor()
	o.do("PUT", "/api/arrays/app.votes/poll/zoe", `{"yes":true}`, 200, nil)
	o.has("/api/arrays/app.votes/poll", `[{"key":"zoe","value":{"yes":true}}]`)

	o.do("DELETE", "/api/rooms/3800", "", 204, nil)
	zoe.expect(0, "verto.bye", zoe.callID)
	o.hasRecord(one.UUID)
	client, err := admin.NewClient(s.Links().Admin, s.data)
	if err != nil {
		t.Fatal(err)
	}
	if reply, done, err := client.Conference(t.Context(), []string{"count"}); err != nil || !done || reply != "0" {
		t.Errorf("count after the end: %q, %v, %v", reply, done, err)
	}
}

// invites somebody with a link.
func (o *operator) invites() *client {
	o.t.Helper()
	var invited struct {
		Link, Token string
		Expires     time.Time
	}
	o.do("POST", "/api/invites", `{"room":"3800","role":"moderator","name":"Zoe","ttl":"10m"}`, 201, &invited)
	if !strings.HasSuffix(invited.Link, "/r/3800#token="+invited.Token) || time.Until(invited.Expires) > 10*time.Minute {
		o.t.Errorf("invitation: %+v", invited)
	}
	c := connect(o.t, o.s.ws, invited.Token)
	c.join("3800", "somebody else")
	c.expect(0, "verto.event", "conference-liveArray-join")
	return c
}

// chats tells everybody in the room something.
func (o *operator) chats(c *client) {
	o.t.Helper()
	if m := c.call("verto.subscribe", map[string]any{"eventChannel": "conference-chat.3800@localhost"}); m.Error != nil {
		o.t.Fatalf("subscribe: %+v", m.Error)
	}
	o.do("POST", "/api/rooms/3800/chat", `{"message":"<b>tea</b> is ready","name":"Kitchen"}`, 201, nil)
	c.expect(0, "verto.event", "conference-chat.3800", `"fromDisplay":"Kitchen"`, `is ready`)
	o.has("/api/rooms/3800/chat", `"message":"<b>tea</b> is ready"`)
}

// keepsDoor lets nobody in: one is denied, the other finds the room locked.
func (o *operator) keepsDoor() {
	o.t.Helper()
	o.says("conference 3800 lobby on", "+OK")
	bob := connect(o.t, o.s.ws, o.s.token("3800", directory.RoleParticipant))
	bob.join("3800", "Bob")
	var door []struct {
		ID        int
		Name, For string
	}
	poll(o.t, "somebody at the door", func() bool {
		o.do("GET", "/api/rooms/3800/waiting", "", 200, &door)
		return len(door) == 1
	})
	if door[0].Name != "Bob" || door[0].For != "admission" {
		o.t.Errorf("at the door: %+v", door)
	}
	o.says(fmt.Sprintf("conference 3800 deny %d", door[0].ID), "+OK")
	bob.expect(0, "verto.bye", bob.callID)
	o.says("conference 3800 lock", "+OK 3800 locked\n")
	eve := connect(o.t, o.s.ws, o.s.token("3800", directory.RoleParticipant))
	eve.invite("3800", "Eve", nil)
	eve.expect(0, "verto.bye", eve.callID)
}

// hasRecord finds what is kept of the meeting.
func (o *operator) hasRecord(uuid string) {
	o.t.Helper()
	var records []struct {
		UUID              string
		Members, Rejected int
	}
	poll(o.t, "a record of the room", func() bool {
		o.do("GET", "/api/cdr?room=3800", "", 200, &records)
		return len(records) > 0
	})
	if records[0].UUID != uuid || records[0].Members != 1 || records[0].Rejected != 2 {
		o.t.Errorf("records: %+v", records)
	}
	o.has("/api/cdr/"+uuid, `"name":"Zoe"`, `"cause":"room-ended"`, `"forced":true`, `"reason":"denied"`, `"reason":"conference_locked"`)
	o.has("/api/cdr/"+uuid+"/xml", "<caller_id_name>Zoe</caller_id_name>", "<reason>conference_locked</reason>")
	o.s.counts(o.t, `omniverto_cdr_records_total{result="ok"} 1`)
}

// TestDialIntoNewRoom: a call makes the room that it leads into, and one that nobody
// answers leaves none behind.
func TestDialIntoNewRoom(t *testing.T) {
	s := start(t, nil)
	client, err := admin.NewClient(s.Links().Admin, s.data)
	if err != nil {
		t.Fatal(err)
	}
	for _, words := range [][]string{{"dial", "user/1009"}, {"dial", "user/1009@elsewhere.example.org", "4711", "Name"}} {
		reply, done, err := client.Command(t.Context(), "4000", words)
		if err != nil || !done || reply != "+OK Call Requested: result: [USER_NOT_REGISTERED]\n" {
			t.Errorf("%q: %q, %v, %v", words, reply, done, err)
		}
	}
	poll(t, "the end of the empty room", func() bool {
		reply, _, err := client.Command(t.Context(), "4000", []string{"count"})
		return err == nil && reply == "-ERR Conference 4000 not found\n"
	})
}
