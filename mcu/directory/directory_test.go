package directory_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/omniverto/omniverto/mcu/directory"
	"github.com/omniverto/omniverto/mcu/fsconf"
)

// folder writes files (path → content) into a new folder.
func folder(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	write(t, dir, files)
	return dir
}

func write(t *testing.T, dir string, files map[string]string) {
	t.Helper()
	for name, content := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func open(t *testing.T, files map[string]string) *directory.Directory {
	t.Helper()
	d, err := directory.Open(directory.Options{Dir: folder(t, files)})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// pass lets the bubble's time go by.
func pass(d time.Duration) { <-time.After(d) }

// vanilla has the shape of FreeSWITCH's own directory.
var vanilla = map[string]string{
	"default.xml": `<include>
  <X-PRE-PROCESS cmd="set" data="domain=example.com"/>
  <X-PRE-PROCESS cmd="set" data="default_password=1234"/>
  <!-- a comment -->
  <domain name="$${domain}">
    <params>
      <param name="jsonrpc-allowed-methods" value="verto"/>
      <param name="jsonrpc-allowed-event-channels" value="demo,conference,presence"/>
      <param name="level" value="domain"/>
      <param name="twice" value="first"/>
      <param name="twice" value="second"/>
    </params>
    <variables><variable name="record_stereo" value="true"/></variables>
    <groups>
      <group name="default">
        <params><param name="level" value="group"/></params>
        <users><X-PRE-PROCESS cmd="include" data="default/*.xml"/></users>
      </group>
      <group name="sales"><users><user id="1000" type="pointer"/></users></group>
    </groups>
  </domain>
</include>`,
	"default/1000.xml": `<include><user id="1000">
    <params><param name="Password" value="$${default_password}"/></params>
    <variables><variable name="Stereo_Audio" value="true"/></variables>
  </user></include>`,
	"default/1001.xml": `<user id="1001"><params><param name="password" value="x"/><param name="level" value="user"/></params></user>`,
}

func TestVanillaTreeIsMerged(t *testing.T) {
	d := open(t, vanilla)
	cases := []struct{ user, param, want string }{
		{"1000", "password", "1234"},
		{"1000", "level", "group"},
		{"1001", "level", "user"},
		{"1001", "jsonrpc-allowed-methods", "verto"},
		{"1001", "twice", "first"},
	}
	for _, c := range cases {
		u, ok := d.User(c.user, "EXAMPLE.com")
		if !ok {
			t.Fatalf("no user %s", c.user)
		}
		if got := u.Params[c.param]; got != c.want {
			t.Errorf("%s: param %s = %q, want %q", c.user, c.param, got, c.want)
		}
	}
	u, _ := d.User("1000", "example.com")
	if got := strings.Join(u.Groups, " "); got != "default sales" {
		t.Errorf("groups %q", got)
	}
	if u.Variable("stereo_audio") != "true" || u.Variable("record_stereo") != "true" {
		t.Errorf("variables %v", u.Variables)
	}
}

func TestIncludedFilesAreNotReadByThemselves(t *testing.T) {
	d := open(t, map[string]string{
		"a.xml":   `<domain name="a"><users><X-PRE-PROCESS cmd="include" data="b/*.xml"/></users></domain>`,
		"b/u.xml": `<user id="u"/>`,
	})
	if got := strings.Join(d.Domains(), " "); got != "a" {
		t.Errorf("domains %q", got)
	}
}

func TestDomainOfALogin(t *testing.T) {
	one := open(t, map[string]string{"a.xml": `<domain name="a.example"/>`})
	two := open(t, map[string]string{"a.xml": `<include><domain name="a.example"/><domain name="b.example"/></include>`})
	none := open(t, nil)
	cases := []struct {
		name  string
		d     *directory.Directory
		named string
		want  string
	}{
		{"a single domain replaces the named one", one, "other.example", "a.example"},
		{"a single domain is the default", one, "", "a.example"},
		{"of several the named one", two, "B.example", "b.example"},
		{"of several none", two, "", ""},
		{"without users the default", none, "x", "localhost"},
	}
	for _, c := range cases {
		if got := c.d.Domain(c.named); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
	if got := two.GuestDomain(); got != "a.example" {
		t.Errorf("guests' domain %q", got)
	}
}

func TestLooseUsersBelongToTheDefaultDomain(t *testing.T) {
	dir := folder(t, map[string]string{"team/eve.xml": `<include><user id="eve"/></include>`})
	d, err := directory.Open(directory.Options{Dir: dir, Vars: map[string]string{"domain": "home.example"}})
	if err != nil {
		t.Fatal(err)
	}
	if _, ok := d.User("eve", "home.example"); !ok {
		t.Error("eve is not in home.example")
	}
}

func TestMissingFolderHasNoUsers(t *testing.T) {
	d, err := directory.Open(directory.Options{Dir: filepath.Join(t.TempDir(), "none")})
	if err != nil || len(d.Domains()) != 0 {
		t.Errorf("domains %v, err %v", d.Domains(), err)
	}
}

func TestReloadKeepsTheOldUsersOnAnError(t *testing.T) {
	dir := folder(t, map[string]string{"a.xml": `<domain name="a"><user id="u1"/></domain>`})
	d, err := directory.Open(directory.Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	write(t, dir, map[string]string{"a.xml": `<domain name="a"><user id="u2"/>`})
	if err := d.Reload(); err == nil || !strings.Contains(err.Error(), "a.xml:1: ") {
		t.Errorf("error %v names no file and line", err)
	}
	if _, ok := d.User("u1", "a"); !ok {
		t.Error("u1 is gone after a failed reload")
	}
	write(t, dir, map[string]string{"a.xml": `<domain name="a"><user id="u2"/></domain>`})
	if err := d.Reload(); err != nil {
		t.Fatal(err)
	}
	_, old := d.User("u1", "a")
	if _, ok := d.User("u2", "a"); !ok || old {
		t.Error("the reload did not take")
	}
}

func TestRefusedDocuments(t *testing.T) {
	deep := strings.Repeat("<a>", 40) + strings.Repeat("</a>", 40)
	double := `<include><X-PRE-PROCESS cmd="set" data="a=xxxxxxxxxxxxxxxx"/>` +
		strings.Repeat(`<X-PRE-PROCESS cmd="set" data="a=$${a}$${a}"/>`, 40) + `</include>`
	cases := []struct{ name, doc, want string }{
		{"dtd", `<!DOCTYPE x [<!ENTITY a "b">]><include/>`, "document type"},
		{"unknown entity", `<include>&a;</include>`, "entity"},
		{"exec", `<include><X-PRE-PROCESS cmd="exec-set" data="a=id"/></include>`, "refused"},
		{"environment", `<include><X-PRE-PROCESS cmd="env-set" data="a=$HOME"/></include>`, "refused"},
		{"deep", deep, "deeper"},
		{"growing values", double, "more than"},
		{"a domain without a name", `<include><domain/></include>`, "without name"},
		{"set without value", `<include><X-PRE-PROCESS cmd="set" data="a"/></include>`, "name=value"},
		{"open variable", `<include><domain name="$${a"/></include>`, "without }"},
		{"absolute include", `<include><X-PRE-PROCESS cmd="include" data="/etc/*.xml"/></include>`, "leaves the configuration's folder"},
		{"include above", `<include><X-PRE-PROCESS cmd="include" data="../*.xml"/></include>`, "leaves the configuration's folder"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			_, err := directory.Open(directory.Options{Dir: folder(t, map[string]string{"a.xml": c.doc})})
			if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "a.xml:1: ") {
				t.Errorf("error %v, want one with %q", err, c.want)
			}
		})
	}
}

func TestTooLargeAFile(t *testing.T) {
	big := `<include><domain name="a"/><!--` + strings.Repeat("x", 9<<20) + `--></include>`
	_, err := directory.Open(directory.Options{Dir: folder(t, map[string]string{"a.xml": big})})
	if err == nil || !strings.Contains(err.Error(), "too large") {
		t.Errorf("error %v", err)
	}
}

func TestUsersOfAWholeTree(t *testing.T) {
	dir := folder(t, map[string]string{
		"freeswitch.xml": `<document><X-PRE-PROCESS cmd="set" data="domain=Home.example"/>
<section name="directory"><X-PRE-PROCESS cmd="include" data="people.xml"/></section></document>`,
		"people.xml": `<include><domain name="$${domain}"><user id="eve"/></domain></include>`,
	})
	d, err := directory.Open(directory.Options{
		Read: func() (*fsconf.Document, error) {
			return fsconf.Load(fsconf.Options{Dir: dir}, fsconf.Directory, "")
		},
		ForceDomain: "home.EXAMPLE",
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, ok := d.User("eve", "home.example"); !ok {
		t.Error("eve is not in home.example")
	}
	if d.Domain("other.example") != "home.example" || d.GuestDomain() != "home.example" {
		t.Errorf("domain of a login %q, of guests %q", d.Domain("other.example"), d.GuestDomain())
	}
	write(t, dir, map[string]string{"people.xml": `<include><domain name="$${domain}"></include>`})
	if err := d.Reload(); err == nil || !strings.Contains(err.Error(), filepath.Join(dir, "people.xml")+":1: ") {
		t.Errorf("error %v names no file and line", err)
	}
	if err := d.Adopt(nil); err != nil || len(d.Domains()) != 0 {
		t.Errorf("without a document: %v, domains %v", err, d.Domains())
	}
}

func TestPermission(t *testing.T) {
	cases := []struct {
		list, name      string
		exact, byTheDot bool
	}{
		{"", "verto.ping", false, false},
		{"verto", "verto.ping", false, true},
		{"verto,jsapi", "jsapi", true, true},
		{"verto jsapi", "jsapi", true, true},
		{"verto, jsapi", "jsapi", true, true},
		{"conference", "conference-mod.x", false, false},
		{"conference", "conference.x@y", false, true},
		{"__ANY__", "anything", true, true},
	}
	for _, c := range cases {
		p := directory.ParsePermission(c.list)
		if p.Allows(c.name) != c.exact || p.AllowsFamily(c.name) != c.byTheDot {
			t.Errorf("%q: %s → %v %v", c.list, c.name, p.Allows(c.name), p.AllowsFamily(c.name))
		}
	}
	if new(directory.Permission).Allows("x") {
		t.Error("the zero value allows")
	}
}

func FuzzDirectoryXML(f *testing.F) {
	for _, doc := range vanilla {
		f.Add([]byte(doc))
	}
	f.Add([]byte(`<!DOCTYPE a><domain/>`))
	f.Fuzz(func(t *testing.T, doc []byte) {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, "a.xml"), doc, 0o600); err != nil {
			t.Fatal(err)
		}
		d, err := directory.Open(directory.Options{Dir: dir})
		if err == nil && d.Domain("") == "" && len(d.Domains()) < 2 {
			t.Error("no domain for a login")
		}
	})
}
