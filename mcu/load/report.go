package load

import (
	"slices"
	"time"
)

// Report is what a run measured; its JSON form is stable.
type Report struct {
	Settings Settings `json:"settings"`
	// Members are those of the last round, if there were several; FirstPicture is
	// of all.
	Members      []Member       `json:"members"`
	FirstPicture Percentile     `json:"first_picture_ms"`
	Server       *Process       `json:"server,omitempty"`
	Floor        *FloorResult   `json:"floor,omitempty"`
	Tool         Tool           `json:"tool"`
	Warnings     []string       `json:"warnings,omitempty"`
	Asserts      []AssertResult `json:"asserts,omitempty"`
}

// Settings are what was run, where.
type Settings struct {
	Command  string  `json:"command"`
	Target   string  `json:"target"` // "own server" if it was started
	Room     string  `json:"room"`
	Members  int     `json:"members"`
	Cameras  int     `json:"cameras"`
	Camera   string  `json:"camera"` // 640x360@30, 600 kbit/s
	Talkers  int     `json:"talkers"`
	Seconds  float64 `json:"seconds"` // that were measured
	Line     string  `json:"line"`
	Machine  string  `json:"machine"`
	LibVPX   string  `json:"libvpx"`
	LibOpus  string  `json:"libopus"`
	Canvas   string  `json:"canvas"` // size that was received
	Received float64 `json:"received_kbps"`
}

// Member is what one participant measured.
type Member struct {
	Name     string `json:"name"`
	Role     string `json:"role"` // of camera, talks, observes
	Error    string `json:"error,omitempty"`
	Bundled  bool   `json:"bundled"`
	Visitor  bool   `json:"visitor,omitempty"`  // came or went in the measurement
	Impaired bool   `json:"impaired,omitempty"` // has a bad line

	LoginMS        float64 `json:"login_ms"`
	JoinMS         float64 `json:"join_ms"`          // invite to answer
	ConnectMS      float64 `json:"connect_ms"`       // invite to encrypted media
	FirstPictureMS float64 `json:"first_picture_ms"` // invite to the first whole picture; 0: none
	FirstSoundMS   float64 `json:"first_sound_ms"`   // invite to the first packet of sound

	FPS             float64 `json:"fps"`
	Freezes         int     `json:"freezes"`
	FreezeMS        float64 `json:"freeze_ms"`
	LongestFreezeMS float64 `json:"longest_freeze_ms"`
	VideoKbps       float64 `json:"video_kbps"`
	AudioKbps       float64 `json:"audio_kbps"`
	Keyframes       int     `json:"keyframes"`
	KeyframesAsked  int     `json:"keyframes_asked"` // by us
	KeyframesSent   int     `json:"keyframes_sent"`  // because the server asked
	LossPercent     float64 `json:"loss_pct"`        // packets of the canvas that did not come at first
	Repaired        int     `json:"repaired"`        // of these, that came again
	Lost            int     `json:"lost"`            // that never came
	AudioGaps       int     `json:"audio_gaps"`
	AudioGapMS      float64 `json:"audio_gap_ms"`
	AudioLossPct    float64 `json:"audio_loss_pct"`

	Observed *Observed `json:"observed,omitempty"`
}

// Observed is what a member who decodes saw and heard.
type Observed struct {
	Width          int        `json:"width"`
	Height         int        `json:"height"`
	Codes          int        `json:"codes"`    // time codes on the last picture
	CellFPS        []float64  `json:"cell_fps"` // different pictures a second of each camera that was seen
	VideoLatency   Percentile `json:"video_latency_ms"`
	AudioLatency   Percentile `json:"audio_latency_ms"`
	SkewMS         *float64   `json:"av_skew_ms,omitempty"`         // sound after picture, as a player that heeds sender reports plays them
	ArrivalSkewMS  *float64   `json:"av_skew_arrival_ms,omitempty"` // the same as they arrive
	LayoutChangeMS []float64  `json:"layout_ms,omitempty"`
	Overflow       int        `json:"overflow,omitempty"` // frames and packets that this tool had no time for
	Undecoded      int        `json:"undecoded,omitempty"`
}

// Percentile sums samples up.
type Percentile struct {
	N   int     `json:"n"`
	P50 float64 `json:"p50"`
	P95 float64 `json:"p95"`
	Max float64 `json:"max"`
}

func summary(values []float64) Percentile {
	if len(values) == 0 {
		return Percentile{}
	}
	return Percentile{len(values), percentile(values, 50), percentile(values, 95), slices.Max(values)}
}

// Process is what the server's process used.
type Process struct {
	PID    int     `json:"pid"`
	Cores  float64 `json:"cores"` // of all rounds the median
	MB     float64 `json:"mb"`    // resident at the end
	PeakMB float64 `json:"peak_mb"`
	Rounds []Round `json:"rounds,omitempty"`
}

// Round is one measurement of a process.
type Round struct {
	usage
	Quiet bool `json:"quiet"` // nobody else used the machine
}

// FloorResult is what the bare codec work of the meeting costs.
type FloorResult struct {
	Cores  float64 `json:"cores"` // median of the rounds
	Ratio  float64 `json:"ratio"` // server to floor
	Work   string  `json:"work"`
	Rounds []Round `json:"rounds"`
	Quiet  bool    `json:"quiet"` // enough rounds were undisturbed
}

// Tool is what this process did.
type Tool struct {
	Cores     float64 `json:"cores"`
	Ticks     int64   `json:"ticks"`
	LatePct   float64 `json:"late_pct"` // of the sending ticks, over 10 ms late
	Skipped   int64   `json:"skipped"`
	UDPDrops  int     `json:"udp_drops"`         // on our sockets
	HostDrops int     `json:"udp_drops_machine"` // on all sockets
	Others    float64 `json:"other_cores"`       // that other processes used
	Steal     float64 `json:"steal_cores"`
}

// Failed tells whether an assertion does not hold.
func (r *Report) Failed() bool {
	return slices.ContainsFunc(r.Asserts, func(a AssertResult) bool { return !a.Holds })
}

// metric is a value that can be asserted.
type metric struct {
	name   string
	digits int
	values func(*Report) []float64
}

// metrics is the table of what can be asserted.
func metrics() []metric {
	each := func(name string, digits int, f func(m *Member) (float64, bool)) metric {
		return metric{name, digits, func(r *Report) []float64 {
			var out []float64
			for i := range r.Members {
				if v, ok := f(&r.Members[i]); ok {
					out = append(out, v)
				}
			}
			return out
		}}
	}
	steady := func(f func(m *Member) float64) func(m *Member) (float64, bool) {
		return func(m *Member) (float64, bool) { return f(m), m.Error == "" && !m.Visitor }
	}
	observed := func(f func(o *Observed) (float64, bool)) func(m *Member) (float64, bool) {
		return func(m *Member) (float64, bool) {
			if m.Observed == nil {
				return 0, false
			}
			return f(m.Observed)
		}
	}
	of := func(p func(o *Observed) Percentile, f func(Percentile) float64) func(m *Member) (float64, bool) {
		return observed(func(o *Observed) (float64, bool) { return f(p(o)), p(o).N > 0 })
	}
	video := func(o *Observed) Percentile { return o.VideoLatency }
	audio := func(o *Observed) Percentile { return o.AudioLatency }
	p50, p95 := func(p Percentile) float64 { return p.P50 }, func(p Percentile) float64 { return p.P95 }
	return []metric{
		each("join_ms", 0, func(m *Member) (float64, bool) { return m.JoinMS, m.JoinMS > 0 }),
		each("first_picture_ms", 0, func(m *Member) (float64, bool) { return m.FirstPictureMS, m.FirstPictureMS > 0 }),
		each("first_sound_ms", 0, func(m *Member) (float64, bool) { return m.FirstSoundMS, m.FirstSoundMS > 0 }),
		each("fps", 1, steady(func(m *Member) float64 { return m.FPS })),
		{"cell_fps", 1, cellFPS},
		each("freezes", 0, steady(func(m *Member) float64 { return float64(m.Freezes) })),
		each("freeze_ms", 0, steady(func(m *Member) float64 { return m.FreezeMS })),
		each("video_kbps", 0, steady(func(m *Member) float64 { return m.VideoKbps })),
		each("audio_kbps", 0, steady(func(m *Member) float64 { return m.AudioKbps })),
		each("keyframes", 0, steady(func(m *Member) float64 { return float64(m.Keyframes) })),
		each("loss_pct", 2, steady(func(m *Member) float64 { return m.LossPercent })),
		each("lost", 0, steady(func(m *Member) float64 { return float64(m.Lost) })),
		each("audio_loss_pct", 2, steady(func(m *Member) float64 { return m.AudioLossPct })),
		each("audio_gaps", 0, steady(func(m *Member) float64 { return float64(m.AudioGaps) })),
		each("audio_gap_ms", 0, steady(func(m *Member) float64 { return m.AudioGapMS })),
		each("video_latency_p50_ms", 1, of(video, p50)),
		each("video_latency_p95_ms", 1, of(video, p95)),
		each("audio_latency_p50_ms", 1, of(audio, p50)),
		each("audio_latency_p95_ms", 1, of(audio, p95)),
		each("av_skew_ms", 1, observed(func(o *Observed) (float64, bool) { return deref(o.SkewMS), o.SkewMS != nil })),
		{"layout_ms", 0, layoutTimes},
		{"failed", 0, func(r *Report) []float64 { return []float64{float64(r.failures())} }},
		{"server_cores", 3, func(r *Report) []float64 {
			if r.Server == nil {
				return nil
			}
			return []float64{r.Server.Cores}
		}},
		{"server_mb", 0, func(r *Report) []float64 {
			if r.Server == nil {
				return nil
			}
			return []float64{r.Server.MB}
		}},
		{"ratio", 2, func(r *Report) []float64 {
			if r.Floor == nil {
				return nil
			}
			return []float64{r.Floor.Ratio}
		}},
		{"late_pct", 2, func(r *Report) []float64 { return []float64{r.Tool.LatePct} }},
		{"udp_drops", 0, func(r *Report) []float64 { return []float64{float64(r.Tool.UDPDrops)} }},
	}
}

func deref(v *float64) float64 {
	if v == nil {
		return 0
	}
	return *v
}

func cellFPS(r *Report) []float64 {
	var out []float64
	for _, m := range r.Members {
		if m.Observed != nil {
			out = append(out, m.Observed.CellFPS...)
		}
	}
	return out
}

func layoutTimes(r *Report) []float64 {
	var out []float64
	for _, m := range r.Members {
		if m.Observed != nil {
			out = append(out, m.Observed.LayoutChangeMS...)
		}
	}
	return out
}

// failures is the number of members who did not get or not keep their place.
func (r *Report) failures() int {
	n := 0
	for _, m := range r.Members {
		if m.Error != "" {
			n++
		}
	}
	return n
}

func findMetric(name string) (metric, bool) {
	for _, m := range metrics() {
		if m.name == name {
			return m, true
		}
	}
	return metric{}, false
}

func metricNames() []string {
	var out []string
	for _, m := range metrics() {
		out = append(out, m.name)
	}
	return out
}

// milliseconds is a time as it stands in a report.
func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
