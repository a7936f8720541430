package web

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"mime"
	"net/http"
	"net/url"
	"path"
	"regexp"
	"strings"
	"time"
)

const (
	cacheForever = "public, max-age=31536000, immutable" // names under assets/ carry a hash of their content
	cacheAsk     = "no-cache"                            // kept, but asked for again with its ETag
	cacheNever   = "no-store"
)

// roomName is what may follow /r/; the server's own rule for room names is checked again at the call.
var roomName = regexp.MustCompile(`^[A-Za-z0-9_.-]{1,64}$`)

// hostPort is a Host header that may be written into a policy header: names, addresses and a port, nothing else.
var hostPort = regexp.MustCompile(`^(?:[A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?$`)

// file is one asset, read once when the handler is made.
type file struct {
	name  string
	data  []byte
	etag  string
	cache string
}

// handler serves the client's files. It is constant after construction.
type handler struct {
	files  map[string]*file // by URL path without the leading slash
	config func(*http.Request) Config
}

// Handler serves the browser client: the page at / and /r/ROOM, config.json, and the files of the build. It serves the
// build in assets (folder app) when there is one, else the placeholder page at the root of assets. config is called for
// every request of config.json or of the page, from any goroutine; nil stands for the zero Config.
//
// Assets are read once, here; a file that cannot be read is a programmer's error and panics.
func Handler(assets fs.FS, config func(*http.Request) Config) http.Handler {
	if Built(assets) {
		sub, err := fs.Sub(assets, buildDir)
		if err != nil {
			panic(fmt.Errorf("web: open build: %w", err))
		}
		assets = sub
	}
	files, err := load(assets)
	if err != nil {
		panic(err)
	}
	if config == nil {
		config = func(*http.Request) Config { return Config{} }
	}
	return &handler{files: files, config: config}
}

func load(assets fs.FS) (map[string]*file, error) {
	files := make(map[string]*file)
	err := fs.WalkDir(assets, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		data, err := fs.ReadFile(assets, name)
		if err != nil {
			return err
		}
		files[name] = newFile(name, data)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("web: read assets: %w", err)
	}
	if files["index.html"] == nil {
		return nil, errors.New("web: read assets: no index.html")
	}
	return files, nil
}

func newFile(name string, data []byte) *file {
	sum := sha256.Sum256(data)
	f := &file{name: name, data: data, etag: `"` + hex.EncodeToString(sum[:8]) + `"`, cache: cacheAsk}
	if strings.HasPrefix(name, "assets/") {
		f.cache = cacheForever
	}
	return f
}

// ServeHTTP implements http.Handler.
func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	config := h.config(r)
	secure(w.Header(), r, config.WSURL)
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, "method not allowed", http.StatusMethodNotAllowed)
		return
	}
	name := strings.TrimPrefix(path.Clean("/"+r.URL.Path), "/")
	if name == "config.json" {
		serveConfig(w, r, config)
		return
	}
	if room, ok := strings.CutPrefix(name, "r/"); name == "" || ok && roomName.MatchString(room) {
		name = "index.html"
	}
	f := h.files[name]
	if f == nil {
		w.Header().Set("Cache-Control", cacheNever)
		http.Error(w, "not found", http.StatusNotFound)
		return
	}
	f.serve(w, r)
}

func (f *file) serve(w http.ResponseWriter, r *http.Request) {
	header := w.Header()
	header.Set("ETag", f.etag)
	header.Set("Cache-Control", f.cache)
	header.Set("Content-Type", contentType(f.name))
	http.ServeContent(w, r, f.name, time.Time{}, bytes.NewReader(f.data))
}

func serveConfig(w http.ResponseWriter, r *http.Request, config Config) {
	body, err := json.Marshal(config)
	if err != nil {
		http.Error(w, "config.json cannot be written", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Cache-Control", cacheNever)
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	http.ServeContent(w, r, "config.json", time.Time{}, bytes.NewReader(body))
}

// contentType does not ask the system's table for what browsers must understand: a machine with an odd one would make
// the page unusable under nosniff.
func contentType(name string) string {
	switch path.Ext(name) {
	case ".html":
		return "text/html; charset=utf-8"
	case ".js":
		return "text/javascript; charset=utf-8"
	case ".css":
		return "text/css; charset=utf-8"
	case ".svg":
		return "image/svg+xml"
	case ".json", ".map":
		return "application/json; charset=utf-8"
	}
	if known := mime.TypeByExtension(path.Ext(name)); known != "" {
		return known
	}
	return "application/octet-stream"
}

// secure sets the headers that keep the page to itself: nothing from other hosts, no framing, no referrer (a link may
// carry a token), devices for this origin only.
func secure(header http.Header, r *http.Request, wsURL string) {
	header.Set("Content-Security-Policy", policy(r.Host, wsURL))
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("X-Frame-Options", "DENY")
	header.Set("Referrer-Policy", "no-referrer")
	header.Set("Cross-Origin-Opener-Policy", "same-origin")
	header.Set("Cross-Origin-Resource-Policy", "same-origin")
	header.Set("Permissions-Policy", "camera=(self), microphone=(self), display-capture=(self), "+
		"autoplay=(self), fullscreen=(self), screen-wake-lock=(self), geolocation=(), payment=(), usb=()")
}

// policy names the socket's origin beside 'self', because some browsers do not count ws: as the same origin.
func policy(host, wsURL string) string {
	connect := "connect-src 'self'"
	if hostPort.MatchString(host) {
		connect += " ws://" + host + " wss://" + host
	}
	if u, err := url.Parse(wsURL); err == nil && (u.Scheme == "ws" || u.Scheme == "wss") && u.Host != host && hostPort.MatchString(u.Host) {
		connect += " " + u.Scheme + "://" + u.Host
	}
	return strings.Join([]string{
		"default-src 'none'", "script-src 'self'", "style-src 'self'", "img-src 'self' data: blob:",
		"media-src 'self' blob:", "font-src 'self'", connect, "manifest-src 'self'", "base-uri 'none'",
		"form-action 'self'", "frame-ancestors 'none'",
	}, "; ")
}
