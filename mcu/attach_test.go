package mcu_test

import (
	"encoding/json"
	"image"
	"slices"
	"strings"
	"testing"

	"github.com/pion/webrtc/v4"

	"github.com/omniverto/omniverto/mcu/config"
	"github.com/omniverto/omniverto/media/mediatest"
)

// house is a directory of four people, of whom the first is a moderator.
const house = `<domain name="d.example">
	<params><param name="password" value="1234"/><param name="jsonrpc-allowed-methods" value="verto"/></params>
	<user id="1000"><variables><variable name="conference_member_flags" value="moderator"/>
		<variable name="effective_caller_id_name" value="Extension 1000"/>
		<variable name="effective_caller_id_number" value="1000"/></variables></user>
	<user id="1001"/><user id="1002"/><user id="1003"/></domain>`

// startHouse runs a server with that directory.
func startHouse(t *testing.T, change func(*config.Config)) *server {
	t.Helper()
	return start(t, func(c *config.Config) {
		put(t, c.Conf+"/directory/d.xml", house)
		if change != nil {
			change(c)
		}
	})
}

// user logs one of the house in.
func (s *server) user(id string) *client {
	s.t.Helper()
	c := loginAs(s.t, s.ws, id+"@d.example", "1234", "session-of-"+id)
	c.expect(0, "verto.clientReady")
	return c
}

// control runs a command in a room as whoever runs the server.
func (s *server) control(room, command string) string {
	s.t.Helper()
	body, err := json.Marshal(map[string]string{"command": command})
	if err != nil {
		s.t.Fatal(err)
	}
	_, doc := send(s.t, "POST", s.Links().Admin+"/api/rooms/"+room+"/command", secretOf(s.t, s.data), "application/json", strings.NewReader(string(body)))
	var reply struct{ Reply, Error string }
	if err := json.Unmarshal(doc, &reply); err != nil {
		s.t.Fatalf("%s: %s", command, doc)
	}
	return reply.Reply + reply.Error
}

// memberID is what the join event of the client's present call says.
func (c *client) memberID(from int) string {
	c.t.Helper()
	at := c.expect(from, "verto.event", "conference-liveArray-join", c.callID)
	c.mu.Lock()
	defer c.mu.Unlock()
	var e struct {
		PvtData struct{ ConferenceMemberID, LaName string }
	}
	if err := json.Unmarshal(c.seen[at-1].Params, &e); err != nil {
		c.t.Fatal(err)
	}
	return e.PvtData.LaName + "/" + e.PvtData.ConferenceMemberID
}

// two are the cells of two members on 480x320.
func two() []image.Rectangle {
	return []image.Rectangle{image.Rect(0, 80, 240, 240), image.Rect(240, 80, 480, 240)}
}

// TestReattach: a page that is loaded again has its call back: the same member with a
// new leg, in FreeSWITCH's order of messages. Nobody else gets it with the session's id.
func TestReattach(t *testing.T) {
	s := startHouse(t, nil)
	watcher := s.user("1000")
	watcher.join("3800", "Watcher")
	watcher.perform(mediatest.Color(0), 440)
	before := s.user("1001")
	before.join("3800", "Bob")
	before.perform(mediatest.Color(1), 660)
	id := before.memberID(0)
	watcher.await("two pictures", func() bool { return watcher.shows(two()) })

	_ = before.ws.Close()
	_ = before.pc.Close()
	watcher.await("an avatar", func() bool { return !watcher.shows(two()) })

	thief := dial(t, s.ws, before.session)
	if m := thief.call("login", map[string]any{"login": "1002@d.example", "passwd": "1234"}); m.Error == nil || m.Error.Message != "Session in use" {
		t.Errorf("a session id of somebody else: %+v", m)
	}

	after := s.user("1001")
	reply := after.pick(0, "verto.attach", "verto.attach")
	if reply.Error != nil || after.callID != before.callID {
		t.Fatalf("attach of %s for %s: %+v", after.callID, before.callID, reply.Error)
	}
	after.perform(mediatest.Color(1), 880)
	if now := after.memberID(0); now != id {
		t.Errorf("member %s is now %s", id, now)
	}
	after.expect(0, "verto.clientReady", after.callID)
	if got := after.methods(0)[:3]; !slices.Equal(got, []string{"verto.attach", "verto.clientReady", "verto.event"}) {
		t.Errorf("the server said %v", got)
	}
	watcher.await("both again", func() bool { return watcher.shows(two()) })
	watcher.await("his voice again", func() bool { return watcher.level(880) > -23 && watcher.level(660) < -50 })
	after.await("the picture", func() bool { return after.shows(two()) })
	if m := after.call("verto.subscribe", map[string]any{"eventChannel": "conference-chat.3800@d.example"}); m.Error != nil {
		t.Errorf("no right to the chat after the return: %+v", m.Error)
	}
	if list := s.control("3800", "list count"); list != "2" {
		t.Errorf("%q members", list)
	}
}

// TestLostMedia: media that dies while the socket lives is offered anew, once.
func TestLostMedia(t *testing.T) {
	s := startHouse(t, nil)
	watcher := s.user("1000")
	watcher.join("3800", "Watcher")
	watcher.perform(mediatest.Color(0), 440)
	bob := s.user("1001")
	bob.join("3800", "Bob")
	bob.await("the picture", func() bool { return bob.pics > 0 })
	id, call := bob.memberID(0), bob.callID
	from := bob.count()
	_ = bob.pc.Close()
	if reply := bob.pick(from, "verto.attach", "verto.attach"); reply.Error != nil || bob.callID != call {
		t.Fatalf("attach: %+v", reply.Error)
	}
	bob.perform(mediatest.Color(1), 660)
	if now := bob.memberID(from); now != id {
		t.Errorf("member %s is now %s", id, now)
	}
	watcher.await("his picture", func() bool { return watcher.shows(two()) })
	watcher.await("his voice", func() bool { return watcher.level(660) > -23 })
	for _, m := range bob.methods(from + 1) {
		if m == "verto.bye" {
			t.Error("the call ended")
		}
	}
}

// TestTakeOver: a second page with the same session takes the call over while the
// first still sends; its media goes on until the new one is there.
func TestTakeOver(t *testing.T) {
	s := startHouse(t, nil)
	watcher := s.user("1000")
	watcher.join("3800", "Watcher")
	bob := s.user("1001")
	bob.join("3800", "Bob")
	bob.perform(mediatest.Color(1), 660)
	id := bob.memberID(0)
	watcher.await("his voice", func() bool { return watcher.level(660) > -23 })
	tab := s.user("1001")
	bob.expect(0, "verto.punt")
	at := tab.expect(0, "verto.attach", bob.callID)
	watcher.note(func() { watcher.heard = nil })
	watcher.await("the voice of the first", func() bool { return watcher.level(660) > -23 })
	if m := tab.pick(at-1, "verto.attach", "verto.attach"); m.Error != nil {
		t.Fatalf("attach: %+v", m.Error)
	}
	tab.perform(mediatest.Color(1), 880)
	if now := tab.memberID(0); now != id {
		t.Errorf("member %s is now %s", id, now)
	}
	watcher.await("the voice of the second alone", func() bool { return watcher.level(880) > -23 && watcher.level(660) < -50 })
}

// TestNoRecover: who does not want to come back leaves with his socket.
func TestNoRecover(t *testing.T) {
	s := startHouse(t, nil)
	watcher := s.user("1000")
	watcher.join("3800", "Watcher")
	_, n, _ := strings.Cut(watcher.memberID(0), "/")
	bob := s.user("1001")
	bob.invite("3800", "Bob", map[string]any{"recoverCall": false})
	bob.established()
	bob.memberID(0)
	bob.connected()
	watcher.call("verto.subscribe", map[string]any{"eventChannel": "conference-liveArray.3800@d.example"})
	_ = bob.ws.Close()
	watcher.expect(0, "verto.event", `"action":"del"`, bob.callID)
	if got := s.control("3800", "list count"); got != "1" {
		t.Errorf("%q members beside %s", got, n)
	}
}

// TestBadAttach: what answers no offer ends the call and nothing else.
func TestBadAttach(t *testing.T) {
	s := startHouse(t, nil)
	bob := s.user("1001")
	bob.join("3800", "Bob")
	bob.memberID(0)
	bob.connected()
	params := map[string]any{"sdp": "v=0\r\n", "dialogParams": map[string]any{"callID": bob.callID}}
	if m := bob.call("verto.attach", params); m.Error == nil || m.Error.Message != "MEDIA ERROR" {
		t.Errorf("attach without an offer: %s %+v", m.Result, m.Error)
	}
	bob.expect(0, "verto.event", "conference-liveArray-part")
}

// TestScreenAttach: a shared screen and a second screen come back as what they were.
func TestScreenAttach(t *testing.T) {
	s := startHouse(t, nil)
	bob := s.user("1001")
	bob.join("3800", "Bob")
	bob.memberID(0)
	main := bob.callID
	bob.share("3800-screen")
	screen := bob.callID
	bob.expect(0, "verto.event", "conference-liveArray-join", screen, `"screenShare":true`)
	bob.connected()
	_ = bob.ws.Close()
	again := s.user("1001")
	at := again.expect(0, "verto.attach", main)
	again.expect(0, "verto.attach", screen)
	ready := again.expect(at, "verto.clientReady", main, screen)
	again.mu.Lock()
	defer again.mu.Unlock()
	for _, m := range again.seen[:ready] {
		if m.Method != "verto.attach" || !strings.Contains(string(m.Params), screen) {
			continue
		}
		if sdp := string(m.Params); strings.Contains(sdp, "m=audio") || !strings.Contains(sdp, "a=recvonly") {
			t.Errorf("the screen's offer: %s", sdp)
		}
	}
}

// share calls with a screen: a picture that is only sent.
func (c *client) share(destination string) {
	c.t.Helper()
	pc, err := webrtc.NewPeerConnection(webrtc.Configuration{})
	if err != nil {
		c.t.Fatal(err)
	}
	c.hold(pc)
	track, err := webrtc.NewTrackLocalStaticRTP(webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeVP8, ClockRate: 90000}, "video", "screen")
	if err != nil {
		c.t.Fatal(err)
	}
	if _, err := pc.AddTransceiverFromTrack(track, webrtc.RTPTransceiverInit{Direction: webrtc.RTPTransceiverDirectionSendonly}); err != nil {
		c.t.Fatal(err)
	}
	c.offer(destination, "Screen", map[string]any{"screenShare": true})
	c.established()
}
