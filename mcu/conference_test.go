package mcu

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/omniverto/omniverto/layouts"
	"github.com/omniverto/omniverto/mcu/livearray"
	"github.com/omniverto/omniverto/mcu/room"
	"github.com/omniverto/omniverto/mcu/verto"
	"github.com/omniverto/omniverto/media"
)

// sent is one message to one client.
type sent struct {
	EventChannel string
	Data         json.RawMessage
	PvtData      json.RawMessage
	EventData    json.RawMessage
	Msg          json.RawMessage // of a verto.info
	raw          string
}

// kind is what a message is about, in a word or two.
func (s sent) kind() string {
	var d struct {
		Action      string
		ContentType string
		Response    string
		Reason      string
	}
	for _, part := range []json.RawMessage{s.Data, s.PvtData, s.EventData} {
		if part != nil {
			_ = json.Unmarshal(part, &d) // what is not an object has no kind
		}
	}
	switch {
	case s.Msg != nil:
		return "info"
	case d.Action == "conference-waiting":
		return "waiting " + d.Reason
	case d.Action != "":
		return d.Action
	case d.ContentType != "":
		return d.ContentType
	}
	return "message"
}

// inbox is a client as the signalling knows it.
type inbox struct {
	subs, grants map[string]bool
	got          []sent
}

// loopback is the signalling for tests: it delivers at once, in order.
type loopback struct {
	t        testing.TB
	mu       sync.Mutex
	sessions map[string]*inbox
}

var _ clients = (*loopback)(nil)

func newLoopback(t testing.TB) *loopback { return &loopback{t: t, sessions: make(map[string]*inbox)} }

// connect adds a session that subscribes channels, permitted or not.
func (w *loopback) connect(session string, channels ...string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	in := &inbox{subs: make(map[string]bool), grants: make(map[string]bool)}
	for _, ch := range channels {
		in.subs[ch] = true
	}
	w.sessions[session] = in
}

func (w *loopback) encode(payload any) sent {
	text, err := json.Marshal(payload)
	if err != nil {
		w.t.Errorf("%v: %v", payload, err)
	}
	s := sent{raw: string(text)}
	if err := json.Unmarshal(text, &s); err != nil {
		w.t.Errorf("%s: %v", text, err)
	}
	return s
}

func (w *loopback) Publish(channel string, payload map[string]any) {
	s := w.encode(payload)
	family, _, _ := strings.Cut(channel, ".")
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, in := range w.sessions {
		if in.subs[channel] || in.subs[family] {
			in.got = append(in.got, s)
		}
	}
}

func (w *loopback) SendSession(sessid string, payload map[string]any) bool {
	return w.send(sessid, w.encode(payload))
}

func (w *loopback) SendInfo(sessid string, msg any) bool {
	return w.send(sessid, w.encode(map[string]any{"msg": msg}))
}

func (w *loopback) send(sessid string, s sent) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	in := w.sessions[sessid]
	if in != nil {
		in.got = append(in.got, s)
	}
	return in != nil
}

func (w *loopback) Grant(sessid string, channels ...string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, ch := range channels {
		if in := w.sessions[sessid]; in != nil {
			in.grants[ch] = true
		}
	}
}

func (w *loopback) Revoke(sessid string, channels ...string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, ch := range channels {
		if in := w.sessions[sessid]; in != nil {
			delete(in.grants, ch)
			delete(in.subs, ch)
		}
	}
}

// take gives what a session was sent since the last time.
func (w *loopback) take(session string) []sent {
	w.mu.Lock()
	defer w.mu.Unlock()
	in := w.sessions[session]
	got := in.got
	in.got = nil
	return got
}

// kinds are the kinds of what a session was sent since the last time.
func (w *loopback) kinds(session string) []string {
	var out []string
	for _, s := range w.take(session) {
		out = append(out, s.kind())
	}
	return out
}

// grants are the channels that a session may use, without the conference's name.
func (w *loopback) grants(session string) []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	var out []string
	for ch := range w.sessions[session].grants {
		family, _, _ := strings.Cut(ch, ".")
		out = append(out, strings.TrimPrefix(family, "conference-"))
	}
	slices.Sort(out)
	return out
}

// expect compares what a session was sent since the last time.
func (w *loopback) expect(session string, want ...string) {
	w.t.Helper()
	if got := w.kinds(session); !slices.Equal(got, want) {
		w.t.Errorf("%s was sent %q, want %q", session, got, want)
	}
}

// Channels of the conference in these tests.
const (
	testTable = "conference-liveArray.3500@example.com"
	testInfo  = "conference-info.3500@example.com"
	testChat  = "conference-chat.3500@example.com"
	testMod   = "conference-mod.3500@example.com"
)

func testConference(t testing.TB, p room.Profile) (*conference, *loopback) {
	w := newLoopback(t)
	return newConference("3500", "example.com", p, w), w
}

// attendee is a member without anything special.
func attendee(id room.MemberID, name string) room.Info {
	return room.Info{
		ID: id, CallID: "call-" + name, Session: name, User: name + "@example.com", Name: name, Number: "10" + fmt.Sprint(id),
		Role: room.Participant, AudioCodec: media.Opus, HasAudio: true, HasVideo: true, Layer: -1, Canvases: 1,
		Joined: time.Unix(1700000000, 0),
	}
}

func oneCanvas(t testing.TB) []room.CanvasInfo {
	t.Helper()
	l, _, err := layouts.Stock().Resolve("1x1")
	if err != nil {
		t.Fatal(err)
	}
	return []room.CanvasInfo{{Width: 640, Height: 480, Layout: l}, {Super: true}}
}

// TestJoinAndLeave: the order of a join and a leave is that of a recorded meeting
// (b-join-talk-leave): row, join event, layout; row gone, part event.
func TestJoinAndLeave(t *testing.T) {
	t.Parallel()
	c, w := testConference(t, room.Profile{})
	w.connect("ada", testTable, testInfo)
	w.connect("bob", testTable, testInfo)
	c.RoomChanged(room.RoomInfo{Locked: true, Verto: map[string]string{"hipchatURL": "http://x"}})
	w.take("ada")
	w.take("bob")
	c.MemberJoined(attendee(1, "bob"), oneCanvas(t))
	w.expect("ada", "add", "layout-info")
	got := w.take("bob")
	if len(got) != 4 || got[1].kind() != "conference-liveArray-join" || got[2].kind() != "room-info" {
		t.Fatalf("the joiner was sent %+v", got)
	}
	for _, want := range []string{`"role":"participant"`, `"hipchatURL":"http://x"`, `"conferenceMemberID":"1"`} {
		if !strings.Contains(string(got[1].PvtData), want) {
			t.Errorf("no %s in %s", want, got[1].PvtData)
		}
	}
	if want := `{"contentType":"room-info","roomInfo":{"locked":true,"needsPIN":false,"lobby":false,"waitModerator":false,"recording":false,"waiting":0}}`; string(got[2].EventData) != want || got[2].EventChannel != "bob" {
		t.Errorf("the room is told as %s on %s", got[2].EventData, got[2].EventChannel)
	}
	if got, want := w.grants("bob"), []string{"chat", "info", "liveArray"}; !slices.Equal(got, want) {
		t.Errorf("may use %v, want %v", got, want)
	}
	seated := attendee(1, "bob")
	seated.Layer, seated.VideoFloor = 0, true
	c.MemberChanged(seated)
	w.take("ada")
	w.take("bob")
	c.MemberLeft(seated, room.Left)
	w.expect("ada", "modify", "del") // he loses seat and floor first, as in FreeSWITCH
	w.expect("bob", "modify", "del", "conference-liveArray-part")
	if got := w.grants("bob"); len(got) > 0 {
		t.Errorf("may still use %v", got)
	}
	c.Ended()
	w.expect("ada", "clear")
	w.expect("bob") // his subscription went with his grants
}

// TestSecondLeg: a second screen is not listed, and what ends with it leaves the
// first leg its channels.
func TestSecondLeg(t *testing.T) {
	t.Parallel()
	c, w := testConference(t, room.Profile{})
	w.connect("ada", testTable)
	c.MemberJoined(attendee(1, "ada"), nil)
	screen := attendee(2, "ada")
	screen.CallID, screen.SecondScreen = "call-screen", true
	w.take("ada")
	c.MemberJoined(screen, nil)
	w.expect("ada", "conference-liveArray-join", "room-info")
	c.MemberLeft(screen, room.Left)
	w.expect("ada", "conference-liveArray-part")
	if got := w.grants("ada"); len(got) != 3 {
		t.Errorf("may use %v", got)
	}
}

func talks(i room.Info, on, floor bool) room.Info {
	i.Talking, i.Floor, i.Score = on, floor, 900
	return i
}

// TestTalkWaitsForTheTick, and nothing else does.
func TestTalkWaitsForTheTick(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, w := testConference(t, room.Profile{})
		w.connect("ada", testTable, testMod)
		bob := attendee(2, "bob")
		c.MemberJoined(attendee(1, "ada"), nil)
		c.MemberJoined(bob, nil)
		w.take("ada")
		for range 20 { // a tick and a half
			c.MemberChanged(talks(bob, true, false))
			c.MemberChanged(talks(bob, true, true))
			c.MemberChanged(talks(attendee(1, "ada"), false, true))
			time.Sleep(talkTick * 3 / 40)
			synctest.Wait()
		}
		w.expect("ada", "modify", "modify")
		time.Sleep(talkTick)
		synctest.Wait()
		w.expect("ada") // nothing changed since

		c.MemberChanged(talks(bob, false, true))
		muted := talks(attendee(1, "ada"), true, false)
		muted.Muted = true
		c.MemberChanged(muted)
		w.expect("ada", "modify", "modify") // bob's first, at once
		c.MemberChanged(talks(bob, true, true))
		c.respond(map[string]any{"action": "response", "response": "+OK"})
		w.expect("ada", "modify", "response")
		c.MemberChanged(talks(bob, false, true))
		c.bootstrapRows("ada", "3500")
		w.expect("ada", "modify", "bootObj")
		c.MemberChanged(talks(bob, true, true))
		c.Ended()
		w.expect("ada", "modify", "clear")
		time.Sleep(time.Minute)
		synctest.Wait()
		w.expect("ada")
	})
}

// TestAttachedAgain: whoever comes back is told all that a joiner is told, may use
// his channels on the new connection, and bootstraps without a clear.
func TestAttachedAgain(t *testing.T) {
	t.Parallel()
	c, w := testConference(t, room.Profile{})
	ada := attendee(1, "ada")
	ada.Role = room.Moderator
	w.connect("ada")
	c.MemberJoined(ada, nil)
	c.LobbyChanged([]room.Info{waits(7, "eve", room.ForAdmission)})
	boot := func() []string {
		c.bootstrapRows("ada", "other") // always empty
		c.bootstrapRows("ada", "3500")
		return w.kinds("ada")
	}
	w.take("ada")
	if got := boot(); !slices.Equal(got, []string{"bootObj", "bootObj"}) {
		t.Errorf("bootstrap: %v", got)
	}
	if got := boot(); !slices.Equal(got, []string{"bootObj", "clear", "bootObj"}) {
		t.Errorf("bootstrap again: %v", got)
	}
	for _, detached := range []bool{true, false} {
		gone := ada
		gone.Detached = detached
		c.MemberChanged(gone)
		w.connect("ada") // a new connection under the same id
		c.MemberAttached(ada, nil)
		w.expect("ada", "conference-liveArray-join", "room-info", "lobby")
		if got, want := w.grants("ada"), []string{"chat", "info", "liveArray", "mod"}; !slices.Equal(got, want) {
			t.Errorf("may use %v, want %v", got, want)
		}
		if got := boot(); !slices.Equal(got, []string{"bootObj", "bootObj"}) {
			t.Errorf("bootstrap after coming back: %v", got)
		}
	}
}

// TestAnotherSession: a member whose session changed takes his channels along.
func TestAnotherSession(t *testing.T) {
	t.Parallel()
	c, w := testConference(t, room.Profile{})
	w.connect("ada")
	w.connect("later")
	ada := attendee(1, "ada")
	c.MemberJoined(ada, nil)
	ada.Session = "later"
	c.MemberChanged(ada)
	if old, now := w.grants("ada"), w.grants("later"); len(old) > 0 || len(now) != 3 {
		t.Errorf("the old session may use %v, the new one %v", old, now)
	}
	c.MemberAttached(ada, nil)
	w.take("later")
	c.MemberLeft(ada, room.Left)
	w.expect("later", "conference-liveArray-part")
	if now := w.grants("later"); len(now) > 0 {
		t.Errorf("left, and may use %v", now)
	}
}

// TestDetachedIsNotWrittenTo: nothing that is for one member goes to a session whose
// media is gone.
func TestDetachedIsNotWrittenTo(t *testing.T) {
	t.Parallel()
	c, w := testConference(t, room.Profile{})
	w.connect("ada")
	w.connect("bob")
	ada, bob := attendee(1, "ada"), attendee(2, "bob")
	c.MemberJoined(ada, nil)
	c.MemberJoined(bob, nil)
	ada.Detached = true
	c.MemberChanged(ada)
	w.take("ada")
	w.take("bob")
	c.GeometryChanged(room.Geometry{}, 1)
	c.PersonalRefused(ada, 3)
	_ = c.say(livearray.Chat{Message: "m", Type: "message", To: 1}, sender{"bob", "bob@example.com", "bob"})
	c.relay(sender{"bob", "bob@example.com", "bob"}, "conf+3500@example.com", "hello")
	promoted := ada
	promoted.Role = room.Moderator
	c.MemberChanged(promoted)
	c.MemberLeft(promoted, room.DetachTimeout)
	w.expect("ada")
	w.expect("bob", "refused", "info")
	if got := w.grants("ada"); len(got) > 0 {
		t.Errorf("may still use %v", got)
	}
}

// TestRestoredMember: who was there before a restart has a row and no session yet.
func TestRestoredMember(t *testing.T) {
	t.Parallel()
	c, w := testConference(t, room.Profile{})
	w.connect("ada")
	ada := attendee(1, "ada")
	ada.Detached = true
	c.MemberJoined(ada, nil)
	w.expect("ada")
	if got := w.grants("ada"); len(got) > 0 {
		t.Errorf("may use %v before he is back", got)
	}
	ada.Detached = false
	c.MemberAttached(ada, nil)
	w.expect("ada", "conference-liveArray-join", "room-info")
	if got := w.grants("ada"); len(got) != 3 {
		t.Errorf("may use %v", got)
	}
}

// TestPromoteAndDemote give and take the moderators' channel, and tell the client by
// another join event.
func TestPromoteAndDemote(t *testing.T) {
	t.Parallel()
	c, w := testConference(t, room.Profile{})
	w.connect("ada", testTable)
	ada := attendee(1, "ada")
	c.MemberJoined(ada, nil)
	w.take("ada")
	for _, step := range []struct {
		role   room.Role
		grants int
		want   []string
	}{
		{room.Viewer, 3, []string{"modify"}},
		{room.Moderator, 4, []string{"modify", "conference-liveArray-join", "room-info"}},
		{room.Moderator, 4, nil},
		{room.Participant, 3, []string{"modify", "conference-liveArray-join", "room-info"}},
	} {
		ada.Role = step.role
		c.MemberChanged(ada)
		w.expect("ada", step.want...)
		if got := w.grants("ada"); len(got) != step.grants {
			t.Errorf("%s may use %v", step.role, got)
		}
	}
}

func waits(id room.MemberID, name string, what room.Waiting) room.Info {
	i := attendee(id, name)
	i.Waiting = what
	return i
}

// TestWaitingAtTheDoor: those who wait are told what for, each thing once, and
// moderators who waits to be let in.
func TestWaitingAtTheDoor(t *testing.T) {
	t.Parallel()
	c, w := testConference(t, room.Profile{})
	for _, s := range []string{"mod", "eve", "ned"} {
		w.connect(s)
	}
	w.connect("mod", testMod)
	eve, ned := waits(7, "eve", room.ForPIN), waits(8, "ned", room.ForAdmission)
	c.LobbyChanged([]room.Info{eve})
	w.expect("eve", "waiting pin")
	w.expect("mod") // for a PIN only
	c.LobbyChanged([]room.Info{eve, ned})
	w.expect("eve")
	w.expect("ned", "waiting admission")
	if got := w.take("mod"); len(got) != 1 || string(got[0].Data) != `{"action":"lobby","waiting":[{"memberID":8,"name":"ned","callID":"call-ned","since":1700000000000}]}` {
		t.Errorf("moderators read %+v", got)
	}
	for range 2 {
		eve.PINTries++
		c.LobbyChanged([]room.Info{eve, ned})
		w.expect("eve", "waiting pin-wrong")
	}
	eve.Waiting = room.ForAdmission
	c.LobbyChanged([]room.Info{eve, ned})
	w.expect("eve", "waiting admission")
	w.expect("mod", "lobby")

	// Let in: the door may be told before the room or after it.
	eve.Waiting, ned.Waiting = room.NotWaiting, room.NotWaiting
	c.LobbyChanged([]room.Info{waits(8, "ned", room.ForAdmission)})
	c.MemberJoined(eve, nil)
	w.expect("eve", "waiting none", "conference-liveArray-join", "room-info")
	c.MemberJoined(ned, nil)
	c.LobbyChanged(nil)
	w.expect("ned", "waiting none", "conference-liveArray-join", "room-info")
	w.expect("mod", "lobby", "lobby")
	c.LobbyChanged(nil)
	if len(c.visits) != 0 {
		t.Errorf("%d visits are remembered", len(c.visits))
	}
}

// TestLongLobbyIsPaced: hundreds who come within a second do not make hundreds of
// long lists.
func TestLongLobbyIsPaced(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, w := testConference(t, room.Profile{})
		w.connect("mod", testMod)
		var waiting []room.Info
		for i := range 300 {
			waiting = append(waiting, waits(room.MemberID(i+1), fmt.Sprint("guest", i), room.ForAdmission))
			c.LobbyChanged(waiting)
			time.Sleep(time.Millisecond)
		}
		time.Sleep(listTick)
		synctest.Wait()
		got := w.take("mod")
		if len(got) < shortList+1 || len(got) > shortList+3 {
			t.Errorf("moderators were told %d times", len(got))
		}
		if n := strings.Count(string(got[len(got)-1].Data), "memberID"); n != 300 {
			t.Errorf("at last they read of %d", n)
		}
		c.LobbyChanged(nil)
		w.expect("mod", "lobby")
		c.Ended()
	})
}

// TestRoomState is told when it changed.
func TestRoomState(t *testing.T) {
	t.Parallel()
	c, w := testConference(t, room.Profile{})
	w.connect("ada", testInfo)
	c.RoomChanged(room.RoomInfo{Members: 1})
	c.RoomChanged(room.RoomInfo{Members: 2, Lobby: true, Waiting: 1})
	c.RoomChanged(room.RoomInfo{Members: 3, Lobby: true, Waiting: 1})
	w.expect("ada", "room-info")
	c.Reacted(attendee(1, "Ken"), "👍")
	if got := w.take("ada"); len(got) != 1 || string(got[0].EventData) != `{"contentType":"reaction","memberID":1,"name":"Ken","reaction":"👍"}` {
		t.Errorf("the reaction: %+v", got)
	}
}

// TestRowTells what the contract with our clients adds to FreeSWITCH's rows.
func TestRowTells(t *testing.T) {
	t.Parallel()
	i := attendee(17, "Ken")
	i.Role, i.Hand, i.Quality, i.Detached, i.CallHold = room.Viewer, time.UnixMilli(1700000000123), room.QualityPoor, true, true
	var cols [7]any
	if err := json.Unmarshal(row(i).Row(), &cols); err != nil {
		t.Fatal(err)
	}
	status, _ := cols[4].(string)
	for _, want := range []string{`"onHold":true`, `"oldStatus":"HOLD VIDEO","role":"viewer","hand":1700000000123,"quality":2,"detached":true}`} {
		if !strings.Contains(status, want) {
			t.Errorf("no %s in %s", want, status)
		}
	}
}

// TestForgedRows: clients cannot write a conference's table, and ask for its hash.
func TestForgedRows(t *testing.T) {
	t.Parallel()
	c, w := testConference(t, room.Profile{})
	w.connect("ada")
	c.MemberJoined(attendee(1, "ada"), nil)
	w.take("ada")
	for _, command := range []string{"add", "modify", "del", "clear"} {
		cmd := livearray.Command{Command: command, Name: "3500", Key: "call-ada", Data: json.RawMessage("[]")}
		if err := c.table("ada", cmd); !isDenied(err) {
			t.Errorf("%s: %v", command, err)
		}
	}
	for _, command := range []string{"heartbeat", "changepage", "else"} {
		if err := c.table("ada", livearray.Command{Command: command, Name: "3500"}); err != nil {
			t.Errorf("%s: %v", command, err)
		}
	}
	w.expect("ada")
	if err := c.table("ada", livearray.Command{Command: "hash", Name: "3500"}); err != nil {
		t.Error(err)
	}
	if got := w.take("ada"); len(got) != 1 || !strings.Contains(string(got[0].Data), c.roster.Hash()) {
		t.Errorf("the hash: %+v", got)
	}
}

func isDenied(err error) bool { return errors.Is(err, verto.ErrDenied) }
