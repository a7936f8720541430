package room_test

import (
	"encoding/json"
	"errors"
	"reflect"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/omniverto/omniverto/layouts"
	"github.com/omniverto/omniverto/mcu/room"
	"github.com/omniverto/omniverto/media"
	"github.com/omniverto/omniverto/mixer/canvas"
)

// stripped is what a restart must not change of a member.
func stripped(all []room.Info) []room.Info {
	out := slices.Clone(all)
	for i := range out {
		out[i].Joined, out[i].Hand = out[i].Joined.UTC().Round(0), out[i].Hand.UTC().Round(0)
		out[i].Talking, out[i].Score, out[i].Quality, out[i].LastTalking = false, 0, 0, time.Time{}
		out[i].Floor = false // goes to who talks
	}
	return out
}

// TestRestart: a room that was suspended looks as before once its members came back.
func TestRestart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		profile := func(p *room.Profile) { p.Canvases = 2 }
		r, d := newRoom(t, profile)
		told := false
		left := func(room.Cause) { told = true }
		dir := media.Directions{AudioIn: true, AudioOut: true, VideoOut: true}
		a, legA := join(t, r, room.Request{Name: "Anna", CallID: "ca", Session: "sa", User: "1001@example.com", Role: room.Moderator,
			Variables: map[string]string{"x": "y"}, UserVariables: map[string]string{"email": "e"}, Left: left}, both)
		b, _ := join(t, r, room.Request{Name: "Bob", CallID: "cb", Session: "sb", AudioCodec: media.PCMA, Left: left}, both)
		c, _ := join(t, r, room.Request{Name: "Carl", CallID: "cc", Flags: room.MemberFlags{Ghost: true}, Left: left}, dir)
		do(t, r, func(s *room.State) error {
			s.Mute(a, true)
			s.MuteVideo(b, true)
			s.Deafen(c, true)
			s.SetHand(b, true)
			s.SetBorder(a, 5)
			s.SetTurn(a, canvas.Turn{Quarters: 1, Mirror: true})
			s.SetReservation(c, "res")
			s.Hold(c, "")
			s.SetPosition(b, 0.5, 0, 0)
			s.SetPIN("12")
			s.SetModeratorPIN("34")
			s.SetVariable("v", "w")
			s.SetMaxMembers(9)
			s.SetEndGrace(7)
			s.SetCallerID("name", "number")
			s.SetFPS(15)
			s.SetAuto3D(true)
			for _, words := range []string{"volume_in 1 2", "volume_out 2 -3", "energy 3 100", "agc 1 300", "vid-codec-group 1 low", "relate 1 2 nospeak", "enter_sound file e.wav", "enter_sound on"} {
				w := strings.Fields(words)
				if reply, ok := s.Command(w[0], w[1:]...); !ok || strings.HasPrefix(reply.Text, "-") {
					t.Errorf("%s: %q", words, reply.Text)
				}
			}
			s.Lock(true)
			return errors.Join(s.SetBanner(a, "A banner"), s.SetLayout(0, "2x2"), s.SetSize(1, 640, 360), s.Watch(b, 1), s.MoveTo(b, 1), done(s.Place(a, 3)))
		})
		legA.handler.Connected()
		<-time.After(time.Second)
		var before []room.Info
		var canvases []room.CanvasInfo
		var info room.RoomInfo
		do(t, r, func(s *room.State) error {
			before, canvases, info = s.Members(), s.Canvases(), s.RoomInfo()
			return nil
		})
		synctest.Wait()
		d.take()

		saved, err := r.Suspend(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		<-r.Done()
		if lines := d.take(); len(lines) > 0 || told || !legA.closed.Load() {
			t.Errorf("told %q, %t; leg closed %t", lines, told, legA.closed.Load())
		}
		data, err := json.Marshal(saved)
		if err != nil {
			t.Fatal(err)
		}
		again, err := room.ParseSaved(data)
		if err != nil {
			t.Fatal(err)
		}

		var lefts atomic.Int32
		var adopted []string
		r, d = newRoomOf(t, profile, func(o *room.Options) {
			o.Restore = &again
			o.Adopt = func(m room.SavedMember) (func(room.Cause), func()) {
				adopted = append(adopted, m.CallID)
				return func(room.Cause) { lefts.Add(1) }, nil
			}
		})
		synctest.Wait()
		if lines := d.take(); len(lines) < 3 || lines[0] != "join Anna layer 3" {
			t.Errorf("told %q", lines)
		}
		if !slices.Equal(adopted, []string{"ca", "cb", "cc"}) {
			t.Errorf("adopted %q", adopted)
		}
		for _, i := range stripped(infos(t, r)) {
			if !i.Detached {
				t.Errorf("%s is not detached", i.Name)
			}
		}
		all := r.Restored()
		var legs []*testLeg
		for i, m := range all {
			if err := r.SetSession(t.Context(), m, before[i].Session, nil, nil); err != nil {
				t.Fatal(err)
			}
			legs = append(legs, attachForm(t, m, []media.Directions{both, both, dir}[i], before[i].AudioCodec))
		}
		synctest.Wait()
		do(t, r, func(s *room.State) error {
			if got, want := stripped(s.Members()), stripped(before); !reflect.DeepEqual(got, want) {
				t.Errorf("members\n%+v\nbefore\n%+v", got, want)
			}
			now := s.Canvases()
			for i, c := range canvases {
				if n := now[i]; n.Width != c.Width || n.Height != c.Height || n.FPS != c.FPS || n.Layout.Name != c.Layout.Name || !slices.Equal(n.Members, c.Members) {
					t.Errorf("canvas %d: %+v, before %+v", i+1, n, c)
				}
			}
			got := s.RoomInfo()
			got.Started, info.Started = got.Started.UTC().Round(0), info.Started.UTC().Round(0)
			if !reflect.DeepEqual(got, info) || s.PIN() != "12" || s.ModeratorPIN() != "34" || s.EndGrace() != 7 {
				t.Errorf("room %+v\nbefore %+v", got, info)
			}
			if v, _ := s.Variable("v"); v != "w" {
				t.Errorf("variable %q", v)
			}
			return nil
		})
		<-time.After(time.Second)
		second, err := r.Save(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if now, _ := json.Marshal(second); string(now) != string(data) {
			t.Errorf("saved again\n%s\nbefore\n%s", now, data)
		}
		for i, l := range legs {
			if l.picture.Load() == 0 || i != 2 && l.sound.Load() == 0 {
				t.Errorf("leg %d: pictures %d, sound %d", i, l.picture.Load(), l.sound.Load())
			}
		}
		r.Close()
		if lefts.Load() != 3 {
			t.Errorf("%d of 3 were told", lefts.Load())
		}
	})
}

func done(ok bool) error {
	if !ok {
		return errors.New("not done")
	}
	return nil
}

func infos(t *testing.T, r *room.Room) (out []room.Info) {
	t.Helper()
	do(t, r, func(s *room.State) error { out = s.Members(); return nil })
	return out
}

func attachForm(t *testing.T, m *room.Member, dir media.Directions, codec media.AudioCodec) *testLeg {
	t.Helper()
	leg := &testLeg{dir: dir, handler: m.Handler(), form: &media.AudioForm{Codec: codec, Channels: 2}}
	if err := m.Room().Attach(t.Context(), m, leg); err != nil {
		t.Fatal(err)
	}
	leg.handler.Connected()
	return leg
}

// TestNobodyComesBack: a restored room ends when its members stay away.
func TestNobodyComesBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, _ := newRoom(t, nil)
		join(t, r, room.Request{Name: "Anna"}, both)
		saved, err := r.Suspend(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		cause := make(chan room.Cause, 1)
		r, d := newRoomOf(t, nil, func(o *room.Options) {
			o.Restore, o.DetachTime = &saved, 40*time.Second
			o.Adopt = func(room.SavedMember) (func(room.Cause), func()) { return func(c room.Cause) { cause <- c }, nil }
		})
		<-time.After(38 * time.Second)
		if ended(r) {
			t.Fatal("ended too soon")
		}
		<-r.Done()
		if c := <-cause; c != room.DetachTimeout {
			t.Errorf("cause %v", c)
		}
		if lines := d.take(); !slices.Contains(lines, "left Anna cause 7") || !slices.Contains(lines, "ended") {
			t.Errorf("events %q", lines)
		}
	})
}

// TestLayoutsThatAreGone: a canvas falls back to what the profile says.
func TestLayoutsThatAreGone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, _ := newRoom(t, nil)
		join(t, r, room.Request{Name: "Anna"}, both)
		saved, err := r.Suspend(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		saved.Canvases[0].Layout, saved.PersonalLayout = "no such layout", "group:none"
		saved.Canvases[0].Seats = []room.MemberID{99, 98, 97, 96, 95, 94, 93}
		r, _ = newRoomOf(t, nil, func(o *room.Options) { o.Restore = &saved })
		do(t, r, func(s *room.State) error {
			if c := s.Canvases()[0]; c.Layout.Name != "1x1" || !slices.Equal(c.Members, []room.MemberID{1}) {
				t.Errorf("%+v", c)
			}
			return nil
		})
		r.Close()
	})
}

func savedDoc(change func(map[string]any)) []byte {
	doc := map[string]any{"Version": 1, "FPS": 30, "Members": []any{map[string]any{"ID": 3, "Role": "participant"}}}
	change(doc)
	data, _ := json.Marshal(doc)
	return data
}

func TestSavedIsChecked(t *testing.T) {
	t.Parallel()
	member := func(fields map[string]any) []byte {
		return savedDoc(func(d map[string]any) { d["Members"] = []any{fields} })
	}
	if _, err := room.ParseSaved(savedDoc(func(map[string]any) {})); err != nil {
		t.Fatal(err)
	}
	for name, doc := range map[string][]byte{
		"no JSON":       []byte("hello"),
		"nothing":       {},
		"old":           savedDoc(func(d map[string]any) { d["Version"] = 0 }),
		"newer":         savedDoc(func(d map[string]any) { d["Version"] = 2 }),
		"no frames":     savedDoc(func(d map[string]any) { d["FPS"] = 0 }),
		"canvas":        savedDoc(func(d map[string]any) { d["Canvases"] = []any{map[string]any{"Width": 7, "Height": 5}} }),
		"many canvases": savedDoc(func(d map[string]any) { d["Canvases"] = make([]map[string]any, 50) }),
		"twice":         savedDoc(func(d map[string]any) { d["Members"] = []any{map[string]any{"ID": 3}, map[string]any{"ID": 3}} }),
		"no id":         member(map[string]any{"ID": 0}),
		"role":          member(map[string]any{"ID": 1, "Role": "god"}),
		"codec":         member(map[string]any{"ID": 1, "AudioCodec": 99}),
		"turn":          member(map[string]any{"ID": 1, "Turn": map[string]any{"Quarters": 9}}),
		"border":        member(map[string]any{"ID": 1, "Border": 100000}),
		"name":          member(map[string]any{"ID": 1, "Name": strings.Repeat("x", 10000)}),
		"type":          member(map[string]any{"ID": "one"}),
		"long":          []byte(`{"Version":1,"FPS":30,"Name":"` + strings.Repeat("x", 17<<20) + `"}`),
	} {
		if _, err := room.ParseSaved(doc); !errors.Is(err, room.ErrSaved) {
			t.Errorf("%s: %v", name, err)
		}
	}
	v := room.Saved{Version: 3}
	if _, err := room.New(room.Options{Restore: &v, Layouts: layouts.Stock()}); !errors.Is(err, room.ErrSaved) {
		t.Errorf("New: %v", err)
	}
}

// FuzzSaved: what is taken makes a room that works.
func FuzzSaved(f *testing.F) {
	f.Add(savedDoc(func(map[string]any) {}))
	f.Add([]byte(`{"Version":1,"FPS":5,"Canvases":[{"Width":640,"Height":360,"Layout":"3x3","Seats":[9,3,3,3]}],"Members":[{"ID":3,"Watching":9,"Canvas":-1,"VolumeIn":"99dB","Banner":"{fg=x}y","Hold":true}],"Relations":[{"From":3,"To":3}],"VideoFloor":8}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		v, err := room.ParseSaved(data)
		if err != nil {
			return
		}
		synctest.Test(t, func(t *testing.T) {
			r, _ := newRoomOf(t, func(p *room.Profile) { p.Canvases = 2 }, func(o *room.Options) { o.Restore = &v })
			<-time.After(2 * time.Second)
			_, _ = r.Save(t.Context())
			r.Close()
		})
	})
}
