package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/alecthomas/kong"
	"golang.org/x/sys/unix"

	"github.com/omniverto/omniverto/mcu"
	"github.com/omniverto/omniverto/mcu/config"
)

// serve's flags are the settings of config.Config by name; their values are read
// from the parsed command line, so that a flag that was not given is told from one
// that repeats the default.
type serve struct {
	Config         string   `placeholder:"FILE" help:"Configuration file. Default: $OMNIVERTO_CONFIG, else omniverto.yaml in the data folder."`
	Data           string   `placeholder:"DIR" help:"Data folder: keys, certificates, secrets. Default: /var/lib/omniverto for root, else ~/.local/share/omniverto."`
	Conf           string   `placeholder:"DIR" help:"FreeSWITCH configuration tree. Default: conf in the data folder."`
	MediaDir       string   `placeholder:"DIR" help:"Folder of pictures: avatars, logos, snapshots, uploads. Default: media in the data folder."`
	HTTPS          string   `name:"https" placeholder:"ADDR" help:"Web client and Verto over TLS (:8443)."`
	WS             string   `name:"ws" placeholder:"ADDR" help:"The same without TLS, for this machine (127.0.0.1:8081)."`
	Media          string   `placeholder:"ADDR" help:"All WebRTC media, one UDP port (:10000)."`
	Admin          string   `placeholder:"ADDR" help:"Health, metrics and control (127.0.0.1:8444)."`
	Metrics        string   `placeholder:"ADDR" help:"A further address with metrics and health alone."`
	Cert           string   `placeholder:"FILE" help:"PEM certificate for HTTPS; read again when it changes."`
	Key            string   `placeholder:"FILE" help:"PEM key of the certificate."`
	PublicURL      string   `name:"public-url" placeholder:"URL" help:"How people outside reach this server; kept for later starts."`
	Advertise      []string `placeholder:"HOST,…" help:"Public addresses or names that browsers send media to."`
	AllowedOrigins []string `placeholder:"URL,…" help:"Pages that may open a Verto WebSocket; default: all."`
	TrustedProxies []string `placeholder:"NET,…" help:"Networks whose X-Forwarded-For is believed."`
	Domain         string   `name:"force-register-domain" placeholder:"NAME" help:"Domain of every login, whatever it says."`
	Context        string   `placeholder:"NAME" help:"Dialplan context of users whose directory entry names none (default)."`
	Codecs         []string `placeholder:"NAME,…" help:"Codecs of calls in rooms whose profile names none, such as opus,vp8."`
	DetachTimeout  string   `placeholder:"TIME" help:"How long a place is kept for somebody who was cut off (2m0s)."`
	MaxRooms       string   `placeholder:"N" help:"Rooms at a time (1000)."`
	CDR            string   `name:"cdr" placeholder:"DIR" help:"Folder of call detail records, off for none; default: cdr in the data folder."`
	CDRKeepDays    string   `name:"cdr-keep-days" placeholder:"N" help:"Days that records are kept, 0 for ever (90)."`
	CDRKeepCount   string   `name:"cdr-keep-count" placeholder:"N" help:"Records that are kept, 0 any number (0)."`
	LogLevel       string   `placeholder:"LEVEL" help:"debug, info, warn or error (info)."`
}

func (s *serve) Run(parsed *kong.Context) error {
	cfg, err := config.Load(config.Sources{File: s.Config, Flags: given(parsed), Env: os.Environ()})
	if err != nil {
		return err
	}
	if err := os.MkdirAll(cfg.Data, 0o700); err != nil {
		return fmt.Errorf("make data folder: %w; choose another with --data", err)
	}
	log := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: cfg.LogLevel}))
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal ends the process at once
	server, err := mcu.New(cfg, log)
	if err != nil {
		return err
	}
	if err := welcome(server); err != nil {
		server.Close()
		return err
	}
	defer reloadOnHangup(ctx, server, log)()
	return server.Run(ctx)
}

// reloadOnHangup reads users, profiles and layouts again on SIGHUP; the function that
// it returns ends that and waits.
func reloadOnHangup(ctx context.Context, server *mcu.Server, log *slog.Logger) (stop func()) {
	hangup := make(chan os.Signal, 1)
	signal.Notify(hangup, syscall.SIGHUP)
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			select {
			case <-ctx.Done():
				return
			case <-hangup:
				report(log, server.Reload())
			}
		}
	}()
	return func() { signal.Stop(hangup); cancel(); <-done }
}

// report logs each document that a reload has refused: one line of the error each.
func report(log *slog.Logger, err error) {
	if err == nil {
		log.Info("reloaded")
		return
	}
	for line := range strings.SplitSeq(err.Error(), "\n") {
		log.Error("reload refused, the old document stays", "error", line)
	}
}

// welcome prints the links: with tokens only where a person reads them.
func welcome(server *mcu.Server) error {
	if isTerminal(os.Stdout) {
		return server.Welcome(os.Stdout)
	}
	server.WelcomeHint(os.Stdout)
	return nil
}

func isTerminal(f *os.File) bool {
	_, err := unix.IoctlGetTermios(int(f.Fd()), unix.TCGETS)
	return err == nil
}

// given returns the flags of the command line by name, lists joined by commas.
func given(parsed *kong.Context) map[string]string {
	out := map[string]string{}
	for _, element := range parsed.Path {
		if element.Flag == nil {
			continue
		}
		switch value := element.Flag.Target.Interface().(type) {
		case string:
			out[element.Flag.Name] = value
		case []string:
			out[element.Flag.Name] = strings.Join(value, ",")
		}
	}
	return out
}
