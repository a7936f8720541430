package rtc

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/pion/dtls/v3"
	"github.com/pion/ice/v4"
	"github.com/pion/interceptor"
	"github.com/pion/rtcp"
	"github.com/pion/rtp"
	"github.com/pion/transport/v4/packetio"
	"github.com/pion/webrtc/v4"
)

// ICE timeouts: a peer is disconnected after 5 s without a packet and failed 30 s
// after the last one, when its consent has run out (RFC 7675 5.1). pion counts
// the second from the first.
const (
	iceDisconnected = 5 * time.Second
	iceFailed       = 25 * time.Second
	iceKeepalive    = 2 * time.Second
)

// linkHandler takes what comes out of a link. The packet methods are called from
// one goroutine each and borrow p; stateChanged is called from any goroutine.
type linkHandler interface {
	rtp(p []byte)
	rtcp(ssrc uint32, p []byte)
	opened(kind packetio.BufferPacketType)
	stateChanged()
}

// link is one PeerConnection that serves as a transport: ICE-lite on the
// server's mux, DTLS, SRTP. pion sees one constant video section in which it
// sends; so it never parses what the peer really offers, starts no receiver and
// no interceptor, and a re-offer is nothing but new ICE credentials.
type link struct {
	pc    *webrtc.PeerConnection
	track *tap
}

func (s *Server) newLink(h linkHandler, ssrc uint32, remoteSetup string) (*link, error) {
	engine := &webrtc.MediaEngine{}
	err := engine.RegisterCodec(webrtc.RTPCodecParameters{
		RTPCodecCapability: webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeVP8, ClockRate: 90000}, PayloadType: 96,
	}, webrtc.RTPCodecTypeVideo)
	if err != nil {
		return nil, fmt.Errorf("rtc: register codec: %w", err)
	}
	settings, err := s.settings(h, remoteSetup)
	if err != nil {
		return nil, err
	}
	api := webrtc.NewAPI(webrtc.WithMediaEngine(engine), webrtc.WithSettingEngine(settings),
		webrtc.WithInterceptorRegistry(&interceptor.Registry{}))
	pc, err := api.NewPeerConnection(webrtc.Configuration{Certificates: []webrtc.Certificate{s.cert}})
	if err != nil {
		return nil, fmt.Errorf("rtc: new connection: %w", err)
	}
	l := &link{pc: pc, track: &tap{}}
	_, err = pc.AddTransceiverFromTrack(l.track, webrtc.RTPTransceiverInit{
		Direction:     webrtc.RTPTransceiverDirectionSendonly,
		SendEncodings: []webrtc.RTPEncodingParameters{{RTPCodingParameters: webrtc.RTPCodingParameters{SSRC: webrtc.SSRC(ssrc)}}},
	})
	if err != nil {
		_ = l.close()
		return nil, fmt.Errorf("rtc: new track: %w", err)
	}
	pc.OnConnectionStateChange(func(webrtc.PeerConnectionState) { h.stateChanged() })
	return l, nil
}

func (s *Server) settings(h linkHandler, remoteSetup string) (webrtc.SettingEngine, error) {
	se := webrtc.SettingEngine{LoggerFactory: logs{s.log}}
	se.SetLite(true)
	se.SetICEUDPMux(s.mux)
	se.SetNetworkTypes([]webrtc.NetworkType{webrtc.NetworkTypeUDP4, webrtc.NetworkTypeUDP6})
	se.SetIncludeLoopbackCandidate(true)
	se.SetICEMulticastDNSMode(ice.MulticastDNSModeDisabled)
	se.DisableActiveTCP(true)
	se.SetICETimeouts(iceDisconnected, iceFailed, iceKeepalive)
	// GCM first: 0.33 µs a packet against 1.76 for AES-CM with HMAC-SHA1 (media.md 4).
	se.SetSRTPProtectionProfiles(dtls.SRTP_AEAD_AES_128_GCM, dtls.SRTP_AEAD_AES_256_GCM, dtls.SRTP_AES128_CM_HMAC_SHA1_80)
	se.SetDTLSConnectContextMaker(func() (context.Context, func()) {
		ctx, cancel := context.WithTimeout(context.Background(), connectTimeout)
		return ctx, cancel
	})
	se.BufferFactory = func(kind packetio.BufferPacketType, ssrc uint32) io.ReadWriteCloser {
		h.opened(kind)
		return &sink{handler: h, kind: kind, ssrc: ssrc}
	}
	if remoteSetup == "passive" {
		return se, nil // the peer waits, so we begin
	}
	if err := se.SetAnsweringDTLSRole(webrtc.DTLSRoleServer); err != nil {
		return se, fmt.Errorf("rtc: DTLS role: %w", err)
	}
	return se, nil
}

// accept takes the peer's offered transport and gathers; also for an ICE restart.
func (l *link) accept(ctx context.Context, remote transport) (transport, error) {
	if err := l.pc.SetRemoteDescription(webrtc.SessionDescription{
		Type: webrtc.SDPTypeOffer, SDP: constantSDP(remote),
	}); err != nil {
		return transport{}, fmt.Errorf("rtc: take offer: %w", err)
	}
	gathered := webrtc.GatheringCompletePromise(l.pc)
	answer, err := l.pc.CreateAnswer(nil)
	if err != nil {
		return transport{}, fmt.Errorf("rtc: make answer: %w", err)
	}
	if err := l.pc.SetLocalDescription(answer); err != nil {
		return transport{}, fmt.Errorf("rtc: set answer: %w", err)
	}
	t, err := credentials(ctx, gathered, answer.SDP)
	if t.setup = "passive"; remote.setup == "passive" {
		t.setup = "active"
	}
	return t, err
}

// offer gathers and returns the transport to offer.
func (l *link) offer(ctx context.Context) (transport, error) {
	gathered := webrtc.GatheringCompletePromise(l.pc)
	offer, err := l.pc.CreateOffer(nil)
	if err != nil {
		return transport{}, fmt.Errorf("rtc: make offer: %w", err)
	}
	if err := l.pc.SetLocalDescription(offer); err != nil {
		return transport{}, fmt.Errorf("rtc: set offer: %w", err)
	}
	t, err := credentials(ctx, gathered, offer.SDP)
	t.setup = "actpass"
	return t, err
}

// answered takes the transport of the peer's answer to our offer.
func (l *link) answered(remote transport) error {
	err := l.pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: constantSDP(remote)})
	if err != nil {
		return fmt.Errorf("rtc: take answer: %w", err)
	}
	return nil
}

// credentials waits until every socket listens for this link, and takes its ICE
// credentials from pion's description: ICETransport.GetLocalParameters would read
// what pion's own goroutine may just be writing.
func credentials(ctx context.Context, gathered <-chan struct{}, description string) (transport, error) {
	select {
	case <-gathered:
	case <-ctx.Done():
		return transport{}, fmt.Errorf("rtc: gather: %w", ctx.Err())
	}
	d, err := parseDescription(description)
	if err != nil {
		return transport{}, fmt.Errorf("rtc: own description: %w", err)
	}
	return transport{ufrag: d.sections[0].ufrag, pwd: d.sections[0].pwd}, nil
}

func (l *link) state() webrtc.PeerConnectionState { return l.pc.ConnectionState() }

// close ends the link and waits for pion's goroutines.
func (l *link) close() error { return l.pc.GracefulClose() }

func (l *link) writeRTCP(p []rtcp.Packet) error { return l.pc.WriteRTCP(p) }

// constantSDP is the section that pion negotiates. The ssrc line is there because
// pion would otherwise add a transceiver for every unknown SSRC.
func constantSDP(t transport) string {
	setup := t.setup
	if setup != "active" && setup != "passive" {
		setup = "actpass"
	}
	return strings.Join([]string{
		"v=0", "o=- 1 1 IN IP4 0.0.0.0", "s=-", "t=0 0", "a=group:BUNDLE 0",
		"m=video 9 UDP/TLS/RTP/SAVPF 96", "c=IN IP4 0.0.0.0",
		"a=ice-ufrag:" + t.ufrag, "a=ice-pwd:" + t.pwd,
		"a=fingerprint:" + t.print.alg + " " + t.print.value, "a=setup:" + setup,
		"a=mid:0", "a=recvonly", "a=rtcp-mux", "a=rtpmap:96 VP8/90000", "a=ssrc:1 cname:peer", "",
	}, "\r\n")
}

// tap is the TrackLocal through which all of a leg's packets leave: it keeps the
// write stream that pion binds it to.
type tap struct{ out writeStream }

// rtpWriter takes one packet; the header is borrowed.
type rtpWriter interface {
	WriteRTP(h *rtp.Header, payload []byte) (int, error)
}

// Bind keeps the write stream.
func (t *tap) Bind(c webrtc.TrackLocalContext) (webrtc.RTPCodecParameters, error) {
	params := c.CodecParameters()
	if len(params) == 0 {
		return webrtc.RTPCodecParameters{}, fmt.Errorf("rtc: track bound without codec")
	}
	t.out.set(c.WriteStream())
	return params[0], nil
}

// Unbind forgets the write stream.
func (t *tap) Unbind(webrtc.TrackLocalContext) error {
	t.out.set(nil)
	return nil
}

// ID, RID, StreamID and Kind are never seen by the peer.
func (t *tap) ID() string { return "tap" }

// RID is empty: no simulcast.
func (t *tap) RID() string { return "" }

// StreamID is never seen by the peer.
func (t *tap) StreamID() string { return "tap" }

// Kind is that of the constant section.
func (t *tap) Kind() webrtc.RTPCodecType { return webrtc.RTPCodecTypeVideo }

// sink stands where pion keeps the buffer of one SSRC: its SRTP goroutine hands
// over each decrypted packet without a copy.
type sink struct {
	handler linkHandler
	kind    packetio.BufferPacketType
	ssrc    uint32
}

// Write takes one packet.
func (s *sink) Write(p []byte) (int, error) {
	if s.kind == packetio.RTPBufferPacket {
		s.handler.rtp(p)
	} else {
		s.handler.rtcp(s.ssrc, p)
	}
	return len(p), nil
}

// Read has nothing to give: nobody in this package reads through pion.
func (s *sink) Read([]byte) (int, error) { return 0, io.EOF }

// Close does nothing.
func (s *sink) Close() error { return nil }
