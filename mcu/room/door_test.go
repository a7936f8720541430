package room_test

import (
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

// waiting lists who is at the door, with what for.
func waiting(t *testing.T, r *room.Room) (out []room.Info) {
	t.Helper()
	do(t, r, func(s *room.State) error { out = s.WaitingMembers(); return nil })
	return out
}

func names(all []room.Info) (out []string) {
	for _, i := range all {
		out = append(out, i.Name)
	}
	return out
}

func members(t *testing.T, r *room.Room) (out []string) {
	t.Helper()
	do(t, r, func(s *room.State) error { out = names(s.Members()); return nil })
	return out
}

func reserves(t *testing.T, r *room.Room, req room.Request) error {
	t.Helper()
	m, err := r.Reserve(t.Context(), req)
	if err == nil {
		m.Discard()
	}
	return err
}

// TestDoor: who is turned away before he has a leg.
func TestDoor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, d := newRoom(t, nil)
		host, _ := join(t, r, room.Request{Name: "Host", Session: "h", Role: room.Moderator}, both)
		bad, _ := join(t, r, room.Request{Name: "Bad", Session: "s1", DeviceID: "d1", User: "1001@example.com"}, both)
		guest, _ := join(t, r, room.Request{Name: "Guest", Session: "s2", User: "guest-3800@example.com"}, both)
		do(t, r, func(s *room.State) error { s.Lock(true); return nil })
		synctest.Wait()
		for _, c := range []struct {
			name string
			req  room.Request
			want error
		}{
			{"locked", room.Request{Session: "s3"}, room.ErrLocked},
			{"trusted", room.Request{Trusted: true}, nil},
			{"a member's screen", room.Request{Session: "h", ScreenShare: true}, nil},
			{"a stranger's screen", room.Request{Session: "s3", ScreenShare: true}, room.ErrLocked},
		} {
			if err := reserves(t, r, c.req); !errors.Is(err, c.want) {
				t.Errorf("%s: %v, want %v", c.name, err, c.want)
			}
		}
		do(t, r, func(s *room.State) error {
			if !s.Locked() || !s.RoomInfo().Locked {
				t.Error("not told to be locked")
			}
			s.Lock(false)
			s.Ban(bad)
			s.Ban(guest)
			s.SetMaxMembers(2)
			return nil
		})
		for _, c := range []struct {
			name string
			req  room.Request
			want error
		}{
			{"banned session", room.Request{Session: "s1"}, room.ErrBanned},
			{"banned device", room.Request{Session: "s9", DeviceID: "d1"}, room.ErrBanned},
			{"banned account", room.Request{Session: "s9", User: "1001@example.com"}, room.ErrBanned},
			{"banned, trusted", room.Request{Session: "s1", Trusted: true}, room.ErrBanned},
			{"banned, called by the server", room.Request{Session: "s1", Outbound: true}, nil},
			{"another guest", room.Request{Session: "s9", User: "guest-3800@example.com"}, nil},
		} {
			if err := reserves(t, r, c.req); !errors.Is(err, c.want) {
				t.Errorf("%s: %v, want %v", c.name, err, c.want)
			}
		}
		join(t, r, room.Request{Name: "Two"}, both)
		if err := reserves(t, r, room.Request{Trusted: true}); !errors.Is(err, room.ErrFull) {
			t.Errorf("a third of two: %v", err)
		}
		do(t, r, func(s *room.State) error { s.SetMaxMembers(0); return nil })
		join(t, r, room.Request{Name: "Ghost", Flags: room.MemberFlags{Ghost: true}}, both)
		do(t, r, func(s *room.State) error {
			s.SetMaxMembers(3)
			if i := s.RoomInfo(); i.Ghosts != 1 || i.Members != 3 || i.MaxMembers != 3 {
				t.Errorf("%+v", i)
			}
			return nil
		})
		if err := reserves(t, r, room.Request{}); err != nil {
			t.Errorf("a ghost is counted: %v", err)
		}
		if lines := d.take(); !slices.Contains(lines, "left Bad cause 6") {
			t.Errorf("events %q", lines)
		}
		_ = host
		r.Close()
	})
}

// TestPIN: who gives which PIN, and what he is then.
func TestPIN(t *testing.T) {
	profile := func(p *room.Profile) { p.PIN, p.ModeratorPIN, p.PINRetries = "1234", "123456", 3 }
	for _, c := range []struct {
		name  string
		pin   string   // with the call
		dials []string // then
		role  room.Role
		tries int // while he still waits
		cause string
	}{
		{name: "with the call", pin: "1234"},
		{name: "the moderators' with the call", pin: "123456", role: room.Moderator},
		{name: "dialled", dials: []string{"1234#"}},
		{name: "dialled digit by digit", dials: []string{"1", "2", "3", "4", "#"}},
		{name: "and a pause", dials: []string{"1234", "wait"}},
		{name: "the moderators' needs no end", dials: []string{"123456"}, role: room.Moderator},
		{name: "wrong, then right", pin: "1", dials: []string{"99#", "1234#"}},
		{name: "wrong", dials: []string{"99#"}, tries: 1},
		{name: "too long is wrong", dials: []string{"999999"}, tries: 1},
		{name: "wrong too often", dials: []string{"99#", "1#", "2#"}, cause: "rejected"},
		{name: "nothing dialled", dials: []string{"long"}, cause: "rejected"},
		{name: "only the end", dials: []string{"###"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r, d := newRoom(t, profile)
				join(t, r, room.Request{Name: "Host", Trusted: true}, both)
				synctest.Wait()
				d.take()
				var cause atomic.Pointer[string]
				m, leg := join(t, r, room.Request{Name: "Anna", Session: "a", PIN: c.pin, Left: func(c room.Cause) { s := c.String(); cause.Store(&s) }}, both)
				if c.dials != nil {
					<-time.After(2 * time.Second)
					if lines := d.take(); len(lines) > 0 {
						t.Errorf("one at the door is told: %q", lines)
					}
					if all := waiting(t, r); len(all) != 1 || all[0].Waiting != room.ForPIN || leg.picture.Load() > 0 || leg.sound.Load() < 90 {
						t.Errorf("at the door: %+v, %d pictures, %d frames", all, leg.picture.Load(), leg.sound.Load())
					}
				}
				for _, dial := range c.dials {
					switch dial {
					case "wait":
						<-time.After(6 * time.Second)
					case "long":
						<-time.After(70 * time.Second)
					default:
						if err := m.DTMF(t.Context(), dial); err != nil {
							t.Fatal(err)
						}
					}
				}
				synctest.Wait()
				if c.tries > 0 || c.name == "only the end" {
					if all := waiting(t, r); len(all) != 1 || all[0].PINTries != c.tries {
						t.Errorf("at the door: %+v", all)
					}
				} else if got := cause.Load(); c.cause != "" {
					if got == nil || *got != c.cause || !leg.closed.Load() {
						t.Errorf("left with %v, closed %t", got, leg.closed.Load())
					}
				} else if i := named(t, r, "Anna"); i.Role != c.role || i.Waiting != room.NotWaiting || i.ID == 0 {
					t.Errorf("in the room: %+v", i)
				}
				for _, e := range d.takeHappened() {
					if e.Member.Name == "Anna" && e.Action == "dtmf-member" {
						t.Error("an event tells the PIN")
					}
				}
				r.Close()
			})
		})
	}
}

// takeHappened takes the events of FreeSWITCH's kind.
func (d *diary) takeHappened() []room.Event {
	d.mu.Lock()
	defer d.mu.Unlock()
	out := d.happened
	d.happened = nil
	return out
}

// TestPINGuessing is P3 of the faults: a guesser is slowed down, whoever he says that
// he is, and in a while all goes on.
func TestPINGuessing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, _ := newRoom(t, func(p *room.Profile) { p.PIN, p.PINRetries = "1234", 3 })
		join(t, r, room.Request{Name: "Host", Trusted: true}, both)
		guess := func(req room.Request) error {
			m, err := r.Reserve(t.Context(), req)
			if err != nil {
				return err
			}
			if err := r.Join(t.Context(), m, &testLeg{dir: both, handler: m.Handler()}); err != nil {
				return err
			}
			for range 3 {
				_ = m.DTMF(t.Context(), "1111#")
			}
			synctest.Wait()
			if _, err := m.Release(t.Context()); err == nil {
				t.Error("three wrong PINs, and he is still there")
			}
			return nil
		}
		for n := range 3 {
			if err := guess(room.Request{Session: "evil", DeviceID: "d"}); err != nil {
				t.Errorf("call %d: %v", n+1, err)
			}
		}
		for _, req := range []room.Request{{Session: "evil"}, {Session: "other", DeviceID: "d"}, {Session: "evil", PIN: "1234"}} {
			if err := guess(req); !errors.Is(err, room.ErrPINWrong) {
				t.Errorf("fourth call of %+v: %v", req, err)
			}
		}
		if err := reserves(t, r, room.Request{Session: "honest", PIN: "1234"}); err != nil {
			t.Errorf("somebody else: %v", err)
		}
		refused := false
		for n := 0; n < 20 && !refused; n++ { // under ever new names
			refused = errors.Is(guess(room.Request{Session: "s" + strings.Repeat("x", n)}), room.ErrPINWrong)
		}
		if !refused || !errors.Is(reserves(t, r, room.Request{Session: "s", PIN: "1234"}), room.ErrPINWrong) {
			t.Error("guessing under many names goes on")
		}
		if err := reserves(t, r, room.Request{Trusted: true}); err != nil {
			t.Errorf("trusted: %v", err)
		}
		<-time.After(61 * time.Second)
		if err := reserves(t, r, room.Request{Session: "evil", PIN: "1234"}); err != nil {
			t.Errorf("a minute later: %v", err)
		}
		r.Close()
	})
}

// TestLobby: who is let in, who is not, and what they hear meanwhile.
func TestLobby(t *testing.T) {
	music := func(p *room.Profile) { p.Lobby, p.Sounds.Music = true, "level:700" }
	inRoom(t, music, nil, func(t *testing.T, h *hearing) {
		host := h.join2(room.Request{Name: "Host", Role: room.Moderator}, 500)
		anna := h.join2(room.Request{Name: "Anna", Session: "a"}, 300)
		bob := h.join2(room.Request{Name: "Bob", Session: "b"}, 100)
		screen := h.join2(room.Request{Name: "Screen", Session: "a", ScreenShare: true}, 0)
		h.talk(2 * time.Second)
		if got := names(waiting(t, h.Room)); !slices.Equal(got, []string{"Anna", "Bob", "Screen"}) {
			t.Errorf("waiting: %q", got)
		}
		if left, _, _ := anna.leg.sound.heard(); left != 700 {
			t.Errorf("at the door one hears %d, want the music alone", left)
		}
		if left, _, _ := host.leg.sound.heard(); left == 300 || left == 400 {
			t.Errorf("the host hears who is at the door: %d", left)
		}
		do(t, h.Room, func(s *room.State) error {
			if i := s.RoomInfo(); !i.Lobby || i.Waiting != 3 || i.Members != 1 {
				t.Errorf("%+v", i)
			}
			if !s.Admit(anna.Member) || s.Admit(anna.Member) {
				t.Error("let in: not once")
			}
			s.Deny(bob.Member)
			if _, err := s.WaitingMember(bob.ID()); err == nil {
				t.Error("Bob still waits")
			}
			return nil
		})
		h.talk(2 * time.Second)
		if !bob.leg.closed.Load() || anna.leg.picture.Load() == 0 {
			t.Error("Bob is not gone, or Anna sees nothing")
		}
		h.hears("Anna is in", 300, 500)
		do(t, h.Room, func(s *room.State) error { s.SetLobby(false); return nil })
		if got := members(t, h.Room); !slices.Equal(got, []string{"Host", "Anna", "Screen"}) {
			t.Errorf("in the room: %q", got)
		}
		_ = screen
		mod := h.join2(room.Request{Name: "Carl"}, 0)
		do(t, h.Room, func(s *room.State) error {
			s.SetLobby(true)
			s.Promote(mod.Member, room.Viewer)
			return nil
		})
		if i := named(t, h.Room, "Carl"); i.Role != room.Viewer || i.Layer >= 0 || i.HasVideo {
			t.Errorf("a viewer: %+v", i)
		}
	})
}

// join2 is join with a whole request.
func (h *hearing) join2(req room.Request, level int) *speaker {
	h.t.Helper()
	m, leg := join(h.t, h.Room, req, both)
	s := &speaker{Member: m, leg: leg}
	s.level.Store(int32(level))
	h.all = append(h.all, s)
	return s
}

// TestDoorsEnd: a room with people at its door lives, and they go as others do.
func TestDoorsEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, d := newRoom(t, func(p *room.Profile) { p.Lobby = true })
		var causes [3]atomic.Int32
		leave := func(i int) func(room.Cause) { return func(c room.Cause) { causes[i].Store(int32(c) + 1) } }
		_, first := join(t, r, room.Request{Name: "A", Left: leave(0)}, both)
		second, _ := join(t, r, room.Request{Name: "B", Left: leave(1)}, both)
		_, third := join(t, r, room.Request{Name: "C", Left: leave(2)}, media.Directions{AudioIn: true})
		<-time.After(10 * time.Second)
		first.handler.Closed(errLost)
		loseSocket(t, second)
		synctest.Wait()
		if got := names(waiting(t, r)); !slices.Equal(got, []string{"C"}) {
			t.Errorf("waiting: %q", got)
		}
		third.handler.Connected()
		r.Close()
		for i, want := range []room.Cause{room.MediaLost, room.Left, room.RoomEnded} {
			if got := room.Cause(causes[i].Load() - 1); got != want {
				t.Errorf("%d left with %v, want %v", i, got, want)
			}
		}
		if lines := d.take(); !slices.Equal(lines, []string{"ended"}) {
			t.Errorf("events %q", lines)
		}
	})
}

// TestRoomAndDoorAreTold: what observers hear of them, and no more often than needed.
func TestRoomAndDoorAreTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, d := newRoom(t, nil)
		_, _ = join(t, r, room.Request{Name: "Host", Role: room.Moderator}, both)
		synctest.Wait()
		d.takeDoor()
		do(t, r, func(s *room.State) error {
			s.Lock(true)
			s.Lock(true)
			s.SetPIN("77")
			s.SetVariable("conference_verto_logo", "x.png")
			s.Lock(false)
			s.SetPIN("")
			s.SetLobby(true)
			return nil
		})
		_, _ = join(t, r, room.Request{Name: "Anna"}, both)
		synctest.Wait()
		want := []string{
			"room locked true pin false lobby false waiting 0", "room locked true pin true lobby false waiting 0",
			"room locked true pin true lobby false waiting 0", "room locked false pin true lobby false waiting 0",
			"room locked false pin false lobby false waiting 0", "room locked false pin false lobby true waiting 0",
			"lobby Anna", "room locked false pin false lobby true waiting 1",
		}
		if got := d.takeDoor(); !slices.Equal(got, want) {
			t.Errorf("told\n%q\nwant\n%q", got, want)
		}
		do(t, r, func(s *room.State) error {
			if v, ok := s.Variable("conference_verto_logo"); !ok || v != "x.png" || s.RoomInfo().Verto["logo"] != "x.png" {
				t.Errorf("variable %q, %+v", v, s.RoomInfo())
			}
			s.SetVariable("conference_verto_logo", "")
			s.SetVariable(strings.Repeat("x", 1000), "y")
			if _, ok := s.Variable("conference_verto_logo"); ok || s.RoomInfo().Verto != nil {
				t.Error("the variable is still there")
			}
			return nil
		})
		r.Close()
	})
}

// TestScreenHasItsOwnersRole: who is a moderator no more is none by his screen share.
func TestScreenHasItsOwnersRole(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, _ := newRoom(t, nil)
		owner, _ := join(t, r, room.Request{Name: "Host", Session: "h", Role: room.Moderator}, both)
		join(t, r, room.Request{Name: "Screen", Session: "h", Role: room.Moderator, ScreenShare: true}, media.Directions{VideoIn: true})
		join(t, r, room.Request{Name: "Guest", Session: "g"}, both)
		do(t, r, func(s *room.State) error { s.Promote(owner, room.Participant); return nil })
		for _, name := range []string{"Host", "Screen"} {
			if role := named(t, r, name).Role; role != room.Participant {
				t.Errorf("%s is %s", name, role)
			}
		}
		r.Close()
	})
}
