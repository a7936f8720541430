package mcu_test

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/gorilla/websocket"
	"github.com/pion/rtp"
	"github.com/pion/rtp/codecs"
	"github.com/pion/webrtc/v4"

	"github.com/omniverto/omniverto/media"
	"github.com/omniverto/omniverto/media/mediatest"
	"github.com/omniverto/omniverto/media/opus"
	"github.com/omniverto/omniverto/media/vpx"
)

// patience is how long a test waits for something that must happen.
const patience = 60 * time.Second

// message is one JSON-RPC message as it came.
type message struct {
	ID     json.Number     `json:"id"`
	Method string          `json:"method"`
	Params json.RawMessage `json:"params"`
	Result json.RawMessage `json:"result"`
	Error  *struct {
		Code    int
		Message string
	} `json:"error"`
}

// client is a Verto client with a camera of one colour and a microphone with one tone.
type client struct {
	t       testing.TB
	session string
	callID  string
	ws      *websocket.Conn
	pc      *webrtc.PeerConnection
	camera  *webrtc.TrackLocalStaticRTP
	mic     *webrtc.TrackLocalStaticRTP

	mu      sync.Mutex
	nextID  int
	seen    []message // everything that came, in order
	lost    error     // why the socket ended
	changed chan struct{}
	canvas  *media.Picture // newest received picture
	heard   []int16        // last second, stereo
	up      bool           // the newest peer is connected
	pics    int
}

// connect opens the socket and logs in with a token.
func connect(t testing.TB, url, token string) *client {
	t.Helper()
	return connectAs(t, url, token, uuid.NewString())
}

// connectAs connects with a session id.
func connectAs(t testing.TB, url, token, session string) *client {
	t.Helper()
	return loginAs(t, url, "guest", token, session)
}

// loginAs logs a user in with a session id.
func loginAs(t testing.TB, url, login, password, session string) *client {
	t.Helper()
	c := dial(t, url, session)
	if m := c.call("login", map[string]any{"login": login, "passwd": password}); m.Error != nil {
		t.Fatalf("login: %+v", m.Error)
	}
	return c
}

// dial opens the socket.
func dial(t testing.TB, url, session string) *client {
	t.Helper()
	ws, _, err := websocket.DefaultDialer.DialContext(t.Context(), url, nil)
	if err != nil {
		t.Fatal(err)
	}
	c := &client{t: t, session: session, ws: ws, changed: make(chan struct{}, 1)}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			var m message
			if err := ws.ReadJSON(&m); err != nil {
				c.note(func() { c.lost = err })
				return
			}
			c.note(func() { c.seen = append(c.seen, m) })
		}
	}()
	t.Cleanup(func() { _ = ws.Close(); <-done })
	return c
}

// note changes what the client knows and wakes whoever waits.
func (c *client) note(f func()) {
	c.mu.Lock()
	f()
	c.mu.Unlock()
	select {
	case c.changed <- struct{}{}:
	default:
	}
}

// await waits until cond holds; it is asked under the lock after each change.
func (c *client) await(what string, cond func() bool) {
	c.t.Helper()
	ctx, cancel := context.WithTimeout(c.t.Context(), patience)
	defer cancel()
	for {
		c.mu.Lock()
		ok := cond()
		c.mu.Unlock()
		if ok {
			return
		}
		select {
		case <-c.changed:
		case <-ctx.Done():
			c.mu.Lock()
			defer c.mu.Unlock()
			c.t.Fatalf("no %s within %v; %d messages, %d pictures", what, patience, len(c.seen), c.pics)
		}
	}
}

// send sends a request and returns its id.
func (c *client) send(method string, params map[string]any) string {
	c.t.Helper()
	c.nextID++
	params["sessid"] = c.session
	err := c.ws.WriteJSON(map[string]any{"jsonrpc": "2.0", "method": method, "params": params, "id": c.nextID})
	if err != nil {
		c.t.Fatal(err)
	}
	return fmt.Sprint(c.nextID)
}

// call sends a request and waits for its answer.
func (c *client) call(method string, params map[string]any) message {
	c.t.Helper()
	id := c.send(method, params)
	var answer message
	c.await("answer to "+method, func() bool {
		for _, m := range c.seen {
			if m.Method == "" && m.ID.String() == id {
				answer = m
				return true
			}
		}
		return false
	})
	return answer
}

// expect waits for a message from the server whose method and text match, from
// the n-th message on, and returns the index behind it.
func (c *client) expect(from int, method string, texts ...string) int {
	c.t.Helper()
	at := 0
	c.await(method+" with "+strings.Join(texts, ", "), func() bool {
		for i := from; i < len(c.seen); i++ {
			if c.seen[i].Method == method && containsAll(string(c.seen[i].Params), texts) {
				at = i + 1
				return true
			}
		}
		return false
	})
	return at
}

func containsAll(s string, texts []string) bool {
	for _, t := range texts {
		if !strings.Contains(s, t) {
			return false
		}
	}
	return true
}

// join calls a room with camera and microphone and waits until media flows.
func (c *client) join(room, name string) {
	c.t.Helper()
	c.invite(room, name, nil)
	c.established()
}

// openPeer makes the client's side of a call, with camera and microphone.
func (c *client) openPeer() {
	c.t.Helper()
	pc, err := webrtc.NewPeerConnection(webrtc.Configuration{})
	if err != nil {
		c.t.Fatal(err)
	}
	c.hold(pc)
	c.mic = c.track(webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeOpus, ClockRate: 48000, Channels: 2}, "audio")
	c.camera = c.track(webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeVP8, ClockRate: 90000}, "video")
	pc.OnTrack(func(track *webrtc.TrackRemote, _ *webrtc.RTPReceiver) {
		if track.Kind() == webrtc.RTPCodecTypeAudio {
			c.listen(track)
		} else {
			c.watch(track)
		}
	})
}

// hold takes a new peer.
func (c *client) hold(pc *webrtc.PeerConnection) {
	c.note(func() { c.pc, c.up = pc, false })
	c.t.Cleanup(func() { _ = pc.Close() })
	pc.OnConnectionStateChange(func(s webrtc.PeerConnectionState) {
		c.note(func() { c.up = c.up || c.pc == pc && s == webrtc.PeerConnectionStateConnected })
	})
}

// connected waits until the newest peer's media can flow: the server is done with
// the call's beginning then.
func (c *client) connected() {
	c.t.Helper()
	c.await("a connection", func() bool { return c.up })
}

// gathered takes a description of ours and returns it with its candidates.
func (c *client) gathered(d webrtc.SessionDescription, err error) string {
	c.t.Helper()
	if err != nil {
		c.t.Fatal(err)
	}
	done := webrtc.GatheringCompletePromise(c.pc)
	if err := c.pc.SetLocalDescription(d); err != nil {
		c.t.Fatal(err)
	}
	<-done
	return c.pc.LocalDescription().SDP
}

// invite calls a destination and waits for the result; more is what else the
// dialogParams hold.
func (c *client) invite(destination, name string, more map[string]any) {
	c.t.Helper()
	c.openPeer()
	c.offer(destination, name, more)
}

// offer is invite with the peer that is open.
func (c *client) offer(destination, name string, more map[string]any) {
	c.t.Helper()
	offer := c.gathered(c.pc.CreateOffer(nil))
	c.callID = uuid.NewString()
	params := map[string]any{"callID": c.callID, "destination_number": destination,
		"caller_id_name": name, "caller_id_number": name, "userVariables": map[string]any{}}
	maps.Copy(params, more)
	m := c.call("verto.invite", map[string]any{"sdp": offer, "dialogParams": params})
	if m.Error != nil || !strings.Contains(string(m.Result), "CALL CREATED") {
		c.t.Fatalf("invite: %s %+v", m.Result, m.Error)
	}
}

// established waits for the answer to the last invite and takes it.
func (c *client) established() {
	c.t.Helper()
	c.expect(0, "verto.answer", c.callID)
	c.mu.Lock()
	var answer struct{ SDP string }
	for _, m := range c.seen {
		if m.Method == "verto.answer" && strings.Contains(string(m.Params), c.callID) {
			_ = json.Unmarshal(m.Params, &answer)
		}
	}
	c.mu.Unlock()
	if err := c.pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: answer.SDP}); err != nil {
		c.t.Fatal(err)
	}
}

// pick waits for an offer of the server, verto.invite or verto.attach, from the n-th
// message on, and answers it by the method; it returns the reply.
func (c *client) pick(from int, offered, method string) message {
	c.t.Helper()
	at := c.expect(from, offered, "sdp")
	c.mu.Lock()
	var offer struct{ CallID, SDP string }
	_ = json.Unmarshal(c.seen[at-1].Params, &offer)
	c.mu.Unlock()
	c.callID = offer.CallID
	c.openPeer()
	if err := c.pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeOffer, SDP: offer.SDP}); err != nil {
		c.t.Fatalf("%v\n%s", err, offer.SDP)
	}
	answer := c.gathered(c.pc.CreateAnswer(nil))
	return c.call(method, map[string]any{"sdp": answer, "dialogParams": map[string]any{"callID": c.callID}})
}

// count is the number of messages so far.
func (c *client) count() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.seen)
}

// methods lists what the server said of itself, from the n-th message on.
func (c *client) methods(from int) []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	var out []string
	for _, m := range c.seen[from:] {
		if m.Method != "" {
			out = append(out, m.Method)
		}
	}
	return out
}

func (c *client) track(cap webrtc.RTPCodecCapability, id string) *webrtc.TrackLocalStaticRTP {
	c.t.Helper()
	track, err := webrtc.NewTrackLocalStaticRTP(cap, id, "stream")
	if err != nil {
		c.t.Fatal(err)
	}
	if _, err := c.pc.AddTrack(track); err != nil {
		c.t.Fatal(err)
	}
	return track
}

// perform sends a camera picture of one colour (with something that moves) 15
// times a second and a tone, until the test ends.
func (c *client) perform(color media.RGB, hz float64) {
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	wg.Go(func() { c.sing(ctx, hz) })
	wg.Go(func() { c.show(ctx, color) })
	c.t.Cleanup(func() { cancel(); wg.Wait() })
}

func (c *client) sing(ctx context.Context, hz float64) {
	enc, err := opus.NewEncoder(opus.EncoderOptions{Channels: 2, Bitrate: 48000, Complexity: 5})
	if err != nil {
		c.t.Error(err)
		return
	}
	defer enc.Close()
	pcm, buf := make([]int16, 2*media.TickSamples), make([]byte, 1500)
	each(ctx, media.AudioTick, func(i int) {
		mediatest.Tone(pcm, 2, hz, -20, i*media.TickSamples)
		n, err := enc.Encode(pcm, buf)
		if err != nil {
			c.t.Error(err)
			return
		}
		_ = c.mic.WriteRTP(&rtp.Packet{Header: rtp.Header{Version: 2, SequenceNumber: uint16(i),
			Timestamp: uint32(i) * media.TickSamples}, Payload: buf[:n]})
	})
}

func (c *client) show(ctx context.Context, color media.RGB) {
	enc, err := vpx.NewEncoder(media.VideoEncoderConfig{Width: 320, Height: 180, FPS: 15, Bitrate: 300000, Layers: 1})
	if err != nil {
		c.t.Error(err)
		return
	}
	defer enc.Close()
	pic, frames := mediatest.Solid(320, 180, color.YUV()), media.NewFramePool(2)
	seq := uint16(0)
	each(ctx, time.Second/15, func(i int) {
		pic.Y[i%40] ^= 8
		data, _, err := enc.Encode(pic, media.EncodeOptions{PTS: int64(i) * 6000, Key: i%30 == 0})
		if err != nil {
			c.t.Error(err)
			return
		}
		f := frames.Get()
		defer f.Release()
		f.SetVP8(data)
		for j, payload := range f.Fragments {
			_ = c.camera.WriteRTP(&rtp.Packet{Header: rtp.Header{Version: 2, SequenceNumber: seq,
				Timestamp: uint32(i) * 6000, Marker: j == len(f.Fragments)-1}, Payload: payload})
			seq++
		}
	})
}

// each calls f every period with 0, 1, 2…; on a busy machine it makes up what it missed.
func each(ctx context.Context, period time.Duration, f func(i int)) {
	tick := time.NewTicker(period)
	defer tick.Stop()
	began := time.Now()
	for i := 0; ; {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		for ; time.Since(began) >= time.Duration(i)*period && ctx.Err() == nil; i++ {
			f(i)
		}
	}
}

// watch decodes the canvas and keeps the newest picture.
func (c *client) watch(track *webrtc.TrackRemote) {
	dec, err := vpx.NewDecoder(vpx.DecoderOptions{MaxArea: 1920 * 1080})
	if err != nil {
		c.t.Error(err)
		return
	}
	defer dec.Close()
	pool := media.NewPicturePool(8)
	var unit []byte
	for {
		p, _, err := track.ReadRTP()
		if err != nil {
			return
		}
		var vp8 codecs.VP8Packet
		payload, err := vp8.Unmarshal(p.Payload)
		if err != nil {
			continue
		}
		unit = append(unit, payload...)
		if !p.Marker {
			continue
		}
		pic, err := dec.Decode(unit, pool)
		unit = unit[:0]
		if err != nil || pic == nil {
			continue
		}
		c.note(func() {
			if c.canvas != nil {
				c.canvas.Release()
			}
			c.canvas = pic
			c.pics++
		})
	}
}

// listen decodes the mix and keeps the last second.
func (c *client) listen(track *webrtc.TrackRemote) {
	dec, err := opus.NewDecoder(2)
	if err != nil {
		c.t.Error(err)
		return
	}
	defer dec.Close()
	pcm := make([]int16, 2*5760)
	for {
		p, _, err := track.ReadRTP()
		if err != nil {
			return
		}
		n, err := dec.Decode(p.Payload, pcm)
		if err != nil {
			continue
		}
		c.note(func() {
			c.heard = append(c.heard, pcm[:2*n]...)
			if over := len(c.heard) - 2*media.SampleRate; over > 0 {
				c.heard = append(c.heard[:0], c.heard[over:]...)
			}
		})
	}
}

// level is how loud a tone was in the last half second, in dBFS. Called in await.
func (c *client) level(hz float64) float64 {
	if len(c.heard) < media.SampleRate {
		return -120
	}
	return mediatest.Goertzel(c.heard[len(c.heard)-media.SampleRate:], 2, 0, hz)
}
