package load

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/omniverto/omniverto/mcu/directory"
)

// Programs are how the processes are started that a run needs beside its own.
type Programs struct {
	// Serve is the command of an Omniverto server, to which --data and addresses
	// are appended, as in omniverto serve.
	Serve []string
	// Floor is the command that calls ServeFloor.
	Floor []string
	// Env is added to this process' environment.
	Env []string
}

// Own are the programs of the running omniverto.
func Own() (Programs, error) {
	self, err := os.Executable()
	if err != nil {
		return Programs{}, fmt.Errorf("load: find this program: %w", err)
	}
	return Programs{Serve: []string{self, "serve"}, Floor: []string{self, "load", "floor"}}, nil
}

// child is a process of ours.
type child struct {
	cmd  *exec.Cmd
	done chan error // its end
}

// childOptions say how a child is started.
type childOptions struct {
	command, env []string
	input        io.Reader         // its standard input; nil: none
	stdout       bool              // it speaks on standard output, else on standard error
	ready        func(string) bool // tells of each line whether the child is ready
}

// startChild starts a child and waits until it is ready.
func startChild(ctx context.Context, o childOptions) (*child, error) {
	command := o.command
	cmd := exec.Command(command[0], command[1:]...)
	// Settings of the server that this machine runs are not those of ours.
	cmd.Env = append(slices.DeleteFunc(os.Environ(), func(v string) bool { return strings.HasPrefix(v, "OMNIVERTO_") }), o.env...)
	cmd.Stdin = o.input
	pipe, err := cmd.StderrPipe()
	if o.stdout {
		pipe, err = cmd.StdoutPipe()
	}
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		return nil, fmt.Errorf("load: start %s: %w", filepath.Base(command[0]), err)
	}
	c := &child{cmd: cmd, done: make(chan error, 1)}
	ready := make(chan bool, 1)
	last := ""
	go func() {
		lines, told := bufio.NewScanner(pipe), false
		for lines.Scan() {
			if last = lines.Text(); !told && o.ready(last) {
				told = true
				ready <- true
			}
		}
		if !told {
			ready <- false
		}
		c.done <- cmd.Wait()
	}()
	select {
	case ok := <-ready:
		if ok {
			return c, nil
		}
		c.stop()
		return nil, fmt.Errorf("load: %s ended before it was ready: %s", filepath.Base(command[0]), last)
	case <-ctx.Done():
		c.stop()
		return nil, fmt.Errorf("load: start %s: %w", filepath.Base(command[0]), ctx.Err())
	}
}

// stopTime is how long a child may take to end by itself.
const stopTime = 5 * time.Second

// stop ends the child and waits.
func (c *child) stop() {
	_ = c.cmd.Process.Signal(syscall.SIGTERM)
	timer := time.AfterFunc(stopTime, func() { _ = c.cmd.Process.Kill() })
	<-c.done
	timer.Stop()
}

// startServer starts an own server with a fresh data folder, which close removes.
func startServer(ctx context.Context, p Programs) (place, error) {
	data, err := os.MkdirTemp("", "omniverto-load-")
	if err != nil {
		return place{}, fmt.Errorf("load: %w", err)
	}
	remove := func() { _ = os.RemoveAll(data) }
	free := "127.0.0.1:0"
	command := append(append([]string(nil), p.Serve...), "--data", data, "--https", free, "--ws", free, "--admin", free, "--media", free)
	ready, ws := regexp.MustCompile(`msg=ready .*\bws=(\S+)`), ""
	c, err := startChild(ctx, childOptions{command: command, env: p.Env, ready: func(line string) bool {
		found := ready.FindStringSubmatch(line)
		if found != nil {
			ws = found[1]
		}
		return found != nil
	}})
	if err != nil {
		remove()
		return place{}, err
	}
	end := func() { c.stop(); remove() }
	keys, err := openKeys(data)
	if err != nil {
		end()
		return place{}, err
	}
	return place{
		url: "ws://" + ws + "/verto", bind: net.IPv4(127, 0, 0, 1), pid: c.cmd.Process.Pid,
		pass: keys.sign, user: func(int) string { return "guest" },
		close: end,
	}, nil
}

// keys signs tokens for a run.
type keys struct{ *directory.Keys }

// openKeys opens the keys of a data folder. It makes none: they would be keys
// that no server knows.
func openKeys(data string) (keys, error) {
	dir := filepath.Join(data, "tokens")
	if _, err := os.Stat(dir); err != nil {
		return keys{}, fmt.Errorf("load: no server has kept its keys in %s", data)
	}
	k, err := directory.OpenKeys(dir)
	return keys{k}, err
}

func (k keys) sign(moderator bool) (string, error) {
	role := directory.RoleParticipant
	if moderator {
		role = directory.RoleModerator
	}
	return k.Sign(directory.Claims{Room: directory.AnyRoom, Role: role}, maxDuration+maxPatience)
}

// named is the place of a server that the options name.
func (o *Options) named() (place, error) {
	if err := o.checkLoopback(lookupHost); err != nil {
		return place{}, err
	}
	bind, err := o.localAddr()
	if err != nil {
		return place{}, err
	}
	users := o.users()
	p := place{
		url: o.Target, bind: bind, pid: o.PID,
		pass:  func(bool) (string, error) { return o.Password, nil },
		user:  func(i int) string { return users[i%len(users)] },
		close: func() {},
	}
	if o.Data != "" {
		k, err := openKeys(o.Data)
		if err != nil {
			return place{}, err
		}
		p.pass = k.sign
	}
	if p.pid != 0 {
		if _, err := cpuTime(p.pid); err != nil {
			return place{}, errors.New("--pid: there is no such process")
		}
	}
	return p, nil
}
