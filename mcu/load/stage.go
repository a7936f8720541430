package load

import (
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/omniverto/omniverto/media"
)

// stage holds what all members of a run share: the loops that they send, and when
// each picture and beep was sent last. It is made before the first member joins;
// then the loops are only read.
type stage struct {
	base    time.Time // with monotonic reading; what follows counts from here
	camera  Camera
	cameras [][]*media.Frame // by member; nil: no camera. Their frames belong to no pool
	talks   [][][]byte       // by talker
	silence [2][][]byte      // without and with discontinuous transmission

	shown [codeFrames][codeFrames]atomic.Int64 // by source and frame: ns since base, 0: never
	beeps [maxBeeps]beepTimes
	punctuality
}

// beepTimes are the times at which a talker's last beeps were in front of his
// microphone, in ns since base; 0: never.
type beepTimes struct {
	next  atomic.Int64
	times [4]atomic.Int64
}

// newStage encodes the loops on all processors; progress is called with the share
// that is done.
func newStage(o *Options, progress func(float64)) (*stage, error) {
	s := &stage{base: time.Now(), camera: o.camera(), cameras: make([][]*media.Frame, o.Members), talks: make([][][]byte, o.Talkers)}
	var jobs []func() error
	if !o.AudioOnly {
		for i := range o.cameras() {
			jobs = append(jobs, func() error { return s.makeCamera(i) })
		}
	}
	for k := range s.talks {
		jobs = append(jobs, func() (err error) { s.talks[k], err = encodeTalk(k); return err })
	}
	for i := range s.silence {
		jobs = append(jobs, func() (err error) { s.silence[i], err = encodeSilence(i == 1); return err })
	}
	return s, runAll(jobs, progress)
}

// runAll runs jobs on all processors and returns the first error.
func runAll(jobs []func() error, progress func(float64)) error {
	var wg sync.WaitGroup
	var mu sync.Mutex
	var failed error
	next, done := 0, 0
	for range min(runtime.NumCPU(), len(jobs)) {
		wg.Go(func() {
			for {
				mu.Lock()
				n := next
				next++
				stop := n >= len(jobs) || failed != nil
				mu.Unlock()
				if stop {
					return
				}
				err := jobs[n]()
				mu.Lock()
				if done++; failed == nil {
					failed = err
				}
				share := float64(done) / float64(len(jobs))
				mu.Unlock()
				progress(share)
			}
		})
	}
	wg.Wait()
	return failed
}

func (s *stage) makeCamera(i int) error {
	loop, err := s.camera.encode(uint8(i))
	if err != nil {
		return fmt.Errorf("%w (camera %d)", err, i)
	}
	pool := media.NewFramePool(0)
	for _, unit := range loop {
		f := pool.Get()
		f.SetVP8(unit)
		s.cameras[i] = append(s.cameras[i], f)
	}
	return nil
}

// now is the time since base in ns, never 0.
func (s *stage) now() int64 { return max(int64(time.Since(s.base)), 1) }

// at converts a time to ns since base.
func (s *stage) at(t time.Time) int64 { return int64(t.Sub(s.base)) }

// sentAt is when a frame was sent last; false if its code is not one of ours.
func (s *stage) sentAt(c timeCode) (int64, bool) {
	at := s.shown[c.source][c.frame].Load()
	return at, at != 0
}

// beeped notes that talker k's beep was in front of his microphone at ns.
func (s *stage) beeped(k int, ns int64) {
	b := &s.beeps[k]
	b.times[b.next.Add(1)%int64(len(b.times))].Store(ns)
}

// lastBeep is the newest beep of talker k before ns.
func (s *stage) lastBeep(k int, ns int64) (int64, bool) {
	newest := int64(0)
	for i := range s.beeps[k].times {
		if at := s.beeps[k].times[i].Load(); at <= ns && at > newest {
			newest = at
		}
	}
	return newest, newest != 0
}
