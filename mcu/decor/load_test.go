package decor

import (
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"image"
	"image/color"
	"image/color/palette"
	"image/draw"
	"image/jpeg"
	"image/png"
	"os"
	"testing"

	"github.com/omniverto/omniverto/media"
)

func encoded(t testing.TB, img image.Image, kind string) []byte {
	t.Helper()
	var out bytes.Buffer
	err := error(nil)
	if kind == "jpg" {
		err = jpeg.Encode(&out, img, nil)
	} else {
		err = png.Encode(&out, img)
	}
	if err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// header is the start of a PNG file of a size, with a valid checksum.
func header(w, h uint32) []byte {
	chunk := []byte("IHDR")
	chunk = binary.BigEndian.AppendUint32(chunk, w)
	chunk = binary.BigEndian.AppendUint32(chunk, h)
	chunk = append(chunk, 8, 6, 0, 0, 0)
	out := append([]byte("\x89PNG\r\n\x1a\n"), 0, 0, 0, 13)
	out = append(out, chunk...)
	return binary.BigEndian.AppendUint32(out, crc32.ChecksumIEEE(chunk))
}

// converted is an image in another type.
func converted(to draw.Image, from image.Image) image.Image {
	draw.Draw(to, to.Bounds(), from, from.Bounds().Min, draw.Src)
	return to
}

// file is one of the images that Go's encoders do not write; all are red.
func file(t testing.TB, name string) []byte {
	t.Helper()
	data, err := os.ReadFile("testdata/images/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestEveryKindOfImage(t *testing.T) {
	r := image.Rect(0, 0, 32, 16)
	src := image.NewRGBA(r)
	draw.Draw(src, r, image.NewUniform(color.RGBA{0xff, 0, 0, 0xff}), image.Point{}, draw.Src)
	red := media.RGB{R: 0xff}.YUV()
	for name, c := range map[string]struct {
		data []byte
		want media.YUV
	}{
		"png":              {encoded(t, src, "png"), red},
		"png 16 bits":      {encoded(t, converted(image.NewRGBA64(r), src), "png"), red},
		"png alpha 16":     {encoded(t, converted(image.NewNRGBA64(r), src), "png"), red},
		"png palette":      {encoded(t, converted(image.NewPaletted(r, palette.WebSafe), src), "png"), red},
		"png grey":         {encoded(t, converted(image.NewGray(r), src), "png"), media.RGB{R: 0x4c, G: 0x4c, B: 0x4c}.YUV()},
		"png grey 16":      {encoded(t, converted(image.NewGray16(r), src), "png"), media.RGB{R: 0x4c, G: 0x4c, B: 0x4c}.YUV()},
		"png interlaced":   {file(t, "interlaced.png"), red},
		"jpeg progressive": {file(t, "progressive.jpg"), red},
		"jpeg":             {encoded(t, src, "jpg"), red},
		"jpeg grey":        {encoded(t, converted(image.NewGray(r), src), "jpg"), media.RGB{R: 0x4c, G: 0x4c, B: 0x4c}.YUV()},
		"jpeg cmyk":        {file(t, "cmyk.jpg"), red},
	} {
		t.Run(name, func(t *testing.T) {
			img, err := decode(c.data)
			if err != nil {
				t.Fatal(err)
			}
			b := newBitmap(img)
			got := media.YUV{Y: b.Picture.Y[0], U: b.Picture.U[0], V: b.Picture.V[0]}
			if off(got.Y, c.want.Y) > 3 || off(got.U, c.want.U) > 3 || off(got.V, c.want.V) > 3 {
				t.Errorf("%v, want %v", got, c.want)
			}
			if b.Alpha != nil {
				t.Error("it is not opaque")
			}
		})
	}
}

func off(a, b uint8) int { return int(max(a, b)) - int(min(a, b)) }

func TestBombsAreRefusedBeforeDecoding(t *testing.T) {
	logo := encoded(t, drawLogo(64, 64), "png")
	for name, data := range map[string][]byte{
		"huge area": header(4096, 2305), "huge width": header(8193, 1), "huge height": header(1, 8193), "overflow": header(1<<31-1, 1<<31-1),
		"more than signed": header(1<<32-1, 1<<32-1), "empty": header(0, 10), "truncated header": header(10, 10)[:30], "truncated": logo[:len(logo)/2],
		"only a header": header(4096, 2304), "gif": []byte("GIF89a\x01\x00\x01\x00\x00\x00\x00;"), "nothing": nil,
		"jpeg": []byte("\xff\xd8\xff\xe0"), "checksum": append(bytes.Clone(logo[:len(logo)-20]), make([]byte, 20)...),
	} {
		_, err := decode(data)
		if !errors.Is(err, ErrImage) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, size := range [][2]uint32{{4096, 2305}, {8193, 1}, {1, 8193}, {1<<31 - 1, 1<<31 - 1}, {1 << 16, 1 << 16}} {
		if _, _, err := inspect(header(size[0], size[1])); !errors.Is(err, ErrImage) {
			t.Errorf("%v: %v", size, err)
		}
	}
	// The whole area is allowed, in either orientation.
	for _, size := range []image.Point{{X: 4096, Y: 2304}, {X: 2304, Y: 4096}} {
		if _, _, err := inspect(header(uint32(size.X), uint32(size.Y))); err != nil {
			t.Errorf("%v: %v", size, err)
		}
	}
}

func TestLargeImagesAreKeptReduced(t *testing.T) {
	l, dir := folder(t)
	encode(t, dir+"/large.png", image.NewGray(image.Rect(0, 0, 4000, 200)))
	if _, err := l.Still("large.png", 320, 180, media.YUV{}); err != nil {
		t.Fatal(err)
	}
	s, err := l.stamp("large.png")
	if err != nil {
		t.Fatal(err)
	}
	v, ok := l.cache.get(sourceKey{s})
	if !ok {
		t.Fatal("the image is not kept")
	}
	if got := v.(source); got.full != image.Pt(4000, 200) || got.img.Rect.Dx() != keptSide || got.img.Rect.Dy() != keptSide/20 {
		t.Errorf("kept with %v of %v", got.img.Rect, got.full)
	}
	if b, err := l.Front("large.png", 2000, 100); err != nil || b.Picture.Width != 2000 {
		t.Errorf("%v", err)
	}
}

func TestResize(t *testing.T) {
	src := image.NewRGBA(image.Rect(0, 0, 37, 23))
	for i := range src.Pix {
		src.Pix[i] = 200
	}
	for _, size := range []image.Point{{X: 1, Y: 1}, {X: 5, Y: 50}, {X: 37, Y: 23}, {X: 36, Y: 24}, {X: 500, Y: 3}, {X: 1000, Y: 1000}} {
		out := resize(src, size.X, size.Y)
		if out.Rect.Size() != size || &out.Pix[0] == &src.Pix[0] {
			t.Fatalf("%v: %v", size, out.Rect)
		}
		for i, v := range out.Pix {
			if v != 200 {
				t.Fatalf("%v: byte %d of an even image is %d", size, i, v)
			}
		}
	}
	// Halves: two colours, and the mean where they meet.
	two := image.NewRGBA(image.Rect(0, 0, 3, 1))
	copy(two.Pix, []byte{0, 0, 0, 255, 0, 0, 0, 255, 240, 120, 60, 255})
	if out := resize(two, 1, 1); out.Pix[0] != 80 || out.Pix[1] != 40 || out.Pix[2] != 20 || out.Pix[3] != 255 {
		t.Errorf("mean %v", out.Pix)
	}
	if out := resize(two, 6, 1); out.Pix[0] != 0 || out.Pix[4*4] != 180 || out.Pix[5*4] != 240 {
		t.Errorf("grown %v", out.Pix)
	}
	for _, c := range [][2]int{{1, 1}, {1, 7}, {7, 1}, {8192, 3}, {1919, 1281}, {100, 101}} {
		for i, w := range axis(c[0], c[1]) {
			sum := uint32(0)
			for _, one := range w.w {
				sum += one
			}
			if sum != unit || w.first < 0 || w.first+len(w.w) > c[0] {
				t.Fatalf("%v: pixel %d: sum %d of %d weights from %d", c, i, sum, len(w.w), w.first)
			}
		}
	}
}

func FuzzImage(f *testing.F) {
	r := image.Rect(0, 0, 9, 7)
	for _, img := range []image.Image{
		drawLogo(9, 7), image.NewRGBA64(r), image.NewPaletted(r, palette.Plan9), image.NewGray16(r), drawPhoto(9, 7),
	} {
		f.Add(encoded(f, img, "png"))
	}
	f.Add(encoded(f, drawPhoto(9, 7), "jpg"))
	f.Add(encoded(f, image.NewGray(r), "jpg"))
	for _, name := range []string{"interlaced.png", "cmyk.jpg", "progressive.jpg"} {
		f.Add(file(f, name))
	}
	f.Add(header(1<<31-1, 1<<31-1))
	f.Add(header(4096, 2304))
	f.Fuzz(func(t *testing.T, data []byte) {
		_, c, err := inspect(data)
		if err == nil && c.Width*c.Height > 1<<16 {
			return // allowed, but slow
		}
		img, err := decode(data)
		if err != nil {
			if !errors.Is(err, ErrImage) {
				t.Errorf("error %v", err)
			}
			return
		}
		if img.Rect.Empty() || img.Rect.Dx()*img.Rect.Dy() > maxArea {
			t.Errorf("size %v", img.Rect)
		}
		if b := newBitmap(resize(img, 16, 10)); b.Picture.Width != 16 || b.Picture.Height != 10 || b.Alpha != nil && len(b.Alpha) != 160 {
			t.Errorf("bitmap of %dx%d", b.Picture.Width, b.Picture.Height)
		}
	})
}
