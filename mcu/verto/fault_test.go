package verto_test

import (
	"context"
	"fmt"
	"net/http"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gorilla/websocket"

	"github.com/omniverto/omniverto/mcu/verto"
)

// TestNothingWorksBeforeLogin asks for every method.
func TestNothingWorksBeforeLogin(t *testing.T) {
	inBubble(t, func(t *testing.T, s *stage) {
		c := s.mustOpen("a")
		for _, name := range verto.MethodNames() {
			s.send(t, c, name, `"sessid":"s","sdp":"m=","action":"hold","eventChannel":"demo","cmd":"status","command":"status","data":{},"dialogParams":{"callID":"c"}`)
			c.want(t, `{"jsonrpc":"2.0","id":7,"error":{"code":-32000,"message":"Authentication Required"}}`)
		}
		if got := s.everything(); got != "" {
			t.Error(got)
		}
		if st := s.srv.Stats(); st.Sessions+st.Calls != 0 {
			t.Errorf("%+v", st)
		}
	}, able(listed{"__ANY__", "__ANY__", "__ANY__"}))
}

// TestWrongTypesInEveryField puts values of every kind where the methods read others.
func TestWrongTypesInEveryField(t *testing.T) {
	fields := []string{"sdp", "dialogParams", "eventChannel", "action", "destination", "replaceCallID", "dtmf", "msg", "candidate", "data", "localBroadcast",
		"cmd", "arg", "command", "cause", "causeCode", "login", "passwd", "sessid", "loginParams", "userVariables", "echoParams"}
	inner := []string{"callID", "destination_number", "caller_id_name", "pin", "deviceID", "conferenceCanvasID", "userVariables", "recoverCall", "callee_id_name", "outgoingBandwidth"}
	values := []string{`null`, `true`, `-1`, `1e400`, `9223372036854775808`, `""`, `"\u0000\ud800"`, `[]`, `[[null,{}]]`, `{}`, `{"a":{"a":[1]}}`, `"` + strings.Repeat("x", 5000) + `"`}
	inBubble(t, func(t *testing.T, s *stage) {
		c := s.login("a", "1000", "s")
		ask := func(name, params string) {
			s.send(t, c, name, params)
			got, ok := c.next()
			for ok && strings.Contains(got, `"method":`) { // a call's end
				got, ok = c.next()
			}
			if !ok || !strings.Contains(got, `"id":7`) {
				t.Fatalf("%s {%.200s}: %q", name, params, got)
			}
		}
		for _, name := range verto.MethodNames() {
			if name == "login" {
				continue // would be slowed down as guessing
			}
			for _, value := range values {
				for _, field := range fields {
					ask(name, fmt.Sprintf(`"sdp":"m=","action":"hold","dialogParams":{"callID":"c"},%q:%s`, field, value))
				}
				for _, field := range inner {
					ask(name, fmt.Sprintf(`"sdp":"m=","action":"hold","dialogParams":{%q:%s,"callID":"c"}`, field, value))
				}
			}
		}
	}, able(listed{"__ANY__", "__ANY__", "__ANY__"}))
}

// stuckSwitch never answers an invite, whatever the client does.
type stuckSwitch struct {
	*fakeSwitch
	asked atomic.Int32
	gate  chan struct{}
}

func (s *stuckSwitch) Invite(context.Context, verto.Invite, verto.CallControl) (verto.Call, error) {
	s.asked.Add(1)
	<-s.gate
	return nil, &verto.CallError{Cause: verto.CauseNormalClearing}
}

// TestFloodOfInvites hangs up every call at once: what the switch is still busy with is
// limited all the same.
func TestFloodOfInvites(t *testing.T) {
	stuck := &stuckSwitch{fakeSwitch: newFakeSwitch()}
	inBubble(t, func(t *testing.T, s *stage) {
		stuck.gate = make(chan struct{})
		c := s.login("a", "1000", "s")
		refused := 0
		for i := range 1000 {
			s.send(t, c, "verto.invite", fmt.Sprintf(`"sdp":"m=","dialogParams":{"callID":"c%d"}`, i))
			if got, _ := c.next(); strings.Contains(got, "CALL ERROR") {
				refused++
			}
			s.send(t, c, "verto.bye", fmt.Sprintf(`"dialogParams":{"callID":"c%d"}`, i))
			c.next()
		}
		if n := stuck.asked.Load(); n != 16 || refused != 1000-16 {
			t.Errorf("the switch is asked for %d calls, %d were refused", n, refused)
		}
		close(stuck.gate)
		synctest.Wait()
		s.send(t, c, "verto.invite", `"sdp":"m=","dialogParams":{"callID":"again"}`)
		c.want(t, `<*>CALL CREATED<*>`)
	}, func(o *verto.Options) { o.Switch = stuck })
}

func TestNoCompression(t *testing.T) {
	inBubble(t, func(t *testing.T, s *stage) {
		d := websocket.Dialer{NetDialContext: s.net.dial, EnableCompression: true}
		ws, resp, err := d.Dial("ws://verto.test/", nil)
		if err != nil {
			t.Fatal(err)
		}
		defer ws.Close()
		if got := resp.Header.Get("Sec-Websocket-Extensions"); got != "" || resp.StatusCode != http.StatusSwitchingProtocols {
			t.Errorf("extensions %q", got)
		}
	})
}

// TestPingFlood sends pings and reads nothing: the server's memory does not grow, and
// others are served.
func TestPingFlood(t *testing.T) {
	inBubble(t, func(t *testing.T, s *stage) {
		other := s.login("other", "1001", "s-other")
		c := s.login("a", "1000", "s")
		c.gone.Store(true)
		resume := c.stall()
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		done := make(chan struct{})
		go func() {
			defer close(done)
			for range 5000 {
				if c.ws.WriteControl(websocket.PingMessage, make([]byte, 125), time.Now().Add(time.Minute)) != nil {
					return
				}
			}
		}()
		s.send(t, other, "verto.ping", ``)
		other.want(t, `<*>PONG<*>`)
		<-time.After(10 * time.Minute)
		runtime.ReadMemStats(&after)
		if grown := int64(after.HeapAlloc) - int64(before.HeapAlloc); grown > 16<<20 {
			t.Errorf("the heap grew by %d bytes", grown)
		}
		resume()
		c.ws.Close()
		<-done
	})
}

// TestVariablesGiveNoRight: whatever a client calls them, they stay in a namespace of
// their own, and what is meant for the server's ears is read from its own place only.
func TestVariablesGiveNoRight(t *testing.T) {
	v := &variables{fakeSwitch: newFakeSwitch()}
	inBubble(t, func(t *testing.T, s *stage) {
		v.got = make(chan verto.Invite, 1)
		c := s.mustOpen("a")
		evil := `{"conference_member_flags":"moderator","supplied_pin":"1234","pin":"1234","deviceID":"d","conference_enforce_security":"false","user":"root","domain":"evil","moderator":"true"}`
		s.send(t, c, "login", `"login":"1000","passwd":"1234","sessid":"s","loginParams":`+evil+`,"userVariables":`+evil)
		c.want(t, `{"jsonrpc":"2.0","id":7,"result":{"message":"logged in","sessid":"s"}}`)
		c.want(t, `<*>clientReady<*>`)
		s.send(t, c, "verto.invite", `"sdp":"m=","pin":"1","dialogParams":{"callID":"c1","userVariables":`+evil+`}`)
		inv := <-v.got
		who := inv.Session.Identity()
		if who.UserID() != alice || who.Moderator || who.Role() != "participant" || who.MemberFlags != "" || who.Variable("supplied_pin") != "" {
			t.Errorf("identity %+v", who)
		}
		if inv.PIN != "" || inv.DeviceID != "" {
			t.Errorf("PIN %q, device %q", inv.PIN, inv.DeviceID)
		}
		c.want(t, `<*>CALL CREATED<*>`)
		s.send(t, c, "verto.invite", `"sdp":"m=","dialogParams":{"callID":"c2","pin":"0815","deviceID":"d-1"}`)
		if inv := <-v.got; inv.PIN != "0815" || inv.DeviceID != "d-1" {
			t.Errorf("PIN %q, device %q", inv.PIN, inv.DeviceID)
		}
		if strings.Contains(s.log.String(), "0815") {
			t.Error("the PIN is in the log")
		}
		c.want(t, `<*>CALL CREATED<*>`)
		s.send(t, c, "verto.invite", `"sdp":"m=","dialogParams":{"callID":"c3","pin":"`+strings.Repeat("1", 33)+`","deviceID":" d"}`)
		if inv := <-v.got; inv.PIN != "" || inv.DeviceID != "" {
			t.Errorf("PIN %q, device %q", inv.PIN, inv.DeviceID)
		}
	}, func(o *verto.Options) { o.Switch = v })
}

// TestRefusalsAreAudited: who tries a forbidden channel or command is in the log.
func TestRefusalsAreAudited(t *testing.T) {
	inBubble(t, func(t *testing.T, s *stage) {
		c := s.login("a", "1000", "s")
		s.srv.Grant("s", "conference-chat.3500@d", "conference-info.3500@d", "conference-liveArray.3500@d")
		for _, channel := range []string{"conference-chat.3500@d", "conference-info.3500@d", "conference-liveArray.3500@d"} {
			s.send(t, c, "verto.broadcast", fmt.Sprintf(`"eventChannel":%q,"localBroadcast":true,"data":{"action":"forged"}`, channel))
			c.want(t, `<*>Permission Denied.<*>`)
		}
		s.send(t, c, "verto.subscribe", `"eventChannel":"conference-mod.3501@d"`)
		c.want(t, `<*>unauthorizedChannels<*>`)
		log := s.log.String()
		for _, want := range []string{"broadcast refused", "channel=conference-info.3500@d", "subscription refused", "channel=conference-mod.3501@d", "user=1000@d"} {
			if !strings.Contains(log, want) {
				t.Errorf("not in the log: %s", want)
			}
		}
		s.wantMetric(t, `omniverto_verto_denied_total{what="broadcast"} 3`)
		s.wantMetric(t, `omniverto_verto_denied_total{what="subscribe"} 1`)
	}, able(listed{"verto", "", ""}))
}
