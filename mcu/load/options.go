package load

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"strings"
	"time"
)

// Limits of what one run may do: a yardstick, not a weapon.
const (
	maxMembers  = 200
	maxSide     = 1920
	maxFPS      = 60
	maxKbps     = 8000
	maxDuration = time.Hour
	maxPatience = 5 * time.Minute
	maxRounds   = 9
)

// Options are what "omniverto load" can be told; the tags are its flags. Numbers
// that are -1 depend on others.
type Options struct {
	Target      string `arg:"" optional:"" placeholder:"URL" help:"Verto server: ws://HOST:PORT/PATH or wss://…. Default: an own server is started and stopped."`
	AllowRemote bool   `help:"Permit a target that is not on this machine. Only ever point it at a server that is yours."`
	Insecure    bool   `help:"Accept any TLS certificate."`
	Room        string `default:"3600" help:"Room to call (${default})."`
	User        string `placeholder:"NAME,…" help:"Log in as these users, in turn."`
	Password    string `env:"OMNIVERTO_LOAD_PASSWORD" placeholder:"TEXT" help:"Password of the users, or a token."`
	Data        string `placeholder:"DIR" help:"Data folder of an Omniverto on this machine: tokens are signed with its keys."`
	Bind        string `placeholder:"IP" help:"Local address for media. Default: the one that reaches the target."`

	Members   int  `default:"4" help:"Participants (${default}; at most 200)."`
	Cameras   int  `default:"-1" placeholder:"N" help:"How many of them have a camera. Default: all."`
	Talkers   int  `default:"1" help:"How many of them talk, the first ones (${default})."`
	Observers int  `default:"1" help:"How many decode what they receive and measure latency, the last ones (${default})."`
	AudioOnly bool `help:"No video at all."`

	Width  int `default:"640" help:"Width of a camera (${default})."`
	Height int `default:"360" help:"Height of a camera (${default})."`
	FPS    int `name:"fps" default:"30" help:"Frames a second of a camera (${default})."`
	Kbps   int `default:"600" help:"Bit rate of a camera in kbit/s (${default})."`

	Duration  time.Duration `default:"10s" help:"How long is measured, after all have joined and settled (${default})."`
	Settle    time.Duration `default:"3s" help:"Wait between the last join and the measurement (${default})."`
	JoinEvery time.Duration `default:"200ms" help:"Time between two joins (${default})."`
	Patience  time.Duration `default:"15s" help:"How long a join may take (${default})."`
	Churn     time.Duration `placeholder:"DURATION" help:"Every so often one member leaves and another joins."`

	Layouts     []string      `placeholder:"NAME,…" help:"A moderator sets these layouts in turn."`
	LayoutEvery time.Duration `default:"3s" help:"Time between two layout changes (${default})."`

	Loss     float64       `placeholder:"PERCENT" help:"Packets lost, in each direction."`
	Delay    time.Duration `help:"Delay of packets, in each direction."`
	Jitter   time.Duration `help:"Further delay from nothing to this, random."`
	Reorder  float64       `placeholder:"PERCENT" help:"Packets that come 20 ms later than those behind them."`
	Rate     int           `placeholder:"KBPS" help:"Bit rate of each member's line, in each direction."`
	Impaired int           `default:"-1" placeholder:"N" help:"Only the first N members have that line. Default: all."`
	Seed     uint64        `default:"1" help:"Seed of everything random (${default})."`

	PID      int    `name:"pid" placeholder:"PID" help:"Process of the server, to measure its CPU and memory."`
	Floor    bool   `help:"Measure also what the bare codec work costs, in turns with the meeting."`
	Rounds   int    `default:"3" help:"Rounds of meeting and floor; the median counts (${default})."`
	Snapshot string `placeholder:"FILE" help:"Write the canvas that the first observer saw last, as PNG."`
	Assert   string `placeholder:"EXPR" help:"What must hold, as in 'fps>=28,freeze_ms<=300'; if it does not, the exit status is 3."`
}

// Defaults are the options of a run that is told nothing; Parse of the flags
// gives the same.
func Defaults() Options {
	return Options{
		Room: "3600", Members: 4, Cameras: -1, Talkers: 1, Observers: 1,
		Width: 640, Height: 360, FPS: 30, Kbps: 600,
		Duration: 10 * time.Second, Settle: 3 * time.Second, JoinEvery: 200 * time.Millisecond, Patience: 15 * time.Second,
		LayoutEvery: 3 * time.Second, Impaired: -1, Seed: 1, Rounds: 3,
	}
}

func (o *Options) camera() Camera { return Camera{o.Width, o.Height, o.FPS, o.Kbps} }

// cameras is the number of members with a camera.
func (o *Options) cameras() int {
	switch {
	case o.AudioOnly:
		return 0
	case o.Cameras < 0:
		return o.Members
	}
	return o.Cameras
}

// line is the line of member i, the same in both directions.
func (o *Options) line(i int) Line {
	if o.Impaired >= 0 && i >= o.Impaired {
		return Line{}
	}
	return Line{Loss: o.Loss / 100, Delay: o.Delay, Jitter: o.Jitter, Reorder: o.Reorder / 100, Kbps: o.Rate}
}

// validate refuses options that make no sense or go beyond the limits; the error
// is one sentence.
func (o *Options) validate() error {
	for _, check := range []struct {
		name           string
		value, low, up int
	}{
		{"--members", o.Members, 1, maxMembers},
		{"--cameras", o.Cameras, -1, o.Members},
		{"--talkers", o.Talkers, 0, o.Members},
		{"--observers", o.Observers, 0, o.Members},
		{"--width", o.Width, 64, maxSide},
		{"--height", o.Height, 64, maxSide},
		{"--fps", o.FPS, 1, maxFPS},
		{"--kbps", o.Kbps, 20, maxKbps},
		{"--impaired", o.Impaired, -1, o.Members},
		{"--rounds", o.Rounds, 1, maxRounds},
	} {
		if check.value < check.low || check.value > check.up {
			return fmt.Errorf("%s %d: must be %d to %d", check.name, check.value, check.low, check.up)
		}
	}
	if o.Width%2+o.Height%2 != 0 || o.Width*o.Height > 1920*1080 {
		return fmt.Errorf("camera of %dx%d: must be even and not larger than 1920x1080", o.Width, o.Height)
	}
	if err := o.line(0).validate(); err != nil {
		return fmt.Errorf("line: %w", err)
	}
	return errors.Join(o.validateTimes(), o.validateTarget(), o.validateCombination())
}

func (o *Options) validateTimes() error {
	for _, check := range []struct {
		name     string
		value    time.Duration
		low, top time.Duration
	}{
		{"--duration", o.Duration, time.Second, maxDuration},
		{"--settle", o.Settle, 0, maxDuration},
		{"--join-every", o.JoinEvery, 0, time.Minute},
		{"--patience", o.Patience, time.Second, maxPatience},
		{"--layout-every", o.LayoutEvery, 500 * time.Millisecond, maxDuration},
	} {
		if check.value < check.low || check.value > check.top {
			return fmt.Errorf("%s %v: must be %v to %v", check.name, check.value, check.low, check.top)
		}
	}
	if o.Churn != 0 && o.Churn < 500*time.Millisecond {
		return fmt.Errorf("--churn %v: must be 500ms or more", o.Churn)
	}
	return nil
}

func (o *Options) validateCombination() error {
	switch {
	case o.Floor && (o.Churn != 0 || len(o.Layouts) > 0 || o.line(0) != Line{}):
		return errors.New("--floor is the cost of a steady meeting: not with churn, layout changes or a bad line")
	case o.Floor && o.Target != "" && o.PID == 0:
		return errors.New("--floor needs the server's process: --pid")
	case o.Churn != 0 && o.Members-o.Observers < 1:
		return errors.New("--churn needs a member who is no observer")
	}
	if _, err := ParseAsserts(o.Assert); err != nil {
		return err
	}
	return nil
}

func (o *Options) validateTarget() error {
	if o.Target == "" {
		if o.User != "" || o.Password != "" || o.Data != "" || o.PID != 0 {
			return errors.New("--user, --password, --data and --pid are for a server that is named")
		}
		return nil
	}
	u, err := url.Parse(o.Target)
	if err != nil || u.Host == "" || u.Scheme != "ws" && u.Scheme != "wss" {
		return fmt.Errorf("%q is not a Verto address such as ws://localhost:8081/verto", o.Target)
	}
	if (o.Password == "") == (o.Data == "") {
		return errors.New("name either --user and --password (or a token as password), or the server's --data folder")
	}
	return nil
}

// checkLoopback refuses a target that is not on this machine, unless it is
// allowed.
func (o *Options) checkLoopback(lookup func(host string) ([]netip.Addr, error)) error {
	u, err := url.Parse(o.Target)
	if err != nil || o.AllowRemote {
		return err
	}
	addrs, err := lookup(u.Hostname())
	if err != nil {
		return fmt.Errorf("load: %w", err)
	}
	for _, a := range addrs {
		if !a.Unmap().IsLoopback() {
			return fmt.Errorf("%s is not on this machine (%s); to load another machine that is yours say --allow-remote", u.Hostname(), a)
		}
	}
	if len(addrs) == 0 {
		return fmt.Errorf("%s has no address", u.Hostname())
	}
	return nil
}

// lookupHost resolves a name or an address.
func lookupHost(host string) ([]netip.Addr, error) {
	if a, err := netip.ParseAddr(host); err == nil {
		return []netip.Addr{a}, nil
	}
	ips, err := net.LookupIP(host)
	var out []netip.Addr
	for _, ip := range ips {
		if a, ok := netip.AddrFromSlice(ip); ok {
			out = append(out, a)
		}
	}
	return out, err
}

// localAddr is the address of this machine that reaches the target. No packet is
// sent: connecting a UDP socket only asks the kernel for the route.
func (o *Options) localAddr() (net.IP, error) {
	if o.Bind != "" {
		ip := net.ParseIP(o.Bind)
		if ip == nil {
			return nil, fmt.Errorf("--bind %q is not an address", o.Bind)
		}
		return ip, nil
	}
	u, err := url.Parse(o.Target)
	if err != nil {
		return nil, err
	}
	c, err := net.Dial("udp4", net.JoinHostPort(u.Hostname(), "9"))
	if err != nil {
		c, err = net.Dial("udp", net.JoinHostPort(u.Hostname(), "9"))
	}
	if err != nil {
		return nil, fmt.Errorf("load: route to %s: %w", u.Hostname(), err)
	}
	defer c.Close()
	return c.LocalAddr().(*net.UDPAddr).IP, nil
}

// users are the names to log in with, in turn.
func (o *Options) users() []string {
	if o.User == "" {
		return []string{"guest"}
	}
	return strings.Split(o.User, ",")
}
