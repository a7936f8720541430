package rtc_test

import (
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pion/ice/v4"
	"github.com/pion/rtcp"
	"github.com/pion/rtp"
	"github.com/pion/webrtc/v4"
	"go.uber.org/goleak"

	"github.com/omniverto/omniverto/mcu/rtc"
	"github.com/omniverto/omniverto/media"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience bounds every wait of these tests.
const patience = 15 * time.Second

func newServer(t testing.TB, o rtc.Options) *rtc.Server {
	t.Helper()
	if o.Addr == "" {
		o.Addr = "127.0.0.1:0"
	}
	s, err := rtc.New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// handler is a media.LegHandler that remembers.
type handler struct {
	t         testing.TB
	up        chan struct{}
	closed    chan error
	keyframes chan struct{}
	reports   chan string

	mu           sync.Mutex
	audio, video []media.Packet
	changed      chan struct{}
	over         bool
	onVideo      func(*media.Packet)
}

func newHandler(t testing.TB) *handler {
	return &handler{
		t: t, up: make(chan struct{}, 1), closed: make(chan error, 1),
		keyframes: make(chan struct{}, 1000), reports: make(chan string, 1000), changed: make(chan struct{}, 1),
	}
}

func (h *handler) keep(list *[]media.Packet, p *media.Packet) {
	h.mu.Lock()
	if h.over {
		h.t.Error("packet after Closed")
	}
	c := *p
	c.Payload = slices.Clone(p.Payload)
	*list = append(*list, c)
	hook := h.onVideo
	h.mu.Unlock()
	if hook != nil && list == &h.video {
		hook(p)
	}
	select {
	case h.changed <- struct{}{}:
	default:
	}
}

func (h *handler) AudioPacket(p *media.Packet)      { h.keep(&h.audio, p) }
func (h *handler) VideoPacket(p *media.Packet)      { h.keep(&h.video, p) }
func (h *handler) AudioReport(media.SenderReport)   { h.reports <- "audio" }
func (h *handler) VideoReport(r media.SenderReport) { h.reports <- "video" }
func (h *handler) Connected()                       { h.up <- struct{}{} }
func (h *handler) KeyframeRequested()               { h.keyframes <- struct{}{} }

func (h *handler) Closed(err error) {
	h.mu.Lock()
	h.over = true
	h.mu.Unlock()
	h.closed <- err
}

// hook has f called for each video packet from now on.
func (h *handler) hook(f func(*media.Packet)) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.onVideo = f
}

// packets waits until ok accepts what has arrived.
func (h *handler) packets(what string, ok func(audio, video []media.Packet) bool) (audio, video []media.Packet) {
	h.t.Helper()
	timeout := time.After(patience)
	for {
		h.mu.Lock()
		audio, video = slices.Clone(h.audio), slices.Clone(h.video)
		h.mu.Unlock()
		if ok(audio, video) {
			return audio, video
		}
		select {
		case <-h.changed:
		case <-timeout:
			h.t.Fatalf("waited in vain for %s; have %d audio and %d video packets", what, len(audio), len(video))
		}
	}
}

func wait[T any](t testing.TB, c <-chan T, what string) T {
	t.Helper()
	select {
	case v := <-c:
		return v
	case <-time.After(patience):
		t.Fatalf("waited in vain for %s", what)
		panic("unreachable")
	}
}

// client is a pion peer: the browser of these tests.
type client struct {
	t            testing.TB
	pc           *webrtc.PeerConnection
	audio, video *webrtc.TrackLocalStaticRTP
	raw          []*rawTrack
	tracks       chan *webrtc.TrackRemote
	up           chan struct{}
	plis         chan struct{}
}

// rawTrack also writes headers as they are given.
type rawTrack struct {
	*webrtc.TrackLocalStaticRTP
	out webrtc.TrackLocalWriter
}

func (r *rawTrack) Bind(c webrtc.TrackLocalContext) (webrtc.RTPCodecParameters, error) {
	r.out = c.WriteStream()
	return r.TrackLocalStaticRTP.Bind(c)
}

// clientOptions say what the client does and how.
type clientOptions struct {
	audio, video webrtc.RTPTransceiverDirection
	settings     func(*webrtc.SettingEngine)
	api          func(*webrtc.SettingEngine) *webrtc.API // nil: pion's default codecs and interceptors
}

var sendrecv = clientOptions{audio: webrtc.RTPTransceiverDirectionSendrecv, video: webrtc.RTPTransceiverDirectionSendrecv}

func newClient(t testing.TB, o clientOptions) *client {
	t.Helper()
	se := &webrtc.SettingEngine{}
	se.SetIncludeLoopbackCandidate(true)
	se.SetICEMulticastDNSMode(ice.MulticastDNSModeDisabled)
	se.SetNetworkTypes([]webrtc.NetworkType{webrtc.NetworkTypeUDP4})
	se.SetIPFilter(loopbackOnly)
	if o.settings != nil {
		o.settings(se)
	}
	api := webrtc.NewAPI(webrtc.WithSettingEngine(*se))
	if o.api != nil {
		api = o.api(se)
	}
	pc, err := api.NewPeerConnection(webrtc.Configuration{})
	if err != nil {
		t.Fatal(err)
	}
	c := &client{t: t, pc: pc, tracks: make(chan *webrtc.TrackRemote, 4), up: make(chan struct{}, 16), plis: make(chan struct{}, 100)}
	t.Cleanup(func() { _ = pc.GracefulClose() })
	c.audio = c.add(webrtc.MimeTypeOpus, "a", o.audio)
	c.video = c.add(webrtc.MimeTypeVP8, "v", o.video)
	pc.OnTrack(func(r *webrtc.TrackRemote, _ *webrtc.RTPReceiver) { c.tracks <- r })
	pc.OnConnectionStateChange(func(s webrtc.PeerConnectionState) {
		if s == webrtc.PeerConnectionStateConnected {
			c.up <- struct{}{}
		}
	})
	return c
}

// loopbackOnly keeps all traffic of the tests on this machine.
func loopbackOnly(ip net.IP) bool { return ip.IsLoopback() }

func (c *client) add(mime, id string, dir webrtc.RTPTransceiverDirection) *webrtc.TrackLocalStaticRTP {
	c.t.Helper()
	init := webrtc.RTPTransceiverInit{Direction: dir}
	kind := webrtc.NewRTPCodecType(strings.Split(mime, "/")[0])
	var err error
	var track *webrtc.TrackLocalStaticRTP
	var tr *webrtc.RTPTransceiver
	switch dir {
	case webrtc.RTPTransceiverDirectionUnknown:
	case webrtc.RTPTransceiverDirectionRecvonly:
		_, err = c.pc.AddTransceiverFromKind(kind, init)
	default:
		track, err = webrtc.NewTrackLocalStaticRTP(webrtc.RTPCodecCapability{MimeType: mime}, id, "client")
		if err == nil {
			raw := &rawTrack{TrackLocalStaticRTP: track}
			c.raw = append(c.raw, raw)
			tr, err = c.pc.AddTransceiverFromTrack(raw, init)
		}
	}
	if err != nil {
		c.t.Fatal(err)
	}
	if tr != nil {
		go c.feedback(tr.Sender())
	}
	return track
}

// feedback reads what comes back for one sender; pion's NACK responder lives on it.
func (c *client) feedback(s *webrtc.RTPSender) {
	for {
		packets, _, err := s.ReadRTCP()
		if err != nil {
			return
		}
		for _, p := range packets {
			if _, ok := p.(*rtcp.PictureLossIndication); ok {
				c.plis <- struct{}{}
			}
		}
	}
}

// offer makes a complete offer.
func (c *client) offer(o *webrtc.OfferOptions) string {
	c.t.Helper()
	offer, err := c.pc.CreateOffer(o)
	if err != nil {
		c.t.Fatal(err)
	}
	gathered := webrtc.GatheringCompletePromise(c.pc)
	if err := c.pc.SetLocalDescription(offer); err != nil {
		c.t.Fatal(err)
	}
	wait(c.t, gathered, "the client's candidates")
	return c.pc.LocalDescription().SDP
}

func (c *client) take(answer string) {
	c.t.Helper()
	err := c.pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: answer})
	if err != nil {
		c.t.Fatalf("client refuses the answer: %v\n%s", err, answer)
	}
}

// call joins a client and a server's leg and waits until both are up.
func call(t testing.TB, s *rtc.Server, c *client, o rtc.PeerOptions) (*rtc.Peer, *handler) {
	t.Helper()
	h := newHandler(t)
	o.Handler = h
	if o.Clock == nil {
		o.Clock = media.NewClock()
	}
	p, answer, err := s.Answer(context.Background(), c.offer(nil), o)
	if err != nil {
		t.Fatal(err)
	}
	c.take(answer)
	wait(t, h.up, "the server's connection")
	wait(t, c.up, "the client's connection")
	return p, h
}

// frame makes an encoded picture of n fragments of equal length.
func frame(rtpTime uint32, key bool, n int, fill byte) *media.Frame {
	return frameFrom(media.NewFramePool(64), rtpTime, key, n, fill)
}

func frameFrom(pool *media.FramePool, rtpTime uint32, key bool, n int, fill byte) *media.Frame {
	f := pool.Get()
	f.RTPTime, f.Key = rtpTime, key
	data := make([]byte, n*(media.MaxFragment-1)-17)
	for i := range data {
		data[i] = byte(i) ^ fill
	}
	f.SetVP8(data)
	if len(f.Fragments) != n {
		panic(fmt.Sprintf("frame of %d fragments instead of %d", len(f.Fragments), n))
	}
	return f
}

// read takes n packets of a track.
func read(t testing.TB, r *webrtc.TrackRemote, n int) []*rtp.Packet {
	t.Helper()
	var all []*rtp.Packet
	for len(all) < n {
		if err := r.SetReadDeadline(time.Now().Add(patience)); err != nil {
			t.Fatal(err)
		}
		p, _, err := r.ReadRTP()
		if err != nil {
			t.Fatalf("after %d of %d packets: %v", len(all), n, err)
		}
		all = append(all, p)
	}
	return all
}

func testdata(t testing.TB, name string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
