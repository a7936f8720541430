package fonts

import (
	"image"
	"math"

	"github.com/go-text/typesetting/font"
	"github.com/go-text/typesetting/font/opentype"
	"github.com/go-text/typesetting/shaping"
	"golang.org/x/image/math/fixed"
	"golang.org/x/image/vector"
)

// glyph is an outline with its place: x and y in pixels from the start of the
// baseline, y downwards.
type glyph struct {
	outline font.GlyphOutline
	x, y    float32
	scale   float32 // pixels per font unit
}

// rasterizeLocked draws the runs one behind the other.
func (l *Library) rasterizeLocked(runs []shaping.Output, size int) *image.Alpha {
	glyphs := place(runs, size)
	r := ink(glyphs)
	mask := image.NewAlpha(r)
	if r.Empty() {
		return mask
	}
	v := vector.NewRasterizer(r.Dx(), r.Dy())
	for _, g := range glyphs {
		g.draw(v, float32(-r.Min.X), float32(-r.Min.Y))
	}
	v.Draw(mask, r, image.Opaque, image.Point{})
	return mask
}

// place walks along the line and collects what has an outline.
func place(runs []shaping.Output, size int) []glyph {
	var glyphs []glyph
	var dot float32
	for _, run := range runs {
		scale := float32(size) / float32(run.Face.Upem())
		for _, g := range run.Glyphs {
			if o, ok := run.Face.GlyphDataOutline(g.GlyphID); ok && len(o.Segments) > 0 {
				glyphs = append(glyphs, glyph{o, dot + pixels(g.XOffset), -pixels(g.YOffset), scale})
			}
			dot += pixels(g.Advance)
		}
	}
	return glyphs
}

func pixels(v fixed.Int26_6) float32 { return float32(v) / 64 }

// maxInk bounds a mask's width and height in pixels.
const maxInk = 1 << 14

// ink is the rectangle of pixels that the outlines touch; control points count,
// which lie outside of a curve at times.
func ink(glyphs []glyph) image.Rectangle {
	lowX, lowY := float32(math.Inf(1)), float32(math.Inf(1))
	highX, highY := float32(math.Inf(-1)), float32(math.Inf(-1))
	for _, g := range glyphs {
		for i := range g.outline.Segments {
			for _, p := range g.outline.Segments[i].ArgsSlice() {
				x, y := g.x+p.X*g.scale, g.y-p.Y*g.scale
				lowX, highX = min(lowX, x), max(highX, x)
				lowY, highY = min(lowY, y), max(highY, y)
			}
		}
	}
	if lowX > highX {
		return image.Rectangle{}
	}
	clamp := func(v float32) int { return int(min(max(v, -maxInk), maxInk)) }
	floor := func(v float32) int { return clamp(float32(math.Floor(float64(v)))) }
	ceil := func(v float32) int { return clamp(float32(math.Ceil(float64(v)))) }
	return image.Rect(floor(lowX), floor(lowY), ceil(highX), ceil(highY))
}

// draw adds the outline to v, moved by dx and dy.
func (g glyph) draw(v *vector.Rasterizer, dx, dy float32) {
	at := func(p opentype.SegmentPoint) (x, y float32) {
		return g.x + p.X*g.scale + dx, g.y - p.Y*g.scale + dy
	}
	for _, s := range g.outline.Segments {
		ax, ay := at(s.Args[0])
		bx, by := at(s.Args[1])
		cx, cy := at(s.Args[2])
		switch s.Op {
		case opentype.SegmentOpMoveTo:
			v.ClosePath()
			v.MoveTo(ax, ay)
		case opentype.SegmentOpLineTo:
			v.LineTo(ax, ay)
		case opentype.SegmentOpQuadTo:
			v.QuadTo(ax, ay, bx, by)
		case opentype.SegmentOpCubeTo:
			v.CubeTo(ax, ay, bx, by, cx, cy)
		}
	}
	v.ClosePath()
}
