package decor

import (
	"hash/fnv"
	"image"
	"image/color"
	"math"
	"strings"

	"github.com/omniverto/omniverto/fonts"
	"github.com/omniverto/omniverto/media"
	"github.com/omniverto/omniverto/mixer/pixel"
)

// avatarCell lies around the circle: darker than a canvas' usual background, so
// that the cell still shows as one.
var avatarCell = color.RGBA{R: 0x1e, G: 0x22, B: 0x2a, A: 0xff}

// avatarInk is the initials' colour.
var avatarInk = color.RGBA{R: 0xff, G: 0xff, B: 0xff, A: 0xff}

// avatarColors are what a name chooses from. White on each of them has a contrast
// of at least 4.5 (WCAG 2.1 AA), and each stands out from avatarCell.
var avatarColors = [...]color.RGBA{
	{R: 0xb9, G: 0x3a, B: 0x32, A: 0xff}, // brick
	{R: 0xa8, G: 0x4f, B: 0x0c, A: 0xff}, // rust
	{R: 0x85, G: 0x64, B: 0x05, A: 0xff}, // ochre
	{R: 0x4d, G: 0x75, B: 0x1d, A: 0xff}, // moss
	{R: 0x1a, G: 0x7a, B: 0x43, A: 0xff}, // green
	{R: 0x0b, G: 0x78, B: 0x78, A: 0xff}, // teal
	{R: 0x0c, G: 0x72, B: 0xa8, A: 0xff}, // sky
	{R: 0x2f, G: 0x62, B: 0xc9, A: 0xff}, // blue
	{R: 0x5b, G: 0x53, B: 0xcb, A: 0xff}, // indigo
	{R: 0x85, G: 0x43, B: 0xbd, A: 0xff}, // violet
	{R: 0xa8, G: 0x37, B: 0x8f, A: 0xff}, // plum
	{R: 0xb7, G: 0x32, B: 0x5f, A: 0xff}, // rose
}

// AvatarColor is the colour behind the initials of a name. It is always the same for
// a name, however it is capitalised.
func AvatarColor(name string) color.RGBA {
	h := fnv.New32a()
	_, _ = h.Write([]byte(strings.ToLower(strings.TrimSpace(name)))) // never fails
	return avatarColors[h.Sum32()%uint32(len(avatarColors))]
}

// avatarKey is the request for an avatar: people with the same initials and colour
// share one.
type avatarKey struct {
	initials string
	color    color.RGBA
	w, h     int
}

// Avatar draws the picture of a member without a camera for a cell of w x h pixels:
// his initials on a circle whose colour follows from his name. A name without letters
// and digits, or in a script that no font has, gets a figure.
func (l *Library) Avatar(name string, w, h int) *media.Picture {
	key := avatarKey{initials(name), AvatarColor(name), max(w, 1), max(h, 1)}
	p, _ := keep(&l.cache, key, func() (*media.Picture, int, error) {
		p := drawAvatar(l.fonts, key)
		return p, pictureWeight(p), nil
	})
	return p
}

func drawAvatar(l *fonts.Library, key avatarKey) *media.Picture {
	p := media.NewPicture(key.w, key.h)
	pixel.Fill(p, image.Rect(0, 0, key.w, key.h), yuv(avatarCell))
	d := disc{float64(key.w) / 2, float64(key.h) / 2, float64(min(key.w, key.h)) * 0.31}
	a := avatar{picture: p, color: key.color, disc: d}
	if a.mask = initialsMask(l, key.initials, d.r); a.mask != nil {
		a.maskAt = image.Pt(key.w, key.h).Sub(a.mask.Rect.Size()).Div(2).Sub(a.mask.Rect.Min)
	} else { // a head, and shoulders that the circle cuts off
		a.head = disc{d.x, d.y - 0.24*d.r, 0.34 * d.r}
		a.body = disc{d.x, d.y + 0.98*d.r, 0.74 * d.r}
	}
	a.draw()
	return p
}

func yuv(c color.RGBA) media.YUV { return media.RGB{R: c.R, G: c.G, B: c.B}.YUV() }

// avatar is a picture that is drawn: the disc and, in white, either the mask or head
// and body. It is drawn in blocks of the four pixels that share a chroma sample. Most
// lie within one colour, which is known from where the circles cross their rows; only
// those on an edge are mixed, in RGB and pixel by pixel.
type avatar struct {
	picture    *media.Picture
	color      color.RGBA
	disc       disc
	mask       *image.Alpha // nil: a figure
	maskAt     image.Point  // of the mask's origin in the picture
	head, body disc
}

// rows is where the circles cross the two rows of a block.
type rows struct {
	y                            int
	disc, head, body             span // what they touch
	fullDisc, fullHead, fullBody span // what they cover in full
}

func (a *avatar) draw() {
	fill, ink := yuv(a.color), yuv(avatarInk)
	w, h := a.picture.Width, a.picture.Height
	top, bottom := max(int(a.disc.y-a.disc.r)-1, 0)&^1, min(int(a.disc.y+a.disc.r)+2, h)
	for y := top; y < bottom; y += 2 {
		r := a.rows(y)
		for x := max(r.disc.from, 0) &^ 1; x < min(r.disc.to, w); x += 2 {
			switch {
			case !r.fullDisc.holds(x), a.edge(r, x):
				a.mix(r, x)
			case r.fullHead.holds(x) || r.fullBody.holds(x):
				a.set(x, y, ink)
			default:
				a.set(x, y, fill)
			}
		}
	}
}

func (a *avatar) rows(y int) rows {
	r := rows{y: y}
	r.disc, r.fullDisc = a.disc.cross(y)
	r.head, r.fullHead = a.head.cross(y)
	r.body, r.fullBody = a.body.cross(y)
	return r
}

// edge reports whether the block at x has an edge of what lies on the disc.
func (a *avatar) edge(r rows, x int) bool {
	if a.mask == nil {
		return r.head.touches(x) && !r.fullHead.holds(x) && !r.fullBody.holds(x) ||
			r.body.touches(x) && !r.fullBody.holds(x) && !r.fullHead.holds(x)
	}
	for i := range 4 {
		if a.maskAlpha(x+i%2, r.y+i/2) > 0 {
			return true
		}
	}
	return false
}

func (a *avatar) maskAlpha(x, y int) uint8 {
	return a.mask.AlphaAt(x-a.maskAt.X, y-a.maskAt.Y).A
}

// set fills a block.
func (a *avatar) set(x, y int, c media.YUV) {
	p := a.picture
	for j := y; j < min(y+2, p.Height); j++ {
		for i := x; i < min(x+2, p.Width); i++ {
			p.Y[j*p.StrideY+i] = c.Y
		}
	}
	at := y/2*p.StrideUV + x/2
	p.U[at], p.V[at] = c.U, c.V
}

// mix draws a block pixel by pixel; its chroma is that of the mean colour.
func (a *avatar) mix(r rows, x int) {
	p := a.picture
	red, green, blue, n := 0, 0, 0, 0
	for j := r.y; j < min(r.y+2, p.Height); j++ {
		for i := x; i < min(x+2, p.Width); i++ {
			c := a.at(i, j, r.fullDisc.holds(x))
			p.Y[j*p.StrideY+i] = yuv(c).Y
			red, green, blue, n = red+int(c.R), green+int(c.G), blue+int(c.B), n+1
		}
	}
	mean := func(sum int) uint8 { return uint8((sum + n/2) / n) }
	c, at := yuv(color.RGBA{mean(red), mean(green), mean(blue), 0xff}), r.y/2*p.StrideUV+x/2
	p.U[at], p.V[at] = c.U, c.V
}

// at is the colour of one pixel; full says that the disc covers it.
func (a *avatar) at(x, y int, full bool) color.RGBA {
	c, cover := a.color, 1.0
	if !full {
		cover = a.disc.cover(x, y)
		c = blend(avatarCell, a.color, cover)
	}
	if a.mask != nil {
		return whiten(c, a.maskAlpha(x, y))
	}
	return blend(c, avatarInk, min(max(a.head.cover(x, y), a.body.cover(x, y)), cover))
}

// blend lays a colour over another.
func blend(under, over color.RGBA, opacity float64) color.RGBA {
	mix := func(from, to uint8) uint8 { return uint8(float64(from) + opacity*(float64(to)-float64(from)) + 0.5) }
	return color.RGBA{mix(under.R, over.R), mix(under.G, over.G), mix(under.B, over.B), 0xff}
}

// whiten lays avatarInk, which is white, over a colour, as image/draw does.
func whiten(c color.RGBA, opacity uint8) color.RGBA {
	const m = 0xffff
	a := uint32(opacity) * 0x101
	mix := func(v uint8) uint8 { return uint8((uint32(v)*0x101*(m-a) + m*a) / m >> 8) }
	return color.RGBA{mix(c.R), mix(c.G), mix(c.B), 0xff}
}

// disc is a circle in pixels.
type disc struct{ x, y, r float64 }

// cover is how much of a pixel the disc covers, 0 to 1.
func (d disc) cover(x, y int) float64 {
	distance := math.Hypot(float64(x)+0.5-d.x, float64(y)+0.5-d.y)
	return min(max(d.r-distance+0.5, 0), 1)
}

// cross is what the disc touches, and what it covers in full, of the rows y and y+1.
func (d disc) cross(y int) (touched, full span) {
	a, b := d.span(y, d.r+0.5), d.span(y+1, d.r+0.5)
	switch {
	case a.empty():
		touched = b
	case b.empty():
		touched = a
	default:
		touched = span{min(a.from, b.from), max(a.to, b.to)}
	}
	a, b = d.span(y, d.r-0.5), d.span(y+1, d.r-0.5)
	return touched, span{max(a.from, b.from), min(a.to, b.to)}
}

// span is the pixels of row y whose middles are no farther than r from the disc's.
func (d disc) span(y int, r float64) span {
	dy := float64(y) + 0.5 - d.y
	if r <= 0 || math.Abs(dy) >= r {
		return span{}
	}
	half := math.Sqrt(r*r - dy*dy)
	return span{int(math.Ceil(d.x - half - 0.5)), int(math.Floor(d.x+half-0.5)) + 1}
}

// span is a run of pixels in a row.
type span struct{ from, to int }

func (s span) empty() bool { return s.from >= s.to }

// holds reports whether the pixels x and x+1 are in s, touches whether one is.
func (s span) holds(x int) bool   { return s.from <= x && x+2 <= s.to }
func (s span) touches(x int) bool { return s.from < x+2 && x < s.to }

// Shares of the circle's radius that the initials take at most: half the width
// and half the height of their ink.
const (
	initialsWidth  = 0.60
	initialsHeight = 0.40
)

// initialsMask is the text in the largest size that fits the circle, nil if it
// has no ink.
func initialsMask(l *fonts.Library, text string, r float64) *image.Alpha {
	// Ink grows with the size: measure once, then scale.
	const trial = 128
	ink := l.Mask(text, trial).Rect
	if ink.Empty() {
		return nil
	}
	fit := min(2*r*initialsWidth/float64(ink.Dx()), 2*r*initialsHeight/float64(ink.Dy()))
	// One narrow letter is not larger than two wide ones by much.
	mask := l.Mask(text, int(min(trial*fit, 1.15*r)))
	if mask.Rect.Empty() {
		return nil
	}
	return mask
}
