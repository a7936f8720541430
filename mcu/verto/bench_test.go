package verto_test

import (
	"context"
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/gorilla/websocket"

	"github.com/omniverto/omniverto/mcu/directory"
	"github.com/omniverto/omniverto/mcu/verto"
)

// BenchmarkDecode is a request from text to reply: envelope, gate, method, encoding.
func BenchmarkDecode(b *testing.B) {
	sdp := strings.Repeat("a=candidate:1 1 udp 1 192.0.2.1 9 typ host\\r\\n", 120)
	for _, bc := range []struct{ name, text string }{
		{"ping", `{"jsonrpc":"2.0","method":"verto.ping","params":{"sessid":"s"},"id":4}`},
		{"bye", `{"jsonrpc":"2.0","method":"verto.bye","params":{"dialogParams":{"callID":"c","useVideo":true,"videoParams":{"minWidth":640}},"sessid":"s"},"id":4}`},
		{"modify-6KB", `{"jsonrpc":"2.0","method":"verto.modify","params":{"action":"updateMedia","sdp":"` + sdp + `","dialogParams":{"callID":"c"}},"id":4}`},
	} {
		b.Run(bc.name, func(b *testing.B) {
			handle, done := verto.Handler()
			defer done()
			text := []byte(bc.text)
			b.ReportAllocs()
			b.SetBytes(int64(len(text)))
			for b.Loop() {
				handle(text)
			}
		})
	}
}

// BenchmarkPublish sends one live array row to all members of a room, over TCP.
func BenchmarkPublish(b *testing.B) {
	row := map[string]any{"data": map[string]any{"action": "modify", "name": "3500", "wireSerno": 8, "hashKey": strings.Repeat("k", 36),
		"data": []any{"0001", "1000", "Alice", "opus@48000", strings.Repeat("s", 420), map[string]string{"email": "a@example.org"}, nil}}}
	for _, n := range []int{1, 10, 100} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			srv := verto.NewServer(verto.Options{Auth: anybody{}, Switch: newFakeSwitch()})
			web := httptest.NewServer(srv)
			defer web.Close()
			defer srv.Close()
			seen := make(chan struct{}, n)
			for i := range n {
				listen(b, web.URL, i, seen)
			}
			b.ReportAllocs()
			for b.Loop() {
				srv.Publish("demo", row)
				for range n {
					<-seen
				}
			}
			b.ReportMetric(float64(b.N*n)/b.Elapsed().Seconds(), "events/s")
		})
	}
}

// listen subscribes a client that tells every further frame.
func listen(b *testing.B, url string, i int, seen chan<- struct{}) {
	ws, _, err := websocket.DefaultDialer.Dial("ws"+strings.TrimPrefix(url, "http"), nil)
	if err != nil {
		b.Fatal(err)
	}
	for _, text := range []string{
		fmt.Sprintf(`{"jsonrpc":"2.0","method":"login","params":{"login":"x","passwd":"y","sessid":"s%d"},"id":1}`, i),
		`{"jsonrpc":"2.0","method":"verto.subscribe","params":{"eventChannel":"demo"},"id":2}`,
	} {
		if err := ws.WriteMessage(websocket.TextMessage, []byte(text)); err != nil {
			b.Fatal(err)
		}
	}
	for range 3 { // two results and clientReady
		if _, _, err := ws.ReadMessage(); err != nil {
			b.Fatal(err)
		}
	}
	go func() {
		defer ws.Close()
		for {
			if _, _, err := ws.ReadMessage(); err != nil {
				return
			}
			seen <- struct{}{}
		}
	}()
}

// anybody is an Authenticator that lets everybody do everything.
type anybody struct{}

func (anybody) Login(_ context.Context, c verto.Credentials) (*verto.Identity, error) {
	return &verto.Identity{User: c.Login, Domain: "d", Methods: directory.AllowAll(), Channels: directory.AllowAll()}, nil
}
