package web_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/omniverto/omniverto/web"
)

func built() fstest.MapFS {
	return fstest.MapFS{
		"index.html":                 {Data: []byte("<h1>placeholder</h1>")},
		"app/index.html":             {Data: []byte("<h1>client</h1>")},
		"app/favicon.svg":            {Data: []byte("<svg/>")},
		"app/assets/index-1a2b3c.js": {Data: []byte("run()")},
		"app/assets/index-1a2b.css":  {Data: []byte("body{}")},
	}
}

func get(t *testing.T, h http.Handler, target string, header ...string) *http.Response {
	t.Helper()
	r := httptest.NewRequest(http.MethodGet, target, nil)
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Result()
}

func body(t *testing.T, r *http.Response) string {
	t.Helper()
	data, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func TestHandlerServesTheBuild(t *testing.T) {
	h := web.Handler(built(), nil)
	for _, c := range []struct {
		name, path   string
		status       int
		body, ctype  string
		cacheControl string
	}{
		{"page", "/", 200, "<h1>client</h1>", "text/html; charset=utf-8", "no-cache"},
		{"room", "/r/stand-up_1.2", 200, "<h1>client</h1>", "text/html; charset=utf-8", "no-cache"},
		{"room with a query", "/r/a?token=x", 200, "<h1>client</h1>", "text/html; charset=utf-8", "no-cache"},
		{"script", "/assets/index-1a2b3c.js", 200, "run()", "text/javascript; charset=utf-8", "public, max-age=31536000, immutable"},
		{"style", "/assets/index-1a2b.css", 200, "body{}", "text/css; charset=utf-8", "public, max-age=31536000, immutable"},
		{"icon", "/favicon.svg", 200, "<svg/>", "image/svg+xml", "no-cache"},
		{"room without a name", "/r/", 404, "not found\n", "text/plain; charset=utf-8", "no-store"},
		{"room with a bad name", "/r/a%2Fb", 404, "not found\n", "text/plain; charset=utf-8", "no-store"},
		{"room that is too long", "/r/" + strings.Repeat("a", 65), 404, "not found\n", "text/plain; charset=utf-8", "no-store"},
		{"unknown file", "/assets/old.js", 404, "not found\n", "text/plain; charset=utf-8", "no-store"},
		{"folder", "/assets", 404, "not found\n", "text/plain; charset=utf-8", "no-store"},
		{"outside of the build", "/../index.html", 200, "<h1>client</h1>", "text/html; charset=utf-8", "no-cache"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := get(t, h, c.path)
			if r.StatusCode != c.status {
				t.Errorf("status %d, want %d", r.StatusCode, c.status)
			}
			if got := body(t, r); got != c.body {
				t.Errorf("body %q, want %q", got, c.body)
			}
			if got := r.Header.Get("Content-Type"); got != c.ctype {
				t.Errorf("content type %q, want %q", got, c.ctype)
			}
			if got := r.Header.Get("Cache-Control"); got != c.cacheControl {
				t.Errorf("cache control %q, want %q", got, c.cacheControl)
			}
		})
	}
}

func TestHandlerWithoutBuildServesThePlaceholder(t *testing.T) {
	h := web.Handler(fstest.MapFS{"index.html": {Data: []byte("placeholder")}}, nil)
	for _, path := range []string{"/", "/r/room"} {
		if got := body(t, get(t, h, path)); got != "placeholder" {
			t.Errorf("%s: body %q, want the placeholder", path, got)
		}
	}
}

func TestHandlerPanicsWithoutAnyPage(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("no panic for assets without index.html")
		}
	}()
	web.Handler(fstest.MapFS{}, nil)
}

func TestHandlerRevalidatesThePage(t *testing.T) {
	h := web.Handler(built(), nil)
	etag := get(t, h, "/").Header.Get("ETag")
	if etag == "" {
		t.Fatal("the page has no ETag")
	}
	if r := get(t, h, "/r/x", "If-None-Match", etag); r.StatusCode != http.StatusNotModified {
		t.Errorf("status %d for a page that the browser has, want 304", r.StatusCode)
	}
}

func TestHandlerRefusesOtherMethods(t *testing.T) {
	w := httptest.NewRecorder()
	web.Handler(built(), nil).ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/", nil))
	if w.Code != http.StatusMethodNotAllowed || w.Header().Get("Allow") != "GET, HEAD" {
		t.Errorf("status %d, Allow %q; want 405 and GET, HEAD", w.Code, w.Header().Get("Allow"))
	}
}

func TestConfig(t *testing.T) {
	h := web.Handler(built(), func(r *http.Request) web.Config {
		return web.Config{WSURL: "wss://" + r.Host + "/verto", NewMeeting: true, Domain: "example.com"}
	})
	r := get(t, h, "/config.json?cachebuster=1")
	if got := r.Header.Get("Content-Type"); got != "application/json; charset=utf-8" {
		t.Errorf("content type %q", got)
	}
	if got := r.Header.Get("Cache-Control"); got != "no-store" {
		t.Errorf("cache control %q, want no-store", got)
	}
	var got map[string]any
	if err := json.Unmarshal([]byte(body(t, r)), &got); err != nil {
		t.Fatal(err)
	}
	for key, want := range map[string]any{"wsURL": "wss://example.com/verto", "newMeeting": true, "domain": "example.com"} {
		if got[key] != want {
			t.Errorf("%s is %v, want %v", key, got[key], want)
		}
	}
	if len(got) != 3 {
		t.Errorf("config.json holds %v, want three members only", got)
	}
}

func TestSecurityHeaders(t *testing.T) {
	config := web.Config{}
	h := web.Handler(built(), func(*http.Request) web.Config { return config })
	for _, path := range []string{"/", "/r/a", "/config.json", "/assets/index-1a2b3c.js", "/nothing"} {
		header := get(t, h, path).Header
		for key, want := range map[string]string{
			"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer", "X-Frame-Options": "DENY",
		} {
			if got := header.Get(key); got != want {
				t.Errorf("%s: %s is %q, want %q", path, key, got, want)
			}
		}
		for _, want := range []string{"default-src 'none'", "script-src 'self';", "style-src 'self';", "frame-ancestors 'none'"} {
			if csp := header.Get("Content-Security-Policy"); !strings.Contains(csp, want) {
				t.Errorf("%s: policy %q lacks %q", path, csp, want)
			}
		}
	}
}

func TestPolicyNamesTheSocketOnly(t *testing.T) {
	config := web.Config{}
	h := web.Handler(built(), func(*http.Request) web.Config { return config })
	connect := func(host string) string {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.Host = host
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		_, rest, _ := strings.Cut(w.Header().Get("Content-Security-Policy"), "connect-src ")
		value, _, _ := strings.Cut(rest, ";")
		return value
	}
	for _, c := range []struct{ name, host, wsURL, want string }{
		{"own host", "meet.example:8443", "", "'self' ws://meet.example:8443 wss://meet.example:8443"},
		{"address", "[::1]:8081", "/verto", "'self' ws://[::1]:8081 wss://[::1]:8081"},
		{"another host", "a.example", "wss://b.example/verto", "'self' ws://a.example wss://a.example wss://b.example"},
		{"host that is a policy of its own", "a; script-src *", "", "'self'"},
		{"socket that is a policy of its own", "a", "wss://b *;script-src/", "'self' ws://a wss://a"},
		{"not a socket", "a", "https://b.example", "'self' ws://a wss://a"},
	} {
		t.Run(c.name, func(t *testing.T) {
			config.WSURL = c.wsURL
			if got := connect(c.host); got != c.want {
				t.Errorf("connect-src %s, want %s", got, c.want)
			}
		})
	}
}

func TestEmbeddedAssets(t *testing.T) {
	r := get(t, web.Handler(web.Assets(), nil), "/")
	if got := body(t, r); r.StatusCode != 200 || !strings.Contains(got, "<title>Omniverto") {
		t.Errorf("status %d, body %q", r.StatusCode, got)
	}
}
