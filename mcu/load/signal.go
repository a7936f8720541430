package load

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/gorilla/websocket"
)

// Bounds of what a server may send.
const (
	maxMessage   = 4 << 20
	writeTimeout = 5 * time.Second
)

// errHungUp says that the server ended the call.
var errHungUp = errors.New("load: the server hung up")

// message is one JSON-RPC message.
type message struct {
	ID     json.RawMessage `json:"id"`
	Method string          `json:"method"`
	Params json.RawMessage `json:"params"`
	Result json.RawMessage `json:"result"`
	Error  *struct {
		Code    int    `json:"code"`
		Message string `json:"message"`
	} `json:"error"`
}

// signal is one Verto connection with at most one call. Its methods may be called
// by any goroutine.
type signal struct {
	ws      *websocket.Conn
	session string
	call    string
	done    chan struct{} // closed when the reader has ended
	answer  chan string   // 1 deep: the SDP of verto.media or verto.answer
	joined  chan string   // 1 deep: the moderators' channel of conference-liveArray-join, may be empty
	ended   chan string   // 1 deep: why the server hung up

	mu      sync.Mutex
	nextID  int                     // guarded by mu
	waiting map[string]chan message // guarded by mu
}

// dial opens the connection.
func dial(ctx context.Context, url string, insecure bool) (*signal, error) {
	d := websocket.Dialer{
		Proxy: http.ProxyFromEnvironment, HandshakeTimeout: 10 * time.Second,
		TLSClientConfig: &tls.Config{MinVersion: tls.VersionTLS12, InsecureSkipVerify: insecure},
	}
	ws, _, err := d.DialContext(ctx, url, nil)
	if err != nil {
		return nil, fmt.Errorf("load: connect %s: %w", url, err)
	}
	ws.SetReadLimit(maxMessage)
	s := &signal{
		ws: ws, session: uuid.NewString(), call: uuid.NewString(), done: make(chan struct{}),
		answer: make(chan string, 1), joined: make(chan string, 1), ended: make(chan string, 1),
		waiting: make(map[string]chan message),
	}
	go s.read()
	return s, nil
}

// close ends the connection and waits for its reader.
func (s *signal) close() {
	_ = s.ws.Close()
	<-s.done
}

func (s *signal) read() {
	defer close(s.done)
	for {
		_, data, err := s.ws.ReadMessage()
		if err != nil {
			offer(s.ended, "connection lost")
			return
		}
		var m message
		if json.Unmarshal(data, &m) != nil {
			continue
		}
		if m.Method == "" {
			s.mu.Lock()
			wait := s.waiting[strings.Trim(string(m.ID), `"`)]
			s.mu.Unlock()
			if wait != nil {
				wait <- m // buffered, one answer each
			}
			continue
		}
		s.request(m)
	}
}

// request takes a request of the server and acknowledges it as stock clients do.
func (s *signal) request(m message) {
	var p struct {
		CallID  string
		SDP     string
		Cause   string
		PvtData struct {
			Action, ModChannel string
		}
	}
	_ = json.Unmarshal(m.Params, &p)
	mine := p.CallID == s.call
	switch {
	case m.Method == "verto.event" && p.PvtData.Action == "conference-liveArray-join":
		offer(s.joined, p.PvtData.ModChannel)
	case (m.Method == "verto.answer" || m.Method == "verto.media") && mine && p.SDP != "":
		offer(s.answer, p.SDP)
	case m.Method == "verto.bye" && mine:
		offer(s.ended, p.Cause)
	case m.Method == "verto.punt":
		offer(s.ended, "punt")
	}
	if len(m.ID) > 0 && m.Method != "verto.event" {
		_ = s.write(map[string]any{"jsonrpc": "2.0", "id": m.ID, "result": map[string]any{"method": m.Method}})
	}
}

// offer puts v into a channel that has room for one; the first one stays.
func offer(c chan string, v string) {
	select {
	case c <- v:
	default:
	}
}

func (s *signal) write(v any) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	_ = s.ws.SetWriteDeadline(time.Now().Add(writeTimeout))
	return s.ws.WriteJSON(v)
}

// ask sends a request and returns its result.
func (s *signal) ask(ctx context.Context, method string, params map[string]any) (json.RawMessage, error) {
	params["sessid"] = s.session
	wait := make(chan message, 1)
	s.mu.Lock()
	s.nextID++
	id := fmt.Sprint(s.nextID)
	s.waiting[id] = wait
	s.mu.Unlock()
	defer func() { s.mu.Lock(); delete(s.waiting, id); s.mu.Unlock() }()
	if err := s.write(map[string]any{"jsonrpc": "2.0", "method": method, "params": params, "id": json.RawMessage(id)}); err != nil {
		return nil, fmt.Errorf("load: %s: %w", method, err)
	}
	select {
	case m := <-wait:
		if m.Error != nil {
			return nil, fmt.Errorf("load: %s: %s (%d)", method, m.Error.Message, m.Error.Code)
		}
		return m.Result, nil
	case <-s.done:
		return nil, fmt.Errorf("load: %s: connection lost", method)
	case <-ctx.Done():
		return nil, fmt.Errorf("load: %s: %w", method, ctx.Err())
	}
}

func (s *signal) login(ctx context.Context, user, password string) error {
	_, err := s.ask(ctx, "login", map[string]any{
		"login": user, "passwd": password, "loginParams": map[string]any{}, "userVariables": map[string]any{},
	})
	return err
}

// invite sends an offer and waits for the answer.
func (s *signal) invite(ctx context.Context, room, name, sdp string, video bool) (string, error) {
	_, err := s.ask(ctx, "verto.invite", map[string]any{"sdp": sdp, "dialogParams": map[string]any{
		"callID": s.call, "destination_number": room, "caller_id_name": name, "caller_id_number": name,
		"useVideo": video, "useStereo": true, "screenShare": false, "dedEnc": false, "mirrorInput": false,
		"outgoingBandwidth": "default", "incomingBandwidth": "default", "userVariables": map[string]any{},
	}})
	if err != nil {
		return "", err
	}
	select {
	case answer := <-s.answer:
		return answer, nil
	case why := <-s.ended:
		return "", fmt.Errorf("load: verto.invite: %w: %s", errHungUp, why)
	case <-ctx.Done():
		return "", fmt.Errorf("load: verto.invite: no answer: %w", ctx.Err())
	}
}

// hangUp ends the call.
func (s *signal) hangUp(ctx context.Context) error {
	_, err := s.ask(ctx, "verto.bye", map[string]any{
		"dialogParams": map[string]any{"callID": s.call}, "cause": "NORMAL_CLEARING", "causeCode": 16,
	})
	return err
}

// command sends a moderator's command; channel is what joined gave.
func (s *signal) command(ctx context.Context, channel, command string, value any) error {
	_, err := s.ask(ctx, "verto.broadcast", map[string]any{
		"eventChannel": channel,
		"data":         map[string]any{"application": "conf-control", "command": command, "id": nil, "value": value},
	})
	return err
}
