package load

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pion/ice/v4"
	"github.com/pion/rtcp"
	"github.com/pion/rtp"
	"github.com/pion/webrtc/v4"
)

// peer is a member's WebRTC side: one connection for all media, and a spare one
// for the video of servers that do not bundle.
type peer struct {
	mux         ice.UDPMux
	main, spare *webrtc.PeerConnection // spare is nil without video, and once it is not needed
	mic         *lane
	cameras     []*lane // the camera on main and on spare; the one that was negotiated is bound
	repairs     bool    // the server resends; set by accept
	receive     receiver
	up          chan struct{} // closed when the first connection is up
	upOnce      sync.Once
	down        chan struct{} // closed when one has failed
	downOnce    sync.Once

	mu     sync.Mutex
	closed bool           // guarded by mu; no reader is started any more
	wg     sync.WaitGroup // readers
}

// receiver takes what comes in. Each method is called by one goroutine.
type receiver interface {
	video(h *rtp.Header, payload []byte, at time.Time)
	audio(h *rtp.Header, payload []byte, at time.Time)
	report(kind webrtc.RTPCodecType, r *rtcp.SenderReport)
	keyframeWanted()
}

// lane is one outgoing track.
type lane struct {
	*webrtc.TrackLocalStaticRTP
	sender *webrtc.RTPSender
	level  atomic.Uint32 // id of the audio level extension, 0 if not agreed
}

// peerOptions say what a peer is.
type peerOptions struct {
	camera, video bool // sends a picture; receives one
	receive       receiver
	cert          webrtc.Certificate
}

// newPeer takes over conn.
func newPeer(conn net.PacketConn, o peerOptions) (*peer, error) {
	p := &peer{
		mux:     ice.NewUDPMuxDefault(ice.UDPMuxParams{UDPConn: conn, Logger: quiet().NewLogger("mux")}),
		receive: o.receive, up: make(chan struct{}), down: make(chan struct{}),
	}
	if err := p.open(o); err != nil {
		p.close()
		return nil, err
	}
	return p, nil
}

func (p *peer) open(o peerOptions) error {
	api, err := p.api()
	if err != nil {
		return err
	}
	if p.main, err = p.connection(api, o.cert); err != nil {
		return err
	}
	if p.mic, err = p.addTrack(p.main, webrtc.MimeTypeOpus, "mic", 0); err != nil {
		return err
	}
	if !o.video {
		return nil
	}
	if p.spare, err = p.connection(api, o.cert); err != nil {
		return err
	}
	ssrc := webrtc.SSRC(rand.Uint32()) // the same in both, for only one offer is seen
	for _, pc := range []*webrtc.PeerConnection{p.main, p.spare} {
		if !o.camera {
			_, err := pc.AddTransceiverFromKind(webrtc.RTPCodecTypeVideo, webrtc.RTPTransceiverInit{Direction: webrtc.RTPTransceiverDirectionRecvonly})
			if err != nil {
				return fmt.Errorf("load: receive video: %w", err)
			}
			continue
		}
		camera, err := p.addTrack(pc, webrtc.MimeTypeVP8, "camera", ssrc)
		if err != nil {
			return err
		}
		p.cameras = append(p.cameras, camera)
	}
	return nil
}

func (p *peer) connection(api *webrtc.API, cert webrtc.Certificate) (*webrtc.PeerConnection, error) {
	pc, err := api.NewPeerConnection(webrtc.Configuration{Certificates: []webrtc.Certificate{cert}})
	if err != nil {
		return nil, fmt.Errorf("load: new connection: %w", err)
	}
	pc.OnTrack(func(t *webrtc.TrackRemote, r *webrtc.RTPReceiver) {
		p.start(func() { p.readReports(t, r) })
		p.start(func() { p.read(t) })
	})
	pc.OnConnectionStateChange(func(s webrtc.PeerConnectionState) {
		switch s {
		case webrtc.PeerConnectionStateConnected:
			p.upOnce.Do(func() { close(p.up) })
		case webrtc.PeerConnectionStateFailed:
			p.downOnce.Do(func() { close(p.down) })
		default:
		}
	})
	return pc, nil
}

func (p *peer) addTrack(pc *webrtc.PeerConnection, mime, id string, ssrc webrtc.SSRC) (*lane, error) {
	t, err := webrtc.NewTrackLocalStaticRTP(webrtc.RTPCodecCapability{MimeType: mime}, id, "load")
	if err != nil {
		return nil, fmt.Errorf("load: %s: %w", id, err)
	}
	init := webrtc.RTPTransceiverInit{Direction: webrtc.RTPTransceiverDirectionSendrecv}
	if ssrc != 0 {
		init.SendEncodings = []webrtc.RTPEncodingParameters{{RTPCodingParameters: webrtc.RTPCodingParameters{SSRC: ssrc}}}
	}
	tr, err := pc.AddTransceiverFromTrack(t, init)
	if err != nil {
		return nil, fmt.Errorf("load: %s: %w", id, err)
	}
	l := &lane{TrackLocalStaticRTP: t, sender: tr.Sender()}
	p.start(func() { p.readFeedback(l) })
	return l, nil
}

// readFeedback reads what the server says about a track that we send; the
// interceptors resend by themselves.
func (p *peer) readFeedback(l *lane) {
	for {
		packets, _, err := l.sender.ReadRTCP()
		if err != nil {
			return
		}
		for _, pkt := range packets {
			switch pkt.(type) {
			case *rtcp.PictureLossIndication, *rtcp.FullIntraRequest:
				p.receive.keyframeWanted()
			}
		}
	}
}

// start runs a reader, unless the peer is closed.
func (p *peer) start(read func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.closed {
		p.wg.Go(read)
	}
}

// readReports reads the sender reports about an incoming track.
func (p *peer) readReports(t *webrtc.TrackRemote, r *webrtc.RTPReceiver) {
	for {
		packets, _, err := r.ReadRTCP()
		if err != nil {
			return
		}
		for _, pkt := range packets {
			if sr, ok := pkt.(*rtcp.SenderReport); ok && sr.SSRC == uint32(t.SSRC()) {
				p.receive.report(t.Kind(), sr)
			}
		}
	}
}

// read reads the packets of an incoming track.
func (p *peer) read(t *webrtc.TrackRemote) {
	var h rtp.Header
	buf := make([]byte, 2048)
	for {
		n, _, err := t.Read(buf)
		if err != nil {
			return
		}
		at := time.Now()
		size, err := h.Unmarshal(buf[:n])
		if err != nil {
			continue
		}
		if h.Padding && n > size {
			n = max(n-int(buf[n-1]), size)
		}
		payload := append([]byte(nil), buf[size:n]...)
		if t.Kind() == webrtc.RTPCodecTypeAudio {
			p.receive.audio(&h, payload, at)
		} else {
			p.receive.video(&h, payload, at)
		}
	}
}

// offer gathers and returns the offer.
func (p *peer) offer(ctx context.Context) (string, error) {
	main, err := gather(ctx, p.main)
	if err != nil || p.spare == nil {
		return placeMedia(main), err
	}
	spare, err := gather(ctx, p.spare)
	if err != nil {
		return "", err
	}
	both, err := lendTransport(main, spare)
	return placeMedia(both), err
}

func gather(ctx context.Context, pc *webrtc.PeerConnection) (string, error) {
	offer, err := pc.CreateOffer(nil)
	if err != nil {
		return "", fmt.Errorf("load: make offer: %w", err)
	}
	gathered := webrtc.GatheringCompletePromise(pc)
	if err := pc.SetLocalDescription(offer); err != nil {
		return "", fmt.Errorf("load: set offer: %w", err)
	}
	select {
	case <-gathered:
		return pc.LocalDescription().SDP, nil
	case <-ctx.Done():
		return "", fmt.Errorf("load: gather candidates: %w", ctx.Err())
	}
}

// accept takes the answer.
func (p *peer) accept(answer string) error {
	first, rest, err := splitAnswer(answer)
	if err != nil {
		return err
	}
	p.repairs = resends(answer)
	if err := p.main.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: first}); err != nil {
		return fmt.Errorf("load: take answer: %w", err)
	}
	switch {
	case p.spare == nil:
	case rest == "":
		spare := p.spare
		p.spare = nil
		_ = spare.Close()
		p.cameras = p.cameras[:min(len(p.cameras), 1)]
	default:
		if err := p.spare.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: rest}); err != nil {
			return fmt.Errorf("load: take answer for video: %w", err)
		}
		p.cameras = p.cameras[min(len(p.cameras), 1):]
	}
	p.start(func() { p.nudge(first, rest) })
	for _, e := range p.mic.sender.GetParameters().HeaderExtensions {
		if e.URI == uriLevel {
			p.mic.level.Store(uint32(e.ID))
		}
	}
	return nil
}

// nudge makes pion choose a path as soon as a check has succeeded, as browsers
// do; by itself it looks every 200 ms only. A further candidate makes it look: the
// server's own address once more, by another name.
func (p *peer) nudge(first, rest string) {
	for i, wait := range []time.Duration{5, 10, 15, 30, 60} {
		select {
		case <-p.up:
			return
		case <-p.down:
			return
		case <-time.After(wait * time.Millisecond):
		}
		for sdp, pc := range map[string]*webrtc.PeerConnection{first: p.main, rest: p.spare} {
			if c := nudgeCandidate(sdp, i+1); c != "" && pc != nil {
				_ = pc.AddICECandidate(webrtc.ICECandidateInit{Candidate: c})
			}
		}
	}
}

// askKeyframe sends a PLI for a source.
func (p *peer) askKeyframe(ssrc uint32) {
	_ = p.forVideo().WriteRTCP([]rtcp.Packet{&rtcp.PictureLossIndication{MediaSSRC: ssrc}})
}

// askPackets sends a NACK for packets of a source.
func (p *peer) askPackets(ssrc uint32, missing []uint16) {
	_ = p.forVideo().WriteRTCP([]rtcp.Packet{&rtcp.TransportLayerNack{
		MediaSSRC: ssrc, Nacks: rtcp.NackPairsFromSequenceNumbers(missing),
	}})
}

// forVideo is the connection over which video goes.
func (p *peer) forVideo() *webrtc.PeerConnection {
	if p.spare != nil {
		return p.spare
	}
	return p.main
}

// close ends the connections and the socket, and waits for the readers.
func (p *peer) close() {
	p.mu.Lock()
	p.closed = true
	p.mu.Unlock()
	for _, pc := range []*webrtc.PeerConnection{p.main, p.spare} {
		if pc != nil {
			_ = pc.GracefulClose()
		}
	}
	_ = p.mux.Close()
	p.wg.Wait()
}
