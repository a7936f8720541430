package mcu_test

import (
	"encoding/json"
	"image"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/omniverto/omniverto/mcu/config"
	"github.com/omniverto/omniverto/media/mediatest"
)

// sees reports whether the picture of a bridge, 1280x720, shows the other one alone.
func (c *client) sees(color int) bool {
	return c.canvas != nil && c.canvas.Width == 1280 &&
		mediatest.Near(mediatest.Average(c.canvas, image.Rect(400, 200, 880, 520)), mediatest.Color(color).YUV(), 12)
}

// said lists what a trace's server said to one of its people between two steps:
// methods of requests, with the cause of a bye.
func said(t *testing.T, name, from, to string) []string {
	t.Helper()
	doc, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	on := false
	for line := range strings.Lines(string(doc)) {
		var l struct {
			Step, Dir string
			Msg       struct {
				Method string
				Params struct{ CauseCode int }
			}
		}
		if err := json.Unmarshal([]byte(line), &l); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if l.Step != "" {
			on = on && !strings.HasPrefix(l.Step, to) || strings.HasPrefix(l.Step, from)
		}
		if on && l.Dir == "s2c" && l.Msg.Method != "" {
			out = append(out, word(l.Msg.Method, l.Msg.Params.CauseCode))
		}
	}
	return out
}

func word(method string, cause int) string {
	if method != "verto.bye" {
		return method
	}
	return method + " " + map[int]string{16: "NORMAL_CLEARING", 17: "USER_BUSY", 19: "NO_ANSWER", 21: "CALL_REJECTED",
		487: "ORIGINATOR_CANCEL", 702: "LOSE_RACE", 806: "USER_NOT_REGISTERED"}[cause]
}

// words are what the server said from the n-th message on, as said has it, without
// events.
func (c *client) words(from int) []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	var out []string
	for _, m := range c.seen[from:] {
		var p struct{ CauseCode int }
		_ = json.Unmarshal(m.Params, &p)
		if m.Method != "" && m.Method != "verto.event" {
			out = append(out, word(m.Method, p.CauseCode))
		}
	}
	return out
}

func withoutEvents(words []string) []string {
	return slices.DeleteFunc(words, func(w string) bool { return w == "verto.event" })
}

// expectWords waits for the words of a trace, and for no others.
func (c *client) expectWords(from int, want []string) {
	c.t.Helper()
	want = withoutEvents(want)
	at := from
	for _, w := range want {
		method, cause, _ := strings.Cut(w, " ")
		at = c.expect(at, method, cause)
	}
	if got := c.words(from); !slices.Equal(got, want) {
		c.t.Errorf("the server said %q, the trace has %q", got, want)
	}
}

// modify sends a verto.modify and returns its answer.
func (c *client) modify(callID, action string, more map[string]any) message {
	c.t.Helper()
	params := map[string]any{"action": action, "dialogParams": map[string]any{"callID": callID}}
	for k, v := range more {
		params[k] = v
	}
	return c.call("verto.modify", params)
}

// talk lets a call another user and him answer; both perform.
func talk(t *testing.T, a, b *client, number string) {
	t.Helper()
	from := b.count()
	a.invite(number, "Alice", nil)
	if reply := b.pick(from, "verto.invite", "verto.answer"); reply.Error != nil {
		t.Fatalf("answer: %+v", reply.Error)
	}
	a.established()
	a.expect(0, "verto.display", a.callID)
	b.expect(from, "verto.display", b.callID)
}

// TestBridge: two users in a call see and hear each other; hold plays music; a blind
// transfer brings the partner into a conference, as the trace tells it.
func TestBridge(t *testing.T) {
	const trace = "e-bridge-transfer-replace."
	s := startHouse(t, nil)
	alice, bob := s.user("1000"), s.user("1001")
	fromAlice, fromBob := alice.count(), bob.count()
	talk(t, alice, bob, "1001")
	alice.expectWords(fromAlice, said(t, trace+"1000.jsonl", "1000 calls 1001 (", "1000: hold"))
	bob.expectWords(fromBob, said(t, trace+"1001.jsonl", "1000 calls 1001 (", "1000: hold"))
	bob.expect(fromBob, "verto.invite", `"caller_id_name":"Extension 1000"`, `"caller_id_number":"1000"`, `"callee_id_number":"1001"`)
	bob.expect(fromBob, "verto.display", `"display_name":"Extension 1000"`, `"display_number":"1000"`)
	alice.expect(fromAlice, "verto.display", `"display_name":"Outbound Call"`, `"display_number":"1001"`)
	alice.perform(mediatest.Color(0), 440)
	bob.perform(mediatest.Color(1), 660)
	alice.await("Bob", func() bool { return alice.sees(1) })
	bob.await("Alice", func() bool { return bob.sees(0) })
	alice.await("Bob's voice", func() bool { return alice.level(660) > -23 && alice.level(440) < -50 })
	bob.await("Alice's voice", func() bool { return bob.level(440) > -23 && bob.level(660) < -50 })
	if rooms := s.rooms(); len(rooms) != 0 {
		t.Errorf("a bridge shows as room: %v", rooms)
	}

	if m := alice.modify(alice.callID, "hold", nil); !strings.Contains(string(m.Result), `"holdState":"held"`) {
		t.Errorf("hold: %s %+v", m.Result, m.Error)
	}
	alice.note(func() { alice.heard = nil })
	bob.await("music", func() bool { return bob.level(440) < -50 && loudest(bob.heard) > 300 })
	alice.await("silence", func() bool { return alice.level(660) < -60 })
	if m := alice.modify(alice.callID, "unhold", nil); !strings.Contains(string(m.Result), `"holdState":"active"`) {
		t.Errorf("unhold: %s %+v", m.Result, m.Error)
	}
	bob.await("Alice again", func() bool { return bob.level(440) > -23 })
	alice.await("Bob again", func() bool { return alice.level(660) > -23 })

	host := s.user("1002")
	host.join("3813", "Host")
	host.memberID(0)
	fromAlice, fromBob = alice.count(), bob.count()
	if m := alice.modify(alice.callID, "transfer", map[string]any{"destination": "3813"}); !strings.Contains(string(m.Result), `"message":"CALL TRANSFERRED"`) {
		t.Errorf("transfer: %s %+v", m.Result, m.Error)
	}
	alice.expectWords(fromAlice, said(t, trace+"1000.jsonl", "1000: dialog.transfer", "1001 hangs up"))
	bob.expect(fromBob, "verto.event", "conference-liveArray-join", bob.callID, `"laName":"3813"`)
	host.await("Bob in the conference", func() bool { return host.level(660) > -23 })
	bob.expectWords(fromBob, nil)
}

func loudest(pcm []int16) (peak int16) {
	for _, v := range pcm {
		peak = max(peak, v)
	}
	return peak
}

// rooms lists the names of GET /api/rooms.
func (s *server) rooms() (names []string) {
	s.t.Helper()
	_, doc := send(s.t, "GET", s.Links().Admin+"/api/rooms", secretOf(s.t, s.data), "", nil)
	var all []struct{ Name string }
	if err := json.Unmarshal(doc, &all); err != nil {
		s.t.Fatalf("%s: %v", doc, err)
	}
	for _, r := range all {
		names = append(names, r.Name)
	}
	return names
}

// TestTransferToUser: the partner hears music until the third answers, and is then
// in a call with him.
func TestTransferToUser(t *testing.T) {
	s := startHouse(t, nil)
	alice, bob, carol := s.user("1000"), s.user("1001"), s.user("1002")
	talk(t, alice, bob, "1001")
	bob.perform(mediatest.Color(1), 660)
	from := bob.count()
	alice.modify(alice.callID, "transfer", map[string]any{"destination": "1002"})
	alice.expect(0, "verto.bye", alice.callID, `"causeCode":16`)
	at := carol.expect(0, "verto.invite", `"callee_id_number":"1002"`)
	bob.await("music", func() bool { return loudest(bob.heard) > 300 })
	if m := carol.pick(at-1, "verto.invite", "verto.answer"); m.Error != nil {
		t.Fatalf("answer: %+v", m.Error)
	}
	bob.expect(from, "verto.display", bob.callID, `"display_number":"1002"`)
	carol.await("Bob", func() bool { return carol.level(660) > -23 })

	from = bob.count()
	carol.modify(carol.callID, "transfer", map[string]any{"destination": "1003"})
	bob.expect(from, "verto.bye", bob.callID, `"causeCode":806`)
}

// TestReplace joins the partners of two calls; who joined them is out.
func TestReplace(t *testing.T) {
	const trace = "e-bridge-transfer-replace."
	s := startHouse(t, nil)
	alice, bob, carol := s.user("1000"), s.user("1001"), s.user("1002")
	talk(t, alice, bob, "1001")
	bob.perform(mediatest.Color(1), 660)
	first := alice.callID
	alice.modify(first, "hold", nil)
	talk(t, alice, carol, "1002")
	carol.perform(mediatest.Color(2), 880)

	if m := alice.modify(alice.callID, "replace", map[string]any{"replaceCallID": "nothing"}); m.Error == nil {
		t.Errorf("replace of nothing: %s", m.Result)
	}
	fromAlice, fromBob, fromCarol := alice.count(), bob.count(), carol.count()
	m := alice.modify(alice.callID, "replace", map[string]any{"replaceCallID": first})
	if m.Error != nil || strings.Contains(string(m.Result), "message") {
		t.Errorf("replace: %s %+v", m.Result, m.Error)
	}
	const step, next = "1000: C2.replace", "1001 hangs up"
	alice.expectWords(fromAlice, said(t, trace+"1000.jsonl", step, next))
	bob.expectWords(fromBob, said(t, trace+"1001.jsonl", step, next))
	carol.expectWords(fromCarol, said(t, trace+"1002.jsonl", step, next))
	bob.expect(fromBob, "verto.display", `"display_number":"1002"`)
	carol.expect(fromCarol, "verto.display", `"display_number":"1001"`)
	bob.await("Carol", func() bool { return bob.level(880) > -23 })
	carol.await("Bob", func() bool { return carol.level(660) > -23 })

	bob.call("verto.bye", map[string]any{"dialogParams": map[string]any{"callID": bob.callID}})
	carol.expect(fromCarol, "verto.bye", carol.callID, `"causeCode":16`)
}

// TestNoBridge: calls that do not come about end as FreeSWITCH's do.
func TestNoBridge(t *testing.T) {
	s := startHouse(t, nil)
	alice := s.user("1000")
	refused := func(number, cause string) {
		t.Helper()
		from := alice.count()
		alice.invite(number, "Alice", nil)
		alice.expect(from, "verto.bye", alice.callID, cause)
	}
	refused("1003", `"causeCode":806`)
	bob := s.user("1001")

	from, fromBob := alice.count(), bob.count()
	alice.invite("1001", "Alice", nil)
	bob.expect(fromBob, "verto.invite")
	alice.call("verto.bye", map[string]any{"dialogParams": map[string]any{"callID": alice.callID}})
	bob.expectWords(fromBob, said(t, "g-cancel-decline.1001.jsonl", "1000 calls 1001, 1001 rings", "1000 calls 1001, 1001 declines"))
	alice.expectWords(from, said(t, "g-cancel-decline.1000.jsonl", "1000 calls 1001, 1001 rings", "1000 calls 1001, 1001 declines"))

	from, fromBob = alice.count(), bob.count()
	alice.invite("user/1001", "Alice", nil)
	at := bob.expect(fromBob, "verto.invite")
	bob.mu.Lock()
	var invite struct{ CallID string }
	_ = json.Unmarshal(bob.seen[at-1].Params, &invite)
	bob.mu.Unlock()
	bob.call("verto.bye", map[string]any{"dialogParams": map[string]any{"callID": invite.CallID}})
	alice.expectWords(from, said(t, "g-cancel-decline.1000.jsonl", "1000 calls 1001, 1001 declines", "-"))

	guest := connect(t, s.ws, s.token("3800", "participant"))
	from = guest.count()
	guest.invite("user/1001", "Guest", nil)
	guest.expect(from, "verto.bye", guest.callID)
	if m := alice.modify(alice.callID, "transfer", map[string]any{"destination": "3800"}); m.Error == nil {
		t.Errorf("transfer of a call that is over: %s", m.Result)
	}
	alice.join("3800", "Alice")
	if m := alice.modify(alice.callID, "transfer", map[string]any{"destination": "3801"}); m.Error == nil || m.Error.Message != "call is not bridged" {
		t.Errorf("transfer in a conference: %s %+v", m.Result, m.Error)
	}
}

// TestNoAnswer: the dialplan says how long somebody is called.
func TestNoAnswer(t *testing.T) {
	s := startHouse(t, func(c *config.Config) {
		put(t, c.Conf+"/dialplan/default.xml", `<include><context name="default"><extension name="users">
			<condition field="destination_number" expression="^(10\d\d)$">
				<action application="set" data="call_timeout=1"/>
				<action application="bridge" data="user/$1@d.example"/>
			</condition></extension></context></include>`)
	})
	alice, bob := s.user("1000"), s.user("1001")
	alice.invite("1001", "Alice", nil)
	bob.expect(0, "verto.invite")
	alice.expect(0, "verto.bye", alice.callID, `"causeCode":19`)
	bob.expect(0, "verto.bye")
}

// TestBridgeReattach: one end of a bridge comes back on another socket.
func TestBridgeReattach(t *testing.T) {
	s := startHouse(t, nil)
	alice, bob := s.user("1000"), s.user("1001")
	talk(t, alice, bob, "1001")
	alice.perform(mediatest.Color(0), 440)
	_ = bob.ws.Close()
	_ = bob.pc.Close()
	again := s.user("1001")
	if m := again.pick(0, "verto.attach", "verto.attach"); m.Error != nil || again.callID != bob.callID {
		t.Fatalf("attach: %+v", m.Error)
	}
	again.await("Alice", func() bool { return again.sees(0) })
	again.await("Alice's voice", func() bool { return again.level(440) > -23 })
	alice.call("verto.bye", map[string]any{"dialogParams": map[string]any{"callID": alice.callID}})
	again.expect(0, "verto.bye", again.callID)
}
