package admin_test

import (
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/omniverto/omniverto/mcu/admin"
	"github.com/prometheus/client_golang/prometheus"
)

// options returns handlers with one metric and an API that echoes its body.
func options(t *testing.T) admin.Options {
	t.Helper()
	registry := prometheus.NewRegistry()
	rooms := prometheus.NewGauge(prometheus.GaugeOpts{Name: "omniverto_rooms", Help: "Rooms."})
	if err := registry.Register(rooms); err != nil {
		t.Fatal(err)
	}
	return admin.Options{
		Data:     t.TempDir(),
		Ready:    func() bool { return true },
		Gatherer: registry,
		Log:      slog.New(slog.DiscardHandler),
		API: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if _, err := io.Copy(w, r.Body); err != nil {
				w.WriteHeader(http.StatusRequestEntityTooLarge)
			}
		}),
	}
}

// admitted returns the admin handler and its secret.
func admitted(t *testing.T, o admin.Options) (h http.Handler, secret string) {
	t.Helper()
	h, err := admin.New(o)
	if err != nil {
		t.Fatal(err)
	}
	doc, err := os.ReadFile(filepath.Join(o.Data, admin.SecretFile))
	if err != nil {
		t.Fatal(err)
	}
	return h, strings.TrimSpace(string(doc))
}

type request struct {
	method, host, path, bearer, kind, body string
}

func do(h http.Handler, r request) *httptest.ResponseRecorder {
	if r.method == "" {
		r.method = http.MethodGet
	}
	req := httptest.NewRequest(r.method, r.path, strings.NewReader(r.body))
	req.Host = r.host
	if req.Host == "" {
		req.Host = "127.0.0.1:8444"
	}
	if r.bearer != "" {
		req.Header.Set("Authorization", "Bearer "+r.bearer)
	}
	if r.kind != "" {
		req.Header.Set("Content-Type", r.kind)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, req)
	return w
}

func TestAdmin(t *testing.T) {
	const post, json = http.MethodPost, "application/json"
	h, secret := admitted(t, options(t))
	tests := []struct {
		name   string
		r      request
		status int
		body   string
	}{
		{"healthz", request{path: "/healthz"}, 200, "ok\n"},
		{"readyz", request{path: "/readyz"}, 200, "ready\n"},
		{"metrics", request{path: "/metrics"}, 200, "omniverto_rooms 0"},
		{"localhost", request{path: "/healthz", host: "localhost:8444"}, 200, "ok"},
		{"ipv6", request{path: "/healthz", host: "[::1]:8444"}, 200, "ok"},
		{"ip without port", request{path: "/healthz", host: "127.0.0.1"}, 200, "ok"},
		{"name", request{path: "/healthz", host: "rebound.example.org:8444"}, 403, "not a name"},
		{"name with secret", request{path: "/api/x", host: "rebound.example.org", bearer: secret}, 403, "not a name"},
		{"pprof without secret", request{path: "/debug/pprof/"}, 401, "admin.secret"},
		{"pprof", request{path: "/debug/pprof/", bearer: secret}, 200, "goroutine"},
		{"api without secret", request{path: "/api/x"}, 401, "admin.secret"},
		{"api with wrong secret", request{path: "/api/x", bearer: secret + "0"}, 401, ""},
		{"api get", request{path: "/api/x", bearer: secret}, 200, ""},
		{"api json", request{method: post, path: "/api/x", bearer: secret, kind: json + "; charset=utf-8", body: `{"a":1}`}, 200, `{"a":1}`},
		{"api form", request{method: post, path: "/api/x", bearer: secret, kind: "text/plain", body: `{"a":1}`}, 415, "application/json"},
		{"api without type", request{method: post, path: "/api/x", bearer: secret, body: `{}`}, 415, ""},
		{"api refusals are JSON", request{path: "/api/x"}, 401, `{"error":"the secret in`},
		{"api by another name", request{path: "/api/x", host: "evil.example", bearer: secret}, 403, `{"error":"use the address itself`},
		{"api type in JSON", request{method: post, path: "/api/x", bearer: secret, kind: "text/plain", body: `{}`}, 415, `{"error":"the body must be application/json"}`},
		{"api delete", request{method: http.MethodDelete, path: "/api/x", bearer: secret}, 200, ""},
		{"api delete with a form", request{method: http.MethodDelete, path: "/api/x", bearer: secret, kind: "text/plain", body: "x"}, 415, ""},
		{"api put without type", request{method: http.MethodPut, path: "/api/x", bearer: secret}, 415, ""},
		{"unknown path tells nothing", request{path: "/other"}, 401, ""},
		{"unknown path", request{path: "/other", bearer: secret}, 404, ""},
		{"method", request{method: post, path: "/healthz"}, 401, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := do(h, tt.r)
			if w.Code != tt.status || !strings.Contains(w.Body.String(), tt.body) {
				t.Errorf("got %d %q, want %d with %q", w.Code, w.Body, tt.status, tt.body)
			}
		})
	}
}

func TestBodyIsBounded(t *testing.T) {
	h, secret := admitted(t, options(t))
	w := do(h, request{
		method: http.MethodPost, path: "/api/x", bearer: secret, kind: "application/json", body: strings.Repeat(" ", 2<<20),
	})
	if w.Body.Len() > 1<<20 {
		t.Errorf("the API read %d bytes, want at most 1 MiB", w.Body.Len())
	}
}

func TestMetricsAlone(t *testing.T) {
	h := admin.Metrics(options(t))
	for path, status := range map[string]int{"/metrics": 200, "/healthz": 200, "/readyz": 200, "/api/x": 404, "/debug/pprof/": 404} {
		if w := do(h, request{path: path, host: "node-7.example.org:9100"}); w.Code != status {
			t.Errorf("%s: got %d, want %d", path, w.Code, status)
		}
	}
}

func TestNotReady(t *testing.T) {
	o := options(t)
	o.Ready = func() bool { return false }
	h, _ := admitted(t, o)
	if w := do(h, request{path: "/readyz"}); w.Code != 503 || w.Body.String() != "not ready\n" {
		t.Errorf("got %d %q, want 503 not ready", w.Code, w.Body)
	}
}

func TestSecretIsKept(t *testing.T) {
	o := options(t)
	_, first := admitted(t, o)
	_, second := admitted(t, o)
	if first != second || len(first) < 32 {
		t.Errorf("got %q then %q", first, second)
	}
	path := filepath.Join(o.Data, admin.SecretFile)
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v; want 0600", info.Mode(), err)
	}
	if err := os.WriteFile(path, []byte("\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := admin.New(o); err == nil || !strings.Contains(err.Error(), path) {
		t.Errorf("got %v, want an error that names the empty file", err)
	}
}
