package verto_test

import (
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gorilla/websocket"

	"github.com/omniverto/omniverto/mcu/verto"
)

func TestBadFrames(t *testing.T) {
	deep := strings.Repeat("[", 64) + strings.Repeat("]", 64)
	const notJSON = `{"jsonrpc":"2.0","error":{"code":-32600,"message":"Invalid Request"},"id":null}`
	const noMessage = `{"jsonrpc":"2.0","error":{"code":-32600,"message":"Invalid message"},"id":null}`
	const pong = `{"jsonrpc":"2.0","id":9,"result":{"message":"PONG","sessid":"s"}}`
	ping := func(extra string) string {
		return `{"jsonrpc":"2.0","method":"verto.ping","params":{` + extra + `},"id":9}`
	}
	cases := []struct{ name, frame, want string }{
		{"empty", "", notJSON},
		{"blank", " \n", notJSON},
		{"depth 64 of all", strings.TrimSuffix(strings.Repeat(`{"a":`, 64), ":") + ":1" + strings.Repeat("}", 64), noMessage},
		{"depth 65", "[" + deep + "]", notJSON},
		{"depth 100000", strings.Repeat("[", 100_000), notJSON},
		{"brackets in a string", ping(`"x":"` + strings.Repeat("[{", 100) + `\"[["`), pong},
		{"NaN", ping(`"x":NaN`), notJSON},
		{"huge number", ping(`"x":1e999999`), pong},
		{"two texts", ping("") + ping(""), notJSON},
		{"many members", ping(strings.TrimSuffix(strings.Repeat(`"a":1,`, 5000), ",")), notJSON},
		{"many members of the message", `{` + strings.Repeat(`"a":1,`, 5000) + `"b":1}`, notJSON},
		{"long batch", "[" + strings.TrimSuffix(strings.Repeat("1,", 101), ",") + "]", notJSON},
		{"batch of rubbish", `[1,[],{"jsonrpc":"2.0","id":1}]`, `[` + noMessage + `,` + noMessage +
			`,{"jsonrpc":"2.0","id":1,"error":{"code":-32601,"message":"Invalid Method, Missing Method or Permission Denied"}}]`},
		{"the first of duplicates counts", `{"jsonrpc":"2.0","JSONRPC":"1.0","method":"verto.ping","method":"echo","id":9,"id":10}`, pong},
		{"the first of duplicates counts, bad", `{"jsonrpc":"1.0","jsonrpc":"2.0","method":"verto.ping","id":9}`,
			`{"jsonrpc":"2.0","error":{"code":-32600,"message":"Invalid message"},"id":9}`},
		{"no Unicode folding of names", "{\"json\u0072pc\":\"2.0\",\"method\":\"verto.ping\",\"id\":9}", pong},
		{"params of no kind", `{"jsonrpc":"2.0","method":"verto.invite","params":"x","id":9}`,
			`{"jsonrpc":"2.0","id":9,"error":{"causeCode":95,"cause":"INVALID_MSG_UNSPECIFIED","message":"CALL ERROR","code":-32002}}`},
		{"lone surrogate", ping(`"x":"\ud800"`), pong},
	}
	inBubble(t, func(t *testing.T, s *stage) {
		c := s.login("a", "1000", "s")
		for _, tc := range cases {
			c.send(t, tc.frame)
			if got, _ := c.next(); got != tc.want {
				t.Errorf("%s:\n got %.300s\nwant %.300s", tc.name, got, tc.want)
			}
		}
	})
}

func TestBrokenUTF8ClosesTheConnection(t *testing.T) {
	inBubble(t, func(t *testing.T, s *stage) {
		c := s.login("a", "1000", "s")
		c.send(t, "{\"\xff\":1}")
		if code := c.closeCode(); code != websocket.CloseInvalidFramePayloadData {
			t.Errorf("close code %d", code)
		}
	})
}

func TestBinaryFramesAreTakenAsText(t *testing.T) {
	inBubble(t, func(t *testing.T, s *stage) {
		c := s.login("a", "1000", "s")
		if err := c.ws.WriteMessage(websocket.BinaryMessage, []byte(`{"jsonrpc":"2.0","method":"verto.ping","id":2}`)); err != nil {
			t.Fatal(err)
		}
		c.want(t, `{"jsonrpc":"2.0","id":2,"result":{"message":"PONG","sessid":"s"}}`)
	})
}

func TestPingFrameIsAnsweredWithPong(t *testing.T) {
	inBubble(t, func(t *testing.T, s *stage) {
		c := s.login("a", "1000", "s")
		if err := c.ws.WriteControl(websocket.PingMessage, []byte("hello"), time.Now().Add(time.Second)); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if got := c.pong.Load(); got != "hello" {
			t.Errorf("pong %v", got)
		}
	})
}

// TestFrameLimit runs over TCP, where a reset could swallow the close frame.
func TestFrameLimit(t *testing.T) {
	sw := newFakeSwitch()
	srv := verto.NewServer(verto.Options{Auth: nobody{}, Switch: sw})
	web := httptest.NewServer(srv)
	defer web.Close()
	defer srv.Close()
	for _, tc := range []struct {
		size int
		want string
	}{{1_000_000, "Authentication Required"}, {1_000_001, "close 1009"}, {12_000_000, "close 1009"}} {
		ws, _, err := websocket.DefaultDialer.Dial("ws"+strings.TrimPrefix(web.URL, "http"), nil)
		if err != nil {
			t.Fatal(err)
		}
		head := `{"jsonrpc":"2.0","method":"verto.ping","params":{"x":"`
		frame := head + strings.Repeat("x", tc.size-len(head)-3) + `"}}`
		werr := ws.WriteMessage(websocket.TextMessage, []byte(frame))
		_, got, err := ws.ReadMessage()
		if err != nil {
			got = []byte(err.Error())
		}
		if !strings.Contains(string(got), tc.want) || werr != nil {
			t.Errorf("%d bytes: %.200s (write: %v)", tc.size, got, werr)
		}
		ws.Close()
	}
}

func TestBrokenFrames(t *testing.T) {
	for name, bytes := range map[string][]byte{
		"unmasked":             {0x81, 0x01, 'a'},
		"reserved bits":        {0xf1, 0x81, 0, 0, 0, 0, 'a'},
		"unknown opcode":       {0x83, 0x80, 0, 0, 0, 0},
		"long control frame":   {0x89, 0xfe, 0, 126, 0, 0, 0, 0},
		"fragmented control":   {0x09, 0x80, 0, 0, 0, 0},
		"continuation of none": {0x80, 0x80, 0, 0, 0, 0},
		"length of 2^63":       {0x81, 0xff, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, s *stage) {
				c := s.login("a", "1000", "s")
				if _, err := c.ws.NetConn().Write(bytes); err != nil {
					t.Fatal(err)
				}
				<-time.After(5 * time.Second)
				if code := c.closeCode(); code < 0 {
					t.Error("still connected")
				}
			})
		})
	}
}

func TestTinyFragmentsAreOneMessage(t *testing.T) {
	inBubble(t, func(t *testing.T, s *stage) {
		c := s.login("a", "1000", "s")
		raw := c.ws.NetConn()
		for i, b := range []byte(`{"jsonrpc":"2.0","method":"verto.ping","id":2}`) {
			opcode := byte(0)
			if i == 0 {
				opcode = 1
			}
			if _, err := raw.Write([]byte{opcode, 0x81, 0, 0, 0, 0, b}); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := raw.Write([]byte{0x80, 0x80, 0, 0, 0, 0}); err != nil {
			t.Fatal(err)
		}
		c.want(t, `{"jsonrpc":"2.0","id":2,"result":{"message":"PONG","sessid":"s"}}`)
	})
}
