package opus_test

import (
	"fmt"
	"testing"

	"github.com/omniverto/omniverto/media"
	"github.com/omniverto/omniverto/media/opus"
)

func BenchmarkEncode(b *testing.B) {
	for channels := 1; channels <= 2; channels++ {
		b.Run(fmt.Sprintf("channels=%d", channels), func(b *testing.B) {
			e := newEncoder(b, usual(channels))
			sound, packet := melody(100*channels), make([]byte, 4000)
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				at := i % 100 * media.TickSamples * channels
				if _, err := e.Encode(sound[at:at+media.TickSamples*channels], packet); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds()/50, "streams/core")
		})
	}
}

func BenchmarkDecode(b *testing.B) {
	for channels := 1; channels <= 2; channels++ {
		b.Run(fmt.Sprintf("channels=%d", channels), func(b *testing.B) {
			e, d := newEncoder(b, usual(channels)), newDecoder(b, channels)
			sound, pcm := melody(100*channels), make([]int16, media.TickSamples*channels)
			var packets [][]byte
			for i := range 100 {
				packets = append(packets, encode(b, e, sound[i*len(pcm):][:len(pcm)]))
			}
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				if _, err := d.Decode(packets[i%100], pcm); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds()/50, "streams/core")
		})
	}
}

func BenchmarkCopyState(b *testing.B) {
	from, to := newEncoder(b, usual(2)), newEncoder(b, usual(2))
	b.ReportAllocs()
	for b.Loop() {
		if err := to.CopyState(from); err != nil {
			b.Fatal(err)
		}
	}
}

var _ media.StateCopier = (*opus.Encoder)(nil)
