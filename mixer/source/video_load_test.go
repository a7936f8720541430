package source_test

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/omniverto/omniverto/media"
	"github.com/omniverto/omniverto/mixer"
	"github.com/omniverto/omniverto/mixer/source"
)

func TestVideoFlood(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := newEye(t)
		e.watch(film(sec, 240, 2400, 1, func(id int) bool { return id%60 == 0 }), 30, 5*ms, 11*sec)
		s := e.Stats()
		if s.Throttled == 0 || s.Decoded > 10*90+60 {
			t.Errorf("decoded %d of 2400 in 10 s: %+v", s.Decoded, s)
		}
		if e.pool.InUse() > 4 {
			t.Errorf("%d pictures held", e.pool.InUse())
		}
	})
}

func TestVideoSlowDecoder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := newEye(t)
		e.dec.takes = 50 * ms // 20 pictures a second
		e.watch(film(sec, 30, 600, 1, func(id int) bool { return id%90 == 0 }), 30, 5*ms, 21*sec)
		last := e.seen[len(e.seen)-1]
		if s := e.Stats(); last < 480 || s.Skipped == 0 || s.Overflows > 0 {
			t.Errorf("picture %d of 600 is shown at the end: %+v", last, s)
		}
	})
}

func TestVideoGarbage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := newEye(t)
		packets := film(sec, 30, 120, 2, keys(0, 50))
		packets[60].payload = []byte{0x90, 0x80} // picture 30: a descriptor cut off
		packets[140].payload = nil               // padding is harmless between pictures
		e.watch(packets[:140], 30, 5*ms, 4*sec)
		if want := append(count(0, 30), count(50, 70)...); !slices.Equal(e.dec.decoded, want) {
			t.Errorf("decoded %v, want %v", e.dec.decoded, want)
		}
		if s := e.Stats(); s.Malformed != 1 || len(e.asked) == 0 || e.asked[0] > 2*sec+5*ms {
			t.Errorf("malformed %d, asked at %v; want 1, at once", s.Malformed, e.asked)
		}
	})
}

func TestVideoPadding(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := newEye(t)
		var packets []sent
		for i, p := range film(sec, 30, 60, 2, firstKey) {
			p.seq += uint16(i / 2)
			if packets = append(packets, p); i%2 == 1 {
				p.seq++
				p.payload, p.marker = nil, false
				packets = append(packets, p)
			}
		}
		e.watch(packets, 30, 5*ms, 3*sec)
		if !slices.Equal(e.dec.decoded, count(0, 60)) {
			t.Errorf("decoded %v", e.dec.decoded)
		}
	})
}

func TestVideoWithoutMarkers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := newEye(t)
		packets := film(sec, 30, 60, 3, firstKey)
		for i := range packets {
			packets[i].marker = false
		}
		e.watch(packets, 30, 5*ms, 3*sec)
		if !slices.Equal(e.dec.decoded, count(0, 59)) {
			t.Errorf("decoded %v", e.dec.decoded)
		}
	})
}

func TestVideoPictureWithoutStart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := newEye(t)
		packets := film(sec, 30, 60, 3, keys(0, 40))
		for i := range packets {
			packets[i].marker = false
		}
		packets[90].payload[0] = 0
		e.watch(packets, 30, 5*ms, 3*sec)
		if want := append(count(0, 30), count(40, 59)...); !slices.Equal(e.dec.decoded, want) {
			t.Errorf("decoded %v, want %v", e.dec.decoded, want)
		}
	})
}

func TestVideoQueueIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := newEye(t)
		block := make(chan struct{})
		e.Close()
		dec := &blockedScreen{block: block}
		v := source.NewVideo(source.VideoOptions{
			Clock: e.clock, Gate: mixer.NewGate(1), Pool: e.pool, Log: testLog(t),
			NewDecoder:      func() (media.VideoDecoder, error) { return dec, nil },
			RequestKeyframe: func() {},
		})
		for _, p := range film(0, 30, 200, 1, firstKey) {
			until(e.clock, p.at)
			push(v, p)
		}
		if s := v.Stats(); s.Overflows != 1 || s.Skipped < 130 {
			t.Errorf("overflows %d, skipped %d", s.Overflows, s.Skipped)
		}
		close(block)
		v.Close()
		if dec.n != 1 {
			t.Errorf("%d units decoded after the queue was emptied, want 1", dec.n)
		}
	})
}

// blockedScreen decodes nothing until block is closed.
type blockedScreen struct {
	block chan struct{}
	n     int
}

func (b *blockedScreen) Decode([]byte, *media.PicturePool) (*media.Picture, error) {
	<-b.block
	b.n++
	return nil, nil
}

func (b *blockedScreen) Close() error { return nil }

func TestVideoAllocatesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := newEye(t)
		e.dec.quiet = true
		packets := network{jitter: 20 * ms, duplicate: 0.01, rng: newRand(6)}.carry(film(0, 30, 6000, 6, func(id int) bool { return id%100 == 0 }))
		p := &media.Packet{SSRC: 7}
		ticker := time.NewTicker(sec / 30)
		defer ticker.Stop()
		one := func() {
			<-ticker.C
			p.Arrival = time.Now()
			for len(packets) > 0 && packets[0].at <= e.clock.Now() {
				p.Seq, p.Timestamp, p.Marker, p.Payload = packets[0].seq, packets[0].ts, packets[0].marker, packets[0].payload
				e.Push(p)
				packets = packets[1:]
			}
			synctest.Wait()
			if pic := e.At(e.clock.Now()); pic != nil {
				pic.Release()
			}
		}
		for range 500 {
			one()
		}
		if n := testing.AllocsPerRun(1000, one); n != 0 {
			t.Errorf("%v allocations per tick with its packets", n)
		}
		if s := e.Stats(); s.Decoded < 1000 {
			t.Errorf("%+v", s)
		}
	})
}
