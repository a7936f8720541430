// Package replay_test replays what browsers said to a FreeSWITCH to this server and
// compares the answers with the recorded ones.
package replay_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const traces = "testdata/traces"

// entry is one line of a recording.
type entry struct {
	Ms      float64         `json:"t"`
	Dir     string          `json:"dir"` // "c2s", "s2c"
	Conn    int             `json:"conn"`
	Text    json.RawMessage `json:"msg"`
	Raw     *string         `json:"raw"` // a frame that is not JSON
	WS      string          `json:"ws"`  // "open", "close"
	Step    string          `json:"step"`
	Trimmed string          `json:"trimmed"`

	user string
	msg  any // Text decoded
}

// scenario is what all participants of a recording saw.
type scenario struct {
	name  string
	users []string
	steps []step
}

// step is what followed one action, in the order of time.
type step struct {
	text    string
	entries []entry
}

// loadScenarios reads all recordings.
func loadScenarios(t *testing.T) []scenario {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(traces, "*.jsonl"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no recordings: %v", err)
	}
	byName := map[string]map[string][]entry{}
	for _, f := range files {
		name, user, _ := strings.Cut(strings.TrimSuffix(filepath.Base(f), ".jsonl"), ".")
		if byName[name] == nil {
			byName[name] = map[string][]entry{}
		}
		byName[name][user] = loadFile(t, f, user)
	}
	var all []scenario
	for name, users := range byName {
		all = append(all, merge(name, users))
	}
	slices.SortFunc(all, func(a, b scenario) int { return strings.Compare(a.name, b.name) })
	return all
}

func loadFile(t *testing.T, path, user string) []entry {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var out []entry
	lines := bufio.NewScanner(bytes.NewReader(data))
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		e := entry{user: user}
		if err := json.Unmarshal(lines.Bytes(), &e); err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		if e.Conn == 0 {
			e.Conn = 1
		}
		if e.Text != nil {
			e.msg = decode(t, e.Text)
		}
		out = append(out, e)
	}
	return out
}

// decode reads JSON with its numbers as they are written. A text that holds JSON of
// its own, as a row's status does, is decoded, too.
func decode(t testing.TB, text []byte) any {
	t.Helper()
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		t.Fatalf("%.200s: %v", text, err)
	}
	return inner(v)
}

func inner(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for k, x := range v {
			v[k] = inner(x)
		}
	case []any:
		for i, x := range v {
			v[i] = inner(x)
		}
	case string:
		if strings.HasPrefix(v, `{"`) {
			d := json.NewDecoder(strings.NewReader(v))
			d.UseNumber()
			var in map[string]any
			if d.Decode(&in) == nil {
				return map[string]any{"$json": in}
			}
		}
	}
	return v
}

// merge orders the entries of all participants by time, step by step. A step stands
// in the file of each.
func merge(name string, users map[string][]entry) scenario {
	s := scenario{name: name}
	var all []entry
	for user, entries := range users {
		s.users = append(s.users, user)
		all = append(all, entries...)
	}
	slices.Sort(s.users)
	slices.SortStableFunc(all, func(a, b entry) int {
		switch {
		case a.Ms < b.Ms:
			return -1
		case a.Ms > b.Ms:
			return 1
		case a.user != b.user:
			return strings.Compare(b.user, a.user) // a second tab comes first: it causes what the first one is told
		}
		return 0
	})
	told := map[string]bool{}
	for _, e := range all {
		if e.Step == "" {
			if len(s.steps) == 0 {
				s.steps = append(s.steps, step{})
			}
			last := &s.steps[len(s.steps)-1]
			last.entries = append(last.entries, e)
			continue
		}
		if key := e.Step + jsonNumber(e.Ms); !told[key] {
			told[key] = true
			s.steps = append(s.steps, step{text: e.Step})
		}
	}
	return s
}

func jsonNumber(f float64) string {
	b, _ := json.Marshal(f)
	return string(b)
}

// at gives the value at a dotted path of a decoded message, nil if there is none.
func at(v any, path string) any {
	for _, name := range strings.Split(path, ".") {
		m, ok := v.(map[string]any)
		if !ok {
			return nil
		}
		v = m[name]
	}
	return v
}

func textAt(v any, path string) string {
	switch x := at(v, path).(type) {
	case string:
		return x
	case json.Number:
		return x.String()
	}
	return ""
}
