package verto_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gorilla/websocket"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"go.uber.org/goleak"

	"github.com/omniverto/omniverto/mcu/verto"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// inBubble runs a test of one stage in virtual time.
func inBubble(t *testing.T, f func(*testing.T, *stage), options ...func(*verto.Options)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, options...)
		defer s.close()
		f(t, s)
	})
}

func (c *client) want(t *testing.T, text string) {
	t.Helper()
	if got, ok := c.next(); !ok || !like(got, text) {
		t.Errorf("got %.300s\nwant %.300s", got, text)
	}
}

// wantMetric looks for a line of the metrics page.
func (s *stage) wantMetric(t *testing.T, line string) {
	t.Helper()
	w := httptest.NewRecorder()
	promhttp.HandlerFor(s.registry, promhttp.HandlerOpts{}).ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	if !strings.Contains(w.Body.String(), "\n"+line+"\n") {
		t.Errorf("no %s in the metrics", line)
	}
}

// nobody is an Authenticator without users.
type nobody struct{}

func (nobody) Login(context.Context, verto.Credentials) (*verto.Identity, error) {
	return nil, errors.New("nobody may")
}

func TestSlowClientIsClosedAndOthersAreNot(t *testing.T) {
	inBubble(t, func(t *testing.T, s *stage) {
		fast := s.login("fast", "1000", "s-fast")
		slow := s.login("slow", "1001", "s-slow")
		for _, c := range []*client{fast, slow} {
			c.send(t, `{"jsonrpc":"2.0","method":"verto.subscribe","params":{"eventChannel":"demo"},"id":2}`)
			c.want(t, `<*>subscribedChannels<*>`)
		}
		resume := slow.stall()
		for i := range 20_000 {
			s.srv.Publish("demo", map[string]any{"data": i})
			if i%1000 == 0 {
				<-time.After(time.Millisecond)
			}
		}
		<-time.After(11 * time.Second) // the write that hangs ends
		resume()
		if code := slow.closeCode(); code < 0 {
			t.Error("the slow client is still connected")
		}
		s.wantMetric(t, "omniverto_verto_slow_clients_total 1")
		for i := range 20_000 {
			got, ok := fast.next()
			if !ok || !strings.Contains(got, fmt.Sprintf(`"params":{"data":%d,"eventChannel":"demo","eventSerno":%d,`, i, i)) {
				t.Fatalf("event %d: %s", i, got)
			}
		}
		if st := s.srv.Stats(); st.Connections != 1 || st.Sessions != 1 {
			t.Errorf("left: %+v", st)
		}
	})
}

func TestFloodOfRequestsWithoutReading(t *testing.T) {
	inBubble(t, func(t *testing.T, s *stage) {
		c := s.mustOpen("a")
		resume := c.stall()
		done := make(chan struct{})
		go func() {
			defer close(done)
			for range 10_000 {
				if c.ws.WriteMessage(websocket.TextMessage, []byte(`{"jsonrpc":"2.0","method":"x","params":{}}`)) != nil {
					return
				}
			}
		}()
		<-time.After(11 * time.Second)
		resume()
		<-done
		if c.closeCode() < 0 {
			t.Error("still connected")
		}
	})
}

func TestCallsPerSessionAreLimited(t *testing.T) {
	inBubble(t, func(t *testing.T, s *stage) {
		c := s.login("a", "1000", "s")
		for i := range 17 {
			c.send(t, fmt.Sprintf(`{"jsonrpc":"2.0","method":"verto.invite","params":{"sdp":"m=","dialogParams":{"callID":"c%d"}},"id":2}`, i))
			want := `<*>CALL CREATED<*>`
			if i == 16 {
				want = `<*>"cause":"DESTINATION_OUT_OF_ORDER"<*>`
			}
			c.want(t, want)
		}
		if n := s.srv.Stats().Calls; n != 16 {
			t.Errorf("%d calls", n)
		}
	})
}

func TestLongSDPNeverReachesTheSwitch(t *testing.T) {
	inBubble(t, func(t *testing.T, s *stage) {
		c := s.login("a", "1000", "s")
		c.send(t, `{"jsonrpc":"2.0","method":"verto.invite","params":{"sdp":"m=`+strings.Repeat("x", 900_000)+`","dialogParams":{"callID":"c"}},"id":2}`)
		c.want(t, `<*>CALL CREATED<*>`)
		c.want(t, `<*>"cause":"INCOMPATIBLE_DESTINATION"<*>`)
		if h, ok := s.sw.next(); ok {
			t.Error(h)
		}
	})
}

func TestSubscriptionsAreLimited(t *testing.T) {
	inBubble(t, func(t *testing.T, s *stage) {
		c := s.login("a", "1000", "s")
		var names []string
		for i := range 300 {
			names = append(names, fmt.Sprintf(`"demo.%d"`, i))
		}
		c.send(t, `{"jsonrpc":"2.0","method":"verto.subscribe","params":{"eventChannel":[`+strings.Join(names, ",")+`]},"id":2}`)
		got, _ := c.next()
		if n := strings.Count(got, `"demo.`); n != 300 || !strings.Contains(got, `"demo.255"],"unauthorizedChannels":["demo.256"`) {
			t.Errorf("%d names in %.300s", n, got)
		}
		c.send(t, `{"jsonrpc":"2.0","method":"verto.unsubscribe","params":{"eventChannel":"demo.0"},"id":3}`)
		c.want(t, `<*>unsubscribedChannels<*>`)
		c.send(t, `{"jsonrpc":"2.0","method":"verto.subscribe","params":{"eventChannel":"demo.`+strings.Repeat("x", 300)+`"},"id":4}`)
		c.want(t, `<*>"error":{"unauthorizedChannels"<*>`)
	})
}

func TestAuthenticationRequiredNeverCounts(t *testing.T) {
	inBubble(t, func(t *testing.T, s *stage) {
		c := s.mustOpen("a")
		for range 50 {
			c.send(t, `{"jsonrpc":"2.0","method":"login","params":{"login":"","sessid":"s"},"id":1}`)
			c.want(t, `<*>-32000<*>`)
		}
		for range 5 {
			c.send(t, `{"jsonrpc":"2.0","method":"login","params":{"login":"1000","passwd":"x","userVariables":{"theme":"bad"}},"id":1}`)
			c.want(t, `<*>Authentication Failure<*>`)
		}
		right := `{"jsonrpc":"2.0","method":"login","params":{"login":"1000","passwd":"1234","sessid":"s"},"id":1}`
		c.send(t, right)
		c.want(t, `<*>Authentication Failure<*>`)
		<-time.After(2 * time.Second)
		c.send(t, right)
		c.want(t, `<*>logged in<*>`)
		s.wantMetric(t, `omniverto_verto_logins_total{result="backoff"} 1`)
	})
}

// variables is a Switch that keeps the invites.
type variables struct {
	*fakeSwitch
	got chan verto.Invite
}

func (v variables) Invite(ctx context.Context, inv verto.Invite, out verto.CallControl) (verto.Call, error) {
	v.got <- inv
	return v.fakeSwitch.Invite(ctx, inv, out)
}

func TestNothingOfAFailedLoginStays(t *testing.T) {
	v := variables{fakeSwitch: newFakeSwitch()}
	inBubble(t, func(t *testing.T, s *stage) {
		v.got = make(chan verto.Invite, 1)
		c := s.mustOpen("a")
		c.send(t, `{"jsonrpc":"2.0","method":"login","params":{"login":"1002","passwd":"bad","sessid":"evil","userVariables":{"a":"bad","b":"bad"}},"id":1}`)
		c.send(t, `{"jsonrpc":"2.0","method":"login","params":{"login":"1000","passwd":"1234","sessid":"s","userVariables":{"a":"good"}},"id":2}`)
		c.want(t, `<*>Authentication Failure<*>`)
		c.want(t, `{"jsonrpc":"2.0","id":2,"result":{"message":"logged in","sessid":"s"}}`)
		c.send(t, `{"jsonrpc":"2.0","method":"verto.invite","params":{"sdp":"m=","dialogParams":{"callID":"c"}},"id":3}`)
		inv := <-v.got
		if got := fmt.Sprintf("%v %v %s", inv.Session.UserVariables(), inv.UserVariables, inv.Session.ID()); got != "map[a:good] map[] s" {
			t.Errorf("variables %s", got)
		}
		if inv.Session.RemoteAddr() != netip.MustParseAddr("192.0.2.7") {
			t.Errorf("address %v", inv.Session.RemoteAddr())
		}
	}, func(o *verto.Options) { o.Switch = &v })
}

func TestForwardedForIsBelievedFromProxiesOnly(t *testing.T) {
	cases := []struct {
		name, header string
		options      []func(*verto.Options)
		want         string
	}{
		{"a stranger", "203.0.113.9", nil, "192.0.2.7"},
		{"a proxy", "198.51.100.1, 203.0.113.9", []func(*verto.Options){trust}, "203.0.113.9"},
		{"two proxies", "198.51.100.1,203.0.113.9, 192.0.2.8", []func(*verto.Options){trust}, "203.0.113.9"},
		{"rubbish", "unknown", []func(*verto.Options){trust}, "192.0.2.7"},
		{"nothing", "", []func(*verto.Options){trust}, "192.0.2.7"},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			a := &noting{}
			inBubble(t, func(t *testing.T, s *stage) {
				c, err := s.open("a", http.Header{"X-Forwarded-For": {tc.header}})
				if err != nil {
					t.Fatal(err)
				}
				c.send(t, `{"jsonrpc":"2.0","method":"login","params":{"login":"x","passwd":"y","loginParams":{"Action":"x","user":"root","z":true}},"id":1}`)
				c.want(t, `<*>Authentication Failure<*>`)
				if got := a.seen.Addr.String(); got != tc.want {
					t.Errorf("address %s, want %s", got, tc.want)
				}
				if got := fmt.Sprint(a.seen.LoginParams); got != "map[z:true]" {
					t.Errorf("loginParams %s", got)
				}
			}, append(tc.options, func(o *verto.Options) { o.Auth = a })...)
		})
	}
}

// noting is an Authenticator that keeps what it saw.
type noting struct{ seen verto.Credentials }

func (n *noting) Login(_ context.Context, c verto.Credentials) (*verto.Identity, error) {
	n.seen = c
	return nil, errors.New("no")
}

func TestOrigins(t *testing.T) {
	allow := func(list ...string) func(*verto.Options) {
		return func(o *verto.Options) { o.AllowedOrigins = list }
	}
	cases := []struct {
		name, origin string
		options      []func(*verto.Options)
		ok           bool
	}{
		{"every one by default", "https://evil.example", nil, true},
		{"a listed one", "https://good.example", []func(*verto.Options){allow("https://good.example")}, true},
		{"a listed host", "https://GOOD.example:8443", []func(*verto.Options){allow("good.example")}, true},
		{"another", "https://evil.example", []func(*verto.Options){allow("https://good.example", "good.example")}, false},
		{"another with the name in it", "https://good.example.evil.example", []func(*verto.Options){allow("good.example")}, false},
		{"a sandbox", "null", []func(*verto.Options){allow("good.example")}, false},
		{"no browser", "", []func(*verto.Options){allow("good.example")}, true},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, s *stage) {
				h := http.Header{}
				if tc.origin != "" {
					h.Set("Origin", tc.origin)
				}
				if _, err := s.open("a", h); (err == nil) != tc.ok {
					t.Errorf("err %v", err)
				}
				if st := s.srv.Stats(); !tc.ok && st.Connections != 0 {
					t.Errorf("%+v", st)
				}
			}, tc.options...)
		})
	}
}

func TestUpgrade(t *testing.T) {
	inBubble(t, func(t *testing.T, s *stage) {
		c, err := s.open("a", http.Header{"Sec-Websocket-Protocol": {"verto, other"}})
		if err != nil || c.ws.Subprotocol() != "verto" {
			t.Errorf("subprotocol %v", err)
		}
		client := http.Client{Transport: &http.Transport{DialContext: s.net.dial}}
		defer client.CloseIdleConnections()
		resp, err := client.Get("http://verto.test/")
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != http.StatusBadRequest || resp.Header.Get("Sec-Websocket-Version") != "13" {
			t.Errorf("a plain request: %v %v", resp.Status, resp.Header)
		}
	})
}

func TestCloseEndsEverything(t *testing.T) {
	inBubble(t, func(t *testing.T, s *stage) {
		c := s.login("a", "1000", "s")
		c.send(t, `{"jsonrpc":"2.0","method":"verto.invite","params":{"sdp":"m=","dialogParams":{"callID":"c1","destination_number":"slow"}},"id":2}`)
		c.send(t, `{"jsonrpc":"2.0","method":"verto.invite","params":{"sdp":"m=","dialogParams":{"callID":"c2"}},"id":3}`)
		c.want(t, `<*>CALL CREATED<*>`)
		c.want(t, `<*>CALL CREATED<*>`)
		s.srv.Close()
		if code := c.closeCode(); code != websocket.CloseGoingAway {
			t.Errorf("close code %d", code)
		}
		if st := s.srv.Stats(); st != (verto.Stats{}) {
			t.Errorf("left: %+v", st)
		}
		lost := 0
		for h, ok := s.sw.next(); ok; h, ok = s.sw.next() {
			lost += strings.Count(h, "lost ")
		}
		if lost != 2 {
			t.Errorf("%d calls lost", lost)
		}
		if _, err := s.open("late", nil); err == nil {
			t.Error("a closed server lets in")
		}
	})
}

func TestSilentPeerIsGivenUp(t *testing.T) {
	inBubble(t, func(t *testing.T, s *stage) {
		c := s.login("a", "1000", "s")
		<-time.After(10 * time.Minute)
		if code := c.closeCode(); code >= 0 {
			t.Errorf("a client that answers pings was closed with %d", code)
		}
		c.gone.Store(true)
		<-time.After(2 * time.Minute)
		if c.closeCode() < 0 {
			t.Error("a client that answers no pings is still there")
		}
	})
}

func TestConnectionsWithoutLoginAreLimited(t *testing.T) {
	inBubble(t, func(t *testing.T, s *stage) {
		for i := range 1000 {
			s.mustOpen(fmt.Sprint("c", i))
		}
		if _, err := s.open("one more", nil); err == nil {
			t.Error("1001 connections without login")
		}
		s.wantMetric(t, "omniverto_verto_refused_connections_total 1")
		s.clients["c0"].send(t, `{"jsonrpc":"2.0","method":"login","params":{"login":"1000","passwd":"1234"},"id":1}`)
		s.clients["c0"].want(t, `<*>logged in<*>`)
		s.mustOpen("in its place")
		s.clients["c1"].ws.Close()
		synctest.Wait()
		s.mustOpen("in the place of one that left")
		if _, err := s.open("again one more", nil); err == nil {
			t.Error("1001 connections without login")
		}
	})
}
