package vpx_test

import (
	"fmt"
	"syscall"
	"testing"
	"time"

	"github.com/omniverto/omniverto/media"
	"github.com/omniverto/omniverto/media/mediatest"
	"github.com/omniverto/omniverto/media/vpx"
)

// cpu is the processor time that this process has used. Beside the time that
// passed it tells what a busy machine would hide.
func cpu(b *testing.B) time.Duration {
	b.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// perFrame reports the processor time of a frame since begun.
func perFrame(b *testing.B, begun time.Duration) {
	used := cpu(b) - begun
	b.ReportMetric(used.Seconds()*1000/float64(b.N), "cpu-ms/frame")
	b.ReportMetric(float64(b.N)/used.Seconds(), "fps/core")
}

// scene is a second of moving pictures of that size.
func scene(width, height int) (pictures []*media.Picture) {
	for i := range 30 {
		p := media.NewPicture(width, height)
		mediatest.Moving(p, 1, i)
		mediatest.Grain(p, 4, uint64(i))
		pictures = append(pictures, p)
	}
	return pictures
}

func encoder(b *testing.B, config media.VideoEncoderConfig) media.VideoEncoder {
	b.Helper()
	e, err := vpx.NewEncoder(config)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { e.Close() })
	return e
}

// BenchmarkEncode is one view's tick.
func BenchmarkEncode(b *testing.B) {
	for _, config := range []media.VideoEncoderConfig{
		{Width: 1280, Height: 720, FPS: 30, Bitrate: 2_000_000, Layers: 1},
		{Width: 1280, Height: 720, FPS: 30, Bitrate: 2_000_000, Layers: 2},
		{Width: 640, Height: 360, FPS: 30, Bitrate: 600_000, Layers: 2},
	} {
		b.Run(fmt.Sprintf("%dp/layers=%d", config.Height, config.Layers), func(b *testing.B) {
			e, pictures := encoder(b, config), scene(config.Width, config.Height)
			bytes := 0
			begun := cpu(b)
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				o := media.EncodeOptions{PTS: int64(i) * 3000, Layer: uint8(i % config.Layers)}
				data, _, err := e.Encode(pictures[i%len(pictures)], o)
				if err != nil {
					b.Fatal(err)
				}
				bytes += len(data)
			}
			perFrame(b, begun)
			b.ReportMetric(float64(bytes)*8*30/1000/float64(b.N), "kbit/s")
		})
	}
}

// BenchmarkEncodeStill is a tick in which the canvas did not change.
func BenchmarkEncodeStill(b *testing.B) {
	config := media.VideoEncoderConfig{Width: 1280, Height: 720, FPS: 30, Bitrate: 2_000_000, Layers: 2}
	e, picture := encoder(b, config), scene(config.Width, config.Height)[0]
	pts := int64(0)
	shoot := func() {
		pts += 3000
		if _, _, err := e.Encode(picture, media.EncodeOptions{PTS: pts}); err != nil {
			b.Fatal(err)
		}
	}
	for range 90 {
		shoot()
	}
	begun := cpu(b)
	b.ReportAllocs()
	for b.Loop() {
		shoot()
	}
	perFrame(b, begun)
}

// BenchmarkDecode is one camera's frame.
func BenchmarkDecode(b *testing.B) {
	for _, config := range []media.VideoEncoderConfig{
		{Width: 640, Height: 360, FPS: 30, Bitrate: 600_000, Layers: 1},
		{Width: 1280, Height: 720, FPS: 30, Bitrate: 1_500_000, Layers: 1},
	} {
		b.Run(fmt.Sprintf("%dp", config.Height), func(b *testing.B) {
			e := encoder(b, config)
			var units [][]byte
			for i, p := range scene(config.Width, config.Height) {
				data, _, err := e.Encode(p, media.EncodeOptions{PTS: int64(i) * 3000})
				if err != nil {
					b.Fatal(err)
				}
				units = append(units, append([]byte(nil), data...))
			}
			d, err := newDecoder(0)
			if err != nil {
				b.Fatal(err)
			}
			defer d.Close()
			pool := media.NewPicturePool(1)
			begun := cpu(b)
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				p, err := d.Decode(units[i%len(units)], pool)
				if err != nil {
					b.Fatal(err)
				}
				p.Release()
			}
			perFrame(b, begun)
		})
	}
}
