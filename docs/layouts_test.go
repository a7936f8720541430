// Package docs_test writes the generated parts of the documents and holds them to
// what the code says: go test ./docs -update rewrites them.
package docs_test

import (
	"bytes"
	"cmp"
	"errors"
	"flag"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/omniverto/omniverto/fonts"
	"github.com/omniverto/omniverto/layouts"
)

// update is read after the flags were parsed and never written.
var update = flag.Bool("update", false, "rewrite the generated documents and pictures")

const (
	page     = "layouts.md"
	pictures = "layouts" // folder
)

// size is that of a picture, of 16:9 as most canvases are.
var size = image.Pt(320, 180)

// TestLayoutPictures keeps one picture for every stock layout, and no other.
func TestLayoutPictures(t *testing.T) {
	lib := fonts.Open(fonts.Options{Log: slog.New(slog.DiscardHandler)})
	wanted := map[string]bool{}
	for _, l := range layouts.Stock().Layouts() {
		file := filepath.Join(pictures, fileName(l))
		wanted[file] = true
		drawn := drawLayout(lib, l)
		if *update {
			writePicture(t, file, drawn)
			continue
		}
		kept, err := readPicture(file)
		if errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s is missing; run go test ./docs -update", file)
			continue
		} else if err != nil {
			t.Fatal(err)
		}
		if !samePicture(kept, drawn) {
			t.Errorf("%s is out of date; run go test ./docs -update", file)
		}
	}
	there, err := filepath.Glob(filepath.Join(pictures, "*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range there {
		if !wanted[file] {
			t.Errorf("%s shows no stock layout", file)
		}
	}
}

// TestLayoutPage keeps the generated parts of the page.
func TestLayoutPage(t *testing.T) {
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	want := string(text)
	for name, body := range map[string]string{"layouts": gallery(), "groups": groups(), "differences": differences(t)} {
		if want, err = replace(want, name, body); err != nil {
			t.Fatal(err)
		}
	}
	switch {
	case want == string(text):
	case *update:
		if err := os.WriteFile(page, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	default:
		t.Errorf("%s is out of date; run go test ./docs -update", page)
	}
}

// replace puts a body between the comments that mark the generated part of a name.
func replace(text, name, body string) (string, error) {
	from, to := "<!-- generated: "+name+" -->\n", "<!-- end: "+name+" -->\n"
	before, rest, ok := strings.Cut(text, from)
	if !ok || strings.Contains(rest, from) {
		return "", fmt.Errorf("%s needs one %q", page, from)
	}
	_, after, ok := strings.Cut(rest, to)
	if !ok {
		return "", fmt.Errorf("%s lacks %q after %q", page, to, from)
	}
	return before + from + body + to + after, nil
}

func TestReplace(t *testing.T) {
	const text = "by hand\n<!-- generated: a -->\nold\n<!-- end: a -->\nby hand, too\n"
	got, err := replace(text, "a", "new\n")
	if want := strings.Replace(text, "old", "new", 1); err != nil || got != want {
		t.Errorf("%q, %v; want %q", got, err, want)
	}
	for _, wrong := range []string{"", "<!-- generated: a -->\n", text + text} {
		if got, err := replace(wrong, "a", "new\n"); err == nil {
			t.Errorf("%q became %q", wrong, got)
		}
	}
}

func fileName(l *layouts.Layout) string { return l.Name + ".png" }

// gallery is a table with three pictures in a row.
func gallery() string {
	var b strings.Builder
	b.WriteString("| | | |\n|---|---|---|\n")
	for row := range slices.Chunk(layouts.Stock().Layouts(), 3) {
		for i := range 3 {
			if i < len(row) {
				l := row[i]
				fmt.Fprintf(&b, "| ![%s](%s/%s)<br>`%s`: %s ", l.Name, pictures, fileName(l), l.Name, summary(l))
			} else {
				b.WriteString("| ")
			}
		}
		b.WriteString("|\n")
	}
	return b.String()
}

// summary is one layout in a few words.
func summary(l *layouts.Layout) string {
	words := []string{count(len(l.Images), "image")}
	zoom, over := 0, 0
	var ids []string
	for _, im := range l.Images {
		if im.Zoom {
			zoom++
		}
		if im.Overlap {
			over++
		}
		if im.ReservationID != "" {
			ids = append(ids, "`"+string(im.ReservationID)+"`")
		}
	}
	if zoom > 0 {
		words = append(words, "zoom")
	}
	if i := l.Floor(); i >= 0 && l.Images[i].FloorOnly {
		words = append(words, "floor only")
	} else if i >= 0 {
		words = append(words, "floor")
	}
	if over > 0 {
		words = append(words, fmt.Sprintf("%d overlap", over))
	}
	if len(ids) > 0 {
		words = append(words, "reserved "+strings.Join(ids, ", "))
	}
	return strings.Join(words, ", ")
}

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// groups is a table of what each stock group chooses, by asking it.
func groups() string {
	var b strings.Builder
	b.WriteString("| Group | Members and the layout that they get |\n|---|---|\n")
	for _, g := range layouts.Stock().Groups() {
		var steps []string
		for from := 1; from <= layouts.MaxImages; {
			l, to := g.Choose(from, 0), from
			for to < layouts.MaxImages && g.Choose(to+1, 0) == l {
				to++
			}
			switch {
			case to == layouts.MaxImages:
				steps = append(steps, fmt.Sprintf("%d and more: `%s`", from, l.Name))
			case to == from:
				steps = append(steps, fmt.Sprintf("%d: `%s`", from, l.Name))
			default:
				steps = append(steps, fmt.Sprintf("%d to %d: `%s`", from, to, l.Name))
			}
			from = to + 1
		}
		fmt.Fprintf(&b, "| `%s` | %s |\n", g.Name, strings.Join(steps, " · "))
	}
	return b.String()
}

// Colours of the pictures: the canvas, and what an image is kept for.
func ground() color.RGBA { return color.RGBA{0x33, 0x33, 0x33, 255} }

func kind(im layouts.Image) color.RGBA {
	switch {
	case im.ReservationID != "" || im.RoleID != "":
		return color.RGBA{0x8e, 0x44, 0xad, 255}
	case im.Floor:
		return color.RGBA{0x1e, 0x84, 0x49, 255}
	}
	return color.RGBA{0x24, 0x71, 0xa3, 255}
}

// drawLayout draws the images, those with overlap last, with their numbers and
// what is special about them.
func drawLayout(lib *fonts.Library, l *layouts.Layout) *image.Paletted {
	img := image.NewRGBA(image.Rectangle{Max: size})
	draw.Draw(img, img.Rect, image.NewUniform(ground()), image.Point{}, draw.Src)
	order := make([]int, len(l.Images))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(under(l.Images[a]), under(l.Images[b])) })
	for _, i := range order {
		drawImage(lib, img, i, l.Images[i], middle(l, i))
	}
	return reduce(img)
}

func under(im layouts.Image) int {
	if im.Overlap {
		return 1
	}
	return 0
}

// middle is where an image's number goes: its middle, or that of what is left of
// what lies over it.
func middle(l *layouts.Layout, i int) image.Point {
	r := l.Images[i].Rect(size.X, size.Y)
	for _, over := range l.Images[i+1:] {
		o := over.Rect(size.X, size.Y)
		if over.Overlap && o.Min.X > r.Min.X && o.Overlaps(r.Inset(r.Dy()*2/5)) {
			r.Max.X = o.Min.X
		}
	}
	return r.Min.Add(r.Size().Div(2))
}

func drawImage(lib *fonts.Library, img *image.RGBA, i int, im layouts.Image, middle image.Point) {
	r := im.Rect(size.X, size.Y)
	draw.Draw(img, r, image.NewUniform(ground()), image.Point{}, draw.Src)
	draw.Draw(img, r.Inset(1), image.NewUniform(kind(im)), image.Point{}, draw.Src)
	var notes []string
	switch {
	case im.FloorOnly:
		notes = append(notes, "floor only")
	case im.Floor:
		notes = append(notes, "floor")
	}
	if im.ReservationID != "" {
		notes = append(notes, string(im.ReservationID))
	}
	if im.Zoom && r.Dy() > 60 {
		notes = append(notes, "zoom")
	}
	number := lib.Mask(fmt.Sprint(i+1), min(r.Dy()*2/5, 28))
	if len(notes) == 0 {
		write(img, number, middle)
		return
	}
	note := lib.Mask(strings.Join(notes, ", "), max(min(r.Dy()/4, 12), 8))
	if note.Rect.Dx() > r.Dx()-4 { // only the number has room
		write(img, number, middle)
		return
	}
	write(img, number, middle.Sub(image.Pt(0, note.Rect.Dy()*2/3)))
	write(img, note, middle.Add(image.Pt(0, number.Rect.Dy()*3/4)))
}

// write puts a text's ink around a point, white.
func write(img *image.RGBA, mask *image.Alpha, middle image.Point) {
	at := middle.Sub(mask.Rect.Size().Div(2))
	draw.DrawMask(img, image.Rectangle{Min: at, Max: at.Add(mask.Rect.Size())}, image.White, image.Point{}, mask, mask.Rect.Min, draw.Over)
}

// reduce gives the picture a palette: the ground and eight steps from each kind's
// colour to white.
func reduce(img *image.RGBA) *image.Paletted {
	palette := color.Palette{ground()}
	for _, im := range []layouts.Image{{}, {Floor: true}, {ReservationID: "r"}} {
		c := kind(im)
		for step := range 8 {
			blend := func(v uint8) uint8 { return uint8(int(v) + (255-int(v))*step/7) }
			palette = append(palette, color.RGBA{blend(c.R), blend(c.G), blend(c.B), 255})
		}
	}
	out := image.NewPaletted(img.Rect, palette)
	draw.Draw(out, out.Rect, img, image.Point{}, draw.Src)
	return out
}

func samePicture(a, b image.Image) bool {
	if a.Bounds() != b.Bounds() {
		return false
	}
	for y := range a.Bounds().Dy() {
		for x := range a.Bounds().Dx() {
			if color.RGBAModel.Convert(a.At(x, y)) != color.RGBAModel.Convert(b.At(x, y)) {
				return false
			}
		}
	}
	return true
}

func readPicture(file string) (image.Image, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	return png.Decode(bytes.NewReader(data))
}

func writePicture(t *testing.T, file string, img image.Image) {
	t.Helper()
	var b bytes.Buffer
	encoder := png.Encoder{CompressionLevel: png.BestCompression}
	err := errors.Join(encoder.Encode(&b, img), os.MkdirAll(filepath.Dir(file), 0o755), os.WriteFile(file, b.Bytes(), 0o644))
	if err != nil {
		t.Fatal(err)
	}
}
