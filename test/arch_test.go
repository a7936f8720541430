// Package test holds what is asked of the tree as a whole: who may import whom,
// and the house rules that a compiler does not know.
package test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/omniverto/omniverto/"

// rule forbids imports to some packages. Patterns are folders of the module
// ("mixer/...") or, for imports, whole paths of other modules; "C" is cgo, and
// "module" any package of this one.
type rule struct {
	from    []string // the packages it binds
	but     []string // but not these
	forbid  []string
	allowed []string // but these imports are allowed
	reason  string
}

func rules() []rule {
	return []rule{
		{from: all("media"), forbid: all("module", "nonstandard"),
			reason: "the vocabulary imports the standard library only"},
		{from: all("media/..."), but: all("media", "media/mediatest", "media/yuv"), forbid: all("module"), allowed: all("media", "media/resample"),
			reason: "a codec binding knows the vocabulary and nothing else"},
		{from: all("..."), but: all("media/..."), forbid: all("C"),
			reason: "cgo lives in the folders of media and nowhere else"},
		{from: all("mixer/..."), forbid: all("module"), allowed: all("media", "mixer", "mixer/pixel"),
			reason: "engines speak media and are handed codecs; they do not know each other"},
		{from: all("mixer"), forbid: all("module"), allowed: all("media"),
			reason: "the metronome drives engines and knows none"},
		{from: all("mixer/...", "layouts", "fonts", "media/..."), forbid: all("net", "net/http", "os/exec", "github.com/gorilla/websocket", "github.com/prometheus/..."),
			reason: "the data plane has no sockets, processes or metrics of its own"},
		{from: all("layouts"), forbid: all("module"),
			reason: "layouts are pure functions"},
		{from: all("fonts"), forbid: all("module"), allowed: all("media"),
			reason: "fonts give alpha masks"},
		{from: all("mcu/room"), forbid: all("module"), allowed: all("media", "mixer/...", "mixer", "layouts", "mcu/decor"),
			reason: "a room is state and policy; protocols, sockets and codecs come to it"},
		{from: all("mcu/play"), forbid: all("module"), allowed: all("media", "media/resample"),
			reason: "what is played is a source of samples; rooms are handed it"},
		{from: all("mcu/decor"), forbid: all("module"), allowed: all("media", "mixer/pixel", "fonts"),
			reason: "decorations are bitmaps, made of text and images"},
		{from: all("mcu/room", "mcu/decor"), forbid: all("net/http", "github.com/gorilla/websocket", "github.com/pion/..."),
			reason: "a room has no sockets"},
		{from: all("mcu/rtc"), forbid: all("module"), allowed: all("media"),
			reason: "the WebRTC leg speaks media only; what joins it to a room is in mcu"},
		{from: all("mcu/verto"), forbid: all("module"), allowed: all("mcu/livearray", "mcu/directory"),
			reason: "signalling is tested without media and without rooms"},
		{from: all("mcu/livearray"), forbid: all("module"), allowed: all("layouts"),
			reason: "the roster is a pure function of members and layouts"},
		{from: all("mcu/fsconf", "mcu/certs", "mcu/admin", "web"), forbid: all("module"),
			reason: "a leaf that mcu and the rim read"},
		{from: all("mcu/directory", "mcu/config"), forbid: all("module"), allowed: all("mcu/fsconf"),
			reason: "what mcu and the rim read; documents come from mcu/fsconf"},
		{from: all("mcu/cdr"), forbid: all("module"), allowed: all("mcu/room"),
			reason: "records are written from what a room tells"},
		{from: all("mcu/dialplan"), forbid: all("module"), allowed: all("mcu/fsconf", "mcu/directory"),
			reason: "a dialplan says where a call leads; who carries it there is in mcu"},
		{from: all("..."), but: all("mcu/rtc", "mcu/load"), forbid: all("github.com/pion/..."),
			reason: "WebRTC lives in mcu/rtc, and in the callers that test it from outside"},
		{from: all("..."), but: all("mcu/verto", "mcu/load"), forbid: all("github.com/gorilla/websocket"),
			reason: "the WebSocket is mcu/verto's, and that of the callers that test it from outside"},
		{from: all("mcu/load"), forbid: all("module"), allowed: all("media", "media/...", "mixer/pixel", "layouts", "mcu/directory"),
			reason: "synthetic callers know the server by its wire only; tokens they sign themselves"},
		{from: all("..."), but: all("cmd/..."), forbid: all("mcu"),
			reason: "mcu assembles everything and is imported by cmd and embedders"},
		{from: all("cmd/..."), forbid: all("module"), allowed: all("mcu", "mcu/admin", "mcu/config", "mcu/directory", "mcu/load"),
			reason: "a command is wiring"},
		{from: all("..."), but: all("media/...", "mcu/rtc"), forbid: all("unsafe"),
			reason: "memory tricks stay beside cgo and the system call that sends many packets at once"},
		{from: all("..."), but: all("media/mediatest"), forbid: all("testing", module+"media/mediatest"),
			reason: "test helpers do not reach the product"},
	}
}

func all(patterns ...string) []string { return patterns }

// matches tells whether a package's folder fits a pattern.
func matches(pattern, folder string) bool {
	if pattern == "..." {
		return true
	}
	if prefix, ok := strings.CutSuffix(pattern, "/..."); ok {
		return folder == prefix || strings.HasPrefix(folder, prefix+"/")
	}
	return pattern == folder
}

func anyMatches(patterns []string, folder string) bool {
	return slices.ContainsFunc(patterns, func(p string) bool { return matches(p, folder) })
}

// forbids tells whether the rule refuses an import.
func (r rule) forbids(imported string) bool {
	folder, own := strings.CutPrefix(imported, module)
	if own && anyMatches(r.allowed, folder) {
		return false
	}
	first, _, _ := strings.Cut(imported, "/")
	for _, pattern := range r.forbid {
		switch {
		case pattern == "module" && own,
			pattern == "nonstandard" && strings.Contains(first, "."),
			own && matches(pattern, folder),
			!own && matches(pattern, imported),
			matches(pattern, imported):
			return true
		}
	}
	return false
}

// file is one Go source file of the module.
type file struct {
	path   string // from the module's root
	folder string
	test   bool
	lines  int
	syntax *ast.File
	fset   *token.FileSet
}

// tree parses every Go file of the module.
func tree(t *testing.T) []file {
	t.Helper()
	var files []file
	root := ".."
	err := filepath.WalkDir(root, func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := d.Name()
		if d.IsDir() && p != root && (strings.HasPrefix(name, ".") || name == "node_modules" || name == "testdata" || name == "out" || name == "bin") {
			return filepath.SkipDir
		}
		if d.IsDir() || !strings.HasSuffix(name, ".go") {
			return nil
		}
		fset := token.NewFileSet()
		syntax, err := parser.ParseFile(fset, p, nil, parser.ParseComments)
		if err != nil {
			return err
		}
		rel := filepath.ToSlash(strings.TrimPrefix(p, root+string(filepath.Separator)))
		files = append(files, file{
			path: rel, folder: path.Dir(rel), test: strings.HasSuffix(name, "_test.go"),
			lines: fset.File(syntax.Pos()).LineCount(), syntax: syntax, fset: fset,
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(files) < 10 {
		t.Fatalf("found only %d Go files", len(files))
	}
	return files
}

func TestImports(t *testing.T) {
	for _, f := range tree(t) {
		if f.test {
			continue
		}
		for _, spec := range f.syntax.Imports {
			imported, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				t.Fatal(err)
			}
			for _, r := range rules() {
				if anyMatches(r.from, f.folder) && !anyMatches(r.but, f.folder) && r.forbids(imported) {
					t.Errorf("%s imports %s: %s", f.path, imported, r.reason)
				}
			}
		}
	}
}

// TestRulesBite holds the table itself to examples.
func TestRulesBite(t *testing.T) {
	tests := []struct {
		folder, imported string
		refused          bool
	}{
		{"media", "sync", false},
		{"media", "golang.org/x/sys/unix", true},
		{"media", "C", false},
		{"media/vpx", module + "media", false},
		{"media/vpx", module + "mixer", true},
		{"mixer/canvas", module + "mixer/pixel", false},
		{"mixer/canvas", module + "mixer/audio", true},
		{"mixer/canvas", module + "media/vpx", true},
		{"mixer/view", "C", true},
		{"mixer/view", "net/http", true},
		{"mcu/room", module + "mixer/canvas", false},
		{"mcu/room", module + "mcu/verto", true},
		{"mcu/room", "github.com/pion/webrtc/v4", true},
		{"mcu/rtc", "github.com/pion/webrtc/v4", false},
		{"mcu/rtc", module + "mcu/room", true},
		{"mcu/verto", module + "mcu/livearray", false},
		{"mcu/verto", module + "mcu/rtc", true},
		{"mcu/certs", module + "mcu/config", true},
		{"mcu/room", module + "mcu", true},
		{"mcu", module + "mcu/room", false},
		{"cmd/omniverto", module + "mcu", false},
		{"cmd/omniverto", module + "mcu/room", true},
		{"mcu", module + "media/mediatest", true},
	}
	for _, tt := range tests {
		refused := slices.ContainsFunc(rules(), func(r rule) bool {
			return anyMatches(r.from, tt.folder) && !anyMatches(r.but, tt.folder) && r.forbids(tt.imported)
		})
		if refused != tt.refused {
			t.Errorf("%s imports %s: refused %v, want %v", tt.folder, tt.imported, refused, tt.refused)
		}
	}
}
