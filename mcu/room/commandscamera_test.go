package room_test

import (
	"math"
	"strings"
	"testing"

	"github.com/omniverto/omniverto/mcu/room"
	"github.com/omniverto/omniverto/mixer/canvas"
)

// camera is where the manual camera of a layer of the first canvas looks.
func (c commanded) camera(layer int) (out canvas.Crop) {
	c.t.Helper()
	err := c.Do(c.t.Context(), func(s *room.State) error { out = s.CameraOf(0, layer); return nil })
	if err != nil {
		c.t.Fatal(err)
	}
	return out
}

// pixels is a crop of a picture of 640x360, which a picture is taken for while
// there is none.
func pixels(c canvas.Crop) [4]int {
	round := func(f, n float64) int { return int(math.Round(f * n)) }
	return [4]int{round(c.X, 640), round(c.Y, 360), round(c.W, 640), round(c.H, 360)}
}

func TestCamera(t *testing.T) {
	whole := [4]int{0, 0, 640, 360}
	for _, x := range []struct {
		name    string
		layout  string // 640x480: a cell of 2x2 is 320x240, one of 2x1-zoom 320x480
		options string
		reply   string
		want    [4]int
	}{
		{"factor 3 by itself, places snap to 25", "2x2", "zoom=60:40:100:60", "+OK\n", [4]int{50, 50, 300, 180}},
		{"as the Verto command says it", "2x2", "zoom=160:90:320:180 snap_factor=1 zoom_factor=1", "+OK\n", [4]int{160, 90, 320, 180}},
		{"no height: the shape of the cell", "2x2", "zoom=16:9:120 snap_factor=1 zoom_factor=2", "+OK\n", [4]int{16, 9, 240, 180}},
		{"no larger than the picture", "2x2", "zoom=0:0:640:480 zoom_factor=4", "+OK\n", [4]int{0, 0, 480, 360}},
		{"far away: at the edge", "2x2", "zoom=9999:9999:100:60 zoom_factor=1", "+OK\n", [4]int{540, 300, 100, 60}},
		{"absurd numbers", "2x2", "zoom=99999999999:1:99999999999:1", "+OK\n", [4]int{0, 0, 640, 1}},
		{"two numbers: nothing happens", "2x2", "zoom=10:10", "+OK\n", whole},
		{"negative", "2x2", "zoom=10:-1:10", "-ERR invalid args\n", whole},
		{"no width", "2x2", "zoom=10:10:0", "-ERR invalid args\n", whole},
		{"off again", "2x2", "zoom=10:10:100:60 zoom=off", "+OK\n", whole},
		{"reset", "2x2", "zoom=10:10:100:60 reset", "+OK\n", whole},
		{"autozoom ends the manual one", "2x2", "zoom=10:10:100:60 autozoom=true", "+OK\n", whole},
		{"pan after zoom", "2x2", "zoom_factor=1 snap_factor=1 zoom=10:10:100:60 pan=x:50i pan=y:20",
			"+OK PAN 60,10\n+OK PAN 60,20\n+OK\n", [4]int{60, 20, 100, 60}},
		{"pan by steps stays inside", "2x2", "zoom_factor=1 snap_factor=1 zoom=10:10:100:60 pan=x:9999i pan=y:-9999i",
			"+OK PAN 540,10\n+OK PAN 540,0\n+OK\n", [4]int{540, 0, 100, 60}},
		{"pan off: where the zoom was", "2x2", "zoom_factor=1 snap_factor=1 zoom=10:20:100:60 pan=x:50 pan=false",
			"+OK PAN 50,20\n+OK\n", [4]int{10, 20, 100, 60}},
		{"pan of a whole picture", "2x2", "pan=x:50", "+OK PAN 50,0\n+OK\n", whole},
		{"pan of a layer that zooms", "2x1-zoom", "snap_factor=1 pan=x:50i", "+OK PAN 50,0\n+OK\n", [4]int{50, 0, 240, 360}},
		{"pan, wrong", "2x2", "pan=z:5 pan=x pan=x:-5 pan=", strings.Repeat("-ERR invalid val for pan\n", 2) + "-ERR invalid val for pan\n+OK\n", whole},
		{"factors out of range", "2x2", "zoom_factor=0 ZOOM_factor=5 snap_factor=160 zoom_move_factor=0 pan_speed=100",
			"-ERR invalid val for option [zoom_factor] must be 1-4\n-ERR invalid val for option [ZOOM_factor] must be 1-4\n" +
				"-ERR invalid val for option [snap_factor] must be 1-160\n-ERR invalid val for option [zoom_move_factor] must be 1-4\n" +
				"-ERR invalid val for option [pan_speed] must be 1-100\n+OK\n", whole},
		{"known and without effect", "2x2", "pan_speed=1 pan_accel_speed=99 pan_accel_min=5 zoom_speed=5 zoom_accel_speed=5 zoom_accel_min=5 zoom_move_factor=100 autopan=yes",
			"+OK\n", whole},
		{"unknown", "2x2", "nonsense nonsense=1 zoom zoom_factor=-1",
			"-ERR invalid val for option [nonsense]\n-ERR invalid option [nonsense]\n-ERR invalid val for option [zoom]\n" +
				"-ERR invalid val for option [zoom_factor]\n+OK\n", whole},
	} {
		t.Run(x.name, func(t *testing.T) {
			withThree(t, nil, func(c commanded) {
				c.ask("vid-layout " + x.layout)
				c.expect("cam 0 0 "+x.options, x.reply)
				if got := pixels(c.camera(0)); got != x.want {
					c.t.Errorf("camera at %v, want %v", got, x.want)
				}
				if got := pixels(c.camera(1)); got != whole {
					c.t.Errorf("the next layer's camera at %v", got)
				}
			})
		})
	}
}

// TestCameraIsForgotten: what was set for a layer goes with the layout.
func TestCameraIsForgotten(t *testing.T) {
	withThree(t, nil, func(c commanded) {
		c.expect("vid-layout 2x2", "+OK Change canvas 1 to layout [2x2]\n",
			"cam 0 0 zoom=10:10:100:60 zoom_factor=1 snap_factor=1", "+OK\n",
			"cam 0 0 pan=x:5i", "+OK PAN 15,10\n+OK\n",
			"vid-layout 3x3", "+OK Change canvas 1 to layout [3x3]\n",
			"cam 0 0 pan=x:5", "+OK PAN 5,0\n+OK\n",
			"cam 1 0 reset", "-ERR invalid args\n", "cam 0 9 reset", "-ERR invalid args\n", "cam -1 0 reset", "-ERR invalid args\n")
	})
}
