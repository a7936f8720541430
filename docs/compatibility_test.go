package docs_test

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
)

const (
	compatibility = "compatibility.md"
	// replayed are the differences that the replay of recorded conversations allows.
	replayed = "../test/replay/testdata/differences.json"
)

// TestCompatibilityPage keeps the tables of differences.
func TestCompatibilityPage(t *testing.T) {
	text, err := os.ReadFile(compatibility)
	if err != nil {
		t.Fatal(err)
	}
	want := string(text)
	for name, rows := range map[string][][]string{"conversations": conversations(t), "replies": replies(t)} {
		if want, err = replace(want, name, table("| Ours | Why |\n|---|---|\n", rows)); err != nil {
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
