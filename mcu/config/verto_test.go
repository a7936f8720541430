package config_test

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/omniverto/omniverto/mcu/config"
)

// withVerto loads settings with a verto.conf of these settings and profile.
func withVerto(t *testing.T, settings, profile, yaml string, flags map[string]string) (config.Config, error) {
	t.Helper()
	conf := t.TempDir()
	write(t, filepath.Join(conf, "verto.conf.xml"),
		`<configuration name="verto.conf"><settings>`+settings+"</settings>\n<profiles><profile name=\"a\">\n"+profile+`</profile></profiles></configuration>`)
	if flags == nil {
		flags = map[string]string{}
	}
	flags["conf"] = conf
	return load(t, yaml, flags)
}

func param(name, value string) string {
	return `<param name="` + name + `" value="` + value + `"/>` + "\n"
}

func TestVertoConf(t *testing.T) {
	c, err := withVerto(t, param("detach-timeout-sec", "60")+param("enable-presence", "true"),
		param("bind-local", "192.0.2.9:8081")+`<param name="bind-local" value="[2001:db8::9]:8082" secure="true"/>`+
			param("bind-local", "192.0.2.10:8081")+
			param("ext_rtp_ip", "stun:stun.example.org")+param("ext-rtp-ip", "203.0.113.7")+param("ext-rtp-ip", "host:media.example.org")+
			param("ext-rtp-ip", "")+param("inbound-codec-string", "opus,h264,vp8")+param("outbound-codec-string", "pcmu")+
			param("force-register-domain", "example.org")+param("context", "public")+
			param("userauth", "true")+param("blind-reg", "false")+param("timer-name", "soft")+param("timer-name", "soft"), "", nil)
	if err != nil {
		t.Fatal(err)
	}
	want := config.Default()
	want.Data, want.Conf = c.Data, c.Conf
	want.WS, want.HTTPS = "192.0.2.9:8081", "[2001:db8::9]:8082"
	want.Advertise = []string{"auto", "203.0.113.7", "media.example.org"}
	want.Codecs = []string{"opus", "h264", "vp8"}
	want.ForceRegisterDomain, want.Context, want.DetachTimeout = "example.org", "public", time.Minute
	if diff := differing(c, want); len(diff) > 0 {
		t.Errorf("differs in %v:\n got %+v\nwant %+v", diff, c, want)
	}
	if !c.Named("ws") || c.Named("media") {
		t.Error("a bind of verto.conf counts as named by the user, and nothing else does")
	}
	if got := c.Warnings(); len(got) != 1 || !strings.HasSuffix(got[0], "not used: bind-local 192.0.2.10:8081, enable-presence, timer-name") {
		t.Errorf("warnings %q", got)
	}
}

// TestVertoConfComesLast: flag over environment over file over XML over default.
func TestVertoConfComesLast(t *testing.T) {
	all := param("bind-local", "192.0.2.9:8081") + param("ext-rtp-ip", "203.0.113.7") + param("context", "xml") + param("outbound-codec-string", "pcmu")
	tests := []struct {
		name, yaml string
		flags      map[string]string
		want       string
	}{
		{"XML over default", "", nil, "192.0.2.9:8081 203.0.113.7 xml pcmu"},
		{"file over XML", "ws: \"[::1]:1\"\ncontext: yaml", nil, "[::1]:1 203.0.113.7 yaml pcmu"},
		{"flag over XML", "", map[string]string{"advertise": "198.51.100.1", "codecs": "opus"}, "192.0.2.9:8081 198.51.100.1 xml opus"},
	}
	for _, tt := range tests {
		c, err := withVerto(t, "", all, tt.yaml, tt.flags)
		if got := strings.Join([]string{c.WS, strings.Join(c.Advertise, ","), c.Context, strings.Join(c.Codecs, ",")}, " "); err != nil || got != tt.want {
			t.Errorf("%s: %s, %v; want %s", tt.name, got, err, tt.want)
		}
	}
}

func TestVertoConfRefused(t *testing.T) {
	for value, want := range map[string]string{
		param("bind-local", "8081"):                               `verto.conf.xml:3: bind-local: "8081" is not HOST:PORT`,
		param("bind-local", "example.org:1"):                      "the host must be an IP address",
		param("timer", "x") + param("ext-rtp-ip", "a b"):          `verto.conf.xml:4: ext-rtp-ip: advertise: "a b" is not`,
		param("bind-local", "127.0.0.1:8444"):                     "ws and admin are the same address",
		`<!DOCTYPE a>`:                                            "verto.conf.xml:3: document type definitions are refused",
		`<X-PRE-PROCESS cmd="env-set" data="a=$HOME"/>`:           "verto.conf.xml:3: X-PRE-PROCESS \"env-set\" is refused",
		param("inbound-codec-string", "opus;rm"):                  "codecs:",
		param("x", "") + `</profile></profiles></configuration>x`: "verto.conf.xml:4: ",
	} {
		_, err := withVerto(t, "", value, "", nil)
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: got error %v, want one line with %q", value, err, want)
		}
	}
	if _, err := withVerto(t, param("detach-timeout-sec", "never"), "", "", nil); err == nil || !strings.Contains(err.Error(), "verto.conf.xml:1: detach-timeout-sec: ") {
		t.Errorf("detach timeout: %v", err)
	}
}

// TestVertoConfOpensNoDoor: FreeSWITCH's ways in without a password are told about
// and not taken.
func TestVertoConfOpensNoDoor(t *testing.T) {
	for value, warned := range map[string]bool{
		param("userauth", "true"): false, param("userauth", "false"): true, param("blind-reg", "true"): true,
		param("blind-reg", "false"): false, param("root-password", "secret"): true,
	} {
		c, err := withVerto(t, "", value, "", nil)
		got := slices.ContainsFunc(c.Warnings(), func(w string) bool {
			return strings.Contains(w, "verto.conf.xml:3: ") && strings.Contains(w, "is refused")
		})
		if err != nil || got != warned || strings.Contains(strings.Join(c.Warnings(), " "), "secret") {
			t.Errorf("%s: warnings %q, %v", value, c.Warnings(), err)
		}
	}
	c, err := withVerto(t, "", param("userauth", "@example.org"), "", nil)
	if err != nil || c.ForceRegisterDomain != "example.org" {
		t.Errorf("a domain for all logins: %q, %v", c.ForceRegisterDomain, err)
	}
}

func TestVertoConfCertificate(t *testing.T) {
	dir := t.TempDir()
	pem, key := filepath.Join(dir, "wss.pem"), filepath.Join(dir, "key.pem")
	missing, err := withVerto(t, "", param("secure-combined", pem)+param("secure-chain", pem), "", nil)
	if err != nil || missing.Cert != "" || len(missing.Warnings()) != 1 || !strings.Contains(missing.Warnings()[0], pem) {
		t.Errorf("missing files: %q, warnings %q, %v", missing.Cert, missing.Warnings(), err)
	}
	write(t, pem, "")
	write(t, key, "")
	combined, err := withVerto(t, "", param("secure-combined", pem), "", nil)
	if err != nil || combined.Cert != pem || combined.Key != pem {
		t.Errorf("combined: %q, %q, %v", combined.Cert, combined.Key, err)
	}
	apart, err := withVerto(t, "", param("secure-cert", pem)+param("secure-key", key), "", nil)
	if err != nil || apart.Cert != pem || apart.Key != key {
		t.Errorf("apart: %q, %q, %v", apart.Cert, apart.Key, err)
	}
	own, err := withVerto(t, "", param("secure-combined", pem), "", map[string]string{"cert": "/a", "key": "/b"})
	if err != nil || own.Cert != "/a" || own.Key != "/b" {
		t.Errorf("flags: %q, %q, %v", own.Cert, own.Key, err)
	}
}
