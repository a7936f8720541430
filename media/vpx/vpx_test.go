package vpx_test

import (
	"errors"
	"testing"

	"github.com/omniverto/omniverto/media"
	"github.com/omniverto/omniverto/media/mediatest"
	"github.com/omniverto/omniverto/media/vpx"
)

func newDecoder(maxArea int) (media.VideoDecoder, error) {
	return vpx.NewDecoder(vpx.DecoderOptions{MaxArea: maxArea})
}

func TestConformance(t *testing.T) {
	mediatest.VideoCodec{
		NewEncoder: vpx.NewEncoder,
		NewDecoder: newDecoder,
		MinPSNR:    42,
	}.Run(t)
}

// TestHeader: what the first ten bytes say decides before libvpx sees anything.
func TestHeader(t *testing.T) {
	key := func(w, h int) []byte {
		return []byte{0x10, 0, 0, 0x9d, 0x01, 0x2a, byte(w), byte(w >> 8), byte(h), byte(h >> 8), 0, 0, 0, 0}
	}
	broken := key(64, 64)
	broken[4] = 0
	malformed := errors.New("any other")
	tests := []struct {
		name string
		unit []byte
		want error
	}{
		{"nothing", nil, malformed},
		{"two bytes", []byte{0, 0}, malformed},
		{"keyframe without a size", key(64, 64)[:9], malformed},
		{"wrong start code", broken, malformed},
		{"no width", key(0, 64), malformed},
		{"no height", key(64, 0), malformed},
		{"largest picture there is", key(16383, 16383), media.ErrTooLarge},
		{"one column over", key(4097, 2304), media.ErrTooLarge},
		{"upright, one row over", key(2304, 4097), media.ErrTooLarge},
		{"upscaling bits are no size", key(64|3<<14, 64|1<<14), malformed}, // and nothing follows
		{"inter frame first", []byte{0x11, 0, 0, 0, 0}, media.ErrNeedKeyframe},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d, err := newDecoder(0)
			if err != nil {
				t.Fatal(err)
			}
			defer d.Close()
			p, err := d.Decode(tt.unit, media.NewPicturePool(0))
			known := errors.Is(err, media.ErrTooLarge) || errors.Is(err, media.ErrNeedKeyframe)
			if p != nil || err == nil || known != (tt.want != malformed) || known && !errors.Is(err, tt.want) {
				t.Errorf("picture %v, error %v, want %v", p, err, tt.want)
			}
		})
	}
}

func TestEncoderOptions(t *testing.T) {
	good := media.VideoEncoderConfig{Width: 64, Height: 64, FPS: 30, Bitrate: 100_000, Layers: 1}
	tests := []struct {
		name   string
		change func(c *media.VideoEncoderConfig)
	}{
		{"no width", func(c *media.VideoEncoderConfig) { c.Width = 0 }},
		{"too high", func(c *media.VideoEncoderConfig) { c.Height = 1 << 14 }},
		{"no frames", func(c *media.VideoEncoderConfig) { c.FPS = 0 }},
		{"no bits", func(c *media.VideoEncoderConfig) { c.Bitrate = 0 }},
		{"three layers", func(c *media.VideoEncoderConfig) { c.Layers = 3 }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := good
			tt.change(&c)
			if e, err := vpx.NewEncoder(c); err == nil {
				e.Close()
				t.Errorf("%+v was taken", c)
			}
		})
	}
	e, err := vpx.NewEncoder(good)
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	if _, _, err := e.Encode(media.NewPicture(64, 62), media.EncodeOptions{}); err == nil {
		t.Error("a picture of another size was encoded")
	}
}

// TestSharpens: a still picture that is encoded again and again gets sharp before
// its frames get small, which is when a view stops.
func TestSharpens(t *testing.T) {
	config := media.VideoEncoderConfig{Width: 1280, Height: 720, FPS: 30, Bitrate: 1_000_000, Layers: 1}
	e, err := vpx.NewEncoder(config)
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	d, err := newDecoder(0)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	pool, scene := media.NewPicturePool(1), media.NewPicture(config.Width, config.Height)
	budget := config.Bitrate / 8 / config.FPS
	shoot := func(tick int) (size int, psnr float64) {
		data, _, err := e.Encode(scene, media.EncodeOptions{PTS: int64(tick) * 3000})
		if err != nil {
			t.Fatal(err)
		}
		p, err := d.Decode(data, pool)
		if err != nil {
			t.Fatal(err)
		}
		defer p.Release()
		return len(data), mediatest.PSNR(p, scene)
	}
	for tick := range 30 {
		mediatest.Detailed(scene, 1)
		shoot(tick)
	}
	mediatest.Detailed(scene, 2)
	size, first := shoot(30)
	last, n := first, 0
	for ; n < 90 && (n == 0 || size > budget/20); n++ {
		size, last = shoot(31 + n)
	}
	t.Logf("%.1f dB after the change, %.1f dB after %d further frames", first, last, n)
	if last < 38 {
		t.Errorf("%.1f dB after %d frames of a still picture, want at least 38", last, n)
	}
}

func FuzzDecode(f *testing.F) {
	config := media.VideoEncoderConfig{Width: 48, Height: 32, FPS: 30, Bitrate: 100_000, Layers: 1}
	e, err := vpx.NewEncoder(config)
	if err != nil {
		f.Fatal(err)
	}
	defer e.Close()
	p := media.NewPicture(config.Width, config.Height)
	var units [][]byte
	for i := range 3 {
		mediatest.Moving(p, 0, i)
		data, _, err := e.Encode(p, media.EncodeOptions{PTS: int64(i) * 3000})
		if err != nil {
			f.Fatal(err)
		}
		units = append(units, append([]byte(nil), data...))
		f.Add(units[i])
	}
	f.Fuzz(func(t *testing.T, unit []byte) {
		d, err := newDecoder(1 << 16)
		if err != nil {
			t.Fatal(err)
		}
		defer d.Close()
		pool := media.NewPicturePool(1)
		for i, u := range [][]byte{units[0], unit, unit, units[0], units[1]} {
			p, err := d.Decode(u, pool)
			if good := i != 1 && i != 2; good && p == nil {
				t.Fatalf("a good picture is not shown: %v", err)
			}
			if p != nil {
				p.Release()
			}
		}
	})
}
