package load

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/omniverto/omniverto/media/opus"
	"github.com/omniverto/omniverto/media/vpx"
)

// Progress tells how far a run is. It is called by several goroutines, one at a
// time, some times a second.
type Progress func(what string, share float64)

// run is one run.
type run struct {
	o        Options
	programs Programs
	progress Progress
	place    place
	stage    *stage

	rounds struct{ server, floor []Round }
	last   measured
	firsts []float64 // first pictures of all rounds, in ms
	memory [2]int64  // of the server: now, peak
	spec   FloorSpec
	warned []string
}

// Run does what the options say and returns the report. Whatever it started has
// ended when it returns. command is how the run was asked for, for the report.
func Run(ctx context.Context, o Options, p Programs, command string, progress Progress) (*Report, error) {
	if err := o.validate(); err != nil {
		return nil, err
	}
	if progress == nil {
		progress = func(string, float64) {}
	}
	r := &run{o: o, programs: p, progress: progress}
	if err := r.open(ctx); err != nil {
		return nil, err
	}
	defer r.place.close()
	if err := r.perform(ctx); err != nil {
		return nil, err
	}
	return r.report(command), nil
}

// open encodes the loops and finds, or starts, the server.
func (r *run) open(ctx context.Context) error {
	var err error
	if r.stage, err = newStage(&r.o, func(share float64) { r.progress("preparing pictures and sound", share) }); err != nil {
		return err
	}
	if r.o.Target != "" {
		r.place, err = r.o.named()
		return err
	}
	r.place, err = startServer(ctx, r.programs)
	return err
}

// perform runs the rounds: one, or with a floor several in turns. A round in which
// somebody else used the machine is repeated, as often as there are rounds.
func (r *run) perform(ctx context.Context) error {
	if !r.o.Floor {
		return r.meet(ctx)
	}
	for tries := 2 * r.o.Rounds; tries > 0 && (countQuiet(r.rounds.server) < r.o.Rounds || countQuiet(r.rounds.floor) < r.o.Rounds); tries-- {
		if err := r.meet(ctx); err != nil {
			return err
		}
		if err := r.floor(ctx); err != nil {
			return err
		}
	}
	return nil
}

func countQuiet(rounds []Round) int {
	n := 0
	for _, r := range rounds {
		if r.Quiet {
			n++
		}
	}
	return n
}

// meet holds one meeting and measures it.
func (r *run) meet(ctx context.Context) error {
	m, err := newMeeting(&r.o, r.place, r.stage)
	if err != nil {
		return err
	}
	defer m.disperse()
	r.progress("joining", 0)
	if err := m.gather(ctx); err != nil {
		return err
	}
	if !r.passes(ctx, "settling", r.o.Settle, func() bool { return wait(ctx, r.o.Settle) }) {
		return fmt.Errorf("load: %w", ctx.Err())
	}
	r.passes(ctx, "measuring", r.o.Duration, func() bool { r.last, err = m.measure(ctx); return true })
	if err != nil {
		return err
	}
	for _, member := range r.last.members {
		if member.FirstPictureMS > 0 {
			r.firsts = append(r.firsts, member.FirstPictureMS)
		}
	}
	r.rounds.server = append(r.rounds.server, Round{r.last.usage, r.last.usage.quiet()})
	if r.place.pid != 0 {
		r.memory[0], r.memory[1] = memory(r.place.pid)
	}
	return r.snapshot(m)
}

// passes runs f, which takes d, and tells the progress meanwhile.
func (r *run) passes(ctx context.Context, what string, d time.Duration, f func() bool) bool {
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		begun, tick := time.Now(), time.NewTicker(200*time.Millisecond)
		defer tick.Stop()
		for {
			r.progress(what, min(float64(time.Since(begun))/float64(max(d, 1)), 1))
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
		}
	}()
	ok := f()
	cancel()
	<-done
	return ok
}

func (r *run) snapshot(m *meeting) error {
	if r.o.Snapshot == "" {
		return nil
	}
	var png bytes.Buffer
	ok, err := m.snapshot(&png)
	if err != nil {
		return fmt.Errorf("load: snapshot: %w", err)
	}
	if !ok {
		r.warned = append(r.warned, "no snapshot: no observer has seen a picture")
		return nil
	}
	return os.WriteFile(r.o.Snapshot, png.Bytes(), 0o644)
}

// floorSettle is the time between the floor's start and its measurement.
const floorSettle = time.Second

// floor measures the bare codec work while the same load goes to a sink.
func (r *run) floor(ctx context.Context) error {
	r.spec = r.floorSpec()
	spec, err := json.Marshal(r.spec)
	if err != nil {
		return fmt.Errorf("load: floor: %w", err)
	}
	c, err := startChild(ctx, childOptions{
		command: r.programs.Floor, env: r.programs.Env, stdout: true, input: bytes.NewReader(spec),
		ready: func(line string) bool { return line == floorReady },
	})
	if err != nil {
		return err
	}
	defer c.stop()
	ctx, cancel := context.WithCancel(ctx)
	fed := make(chan error, 1)
	go func() { fed <- r.stage.feedSink(ctx, &r.o) }()
	var before, after meter
	var errs error
	r.passes(ctx, "measuring the floor", floorSettle+r.o.Duration, func() bool {
		wait(ctx, floorSettle)
		var err1, err2 error
		before, err1 = readMeter(c.cmd.Process.Pid)
		wait(ctx, r.o.Duration)
		after, err2 = readMeter(c.cmd.Process.Pid)
		errs = errors.Join(err1, err2, ctx.Err())
		return true
	})
	cancel()
	if err := errors.Join(errs, <-fed); err != nil {
		return err
	}
	used := after.since(before)
	r.rounds.floor = append(r.rounds.floor, Round{used, used.quiet()})
	return nil
}

// floorSpec is the bare work of the meeting that was just measured: the canvas is
// the one that was received.
func (r *run) floorSpec() FloorSpec {
	s := FloorSpec{Cameras: r.o.cameras(), Camera: r.o.camera(), Talkers: r.o.Talkers, Mixes: r.o.Talkers}
	if r.o.Talkers < r.o.Members {
		s.Mixes++
	}
	var kbps, fps []float64
	for _, m := range r.last.members {
		if m.Error == "" && !m.Visitor {
			kbps, fps = append(kbps, m.VideoKbps), append(fps, m.FPS)
		}
	}
	s.Canvas = Camera{1280, 720, max(int(percentile(fps, 50)+0.5), 1), max(int(percentile(kbps, 50)+0.5), 20)}
	if w, h := canvasSize(r.last.members); w > 0 {
		s.Canvas.Width, s.Canvas.Height = w, h
	}
	return s
}

// canvasSize is the size that observers saw, 0 if there was none.
func canvasSize(members []Member) (w, h int) {
	for _, m := range members {
		if m.Observed != nil && m.Observed.Width > 0 {
			return m.Observed.Width, m.Observed.Height
		}
	}
	return 0, 0
}

// report sums up.
func (r *run) report(command string) *Report {
	out := &Report{Settings: r.settings(command), Members: r.last.members, FirstPicture: summary(r.firsts)}
	u := r.last.usage
	out.Tool = Tool{
		Cores: u.Self, Ticks: r.last.ticks, Skipped: r.last.skipped, UDPDrops: r.last.drops[0], HostDrops: r.last.drops[1],
		Others: u.Others, Steal: u.Steal,
	}
	if out.Tool.Ticks > 0 {
		out.Tool.LatePct = 100 * float64(r.last.late) / float64(out.Tool.Ticks)
	}
	if r.place.pid != 0 {
		out.Server = &Process{
			PID: r.place.pid, Cores: median(r.rounds.server), Rounds: r.rounds.server,
			MB: float64(r.memory[0]) / (1 << 20), PeakMB: float64(r.memory[1]) / (1 << 20),
		}
	}
	if r.o.Floor {
		f := &FloorResult{Cores: median(r.rounds.floor), Rounds: r.rounds.floor, Work: r.spec.String()}
		f.Quiet = countQuiet(r.rounds.server) >= r.o.Rounds && countQuiet(r.rounds.floor) >= r.o.Rounds
		f.Ratio = out.Server.Cores / max(f.Cores, 1e-3)
		out.Floor = f
	}
	out.Warnings = append(r.warned, out.warn()...)
	asserts, _ := ParseAsserts(r.o.Assert) // validated
	for _, a := range asserts {
		out.Asserts = append(out.Asserts, a.check(out))
	}
	return out
}

// median is that of the quiet rounds, or of all if none was quiet.
func median(rounds []Round) float64 {
	var quiet, all []float64
	for _, r := range rounds {
		all = append(all, r.Process)
		if r.Quiet {
			quiet = append(quiet, r.Process)
		}
	}
	if len(quiet) > 0 {
		all = quiet
	}
	slices.Sort(all)
	n := len(all)
	if n == 0 {
		return 0
	}
	return (all[(n-1)/2] + all[n/2]) / 2
}

func (r *run) settings(command string) Settings {
	o := &r.o
	s := Settings{
		Command: command, Target: o.Target, Room: o.Room, Members: o.Members, Cameras: o.cameras(), Talkers: o.Talkers,
		Seconds: o.Duration.Seconds(), Line: o.line(0).String(), Machine: machineName(), LibVPX: vpx.Version(), LibOpus: opus.Version(),
	}
	if o.Target == "" {
		s.Target = "own server"
	}
	if s.Cameras > 0 {
		s.Camera = fmt.Sprintf("%dx%d@%d, %d kbit/s", o.Width, o.Height, o.FPS, o.Kbps)
	}
	if w, h := canvasSize(r.last.members); w > 0 {
		s.Canvas = fmt.Sprintf("%dx%d", w, h)
	}
	var kbps []float64
	for _, m := range r.last.members {
		kbps = append(kbps, m.VideoKbps)
	}
	s.Received = percentile(kbps, 50)
	return s
}

// String is the line in words.
func (l Line) String() string {
	var words []string
	add := func(on bool, format string, v any) {
		if on {
			words = append(words, fmt.Sprintf(format, v))
		}
	}
	add(l.Loss > 0, "loss %.4g %%", 100*l.Loss)
	add(l.Delay > 0, "delay %v", l.Delay)
	add(l.Jitter > 0, "jitter %v", l.Jitter)
	add(l.Reorder > 0, "reorder %.4g %%", 100*l.Reorder)
	add(l.Kbps > 0, "%d kbit/s", l.Kbps)
	if len(words) == 0 {
		return "perfect"
	}
	return strings.Join(words, ", ")
}

// machineName is the processors that this machine has.
func machineName() string {
	name := runtime.GOARCH
	if info, err := os.ReadFile("/proc/cpuinfo"); err == nil {
		for line := range strings.SplitSeq(string(info), "\n") {
			if key, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(key) == "model name" {
				name = strings.TrimSpace(value)
				break
			}
		}
	}
	return fmt.Sprintf("%d × %s", runtime.NumCPU(), name)
}

// lateLimitPct is the share of late ticks beyond which the tool, not the server,
// was measured.
const lateLimitPct = 1.0

// warn says what makes the numbers doubtful.
func (r *Report) warn() []string {
	var out []string
	add := func(on bool, format string, v ...any) {
		if on {
			out = append(out, fmt.Sprintf(format, v...))
		}
	}
	t := r.Tool
	add(t.LatePct > lateLimitPct || t.Skipped > 0,
		"this tool was starved: %.1f %% of its ticks were late, %d left out; use fewer members or another machine", t.LatePct, t.Skipped)
	add(t.UDPDrops > 0, "the kernel dropped %d datagrams on this tool's sockets: losses are not the server's", t.UDPDrops)
	add(t.HostDrops > t.UDPDrops, "the kernel dropped %d datagrams on other sockets of this machine, perhaps the server's", t.HostDrops-t.UDPDrops)
	for _, m := range r.Members {
		add(m.Observed != nil && m.Observed.Overflow > 0, "%s had no time to decode %d frames or packets", m.Name, overflow(m))
	}
	add(r.Server != nil && (t.Others > quietLimit || t.Steal > quietLimit),
		"other processes used %.2f cores and %.2f were stolen: CPU figures and latencies are not to be compared", t.Others, t.Steal)
	add(r.Floor != nil && !r.Floor.Quiet, "not enough undisturbed rounds: the ratio is not to be believed")
	add(r.failures() > 0, "%d participants failed", r.failures())
	return out
}

func overflow(m Member) int {
	if m.Observed == nil {
		return 0
	}
	return m.Observed.Overflow
}
