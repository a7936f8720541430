package livearray_test

import (
	"encoding/json"
	"testing"

	"github.com/omniverto/omniverto/mcu/livearray"
)

func TestStatusText(t *testing.T) {
	t.Parallel()
	type audio = livearray.Audio
	type video = livearray.Video
	for _, c := range []struct {
		name string
		m    livearray.Member
		want string
	}{
		{"nothing", livearray.Member{}, "ACTIVE"},
		{"talking", livearray.Member{Audio: audio{Talking: true}}, "TALKING"},
		{"floor", livearray.Member{Audio: audio{Floor: true}}, "FLOOR"},
		{"talking with the floor", livearray.Member{Audio: audio{Talking: true, Floor: true}}, "TALKING (FLOOR)"},
		{"the call is on hold", livearray.Member{Audio: audio{OnHold: true, Floor: true}}, "HOLD"},
		{"muted wins over the call's hold", livearray.Member{Audio: audio{Muted: true, OnHold: true}}, "MUTE"},
		{"the conference's hold wins over all", livearray.Member{Hold: true, Audio: audio{Muted: true}}, "HOLD"},
		{"deaf does not show", livearray.Member{Audio: audio{Deaf: true}}, "ACTIVE"},
		{"video", livearray.Member{Video: &video{}}, "ACTIVE VIDEO"},
		{"video floor", livearray.Member{Video: &video{Floor: true}}, "ACTIVE VIDEO (FLOOR)"},
		{"video muted wins", livearray.Member{Video: &video{Floor: true, Muted: true}}, "ACTIVE VIDEO (BLIND)"},
		{"avatar only", livearray.Member{Video: &video{AvatarOnly: true, Floor: true}}, "ACTIVE"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := c.m.StatusText(); got != c.want {
				t.Errorf("%q, want %q", got, c.want)
			}
		})
	}
}

func TestVisible(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		v    livearray.Video
		want bool
	}{
		{"on a layer", livearray.Video{Layer: 0}, true},
		{"no layer", livearray.Video{Layer: -1}, false},
		{"muted", livearray.Video{Layer: 2, Muted: true}, false},
		{"no camera", livearray.Video{Layer: 2, SendOnly: true}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			var s struct {
				Video struct {
					Visible   bool
					MediaFlow string
				}
			}
			unmarshal(t, []byte(livearray.Member{Video: &c.v}.Status()), &s)
			if s.Video.Visible != c.want || (s.Video.MediaFlow == "sendOnly") != c.v.SendOnly {
				t.Errorf("%+v: %+v", c.v, s.Video)
			}
		})
	}
}

func TestRowIsAlwaysWhole(t *testing.T) {
	t.Parallel()
	got := marshal(t, livearray.Member{ID: 12345}.Row())
	want := `["12345","","","",` + marshal(t, livearray.Member{}.Status()) + `,{},null]`
	if got != want {
		t.Errorf("\n got %s\nwant %s", got, want)
	}
}

func TestHostileNames(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"<script>", "a\"b\\", "\x00\x1f", "bad \xff utf-8", "\u202e\u2028", "😀"} {
		m := livearray.Member{Name: name, Video: &livearray.Video{ReservationID: name}}
		var cols [7]any
		unmarshal(t, []byte(marshal(t, m.Row())), &cols)
		status, ok := cols[4].(string)
		if !ok || !json.Valid([]byte(status)) {
			t.Errorf("name %q: status %q", name, status)
		}
	}
}
