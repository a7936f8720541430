package load

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pion/dtls/v3"
	"github.com/pion/ice/v4"
	"github.com/pion/interceptor"
	"github.com/pion/interceptor/pkg/nack"
	"github.com/pion/interceptor/pkg/report"
	"github.com/pion/interceptor/pkg/twcc"
	"github.com/pion/logging"
	"github.com/pion/rtcp"
	"github.com/pion/rtp"
	"github.com/pion/sdp/v3"
	"github.com/pion/webrtc/v4"
)

const (
	uriLevel    = "urn:ietf:params:rtp-hdrext:ssrc-audio-level"
	uriSendTime = "http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time"

	opusPT, eventPT, vp8PT, rtxPT = 111, 110, 96, 97

	// feedbackEvery is the interval of transport-wide feedback, as in browsers.
	feedbackEvery = 50 * time.Millisecond
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

// api is pion with the codecs, extensions and feedback that a browser has.
func (p *peer) api() (*webrtc.API, error) {
	engine, registry := &webrtc.MediaEngine{}, &interceptor.Registry{}
	if err := errors.Join(registerCodecs(engine), registerExtensions(engine), registerFeedback(registry)); err != nil {
		return nil, fmt.Errorf("load: set up WebRTC: %w", err)
	}
	se := webrtc.SettingEngine{LoggerFactory: quiet()}
	se.SetICEUDPMux(p.mux)
	se.SetNetworkTypes([]webrtc.NetworkType{webrtc.NetworkTypeUDP4, webrtc.NetworkTypeUDP6})
	se.SetIncludeLoopbackCandidate(true)
	se.SetICEMulticastDNSMode(ice.MulticastDNSModeDisabled)
	se.DisableActiveTCP(true)
	se.SetSRTPProtectionProfiles(dtls.SRTP_AEAD_AES_128_GCM, dtls.SRTP_AES128_CM_HMAC_SHA1_80)
	return webrtc.NewAPI(webrtc.WithMediaEngine(engine), webrtc.WithSettingEngine(se), webrtc.WithInterceptorRegistry(registry)), nil
}

func registerCodecs(engine *webrtc.MediaEngine) error {
	feedback := []webrtc.RTCPFeedback{{Type: "goog-remb"}, {Type: "transport-cc"}, {Type: "ccm", Parameter: "fir"}, {Type: "nack"}, {Type: "nack", Parameter: "pli"}}
	audio := func(c webrtc.RTPCodecCapability, pt webrtc.PayloadType) error {
		return engine.RegisterCodec(webrtc.RTPCodecParameters{RTPCodecCapability: c, PayloadType: pt}, webrtc.RTPCodecTypeAudio)
	}
	video := func(c webrtc.RTPCodecCapability, pt webrtc.PayloadType) error {
		return engine.RegisterCodec(webrtc.RTPCodecParameters{RTPCodecCapability: c, PayloadType: pt}, webrtc.RTPCodecTypeVideo)
	}
	return errors.Join(
		audio(webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeOpus, ClockRate: 48000, Channels: 2,
			SDPFmtpLine: "minptime=10;useinbandfec=1;stereo=1;sprop-stereo=1", RTCPFeedback: feedback[1:2]}, opusPT),
		audio(webrtc.RTPCodecCapability{MimeType: "audio/telephone-event", ClockRate: 48000}, eventPT),
		video(webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeVP8, ClockRate: 90000, RTCPFeedback: feedback}, vp8PT),
		video(webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeRTX, ClockRate: 90000, SDPFmtpLine: fmt.Sprintf("apt=%d", vp8PT)}, rtxPT),
	)
}

func registerExtensions(engine *webrtc.MediaEngine) error {
	var errs []error
	for _, uri := range []string{uriLevel, uriSendTime, sdp.TransportCCURI, sdp.SDESMidURI} {
		if uri != uriLevel {
			errs = append(errs, engine.RegisterHeaderExtension(webrtc.RTPHeaderExtensionCapability{URI: uri}, webrtc.RTPCodecTypeVideo))
		}
		errs = append(errs, engine.RegisterHeaderExtension(webrtc.RTPHeaderExtensionCapability{URI: uri}, webrtc.RTPCodecTypeAudio))
	}
	return errors.Join(errs...)
}

func registerFeedback(registry *interceptor.Registry) error {
	responder, err2 := nack.NewResponderInterceptor()
	receiver, err3 := report.NewReceiverInterceptor()
	sender, err4 := report.NewSenderInterceptor()
	feedback, err5 := twcc.NewSenderInterceptor(twcc.SendInterval(feedbackEvery))
	numbers, err6 := twcc.NewHeaderExtensionInterceptor()
	if err := errors.Join(err2, err3, err4, err5, err6); err != nil {
		return err
	}
	for _, f := range []interceptor.Factory{responder, receiver, sender, feedback, numbers} {
		registry.Add(f)
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

// quiet is pion's logger that says nothing: what matters is measured.
func quiet() logging.LoggerFactory {
	f := logging.NewDefaultLoggerFactory()
	f.DefaultLogLevel = logging.LogLevelDisabled
	f.ScopeLevels = map[string]logging.LogLevel{}
	return f
}
