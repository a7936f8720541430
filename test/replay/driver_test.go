package replay_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"
)

// patience is how long an expected message may take; a difference that nobody lists
// costs as much.
const patience = 10 * time.Second

// director plays a scenario to a server.
type director struct {
	t        *testing.T
	server   *server
	scenario scenario
	allowed  []*difference
	mask     []maskRule

	sockets map[string]*socket            // by user, the newest one
	peers   map[string]map[string]*caller // by user and call
	calls   map[string]string             // recorded call ids of the server: ours
	heard   []heard                       // guarded by mu
	now     int                           // step; guarded by mu

	so       *comparer      // of the steps that were played
	speaking sync.WaitGroup // in the background
	hush     func()         // ends it

	mu      sync.Mutex
	changed chan struct{}
}

// socket is one WebSocket of a user.
type socket struct {
	ws   *websocket.Conn
	user string
	conn int
	done chan struct{}

	mu   sync.Mutex // of writing
	pong int
}

func newDirector(t *testing.T, srv *server, s scenario, mask []maskRule, allowed []*difference) *director {
	so := newComparer(s, mask, allowed)
	so.quiet = true
	return &director{
		so: so, t: t, server: srv, scenario: s, mask: mask, allowed: allowed, sockets: map[string]*socket{},
		peers: map[string]map[string]*caller{}, calls: map[string]string{}, changed: make(chan struct{}, 1), hush: func() {},
	}
}

// play runs all steps and gives what was heard.
func (d *director) play() []heard {
	for _, user := range d.scenario.users {
		if !d.scenario.opens(user) {
			d.socket(entry{user: user, Conn: d.scenario.firstConn(user)}) // logged in before the recording began
		}
	}
	if d.scenario.aboutDetaching() {
		d.prologue()
	}
	for i, st := range d.scenario.steps {
		d.mu.Lock()
		d.now = i
		d.mu.Unlock()
		last, acted := "", d.acts(i, "")
		for j, e := range st.entries {
			if e.Dir == "s2c" {
				if !acted && textAt(e.msg, "method") == "verto.invite" {
					for user := range d.sockets {
						d.awaitRecorded(i, st.entries[:j], user)
					}
					acted = d.acts(i, "verto.invite")
				}
				continue
			}
			if e.user != last {
				d.barrier(last) // two sockets: what was said on one has to be done
			}
			last = e.user
			d.awaitRecorded(i, st.entries[:j], e.user)
			d.perform(e)
		}
		for user := range d.sockets {
			d.awaitRecorded(i, st.entries, user)
		}
		for user := range d.sockets {
			d.barrier(user)
		}
		d.settle(i)
	}
	d.hush()
	for user := range d.sockets {
		d.hangUp(user)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.heard
}

// perform does what a client did.
func (d *director) perform(e entry) {
	switch {
	case e.WS == "open":
		d.close(e.user)
		d.open(e.user, e.Conn)
	case e.WS == "close":
		d.close(e.user)
	case e.Trimmed != "":
		d.upload(e)
	case e.Raw != nil:
		d.socket(e).write(*e.Raw)
	case e.Dir == "c2s" && at(e.msg, "method") == nil && at(e.msg, "result") != nil && at(e.msg, "result.method") != nil:
		// An answer to a request of the server: given when ours comes.
	case e.Dir == "c2s":
		d.socket(e).write(d.adapt(e))
	}
}

// upload sends the payload of a speed test, which recordings leave out.
func (d *director) upload(e entry) {
	if s := d.sockets[e.user]; s != nil && strings.Contains(e.Trimmed, "c2s") {
		for range 256 {
			s.write("#SPB " + strings.Repeat(".", 1019))
		}
	}
}

// socket is that of a user; one whose beginning is not recorded is opened and
// logged in.
func (d *director) socket(e entry) *socket {
	if s := d.sockets[e.user]; s != nil {
		return s
	}
	s := d.open(e.user, e.Conn)
	name, _, _ := strings.Cut(e.user, "-")
	login, _ := json.Marshal(map[string]any{"jsonrpc": "2.0", "method": "login", "id": -1, "params": map[string]any{
		"login": name + "@127.0.0.1", "passwd": "1234", "loginParams": map[string]any{}, "userVariables": map[string]any{}, "sessid": d.sessionOf(e.user)}})
	s.write(string(login))
	d.await("login of "+e.user, func() bool {
		return slices.ContainsFunc(d.heard, func(h heard) bool { return h.user == e.user && textAt(h.msg, "method") == "verto.clientReady" })
	})
	d.forget(e.user)
	return s
}

// sessionOf is the session id that a user's page had.
func (d *director) sessionOf(user string) string {
	for _, st := range d.scenario.steps {
		for _, e := range st.entries {
			if id := textAt(e.msg, "params.sessid"); e.user == user && e.Dir == "c2s" && id != "" {
				return id
			}
		}
	}
	return ""
}

func (d *director) open(user string, conn int) *socket {
	ws, _, err := websocket.DefaultDialer.DialContext(d.t.Context(), d.server.ws, nil)
	if err != nil {
		d.t.Fatal(err)
	}
	s := &socket{ws: ws, user: user, conn: conn, done: make(chan struct{})}
	d.sockets[user] = s
	go func() {
		defer close(s.done)
		for {
			_, text, err := ws.ReadMessage()
			if err != nil {
				return
			}
			d.take(s, text)
		}
	}()
	return s
}

func (d *director) close(user string) {
	s := d.sockets[user]
	if s == nil {
		return
	}
	delete(d.sockets, user)
	_ = s.ws.Close()
	<-s.done
	d.hangUp(user)
}

// hangUp ends the media of a user's page.
func (d *director) hangUp(user string) {
	for _, c := range d.peers[user] {
		c.close()
	}
	delete(d.peers, user)
}

func (s *socket) write(text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	_ = s.ws.WriteMessage(websocket.TextMessage, []byte(text)) // a server may have closed it: what is missing shows
}

// take notes a message and answers the server's requests as the library does.
func (d *director) take(s *socket, text []byte) {
	if len(text) > 0 && text[0] == '#' {
		return
	}
	msg := decode(d.t, text)
	d.mu.Lock()
	if id := textAt(msg, "id"); strings.HasPrefix(id, "barrier") {
		s.pong++
	} else {
		d.heard = append(d.heard, heard{user: s.user, conn: s.conn, step: d.now, msg: msg})
		d.learn(s, msg)
	}
	d.mu.Unlock()
	select {
	case d.changed <- struct{}{}:
	default:
	}
	method, call := textAt(msg, "method"), textAt(msg, "params.callID")
	if method == "" || call == "" {
		return
	}
	reply, _ := json.Marshal(map[string]any{"jsonrpc": "2.0", "id": at(msg, "id"), "result": map[string]any{"method": method}})
	s.write(string(reply))
	if sdp := textAt(msg, "params.sdp"); sdp != "" && (method == "verto.answer" || method == "verto.media") {
		if c := d.peers[s.user][call]; c != nil {
			c.answered(sdp)
		}
	}
}

// learn pairs the call ids that servers choose, in the order of their invites.
func (d *director) learn(s *socket, msg any) {
	if textAt(msg, "method") != "verto.invite" {
		return
	}
	var recorded []string
	for _, st := range d.scenario.steps {
		for _, e := range st.entries {
			if e.user == s.user && e.Dir == "s2c" && textAt(e.msg, "method") == "verto.invite" {
				recorded = append(recorded, textAt(e.msg, "params.callID"))
			}
		}
	}
	n := 0
	for _, h := range d.heard {
		if h.user == s.user && textAt(h.msg, "method") == "verto.invite" {
			n++
		}
	}
	if n <= len(recorded) {
		d.calls[recorded[n-1]] = textAt(msg, "params.callID")
	}
}

// adapt gives a recorded request our call ids and a session description of a peer
// that is there.
func (d *director) adapt(e entry) string {
	text := e.Text
	d.mu.Lock()
	for recorded, ours := range d.calls {
		text = bytes.ReplaceAll(text, []byte(recorded), []byte(ours))
	}
	d.mu.Unlock()
	msg := decode(d.t, text)
	sdp, call := textAt(msg, "params.sdp"), textAt(msg, "params.dialogParams.callID")
	usable := strings.Contains(sdp, " opus/48000") || !strings.Contains(sdp, "m=audio")
	if !strings.Contains(sdp, "a=fingerprint") || !usable {
		return string(text) // made to be refused
	}
	method := textAt(msg, "method")
	fresh := ""
	switch {
	case method == "verto.invite" && d.peers[e.user][call] == nil:
		c := newCaller(d.t, sections(sdp))
		if d.peers[e.user] == nil {
			d.peers[e.user] = map[string]*caller{}
		}
		d.peers[e.user][call] = c
		fresh = c.offer(false)
	case method == "verto.modify" && d.peers[e.user][call] != nil:
		fresh = d.peers[e.user][call].offer(true)
	case method == "verto.answer" || method == "verto.attach":
		offer := d.offerFor(e.user, call)
		if offer == "" {
			return string(text)
		}
		c := newCaller(d.t, "")
		if d.peers[e.user] == nil {
			d.peers[e.user] = map[string]*caller{}
		}
		if old := d.peers[e.user][call]; old != nil {
			old.close()
		}
		d.peers[e.user][call] = c
		fresh = c.answer(offer)
	}
	if fresh == "" {
		return string(text)
	}
	var parts struct{ Params struct{ SDP json.RawMessage } }
	if err := json.Unmarshal(text, &parts); err != nil {
		d.t.Fatal(err)
	}
	with, _ := json.Marshal(fresh)
	return string(bytes.Replace(text, parts.Params.SDP, with, 1))
}

// offerFor is the newest offer of ours for a call.
func (d *director) offerFor(user, call string) string {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, h := range slices.Backward(d.heard) {
		m := textAt(h.msg, "method")
		if h.user == user && (m == "verto.invite" || m == "verto.attach") && textAt(h.msg, "params.callID") == call {
			return textAt(h.msg, "params.sdp")
		}
	}
	return ""
}

// await waits for a condition that the messages make true; asked under mu.
func (d *director) await(what string, cond func() bool) bool { return d.awaitFor(patience, what, cond) }

func (d *director) awaitFor(limit time.Duration, what string, cond func() bool) bool {
	ctx, cancel := context.WithTimeout(d.t.Context(), limit)
	defer cancel()
	for {
		d.mu.Lock()
		ok := cond()
		d.mu.Unlock()
		if ok {
			return true
		}
		select {
		case <-d.changed:
		case <-ctx.Done():
			if testing.Verbose() {
				d.t.Logf("%s: waited in vain for %s", d.scenario.name, what)
			}
			return false
		}
	}
}

// awaitRecorded waits until a user heard in this step all kinds of messages that he
// heard in the recording before.
func (d *director) awaitRecorded(i int, before []entry, user string) {
	d.mu.Lock()
	c := newComparer(d.scenario, d.mask, d.allowed).knowing(d.calls)
	d.mu.Unlock()
	c.quiet = true
	var wanted []any
	for _, conn := range []int{1, 2, 3} {
		for k, st := range d.scenario.steps[:i] {
			c.whileIn(place{k, conn, user}, st.told(user, conn))
		}
		p := place{i, conn, user}
		msgs := c.whileIn(p, step{entries: before}.told(user, conn))
		for _, m := range c.fold("recorded", p, c.filter(p, "recorded", msgs, c.key), c.key) {
			if textAt(m, "method") != "verto.clientReady" {
				wanted = append(wanted, m)
			}
		}
	}
	if len(wanted) == 0 {
		return
	}
	var missing []string
	ok := d.await("a message", func() bool {
		c.knowing(d.calls) // perhaps one more
		got := map[string]int{}
		for _, h := range d.heard {
			if h.user == user && h.step == i {
				got[key(h.msg)]++
			}
		}
		missing = missing[:0]
		for _, m := range wanted {
			if k := c.key(m); got[k] > 0 {
				got[k]--
			} else {
				missing = append(missing, k)
			}
		}
		return len(missing) == 0
	})
	if !ok && testing.Verbose() {
		d.t.Logf("%s step %d, %s: not heard: %v", d.scenario.name, i, user, missing)
	}
}

// told is what one socket was told.
func (st step) told(user string, conn int) []any {
	var msgs []any
	for _, e := range st.entries {
		if e.user == user && e.Dir == "s2c" && e.msg != nil && e.Conn == conn {
			msgs = append(msgs, e.msg)
		}
	}
	return msgs
}

// settleTime is how long states may take to become those of the recording.
const settleTime = 4 * time.Second

// settle waits until nothing differs in a step, or in vain.
func (d *director) settle(i int) {
	recorded := only(i, d.scenario.fromLogin())
	var last *comparer
	d.awaitFor(settleTime, "step to settle", func() bool {
		last = d.so.fork().knowing(d.calls)
		last.steps(recorded, only(i, d.heard))
		return len(last.problems) == 0
	})
	d.so = last
}

func only(step int, all []heard) []heard {
	return slices.DeleteFunc(slices.Clone(all), func(h heard) bool { return h.step != step })
}

// barrier makes sure that what a user has said was done and what he was told then
// was heard.
func (d *director) barrier(user string) {
	s := d.sockets[user]
	if s == nil {
		return
	}
	d.mu.Lock()
	before := s.pong
	d.mu.Unlock()
	s.write(fmt.Sprintf(`{"jsonrpc":"2.0","method":"verto.ping","params":{},"id":"barrier-%d"}`, before))
	d.await("barrier", func() bool {
		select {
		case <-s.done:
			return true
		default:
			return s.pong > before
		}
	})
}
