package docs_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const (
	compatibility = "compatibility.md"
	// replayed are the differences that the replay of recorded conversations allows.
	replayed = "../test/replay/testdata/differences.json"
	recorded = "../test/replay/testdata/traces/*.jsonl"
)

// TestCompatibilityPage keeps the tables of differences.
func TestCompatibilityPage(t *testing.T) {
	text, err := os.ReadFile(compatibility)
	if err != nil {
		t.Fatal(err)
	}
	want := string(text)
	const head = "| Ours | Why |\n|---|---|\n"
	for name, body := range map[string]string{
		"recordings": recordings(t), "conversations": table(head, conversations(t)), "replies": table(head, replies(t)),
	} {
		if want, err = replace(want, name, body); err != nil {
			t.Fatal(err)
		}
	}
	switch {
	case want == string(text):
	case *update:
		if err := os.WriteFile(compatibility, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	default:
		t.Errorf("%s is out of date; run go test ./docs -update", compatibility)
	}
}

// recordings tells how much is replayed.
func recordings(t *testing.T) string {
	files, err := filepath.Glob(recorded)
	if err != nil || len(files) == 0 {
		t.Fatalf("no recordings: %v", err)
	}
	scenarios, said, answered := map[string]bool{}, 0, 0
	for _, f := range files {
		name, _, _ := strings.Cut(filepath.Base(f), ".")
		scenarios[name] = true
		data, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		said += bytes.Count(data, []byte(`"dir":"c2s","msg"`))
		answered += bytes.Count(data, []byte(`"dir":"s2c","msg"`))
	}
	return fmt.Sprintf("There are %d conversations in %d files, with %d messages of clients and %d of FreeSWITCH.\n",
		len(scenarios), len(files), said, answered)
}

// table is a head with rows, each of them once.
func table(head string, rows [][]string) string {
	var b strings.Builder
	b.WriteString(head)
	for i, row := range rows {
		if !slices.ContainsFunc(rows[:i], func(r []string) bool { return slices.Equal(r, row) }) {
			fmt.Fprintf(&b, "| %s |\n", strings.Join(row, " | "))
		}
	}
	return b.String()
}

func conversations(t *testing.T) (rows [][]string) {
	var list []struct{ What, Why string }
	load(t, replayed, &list)
	for _, d := range list {
		rows = append(rows, []string{d.What, d.Why})
	}
	return rows
}

// replies are those of commands that differ; the others of the file are pictures.
func replies(t *testing.T) (rows [][]string) {
	var list []struct {
		What, Why string
		Scenes    []string
	}
	load(t, deliberate, &list)
	for _, d := range list {
		if len(d.Scenes) == 0 {
			rows = append(rows, []string{d.What, d.Why})
		}
	}
	return rows
}

func load(t *testing.T, file string, into any) {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, into); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
}
