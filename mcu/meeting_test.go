package mcu_test

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"io"
	"log/slog"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/omniverto/omniverto/mcu"
	"github.com/omniverto/omniverto/mcu/config"
	"github.com/omniverto/omniverto/mcu/directory"

	"github.com/omniverto/omniverto/media/mediatest"
)

// server is a running server of a test.
type server struct {
	*mcu.Server
	t    *testing.T
	keys *directory.Keys
	ws   string // ws://… of the loopback address
	http string
	data string // folder
	stop func() // ends Run and waits; the test's end does it, too
}

// start runs a server on free ports; change may set further settings.
func start(t *testing.T, change func(*config.Config)) *server {
	t.Helper()
	cfg := config.Default()
	cfg.Data = t.TempDir()
	cfg.Conf = cfg.Data + "/conf"
	cfg.HTTPS, cfg.WS, cfg.Admin, cfg.Media = "127.0.0.1:0", "127.0.0.1:0", "127.0.0.1:0", "127.0.0.1:0"
	if change != nil {
		change(&cfg)
	}
	level := slog.LevelWarn
	if testing.Verbose() {
		level = slog.LevelDebug
	}
	s, err := mcu.New(cfg, slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: level})))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	stopped := make(chan error, 1)
	go func() { stopped <- s.Run(ctx) }()
	stop := sync.OnceFunc(func() {
		cancel()
		if err := <-stopped; err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(stop)
	keys, err := directory.OpenKeys(cfg.Data + "/tokens")
	if err != nil {
		t.Fatal(err)
	}
	local := s.Links().Local
	return &server{Server: s, t: t, stop: stop, data: cfg.Data, keys: keys, http: local, ws: "ws" + strings.TrimPrefix(local, "http") + "/verto"}
}

func (s *server) token(room string, role directory.Role) string {
	s.t.Helper()
	token, err := s.keys.Sign(directory.Claims{Room: room, Role: role}, time.Hour)
	if err != nil {
		s.t.Fatal(err)
	}
	return token
}

// tones of the participants, far enough apart to be told from each other.
var tones = []float64{440, 660, 880}

// TestMeeting is the product in one test: three clients see each other in the
// cells that the layout says, hear the two others and not themselves, and go on
// undisturbed when one leaves and one crashes.
func TestMeeting(t *testing.T) {
	s := start(t, func(c *config.Config) { c.DetachTimeout = 2 * time.Second })
	var all []*client
	for i, hz := range tones {
		c := connect(t, s.ws, s.token("3800", directory.RoleParticipant))
		c.join("3800", fmt.Sprint("client", i))
		c.perform(mediatest.Color(i), hz)
		all = append(all, c)
	}
	// 1x1+2x1 on 480x320: one above, two below.
	cells := []image.Rectangle{image.Rect(120, 0, 360, 160), image.Rect(0, 160, 240, 320), image.Rect(240, 160, 480, 320)}
	for i, c := range all {
		c.await(fmt.Sprintf("picture of everybody at client %d", i), func() bool { return c.shows(cells) })
		c.await(fmt.Sprintf("sound of the others at client %d", i), func() bool { return c.hears(i) })
		c.expect(0, "verto.event", "conference-liveArray-join", c.callID, `"role":"participant"`)
	}
	t.Log("three see and hear each other")

	answer := all[2].call("verto.bye", map[string]any{"dialogParams": map[string]any{"callID": all[2].callID}})
	if !strings.Contains(string(answer.Result), "CALL ENDED") {
		t.Errorf("bye: %s %+v", answer.Result, answer.Error)
	}
	all[2].expect(0, "verto.event", "conference-liveArray-part")
	cells = []image.Rectangle{image.Rect(0, 80, 240, 240), image.Rect(240, 80, 480, 240)}
	for i, c := range all[:2] {
		c.await(fmt.Sprintf("2x1 at client %d", i), func() bool { return c.shows(cells) })
	}
	t.Log("one left, the others moved")

	// A crash: socket and media are gone without a word.
	_ = all[1].ws.Close()
	_ = all[1].pc.Close()
	all[0].await("canvas of one", func() bool { return all[0].shows([]image.Rectangle{image.Rect(0, 0, 480, 320)}) })
}

// shows reports whether the newest canvas shows each participant's colour in the
// middle of his cell. Called in await.
func (c *client) shows(cells []image.Rectangle) bool {
	if c.canvas == nil || c.canvas.Width != 480 {
		return false
	}
	for i, cell := range cells {
		if !mediatest.Near(mediatest.Average(c.canvas, cell.Inset(cell.Dy()/4)), mediatest.Color(i).YUV(), 12) {
			return false
		}
	}
	return true
}

// hears reports whether client i hears the others at -20 dBFS and not himself.
func (c *client) hears(i int) bool {
	for j, hz := range tones {
		level := c.level(hz)
		if j == i && level > -50 || j != i && (level < -23 || level > -17) {
			return false
		}
	}
	return true
}

// TestAvatarOfWhoHasNoCamera: a member without a picture is on the canvas as
// initials, not as a hole.
func TestAvatarOfWhoHasNoCamera(t *testing.T) {
	s := start(t, nil)
	c := connect(t, s.ws, s.token("3800", directory.RoleParticipant))
	c.join("3800", "Zoe")
	c.await("an avatar", func() bool {
		if c.canvas == nil {
			return false
		}
		middle := mediatest.Average(c.canvas, image.Rect(230, 150, 250, 170))
		edge := mediatest.Average(c.canvas, image.Rect(0, 0, 20, 20))
		return !mediatest.Near(middle, edge, 10)
	})
}

func TestTokenOpensOnlyItsRoom(t *testing.T) {
	s := start(t, nil)
	c := connect(t, s.ws, s.token("garden", directory.RoleParticipant))
	c.callID = "11111111-2222-4333-8444-555555555555"
	c.call("verto.invite", map[string]any{"sdp": "v=0\r\n", "dialogParams": map[string]any{
		"callID": c.callID, "destination_number": "attic"}})
	c.expect(0, "verto.bye", c.callID, `"causeCode":21`)
}

func TestUnusableOffer(t *testing.T) {
	s := start(t, nil)
	c := connect(t, s.ws, s.token("garden", directory.RoleParticipant))
	c.callID = "11111111-2222-4333-8444-666666666666"
	c.call("verto.invite", map[string]any{"sdp": "no sdp at all", "dialogParams": map[string]any{
		"callID": c.callID, "destination_number": "garden"}})
	c.expect(0, "verto.bye", c.callID, `"causeCode":88`)
}

func TestNewMeeting(t *testing.T) {
	s := start(t, nil)
	for _, c := range []struct {
		name, origin, host, via, kind, body string
		status                              int
	}{
		{"from this machine", "", "", "", "application/json", `{"room":"garden","name":"Anna"}`, http.StatusOK},
		{"a name is made up", "", "", "", "application/json", `{}`, http.StatusOK},
		{"by a page of another origin", "http://evil.example", "", "", "application/json", `{}`, http.StatusForbidden},
		{"under a rebound name", "", "evil.example", "", "application/json", `{}`, http.StatusForbidden},
		{"through a proxy", "", "", "203.0.113.9", "application/json", `{}`, http.StatusForbidden},
		{"by a form", "", "", "", "text/plain", `{}`, http.StatusForbidden},
		{"with a bad name", "", "", "", "application/json", `{"room":"a b"}`, http.StatusBadRequest},
		{"with no JSON", "", "", "", "application/json", `room`, http.StatusBadRequest},
	} {
		t.Run(c.name, func(t *testing.T) {
			r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.http+"/api/meetings", bytes.NewBufferString(c.body))
			if err != nil {
				t.Fatal(err)
			}
			r.Header.Set("Content-Type", c.kind)
			if c.origin != "" {
				r.Header.Set("Origin", c.origin)
			}
			if c.host != "" {
				r.Host = c.host
			}
			if c.via != "" {
				r.Header.Set("X-Forwarded-For", c.via)
			}
			answer, err := http.DefaultClient.Do(r)
			if err != nil {
				t.Fatal(err)
			}
			defer answer.Body.Close()
			body, _ := io.ReadAll(answer.Body)
			if answer.StatusCode != c.status {
				t.Errorf("status %d, want %d: %s", answer.StatusCode, c.status, body)
			}
			if c.status == http.StatusOK && !bytes.Contains(body, []byte("#token=")) {
				t.Errorf("no link in %s", body)
			}
		})
	}
}

// TestNoNewMeetingBehindAProxy: everybody would seem to sit at this machine.
func TestNoNewMeetingBehindAProxy(t *testing.T) {
	s := start(t, func(c *config.Config) { c.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")} })
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.http+"/api/meetings", strings.NewReader("{}"))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if answer.StatusCode == http.StatusOK {
		t.Error("anybody may open a meeting")
	}
}

// TestWelcome: what a terminal shows carries working links, what a log shows no token.
func TestWelcome(t *testing.T) {
	s := start(t, nil)
	var terminal, log bytes.Buffer
	if err := s.Welcome(&terminal); err != nil {
		t.Fatal(err)
	}
	s.WelcomeHint(&log)
	if !strings.Contains(terminal.String(), s.http+"/r/3600#token=") {
		t.Errorf("no local link in\n%s", terminal.String())
	}
	if strings.Contains(log.String(), "token=") || !strings.Contains(log.String(), "omniverto invite") {
		t.Errorf("the log says\n%s", log.String())
	}
}

// TestModerator: moderators run the room over their channel and are answered on
// it; a participant is refused, whatever he sends, and chat reaches everybody.
func TestModerator(t *testing.T) {
	s := start(t, nil)
	host := connect(t, s.ws, s.token("garden", directory.RoleModerator))
	host.join("garden", "Host")
	domain := "localhost"
	host.expect(0, "verto.event", "conference-liveArray-join", `"role":"moderator"`, "conference-mod.garden@"+domain)
	guest := connect(t, s.ws, s.token("garden", directory.RoleParticipant))
	guest.join("garden", "Guest")
	guest.expect(0, "verto.event", "conference-liveArray-join", `"role":"participant"`)

	channel := func(kind string) string { return "conference-" + kind + ".garden@" + domain }
	for _, kind := range []string{"liveArray", "chat", "info", "mod"} {
		if m := host.call("verto.subscribe", map[string]any{"eventChannel": channel(kind)}); m.Error != nil {
			t.Errorf("subscribe %s: %+v", kind, m.Error)
		}
	}
	if m := guest.call("verto.subscribe", map[string]any{"eventChannel": channel("mod")}); m.Error == nil {
		t.Error("a participant may listen to the moderators")
	}
	guest.call("verto.subscribe", map[string]any{"eventChannel": channel("chat")})

	send := func(c *client, kind string, data map[string]any) message {
		return c.call("verto.broadcast", map[string]any{"eventChannel": channel(kind), "data": data})
	}
	bootstrap := map[string]any{"liveArray": map[string]any{"command": "bootstrap", "context": channel("liveArray"), "name": "garden"}}
	send(host, "liveArray", bootstrap)
	host.expect(0, "verto.event", `"action":"bootObj"`, `"Host"`, `"Guest"`)

	host.mu.Lock()
	seen := len(host.seen)
	host.mu.Unlock()
	send(host, "mod", map[string]any{"application": "conf-control", "command": "tmute", "id": 2})
	seen = host.expect(seen, "verto.event", `"action":"modify"`, `\"muted\":true`)
	host.expect(seen, "verto.event", `"conf-command":"garden tmute 2"`, `"response":"+OK mute 2\n"`)
	send(host, "mod", map[string]any{"command": "vid-layout", "value": "3x3"})
	host.expect(seen, "verto.event", `"conf-command":"garden vid-layout 3x3 all"`, "+OK Change canvas 1 to layout [3x3]")
	host.expect(seen, "verto.event", "layout-info", `"layoutName":"3x3"`)
	send(host, "mod", map[string]any{"command": "list-videoLayouts"})
	host.expect(seen, "verto.event", `"conf-command":"list-videoLayouts"`, `"name":"group:grid"`)
	send(host, "mod", map[string]any{"command": "canvasInfo"})
	host.expect(seen, "verto.event", `"conf-command":"canvasInfo"`, `"layoutName":"3x3"`)
	send(host, "mod", map[string]any{"command": "reboot"})
	host.expect(seen, "verto.event", `"error":"Invalid Command"`)

	refused := send(guest, "mod", map[string]any{"command": "kick", "id": 1})
	if !strings.Contains(string(refused.Result), "Permission Denied.") {
		t.Errorf("a participant's kick: %s %+v", refused.Result, refused.Error)
	}
	send(guest, "chat", map[string]any{"action": "send", "type": "message", "message": "hello <b>all</b>"})
	host.expect(seen, "verto.event", `"direction":"outbound"`, `hello`, `"fromDisplay":"Guest"`)

	send(host, "mod", map[string]any{"command": "kick", "id": 2})
	guest.expect(0, "verto.event", "conference-liveArray-part")
	guest.expect(0, "verto.bye", guest.callID, `"causeCode":16`)
}

// TestSocketLost: who loses his socket stays while his media flows, goes when it
// stops, and is replaced at once when he calls again instead of coming back.
func TestSocketLost(t *testing.T) {
	s := start(t, nil)
	watcher := connect(t, s.ws, s.token("3800", directory.RoleParticipant))
	watcher.join("3800", "Watcher")
	watcher.perform(mediatest.Color(0), 440)
	token := s.token("3800", directory.RoleParticipant)
	lost := connect(t, s.ws, token)
	lost.join("3800", "Lost")
	lost.perform(mediatest.Color(1), 660)
	two := []image.Rectangle{image.Rect(0, 80, 240, 240), image.Rect(240, 80, 480, 240)}
	watcher.await("two pictures", func() bool { return watcher.shows(two) })
	_ = lost.ws.Close()
	watcher.mu.Lock()
	watcher.heard = nil
	watcher.mu.Unlock()
	watcher.await("sound of one without a socket", func() bool { return watcher.level(660) > -23 })

	again := connectAs(t, s.ws, token, lost.session)
	again.join("3800", "Again")
	again.perform(mediatest.Color(1), 880)
	watcher.await("the one who called again", func() bool {
		return watcher.shows(two) && watcher.level(880) > -23 && watcher.level(660) < -50
	})
}
