package decor

import (
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"strconv"
	"strings"

	"github.com/omniverto/omniverto/fonts"
	"github.com/omniverto/omniverto/media"
)

// Position is where a logo lies in its cell.
type Position uint8

// The positions.
const (
	LeftTop Position = iota // the default, and FreeSWITCH's "none"
	LeftMid
	LeftBot
	CenterTop
	CenterMid
	CenterBot
	RightTop
	RightMid
	RightBot
)

// Fit is how a logo's size follows from its cell's.
type Fit uint8

// The fits.
const (
	FitSize         Fit = iota // as large as fits, in its shape; the default
	FitScale                   // stretched to the cell
	FitSizeAndScale            // the same: FreeSWITCH fits and then stretches
	FitNecessary               // in its own size, smaller where it would not fit
)

// Logo is an image over a member's picture. It is comparable, and equal logos with
// the same files look alike.
type Logo struct {
	File     string
	Position Position
	Fit      Fit
	// Text and AltText are drawn on the image before it is scaled.
	Text, AltText LogoText
}

// LogoText is a text on a logo, in pixels of the image file.
type LogoText struct {
	Text, Face  string
	FG, BG      media.RGB
	Transparent bool    // no background
	Size        float64 // pixels, or percent of the image's height; 0: 4 %, but readable
	Percent     bool
	X, Y        int  // top left corner
	Centred     bool // in the width from Offset on, instead of at X
	Offset      int
}

// maxOffset bounds the places of texts in pixels.
const maxOffset = maxSide

// ParseLogo reads the words of vid-logo-img: [{option=value,…}]file with the options
// position, fit, text, text_x, text_y and center_offset, and the last four with alt_
// before them. An error names the option.
func ParseLogo(words string) (Logo, error) {
	list, file, err := options(words)
	if err != nil {
		return Logo{}, fmt.Errorf("logo: %w", err)
	}
	g := Logo{File: strings.TrimSpace(file)}
	if g.File == "" {
		return Logo{}, fmt.Errorf("logo: no file")
	}
	for _, o := range list {
		text, key := &g.Text, o.key
		if alt, ok := strings.CutPrefix(key, "alt_"); ok {
			text, key = &g.AltText, alt
		}
		switch {
		case o.key == "position":
			g.Position, err = parsePosition(o.value)
		case o.key == "fit":
			g.Fit, err = parseFit(o.value)
		default:
			err = text.set(key, o)
		}
		if err != nil {
			return Logo{}, fmt.Errorf("logo: %w", err)
		}
	}
	return g, nil
}

func parsePosition(s string) (Position, error) {
	switch strings.ToLower(s) {
	case "left-top", "none":
		return LeftTop, nil
	case "left-mid":
		return LeftMid, nil
	case "left-bot":
		return LeftBot, nil
	case "center-top":
		return CenterTop, nil
	case "center-mid":
		return CenterMid, nil
	case "center-bot":
		return CenterBot, nil
	case "right-top":
		return RightTop, nil
	case "right-mid":
		return RightMid, nil
	case "right-bot":
		return RightBot, nil
	}
	return 0, fmt.Errorf("position: %q is not left, center or right with -top, -mid or -bot", shorten(s))
}

func parseFit(s string) (Fit, error) {
	switch strings.ToLower(s) {
	case "fit-size":
		return FitSize, nil
	case "fit-scale":
		return FitScale, nil
	case "fit-size-and-scale":
		return FitSizeAndScale, nil
	case "fit-necessary":
		return FitNecessary, nil
	}
	return 0, fmt.Errorf("fit: %q is not fit-size, fit-scale, fit-size-and-scale or fit-necessary", shorten(s))
}

// set takes one of a text's options.
func (t *LogoText) set(key string, o option) error {
	switch key {
	case "text":
		return t.parse(o)
	case "text_x":
		if t.Centred = strings.EqualFold(o.value, "center"); t.Centred {
			return nil
		}
		return o.integer(&t.X, 0, maxOffset)
	case "text_y":
		return o.integer(&t.Y, 0, maxOffset)
	case "center_offset":
		return o.integer(&t.Offset, 0, maxOffset)
	}
	return o.unknown()
}

// parse reads fg:bg:font:size:text, of which every part but the text may be empty,
// or a text alone (switch_img_write_text_img).
func (t *LogoText) parse(o option) error {
	t.FG, t.BG = defaultColors()
	part := strings.SplitN(o.value, ":", 5)
	if len(part) == 1 {
		t.Text = clean(o.value)
		return nil
	}
	if len(part) < 5 {
		return fmt.Errorf("%s: %q is not fg:bg:font:size:text", o.key, shorten(o.value))
	}
	t.Transparent = strings.EqualFold(part[1], "transparent")
	if t.Transparent {
		part[1] = ""
	}
	for i, to := range []*media.RGB{&t.FG, &t.BG} {
		if part[i] == "" {
			continue
		}
		if err := (option{o.key, part[i]}).color(to); err != nil {
			return err
		}
	}
	t.Face = part[2]
	if part[3] != "" {
		var size string
		size, t.Percent = strings.CutSuffix(part[3], "%")
		n, err := strconv.ParseFloat(size, 64)
		if most := float64(maxOffset); err != nil || !(n > 0 && n <= most) {
			return fmt.Errorf("%s: size %q is neither pixels nor a percentage", o.key, shorten(part[3]))
		}
		t.Size = n
	}
	t.Text = clean(part[4])
	return nil
}

// logoKey is the request for a logo.
type logoKey struct {
	logo  Logo
	stamp stamp
	w, h  int
}

// Logo loads a logo's image and places it, with its texts, in a cell of w x h pixels.
// The error of an image that cannot be used is ErrOutside, ErrImage or one of the
// file system.
func (l *Library) Logo(g Logo, w, h int) ([]Placed, error) {
	w, h = even(w), even(h)
	stamp, err := l.stamp(g.File)
	if err != nil {
		return nil, err
	}
	return keep(&l.cache, logoKey{g, stamp, w, h}, func() ([]Placed, int, error) {
		src, full, err := l.source(stamp, w, h)
		if err != nil {
			return nil, 0, err
		}
		size := g.size(full, w, h)
		img := resize(src, size.X, size.Y)
		for _, t := range []LogoText{g.Text, g.AltText} {
			l.write(img, t, full)
		}
		b := newBitmap(img)
		return []Placed{{b, g.Position.place(size, w, h)}}, weight(b) + len(g.File) + len(g.Text.Text) + len(g.AltText.Text), nil
	})
}

// size is what an image of a size is scaled to in a cell.
func (g Logo) size(img image.Point, w, h int) image.Point {
	switch {
	case g.Fit == FitScale, g.Fit == FitSizeAndScale:
		return image.Pt(w, h)
	case g.Fit == FitNecessary && img.X <= w && img.Y <= h:
		return image.Pt(even(img.X), even(img.Y))
	}
	return fitted(img, w, h).Size()
}

// place is the top left corner of a size in a cell.
func (p Position) place(size image.Point, w, h int) image.Point {
	rest := image.Pt(w, h).Sub(size)
	column, row := int(p/3), int(p%3) // as the positions are numbered
	return image.Pt(rest.X*column/2&^1, rest.Y*row/2&^1)
}

// pixels is the font's size on a logo of a height whose file has the height full.
func (t LogoText) pixels(height, full int) int {
	h := float64(height)
	size := max(0.04*h, 10) // FreeSWITCH's default is too small on most logos
	switch {
	case t.Percent:
		size = t.Size / 100 * h
	case t.Size > 0:
		size = t.Size * h / float64(full)
	}
	return max(int(min(size, h/1.3)), 1)
}

// write draws a text on a logo whose image file has the size full.
func (l *Library) write(img *image.RGBA, t LogoText, full image.Point) {
	if t.Text == "" {
		return
	}
	w, h := img.Rect.Dx(), img.Rect.Dy()
	px := t.pixels(h, full.Y)
	padding := px * 3 / 10
	if t.Transparent {
		padding = 0
	}
	block := l.fonts.Set(t.Text, fonts.Style{Face: t.Face, Size: px}, max(w-2*padding, 1), 1)
	if block.Ink().Empty() {
		return
	}
	box := image.Rect(0, 0, block.Width+2*padding, px*13/10)
	at := image.Pt(t.X*w/full.X, t.Y*h/full.Y)
	if t.Centred {
		offset := t.Offset * w / full.X
		at.X = offset + (w-offset-box.Dx())/2
	}
	// A text that would be cut off moves inwards.
	at.X, at.Y = max(min(at.X, w-box.Dx()), 0), max(min(at.Y, h-box.Dy()), 0)
	if !t.Transparent {
		bg := image.NewUniform(color.RGBA{t.BG.R, t.BG.G, t.BG.B, 0xff})
		draw.Draw(img, box.Add(at), bg, image.Point{}, draw.Src)
	}
	draftText(img, block, at.Add(image.Pt(padding, baseline(block, box.Dy()))), t.FG)
}
