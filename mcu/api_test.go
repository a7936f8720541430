package mcu

import (
	"context"
	"encoding/json"
	"errors"
	"image/png"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/omniverto/omniverto/mcu/admin"
	"github.com/omniverto/omniverto/mcu/room"
	"github.com/omniverto/omniverto/media"
)

// fakeRoom is a room for the admin API.
type fakeRoom struct {
	execute  func(ctx context.Context, line string) (string, error)
	pictures *media.PicturePool
	entry    roomEntry
	err      error
}

func (f *fakeRoom) Execute(ctx context.Context, line string) (string, error) {
	return f.execute(ctx, line)
}

func (f *fakeRoom) Snapshot(_ context.Context, canvas int) (*media.Picture, error) {
	if f.err != nil {
		return nil, f.err
	}
	if canvas != 1 {
		return nil, room.ErrNoCanvas
	}
	p := f.pictures.Get(320, 180)
	p.Fill(media.RGB{R: 200, G: 40, B: 60}.YUV())
	return p, nil
}

func (f *fakeRoom) overview(context.Context) (roomEntry, error) { return f.entry, f.err }

// api is the admin API of some rooms.
func api(live map[string]*fakeRoom) http.Handler {
	c := &control{
		find: func(name string) steered {
			if f, ok := live[name]; ok {
				return f
			}
			return nil
		},
		all: func() (out []steered) {
			for _, f := range live {
				out = append(out, f)
			}
			return out
		},
	}
	return c.handler()
}

func ask(h http.Handler, method, target, body string) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(method, target, strings.NewReader(body)))
	return w
}

func TestCommandAPI(t *testing.T) {
	echo := func(_ context.Context, line string) (string, error) { return "+OK [" + line + "] <usage>\n", nil }
	h := api(map[string]*fakeRoom{
		"garden": {execute: echo},
		"gone":   {execute: func(context.Context, string) (string, error) { return "", room.ErrEnded }},
		"sick":   {execute: func(context.Context, string) (string, error) { return "", errors.New("no ear") }},
	})
	long := strings.Repeat("é", maxCommand/2)
	command := func(line string) string { b, _ := json.Marshal(map[string]string{"command": line}); return string(b) }
	tests := []struct {
		name, room, body string
		status           int
		want             string
	}{
		{"done", "garden", command("vid-banner 7 'two words'"), 200, `{"reply":"+OK [vid-banner 7 'two words'] <usage>\n"}`},
		{"longest", "garden", command(long), 200, long},
		{"unknown room", "attic", command("count"), 404, `{"reply":"-ERR Conference attic not found\n"}`},
		{"room that ended", "gone", command("count"), 404, `{"reply":"-ERR Conference gone not found\n"}`},
		{"strange name", "a%20b%2Fc", command("count"), 404, `{"reply":"-ERR Conference a b/c not found\n"}`},
		{"too long", "garden", command(long + "x"), 400, `longer than 8192 bytes`},
		{"far too long", "garden", command(strings.Repeat("x", 100_000)), 400, `{"error":`},
		{"no JSON", "garden", "count", 400, `the body must be JSON`},
		{"two bodies", "garden", command("count") + command("count"), 400, `the body must be JSON`},
		{"a number", "garden", `{"command":7}`, 400, `the body must be JSON`},
		{"nothing", "garden", ``, 400, `{"error":`},
		{"no command", "garden", `{}`, 400, `{"error":"no command"}`},
		{"empty command", "garden", `{"command":""}`, 400, `{"error":"no command"}`},
		{"no command for an unknown room", "attic", `{}`, 400, `{"error":"no command"}`},
		{"trouble", "sick", command("count"), 500, `{"error":"no ear"}`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := ask(h, "POST", "/api/rooms/"+tt.room+"/command", tt.body)
			if w.Code != tt.status || !strings.Contains(w.Body.String(), tt.want) || !json.Valid(w.Body.Bytes()) {
				t.Errorf("got %d %.200s, want %d with %.200s", w.Code, w.Body, tt.status, tt.want)
			}
		})
	}
	if w := ask(h, "GET", "/api/rooms/garden/command", ""); w.Code != 404 {
		t.Errorf("GET of a command: %d", w.Code)
	}
}

// TestWordsArrive: what omniverto ctl quotes, a room splits into the same words.
func TestWordsArrive(t *testing.T) {
	for _, words := range [][]string{
		{"count"}, {"vid-banner", "7", "two words"}, {"vid-banner", "7", ""}, {"say", "it's", "l'été à la mer"}, {"'"}, {"''", "x"},
		{`\`, `C:\new\table\`, `a\ b`}, {"a\tb", "line\nline", " both ends "}, {`"quoted"`, `{bg=#fff,fg='red'}text`}, strings.Fields(strings.Repeat("w ", 25)),
	} {
		if got := room.Split(admin.Line(words)); !slices.Equal(got, words) {
			t.Errorf("%q arrives as %q by %s", words, got, admin.Line(words))
		}
	}
}

func FuzzWordsArrive(f *testing.F) {
	f.Add("it's", `a\ b`, "")
	f.Fuzz(func(t *testing.T, a, b, c string) {
		words := []string{a, b, c}
		if got := room.Split(admin.Line(words)); !slices.Equal(got, words) {
			t.Errorf("%q arrives as %q", words, got)
		}
	})
}

// TestSilentRoom: a room that does not answer holds nobody up for long.
func TestSilentRoom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := api(map[string]*fakeRoom{"garden": {execute: func(ctx context.Context, _ string) (string, error) {
			<-ctx.Done()
			return "", ctx.Err()
		}}})
		w := ask(h, "POST", "/api/rooms/garden/command", `{"command":"count"}`)
		if w.Code != 503 || w.Body.String() != `{"error":"the room does not answer"}`+"\n" {
			t.Errorf("got %d %s", w.Code, w.Body)
		}
	})
}

func TestRoomsAPI(t *testing.T) {
	if w := ask(api(nil), "GET", "/api/rooms", ""); w.Code != 200 || w.Body.String() != "[]\n" {
		t.Errorf("no rooms: %d %s", w.Code, w.Body)
	}
	h := api(map[string]*fakeRoom{
		"b": {entry: roomEntry{Name: "b", Domain: "d", Canvases: []canvasEntry{}}},
		"a": {entry: roomEntry{Name: "a", Domain: "d", Members: 3, Canvases: []canvasEntry{
			{ID: 1, Width: 1280, Height: 720, FPS: 30, Layout: "2x2", Used: 3}, {ID: 2, Super: true}}}},
		"c": {err: room.ErrEnded},
	})
	w := ask(h, "GET", "/api/rooms", "")
	want := `[{"name":"a","domain":"d","members":3,"canvases":[` +
		`{"id":1,"width":1280,"height":720,"fps":30,"layout":"2x2","used":3},` +
		`{"id":2,"super":true,"width":0,"height":0,"fps":0,"layout":"","used":0}]},` +
		`{"name":"b","domain":"d","members":0,"canvases":[]}]` + "\n"
	if w.Code != 200 || w.Body.String() != want {
		t.Errorf("got %d %s\nwant %s", w.Code, w.Body, want)
	}
}

func TestSnapshotAPI(t *testing.T) {
	pool := media.NewPicturePool(1)
	h := api(map[string]*fakeRoom{
		"garden": {pictures: pool}, "gone": {err: room.ErrEnded}, "busy": {err: context.DeadlineExceeded},
	})
	w := ask(h, "GET", "/api/rooms/garden/snapshot.png?canvas=2", "")
	img, err := png.Decode(w.Body)
	if err != nil || w.Header().Get("Content-Type") != "image/png" {
		t.Fatalf("%d %v %v", w.Code, w.Header(), err)
	}
	r, g, b, _ := img.At(160, 90).RGBA()
	if r>>8 < 196 || r>>8 > 204 || g>>8 < 36 || g>>8 > 44 || b>>8 < 56 || b>>8 > 64 || img.Bounds().Dx() != 320 {
		t.Errorf("%v with %d %d %d, want the colour 200 40 60", img.Bounds(), r>>8, g>>8, b>>8)
	}
	if n := pool.InUse(); n != 0 {
		t.Errorf("%d pictures are kept", n)
	}
	for target, status := range map[string]int{
		"garden/snapshot.png": 404, "garden/snapshot.png?canvas=3": 404, "garden/snapshot.png?canvas=0": 400,
		"garden/snapshot.png?canvas=x": 400, "attic/snapshot.png": 404, "gone/snapshot.png": 404,
		"busy/snapshot.png": 503, "garden/other.png": 404,
	} {
		if w := ask(h, "GET", "/api/rooms/"+target, ""); w.Code != status || !json.Valid(w.Body.Bytes()) {
			t.Errorf("%s: got %d %s, want %d", target, w.Code, w.Body, status)
		}
	}
}
