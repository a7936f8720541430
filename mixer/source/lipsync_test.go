package source_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/omniverto/omniverto/media"
	"github.com/omniverto/omniverto/mixer/source"
)

func TestLipSync(t *testing.T) {
	const wall = 3_900_000_000 << 32 // the sender's clock at room time 0, NTP
	cases := []struct {
		name         string
		sound, sight time.Duration // network delays
		jitter       time.Duration // of the sound
		reports      bool
		offset       uint64 // error of the video report, NTP
		low, high    time.Duration
	}{
		{"together", 20 * ms, 20 * ms, 0, true, 0, 0, 0},
		{"sound late", 120 * ms, 20 * ms, 0, true, 0, 80 * ms, 125 * ms},
		{"sound very late", 500 * ms, 20 * ms, 0, true, 0, 200 * ms, 200 * ms},
		{"picture late", 20 * ms, 120 * ms, 0, true, 0, 0, 0},
		{"no reports", 120 * ms, 20 * ms, 0, false, 0, 0, 0},
		{"no reports, buffered", 20 * ms, 20 * ms, 100 * ms, false, 0, 70 * ms, 130 * ms},
		{"absurd report", 20 * ms, 20 * ms, 0, true, 9 << 40, 0, 0},
	}
	for _, c := range cases {
		bubble(t, c.name, func(t *testing.T) {
			e, v := newEar(t, 1), newEye(t)
			sight := network{delay: c.sight, rng: newRand(1)}.carry(film(sec, 30, 300, 1, firstKey))
			sound := network{delay: c.sound, jitter: c.jitter, rng: newRand(2)}.carry(talk(sec, 500, 8, numbered))
			if c.reports {
				// At room time 1 s both streams are at their first timestamp.
				v.Push(&media.Packet{Arrival: time.Now(), SSRC: 7, Seq: 64999, Timestamp: 4294900000 - 90000})
				v.Report(media.SenderReport{NTP: wall + 1<<32 + c.offset, RTPTime: 4294900000})
				e.Report(media.SenderReport{NTP: wall + 1<<32, RTPTime: 4294960000})
			}
			play(e.clock, e, sound, media.AudioTick, 10*ms, 9*sec, func(now time.Duration) {
				for len(sight) > 0 && sight[0].at <= now {
					push(v, sight[0])
					sight = sight[1:]
				}
				e.tick(now)
				v.SetHold(source.LipSync(e.Audio, v.Video))
			})
			if got := source.LipSync(e.Audio, v.Video); got < c.low || got > c.high {
				t.Errorf("hold %v, want %v to %v", got, c.low, c.high)
			}
			if s := fmt.Sprint(v.Stats().Hold); c.low == 200*ms && s != "200ms" {
				t.Errorf("hold in force %v", s)
			}
		})
	}
}
