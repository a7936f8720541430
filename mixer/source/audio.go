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
	// What was played is kept this long, to be repeated: a window and the
	// longest period.
	past = lagWindow + 2*maxPeriod
	// Without any packet for so long the network stood still.
	outage = maxDelay / 2
	// A packet may be late this rarely. 95 % would be a concealment every
	// 400 ms, which is heard.
	onTime = 98
	// Below this spread a packet is played by the next tick (media.md 9).
	steady = 2 * time.Millisecond
)

// AudioOptions is what an Audio is made of. Clock, Channels, NewDecoder and Log
// are required.
type AudioOptions struct {
	Clock      *media.Clock
	Channels   int // 1 or 2: of the decoder and of Pull
	NewDecoder func() (media.AudioDecoder, error)
	Log        *slog.Logger
	// Codec is what NewDecoder decodes; it tells the clock of the packets' RTP
	// timestamps.
	Codec media.AudioCodec
	// ComfortNoise plays soft noise, as loud as the sender's own, in pauses that
	// the sender has announced by discontinuous transmission; else there is
	// true silence.
	ComfortNoise bool
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
	Undecoded  uint64 // packets of silence, by their RFC 6464 level, that were not decoded

	Concealed time.Duration // sound made up in place of what was lost or late
	Recovered time.Duration // lost sound restored from in-band FEC
	Stretched time.Duration // sound added or taken out by time-stretch
	Grown     time.Duration // delay added by late packets and by stretch
	Shrunk    time.Duration // delay taken back by stretch and by dropping quiet ticks

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
	codec    media.AudioCodec
	comfort  bool
	log      *slog.Logger

	// Owned by Pull while pulling, else guarded by mu.
	dec    media.AudioDecoder
	pcm    []int16 // interleaved: past samples that were played, then have that were not
	have   int     // samples per channel
	sound  int     // of these, up to the last that is not digital silence
	heard  int     // samples before them that belong to the same sound, up to past
	fadeIn bool    // the next tick begins after silence
	search stretcher
	again  repeater
	idle   silence
	noise  noise

	mu sync.Mutex
	// Guarded by mu.
	closed  bool
	pulling bool // Pull is between its locks
	ssrc    uint32
	seq     sequence
	line    timeline
	jitter  spread
	arrived time.Duration // of the last packet
	stalled bool          // the network held packets back; its tail is no jitter
	target  time.Duration
	need    time.Duration // target, or the small spread for which it is 0
	loss    float64       // smoothed share of lost packets
	redund  bool          // wait for the next packet, which carries a copy of a lost one
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
		codec:    o.Codec,
		comfort:  o.ComfortNoise,
		log:      o.Log,
		pcm:      make([]int16, (past+3*media.TickSamples+2*maxFrame+3*maxPeriod)*o.Channels),
		line:     timeline{rate: media.AudioClock, step: media.AudioClock / int64(o.Codec.ClockRate())},
		noise:    noise{seed: 1},
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
	a.measureLocked(a.line.observe(ts, arrival), arrival)
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
	e.seq, e.ts, e.hush = seq, ts, hushOf(p)
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
func (a *Audio) measureLocked(late, arrival time.Duration) {
	gap := arrival - a.arrived
	a.arrived = arrival
	switch {
	case late > maxDelay && gap > outage:
		a.stalled = true
		return
	case a.stalled && late > a.target+media.AudioTick:
		return
	}
	a.stalled = false
	a.jitter.add(late)
	target := a.jitter.quantile(onTime)
	a.need = min(target, maxDelay)
	if target <= steady {
		target = 0
	}
	if a.redund {
		target += samples(a.play.dur)
	}
	a.target = min(target, maxDelay)
	a.need = max(a.need, a.target)
}

// lossLocked enters that lost packets were missing before one that was there.
func (a *Audio) lossLocked(lost int64) {
	const weight = 1.0 / 128 // 2.5 s of 20 ms packets
	a.loss -= a.loss * weight
	for range min(lost, 50) {
		a.loss += (1 - a.loss) * weight
	}
	switch {
	case a.loss > 0.04:
		a.redund = true
	case a.loss < 0.015:
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
