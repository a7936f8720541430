package config

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/omniverto/omniverto/mcu/fsconf"
)

// Warnings are what a start has to tell about the FreeSWITCH tree: settings of its
// verto.conf that are not used, or not obeyed. They must not be changed.
func (c Config) Warnings() []string { return c.warnings }

// vertoConf takes over settings of a verto.conf.
type vertoConf struct {
	c      *Config
	given  map[string]bool // by flag, environment or file: these win
	unused []string
}

// readTree takes the settings that nothing before has given from the verto.conf of
// the FreeSWITCH tree, if there is one.
func (c *Config) readTree() error {
	doc, err := fsconf.Load(fsconf.Options{Dir: c.Conf}, fsconf.Configuration, "verto.conf")
	if err != nil {
		return fmt.Errorf("config: %w", err)
	}
	if doc == nil {
		return nil
	}
	v := &vertoConf{c: c, given: map[string]bool{}}
	for name := range c.named {
		v.given[name] = true
	}
	if err := v.document(doc.Root); err != nil {
		return fmt.Errorf("config: %s%c%w", c.Conf, filepath.Separator, err)
	}
	if len(v.unused) > 0 {
		slices.Sort(v.unused)
		v.warn("parameters of verto.conf that are not used: " + strings.Join(slices.Compact(v.unused), ", "))
	}
	return nil
}

func (v *vertoConf) document(root *fsconf.Element) error {
	for s := range root.Named("settings") {
		for p := range s.Named("param") {
			if name := param(p); name == "detach-timeout-sec" {
				if err := v.take(p, "detach-timeout", p.Attr("value")); err != nil {
					return err
				}
			} else {
				v.unused = append(v.unused, name)
			}
		}
	}
	for list := range root.Named("profiles") {
		for profile := range list.Named("profile") {
			if err := v.profile(profile); err != nil {
				return err
			}
		}
	}
	return nil
}

// param is a parameter's name with dashes for underscores.
func param(p *fsconf.Element) string {
	return strings.ReplaceAll(strings.ToLower(p.Attr("name")), "_", "-")
}

func (v *vertoConf) profile(profile *fsconf.Element) error {
	params := profile.Params()
	for p := range profile.Named("param") {
		name, value := param(p), strings.TrimSpace(p.Attr("value"))
		var err error
		switch name {
		case "bind-local":
			err = v.bind(p, value)
		case "ext-rtp-ip":
			err = v.advertise(p, value)
		case "inbound-codec-string":
			err = v.take(p, "codecs", value)
		case "outbound-codec-string":
			if params["inbound-codec-string"] == nil {
				err = v.take(p, "codecs", value)
			}
		case "force-register-domain", "context":
			err = v.take(p, name, value)
		case "userauth", "blind-reg", "root-password":
			err = v.logins(p, name, value)
		case "secure-combined":
			v.certificate(value, value)
		case "secure-cert":
			if key := params["secure-key"]; key != nil {
				v.certificate(value, strings.TrimSpace(key.Attr("value")))
			}
		case "secure-key", "secure-chain": // the chain is read from the certificate's file
		case "dialplan":
			if !strings.EqualFold(value, "XML") {
				v.unused = append(v.unused, name)
			}
		default:
			v.unused = append(v.unused, name)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// take sets a setting that nobody has set.
func (v *vertoConf) take(p *fsconf.Element, name, value string) error {
	if v.c.named[name] || value == "" {
		return nil
	}
	for _, s := range settings() {
		if s.name != name {
			continue
		}
		if err := s.set(v.c, value); err != nil {
			return p.Errorf("%s: %w", p.Attr("name"), err)
		}
		v.c.named[name] = true
	}
	return nil
}

// bind takes the first address of either kind; the server has one of each.
func (v *vertoConf) bind(p *fsconf.Element, value string) error {
	name := "ws"
	if isTrue(p.Attr("secure")) {
		name = "https"
	}
	if _, err := portOf(value); err != nil {
		return p.Errorf("bind-local: %w", err)
	}
	if v.c.named[name] && !v.given[name] {
		v.unused = append(v.unused, "bind-local "+value)
		return nil
	}
	return v.take(p, name, value)
}

// advertise adds an address; FreeSWITCH's words for finding it out are our auto.
func (v *vertoConf) advertise(p *fsconf.Element, value string) error {
	if v.given["advertise"] || value == "" {
		return nil
	}
	word := value
	switch kind, rest, _ := strings.Cut(value, ":"); {
	case value == "auto", value == "auto-nat", kind == "stun":
		word = "auto"
	case kind == "autonat", kind == "host":
		word = rest
	}
	if !slices.Contains(v.c.Advertise, word) {
		v.c.Advertise = append(v.c.Advertise, word)
	}
	v.c.named["advertise"] = true
	if err := v.c.checkAdvertise(); err != nil {
		return p.Errorf("%s: %w", p.Attr("name"), err)
	}
	return nil
}

// logins reads who may come in. Nobody does without a password.
func (v *vertoConf) logins(p *fsconf.Element, name, value string) error {
	domain, forced := strings.CutPrefix(value, "@")
	switch {
	case name == "userauth" && forced:
		return v.take(p, "force-register-domain", domain)
	case name == "userauth" && isTrue(value), name == "blind-reg" && !isTrue(value), name == "root-password" && value == "":
		return nil
	}
	v.warn(fmt.Sprintf("%s:%d: %s is refused: every login is checked against the directory", p.File, p.Line, name))
	return nil
}

// certificate takes PEM files. FreeSWITCH makes those of its own tree itself when
// they are missing; so does this server, elsewhere.
func (v *vertoConf) certificate(cert, key string) {
	if v.c.named["cert"] || v.c.named["key"] || cert == "" || key == "" {
		return
	}
	files := []*string{&cert, &key}
	for _, file := range files {
		if !filepath.IsAbs(*file) {
			*file = filepath.Join(v.c.Conf, *file)
		}
		if _, err := os.Stat(*file); errors.Is(err, fs.ErrNotExist) {
			v.warn("the certificate " + *file + " of verto.conf is not there: the server uses one of its own")
			return
		}
	}
	v.c.Cert, v.c.Key = cert, key
	v.c.named["cert"], v.c.named["key"] = true, true
}

// warn tells something once.
func (v *vertoConf) warn(what string) {
	if !slices.Contains(v.c.warnings, what) {
		v.c.warnings = append(v.c.warnings, what)
	}
}

// isTrue knows FreeSWITCH's spellings of true.
func isTrue(s string) bool {
	switch strings.ToLower(strings.TrimSpace(s)) {
	case "true", "yes", "on", "enable", "enabled", "active", "allow", "t", "1":
		return true
	}
	return false
}
