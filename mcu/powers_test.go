package mcu_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/omniverto/omniverto/mcu/config"
)

// TestCommandsOfUsers: fsapi runs the conference API for whom the directory lets;
// jsapi has nothing beside what the server answers itself.
func TestCommandsOfUsers(t *testing.T) {
	s := startHouse(t, func(c *config.Config) {
		put(t, c.Conf+"/directory/d.xml", strings.Replace(house, `<user id="1003"/>`, `<user id="1003"><params>
			<param name="jsonrpc-allowed-methods" value="verto,fsapi,jsapi"/><param name="jsonrpc-allowed-fsapi" value="conference status"/>
			<param name="jsonrpc-allowed-jsapi" value="fsapi channelData"/></params></user>`, 1))
	})
	bob, app := s.user("1001"), s.user("1003")
	bob.join("3800", "Bob")
	bob.memberID(0)
	if m := app.call("fsapi", map[string]any{"cmd": "conference", "arg": "3800 list count"}); !strings.Contains(string(m.Result), `"message":"1`) {
		t.Errorf("fsapi: %s %+v", m.Result, m.Error)
	}
	jsapi := func(command string, data map[string]any) message {
		return app.call("jsapi", map[string]any{"command": command, "data": data})
	}
	if m := jsapi("fsapi", map[string]any{"cmd": "conference", "arg": "3800 list count"}); !strings.Contains(string(m.Result), `"message":"1`) {
		t.Errorf("jsapi fsapi: %s %+v", m.Result, m.Error)
	}
	for name, m := range map[string]message{
		"a command that is not listed":    app.call("fsapi", map[string]any{"cmd": "version", "arg": ""}),
		"a command that does not exist":   jsapi("channelData", map[string]any{"uuid": bob.callID}),
		"somebody who may not do so":      bob.call("fsapi", map[string]any{"cmd": "conference", "arg": "3800 kick all"}),
		"somebody who may not do so, too": bob.call("jsapi", map[string]any{"command": "fsapi", "data": map[string]any{"cmd": "status"}}),
	} {
		if m.Error == nil {
			t.Errorf("%s: %s", name, m.Result)
		}
	}
	if got := s.control("3800", "list count"); got != "1" {
		t.Errorf("%q members", got)
	}
}

// TestPresenceOfCalls: who watches a user reads what his calls do.
func TestPresenceOfCalls(t *testing.T) {
	s := startHouse(t, func(c *config.Config) {
		put(t, c.Conf+"/directory/d.xml", strings.Replace(house, `<user id="1003"/>`, `<user id="1003"><params>
			<param name="jsonrpc-allowed-event-channels" value="presence"/></params></user>`, 1))
	})
	desk, bob := s.user("1003"), s.user("1001")
	bob.join("3800", "Bob")
	bob.memberID(0)
	bob.connected()
	const channel = "presence.1001@d.example"
	if m := desk.call("verto.subscribe", map[string]any{"eventChannel": channel}); m.Error != nil {
		t.Fatalf("subscribe: %+v", m.Error)
	}
	at := desk.expect(0, "verto.event", channel, `"channelCallState":"ACTIVE"`, `"calleeIDNumber":"3800"`, bob.callID)
	bob.modify(bob.callID, "hold", nil)
	at = desk.expect(at, "verto.event", channel, `"channelCallState":"HELD"`)
	bob.modify(bob.callID, "unhold", nil)
	at = desk.expect(at, "verto.event", channel, `"channelCallState":"ACTIVE"`)
	bob.call("verto.bye", map[string]any{"dialogParams": map[string]any{"callID": bob.callID}})
	at = desk.expect(at, "verto.event", channel, `"channelCallState":"HANGUP"`)
	bob.invite("..", "Bob", nil) // leads nowhere
	at = desk.expect(at, "verto.event", channel, `"channelCallState":"RINGING"`, bob.callID)
	desk.expect(at, "verto.event", channel, `"channelCallState":"HANGUP"`, bob.callID)
}

// TestTexts: a text reaches a user's sockets, and tells who sent it by his login.
func TestTexts(t *testing.T) {
	s := startHouse(t, nil)
	alice, bob := s.user("1000"), s.user("1001")
	text := func(c *client, to string) {
		c.t.Helper()
		m := c.call("verto.info", map[string]any{"msg": map[string]any{"to": to, "body": "to " + to, "from": "root@d.example"}})
		if !strings.Contains(string(m.Result), "SENT") {
			t.Errorf("text to %s: %s %+v", to, m.Result, m.Error)
		}
	}
	text(alice, "1001@d.example")
	bob.expect(0, "verto.info", `"from":"1000@d.example"`, `"body":"to 1001@d.example"`)
	text(alice, "1001")
	bob.expect(0, "verto.info", `"body":"to 1001"`)
	text(alice, "conf+3800@d.example")
	alice.expect(0, "verto.info", `"body":"Conference not active."`)
	guest := connect(t, s.ws, s.token("3800", "participant"))
	from := bob.count()
	text(guest, "1001@d.example")
	text(alice, "verto+1001@d.example")
	bob.expect(from, "verto.info", `"body":"to verto+1001@d.example"`)
	if got := bob.methods(from); !slices.Equal(got, []string{"verto.info"}) {
		t.Errorf("a guest's text came: %v", got)
	}
}
