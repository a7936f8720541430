package load

import (
	"fmt"
	"image"
	"image/png"
	"io"
	"slices"
	"sync"
	"time"

	"github.com/pion/rtcp"
	"github.com/pion/webrtc/v4"

	"github.com/omniverto/omniverto/media"
	"github.com/omniverto/omniverto/media/opus"
	"github.com/omniverto/omniverto/media/vpx"
	"github.com/omniverto/omniverto/mixer/pixel"
)

const (
	// sightQueue bounds the frames that wait for an observer's decoder; if it is
	// full the observer goes blind up to the next keyframe and says so.
	sightQueue = 64
	// soundQueue bounds the packets of sound that wait; the newest is dropped.
	soundQueue = 256
	// rescan is the number of pictures after which an observer looks for panels
	// anew.
	rescan = 30
	// maxArea is the largest canvas that is decoded.
	maxArea = 4096 * 2304
	// longestPause is the longest step of a stream's RTP time, in samples; beyond it
	// is another stream.
	longestPause = 10 * media.SampleRate
	// layoutPatience is how long a layout change is waited for.
	layoutPatience = 5 * time.Second
)

// observer decodes what a member receives and reads time codes and beeps. It owns
// one goroutine for pictures and one for sound.
type observer struct {
	stage    *stage
	self     int // the member's index: he does not hear himself
	pictures chan sight
	sounds   chan sound
	wg       sync.WaitGroup

	// Owned by the picture goroutine.
	decoder *vpx.Decoder
	pool    *media.PicturePool
	find    locator
	panels  []image.Rectangle
	since   int // pictures since the last scan
	blind   bool

	// Owned by the sound goroutine.
	opus    *opus.Decoder
	ears    []*ear // by talker, nil: self or without beep
	pcm     []int16
	heard   int64 // samples since the first packet
	firstTS uint32
	recent  [32]sound // the latest packets, with pos
	n       int

	mu            sync.Mutex // guards what follows
	seen          [codeFrames]seen
	last          *media.Picture
	width, height int
	codes         int
	changeAt      time.Time // a layout change was asked for
	changed       []float64 // ms until it showed
	latency       latencies
	mapping       [2]mapping // of sound and picture
	overflow      int        // frames and packets that found their queue full
	failed        int        // that did not decode
}

// seen is the newest time code of a source.
type seen struct {
	code  timeCode
	count int // different ones since begin
	known bool
}

// latencies are samples in ms; synced ones are in the time of the server's sender
// reports, so that only the difference of the two means something.
type latencies struct {
	video, audio             []float64
	syncedVideo, syncedAudio []float64
}

// mapping is the last sender report of a stream.
type mapping struct {
	known bool
	ntp   int64 // ns
	rtp   uint32
	rate  int64
}

// at converts an RTP time to the sender's clock, in ns.
func (m mapping) at(rtp uint32) int64 {
	return m.ntp + int64(int32(rtp-m.rtp))*int64(time.Second)/m.rate
}

type sight struct {
	unit []byte
	ts   uint32
	key  bool
}

type sound struct {
	payload []byte
	ts      uint32
	at      time.Time
	pos     int64 // in samples since the first packet; set by the sound goroutine
}

// newObserver starts the goroutines; close ends them.
func newObserver(s *stage, self int) (*observer, error) {
	d, err := vpx.NewDecoder(vpx.DecoderOptions{MaxArea: maxArea})
	if err != nil {
		return nil, fmt.Errorf("load: observer: %w", err)
	}
	od, err := opus.NewDecoder(1)
	if err != nil {
		_ = d.Close()
		return nil, fmt.Errorf("load: observer: %w", err)
	}
	o := &observer{
		stage: s, self: self, pictures: make(chan sight, sightQueue), sounds: make(chan sound, soundQueue),
		decoder: d, pool: media.NewPicturePool(4), opus: od, pcm: make([]int16, opus.MaxPacketSamples), since: rescan,
	}
	for k := range min(len(s.talks), maxBeeps) {
		var e *ear
		if k != self {
			e = newEar(beepPitch(k))
		}
		o.ears = append(o.ears, e)
	}
	o.wg.Go(o.watch)
	o.wg.Go(o.listen)
	return o, nil
}

// close waits for the goroutines. No other method is called any more.
func (o *observer) close() {
	close(o.pictures)
	close(o.sounds)
	o.wg.Wait()
	_ = o.decoder.Close()
	_ = o.opus.Close()
	if o.last != nil {
		o.last.Release()
		o.last = nil
	}
}

// begin forgets the samples.
func (o *observer) begin() {
	o.mu.Lock()
	defer o.mu.Unlock()
	for i := range o.seen {
		o.seen[i].count = 0
	}
	o.latency, o.changed, o.overflow, o.failed = latencies{}, nil, 0, 0
}

// show hands over a frame; it is copied.
func (o *observer) show(f frame) {
	select {
	case o.pictures <- sight{slices.Clone(f.unit), f.ts, f.key}:
	default:
		o.count(&o.overflow)
	}
}

// hear hands over a packet, which it keeps.
func (o *observer) hear(payload []byte, ts uint32, at time.Time) {
	select {
	case o.sounds <- sound{payload: payload, ts: ts, at: at}:
	default:
		o.count(&o.overflow)
	}
}

func (o *observer) count(n *int) {
	o.mu.Lock()
	*n++
	o.mu.Unlock()
}

// report takes a sender report of the server.
func (o *observer) report(kind webrtc.RTPCodecType, r *rtcp.SenderReport) {
	o.mu.Lock()
	defer o.mu.Unlock()
	m := mapping{known: true, rtp: r.RTPTime, rate: media.VideoClock}
	if kind == webrtc.RTPCodecTypeAudio {
		m.rate = media.AudioClock
	}
	m.ntp = int64(r.NTPTime>>32)*int64(time.Second) + int64(r.NTPTime&0xffffffff)*int64(time.Second)>>32
	o.mapping[kindIndex(kind)] = m
}

func kindIndex(kind webrtc.RTPCodecType) int {
	if kind == webrtc.RTPCodecTypeAudio {
		return 0
	}
	return 1
}

// watch decodes until the queue is closed.
func (o *observer) watch() {
	for s := range o.pictures {
		if o.blind && !s.key {
			continue
		}
		pic, err := o.decoder.Decode(s.unit, o.pool)
		if o.blind = err != nil; o.blind {
			o.count(&o.failed)
		}
		if err == nil && pic != nil {
			o.look(pic, s.ts)
		}
	}
}

// look reads a picture that can be seen now.
func (o *observer) look(pic *media.Picture, ts uint32) {
	now := o.stage.now()
	codes := o.read(pic)
	o.mu.Lock()
	defer o.mu.Unlock()
	o.width, o.height, o.codes = pic.Width, pic.Height, len(codes)
	if o.last != nil {
		o.last.Release()
	}
	o.last = pic
	for _, c := range codes {
		sent, ok := o.stage.sentAt(c)
		s := &o.seen[c.source]
		if !ok || s.known && s.code == c {
			continue
		}
		s.code, s.known = c, true
		s.count++
		o.latency.video = append(o.latency.video, ms(now-sent))
		if m := o.mapping[1]; m.known {
			o.latency.syncedVideo = append(o.latency.syncedVideo, ms(m.at(ts)-sent))
		}
	}
}

// read returns the codes of a picture. Where panels are is remembered; it looks
// for them when one cannot be read, now and then, and after a layout change.
func (o *observer) read(pic *media.Picture) []timeCode {
	o.mu.Lock()
	waiting := !o.changeAt.IsZero()
	o.mu.Unlock()
	codes := o.readPanels(pic)
	if o.since++; o.since < rescan && len(codes) == len(o.panels) && !waiting {
		return codes
	}
	before := o.panels
	o.since, o.panels = 0, o.panels[:0:0]
	for _, r := range o.find.find(pic) {
		if _, ok := readCode(pic, r); ok {
			o.panels = append(o.panels, r)
		}
	}
	if waiting {
		o.checkChange(before)
	}
	return o.readPanels(pic)
}

func (o *observer) readPanels(pic *media.Picture) []timeCode {
	var codes []timeCode
	for _, r := range o.panels {
		if c, ok := readCode(pic, r); ok {
			codes = append(codes, c)
		}
	}
	return codes
}

// checkChange ends a layout change when the panels are elsewhere than before.
func (o *observer) checkChange(before []image.Rectangle) {
	o.mu.Lock()
	defer o.mu.Unlock()
	took := time.Since(o.changeAt)
	switch {
	case took > layoutPatience:
		o.changeAt = time.Time{}
	case len(o.panels) > 0 && !samePlaces(o.panels, before):
		o.changed = append(o.changed, ms(int64(took)))
		o.changeAt = time.Time{}
	}
}

// samePlaces compares panels; coding moves an edge by some pixels.
func samePlaces(a, b []image.Rectangle) bool {
	const tolerance = 8
	for _, r := range a {
		if !slices.ContainsFunc(b, func(q image.Rectangle) bool {
			return r.In(q.Inset(-tolerance)) && q.In(r.Inset(-tolerance))
		}) {
			return false
		}
	}
	return true
}

// expectChange tells that a layout change was asked for now.
func (o *observer) expectChange() {
	o.mu.Lock()
	o.changeAt = time.Now()
	o.mu.Unlock()
}

// snapshot writes the newest picture; false if there is none.
func (o *observer) snapshot(w io.Writer) (bool, error) {
	o.mu.Lock()
	pic := o.last
	if pic != nil {
		pic.Retain()
	}
	o.mu.Unlock()
	if pic == nil {
		return false, nil
	}
	defer pic.Release()
	return true, png.Encode(w, pixel.ToImage(pic))
}

// ms converts ns to ms.
func ms(ns int64) float64 { return float64(ns) / 1e6 }

// end sums up what was observed in that many seconds.
func (o *observer) end(seconds float64) *Observed {
	o.mu.Lock()
	defer o.mu.Unlock()
	out := &Observed{
		Width: o.width, Height: o.height, Codes: o.codes, Overflow: o.overflow, Undecoded: o.failed,
		VideoLatency: summary(o.latency.video), AudioLatency: summary(o.latency.audio), LayoutChangeMS: o.changed,
	}
	for _, s := range o.seen {
		if s.count > 0 {
			out.CellFPS = append(out.CellFPS, float64(s.count)/seconds)
		}
	}
	out.SkewMS = difference(o.latency.syncedAudio, o.latency.syncedVideo)
	out.ArrivalSkewMS = difference(o.latency.audio, o.latency.video)
	return out
}

// difference is the difference of the medians, nil if one is not known.
func difference(a, b []float64) *float64 {
	if len(a) == 0 || len(b) == 0 {
		return nil
	}
	d := percentile(a, 50) - percentile(b, 50)
	return &d
}
