package source

import (
	"log/slog"
	"math"
	"sync"
	"time"

	"github.com/omniverto/omniverto/media"
)

const (
	maxDelay  = 200 * time.Millisecond // media.md 9
	maxFrame  = 120 * media.SampleRate / 1000
	grain     = media.SampleRate / 400 // 2.5 ms: every Opus duration is a multiple
	firstFrom = math.MinInt64          // no position: nothing is too old
	// Concealment beyond 100 ms is invention; silence follows.
	maxConceal = media.SampleRate / 10
	// A packet may be late this rarely. 95 % would be a concealment every
	// 400 ms, which is heard.
	onTime = 98
	// Below this spread a packet is played by the next tick (media.md 9).
	steady = 2 * time.Millisecond
)

// AudioOptions is what an Audio is made of. All fields are required.
type AudioOptions struct {
	Clock      *media.Clock
	Channels   int // of the decoder and of Pull
	NewDecoder func() (media.AudioDecoder, error)
	Log        *slog.Logger
}

// AudioStats are an Audio's counters since its start, and its present state.
type AudioStats struct {
	Packets    uint64
	Duplicates uint64
	Late       uint64 // packets that came after their time
	Lost       uint64 // packets that were missing at their time
	Malformed  uint64 // packets far out of sequence, too large or senseless
	Skipped    uint64 // packets dropped because they were too old after a stall
	Overflows  uint64 // packets dropped because too many waited
	Errors     uint64 // packets that the decoder refused
	Pauses     uint64 // times that sound gave way to silence
	Undecoded  uint64 // packets of digital silence that were not decoded

	Concealed time.Duration // sound made up
	Recovered time.Duration // lost sound restored from in-band FEC
	Grown     time.Duration // delay added by late packets
	Shrunk    time.Duration // delay taken back

	Target time.Duration // wanted delay over the next tick, 0 to 200 ms
	Delay  time.Duration // arrival to play-out
	Failed bool          // the decoder panicked or could not be made
}

// Audio is one member's inbound sound behind an adaptive jitter buffer. It
// meets audio.Source.
//
// Push and Report are called by one goroutine at a time, Pull by one, once per
// tick of 20 ms; all methods may be called concurrently with each other.
type Audio struct {
	// Constant after construction.
	clock    *media.Clock
	channels int
	log      *slog.Logger

	// Owned by Pull while pulling, else guarded by mu.
	dec    media.AudioDecoder
	pcm    []int16    // decoded, interleaved
	have   int        // samples per channel in pcm
	sound  int        // of these, up to the last that is not digital silence
	fadeIn bool       // the next tick begins after silence
	quiet  int        // packets of digital silence in a row
	kept   [3]*packet // last ones of them not decoded, newest last
	nkept  int

	mu sync.Mutex
	// Guarded by mu.
	closed  bool
	pulling bool // Pull is between its locks
	ssrc    uint32
	seq     sequence
	line    timeline
	jitter  spread
	stalled bool // the network held packets back; its tail is no jitter
	target  time.Duration
	loss    float64 // smoothed share of lost packets
	redund  bool    // wait for the next packet, which carries a copy of a lost one
	buf     packets
	newest  int64 // newest timestamp received
	play    playout
	stats   AudioStats
}

// NewAudio returns a source that is silent until its first packet. A decoder
// that cannot be made is logged; the source is then Gone.
func NewAudio(o AudioOptions) *Audio {
	a := &Audio{
		clock:    o.Clock,
		channels: o.Channels,
		log:      o.Log,
		pcm:      make([]int16, (2*media.TickSamples+2*maxFrame)*o.Channels),
		line:     timeline{rate: media.AudioClock},
		newest:   firstFrom,
		play:     playout{next: firstFrom},
	}
	dec, err := o.NewDecoder()
	if err != nil {
		a.stats.Failed = true
		a.log.Error("audio source ended", slog.Any("error", err))
		return a
	}
	a.dec = dec
	return a
}

// Push takes one packet, borrowed for the call.
func (a *Audio) Push(p *media.Packet) {
	arrival := a.clock.At(p.Arrival)
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.closed || a.stats.Failed {
		return
	}
	a.stats.Packets++
	seq, ok := a.acceptLocked(p)
	if !ok || len(p.Payload) == 0 { // padding
		return
	}
	ts := a.line.extend(p.Timestamp)
	if seq == a.seq.newest && ts < a.newest {
		// A newer packet with an older time: the sender's clock jumped.
		a.restartLocked()
		ts = a.line.extend(p.Timestamp)
	}
	a.measureLocked(a.line.observe(ts, arrival))
	switch {
	case len(p.Payload) > maxPayload, seq == a.seq.newest && ts == a.newest:
		a.stats.Malformed++
		return
	case ts < a.play.next:
		a.stats.Late++
		return
	case a.buf.n == maxPackets:
		a.stats.Overflows++
		a.buf.drop()
	}
	a.newest = max(a.newest, ts)
	e := a.buf.get()
	e.seq, e.ts, e.quiet = seq, ts, p.HasLevel && p.Level == 127
	e.data = append(e.data[:0], p.Payload...)
	a.buf.insert(e)
}

// acceptLocked tells new packets from old ones and notices a new stream.
func (a *Audio) acceptLocked(p *media.Packet) (seq int64, ok bool) {
	if a.seq.started && p.SSRC != a.ssrc {
		a.seq = sequence{}
		a.restartLocked()
	}
	a.ssrc = p.SSRC
	seq, what := a.seq.accept(p.Seq)
	switch what {
	case duplicate:
		a.stats.Duplicates++
		return 0, false
	case stray:
		a.stats.Malformed++
		return 0, false
	case restarted:
		a.restartLocked()
	case fresh:
	}
	return seq, true
}

func (a *Audio) restartLocked() {
	a.line.reset()
	a.flushLocked()
}

// flushLocked forgets what waits and the position in the sender's time.
func (a *Audio) flushLocked() {
	for a.buf.n > 0 {
		a.buf.drop()
	}
	a.newest = firstFrom
	a.play.playing, a.play.next = false, firstFrom
}

// measureLocked enters how late a packet came and sets the target delay.
func (a *Audio) measureLocked(late time.Duration) {
	switch {
	case late > maxDelay:
		a.stalled = true
		return
	case a.stalled && late > a.target:
		return
	}
	a.stalled = false
	a.jitter.add(late)
	target := a.jitter.quantile(onTime)
	if target <= steady {
		target = 0
	}
	if a.redund {
		target += samples(a.play.dur)
	}
	a.target = min(target, maxDelay)
}

// lossLocked enters that lost packets were missing before one that was there.
func (a *Audio) lossLocked(lost int64) {
	const weight = 1.0 / 256 // 5 s of 20 ms packets
	a.loss -= a.loss * weight
	for range min(lost, 50) {
		a.loss += (1 - a.loss) * weight
	}
	switch {
	case a.loss > 0.05:
		a.redund = true
	case a.loss < 0.02:
		a.redund = false
	}
}

// Report takes a sender report.
func (a *Audio) Report(r media.SenderReport) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.line.report = r
}

// Delay is the present time from a packet's arrival, were it as fast as the
// fastest, to its play-out; smoothed.
func (a *Audio) Delay() time.Duration {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.play.delay
}

// Stats returns the counters.
func (a *Audio) Stats() AudioStats {
	a.mu.Lock()
	defer a.mu.Unlock()
	s := a.stats
	s.Target, s.Delay = a.target, a.play.delay
	return s
}

// Close ends the source: Pull returns Gone from now on. The decoder is closed at
// once, or by a Pull that is under way when it ends. Close may be called twice.
func (a *Audio) Close() {
	a.mu.Lock()
	a.closed = true
	var dec media.AudioDecoder
	if !a.pulling {
		dec = a.releaseLocked()
	}
	a.mu.Unlock()
	a.closeDecoder(dec)
}

// samples is the duration of n samples.
func samples(n int) time.Duration { return time.Duration(n) * time.Second / media.SampleRate }
