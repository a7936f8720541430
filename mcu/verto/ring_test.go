package verto_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/omniverto/omniverto/mcu/verto"
)

// ringing calls a user and gives what comes of it.
func (s *stage) ringing(ctx context.Context, o verto.Outgoing) <-chan string {
	if o.Offer == nil {
		o.Offer = s.sw.offer
	}
	got := make(chan string, 1)
	go func() { got <- outcome(s.srv.Ring(ctx, o)) }()
	synctest.Wait()
	return got
}

func wantOutcome(t *testing.T, got <-chan string, want string) {
	t.Helper()
	synctest.Wait()
	select {
	case g := <-got:
		if g != want {
			t.Errorf("got %s, want %s", g, want)
		}
	default:
		t.Errorf("it still rings, want %s", want)
	}
}

// rings takes the verto.invite and gives its call's id.
func (c *client) rings(t *testing.T) string {
	t.Helper()
	m, _ := c.next()
	if !strings.Contains(m, `"verto.invite"`) {
		t.Fatalf("no invite: %s", m)
	}
	_, id, _ := strings.Cut(m, `"callID":"`)
	id, _, _ = strings.Cut(id, `"`)
	return id
}

func (s *stage) answers(t *testing.T, c *client, id, sdp string) {
	t.Helper()
	s.send(t, c, "verto.answer", fmt.Sprintf(`"sdp":%q,"dialogParams":{"callID":%q}`, sdp, id))
}

const alice = "1000@127.0.0.1"

func TestRingWhom(t *testing.T) {
	inBubble(t, func(t *testing.T, s *stage) {
		s.login("a", "1000", "s-a")
		b := s.login("b", "1000", "s-b")
		ctx := t.Context()
		wantOutcome(t, s.ringing(ctx, verto.Outgoing{UserID: "1001@127.0.0.1"}), "USER_NOT_REGISTERED")
		wantOutcome(t, s.ringing(ctx, verto.Outgoing{SessionID: "s-x"}), "USER_NOT_REGISTERED")
		wantOutcome(t, s.ringing(ctx, verto.Outgoing{SessionID: "s-a", UserID: "1001@127.0.0.1"}), "USER_NOT_REGISTERED")

		got := s.ringing(ctx, verto.Outgoing{SessionID: "s-b"})
		s.answers(t, b, b.rings(t), "m=")
		wantOutcome(t, got, "answered by s-b: Outbound Call <1000>")
		// b is in a call: only a rings, and then nobody is free.
		got = s.ringing(ctx, verto.Outgoing{UserID: alice, BusyIfInCall: true})
		a := s.clients["a"]
		s.answers(t, a, a.rings(t), "m=")
		wantOutcome(t, got, "answered by s-a: Outbound Call <1000>")
		wantOutcome(t, s.ringing(ctx, verto.Outgoing{UserID: alice, BusyIfInCall: true}), "USER_BUSY")
	})
}

func TestRingAnswerThatCannotBeUsed(t *testing.T) {
	cases := []struct {
		name         string
		err          error
		text, hangup string
	}{
		{"codecs", errors.New("no codec"), "CODEC ERROR", "INCOMPATIBLE_DESTINATION"},
		{"media", &verto.CallError{Message: "MEDIA ERROR"}, "MEDIA ERROR", "DESTINATION_OUT_OF_ORDER"},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, s *stage) {
				s.sw.answer = func(_ context.Context, sdp string) error {
					if sdp == "bad" {
						return tc.err
					}
					return nil
				}
				a, b := s.login("a", "1000", "s-a"), s.login("b", "1000", "s-b")
				got := s.ringing(t.Context(), verto.Outgoing{UserID: alice})
				s.answers(t, a, a.rings(t), "bad")
				a.want(t, `{"jsonrpc":"2.0","id":7,"error":{"message":"`+tc.text+`","code":-32002}}`)
				if all := s.everything(); !strings.Contains(all, "hangup ring-s-a "+tc.hangup) {
					t.Error(all)
				}
				s.answers(t, b, b.rings(t), "good") // it still rings there
				wantOutcome(t, got, "answered by s-b: Outbound Call <1000>")
				if st := s.srv.Stats(); st.Calls != 1 {
					t.Errorf("%+v", st)
				}
			})
		})
	}
}

// TestRingAnswerWithoutICE: the answer never comes to an end, as where ICE never
// completes. The call ends by time, both connections live.
func TestRingAnswerWithoutICE(t *testing.T) {
	inBubble(t, func(t *testing.T, s *stage) {
		s.sw.answer = func(ctx context.Context, _ string) error { <-ctx.Done(); return ctx.Err() }
		a, b := s.login("a", "1000", "s-a"), s.login("b", "1000", "s-b")
		got := s.ringing(t.Context(), verto.Outgoing{UserID: alice})
		idA, idB := a.rings(t), b.rings(t)
		s.answers(t, a, idA, "m=")
		synctest.Wait()
		s.answers(t, b, idB, "m=") // waits for the first
		if all := s.everything(); strings.Count(all, "answer ") != 1 {
			t.Error(all)
		}
		<-time.After(10 * time.Second)
		a.want(t, `<*>"error":{"message":"MEDIA ERROR"<*>`)
		s.send(t, a, "verto.ping", ``)
		a.want(t, `<*>PONG<*>`)
		<-time.After(10 * time.Second)
		b.want(t, `<*>"error":{"message":"MEDIA ERROR"<*>`)
		s.send(t, b, "verto.ping", ``)
		b.want(t, `<*>PONG<*>`)
		wantOutcome(t, got, "DESTINATION_OUT_OF_ORDER")
		if st := s.srv.Stats(); st.Calls != 0 {
			t.Errorf("%+v", st)
		}
	})
}

// TestRingEndsWhileOneAnswers: the caller gives up in the middle of an answer.
func TestRingEndsWhileOneAnswers(t *testing.T) {
	inBubble(t, func(t *testing.T, s *stage) {
		gate := make(chan struct{})
		s.sw.answer = func(context.Context, string) error { <-gate; return nil }
		a := s.login("a", "1000", "s-a")
		ctx, cancel := context.WithCancel(t.Context())
		got := s.ringing(ctx, verto.Outgoing{UserID: alice})
		s.answers(t, a, a.rings(t), "m=")
		synctest.Wait()
		cancel()
		wantOutcome(t, got, "ORIGINATOR_CANCEL: context canceled")
		close(gate)
		synctest.Wait()
		a.want(t, `<*>CALL DOES NOT EXIST<*>`)
		a.want(t, `<*>"causeCode":487,"cause":"ORIGINATOR_CANCEL"}}`)
		s.heard(t, "offer s-a", "answer ring-s-a m=", "hangup ring-s-a ORIGINATOR_CANCEL", "")
	})
}

// TestRingCallEndsWhileItIsAnswered: the switch lets one call go in the middle of its
// answer; the other still rings.
func TestRingCallEndsWhileItIsAnswered(t *testing.T) {
	inBubble(t, func(t *testing.T, s *stage) {
		gate := make(chan struct{})
		s.sw.answer = func(context.Context, string) error { <-gate; return nil }
		a, b := s.login("a", "1000", "s-a"), s.login("b", "1000", "s-b")
		got := s.ringing(t.Context(), verto.Outgoing{UserID: alice})
		s.answers(t, a, a.rings(t), "m=")
		synctest.Wait()
		s.sw.control("ring-s-a").Bye(verto.CauseNormalClearing)
		close(gate)
		a.want(t, `<*>CALL DOES NOT EXIST<*>`)
		a.want(t, `<*>verto.bye<*>`)
		s.answers(t, b, b.rings(t), "m=")
		wantOutcome(t, got, "answered by s-b: Outbound Call <1000>")
		if st := s.srv.Stats(); st.Calls != 1 {
			t.Errorf("%+v", st)
		}
	})
}

func TestRingOfferThatComesTooLate(t *testing.T) {
	inBubble(t, func(t *testing.T, s *stage) {
		a := s.login("a", "1000", "s-a")
		got := s.ringing(t.Context(), verto.Outgoing{UserID: alice, Timeout: time.Second,
			Offer: func(ctx context.Context, x *verto.Session, id string, out verto.CallControl) (string, verto.Call, error) {
				<-ctx.Done()
				out.Display("early", "")
				return s.sw.offer(ctx, x, id, out)
			}})
		<-time.After(time.Second)
		wantOutcome(t, got, "NO_ANSWER")
		if m, ok := a.next(); ok {
			t.Error(m)
		}
		s.heard(t, "offer s-a", "hangup ring-s-a NO_ANSWER", "")
	})
}

func TestRingOfferThatPanics(t *testing.T) {
	inBubble(t, func(t *testing.T, s *stage) {
		s.login("a", "1000", "s-a")
		got := s.ringing(t.Context(), verto.Outgoing{UserID: alice,
			Offer: func(context.Context, *verto.Session, string, verto.CallControl) (string, verto.Call, error) {
				panic("fake panic")
			}})
		wantOutcome(t, got, "NORMAL_TEMPORARY_FAILURE")
	})
}

func TestRingEndsWithTheServer(t *testing.T) {
	inBubble(t, func(t *testing.T, s *stage) {
		s.login("a", "1000", "s-a")
		got := s.ringing(t.Context(), verto.Outgoing{UserID: alice})
		s.srv.Close()
		wantOutcome(t, got, "DESTINATION_OUT_OF_ORDER")
		wantOutcome(t, s.ringing(t.Context(), verto.Outgoing{UserID: alice}), "USER_NOT_REGISTERED")
	})
}

// TestRingRace lets all connections of a user answer at the same time: one wins.
func TestRingRace(t *testing.T) {
	inBubble(t, func(t *testing.T, s *stage) {
		var clients []*client
		for i := range 20 {
			clients = append(clients, s.login(fmt.Sprint(i), "1000", fmt.Sprint("s", i)))
		}
		for range 20 {
			got := s.ringing(t.Context(), verto.Outgoing{UserID: alice})
			var all sync.WaitGroup
			for _, c := range clients {
				id := c.rings(t)
				all.Go(func() { s.answers(t, c, id, "m=") })
			}
			all.Wait()
			synctest.Wait()
			if g := <-got; !strings.HasPrefix(g, "answered by s") {
				t.Error(g)
			}
			won, lost := 0, 0
			for _, c := range clients {
				for m, ok := c.next(); ok; m, ok = c.next() {
					won += strings.Count(m, `"result":{"sessid"`)
					lost += strings.Count(m, `"cause":"LOSE_RACE"`)
				}
			}
			if st := s.srv.Stats(); won != 1 || lost != 19 || st.Calls != 1 {
				t.Fatalf("%d won, %d lost, %+v", won, lost, st)
			}
			for _, k := range clients {
				s.sw.control("ring-" + s.sessionOf(k)).Bye(verto.CauseNormalClearing)
			}
			synctest.Wait()
			for _, c := range clients {
				c.next()
			}
		}
	})
}

func (s *stage) sessionOf(c *client) string {
	for name, other := range s.clients {
		if other == c {
			return "s" + name
		}
	}
	return ""
}

func TestUsersConnections(t *testing.T) {
	inBubble(t, func(t *testing.T, s *stage) {
		for i, user := range []string{"1000", "1001", "1000", "1000"} {
			s.login(fmt.Sprint(i), user, fmt.Sprint("s", i))
		}
		s.clients["2"].drop()
		names := ""
		for _, x := range s.srv.SessionsOf(alice) {
			names += x.ID() + " "
		}
		if names != "s0 s3 " {
			t.Errorf("sessions %s", names)
		}
		m := verto.Message{From: "1001@127.0.0.1", Body: "user to user", Extra: map[string]string{"from_mood": "<good>", "from_user": "forged", "to_x": "y"}}
		if n := s.srv.SendUser(alice, "verto.info", m.Delivered(alice)); n != 2 {
			t.Errorf("%d were reached", n)
		}
		for _, name := range []string{"0", "3"} {
			s.clients[name].want(t, `{"jsonrpc":"2.0","id":<*>,"method":"verto.info","params":{"msg":{"from":"1001@127.0.0.1","to":"1000@127.0.0.1","body":"user to user",`+
				`"from_mood":"<good>","to_x":"y","from_user":"1001","from_host":"127.0.0.1","from_full":"1001"}}}`)
		}
		if n := s.srv.SendUser("nobody@127.0.0.1", "verto.info", nil); n != 0 {
			t.Errorf("%d were reached", n)
		}
	})
}
