package load

import (
	"context"
	"fmt"
	"io"
	"time"
)

// Scenario is one row of the published tables.
type Scenario struct {
	Name    string
	Options Options
}

// Scenarios are the published ones: meetings of 1, 2, 4 and 9 with cameras of
// 640x360, and 20 without, with one talker and with all.
func Scenarios(duration time.Duration, rounds int) []Scenario {
	base := Defaults()
	base.Duration, base.Rounds, base.Floor = duration, rounds, true
	var out []Scenario
	for _, n := range []int{1, 2, 4, 9} {
		o := base
		o.Members = n
		out = append(out, Scenario{fmt.Sprintf("%d × 640x360@30", n), o})
	}
	for _, talkers := range []int{1, 20} {
		o := base
		o.Members, o.Talkers, o.AudioOnly = 20, talkers, true
		o.JoinEvery = 50 * time.Millisecond
		out = append(out, Scenario{fmt.Sprintf("20 sound only, %d talking", talkers), o})
	}
	return out
}

// Command is the command line of the scenario.
func (s Scenario) Command() string {
	o := s.Options
	text := fmt.Sprintf("omniverto load --members %d --talkers %d", o.Members, o.Talkers)
	if o.AudioOnly {
		text += " --audio-only --join-every " + o.JoinEvery.String()
	}
	return text + fmt.Sprintf(" --floor --rounds %d --duration %v", o.Rounds, o.Duration)
}

// Tables runs all scenarios and writes them as a Markdown table.
func Tables(ctx context.Context, w io.Writer, scenarios []Scenario, p Programs, progress Progress) error {
	var notes []string
	for i, s := range scenarios {
		r, err := Run(ctx, s.Options, p, s.Command(), func(what string, share float64) {
			if progress != nil {
				progress(fmt.Sprintf("%s: %s", s.Name, what), (float64(i)+share)/float64(len(scenarios)))
			}
		})
		if err != nil {
			return err
		}
		if i == 0 {
			fmt.Fprintf(w, "%s; libvpx %s, %s; canvas %s.\n\n", r.Settings.Machine, r.Settings.LibVPX, r.Settings.LibOpus, r.Settings.Canvas)
			fmt.Fprintln(w, "| Meeting | Server, cores | Floor, cores | Ratio | Picture p50/p95, ms | Sound p50/p95, ms | First picture p50/max, ms | Memory, MB | Command |")
			fmt.Fprintln(w, "|---|---|---|---|---|---|---|---|---|")
		}
		fmt.Fprintln(w, r.row(s))
		for _, text := range r.Warnings {
			notes = append(notes, s.Name+": "+text)
		}
	}
	fmt.Fprintln(w)
	for _, n := range notes {
		fmt.Fprintf(w, "* %s\n", n)
	}
	return nil
}

// row is the scenario's line of the table.
func (r *Report) row(s Scenario) string {
	video, sound := Percentile{}, Percentile{}
	for _, m := range r.Members {
		if m.Observed != nil {
			video, sound = m.Observed.VideoLatency, m.Observed.AudioLatency
		}
	}
	pictures := "–"
	if p := r.FirstPicture; p.N > 0 {
		pictures = fmt.Sprintf("%.0f/%.0f", p.P50, p.Max)
	}
	return fmt.Sprintf("| %s | %.3f | %.3f | %.2f | %s | %s | %s | %.0f | `%s` |", s.Name, r.Server.Cores, r.Floor.Cores, r.Floor.Ratio,
		video.cell(), sound.cell(), pictures, r.Server.MB, s.Command())
}

func (p Percentile) cell() string {
	if p.N == 0 {
		return "–"
	}
	return fmt.Sprintf("%.0f/%.0f", p.P50, p.P95)
}
