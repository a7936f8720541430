package load

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"
)

// userTick is the unit of CPU times in /proc: USER_HZ is 100 on all of Linux.
const userTick = 10 * time.Millisecond

// cpuTime is the user and system time of a process so far (proc(5)).
func cpuTime(pid int) (time.Duration, error) {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, fmt.Errorf("load: CPU time: %w", err)
	}
	// The name, in parentheses, may hold anything.
	fields := strings.Fields(string(stat[strings.LastIndexByte(string(stat), ')')+1:]))
	if len(fields) < 13 {
		return 0, fmt.Errorf("load: CPU time: /proc/%d/stat has %d fields", pid, len(fields))
	}
	user, _ := strconv.ParseInt(fields[11], 10, 64)
	system, _ := strconv.ParseInt(fields[12], 10, 64)
	return time.Duration(user+system) * userTick, nil
}

// memory is the resident memory of a process, now and at its peak, in bytes.
func memory(pid int) (now, peak int64) {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, 0
	}
	for line := range strings.SplitSeq(string(status), "\n") {
		fields := strings.Fields(line)
		if len(fields) < 2 {
			continue
		}
		kB, _ := strconv.ParseInt(fields[1], 10, 64)
		switch fields[0] {
		case "VmRSS:":
			now = kB << 10
		case "VmHWM:":
			peak = kB << 10
		}
	}
	return now, peak
}

// machine is what all processors did so far.
type machine struct {
	busy  time.Duration // in processes: user, nice and system
	steal time.Duration // taken by the hypervisor
}

func readMachine() (machine, error) {
	stat, err := os.ReadFile("/proc/stat")
	if err != nil {
		return machine{}, fmt.Errorf("load: processors: %w", err)
	}
	line, _, _ := strings.Cut(string(stat), "\n")
	fields := strings.Fields(line)
	if len(fields) < 9 {
		return machine{}, fmt.Errorf("load: processors: /proc/stat begins with %q", line)
	}
	at := func(i int) time.Duration {
		n, _ := strconv.ParseInt(fields[i], 10, 64)
		return time.Duration(n) * userTick
	}
	return machine{busy: at(1) + at(2) + at(3), steal: at(8)}, nil
}

// usage is the CPU that was used in an interval, in cores.
type usage struct {
	Process float64 `json:"process"` // the one that was asked for
	Self    float64 `json:"self"`    // this one
	Others  float64 `json:"others"`  // all others
	Steal   float64 `json:"steal"`
}

// meter measures usage between two moments.
type meter struct {
	pid           int // 0: none
	at            time.Time
	process, self time.Duration
	machine       machine
}

// readMeter reads all clocks; pid 0 is no process.
func readMeter(pid int) (meter, error) {
	m := meter{pid: pid, at: time.Now()}
	var err error
	if pid != 0 {
		if m.process, err = cpuTime(pid); err != nil {
			return m, err
		}
	}
	if m.self, err = cpuTime(os.Getpid()); err != nil {
		return m, err
	}
	m.machine, err = readMachine()
	return m, err
}

// since is the usage from before to m.
func (m meter) since(before meter) usage {
	d := m.at.Sub(before.at).Seconds()
	u := usage{
		Process: (m.process - before.process).Seconds() / d,
		Self:    (m.self - before.self).Seconds() / d,
		Steal:   (m.machine.steal - before.machine.steal).Seconds() / d,
	}
	u.Others = max((m.machine.busy-before.machine.busy).Seconds()/d-u.Process-u.Self, 0)
	return u
}

// quietLimit is the most that steal or other processes may use in a measurement
// that shall be believed, in cores.
const quietLimit = 0.05

func (u usage) quiet() bool { return u.Others <= quietLimit && u.Steal <= quietLimit }

// udpDrops is the number of datagrams that the kernel dropped because a socket's
// buffer was full: of the sockets with these ports, and of all sockets.
func udpDrops(ports map[int]bool) (own, all int) {
	for _, name := range []string{"/proc/net/udp", "/proc/net/udp6"} {
		table, err := os.ReadFile(name)
		if err != nil {
			continue
		}
		for line := range strings.SplitSeq(string(table), "\n") {
			port, drops, ok := parseUDP(line)
			if ok && ports[port] {
				own += drops
			}
		}
	}
	snmp, err := os.ReadFile("/proc/net/snmp")
	if err != nil {
		return own, 0
	}
	return own, parseSNMP(string(snmp))
}

// parseUDP reads a line of /proc/net/udp.
func parseUDP(line string) (port, drops int, ok bool) {
	fields := strings.Fields(line)
	if len(fields) < 13 {
		return 0, 0, false
	}
	_, hex, found := strings.Cut(fields[1], ":")
	p, err := strconv.ParseUint(hex, 16, 16)
	n, err2 := strconv.Atoi(fields[12])
	return int(p), n, found && err == nil && err2 == nil
}

// parseSNMP finds Udp's RcvbufErrors in /proc/net/snmp.
func parseSNMP(text string) int {
	var names []string
	for line := range strings.SplitSeq(text, "\n") {
		fields := strings.Fields(line)
		if len(fields) == 0 || fields[0] != "Udp:" {
			continue
		}
		if names == nil {
			names = fields
			continue
		}
		for i, name := range names {
			if name == "RcvbufErrors" && i < len(fields) {
				n, _ := strconv.Atoi(fields[i])
				return n
			}
		}
	}
	return 0
}
