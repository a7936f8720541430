package main

import (
	"encoding/json"
	"strings"
	"testing"
)

// TestLoad runs the tool with a server of its own: the report on standard output,
// and the exit status of an assertion that does not hold.
func TestLoad(t *testing.T) {
	args := []string{"load", "--room", "3800", "--members", "2", "--width", "320", "--height", "180", "--kbps", "200",
		"--duration", "1s", "--settle", "500ms", "--join-every", "50ms", "--json"}
	stdout, stderr, code := run(t, t.TempDir(), append(args, "--assert", "failed=0,fps>=1,sum(fps)<0")...)
	var report struct {
		Members []struct{ FPS float64 }
		Server  struct{ Cores float64 }
		Asserts []struct{ Holds bool }
	}
	if err := json.Unmarshal([]byte(stdout), &report); err != nil {
		t.Fatalf("%v: exit %d, said %q, printed %q", err, code, stderr, stdout)
	}
	if code != exitAsserts || stderr != "" || len(report.Members) != 2 || report.Members[1].FPS < 1 || report.Server.Cores <= 0 {
		t.Errorf("exit %d, said %q, reported %+v", code, stderr, report)
	}
	if a := report.Asserts; len(a) != 3 || !a[0].Holds || !a[1].Holds || a[2].Holds {
		t.Errorf("assertions %+v", report.Asserts)
	}
}

func TestLoadRefuses(t *testing.T) {
	for want, args := range map[string][]string{
		"--allow-remote":  {"load", "ws://192.0.2.1/", "--password", "secret"},
		"must be 1 to":    {"load", "--members", "5000"},
		"is not a number": {"load", "--assert", "fps>fast"},
	} {
		stdout, stderr, code := run(t, t.TempDir(), args...)
		if last := lastLine(stderr); code != 1 || stdout != "" || !strings.HasPrefix(last, "omniverto: ") || !strings.Contains(last, want) {
			t.Errorf("%q: exit %d, said %q, printed %q", args, code, stderr, stdout)
		}
	}
	if _, _, code := run(t, t.TempDir(), "load", "--members", "many"); code != 80 {
		t.Errorf("wrong usage: exit %d", code)
	}
}

func TestCommandLine(t *testing.T) {
	got := commandLine([]string{"/usr/bin/omniverto", "load", "--password", "secret", "--password=secret", "--members", "2"})
	if got != "omniverto load --password … --password=… --members 2" {
		t.Errorf("%q", got)
	}
}
