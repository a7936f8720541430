package admin_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/omniverto/omniverto/mcu/admin"
)

type garden struct {
	Name   string            `json:"name" doc:"of the garden" max:"20"`
	Trees  int               `json:"trees"`
	Kind   string            `json:"kind,omitempty" enum:"rose,herb"`
	Opened *time.Time        `json:"opened,omitempty"`
	Tags   map[string]string `json:"tags,omitempty"`
	Beds   []bed             `json:"beds"`
}

type bed struct {
	Long float64         `json:"long"`
	Any  json.RawMessage `json:"any"`
	OK   bool            `json:"ok"`
}

type verdict struct {
	Text   string `json:"text"`
	status int
}

func (v verdict) HTTPStatus() int { return v.status }

var errWeather = errors.New("it rains")

// gardens are routes of every kind.
func gardens() []admin.Route {
	params := []admin.Param{
		{Name: "garden", Max: 8}, {Name: "n", Query: true, Kind: admin.Number, Default: 5, Min: 1, Max: 9},
		{Name: "since", Query: true, Kind: admin.Moment},
	}
	get := admin.Read("/api/gardens/{garden}", func(r *admin.Request) (garden, error) {
		switch r.Text("garden") {
		case "gone":
			return garden{}, admin.Refuse(http.StatusNotFound, "no such garden")
		case "wet":
			return garden{}, errWeather
		case "busy":
			return garden{}, &admin.Problem{Status: http.StatusTooManyRequests, Text: "wait", Retry: 1500 * time.Millisecond}
		case "broken":
			return garden{}, errors.New("secret detail")
		}
		return garden{Name: r.Text("garden") + r.Moment("since").Format("|2006"), Trees: r.Number("n")}, nil
	})
	get.Name, get.Params = "getGarden", params
	post := admin.Write(http.MethodPost, "/api/gardens/{garden}", http.StatusCreated, func(_ *admin.Request, ask garden) (verdict, error) {
		if ask.Trees < 0 {
			return verdict{"no", http.StatusNotFound}, nil
		}
		return verdict{Text: ask.Name}, nil
	})
	post.Name, post.Params, post.Also = "plant", params[:1], map[int]string{http.StatusNotFound: "No."}
	remove := admin.Remove("/api/gardens/{garden}", func(*admin.Request) error { return nil })
	remove.Name, remove.Params = "remove", params[:1]
	stream := admin.Stream("/api/picture", "image/png", func(w http.ResponseWriter, _ *admin.Request) error {
		_, err := w.Write([]byte("png"))
		return err
	})
	stream.Name = "picture"
	return []admin.Route{get, post, remove, stream}
}

func newAPI(log *slog.Logger) *admin.API {
	return admin.NewAPI(gardens(), func(err error) *admin.Problem {
		if errors.Is(err, errWeather) {
			return &admin.Problem{Status: http.StatusServiceUnavailable, Text: "no gardening today"}
		}
		return nil
	}, log)
}

func TestAPI(t *testing.T) {
	deep := `{"name":"x","trees":1,"beds":[{"long":1,"ok":true,"any":` + strings.Repeat("[", 65) + strings.Repeat("]", 65) + `}]}`
	tests := []struct {
		name, method, target, body string
		status                     int
		want                       string
	}{
		{"defaults", "GET", "/api/gardens/a", "", 200, `{"name":"a|0001","trees":5,"beds":null}`},
		{"parameters", "GET", "/api/gardens/a%2Fb?n=9&since=2026-11-21T15:04:05Z", "", 200, `{"name":"a/b|2026","trees":9,"beds":null}`},
		{"head", "HEAD", "/api/gardens/a", "", 200, ""},
		{"too large", "GET", "/api/gardens/a?n=10", "", 400, `must be a number from 1 to 9`},
		{"no number", "GET", "/api/gardens/a?n=x", "", 400, `must be a number`},
		{"huge number", "GET", "/api/gardens/a?n=99999999999999999999", "", 400, `must be a number`},
		{"no time", "GET", "/api/gardens/a?since=yesterday", "", 400, `must be a time`},
		{"twice", "GET", "/api/gardens/a?n=1&n=2", "", 400, `n is there more than once`},
		{"unknown parameter", "GET", "/api/gardens/a?m=1", "", 400, `unknown parameter`},
		{"query that is none", "GET", "/api/gardens/a?n=%zz", "", 400, `the query cannot be read`},
		{"long path", "GET", "/api/gardens/123456789", "", 400, `at most 8 bytes`},
		{"zero byte", "GET", "/api/gardens/%00", "", 400, `at most 8 bytes`},
		{"bad UTF-8", "GET", "/api/gardens/%ff", "", 400, `at most 8 bytes`},
		{"problem", "GET", "/api/gardens/gone", "", 404, `{"error":"no such garden"}`},
		{"explained", "GET", "/api/gardens/wet", "", 503, `{"error":"no gardening today"}`},
		{"not explained", "GET", "/api/gardens/broken", "", 500, `{"error":"the server failed to do this; its log tells why"}`},
		{"method", "PATCH", "/api/gardens/a", "", 405, `DELETE, GET, POST, HEAD`},
		{"options", "OPTIONS", "/api/gardens/a", "", 405, `error`},
		{"address", "GET", "/api/lawn", "", 404, `{"error":"no such address"}`},
		{"removed", "DELETE", "/api/gardens/a", "", 204, ``},
		{"remove with a body", "DELETE", "/api/gardens/a", "{}", 400, `there is no body`},
		{"stream", "GET", "/api/picture", "", 200, "png"},
		{"written", "POST", "/api/gardens/a", `{"name":"x<y","trees":1,"beds":[]}`, 201, `{"text":"x<y"}`},
		{"another status", "POST", "/api/gardens/a", `{"trees":-1}`, 404, `{"text":"no"}`},
		{"no body", "POST", "/api/gardens/a", ``, 400, `the body must be JSON`},
		{"no JSON", "POST", "/api/gardens/a", `name=x`, 400, `the body must be JSON`},
		{"half", "POST", "/api/gardens/a", `{"name":"x"`, 400, `the body must be JSON`},
		{"two", "POST", "/api/gardens/a", `{} {}`, 400, `one JSON value and nothing else`},
		{"list", "POST", "/api/gardens/a", `[]`, 400, `the body must be a JSON object`},
		{"unknown member", "POST", "/api/gardens/a", `{"admin":true}`, 400, `unknown member \"admin\"`},
		{"another type", "POST", "/api/gardens/a", `{"trees":"many"}`, 400, `trees must be a number`},
		{"number as text", "POST", "/api/gardens/a", `{"name":7}`, 400, `name must be a string`},
		{"object as list", "POST", "/api/gardens/a", `{"beds":{}}`, 400, `beds must be a list`},
		{"fraction", "POST", "/api/gardens/a", `{"trees":1.5}`, 400, `trees must be a number`},
		{"NaN", "POST", "/api/gardens/a", `{"trees":NaN}`, 400, `the body must be JSON`},
		{"deep", "POST", "/api/gardens/a", deep, 400, `nested more than 64 deep`},
		{"very deep", "POST", "/api/gardens/a", strings.Repeat("[", 100_000), 400, `nested more than 64 deep`},
		{"brackets in a text", "POST", "/api/gardens/a", `{"name":"` + strings.Repeat(`[\"`, 80) + `"}`, 201, `[`},
		{"bad UTF-8 in the body", "POST", "/api/gardens/a", "{\"name\":\"\xff\"}", 400, `not UTF-8`},
		{"long", "POST", "/api/gardens/a", `{"name":"` + strings.Repeat("x", 1<<20) + `"}`, 413, `longer than 1048576 bytes`},
	}
	h := newAPI(slog.New(slog.DiscardHandler))
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := httptest.NewRecorder()
			h.ServeHTTP(w, httptest.NewRequest(tt.method, tt.target, strings.NewReader(tt.body)))
			if w.Code != tt.status || !strings.Contains(w.Body.String(), tt.want) && tt.method != "HEAD" {
				t.Errorf("got %d %.300s, want %d with %s", w.Code, w.Body, tt.status, tt.want)
			}
			if w.Code >= 400 && !json.Valid(w.Body.Bytes()) {
				t.Errorf("the error is not JSON: %s", w.Body)
			}
			if w.Code == 405 && w.Header().Get("Allow") != "DELETE, GET, POST, HEAD" {
				t.Errorf("Allow: %q", w.Header().Get("Allow"))
			}
		})
	}
}

func TestProblems(t *testing.T) {
	var log bytes.Buffer
	h := newAPI(slog.New(slog.NewTextHandler(&log, nil)))
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest("GET", "/api/gardens/busy", nil))
	if w.Code != 429 || w.Header().Get("Retry-After") != "2" {
		t.Errorf("got %d, Retry-After %q", w.Code, w.Header().Get("Retry-After"))
	}
	h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/api/gardens/broken", nil))
	if !strings.Contains(log.String(), "secret detail") {
		t.Errorf("the log does not tell what failed: %s", log.String())
	}
}

func TestWrongTables(t *testing.T) {
	for name, make := range map[string]func(){
		"twice":       func() { admin.NewAPI(append(gardens(), gardens()...), nil, nil) },
		"two answers": func() { r := gardens(); r[1].Fails = map[int]string{404: "x"}; admin.Document(admin.About{}, r) },
		"channel": func() {
			admin.Document(admin.About{}, []admin.Route{admin.Read("/x", func(*admin.Request) (chan int, error) { return nil, nil })})
		},
	} {
		t.Run(name, func(t *testing.T) {
			defer func() {
				if recover() == nil {
					t.Error("it was taken")
				}
			}()
			make()
		})
	}
}

// TestDocument: the document says of the routes what the table does.
func TestDocument(t *testing.T) {
	doc := admin.Document(admin.About{Title: "Gardens", Version: "1.2.3", Server: "http://x"}, gardens())
	if !bytes.Equal(doc, admin.Document(admin.About{Title: "Gardens", Version: "1.2.3", Server: "http://x"}, gardens())) {
		t.Error("it is another one each time")
	}
	for _, want := range []string{
		`"openapi":"3.1.0"`,
		`"/api/gardens/{garden}":{"delete":{`,
		`{"description":"","in":"query","name":"n","required":false,"schema":{"default":5,"maximum":9,"minimum":1,"type":"integer"}}`,
		`{"description":"","in":"path","name":"garden","required":true,"schema":{"maxLength":8,"type":"string"}}`,
		`"204":{"description":"No Content"}`,
		`"201":{"content":{"application/json":{"schema":{"$ref":"#/components/schemas/Admin_testVerdict"}}}`,
		`"404":{"content":{"application/json":{"schema":{"$ref":"#/components/schemas/Admin_testVerdict"}}},"description":"No."}`,
		`"content":{"image/png":{}}`,
		`"413":{`,
		`"Admin_testGarden":{"additionalProperties":false,"properties":{"beds":{"items":{"$ref":"#/components/schemas/Admin_testBed"},"type":"array"}`,
		`"kind":{"enum":["rose","herb"],"type":"string"}`,
		`"name":{"description":"of the garden","maxLength":20,"type":"string"}`,
		`"opened":{"format":"date-time","type":"string"}`,
		`"tags":{"additionalProperties":{"type":"string"},"type":"object"}`,
		`"required":["name","trees","beds"]`,
		`"any":{"description":"any JSON value"}`,
	} {
		var flat bytes.Buffer
		if err := json.Compact(&flat, doc); err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(flat.String(), want) {
			t.Errorf("the document has no %s:\n%s", want, doc)
		}
	}
}

func FuzzAPI(f *testing.F) {
	h := newAPI(slog.New(slog.DiscardHandler))
	f.Add("GET", "gardens/a?n=3", "")
	f.Add("POST", "gardens/a", `{"name":"x","trees":1,"beds":[{"long":1,"any":[{}],"ok":true}]}`)
	f.Fuzz(func(t *testing.T, method, path, body string) {
		r, err := http.NewRequest(method, "http://127.0.0.1/api/"+path, strings.NewReader(body))
		if err != nil {
			return
		}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Code >= 400 && !json.Valid(w.Body.Bytes()) {
			t.Errorf("%d %q", w.Code, w.Body)
		}
	})
}
