package rtc_test

import (
	"bytes"
	"context"
	"errors"
	"net"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/pion/rtcp"
	"github.com/pion/rtp"
	"github.com/pion/webrtc/v4"

	"github.com/omniverto/omniverto/mcu/rtc"
	"github.com/omniverto/omniverto/media"
)

// TestCallToPeer sends frames to a peer over real sockets and checks every byte,
// the marker, the RTP time and the sequence.
func TestCallToPeer(t *testing.T) {
	s := newServer(t, rtc.Options{})
	c := newClient(t, sendrecv)
	p, _ := call(t, s, c, rtc.PeerOptions{})
	if got, want := p.Directions(), (media.Directions{AudioIn: true, AudioOut: true, VideoIn: true, VideoOut: true}); got != want {
		t.Errorf("directions %+v, want %+v", got, want)
	}
	frames := []*media.Frame{frame(1000, true, 20, 1), frame(4000, false, 1, 2), frame(7000, false, 7, 3)}
	total := 0
	for _, f := range frames {
		p.Video().WriteFrame(f)
		total += len(f.Fragments)
	}
	sound := media.NewFramePool(4).Get()
	sound.RTPTime, sound.Marker = 77, true
	sound.SetPayload([]byte("a tone"))
	p.Audio().WriteFrame(sound)
	for range 2 {
		switch r := wait(t, c.tracks, "a track"); r.Kind() {
		case webrtc.RTPCodecTypeAudio:
			checkSound(t, read(t, r, 1)[0])
		default:
			checkFrames(t, read(t, r, total), frames)
		}
	}
	st := p.Stats()
	if st.PacketsOut != uint64(total)+1 || st.DroppedFrames != 0 {
		t.Errorf("stats %+v, want %d packets out and no drop", st, total+1)
	}
}

func checkSound(t *testing.T, got *rtp.Packet) {
	t.Helper()
	if string(got.Payload) != "a tone" || got.Timestamp != 77 || !got.Marker {
		t.Errorf("sound %q at %d, marker %v", got.Payload, got.Timestamp, got.Marker)
	}
}

func checkFrames(t *testing.T, got []*rtp.Packet, frames []*media.Frame) {
	t.Helper()
	i := 0
	for _, f := range frames {
		for k, b := range f.Fragments {
			g := got[i]
			if !bytes.Equal(g.Payload, b) {
				t.Errorf("packet %d has other bytes than the fragment", i)
			}
			if g.Timestamp != f.RTPTime || g.Marker != (k == len(f.Fragments)-1) {
				t.Errorf("packet %d: time %d marker %v, want %d and %v", i, g.Timestamp, g.Marker, f.RTPTime, k == len(f.Fragments)-1)
			}
			if want := got[0].SequenceNumber + uint16(i); g.SequenceNumber != want {
				t.Errorf("packet %d: sequence %d, want %d", i, g.SequenceNumber, want)
			}
			i++
		}
	}
}

// TestCallFromPeer checks what the handler gets of a peer's packets.
func TestCallFromPeer(t *testing.T) {
	s := newServer(t, rtc.Options{})
	c := newClient(t, sendrecv)
	p, h := call(t, s, c, rtc.PeerOptions{})
	for i := range 10 {
		sendRTP(t, c.video, uint16(100+i), 3000, i == 9, []byte{0x10, byte(i)})
		sendRTP(t, c.audio, uint16(200+i), uint32(960*i), i == 0, []byte{0xfc, byte(i)})
	}
	audio, video := h.packets("ten of each", func(a, v []media.Packet) bool { return len(a) == 10 && len(v) == 10 })
	for i := range 10 {
		if v := video[i]; v.Seq != uint16(100+i) || v.Timestamp != 3000 || v.Marker != (i == 9) || !bytes.Equal(v.Payload, []byte{0x10, byte(i)}) {
			t.Errorf("video packet %d is %+v", i, v)
		}
		if a := audio[i]; a.Seq != uint16(200+i) || a.Timestamp != uint32(960*i) || a.Marker != (i == 0) || !bytes.Equal(a.Payload, []byte{0xfc, byte(i)}) {
			t.Errorf("audio packet %d is %+v", i, a)
		}
	}
	if n := rtc.Transceivers(p); n != 1 {
		t.Errorf("pion made %d transceivers of the peer's streams, want its constant one", n)
	}
	if st := p.Stats(); st.PacketsIn != 20 || st.LostIn != 0 {
		t.Errorf("stats %+v, want 20 packets in", st)
	}
	seen := map[string]bool{}
	for len(seen) < 2 {
		seen[wait(t, h.reports, "sender reports")] = true
	}
}

func sendRTP(t testing.TB, track *webrtc.TrackLocalStaticRTP, seq uint16, ts uint32, marker bool, payload []byte) {
	t.Helper()
	err := track.WriteRTP(&rtp.Packet{
		Header:  rtp.Header{Version: 2, SequenceNumber: seq, Timestamp: ts, Marker: marker},
		Payload: payload,
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestKeyframeRequests checks PLI in both directions.
func TestKeyframeRequests(t *testing.T) {
	s := newServer(t, rtc.Options{})
	c := newClient(t, sendrecv)
	p, h := call(t, s, c, rtc.PeerOptions{})
	p.Video().WriteFrame(frame(1, true, 1, 0))
	track := wait(t, c.tracks, "the video track")
	pli := []rtcp.Packet{&rtcp.PictureLossIndication{MediaSSRC: uint32(track.SSRC())}}
	for range 50 {
		if err := c.pc.WriteRTCP(pli); err != nil {
			t.Fatal(err)
		}
	}
	wait(t, h.keyframes, "the keyframe request")
	if n := len(h.keyframes); n > 2 {
		t.Errorf("a burst of requests reached the handler %d times more", n)
	}
	p.RequestKeyframe()
	wait(t, c.plis, "the server's request")
	if n := p.Stats().PLIsOut; n != 1 {
		t.Errorf("%d requests counted, want 1", n)
	}
}

// TestICERestart goes on sending after a re-offer with new credentials.
func TestICERestart(t *testing.T) {
	s := newServer(t, rtc.Options{})
	c := newClient(t, sendrecv)
	p, h := call(t, s, c, rtc.PeerOptions{})
	p.Video().WriteFrame(frame(1, true, 1, 0))
	track := wait(t, c.tracks, "the video track")
	first := read(t, track, 1)[0]
	answer, err := p.Reoffer(c.offer(&webrtc.OfferOptions{ICERestart: true}))
	if err != nil {
		t.Fatal(err)
	}
	c.take(answer)
	wait(t, c.up, "the second connection")
	wait(t, h.keyframes, "the keyframe request after the restart")
	p.Video().WriteFrame(frame(2, true, 1, 0))
	second := read(t, track, 1)[0]
	if second.SequenceNumber != first.SequenceNumber+1 || second.Timestamp != 2 {
		t.Errorf("after the restart: sequence %d time %d, want %d and 2", second.SequenceNumber, second.Timestamp, first.SequenceNumber+1)
	}
	sendRTP(t, c.video, 5, 1, true, []byte{0x10, 1})
	h.packets("video after the restart", func(_, v []media.Packet) bool { return len(v) == 1 })
}

// TestReofferDirections: hold and resume, without new credentials, and a re-offer
// that cannot be answered changes nothing.
func TestReofferDirections(t *testing.T) {
	s := newServer(t, rtc.Options{})
	offer := testdata(t, "audio-video.txt")
	p, answer, err := s.Answer(context.Background(), offer, rtc.PeerOptions{Handler: newHandler(t), Clock: media.NewClock()})
	if err != nil {
		t.Fatal(err)
	}
	ufrag := regexp.MustCompile(`a=ice-ufrag:\S+`)
	both := media.Directions{AudioIn: true, AudioOut: true, VideoIn: true, VideoOut: true}
	tests := []struct {
		name, offer string
		err         error
		want        media.Directions
		line        string
	}{
		{"hold", strings.ReplaceAll(offer, "a=sendrecv", "a=sendonly"), nil, media.Directions{AudioIn: true, VideoIn: true}, "a=recvonly"},
		{"inactive", strings.ReplaceAll(offer, "a=sendrecv", "a=inactive"), nil, media.Directions{}, "a=inactive"},
		{"unusable", testdata(t, "unusable.txt"), rtc.ErrUnusable, media.Directions{}, ""},
		{"resume", offer, nil, both, "a=sendrecv"},
		{"camera off", testdata(t, "audio-only.txt"), nil, media.Directions{AudioIn: true, AudioOut: true}, "a=sendrecv"},
	}
	for _, tt := range tests {
		again, err := p.Reoffer(tt.offer)
		if !errors.Is(err, tt.err) || p.Directions() != tt.want {
			t.Errorf("%s: %v, directions %+v, want %+v", tt.name, err, p.Directions(), tt.want)
		}
		if !strings.Contains(again, tt.line) || err == nil && ufrag.FindString(again) != ufrag.FindString(answer) {
			t.Errorf("%s: answer\n%s", tt.name, again)
		}
	}
	if err := p.Close(); err != nil {
		t.Error(err)
	}
}

// TestRecordedRestart answers a browser's recorded offer and its ICE-restart re-offer.
func TestRecordedRestart(t *testing.T) {
	s := newServer(t, rtc.Options{})
	p, first, err := s.Answer(context.Background(), testdata(t, "before-restart.txt"), rtc.PeerOptions{Handler: newHandler(t), Clock: media.NewClock()})
	if err != nil {
		t.Fatal(err)
	}
	second, err := p.Reoffer(testdata(t, "ice-restart.txt"))
	if err != nil {
		t.Fatal(err)
	}
	ufrag := regexp.MustCompile(`a=ice-ufrag:\S+`)
	if ufrag.FindString(first) == ufrag.FindString(second) || !strings.Contains(second, "a=candidate:") {
		t.Errorf("no new credentials or no candidates in\n%s", second)
	}
	ssrc := regexp.MustCompile(`a=ssrc-group:.*`)
	if ssrc.FindString(first) != ssrc.FindString(second) {
		t.Error("the streams have changed")
	}
	if err := p.Close(); err != nil {
		t.Error(err)
	}
}

// TestTrickle: an offer without candidates, which come one by one.
func TestTrickle(t *testing.T) {
	s := newServer(t, rtc.Options{})
	c := newClient(t, sendrecv)
	candidates := make(chan string, 100)
	c.pc.OnICECandidate(func(i *webrtc.ICECandidate) {
		if i != nil {
			candidates <- i.ToJSON().Candidate
		}
	})
	offer, err := c.pc.CreateOffer(nil)
	if err != nil {
		t.Fatal(err)
	}
	h := newHandler(t)
	p, answer, err := s.Answer(context.Background(), offer.SDP, rtc.PeerOptions{Handler: h, Clock: media.NewClock()})
	if err != nil {
		t.Fatal(err)
	}
	if err := c.pc.SetLocalDescription(offer); err != nil {
		t.Fatal(err)
	}
	c.take(answer)
	if err := p.AddCandidate(wait(t, candidates, "a candidate")); err != nil {
		t.Error(err)
	}
	wait(t, h.up, "the connection")
}

// TestStrangers: packets from an address that ICE does not know reach nobody.
func TestStrangers(t *testing.T) {
	s := newServer(t, rtc.Options{})
	c := newClient(t, sendrecv)
	p, h := call(t, s, c, rtc.PeerOptions{})
	stranger, err := net.DialUDP("udp4", nil, net.UDPAddrFromAddrPort(s.Addrs()[0]))
	if err != nil {
		t.Fatal(err)
	}
	defer stranger.Close()
	hello := append([]byte{22, 254, 253}, make([]byte, 60)...) // a DTLS record
	stun := append([]byte{0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42}, make([]byte, 12)...)
	rtpLike := append([]byte{0x80, 96}, make([]byte, 100)...)
	for range 100 {
		for _, junk := range [][]byte{hello, stun, rtpLike, {0}, {}} {
			if _, err := stranger.Write(junk); err != nil {
				t.Fatal(err)
			}
		}
	}
	sendRTP(t, c.video, 1, 1, true, []byte{0x10, 1})
	_, video := h.packets("the peer's packet", func(_, v []media.Packet) bool { return len(v) > 0 })
	if len(video) != 1 || p.Stats().PacketsIn != 1 || len(h.closed) != 0 {
		t.Errorf("%d packets, stats %+v", len(video), p.Stats())
	}
}

// TestServerOffers makes the server the offerer.
func TestServerOffers(t *testing.T) {
	s := newServer(t, rtc.Options{})
	c := newClient(t, clientOptions{})
	h := newHandler(t)
	want := media.Directions{AudioIn: true, AudioOut: true, VideoIn: true, VideoOut: true}
	p, offer, err := s.Offer(context.Background(), rtc.PeerOptions{Handler: h, Clock: media.NewClock()}, want)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeOffer, SDP: offer}); err != nil {
		t.Fatalf("%v\n%s", err, offer)
	}
	c.audio = c.track(webrtc.MimeTypeOpus)
	c.video = c.track(webrtc.MimeTypeVP8)
	answer, err := c.pc.CreateAnswer(nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.pc.SetLocalDescription(answer); err != nil {
		t.Fatal(err)
	}
	if err := p.Accept(answer.SDP); err != nil {
		t.Fatal(err)
	}
	wait(t, h.up, "the connection")
	if got := p.Directions(); got != want {
		t.Errorf("directions %+v, want %+v", got, want)
	}
	wait(t, c.up, "the client's connection")
	sendRTP(t, c.video, 1, 1, true, []byte{0x10, 1})
	sendRTP(t, c.audio, 1, 1, true, []byte{0xfc})
	h.packets("both kinds", func(a, v []media.Packet) bool { return len(a) == 1 && len(v) == 1 })
	f := frame(9, true, 3, 0)
	p.Video().WriteFrame(f)
	checkFrames(t, read(t, wait(t, c.tracks, "the track"), 3), []*media.Frame{f})
	if err := p.Accept(answer.SDP); err == nil {
		t.Error("a second answer was taken")
	}
}

func (c *client) track(mime string) *webrtc.TrackLocalStaticRTP {
	c.t.Helper()
	track, err := webrtc.NewTrackLocalStaticRTP(webrtc.RTPCodecCapability{MimeType: mime}, mime, "client")
	if err != nil {
		c.t.Fatal(err)
	}
	if _, err := c.pc.AddTrack(track); err != nil {
		c.t.Fatal(err)
	}
	return track
}

// TestOfferWaits: an offer may ring for long; from its answer on the connection has
// to come up soon.
func TestOfferWaits(t *testing.T) {
	s := newServer(t, rtc.Options{})
	const patience = 50 * time.Millisecond
	rtc.SetPatience(s, patience)
	h := newHandler(t)
	p, offer, err := s.Offer(t.Context(), rtc.PeerOptions{Handler: h, Clock: media.NewClock()}, media.Directions{AudioIn: true})
	if err != nil {
		t.Fatal(err)
	}
	select {
	case err := <-h.closed:
		t.Fatalf("closed before it was answered: %v", err)
	case <-time.After(4 * patience):
	}
	if p.Connected() {
		t.Error("connected before it was answered")
	}
	if err := p.Accept(strings.ReplaceAll(offer, "actpass", "passive")); err != nil {
		t.Fatal(err)
	}
	if err := wait(t, h.closed, "Closed"); !errors.Is(err, rtc.ErrNotConnected) {
		t.Errorf("Closed(%v), want ErrNotConnected", err)
	}
}

// TestUsable tells what would be answered, without a leg.
func TestUsable(t *testing.T) {
	s := newServer(t, rtc.Options{})
	c := newClient(t, sendrecv)
	offer := c.offer(nil)
	for name, tt := range map[string]struct {
		offer string
		ok    bool
	}{
		"a browser's": {offer, true}, "nothing": {"v=0", false},
		"inactive":               {strings.ReplaceAll(offer, "a=sendrecv", "a=inactive"), false},
		"no codec for the sound": {strings.ReplaceAll(offer, "opus", "x"), false},
		"no codec":               {strings.ReplaceAll(strings.ReplaceAll(offer, "opus", "x"), "VP8", "y"), false},
	} {
		if err := rtc.Usable(tt.offer, rtc.Codecs{Audio: []media.AudioCodec{media.Opus}}); (err == nil) != tt.ok || err != nil && !errors.Is(err, rtc.ErrUnusable) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if n := s.Stats().Peers; n != 0 {
		t.Errorf("%d legs were made", n)
	}
}

// TestNeverUp: a leg whose DTLS does not come up ends by itself.
func TestNeverUp(t *testing.T) {
	s := newServer(t, rtc.Options{})
	rtc.SetPatience(s, 50*time.Millisecond)
	h := newHandler(t)
	c := newClient(t, sendrecv)
	_, _, err := s.Answer(context.Background(), c.offer(nil), rtc.PeerOptions{Handler: h, Clock: media.NewClock()})
	if err != nil {
		t.Fatal(err)
	}
	if err := wait(t, h.closed, "Closed"); !errors.Is(err, rtc.ErrNotConnected) {
		t.Errorf("Closed(%v), want ErrNotConnected", err)
	}
}

// TestWrongFingerprint: a certificate other than the one in the offer ends the leg.
func TestWrongFingerprint(t *testing.T) {
	s := newServer(t, rtc.Options{})
	h := newHandler(t)
	c := newClient(t, sendrecv)
	offer := regexp.MustCompile(`(a=fingerprint:sha-256 )(..:..)`).ReplaceAllString(c.offer(nil), "${1}00:00")
	_, answer, err := s.Answer(context.Background(), offer, rtc.PeerOptions{Handler: h, Clock: media.NewClock()})
	if err != nil {
		t.Fatal(err)
	}
	c.take(answer)
	if err := wait(t, h.closed, "Closed"); !errors.Is(err, rtc.ErrNotConnected) {
		t.Errorf("Closed(%v), want ErrNotConnected", err)
	}
	if len(h.up) != 0 {
		t.Error("Connected was called")
	}
}

func floodStreams(t *testing.T, c *client) {
	t.Helper()
	for i := range 100 {
		h := &rtp.Header{Version: 2, PayloadType: 96, SSRC: uint32(1000 + i)}
		if _, err := c.raw[1].out.WriteRTP(h, []byte{0x10}); err != nil {
			return // the server closed the connection
		}
	}
}

// TestEnds checks the reasons that Closed gets.
func TestEnds(t *testing.T) {
	tests := []struct {
		name string
		end  func(*testing.T, *rtc.Server, *rtc.Peer, *client)
		want error
	}{
		{"closed by us", func(t *testing.T, _ *rtc.Server, p *rtc.Peer, _ *client) {
			if err := p.Close(); err != nil {
				t.Error(err)
			}
		}, nil},
		{"server closed", func(t *testing.T, s *rtc.Server, _ *rtc.Peer, _ *client) {
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		}, nil},
		{"closed by the peer", func(t *testing.T, _ *rtc.Server, _ *rtc.Peer, c *client) {
			if err := c.pc.GracefulClose(); err != nil {
				t.Error(err)
			}
		}, rtc.ErrPeerClosed},
		{"panic in the handler", func(t *testing.T, _ *rtc.Server, _ *rtc.Peer, c *client) {
			sendRTP(t, c.video, 1, 1, true, []byte("panic"))
		}, rtc.ErrPanic},
		{"too many streams", func(t *testing.T, _ *rtc.Server, _ *rtc.Peer, c *client) {
			floodStreams(t, c)
		}, rtc.ErrMisbehaved},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := newServer(t, rtc.Options{})
			c := newClient(t, sendrecv)
			p, h := call(t, s, c, rtc.PeerOptions{})
			h.hook(func(m *media.Packet) {
				if string(m.Payload) == "panic" {
					panic("as asked")
				}
			})
			tt.end(t, s, p, c)
			if err := wait(t, h.closed, "Closed"); !errors.Is(err, tt.want) || tt.want == nil && err != nil {
				t.Errorf("Closed(%v), want %v", err, tt.want)
			}
			if err := p.Close(); err != nil {
				t.Error(err)
			}
			if n := s.Stats().Peers; n != 0 {
				t.Errorf("%d legs are left", n)
			}
		})
	}
}
