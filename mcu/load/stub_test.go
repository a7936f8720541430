package load_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/pion/interceptor"
	"github.com/pion/webrtc/v4"

	"github.com/omniverto/omniverto/mcu/load"
)

// stub is a Verto server that answers like FreeSWITCH: a connection and a port for
// each section, no mids, no BUNDLE, DTLS from its side. It sends each caller his
// own picture and sound back.
type stub struct {
	t *testing.T
}

type stubMessage struct {
	ID     json.RawMessage `json:"id"`
	Method string          `json:"method"`
	Params struct {
		Passwd, SDP  string
		DialogParams struct {
			CallID string `json:"callID"`
		}
	} `json:"params"`
}

func (s *stub) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	ws, err := (&websocket.Upgrader{}).Upgrade(w, r, nil)
	if err != nil {
		return
	}
	defer ws.Close()
	var pcs []*webrtc.PeerConnection
	defer func() {
		for _, pc := range pcs {
			_ = pc.GracefulClose()
		}
	}()
	for {
		var m stubMessage
		if ws.ReadJSON(&m) != nil {
			return
		}
		reply := map[string]any{"jsonrpc": "2.0", "id": m.ID, "result": map[string]any{"message": "ok"}}
		if m.Method == "login" && m.Params.Passwd != "1234" {
			reply = map[string]any{"jsonrpc": "2.0", "id": m.ID, "error": map[string]any{"code": -32001, "message": "Authentication Failure"}}
		}
		if m.Method == "" || ws.WriteJSON(reply) != nil || m.Method != "verto.invite" {
			continue
		}
		answer := s.answer(m.Params.SDP, &pcs)
		_ = ws.WriteJSON(map[string]any{"jsonrpc": "2.0", "id": 77, "method": "verto.media",
			"params": map[string]any{"callID": m.Params.DialogParams.CallID, "sdp": answer}})
		_ = ws.WriteJSON(map[string]any{"jsonrpc": "2.0", "id": 78, "method": "verto.answer",
			"params": map[string]any{"callID": m.Params.DialogParams.CallID}})
	}
}

// answer makes one connection for each section of the offer.
func (s *stub) answer(offer string, pcs *[]*webrtc.PeerConnection) string {
	head, rest, _ := strings.Cut(offer, "m=")
	head = strings.NewReplacer("a=group:BUNDLE 0 1\r\n", "").Replace(head)
	out := "v=0\r\no=stub 1 1 IN IP4 127.0.0.1\r\ns=stub\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
	for _, section := range strings.Split(rest, "\r\nm=") {
		answer, pc := s.echo(head + "m=" + strings.TrimSuffix(section, "\r\n") + "\r\n")
		*pcs = append(*pcs, pc)
		session, media, _ := strings.Cut(answer, "m=")
		for _, line := range strings.Split(session, "\r\n") {
			if strings.HasPrefix(line, "a=fingerprint:") {
				media += line + "\r\n"
			}
		}
		for _, line := range strings.Split("m="+media, "\r\n") {
			if line != "" && !strings.HasPrefix(line, "a=mid:") && !strings.HasPrefix(line, "a=extmap") {
				out += line + "\r\n"
			}
		}
	}
	// pion refuses what is not bundled by name only.
	return strings.NewReplacer("m=audio 0 ", "m=audio 30692 ", "m=video 0 ", "m=video 28906 ").Replace(out)
}

// echo answers an offer of one section and sends back what comes.
func (s *stub) echo(offer string) (string, *webrtc.PeerConnection) {
	se, engine := webrtc.SettingEngine{}, &webrtc.MediaEngine{}
	se.SetIncludeLoopbackCandidate(true)
	_ = se.SetAnsweringDTLSRole(webrtc.DTLSRoleClient)
	if err := engine.RegisterDefaultCodecs(); err != nil {
		s.t.Error(err)
	}
	registry := &interceptor.Registry{}
	if err := webrtc.RegisterDefaultInterceptors(engine, registry); err != nil {
		s.t.Error(err)
	}
	pc, err := webrtc.NewAPI(webrtc.WithSettingEngine(se), webrtc.WithMediaEngine(engine),
		webrtc.WithInterceptorRegistry(registry)).NewPeerConnection(webrtc.Configuration{})
	if err != nil {
		s.t.Error(err)
		return "", nil
	}
	mime := webrtc.MimeTypeOpus
	if strings.Contains(offer, "m=video") {
		mime = webrtc.MimeTypeVP8
	}
	back, err := webrtc.NewTrackLocalStaticRTP(webrtc.RTPCodecCapability{MimeType: mime}, "back", "stub")
	if err != nil {
		s.t.Error(err)
	}
	if _, err := pc.AddTrack(back); err != nil {
		s.t.Error(err)
	}
	pc.OnTrack(func(t *webrtc.TrackRemote, _ *webrtc.RTPReceiver) {
		for {
			p, _, err := t.ReadRTP()
			if err != nil {
				return
			}
			p.Extension, p.Extensions = false, nil
			_ = back.WriteRTP(p)
		}
	})
	if err := pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeOffer, SDP: offer}); err != nil {
		s.t.Errorf("%v\n%s", err, offer)
		return "", pc
	}
	answer, err := pc.CreateAnswer(nil)
	if err != nil {
		s.t.Error(err)
	}
	gathered := webrtc.GatheringCompletePromise(pc)
	if err := pc.SetLocalDescription(answer); err != nil {
		s.t.Error(err)
	}
	<-gathered
	return pc.LocalDescription().SDP, pc
}

// TestUnbundledServer: the tool works against a server that answers as FreeSWITCH
// does, with user and password.
func TestUnbundledServer(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(&stub{t: t})
	defer server.Close()
	o := options(2)
	o.Target, o.User, o.Password = "ws"+strings.TrimPrefix(server.URL, "http"), "1000,1001", "1234"
	o.Observers, o.Duration = 2, 1500*time.Millisecond
	r := run(t, o)
	for i, m := range r.Members {
		if m.Error != "" || m.Bundled || m.FPS < 5 || m.AudioKbps <= 0 || m.Observed.VideoLatency.N < 10 {
			t.Errorf("member %d: %+v %+v", i, m, m.Observed)
		}
	}
	o.Password = "wrong"
	if _, err := load.Run(t.Context(), o, programs(), "test", nil); err == nil || !strings.Contains(err.Error(), "Authentication Failure") {
		t.Errorf("with a wrong password: %v", err)
	}
}
