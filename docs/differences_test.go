package docs_test

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"
)

// deliberate are the differences that the test of mcu/room allows between
// FreeSWITCH's pictures and ours.
const deliberate = "../mcu/room/testdata/differences.json"

// differences is a table of them: what, why, and the scenes that show it.
func differences(t *testing.T) string {
	t.Helper()
	data, err := os.ReadFile(deliberate)
	if err != nil {
		t.Fatal(err)
	}
	var list []struct {
		What, Why string
		Scenes    []string
	}
	if err := json.Unmarshal(data, &list); err != nil {
		t.Fatalf("%s: %v", deliberate, err)
	}
	var b strings.Builder
	b.WriteString("| Ours | Why | Scenes |\n|---|---|---|\n")
	for _, d := range list {
		if len(d.Scenes) == 0 {
			continue // about replies of commands
		}
		var scenes []string
		for _, s := range d.Scenes {
			scenes = append(scenes, "`"+s+"`")
		}
		fmt.Fprintf(&b, "| %s | %s | %s |\n", d.What, d.Why, strings.Join(scenes, ", "))
	}
	return b.String()
}
