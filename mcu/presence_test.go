package mcu

import (
	"encoding/json"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/omniverto/omniverto/mcu/room"
	"github.com/omniverto/omniverto/mcu/verto"
)

// TestPresenceAsRecorded: data as a FreeSWITCH server sent it (i-errors).
func TestPresenceAsRecorded(t *testing.T) {
	t.Parallel()
	w := newLoopback(t)
	p := newPresence(w)
	w.connect("ada", "presence")
	w.connect("bob", "presence.1000@127.0.0.1")
	w.connect("eve", "presence.1001@127.0.0.1")
	room := presenceCall{CallID: "9eebb495-dda9-91f9-af94-75faa0dd157c", User: "1000@127.0.0.1", CallerName: "Alice", CallerNumber: "1000", CalleeName: "Outbound Call", CalleeNumber: "3718"}
	other := presenceCall{CallID: "22222222-2222-3333-4444-555555555555", User: "1000@127.0.0.1", CallerName: "Alice", CallerNumber: "0000000000"}
	with := func(c presenceCall, s presenceState) presenceCall { c.State = s; return c }
	for _, c := range []struct {
		name string
		do   func()
		want string
	}{
		{"in a call", func() {
			p.set(with(room, presenceActive))
			w.take("ada")
			w.take("bob")
			p.replayTo("ada", "presence")
			p.replayTo("bob", "presence.1000@127.0.0.1")
		},
			`{"channelCallState":"ACTIVE","originalChannelCallState":"ACTIVE","channelState":"CS_EXECUTE","callerUserName":"1000@127.0.0.1","callerIDName":"Alice","callerIDNumber":"1000","calleeIDName":"Outbound Call","calleeIDNumber":"3718","channelUUID":"9eebb495-dda9-91f9-af94-75faa0dd157c","presenceCallDirection":"inbound","channelPresenceID":"1000@127.0.0.1"}`},
		{"over", func() { p.set(presenceCall{CallID: room.CallID, User: room.User, State: presenceOver}) },
			`{"channelCallState":"HANGUP","originalChannelCallState":"ACTIVE","channelState":"CS_HANGUP","callerUserName":"1000@127.0.0.1","callerIDName":"Alice","callerIDNumber":"1000","calleeIDName":"Outbound Call","calleeIDNumber":"3718","channelUUID":"9eebb495-dda9-91f9-af94-75faa0dd157c","presenceCallDirection":"inbound","channelPresenceID":"1000@127.0.0.1"}`},
		{"rings", func() { p.set(with(other, presenceRinging)) },
			`{"channelCallState":"RINGING","originalChannelCallState":"DOWN","channelState":"CS_ROUTING","callerUserName":"1000@127.0.0.1","callerIDName":"Alice","callerIDNumber":"0000000000","channelUUID":"22222222-2222-3333-4444-555555555555","presenceCallDirection":"inbound","channelPresenceID":"1000@127.0.0.1"}`},
		{"early", func() { p.set(with(other, presenceEarly)) },
			`{"channelCallState":"EARLY","originalChannelCallState":"RINGING","channelState":"CS_EXECUTE","callerUserName":"1000@127.0.0.1","callerIDName":"Alice","callerIDNumber":"0000000000","channelUUID":"22222222-2222-3333-4444-555555555555","presenceCallDirection":"inbound","channelPresenceID":"1000@127.0.0.1"}`},
		{"over again", func() { p.set(with(other, presenceOver)) },
			`{"channelCallState":"HANGUP","originalChannelCallState":"EARLY","channelState":"CS_HANGUP","callerUserName":"1000@127.0.0.1","callerIDName":"Alice","callerIDNumber":"0000000000","channelUUID":"22222222-2222-3333-4444-555555555555","presenceCallDirection":"inbound","channelPresenceID":"1000@127.0.0.1"}`},
		{"twice over", func() { p.set(with(other, presenceOver)) }, ""},
		{"nobody's call", func() { p.set(presenceCall{CallID: "x", State: presenceActive}) }, ""},
		{"replay of nothing", func() { p.replayTo("ada", "presence"); p.replayTo("ada", "demo") }, ""},
	} {
		c.do()
		for _, session := range []string{"ada", "bob"} {
			got := w.take(session)
			switch {
			case c.want == "" && len(got) > 0:
				t.Errorf("%s: %s reads %+v", c.name, session, got)
			case c.want != "" && (len(got) != 1 || string(got[0].Data) != c.want || got[0].EventChannel != "presence.1000@127.0.0.1"):
				t.Errorf("%s: %s reads %+v\nwant %s", c.name, session, got, c.want)
			}
		}
	}
	w.expect("eve")
	p.set(with(room, presenceHeld))
	p.set(with(room, presenceHeld)) // told once
	w.expect("bob", "message")
	p.replayTo("eve", "presence.1001@127.0.0.1") // of another
	w.expect("eve")
}

// TestDescriptionAsRecorded: the conference.<name> channel as a FreeSWITCH server
// spoke on it (i-errors), but for RTP's SSRCs.
func TestDescriptionAsRecorded(t *testing.T) {
	t.Parallel()
	w := newLoopback(t)
	w.connect("s", "conference.3718@127.0.0.1")
	ask := func(data string) verto.Broadcast {
		return verto.Broadcast{Channel: "conference.3718@127.0.0.1", Data: json.RawMessage(data), UserID: "1000@127.0.0.1"}
	}
	expect := func(name, want string) {
		t.Helper()
		got := w.take("s")
		var g, x any
		if len(got) != 1 || json.Unmarshal([]byte(got[0].raw), &g) != nil || json.Unmarshal([]byte(want), &x) != nil {
			t.Fatalf("%s: %+v", name, got)
		}
		if !reflect.DeepEqual(g, x) {
			t.Errorf("%s:\n got %s\nwant %s", name, got[0].raw, want)
		}
	}
	describeInactive(w, "s", ask(`{"action":"bootstrap"}`))
	expect("inactive", `{"sessid":"s","eventChannel":"conference.3718@127.0.0.1","userid":"1000@127.0.0.1","data":{"conferenceDescription":"FreeSWITCH Conference","conferenceState":"inactive","users":[],"oldUsers":[],"action":"conferenceDescription"}}`)

	c := newConference("3718", "127.0.0.1", room.Profile{JSONEvents: true}, w)
	alice := room.Info{ID: 10, CallID: "c", User: "1000@127.0.0.1", Name: "Alice", HasAudio: true, HasVideo: true,
		Joined: time.Date(2026, 11, 21, 7, 57, 37, 0, time.UTC), Variables: map[string]string{"PD-x": "1", "json_y": "2", "secret": "3"}}
	user := `{"entity":"1000@127.0.0.1","displayText":"Alice","status":"connected","joinTime":"2026-11-21T07:57:37+00:00","memberId":"10","rtpAudioDirection":"sendrecv","rtpVideoDirection":"sendrecv","variables":{"PD-x":"1","json_y":"2"}}`
	active := `"entity":"3718@127.0.0.1","conferenceDescription":"FreeSWITCH Conference","conferenceState":"active"`
	c.MemberJoined(alice, nil)
	expect("join", `{"eventChannel":"conference.3718@127.0.0.1","data":{`+active+`,"userCount":"1","users":[`+user+`],"oldUsers":[]}}`)
	b := ask(`{"action":"bootstrap"}`)
	b.FromDisplay = "Alice"
	c.describe("s", b)
	expect("bootstrap", `{"sessid":"s","eventChannel":"conference.3718@127.0.0.1","userid":"1000@127.0.0.1","fromDisplay":"Alice","data":{`+active+`,"userCount":"1","users":[`+user+`],"oldUsers":[],"action":"conferenceDescription"}}`)
	for _, data := range []string{`{"action":"other"}`, `"x"`, ``, `{"action":1}`} {
		c.describe("s", ask(data))
		expect("other action", `{"sessid":"s","eventChannel":"conference.3718@127.0.0.1","userid":"1000@127.0.0.1","data":{"error":"Invalid action","action":"conferenceDescription"}}`)
	}
	c.MemberLeft(alice, room.Left)
	old := `{"entity":"1000@127.0.0.1","displayText":"Alice","status":"disconnected","joinTime":"2026-11-21T07:57:37+00:00","memberId":"10","variables":{"PD-x":"1","json_y":"2"}}`
	expect("leave", `{"eventChannel":"conference.3718@127.0.0.1","data":{`+active+`,"userCount":"0","users":[],"oldUsers":[`+old+`]}}`)

	quiet := newConference("3718", "127.0.0.1", room.Profile{}, w)
	quiet.MemberJoined(alice, nil)
	w.expect("s") // no json-events
}

// TestOldUsersAreBounded: a room where thousands come and go is not described by
// thousands.
func TestOldUsersAreBounded(t *testing.T) {
	t.Parallel()
	var d description
	for i := range 3 * maxOldUsers {
		d.left(room.Info{ID: room.MemberID(i)})
	}
	if len(d.old) != maxOldUsers || d.old[maxOldUsers-1].MemberID != "599" {
		t.Errorf("%d, the last is %s", len(d.old), d.old[len(d.old)-1].MemberID)
	}
	ids := make([]string, 0, maxOldUsers)
	for _, u := range d.old {
		ids = append(ids, u.MemberID)
	}
	if !slices.IsSorted(ids) {
		t.Error("out of order")
	}
}
