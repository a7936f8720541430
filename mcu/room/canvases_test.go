package room_test

import (
	"context"
	"errors"
	"fmt"
	"image"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/omniverto/omniverto/layouts"
	"github.com/omniverto/omniverto/mcu/room"
	"github.com/omniverto/omniverto/media"
)

// do runs f in the room and fails the test with its error.
func do(t *testing.T, r *room.Room, f func(s *room.State) error) {
	t.Helper()
	if err := r.Do(t.Context(), f); err != nil {
		t.Fatal(err)
	}
}

// seats tells who sits where on a canvas: names by layer, "-" for nobody.
func seats(t *testing.T, r *room.Room, canvas int) []string {
	t.Helper()
	var out []string
	do(t, r, func(s *room.State) error {
		names := map[room.MemberID]string{}
		for _, i := range s.Members() {
			names[i.ID] = i.Name
		}
		for _, id := range s.Canvases()[canvas].Members {
			name := names[id]
			if name == "" {
				name = "-"
			}
			out = append(out, name)
		}
		return nil
	})
	return out
}

func wantSeats(t *testing.T, r *room.Room, canvas int, want ...string) {
	t.Helper()
	if got := seats(t, r, canvas); !slices.Equal(got, want) {
		t.Errorf("canvas %d seats %q, want %q", canvas+1, got, want)
	}
}

func TestSeveralCanvases(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, d := newRoom(t, func(p *room.Profile) { p.Canvases = 2 })
		anna, annasLeg := join(t, r, room.Request{Name: "Anna"}, both)
		_, bobsLeg := join(t, r, room.Request{Name: "Bob", Canvas: 1, Watching: 1}, both)
		_, supersLeg := join(t, r, room.Request{Name: "Eve", Role: room.Viewer, Watching: room.MaxCanvases}, media.Directions{VideoOut: true})
		wantSeats(t, r, 0, "Anna")
		wantSeats(t, r, 1, "Bob")
		do(t, r, func(s *room.State) error {
			all := s.Canvases()
			if len(all) != 3 || !all[2].Super || all[2].Layout.Name != "2x1" {
				t.Errorf("canvases %+v", all)
			}
			for _, i := range s.Members() {
				if i.VideoFloor {
					t.Errorf("%s has a video floor with two canvases", i.Name)
				}
			}
			return nil
		})
		<-time.After(time.Second)
		for name, leg := range map[string]*testLeg{"Anna": annasLeg, "Bob": bobsLeg, "Eve": supersLeg} {
			if leg.picture.Load() == 0 {
				t.Errorf("%s sees nothing", name)
			}
		}
		d.takeGeometries()
		do(t, r, func(s *room.State) error {
			m, err := s.Member(anna.ID())
			if err != nil {
				return err
			}
			return s.MoveTo(m, 1)
		})
		wantSeats(t, r, 0, "-")
		wantSeats(t, r, 1, "Bob", "Anna")
		var changed []int
		for _, g := range d.takeGeometries() {
			changed = append(changed, g.Canvas)
		}
		if !slices.Equal(changed, []int{0, 1, 2}) {
			t.Errorf("geometries of canvases %v, want 0, 1 and the super canvas 2", changed)
		}
		do(t, r, func(s *room.State) error {
			m, _ := s.Member(anna.ID())
			if err := s.MoveTo(m, 2); !errors.Is(err, room.ErrNoCanvas) {
				t.Errorf("move to the third of two canvases: %v", err)
			}
			return nil
		})
		r.Close()
	})
}

// TestFullCanvasFlowsOver: with several canvases of a fixed layout, who finds no
// seat goes to the next canvas that has one.
func TestFullCanvasFlowsOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, _ := newRoom(t, func(p *room.Profile) { p.Canvases, p.Layout = 2, "2x1" })
		for i := range 4 {
			join(t, r, room.Request{Name: fmt.Sprint(i)}, both)
		}
		wantSeats(t, r, 0, "0", "1")
		wantSeats(t, r, 1, "2", "3")
		r.Close()
	})
}

// TestFullCanvasesTurnNobodyInCircles: whom no canvas has a seat for stays where he
// is, unseen, whatever group chooses the layouts.
func TestFullCanvasesTurnNobodyInCircles(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, d := newRoom(t, func(p *room.Profile) { p.Canvases = 2 })
		set, err := layouts.Parse([]byte(`<configuration name="conference_layouts.conf"><layout-settings>
			<layouts><layout name="one"><image x="0" y="0" scale="360"/></layout></layouts>
			<groups><group name="grid"><layout>one</layout></group></groups></layout-settings></configuration>`))
		if err != nil {
			t.Fatal(err)
		}
		do(t, r, func(s *room.State) error { s.SetLayouts(set); return nil })
		join(t, r, room.Request{Name: "Anna"}, both)
		synctest.Wait()
		d.take()
		join(t, r, room.Request{Name: "Bob"}, both)
		synctest.Wait()
		if lines := d.take(); !slices.Contains(lines, "layout one used 1") {
			t.Errorf("Bob's new canvas is not told: %q", lines)
		}
		join(t, r, room.Request{Name: "Carol"}, both)
		wantSeats(t, r, 0, "Anna")
		wantSeats(t, r, 1, "Bob")
		r.Close()
	})
}

func TestPersonalCanvas(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, d := newRoom(t, func(p *room.Profile) { p.PersonalLimit = 2 })
		legs := map[string]*testLeg{}
		for _, name := range []string{"Anna", "Bob", "Carol"} {
			_, legs[name] = join(t, r, room.Request{Name: name}, both)
		}
		synctest.Wait()
		d.take()
		d.takeGeometries()
		do(t, r, func(s *room.State) error { s.SetPersonal(true); return nil })
		expect(t, d, "no personal canvas Carol limit 2")
		got := map[room.MemberID][]room.MemberID{}
		for _, g := range d.takeGeometries() {
			if g.Canvas != -1 {
				continue
			}
			for _, l := range g.Layers {
				got[g.only] = append(got[g.only], l.Member)
			}
		}
		if len(got) != 2 || !slices.Equal(got[1], []room.MemberID{2, 3}) || !slices.Equal(got[2], []room.MemberID{1, 3}) {
			t.Errorf("personal canvases show %v, want each the two others", got)
		}
		before := legs["Anna"].picture.Load()
		<-time.After(time.Second)
		if legs["Anna"].picture.Load() == before {
			t.Error("no pictures from the personal canvas")
		}
		do(t, r, func(s *room.State) error { s.SetPersonal(false); return nil })
		back := d.takeGeometries()
		if len(back) != 2 || back[0].Canvas != 0 || back[0].only != 1 {
			t.Errorf("after the end %+v, want the common canvas told to both", back)
		}
		do(t, r, func(s *room.State) error {
			m, _ := s.Member(3)
			if err := s.WantPersonal(m, true); err != nil {
				t.Errorf("Carol's wish: %v", err)
			}
			if s.Watches(m) != -1 {
				t.Errorf("she watches %d", s.Watches(m))
			}
			return nil
		})
		r.Close()
	})
}

func TestVideoFloorLock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, _ := newRoom(t, func(p *room.Profile) { p.Layout = "1up_top_left+5" })
		join(t, r, room.Request{Name: "Anna", Session: "a"}, both)
		bob, _ := join(t, r, room.Request{Name: "Bob"}, both)
		wantSeats(t, r, 0, "Anna", "Bob", "-", "-", "-", "-")
		do(t, r, func(s *room.State) error {
			m, _ := s.Member(bob.ID())
			if !s.TakeVideoFloor(m, true) {
				t.Error("Bob cannot take the floor")
			}
			return nil
		})
		wantSeats(t, r, 0, "Bob", "Anna", "-", "-", "-", "-")
		if err := bob.Leave(t.Context(), room.Left); err != nil {
			t.Fatal(err)
		}
		do(t, r, func(s *room.State) error {
			if id, locked := s.VideoFloor(); id != 1 || locked {
				t.Errorf("after he left: floor %d locked %t", id, locked)
			}
			return nil
		})
		wantSeats(t, r, 0, "Anna", "-", "-", "-", "-", "-")
		screen, _ := join(t, r, room.Request{Name: "screen", Session: "a", ScreenShare: true, JoinVideoFloor: true}, media.Directions{VideoIn: true})
		wantSeats(t, r, 0, "screen", "Anna", "-", "-", "-", "-")
		join(t, r, room.Request{Name: "Carol"}, both)
		if err := screen.Leave(t.Context(), room.Left); err != nil {
			t.Fatal(err)
		}
		do(t, r, func(s *room.State) error {
			if id, locked := s.VideoFloor(); id != 1 || locked {
				t.Errorf("after the share: floor %d locked %t, want Anna's again", id, locked)
			}
			return nil
		})
		r.Close()
	})
}

func TestReservationsAndRoles(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, _ := newRoom(t, func(p *room.Profile) { p.Layout = "3up+4" })
		join(t, r, room.Request{Name: "Anna"}, both)
		bob, _ := join(t, r, room.Request{Name: "Bob"}, both)
		carol, _ := join(t, r, room.Request{Name: "Carol", ReservationID: "third"}, both)
		wantSeats(t, r, 0, "Anna", "-", "Carol", "Bob", "-", "-", "-")
		do(t, r, func(s *room.State) error {
			b, _ := s.Member(bob.ID())
			s.SetReservation(b, "third")
			return nil
		})
		wantSeats(t, r, 0, "Anna", "-", "Bob", "Carol", "-", "-", "-")
		do(t, r, func(s *room.State) error {
			for _, i := range s.Members() {
				if i.ID == carol.ID() && i.ReservationID != "" {
					t.Errorf("two members with the reservation id %q", i.ReservationID)
				}
			}
			b, _ := s.Member(bob.ID())
			s.SetReservation(b, "")
			return nil
		})
		wantSeats(t, r, 0, "Anna", "-", "-", "Carol", "Bob", "-", "-")
		r.Close()
	})
}

func TestPlace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, _ := newRoom(t, func(p *room.Profile) { p.Layout = "3up+4" })
		anna, _ := join(t, r, room.Request{Name: "Anna"}, both)
		join(t, r, room.Request{Name: "Bob"}, both)
		place := func(layer int) (ok bool) {
			do(t, r, func(s *room.State) error {
				m, _ := s.Member(anna.ID())
				// The floor would bring her back.
				if err := s.SetLayout(0, "2x2"); err != nil {
					return err
				}
				ok = s.Place(m, layer)
				return nil
			})
			return ok
		}
		if !place(3) {
			t.Error("refused")
		}
		wantSeats(t, r, 0, "-", "Bob", "-", "Anna")
		if !place(1) {
			t.Error("swap refused")
		}
		wantSeats(t, r, 0, "-", "Anna", "-", "Bob")
		if place(4) {
			t.Error("placed on a layer that is not there")
		}
		r.Close()
	})
}

// TestGeometryComesBeforeItsPicture: the message names a picture that is at least
// two ticks away, and layers that changed their place move there.
func TestGeometryComesBeforeItsPicture(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, d := newRoom(t, nil)
		join(t, r, room.Request{Name: "Anna"}, both)
		join(t, r, room.Request{Name: "Bob"}, both)
		<-time.After(time.Second)
		d.takeGeometries()
		do(t, r, func(s *room.State) error { return s.SetLayout(0, "1x2") })
		got := d.takeGeometries()
		if len(got) != 1 {
			t.Fatalf("%d geometries", len(got))
		}
		g, now := got[0], r.Clock().VideoRTP(r.Clock().Now())
		if ahead := int32(g.RTPTime - now); ahead < 2*90000/30 || ahead > 90000/4 {
			t.Errorf("told %d ticks of 90 kHz ahead", ahead)
		}
		want := []image.Rectangle{image.Rect(120, 0, 360, 160), image.Rect(120, 160, 360, 320)}
		for i, l := range g.Layers {
			if l.Rect != want[i] {
				t.Errorf("layer %d at %v, want %v", i, l.Rect, want[i])
			}
		}
		if g.MoveMsec != 250 {
			t.Errorf("pictures move for %d ms", g.MoveMsec)
		}
		r.Close()
	})
}

func TestSizeAndRateChange(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, _ := newRoom(t, nil)
		_, leg := join(t, r, room.Request{Name: "Anna"}, both)
		<-time.After(time.Second)
		do(t, r, func(s *room.State) error {
			if err := s.SetSize(0, 100, 100); !errors.Is(err, room.ErrTooSmall) {
				t.Errorf("100x100: %v", err)
			}
			if err := s.SetFPS(0); !errors.Is(err, room.ErrFPS) {
				t.Errorf("0 fps: %v", err)
			}
			if err := s.SetFPS(10); err != nil {
				return err
			}
			return s.SetSize(0, 640, 360)
		})
		before := leg.picture.Load()
		<-time.After(time.Second)
		if leg.picture.Load() == before {
			t.Error("no pictures after the change")
		}
		pic, err := r.Snapshot(t.Context(), 0)
		if err != nil {
			t.Fatal(err)
		}
		if pic.Width != 640 || pic.Height != 360 {
			t.Errorf("snapshot of %dx%d", pic.Width, pic.Height)
		}
		pic.Release()
		if _, err := r.Snapshot(t.Context(), 1); !errors.Is(err, room.ErrNoCanvas) {
			t.Errorf("snapshot of a canvas that is not there: %v", err)
		}
		r.Close()
	})
}

func TestNewLayoutsInALiveRoom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, _ := newRoom(t, func(p *room.Profile) { p.Layout = "2x1" })
		join(t, r, room.Request{Name: "Anna"}, both)
		set, err := layouts.Parse([]byte(`<configuration name="conference_layouts.conf"><layout-settings><layouts>
			<layout name="2x1"><image x="0" y="0" scale="90"/><image x="0" y="180" scale="90"/><image x="90" y="0" scale="90"/></layout>
			</layouts></layout-settings></configuration>`))
		if err != nil {
			t.Fatal(err)
		}
		do(t, r, func(s *room.State) error { s.SetLayouts(set); return nil })
		wantSeats(t, r, 0, "Anna", "-", "-")
		r.Close()
	})
}

// TestSnapshotsNobodyWaitsFor: those who give up leave no picture behind, or the
// canvas would run out of buffers.
func TestSnapshotsNobodyWaitsFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, _ := newRoom(t, nil)
		join(t, r, room.Request{Name: "Anna"}, both)
		<-time.After(time.Second)
		for i := range 12 {
			ctx, cancel := context.WithTimeout(t.Context(), time.Microsecond)
			_, _ = r.Snapshot(ctx, 0)
			cancel()
			do(t, r, func(s *room.State) error { return s.SetLayout(0, []string{"1x2", "2x1"}[i%2]) })
			<-time.After(time.Second)
		}
		before := r.Stats().Composed
		do(t, r, func(s *room.State) error { return s.SetLayout(0, "3x3") })
		<-time.After(time.Second)
		if r.Stats().Composed == before {
			t.Error("the canvas stands still")
		}
		r.Close()
	})
}
