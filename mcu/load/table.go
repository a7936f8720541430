package load

import (
	"encoding/json"
	"fmt"
	"io"
	"text/tabwriter"
)

// WriteJSON writes the report for machines.
func (r *Report) WriteJSON(w io.Writer) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	return e.Encode(r)
}

// maxRows is how many participants a table shows; of more it shows those with
// something to tell.
const maxRows = 16

// WriteTable writes the report for people.
func (r *Report) WriteTable(w io.Writer) {
	s := r.Settings
	fmt.Fprintf(w, "\n%s, room %s: %d members, %d cameras (%s), %d talking, line %s, %.3g s measured\n",
		s.Target, s.Room, s.Members, s.Cameras, orNone(s.Camera), s.Talkers, s.Line, s.Seconds)
	fmt.Fprintf(w, "%s; libvpx %s, %s; canvas %s\n\n", s.Machine, s.LibVPX, s.LibOpus, orNone(s.Canvas))
	r.writeMembers(w)
	r.writeObserved(w)
	r.writeCost(w)
	for _, text := range r.Warnings {
		fmt.Fprintln(w, "warning:", text)
	}
	for _, a := range r.Asserts {
		verdict := "holds"
		if !a.Holds {
			verdict = "FAILS"
		}
		fmt.Fprintf(w, "%s  %s (%s)\n", verdict, a.Assert, a.Found)
	}
}

func orNone(s string) string {
	if s == "" {
		return "none"
	}
	return s
}

func (r *Report) writeMembers(w io.Writer) {
	tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(tw, "member\tjoin\tmedia\tpicture\tsound\tfps\tfreezes\tvideo\taudio\tloss\trepaired\tgaps\t")
	fmt.Fprintln(tw, "\tms\tms\tms\tms\t\tms\tkbit/s\tkbit/s\t%\t\tms\t")
	left := 0
	for i := range r.Members {
		m := &r.Members[i]
		if i >= maxRows && m.Error == "" && m.Observed == nil {
			left++
			continue
		}
		if m.Error != "" {
			continue
		}
		fmt.Fprintf(tw, "%s\t%.0f\t%.0f\t%.0f\t%.0f\t%.1f\t%s\t%.0f\t%.0f\t%.2f\t%d\t%s\t\n", m.Name, m.JoinMS, m.ConnectMS,
			m.FirstPictureMS, m.FirstSoundMS, m.FPS, times(m.Freezes, m.FreezeMS), m.VideoKbps, m.AudioKbps,
			m.LossPercent, m.Repaired, times(m.AudioGaps, m.AudioGapMS))
	}
	_ = tw.Flush()
	if left > 0 {
		fmt.Fprintf(w, "and %d more\n", left)
	}
	for _, m := range r.Members {
		if m.Error != "" {
			fmt.Fprintf(w, "%s failed: %s\n", m.Name, m.Error)
		}
	}
	fmt.Fprintln(w)
}

// times is "2×310", or "0".
func times(n int, ms float64) string {
	if n == 0 {
		return "0"
	}
	return fmt.Sprintf("%d×%.0f", n, ms/float64(n))
}

func (r *Report) writeObserved(w io.Writer) {
	for _, m := range r.Members {
		o := m.Observed
		if o == nil {
			continue
		}
		fmt.Fprintf(w, "%s sees %d cameras", m.Name, len(o.CellFPS))
		if len(o.CellFPS) > 0 {
			fmt.Fprintf(w, " at %.1f to %.1f different pictures a second, picture %s", aggregate("min", o.CellFPS), aggregate("max", o.CellFPS), o.VideoLatency)
		}
		if o.AudioLatency.N > 0 {
			fmt.Fprintf(w, ", sound %s", o.AudioLatency)
		}
		if o.SkewMS != nil {
			fmt.Fprintf(w, ", sound %+.0f ms after picture", *o.SkewMS)
		}
		for i, ms := range o.LayoutChangeMS {
			if i == 0 {
				fmt.Fprint(w, ", layout changed after")
			}
			fmt.Fprintf(w, " %.0f", ms)
		}
		fmt.Fprintln(w)
	}
}

// String is the percentiles in words.
func (p Percentile) String() string { return fmt.Sprintf("%.0f/%.0f ms (p50/p95)", p.P50, p.P95) }

func (r *Report) writeCost(w io.Writer) {
	if r.Server != nil {
		fmt.Fprintf(w, "server: %.3f cores, %.0f MB (peak %.0f)\n", r.Server.Cores, r.Server.MB, r.Server.PeakMB)
	}
	if f := r.Floor; f != nil {
		fmt.Fprintf(w, "floor:  %.3f cores: %s\nratio:  %.2f\n", f.Cores, f.Work, f.Ratio)
	}
	fmt.Fprintf(w, "this tool: %.3f cores, %.2f %% of its ticks late\n", r.Tool.Cores, r.Tool.LatePct)
}
