// Package config holds the settings of one server: defaults, environment,
// omniverto.yaml, flags and the verto.conf of a FreeSWITCH tree, read once and
// validated as a whole.
//
// It knows how such a tree is read and nothing else of the project, and starts no
// goroutine.
package config

import (
	"log/slog"
	"net/netip"
	"os"
	"path/filepath"
	"time"
)

// Config is everything that "omniverto serve" can be told. Each field is one
// flag (--public-url), one environment variable (OMNIVERTO_PUBLIC_URL) and one
// key of omniverto.yaml (public_url); the first of these that is given wins, then
// what FreeSWITCH's verto.conf says, then the value of [Default]. A Config is not changed after [Load].
type Config struct {
	// Data is the folder for all that the server keeps: keys, certificates,
	// secrets. It is made when missing, readable by its owner only.
	Data string
	// Conf is the folder of the FreeSWITCH configuration tree. Default: conf in
	// the data folder; it need not exist.
	Conf string
	// MediaDir is the folder that pictures come from (avatars, logos, backgrounds) and
	// that snapshots and uploads go to; nothing outside of it is read or written on
	// behalf of somebody in a room. Empty: media in the data folder; see MediaFolder.
	// Not to be confused with Media.
	MediaDir string
	// HTTPS is the listen address for the web client and Verto over TLS.
	HTTPS string
	// WS is the listen address of the same without TLS, for this machine and for a
	// proxy that ends TLS: browsers give camera and microphone only to pages of
	// https or of http://localhost.
	WS string
	// Media is the listen address for all WebRTC media: one UDP port.
	Media string
	// Admin is the listen address for health, metrics, profiles and control: a
	// loopback address.
	Admin string
	// Metrics is a further listen address with metrics and health alone. Empty: none.
	Metrics string
	// Cert and Key are PEM files for HTTPS, read again when they change. Both or
	// neither; without them the server issues its own.
	Cert, Key string
	// PublicURL is how people outside reach the web client, as in
	// https://meet.example.org. It is kept in the data folder for later starts.
	PublicURL string
	// Advertise lists the addresses (IPs, or names that are resolved) that
	// browsers are told to send media to, besides those of the interfaces.
	Advertise []string
	// AllowedOrigins restricts WebSockets to pages of these origins, as in
	// https://meet.example.org. Empty: every origin.
	AllowedOrigins []string
	// TrustedProxies are the networks whose X-Forwarded-For is believed.
	TrustedProxies []netip.Prefix
	// ForceRegisterDomain replaces the domain of every login. Empty: with users of one
	// domain that one, with several the named one.
	ForceRegisterDomain string
	// Context is that of the dialplan for users whose directory entry names none.
	Context string
	// Codecs are those of calls in rooms whose profile names none, the most wanted
	// first, as in opus,vp8. Empty: the server's choice.
	Codecs []string
	// DetachTimeout is how long somebody whose connection and media are lost keeps his
	// place in a room, at least a second.
	DetachTimeout time.Duration
	// MaxRooms is how many rooms there may be at a time.
	MaxRooms int
	// CDR is the folder of call detail records, one for each conference that has
	// ended; NoRecords: none are written. See CDRFolder.
	CDR string
	// CDRKeepDays and CDRKeepCount say which records stay: those younger than so many
	// days, and of these so many of the newest; 0: no such limit.
	CDRKeepDays, CDRKeepCount int
	// LogLevel is the least level that is logged.
	LogLevel slog.Level

	named    map[string]bool // settings that the user gave, by flag name; read-only
	warnings []string        // about the FreeSWITCH tree
}

// Default returns the settings of a server that is told nothing. Data is
// /var/lib/omniverto for root, else ~/.local/share/omniverto ($XDG_DATA_HOME).
func Default() Config {
	data := defaultData()
	return Config{
		Data:     data,
		Conf:     filepath.Join(data, "conf"),
		HTTPS:    ":8443",
		WS:       "127.0.0.1:8081",
		Media:    ":10000",
		Admin:    "127.0.0.1:8444",
		Context:  "default",
		LogLevel: slog.LevelInfo,

		DetachTimeout: 120 * time.Second, // FreeSWITCH's
		MaxRooms:      1000,
		CDRKeepDays:   90,
	}
}

// Named reports whether the user gave this setting by flag, environment or a file
// ("https", "public-url"). A taken port stops the start if it was named.
func (c Config) Named(setting string) bool { return c.named[setting] }

// MediaFolder is the folder of pictures: MediaDir, or media in the data folder.
func (c Config) MediaFolder() string {
	if c.MediaDir != "" {
		return c.MediaDir
	}
	return filepath.Join(c.Data, "media")
}

// NoRecords as the folder of call detail records turns them off.
const NoRecords = "off"

// CDRFolder is the folder of call detail records: CDR, or cdr in the data folder; ""
// when there are none.
func (c Config) CDRFolder() string {
	switch c.CDR {
	case NoRecords:
		return ""
	case "":
		return filepath.Join(c.Data, "cdr")
	}
	return c.CDR
}

// FontsFolder is the folder of typefaces that banners may name besides those that
// are always there: fonts in the data folder.
func (c Config) FontsFolder() string { return filepath.Join(c.Data, "fonts") }

func defaultData() string {
	if os.Geteuid() == 0 {
		return "/var/lib/omniverto"
	}
	if dir := os.Getenv("XDG_DATA_HOME"); filepath.IsAbs(dir) {
		return filepath.Join(dir, "omniverto")
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return "omniverto-data"
	}
	return filepath.Join(home, ".local", "share", "omniverto")
}
