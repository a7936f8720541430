// Package admin is the HTTP handler of the server's admin address: health,
// metrics, profiles and control; and the client of that address.
//
// It is a leaf: it imports nothing of the project. Handlers may be called from
// any goroutine.
package admin

import (
	"log/slog"
	"net/http"
	"net/http/pprof"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Options are what the handlers show.
type Options struct {
	// Data is the data folder, which must exist; it keeps the bearer secret.
	Data string
	// Ready reports whether the server takes calls.
	Ready func() bool
	// Gatherer gives the metrics.
	Gatherer prometheus.Gatherer
	// API answers /api/…, behind the secret; its requests with a body carry JSON.
	// Nil: no such address.
	API http.Handler
	// Log gets the errors of gathering metrics.
	Log *slog.Logger
}

// New returns the handler of the admin address. All but health and metrics needs
// the secret of [SecretFile]. It refuses requests whose Host is neither an IP
// address nor localhost, so that a web page cannot reach it by a name of its own
// that resolves to loopback.
func New(o Options) (http.Handler, error) {
	secret, err := openSecret(o.Data)
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	open(mux, o)
	guarded := http.NewServeMux()
	guarded.HandleFunc("/debug/pprof/", pprof.Index)
	guarded.HandleFunc("/debug/pprof/cmdline", pprof.Cmdline)
	guarded.HandleFunc("/debug/pprof/profile", pprof.Profile)
	guarded.HandleFunc("/debug/pprof/symbol", pprof.Symbol)
	guarded.HandleFunc("/debug/pprof/trace", pprof.Trace)
	if o.API != nil {
		guarded.Handle("/api/", requireJSON(o.API))
	}
	mux.Handle("/", requireSecret(secret, guarded))
	return requireLocalHost(mux), nil
}

// Metrics returns the handler for scrapers: metrics and health, for any Host.
func Metrics(o Options) http.Handler {
	mux := http.NewServeMux()
	open(mux, o)
	return mux
}

// open adds what needs no secret.
func open(mux *http.ServeMux, o Options) {
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) {
		answer(w, http.StatusOK, "ok")
	})
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, _ *http.Request) {
		if !o.Ready() {
			answer(w, http.StatusServiceUnavailable, "not ready")
			return
		}
		answer(w, http.StatusOK, "ready")
	})
	mux.Handle("GET /metrics", promhttp.HandlerFor(o.Gatherer, promhttp.HandlerOpts{
		ErrorLog: slog.NewLogLogger(o.Log.Handler(), slog.LevelError),
	}))
}

func answer(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	_, _ = w.Write([]byte(text + "\n")) // the client is gone if this fails
}
