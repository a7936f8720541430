package admin_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/omniverto/omniverto/mcu/admin"
)

func TestLine(t *testing.T) {
	tests := []struct {
		words []string
		want  string
	}{
		{[]string{"vid-layout", "2x2"}, `vid-layout 2x2`},
		{[]string{"vid-banner", "7", "two words"}, `vid-banner 7 'two words'`},
		{[]string{"vid-banner", "7", ""}, `vid-banner 7 ''`},
		{[]string{"vid-banner", "7", "{font_scale=2,bg=red}Élodie & Co"}, `vid-banner 7 '{font_scale=2,bg=red}Élodie & Co'`},
		{[]string{"say", "it's"}, `say it\'s`},
		{[]string{"say", "it's late"}, `say 'it\'s late'`},
		{[]string{"vid-logo-img", "7", `C:\x y`}, `vid-logo-img 7 'C:\\x y'`},
		{[]string{"say", "two\nlines"}, "say 'two\nlines'"},
	}
	for _, tt := range tests {
		if got := admin.Line(tt.words); got != tt.want {
			t.Errorf("%q: got %s, want %s", tt.words, got, tt.want)
		}
	}
}

// serveAPI runs an admin handler whose API answers as told, and returns its URL, its
// data folder, and what was asked.
func serveAPI(t *testing.T, status int, body string) (url, data string, asked <-chan string) {
	t.Helper()
	seen := make(chan string, 1)
	o := options(t)
	o.API = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var ask struct{ Command string }
		if err := json.NewDecoder(r.Body).Decode(&ask); err != nil {
			t.Error(err)
		}
		seen <- r.Method + " " + r.URL.Path + " " + ask.Command
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	})
	h, _ := admitted(t, o)
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return s.URL, o.Data, seen
}

func TestCommand(t *testing.T) {
	tests := []struct {
		name   string
		status int
		body   string
		words  string
		reply  string
		done   bool
	}{
		{"done", 200, `{"reply":"+OK mute 7\n"}`, "mute 7", "+OK mute 7\n", true},
		{"no newline", 200, `{"reply":"4"}`, "count", "4", true},
		{"nothing", 200, `{"reply":""}`, "getvar x", "", true},
		{"refused", 200, `{"reply":"-ERR Non-Existant ID 9\n"}`, "mute 9", "-ERR Non-Existant ID 9\n", false},
		{"usage", 200, `{"reply":"vid-banner <member_id|last|all> <text>"}`, "VID-banner x", "vid-banner <member_id|last|all> <text>", false},
		{"a list is no usage", 200, `{"reply":"get set\n"}`, "get x", "get set\n", true},
		{"unknown room", 404, `{"reply":"-ERR Conference x not found\n"}`, "count", "-ERR Conference x not found\n", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			url, data, asked := serveAPI(t, tt.status, tt.body)
			c, err := admin.NewClient(url+"/", data)
			if err != nil {
				t.Fatal(err)
			}
			reply, done, err := c.Command(t.Context(), "3600", strings.Fields(tt.words))
			if err != nil || reply != tt.reply || done != tt.done {
				t.Errorf("got %q, done %v, %v; want %q, done %v", reply, done, err, tt.reply, tt.done)
			}
			if want := "POST /api/rooms/3600/command " + tt.words; len(asked) != 1 || <-asked != want {
				t.Errorf("it did not ask %q", want)
			}
		})
	}
}

// TestCommandGoesNowhere: every way of not reaching a server is one sentence that
// says what to do.
func TestCommandGoesNowhere(t *testing.T) {
	url, data, _ := serveAPI(t, 503, `{"error":"the room does not answer"}`)
	stranger, _, _ := serveAPI(t, 200, `{}`)
	closed := httptest.NewServer(http.NotFoundHandler())
	closed.Close()
	page := httptest.NewServer(http.NotFoundHandler())
	defer page.Close()
	moved := httptest.NewServer(http.RedirectHandler(url, http.StatusTemporaryRedirect))
	defer moved.Close()
	for name, tt := range map[string]struct{ url, want string }{
		"busy room":        {url, "the room does not answer"},
		"another secret":   {stranger, "another secret than " + filepath.Join(data, admin.SecretFile)},
		"nobody there":     {closed.URL, "no server answers at " + closed.URL},
		"not this product": {page.URL, "404 Not Found"},
		"a redirect":       {moved.URL, "307"},
	} {
		t.Run(name, func(t *testing.T) {
			c, err := admin.NewClient(tt.url, data)
			if err != nil {
				t.Fatal(err)
			}
			_, done, err := c.Command(t.Context(), "3600", []string{"count"})
			if done || err == nil || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "\n") {
				t.Errorf("got %v, want one line with %q", err, tt.want)
			}
		})
	}
	if _, err := admin.NewClient(url, t.TempDir()); err == nil || !strings.Contains(err.Error(), "--data") {
		t.Errorf("no secret: %v", err)
	}
	hidden := t.TempDir()
	if err := os.Mkdir(filepath.Join(hidden, admin.SecretFile), 0o700); err != nil {
		t.Fatal(err)
	}
	if _, err := admin.NewClient(url, hidden); err == nil || !strings.Contains(err.Error(), admin.SecretFile) {
		t.Errorf("unreadable secret: %v", err)
	}
}
