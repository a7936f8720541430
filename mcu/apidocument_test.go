package mcu

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/omniverto/omniverto/mcu/admin"
	"github.com/omniverto/omniverto/mcu/cdr"
	"github.com/omniverto/omniverto/mcu/room"
	"github.com/omniverto/omniverto/media"
	_ "github.com/omniverto/omniverto/media/mediatest" // the flag -update
)

// TestDocumentFile: docs/openapi.json is the document that the server gives; -update
// writes it.
func TestDocumentFile(t *testing.T) {
	const path = "../docs/openapi.json"
	want := ask(api(t, nil), "GET", "/api/openapi.json", "").Body.Bytes()
	got, err := os.ReadFile(path)
	if err == nil && bytes.Equal(got, want) {
		return
	}
	if f := flag.Lookup("update"); f == nil || f.Value.String() != "true" {
		t.Fatalf("%s is out of date (%v); run this test with -update", path, err)
	}
	if err := os.WriteFile(path, want, 0o644); err != nil {
		t.Fatal(err)
	}
}

// openAPI is the document as its reader needs it.
type openAPI struct {
	Paths map[string]map[string]struct {
		OperationID, Summary string
		Tags                 []string
		RequestBody          *struct{ Content map[string]any }
		Parameters           []struct {
			Name, Description string
			Required          bool
		}
		Responses map[string]struct {
			Description string
			Content     map[string]struct{ Schema map[string]any }
		}
	}
	Components struct{ Schemas map[string]map[string]any }
}

// validate tells where a JSON value is not as a schema says.
func (d *openAPI) validate(schema map[string]any, value any, at string) (wrong []string) {
	if ref, ok := schema["$ref"].(string); ok {
		return d.validate(d.Components.Schemas[strings.TrimPrefix(ref, "#/components/schemas/")], value, at)
	}
	no := func(format string, args ...any) { wrong = append(wrong, at+": "+fmt.Sprintf(format, args...)) }
	if words, ok := schema["enum"].([]any); ok && !slices.Contains(words, value) {
		no("%v is none of %v", value, words)
	}
	switch kind := schema["type"]; kind {
	case nil: // any value, or nothing is said
		if len(schema) == 0 {
			no("there is no schema")
		}
	case "object":
		object, ok := value.(map[string]any)
		if !ok {
			no("%v is no object", value)
		}
		wrong = append(wrong, d.members(schema, object, at)...)
	case "array":
		list, ok := value.([]any)
		if !ok {
			no("%v is no array", value)
		}
		for n, item := range list {
			wrong = append(wrong, d.validate(schema["items"].(map[string]any), item, fmt.Sprintf("%s[%d]", at, n))...)
		}
	case "string":
		text, ok := value.(string)
		if _, err := time.Parse(time.RFC3339Nano, text); !ok || schema["format"] == "date-time" && err != nil {
			no("%v is no string, or not of its format", value)
		}
	case "boolean":
		if _, ok := value.(bool); !ok {
			no("%v is no boolean", value)
		}
	case "integer", "number":
		n, ok := value.(float64)
		if least, bounded := schema["minimum"].(float64); !ok || bounded && n < least || kind == "integer" && n != float64(int64(n)) {
			no("%v is no %v, or too small", value, kind)
		}
	default:
		no("unknown type %v", kind)
	}
	return wrong
}

func (d *openAPI) members(schema, object map[string]any, at string) (wrong []string) {
	required, _ := schema["required"].([]any)
	for _, name := range required {
		if _, ok := object[name.(string)]; !ok {
			wrong = append(wrong, fmt.Sprintf("%s has no %v", at, name))
		}
	}
	properties, _ := schema["properties"].(map[string]any)
	for name, value := range object {
		of, ok := properties[name].(map[string]any)
		if !ok {
			of, ok = schema["additionalProperties"].(map[string]any)
		}
		if !ok {
			wrong = append(wrong, fmt.Sprintf("%s has %s, which the document does not know", at, name))
			continue
		}
		wrong = append(wrong, d.validate(of, value, at+"."+name)...)
	}
	return wrong
}

// TestValidate holds the checker itself to examples.
func TestValidate(t *testing.T) {
	d := &openAPI{}
	d.Components.Schemas = map[string]map[string]any{"A": {"type": "object", "required": []any{"n"}, "properties": map[string]any{
		"n": map[string]any{"type": "integer", "minimum": 0.0}, "at": map[string]any{"type": "string", "format": "date-time"},
		"w": map[string]any{"type": "string", "enum": []any{"x", "y"}}, "l": map[string]any{"type": "array", "items": map[string]any{"type": "boolean"}},
	}}}
	for text, faults := range map[string]int{
		`{"n":1}`: 0, `{"n":1,"at":"2026-11-21T00:00:00Z","w":"x","l":[true]}`: 0, `{}`: 1, `{"n":-1}`: 1, `{"n":1.5}`: 1, `{"n":"1"}`: 1,
		`{"n":1,"z":2}`: 1, `{"n":1,"at":"today"}`: 1, `{"n":1,"w":"z"}`: 1, `{"n":1,"l":null}`: 1, `{"n":1,"l":[1,2]}`: 2, `[]`: 2,
	} {
		var value any
		if err := json.Unmarshal([]byte(text), &value); err != nil {
			t.Fatal(err)
		}
		if got := d.validate(map[string]any{"$ref": "#/components/schemas/A"}, value, "body"); len(got) != faults {
			t.Errorf("%s: %q, want %d faults", text, got, faults)
		}
	}
}

// documented is the API as its admin address serves it, and what was seen of it.
type documented struct {
	*openAPI
	secret string
	seen   map[string]bool // METHOD path status
}

// request is one that the document is held against.
type request struct {
	method, path, target, body string // path is the document's
	status                     int
	bare                       bool   // without the secret
	host, kind                 string // "": as they should be
}

// try does a request and holds the answer against the document.
func (d *documented) try(t *testing.T, h http.Handler, q request) {
	t.Helper()
	r := httptest.NewRequest(q.method, q.target, strings.NewReader(q.body))
	r.Host = "127.0.0.1:8444"
	if q.host != "" {
		r.Host = q.host
	}
	if !q.bare {
		r.Header.Set("Authorization", "Bearer "+d.secret)
	}
	if q.kind != "" {
		r.Header.Set("Content-Type", q.kind)
	} else if q.body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	name := fmt.Sprintf("%s %s %d", q.method, q.path, w.Code)
	if w.Code != q.status {
		t.Errorf("%s %s: got %d %.300s, want %d", q.method, q.target, w.Code, w.Body, q.status)
		return
	}
	answer, ok := d.Paths[q.path][strings.ToLower(q.method)].Responses[fmt.Sprint(w.Code)]
	if !ok {
		t.Errorf("%s is not in the document", name)
		return
	}
	d.seen[name] = true
	media, _, _ := strings.Cut(w.Header().Get("Content-Type"), ";")
	if len(answer.Content) == 0 {
		if w.Body.Len() > 0 {
			t.Errorf("%s has a body: %s", name, w.Body)
		}
		return
	}
	content, ok := answer.Content[media]
	if !ok {
		t.Errorf("%s is answered with %q: %.100s", name, media, w.Body)
		return
	}
	if len(content.Schema) == 0 {
		return // a picture
	}
	var value any
	if err := json.Unmarshal(w.Body.Bytes(), &value); err != nil {
		t.Errorf("%s: %v", name, err)
	}
	for _, wrong := range d.validate(content.Schema, value, "body") {
		t.Errorf("%s: %s", name, wrong)
	}
}

// worlds are the APIs of servers in several states.
func worlds(t *testing.T, recordID string) map[string]http.Handler {
	now := time.Now()
	member := entryOf(room.Info{
		ID: 7, CallID: "c", User: "1001@example.org", Name: "Anna", Role: room.Moderator, Joined: now, Hand: now, LastTalking: now,
		Quality: room.QualityPoor, ReservationID: "desk", RoleID: "speaker", UserVariables: map[string]string{"email": "a@b"}, Layer: -1,
	})
	garden := echoes("garden")
	garden.pictures = media.NewPicturePool(1)
	garden.entry.Canvases = []canvasEntry{{ID: 1, Layout: "2x2"}, {ID: 2, Super: true}}
	garden.here = []memberEntry{member, entryOf(room.Info{Role: room.Viewer})}
	garden.atDoor = []waitingEntry{waitingOf(room.Info{ID: 8, Waiting: room.ForPIN, PINTries: 2}), waitingOf(room.Info{Waiting: room.ForAdmission})}
	garden.chat = []chatEntry{{ID: 1, Time: now, Message: "hello", Type: "message"}}
	good := apiOf(t, map[string]*fakeRoom{"garden": garden})
	kept := good.records.(*cdr.Store)
	r := kept.Room(cdr.Conference{Name: "garden", UUID: recordID})
	r.MemberJoined(room.Info{ID: 1, Joined: now, Role: room.Participant, Ghost: true}, nil)
	r.Rejected(cdr.Attempt{Reason: cdr.Locked})
	r.Ended()
	kept.Close()

	busy := echoes("garden")
	busy.err = context.DeadlineExceeded
	busy.execute = func(context.Context, string) (string, error) { return "", context.DeadlineExceeded }
	late := apiOf(t, map[string]*fakeRoom{"garden": busy})
	late.records = lateRecords{}
	spent := apiOf(t, map[string]*fakeRoom{"garden": garden})
	for spent.pictures.spend(now.Add(time.Hour)) {
	}
	out := map[string]http.Handler{}
	for name, c := range map[string]*control{"": good, "busy": late, "spent": spent} {
		c.array = fullArrays(c.array)
		out[name] = c.handler()
	}
	return out
}

// fullArrays has no place on the channel named full.
func fullArrays(open func(channel, name string) (rows, error)) func(channel, name string) (rows, error) {
	return func(channel, name string) (rows, error) {
		a, err := open(channel, name)
		if channel == "full" {
			return fullArray{a}, err
		}
		return a, err
	}
}

type fullArray struct{ rows }

func (fullArray) Set(string, rowValue) error { return ErrArrayFull }

// lateRecords are on a disk that does not answer.
type lateRecords struct{ records }

func (lateRecords) Enabled() bool { return true }

func (lateRecords) List(context.Context, string, time.Time, int) ([]cdr.Summary, error) {
	return nil, context.DeadlineExceeded
}

// oneRoom is the document's path of a room.
const oneRoom = "/api/rooms/{room}"

// worldRequest is a request to a server in some state.
type worldRequest struct {
	world string
	request
}

// documentTable has a request for every route and status of its own.
func documentTable() []worldRequest {
	const one, rowPath = oneRoom, "/api/arrays/{channel}/{name}/{key}"
	return []worldRequest{
		{"", request{method: "GET", path: "/api/rooms", status: 200}},
		{"busy", request{method: "GET", path: "/api/rooms", status: 503}},
		{"", request{method: "GET", path: one, status: 200}},
		{"", request{method: "GET", path: one + "/members", status: 200}},
		{"", request{method: "GET", path: one + "/waiting", status: 200}},
		{"", request{method: "GET", path: one + "/chat", status: 200}},
		{"", request{method: "POST", path: one + "/chat", body: `{"message":"hello"}`, status: 201}},
		{"", request{method: "POST", path: one + "/command", body: commandBody("count"), status: 200}},
		{"", request{method: "GET", path: one + "/snapshot.png", target: "/api/rooms/garden/snapshot.png?canvas=2", status: 200}},
		{"spent", request{method: "GET", path: one + "/snapshot.png", status: 429}},
		{"", request{method: "DELETE", path: one, status: 204}},
		{"", request{method: "POST", path: "/api/command", body: commandBody("conference list"), status: 200}},
		{"", request{method: "POST", path: "/api/command", body: commandBody("system ls"), status: 404}},
		{"", request{method: "GET", path: "/api/commands", status: 200}},
		{"", request{method: "GET", path: "/api/openapi.json", status: 200}},
		{"", request{method: "POST", path: "/api/invites", body: `{"room":"garden"}`, status: 201}},
		{"", request{method: "PUT", path: rowPath, body: `{"x":[1]}`, status: 200}},
		{"", request{method: "GET", path: "/api/arrays", status: 200}},
		{"", request{method: "GET", path: "/api/arrays/{channel}/{name}", status: 200}},
		{"", request{method: "DELETE", path: rowPath, status: 204}},
		{"", request{method: "DELETE", path: rowPath, status: 404}},
		{"", request{method: "DELETE", path: "/api/arrays/{channel}/{name}", status: 204}},
		{"", request{method: "PUT", path: rowPath, target: "/api/arrays/full/a/b", body: `1`, status: 507}},
		{"", request{method: "GET", path: "/api/cdr", status: 200}},
		{"busy", request{method: "GET", path: "/api/cdr", status: 503}},
		{"", request{method: "GET", path: "/api/cdr/{uuid}", status: 200}},
		{"", request{method: "GET", path: "/api/cdr/{uuid}", target: "/api/cdr/x", status: 404}},
		{"", request{method: "GET", path: "/api/cdr/{uuid}/xml", status: 200}},
		{"", request{method: "GET", path: "/api/cdr/{uuid}/xml", target: "/api/cdr/x/xml", status: 404}},
	}
}

// TestDocumentHolds: every route answers what the document says, in every status that
// it names but 500, and the document says something of everything.
func TestDocumentHolds(t *testing.T) {
	id := uuid.NewString()
	all := worlds(t, id)
	data := t.TempDir()
	guarded := map[string]http.Handler{}
	for name, h := range all {
		g, err := admin.New(admin.Options{
			Data: data, Ready: func() bool { return true }, Gatherer: prometheus.NewRegistry(), API: h, Log: slog.New(slog.DiscardHandler),
		})
		if err != nil {
			t.Fatal(err)
		}
		guarded[name] = g
	}
	secret, err := os.ReadFile(filepath.Join(data, admin.SecretFile))
	if err != nil {
		t.Fatal(err)
	}
	d := &documented{openAPI: &openAPI{}, secret: strings.TrimSpace(string(secret)), seen: map[string]bool{}}
	if err := json.Unmarshal(ask(all[""], "GET", "/api/openapi.json", "").Body.Bytes(), d.openAPI); err != nil {
		t.Fatal(err)
	}
	fill := strings.NewReplacer("{room}", "garden", "{channel}", "app", "{name}", "votes", "{key}", "anna", "{uuid}", id)
	for _, tt := range documentTable() {
		if tt.target == "" {
			tt.target = fill.Replace(tt.path)
		}
		d.try(t, guarded[tt.world], tt.request)
	}
	off := apiOf(t, nil)
	off.records = offRecords{}
	g, err := admin.New(admin.Options{Data: data, Ready: func() bool { return true }, Gatherer: prometheus.NewRegistry(), API: off.handler(), Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	d.try(t, g, request{method: "GET", path: "/api/cdr", target: "/api/cdr", status: 404})

	d.refusals(t, guarded, fill)
	d.complete(t)
}

// refusals asks every route for what all of them refuse.
func (d *documented) refusals(t *testing.T, guarded map[string]http.Handler, fill *strings.Replacer) {
	t.Helper()
	for path, methods := range d.Paths {
		target := fill.Replace(path)
		for method, op := range methods {
			q := request{method: strings.ToUpper(method), path: path, target: target}
			if op.RequestBody != nil {
				q.body = bodyFor(path)
			}
			with := func(change func(*request)) request { r := q; change(&r); return r }
			d.try(t, guarded[""], with(func(r *request) { r.bare, r.status = true, 401 }))
			d.try(t, guarded[""], with(func(r *request) { r.host, r.status = "evil.example.org", 403 }))
			d.try(t, guarded[""], with(func(r *request) { r.target, r.status = target+"?nonsense=1", 400 }))
			if op.RequestBody != nil {
				d.try(t, guarded[""], with(func(r *request) { r.kind, r.status = "text/plain", 415 }))
				d.try(t, guarded[""], with(func(r *request) { r.body, r.status = `"`+strings.Repeat("x", 1<<20)+`"`, 413 }))
			}
			if strings.HasPrefix(path, oneRoom) {
				d.try(t, guarded[""], with(func(r *request) { r.target, r.status = strings.Replace(target, "garden", "attic", 1), 404 }))
				d.try(t, guarded["busy"], with(func(r *request) { r.status = 503 }))
			}
		}
	}
}

// bodyFor is a body that a path takes.
func bodyFor(path string) string {
	switch {
	case strings.HasSuffix(path, "/chat"):
		return `{"message":"hello"}`
	case strings.HasSuffix(path, "/invites"):
		return `{"room":"garden"}`
	}
	return commandBody("count")
}

// complete checks that everything in the document was seen and is explained.
func (d *documented) complete(t *testing.T) {
	t.Helper()
	for path, methods := range d.Paths {
		for method, op := range methods {
			if op.OperationID == "" || op.Summary == "" || len(op.Tags) != 1 || op.Tags[0] == "" {
				t.Errorf("%s %s: %+v", method, path, op)
			}
			for _, p := range op.Parameters {
				if p.Description == "" {
					t.Errorf("%s %s: nothing is said of %s", method, path, p.Name)
				}
			}
			for status := range op.Responses {
				if name := strings.ToUpper(method) + " " + path + " " + status; status != "500" && !d.seen[name] {
					t.Errorf("no request was answered as the document says: %s", name)
				}
			}
		}
	}
}
