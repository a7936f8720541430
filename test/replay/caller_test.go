package replay_test

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pion/webrtc/v4"
	pion "github.com/pion/webrtc/v4/pkg/media"

	"github.com/omniverto/omniverto/media"
	"github.com/omniverto/omniverto/media/mediatest"
	"github.com/omniverto/omniverto/media/opus"
)

// caller is the media of one call: a peer connection that is really set up, and
// sends nothing.
type caller struct {
	t         *testing.T
	pc        *webrtc.PeerConnection
	mic       *webrtc.TrackLocalStaticSample
	connected chan struct{} // closed when media comes: the server has seen the connection, too
}

// newCaller makes a peer with the media that a recorded description had; "" for one
// that answers.
func newCaller(t *testing.T, like string) *caller {
	t.Helper()
	pc, err := webrtc.NewPeerConnection(webrtc.Configuration{})
	if err != nil {
		t.Fatal(err)
	}
	c := &caller{t: t, pc: pc, connected: make(chan struct{})}
	t.Cleanup(c.close)
	once := sync.OnceFunc(func() { close(c.connected) })
	pc.OnTrack(func(*webrtc.TrackRemote, *webrtc.RTPReceiver) { once() })
	for section := range strings.SplitSeq(like, ", ") {
		what, direction, _ := strings.Cut(section, " ")
		kind, _, _ := strings.Cut(what, "/")
		if kind != "audio" && kind != "video" {
			continue
		}
		if direction == "recvonly" {
			c.must(pc.AddTransceiverFromKind(kinds[kind], webrtc.RTPTransceiverInit{Direction: webrtc.RTPTransceiverDirectionRecvonly}))
			continue
		}
		init := webrtc.RTPTransceiverInit{Direction: webrtc.RTPTransceiverDirectionSendrecv}
		if direction == "sendonly" {
			init.Direction = webrtc.RTPTransceiverDirectionSendonly
		}
		c.must(pc.AddTransceiverFromTrack(c.track(kind), init))
	}
	return c
}

var kinds = map[string]webrtc.RTPCodecType{"audio": webrtc.RTPCodecTypeAudio, "video": webrtc.RTPCodecTypeVideo}

func (c *caller) must(_ *webrtc.RTPTransceiver, err error) {
	c.t.Helper()
	if err != nil {
		c.t.Fatal(err)
	}
}

func (c *caller) track(kind string) webrtc.TrackLocal {
	codec := webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeVP8, ClockRate: 90000}
	if kind == "audio" {
		codec = webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeOpus, ClockRate: 48000, Channels: 2}
	}
	track, err := webrtc.NewTrackLocalStaticSample(codec, kind, "stream")
	if err != nil {
		c.t.Fatal(err)
	}
	if kind == "audio" {
		c.mic = track
	}
	return track
}

// await waits until media comes.
func (c *caller) await(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	select {
	case <-c.connected:
	case <-ctx.Done():
	}
}

// talk sends a tone for a while.
func (c *caller) talk(ctx context.Context, d time.Duration) {
	c.await(ctx)
	enc, err := opus.NewEncoder(opus.EncoderOptions{Channels: 2, Bitrate: 48000, Complexity: 5})
	if err != nil {
		c.t.Error(err)
		return
	}
	defer enc.Close()
	tick := time.NewTicker(media.AudioTick)
	defer tick.Stop()
	pcm, buf := make([]int16, 2*media.TickSamples), make([]byte, 1500)
	for i := 0; time.Duration(i)*media.AudioTick < d; i++ {
		mediatest.Tone(pcm, 2, 440, -10, i*media.TickSamples)
		n, err := enc.Encode(pcm, buf)
		if err != nil {
			c.t.Error(err)
			return
		}
		_ = c.mic.WriteSample(pion.Sample{Data: buf[:n], Duration: media.AudioTick})
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

func (c *caller) offer(restart bool) string {
	c.t.Helper()
	offer, err := c.pc.CreateOffer(&webrtc.OfferOptions{ICERestart: restart})
	if err != nil {
		c.t.Fatal(err)
	}
	return c.local(offer)
}

func (c *caller) answer(offer string) string {
	c.t.Helper()
	if err := c.pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeOffer, SDP: offer}); err != nil {
		c.t.Fatalf("%v\n%s", err, offer)
	}
	for _, tr := range c.pc.GetTransceivers() {
		if _, err := c.pc.AddTrack(c.track(tr.Kind().String())); err != nil {
			c.t.Fatal(err)
		}
	}
	answer, err := c.pc.CreateAnswer(nil)
	if err != nil {
		c.t.Fatal(err)
	}
	return c.local(answer)
}

func (c *caller) local(d webrtc.SessionDescription) string {
	c.t.Helper()
	gathered := webrtc.GatheringCompletePromise(c.pc)
	if err := c.pc.SetLocalDescription(d); err != nil {
		c.t.Fatal(err)
	}
	<-gathered
	return c.pc.LocalDescription().SDP
}

func (c *caller) answered(sdp string) {
	if c.pc.SignalingState() != webrtc.SignalingStateHaveLocalOffer {
		return
	}
	if err := c.pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: sdp}); err != nil {
		c.t.Errorf("answer of the server: %v", err)
	}
}

func (c *caller) close() { _ = c.pc.Close() }
