package room_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/omniverto/omniverto/mcu/room"
	"github.com/omniverto/omniverto/media"
)

var errLost = errors.New("no consent")

// one is the only member that a room is expected to have.
func one(t *testing.T, r *room.Room) (i room.Info) {
	t.Helper()
	do(t, r, func(s *room.State) error {
		if all := s.Members(); len(all) == 1 {
			i = all[0]
		} else {
			t.Errorf("%d members, want one", len(all))
		}
		return nil
	})
	return i
}

// named is the member of that name.
func named(t *testing.T, r *room.Room, name string) (i room.Info) {
	t.Helper()
	do(t, r, func(s *room.State) error {
		for _, m := range s.Members() {
			if m.Name == name {
				i = m
			}
		}
		return nil
	})
	return i
}

// attach gives a member a new leg; connected tells that its media is up already.
func attach(t *testing.T, m *room.Member, dir media.Directions, connected bool) *testLeg {
	t.Helper()
	leg := &testLeg{dir: dir, handler: m.Handler()}
	if connected {
		leg.handler.Connected()
	}
	if err := m.Room().Attach(t.Context(), m, leg); err != nil {
		t.Fatal(err)
	}
	synctest.Wait()
	return leg
}

// TestAttach: a member whose media died stays as he was, and a new leg takes over.
func TestAttach(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, d := newRoom(t, nil)
		var lost atomic.Int32
		m, old := join(t, r, room.Request{Name: "Anna", Session: "a", Lost: func() { lost.Add(1) }}, both)
		old.handler.Connected()
		bob, _ := join(t, r, room.Request{Name: "Bob", Session: "b"}, both)
		do(t, r, func(s *room.State) error {
			s.Mute(m, true)
			s.SetHand(m, true)
			return s.SetBanner(m, "Anna")
		})
		before := named(t, r, "Anna")
		synctest.Wait()
		d.take()

		old.handler.Closed(errLost)
		synctest.Wait()
		if now := named(t, r, "Anna"); !now.Detached || now.HasVideo || now.Layer != before.Layer || !now.Muted || !now.VideoFloor {
			t.Errorf("without media: %+v", now)
		}
		if !old.closed.Load() || lost.Load() != 1 {
			t.Errorf("leg closed %t, told %d times", old.closed.Load(), lost.Load())
		}
		<-time.After(10 * time.Second)
		leg := attach(t, m, both, false)
		now := named(t, r, "Anna")
		if now.Detached || !now.HasVideo || now.ID != before.ID || now.Layer != before.Layer || !now.Muted || now.Hand != before.Hand || !now.VideoFloor {
			t.Errorf("with a new leg: %+v\nbefore: %+v", now, before)
		}
		if leg.keyframes.Load() == 0 {
			t.Error("no keyframe was asked for")
		}
		if lines := d.take(); !slices.Contains(lines, "attach Anna") || slices.ContainsFunc(lines, func(l string) bool { return strings.HasPrefix(l, "join") || strings.HasPrefix(l, "left") }) {
			t.Errorf("events %q", lines)
		}
		<-time.After(time.Second)
		if leg.picture.Load() == 0 || leg.sound.Load() < 40 {
			t.Errorf("a second later: pictures %d, sound %d", leg.picture.Load(), leg.sound.Load())
		}
		old.handler.Closed(errLost) // of a leg that is nobody's any more
		old.handler.VideoPacket(&media.Packet{Arrival: time.Now()})
		synctest.Wait()
		if i := named(t, r, "Anna"); i.Detached {
			t.Error("an old leg's word counts")
		}
		_ = bob
		r.Close()
	})
}

// TestAttachWhileMediaFlows: the old leg goes on until the new one is connected.
func TestAttachWhileMediaFlows(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, _ := newRoom(t, nil)
		m, old := join(t, r, room.Request{Name: "Anna"}, both)
		old.handler.Connected()
		<-time.After(time.Second)

		voided := attach(t, m, both, false)
		<-time.After(5 * time.Second)
		before := old.sound.Load()
		<-time.After(time.Second)
		if old.sound.Load()-before < 49 || voided.sound.Load() > 0 || old.closed.Load() {
			t.Errorf("before the new leg is connected: %d and %d frames, closed %t", old.sound.Load()-before, voided.sound.Load(), old.closed.Load())
		}
		<-time.After(5 * time.Second)
		synctest.Wait()
		if !voided.closed.Load() || old.closed.Load() {
			t.Error("a leg that did not connect in time is not closed, or the old one is")
		}

		leg := attach(t, m, both, false)
		before = old.sound.Load()
		leg.handler.Connected()
		synctest.Wait()
		if !old.closed.Load() {
			t.Error("the old leg is open")
		}
		<-time.After(time.Second)
		if n := old.sound.Load() - before + leg.sound.Load(); n < 49 {
			t.Errorf("%d of 50 frames of sound", n)
		}
		third := attach(t, m, both, false)
		fourth := attach(t, m, both, false)
		synctest.Wait()
		if !third.closed.Load() {
			t.Error("a leg that another followed is open")
		}
		third.handler.Connected()
		fourth.handler.Closed(errLost)
		synctest.Wait()
		if i := one(t, r); i.Detached || leg.closed.Load() || !fourth.closed.Load() {
			t.Errorf("a new leg's end: detached %t", i.Detached)
		}
		r.Close()
	})
}

// TestOtherMediaAfterAttach: directions and codec of the new leg are taken.
func TestOtherMediaAfterAttach(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, _ := newRoom(t, nil)
		m, old := join(t, r, room.Request{Name: "Anna", AudioCodec: media.PCMA}, media.Directions{AudioIn: true, AudioOut: true})
		old.handler.Connected()
		old.handler.Closed(errLost)
		synctest.Wait()
		leg := &testLeg{dir: both, handler: m.Handler(), form: &media.AudioForm{Codec: media.Opus, Channels: 2}}
		if err := r.Attach(t.Context(), m, leg); err != nil {
			t.Fatal(err)
		}
		leg.handler.Connected()
		if i := one(t, r); !i.HasVideo || !i.VideoFloor || i.AudioCodec != media.Opus {
			t.Errorf("%+v", i)
		}
		<-time.After(time.Second)
		if leg.picture.Load() == 0 {
			t.Error("no picture")
		}
		r.Close()
	})
}

// TestHowLongOneIsMissed: what ends a member who has no media.
func TestHowLongOneIsMissed(t *testing.T) {
	for _, c := range []struct {
		name      string
		connected bool
		req       room.Request
		lost      func(t *testing.T, m *room.Member, leg *testLeg)
		after     time.Duration
		cause     string
	}{
		{"never connected", false, room.Request{}, func(_ *testing.T, _ *room.Member, l *testLeg) { l.handler.Closed(errLost) }, 0, "2"},
		{"media dies while the socket is there", true, room.Request{}, func(_ *testing.T, _ *room.Member, l *testLeg) { l.handler.Closed(errLost) }, 30 * time.Second, "2"},
		{"socket lost, then media", true, room.Request{}, func(t *testing.T, m *room.Member, l *testLeg) { loseSocket(t, m); l.handler.Closed(errLost) }, 20 * time.Second, "7"},
		{"media lost, then socket", true, room.Request{}, func(t *testing.T, m *room.Member, l *testLeg) { l.handler.Closed(errLost); loseSocket(t, m) }, 20 * time.Second, "7"},
		{"socket lost, nothing comes any more", true, room.Request{}, func(t *testing.T, m *room.Member, _ *testLeg) { loseSocket(t, m) }, 23 * time.Second, "7"},
		{"one who is not to be brought back", true, room.Request{NoRecover: true}, func(t *testing.T, m *room.Member, _ *testLeg) { loseSocket(t, m) }, 0, "0"},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r, d := newRoomOf(t, nil, func(o *room.Options) { o.DetachTime = 20 * time.Second })
				c.req.Name = "Anna"
				m, leg := join(t, r, c.req, both)
				if c.connected {
					leg.handler.Connected()
				}
				join(t, r, room.Request{Name: "Bob"}, both)
				c.lost(t, m, leg)
				if c.after > 0 {
					<-time.After(c.after - 2*time.Second)
					if i := named(t, r, "Anna"); i.ID == 0 || !i.Detached {
						t.Errorf("before: %+v", i)
					}
					<-time.After(4 * time.Second)
				}
				synctest.Wait()
				if lines := d.take(); !slices.Contains(lines, "left Anna cause "+c.cause) {
					t.Errorf("events %q", lines)
				}
				r.Close()
			})
		})
	}
}

func loseSocket(t *testing.T, m *room.Member) {
	t.Helper()
	if err := m.SocketLost(t.Context()); err != nil {
		t.Error(err)
	}
}

// TestLegsThatNeverConnect: they buy a member no time.
func TestLegsThatNeverConnect(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, d := newRoom(t, nil)
		m, leg := join(t, r, room.Request{Name: "Anna"}, both)
		join(t, r, room.Request{Name: "Bob"}, both)
		leg.handler.Connected()
		leg.handler.Closed(errLost)
		for range 2 {
			<-time.After(12 * time.Second)
			attach(t, m, both, false).handler.Closed(errLost)
			synctest.Wait()
		}
		if named(t, r, "Anna").ID == 0 {
			t.Error("gone too soon")
		}
		<-time.After(8 * time.Second)
		if lines := d.take(); !slices.Contains(lines, "left Anna cause 2") {
			t.Errorf("still there after 32 s: %q", lines)
		}
		r.Close()
	})
}

// TestMediaGoesOnWithoutSocket: who lost his socket stays while packets come.
func TestMediaGoesOnWithoutSocket(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, _ := newRoomOf(t, nil, func(o *room.Options) { o.DetachTime = 15 * time.Second })
		m, leg := join(t, r, room.Request{Name: "Anna", Session: "a"}, both)
		leg.handler.Connected()
		loseSocket(t, m)
		for range 30 {
			leg.packets.Add(50)
			<-time.After(time.Second)
		}
		if i := one(t, r); i.Detached {
			t.Error("detached while media flows")
		}
		<-time.After(5 * time.Second)
		if i := one(t, r); !i.Detached || i.HasVideo {
			t.Error("not detached without media")
		}
		leg.packets.Add(50)
		<-time.After(2 * time.Second)
		if i := one(t, r); i.Detached {
			t.Error("still detached when media flows again")
		}
		left := make(chan room.Cause, 1)
		if err := r.SetSession(t.Context(), m, "b", func(c room.Cause) { left <- c }, nil); err != nil {
			t.Fatal(err)
		}
		<-time.After(35 * time.Second)
		if i := one(t, r); i.Detached || i.Session != "b" {
			t.Errorf("with a socket again: %+v", i)
		}
		r.Close()
		if c := <-left; c != room.RoomEnded {
			t.Errorf("cause %v", c)
		}
	})
}

// TestCallingAnew: a session that calls again replaces what it left behind.
func TestCallingAnew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, d := newRoom(t, nil)
		m, leg := join(t, r, room.Request{Name: "Anna", Session: "a"}, both)
		leg.handler.Connected()
		loseSocket(t, m)
		join(t, r, room.Request{Name: "Screen", Session: "a", ScreenShare: true}, media.Directions{VideoIn: true})
		synctest.Wait()
		if slices.Contains(d.take(), "left Anna cause 4") {
			t.Error("a screen replaced its owner")
		}
		join(t, r, room.Request{Name: "Again", Session: "a"}, both)
		synctest.Wait()
		if lines := d.take(); !slices.Contains(lines, "left Anna cause 4") {
			t.Errorf("events %q", lines)
		}
		r.Close()
	})
}

// TestRelease: a member leaves and his leg goes on.
func TestRelease(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, d := newRoom(t, nil)
		told := false
		m, leg := join(t, r, room.Request{Name: "Anna", Left: func(room.Cause) { told = true }}, both)
		got, err := m.Release(t.Context())
		if err != nil || got != room.Leg(leg) {
			t.Fatalf("%v, %v", got, err)
		}
		leg.handler.VideoPacket(&media.Packet{Arrival: time.Now()})
		leg.handler.Closed(errLost)
		<-r.Done()
		if leg.closed.Load() || told {
			t.Errorf("leg closed %t, left told %t", leg.closed.Load(), told)
		}
		if lines := d.take(); !slices.Contains(lines, "left Anna cause 8") {
			t.Errorf("events %q", lines)
		}
		if _, err := m.Release(t.Context()); !errors.Is(err, room.ErrEnded) {
			t.Errorf("again: %v", err)
		}
	})
}

// TestCallHold: he hears and sees nothing, is not heard, and comes back as he was.
func TestCallHold(t *testing.T) {
	inRoom(t, nil, []int{1000, 200}, func(t *testing.T, h *hearing) {
		h.hears("together", 200, 1000)
		m := h.all[0]
		hold := func(on bool) {
			if err := m.HoldCall(t.Context(), on); err != nil {
				t.Fatal(err)
			}
		}
		hold(true)
		before, pictures := m.leg.sound.Load(), m.leg.picture.Load()
		do(t, h.Room, func(s *room.State) error { return s.SetFPS(10) }) // everybody gets another view
		h.talk(2 * time.Second)
		if left, _, _ := h.all[1].leg.sound.heard(); left != 0 {
			t.Errorf("one on hold is heard: %d", left)
		}
		if m.leg.sound.Load() != before || m.leg.picture.Load() > pictures+1 {
			t.Error("one on hold hears or sees")
		}
		do(t, h.Room, func(s *room.State) error {
			if i := s.Members()[0]; !i.CallHold || i.VideoFloor || i.Floor || i.Layer < 0 {
				t.Errorf("on hold: %+v", i)
			}
			return nil
		})
		hold(false)
		h.hears("together again", 200, 1000)
	})
}

// TestCommandsRacingWithLeaves: X5 of the faults, kick, layout and leave at once.
func TestCommandsRacingWithLeaves(t *testing.T) {
	r, _ := newRoom(t, nil)
	keep, _ := join(t, r, room.Request{Name: "Keeper"}, both)
	for range 30 {
		m, leg := join(t, r, room.Request{Name: "Anna", Session: "a"}, both)
		leg.handler.Connected()
		n := make(chan struct{}, 6)
		ctx := t.Context()
		for _, f := range []func(){
			func() { _ = r.Do(ctx, func(s *room.State) error { s.Kick(m); return nil }) },
			func() { _ = r.Do(ctx, func(s *room.State) error { return s.SetLayout(0, "2x2") }) },
			func() { _ = m.Leave(ctx, room.Left) },
			func() { leg.handler.Closed(errLost) },
			func() { _ = r.Attach(ctx, m, &testLeg{dir: both, handler: m.Handler()}) },
			func() { _ = m.DTMF(ctx, "0*0"); _ = m.HoldCall(ctx, true); _ = m.SocketLost(ctx) },
		} {
			go func() { f(); n <- struct{}{} }()
		}
		for range 6 {
			<-n
		}
		do(t, r, func(s *room.State) error {
			if len(s.Members()) != 1 {
				t.Errorf("%d members", len(s.Members()))
			}
			return s.SetLayout(0, "group:grid")
		})
	}
	if err := keep.Leave(context.Background(), room.Left); err != nil {
		t.Error(err)
	}
	<-r.Done()
}
