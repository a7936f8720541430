package canvas_test

import (
	"fmt"
	"image"

	"github.com/omniverto/omniverto/media"
	"github.com/omniverto/omniverto/mixer/canvas"
	"github.com/omniverto/omniverto/mixer/pixel"
)

// A scene with one camera: the first step publishes a picture, the second
// nothing, because nothing changed.
func ExampleCanvas() {
	red := media.NewPicture(640, 360)
	red.Fill(media.RGB{R: 200}.YUV())

	c := canvas.New(canvas.Options{Width: 1280, Height: 720, Scaler: pixel.Reference{}})
	defer c.Close()
	c.SetScene(&canvas.Scene{
		Serial:     1,
		Background: media.RGB{R: 51, G: 51, B: 51}.YUV(),
		Layers:     []canvas.Layer{{Rect: image.Rect(0, 180, 640, 540), Source: &camera{red}}},
	})
	for range 2 {
		pic, info := c.Step(0)
		fmt.Println(pic != nil, info.Serial, info.Drawn)
		if pic != nil {
			pic.Release()
		}
	}
	// Output:
	// true 1 1
	// false 1 0
}
