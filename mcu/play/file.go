package play

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"slices"
	"sync"
	"time"

	"github.com/omniverto/omniverto/media"
)

const (
	// ringSamples is how far the decoder may be ahead: a second, per channel. When it
	// is full the decoder waits.
	ringSamples = media.SampleRate
	// clipSamples is the longest file that is kept whole, 10 s: a loop of it needs no
	// new child each time.
	clipSamples = 10 * media.SampleRate
)

// file is the voice of a file. A goroutine, the feeder, runs one decoder after the
// other and fills the ring; read empties it. All counts are per channel.
type file struct {
	// Constant after construction.
	in       *os.File
	program  string
	channels int
	log      *slog.Logger
	done     chan struct{} // the feeder has ended
	first    chan struct{} // the first samples, or the end, have come

	mu   sync.Mutex
	more *sync.Cond // something to do for the feeder: room in the ring, or new orders

	ring        []int16
	wrote, took int64  // since the beginning; their difference is in the ring
	origin      mark   // what the position is counted from
	marks       []mark // passes whose beginning is in the ring, still ahead of read

	epoch   int   // a pass of another epoch is abandoned
	pending bool  // a pass is to be decoded
	from    int64 // where it begins
	after   int   // passes that follow it, or the one that is being decoded; -1: for ever
	over    bool  // what is in the ring is the last
	fresh   bool  // nothing has come since the last order

	child   *decoder
	clip    []int16 // the whole file, once it was decoded and is short
	total   int64   // length as far as known
	exact   bool    // total was counted
	failure error   // why not even one sample came
	begun   bool    // first is closed
	closed  bool
}

// mark says which position of the file a count stands for.
type mark struct{ at, position int64 }

// pass is one run through the file, or a part of it.
type pass struct {
	epoch int
	from  int64
}

// openFile begins to decode a file, and returns once its first samples are there.
func openFile(ctx context.Context, o Options, path string) (*file, error) {
	name := o.FFmpeg
	if name == "" {
		name = "ffmpeg"
	}
	in, err := openBeneath(o.Dir, path)
	if err != nil {
		return nil, err
	}
	program, err := exec.LookPath(name)
	if err != nil {
		in.Close()
		return nil, ErrNoDecoder
	}
	f := &file{in: in, program: program, channels: o.Channels, log: o.Log.With("file", path),
		done: make(chan struct{}), first: make(chan struct{}),
		ring: make([]int16, ringSamples*o.Channels), pending: true, fresh: true}
	f.more = sync.NewCond(&f.mu)
	go f.feed()
	ctx, cancel := context.WithTimeout(ctx, openTime)
	defer cancel()
	select {
	case <-f.first:
		err = f.failed()
	case <-ctx.Done():
		if err = context.Cause(ctx); errors.Is(err, context.DeadlineExceeded) {
			err = fmt.Errorf("%w: no sound within %v: %w", ErrFile, openTime, err)
		}
	}
	if err != nil {
		f.close()
		return nil, err
	}
	return f, nil
}

func (f *file) failed() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.failure
}

// feed is the feeder.
func (f *file) feed() {
	defer close(f.done)
	for {
		p, ok := f.await()
		if !ok {
			return
		}
		n, err := f.run(p)
		f.finish(p, n, err)
	}
}

// await waits for a pass to decode.
func (f *file) await() (pass, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for !f.pending && !f.closed {
		f.more.Wait()
	}
	f.pending = false
	return pass{f.epoch, f.from}, !f.closed
}

// run plays a pass into the ring, until its end or until it is abandoned. It returns
// how long it was.
func (f *file) run(p pass) (int64, error) {
	if f.clip != nil { // written by this goroutine only
		rest := f.clip[min(int(p.from)*f.channels, len(f.clip)):]
		f.write(p, rest)
		return int64(len(rest) / f.channels), nil
	}
	d, err := startDecoder(f.program, f.in, f.channels, p.from, f.setLength)
	if err != nil {
		return 0, err
	}
	if !f.adopt(p, d) {
		return 0, d.wait(context.Canceled)
	}
	n, clip, keep := int64(0), []int16(nil), p.from == 0
	var pcm []int16
	for err == nil {
		if pcm, err = d.next(); err != nil {
			break
		}
		n += int64(len(pcm) / f.channels)
		if keep = keep && n <= clipSamples; keep {
			clip = append(clip, pcm...)
		} else {
			clip = nil
		}
		if !f.write(p, pcm) {
			err = context.Canceled
		}
	}
	err = d.wait(err)
	f.adopt(p, nil)
	if keep && n > 0 && f.current(p) {
		// A loop of less than a tick would be all beginnings.
		f.keep(clip, max(0, media.TickSamples-int(n)))
	}
	return n, err
}

// keep makes clip the file's sound.
func (f *file) keep(clip []int16, missing int) {
	clip = append(clip, make([]int16, missing*f.channels)...)
	f.mu.Lock()
	defer f.mu.Unlock()
	f.clip = clip
}

// adopt tells whom to kill when the pass is abandoned. It refuses if it is already.
func (f *file) adopt(p pass, d *decoder) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.child = d
	return f.currentLocked(p)
}

func (f *file) current(p pass) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.currentLocked(p)
}

func (f *file) currentLocked(p pass) bool { return !f.closed && f.epoch == p.epoch }

// write puts samples into the ring and waits for room. It refuses when the pass is
// abandoned.
func (f *file) write(p pass, pcm []int16) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	for len(pcm) > 0 {
		room := len(f.ring) - int(f.wrote-f.took)*f.channels
		// In portions: the feeder need not wake up for each tick.
		for room < min(len(pcm), len(f.ring)/4) && f.currentLocked(p) {
			f.more.Wait()
			room = len(f.ring) - int(f.wrote-f.took)*f.channels
		}
		if !f.currentLocked(p) {
			return false
		}
		at := int(f.wrote) * f.channels % len(f.ring)
		n := copy(f.ring[at:], pcm[:min(len(pcm), room)])
		pcm = pcm[n:]
		f.wrote += int64(n / f.channels)
		f.fresh = false
		f.beginLocked(nil)
	}
	return f.currentLocked(p)
}

// beginLocked tells the one who opens the file how it went.
func (f *file) beginLocked(failure error) {
	if !f.begun {
		f.begun, f.failure = true, failure
		close(f.first)
	}
}

// finish tells what follows a pass.
func (f *file) finish(p pass, n int64, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if !f.currentLocked(p) {
		return
	}
	if err != nil && n > 0 {
		f.log.Warn("sound file is damaged", "error", err, "played", duration(p.from+n))
	}
	if n > 0 && (p.from == 0 || !f.exact) {
		f.total, f.exact = p.from+n, p.from == 0
	}
	switch {
	case n == 0 && p.from == 0: // nothing in it, or not any more
		if err == nil {
			err = errors.New("it is empty")
		}
		f.over = true
		f.beginLocked(fmt.Errorf("%w: %w", ErrFile, err))
	case f.after == 0:
		f.over = true
	default:
		f.againLocked()
	}
}

// againLocked begins the file anew after what is in the ring.
func (f *file) againLocked() {
	if f.after > 0 {
		f.after--
	}
	f.over, f.pending, f.from = false, true, 0
	f.marks = append(f.marks, mark{at: f.wrote})
	f.more.Broadcast()
}

// abandonLocked ends the pass that is being decoded.
func (f *file) abandonLocked() {
	f.epoch++
	f.pending = false
	if f.child != nil {
		f.child.kill()
	}
	f.more.Broadcast()
}

func (f *file) read(dst []int16) state {
	f.mu.Lock()
	defer f.mu.Unlock()
	have, want := int(f.wrote-f.took)*f.channels, len(dst)
	switch {
	case f.closed || have == 0 && f.over:
		return ended
	case have < want && !f.over && f.fresh:
		return waiting
	case have < want && !f.over:
		return starved
	}
	n := min(have, want)
	at := int(f.took) * f.channels % len(f.ring)
	part := copy(dst[:n], f.ring[at:])
	copy(dst[part:n], f.ring)
	clear(dst[n:])
	f.took += int64(n / f.channels)
	for len(f.marks) > 0 && f.marks[0].at <= f.took {
		f.origin = f.marks[0]
		f.marks = slices.Delete(f.marks, 0, 1)
	}
	f.more.Signal()
	return played
}

func (f *file) seek(to int64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.closed {
		return
	}
	f.abandonLocked()
	if f.after >= 0 {
		f.after += len(f.marks) // passes that were decoded and now will not be heard
	}
	f.took, f.marks = f.wrote, f.marks[:0]
	f.origin = mark{f.took, to}
	f.over, f.fresh, f.pending, f.from = false, true, true, to
}

func (f *file) loop(n int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	ahead := len(f.marks)
	if follow := max(n, 1) - 1; n < 0 {
		f.after = -1
	} else if f.after = follow - ahead; f.after < 0 {
		// Too many have been begun ahead: cut off what is in the ring of them.
		f.abandonLocked()
		f.wrote, f.after, f.over = f.marks[follow].at, 0, true
		f.marks = f.marks[:follow]
	}
	if f.over && f.after != 0 && !f.closed {
		f.againLocked()
	}
}

func (f *file) position() int64 {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.origin.position + f.took - f.origin.at
}

func (f *file) length() int64 {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.total
}

// setLength takes the container's word for the length, until it was counted.
func (f *file) setLength(d time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if !f.exact && f.total == 0 {
		f.total = samples(d)
	}
}

func (f *file) close() {
	f.mu.Lock()
	if !f.closed {
		f.closed = true
		f.abandonLocked()
	}
	f.mu.Unlock()
	<-f.done
	f.in.Close()
}
