package source_test

import (
	"encoding/binary"
	"testing"
	"testing/synctest"
	"time"

	"github.com/omniverto/omniverto/media"
	"github.com/omniverto/omniverto/mixer"
	"github.com/omniverto/omniverto/mixer/source"
)

// coded is a fake coded picture of size bytes: the key bit of VP8, then its
// number, then the number repeated.
func coded(id int, key bool, size int) []byte {
	b := make([]byte, max(size, 8))
	b[0] = 1
	if key {
		b[0] = 0
	}
	binary.BigEndian.PutUint32(b[1:], uint32(id))
	for i := 5; i < len(b); i++ {
		b[i] = byte(id)
	}
	return b
}

// film is a stream of n pictures, each in that many packets, sent from start on
// with a keyframe at each number that key tells.
func film(start time.Duration, fps, n, packets int, key func(id int) bool) []sent {
	var out []sent
	for id := range n {
		data := coded(id, key(id), 100*packets)
		for i := range packets {
			descriptor := byte(0)
			if i == 0 {
				descriptor = 0x10
			}
			out = append(out, sent{
				at:   start + time.Duration(id)*time.Second/time.Duration(fps),
				ssrc: 7, seq: uint16(65000 + len(out)), ts: uint32(4294900000 + id*90000/fps),
				marker:  i == packets-1,
				payload: append([]byte{descriptor}, data[i*100:(i+1)*100]...),
			})
		}
	}
	return out
}

// firstKey makes the first picture the only keyframe.
func firstKey(id int) bool { return id == 0 }

// fakeScreen decodes what coded makes; the picture's first luma bytes are its
// number. It notices when a picture is missing or damaged.
type fakeScreen struct {
	t               testing.TB
	want            int // number that may follow; -1: only a keyframe
	decoded         []int
	takes           time.Duration
	panicAt, failAt int
	tooLarge        func(id int) bool
	closed          int
	quiet           bool // decoded is not kept
}

func (f *fakeScreen) Decode(unit []byte, pool *media.PicturePool) (*media.Picture, error) {
	if f.takes > 0 {
		<-time.After(f.takes)
	}
	id := int(binary.BigEndian.Uint32(unit[1:]))
	key := unit[0]&1 == 0
	if !key && id != f.want {
		f.t.Errorf("picture %d decoded, want %d or a keyframe", id, f.want)
	}
	for _, b := range unit[5:] {
		if b != byte(id) {
			f.t.Errorf("picture %d is damaged", id)
			break
		}
	}
	f.want = id + 1
	if f.tooLarge != nil && f.tooLarge(id) {
		return nil, media.ErrTooLarge
	}
	switch id {
	case f.panicAt:
		panic("fake decoder")
	case f.failAt:
		f.want = -1
		return nil, errFake
	}
	if !f.quiet {
		f.decoded = append(f.decoded, id)
	}
	p := pool.Get(16, 16)
	if p != nil {
		binary.BigEndian.PutUint32(p.Y, uint32(id))
	}
	return p, nil
}

func (f *fakeScreen) Close() error { f.closed++; return nil }

// eye is a Video under test with what its ticks showed.
type eye struct {
	*source.Video
	clock *media.Clock
	pool  *media.PicturePool
	dec   *fakeScreen
	asked []time.Duration // keyframe requests
	seen  []int           // number of the picture shown at each tick, -1 for none
}

func newEye(t testing.TB) *eye {
	e := &eye{clock: media.NewClock(), pool: media.NewPicturePool(16)}
	e.dec = &fakeScreen{t: t, want: -1, panicAt: -1, failAt: -1}
	e.Video = source.NewVideo(source.VideoOptions{
		Clock: e.clock, Gate: mixer.NewGate(1), Pool: e.pool, Log: testLog(t),
		NewDecoder:      func() (media.VideoDecoder, error) { return e.dec, nil },
		RequestKeyframe: func() { e.asked = append(e.asked, e.clock.Now()) },
	})
	t.Cleanup(func() {
		e.Close()
		if n := e.pool.InUse(); n != 0 {
			t.Errorf("%d pictures are still held after Close", n)
		}
		if e.dec.closed > 1 {
			t.Errorf("decoder closed %d times", e.dec.closed)
		}
	})
	return e
}

func (e *eye) tick(now time.Duration) {
	synctest.Wait()
	p := e.At(now)
	if p == nil {
		e.seen = append(e.seen, -1)
		return
	}
	e.seen = append(e.seen, int(binary.BigEndian.Uint32(p.Y)))
	p.Release()
}

// watch plays packets with canvas ticks of fps at phase, … until end.
func (e *eye) watch(packets []sent, fps int, phase, end time.Duration) {
	play(e.clock, e, packets, time.Second/time.Duration(fps), phase, end, e.tick)
	synctest.Wait()
}
