package rtc

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pion/ice/v4"
	"github.com/pion/rtcp"
	"github.com/pion/transport/v4/packetio"
	"github.com/pion/webrtc/v4"

	"github.com/omniverto/omniverto/media"
)

const (
	// connectTimeout is how long DTLS may take to come up, from the answer on.
	connectTimeout = 30 * time.Second
	// ringTimeout is how long an offer waits for its answer: a person may have to
	// take the call. Whoever made it closes it before.
	ringTimeout = 3 * time.Minute
	// reportPeriod lies between two RTCP reports.
	reportPeriod = time.Second
	// maxStreams bounds the SSRCs that one peer may open.
	maxStreams = 64
	// maxCandidates bounds the trickled candidates of one peer.
	maxCandidates = 256
)

// Reasons for which a leg ends by itself, given to LegHandler.Closed.
var (
	ErrNotConnected = errors.New("rtc: not connected in time")
	ErrLost         = errors.New("rtc: connection lost")
	ErrPeerClosed   = errors.New("rtc: closed by the peer")
	ErrMisbehaved   = errors.New("rtc: peer misbehaved")
	ErrPanic        = errors.New("rtc: internal error")
)

// PeerOptions belong to one leg.
type PeerOptions struct {
	Label   string // for logs
	Handler media.LegHandler
	Clock   *media.Clock
	Stereo  bool // asks the peer for stereo sound
	Codecs  Codecs
	// Bandwidth is the b=AS of video in the answer, in kbit/s; 0 writes none.
	Bandwidth int
}

// Peer is one WebRTC leg. Safe for concurrent use.
type Peer struct {
	// Constant after construction.
	server  *Server
	handler media.LegHandler
	log     *slog.Logger
	link    *link
	local   local // but for transport and version, guarded by negotiation
	writer  *writer
	in      *inbound
	back    *feedback
	queue   *queue
	codecs  Codecs
	ending  chan struct{} // closed when the leg has to end
	done    chan struct{} // closed when it has ended
	agreed  chan struct{} // an offer's answer was accepted; nil for a leg that answered

	// Atomic.
	terms      atomic.Pointer[terms]
	stats      counters
	connected  atomic.Bool
	streams    atomic.Int32
	candidates atomic.Int32

	negotiation sync.Mutex // one offer or answer at a time
	awaits      *terms     // our offer, guarded by negotiation; nil when answered

	calls calls // those into handler

	mu     sync.Mutex
	ended  bool  // guarded by mu
	reason error // guarded by mu
}

// Answer takes a browser's offer, complete or trickling, and returns the leg and
// the answer, which holds all candidates. The error wraps ErrUnusable when
// nothing in the offer can be answered. From the return on the handler is called.
func (s *Server) Answer(ctx context.Context, offer string, o PeerOptions) (*Peer, string, error) {
	d, t, err := readOffer(offer, o.Codecs)
	if err != nil {
		return nil, "", err
	}
	if dir := t.directions(); dir == (media.Directions{}) {
		return nil, "", errNothing
	}
	p, err := s.newPeer(o, t, t.remote.setup)
	if err != nil {
		return nil, "", err
	}
	if p.local.transport, err = p.link.accept(ctx, t.remote); err != nil {
		p.abandon()
		return nil, "", err
	}
	p.local.print = s.print
	if err := p.begin(); err != nil {
		return nil, "", err
	}
	return p, writeAnswer(d, t, &p.local), nil
}

// Offer makes a leg whose peer has yet to answer by Accept. d says what is wanted
// as the server sees it.
func (s *Server) Offer(ctx context.Context, o PeerOptions, d media.Directions) (*Peer, string, error) {
	t := offeredTerms(d, o.Codecs)
	if !t.audio.used && !t.video.used {
		return nil, "", errors.New("rtc: offer of nothing")
	}
	p, err := s.newPeer(o, t, "")
	if err != nil {
		return nil, "", err
	}
	p.awaits, p.agreed = t, make(chan struct{}, 1)
	if p.local.transport, err = p.link.offer(ctx); err != nil {
		p.abandon()
		return nil, "", err
	}
	p.local.print = s.print
	if err := p.begin(); err != nil {
		return nil, "", err
	}
	return p, writeOffer(t, &p.local), nil
}

// OfferedSound tells in what form an offer's sound would come: the codec of the
// answer, and two channels if the sender says that he is likely to send them
// (RFC 7587 7.1). ok is false when the answer would take none.
func OfferedSound(offer string, c Codecs) (form media.AudioForm, ok bool) {
	_, t, err := readOffer(offer, c)
	if err != nil || !t.audio.used {
		return media.AudioForm{}, false
	}
	form = media.AudioForm{Codec: t.audio.codec, Channels: 1}
	if t.audio.codec == media.Opus && t.audio.says("sprop-stereo=1") {
		form.Channels = 2
	}
	return form, true
}

// Usable tells why nothing of an offer could be answered; nil if something can.
// It costs no leg: a call may ring elsewhere before this side is answered.
func Usable(offer string, c Codecs) error {
	_, t, err := readOffer(offer, c)
	if err == nil && t.directions() == (media.Directions{}) {
		err = errNothing
	}
	return err
}

// errNothing is of a description that lets nothing flow.
var errNothing = fmt.Errorf("rtc: %w: nothing is sent and nothing taken", ErrUnusable)

func readOffer(text string, c Codecs) (*description, *terms, error) {
	d, err := parseDescription(text)
	if err != nil {
		return nil, nil, fmt.Errorf("rtc: read offer: %w: %w", ErrUnusable, err)
	}
	t, err := readTerms(d, c)
	if err == nil && !t.audio.used && slices.ContainsFunc(d.sections, offersSound) {
		err = fmt.Errorf("%w: no usable section for the sound", ErrUnusable) // he would be mute and deaf
	}
	if err != nil {
		return nil, nil, fmt.Errorf("rtc: read offer: %w", err)
	}
	return d, t, nil
}

func offersSound(s section) bool {
	return s.kind == "audio" && s.port != 0 && (s.send || s.recv)
}

func (s *Server) newPeer(o PeerOptions, t *terms, remoteSetup string) (*Peer, error) {
	p := &Peer{
		server: s, handler: o.Handler, log: s.log.With("call", o.Label),
		codecs: o.Codecs, queue: newQueue(), ending: make(chan struct{}), done: make(chan struct{}),
	}
	p.terms.Store(t)
	var err error
	ids := sources{rand.Uint32(), rand.Uint32(), rand.Uint32()}
	if p.link, err = s.newLink(p, ids.video, remoteSetup); err != nil {
		return nil, err
	}
	p.writer = newWriter(&p.link.track.out, p.queue, o.Clock, &p.terms, &p.stats, ids, uint16(rand.Uint32()>>17))
	// A clash of SSRCs between legs costs the later one its segmented sends only.
	if !s.batches.claim(ids.video, p.writer.batch) {
		p.log.Warn("SSRC is taken by another leg", "ssrc", ids.video)
	}
	p.in = newInbound(o.Handler, &p.terms, &p.stats, ids.audio, p.sendRTCP)
	p.back = &feedback{in: p.in, queue: p.queue, clock: o.Clock, stats: &p.stats, own: ids, key: p.keyframeWanted}
	kbps := o.Bandwidth
	if s.maxKbps > 0 && (kbps == 0 || kbps > s.maxKbps) {
		kbps = s.maxKbps
	}
	p.local = local{
		candidates: s.candidates, addr: s.connectionAddr(), port: s.Port(),
		stream: fmt.Sprintf("omniverto-%08x", rand.Uint32()), ssrc: ids, stereo: o.Stereo, kbps: kbps,
		session: rand.Uint64() >> 1, version: 1,
	}
	return p, nil
}

// begin starts the leg's goroutine.
func (p *Peer) begin() error {
	if !p.server.add(p) {
		p.abandon()
		return ErrClosed
	}
	go p.run()
	return nil
}

// abandon takes back a leg that never began.
func (p *Peer) abandon() {
	p.server.batches.drop(p.local.ssrc.video)
	if err := p.link.close(); err != nil {
		p.log.Debug("close of an unused connection", "err", err)
	}
}

// Accept takes the peer's answer to Offer.
func (p *Peer) Accept(answer string) error {
	p.negotiation.Lock()
	defer p.negotiation.Unlock()
	if p.awaits == nil {
		return errors.New("rtc: answer without an offer")
	}
	d, err := parseDescription(answer)
	if err != nil {
		return fmt.Errorf("rtc: read answer: %w: %w", ErrUnusable, err)
	}
	t, err := readTerms(d, p.kept())
	if err != nil {
		return fmt.Errorf("rtc: read answer: %w", err)
	}
	t.limit(p.awaits)
	if err := p.link.answered(t.remote); err != nil {
		return err
	}
	p.awaits = nil
	p.terms.Store(t)
	p.agreed <- struct{}{}
	return nil
}

// Reoffer answers a further offer of the same peer: an ICE restart, or other
// directions. The new candidates are in the answer.
func (p *Peer) Reoffer(offer string) (string, error) {
	p.negotiation.Lock()
	defer p.negotiation.Unlock()
	d, t, err := readOffer(offer, p.kept())
	if err != nil {
		return "", err
	}
	ctx, cancel := context.WithTimeout(context.Background(), connectTimeout)
	defer cancel()
	tr, err := p.link.accept(ctx, t.remote)
	if err != nil {
		return "", err
	}
	p.local.transport = tr
	p.local.print = p.server.print
	p.local.version++
	p.terms.Store(t)
	return writeAnswer(d, t, &p.local), nil
}

// kept are the codecs of a leg that renegotiates: its decoder stays.
func (p *Peer) kept() Codecs {
	t := p.terms.Load()
	if !t.audio.used {
		return p.codecs
	}
	return Codecs{Audio: []media.AudioCodec{t.audio.codec}, NoVideo: p.codecs.NoVideo}
}

// AudioForm tells what sound the peer takes: a codec, and two channels if it
// plays them.
func (p *Peer) AudioForm() media.AudioForm {
	l := &p.terms.Load().audio
	return media.AudioForm{Codec: l.codec, Channels: l.channels()}
}

// AddCandidate takes a trickled candidate. It is checked, and no more: the server
// is ICE-lite and never sends checks, so it learns the peer's addresses from the
// checks that reach it (RFC 8445 2.5), and a candidate cannot make it send anywhere.
func (p *Peer) AddCandidate(candidate string) error {
	if p.candidates.Add(1) > maxCandidates {
		return fmt.Errorf("%w: more than %d candidates", ErrMisbehaved, maxCandidates)
	}
	text := strings.TrimPrefix(strings.TrimPrefix(candidate, "a="), "candidate:")
	if strings.TrimSpace(text) == "" {
		return nil // end of candidates
	}
	if _, err := ice.UnmarshalCandidate(text); err != nil {
		return fmt.Errorf("rtc: candidate: %w", err)
	}
	return nil
}

// Connected tells whether DTLS has come up and the leg has not ended.
func (p *Peer) Connected() bool {
	select {
	case <-p.ending:
		return false
	default:
		return p.connected.Load()
	}
}

// Directions tells what was agreed. Before Accept it is what was offered.
func (p *Peer) Directions() media.Directions { return p.terms.Load().directions() }

// Audio takes the peer's sound: one tick per frame.
func (p *Peer) Audio() media.Watcher { return audioWatcher{p} }

// Video takes the peer's view. It begins with the next keyframe.
func (p *Peer) Video() media.Watcher { return videoWatcher{p} }

type (
	audioWatcher struct{ p *Peer }
	videoWatcher struct{ p *Peer }
)

// WriteFrame queues one tick of sound.
func (w audioWatcher) WriteFrame(f *media.Frame) {
	if w.p.connected.Load() && w.p.terms.Load().audio.out {
		w.p.stats.dropped.Add(uint64(w.p.queue.putAudio(f)))
	}
}

// WriteFrame queues one picture.
func (w videoWatcher) WriteFrame(f *media.Frame) {
	if w.p.connected.Load() && w.p.terms.Load().video.out {
		w.p.stats.dropped.Add(uint64(w.p.queue.putVideo(f)))
	}
}

// RequestKeyframe asks the peer's encoder for a keyframe (RFC 4585 6.3.1). The
// caller sees to it that this is not too often.
func (p *Peer) RequestKeyframe() {
	ssrc := p.in.videoSSRC()
	if ssrc == 0 || !p.terms.Load().video.in || !p.connected.Load() {
		return
	}
	p.stats.plisOut.Add(1)
	p.sendRTCP([]rtcp.Packet{&rtcp.PictureLossIndication{SenderSSRC: p.local.ssrc.video, MediaSSRC: ssrc}})
}

// Stats returns the leg's counters.
func (p *Peer) Stats() media.LegStats { return p.stats.snapshot() }

// Close ends the leg and waits: when it returns, Handler.Closed has been called
// and nothing else will be.
func (p *Peer) Close() error {
	p.end(nil)
	<-p.done
	return nil
}

// end makes the leg end for a reason; the first one counts. Never blocks.
func (p *Peer) end(reason error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.ended {
		p.ended, p.reason = true, reason
		close(p.ending)
	}
}

// run is the leg's goroutine: it writes, reports, and takes everything down.
func (p *Peer) run() {
	defer close(p.done)
	p.write()
	p.calls.stop()
	p.queue.close()
	if err := p.link.close(); err != nil {
		p.log.Debug("close of the connection", "err", err)
	}
	p.calls.wait()
	p.writer.close()
	p.server.batches.drop(p.local.ssrc.video)
	p.server.remove(p)
	p.mu.Lock()
	reason := p.reason
	p.mu.Unlock()
	defer p.recovered()
	p.handler.Closed(reason)
}

// write serves the queue until the leg ends.
func (p *Peer) write() {
	defer p.recovered()
	patience := time.NewTimer(p.patience())
	defer patience.Stop()
	reports := time.NewTicker(reportPeriod)
	defer reports.Stop()
	pace := time.NewTimer(time.Hour)
	defer pace.Stop()
	for {
		select {
		case <-p.ending:
			return
		case <-patience.C:
			if !p.connected.Load() {
				p.end(ErrNotConnected)
			}
			continue
		case <-p.agreed:
			patience.Reset(p.server.patience)
		case <-reports.C:
			p.report()
		case <-pace.C:
			p.writer.paced = false
		case <-p.queue.wake:
		}
		if wait := p.writer.step(); wait > 0 {
			pace.Reset(wait)
		}
		if p.queue.takeAsk() {
			p.keyframeWanted()
		}
	}
}

// patience is how long a leg that just began may be without a connection.
func (p *Peer) patience() time.Duration {
	if p.agreed != nil {
		return ringTimeout
	}
	return p.server.patience
}

func (p *Peer) report() {
	p.writer.second()
	if p.connected.Load() {
		p.sendRTCP(p.writer.report(p.in.blocks(time.Now()), p.local.stream))
	}
}

// sendRTCP sends feedback; what cannot be sent is repeated by its nature.
func (p *Peer) sendRTCP(packets []rtcp.Packet) {
	if p.link.writeRTCP(packets) != nil {
		p.stats.writeErrors.Add(1)
	}
}

// recovered ends the leg when its goroutine panicked.
func (p *Peer) recovered() {
	if r := recover(); r != nil {
		p.log.Error("panic in a leg", "panic", r, "stack", string(debug.Stack()))
		p.end(fmt.Errorf("%w: %v", ErrPanic, r))
	}
}

// The rest makes Peer a linkHandler.

func (p *Peer) rtp(b []byte) {
	if !p.calls.enter() {
		return
	}
	defer p.calls.leave()
	defer p.recovered()
	p.in.rtp(b, time.Now())
}

func (p *Peer) rtcp(ssrc uint32, b []byte) {
	if !p.calls.enter() {
		return
	}
	defer p.calls.leave()
	defer p.recovered()
	p.back.rtcp(ssrc, b, time.Now())
}

// opened counts the SSRCs: each costs memory in pion for the life of the leg.
func (p *Peer) opened(kind packetio.BufferPacketType) {
	if kind == packetio.RTPBufferPacket && p.streams.Add(1) > maxStreams {
		p.end(fmt.Errorf("%w: more than %d streams", ErrMisbehaved, maxStreams))
	}
}

// stateChanged looks at the connection's state; pion tells changes unordered.
func (p *Peer) stateChanged() {
	switch p.link.state() {
	case webrtc.PeerConnectionStateConnected:
		p.up()
	case webrtc.PeerConnectionStateFailed:
		p.end(p.whileConnected(ErrLost))
	case webrtc.PeerConnectionStateClosed:
		p.end(p.whileConnected(ErrPeerClosed))
	default:
	}
}

// whileConnected is err for a leg that was up. A DTLS handshake that fails, say for
// the fingerprint, shows as failed or as closed, depending on who is first.
func (p *Peer) whileConnected(err error) error {
	if p.connected.Load() {
		return err
	}
	return ErrNotConnected
}

// up tells the handler once that DTLS is up; after an interruption it asks for a keyframe.
func (p *Peer) up() {
	if p.connected.Swap(true) {
		p.keyframeWanted()
		return
	}
	p.call(p.handler.Connected)
}

func (p *Peer) keyframeWanted() { p.call(p.handler.KeyframeRequested) }

func (p *Peer) call(f func()) {
	if p.calls.enter() {
		defer p.calls.leave()
		defer p.recovered()
		f()
	}
}
