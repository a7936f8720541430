package media_test

import (
	"bytes"
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"github.com/omniverto/omniverto/media"
)

func TestPicturePoolRefusesAndRecycles(t *testing.T) {
	t.Parallel()
	pool := media.NewPicturePool(2)
	a, b := pool.Get(641, 361), pool.Get(16, 16)
	if pool.Get(16, 16) != nil || pool.Refused() != 1 || pool.InUse() != 2 {
		t.Errorf("a full pool gave a picture; refused %d, in use %d", pool.Refused(), pool.InUse())
	}
	planes := a.Planes()
	if planes[1].Width != 321 || planes[2].Height != 181 || len(planes[1].Pix) < planes[1].Stride*181 {
		t.Errorf("chroma of 641x361 is %dx%d", planes[1].Width, planes[2].Height)
	}
	a.Retain()
	if a.Release(); a.Shared() || pool.InUse() != 2 {
		t.Error("the picture went back with a reference outstanding")
	}
	a.Release()
	if c := pool.Get(641, 361); c != a {
		t.Error("the pool made a new picture of a geometry that it had")
	}
	b.Release()
}

func TestDeadReferencesPanic(t *testing.T) {
	t.Parallel()
	for name, use := range map[string]func(){
		"picture released twice":           func() { p := media.NewPicture(2, 2); p.Release(); p.Release() },
		"picture retained after release":   func() { p := media.NewPicture(2, 2); p.Release(); p.Retain() },
		"frame released twice":             func() { f := media.NewFramePool(0).Get(); f.Release(); f.Release() },
		"picture of no size from a pool":   func() { media.NewPicturePool(1).Get(0, 2) },
		"frame retained after its release": func() { f := media.NewFramePool(0).Get(); f.Release(); f.Retain() },
	} {
		t.Run(name, func(t *testing.T) {
			defer func() {
				if recover() == nil {
					t.Error("no panic")
				}
			}()
			use()
		})
	}
}

func TestFrameSetVP8(t *testing.T) {
	t.Parallel()
	pool := media.NewFramePool(1)
	for _, size := range []int{1, 2, media.MaxFragment - 1, media.MaxFragment, 2 * media.MaxFragment, 3*media.MaxFragment + 7, 70000} {
		data := make([]byte, size)
		for i := range data {
			data[i] = byte(rand.Uint32())
		}
		f := pool.Get()
		f.SetVP8(data)
		var whole []byte
		for i, b := range f.Fragments {
			if want := byte(0); i == 0 && b[0] != 0x10 || i > 0 && b[0] != want {
				t.Errorf("%d bytes: descriptor of fragment %d is %#x", size, i, b[0])
			}
			if len(b) > media.MaxFragment || i < len(f.Fragments)-1 && len(b) != len(f.Fragments[0]) {
				t.Errorf("%d bytes: fragment %d has %d bytes", size, i, len(b))
			}
			whole = append(whole, b[1:]...)
		}
		if !bytes.Equal(whole, data) {
			t.Errorf("%d bytes did not come back", size)
		}
		if f.Size() != size+len(f.Fragments) {
			t.Errorf("size %d of %d bytes in %d fragments", f.Size(), size, len(f.Fragments))
		}
		f.Release()
	}
}

func TestFrameAllocatesNothing(t *testing.T) {
	pool, data := media.NewFramePool(1), make([]byte, 9000)
	step := func() { f := pool.Get(); f.SetVP8(data); f.Release() }
	step()
	if n := testing.AllocsPerRun(100, step); n != 0 {
		t.Errorf("%v allocations per frame", n)
	}
}

func TestClock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := media.NewClock()
		began := time.Now()
		<-time.After(time.Hour)
		now := c.Now()
		if now != time.Hour || c.At(began) != 0 {
			t.Errorf("after an hour it is %v, began at %v", now, c.At(began))
		}
		if d := c.VideoRTP(now) - c.VideoRTP(0); d != 3600*media.VideoClock {
			t.Errorf("an hour is %d video ticks", d)
		}
		if d := c.AudioRTP(now) - c.AudioRTP(0); d != 3600*media.AudioClock {
			t.Errorf("an hour is %d audio ticks", d)
		}
		for _, codec := range []media.AudioCodec{media.Opus, media.PCMU, media.PCMA, media.G722} {
			if d := c.SoundRTP(codec, now) - c.SoundRTP(codec, 0); d != 3600*uint32(codec.ClockRate()) {
				t.Errorf("an hour is %d ticks of %v", d, codec)
			}
		}
		if d := c.NTP(now) - c.NTP(0); d != 3600<<32 {
			t.Errorf("an hour is %#x of NTP", d)
		}
		// 2000-01-01 is 3155673600 s after 1900-01-01; synctest begins there.
		if got := c.NTP(0) >> 32; got != 3155673600 {
			t.Errorf("NTP second %d", got)
		}
	})
}

// TestAudioCodecs: names, clocks and static payload types of RFC 3551.
func TestAudioCodecs(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		codec media.AudioCodec
		name  string
		rate  int
		pt    uint8
	}{{media.Opus, "opus", 48000, 111}, {media.PCMU, "PCMU", 8000, 0}, {media.PCMA, "PCMA", 8000, 8}, {media.G722, "G722", 8000, 9}} {
		if c.codec.String() != c.name || c.codec.ClockRate() != c.rate || c.codec.PayloadType() != c.pt {
			t.Errorf("%v: %d Hz, payload type %d", c.codec, c.codec.ClockRate(), c.codec.PayloadType())
		}
	}
}

func TestColours(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		text string
		want media.YUV
		ok   bool
	}{
		{"#000000", media.YUV{Y: 16, U: 128, V: 128}, true},
		{"#ffffff", media.YUV{Y: 235, U: 128, V: 128}, true},
		{"red", media.YUV{Y: 82, U: 90, V: 240}, true},
		{"#00FF00", media.YUV{Y: 144, U: 54, V: 34}, true},
		{"blue", media.YUV{Y: 41, U: 240, V: 110}, true},
		{"#12345", media.YUV{}, false}, {"#12345g", media.YUV{}, false}, {"mauve", media.YUV{}, false}, {"", media.YUV{}, false},
	} {
		rgb, err := media.ParseRGB(c.text)
		if (err == nil) != c.ok {
			t.Errorf("%q: %v", c.text, err)
		}
		if got := rgb.YUV(); c.ok && got != c.want {
			t.Errorf("%q is %v, want %v", c.text, got, c.want)
		}
	}
}
