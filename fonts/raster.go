package fonts

import (
	"bytes"
	"image"
	"image/png"
	"math"

	"github.com/go-text/typesetting/font"
	"github.com/go-text/typesetting/font/opentype"
	"github.com/go-text/typesetting/shaping"
	"golang.org/x/image/draw"
	"golang.org/x/image/math/fixed"
	"golang.org/x/image/vector"
)

// glyph is an outline with its place: x and y in pixels from the start of the
// first baseline, y downwards.
type glyph struct {
	outline font.GlyphOutline
	x, y    float32
	scale   float32 // pixels per font unit
}

// picture is a coloured glyph with its place.
type picture struct {
	img image.Image
	at  image.Rectangle
}

// drawing collects what a block consists of.
type drawing struct {
	glyphs   []glyph
	pictures []picture
}

// place walks along a line from x and collects what has an outline or a picture.
func (d *drawing) place(line []shaping.Output, x, y float32, size int) {
	for _, run := range line {
		scale := float32(size) / float32(run.Face.Upem())
		for _, g := range run.Glyphs {
			left, base := x+pixels(g.XOffset), y-pixels(g.YOffset)
			if img := colored(run.Face, g.GlyphID); img != nil {
				d.pictures = append(d.pictures, picture{img, extents(g, left, base)})
			} else if o, ok := run.Face.GlyphDataOutline(g.GlyphID); ok && len(o.Segments) > 0 {
				d.glyphs = append(d.glyphs, glyph{o, left, base, scale})
			}
			x += pixels(g.Advance)
		}
	}
}

func pixels(v fixed.Int26_6) float32 { return float32(v) / 64 }

// maxInk bounds a mask's width and height in pixels.
const maxInk = 1 << 14

func clamp(v float32) int { return int(min(max(v, -maxInk), maxInk)) }
func floor(v float32) int { return clamp(float32(math.Floor(float64(v)))) }
func ceil(v float32) int  { return clamp(float32(math.Ceil(float64(v)))) }
func round(v float32) int { return floor(v + 0.5) }

// mask draws the outlines.
func (d *drawing) mask() *image.Alpha {
	r := ink(d.glyphs)
	mask := image.NewAlpha(r)
	if r.Empty() {
		return mask
	}
	v := vector.NewRasterizer(r.Dx(), r.Dy())
	for _, g := range d.glyphs {
		g.draw(v, float32(-r.Min.X), float32(-r.Min.Y))
	}
	v.Draw(mask, r, image.Opaque, image.Point{})
	return mask
}

// colors draws the pictures, nil if there is none.
func (d *drawing) colors() *image.RGBA {
	var r image.Rectangle
	for _, p := range d.pictures {
		r = r.Union(p.at)
	}
	if r.Empty() {
		return nil
	}
	out := image.NewRGBA(r)
	for _, p := range d.pictures {
		draw.CatmullRom.Scale(out, p.at, p.img, p.img.Bounds(), draw.Over, nil)
	}
	return out
}

// maxPicture bounds a coloured glyph in pixels, as its font holds it.
const maxPicture = 1 << 20

// colored is the picture that a font has for a glyph, nil if it has none. Pictures
// are PNG files within the font; those drawn by programs (COLR, SVG) are left out.
func colored(face *font.Face, id font.GID) image.Image {
	bitmap, ok := face.GlyphDataBitmap(id)
	if !ok || bitmap.Format != font.PNG {
		return nil
	}
	config, err := png.DecodeConfig(bytes.NewReader(bitmap.Data))
	if err != nil || config.Width*config.Height > maxPicture {
		return nil
	}
	img, err := png.Decode(bytes.NewReader(bitmap.Data))
	if err != nil {
		return nil
	}
	return img
}

// extents is the place of a picture whose origin is at x, y.
func extents(g shaping.Glyph, x, y float32) image.Rectangle {
	left, top := x+pixels(g.XBearing), y-pixels(g.YBearing)
	return image.Rect(round(left), round(top), round(left+pixels(g.Width)), round(top-pixels(g.Height)))
}

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
