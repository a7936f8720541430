package mediatest

import (
	"errors"
	"flag"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/omniverto/omniverto/media"
)

// update is the one flag of the test binaries that use this package; it is read
// after the flags were parsed and never written.
var update = flag.Bool("update", false, "rewrite golden pictures")

// Golden compares p exactly with testdata/NAME.png. With -update it writes that
// file instead. A difference fails the test and leaves NAME.got.png,
// NAME.want.png and NAME.diff.png (differences eight times enlarged) in
// t.ArtifactDir. The comparison is made in RGB, where a step of one in Y, U or V
// shows except in colours outside of the RGB cube.
func Golden(t testing.TB, name string, p *media.Picture) {
	t.Helper()
	path := filepath.Join("testdata", filepath.FromSlash(name)+".png")
	got := RGBA(p)
	if *update {
		if err := writePNG(path, got); err != nil {
			t.Fatalf("golden %s: %v", name, err)
		}
		return
	}
	want, err := readPNG(path)
	if errors.Is(err, fs.ErrNotExist) {
		t.Fatalf("golden %s is missing; run the test with -update and look at it", path)
	} else if err != nil {
		t.Fatalf("golden %s: %v", name, err)
	}
	if want.Rect != got.Rect {
		t.Errorf("golden %s: size %v, want %v", name, got.Rect.Max, want.Rect.Max)
		keep(t, name, map[string]*image.RGBA{"got": got, "want": want})
		return
	}
	if diff, at, n := difference(got, want); n > 0 {
		t.Errorf("golden %s: %d pixels differ, first at %v: got %v, want %v",
			name, n, at, got.RGBAAt(at.X, at.Y), want.RGBAAt(at.X, at.Y))
		keep(t, name, map[string]*image.RGBA{"got": got, "want": want, "diff": diff})
	}
}

// RGBA converts a picture to RGB by BT.601 limited range, each pixel with the
// chroma sample that covers it.
func RGBA(p *media.Picture) *image.RGBA {
	img := image.NewRGBA(image.Rect(0, 0, p.Width, p.Height))
	for y := range p.Height {
		for x := range p.Width {
			c := y/2*p.StrideUV + x/2
			img.SetRGBA(x, y, rgba(int(p.Y[y*p.StrideY+x]), int(p.U[c]), int(p.V[c])))
		}
	}
	return img
}

// rgba is the inverse of media.RGB.YUV with coefficients of 16 bits.
func rgba(y, u, v int) color.RGBA {
	y, u, v = 76309*(y-16)+1<<15, u-128, v-128
	clip := func(n int) uint8 { return uint8(min(max(n>>16, 0), 255)) }
	return color.RGBA{clip(y + 104597*v), clip(y - 25675*u - 53279*v), clip(y + 132201*u), 255}
}

// difference returns the enlarged difference, the first pixel that differs and
// how many do.
func difference(a, b *image.RGBA) (diff *image.RGBA, at image.Point, n int) {
	diff = image.NewRGBA(a.Rect)
	for i := 0; i < len(a.Pix); i += 4 {
		same := true
		for c := range 3 {
			x, y := a.Pix[i+c], b.Pix[i+c]
			same = same && x == y
			diff.Pix[i+c] = byte(min(8*int(max(x, y)-min(x, y)), 255))
		}
		diff.Pix[i+3] = 255
		if !same {
			if n == 0 {
				at = image.Pt(i%a.Stride/4, i/a.Stride)
			}
			n++
		}
	}
	return diff, at, n
}

func keep(t testing.TB, name string, images map[string]*image.RGBA) {
	t.Helper()
	for kind, img := range images {
		path := filepath.Join(t.ArtifactDir(), filepath.FromSlash(name)+"."+kind+".png")
		if err := writePNG(path, img); err != nil {
			t.Errorf("golden %s: %v", name, err)
		}
	}
	t.Logf("golden %s: pictures are in %s", name, t.ArtifactDir())
}

func writePNG(path string, img *image.RGBA) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	encoder := png.Encoder{CompressionLevel: png.BestCompression}
	return errors.Join(encoder.Encode(f, img), f.Close())
}

func readPNG(path string) (*image.RGBA, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	img, err := png.Decode(f)
	if err != nil {
		return nil, err
	}
	// PNG readers give other types for opaque and grey pictures.
	out := image.NewRGBA(image.Rect(0, 0, img.Bounds().Dx(), img.Bounds().Dy()))
	draw.Draw(out, out.Rect, img, img.Bounds().Min, draw.Src)
	return out, nil
}
