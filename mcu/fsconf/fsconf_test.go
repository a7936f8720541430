package fsconf_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/omniverto/omniverto/mcu/fsconf"
)

// tree writes files (path → text) into a new folder.
func tree(t testing.TB, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func load(dir, section, name string) (*fsconf.Document, error) {
	return fsconf.Load(fsconf.Options{Dir: dir, Vars: map[string]string{"domain": "first.example"}}, section, name)
}

// loaded is a document that must be there, as text in one line.
func loaded(t *testing.T, dir, section, name string) string {
	t.Helper()
	doc, err := load(dir, section, name)
	if err != nil || doc == nil {
		t.Fatalf("%s %s: document %v, error %v", section, name, doc, err)
	}
	return strings.Join(strings.Fields(string(doc.Text())), " ")
}

func TestStockTree(t *testing.T) {
	dir := filepath.Join("testdata", "vanilla")
	for _, want := range []struct{ section, name, text string }{
		{fsconf.Configuration, "conference.conf", `<param name="domain" value="meet.example"/>`},
		{fsconf.Configuration, "conference.conf", `<param name="moh-sound" value="local_stream://moh"/>`},
		{fsconf.Configuration, "conference.conf", `<param name="sound-prefix" value="sounds/en/us/callie"/>`},
		{fsconf.Configuration, "sofia.conf", `<profile name="internal"> <settings> <param name="ext-rtp-ip" value="stun:stun.example.org"/>`},
		{fsconf.Directory, "", `<domain name="meet.example">`},
		{fsconf.Directory, "", `<param name="password" value="1234"/>`},
		{fsconf.Dialplan, "", `data="CRIT the default password is in use &amp; known to everybody"`},
		{fsconf.Dialplan, "", `<extension name="talking_clock">`},
	} {
		if got := loaded(t, dir, want.section, want.name); !strings.Contains(got, want.text) {
			t.Errorf("%s %s lacks %s:\n%.2000s", want.section, want.name, want.text, got)
		}
	}
	if doc, err := load(dir, fsconf.Configuration, "nothing.conf"); doc != nil || err != nil {
		t.Errorf("a configuration that is not there: %v, %v", doc, err)
	}
}

// TestLooseTree: without freeswitch.xml a document lies where the stock tree has it.
func TestLooseTree(t *testing.T) {
	dir := tree(t, map[string]string{
		"autoload_configs/a.conf.xml": `<configuration name="a.conf"><best domain="$${domain}"/></configuration>`,
		"a.conf.xml":                  `<configuration name="a.conf"><second/></configuration>`,
		"b.conf.xml":                  `<include><configuration><b/></configuration></include>`,
		"c.conf.xml":                  `<document><section name="configuration"><configuration name="other"/><configuration name="c.conf"><c/></configuration></section></document>`,
		"d.conf.xml":                  `<layout-settings/>`,
		"directory/x.xml":             `<domain name="$${domain}"><X-PRE-PROCESS cmd="include" data="x/*.xml"/></domain>`,
		"directory/x/u.xml":           `<user id="u"/>`,
		"directory/y/v.xml":           `<include><user id="v"/></include>`,
		"directory/y/.hidden.xml":     `<user id="h"/>`,
		"directory/y/w.xml.orig":      `<user id="w"/>`,
	})
	for _, want := range []struct{ section, name, text string }{
		{fsconf.Configuration, "a.conf", `<configuration name="a.conf"><best domain="first.example"/></configuration>`},
		{fsconf.Configuration, "b.conf", `<configuration><b/></configuration>`},
		{fsconf.Configuration, "c.conf", `<configuration name="c.conf"><c/></configuration>`},
		{fsconf.Configuration, "d.conf", `<layout-settings/>`},
		{fsconf.Directory, "", `<section name="directory"> <domain name="first.example"> <user id="u"/></domain> <user id="v"/></section>`},
	} {
		if got := loaded(t, dir, want.section, want.name); got != want.text {
			t.Errorf("%s %s: %s\nwant %s", want.section, want.name, got, want.text)
		}
	}
	for section, name := range map[string]string{fsconf.Configuration: "none.conf", fsconf.Dialplan: ""} {
		if doc, err := load(dir, section, name); doc != nil || err != nil {
			t.Errorf("%s %s: %v, %v; want none", section, name, doc, err)
		}
	}
	if doc, err := load(filepath.Join(dir, "missing"), fsconf.Directory, ""); doc != nil || err != nil {
		t.Errorf("no folder: %v, %v", doc, err)
	}
}

func TestRefused(t *testing.T) {
	deep := strings.Repeat("<a>", 40) + strings.Repeat("</a>", 40)
	pre := func(cmd, data string) string { return `<X-PRE-PROCESS cmd="` + cmd + `" data="` + data + `"/>` }
	tests := []struct{ name, text, want string }{
		{"exec", pre("exec", "id"), `autoload_configs/a.conf.xml:2: X-PRE-PROCESS "exec" is refused`},
		{"exec-set", pre("exec-set", "a=id"), `:2: X-PRE-PROCESS "exec-set" is refused`},
		{"env-set", pre("env-set", "a=$HOME"), `:2: X-PRE-PROCESS "env-set" is refused`},
		{"unknown form", pre("erase", "a"), `:2: X-PRE-PROCESS "erase" is refused`},
		{"no form", `<x-pre-process/>`, `:2: X-PRE-PROCESS "" is refused`},
		{"set without a name", pre("set", "=a"), ":2: X-PRE-PROCESS set \"=a\": want name=value"},
		{"doctype", `<!DOCTYPE x [<!ENTITY a "b">]>`, ":2: document type definitions are refused"},
		{"unknown entity", `<a b="&amp;&bomb;"/>`, ":2: invalid character entity &bomb;"},
		{"deep", deep, ":2: elements nested deeper than 32"},
		{"absolute include", pre("include", "/etc/passwd"), ":2: include \"/etc/passwd\": it leaves the configuration's folder"},
		{"include above", pre("include", "../../*.xml"), ":2: include \"../../*.xml\": it leaves the configuration's folder"},
		{"include by a variable", pre("set", "up=../..") + pre("include", "$${up}/x"), ":2: include \"../../x\": it leaves"},
		{"include by a link", pre("include", "../out.xml"), "out.xml: path escapes from parent"},
		{"include of a folder by a link", pre("include", "../out/*.xml"), "out"},
		{"bad pattern", pre("include", "[a"), ":2: include \"[a\": syntax error in pattern"},
		{"loop", pre("include", "../loop.xml"), "other.xml:1: include \"./loop.xml\": loop.xml includes itself"},
		{"long chain", pre("include", "../0.inc"), "15.inc:1: includes nested deeper than 16"},
		{"open comment", "<!-- a", ":2: a comment is not closed"},
		{"open element", "<a>", ":3: element <a> closed by </configuration>"},
		{"open variable", `<a b="$${c"/>`, ":2: \"$${c\": $${ without }"},
		{"mistake in an include", pre("include", "../wrong.xml"), string(filepath.Separator) + "wrong.xml:2: element <b> closed by </a>"},
		{"a folder as file", pre("include", "../loose"), "loose: not a regular file"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dir := tree(t, map[string]string{
				"autoload_configs/a.conf.xml": "<configuration name=\"a.conf\">\n" + tt.text + "\n</configuration>",
				"loop.xml":                    `<X-PRE-PROCESS cmd="include" data="./other.xml"/>`,
				"other.xml":                   `<X-PRE-PROCESS cmd="include" data="./loop.xml"/>`,
				"wrong.xml":                   "<a>\n<b></a>",
				"loose/x.xml":                 "<a/>",
			})
			for i := range 30 {
				chain := fmt.Sprintf(`<X-PRE-PROCESS cmd="include" data="%d.inc"/>`, i+1)
				if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("%d.inc", i)), []byte(chain), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			outside := tree(t, map[string]string{"x.xml": "<secret/>"})
			if err := errors.Join(os.Symlink(filepath.Join(outside, "x.xml"), filepath.Join(dir, "out.xml")), os.Symlink(outside, filepath.Join(dir, "out"))); err != nil {
				t.Fatal(err)
			}
			doc, err := load(dir, fsconf.Configuration, "a.conf")
			if tt.name == "include of a folder by a link" && err == nil && !strings.Contains(string(doc.Text()), "secret") {
				return // nothing found there is as good
			}
			if err == nil || !strings.Contains(err.Error(), tt.want) || !strings.HasPrefix(err.Error(), dir) || strings.Contains(err.Error(), "\n") {
				t.Errorf("error %v\nwant one line with %q", err, tt.want)
			}
		})
	}
}

func TestLimits(t *testing.T) {
	doubled := `<a><X-PRE-PROCESS cmd="set" data="a=xxxxxxxxxxxxxxxx"/>` + strings.Repeat(`<X-PRE-PROCESS cmd="set" data="a=$${a}$${a}"/>`, 40) + `</a>`
	for name, tt := range map[string]struct{ text, want string }{
		"growing value": {doubled, "a.conf.xml:1: a value of more than"},
		"long text":     {"<a>" + strings.Repeat("x", 1<<17) + "</a>", "a.conf.xml:1: a "},
		"large file":    {"<a/>" + strings.Repeat(" ", 9<<20), "a.conf.xml: too large"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := load(tree(t, map[string]string{"a.conf.xml": tt.text}), fsconf.Configuration, "a.conf")
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v, want one with %q", err, tt.want)
			}
		})
	}
	if err := fsconf.ReadAfter(tree(t, map[string]string{"a.xml": "<a/>"}), "a.xml", 1_000_000, 0); err == nil || !strings.Contains(err.Error(), "a.xml:1: more than 1000000 elements") {
		t.Errorf("after a million elements: %v", err)
	}
	if err := fsconf.ReadAfter(tree(t, map[string]string{"a.xml": "<a/>"}), "a.xml", 0, 100_000); err == nil || !strings.Contains(err.Error(), "a.xml: more than 100000 files") {
		t.Errorf("after many files: %v", err)
	}
	// Files that include two others each double with every step.
	fan := map[string]string{"a.conf.xml": `<X-PRE-PROCESS cmd="include" data="f*.inc"/>`}
	for _, n := range []string{"1", "2"} {
		fan["f"+n+".inc"] = `<X-PRE-PROCESS cmd="include" data="f*.inc"/><X-PRE-PROCESS cmd="include" data="f*.inc"/>`
	}
	if _, err := load(tree(t, fan), fsconf.Configuration, "a.conf"); err == nil {
		t.Error("files that include each other are read")
	}
}

// TestHarmless: what FreeSWITCH's own files hold and a strict reader stumbles over.
func TestHarmless(t *testing.T) {
	dir := tree(t, map[string]string{"a.conf.xml": `<?xml version="1.0"?>
<!-- -- two -- dashes ---->
<configuration><!--<X-PRE-PROCESS cmd="exec" data="reboot"/>-->
  <a b="1 & 2 && &amp; &lt;" c="$${nothing}|$${domain}"/>
  <t><![CDATA[<!-- & kept -->]]> $${domain}</t>
  <x-Pre-Process cmd="SET" data="v=a=b"/><v is="$${v}"/>
  <X-PRE-PROCESS cmd="include" data="missing.xml"/>
  <X-PRE-PROCESS cmd="include" data="missing/*.xml"/>
</configuration>`})
	got := loaded(t, dir, fsconf.Configuration, "a.conf")
	want := `<configuration> <a b="1 &amp; 2 &amp;&amp; &amp; &lt;" c="|first.example"/> <t>&lt;!-- &amp; kept --&gt; first.example</t> <v is="a=b"/></configuration>`
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

// TestExplain: what a later reader says of a line is found again.
func TestExplain(t *testing.T) {
	dir := tree(t, map[string]string{
		"autoload_configs/a.conf.xml": "<configuration>\n\n<here/>\n<X-PRE-PROCESS cmd=\"include\" data=\"../more.xml\"/>\n<after/>\n</configuration>",
		"more.xml":                    "<include>\n\n\n<there/>\n</include>",
	})
	doc, err := load(dir, fsconf.Configuration, "a.conf")
	if err != nil {
		t.Fatal(err)
	}
	if doc.Path != filepath.Join(dir, "autoload_configs", "a.conf.xml") || doc.Name() != doc.Path {
		t.Errorf("path %q", doc.Path)
	}
	lines := strings.Split(string(doc.Text()), "\n")
	for element, want := range map[string]string{"<here/>": doc.Path + ": x: line 3: y", "<there/>": doc.Path + ": more.xml:4: x: line ", "<after/>": "a.conf.xml"} {
		for i, line := range lines {
			if !strings.Contains(line, element) {
				continue
			}
			cause := errors.New("x: line " + string(rune('1'+i)) + ": y")
			if err := doc.Explain(cause); !strings.Contains(err.Error(), want) || !errors.Is(err, cause) {
				t.Errorf("%s in line %d: %v, want %q", element, i+1, err, want)
			}
		}
	}
	if doc.Explain(nil) != nil {
		t.Error("no error became one")
	}
	var none *fsconf.Document
	if none.Text() != nil || none.Name() != "" || none.Explain(os.ErrInvalid) != os.ErrInvalid {
		t.Error("no document says something")
	}
}

func TestSumAndState(t *testing.T) {
	dir := tree(t, map[string]string{"a.conf.xml": "<a/>", "b/c.txt": "x"})
	sum := func() uint64 {
		doc, err := load(dir, fsconf.Configuration, "a.conf")
		if err != nil {
			t.Fatal(err)
		}
		return doc.Sum()
	}
	state := func() uint64 {
		s, err := fsconf.State(dir)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	before, was := sum(), state()
	if sum() != before || state() != was {
		t.Error("nothing changed, and something did")
	}
	if err := os.WriteFile(filepath.Join(dir, "b/c.txt"), []byte("xx"), 0o600); err != nil {
		t.Fatal(err)
	}
	if sum() != before || state() == was {
		t.Error("another file is part of the folder's state and not of the document's")
	}
	if err := os.WriteFile(filepath.Join(dir, "a.conf.xml"), []byte("<b/>"), 0o600); err != nil {
		t.Fatal(err)
	}
	if sum() == before {
		t.Error("another document has the same sum")
	}
	if s, err := fsconf.State(filepath.Join(dir, "none")); s != 0 || err != nil {
		t.Errorf("no folder: %d, %v", s, err)
	}
}

func FuzzLoad(f *testing.F) {
	f.Add(`<configuration name="a.conf"><a b="$${domain}"/><!-- -- --></configuration>`, `<include><x/></include>`)
	f.Add(`<X-PRE-PROCESS cmd="set" data="a=b"/><X-PRE-PROCESS cmd="include" data="$${a}*.xml"/>`, `<a b="&&"/>`)
	f.Add(`<!DOCTYPE a>`, `<![CDATA[`)
	f.Fuzz(func(t *testing.T, one, two string) {
		dir := tree(t, map[string]string{"a.conf.xml": one, "b.xml": two})
		doc, err := load(dir, fsconf.Configuration, "a.conf")
		if err != nil {
			if !strings.HasPrefix(err.Error(), dir) {
				t.Errorf("the error does not say where: %v", err)
			}
			return
		}
		// What was read can be read again, and says the same.
		again, err := load(tree(t, map[string]string{"a.conf.xml": string(doc.Text())}), fsconf.Configuration, "a.conf")
		if err != nil {
			t.Fatalf("%q became %q: %v", one, doc.Text(), err)
		}
		if !same(doc.Root, again.Root) {
			t.Errorf("%q became %q, then %q", one, doc.Text(), again.Text())
		}
	})
}

func same(a, b *fsconf.Element) bool {
	if a.Name != b.Name || len(a.Attrs) != len(b.Attrs) || len(a.Children) != len(b.Children) {
		return false
	}
	for i := range a.Children {
		if !same(a.Children[i], b.Children[i]) {
			return false
		}
	}
	return true
}
