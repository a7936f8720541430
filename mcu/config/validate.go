package config

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
)

// Validate reports the first setting that a server could not be started with,
// checked before anything is opened: addresses, URLs and settings that need each
// other. Load has called it already; embedders that fill a Config call it.
func (c Config) Validate() error {
	for _, check := range []func() error{
		c.checkFolders, c.checkMediaDir, c.checkAddresses, c.checkLoopback, c.checkCertificate, c.checkPublicURL, c.checkOrigins, c.checkAdvertise, c.checkCodecs,
	} {
		if err := check(); err != nil {
			return fmt.Errorf("config: %w", err)
		}
	}
	return nil
}

func (c Config) checkFolders() error {
	if c.Data == "" {
		return errors.New("data: the folder must not be empty")
	}
	return nil
}

// checkMediaDir keeps keys and secrets out of the folder in which moderators read
// and write.
func (c Config) checkMediaDir() error {
	if c.MediaDir == "" {
		return nil
	}
	for _, kept := range []struct{ name, path string }{{"data", c.Data}, {"conf", c.Conf}} {
		if kept.path != "" && within(kept.path, c.MediaDir) {
			return fmt.Errorf("media-dir: %s is or holds the %s folder; choose a folder of its own", c.MediaDir, kept.name)
		}
	}
	for _, secret := range []string{"tokens", "tls"} {
		if within(c.MediaDir, filepath.Join(c.Data, secret)) {
			return fmt.Errorf("media-dir: %s holds this server's secrets; choose a folder of its own", c.MediaDir)
		}
	}
	return nil
}

// within reports whether a path is a folder or lies in it.
func within(path, folder string) bool {
	rel, err := filepath.Rel(folder, path)
	return err == nil && filepath.IsLocal(rel)
}

func (c Config) checkAddresses() error {
	type address struct {
		name, value string
		optional    bool
	}
	taken := map[string]string{}
	for _, a := range []address{
		{"https", c.HTTPS, false}, {"ws", c.WS, false}, {"media", c.Media, false},
		{"admin", c.Admin, false}, {"metrics", c.Metrics, true},
	} {
		if a.value == "" && a.optional {
			continue
		}
		port, err := portOf(a.value)
		if err != nil {
			return fmt.Errorf("%s: %w", a.name, err)
		}
		if port == 0 || a.name == "media" { // UDP does not clash with TCP
			continue
		}
		if other, ok := taken[a.value]; ok {
			return fmt.Errorf("%s and %s are the same address %s", other, a.name, a.value)
		}
		taken[a.value] = a.name
	}
	return nil
}

func portOf(address string) (int, error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return 0, fmt.Errorf("%q is not HOST:PORT, such as :8443 or 127.0.0.1:8081", address)
	}
	if _, err := netip.ParseAddr(host); err != nil && host != "" && host != "localhost" {
		return 0, fmt.Errorf("%q: the host must be an IP address, localhost or empty", address)
	}
	n, err := strconv.Atoi(port)
	if err != nil || n < 0 || n > 65535 {
		return 0, fmt.Errorf("%q: the port must be a number from 0 to 65535", address)
	}
	return n, nil
}

// checkLoopback keeps the admin address, which speaks without TLS and hands out
// profiles and control, off the network; --metrics is for scrapers.
func (c Config) checkLoopback() error {
	if !isLoopback(c.Admin) {
		return fmt.Errorf("admin: %q is not a loopback address; use 127.0.0.1, [::1] or localhost", c.Admin)
	}
	return nil
}

func isLoopback(address string) bool {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return false
	}
	addr, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && addr.IsLoopback()
}

func (c Config) checkCertificate() error {
	if (c.Cert == "") != (c.Key == "") {
		return errors.New("cert and key: give both or neither")
	}
	return nil
}

func (c Config) checkPublicURL() error {
	if c.PublicURL == "" {
		return nil
	}
	u, err := url.Parse(c.PublicURL)
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" || u.RawQuery != "" || u.Fragment != "" || u.User != nil {
		return fmt.Errorf("public-url: %q is not a URL such as https://meet.example.org", c.PublicURL)
	}
	return nil
}

func (c Config) checkOrigins() error {
	for _, origin := range c.AllowedOrigins {
		u, err := url.Parse(origin)
		if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" || strings.Trim(u.Path, "/") != "" {
			return fmt.Errorf("allowed-origins: %q is not an origin such as https://meet.example.org", origin)
		}
	}
	return nil
}

func (c Config) checkAdvertise() error {
	name := regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?$`)
	for _, host := range c.Advertise {
		if _, err := netip.ParseAddr(host); err != nil && !name.MatchString(host) {
			return fmt.Errorf("advertise: %q is not an IP address or a host name", host)
		}
	}
	return nil
}

func (c Config) checkCodecs() error {
	name := regexp.MustCompile(`^[A-Za-z0-9.-]+(@[0-9a-z@]+)?$`) // as in PCMA@8000h@20i
	for _, codec := range c.Codecs {
		if !name.MatchString(codec) {
			return fmt.Errorf("codecs: %q is not the name of a codec, such as opus", codec)
		}
	}
	return nil
}
