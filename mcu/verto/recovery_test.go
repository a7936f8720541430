package verto_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gorilla/websocket"

	"github.com/omniverto/omniverto/mcu/verto"
)

func (s *stage) send(t *testing.T, c *client, method, params string) {
	t.Helper()
	c.send(t, fmt.Sprintf(`{"jsonrpc":"2.0","method":%q,"params":{%s},"id":7}`, method, params))
}

// call makes an answered call that is kept.
func (s *stage) call(t *testing.T, c *client, callID string) {
	t.Helper()
	s.send(t, c, "verto.invite", fmt.Sprintf(`"sdp":"m=","dialogParams":{"callID":%q,"destination_number":"kept"}`, callID))
	c.want(t, `<*>CALL CREATED<*>`)
	c.want(t, `<*>verto.answer<*>`)
}

func (s *stage) heard(t *testing.T, want ...string) {
	t.Helper()
	for _, w := range want {
		if got, _ := s.sw.next(); !like(got, w) {
			t.Errorf("the switch heard %q, want %q", got, w)
		}
	}
}

func (c *client) drop() {
	c.ws.NetConn().Close()
	synctest.Wait()
}

// back opens a socket and sends a login, without waiting for anything.
func (s *stage) back(t *testing.T, name, sessid string) *client {
	t.Helper()
	c := s.mustOpen(name)
	s.send(t, c, "login", fmt.Sprintf(`"login":"1000","passwd":"1234","sessid":%q`, sessid))
	return c
}

func TestCallThatCannotBeAttachedAgainEnds(t *testing.T) {
	cases := []struct {
		name     string
		reattach func(context.Context, string) (string, error)
		bye      string
		hangup   string
		took     time.Duration
	}{
		{"refused", func(context.Context, string) (string, error) {
			return "", &verto.CallError{Cause: verto.CauseRecoveryTimerExpire}
		}, `"causeCode":102,"cause":"RECOVERY_ON_TIMER_EXPIRE"`, "RECOVERY_ON_TIMER_EXPIRE", 0},
		{"failed", func(context.Context, string) (string, error) { return "", errors.New("no") },
			`"causeCode":41,"cause":"NORMAL_TEMPORARY_FAILURE"`, "NORMAL_TEMPORARY_FAILURE", 0},
		{"panicked", func(context.Context, string) (string, error) { panic("fake panic") },
			`"causeCode":41,"cause":"NORMAL_TEMPORARY_FAILURE"`, "NORMAL_TEMPORARY_FAILURE", 0},
		{"too slow", func(context.Context, string) (string, error) { <-time.After(3 * time.Second); return "m=late", nil },
			`"causeCode":41,"cause":"NORMAL_TEMPORARY_FAILURE"`, "NORMAL_TEMPORARY_FAILURE", 2 * time.Second},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, s *stage) {
				s.sw.reattach = func(ctx context.Context, callID string) (string, error) {
					if callID == "c1" {
						return tc.reattach(ctx, callID)
					}
					return "m=offer", nil
				}
				a := s.login("a", "1000", "s")
				s.call(t, a, "c1")
				s.everything()
				s.call(t, a, "c2")
				a.drop()
				begun := time.Now()
				b := s.back(t, "b", "s")
				b.want(t, `<*>logged in<*>`)
				<-time.After(tc.took)
				b.want(t, `<*>"verto.bye","params":{"callID":"c1",`+tc.bye+`}}`)
				b.want(t, `<*>"verto.attach","params":{"callID":"c2",<*>`)
				b.want(t, `<*>{"reattached_sessions":["c2"]}}`)
				if took := time.Since(begun); took != tc.took {
					t.Errorf("took %v", took)
				}
				<-time.After(2 * time.Second)
				all := s.everything()
				if strings.Count(all, "hangup c1 "+tc.hangup) != 1 || strings.Contains(all, "hangup c2") {
					t.Error(all)
				}
				if st := s.srv.Stats(); st.Calls != 1 || st.Kept != 0 {
					t.Errorf("left: %+v", st)
				}
			})
		})
	}
}

// everything gives what the switch has heard, a line each.
func (s *stage) everything() string {
	var b strings.Builder
	for h, ok := s.sw.next(); ok; h, ok = s.sw.next() {
		b.WriteString(h + "\n")
	}
	return b.String()
}

func TestByeDuringReattach(t *testing.T) {
	inBubble(t, func(t *testing.T, s *stage) {
		gate := make(chan struct{})
		s.sw.reattach = func(context.Context, string) (string, error) { <-gate; return "m=offer", nil }
		a := s.login("a", "1000", "s")
		s.call(t, a, "c1")
		s.everything()
		a.drop()
		b := s.back(t, "b", "s")
		b.want(t, `<*>logged in<*>`)
		s.sw.control("c1").Bye(verto.CauseNormalClearing)
		b.want(t, `<*>verto.bye<*>`)
		b.want(t, `<*>{"reattached_sessions":[]}}`) // it does not wait for what nobody needs
		close(gate)
		if got := s.everything(); got != "lost c1\nreattach c1 for s\n" {
			t.Error(got)
		}
		if m, ok := b.next(); ok {
			t.Error(m)
		}
	})
}

func TestTwoLoginsAtOnce(t *testing.T) {
	inBubble(t, func(t *testing.T, s *stage) {
		gate := make(chan struct{})
		var mu sync.Mutex
		offers := 0
		s.sw.reattach = func(context.Context, string) (string, error) {
			mu.Lock()
			offers++
			n := offers
			mu.Unlock()
			if n == 1 {
				<-gate
			}
			return fmt.Sprintf("m=offer%d", n), nil
		}
		a := s.login("a", "1000", "s")
		s.call(t, a, "c1")
		s.everything()
		a.drop()
		b := s.back(t, "b", "s")
		b.want(t, `<*>logged in<*>`)
		c := s.back(t, "c", "s")
		c.want(t, `<*>logged in<*>`)
		close(gate)
		b.want(t, `<*>verto.punt<*>`)
		if code := b.closeCode(); code != websocket.CloseNormalClosure {
			t.Errorf("close code %d", code)
		}
		c.want(t, `<*>"verto.attach",<*>"sdp":"m=offer2",<*>`)
		c.want(t, `<*>{"reattached_sessions":["c1"]}}`)
		if got := s.everything(); got != "lost c1\nreattach c1 for s\nlost c1\nreattach c1 for s\n" {
			t.Error(got)
		}
		if m, ok := c.next(); ok { // the first offer is nobody's
			t.Error(m)
		}
	})
}

// TestLoginThatIsTakenOverAsksForNothing: the switch is busy while two logins come.
func TestLoginThatIsTakenOverAsksForNothing(t *testing.T) {
	inBubble(t, func(t *testing.T, s *stage) {
		gate := make(chan struct{})
		s.sw.lost = func() { <-gate }
		a := s.login("a", "1000", "s")
		s.call(t, a, "c1")
		s.everything()
		a.drop()
		b := s.back(t, "b", "s")
		b.want(t, `<*>logged in<*>`)
		c := s.back(t, "c", "s")
		c.want(t, `<*>logged in<*>`)
		close(gate)
		c.want(t, `<*>"verto.attach",<*>`)
		c.want(t, `<*>{"reattached_sessions":["c1"]}}`)
		s.heard(t, "lost c1", "reattach c1 for s", "")
	})
}

func TestTakeOverWhileAttaching(t *testing.T) {
	inBubble(t, func(t *testing.T, s *stage) {
		a := s.login("a", "1000", "s")
		s.call(t, a, "c1")
		s.everything()
		s.sw.mu.Lock()
		s.sw.attach = func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }
		s.sw.mu.Unlock()
		s.sw.control("c1").Attach("m=offer")
		a.want(t, `<*>verto.attach<*>`)
		s.send(t, a, "verto.attach", `"sdp":"m=","dialogParams":{"callID":"c1"}`)
		synctest.Wait()
		begun := time.Now()
		b := s.back(t, "b", "s")
		b.want(t, `<*>logged in<*>`)
		b.want(t, `<*>verto.attach<*>`)
		b.want(t, `<*>{"reattached_sessions":["c1"]}}`)
		if took := time.Since(begun); took > 0 {
			t.Errorf("it waited %v for the socket that was taken over", took)
		}
		if got := s.everything(); got != "attach c1 m=\nlost c1\nreattach c1 for s\n" {
			t.Error(got)
		}
	})
}

func TestSlowAttachEndsByTime(t *testing.T) {
	inBubble(t, func(t *testing.T, s *stage) {
		a := s.login("a", "1000", "s")
		s.call(t, a, "c1")
		s.everything()
		s.sw.mu.Lock()
		s.sw.attach = func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }
		s.sw.mu.Unlock()
		s.send(t, a, "verto.attach", `"sdp":"m=","dialogParams":{"callID":"c1"}`)
		<-time.After(10 * time.Second)
		a.want(t, `<*>"message":"MEDIA ERROR","code":-32002}}`)
		s.heard(t, "attach c1 m=", "hangup c1 BEARERCAPABILITY_NOTAVAIL")
		s.send(t, a, "verto.ping", ``)
		a.want(t, `<*>PONG<*>`)
	})
}

func TestKeptCallsAreLimited(t *testing.T) {
	inBubble(t, func(t *testing.T, s *stage) {
		const sessions, calls, limit = 33, 16, 512
		for i := range sessions {
			c := s.login(fmt.Sprint("c", i), "1000", fmt.Sprint("s", i))
			for j := range calls {
				s.call(t, c, fmt.Sprintf("c%d-%d", i, j))
			}
			c.drop()
		}
		other := s.login("other", "1001", "s-other")
		s.call(t, other, "other")
		other.drop()
		if st := s.srv.Stats(); st.Kept != limit+1 || st.Calls != limit+1 || st.Sessions != 0 {
			t.Errorf("%+v", st)
		}
		if n := strings.Count(s.everything(), "lost "); n != sessions*calls+1 {
			t.Errorf("%d were told", n)
		}
		s.wantMetric(t, fmt.Sprintf("omniverto_verto_kept_calls %d", limit+1))
	})
}

func TestParkRefuses(t *testing.T) {
	inBubble(t, func(t *testing.T, s *stage) {
		call := keepable{attachable{fakeLeg{id: "x", f: s.sw, held: new(bool)}}}
		good := verto.Parked{SessionID: "s", UserID: "1000@127.0.0.1", CallID: "c1", Call: call}
		if _, err := s.srv.Park(good); err != nil {
			t.Fatal(err)
		}
		s.login("a", "1001", "s-a")
		for name, change := range map[string]func(*verto.Parked){
			"the same id":       func(p *verto.Parked) {},
			"no id":             func(p *verto.Parked) { p.CallID = "" },
			"no session":        func(p *verto.Parked) { p.CallID, p.SessionID = "c2", "" },
			"another user's":    func(p *verto.Parked) { p.CallID, p.UserID = "c2", "1001@127.0.0.1" },
			"a live one's":      func(p *verto.Parked) { p.CallID, p.SessionID = "c2", "s-a" },
			"without the power": func(p *verto.Parked) { p.CallID, p.Call = "c2", call.attachable },
		} {
			p := good
			change(&p)
			if _, err := s.srv.Park(p); !errors.Is(err, verto.ErrParkUsed) {
				t.Errorf("%s: %v", name, err)
			}
		}
		for i := range 15 {
			p := good
			p.CallID = fmt.Sprint("more", i)
			if _, err := s.srv.Park(p); err != nil {
				t.Error(err)
			}
		}
		good.CallID = "one-more"
		if _, err := s.srv.Park(good); !errors.Is(err, verto.ErrParkFull) {
			t.Errorf("17 calls of one session: %v", err)
		}
		s.srv.Close()
		if _, err := s.srv.Park(good); err == nil {
			t.Error("a closed server keeps calls")
		}
		if st := s.srv.Stats(); st != (verto.Stats{}) {
			t.Errorf("left: %+v", st)
		}
	})
}

func TestCloseForRestart(t *testing.T) {
	inBubble(t, func(t *testing.T, s *stage) {
		a := s.login("a", "1000", "s")
		s.call(t, a, "c1")
		s.everything()
		b := s.login("b", "1001", "s-b")
		s.call(t, b, "c2")
		s.everything()
		b.drop()
		s.heard(t, "lost c2")
		s.srv.CloseForRestart()
		if code := a.closeCode(); code != websocket.CloseServiceRestart {
			t.Errorf("close code %d", code)
		}
		if m, ok := a.next(); ok {
			t.Errorf("before the end: %s", m)
		}
		s.heard(t, "lost c1", "")
		s.sw.control("c1").Bye(verto.CauseNormalClearing) // late
		s.sw.control("c2").Display("late", "")
		if st := s.srv.Stats(); st != (verto.Stats{}) {
			t.Errorf("left: %+v", st)
		}
	})
}

// strictLeg fails the test when a Call's contract is broken.
type strictLeg struct {
	t  *testing.T
	id string

	mu    sync.Mutex
	busy  bool
	state string // "", lost, over
}

// enter is what a method does first: from is where it may be called.
func (l *strictLeg) enter(what string, from ...string) func(to string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	allowed := false
	for _, f := range from {
		allowed = allowed || f == l.state
	}
	if l.busy || !allowed {
		l.t.Errorf("%s: %s while %q, busy %v", l.id, what, l.state, l.busy)
	}
	l.busy = true
	return func(to string) {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.busy, l.state = false, to
	}
}

func (l *strictLeg) Hangup(verto.Cause)     { l.enter("hangup", "", "lost")("over") }
func (l *strictLeg) Lost()                  { l.enter("lost", "")("lost") }
func (l *strictLeg) DTMF(string)            { l.enter("dtmf", "")("") }
func (l *strictLeg) Candidate(string) error { l.enter("candidate", "")(""); return nil }
func (l *strictLeg) Attach(context.Context, string) error {
	l.enter("attach", "")("")
	if rand.IntN(8) == 0 {
		return errors.New("no media")
	}
	return nil
}
func (l *strictLeg) Modify(context.Context, verto.Modify) (verto.ModifyResult, error) {
	l.enter("modify", "")("")
	return verto.ModifyResult{}, nil
}

func (l *strictLeg) Reattach(ctx context.Context, _ *verto.Session) (string, error) {
	leave := l.enter("reattach", "lost")
	switch rand.IntN(8) {
	case 0:
		leave("lost")
		return "", errors.New("no leg")
	case 1:
		select {
		case <-ctx.Done():
		case <-time.After(time.Duration(rand.IntN(3000)) * time.Millisecond):
		}
	}
	leave("")
	return "m=offer", nil
}

// strictSwitch makes strict legs and lets them go at any time.
type strictSwitch struct {
	*fakeSwitch
	t *testing.T

	mu   sync.Mutex
	outs []verto.CallControl
}

func (s *strictSwitch) Invite(_ context.Context, inv verto.Invite, out verto.CallControl) (verto.Call, error) {
	s.mu.Lock()
	s.outs = append(s.outs, out)
	s.mu.Unlock()
	if rand.IntN(8) > 0 {
		out.Answer("m=answer")
	}
	return &strictLeg{t: s.t, id: inv.CallID}, nil
}

// speak says something at random to one of the calls.
func (s *strictSwitch) speak() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.outs) == 0 {
		return
	}
	out := s.outs[rand.IntN(len(s.outs))]
	switch rand.IntN(8) {
	case 0:
		out.Bye(verto.CauseNormalClearing)
	case 1, 2:
		out.Display("name", "number")
	case 3, 4:
		out.Attach("m=offer")
	default:
		out.Info("x")
	}
}

// TestRecoveryAtRandom lets pages come, go and take each other over while the switch
// speaks and hangs up: no Call's contract is broken and nothing is left.
func TestRecoveryAtRandom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		strict := &strictSwitch{fakeSwitch: newFakeSwitch(), t: t}
		s := newStage(t, func(o *verto.Options) { o.Switch = strict })
		defer s.close()
		var pages sync.WaitGroup
		stop := make(chan struct{})
		for i := range 6 {
			pages.Go(func() {
				for n := range 25 {
					strict.page(s, fmt.Sprintf("%d-%d", i, n), fmt.Sprintf("s%d", i%3))
				}
			})
		}
		var voice sync.WaitGroup
		voice.Go(func() {
			for {
				select {
				case <-stop:
					return
				case <-time.After(7 * time.Millisecond):
					strict.speak()
				}
			}
		})
		pages.Wait()
		close(stop)
		voice.Wait()
		<-time.After(time.Minute)
		for _, out := range strict.outs {
			out.Bye(verto.CauseNormalClearing)
		}
		synctest.Wait()
		if st := s.srv.Stats(); st != (verto.Stats{}) {
			t.Errorf("left: %+v", st)
		}
	})
}

// page is one visit: a login, a few requests, and a socket that breaks.
func (s *strictSwitch) page(st *stage, name, sessid string) {
	d := websocket.Dialer{NetDialContext: st.net.dial}
	ws, _, err := d.Dial("ws://verto.test/", nil)
	if err != nil {
		s.t.Error(err)
		return
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			if _, _, err := ws.ReadMessage(); err != nil {
				return
			}
		}
	}()
	id := fmt.Sprintf("%s-%d", sessid, rand.IntN(3))
	lines := []string{
		fmt.Sprintf(`"verto.invite","params":{"sdp":"m=","dialogParams":{"callID":%q}}`, id),
		fmt.Sprintf(`"verto.attach","params":{"sdp":"m=","dialogParams":{"callID":%q}}`, id),
		fmt.Sprintf(`"verto.info","params":{"dtmf":"1","dialogParams":{"callID":%q}}`, id),
		fmt.Sprintf(`"verto.modify","params":{"action":"hold","dialogParams":{"callID":%q}}`, id),
		fmt.Sprintf(`"verto.bye","params":{"dialogParams":{"callID":%q}}`, id),
	}
	next := fmt.Sprintf(`"login","params":{"login":"1000","passwd":"1234","sessid":%q}`, sessid)
	for range 6 {
		if ws.WriteMessage(websocket.TextMessage, []byte(`{"jsonrpc":"2.0","id":1,"method":`+next+`}`)) != nil {
			break
		}
		<-time.After(time.Duration(rand.IntN(60)) * time.Millisecond)
		next = lines[rand.IntN(len(lines))]
	}
	ws.NetConn().Close()
	<-done
}
