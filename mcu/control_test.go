package mcu_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"image"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/omniverto/omniverto/mcu/admin"
	"github.com/omniverto/omniverto/mcu/config"
	"github.com/omniverto/omniverto/mcu/directory"
)

// startIn runs a server and tells its data folder, in which files are put first.
func startIn(t *testing.T, files map[string]string) (s *server, data string) {
	t.Helper()
	s = start(t, func(c *config.Config) {
		data = c.Data
		for name, text := range files {
			put(t, filepath.Join(data, name), text)
		}
	})
	return s, data
}

func put(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// send does one HTTP request and returns status and body.
func send(t *testing.T, method, url, auth, kind string, body io.Reader) (int, []byte) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, url, body)
	if err != nil {
		t.Fatal(err)
	}
	if auth != "" {
		r.Header.Set("Authorization", auth)
	}
	if kind != "" {
		r.Header.Set("Content-Type", kind)
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	doc, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, doc
}

// secretOf is the Authorization of the admin address.
func secretOf(t *testing.T, data string) string {
	t.Helper()
	secret, err := os.ReadFile(filepath.Join(data, admin.SecretFile))
	if err != nil {
		t.Fatal(err)
	}
	return "Bearer " + strings.TrimSpace(string(secret))
}

// TestControl is a meeting run from the admin address: a command by the client that
// omniverto ctl uses, the list of rooms, and a picture of the canvas.
func TestControl(t *testing.T) {
	s, data := startIn(t, nil)
	links, err := config.LoadLinks(data)
	if err != nil {
		t.Fatal(err)
	}
	ctl, err := admin.NewClient(links.Admin, data)
	if err != nil {
		t.Fatal(err)
	}
	reply, done, err := ctl.Command(t.Context(), "3800", []string{"vid-layout", "3x3"})
	if err != nil || done || reply != "-ERR Conference 3800 not found\n" {
		t.Errorf("before anybody came: %q, %v, %v", reply, done, err)
	}
	c := connect(t, s.ws, s.token("3800", directory.RoleParticipant))
	c.join("3800", "Zoe")
	c.expect(0, "verto.event", "conference-liveArray-join")
	reply, done, err = ctl.Command(t.Context(), "3800", []string{"vid-layout", "3x3"})
	if err != nil || !done || !strings.HasPrefix(reply, "+OK Change canvas 1 to layout [3x3]") {
		t.Errorf("got %q, %v, %v", reply, done, err)
	}
	reply, done, err = ctl.Command(t.Context(), "3800", []string{"reboot"})
	if err != nil || done || reply != "-ERR Conference command 'reboot' not found.\n" {
		t.Errorf("got %q, %v, %v", reply, done, err)
	}

	if status, _ := send(t, "GET", links.Admin+"/api/rooms", "", "", nil); status != http.StatusUnauthorized {
		t.Errorf("rooms without the secret: %d", status)
	}
	bearer := secretOf(t, data)
	var rooms []struct {
		Name, Domain string
		Members      int
		Canvases     []struct {
			ID, Width, Height, FPS, Used int
			Layout                       string
		}
	}
	_, doc := send(t, "GET", links.Admin+"/api/rooms", bearer, "", nil)
	if err := json.Unmarshal(doc, &rooms); err != nil || len(rooms) != 1 || len(rooms[0].Canvases) != 1 {
		t.Fatalf("%s: %v", doc, err)
	}
	if got := fmt.Sprint(rooms[0]); got != "{3800 localhost 1 [{1 480 320 30 1 3x3}]}" {
		t.Errorf("got %s", doc)
	}
	status, doc := send(t, "GET", links.Admin+"/api/rooms/3800/snapshot.png", bearer, "", nil)
	pic, kind, err := image.DecodeConfig(bytes.NewReader(doc))
	if status != 200 || err != nil || kind != "png" || pic.Width != 480 || pic.Height != 320 {
		t.Errorf("snapshot: %d, %s, %dx%d, %v", status, kind, pic.Width, pic.Height, err)
	}
	reply, done, err = ctl.Command(t.Context(), "3800", []string{"vid-write-png", "shots/now.png"})
	if err != nil || !done || reply != "+OK\n" {
		t.Errorf("snapshot into a file: %q, %v, %v", reply, done, err)
	}
	if _, err := os.Stat(filepath.Join(data, "media", "shots", "now.png")); err != nil {
		t.Error(err)
	}
	reply, _, err = ctl.Command(t.Context(), "3800", []string{"vid-write-png", "../now.png"})
	if err != nil || reply != "-ERR\n" {
		t.Errorf("snapshot outside of the media folder: %q, %v", reply, err)
	}
}

const oneLayout = `<configuration name="conference_layouts.conf"><layout-settings><layouts>
  <layout name="%s"><image x="0" y="0" scale="%s"/></layout></layouts>
  <groups><group name="grid"><layout>%[1]s</layout></group></groups></layout-settings></configuration>`

// TestReload: new layouts reach rooms to come and rooms that are there; bad
// documents change nothing and say where they are wrong.
func TestReload(t *testing.T) {
	s, data := startIn(t, map[string]string{"conf/conference_layouts.conf.xml": fmt.Sprintf(oneLayout, "first", "360")})
	links := s.Links()
	ctl, err := admin.NewClient(links.Admin, data)
	if err != nil {
		t.Fatal(err)
	}
	c := connect(t, s.ws, s.token(directory.AnyRoom, directory.RoleParticipant))
	c.join("3800", "Zoe")
	c.expect(0, "verto.event", "conference-liveArray-join")
	knows := func(layout string) {
		t.Helper()
		reply, _, err := ctl.Command(t.Context(), "3800", []string{"vid-layout", layout})
		if err != nil || !strings.HasPrefix(reply, "+OK") {
			t.Errorf("layout %s: %q, %v", layout, reply, err)
		}
	}
	knows("first")

	path := filepath.Join(data, "conf/autoload_configs/conference_layouts.conf.xml") // wins over the other
	put(t, path, fmt.Sprintf(oneLayout, "second", "360"))
	if err := s.Reload(); err != nil {
		t.Fatal(err)
	}
	knows("second")

	put(t, path, fmt.Sprintf(oneLayout, "third", "NaN"))
	put(t, filepath.Join(data, "conf/conference.conf.xml"), `<configuration name="conference.conf"><profiles>
		<profile name="video-mcu-stereo-480"><param name="video-fps" value="fast"/></profile></profiles></configuration>`)
	err = s.Reload()
	if err == nil || !strings.Contains(err.Error(), path) || !strings.Contains(err.Error(), "line 2") || !strings.Contains(err.Error(), "scale") {
		t.Errorf("bad layouts: %v", err)
	}
	if err == nil || !strings.Contains(err.Error(), "video-fps") {
		t.Errorf("bad profiles: %v", err)
	}
	knows("second")

	put(t, filepath.Join(data, "conf/conference.conf.xml"), `<configuration name="conference.conf"><profiles>
		<profile name="video-mcu-stereo-480"><param name="video-canvas-size" value="640x360"/></profile></profiles></configuration>`)
	put(t, path, fmt.Sprintf(oneLayout, "fourth", "360"))
	if err := s.Reload(); err != nil {
		t.Fatal(err)
	}
	knows("fourth")
	late := connect(t, s.ws, s.token("3700", directory.RoleParticipant))
	late.join("3700", "Late")
	late.expect(0, "verto.event", "conference-liveArray-join")
	_, doc := send(t, "GET", links.Admin+"/api/rooms", secretOf(t, data), "", nil)
	if !bytes.Contains(doc, []byte(`"width":640,"height":360`)) {
		t.Errorf("the new profile does not count for a new room: %s", doc)
	}
	for _, counted := range []string{`what="layouts"`, `what="profiles"`} {
		s.counts(t, `omniverto_reloads_total{result="refused",`+counted+"} 1")
	}
	s.counts(t, `omniverto_reloads_total{result="ok",what="users"} 3`)
}

// TestLayoutThatIsNotThere: layouts of one's own need not have the profile's.
func TestLayoutThatIsNotThere(t *testing.T) {
	s, data := startIn(t, map[string]string{"conf/conference_layouts.conf.xml": `<configuration><layout-settings><layouts>
		<layout name="only"><image x="0" y="0" scale="360"/></layout></layouts></layout-settings></configuration>`})
	c := connect(t, s.ws, s.token("3800", directory.RoleParticipant))
	c.join("3800", "Zoe")
	c.expect(0, "verto.event", "conference-liveArray-join")
	if _, doc := send(t, "GET", s.Links().Admin+"/api/rooms", secretOf(t, data), "", nil); !bytes.Contains(doc, []byte(`"layout":"only"`)) {
		t.Errorf("%s", doc)
	}
}

func (s *server) counts(t *testing.T, line string) {
	t.Helper()
	if _, doc := send(t, "GET", s.Links().Admin+"/metrics", "", "", nil); !bytes.Contains(doc, []byte(line+"\n")) {
		t.Errorf("metrics lack %s", line)
	}
}

// TestReloadWhenAFileChanges: nobody has to ask.
func TestReloadWhenAFileChanges(t *testing.T) {
	s, data := startIn(t, nil)
	put(t, filepath.Join(data, "conf/conference_layouts.conf.xml"), fmt.Sprintf(oneLayout, "mine", "360"))
	look := time.NewTicker(50 * time.Millisecond)
	defer look.Stop()
	for give := time.After(patience); ; {
		_, doc := send(t, "GET", s.Links().Admin+"/metrics", "", "", nil)
		if bytes.Contains(doc, []byte(`omniverto_reloads_total{result="ok",what="layouts"} 1`)) {
			return
		}
		select {
		case <-look.C:
		case <-give:
			t.Fatal("the new file was not read")
		}
	}
}
