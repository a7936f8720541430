package livearray_test

import (
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

// TestOurOwnStatus: what FreeSWITCH does not tell stands at the end and only when
// there is something to tell.
func TestOurOwnStatus(t *testing.T) {
	t.Parallel()
	plain := livearray.Member{Role: "viewer"}.Status()
	for _, c := range []struct {
		name string
		m    livearray.Member
		want string
	}{
		{"role", livearray.Member{Role: "viewer"}, `,"role":"viewer"}`},
		{"hand", livearray.Member{Role: "viewer", Hand: 1700000000123}, `,"role":"viewer","hand":1700000000123}`},
		{"all", livearray.Member{Role: "viewer", Hand: 1, Quality: 3, Detached: true}, `,"role":"viewer","hand":1,"quality":3,"detached":true}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := c.m.Status()
			want := plain[:len(plain)-len(`,"role":"viewer"}`)] + c.want
			if got != want {
				t.Errorf("\n got %s\nwant %s", got, want)
			}
		})
	}
}
