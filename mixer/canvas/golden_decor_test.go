package canvas_test

import (
	"fmt"
	"image"
	"testing"
	"time"

	"github.com/omniverto/omniverto/media"
	"github.com/omniverto/omniverto/media/mediatest"
	"github.com/omniverto/omniverto/mixer/canvas"
	"github.com/omniverto/omniverto/mixer/pixel"
)

var (
	green  = media.RGB{G: 255}.YUV()
	orange = mediatest.Color(7).YUV()
)

// bar is a banner of 150x20: white strokes for letters on dark blue.
func bar() *pixel.Bitmap {
	p := mediatest.Solid(150, 20, media.RGB{R: 20, G: 46, B: 85}.YUV())
	for x := 10; x < 90; x += 10 {
		mediatest.Rect(p, image.Rect(x, 6, x+4, 14), mediatest.Color(6).YUV())
	}
	return &pixel.Bitmap{Picture: p}
}

// logo is a disc of 48x48 that fades out towards its edge.
func logo() *pixel.Bitmap {
	b := &pixel.Bitmap{Picture: mediatest.Solid(48, 48, mediatest.Color(3).YUV()), Alpha: make([]byte, 48*48)}
	for i := range b.Alpha {
		x, y := i%48-24, i/48-24
		b.Alpha[i] = byte(min(max((24*24-x*x-y*y)/2, 0), 255))
	}
	return b
}

// quarters puts four layers into the quarters of the canvas of 320x180.
func quarters(layers ...canvas.Layer) []canvas.Layer {
	for i := range layers {
		at := image.Pt(i%2*160, i/2*90)
		layers[i].ID, layers[i].Rect = i, image.Rectangle{Min: at, Max: at.Add(image.Pt(160, 90))}
	}
	return layers
}

// wide and tall are 16:9 and 4:3 cameras.
func wide(i int) *camera { return &camera{card(320, 180, i)} }
func tall(i int) *camera { return &camera{card(240, 180, i)} }

func TestGoldenDecorations(t *testing.T) {
	frame, bar, logo := canvas.Border{Width: 10, Color: green}, bar(), logo()
	ring := canvas.Border{Width: 4, Color: orange}
	at := func(x, y int) []canvas.Overlay { return []canvas.Overlay{{Bitmap: logo, At: image.Pt(x, y)}} }
	part := func(x, y, w, h float64) *canvas.Camera {
		return &canvas.Camera{To: canvas.Crop{X: x, Y: y, W: w, H: h}}
	}
	for _, c := range []struct {
		name   string
		layers []canvas.Layer
	}{
		{"borders", quarters( // 16:9; letterboxed; zoomed; without a picture
			canvas.Layer{Source: wide(0), Border: frame},
			canvas.Layer{Source: tall(1), Border: frame},
			canvas.Layer{Source: tall(2), Border: frame, Zoom: true},
			canvas.Layer{Source: &camera{}, Border: frame},
		)},
		{"banners", quarters( // the bar is 150 wide and goes on to 160
			canvas.Layer{Source: wide(0), Banner: bar},
			canvas.Layer{Source: tall(1), Banner: bar},
			canvas.Layer{Source: tall(2), Banner: bar, Zoom: true},
			canvas.Layer{Source: wide(3), Banner: bar, Border: frame},
		)},
		{"overlays", quarters( // in the middle; cut at an edge; over a bar; over a banner
			canvas.Layer{Source: wide(0), Overlays: at(56, 20)},
			canvas.Layer{Source: wide(1), Overlays: at(-20, 60)},
			canvas.Layer{Source: tall(2), Overlays: at(0, 20)},
			canvas.Layer{Source: wide(4), Overlays: append(at(90, 40), at(110, 20)...), Banner: bar},
		)},
		{"rings", quarters(
			canvas.Layer{Source: wide(0), Ring: ring},
			canvas.Layer{Source: tall(1), Ring: ring},
			canvas.Layer{Source: wide(2), Ring: ring, Border: frame},
			canvas.Layer{Source: wide(3), Ring: ring, Banner: bar, Overlays: at(-20, -20)},
		)},
		{"cameras", quarters( // the corner; the middle of 4:3; zoomed; a crop of another shape
			canvas.Layer{Source: wide(0), Camera: part(0, 0, 0.5, 0.5)},
			canvas.Layer{Source: tall(1), Camera: part(0.25, 0.25, 0.5, 0.5)},
			canvas.Layer{Source: tall(2), Camera: part(0, 0, 0.5, 0.5), Zoom: true},
			canvas.Layer{Source: wide(3), Camera: part(0, 0, 0.25, 1)},
		)},
		{"turns", quarters( // 90, 180, 270, mirrored
			canvas.Layer{Source: wide(0), Turn: canvas.Turn{Quarters: 1}},
			canvas.Layer{Source: wide(1), Turn: canvas.Turn{Quarters: 2}},
			canvas.Layer{Source: wide(2), Turn: canvas.Turn{Quarters: 3}},
			canvas.Layer{Source: wide(3), Turn: canvas.Turn{Mirror: true}},
		)},
		{"turns-zoomed", quarters( // the same, zoomed, with a camera on the square's corner
			canvas.Layer{Source: wide(0), Zoom: true, Turn: canvas.Turn{Quarters: 1}},
			canvas.Layer{Source: wide(0), Camera: part(0, 0, 0.5, 0.5), Turn: canvas.Turn{Quarters: 2}},
			canvas.Layer{Source: wide(0), Camera: part(0.5, 0, 0.5, 0.5), Turn: canvas.Turn{Quarters: 1}},
			canvas.Layer{Source: wide(0), Zoom: true, Turn: canvas.Turn{Quarters: 1, Mirror: true}},
		)},
		{"filters", quarters( // gray, sepia, 8-bit, and a still that keeps its colours
			canvas.Layer{Source: &camera{mediatest.Quadrants(320, 180, 0)}, Filter: canvas.FilterGray},
			canvas.Layer{Source: &camera{mediatest.Quadrants(320, 180, 0)}, Filter: canvas.FilterSepia},
			canvas.Layer{Source: &camera{mediatest.Gradient(240, 180)}, Filter: canvas.FilterEightBit},
			canvas.Layer{Still: mediatest.Quadrants(160, 90, 0), Filter: canvas.FilterSepia},
		)},
	} {
		t.Run(c.name, func(t *testing.T) { mediatest.Golden(t, c.name, compose(t, c.layers...)) })
	}
}

// stage is a scene with a backdrop, a front and two layers.
func stage() *canvas.Scene {
	s := scene(1,
		canvas.Layer{Rect: image.Rect(20, 40, 160, 130), Source: wide(0)},
		canvas.Layer{Rect: image.Rect(170, 40, 310, 130), Source: tall(3)})
	s.Backdrop = mediatest.Gradient(320, 180)
	return s
}

// curtain is a front of 320x180: opaque at the left, fading to the right, and a
// square in the middle.
func curtain() *pixel.Bitmap {
	b := &pixel.Bitmap{Picture: mediatest.Solid(320, 180, mediatest.Color(4).YUV()), Alpha: make([]byte, 320*180)}
	for i := range b.Alpha {
		x, y := i%320, i/320
		b.Alpha[i] = byte(max(255-max(x-20, 0)*3, 0))
		if image.Pt(x, y).In(image.Rect(140, 70, 190, 110)) {
			b.Alpha[i] = 128
		}
	}
	return b
}

func TestGoldenStage(t *testing.T) {
	fronted := stage()
	fronted.Front = curtain()
	for name, s := range map[string]*canvas.Scene{"backdrop": stage(), "front": fronted} {
		t.Run(name, func(t *testing.T) {
			c := canvas.New(canvas.Options{Width: 320, Height: 180, Scaler: pixel.Reference{}})
			c.SetScene(s)
			p, _ := step(t, c)
			mediatest.Golden(t, name, p)
		})
	}
}

// moved is a change from a grid of four to one large layer and three small ones,
// within 200 ms from second 1 on.
func moved() *canvas.Scene {
	layers := quarters(
		canvas.Layer{Source: wide(0), Banner: bar(), Ring: canvas.Border{Width: 4, Color: orange}},
		canvas.Layer{Source: tall(1), Border: canvas.Border{Width: 4, Color: green}},
		canvas.Layer{Source: wide(2), Overlays: []canvas.Overlay{{Bitmap: logo(), At: image.Pt(4, 4)}}},
		canvas.Layer{Source: wide(3), Turn: canvas.Turn{Quarters: 1}},
	)
	to := []image.Rectangle{image.Rect(0, 22, 240, 158), image.Rect(240, 0, 320, 60), image.Rect(240, 60, 320, 120), image.Rect(240, 120, 320, 180)}
	for i := range layers {
		layers[i].Move = canvas.Move{From: layers[i].Rect, Start: time.Second, Duration: 200 * time.Millisecond}
		layers[i].Rect = to[i]
	}
	return scene(2, layers...)
}

func TestGoldenMove(t *testing.T) {
	c := canvas.New(canvas.Options{Width: 320, Height: 180, Scaler: pixel.Reference{}})
	c.SetScene(moved())
	for percent := 0; percent <= 100; percent += 25 {
		name := fmt.Sprintf("move-%03d", percent)
		p, _ := c.Step(time.Second + time.Duration(percent)*2*time.Millisecond)
		if p == nil {
			t.Fatalf("%s: nothing was published", name)
		}
		t.Run(name, func(t *testing.T) { mediatest.Golden(t, name, p) })
		p.Release()
	}
}

// TestGoldenSuperCanvas: two canvases on a third, with labels.
func TestGoldenSuperCanvas(t *testing.T) {
	var layers []canvas.Layer
	for i, of := range []int{4, 2} {
		c := canvas.New(canvas.Options{Width: 320, Height: 180, Scaler: pixel.Reference{}})
		c.SetScene(scene(1, seated(t, map[int]string{4: "2x2", 2: "2x1"}[of], of)...))
		p, _ := step(t, c)
		var m canvas.Monitor
		m.Put(p)
		label := &pixel.Bitmap{Picture: mediatest.Solid(40, 12, mediatest.Color(5).YUV())}
		layers = append(layers, canvas.Layer{
			ID: i, Rect: image.Rect(i*160, 44, i*160+160, 134), Source: &m,
			Overlays: []canvas.Overlay{{Bitmap: label, At: image.Pt(4, 4)}},
		})
	}
	mediatest.Golden(t, "super-canvas", compose(t, layers...))
}
