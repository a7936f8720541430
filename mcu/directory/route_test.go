package directory_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/omniverto/omniverto/mcu/directory"
)

func TestParseRoute(t *testing.T) {
	const stereo = "video-mcu-stereo"
	hd := directory.Route{Profile: stereo + "-720", Width: 1280, Height: 720, Canvas: -1}
	with := func(r directory.Route, room string) directory.Route { r.Room = room; return r }
	full := directory.Route{Room: "3500", Profile: stereo, Width: 1920, Height: 1080, Canvas: -1}
	screen, second, personal := full, full, full
	screen.Screen, second.Canvas, personal.Personal = true, 2, true
	cases := map[string]directory.Route{
		"3500":                  full,
		"3599":                  {Room: "3599", Profile: stereo, Width: 1920, Height: 1080, Canvas: -1},
		"3600":                  with(hd, "3600"),
		"3710":                  {Room: "3710", Profile: stereo + "-480", Width: 640, Height: 480, Canvas: -1},
		"3800":                  {Room: "3800", Profile: stereo + "-320", Width: 480, Height: 320, Canvas: -1},
		"35001":                 with(hd, "35001"),
		"35ab":                  with(hd, "35ab"),
		"3500-screen":           screen,
		"3500-canvas-2":         second,
		"3500-personal":         personal,
		"x-personal-":           with(hd, "x-personal-"),
		"personal":              with(hd, "personal"),
		"3500-moderator":        with(hd, "3500-moderator"),
		"team.room_1":           with(hd, "team.room_1"),
		"x-canvas-":             with(hd, "x-canvas-"),
		"x-canvas-123":          with(hd, "x-canvas-123"),
		"service":               with(hd, "service"),
		"team-screen":           {Room: "team", Profile: stereo + "-720", Width: 1280, Height: 720, Canvas: -1, Screen: true},
		strings.Repeat("a", 64): with(hd, strings.Repeat("a", 64)),
	}
	for dialled, want := range cases {
		if got, err := directory.ParseRoute(dialled); err != nil || got != want {
			t.Errorf("%s: %+v, %v; want %+v", dialled, got, err, want)
		}
	}
}

func TestParseRouteRefuses(t *testing.T) {
	for _, dialled := range []string{
		"", " ", "a b", "a/b", "../x", "..", ".", "a@b", "-screen", "-canvas-1", "a-screen-screen",
		"a-canvas-1-screen", "a-screen-canvas-1", "-personal", "a-personal-personal", "a-screen-personal", "a-personal-screen",
		"a-canvas-1-personal", "a-personal-canvas-1", "café", "a\x00", strings.Repeat("a", 65), "*",
	} {
		if r, err := directory.ParseRoute(dialled); !errors.Is(err, directory.ErrDestination) {
			t.Errorf("%q: %+v, %v", dialled, r, err)
		}
	}
}

func FuzzParseRoute(f *testing.F) {
	f.Add("3500-canvas-1")
	f.Fuzz(func(t *testing.T, s string) {
		r, err := directory.ParseRoute(s)
		if err == nil && !directory.ValidRoom(r.Room) {
			t.Errorf("%q leads to %q", s, r.Room)
		}
	})
}
