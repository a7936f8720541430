package fonts_test

import (
	"bytes"
	"encoding/binary"
	"image"
	"image/color"
	"image/png"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// Two small fonts stand for the large ones that a machine may lack: testdata holds
// them, so that other packages' tests can use them, too.

const (
	han   = "王小明日本語のテキスト한국어"
	emoji = "7😀👍\u2764\u2705\u260e"
)

// fontFile is a font with a glyph for each rune, 1000 units wide as all but the space
// (600, as wide as in fonts of pictures): black squares of 800 units, or pictures of
// 32x32 pixels with a disc in a colour of their own.
func fontFile(t *testing.T, runes []rune, colored bool) []byte {
	t.Helper()
	runes = slices.Clone(runes)
	slices.Sort(runes)
	glyphs := len(runes) + 2 // the missing glyph, then the space
	tables := map[string][]byte{
		"cmap": cmap(append([]rune{' '}, runes...)),
		"head": be(uint32(0x10000), uint32(0), uint32(0), uint32(0x5f0f3cf5), uint16(0), uint16(1000), uint64(0), uint64(0),
			int16(0), int16(-200), int16(1000), int16(800), uint16(0), uint16(8), int16(2), int16(1), int16(0)),
		"hhea": be(uint32(0x10000), int16(900), int16(-200), int16(0), uint16(1000), make([]int16, 11), uint16(glyphs)),
		"maxp": be(uint32(0x10000), uint16(glyphs), make([]uint16, 13)),
	}
	hmtx := be(uint16(1000), int16(0), uint16(600), int16(0))
	loca := be(uint32(0), uint32(0), uint32(0))
	var glyf []byte
	for range runes {
		hmtx = append(hmtx, be(uint16(1000), int16(100))...)
		glyf = append(glyf, be(int16(1), int16(100), int16(0), int16(900), int16(800), uint16(3), uint16(0), []byte{1, 1, 1, 1},
			[]int16{100, 0, 800, 0}, []int16{0, 800, 0, -800})...)
		loca = append(loca, be(uint32(len(glyf)))...)
	}
	tables["hmtx"] = hmtx
	if colored {
		tables["CBLC"], tables["CBDT"] = pictures(t, len(runes))
	} else {
		tables["loca"], tables["glyf"] = loca, glyf
	}
	return join(tables)
}

// be is values in big-endian order.
func be(values ...any) []byte {
	var out []byte
	for _, v := range values {
		out, _ = binary.Append(out, binary.BigEndian, v) // only types of a size are given
	}
	return out
}

// join makes a file of tables.
func join(tables map[string][]byte) []byte {
	var names []string
	for name := range tables {
		names = append(names, name)
	}
	slices.Sort(names)
	out := be(uint32(0x10000), uint16(len(names)), uint16(0), uint16(0), uint16(0))
	var data []byte
	for _, name := range names {
		out = append(out, name...)
		out = append(out, be(uint32(0), uint32(12+16*len(names)+len(data)), uint32(len(tables[name])))...)
		data = append(data, tables[name]...)
		data = append(data, make([]byte, -len(data)&3)...)
	}
	return append(out, data...)
}

// cmap maps the runes to the glyphs from 1 on (format 12).
func cmap(runes []rune) []byte {
	out := be(uint16(0), uint16(1), uint16(3), uint16(10), uint32(12), uint16(12), uint16(0), uint32(16+12*len(runes)), uint32(0), uint32(len(runes)))
	for i, r := range runes {
		out = append(out, be(uint32(r), uint32(r), uint32(i+1))...)
	}
	return out
}

// pictures are the tables of n pictures, from glyph 2 on.
func pictures(t *testing.T, n int) (cblc, cbdt []byte) {
	t.Helper()
	cbdt = be(uint16(3), uint16(0))
	offsets := be(uint32(0))
	const head = 4
	for i := range n {
		img := image.NewPaletted(image.Rect(0, 0, 32, 32), color.Palette{
			color.NRGBA{}, color.NRGBA{0xff, uint8(0xc0 - 0x20*i), uint8(0x20 * i), 0xff}, color.NRGBA{0x40, 0x20, 0, 0xff}, color.NRGBA{0xff, 0xff, 0xff, 0xff},
		})
		for y := range 32 {
			for x := range 32 {
				if dx, dy := 2*x-31, 2*y-31; dx*dx+dy*dy < 31*31 {
					img.SetColorIndex(x, y, 1+uint8(x/6%3))
				}
			}
		}
		var data bytes.Buffer
		encoder := png.Encoder{CompressionLevel: png.NoCompression} // the same with every version of Go
		if err := encoder.Encode(&data, img); err != nil {
			t.Fatal(err)
		}
		cbdt = append(cbdt, be(uint8(32), uint8(32), int8(0), int8(26), uint8(32), uint32(data.Len()))...)
		cbdt = append(cbdt, data.Bytes()...)
		offsets = append(offsets, be(uint32(len(cbdt)-head))...)
	}
	last := uint16(n + 1)
	line := be(int8(26), int8(-6), uint8(32), make([]uint8, 9))
	cblc = be(uint16(3), uint16(0), uint32(1), uint32(56), uint32(16+len(offsets)), uint32(1), uint32(0), line, line,
		uint16(2), last, uint8(32), uint8(32), uint8(32), int8(1))
	cblc = append(cblc, be(uint16(2), last, uint32(8), uint16(1), uint16(17), uint32(head))...)
	return append(cblc, offsets...), cbdt
}

// TestFontFiles holds the files to what made them.
func TestFontFiles(t *testing.T) {
	for name, want := range map[string][]byte{
		"squares.ttf": fontFile(t, []rune(han), false), "color-emoji.ttf": fontFile(t, []rune(emoji), true),
	} {
		got, err := os.ReadFile(filepath.Join("testdata", name))
		if err != nil || !bytes.Equal(got, want) {
			made := filepath.Join(t.ArtifactDir(), name)
			if err := os.WriteFile(made, want, 0o600); err != nil {
				t.Fatal(err)
			}
			t.Errorf("testdata/%s is not what is made now (%v); look at %s", name, err, made)
		}
	}
}
