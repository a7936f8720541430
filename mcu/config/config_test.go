package config_test

import (
	"bytes"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/omniverto/omniverto/mcu/config"
)

// load reads settings with a data folder of the test's own, the given file in it.
func load(t *testing.T, yaml string, flags map[string]string, env ...string) (config.Config, error) {
	t.Helper()
	data := t.TempDir()
	if yaml != "" {
		write(t, filepath.Join(data, config.FileName), yaml)
	}
	return config.Load(config.Sources{Flags: flags, Env: append([]string{"OMNIVERTO_DATA=" + data}, env...)})
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestOrder(t *testing.T) {
	flag := map[string]string{"https": ":1"}
	tests := []struct {
		name  string
		yaml  string
		env   []string
		flags map[string]string
		want  string
		named bool
	}{
		{"default", "", nil, nil, ":8443", false},
		{"file", "https: \":3\"", nil, nil, ":3", true},
		{"environment over file", "https: \":3\"", []string{"OMNIVERTO_HTTPS=:2"}, nil, ":2", true},
		{"flag over environment", "https: \":3\"", []string{"OMNIVERTO_HTTPS=:2"}, flag, ":1", true},
		{"empty environment is none", "https: \":3\"", []string{"OMNIVERTO_HTTPS="}, nil, ":3", true},
		{"empty value in file is none", "https:", nil, nil, ":8443", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c, err := load(t, tt.yaml, tt.flags, tt.env...)
			if err != nil {
				t.Fatal(err)
			}
			if c.HTTPS != tt.want || c.Named("https") != tt.named {
				t.Errorf("got %q, named %v; want %q, named %v", c.HTTPS, c.Named("https"), tt.want, tt.named)
			}
		})
	}
}

func TestEverySettingFromFile(t *testing.T) {
	c, err := load(t, `
conf: /etc/freeswitch
media_dir: /srv/pictures
https: 0.0.0.0:443
ws: "[::1]:81"
media: ":20000"
admin: localhost:84
metrics: ":9100"
cert: /tls/cert.pem
key: /tls/key.pem
public_url: https://meet.example.org/
advertise: [192.0.2.7, meet.example.org]
allowed_origins:
  - https://meet.example.org
trusted_proxies: 10.0.0.0/8, ::1
force_register_domain: example.org
context: inside
codecs: [opus, PCMA@8000h@20i]
detach_timeout: 90
max_rooms: 7
cdr: /srv/cdr
cdr_keep_days: 0
cdr_keep_count: 500
log_level: debug
`, nil)
	if err != nil {
		t.Fatal(err)
	}
	want := config.Default()
	want.Data, want.Conf = c.Data, "/etc/freeswitch"
	want.MediaDir = "/srv/pictures"
	want.HTTPS, want.WS, want.Media, want.Admin, want.Metrics = "0.0.0.0:443", "[::1]:81", ":20000", "localhost:84", ":9100"
	want.Cert, want.Key = "/tls/cert.pem", "/tls/key.pem"
	want.PublicURL = "https://meet.example.org"
	want.Advertise = []string{"192.0.2.7", "meet.example.org"}
	want.AllowedOrigins = []string{"https://meet.example.org"}
	want.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("::1/128")}
	want.ForceRegisterDomain, want.Context, want.Codecs = "example.org", "inside", []string{"opus", "PCMA@8000h@20i"}
	want.DetachTimeout, want.MaxRooms = 90*time.Second, 7
	want.CDR, want.CDRKeepDays, want.CDRKeepCount = "/srv/cdr", 0, 500
	want.LogLevel = slog.LevelDebug
	if diff := differing(c, want); len(diff) > 0 {
		t.Errorf("differs in %v:\n got %+v\nwant %+v", diff, c, want)
	}
}

// differing names the exported fields in which two configurations differ.
func differing(a, b config.Config) []string {
	var out []string
	va, vb := reflect.ValueOf(a), reflect.ValueOf(b)
	for i := range va.NumField() {
		f := va.Type().Field(i)
		if f.IsExported() && !reflect.DeepEqual(va.Field(i).Interface(), vb.Field(i).Interface()) {
			out = append(out, f.Name)
		}
	}
	return out
}

func TestRefused(t *testing.T) {
	tests := []struct {
		name, yaml string
		flags      map[string]string
		want       string
	}{
		{"unknown key", "https: \":1\"\nhtps: \":2\"", nil, `line 2: unknown key "htps"`},
		{"key twice", "ws: localhost:1\nws: localhost:2", nil, `line 2: "ws" is given twice`},
		{"not a mapping", "- https", nil, "line 1: expected lines of the form"},
		{"broken yaml", "https: [", nil, "line 1: did not find expected node content"},
		{"mapping as value", "log_level:\n  a: b", nil, "line 2: log_level: expected a word"},
		{"data in its own file", "data: /elsewhere", nil, `line 1: "data" cannot be set`},
		{"log level", "log_level: loud", nil, `line 1: log_level: "loud" is not debug`},
		{"proxy", "", map[string]string{"trusted-proxies": "10.0.0.0/99"}, `trusted-proxies: "10.0.0.0/99" is not an address`},
		{"no port", "", map[string]string{"https": "8443"}, `https: "8443" is not HOST:PORT`},
		{"port range", "", map[string]string{"media": ":70000"}, `the port must be a number`},
		{"host name", "", map[string]string{"https": "example.org:1"}, `the host must be an IP address`},
		{"admin for all", "", map[string]string{"admin": ":8444"}, `admin: ":8444" is not a loopback address`},
		{"media folder is data", "", map[string]string{"data": "/srv/o", "media-dir": "/srv/o/"}, "media-dir: /srv/o is or holds the data folder"},
		{"media folder holds data", "", map[string]string{"data": "/srv/o", "media-dir": "/srv"}, "media-dir: /srv is or holds the data folder"},
		{"media folder is everything", "", map[string]string{"media-dir": "/"}, "media-dir: / is or holds the"},
		{"media folder holds conf", "", map[string]string{"conf": "/etc/freeswitch", "media-dir": "/etc"}, "media-dir: /etc is or holds the conf folder"},
		{"media folder among secrets", "", map[string]string{"data": "/srv/o", "media-dir": "/srv/o/tls/x"}, "media-dir: /srv/o/tls/x holds this server's secrets"},
		{"same address", "", map[string]string{"admin": "127.0.0.1:8081"}, "ws and admin are the same address"},
		{"key without cert", "", map[string]string{"key": "k.pem"}, "cert and key: give both or neither"},
		{"public url", "", map[string]string{"public-url": "meet.example.org"}, `public-url: "meet.example.org" is not a URL`},
		{"origin", "", map[string]string{"allowed-origins": "*"}, `allowed-origins: "*" is not an origin`},
		{"detach timeout", "detach_timeout: 0", nil, `line 1: detach_timeout: "0" is not a time from 1s to 24h`},
		{"long detach timeout", "", map[string]string{"detach-timeout": "9999999999"}, "is not a time from 1s to 24h"},
		{"rooms", "", map[string]string{"max-rooms": "0"}, `max-rooms: "0" is not a number from 1 to`},
		{"records", "", map[string]string{"cdr-keep-days": "-1"}, `cdr-keep-days: "-1" is not a number from 0 to`},
		{"codecs", "", map[string]string{"codecs": "opus;vp8"}, `codecs: "opus;vp8" is not the name of a codec`},
		{"advertise", "", map[string]string{"advertise": "1.2.3.4:10000"}, `advertise: "1.2.3.4:10000" is not an IP`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := load(t, tt.yaml, tt.flags)
			if err == nil || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "\n") {
				t.Errorf("got error %v, want one line with %q", err, tt.want)
			}
		})
	}
}

func TestNamedFileMustExist(t *testing.T) {
	_, err := config.Load(config.Sources{File: filepath.Join(t.TempDir(), "none.yaml")})
	if err == nil || !strings.Contains(err.Error(), "none.yaml") {
		t.Errorf("got error %v, want one that names the file", err)
	}
}

func TestConfFollowsData(t *testing.T) {
	c, err := load(t, "", map[string]string{"data": "/srv/omniverto"})
	if err != nil {
		t.Fatal(err)
	}
	if c.Conf != "/srv/omniverto/conf" || c.MediaFolder() != "/srv/omniverto/media" || c.FontsFolder() != "/srv/omniverto/fonts" {
		t.Errorf("conf %q, media %q, fonts %q: want them in the data folder", c.Conf, c.MediaFolder(), c.FontsFolder())
	}
	c, err = load(t, "", map[string]string{"data": "/srv/omniverto", "media-dir": "pictures"})
	if err != nil {
		t.Fatal(err)
	}
	if here, _ := filepath.Abs("pictures"); c.MediaFolder() != here {
		t.Errorf("media %q, want %q whatever the working folder is later", c.MediaFolder(), here)
	}
}

// TestSampleFile holds docs/omniverto.sample.yaml to the defaults: as it is it
// sets nothing, and with its comment marks removed it sets every default.
func TestSampleFile(t *testing.T) {
	sample, err := os.ReadFile("../../docs/omniverto.sample.yaml")
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "sample.yaml")
	for name, doc := range map[string]string{"as it is": string(sample), "uncommented": uncomment(string(sample))} {
		t.Run(name, func(t *testing.T) {
			write(t, path, doc)
			c, err := config.Load(config.Sources{File: path})
			if err != nil {
				t.Fatal(err)
			}
			want := config.Default()
			want.Data, want.Conf, want.MediaDir = c.Data, c.Conf, c.MediaDir // the sample shows root's folders
			if diff := differing(c, want); len(diff) > 0 {
				t.Errorf("the sample differs from the defaults in %v", diff)
			}
		})
	}
	for _, key := range []string{"data", "conf", "media_dir", "https", "ws", "media", "admin", "metrics", "cert", "key",
		"public_url", "advertise", "allowed_origins", "trusted_proxies", "force_register_domain", "context", "codecs",
		"detach_timeout", "max_rooms", "cdr", "cdr_keep_days", "cdr_keep_count", "log_level"} {
		if !strings.Contains(uncomment(string(sample)), "\n"+key+":") {
			t.Errorf("the sample does not show %s", key)
		}
	}
}

// uncomment strips "#" from lines such as "#https: …"; prose begins with "# ".
func uncomment(doc string) string {
	lines := strings.Split(doc, "\n")
	for i, line := range lines {
		if strings.HasPrefix(line, "#") && !strings.HasPrefix(line, "# ") {
			lines[i] = line[1:]
		}
	}
	return strings.Join(lines, "\n")
}

func TestLinksAreKept(t *testing.T) {
	data := t.TempDir()
	if l, err := config.LoadLinks(data); err != nil || l.Best() != "http://localhost:8081" {
		t.Errorf("nothing kept: got %q, %v", l.Best(), err)
	}
	want := config.Links{Public: "https://meet.example.org", LAN: "https://192.0.2.1:8443", Local: "http://localhost:9", Admin: "http://127.0.0.1:8"}
	if err := config.SaveLinks(data, want); err != nil {
		t.Fatal(err)
	}
	if got, err := config.LoadLinks(data); err != nil || got != want {
		t.Errorf("got %+v, %v; want %+v", got, err, want)
	}
	c, err := config.Load(config.Sources{Flags: map[string]string{"data": data}})
	if err != nil || c.PublicURL != want.Public || c.Named("public-url") {
		t.Errorf("got public URL %q, %v; want the kept one, not named", c.PublicURL, err)
	}
	c, err = config.Load(config.Sources{Flags: map[string]string{"data": data, "public-url": "https://new.example.org"}})
	if err != nil || c.PublicURL != "https://new.example.org" {
		t.Errorf("got public URL %q, %v; want the named one", c.PublicURL, err)
	}
}

func TestListen(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	address := taken.Addr().String()

	var out bytes.Buffer
	log := slog.New(slog.NewTextHandler(&out, nil))
	moved := config.Config{WS: address}
	l, err := moved.Listen("ws", log)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if !strings.Contains(out.String(), address) || !strings.Contains(out.String(), l.Addr().String()) {
		t.Errorf("the warning names neither port: %s", out.String())
	}

	named, err := load(t, "", map[string]string{"ws": address})
	if err != nil {
		t.Fatal(err)
	}
	for setting, c := range map[string]config.Config{"ws": named, "https": {HTTPS: ":" + port(t, address)}} {
		if l, err := c.Listen(setting, log); err == nil || !strings.Contains(err.Error(), "already in use") {
			t.Errorf("%s: got %v, %v; want a refusal", setting, l, err)
		}
	}
}

func port(t *testing.T, address string) string {
	t.Helper()
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		t.Fatal(err)
	}
	return port
}

func FuzzLoad(f *testing.F) {
	f.Add("https: \":1\"\nadvertise: [a, b]")
	f.Add("- {a: [")
	f.Add("trusted_proxies: 10.0.0.0/8")
	f.Fuzz(func(t *testing.T, doc string) {
		path := filepath.Join(t.TempDir(), "fuzz.yaml")
		write(t, path, doc)
		c, err := config.Load(config.Sources{File: path})
		if err == nil && c.Validate() != nil {
			t.Errorf("accepted what does not validate: %q", doc)
		}
	})
}
