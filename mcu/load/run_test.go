package load_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"image/png"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/omniverto/omniverto/mcu"
	"github.com/omniverto/omniverto/mcu/config"
	"github.com/omniverto/omniverto/mcu/load"
)

// childEnv makes this test binary one of the processes that a run starts.
const childEnv = "OMNIVERTO_LOAD_CHILD"

func TestMain(m *testing.M) {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	var err error
	switch os.Getenv(childEnv) {
	case "":
		stop()
		os.Exit(m.Run())
	case "floor":
		err = load.ServeFloor(ctx, os.Stdin, os.Stdout)
	default:
		err = serve(ctx)
	}
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// serve is "omniverto serve" as far as a run uses it: after -- come the flags.
func serve(ctx context.Context) error {
	flags, args := map[string]string{}, os.Args[2:]
	for i := 0; i+1 < len(args); i += 2 {
		flags[strings.TrimPrefix(args[i], "--")] = args[i+1]
	}
	cfg, err := config.Load(config.Sources{Flags: flags})
	if err != nil {
		return err
	}
	s, err := mcu.New(cfg, slog.New(slog.NewTextHandler(os.Stderr, nil)))
	if err != nil {
		return err
	}
	return s.Run(ctx)
}

func programs() load.Programs {
	return load.Programs{
		Serve: []string{"/usr/bin/env", childEnv + "=server", os.Args[0], "--"},
		Floor: []string{"/usr/bin/env", childEnv + "=floor", os.Args[0]},
	}
}

func options(members int) load.Options {
	o := load.Defaults()
	o.Members, o.Duration, o.Settle, o.JoinEvery = members, 2500*time.Millisecond, 500*time.Millisecond, 50*time.Millisecond
	o.Room, o.Width, o.Height, o.Kbps = "3800", 320, 180, 200 // 480x320
	o.Patience = 30 * time.Second
	return o
}

func run(t *testing.T, o load.Options) *load.Report {
	t.Helper()
	r, err := load.Run(t.Context(), o, programs(), "test", nil)
	if err != nil {
		t.Fatal(err)
	}
	var table bytes.Buffer
	r.WriteTable(&table)
	t.Log(table.String())
	return r
}

// TestRun is the whole tool in one test: its own server, three members of whom
// one has a bad line, a snapshot, assertions, the report in both forms.
func TestRun(t *testing.T) {
	t.Parallel()
	o := options(3)
	o.Impaired, o.Loss, o.Delay = 1, 5, 30*time.Millisecond
	o.Snapshot = filepath.Join(t.TempDir(), "canvas.png")
	o.Assert = "failed=0,fps>=1,server_cores>0,sum(fps)<1"
	r := run(t, o)
	if len(r.Members) != 3 {
		t.Fatalf("%d members", len(r.Members))
	}
	for i, m := range r.Members {
		if m.Error != "" || m.FPS < 5 || m.FirstPictureMS <= 0 || m.JoinMS <= 0 || m.VideoKbps <= 0 || m.AudioKbps <= 0 || !m.Bundled {
			t.Errorf("member %d: %+v", i, m)
		}
	}
	if got := r.Members[0].LossPercent; got < 1 || got > 12 {
		t.Errorf("%.2f %% lost on a line that loses 5 %%", got)
	}
	if clean := r.Members[1]; clean.LossPercent > 2 || clean.ConnectMS > r.Members[0].ConnectMS+1000 {
		t.Errorf("a clean line: %+v", clean)
	}
	seen := r.Members[2].Observed
	if seen == nil || seen.Width != 480 || seen.Height != 320 || len(seen.CellFPS) != 3 {
		t.Fatalf("the observer saw %+v", seen)
	}
	// Codes counts those on the last picture alone, which a starved encoder may have
	// blurred; that each was read now and then, CellFPS tells.
	if starved := r.Tool.LatePct > 1; seen.Codes != 3 && (!starved || slices.Min(seen.CellFPS) <= 0) {
		t.Errorf("the observer read %d codes: %+v", seen.Codes, seen)
	}
	if l := seen.VideoLatency; l.N < 20 || l.P50 < 1 || l.P50 > 2000 || l.P95 < l.P50 {
		t.Errorf("latency of the picture %+v", l)
	}
	if l := seen.AudioLatency; l.N < 1 || l.P50 < 60 || l.P50 > 1500 || seen.SkewMS == nil {
		t.Errorf("latency of the sound over 30 ms of line %+v", l)
	}
	if r.Server == nil || r.Server.Cores <= 0 || r.Server.MB < 1 || !r.Failed() || r.Asserts[0].Found != "0" {
		t.Errorf("server %+v, asserts %+v", r.Server, r.Asserts)
	}
	checkSnapshot(t, o.Snapshot)
	checkJSON(t, r)
}

func checkSnapshot(t *testing.T, name string) {
	t.Helper()
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if c, err := png.DecodeConfig(f); err != nil || c.Width != 480 || c.Height != 320 {
		t.Errorf("snapshot %+v, %v", c, err)
	}
}

func checkJSON(t *testing.T, r *load.Report) {
	t.Helper()
	var text bytes.Buffer
	if err := r.WriteJSON(&text); err != nil {
		t.Fatal(err)
	}
	var back map[string]any
	if err := json.NewDecoder(&text).Decode(&back); err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{"settings", "members", "server", "tool", "asserts"} {
		if back[key] == nil {
			t.Errorf("JSON without %s", key)
		}
	}
}

// TestChangingMeeting: members come and go and a moderator changes the layout.
func TestChangingMeeting(t *testing.T) {
	t.Parallel()
	o := options(3)
	o.Churn, o.Layouts, o.LayoutEvery = 800*time.Millisecond, []string{"3x3", "1x2"}, 1100*time.Millisecond
	r := run(t, o)
	visitors := 0
	for _, m := range r.Members {
		if m.Visitor && m.Error == "" && m.FirstPictureMS > 0 {
			visitors++
		}
	}
	if visitors < 2 {
		t.Errorf("%d visitors", visitors)
	}
	for _, m := range r.Members {
		if m.Observed != nil && len(m.Observed.LayoutChangeMS) == 0 {
			t.Error("no layout change was seen")
		}
	}
}

// TestFloor: the floor is measured in turns with the meeting and repeats itself.
func TestFloor(t *testing.T) {
	o := options(2)
	o.Floor, o.Rounds, o.Duration = true, 1, 1500*time.Millisecond
	r := run(t, o)
	if r.Floor == nil || r.Floor.Cores <= 0 || r.Floor.Ratio <= 0 || len(r.Floor.Rounds) == 0 {
		t.Fatalf("floor %+v", r.Floor)
	}
	low, high := r.Floor.Rounds[0].Process, r.Floor.Rounds[0].Process
	for _, round := range r.Floor.Rounds {
		low, high = min(low, round.Process), max(high, round.Process)
	}
	// On a machine that others use; undisturbed rounds differ by some percent.
	if high > 1.6*low {
		t.Errorf("rounds from %.3f to %.3f cores", low, high)
	}
}

// TestSoundOnly: no video section at all.
func TestSoundOnly(t *testing.T) {
	t.Parallel()
	o := options(3)
	o.AudioOnly, o.Talkers = true, 2
	r := run(t, o)
	for i, m := range r.Members {
		if m.Error != "" || m.FPS != 0 || m.AudioKbps <= 0 {
			t.Errorf("member %d: %+v", i, m)
		}
	}
	if l := r.Members[2].Observed.AudioLatency; l.N < 2 {
		t.Errorf("heard %d beeps of two talkers", l.N)
	}
}

// TestRefusals: each is one sentence and nothing is started.
func TestRefusals(t *testing.T) {
	remote := options(1)
	remote.Target, remote.Password = "ws://192.0.2.1/", "secret"
	keys := options(1)
	keys.Target, keys.Data = "ws://127.0.0.1:1/", t.TempDir()
	dead := options(1)
	dead.Target, dead.Password, dead.Patience = "ws://127.0.0.1:1/", "secret", time.Second
	for says, o := range map[string]load.Options{"--allow-remote": remote, "no server has kept its keys": keys, "connection refused": dead} {
		_, err := load.Run(t.Context(), o, programs(), "test", nil)
		if err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%v, want something about %q", err, says)
		}
	}
	if err := load.ServeFloor(t.Context(), strings.NewReader("{"), io.Discard); err == nil {
		t.Error("a broken floor was taken")
	}
}
