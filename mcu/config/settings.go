package config

import (
	"fmt"
	"net/netip"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// setting ties one name to one field. The name is the flag's; environment and
// yaml names are derived from it.
type setting struct {
	name string
	set  func(c *Config, value string) error
	get  func(c Config) string
}

func (s setting) yamlKey() string { return strings.ReplaceAll(s.name, "-", "_") }

func (s setting) envName() string { return "OMNIVERTO_" + strings.ToUpper(s.yamlKey()) }

// settings returns the table of all settings in the order of the sample file.
func settings() []setting {
	return []setting{
		text("data", func(c *Config) *string { return &c.Data }),
		text("conf", func(c *Config) *string { return &c.Conf }),
		text("media-dir", func(c *Config) *string { return &c.MediaDir }),
		text("https", func(c *Config) *string { return &c.HTTPS }),
		text("ws", func(c *Config) *string { return &c.WS }),
		text("media", func(c *Config) *string { return &c.Media }),
		text("admin", func(c *Config) *string { return &c.Admin }),
		text("metrics", func(c *Config) *string { return &c.Metrics }),
		text("cert", func(c *Config) *string { return &c.Cert }),
		text("key", func(c *Config) *string { return &c.Key }),
		text("public-url", func(c *Config) *string { return &c.PublicURL }),
		list("advertise", func(c *Config) *[]string { return &c.Advertise }),
		list("allowed-origins", func(c *Config) *[]string { return &c.AllowedOrigins }),
		{"trusted-proxies", setTrustedProxies, getTrustedProxies},
		text("force-register-domain", func(c *Config) *string { return &c.ForceRegisterDomain }),
		text("context", func(c *Config) *string { return &c.Context }),
		list("codecs", func(c *Config) *[]string { return &c.Codecs }),
		{"detach-timeout", setDetachTimeout, func(c Config) string { return c.DetachTimeout.String() }},
		count("max-rooms", 1, func(c *Config) *int { return &c.MaxRooms }),
		text("cdr", func(c *Config) *string { return &c.CDR }),
		count("cdr-keep-days", 0, func(c *Config) *int { return &c.CDRKeepDays }),
		count("cdr-keep-count", 0, func(c *Config) *int { return &c.CDRKeepCount }),
		{"log-level", setLogLevel, func(c Config) string { return strings.ToLower(c.LogLevel.String()) }},
	}
}

// text is a setting that is taken as it is.
func text(name string, field func(*Config) *string) setting {
	return setting{
		name: name,
		set:  func(c *Config, v string) error { *field(c) = strings.TrimSpace(v); return nil },
		get:  func(c Config) string { return *field(&c) },
	}
}

// list is a setting of words separated by commas.
func list(name string, field func(*Config) *[]string) setting {
	return setting{
		name: name,
		set:  func(c *Config, v string) error { *field(c) = words(v); return nil },
		get:  func(c Config) string { return strings.Join(*field(&c), ",") },
	}
}

// count is a setting of a whole number, of least or more.
func count(name string, least int, field func(*Config) *int) setting {
	return setting{
		name: name,
		set: func(c *Config, v string) error {
			n, err := strconv.Atoi(strings.TrimSpace(v))
			if err != nil || n < least || n > maxCount {
				return fmt.Errorf("%q is not a number from %d to %d", v, least, maxCount)
			}
			*field(c) = n
			return nil
		},
		get: func(c Config) string { return strconv.Itoa(*field(&c)) },
	}
}

// maxCount bounds settings that count something.
const maxCount = 1_000_000

// maxDetach bounds DetachTimeout: a place that is kept is a place that is taken.
const maxDetach = 24 * time.Hour

// setDetachTimeout reads a duration, or seconds as FreeSWITCH's detach-timeout-sec has.
func setDetachTimeout(c *Config, v string) error {
	v = strings.TrimSpace(v)
	d, err := time.ParseDuration(v)
	if seconds, number := strconv.Atoi(v); number == nil && seconds <= int(maxDetach/time.Second) {
		d, err = time.Duration(seconds)*time.Second, nil
	}
	if err != nil || d < time.Second || d > maxDetach {
		return fmt.Errorf("%q is not a time from 1s to 24h", v)
	}
	c.DetachTimeout = d
	return nil
}

func words(v string) []string {
	var out []string
	for word := range strings.SplitSeq(v, ",") {
		if word = strings.TrimSpace(word); word != "" {
			out = append(out, word)
		}
	}
	return out
}

func setTrustedProxies(c *Config, v string) error {
	c.TrustedProxies = nil
	for _, word := range words(v) {
		prefix, err := parsePrefix(word)
		if err != nil {
			return fmt.Errorf("%q is not an address or network such as 10.0.0.0/8", word)
		}
		c.TrustedProxies = append(c.TrustedProxies, prefix)
	}
	return nil
}

func parsePrefix(word string) (netip.Prefix, error) {
	if strings.Contains(word, "/") {
		return netip.ParsePrefix(word)
	}
	addr, err := netip.ParseAddr(word)
	if err != nil {
		return netip.Prefix{}, err
	}
	return netip.PrefixFrom(addr, addr.BitLen()), nil
}

func getTrustedProxies(c Config) string {
	out := make([]string, len(c.TrustedProxies))
	for i, prefix := range c.TrustedProxies {
		out[i] = prefix.String()
	}
	return strings.Join(out, ",")
}

func setLogLevel(c *Config, v string) error {
	v = strings.ToLower(strings.TrimSpace(v))
	if !slices.Contains([]string{"debug", "info", "warn", "error"}, v) {
		return fmt.Errorf("%q is not debug, info, warn or error", v)
	}
	return c.LogLevel.UnmarshalText([]byte(v))
}

// absolute makes the folders and files of c independent of the working folder.
func absolute(c *Config) error {
	for _, path := range []*string{&c.Data, &c.Conf, &c.MediaDir, &c.CDR, &c.Cert, &c.Key} {
		if *path == "" || path == &c.CDR && *path == NoRecords {
			continue
		}
		abs, err := filepath.Abs(*path)
		if err != nil {
			return err
		}
		*path = abs
	}
	return nil
}
