package room_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/omniverto/omniverto/mcu/room"
	"github.com/omniverto/omniverto/media"
	"github.com/omniverto/omniverto/mixer/canvas"
)

// seen is what commands changed of a member.
func (c commanded) seen(id room.MemberID) (out room.Seen) {
	c.t.Helper()
	err := c.Do(c.t.Context(), func(s *room.State) error { out = s.SeenOf(id); return nil })
	if err != nil {
		c.t.Fatal(err)
	}
	return out
}

func TestFlip(t *testing.T) {
	withThree(t, nil, func(c commanded) {
		for _, x := range []struct {
			word string
			want canvas.Turn
		}{
			{"", canvas.Turn{Quarters: 2}},
			{"", canvas.Turn{}},
			{"90", canvas.Turn{Quarters: 1}},
			{"rotate", canvas.Turn{Quarters: 2}},
			{"ROTATE", canvas.Turn{Quarters: 3}},
			{"rotate", canvas.Turn{}},
			{"270", canvas.Turn{Quarters: 3}},
			{"45", canvas.Turn{Quarters: 3}},
			{"nonsense", canvas.Turn{Quarters: 3}},
			{"mirror", canvas.Turn{Quarters: 3, Mirror: true}},
			{"0", canvas.Turn{Mirror: true}},
			{"", canvas.Turn{}},
			{"mirror", canvas.Turn{Mirror: true}},
			{"mirror", canvas.Turn{}},
		} {
			c.expect("vid-flip 6 "+x.word, "+OK flipped 6\n")
			if got := c.seen(6).Turn; got != x.want {
				t.Errorf("after %q: %+v, want %+v", x.word, got, x.want)
			}
		}
	})
}

func TestBorderAndFilter(t *testing.T) {
	withThree(t, nil, func(c commanded) {
		for _, x := range []struct {
			word string
			want int
		}{{"7", 7}, {"toggle", 0}, {"toggle", 5}, {"20", 20}, {"21", 0}, {"3", 3}, {"-1", 0}, {"5px", 5}, {"x", 0}} {
			c.expect("vid-border 6 "+x.word, "+OK\n")
			if got := c.seen(6).Border; got != x.want {
				t.Errorf("after %q: border %d, want %d", x.word, got, x.want)
			}
		}
		for _, x := range []struct {
			words        string
			want, behind canvas.Filter
		}{
			{"fg-gray", canvas.FilterGray, 0},
			{"FG-SEPIA,bg-gray", canvas.FilterSepia, canvas.FilterGray},
			{"fg-8bitbg-sepia", canvas.FilterEightBit, canvas.FilterSepia},
			{"bg-8bit", 0, 0},
			{"fg-gray", canvas.FilterGray, 0},
			{"none", 0, 0},
		} {
			c.expect("vid-filter 6 "+x.words, "+OK\n")
			if got := c.seen(6); got.Filter != x.want || got.Behind != x.behind {
				t.Errorf("after %q: %d and %d, want %d and %d", x.words, got.Filter, got.Behind, x.want, x.behind)
			}
		}
		c.join(room.Request{Name: "Eve", Role: room.Viewer}, both)
		c.expect("vid-border 8 5", "-ERR Channel verto.rtc/3720 is not in a video layer\n")
	})
}

func TestBannerCommand(t *testing.T) {
	withThree(t, nil, func(c commanded) {
		for _, x := range []struct{ line, want string }{
			{"vid-banner 6 Bob%20Builder", "Bob Builder"},
			{"vid-banner 6 %u0416%u0443%u043A%20%E9", "Жук é"},
			{"vid-banner 6 two words", "two"},
			{"vid-banner 6 'two words'", "two words"},
			{"vid-banner 6 %7Bfg%3D%23ffff00%7DHello", "{fg=#ffff00}Hello"},
			{"vid-banner 6 clear", ""},
			{"vid-banner all x", "x"},
			{"vid-banner 6 reset", ""},
			{"vid-banner 6 x", "x"},
			{"vid-banner 6", ""},
		} {
			if got := c.ask(x.line); strings.ReplaceAll(got, "+OK\n", "") != "" {
				t.Errorf("%q answers %q", x.line, got)
			}
			if got := c.seen(6).Banner; got != x.want {
				t.Errorf("after %q: banner %q, want %q", x.line, got, x.want)
			}
		}
		if got := c.ask("vid-banner 7 {font_scale=x}text"); !strings.HasPrefix(got, "-ERR ") || !strings.Contains(got, "font_scale") {
			t.Errorf("a wrong option: %q", got)
		}
		if got := c.seen(7).Banner; got != "x" {
			t.Errorf("after a wrong option: %q", got)
		}
	})
}

func TestImagesOfMembers(t *testing.T) {
	withThree(t, nil, func(c commanded) {
		c.expect("vid-mute-img 6 picture.png", "picture.png\n",
			"vid-mute-img 6 ../secret.png", "picture.png\n", // nothing changes
			"vid-mute-img 6 CLEAR", "_undef_\n",
			"vid-mute-img 6 no.png", "_undef_\n",
			"vid-logo-img 6 {position=right-top}picture.png", "+OK Video logo set\n",
			"vid-logo-img 6 {position=nowhere}picture.png", "+OK Video logo cleared\n",
			"vid-logo-img 6 picture.png", "+OK Video logo set\n",
			"vid-logo-img 6 http://169.254.169.254/x.png", "+OK Video logo cleared\n")
		if got := c.seen(6); got.Logo != "" || got.MuteImage != "" {
			t.Errorf("%+v", got)
		}
		c.expect("vmute-snap 6", "+OK vmute image snapped 6\n", "vmute-snap 6 clear", "+OK vmute image snapped 6\n")
	})
}

// TestReceivesOnly: FreeSWITCH says nothing to what concerns a camera that is not
// there.
func TestReceivesOnly(t *testing.T) {
	withThree(t, nil, func(c commanded) {
		c.join(room.Request{Name: "Eve"}, media.Directions{AudioIn: true, AudioOut: true, VideoOut: true})
		c.expect("vmute 8", "", "unvmute 8", "", "tvmute 8", "", "vmute-snap 8", "", "vid-floor 8 force", "",
			"tvmute all", "+OK vmute 7\n+OK vmute 6\n+OK vmute 5\n")
		if c.info(8).VideoMuted || !c.info(7).VideoMuted {
			t.Error("the wrong ones are muted")
		}
	})
}

func TestBlindAndCodecGroup(t *testing.T) {
	withThree(t, nil, func(c commanded) {
		c.expect("tvblind 6", "+OK vblind 6\n")
		if got := c.seen(6); !got.Blind || got.Watches {
			t.Errorf("blind: %+v", got)
		}
		c.expect("tvblind 6", "+OK unvblind 6\n")
		if got := c.seen(6); got.Blind || !got.Watches {
			t.Errorf("seeing: %+v", got)
		}
		c.expect("vid-codec-group 6 low", "+OK Video codec group set low\n",
			"vid-codec-group 6", "+OK Video codec group is low\n",
			"vid-codec-group 6 "+strings.Repeat("x", 65), "-ERR Invalid DATA\n",
			"vid-codec-group 6 a\\nb", "-ERR Invalid DATA\n",
			"vid-codec-group 6", "+OK Video codec group is low\n",
			"vid-codec-group 6 clear", "+OK Video codec group cleared \n")
	})
}

func TestVideoFloorCommands(t *testing.T) {
	withThree(t, nil, func(c commanded) {
		c.expect("vid-floor 5", "-ERR floor is held by 5\n", // his own, not locked
			"vid-floor 6 force", "+OK floor 6\n")
		if i := c.info(6); !i.VideoFloor || !i.FloorLocked {
			t.Errorf("after force: %+v", i)
		}
		c.expect("vid-floor 7 FORCE", "+OK floor 7\n", "vid-floor 7", "+OK floor none\n")
		if i := c.info(7); !i.VideoFloor || i.FloorLocked {
			t.Errorf("after the second time: %+v", i)
		}
		c.expect("vid-floor 6 force", "+OK floor 6\n", "clear-vid-floor", "+OK floor Cleared\n")
		if i := c.info(6); !i.VideoFloor || i.FloorLocked {
			t.Errorf("after clearing: %+v", i)
		}
	})
	withThree(t, twoCanvases, func(c commanded) {
		c.expect("vid-floor 6 force", "-ERR no video floor with several canvases\n")
	})
}

func TestReservationCommands(t *testing.T) {
	withThree(t, nil, func(c commanded) {
		const usage = "vid-res-id <member_id>|all <val>|clear [force]"
		c.expect("vid-res-id uuid=fbccc1d7-39a8-736e-c9f8-bc8d7c4c453a presenter", "+OK reservation_id presenter\n",
			"vid-res-id 6 PRESENTER", "+OK reservation_id cleared\n",
			"vid-res-id 6 presenter", "+OK reservation_id presenter\n",
			"vid-res-id 7 presenter", "+OK reservation_id presenter\n")
		if c.info(6).ReservationID != "" || c.info(7).ReservationID != "presenter" {
			t.Error("two have the same reservation id, or the wrong one has it")
		}
		c.expect("vid-res-id last x", usage, "vid-res-id non_moderator clear", usage, "vid-res-id '' clear", usage,
			"vid-res-id 6 a force more", usage, "vid-res-id 6 "+strings.Repeat("x", 65), usage,
			"vid-res-id 7 CLEAR", "+OK reservation_id cleared\n",
			"vid-role-id last speaker", "+OK role_id speaker\n",
			"vid-role-id 6 speaker", "+OK role_id speaker\n")
		if c.info(7).RoleID != "" || c.info(6).RoleID != "speaker" {
			t.Error("two have the same role, or the wrong one has it")
		}
		c.expect("vid-role-id 6 =SPEAKER", "+OK role_id SPEAKER\n", "vid-role-id 6 =", "+OK role_id cleared\n",
			"vid-role-id 6 a\\tb", "-ERR Invalid DATA\n")
	})
}

func TestLayoutCommand(t *testing.T) {
	withThree(t, twoCanvases, func(c commanded) {
		layout := func(i int) (name string) {
			err := c.Do(c.t.Context(), func(s *room.State) error { name = s.Canvases()[i].Layout.Name; return nil })
			if err != nil {
				t.Fatal(err)
			}
			return name
		}
		c.expect("vid-layout 3x3 2", "+OK Change canvas 2 to layout [3x3]\n",
			"vid-layout 4x4 9", "+OK Change canvas 1 to layout [4x4]\n",
			"vid-layout 5x5 all", "+OK Change canvas 1 to layout [5x5]\n",
			"vid-layout 6x6 -1", "+OK Change canvas 1 to layout [6x6]\n",
			"vid-layout 3X3", "-ERR Invalid layout [3X3]\n",
			"vid-layout ''", "-ERR Invalid input\n")
		if layout(0) != "6x6" || layout(1) != "3x3" {
			t.Errorf("layouts %s and %s", layout(0), layout(1))
		}
		c.expect("vid-layout GROUP grid 2", "+OK Change to layout group [grid]\n",
			"vid-layout group:grid 1", "+OK Change to layout group [grid]\n",
			"vid-layout group Grid", "+OK Change to layout group []\n-ERR Invalid layout [group]\n")
		if layout(0) != "1x1+2x1" || layout(1) != "1x1" {
			t.Errorf("layouts %s and %s", layout(0), layout(1))
		}
		if got := strings.Fields(c.ask("vid-layout LIST")); len(got) != 32 || !slices.Contains(got, "1up_top_left+9") {
			t.Errorf("layouts %q", got)
		}
	})
}

func TestPersonalCommand(t *testing.T) {
	withThree(t, nil, func(c commanded) {
		c.expect("vid-personal On", "+OK personal is on\n", "vid-personal", "+OK personal is on\n",
			"vid-layout 2x2", "+OK Change personal canvas set to layout [2x2]\n",
			"vid-layout no", "-ERR Invalid layout [no]\n",
			"vid-layout group:grid", "-ERR Change personal canvas to layout group [grid]\n",
			"vid-layout group:no", "+OK Change to layout group []\n-ERR Invalid layout [group:no]\n")
		if got := c.info(6).Watching; got != -1 {
			t.Errorf("6 watches %d", got)
		}
		c.expect("vid-personal off", "+OK personal is off\n",
			"vid-watching-canvas 6 1", "-ERR Only 1 Canvas\n",
			"vid-watching-canvas 6 PERSONAL", "+OK watching canvas personal\n")
		if got := c.info(6).Watching; got != -1 {
			t.Errorf("6 watches %d", got)
		}
		c.expect("vid-watching-canvas 6 1", "+OK watching canvas 1\n")
		if got := c.info(6).Watching; got != 0 {
			t.Errorf("6 watches %d", got)
		}
	})
	withThree(t, func(p *room.Profile) { p.PersonalLimit = 1 }, func(c commanded) {
		c.expect("vid-watching-canvas 6 personal", "+OK watching canvas personal\n",
			"vid-watching-canvas 7 personal", "-ERR No personal canvas left\n",
			"vid-watching-canvas 7 1", "-ERR Only 1 Canvas\n")
	})
}

// TestCanvasSteps: 2 canvases and the super canvas.
func TestCanvasSteps(t *testing.T) {
	withThree(t, twoCanvases, func(c commanded) {
		c.expect(
			"vid-canvas 6 2", "+OK canvas 2\n",
			"vid-canvas 6 next", "+OK canvas 1\n",
			"vid-canvas 6 prev", "+OK canvas 2\n", // crashes FreeSWITCH
			"vid-canvas 6 PREV", "+OK canvas 1\n",
			"vid-canvas 6 3", "+OK canvas 1\n",
			"vid-canvas 6 0", "+OK canvas 1\n",
			"vid-canvas 6 -7", "+OK canvas 1\n",
			"vid-canvas 6 x", "+OK canvas 1\n",
			"vid-canvas 6", "-ERR Invalid DATA\n",
			"vid-canvas 9 1", "-ERR Non-Existant ID 9\n",
			"vid-watching-canvas 6 2", "+OK watching canvas 2\n",
			"vid-watching-canvas 6 next", "+OK watching canvas 3\n",
			"vid-watching-canvas 6 next", "+OK watching canvas 1\n",
			"vid-watching-canvas 6 prev", "+OK watching canvas 3\n",
			"vid-watching-canvas 6 4", "+OK watching canvas 1\n",
			"vid-watching-canvas 6", "-ERR Invalid DATA\n",
			"vid-watching-canvas 6 personal", "+OK watching canvas personal\n",
			"vid-watching-canvas 6 next", "+OK watching canvas 1\n",
			"vid-watching-canvas 6 personal", "+OK watching canvas personal\n",
			"vid-watching-canvas 6 prev", "+OK watching canvas 3\n",
			"vid-watching-canvas all 2", "+OK watching canvas 2\n+OK watching canvas 2\n+OK watching canvas 2\n",
		)
	})
}

func TestLayerCommand(t *testing.T) {
	withThree(t, nil, func(c commanded) {
		c.expect("vid-layout presenter-dual-vertical", "+OK Change canvas 1 to layout [presenter-dual-vertical]\n",
			"vid-layer 5 2", "+OK layer 1\n", // reserved for somebody else: he stays
			"vid-layout 2x2", "+OK Change canvas 1 to layout [2x2]\n",
			"vid-layer 5 4", "+OK layer 4\n",
			"vid-layer 5 next", "+OK layer 1\n",
			"vid-layer 5 prev", "+OK layer 4\n",
			"vid-layer 5 5", "+OK layer 1\n")
	})
}

func TestCrashesOfFreeSWITCH(t *testing.T) {
	withThree(t, twoCanvases, func(c commanded) {
		c.expect("vid-fps 0", "-ERR Invalid FPS [0]\n", "vid-fps x", "-ERR Invalid FPS [x]\n",
			"vid-fps -1", "-ERR Invalid FPS [-1]\n", "vid-fps 0.001", "-ERR Invalid FPS [0.001]\n",
			"vid-fps", "+OK Current FPS [30.30]\n",
			"canvas-auto-clear 9 true", "-ERR Invalid canvas\n", "canvas-auto-clear -1 false", "-ERR Invalid canvas\n",
			"canvas-auto-clear 3 false", "-ERR Invalid canvas\n",
			"canvas-auto-clear 1", "canvas-auto-clear <canvas_id> <true|false>",
			"canvas-auto-clear", "+OK canvas 1 auto_clear=true canvas 2 auto_clear=true\n",
			"canvas-auto-clear 2 false", "+OK canvas 2 auto_clear=false\n",
			"canvas-auto-clear", "+OK canvas 1 auto_clear=true canvas 2 auto_clear=false\n",
			"canvas-auto-clear 0 on", "+OK canvas 1 auto_clear=on canvas 2 auto_clear=on\n",
			"vid-canvas 6 prev", "+OK canvas 2\n",
			"vid-res 640x360 x", "-ERR Invalid canvas\n", "vid-res 640x360 -1", "-ERR Invalid canvas\n",
			"cam 0 0 zoom=0:0:1:1", "+OK\n", "cam 0 0 zoom=0:0:0", "-ERR invalid args\n")
	})
}

func TestWritePNGCommand(t *testing.T) {
	withThree(t, func(p *room.Profile) { p.Canvases, p.Width, p.Height = 2, 320, 180 }, func(c commanded) {
		c.expect("vid-write-png one.png", "+OK\n",
			"vid-write-png shots/two.png 2", "+OK\n",
			"vid-write-png super.png 3", "+OK\n",
			"vid-write-png "+filepath.Join(c.dir, "all.png")+" all", "+OK\n",
			"vid-write-png four.png 4", "-ERR Invalid canvas\n",
			"vid-write-png zero.png 0", "-ERR Invalid canvas\n",
			"vid-write-png ../out.png", "-ERR\n",
			"vid-write-png /etc/out.png", "-ERR\n",
			"vid-write-png one.txt", "-ERR\n")
		for _, name := range []string{"one.png", "shots/two.png", "super.png", "all.png"} {
			if info, err := os.Stat(filepath.Join(c.dir, name)); err != nil || info.Size() == 0 {
				t.Errorf("%s: %v, %v", name, info, err)
			}
		}
	})
}

func TestRateAndSize(t *testing.T) {
	withThree(t, twoCanvases, func(c commanded) {
		c.expect("vid-fps 25", "+OK FPS set to [25.00]\n", "vid-fps 29.97", "+OK FPS set to [30.30]\n",
			"vid-fps 60", "+OK FPS set to [62.50]\n", "vid-fps 61", "-ERR Invalid FPS [61]\n",
			"vid-fps", "+OK Current FPS [62.50]\n",
			"vid-res 320x180 2", "+OK Resolution set to [320x180]\n",
			"vid-res 640x360 9", "+OK Resolution set to [640x360]\n",
			"vid-res 4096x2305", "-ERR Invalid size, [4096x2305] is too large.\n",
			"vid-res 640", "-ERR Invalid size, [640x0] is too small\n",
			"vid-res x640", "-ERR Invalid size, [0x0] is too small\n",
			"vid-res 99999999999999999999x200", "-ERR Invalid size, [2147483647x200] is too large.\n")
		err := c.Do(c.t.Context(), func(s *room.State) error {
			for i, want := range []int{640, 320} {
				if got := s.Canvases()[i]; got.Width != want || got.FPS != 60 {
					t.Errorf("canvas %d: %+v", i+1, got)
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	})
}

func TestCanvasImages(t *testing.T) {
	withThree(t, nil, func(c commanded) {
		c.expect("vid-bgimg picture.png 1", "+OK Set Bgimg picture.png\n",
			"vid-bgimg ../picture.png", "-ERR Error Setting Bgimg ../picture.png\n",
			"vid-bgimg picture.png x", "-ERR Invalid canvas\n",
			"vid-bgimg clear 2", "-ERR Invalid canvas\n",
			"vid-fgimg picture.png", "+OK Set FGimg picture.png\n",
			"vid-fgimg Clear", "-ERR Error Setting FGimg Clear\n",
			"vid-fgimg no.png", "-ERR Error Setting FGimg no.png\n")
	})
}

func TestBandwidthCommand(t *testing.T) {
	withThree(t, twoCanvases, func(c commanded) {
		const bob = "+OK Set Bandwidth 300 kps for member verto.rtc/3720\n"
		c.expect("vid-codec-group 6 low", "+OK Video codec group set low\n",
			"vid-watching-canvas 7 2", "+OK watching canvas 2\n",
			"vid-bandwidth 300:2:3 low 1", bob+"+OK Set Bandwidth for canvas 1 index 1 group[low] to 300 sdiv 2.00 320x240 fdiv 3\n",
			"vid-bandwidth 300 none", "-ERR Bandwidth not set\n",
			"vid-bandwidth 300 low 2", "-ERR Bandwidth not set\n",
			"vid-bandwidth 300 low 3", "-ERR Invalid canvas\n-ERR Bandwidth not set\n",
			"vid-bandwidth 300 low x", "-ERR Invalid canvas\n-ERR Bandwidth not set\n",
			"vid-bandwidth 300:=320x180 '' 2", bob+"+OK Set Bandwidth for canvas 2 index 0 group[] to 300 sdiv 2.00 320x180 fdiv 0\n",
			"vid-bandwidth -5", "-ERR Bandwidth not set\n")
		err := c.Do(c.t.Context(), func(s *room.State) error {
			for _, x := range []struct {
				index int
				group string
				want  [4]int
			}{
				{0, "low", [4]int{320, 240, 300, 3}}, {1, "", [4]int{320, 180, 300, 1}}, {0, "", [4]int{640, 480, 800, 1}},
			} {
				w, h, kbps, divide := s.TermsOf(x.index, x.group)
				if got := [4]int{w, h, kbps, divide}; got != x.want {
					t.Errorf("canvas %d, group %q: %v, want %v", x.index+1, x.group, got, x.want)
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	})
}

func TestBandwidthUnits(t *testing.T) {
	withThree(t, nil, func(c commanded) {
		for _, x := range []struct{ word, told string }{
			{"700", "700"}, {"700kb", "700"}, {"1mb", "1024"}, {"1.5mb", "1536"}, {"100KB", "800"}, {"0.5MB", "4096"},
			{"auto", "-1"}, {"AUTO", "-1"}, {"1", "30"}, {"99999999999", "100000"},
			{"700:9", "700"}, {"700:x:y", "700"}, {"700:=10x10", "700"}, {"700::99", "700"},
		} {
			got := c.ask("vid-bandwidth " + x.word)
			want := "+OK Set Bandwidth for canvas 1 index 0 group[] to " + x.told + " sdiv 1.00 640x480 fdiv 0\n"
			if !strings.HasSuffix(got, want) || strings.Count(got, "\n") != 4 {
				t.Errorf("%s answers %q", x.word, got)
			}
		}
	})
}
