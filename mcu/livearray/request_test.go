package livearray_test

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/omniverto/omniverto/mcu/livearray"
)

func TestParseCommand(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, data string
		want       livearray.Command
		ok         bool
	}{
		{"bootstrap", `{"liveArray":{"command":"bootstrap","context":"ch","name":"r","obj":{}}}`, livearray.Command{Command: "bootstrap", Context: "ch", Name: "r"}, true},
		{"other", `{"liveArray":{"command":"heartbeat"}}`, livearray.Command{Command: "heartbeat"}, true},
		{"a row", `{"liveArray":{"command":"add","name":"r","hashKey":"k","data":[1]}}`, livearray.Command{Command: "add", Name: "r", Key: "k", Data: json.RawMessage("[1]")}, true},
		{"no command", `{"liveArray":{}}`, livearray.Command{}, false},
		{"null", `{"liveArray":null}`, livearray.Command{}, false},
		{"wrong type", `{"liveArray":{"command":1}}`, livearray.Command{}, false},
		{"not an object", `"x"`, livearray.Command{}, false},
		{"nothing", ``, livearray.Command{}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, ok := livearray.ParseCommand(json.RawMessage(c.data))
			if !reflect.DeepEqual(got, c.want) || ok != c.ok || got.Bootstrap() != (c.want.Command == "bootstrap") || got.Writes() != (c.want.Command == "add") {
				t.Errorf("%+v %v, want %+v %v", got, ok, c.want, c.ok)
			}
		})
	}
}

func TestParseChat(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("é", livearray.MaxChat)
	for _, c := range []struct {
		name, data string
		want       livearray.Chat
		ok         bool
	}{
		{"message of a wrong type", `{"action":"send","message":{"a":1}}`, livearray.Chat{Type: "message"}, true},
		{"type of a wrong type", `{"action":"send","message":"m","type":7}`, livearray.Chat{Message: "m", Type: "message"}, true},
		{"private", `{"action":"send","message":"m","to":17}`, livearray.Chat{Message: "m", Type: "message", To: 17}, true},
		{"to null is to everybody", `{"action":"send","message":"m","to":null}`, livearray.Chat{Message: "m", Type: "message"}, true},
		{"to nobody", `{"action":"send","message":"m","to":0}`, livearray.Chat{}, false},
		{"to half a member", `{"action":"send","message":"m","to":1.5}`, livearray.Chat{}, false},
		{"to a member beyond counting", `{"action":"send","message":"m","to":4294967296}`, livearray.Chat{}, false},
		{"to a text", `{"action":"send","message":"m","to":"17"}`, livearray.Chat{}, false},
		{"to all of a list", `{"action":"send","message":"m","to":[1,2]}`, livearray.Chat{}, false},
		{"history", `{"action":"history"}`, livearray.Chat{History: true}, true},
		{"action of a wrong type", `{"action":["send"]}`, livearray.Chat{}, false},
		{"null", `null`, livearray.Chat{}, false},
		{"too long", `{"action":"send","message":"x` + long + `"}`, livearray.Chat{Message: "x" + long[:livearray.MaxChat-2], Type: "message"}, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, ok := livearray.ParseChat(json.RawMessage(c.data))
			if !ok {
				got = livearray.Chat{}
			}
			if got != c.want || ok != c.ok {
				t.Errorf("%.80v %v, want %.80v %v", got, ok, c.want, c.ok)
			}
		})
	}
}

func TestRelayOfAnUnknownSender(t *testing.T) {
	t.Parallel()
	c := livearray.Conference{Name: "r@own.example", Domain: "example.com"}
	got := marshal(t, c.Relay(livearray.Chat{Message: "m", Type: "t"}.Said("", "")))
	want := `{"data":{"direction":"outbound","message":"m","type":"t"},"eventChannel":"conference-chat.r@own.example"}`
	if got != want {
		t.Errorf("\n got %s\nwant %s", got, want)
	}
}

func TestAuxiliaryLegs(t *testing.T) {
	t.Parallel()
	c := livearray.Conference{Name: "r", Domain: "example.com"}
	got := marshal(t, c.Join(livearray.Leg{Session: "s", ScreenShare: true, VideoOnly: true}))
	for _, want := range []string{`"screenShare":true`, `"videoOnly":true`, `"chatID":"conf+r@example.com"`} {
		if !strings.Contains(got, want) {
			t.Errorf("no %s in %s", want, got)
		}
	}
	if plain := marshal(t, c.Join(livearray.Leg{})); strings.Contains(plain, "screenShare") || strings.Contains(plain, "modChannel") {
		t.Errorf("a plain join says %s", plain)
	}
}

// TestVariablesOfJoin: variables stand at the end, by name, and cannot take the place
// of what the server says.
func TestVariablesOfJoin(t *testing.T) {
	t.Parallel()
	c := livearray.Conference{Name: "r", Domain: "example.com"}
	vars := map[string]string{"z": "1", "hipchatURL": "<x>", "role": "moderator", "modChannel": "conference-mod.r", "callID": "c", "": "e", "ole": "o"}
	got := marshal(t, c.Join(livearray.Leg{CallID: "own", Variables: vars})["pvtData"])
	want := strings.TrimSuffix(marshal(t, c.Join(livearray.Leg{CallID: "own"})["pvtData"]), "}") + `,"hipchatURL":"<x>","ole":"o","z":"1"}`
	want = strings.ReplaceAll(strings.ReplaceAll(want, "<", `\u003c`), ">", `\u003e`) // json.Marshal's own escapes
	if got != want {
		t.Errorf("\n got %s\nwant %s", got, want)
	}
}

// FuzzRequests: what clients send never panics, and what is relayed is bounded
// text that can be put on the wire.
func FuzzRequests(f *testing.F) {
	f.Add([]byte(`{"action":"send","message":"hello","type":"message"}`), "Ada")
	f.Add([]byte(`{"liveArray":{"command":"bootstrap","context":"c","name":"r"}}`), "\xff")
	f.Fuzz(func(t *testing.T, data []byte, name string) {
		a := livearray.NewArray("r", "ch")
		a.Set("k", person(1, name).Row())
		if cmd, ok := livearray.ParseCommand(data); ok {
			if _, err := json.Marshal(a.Bootstrap("s", cmd.Name)); err != nil {
				t.Error(err)
			}
		}
		m, ok := livearray.ParseChat(data)
		if !ok {
			return
		}
		if m.History {
			return
		}
		if len(m.Message) > livearray.MaxChat || !utf8.ValidString(m.Message) || m.Type == "" {
			t.Errorf("relayed %d bytes, type %q", len(m.Message), m.Type)
		}
		if _, err := json.Marshal(livearray.Conference{Name: name}.Relay(m.Said(name, name))); err != nil {
			t.Error(err)
		}
	})
}
