package layouts_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/omniverto/omniverto/layouts"
)

// spell writes an image as x,y,scale[/hscale] with z zoom, f floor, F floor-only,
// O overlap and R(id) reservation.
func spell(im layouts.Image) string {
	s := fmt.Sprintf("%d,%d,%d", im.X, im.Y, im.Scale)
	if im.HScale != im.Scale {
		s += fmt.Sprintf("/%d", im.HScale)
	}
	if im.Zoom {
		s += "z"
	}
	if im.FloorOnly {
		s += "F"
	} else if im.Floor {
		s += "f"
	}
	if im.Overlap {
		s += "O"
	}
	if im.ReservationID != "" {
		s += "R(" + string(im.ReservationID) + ")"
	}
	return s
}

// grid is the spelling of a regular grid, row by row.
func grid(n int) string {
	var s []string
	for i := range n * n {
		s = append(s, fmt.Sprintf("%d,%d,%d", i%n*(360/n), i/n*(360/n), 360/n))
	}
	return strings.Join(s, " ")
}

// vanilla is the table of FreeSWITCH's vanilla layouts, in its order.
var vanilla = []struct {
	name, images string
	auto3D       bool
}{
	{"1x1", "0,0,360f", false},
	{"1x2", "90,0,180 90,180,180", true},
	{"2x1", "0,90,180 180,90,180", true},
	{"2x1-zoom", "0,0,180/360z 180,0,180/360z", true},
	{"3x1-zoom", "0,0,120/360z 120,0,120/360z 240,0,120/360z", true},
	{"5-grid-zoom", "0,0,180z 180,0,180z 0,180,120/180z 120,180,120/180z 240,180,120/180z", true},
	{"3x2-zoom", "0,0,120/180z 120,0,120/180z 240,0,120/180z 0,180,120/180z 120,180,120/180z 240,180,120/180z", true},
	{"7-grid-zoom", "0,0,120/180z 120,0,120/180z 240,0,120/180z 0,180,90/180z 90,180,90/180z 180,180,90/180z 270,180,90/180z", true},
	{"4x2-zoom", "0,0,90/180z 90,0,90/180z 180,0,90/180z 270,0,90/180z 0,180,90/180z 90,180,90/180z 180,180,90/180z 270,180,90/180z", true},
	{"1x1+2x1", "90,0,180 0,180,180 180,180,180", true},
	{"2x2", grid(2), true},
	{"3x3", grid(3), true},
	{"4x4", grid(4), true},
	{"5x5", grid(5), true},
	{"6x6", grid(6), true},
	{"8x8", grid(8), true},
	{"1up_top_left+5", "0,0,240f 240,0,120 240,120,120 0,240,120 120,240,120 240,240,120", true},
	{"1up_top_left+7", "0,0,270f 270,0,90 270,90,90 270,180,90 270,270,90 0,270,90 90,270,90 180,270,90", true},
	{"1up_top_left+9", "0,0,288f 288,0,72 288,72,72 288,144,72 288,216,72 288,288,72 0,288,72 72,288,72 144,288,72 216,288,72", true},
	{"2up_top+8", "0,0,180f 180,0,180R(secondary) 0,180,90 90,180,90 180,180,90 270,180,90 0,270,90 90,270,90 180,270,90 270,270,90", true},
	{"2up_middle+8", "0,90,180f 180,90,180R(secondary) 0,0,90 90,0,90 180,0,90 270,0,90 0,270,90 90,270,90 180,270,90 270,270,90", true},
	{"2up_bottom+8", "0,180,180f 180,180,180R(secondary) 0,0,90 90,0,90 180,0,90 270,0,90 0,90,90 90,90,90 180,90,90 270,90,90", true},
	{"3up+4", "0,0,180f 180,0,180R(secondary) 0,180,180R(third) 180,180,90 270,180,90 180,270,90 270,270,90", true},
	{"3up+9", "0,0,180f 180,0,180R(secondary) 0,180,180R(third) 180,180,60 240,180,60 300,180,60 180,240,60 240,240,60 300,240,60 180,300,60 240,300,60 300,300,60", true},
	{"2x1-presenter-zoom", "0,0,180/360zf 180,0,180/360zR(presenter)", true},
	{"presenter-dual-vertical", "90,0,180F 90,180,180R(presenter)", false},
	{"presenter-dual-horizontal", "0,90,180F 180,90,180R(presenter)", false},
	{"presenter-overlap-small-top-right", "0,0,360F 300,0,60OR(presenter)", false},
	{"presenter-overlap-small-bot-right", "0,0,360F 300,300,60OR(presenter)", false},
	{"presenter-overlap-large-top-right", "0,0,360F 180,0,180OR(presenter)", false},
	{"presenter-overlap-large-bot-right", "0,0,360F 180,180,180OR(presenter)", false},
	{"overlaps", "0,0,360F 300,300,60O 240,300,60O 180,300,60O 120,300,60O 60,300,60O 0,300,60O", true},
}

func TestStockLayouts(t *testing.T) {
	all := layouts.Stock().Layouts()
	if len(all) != len(vanilla) {
		t.Fatalf("%d layouts, want %d", len(all), len(vanilla))
	}
	for i, want := range vanilla {
		t.Run(want.name, func(t *testing.T) {
			l := all[i]
			if l.Name != want.name || l.Auto3D != want.auto3D {
				t.Errorf("%s, auto-3d %v; want %s, %v", l.Name, l.Auto3D, want.name, want.auto3D)
			}
			var got []string
			for _, im := range l.Images {
				got = append(got, spell(im))
			}
			if s := strings.Join(got, " "); s != want.images {
				t.Errorf("got  %s\nwant %s", s, want.images)
			}
		})
	}
}

func TestStockGroups(t *testing.T) {
	want := []string{
		"grid: 1x1 2x1 1x1+2x1 2x2 3x3 4x4 5x5 6x6 8x8",
		"grid-zoom: 1x1 2x1-zoom 3x1-zoom 2x2 5-grid-zoom 3x2-zoom 7-grid-zoom 4x2-zoom 3x3",
		"1up_top_left_plus: 1up_top_left+5 1up_top_left+7 1up_top_left+9",
		"3up_plus: 3up+4 3up+9",
	}
	groups := layouts.Stock().Groups()
	if len(groups) != len(want) {
		t.Fatalf("%d groups, want %d", len(groups), len(want))
	}
	for i, g := range groups {
		got := g.Name + ":"
		for _, l := range g.Layouts {
			got += " " + l.Name
		}
		if got != want[i] {
			t.Errorf("got %s, want %s", got, want[i])
		}
	}
	if u := layouts.Stock().Unknown(); len(u) > 0 {
		t.Errorf("not understood: %q", u)
	}
}
