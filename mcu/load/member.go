package load

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pion/rtcp"
	"github.com/pion/rtp"
	"github.com/pion/webrtc/v4"
)

// role is what a participant does.
type role struct {
	index   int    // of his loops
	name    string // shown to others
	camera  bool
	talks   bool
	observe bool
	visitor bool // came or went in the measurement
	line    Line
}

func (r role) String() string {
	words := []string{"listens"}
	if r.talks {
		words[0] = "talks"
	}
	if r.camera {
		words = append(words, "camera")
	}
	if r.observe {
		words = append(words, "observes")
	}
	return strings.Join(words, ", ")
}

// participant is one synthetic member of the room. Its goroutines are those of
// its peer and signal, two senders and a tender; leave ends them.
type participant struct {
	// Constant after construction.
	role
	stage    *stage
	cert     webrtc.Certificate
	observer *observer // nil: counts only
	rng      *rand.Rand
	conn     *net.UDPConn

	signal *signal
	peer   *peer
	invite time.Time // when the invite was sent
	dtx    bool
	stop   context.CancelFunc
	wg     sync.WaitGroup

	keyWanted atomic.Bool

	mu       sync.Mutex // guards what follows
	assemble assembler
	watch    watch
	hear     hear
	ssrc     uint32 // of the canvas
	result   Member
	asked    int // keyframes
	sent     int // keyframes on request
	base     struct{ expected, received, lost uint64 }
	fixed    int // repaired before begin
	first    chan struct{}
}

// socketBuffer is asked of the kernel for what is received: a keyframe and what
// comes while this process does not get a processor.
const socketBuffer = 2 << 20

func newParticipant(r role, s *stage, cert webrtc.Certificate, seed uint64) *participant {
	return &participant{
		role: r, stage: s, cert: cert, rng: rand.New(rand.NewPCG(seed, uint64(r.index))), first: make(chan struct{}),
		result: Member{Name: r.name, Role: r.String(), Visitor: r.visitor, Impaired: !r.line.perfect()},
	}
}

// joining is what a participant needs to join.
type joining struct {
	url, room, user, password string
	insecure, video           bool
	bind                      net.IP
	seed                      uint64
}

// join logs in, calls the room and waits until media flows. On an error leave
// must be called all the same.
func (p *participant) join(ctx context.Context, j joining) error {
	begun := time.Now()
	var err error
	if p.signal, err = dial(ctx, j.url, j.insecure); err != nil {
		return err
	}
	if err := p.signal.login(ctx, j.user, j.password); err != nil {
		return err
	}
	p.result.LoginMS = milliseconds(time.Since(begun))
	if err := p.openPeer(j); err != nil {
		return err
	}
	offer, err := p.peer.offer(ctx)
	if err != nil {
		return err
	}
	p.invite = time.Now()
	answer, err := p.signal.invite(ctx, j.room, p.name, offer, j.video)
	if err != nil {
		return err
	}
	p.result.JoinMS = milliseconds(time.Since(p.invite))
	p.dtx = usesDTX(answer)
	if err := p.peer.accept(answer); err != nil {
		return err
	}
	p.result.Bundled = p.peer.spare == nil
	select {
	case <-p.peer.up:
		p.result.ConnectMS = milliseconds(time.Since(p.invite))
	case <-p.peer.down:
		return errors.New("load: no media connection: ICE or DTLS failed")
	case <-ctx.Done():
		return fmt.Errorf("load: no media connection: %w", ctx.Err())
	}
	p.perform()
	return p.awaitPicture(ctx, j.video)
}

// openPeer opens the socket, with its line, and the WebRTC side.
func (p *participant) openPeer(j joining) error {
	conn, err := net.ListenUDP("udp", &net.UDPAddr{IP: j.bind})
	if err != nil {
		return fmt.Errorf("load: media socket: %w", err)
	}
	_ = conn.SetReadBuffer(socketBuffer)
	p.conn = conn
	var through net.PacketConn = conn
	if !p.line.perfect() {
		through = newRelay(conn, p.line, p.line, j.seed*maxMembers+uint64(p.index))
	}
	if p.observe {
		if p.observer, err = newObserver(p.stage, p.index); err != nil {
			_ = through.Close()
			return err
		}
	}
	p.peer, err = newPeer(through, peerOptions{camera: p.camera, video: j.video, receive: p, cert: p.cert})
	return err
}

// awaitPicture waits for the first picture, if there is to be one.
func (p *participant) awaitPicture(ctx context.Context, video bool) error {
	if !video {
		return nil
	}
	select {
	case <-p.first:
		return nil
	case why := <-p.signal.ended:
		return fmt.Errorf("load: %w: %s", errHungUp, why)
	case <-ctx.Done():
		return fmt.Errorf("load: no picture: %w", ctx.Err())
	}
}

// tendEvery is how often a participant looks for what is missing.
const tendEvery = 10 * time.Millisecond

// tend asks for missing packets, and for keyframes where frames are missing.
func (p *participant) tend(ctx context.Context) {
	tick := time.NewTicker(tendEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case now := <-tick.C:
			p.mu.Lock()
			ask, ssrc := p.assemble.tend(now), p.ssrc
			if ask {
				p.asked++
			}
			var missing []uint16
			if p.peer.repairs {
				missing = p.assemble.due(now)
			}
			p.mu.Unlock()
			if len(missing) > 0 {
				p.peer.askPackets(ssrc, missing)
			}
			if ask {
				p.peer.askKeyframe(ssrc)
			}
		}
	}
}

func (p *participant) keyframeWanted() { p.keyWanted.Store(true) }

func (p *participant) report(kind webrtc.RTPCodecType, r *rtcp.SenderReport) {
	if p.observer != nil {
		p.observer.report(kind, r)
	}
}

// video takes a packet of the canvas; payload is ours.
func (p *participant) video(h *rtp.Header, payload []byte, at time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.ssrc = h.SSRC
	if len(payload) == 0 { // padding of a bandwidth probe
		return
	}
	p.assemble.push(packet{h.SequenceNumber, h.Timestamp, h.Marker, at, payload}, p.frame)
}

// frame takes a whole frame. Called with mu held.
func (p *participant) frame(f frame) {
	if p.result.FirstPictureMS == 0 {
		p.result.FirstPictureMS = milliseconds(time.Since(p.invite))
		close(p.first)
	}
	p.watch.show(time.Now(), len(f.unit), f.key)
	if p.observer != nil {
		p.observer.show(f)
	}
}

// audio takes a packet of the mix; payload is ours.
func (p *participant) audio(h *rtp.Header, payload []byte, at time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.result.FirstSoundMS == 0 {
		p.result.FirstSoundMS = milliseconds(time.Since(p.invite))
	}
	p.hear.take(at, h.SequenceNumber, len(payload))
	if p.observer != nil && len(payload) > 0 {
		p.observer.hear(payload, h.Timestamp, at)
	}
}

// begin starts the measurement.
func (p *participant) begin(now time.Time) {
	p.mu.Lock()
	p.watch.begin(now)
	p.hear.begin()
	a := &p.assemble
	p.base.expected, p.base.received, p.base.lost = a.expected, a.received, a.lost()
	p.fixed, p.asked, p.sent = a.repaired, 0, 0
	p.mu.Unlock()
	if p.observer != nil {
		p.observer.begin()
	}
}

// end ends the measurement that begin started at begun.
func (p *participant) end(now, begun time.Time) Member {
	p.mu.Lock()
	defer p.mu.Unlock()
	m, w, h := &p.result, &p.watch, &p.hear
	seconds := now.Sub(begun).Seconds()
	m.FPS = float64(w.frames) / seconds
	m.VideoKbps, m.AudioKbps = float64(w.bytes)*8/1000/seconds, float64(h.bytes)*8/1000/seconds
	m.Keyframes, m.KeyframesAsked, m.KeyframesSent = w.keys, p.asked, p.sent
	count, sum, longest := w.end(now)
	m.Freezes, m.FreezeMS, m.LongestFreezeMS = count, milliseconds(sum), milliseconds(longest)
	m.Lost = max(int(p.assemble.lost())-int(p.base.lost), 0)
	m.Repaired = p.assemble.repaired - p.fixed
	if expected := p.assemble.expected - p.base.expected; expected > 0 {
		m.LossPercent = 100 * float64(m.Lost+m.Repaired) / float64(expected)
	}
	h.end(now)
	m.AudioGaps, m.AudioGapMS = h.gaps, milliseconds(h.gapTime)
	if lost, expected := h.lost(); expected > 0 {
		m.AudioLossPct = 100 * float64(lost) / float64(expected)
	}
	if p.observer != nil {
		m.Observed = p.observer.end(seconds)
	}
	if m.Error == "" {
		select {
		case why := <-p.signal.ended:
			m.Error = "the server hung up: " + why
		case <-p.peer.down:
			m.Error = "the media connection failed"
		default:
		}
	}
	return *m
}

// port is the local media port, 0 before it is open.
func (p *participant) port() int {
	if p.conn == nil {
		return 0
	}
	return p.conn.LocalAddr().(*net.UDPAddr).Port
}

// leave hangs up, ends everything and waits.
func (p *participant) leave(ctx context.Context) {
	if p.signal != nil {
		_ = p.signal.hangUp(ctx) // the server may be gone
	}
	if p.stop != nil {
		p.stop()
		p.wg.Wait()
	}
	if p.peer != nil {
		p.peer.close()
	}
	if p.observer != nil {
		p.observer.close()
	}
	if p.signal != nil {
		p.signal.close()
	}
}
