package room

import (
	"hash/fnv"
	"image"
	"image/color"
	"image/draw"
	"math"
	"strings"
	"unicode"
	"unicode/utf8"

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

// avatar draws the picture of a member without a camera for a cell of w x h
// pixels: his initials on a circle whose colour follows from his name. A name
// without letters and digits, or in a script that no font has, gets a figure.
func avatar(l *fonts.Library, name string, w, h int) *media.Picture {
	p := media.NewPicture(w, h)
	p.Fill(media.RGB{R: avatarCell.R, G: avatarCell.G, B: avatarCell.B}.YUV())
	// Only the square around the circle is drawn and converted.
	r := float64(min(w, h)) * 0.31
	side := int(2*r+4) &^ 1
	at := image.Pt((w-side)/2&^1, (h-side)/2&^1)
	d := disc{float64(w)/2 - float64(at.X), float64(h)/2 - float64(at.Y), r}
	pixel.Copy(p, at, pixel.FromImage(drawDisc(l, name, d, side)))
	return p
}

// drawDisc draws the circle of an avatar with what is in it.
func drawDisc(l *fonts.Library, name string, d disc, side int) image.Image {
	img := image.NewRGBA(image.Rect(0, 0, side, side))
	draw.Draw(img, img.Rect, image.NewUniform(avatarCell), image.Point{}, draw.Src)
	paint(img, avatarColor(name), d.cover)
	if mask := initialsMask(l, initials(name), d.r); mask != nil {
		drawCentred(img, mask, d)
	} else {
		drawFigure(img, d)
	}
	return img
}

// avatarColor is always the same for a name, however it is capitalised.
func avatarColor(name string) color.RGBA {
	h := fnv.New32a()
	_, _ = h.Write([]byte(strings.ToLower(strings.TrimSpace(name)))) // never fails
	return avatarColors[h.Sum32()%uint32(len(avatarColors))]
}

// disc is a circle in pixels.
type disc struct{ x, y, r float64 }

// cover is how much of a pixel the disc covers, 0 to 1.
func (d disc) cover(x, y int) float64 {
	distance := math.Hypot(float64(x)+0.5-d.x, float64(y)+0.5-d.y)
	return min(max(d.r-distance+0.5, 0), 1)
}

// paint lays a colour over the image with the opacity that cover gives.
func paint(img *image.RGBA, c color.RGBA, cover func(x, y int) float64) {
	for y := range img.Rect.Dy() {
		for x := range img.Rect.Dx() {
			if a := cover(x, y); a > 0 {
				p := img.RGBAAt(x, y)
				mix := func(from, to uint8) uint8 { return uint8(float64(from) + a*(float64(to)-float64(from)) + 0.5) }
				img.SetRGBA(x, y, color.RGBA{mix(p.R, c.R), mix(p.G, c.G), mix(p.B, c.B), 0xff})
			}
		}
	}
}

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

// drawCentred puts the middle of the mask's ink into the middle of the disc.
func drawCentred(img *image.RGBA, mask *image.Alpha, d disc) {
	at := image.Pt((int(2*d.x)-mask.Rect.Dx())/2, (int(2*d.y)-mask.Rect.Dy())/2)
	r := image.Rectangle{Min: at, Max: at.Add(mask.Rect.Size())}
	draw.DrawMask(img, r, image.NewUniform(avatarInk), image.Point{}, mask, mask.Rect.Min, draw.Over)
}

// drawFigure draws a head and shoulders that the circle cuts off.
func drawFigure(img *image.RGBA, d disc) {
	head := disc{d.x, d.y - 0.24*d.r, 0.34 * d.r}
	body := disc{d.x, d.y + 0.98*d.r, 0.74 * d.r}
	paint(img, avatarInk, func(x, y int) float64 {
		return min(max(head.cover(x, y), body.cover(x, y)), d.cover(x, y))
	})
}

// initials are the first letters of the first and the last word of a name; of a
// name without letters the last two digits, which tell numbers apart; else "".
// Scripts without capitals and with long clusters keep a letter's marks; Chinese,
// Japanese and Korean names give one character.
func initials(name string) string {
	var letters []string
	for _, word := range strings.Fields(name) {
		if l := firstLetter(word); l != "" {
			letters = append(letters, l)
		}
	}
	switch n := len(letters); {
	case n == 0:
		return lastDigits(name, 2)
	case n == 1 || isCJK(letters[0]):
		return letters[0]
	default:
		return letters[0] + separator(letters[0]) + letters[n-1]
	}
}

// firstLetter is the first letter of a word in upper case with the marks that
// follow it, "" if there is none.
func firstLetter(word string) string {
	start := strings.IndexFunc(word, unicode.IsLetter)
	if start < 0 {
		return ""
	}
	_, size := utf8.DecodeRuneInString(word[start:])
	end := start + size
	for end < len(word) && end-start < maxCluster {
		r, size := utf8.DecodeRuneInString(word[end:])
		if !unicode.IsMark(r) {
			break
		}
		end += size
	}
	return strings.ToUpper(word[start:end])
}

// maxCluster bounds a letter with its marks in bytes.
const maxCluster = 16

// separator keeps letters of scripts that join from becoming a word.
func separator(letter string) string {
	r, _ := utf8.DecodeRuneInString(letter)
	if unicode.In(r, unicode.Arabic, unicode.Syriac, unicode.Mongolian, unicode.Nko) {
		return "\u200c"
	}
	return ""
}

func isCJK(letter string) bool {
	r, _ := utf8.DecodeRuneInString(letter)
	return unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Hangul)
}

// lastDigits are the last n ASCII digits of a text.
func lastDigits(text string, n int) string {
	var digits []rune
	for _, r := range text {
		if r >= '0' && r <= '9' {
			digits = append(digits, r)
		}
	}
	return string(digits[max(len(digits)-n, 0):])
}
