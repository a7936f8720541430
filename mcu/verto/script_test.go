package verto_test

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/omniverto/omniverto/mcu/directory"
	"github.com/omniverto/omniverto/mcu/verto"
)

// TestScripts runs the conversations in testdata/scripts over real WebSockets. A
// script's lines, in a time of its own that begins at 2000-01-01 00:00:00 UTC:
//
//	# remark
//	open NAME [Header: value]   a client connects; "refused" after the name: it must fail
//	NAME> TEXT                  it sends a frame (${token ROOM ROLE NAME} makes a token)
//	NAME: answer|bye|attach TEXT...  it answers, declines, attaches the call of its newest verto.invite (SDP, callee; a cause)
//	NAME< TEXT                  its next frame must be this; <*> stands for anything
//	NAME closed CODE            its socket was closed with this code
//	NAME drops                  its connection breaks
//	heard TEXT                  the next thing that the switch was told
//	switch CALLID VERB [TEXT]   the switch says media, answer, bye (a cause), display, info, attach; release lets "slow" go on
//	ring USER [SECONDS]         the server calls a user; cancel gives up
//	rang TEXT                   what came of it; the calls are named ring-SESSID
//	park SESSID USER CALLID     a call of before a restart
//	kept N                      so many calls wait for their client
//	grant SESSID CHANNEL        also revoke
//	publish CHANNEL JSON        also event SESSID JSON, info SESSID JSON
//	wait DURATION               time passes
//
// When a script ends, nothing may be left that was sent or told and not expected.
func TestScripts(t *testing.T) {
	files, err := filepath.Glob("testdata/scripts/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no scripts: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			synctest.Test(t, func(t *testing.T) { runScript(t, string(text)) })
		})
	}
}

func runScript(t *testing.T, text string) {
	p := &player{stage: newStage(t), keys: testKeys(t), rang: make(chan string, 1)}
	defer p.close()
	for i, line := range strings.Split(text, "\n") {
		if line = strings.TrimSpace(line); line == "" || line[0] == '#' {
			continue
		}
		if err := p.line(line); err != nil {
			t.Fatalf("line %d: %s\n%v", i+1, line, err)
		}
	}
	for name, c := range p.clients {
		if m, ok := c.next(); ok {
			t.Errorf("%s got more than expected: %s", name, m)
		}
	}
	if h, ok := p.sw.next(); ok {
		t.Errorf("the switch heard more than expected: %s", h)
	}
}

// player runs the lines of one script.
type player struct {
	*stage
	keys   *directory.Keys
	rang   chan string
	cancel context.CancelFunc // of the newest ring
}

func (p *player) line(line string) error {
	verb, rest, _ := strings.Cut(line, " ")
	if name, ok := strings.CutSuffix(verb, ">"); ok {
		return p.says(name, rest)
	}
	if name, ok := strings.CutSuffix(verb, ":"); ok {
		return p.rungDoes(name, rest)
	}
	if name, ok := strings.CutSuffix(verb, "<"); ok {
		return p.reads(name, rest)
	}
	first, second, _ := strings.Cut(rest, " ")
	switch verb {
	case "open":
		return p.opens(first, second)
	case "heard":
		return p.told(rest)
	case "switch":
		return p.switchSays(first, second)
	case "wait":
		d, err := time.ParseDuration(first)
		<-time.After(d)
		return err
	case "grant":
		p.srv.Grant(first, second)
	case "revoke":
		p.srv.Revoke(first, second)
	case "publish":
		p.srv.Publish(first, payload(second))
	case "event":
		p.srv.SendSession(first, payload(second))
	case "info":
		p.srv.SendInfo(first, payload(second))
	case "ring":
		p.ring(first, second)
	case "cancel":
		p.cancel()
	case "rang":
		synctest.Wait()
		if got := <-p.rang; !like(got, rest) {
			return fmt.Errorf("got %s", got)
		}
	case "park":
		return p.park(first, second)
	case "kept":
		synctest.Wait()
		if got := p.srv.Stats().Kept; strconv.Itoa(got) != first {
			return fmt.Errorf("%d calls are kept", got)
		}
	default:
		return p.client(verb, first, second)
	}
	return nil
}

// ring calls a user, and keeps what comes of it for rang.
func (p *player) ring(user, seconds string) {
	ctx, cancel := context.WithCancel(context.Background())
	p.cancel = cancel
	n, _ := strconv.Atoi(seconds)
	go func() {
		defer cancel()
		p.rang <- outcome(p.srv.Ring(ctx, verto.Outgoing{
			UserID: user, CallerName: "Room", CallerNumber: "3715", Timeout: time.Duration(n) * time.Second,
			Variables: map[string]string{"verto_svar_a": "b", "verto_h_c": "d", "secret": "no"}, Offer: p.sw.offer,
		}))
	}()
}

func outcome(w *verto.Won, err error) string {
	if err != nil {
		return err.Error()
	}
	return fmt.Sprintf("answered by %s: %s <%s>", w.Session.ID(), w.CalleeName, w.CalleeNumber)
}

func (p *player) park(sessid, rest string) error {
	user, callID, _ := strings.Cut(rest, " ")
	out, err := p.srv.Park(verto.Parked{
		SessionID: sessid, UserID: user, CallID: callID, CallerName: "Al", CallerNumber: "1000", CalleeName: "Room", CalleeNumber: "3500",
		DisplayName: "Shown", DisplayNumber: "3500", Call: keepable{attachable{fakeLeg{id: callID, f: p.sw, held: new(bool)}}},
	})
	p.sw.mu.Lock()
	defer p.sw.mu.Unlock()
	p.sw.calls[callID] = out
	return err
}

// payload makes {"data":…} of JSON, as a conference does.
func payload(text string) map[string]any { return map[string]any{"data": rawJSON(text)} }

func (p *player) client(name, verb, arg string) error {
	c := p.clients[name]
	switch {
	case c == nil:
		return fmt.Errorf("no such word or client")
	case verb == "drops":
		c.ws.NetConn().Close()
	case verb == "closed":
		if got := strconv.Itoa(c.closeCode()); got != arg {
			return fmt.Errorf("close code %s", got)
		}
	default:
		return fmt.Errorf("no such verb")
	}
	return nil
}

func (p *player) opens(name, arg string) error {
	header := http.Header{}
	if k, v, ok := strings.Cut(arg, ": "); ok {
		header.Set(k, v)
	}
	_, err := p.open(name, header)
	if arg == "refused" && err == nil {
		return fmt.Errorf("was let in")
	}
	return err
}

func (p *player) says(name, text string) error {
	c := p.clients[name]
	if c == nil {
		return fmt.Errorf("no client %s", name)
	}
	if before, rest, ok := strings.Cut(text, "${token "); ok {
		spec, after, _ := strings.Cut(rest, "}")
		f := strings.Fields(spec)
		token, err := p.keys.Sign(directory.Claims{Room: f[0], Role: directory.Role(f[1]), Name: f[2], ID: "fixed"}, time.Hour)
		if err != nil {
			return err
		}
		text = before + token + after
	}
	c.send(p.t, text)
	return nil
}

func (p *player) reads(name, want string) error {
	c := p.clients[name]
	if c == nil {
		return fmt.Errorf("no client %s", name)
	}
	got, ok := c.next()
	if !ok {
		return fmt.Errorf("nothing came")
	}
	if !like(got, want) {
		return fmt.Errorf("got %s", got)
	}
	if strings.Contains(got, `"verto.invite"`) {
		_, id, _ := strings.Cut(got, `"callID":"`)
		c.rung, _, _ = strings.Cut(id, `"`)
	}
	return nil
}

// rungDoes sends something about the call that rang last.
func (p *player) rungDoes(name, what string) error {
	c := p.clients[name]
	if c == nil || c.rung == "" {
		return fmt.Errorf("no call rang at %s", name)
	}
	f := append(strings.Fields(what), "", "")
	rest := fmt.Sprintf(`"sdp":%q,"dialogParams":{"callID":%q,"callee_id_name":%q}`, f[1], c.rung, f[2])
	if f[0] == "bye" {
		rest = fmt.Sprintf(`"cause":%q,"dialogParams":{"callID":%q}`, f[1], c.rung)
	}
	c.send(p.t, fmt.Sprintf(`{"jsonrpc":"2.0","method":"verto.%s","params":{%s},"id":5}`, f[0], rest))
	return nil
}

func (p *player) told(want string) error {
	if got, ok := p.sw.next(); !ok || !like(got, want) {
		return fmt.Errorf("heard %q", got)
	}
	return nil
}

// like compares texts; <*> in want stands for any text.
func like(got, want string) bool {
	before, rest, wild := strings.Cut(want, "<*>")
	if !wild {
		return got == want
	}
	got, ok := strings.CutPrefix(got, before)
	for i := 0; ok && i <= len(got); i++ {
		if like(got[i:], rest) {
			return true
		}
	}
	return false
}

func (p *player) switchSays(callID, what string) error {
	verb, arg, _ := strings.Cut(what, " ")
	out := p.sw.control(callID)
	if out == nil {
		return fmt.Errorf("no such call")
	}
	switch verb {
	case "media":
		out.Media(arg)
	case "answer":
		out.Answer(arg)
	case "bye":
		cause, _ := verto.ParseCause(arg)
		out.Bye(cause)
	case "display":
		out.Display(arg, "123")
	case "info":
		out.Info(rawJSON(arg))
	case "attach":
		out.Attach(arg)
	case "release":
		p.sw.release(callID)
	default:
		return fmt.Errorf("no such verb")
	}
	return nil
}
