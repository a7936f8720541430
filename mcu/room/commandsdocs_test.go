package room_test

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/omniverto/omniverto/mcu/room"
	_ "github.com/omniverto/omniverto/media/mediatest" // the flag -update
)

// tableDocument is the table of docs/commands.md.
func tableDocument() string {
	cell := func(s string) string {
		return strings.NewReplacer("|", `\|`, "<", `\<`).Replace(s)
	}
	var b strings.Builder
	b.WriteString("| Command | What it does | For |\n|---|---|---|\n")
	for _, c := range room.CommandTable() {
		who := map[room.Permission]string{
			room.ForOperator: "whoever runs the server", room.ForModerator: "moderators",
			room.ForSelf: "participants, for themselves", room.ForViewer: "everybody, for himself",
		}[c.Permission]
		if c.SelfWords != nil {
			who += ": " + strings.Join(c.SelfWords, ", ")
		}
		usage := strings.ReplaceAll(c.Usage, "|", `\|`) // in code only the bar needs it
		fmt.Fprintf(&b, "| `%s` | %s | %s |\n", usage, cell(c.Description), who)
	}
	return b.String()
}

// TestDocument: docs/commands.md has the table as it is; -update writes it.
func TestDocument(t *testing.T) {
	const path, mark, end = "../../docs/commands.md", "<!-- commands -->\n", "<!-- /commands -->"
	doc, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok := strings.Cut(string(doc), mark)
	old, after, closed := strings.Cut(rest, end)
	if !ok || !closed {
		t.Fatalf("%s has no %s … %s", path, strings.TrimSpace(mark), end)
	}
	want := tableDocument()
	if old == want {
		return
	}
	if f := flag.Lookup("update"); f == nil || f.Value.String() != "true" {
		t.Fatalf("the table of %s is out of date; run this test with -update", path)
	}
	if err := os.WriteFile(path, []byte(before+mark+want+end+after), 0o644); err != nil {
		t.Fatal(err)
	}
}
