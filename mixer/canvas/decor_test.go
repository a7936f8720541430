package canvas_test

import (
	"image"
	"testing"
	"time"

	"github.com/omniverto/omniverto/media"
	"github.com/omniverto/omniverto/media/mediatest"
	"github.com/omniverto/omniverto/mixer/canvas"
	"github.com/omniverto/omniverto/mixer/pixel"
)

func solidBitmap(w, h, color int) *pixel.Bitmap { return &pixel.Bitmap{Picture: solid(w, h, color)} }

// TestWhereThePictureIs: the rectangle and the crop that a Scaler is asked for.
func TestWhereThePictureIs(t *testing.T) {
	r, cell := image.Rect, image.Rect(0, 0, 640, 360)
	manual := func(x, y, w, h float64) *canvas.Camera {
		return &canvas.Camera{To: canvas.Crop{X: x, Y: y, W: w, H: h}}
	}
	frame := func(w int) canvas.Border { return canvas.Border{Width: w} }
	for _, c := range []struct {
		name  string
		layer canvas.Layer
		w, h  int
		rect  image.Rectangle
		crop  image.Rectangle
	}{
		{"border", canvas.Layer{Border: frame(10)}, 640, 360, r(16, 10, 622, 350), r(0, 0, 640, 360)},
		{"odd border", canvas.Layer{Border: frame(9)}, 640, 360, r(16, 10, 622, 350), r(0, 0, 640, 360)},
		{"border, 4:3", canvas.Layer{Border: frame(10)}, 640, 480, r(92, 10, 546, 350), r(0, 0, 640, 480)},
		{"border, zoom", canvas.Layer{Border: frame(10), Zoom: true}, 640, 480, r(10, 10, 630, 350), r(0, 64, 640, 414)},
		{"a border that leaves no room is thinner", canvas.Layer{Border: frame(400)}, 640, 480, r(316, 178, 322, 182), r(0, 0, 640, 480)},
		{"banner", canvas.Layer{Banner: solidBitmap(640, 40, 0)}, 640, 360, r(34, 0, 604, 320), r(0, 0, 640, 360)},
		{"odd banner", canvas.Layer{Banner: solidBitmap(640, 39, 0)}, 640, 360, r(34, 0, 604, 320), r(0, 0, 640, 360)},
		{"banner and border", canvas.Layer{Banner: solidBitmap(640, 40, 0), Border: frame(4)}, 640, 360, r(42, 4, 598, 316), r(0, 0, 640, 360)},
		{"banner, zoom", canvas.Layer{Banner: solidBitmap(640, 40, 0), Zoom: true}, 640, 360, r(0, 0, 640, 320), r(0, 20, 640, 340)},
		{"camera", canvas.Layer{Camera: manual(0.5, 0.25, 0.5, 0.5)}, 640, 360, cell, r(320, 90, 640, 270)},
		{"a camera of another shape is shrunk around its middle", canvas.Layer{Camera: manual(0, 0, 0.25, 1)}, 640, 360, cell, r(0, 134, 160, 224)},
		{"camera on 4:3 keeps the place", canvas.Layer{Camera: manual(0.25, 0.25, 0.5, 0.5)}, 640, 480, r(80, 0, 560, 360), r(160, 120, 480, 360)},
		{"camera, zoom", canvas.Layer{Camera: manual(0, 0, 0.5, 0.5), Zoom: true}, 640, 480, cell, r(0, 30, 320, 210)},
		{"camera of everything", canvas.Layer{Camera: manual(0, 0, 1, 1)}, 840, 360, r(0, 42, 640, 318), r(0, 0, 840, 360)},
		{"camera beyond the edge", canvas.Layer{Camera: manual(0.9, -3, 0.5, 0.5)}, 640, 360, cell, r(320, 0, 640, 180)},
		{"camera of nothing", canvas.Layer{Camera: manual(0.5, 0.5, 0, -1)}, 640, 360, cell, r(0, 0, 640, 360)},
		{"camera of a point", canvas.Layer{Camera: manual(0.5, 0.5, 1e-9, 1e-9)}, 640, 360, cell, r(320, 180, 322, 182)},
		{"a quarter turn is scaled lying", canvas.Layer{Turn: canvas.Turn{Quarters: 1}}, 640, 360, r(0, 0, 360, 204), r(0, 0, 640, 360)},
		{"a turned camera", canvas.Layer{Turn: canvas.Turn{Quarters: 1}, Camera: manual(0, 0, 0.5, 0.5)}, 640, 360, r(0, 0, 360, 204), r(0, 180, 320, 360)},
		{"a mirrored camera", canvas.Layer{Turn: canvas.Turn{Mirror: true}, Camera: manual(0, 0, 0.25, 0.25)}, 640, 360, cell, r(480, 0, 640, 90)},
		{"a turn of an odd picture is even", canvas.Layer{Turn: canvas.Turn{Quarters: 2}}, 321, 181, cell, r(0, 0, 320, 180)},
	} {
		t.Run(c.name, func(t *testing.T) {
			var got recorder
			cv := canvas.New(canvas.Options{Width: 1280, Height: 720, Scaler: &got})
			c.layer.Rect, c.layer.Source = cell, &camera{media.NewPicture(c.w, c.h)}
			cv.SetScene(scene(1, c.layer))
			step(t, cv)
			if got.rect != c.rect || got.crop != c.crop {
				t.Errorf("%v from %v, want %v from %v", got.rect, got.crop, c.rect, c.crop)
			}
		})
	}
}

// TestOnlyThePictureIsDrawnAgain: bars, border, banner and what lies over them
// stay where only the camera's picture is new.
func TestOnlyThePictureIsDrawnAgain(t *testing.T) {
	half := &pixel.Bitmap{Picture: solid(40, 18, 4), Alpha: make([]byte, 40*18)}
	for i := range half.Alpha {
		half.Alpha[i] = 128
	}
	cam, other := &camera{solid(24, 18, 0)}, &camera{solid(32, 18, 1)}
	l := canvas.Layer{
		Rect: image.Rect(0, 0, 40, 36), Source: cam, Border: canvas.Border{Width: 2, Color: green},
		Banner: solidBitmap(40, 4, 2), Overlays: []canvas.Overlay{{Bitmap: half}}, Ring: canvas.Border{Width: 2, Color: orange},
	}
	s := scene(1, l, canvas.Layer{Rect: image.Rect(40, 0, 64, 36), Source: other})
	c, fresh := small(2), small(2)
	c.SetScene(s)
	p, _ := step(t, c)
	p.Release()
	cam.show(solid(24, 18, 5))
	p, info := step(t, c)
	if info.Drawn != 1 || info.Copied != 0 || info.Pixels != 36*28 { // 36x32 less the border, which is even
		t.Errorf("%+v, want the picture alone", info)
	}
	fresh.SetScene(s)
	if want, _ := step(t, fresh); !mediatest.Equal(p, want) {
		t.Error("the picture is not that of a fresh canvas")
	}
}

// TestDecorationIsOneLayersLook: what changes with a layer redraws it and nothing
// else.
func TestDecorationIsOneLayersLook(t *testing.T) {
	bitmap := solidBitmap(10, 4, 5)
	for name, change := range map[string]func(*canvas.Layer){
		"ring":     func(l *canvas.Layer) { l.Ring = canvas.Border{Width: 2, Color: green} },
		"border":   func(l *canvas.Layer) { l.Border = canvas.Border{Width: 2, Color: green} },
		"banner":   func(l *canvas.Layer) { l.Banner = bitmap },
		"overlay":  func(l *canvas.Layer) { l.Overlays = []canvas.Overlay{{Bitmap: bitmap}} },
		"camera":   func(l *canvas.Layer) { l.Camera = &canvas.Camera{To: canvas.Crop{W: 0.5, H: 0.5}} },
		"turn":     func(l *canvas.Layer) { l.Turn.Mirror = true },
		"filter":   func(l *canvas.Layer) { l.Filter = canvas.FilterSepia },
		"zoom":     func(l *canvas.Layer) { l.Zoom = true },
		"somebody": func(l *canvas.Layer) { l.Source = &camera{solid(32, 18, 3)} },
	} {
		t.Run(name, func(t *testing.T) {
			layers := func() []canvas.Layer {
				return []canvas.Layer{{Rect: left, Source: &camera{solid(32, 18, 0)}}, {Rect: right, Source: &camera{solid(24, 18, 1)}}}
			}
			a, b := layers(), layers()
			b[0].Source, b[1].Source = a[0].Source, a[1].Source
			change(&b[1])
			c := small(2)
			c.SetScene(scene(1, a...))
			p, _ := step(t, c)
			p.Release()
			c.SetScene(scene(2, b...))
			p, info := step(t, c)
			p.Release()
			if info.Drawn != 1 || info.Copied != 0 || info.Pixels > 32*18 {
				t.Errorf("%+v, want one layer", info)
			}
			c.SetScene(scene(3, a...))
			p, _ = step(t, c)
			p.Release()
			still(t, c)
		})
	}
}

// TestInvisibleChangePublishesNothing: another scene that gives the same pixels.
func TestInvisibleChangePublishesNothing(t *testing.T) {
	cam := &camera{solid(32, 18, 0)}
	whole := canvas.Crop{W: 1, H: 1}
	for name, change := range map[string]func(*canvas.Layer){
		"nothing":              func(*canvas.Layer) {},
		"a border of no width": func(l *canvas.Layer) { l.Border.Color, l.Ring = green, canvas.Border{Width: -1, Color: green} },
		"an overlay outside": func(l *canvas.Layer) {
			l.Overlays = []canvas.Overlay{{Bitmap: solidBitmap(4, 4, 1), At: image.Pt(40, 0)}}
		},
		"a banner that is no picture": func(l *canvas.Layer) { l.Banner = &pixel.Bitmap{} },
		"four quarters":               func(l *canvas.Layer) { l.Turn.Quarters = 4 },
		"a camera of everything":      func(l *canvas.Layer) { l.Camera = &canvas.Camera{From: whole, To: whole} },
		"a move that is over":         func(l *canvas.Layer) { l.Move = canvas.Move{From: right, Start: -5, Duration: 5} },
		"a still that is not shown":   func(l *canvas.Layer) { l.Still = solid(32, 18, 4) },
		"a name":                      func(l *canvas.Layer) { l.ID, l.Member, l.Shared = 4, 4, true },
	} {
		t.Run(name, func(t *testing.T) {
			c, l := small(0), canvas.Layer{Rect: left, Source: cam}
			c.SetScene(scene(1, l))
			p, _ := step(t, c)
			p.Release()
			change(&l)
			c.SetScene(scene(2, l))
			if info := still(t, c); info.Serial != 2 {
				t.Errorf("serial %d, want 2", info.Serial)
			}
		})
	}
}

// TestStillIsShownAsItIs: camera, turn and filter belong to the source's picture.
func TestStillIsShownAsItIs(t *testing.T) {
	avatar := mediatest.Quadrants(32, 18, 0)
	l := canvas.Layer{
		Rect: left, Source: &camera{}, Still: avatar, Turn: canvas.Turn{Quarters: 2}, Filter: canvas.FilterGray,
		Camera: &canvas.Camera{To: canvas.Crop{W: 0.5, H: 0.5}},
	}
	c := small(0)
	c.SetScene(scene(1, l))
	p, _ := step(t, c)
	if got, want := colorAt(p, 0, 0), colorAt(avatar, 0, 0); got != want {
		t.Errorf("top left %v, want %v", got, want)
	}
	if got, want := colorAt(p, 31, 17), colorAt(avatar, 31, 17); got != want {
		t.Errorf("bottom right %v, want %v", got, want)
	}
}

// TestSamePictureAsCameraAndStill: the same picture looks different in its two parts.
func TestSamePictureAsCameraAndStill(t *testing.T) {
	pic := mediatest.Quadrants(32, 18, 0)
	cam := &camera{pic.Retain()}
	c := small(0)
	c.SetScene(scene(1, canvas.Layer{Rect: left, Source: cam, Still: pic, Turn: canvas.Turn{Mirror: true}}))
	for i, want := range []int{1, 0, 1} { // the colour in the top left corner
		p, _ := step(t, c)
		if got := colorAt(p, 0, 0); got != mediatest.Color(want).YUV() {
			t.Errorf("step %d: %v, want colour %d", i, got, want)
		}
		p.Release()
		if cam.pic == nil {
			cam.show(pic.Retain())
		} else {
			cam.show(nil)
		}
	}
}

// TestBackdropComesBack: what a layer uncovers is the backdrop, under the front.
func TestBackdropComesBack(t *testing.T) {
	backdrop := mediatest.Noise(64, 36, 3)
	cam := &camera{solid(64, 36, 0)}
	with := scene(1, canvas.Layer{Rect: image.Rect(0, 0, 64, 36), Source: cam})
	without := scene(2)
	with.Backdrop, without.Backdrop = backdrop, backdrop
	c := small(2)
	for _, s := range []*canvas.Scene{with, without, with, without} {
		c.SetScene(s)
		p, _ := step(t, c)
		if s == without && !mediatest.Equal(p, backdrop) {
			t.Error("the backdrop is not whole")
		}
		p.Release()
	}
}

// TestCameraMoves: from one crop to another, without a jump at either end.
func TestCameraMoves(t *testing.T) {
	var got recorder
	c := canvas.New(canvas.Options{Width: 640, Height: 360, Scaler: &got})
	c.SetScene(scene(1, canvas.Layer{Rect: image.Rect(0, 0, 640, 360), Source: &camera{media.NewPicture(640, 360)}, Camera: &canvas.Camera{
		From: canvas.Crop{W: 1, H: 1}, To: canvas.Crop{X: 0.5, Y: 0.5, W: 0.5, H: 0.5}, Start: time.Second, Duration: time.Second,
	}}))
	var crops []image.Rectangle
	for ms := 900; ms <= 2100; ms += 20 {
		if p, _ := c.Step(time.Duration(ms) * time.Millisecond); p != nil {
			p.Release()
			crops = append(crops, got.crop)
		}
	}
	if first, last := crops[0], crops[len(crops)-1]; first != image.Rect(0, 0, 640, 360) || last != image.Rect(320, 180, 640, 360) {
		t.Errorf("from %v to %v", first, last)
	}
	for i := 1; i < len(crops); i++ {
		if d := crops[i].Min.X - crops[i-1].Min.X; d < 0 || d > 16 || crops[i].Max.X < 638 {
			t.Errorf("step %d: %v after %v", i, crops[i], crops[i-1])
		}
	}
	if n := len(crops); n < 40 || n > 52 {
		t.Errorf("%d pictures, want one a step while it moves and none before and after", n)
	}
}
