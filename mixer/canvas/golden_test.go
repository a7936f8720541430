package canvas_test

import (
	"fmt"
	"image"
	"slices"
	"testing"

	"github.com/omniverto/omniverto/layouts"
	"github.com/omniverto/omniverto/media"
	"github.com/omniverto/omniverto/media/mediatest"
	"github.com/omniverto/omniverto/mixer/canvas"
	"github.com/omniverto/omniverto/mixer/pixel"
)

// compose draws a scene on a canvas of 320x180.
func compose(t *testing.T, layers ...canvas.Layer) *media.Picture {
	t.Helper()
	c := canvas.New(canvas.Options{Width: 320, Height: 180, Scaler: pixel.Reference{}})
	c.SetScene(scene(1, layers...))
	p, _ := step(t, c)
	return p
}

// card is a flat test picture: color(i) with a frame of the next colour and a
// square of the one after in the top left corner, so that a cut edge, a shift
// and a mirror show.
func card(w, h, i int) *media.Picture {
	p := solid(w, h, i+1)
	b := max(min(w, h)/18&^1, 2)
	mediatest.Rect(p, image.Rect(b, b, (w-b)&^1, (h-b)&^1), mediatest.Color(i).YUV())
	mediatest.Rect(p, image.Rect(b, b, w/4&^1, h/4&^1), mediatest.Color(i+2).YUV())
	return p
}

// seated puts 16:9 cards into the first n images of a stock layout.
func seated(t *testing.T, layout string, n int) []canvas.Layer {
	t.Helper()
	l, _, err := layouts.Stock().Resolve(layout)
	if err != nil {
		t.Fatal(err)
	}
	var s []canvas.Layer
	for i, im := range l.Images {
		layer := canvas.Layer{ID: i, Rect: im.Rect(320, 180), Zoom: im.Zoom}
		if i < n {
			layer.Source = &camera{card(320, 180, i)}
		}
		s = append(s, layer)
	}
	return s
}

// TestGoldenLayouts draws every stock layout with its first image taken, with half
// of them and with all. A floor image and reserved ones count like others here:
// who sits where is not the canvas' business.
func TestGoldenLayouts(t *testing.T) {
	for _, l := range layouts.Stock().Layouts() {
		counts := []int{1, (len(l.Images) + 1) / 2, len(l.Images)}
		for _, n := range slices.Compact(counts) {
			name := fmt.Sprintf("%s-%02d", l.Name, n)
			t.Run(name, func(t *testing.T) {
				mediatest.Golden(t, name, compose(t, seated(t, l.Name, n)...))
			})
		}
	}
}

func TestGoldenFits(t *testing.T) {
	halves := [2]image.Rectangle{image.Rect(0, 0, 160, 180), image.Rect(160, 0, 320, 180)}
	whole := image.Rect(0, 0, 320, 180)
	for _, c := range []struct {
		name   string
		layers []canvas.Layer
	}{
		{"letterbox-4x3", []canvas.Layer{{Rect: whole, Source: &camera{card(240, 180, 0)}}}},
		{"letterbox-21x9", []canvas.Layer{{Rect: whole, Source: &camera{card(420, 180, 0)}}}},
		{"letterbox-portrait", []canvas.Layer{{Rect: whole, Source: &camera{card(180, 320, 0)}}}},
		{"zoom-halves", []canvas.Layer{
			{Rect: halves[0], Zoom: true, Source: &camera{card(320, 180, 0)}},
			{Rect: halves[1], Zoom: true, Source: &camera{card(180, 320, 3)}},
		}},
		{"letterbox-halves", []canvas.Layer{
			{Rect: halves[0], Source: &camera{card(320, 180, 0)}},
			{Rect: halves[1], Source: &camera{card(180, 320, 3)}},
		}},
		{"still-in-a-cell", []canvas.Layer{
			{Rect: image.Rect(0, 44, 160, 134), Source: &camera{card(320, 180, 0)}},
			{Rect: image.Rect(160, 44, 320, 134), Source: &camera{}, Still: card(160, 90, 4)},
		}},
		{"no-picture-yet", []canvas.Layer{{Rect: image.Rect(80, 44, 240, 134), Source: &camera{}}}},
	} {
		t.Run(c.name, func(t *testing.T) { mediatest.Golden(t, c.name, compose(t, c.layers...)) })
	}
}
