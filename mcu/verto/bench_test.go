package verto_test

import (
	"context"
	"fmt"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"

	"github.com/gorilla/websocket"

	"github.com/omniverto/omniverto/mcu/directory"
	"github.com/omniverto/omniverto/mcu/verto"
)

// dialogParams are a stock client's, with an invite.
const dialogParams = `{"useVideo":true,"useStereo":true,"screenShare":false,"useCamera":"any","useMic":"any","useSpeak":"any","tag":"webcam","localTag":null,` +
	`"login":"1001@127.0.0.1","videoParams":{"minWidth":"1280","minHeight":"720","minFrameRate":15},"useStream":null,"destination_number":"3714",` +
	`"caller_id_name":"Bob","caller_id_number":"1001","outgoingBandwidth":"default","incomingBandwidth":"default","dedEnc":false,"mirrorInput":false,` +
	`"userVariables":{"avatar":"http://example.org/1001.png","email":"1001@example.org"},"callID":"c3fc1b92-7ef9-8220-1c06-a94f0db92eeb",` +
	`"remote_caller_id_name":"Outbound Call","remote_caller_id_number":"3714"}`

// BenchmarkDecode is a request from text to reply: envelope, gate, method, encoding.
func BenchmarkDecode(b *testing.B) {
	sdp := strings.Repeat("a=candidate:1 1 udp 1 192.0.2.1 9 typ host\\r\\n", 120)
	for _, bc := range []struct{ name, text string }{
		{"ping", `{"jsonrpc":"2.0","method":"verto.ping","params":{"sessid":"s"},"id":4}`},
		{"bye", `{"jsonrpc":"2.0","method":"verto.bye","params":{"dialogParams":{"callID":"c","useVideo":true,"videoParams":{"minWidth":640}},"sessid":"s"},"id":4}`},
		{"broadcast", `{"jsonrpc":"2.0","method":"verto.broadcast","params":{"eventChannel":"demo","data":{"liveArray":{"command":"bootstrap","context":"conference-liveArray.3714@127.0.0.1","name":"3714"}},"sessid":"ce9729f0-599f-a4fd-2712-45dd3da638be"},"id":8}`},
		{"invite-6KB", `{"jsonrpc":"2.0","method":"verto.invite","params":{"sdp":"` + sdp + `","dialogParams":` + dialogParams + `,"sessid":"ce9729f0-599f-a4fd-2712-45dd3da638be"},"id":4}`},
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

// row is one change of a live array; text is the length of what the member's state says.
func row(text int) map[string]any {
	return map[string]any{"data": map[string]any{"action": "modify", "name": "3500", "wireSerno": 8, "hashKey": strings.Repeat("k", 36),
		"data": []any{"0001", "1000", "Alice", "opus@48000", strings.Repeat("s", text), map[string]string{"email": "a@example.org"}, nil}}}
}

// BenchmarkFanOut queues one live array row, as talking makes them, for so many sessions
// and empties their queues; no sockets.
func BenchmarkFanOut(b *testing.B) {
	for _, n := range []int{10, 1000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			srv, written := verto.FanOut(n)
			defer srv.Close()
			event := row(420)
			b.ReportAllocs()
			for b.Loop() {
				srv.Publish("demo", event)
				written()
			}
			b.ReportMetric(float64(b.N*n)/b.Elapsed().Seconds(), "events/s")
		})
	}
}

// TestFanOutSharesThePayload: a receiver costs one small allocation, however long the
// event is.
func TestFanOutSharesThePayload(t *testing.T) {
	const n = 1000
	srv, written := verto.FanOut(n)
	defer srv.Close()
	event := row(20_000)
	publish := func() {
		srv.Publish("demo", event)
		if got := written(); got != n {
			t.Fatalf("%d messages", got)
		}
	}
	publish()
	publish()
	if allocs := testing.AllocsPerRun(10, publish); allocs > n+100 {
		t.Errorf("%.0f allocations for %d receivers", allocs, n)
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	publish()
	runtime.ReadMemStats(&after)
	if size := after.TotalAlloc - before.TotalAlloc; size > n*512+1<<20 {
		t.Errorf("%d bytes for %d receivers", size, n)
	}
}

// BenchmarkPublish sends one live array row to all members of a room, over TCP.
func BenchmarkPublish(b *testing.B) {
	row := row(420)
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
