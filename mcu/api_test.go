package mcu

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"image/png"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"

	"github.com/omniverto/omniverto/mcu/admin"
	"github.com/omniverto/omniverto/mcu/cdr"
	"github.com/omniverto/omniverto/mcu/directory"
	"github.com/omniverto/omniverto/mcu/room"
	"github.com/omniverto/omniverto/media"
)

// fakeRoom is a room for the admin API.
type fakeRoom struct {
	execute  func(ctx context.Context, line string) (string, error)
	pictures *media.PicturePool
	entry    roomEntry
	here     []memberEntry
	atDoor   []waitingEntry
	lists    room.Listing
	chat     []chatEntry
	ended    bool
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

func (f *fakeRoom) people(context.Context) ([]memberEntry, []waitingEntry, error) {
	return append([]memberEntry{}, f.here...), append([]waitingEntry{}, f.atDoor...), f.err
}

func (f *fakeRoom) listing(context.Context) (room.Listing, error) { return f.lists, f.err }
func (f *fakeRoom) end(context.Context) error                     { f.ended = true; return f.err }

func (f *fakeRoom) history(context.Context) ([]chatEntry, error) {
	return append([]chatEntry{}, f.chat...), f.err
}

func (f *fakeRoom) say(_ context.Context, name, text string) (chatEntry, error) {
	m := chatEntry{ID: int64(len(f.chat) + 1), Name: name, Message: text, Type: "message"}
	f.chat = append(f.chat, m)
	return m, f.err
}

// nobody is a signalling server without clients.
type nobody struct{}

func (nobody) Publish(string, map[string]any)          {}
func (nobody) SendSession(string, map[string]any) bool { return false }
func (nobody) SendInfo(string, any) bool               { return false }
func (nobody) Grant(string, ...string)                 {}
func (nobody) Revoke(string, ...string)                {}

// apiOf is the admin API of some rooms, with records in a folder of the test's.
func apiOf(t *testing.T, live map[string]*fakeRoom) *control {
	t.Helper()
	log := slog.New(slog.DiscardHandler)
	find := func(name string) steered {
		if f, ok := live[name]; ok {
			return f
		}
		return nil
	}
	all := func() (out []steered) {
		for _, f := range live {
			out = append(out, f)
		}
		return out
	}
	kept := cdr.New(cdr.Options{Dir: t.TempDir(), Log: log})
	t.Cleanup(kept.Close)
	arrays := newArrays(nobody{}, log)
	return &control{
		find: find, all: all,
		commands: &apiCommands{
			find: find, all: all, domain: "example.org", calls: func() int { return 4 }, started: time.Now(), ready: func() bool { return true },
			open: func(string, string) (steered, error) { return nil, errTooMany },
			contact: func(user string) []string {
				if user == "1001@example.org" {
					return []string{"first", "second"}
				}
				return nil
			},
		},
		array: func(channel, name string) (rows, error) {
			a, err := arrays.open(channel, name)
			if err != nil {
				return nil, err
			}
			return a, nil
		},
		arrays: arrays.list, records: kept, log: log, pictures: newPictureBudget(),
		sign: func(directory.Claims, time.Duration) (string, error) { return "signed", nil },
		link: func(room, token string) string { return "https://meet/r/" + room + "#token=" + token },
	}
}

func api(t *testing.T, live map[string]*fakeRoom) http.Handler {
	t.Helper()
	return apiOf(t, live).handler()
}

func ask(h http.Handler, method, target, body string) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(method, target, strings.NewReader(body)))
	return w
}

func commandBody(line string) string {
	b, _ := json.Marshal(map[string]string{"command": line})
	return string(b)
}

func TestCommandAPI(t *testing.T) {
	echo := func(_ context.Context, line string) (string, error) { return "+OK [" + line + "] <usage>\n", nil }
	h := api(t, map[string]*fakeRoom{
		"garden": {execute: echo},
		"gone":   {execute: func(context.Context, string) (string, error) { return "", room.ErrEnded }},
		"sick":   {execute: func(context.Context, string) (string, error) { return "", errors.New("no ear") }},
	})
	long := strings.Repeat("é", maxCommand/2)
	command := commandBody
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
		{"dial of nobody", "attic", command("dial"), 404, `{"reply":"-ERR Conference attic not found\n"}`},
		{"too long", "garden", command(long + "x"), 400, `longer than 8192 bytes`},
		{"far too long", "garden", command(strings.Repeat("x", 100_000)), 400, `{"error":`},
		{"no JSON", "garden", "count", 400, `the body must be JSON`},
		{"two bodies", "garden", command("count") + command("count"), 400, `one JSON value`},
		{"a number", "garden", `{"command":7}`, 400, `command must be a string`},
		{"nothing", "garden", ``, 400, `{"error":`},
		{"no command", "garden", `{}`, 400, `{"error":"no command"}`},
		{"empty command", "garden", `{"command":""}`, 400, `{"error":"no command"}`},
		{"another member", "garden", `{"command":"count","as":"admin"}`, 400, `unknown member`},
		{"no command for an unknown room", "attic", `{}`, 400, `{"error":"no command"}`},
		{"trouble", "sick", command("count"), 500, `its log tells why`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := ask(h, "POST", "/api/rooms/"+tt.room+"/command", tt.body)
			if w.Code != tt.status || !strings.Contains(w.Body.String(), tt.want) || !json.Valid(w.Body.Bytes()) {
				t.Errorf("got %d %.200s, want %d with %.200s", w.Code, w.Body, tt.status, tt.want)
			}
		})
	}
	if w := ask(h, "GET", "/api/rooms/garden/command", ""); w.Code != 405 || w.Header().Get("Allow") != "POST" {
		t.Errorf("GET of a command: %d, %v", w.Code, w.Header())
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
	silent := func(ctx context.Context, _ string) (string, error) { <-ctx.Done(); return "", ctx.Err() }
	c := apiOf(t, map[string]*fakeRoom{"garden": {execute: silent}})
	h := c.handler()
	synctest.Test(t, func(t *testing.T) {
		begin := time.Now()
		w := ask(h, "POST", "/api/rooms/garden/command", `{"command":"count"}`)
		if w.Code != 503 || w.Body.String() != `{"error":"the room does not answer"}`+"\n" || time.Since(begin) != roomPatience {
			t.Errorf("got %d %s after %v", w.Code, w.Body, time.Since(begin))
		}
		begin = time.Now()
		w = ask(h, "POST", "/api/command", `{"command":"conference garden DIAL user/1001"}`)
		if w.Code != 200 || w.Body.String() != `{"reply":"-ERR the room does not answer\n"}`+"\n" || time.Since(begin) != dialPatience {
			t.Errorf("got %d %s after %v", w.Code, w.Body, time.Since(begin))
		}
	})
}

func TestRoomsAPI(t *testing.T) {
	if w := ask(api(t, nil), "GET", "/api/rooms", ""); w.Code != 200 || w.Body.String() != "[]\n" {
		t.Errorf("no rooms: %d %s", w.Code, w.Body)
	}
	a := &fakeRoom{entry: roomEntry{Name: "a", Domain: "d", UUID: "u", Profile: "p", Started: time.Unix(0, 0).UTC(), Members: 3, Ghosts: 1, MaxMembers: 9,
		Waiting: 1, Locked: true, Canvases: []canvasEntry{{ID: 1, Width: 1280, Height: 720, FPS: 30, Layout: "2x2", Used: 3}, {ID: 2, Super: true}}},
		here: []memberEntry{{ID: 7, Name: "Anna"}}, atDoor: []waitingEntry{{ID: 8, Name: "Bob", For: "pin"}}}
	h := api(t, map[string]*fakeRoom{
		"b": {entry: roomEntry{Name: "b", Domain: "d", Canvases: []canvasEntry{}}}, "a": a, "c": {err: room.ErrEnded},
	})
	entry := `{"name":"a","domain":"d","uuid":"u","profile":"p","started":"1970-01-01T00:00:00Z","members":3,"ghosts":1,"maxMembers":9,"waiting":1,` +
		`"locked":true,"needsPIN":false,"lobby":false,"waitModerator":false,"recording":false,"canvases":[` +
		`{"id":1,"width":1280,"height":720,"fps":30,"layout":"2x2","used":3},` +
		`{"id":2,"super":true,"width":0,"height":0,"fps":0,"layout":"","used":0}]`
	w := ask(h, "GET", "/api/rooms", "")
	if got := w.Body.String(); w.Code != 200 || !strings.HasPrefix(got, "["+entry+`},{"name":"b",`) || strings.Contains(got, `"c"`) {
		t.Errorf("got %d %s", w.Code, got)
	}
	w = ask(h, "GET", "/api/rooms/a", "")
	if got := w.Body.String(); w.Code != 200 || !strings.HasPrefix(got, entry+`,"people":[{"id":7,`) || !strings.Contains(got, `"atDoor":[{"id":8,`) {
		t.Errorf("got %d %s", w.Code, got)
	}
	if w := ask(h, "GET", "/api/rooms/b/members", ""); w.Code != 200 || w.Body.String() != "[]\n" {
		t.Errorf("nobody: %d %s", w.Code, w.Body)
	}
	if w := ask(h, "DELETE", "/api/rooms/a", ""); w.Code != 204 || w.Body.Len() != 0 || !a.ended {
		t.Errorf("end: %d %s", w.Code, w.Body)
	}
	for _, target := range []string{"attic", "c", "..%2Fadmin.secret", "attic/members", "attic/waiting", "attic/chat", "c/members"} {
		if w := ask(h, "GET", "/api/rooms/"+target, ""); w.Code != 404 || w.Body.String() != `{"error":"no such room"}`+"\n" {
			t.Errorf("%s: %d %s", target, w.Code, w.Body)
		}
	}
	if w := ask(h, "DELETE", "/api/rooms/attic", ""); w.Code != 404 {
		t.Errorf("end of no room: %d %s", w.Code, w.Body)
	}
}

func TestSnapshotAPI(t *testing.T) {
	pool := media.NewPicturePool(1)
	h := api(t, map[string]*fakeRoom{
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
		"garden/snapshot.png?canvas=x": 400, "garden/snapshot.png?canvas=22": 400, "attic/snapshot.png": 404, "gone/snapshot.png": 404,
		"busy/snapshot.png": 503, "garden/other.png": 404,
	} {
		if w := ask(h, "GET", "/api/rooms/"+target, ""); w.Code != status || !json.Valid(w.Body.Bytes()) {
			t.Errorf("%s: got %d %s, want %d", target, w.Code, w.Body, status)
		}
	}
}

// TestPictureBudget: pictures cost processor time, so there are so many a second.
func TestPictureBudget(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, now := newPictureBudget(), time.Now()
		for n := range picturesBurst {
			done, err := b.take(t.Context(), now)
			if err != nil {
				t.Fatalf("picture %d: %v", n, err)
			}
			done()
		}
		var p *admin.Problem
		if _, err := b.take(t.Context(), now); !errors.As(err, &p) || p.Status != 429 || p.Retry != time.Second {
			t.Errorf("after the burst: %v", err)
		}
		now = now.Add(time.Second / picturesASecond)
		first, err := b.take(t.Context(), now)
		if err != nil {
			t.Error(err)
		}
		now = now.Add(time.Second)
		second, err := b.take(t.Context(), now)
		if err != nil {
			t.Error(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := b.take(ctx, now); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("a third at a time: %v", err)
		}
		first()
		third, err := b.take(t.Context(), now)
		if err != nil {
			t.Error(err)
		}
		second()
		third()
	})
}

func TestChatAPI(t *testing.T) {
	garden := &fakeRoom{}
	h := api(t, map[string]*fakeRoom{"garden": garden})
	tests := []struct {
		name, body string
		status     int
		want       string
	}{
		{"said", `{"message":"Tea is ready"}`, 201, `"name":"Operator","fromID":0,"message":"Tea is ready","type":"message"}`},
		{"by name", `{"message":"<script>","name":" Anna "}`, 201, `"name":"Anna","fromID":0,"message":"<script>"`},
		{"longest", `{"message":"` + strings.Repeat("x", 16384) + `"}`, 201, `xx`},
		{"too long", `{"message":"` + strings.Repeat("x", 16385) + `"}`, 400, `longer than 16384 bytes`},
		{"nothing", `{"message":" "}`, 400, `no message`},
		{"no message", `{}`, 400, `no message`},
		{"long name", `{"message":"x","name":"` + strings.Repeat("é", 65) + `"}`, 400, `longer than 64 characters`},
		{"turning name", `{"message":"x","name":"\u202eexe"}`, 400, `cannot be shown`},
		{"name with a line", `{"message":"x","name":"a\nb"}`, 400, `cannot be shown`},
		{"as somebody", `{"message":"x","fromID":7}`, 400, `unknown member`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := ask(h, "POST", "/api/rooms/garden/chat", tt.body)
			if w.Code != tt.status || !strings.Contains(w.Body.String(), tt.want) {
				t.Errorf("got %d %.200s, want %d with %s", w.Code, w.Body, tt.status, tt.want)
			}
		})
	}
	w := ask(h, "GET", "/api/rooms/garden/chat", "")
	if w.Code != 200 || strings.Count(w.Body.String(), `"id":`) != 3 {
		t.Errorf("history: %d %.300s", w.Code, w.Body)
	}
}

func TestInviteAPI(t *testing.T) {
	c := apiOf(t, nil)
	var log bytes.Buffer
	c.log = slog.New(slog.NewTextHandler(&log, nil))
	var claims directory.Claims
	var lasts time.Duration
	c.sign = func(cl directory.Claims, ttl time.Duration) (string, error) {
		claims, lasts = cl, ttl
		return "s3cret", nil
	}
	h := c.handler()
	tests := []struct {
		name, body string
		status     int
		want       string
	}{
		{"least", `{"room":"3600"}`, 201, `{"room":"3600","role":"participant","link":"https://meet/r/3600#token=s3cret","token":"s3cret","expires":"`},
		{"all", `{"room":"a.b","role":"moderator","name":"Anna","reservationID":"desk","ttl":"90m"}`, 201, `"role":"moderator"`},
		{"every room", `{"room":"*","role":"viewer"}`, 201, `"room":"*","role":"viewer","link":"",`},
		{"no room", `{}`, 400, `room \"\" must be`},
		{"path", `{"room":"../x"}`, 400, `must be 1 to 64 of`},
		{"long room", `{"room":"` + strings.Repeat("x", 65) + `"}`, 400, `must be 1 to 64 of`},
		{"king", `{"room":"3600","role":"king"}`, 400, `must be moderator, participant or viewer`},
		{"for ever", `{"room":"3600","ttl":"10000h"}`, 400, `ttl`},
		{"in the past", `{"room":"3600","ttl":"-1h"}`, 400, `ttl`},
		{"no time", `{"room":"3600","ttl":"tomorrow"}`, 400, `ttl`},
		{"number", `{"room":"3600","ttl":3600}`, 400, `ttl must be a string`},
		{"long name", `{"room":"3600","name":"` + strings.Repeat("x", 201) + `"}`, 400, `longer than 200 bytes`},
		{"misspelt", `{"room":"3600","rolle":"moderator"}`, 400, `unknown member \"rolle\"`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := ask(h, "POST", "/api/invites", tt.body)
			if w.Code != tt.status || !strings.Contains(w.Body.String(), tt.want) {
				t.Errorf("got %d %s, want %d with %s", w.Code, w.Body, tt.status, tt.want)
			}
		})
	}
	ask(h, "POST", "/api/invites", tests[1].body)
	if claims.Room != "a.b" || claims.Role != directory.RoleModerator || claims.Name != "Anna" || claims.ResID != "desk" || lasts != 90*time.Minute {
		t.Errorf("signed %+v for %v", claims, lasts)
	}
	if strings.Contains(log.String(), "s3cret") || !strings.Contains(log.String(), "invitation signed") {
		t.Errorf("log: %s", log.String())
	}
}

func TestArraysAPI(t *testing.T) {
	h := api(t, nil)
	row := "/api/arrays/app.votes/poll/"
	tests := []struct {
		name, method, target, body string
		status                     int
		want                       string
	}{
		{"none", "GET", "/api/arrays", "", 200, "[]"},
		{"no rows", "GET", "/api/arrays/app.votes/poll", "", 200, "[]"},
		{"set", "PUT", row + "anna", `{"yes":true}`, 200, `{"key":"anna","value":{"yes":true}}`},
		{"set again", "PUT", row + "anna", `["no"]`, 200, `{"key":"anna","value":["no"]}`},
		{"key with a slash", "PUT", row + "bob%2F1", `7`, 200, `{"key":"bob/1","value":7}`},
		{"nothing", "PUT", row + "x", `null`, 400, `nothing`},
		{"rows", "GET", "/api/arrays/app.votes/poll", "", 200, `[{"key":"anna","value":["no"]},{"key":"bob/1","value":7}]`},
		{"listed", "GET", "/api/arrays", "", 200, `[{"channel":"app.votes","name":"poll"}]`},
		{"delete", "DELETE", row + "anna", "", 204, ""},
		{"delete again", "DELETE", row + "anna", "", 404, `no such row`},
		{"no JSON", "PUT", row + "x", `yes`, 400, `must be JSON`},
		{"two values", "PUT", row + "x", `1 2`, 400, `one JSON value`},
		{"deep", "PUT", row + "x", strings.Repeat("[", 65) + strings.Repeat("]", 65), 400, `nested`},
		{"long row", "PUT", row + "x", `"` + strings.Repeat("x", 17<<10) + `"`, 400, `too long`},
		{"long key", "PUT", row + strings.Repeat("x", 300), `1`, 400, `too long`},
		{"own channel", "PUT", "/api/arrays/conference-liveArray.3600@d/poll/x", `1`, 403, `no live arrays on this channel`},
		{"presence", "GET", "/api/arrays/presence/poll", "", 403, `no live arrays`},
		{"clear of its own", "DELETE", "/api/arrays/conference-chat.3600@d/x", "", 403, `no live arrays`},
		{"clear", "DELETE", "/api/arrays/app.votes/poll", "", 204, ""},
		{"cleared", "GET", "/api/arrays", "", 200, "[]"},
		{"method", "POST", row + "x", `1`, 405, `DELETE, PUT`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := ask(h, tt.method, tt.target, tt.body)
			if w.Code != tt.status || !strings.Contains(w.Body.String(), tt.want) {
				t.Errorf("got %d %.200s, want %d with %s", w.Code, w.Body, tt.status, tt.want)
			}
		})
	}
}

// offRecords are those of a server that keeps none.
type offRecords struct{ records }

func (offRecords) Enabled() bool { return false }

func TestRecordsAPI(t *testing.T) {
	c := apiOf(t, nil)
	kept := c.records.(*cdr.Store)
	id := uuid.NewString()
	r := kept.Room(cdr.Conference{Name: "garden", UUID: id, Profile: "default"})
	r.MemberJoined(room.Info{ID: 1, Name: "<Anna>", Joined: time.Now()}, nil)
	r.Ended()
	kept.Close()
	h := c.handler()
	w := ask(h, "GET", "/api/cdr?room=garden&limit=1", "")
	if w.Code != 200 || !strings.HasPrefix(w.Body.String(), `[{"uuid":"`+id+`","name":"garden"`) {
		t.Errorf("got %d %s", w.Code, w.Body)
	}
	for target, want := range map[string]struct {
		status int
		text   string
	}{
		id: {200, `"name":"<Anna>"`}, id + "/xml": {200, `<caller_id_name>&lt;Anna&gt;</caller_id_name>`},
		strings.ToUpper(id): {404, "no such record"}, uuid.NewString(): {404, "no such record"}, uuid.NewString() + "/xml": {404, "no such record"},
		"..%2F..%2Fetc%2Fpasswd": {404, "no such record"}, "%7B" + id[:34] + "%7D": {404, "no such record"}, "urn:uuid:" + id: {400, "36 bytes"},
		id + "?x=1": {400, "unknown parameter"},
	} {
		if w := ask(h, "GET", "/api/cdr/"+target, ""); w.Code != want.status || !strings.Contains(w.Body.String(), want.text) {
			t.Errorf("%s: got %d %.300s, want %d with %s", target, w.Code, w.Body, want.status, want.text)
		}
	}
	for _, query := range []string{"limit=0", "limit=501", "limit=x", "before=1", "before=2026-13-01T00:00:00Z", "room=" + strings.Repeat("x", 600), "rooms=x"} {
		if w := ask(h, "GET", "/api/cdr?"+query, ""); w.Code != 400 {
			t.Errorf("%s: got %d %s", query, w.Code, w.Body)
		}
	}
	c.records = offRecords{}
	for _, target := range []string{"", "/" + id, "/" + id + "/xml"} {
		if w := ask(h, "GET", "/api/cdr"+target, ""); w.Code != 404 || !strings.Contains(w.Body.String(), "keeps no call detail records") {
			t.Errorf("%s without records: got %d %s", target, w.Code, w.Body)
		}
	}
}
