package mediatest

import (
	"errors"
	"fmt"
	"math"
	"testing"

	"github.com/omniverto/omniverto/media"
)

// VideoCodec is the conformance suite of a video codec: what every engine relies
// on whatever the codec.
type VideoCodec struct {
	NewEncoder func(media.VideoEncoderConfig) (media.VideoEncoder, error)
	// NewDecoder takes the largest area in pixels that the decoder accepts.
	NewDecoder func(maxArea int) (media.VideoDecoder, error)
	// MinPSNR is the mean luma PSNR in dB that the Moving pattern of 640x360
	// must reach at 1 Mbit/s and 30 fps.
	MinPSNR float64
}

// Run runs the suite as subtests of t.
func (c VideoCodec) Run(t *testing.T) {
	t.Run("quality", c.testQuality)
	t.Run("sizes", c.testSizes)
	t.Run("keyframes", c.testKeyframes)
	t.Run("layers", c.testLayers)
	t.Run("bitrate", c.testBitrate)
	t.Run("pause", c.testPause)
	t.Run("too large", c.testTooLarge)
	t.Run("truncated", c.testTruncated)
	t.Run("garbage", c.testGarbage)
	t.Run("pool", c.testPool)
	t.Run("closed", c.testClosed)
	t.Run("allocations", c.testAllocations)
}

// camera is an encoder fed by the Moving pattern.
type camera struct {
	encoder media.VideoEncoder
	config  media.VideoEncoderConfig
	picture *media.Picture
	frame   int
}

func (c VideoCodec) camera(t testing.TB, config media.VideoEncoderConfig) *camera {
	t.Helper()
	e, err := c.NewEncoder(config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { e.Close() })
	return &camera{encoder: e, config: config, picture: media.NewPicture(config.Width, config.Height)}
}

// shoot encodes the next frame; the result is a copy.
func (m *camera) shoot(t testing.TB, o media.EncodeOptions) (unit []byte, key bool) {
	t.Helper()
	Moving(m.picture, 0, m.frame)
	o.PTS = int64(m.frame) * media.VideoClock / int64(m.config.FPS)
	m.frame++
	data, key, err := m.encoder.Encode(m.picture, o)
	if err != nil {
		t.Fatalf("encode frame %d: %v", m.frame-1, err)
	}
	return append([]byte(nil), data...), key
}

func (c VideoCodec) decoder(t testing.TB) media.VideoDecoder {
	t.Helper()
	d, err := c.NewDecoder(math.MaxInt32)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	return d
}

// show decodes a unit that must show a picture.
func show(t testing.TB, d media.VideoDecoder, unit []byte, pool *media.PicturePool) *media.Picture {
	t.Helper()
	p, err := d.Decode(unit, pool)
	if err != nil || p == nil {
		t.Fatalf("decode: picture %v, error %v", p, err)
	}
	return p
}

func small(layers int) media.VideoEncoderConfig {
	return media.VideoEncoderConfig{Width: 320, Height: 180, FPS: 30, Bitrate: 400_000, Layers: layers}
}

func (c VideoCodec) testQuality(t *testing.T) {
	config := media.VideoEncoderConfig{Width: 640, Height: 360, FPS: 30, Bitrate: 1_000_000, Layers: 1}
	m, d, pool := c.camera(t, config), c.decoder(t), media.NewPicturePool(1)
	const frames = 60
	sum, bytes := 0.0, 0
	for range frames {
		unit, _ := m.shoot(t, media.EncodeOptions{})
		p := show(t, d, unit, pool)
		if p.Width != config.Width || p.Height != config.Height {
			t.Fatalf("decoded %dx%d", p.Width, p.Height)
		}
		sum += PSNR(p, m.picture)
		bytes += len(unit)
		p.Release()
	}
	mean := sum / frames
	rate := bytes * 8 * config.FPS / frames
	t.Logf("mean PSNR %.2f dB at %d kbit/s", mean, rate/1000)
	if mean < c.MinPSNR {
		t.Errorf("mean PSNR %.2f dB, want at least %.2f", mean, c.MinPSNR)
	}
	if rate > config.Bitrate*13/10 {
		t.Errorf("%d bit/s, want at most 1.3 times %d", rate, config.Bitrate)
	}
}

// testSizes: odd sizes code, and one decoder follows a change of size.
func (c VideoCodec) testSizes(t *testing.T) {
	d, pool := c.decoder(t), media.NewPicturePool(1)
	for _, size := range [][2]int{{320, 180}, {16, 16}, {17, 33}, {1, 1}, {321, 179}, {180, 320}} {
		config := media.VideoEncoderConfig{Width: size[0], Height: size[1], FPS: 30, Bitrate: 500_000, Layers: 1}
		m := c.camera(t, config)
		for range 3 {
			unit, _ := m.shoot(t, media.EncodeOptions{})
			p := show(t, d, unit, pool)
			if p.Width != size[0] || p.Height != size[1] {
				t.Errorf("decoded %dx%d, want %dx%d", p.Width, p.Height, size[0], size[1])
			} else if got := WorstPSNR(p, m.picture); got < 20 {
				t.Errorf("%dx%d: worst plane has %.1f dB, want at least 20", size[0], size[1], got)
			}
			p.Release()
		}
	}
}

// testKeyframes: the first picture and the forced ones are keyframes, no others,
// and a new decoder can begin at any of them and nowhere else.
func (c VideoCodec) testKeyframes(t *testing.T) {
	m, first, pool := c.camera(t, small(1)), c.decoder(t), media.NewPicturePool(2)
	forced := map[int]bool{0: true, 40: true, 41: true, 300: true}
	for i := range 310 {
		unit, key := m.shoot(t, media.EncodeOptions{Key: forced[i] && i > 0})
		if key != forced[i] {
			t.Fatalf("frame %d: key = %v", i, key)
		}
		p := show(t, first, unit, pool)
		fresh := c.decoder(t)
		q, err := fresh.Decode(unit, pool)
		switch {
		case key && (err != nil || !Equal(p, q)):
			t.Fatalf("keyframe %d in a new decoder: error %v or another picture", i, err)
		case !key && (!errors.Is(err, media.ErrNeedKeyframe) || q != nil):
			t.Fatalf("frame %d in a new decoder: picture %v, error %v, want ErrNeedKeyframe", i, q, err)
		}
		if q != nil {
			q.Release()
		}
		p.Release()
		fresh.Close()
	}
}

// testLayers: whether pictures of layer 1 come or not makes no difference to the
// others, to the bit.
func (c VideoCodec) testLayers(t *testing.T) {
	m, all, base, pool := c.camera(t, small(2)), c.decoder(t), c.decoder(t), media.NewPicturePool(2)
	bytes := [2]int{}
	for i := range 300 {
		layer := uint8(i & 1)
		unit, key := m.shoot(t, media.EncodeOptions{Layer: layer, Key: i == 150})
		if key != (i == 0 || i == 150) {
			t.Fatalf("frame %d: key = %v", i, key)
		}
		bytes[layer] += len(unit)
		p := show(t, all, unit, pool)
		if got := PSNR(p, m.picture); got < 25 {
			t.Fatalf("frame %d of layer %d has %.1f dB", i, layer, got)
		}
		if layer == 0 {
			q := show(t, base, unit, pool)
			if !Equal(p, q) {
				t.Fatalf("frame %d differs without layer 1", i)
			}
			q.Release()
		}
		p.Release()
	}
	t.Logf("layer 0 takes %d %% of the bits", 100*bytes[0]/(bytes[0]+bytes[1]))
	if unit, key := m.shoot(t, media.EncodeOptions{Key: true, Layer: 1}); !key {
		t.Errorf("a keyframe forced on layer 1 is none (%d bytes)", len(unit))
	}
}

// testBitrate: a new bit rate is followed within a second, without a keyframe.
func (c VideoCodec) testBitrate(t *testing.T) {
	m := c.camera(t, small(1))
	setter, ok := m.encoder.(media.BitrateSetter)
	if !ok {
		t.Fatalf("%T is no media.BitrateSetter", m.encoder)
	}
	for i, rate := range []int{400_000, 150_000, 300_000} {
		if err := setter.SetBitrate(rate); err != nil {
			t.Fatal(err)
		}
		bytes := 0
		for f := range 90 {
			unit, key := m.shoot(t, media.EncodeOptions{})
			if key && (i > 0 || f > 0) {
				t.Fatalf("keyframe after %d frames at %d bit/s", f, rate)
			}
			if f >= 30 {
				bytes += len(unit)
			}
		}
		got := bytes * 8 * 30 / 60
		t.Logf("%d kbit/s asked, %d sent", rate/1000, got/1000)
		if got < rate*7/10 || got > rate*13/10 {
			t.Errorf("%d bit/s, want %d ± 30 %%", got, rate)
		}
	}
	if err := setter.SetBitrate(0); err == nil {
		t.Error("a bit rate of 0 was taken")
	}
}

// testPause: a pause earns no bits, so that a keyframe after a still scene is as
// small as at any other time; and time never goes back.
func (c VideoCodec) testPause(t *testing.T) {
	config := media.VideoEncoderConfig{Width: 640, Height: 360, FPS: 30, Bitrate: 600_000, Layers: 1}
	m := c.camera(t, config)
	for range 30 {
		m.shoot(t, media.EncodeOptions{})
	}
	pts := int64(30 * 3000)
	encode := func(key bool, step int64) int {
		pts += step
		data, isKey, err := m.encoder.Encode(m.picture, media.EncodeOptions{PTS: pts, Key: key})
		if err != nil || isKey != key {
			t.Fatalf("encode: key %v, error %v", isKey, err)
		}
		return len(data)
	}
	Detailed(m.picture, 1)
	for range 30 {
		encode(false, 3000)
	}
	for range 3 {
		encode(false, media.VideoClock) // a still scene is refreshed once a second
	}
	Detailed(m.picture, 2)
	budget := config.Bitrate / config.FPS / 8
	if got := encode(true, 10*media.VideoClock); got > 6*budget {
		t.Errorf("keyframe of %d bytes after a pause, the budget of a frame is %d", got, budget)
	}
	if _, _, err := m.encoder.Encode(m.picture, media.EncodeOptions{PTS: pts}); err == nil {
		t.Error("the same PTS was taken twice")
	}
}

// testTooLarge: a picture over the limit is refused by its header, and the next
// good keyframe is shown.
func (c VideoCodec) testTooLarge(t *testing.T) {
	d, err := c.NewDecoder(320 * 180)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	pool := media.NewPicturePool(1)
	large := c.camera(t, media.VideoEncoderConfig{Width: 322, Height: 180, FPS: 30, Bitrate: 400_000, Layers: 1})
	good := c.camera(t, small(1))
	unit, _ := good.shoot(t, media.EncodeOptions{})
	show(t, d, unit, pool).Release()

	unit, _ = large.shoot(t, media.EncodeOptions{})
	if p, err := d.Decode(unit, pool); p != nil || !errors.Is(err, media.ErrTooLarge) {
		t.Fatalf("keyframe over the limit: picture %v, error %v, want ErrTooLarge", p, err)
	}
	unit, _ = large.shoot(t, media.EncodeOptions{})
	if p, err := d.Decode(unit, pool); p != nil || !errors.Is(err, media.ErrNeedKeyframe) {
		t.Fatalf("picture after it: picture %v, error %v, want ErrNeedKeyframe", p, err)
	}
	unit, _ = good.shoot(t, media.EncodeOptions{Key: true})
	show(t, d, unit, pool).Release()
}

// testTruncated: a unit that ends early is an error, nothing is shown until the
// next keyframe, and that is shown whole.
func (c VideoCodec) testTruncated(t *testing.T) {
	for _, percent := range []int{0, 1, 10, 50, 90} {
		t.Run(fmt.Sprintf("%d %%", percent), func(t *testing.T) {
			m, d, pool := c.camera(t, small(1)), c.decoder(t), media.NewPicturePool(1)
			for i := range 6 {
				unit, _ := m.shoot(t, media.EncodeOptions{Key: i == 3})
				switch i {
				case 0, 5:
					p, err := d.Decode(unit[:len(unit)*percent/100], pool)
					if p != nil || err == nil {
						t.Fatalf("frame %d: picture %v, error %v, want an error", i, p, err)
					}
				case 1, 2:
					if p, err := d.Decode(unit, pool); p != nil || !errors.Is(err, media.ErrNeedKeyframe) {
						t.Fatalf("frame %d: picture %v, error %v, want ErrNeedKeyframe", i, p, err)
					}
				case 3, 4:
					p := show(t, d, unit, pool)
					if got := PSNR(p, m.picture); got < 25 {
						t.Fatalf("frame %d has %.1f dB", i, got)
					}
					p.Release()
				}
			}
		})
	}
}

// testGarbage: no bytes whatever crash a decoder or spoil the next keyframe.
func (c VideoCodec) testGarbage(t *testing.T) {
	m, d, pool := c.camera(t, small(1)), c.decoder(t), media.NewPicturePool(1)
	next := generator(1)
	for range 100 {
		unit, _ := m.shoot(t, media.EncodeOptions{Key: true})
		show(t, d, unit, pool).Release()
		unit, _ = m.shoot(t, media.EncodeOptions{})
		for i := range unit {
			// A few damaged bytes reach deeper than noise, which headers refuse.
			if next()%16 == 0 {
				unit[i] = byte(next())
			}
		}
		if p, _ := d.Decode(unit, pool); p != nil {
			p.Release()
		}
		if n := pool.InUse(); n != 0 {
			t.Fatalf("%d pictures leaked", n)
		}
	}
	unit, _ := m.shoot(t, media.EncodeOptions{Key: true})
	p := show(t, d, unit, pool)
	defer p.Release()
	if got := PSNR(p, m.picture); got < 25 {
		t.Errorf("keyframe after garbage has %.1f dB", got)
	}
}

// testPool: a pool that refuses costs the picture, not the stream.
func (c VideoCodec) testPool(t *testing.T) {
	m, d, pool := c.camera(t, small(1)), c.decoder(t), media.NewPicturePool(1)
	unit, _ := m.shoot(t, media.EncodeOptions{})
	held := show(t, d, unit, pool)
	unit, _ = m.shoot(t, media.EncodeOptions{})
	if p, err := d.Decode(unit, pool); p != nil || err != nil {
		t.Fatalf("pool in use: picture %v, error %v, want neither", p, err)
	}
	held.Release()
	unit, _ = m.shoot(t, media.EncodeOptions{})
	p := show(t, d, unit, pool)
	defer p.Release()
	if got := PSNR(p, m.picture); got < 25 {
		t.Errorf("picture after a refusal has %.1f dB", got)
	}
}

func (c VideoCodec) testClosed(t *testing.T) {
	m, d, pool := c.camera(t, small(1)), c.decoder(t), media.NewPicturePool(1)
	unit, _ := m.shoot(t, media.EncodeOptions{})
	for range 2 {
		if err := errors.Join(d.Close(), m.encoder.Close()); err != nil {
			t.Errorf("close: %v", err)
		}
	}
	if p, err := d.Decode(unit, pool); p != nil || err == nil {
		t.Errorf("closed decoder: picture %v, error %v", p, err)
	}
	if data, _, err := m.encoder.Encode(m.picture, media.EncodeOptions{PTS: 1 << 40}); data != nil || err == nil {
		t.Errorf("closed encoder: %d bytes, error %v", len(data), err)
	}
}

func (c VideoCodec) testAllocations(t *testing.T) {
	m, d, pool := c.camera(t, small(2)), c.decoder(t), media.NewPicturePool(1)
	pts := int64(0)
	step := func() {
		pts += 3000
		data, _, err := m.encoder.Encode(m.picture, media.EncodeOptions{PTS: pts, Layer: uint8(pts / 3000 & 1)})
		if err != nil {
			t.Fatal(err)
		}
		show(t, d, data, pool).Release()
	}
	step()
	if n := testing.AllocsPerRun(50, step); n != 0 {
		t.Errorf("encode and decode allocate %v objects a picture, want 0", n)
	}
}
