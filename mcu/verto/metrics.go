package verto

import (
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
)

// metrics are the server's counters; with a nil Registerer they count for nobody.
type metrics struct {
	connections prometheus.Gauge
	sessions    prometheus.Gauge
	calls       prometheus.Gauge
	kept        prometheus.Gauge
	refused     prometheus.Counter
	slow        prometheus.Counter
	logins      *prometheus.CounterVec // result
	requests    *prometheus.CounterVec // method
	denied      *prometheus.CounterVec // what
	events      prometheus.Counter
}

func newMetrics(r prometheus.Registerer) *metrics {
	f := promauto.With(r)
	gauge := func(name, help string) prometheus.Gauge {
		return f.NewGauge(prometheus.GaugeOpts{Namespace: "omniverto", Subsystem: "verto", Name: name, Help: help})
	}
	opts := func(name, help string) prometheus.CounterOpts {
		return prometheus.CounterOpts{Namespace: "omniverto", Subsystem: "verto", Name: name, Help: help}
	}
	return &metrics{
		connections: gauge("connections", "Open WebSocket connections."),
		sessions:    gauge("sessions", "Logged-in connections."),
		calls:       gauge("calls", "Calls, including those being set up."),
		kept:        gauge("kept_calls", "Calls that wait without a connection for their client to come back."),
		refused:     f.NewCounter(opts("refused_connections_total", "Connections refused for too many without login from one address.")),
		slow:        f.NewCounter(opts("slow_clients_total", "Connections closed because the client did not keep up with its events.")),
		logins:      f.NewCounterVec(opts("logins_total", "Login attempts with credentials, by result."), []string{"result"}),
		requests:    f.NewCounterVec(opts("requests_total", "Requests handled, by method."), []string{"method"}),
		denied:      f.NewCounterVec(opts("denied_total", "Refusals by permission, by what was asked for."), []string{"what"}),
		events:      f.NewCounter(opts("events_total", "Channel events queued, counted per receiver.")),
	}
}
