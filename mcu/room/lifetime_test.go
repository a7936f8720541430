package room_test

import (
	"errors"
	"regexp"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/omniverto/omniverto/mcu/room"
	"github.com/omniverto/omniverto/media"
)

// ended reports whether a room has ended by now.
func ended(r *room.Room) bool {
	select {
	case <-r.Done():
		return true
	default:
		return false
	}
}

// TestWhatEndsAConference: flags and parameters that end it, and when.
func TestWhatEndsAConference(t *testing.T) {
	flags := func(text string) room.Request { return room.Request{Flags: room.ParseMemberFlags(text)} }
	for _, c := range []struct {
		name    string
		profile func(*room.Profile)
		join    []room.Request // in this order
		leave   []int          // of them, in this order
		after   time.Duration  // until which it goes on, and after which it has ended; 0: it has
		lives   bool           // for good
	}{
		{name: "endconf", join: []room.Request{flags("endconf"), {}, {}}, leave: []int{0}},
		{name: "one of two endconf", join: []room.Request{flags("endconf"), flags("endconf"), {}}, leave: []int{0}, lives: true},
		{name: "the second of them", join: []room.Request{flags("endconf"), flags("endconf"), {}}, leave: []int{0, 1}},
		{name: "mandatory", join: []room.Request{flags("mandatory_member_endconf"), {}, {}}, leave: []int{0}},
		{name: "others", join: []room.Request{flags("endconf"), {}, {}}, leave: []int{1}, lives: true},
		{name: "with grace", profile: func(p *room.Profile) { p.EndGrace = 20 }, join: []room.Request{flags("endconf"), {}, {}}, leave: []int{0}, after: 20 * time.Second},
		{name: "mintwo", join: []room.Request{flags("mintwo"), {}, flags("ghost")}, leave: []int{1}},
		{name: "mintwo before the second came", join: []room.Request{flags("mintwo"), flags("ghost")}, lives: true},
		{name: "mintwo of three", join: []room.Request{flags("mintwo"), {}, {}}, leave: []int{1}, lives: true},
		{name: "silence", profile: func(p *room.Profile) { p.TerminateOnSilence = 30 }, join: []room.Request{{}, {}}, after: 30 * time.Second},
		{name: "silence of one", profile: func(p *room.Profile) { p.TerminateOnSilence = 30 }, join: []room.Request{{}, flags("ghost")}, lives: true},
		{name: "the last but a ghost", join: []room.Request{{}, flags("ghost")}, leave: []int{0}, lives: true},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r, _ := newRoom(t, c.profile)
				defer r.Close()
				var all []*room.Member
				for _, req := range c.join {
					m, _ := join(t, r, req, both)
					all = append(all, m)
				}
				<-time.After(5 * time.Second)
				for _, i := range c.leave {
					if err := all[i].Leave(t.Context(), room.Left); err != nil {
						t.Fatal(err)
					}
				}
				begun := time.Now()
				if c.after == 0 && !c.lives {
					<-time.After(100 * time.Millisecond)
					if !ended(r) {
						t.Fatal("goes on")
					}
				}
				if c.after > 0 {
					<-time.After(c.after - 8*time.Second)
					if ended(r) {
						t.Fatal("ended too soon")
					}
				}
				select {
				case <-r.Done():
					if c.lives {
						t.Errorf("ended after %v", time.Since(begun))
					}
				case <-time.After(60 * time.Second):
					if !c.lives {
						t.Error("goes on")
					}
				}
			})
		})
	}
}

// TestGraceEnds: who comes back within the grace saves the conference.
func TestGraceEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, _ := newRoom(t, func(p *room.Profile) { p.EndGrace = 20 })
		end := room.Request{Flags: room.MemberFlags{EndConference: true}}
		m, _ := join(t, r, end, both)
		join(t, r, room.Request{}, both)
		if err := m.Leave(t.Context(), room.Left); err != nil {
			t.Fatal(err)
		}
		<-time.After(10 * time.Second)
		join(t, r, end, both)
		<-time.After(60 * time.Second)
		if ended(r) {
			t.Error("ended")
		}
		r.Close()
	})
}

// TestWaitForModerator: nobody is heard before a moderator is there; all hear music.
func TestWaitForModerator(t *testing.T) {
	profile := func(p *room.Profile) { p.WaitModerator, p.Sounds.Music = true, "level:100" }
	inRoom(t, profile, []int{1000, 2000}, func(t *testing.T, h *hearing) {
		h.talk(2 * time.Second)
		h.hears("before", 100, 100)
		do(t, h.Room, func(s *room.State) error {
			if !s.WaitsForModerator() || !s.RoomInfo().WaitModerator || s.Members()[0].Talking {
				t.Errorf("%+v, %+v", s.RoomInfo(), s.Members()[0])
			}
			return nil
		})
		mod := h.join2(room.Request{Name: "Host", Role: room.Moderator, Variables: map[string]string{"conference_permanent_wait_mod_moh": "true"}}, 10)
		h.hears("with a moderator", 2000, 1000, 3000)
		if err := mod.Leave(t.Context(), room.Left); err != nil {
			t.Fatal(err)
		}
		h.all = h.all[:2]
		h.talk(2 * time.Second)
		h.hears("he left, and is waited for again", 100, 100)
		do(t, h.Room, func(s *room.State) error { s.SetWaitModerator(false); return nil })
		h.hears("not any more", 2000, 1000)
	})
	profile = func(p *room.Profile) { p.WaitModerator = true }
	inRoom(t, profile, []int{1000}, func(t *testing.T, h *hearing) {
		h.join2(room.Request{Name: "B", Flags: room.MemberFlags{NoMusic: true}}, 1000)
		h.talk(2 * time.Second)
		h.hears("one wants no music", 0, 0)
		do(t, h.Room, func(s *room.State) error {
			m, err := s.Member(1)
			s.Promote(m, room.Moderator)
			return err
		})
		h.hears("promoted", 1000, 1000)
	})
}

// TestMemberFlags: how somebody comes.
func TestMemberFlags(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, _ := newRoom(t, func(p *room.Profile) { p.MemberFlags = room.ParseMemberFlags("deaf") })
		join(t, r, room.Request{Flags: room.ParseMemberFlags("Moderator, mute|vmute nonsense|mute-detect")}, both)
		if i := one(t, r); i.Role != room.Moderator || !i.Muted || !i.VideoMuted || !i.Deaf || !i.MuteDetect || i.Ghost {
			t.Errorf("%+v", i)
		}
		join(t, r, room.Request{Name: "V", Role: room.Viewer, Flags: room.MemberFlags{Moderator: true, Blind: true}}, both)
		if i := named(t, r, "V"); i.Role != room.Viewer {
			t.Errorf("a viewer who is a moderator: %+v", i)
		}
		_, screen := join(t, r, room.Request{Name: "S", Flags: room.MemberFlags{SecondScreen: true}}, both)
		<-time.After(time.Second)
		if i := named(t, r, "S"); !i.SecondScreen || screen.sound.Load() > 0 || screen.picture.Load() == 0 {
			t.Errorf("a second screen: %+v", i)
		}
		r.Close()
	})
}

// dialSwitchboard writes down where members are sent.
type dialSwitchboard struct {
	room.Switchboard
	to  []room.Destination
	err error
}

func (d *dialSwitchboard) Transfer(_ *room.Member, to room.Destination) error {
	d.to = append(d.to, to)
	return d.err
}

// TestControls: what a profile lets members dial.
func TestControls(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		board := &dialSwitchboard{err: errors.New("not now")}
		r, d := newRoomOf(t, func(p *room.Profile) {
			c := func(a room.Action, data string) room.Control { return room.Control{Action: a, Data: data} }
			p.Controls = room.Controls{"1": c(room.ActionMuteOn, ""), "2": c(room.ActionMuteOff, ""), "3": c(room.ActionDeafOn, ""), "4": c(room.ActionDeafOff, "")}
			p.Groups = map[string]room.Controls{"mine": {"7": c(room.ActionHangup, "")}}
			p.ModeratorControls = room.Controls{
				"1": c(room.ActionLock, ""), "2": c(room.ActionTransfer, "3500 XML default"), "3": c(room.ActionExecute, "transfer 3600"),
				"4": c(room.ActionExecute, "system reboot"), "5": c(room.ActionEvent, "hello"), "6": c(room.ActionBorder, "7"),
				"7": c(room.ActionTakeFloor, ""), "8": c(room.ActionMusic, ""), "9": c(room.ActionVmuteSnap, ""), "0": c("no such thing", ""),
				"*": c(room.ActionVideoFloor, ""), "#": c(room.ActionFloor, ""),
			}
		}, func(o *room.Options) { o.Switchboard = board })
		dial := func(m *room.Member, digits string) {
			if err := m.DTMF(t.Context(), digits); err != nil {
				t.Fatal(err)
			}
		}
		m, _ := join(t, r, room.Request{Name: "Anna"}, both)
		dial(m, "13")
		if i := named(t, r, "Anna"); !i.Muted || !i.Deaf {
			t.Errorf("after 13: %+v", i)
		}
		dial(m, "42")
		if i := named(t, r, "Anna"); i.Muted || i.Deaf {
			t.Errorf("after 42: %+v", i)
		}
		host, _ := join(t, r, room.Request{Name: "Host", Role: room.Moderator}, both)
		d.takeHappened()
		dial(host, "12345678890*#")
		do(t, r, func(s *room.State) error {
			if !s.Locked() || host.Border() != 7 {
				t.Errorf("locked %t, border %d", s.Locked(), host.Border())
			}
			if id, locked := s.VideoFloor(); id != host.ID() || !locked {
				t.Errorf("video floor %d, %t", id, locked)
			}
			return nil
		})
		if want := []room.Destination{{Exten: "3500", Dialplan: "XML", Context: "default"}, {Exten: "3600"}}; !slices.Equal(board.to, want) {
			t.Errorf("sent to %+v", board.to)
		}
		var keys []string
		for _, e := range d.takeHappened() {
			if e.Action == "dtmf" {
				keys = append(keys, e.Headers[0].Value+e.Headers[1].Value)
			}
		}
		if !slices.Equal(keys, []string{"5hello"}) {
			t.Errorf("events %q", keys)
		}
		do(t, r, func(s *room.State) error { s.Lock(false); return nil })
		own, _ := join(t, r, room.Request{Name: "Own", Variables: map[string]string{"conference_controls": "mine"}}, both)
		none, _ := join(t, r, room.Request{Name: "None", Variables: map[string]string{"conference_controls": "none"}}, both)
		dial(own, "17")
		dial(none, "1234567890*#")
		if got := members(t, r); !slices.Equal(got, []string{"Anna", "Host", "None"}) {
			t.Errorf("in the room: %q", got)
		}
		r.Close()
	})
}

// TestFarewell: who is removed is out at once, and hears why before his call ends.
func TestFarewell(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, d := newRoom(t, func(p *room.Profile) { p.Sounds.Kicked = "level:900:50" })
		join(t, r, room.Request{Name: "Host"}, both)
		m, leg := join(t, r, room.Request{Name: "Anna"}, both)
		last, second := join(t, r, room.Request{Name: "Bob"}, both)
		do(t, r, func(s *room.State) error { s.Kick(m); return nil })
		<-time.After(500 * time.Millisecond)
		if left, _, _ := leg.sound.heard(); left != 900 || leg.closed.Load() || len(members(t, r)) != 2 {
			t.Errorf("removed: hears %d, closed %t, %q in the room", left, leg.closed.Load(), members(t, r))
		}
		<-time.After(time.Second)
		frames := leg.sound.Load()
		<-time.After(time.Second)
		if !leg.closed.Load() || leg.sound.Load() != frames {
			t.Error("his call goes on")
		}
		do(t, r, func(s *room.State) error { s.Kick(last); return nil })
		r.Close()
		if !second.closed.Load() {
			t.Error("the call of one who is on his way goes on after the room")
		}
		if lines := d.take(); !slices.Contains(lines, "left Anna cause 1") {
			t.Errorf("events %q", lines)
		}
	})
}

// TestHeartbeatAndRecording: what a profile lets happen by itself.
func TestHeartbeatAndRecording(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rec := &paths{}
		r, d := newRoomOf(t, func(p *room.Profile) {
			p.HeartbeatSec, p.AutoRecord, p.MinRecording, p.RestartRecord = 20, "a/${conference_name}-${strftime(%Y)}-${where}.mp4", 2, true
			p.Variables = map[string]string{"where": "here"}
		}, func(o *room.Options) { o.Recorder = rec })
		if !regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`).MatchString(r.UUID()) {
			t.Errorf("uuid %q", r.UUID())
		}
		join(t, r, room.Request{}, both)
		<-time.After(45 * time.Second)
		do(t, r, func(*room.State) error {
			if len(rec.all) > 0 {
				t.Error("records one alone")
			}
			return nil
		})
		beats := 0
		for _, e := range d.takeHappened() {
			if e.Action == "conference-heartbeat" {
				beats++
			}
		}
		if beats != 2 {
			t.Errorf("%d heartbeats in 45 s, want 2", beats)
		}
		join(t, r, room.Request{}, media.Directions{AudioIn: true})
		synctest.Wait()
		want := "a/3800-" + time.Now().Format("2006") + "-here.mp4"
		do(t, r, func(s *room.State) error {
			if len(rec.all) != 1 || rec.all[0].Path != want || !rec.all[0].Auto || !s.RoomInfo().Recording {
				t.Errorf("recordings %+v, want %q", rec.all, want)
			}
			rec.all = nil
			return nil
		})
		<-time.After(2 * time.Second)
		do(t, r, func(*room.State) error {
			if len(rec.all) != 1 {
				t.Error("not begun again")
			}
			return nil
		})
		r.Close()
	})
}

// paths is a recorder that writes nothing.
type paths struct{ all []room.Recording }

func (p *paths) Start(_ *room.Room, rec room.Recording) error {
	p.all = append(p.all, rec)
	return nil
}
func (p *paths) Stop(*room.Room, string) bool        { return false }
func (p *paths) Pause(*room.Room, string, bool) bool { return false }
func (p *paths) List(*room.Room) []room.Recording    { return p.all }
