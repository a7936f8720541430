package replay_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/omniverto/omniverto/mcu"
	"github.com/omniverto/omniverto/mcu/admin"
	"github.com/omniverto/omniverto/mcu/config"
)

// server is a server that is set up as the recorded one was.
type server struct {
	t      *testing.T
	ws     string
	admin  string
	secret string
}

// start runs one in this process.
func start(t *testing.T, sc scenario) *server {
	t.Helper()
	cfg := config.Default()
	cfg.Data = t.TempDir()
	cfg.Conf = filepath.Join(cfg.Data, "conf")
	if err := os.CopyFS(cfg.Conf, os.DirFS("testdata/conf")); err != nil {
		t.Fatal(err)
	}
	cfg.HTTPS, cfg.WS, cfg.Admin, cfg.Media = "127.0.0.1:0", "127.0.0.1:0", "127.0.0.1:0", "127.0.0.1:0"
	cfg.Codecs = []string{"opus", "vp8", "h264"}
	if sc.aboutDetaching() {
		cfg.DetachTimeout = detachTime
	}
	level := slog.LevelError
	if testing.Verbose() {
		level = slog.LevelInfo
	}
	s, err := mcu.New(cfg, slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: level})))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	stopped := make(chan error, 1)
	go func() { stopped <- s.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-stopped; err != nil {
			t.Error(err)
		}
	})
	secret, err := os.ReadFile(filepath.Join(cfg.Data, admin.SecretFile))
	if err != nil {
		t.Fatal(err)
	}
	links, err := config.LoadLinks(cfg.Data)
	if err != nil {
		t.Fatal(err)
	}
	return &server{
		t: t, ws: "ws" + strings.TrimPrefix(s.Links().Local, "http") + "/",
		admin: links.Admin, secret: strings.TrimSpace(string(secret)),
	}
}

// run runs a command as FreeSWITCH's console does.
func (s *server) run(line string) string {
	s.t.Helper()
	body, _ := json.Marshal(map[string]string{"command": line})
	r, err := http.NewRequestWithContext(s.t.Context(), http.MethodPost, s.admin+"/api/command", bytes.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+s.secret)
	r.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		s.t.Fatal(err)
	}
	defer resp.Body.Close()
	reply, _ := io.ReadAll(resp.Body)
	return string(reply)
}

// awaitReply asks until a command is answered as wanted.
func (s *server) awaitReply(line, wanted string) {
	for end := time.Now().Add(patience); time.Now().Before(end); {
		if strings.Contains(s.run(line), wanted) {
			return
		}
	}
}

// TestReplay sends what the recorded clients sent, and compares.
func TestReplay(t *testing.T) {
	mask, allowed, all := loadMask(t), loadDifferences(t), loadScenarios(t)
	played := 0
	for _, s := range all {
		if raced && s.name != "b-join-talk-leave" && s.name != "f-recovery-punt" {
			continue
		}
		t.Run(s.name, func(t *testing.T) {
			played++
			d := newDirector(t, start(t, s), s, mask, allowed)
			d.useUpIDs()
			run := d.play()
			for _, problem := range newComparer(s, mask, allowed).knowing(d.calls).compare(s.fromLogin(), run) {
				t.Error(problem)
			}
		})
	}
	if t.Failed() || played < len(all) {
		return
	}
	for _, d := range allowed {
		if !d.used {
			t.Errorf("a difference that is none any more: %v", d)
		}
	}
}

// consoleLine is a step that names a command of the conference API.
var consoleLine = regexp.MustCompile(`^console: conference (\d+) ([a-z-]+( \d+( [a-z0-9]+)?)?)$`)

// talkTime is long enough for the video floor to follow the voice.
const talkTime = 1500 * time.Millisecond

// acts does what a step of the recording did besides what clients said: at its
// beginning, or, where a page opens first, before what it caused.
func (d *director) acts(i int, before string) bool {
	text := d.scenario.steps[i].text
	if strings.HasPrefix(text, "1000 is logged in twice") != (before == "verto.invite") {
		return false
	}
	if i > 1 && strings.Contains(d.scenario.steps[i-2].text, "1001 talks while muted") {
		d.speak("1001") // he is muted since the step before
	}
	d.act(text)
	return true
}

// act does at the server what a step of the recording did there.
func (d *director) act(text string) {
	run := func(line string) { d.server.run("conference " + line) }
	anew := func(line string) { // when the conference before is over
		d.server.awaitReply("conference 3715 list", "not found")
		run(line)
	}
	if m := consoleLine.FindStringSubmatch(text); m != nil {
		run(m[1] + " " + m[2])
		return
	}
	if user, ok := strings.CutSuffix(strings.SplitN(text, " for ", 2)[0], " talks"); ok {
		for _, c := range d.peers[user] {
			c.talk(d.t.Context(), talkTime)
		}
	}
	switch {
	case strings.HasPrefix(text, "1002 hangs up the echo call"):
		d.awaitJoin("9196")
	case strings.HasPrefix(text, "1000 hangs up what is left"):
		d.awaitJoin("9181")
	case strings.Contains(text, "missing file: play"):
		d.server.awaitReply("conference 3711 play_status", "-ERR") // the tone of the step before is over
	case strings.Contains(text, "not in the moderator table: vid-fps"):
		run("3711 unhold 4") // which the step before has done here
	case strings.HasPrefix(text, "console: conference 3734 vblind, "):
		d.hush()
	case strings.HasPrefix(text, "console: conference 3734 hold of 1001"):
		run("3734 hold 2")
	case strings.HasPrefix(text, "console: conference 3734 unhold of 1001"):
		run("3734 unhold 2")
	case strings.HasPrefix(text, "console: unlock, pin 1234"):
		run("3734 unlock")
		run("3734 pin 1234")
	case strings.HasPrefix(text, "console: originate {origination_caller_id_name=Room"):
		run("3715 bgdial {origination_caller_id_name=Room,origination_caller_id_number=3715}user/1000@127.0.0.1")
	case strings.HasPrefix(text, "console: conference 3715 bgdial"):
		run("3715 bgdial user/1001@127.0.0.1 3715 Room")
	case strings.HasPrefix(text, "console: conference 3715 kick of 1001"):
		run("3715 kick last")
	case strings.HasPrefix(text, "console: uuid_kill of the call of 1000"):
		run("3715 kick all")
	case strings.HasPrefix(text, "console: uuid_kill of the detached call"):
		run("3714 kick last")
	case strings.HasPrefix(text, "console: originate with a 2 s timeout"):
		anew("3715 bgdial {originate_timeout=2}user/1000@127.0.0.1")
	case strings.HasPrefix(text, "1000 is logged in twice"):
		anew("3715 bgdial user/1000@127.0.0.1")
	case strings.HasPrefix(text, "console: audio-only originate"):
		d.close("1000")
		anew("3715 bgdial {absolute_codec_string=OPUS}user/1000@127.0.0.1")
	case d.scenario.aboutDetaching() && strings.HasPrefix(text, "1000 and 1001 are in"):
		d.vanish("1001")
	case strings.HasPrefix(text, "second tab: closed"):
		d.close("1001-tab2")
	case strings.HasPrefix(text, "console: uuid_media_reneg"):
		for _, c := range d.peers["1001"] {
			c.await(d.t.Context())
			c.close() // the server offers anew when the media ends
		}
	}
}

// awaitJoin waits until somebody is in a conference of which recordings know nothing.
func (d *director) awaitJoin(name string) {
	d.await("join of "+name, func() bool {
		return slices.ContainsFunc(d.heard, func(h heard) bool { return textAt(h.msg, "params.pvtData.laName") == name })
	})
}

// speak lets a user talk in the background until hush.
func (d *director) speak(user string) {
	ctx, cancel := context.WithCancel(d.t.Context())
	d.hush = func() { cancel(); d.speaking.Wait() }
	for _, c := range d.peers[user] {
		d.speaking.Go(func() { c.talk(ctx, time.Minute) })
	}
}

// useUpIDs joins and leaves until members get the ids that they had in the recording,
// which stand in texts, too.
func (d *director) useUpIDs() {
	first := 0
	for _, h := range d.scenario.recordedRun() {
		id, err := strconv.Atoi(textAt(h.msg, "params.pvtData.conferenceMemberID"))
		if err == nil && (first == 0 || id < first) {
			first = id
		}
	}
	if first < 2 {
		return
	}
	offer := newCaller(d.t, "audio sendrecv").offer(false)
	s := d.open("1009", 1)
	s.write(`{"jsonrpc":"2.0","method":"login","id":"login","params":{"login":"1009","passwd":"1234","sessid":"use-up-ids"}}`)
	for i := 1; i < first; i++ {
		call := fmt.Sprint("use-up-", i)
		params := map[string]any{"sdp": offer, "dialogParams": map[string]any{"callID": call, "destination_number": fmt.Sprint(3740 + i)}} // a room that is ending may take an id more
		invite, _ := json.Marshal(map[string]any{"jsonrpc": "2.0", "method": "verto.invite", "id": call, "params": params})
		s.write(string(invite))
		d.await("join of "+call, func() bool { return d.told("1009", "conference-liveArray-join", call) })
		s.write(fmt.Sprintf(`{"jsonrpc":"2.0","method":"verto.bye","id":"bye","params":{"dialogParams":{"callID":%q}}}`, call))
		d.await("part of "+call, func() bool { return d.told("1009", "conference-liveArray-part", call) })
	}
	d.close("1009")
	d.heard = nil
}

func (d *director) told(user, action, call string) bool {
	return slices.ContainsFunc(d.heard, func(h heard) bool {
		return h.user == user && textAt(h.msg, "params.pvtData.action") == action && textAt(h.msg, "params.pvtData.callID") == call
	})
}

// opens tells whether the recording has the beginning of a user's first socket.
func (s scenario) opens(user string) bool {
	for _, st := range s.steps {
		for _, e := range st.entries {
			if e.user == user && (e.WS == "open" || e.Dir != "") {
				return e.WS == "open"
			}
		}
	}
	return false
}

// firstConn is the number of a user's first socket of which something is recorded.
func (s scenario) firstConn(user string) int {
	for _, st := range s.steps {
		for _, e := range st.entries {
			if e.user == user && e.Dir != "" {
				return e.Conn
			}
		}
	}
	return 1
}

// fromLogin is what was recorded, without what a socket still heard of a login that
// is not in the recording.
func (s scenario) fromLogin() []heard {
	return slices.DeleteFunc(s.recordedRun(), func(h heard) bool {
		return h.conn == 1 && !s.opens(h.user) && textAt(h.msg, "method") == "verto.clientReady"
	})
}
