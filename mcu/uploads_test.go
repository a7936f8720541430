package mcu

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"testing/fstest"
	"testing/iotest"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/omniverto/omniverto/mcu/decor"
	"github.com/omniverto/omniverto/mcu/directory"
)

// moderatorsOnly is an uploader for the user mod, whose password is 1234.
func moderatorsOnly(upload func(kind string, r io.Reader) (string, error)) *uploader {
	return &uploader{
		login: func(_ context.Context, c directory.Credentials) (*directory.Identity, error) {
			switch {
			case c.Addr == netip.MustParseAddr("192.0.2.66"):
				return nil, directory.ErrBackOff
			case c.Password != "1234":
				return nil, directory.ErrPassword
			case c.Login == "mod":
				return &directory.Identity{User: "mod", Domain: "d", MemberFlags: "moderator"}, nil
			}
			return &directory.Identity{User: c.Login, Domain: "d"}, nil
		},
		upload: upload, folder: fstest.MapFS{}, proxies: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")},
		log:   slog.New(slog.DiscardHandler),
		total: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "x"}, []string{"result"}),
		slots: make(chan struct{}, uploadsAtOnce), paid: map[string]time.Time{},
	}
}

// image is a request of mod's with a body that nobody looks into.
func imageOf(size int64) *http.Request {
	r := httptest.NewRequest("POST", "/api/images?room=3600", strings.NewReader("image"))
	r.ContentLength = size
	r.Header.Set("Content-Type", "image/png")
	r.SetBasicAuth("mod", "1234")
	return r
}

func put(u *uploader, r *http.Request) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	u.ServeHTTP(w, r)
	return w
}

// TestUploadChecksBeforeReading: nothing of a request that is refused is read.
func TestUploadChecksBeforeReading(t *testing.T) {
	tests := []struct {
		name   string
		change func(r *http.Request)
		status int
	}{
		{"nobody", func(r *http.Request) { r.Header.Del("Authorization") }, 401},
		{"wrong password", func(r *http.Request) { r.SetBasicAuth("mod", "1") }, 401},
		{"no token", func(r *http.Request) { r.Header.Set("Authorization", "Bearer 1234") }, 401},
		{"forged token", func(r *http.Request) { r.Header.Set("Authorization", "Bearer eyJ.eyJ.x") }, 401},
		{"too many wrong ones, behind a proxy", func(r *http.Request) {
			r.RemoteAddr = "10.0.0.1:5"
			r.Header.Set("X-Forwarded-For", "192.0.2.66, 10.0.0.7")
		}, 429},
		{"participant", func(r *http.Request) { r.SetBasicAuth("anna", "1234") }, 403},
		{"no room", func(r *http.Request) { r.URL.RawQuery = "" }, 400},
		{"no room's name", func(r *http.Request) { r.URL.RawQuery = "room=../x" }, 400},
		{"other type", func(r *http.Request) { r.Header.Set("Content-Type", "image/svg+xml") }, 415},
		{"no type", func(r *http.Request) { r.Header.Del("Content-Type") }, 415},
		{"too large", func(r *http.Request) { r.ContentLength = maxImage + 1 }, 413},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			u := moderatorsOnly(func(string, io.Reader) (string, error) {
				t.Error("the body was read")
				return "", nil
			})
			r := imageOf(5)
			tt.change(r)
			if w := put(u, r); w.Code != tt.status || !strings.HasPrefix(w.Body.String(), `{"error":"`) {
				t.Errorf("got %d %s, want %d", w.Code, w.Body, tt.status)
			}
			if len(u.paid) != 0 {
				t.Error("it counts as an upload")
			}
		})
	}
}

func TestUploadOutcomes(t *testing.T) {
	read := func(_ string, r io.Reader) (string, error) {
		_, err := io.Copy(io.Discard, r)
		return "uploads/x.png", err
	}
	if w := put(moderatorsOnly(read), imageOf(5)); w.Code != 201 || w.Body.String() != `{"name":"uploads/x.png"}`+"\n" {
		t.Errorf("got %d %s", w.Code, w.Body)
	}
	endless := imageOf(-1)
	endless.Body = io.NopCloser(io.LimitReader(zeros{}, maxImage+1))
	if w := put(moderatorsOnly(read), endless); w.Code != 413 {
		t.Errorf("without a length, too large: %d %s", w.Code, w.Body)
	}
	exact := imageOf(-1)
	exact.Body = io.NopCloser(io.LimitReader(zeros{}, maxImage))
	if w := put(moderatorsOnly(read), exact); w.Code != 201 {
		t.Errorf("without a length, largest: %d %s", w.Code, w.Body)
	}
	broken := moderatorsOnly(func(string, io.Reader) (string, error) { return "", errors.New("disk at /secret/place is gone") })
	if w := put(broken, imageOf(5)); w.Code != 500 || strings.Contains(w.Body.String(), "secret") {
		t.Errorf("the server's own trouble: %d %s", w.Code, w.Body)
	}
	half := imageOf(5)
	half.Body = io.NopCloser(io.MultiReader(strings.NewReader("im"), iotest.ErrReader(io.ErrUnexpectedEOF)))
	if w := put(moderatorsOnly(read), half); w.Code != 400 {
		t.Errorf("a sender who left: %d %s", w.Code, w.Body)
	}
	bad := moderatorsOnly(func(string, io.Reader) (string, error) {
		return "", fmt.Errorf("decor: upload: %w: a GIF", decor.ErrImage)
	})
	if w := put(bad, imageOf(5)); w.Code != 422 || strings.Contains(w.Body.String(), "decor") || !strings.Contains(w.Body.String(), "a GIF") {
		t.Errorf("no image: %d %s", w.Code, w.Body)
	}
	full := moderatorsOnly(read)
	full.folder = fstest.MapFS{"a.png": {Data: make([]byte, maxUploads-1)}}
	if w := put(full, imageOf(5)); w.Code != 201 {
		t.Errorf("the last one that goes in: %d %s", w.Code, w.Body)
	}
	full.folder.(fstest.MapFS)["b.png"] = &fstest.MapFile{Data: []byte{0}}
	if w := put(full, imageOf(5)); w.Code != 507 {
		t.Errorf("a full folder: %d %s", w.Code, w.Body)
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

func TestUploadAllowance(t *testing.T) {
	u := moderatorsOnly(nil)
	now := time.Now()
	for i := range uploadBurst {
		if !u.allowed("anna@d", now) {
			t.Fatalf("image %d is refused", i+1)
		}
	}
	if u.allowed("anna@d", now) || !u.allowed("bob@d", now) {
		t.Error("the thirteenth is taken, or somebody else's first is not")
	}
	if u.allowed("anna@d", now.Add(uploadPause-1)) || !u.allowed("anna@d", now.Add(uploadPause)) || u.allowed("anna@d", now.Add(uploadPause)) {
		t.Error("not exactly one more every five seconds")
	}
	minute := now.Add(time.Minute + uploadPause)
	for i := range uploadBurst {
		if !u.allowed("anna@d", minute) {
			t.Fatalf("a minute later, image %d is refused", i+1)
		}
	}
	if u.allowed("carl@d", minute); len(u.paid) != 2 {
		t.Errorf("%d identities are kept", len(u.paid))
	}
}
