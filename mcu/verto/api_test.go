package verto_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/omniverto/omniverto/mcu/directory"
	"github.com/omniverto/omniverto/mcu/verto"
)

// ableSwitch has a Switch's optional powers.
type ableSwitch struct{ *fakeSwitch }

func (a ableSwitch) FSAPI(_ context.Context, s *verto.Session, cmd, arg string) (string, error) {
	a.note("fsapi %s %q by %s", cmd, arg, s.ID())
	switch cmd {
	case "system":
		return "", verto.ErrDenied
	case "broken":
		return "", errors.New("broken")
	}
	return "+OK " + arg + "\n", nil
}

func (a ableSwitch) JSAPI(_ context.Context, s *verto.Session, command string, data json.RawMessage) (any, error) {
	a.note("jsapi %s %s by %s", command, data, s.ID())
	switch command {
	case "nothing":
		return nil, nil
	case "list":
		return []int{1, 2}, nil
	case "unknown":
		return nil, verto.ErrDenied
	case "unwritable":
		return func() {}, nil
	}
	return map[string]any{"got": data, "sessid": "forged"}, nil
}

func (a ableSwitch) Subscribed(s *verto.Session, channel string) {
	a.note("subscribed %s by %s", channel, s.ID())
	a.srv.SendSession(s.ID(), map[string]any{"eventChannel": channel, "data": "replay"})
}

// listed lets everybody in, with these lists.
type listed struct{ methods, jsapi, fsapi string }

func (l listed) Login(_ context.Context, c verto.Credentials) (*verto.Identity, error) {
	return &verto.Identity{
		User: c.Login, Domain: "d", Methods: directory.ParsePermission(l.methods), Channels: directory.ParsePermission("presence,demo"),
		JSAPI: directory.ParsePermission(l.jsapi), FSAPI: directory.ParsePermission(l.fsapi),
	}, nil
}

// able gives the server's switch its powers and everybody these lists.
func able(l listed) func(*verto.Options) {
	return func(o *verto.Options) { o.Auth, o.Switch = l, ableSwitch{o.Switch.(*fakeSwitch)} }
}

const (
	apiDenied    = `{"jsonrpc":"2.0","id":7,"error":{"code":-32602,"message":"Permission Denied"}}`
	methodDenied = `{"jsonrpc":"2.0","id":7,"error":{"code":-32601,"message":"Invalid Method, Missing Method or Permission Denied"}}`
)

func TestAPI(t *testing.T) {
	all := listed{"verto jsapi fsapi", "__ANY__", "__ANY__"}
	some := listed{"verto jsapi fsapi", "status,fsapi", "conference,version,bgapi,sched_api"}
	cases := []struct {
		name                string
		lists               listed
		method, params      string
		want, heard, reason string
	}{
		{"a command", some, "fsapi", `"cmd":"conference","arg":"3500 list"`, `{"jsonrpc":"2.0","id":7,"result":{"message":"+OK 3500 list\n","sessid":"s"}}`, `fsapi conference "3500 list" by s`, ""},
		{"no arg", some, "fsapi", `"cmd":"version"`, `{"jsonrpc":"2.0","id":7,"result":{"message":"+OK \n","sessid":"s"}}`, `fsapi version "" by s`, ""},
		{"no cmd", some, "fsapi", ``, `{"jsonrpc":"2.0","id":7,"result":{"message":"INVALID CALL","sessid":"s"}}`, "", ""},
		{"not listed", some, "fsapi", `"cmd":"status"`, apiDenied, "", "fsapi refused"},
		{"case matters", some, "fsapi", `"cmd":"Conference"`, apiDenied, "", ""},
		{"method not listed", listed{"verto", "__ANY__", "__ANY__"}, "fsapi", `"cmd":"status"`, methodDenied, "", ""},
		{"nothing listed", listed{"fsapi", "", ""}, "fsapi", `"cmd":"status"`, apiDenied, "", ""},
		{"wrapped", some, "fsapi", `"cmd":"bgapi","arg":" conference 3500 list"`, `<*>"+OK  conference 3500 list\n"<*>`, `fsapi bgapi " conference 3500 list" by s`, ""},
		{"wrapped, not listed", some, "fsapi", `"cmd":"bgapi","arg":"status"`, apiDenied, "", ""},
		{"wrapped twice, not listed", some, "fsapi", `"cmd":"bgapi","arg":"bgapi system"`, apiDenied, "", ""},
		{"scheduled", some, "fsapi", `"cmd":"sched_api","arg":"+10 none version"`, `<*>+OK<*>`, `<*>`, ""},
		{"scheduled, not listed", some, "fsapi", `"cmd":"sched_api","arg":"+10 version system"`, apiDenied, "", ""},
		{"wrapping nothing", some, "fsapi", `"cmd":"bgapi"`, apiDenied, "", ""},
		{"not offered", all, "fsapi", `"cmd":"system","arg":"id"`, apiDenied, `<*>`, ""},
		{"failed", all, "fsapi", `"cmd":"broken"`, apiDenied, `<*>`, "err=broken"},
		{"long", all, "fsapi", `"cmd":"conference","arg":"` + strings.Repeat("x", 20_000) + `"`, apiDenied, "", ""},
		{"wrong types", all, "fsapi", `"cmd":["conference"],"arg":{}`, `<*>INVALID CALL<*>`, "", ""},

		{"json", some, "jsapi", `"command":"status","data":{"a":"<b>"}`, `{"jsonrpc":"2.0","id":7,"result":{"got":{"a":"<b>"},"sessid":"s"}}`, `jsapi status {"a":"<b>"} by s`, ""},
		{"json, no data", some, "jsapi", `"command":"status"`, apiDenied, "", ""},
		{"json, no object", some, "jsapi", `"command":"status","data":[1]`, apiDenied, "", ""},
		{"json, not listed", some, "jsapi", `"command":"execute","data":{}`, apiDenied, "", "jsapi refused"},
		{"json, method not listed", listed{"fsapi", "__ANY__", ""}, "jsapi", `"command":"status","data":{}`, methodDenied, "", ""},
		{"json, a null", all, "jsapi", `"command":"nothing","data":{}`, `{"jsonrpc":"2.0","id":7,"result":null}`, `<*>`, ""},
		{"json, a list", all, "jsapi", `"command":"list","data":{}`, `{"jsonrpc":"2.0","id":7,"result":[1,2]}`, `<*>`, ""},
		{"json, unknown", all, "jsapi", `"command":"unknown","data":{}`, apiDenied, `<*>`, ""},
		{"json, unwritable", all, "jsapi", `"command":"unwritable","data":{}`, apiDenied, `<*>`, ""},
		{"json for a command", some, "jsapi", `"command":"fsapi","data":{"cmd":"version","arg":"x"}`, `{"jsonrpc":"2.0","id":7,"result":{"message":"+OK x\n","sessid":"s"}}`, `fsapi version "x" by s`, ""},
		{"json for a command not listed", some, "jsapi", `"command":"fsapi","data":{"cmd":"status"}`, apiDenied, "", ""},
		{"json for a command, fsapi not listed", listed{"jsapi", "status", "__ANY__"}, "jsapi", `"command":"fsapi","data":{"cmd":"version"}`, apiDenied, "", ""},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, s *stage) {
				c := s.login("a", "1000", "s")
				s.send(t, c, tc.method, tc.params)
				c.want(t, tc.want)
				if got := strings.TrimSuffix(s.everything(), "\n"); !like(got, tc.heard) || got == "" && tc.heard != "" {
					t.Errorf("heard %s", got)
				}
				if !strings.Contains(s.log.String(), tc.reason) {
					t.Errorf("not in the log: %s", tc.reason)
				}
			}, able(tc.lists))
		})
	}
}

func TestWatcherHearsOfNewSubscriptions(t *testing.T) {
	inBubble(t, func(t *testing.T, s *stage) {
		c := s.login("a", "1000", "s")
		s.send(t, c, "verto.subscribe", `"eventChannel":["presence","demo","other"]`)
		c.want(t, `<*>"subscribedChannels":["presence","demo"],"unauthorizedChannels":["other"],"sessid":"s"}}`)
		c.want(t, `<*>"params":{"data":"replay","eventChannel":"presence"}}`)
		c.want(t, `<*>"params":{"data":"replay","eventChannel":"demo"}}`)
		s.send(t, c, "verto.subscribe", `"eventChannel":["presence","other"]`)
		c.want(t, `<*>alreadySubscribedChannels<*>`)
		s.send(t, c, "verto.subscribe", `"eventChannel":["other"]`)
		c.want(t, `<*>"error":{"unauthorizedChannels":["other"]}}`)
		s.heard(t, "subscribed presence by s", "subscribed demo by s", "")
	}, able(listed{"verto", "", ""}))
}

// TestBroadcastsReachTheSwitch: an application's live array may be on any channel;
// what only the server says there, nobody else does.
func TestBroadcastsReachTheSwitch(t *testing.T) {
	cases := []struct {
		channel      string
		local        bool
		heard, reply string
	}{
		{"demo", false, `broadcast demo {"a":1} by 1000@d ""`, `{"jsonrpc":"2.0","id":7,"result":{"sessid":"s"}}`},
		{"demo.sub", false, `broadcast demo.sub <*>`, `<*>"result":{"sessid":"s"}}`},
		{"demo", true, "", `<*>"result":{"sessid":"s"}}`},
		{"presence.bob@d", false, `broadcast presence.bob@d <*>`, `<*>"result":{"sessid":"s"}}`},
		{"presence.bob@d", true, "", `<*>"message":"Permission Denied.","code":-32002,"sessid":"s"}}`},
		{"other", false, "", `<*>"message":"Permission Denied."<*>`},
		{"conference-mod.3500@d", false, "", `<*>"message":"Permission Denied."<*>`},
	}
	for _, tc := range cases {
		t.Run(fmt.Sprint(tc.channel, tc.local), func(t *testing.T) {
			inBubble(t, func(t *testing.T, s *stage) {
				c := s.login("a", "1000", "s")
				s.send(t, c, "verto.broadcast", fmt.Sprintf(`"eventChannel":%q,"localBroadcast":%v,"data":{"a":1}`, tc.channel, tc.local))
				c.want(t, tc.reply)
				s.heard(t, tc.heard)
			}, able(listed{"verto", "", ""}))
		})
	}
}
