package load

import (
	"image"
	"testing"

	"github.com/omniverto/omniverto/media"
	"github.com/omniverto/omniverto/media/vpx"
	"github.com/omniverto/omniverto/media/yuv"
)

func TestCodeWord(t *testing.T) {
	seen := map[uint32]bool{}
	for source := range 256 {
		for frame := range 256 {
			want := timeCode{uint8(source), uint8(frame)}
			w := want.word()
			got, ok := decodeWord(w)
			if got != want || !ok || w == 0 || w == 1<<codeBits-1 || seen[w] {
				t.Fatalf("%+v → %06x → %+v, %v", want, w, got, ok)
			}
			seen[w] = true
			for bit := range codeBits {
				if _, ok := decodeWord(w ^ 1<<bit); ok {
					t.Fatalf("%06x with bit %d flipped is taken", w, bit)
				}
			}
		}
	}
}

// TestCodeOnCanvas codes cameras, decodes them, scales them into cells, codes the
// canvas as a server does, and finds and reads every code after all that.
func TestCodeOnCanvas(t *testing.T) {
	tests := []struct {
		name          string
		width, height int // canvas
		columns       int // cells in each direction
		kbps, frames  int
		camera        Camera
	}{
		{"one", 1280, 720, 1, 2000, 8, Camera{640, 360, 30, 600}},
		{"nine", 1280, 720, 3, 2000, 8, Camera{640, 360, 30, 600}},
		{"forty-nine", 1280, 720, 7, 2000, 5, Camera{320, 180, 30, 200}},
		{"four by three, letterboxed", 640, 480, 2, 800, 8, Camera{640, 360, 15, 400}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) { codeOnCanvas(t, tt.width, tt.height, tt.columns, tt.kbps, tt.frames, tt.camera) })
	}
}

func codeOnCanvas(t *testing.T, width, height, columns, kbps, frames int, camera Camera) {
	pool := media.NewPicturePool(8)
	loops := make([][][]byte, 2)
	decoders := make([]*vpx.Decoder, len(loops))
	for i := range loops {
		var err error
		if loops[i], err = camera.encode(uint8(100 + i)); err != nil {
			t.Fatal(err)
		}
		decoders[i] = newDecoder(t)
	}
	enc, err := vpx.NewEncoder(media.VideoEncoderConfig{Width: width, Height: height, FPS: 30, Bitrate: kbps * 1000, Layers: 2})
	if err != nil {
		t.Fatal(err)
	}
	defer enc.Close()
	out, canvas, find := newDecoder(t), media.NewPicture(width, height), locator{}
	canvas.Fill(media.RGB{R: 0x33, G: 0x33, B: 0x33}.YUV())
	read, want := 0, 0
	for n := range frames {
		pics := make([]*media.Picture, len(loops))
		for i := range pics {
			pics[i] = decode(t, decoders[i], loops[i][n], pool)
		}
		for c := range columns * columns {
			cell := image.Rect(width*(c%columns)/columns&^1, height*(c/columns)/columns&^1,
				width*(c%columns+1)/columns&^1, height*(c/columns+1)/columns&^1)
			yuv.Scaler{}.Scale(canvas, fit(cell, camera.Width, camera.Height), pics[c%2], image.Rect(0, 0, camera.Width, camera.Height))
		}
		data, _, err := enc.Encode(canvas, media.EncodeOptions{PTS: int64(n * 3000), Key: n == 0, Layer: uint8(n & 1)})
		if err != nil {
			t.Fatal(err)
		}
		shown := decode(t, out, data, pool)
		want += columns * columns
		for _, r := range find.find(shown) {
			code, ok := readCode(shown, r)
			if ok && (int(code.frame) != n || code.source != 100 && code.source != 101) {
				t.Errorf("frame %d: read %+v at %v", n, code, r)
			}
			if ok {
				read++
			}
		}
		shown.Release()
		for _, p := range pics {
			p.Release()
		}
	}
	if read < want*97/100 {
		t.Errorf("read %d of %d codes", read, want)
	}
}

func newDecoder(t testing.TB) *vpx.Decoder {
	t.Helper()
	d, err := vpx.NewDecoder(vpx.DecoderOptions{MaxArea: 1920 * 1080})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = d.Close() })
	return d
}

func decode(t testing.TB, d *vpx.Decoder, unit []byte, pool *media.PicturePool) *media.Picture {
	t.Helper()
	p, err := d.Decode(unit, pool)
	if err != nil || p == nil {
		t.Fatalf("decode: %v, %v", p, err)
	}
	return p
}

// TestNoCode: pictures without a panel show none.
func TestNoCode(t *testing.T) {
	pic, find := media.NewPicture(640, 360), locator{}
	newScenery().paint(pic, 3)
	if got := find.find(pic); len(got) != 0 {
		t.Errorf("found panels at %v", got)
	}
	fillRect(pic, image.Rect(100, 100, 300, 200), frameColor)
	for _, r := range find.find(pic) {
		if code, ok := readCode(pic, r); ok {
			t.Errorf("read %+v from a magenta card", code)
		}
	}
}
