package source

import (
	"log/slog"
	"sync"
	"time"

	"github.com/omniverto/omniverto/media"
	"github.com/omniverto/omniverto/mixer"
)

const (
	maxMargin  = 15 * time.Millisecond  // media.md 8
	maxHold    = 200 * time.Millisecond // media.md 8
	holdStep   = 2 * time.Millisecond   // change of the hold per unit, so that motion stays even
	staleAfter = time.Second            // without a picture: a keyframe is asked for
	goneAfter  = 3 * time.Second        // without a picture: nothing is shown
	maxShown   = 4                      // decoded pictures held, the visible one included

	maxQueue      = 64      // units that wait for the decoder
	maxQueueBytes = 8 << 20 // their bytes
	// One member decodes at most 90 units a second, 45 of them at once: above
	// any camera, below a flood.
	unitPeriod = time.Second / 90
	unitBurst  = 45 * unitPeriod
)

// VideoOptions is what a Video is made of. All fields but Gate are required.
type VideoOptions struct {
	Clock *media.Clock
	Gate  *mixer.Gate // nil: decodes are not limited
	Pool  *media.PicturePool
	// NewDecoder is called by the Video's goroutine before the first unit.
	NewDecoder func() (media.VideoDecoder, error)
	// RequestKeyframe asks the sender for a keyframe. It is called by the Video's
	// goroutine, without locks; the Video keeps requests apart.
	RequestKeyframe func()
	Log             *slog.Logger
}

// VideoStats are a Video's counters since its start, and its present state.
type VideoStats struct {
	Packets    uint64
	Duplicates uint64
	Late       uint64 // packets that came after their gap was given up
	Malformed  uint64 // packets far out of sequence or with a senseless descriptor
	Gaps       uint64 // gaps that were not healed in time
	Broken     uint64 // units dropped because a packet was missing
	Skipped    uint64 // units dropped for want of a keyframe
	Hidden     uint64 // units not decoded because nobody sees them
	Throttled  uint64 // units dropped because they came too fast
	Overflows  uint64 // times that the queue before the decoder was emptied
	Decoded    uint64
	Superseded uint64 // pictures that no tick showed
	Errors     uint64 // units that the decoder refused
	TooLarge   uint64 // of these: larger than allowed
	Keyframes  uint64 // keyframes queued for the decoder
	Requests   uint64 // keyframes asked for

	Width, Height int           // of the newest picture
	Margin        time.Duration // play-out after the fastest arrival
	Hold          time.Duration // lip-sync hold in force
	Failed        bool          // the decoder panicked or could not be made
}

// Video is one member's inbound VP8 stream. It meets canvas.Source.
//
// Push and Report are called by one goroutine at a time; all methods may be
// called concurrently with each other. It is visible from the start.
type Video struct {
	// Constant after construction.
	o    VideoOptions
	wake chan struct{} // 1 deep: the worker has to look again
	done chan struct{} // closed by the worker

	// Owned by the worker.
	dec media.VideoDecoder

	mu sync.Mutex
	// Guarded by mu.
	closed  bool
	visible bool
	ssrc    uint32
	seq     sequence
	asm     assembler
	line    timeline
	spread  spread
	margin  time.Duration
	calmAt  time.Duration // last change of margin
	hold    time.Duration
	holdTo  time.Duration
	lastDue time.Duration
	paid    time.Duration // units are paid for up to this time (throttle)
	queue   []unit        // wait encoded, in order
	bytes   int           // of queue
	needKey bool          // units were dropped after the assembler
	shown   [maxShown]shown
	nshown  int
	heard   time.Duration // last packet
	fresh   time.Duration // last picture, or since when one is due
	ask     asking
	stats   VideoStats
}

// shown is a decoded picture with its play-out time.
type shown struct {
	pic  *media.Picture
	due  time.Duration
	came time.Duration // when it was decoded
	seen bool          // a tick showed it
}

// NewVideo starts a source. Close ends it.
func NewVideo(o VideoOptions) *Video {
	v := &Video{
		o:       o,
		wake:    make(chan struct{}, 1),
		done:    make(chan struct{}),
		visible: true,
		asm:     newAssembler(),
		line:    timeline{rate: media.VideoClock},
		queue:   make([]unit, 0, maxQueue),
		heard:   -time.Hour,
	}
	go v.run()
	return v
}

// Push takes one packet, borrowed for the call.
func (v *Video) Push(p *media.Packet) {
	arrival := v.o.Clock.At(p.Arrival)
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.closed || v.stats.Failed {
		return
	}
	v.stats.Packets++
	idle := v.hearLocked(arrival)
	seq, ok := v.acceptLocked(p)
	if !ok {
		return
	}
	d, data, valid := parseDescriptor(p.Payload)
	s := segment{seq: seq, timestamp: p.Timestamp, arrival: arrival, marker: p.Marker}
	switch {
	case valid:
		s.start, s.data = d.Start, data
		s.key = d.Start && isKey(data)
	case len(p.Payload) > 0:
		s.broken = true
		v.stats.Malformed++
	}
	starved, stored := v.asm.starved, v.asm.stored
	v.asm.push(s)
	queued := v.deliverLocked()
	if idle || queued || v.asm.starved && !starved || v.asm.stored > 0 && stored == 0 {
		v.signal()
	}
}

// hearLocked notes the arrival of a packet and tells whether it ends a silence.
func (v *Video) hearLocked(arrival time.Duration) bool {
	idle := arrival-v.heard > staleAfter
	if idle {
		v.fresh = arrival
	}
	v.heard = max(v.heard, arrival)
	return idle
}

// acceptLocked tells new packets from old ones and notices a new stream.
func (v *Video) acceptLocked(p *media.Packet) (seq int64, ok bool) {
	if v.seq.started && p.SSRC != v.ssrc {
		v.restartLocked()
	}
	v.ssrc = p.SSRC
	seq, what := v.seq.accept(p.Seq)
	switch what {
	case duplicate:
		v.stats.Duplicates++
		return 0, false
	case stray:
		v.stats.Malformed++
		return 0, false
	case restarted:
		numbers := v.seq
		v.restartLocked()
		v.seq = numbers
	case fresh:
	}
	return seq, true
}

// restartLocked begins a new stream; the last picture stays until the next.
func (v *Video) restartLocked() {
	v.seq = sequence{}
	v.asm.reset()
	v.line.reset()
}

// Report takes a sender report.
func (v *Video) Report(r media.SenderReport) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.line.report = r
}

// deliverLocked moves complete units to the queue and tells whether it did.
func (v *Video) deliverLocked() bool {
	queued := false
	for _, u := range v.asm.out {
		v.timeLocked(&u)
		switch {
		case !v.visible:
			v.stats.Hidden++
			v.needKey = true
		case v.needKey && !u.key:
			v.stats.Skipped++
		case !v.payLocked(u.arrival):
			v.stats.Throttled++
			v.needKey = true
		default:
			v.enqueueLocked(u)
			queued = true
			continue
		}
		v.asm.recycle(u)
	}
	v.asm.out = v.asm.out[:0]
	return queued || v.needKey && v.visible
}

// timeLocked gives a unit its play-out time (media.md 8).
func (v *Video) timeLocked(u *unit) {
	ts := v.line.extend(u.timestamp)
	u.late = v.line.observe(ts, u.arrival)
	v.hold += min(max(v.holdTo-v.hold, -holdStep), holdStep)
	u.due = max(v.line.at(ts)+v.margin+v.hold, v.lastDue)
	// Never later than its own arrival justifies, whatever came before.
	u.due = min(u.due, u.arrival+v.margin+v.hold)
	v.lastDue = u.due
}

// payLocked is the throttle: a bucket of unitBurst that fills at one unit per
// unitPeriod.
func (v *Video) payLocked(now time.Duration) bool {
	paid := max(v.paid, now) + unitPeriod
	if paid-now > unitBurst {
		return false
	}
	v.paid = paid
	return true
}

func (v *Video) enqueueLocked(u unit) {
	if len(v.queue) == maxQueue || v.bytes+len(u.data) > maxQueueBytes {
		v.stats.Overflows++
		v.stats.Skipped += uint64(len(v.queue))
		v.dequeueLocked(len(v.queue))
		if !u.key {
			v.stats.Skipped++
			v.needKey = true
			v.asm.recycle(u)
			return
		}
	}
	if u.key {
		v.needKey = false
		v.stats.Keyframes++
	}
	v.queue = append(v.queue, u)
	v.bytes += len(u.data)
}

// dequeueLocked drops the first n units.
func (v *Video) dequeueLocked(n int) {
	for _, u := range v.queue[:n] {
		v.bytes -= len(u.data)
		v.asm.recycle(u)
	}
	v.queue = v.queue[:copy(v.queue, v.queue[n:])]
}

// At returns the newest picture due at room time t with one reference that the
// caller releases, or nil: before the first picture, when none came for 3 s,
// when the source is hidden or has ended. It never blocks on a decoder.
func (v *Video) At(t time.Duration) *media.Picture {
	v.mu.Lock()
	defer v.mu.Unlock()
	for v.nshown > 1 && v.shown[1].due <= t {
		v.retireLocked(0)
	}
	if v.nshown == 0 || v.shown[0].due > t {
		return nil
	}
	if t-v.shown[0].came > goneAfter {
		v.retireLocked(0)
		return nil
	}
	v.shown[0].seen = true
	return v.shown[0].pic.Retain()
}

// retireLocked releases the decoded picture at place i.
func (v *Video) retireLocked(i int) {
	if !v.shown[i].seen {
		v.stats.Superseded++
	}
	v.shown[i].pic.Release()
	v.nshown--
	copy(v.shown[i:v.nshown], v.shown[i+1:])
	v.shown[v.nshown] = shown{}
}

// SetVisible tells whether anybody sees the source. Hidden, its packets are
// followed but not decoded and its pictures are released; shown again, a
// keyframe is asked for.
func (v *Video) SetVisible(on bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.visible == on || v.closed {
		return
	}
	v.visible = on
	if on {
		v.fresh = v.o.Clock.Now()
		v.ask.count, v.ask.tooLarge = min(v.ask.count, 1), false
		v.signal()
		return
	}
	v.clearLocked()
	v.needKey = true
}

// clearLocked releases everything that waits to be decoded or shown.
func (v *Video) clearLocked() {
	v.dequeueLocked(len(v.queue))
	for v.nshown > 0 {
		v.retireLocked(v.nshown - 1)
	}
}

// SetHold delays play-out by d, 0 to 200 ms, so that the picture waits for its
// sound. The change is spread over the following units.
func (v *Video) SetHold(d time.Duration) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.holdTo = min(max(d, 0), maxHold)
}

// Stats returns the counters.
func (v *Video) Stats() VideoStats {
	v.mu.Lock()
	defer v.mu.Unlock()
	s := v.stats
	s.Late, s.Gaps, s.Broken = v.asm.late, v.asm.gaps, v.asm.broken
	s.Skipped += v.asm.dropped
	s.Margin, s.Hold = v.margin, v.hold
	return s
}

// Close ends the source, waits for its goroutine and releases all pictures that
// it holds. Close may be called twice.
func (v *Video) Close() {
	v.mu.Lock()
	v.closed = true
	v.clearLocked()
	v.mu.Unlock()
	v.signal()
	<-v.done
}

func (v *Video) signal() {
	select {
	case v.wake <- struct{}{}:
	default:
	}
}
