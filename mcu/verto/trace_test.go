package verto_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"testing/synctest"
)

type rawJSON = json.RawMessage

// traceLine is one line of a recorded conversation: see testdata/traces/README.md.
type traceLine struct {
	Conn int
	Dir  string
	Msg  json.RawMessage
	Raw  string
	WS   string
	Step string
}

// TestTraces plays what a browser sent to a real FreeSWITCH to this server: the answers
// must be the recorded ones, as a browser parses them, up to the numbers of requests
// that the server makes (and <*>, see like).
func TestTraces(t *testing.T) {
	files, err := filepath.Glob("testdata/traces/*.jsonl")
	if err != nil || len(files) == 0 {
		t.Fatalf("no traces: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".jsonl"), func(t *testing.T) {
			lines := readTrace(t, file)
			synctest.Test(t, func(t *testing.T) { replay(t, lines) })
		})
	}
}

func readTrace(t *testing.T, file string) []traceLine {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var lines []traceLine
	in := bufio.NewScanner(f)
	in.Buffer(nil, 1<<20)
	for in.Scan() {
		var l traceLine
		if err := json.Unmarshal(in.Bytes(), &l); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		lines = append(lines, l)
	}
	return lines
}

func replay(t *testing.T, lines []traceLine) {
	s := newStage(t)
	defer s.close()
	step := ""
	for i, l := range lines {
		name := fmt.Sprint("conn", l.Conn)
		if s.clients[name] == nil && (l.Dir != "" || l.WS == "open") {
			s.mustOpen(name)
		}
		switch {
		case l.Step != "":
			step = l.Step
		case l.WS == "close":
			closeBoth(s.clients[name])
		case l.Dir == "c2s" && l.Raw != "":
			s.clients[name].send(t, l.Raw)
		case l.Dir == "c2s":
			s.clients[name].send(t, string(l.Msg))
		case l.Dir == "s2c":
			got, ok := s.clients[name].next()
			if !ok || !sameMessage(t, got, l) {
				t.Errorf("%s (line %d)\n got %s\nwant %s%s", step, i+1, got, l.Msg, l.Raw)
			}
		}
	}
	for name, c := range s.clients {
		if m, ok := c.next(); ok {
			t.Errorf("%s got more than FreeSWITCH sent: %s", name, m)
		}
	}
}

// closeBoth: the trace does not tell which side closed.
func closeBoth(c *client) {
	if c.closeCode() < 0 {
		c.ws.Close()
	}
}

// sameMessage compares as a browser sees it: of duplicate members the last. Ids of the
// server's own requests differ, and so does what could not be the same anywhere.
func sameMessage(t *testing.T, got string, want traceLine) bool {
	t.Helper()
	if want.Raw != "" || strings.Contains(string(want.Msg), "<*>") {
		return like(got, want.Raw+string(want.Msg))
	}
	var g, w any
	if json.Unmarshal([]byte(got), &g) != nil || json.Unmarshal(want.Msg, &w) != nil {
		return false
	}
	for _, v := range []any{g, w} {
		if m, ok := v.(map[string]any); ok && m["method"] != nil {
			delete(m, "id")
		}
	}
	return reflect.DeepEqual(g, w)
}
