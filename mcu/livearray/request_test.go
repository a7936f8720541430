package livearray_test

import (
	"encoding/json"
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
		{"no command", `{"liveArray":{}}`, livearray.Command{}, false},
		{"null", `{"liveArray":null}`, livearray.Command{}, false},
		{"wrong type", `{"liveArray":{"command":1}}`, livearray.Command{}, false},
		{"not an object", `"x"`, livearray.Command{}, false},
		{"nothing", ``, livearray.Command{}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, ok := livearray.ParseCommand(json.RawMessage(c.data))
			if got != c.want || ok != c.ok || got.Bootstrap() != (c.want.Command == "bootstrap") {
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
		{"action of a wrong type", `{"action":["send"]}`, livearray.Chat{}, false},
		{"null", `null`, livearray.Chat{}, false},
		{"too long", `{"action":"send","message":"x` + long + `"}`, livearray.Chat{Message: "x" + long[:livearray.MaxChat-2], Type: "message"}, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, ok := livearray.ParseChat(json.RawMessage(c.data))
			if got != c.want || ok != c.ok {
				t.Errorf("%.80v %v, want %.80v %v", got, ok, c.want, c.ok)
			}
		})
	}
}

func TestRelayOfAnUnknownSender(t *testing.T) {
	t.Parallel()
	c := livearray.Conference{Name: "r@own.example", Domain: "example.com"}
	got := marshal(t, c.Relay(livearray.Chat{Message: "m", Type: "t"}, "", ""))
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

// FuzzRequests: what clients send never panics, and what is relayed is bounded
// text that can be put on the wire.
func FuzzRequests(f *testing.F) {
	f.Add([]byte(`{"action":"send","message":"hello","type":"message"}`), "Ada")
	f.Add([]byte(`{"liveArray":{"command":"bootstrap","context":"c","name":"r"}}`), "\xff")
	f.Fuzz(func(t *testing.T, data []byte, name string) {
		a := livearray.NewArray("r", "ch")
		a.Add("k", person(1, name))
		if cmd, ok := livearray.ParseCommand(data); ok {
			if _, err := json.Marshal(a.Bootstrap("s", cmd.Name)); err != nil {
				t.Error(err)
			}
		}
		m, ok := livearray.ParseChat(data)
		if !ok {
			return
		}
		if len(m.Message) > livearray.MaxChat || !utf8.ValidString(m.Message) || m.Type == "" {
			t.Errorf("relayed %d bytes, type %q", len(m.Message), m.Type)
		}
		if _, err := json.Marshal(livearray.Conference{Name: name}.Relay(m, name, name)); err != nil {
			t.Error(err)
		}
	})
}
