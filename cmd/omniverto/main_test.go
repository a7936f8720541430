package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/omniverto/omniverto/mcu/config"
)

// TestMain lets the test binary be the command, so that exit codes and streams
// are the real ones.
func TestMain(m *testing.M) {
	if os.Getenv("BE_OMNIVERTO") != "" {
		main()
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// command prepares omniverto with the arguments and a data folder of its own.
func command(t *testing.T, data string, args ...string) *exec.Cmd {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	cmd := exec.CommandContext(ctx, os.Args[0], args...)
	cmd.Env = append(os.Environ(), "BE_OMNIVERTO=1", "OMNIVERTO_DATA="+data)
	return cmd
}

func run(t *testing.T, data string, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	var out, errors bytes.Buffer
	cmd := command(t, data, args...)
	cmd.Stdout, cmd.Stderr = &out, &errors
	if err := cmd.Run(); err != nil && cmd.ProcessState == nil {
		t.Fatal(err)
	}
	return out.String(), errors.String(), cmd.ProcessState.ExitCode()
}

func TestErrorsAreOneSentence(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	takenUDP, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer takenUDP.Close()
	dir := t.TempDir()
	broken := filepath.Join(dir, "broken.yaml")
	if err := os.WriteFile(broken, []byte("htps: \":1\"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	free := []string{"serve", "--https", "127.0.0.1:0", "--ws", "127.0.0.1:0", "--admin", "127.0.0.1:0", "--media", "127.0.0.1:0"}
	tests := []struct {
		name string
		args []string
		want string
	}{
		{"unknown key", []string{"serve", "--config", broken}, `line 1: unknown key "htps"`},
		{"bad address", []string{"serve", "--https", "8443"}, "is not HOST:PORT"},
		{"taken port", append(free, "--ws", taken.Addr().String()), taken.Addr().String() + " is already in use"},
		{"taken media port", append(free, "--media", takenUDP.LocalAddr().String()), "in use"},
		{"certificate", append(free, "--cert", "/none.pem", "--key", "/none.key"), "/none.pem"},
		{"data folder", append(free, "--data", "/proc/omniverto"), "choose another with --data"},
		{"room name", []string{"invite", "a room"}, "is not a room name"},
		{"screen is no room", []string{"invite", "3600-screen"}, "is not a room name"},
		{"ttl", []string{"invite", "3600", "--ttl", "0s"}, "--ttl"},
		{"ctl without a server's secret", []string{"ctl", "3600", "count"}, "name its data folder with --data"},
		{"ctl of no room", []string{"ctl", "a room", "count"}, "is not a room name"},
		{"ctl off this machine", []string{"ctl", "--admin", "192.0.2.1:8444", "3600", "count"}, "is not a loopback address"},
		{"media folder", append(free, "--media-dir", "/proc/omniverto"), "choose another with --media-dir"},
		{"media folder among secrets", append(free, "--media-dir", "/"), "media-dir: / is or holds"},
		{"no server", []string{"invite", "3600", "--data", filepath.Join(dir, "none")}, "name its data folder with --data"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			stdout, stderr, code := run(t, t.TempDir(), tt.args...)
			last := lastLine(stderr)
			if code != 1 || !strings.HasPrefix(last, "omniverto: ") || !strings.Contains(last, tt.want) || stdout != "" {
				t.Errorf("exit %d, said %q and printed %q; want 1 and a sentence with %q", code, stderr, stdout, tt.want)
			}
		})
	}
}

func lastLine(text string) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return lines[len(lines)-1]
}

func TestWrongUsage(t *testing.T) {
	for _, args := range [][]string{{}, {"server"}, {"serve", "--nonsense"}, {"invite"}, {"invite", "3600", "--role", "king"}, {"ctl"}, {"ctl", "3600"}} {
		if _, stderr, code := run(t, t.TempDir(), args...); code != 80 || !strings.Contains(lastLine(stderr), "error: ") {
			t.Errorf("%q: exit %d, said %q", args, code, stderr)
		}
	}
}

func TestInvite(t *testing.T) {
	data := t.TempDir()
	if err := config.SaveLinks(data, config.Links{Public: "https://meet.example.org"}); err != nil {
		t.Fatal(err)
	}
	stdout, stderr, code := run(t, data, "invite", "3600", "--role", "moderator", "--name", "Anna", "--ttl", "1h")
	lines := strings.Split(strings.TrimSpace(stdout), "\n")
	if code != 0 || stderr != "" || len(lines) != 2 || lines[0] != "https://meet.example.org/r/3600#token="+lines[1] {
		t.Errorf("exit %d, said %q, printed %q", code, stderr, stdout)
	}
}

func TestVersion(t *testing.T) {
	stdout, _, code := run(t, t.TempDir(), "version")
	if code != 0 || !regexp.MustCompile(`^omniverto \d+\.\d+\.\d+\n$`).MatchString(stdout) {
		t.Errorf("exit %d, printed %q", code, stdout)
	}
}

// TestServe starts the server, asks its admin address, and stops it by a signal.
func TestServe(t *testing.T) {
	data := filepath.Join(t.TempDir(), "data")
	cmd := command(t, data, "serve", "--https", "127.0.0.1:0", "--ws", "127.0.0.1:0", "--admin", "127.0.0.1:0", "--media", "127.0.0.1:0")
	var stdout bytes.Buffer
	cmd.Stdout = &stdout
	logs, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	admin := waitReady(t, logs)
	resp, err := http.Get("http://" + admin + "/readyz")
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		t.Errorf("readyz: %s", resp.Status)
	}
	// A defaulted or random port is found in the data folder.
	reply, stderr, code := run(t, data, "ctl", "3600", "volume_in", "7", "-1")
	if code != 1 || reply != "-ERR Conference 3600 not found\n" || stderr != "" {
		t.Errorf("ctl: exit %d, %q, %q", code, reply, stderr)
	}
	reply, stderr, code = run(t, data, "ctl", "xml_list")
	if code != 0 || reply != "<?xml version=\"1.0\"?>\n<conferences></conferences>\n" || stderr != "" {
		t.Errorf("ctl xml_list: exit %d, %q, %q", code, reply, stderr)
	}
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Errorf("after SIGTERM: %v", err)
	}
	if !strings.Contains(stdout.String(), "omniverto invite") || strings.Contains(stdout.String(), "#token=") {
		t.Errorf("a log must name the invite command and hold no token:\n%s", stdout.String())
	}
	info, err := os.Stat(data)
	if err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("data folder: %v, %v; want mode 0700", info, err)
	}
}

// TestCtl prints replies as they are and ends as they say; words that look like
// flags belong to the command.
func TestCtl(t *testing.T) {
	asked := make(chan string, 1)
	answer := map[string]string{
		"count": "3", "vid-banner 7 'two words' -x": "+OK\n", "mute 9": "-ERR Non-Existant ID 9\n",
		"vid-layout": "vid-layout <layout name>|group <group name> [<canvas id>]", "getvar none": "",
		"conference list pretty": "+OK No active conferences.\n", "conference JSON_LIST": "[]", "conference count": "0",
		"conference help": "\t\tlock\n", "conference list 'a b'": "-ERR no\n",
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var ask struct{ Command string }
		_ = json.NewDecoder(r.Body).Decode(&ask)
		asked <- r.Header.Get("Authorization") + " " + r.URL.Path + " " + ask.Command
		_ = json.NewEncoder(w).Encode(map[string]string{"reply": answer[ask.Command]})
	}))
	defer server.Close()
	data := t.TempDir()
	if err := os.WriteFile(filepath.Join(data, "admin.secret"), []byte("s3cret\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	kept := t.TempDir()
	if err := os.WriteFile(filepath.Join(kept, "admin.secret"), []byte("s3cret\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := config.SaveLinks(kept, config.Links{Admin: server.URL}); err != nil {
		t.Fatal(err)
	}
	address := strings.TrimPrefix(server.URL, "http://")
	tests := []struct {
		name   string
		args   []string
		line   string
		stdout string
		code   int
	}{
		{"a newline is added", []string{"--data", kept, "3600", "count"}, "count", "3\n", 0},
		{"named address", []string{"--admin", address, "--data", data, "3600", "count"}, "count", "3\n", 0},
		{"words", []string{"--data", kept, "3600", "vid-banner", "7", "two words", "-x"}, "vid-banner 7 'two words' -x", "+OK\n", 0},
		{"error", []string{"--data", kept, "3600", "mute", "9"}, "mute 9", "-ERR Non-Existant ID 9\n", 1},
		{"usage", []string{"--data", kept, "3600", "vid-layout"}, "vid-layout", answer["vid-layout"] + "\n", 1},
		{"nothing", []string{"--data", kept, "3600", "getvar", "none"}, "getvar none", "\n", 0},
		{"all rooms", []string{"--data", kept, "list", "pretty"}, "conference list pretty", "+OK No active conferences.\n", 0},
		{"all rooms as JSON", []string{"--data", kept, "JSON_LIST"}, "conference JSON_LIST", "[]\n", 0},
		{"how many", []string{"--data", kept, "count"}, "conference count", "0\n", 0},
		{"commands", []string{"--admin", address, "--data", data, "help"}, "conference help", "\t\tlock\n", 0},
		{"refusal without a room", []string{"--data", kept, "list", "a b"}, "conference list 'a b'", "-ERR no\n", 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			stdout, stderr, code := run(t, t.TempDir(), append([]string{"ctl"}, tt.args...)...)
			if stdout != tt.stdout || stderr != "" || code != tt.code {
				t.Errorf("exit %d, printed %q, said %q; want %d and %q", code, stdout, stderr, tt.code, tt.stdout)
			}
			select {
			case got := <-asked:
				path := "/api/rooms/3600/command "
				if strings.HasPrefix(tt.line, "conference ") {
					path = "/api/command "
				}
				if want := "Bearer s3cret " + path + tt.line; got != want {
					t.Errorf("asked %q, want %q", got, want)
				}
			default:
				t.Error("asked nothing")
			}
		})
	}
	server.Close()
	stdout, stderr, code := run(t, kept, "ctl", "3600", "count")
	if code != 1 || stdout != "" || !strings.HasPrefix(stderr, "omniverto: admin: no server answers at "+server.URL) || strings.Count(stderr, "\n") != 1 {
		t.Errorf("nobody there: exit %d, printed %q, said %q", code, stdout, stderr)
	}
}

// waitReady reads the log up to the line that tells the addresses, and goes on
// emptying it.
func waitReady(t *testing.T, logs interface{ Read([]byte) (int, error) }) (admin string) {
	t.Helper()
	lines := bufio.NewScanner(logs)
	ready := regexp.MustCompile(`msg=ready .*admin=(\S+)`)
	for lines.Scan() {
		if found := ready.FindStringSubmatch(lines.Text()); found != nil {
			go func() {
				for lines.Scan() {
				}
			}()
			return found[1]
		}
	}
	t.Fatal("the server ended before it was ready")
	return ""
}
