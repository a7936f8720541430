package admin

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// maxDepth is how deep objects and arrays of a body may lie in each other.
const maxDepth = 64

// API serves routes. It is an http.Handler.
type API struct {
	mux     *http.ServeMux
	explain func(error) *Problem
	log     *slog.Logger
}

// NewAPI returns the handler of some routes. Errors that are no Problem go through
// explain; one that it does not know, nil, is logged and answered with 500.
// Routes that cannot be served or documented are a programmer's mistake: it panics.
func NewAPI(routes []Route, explain func(error) *Problem, log *slog.Logger) *API {
	a := &API{mux: http.NewServeMux(), explain: explain, log: log}
	paths := map[string]map[string]Route{}
	for _, r := range routes {
		if paths[r.Path] == nil {
			paths[r.Path] = map[string]Route{}
		}
		if _, twice := paths[r.Path][r.Method]; twice {
			panic("admin: " + r.Method + " " + r.Path + " is there twice")
		}
		paths[r.Path][r.Method] = r
	}
	for path, byMethod := range paths {
		a.mux.Handle(path, a.methods(byMethod))
	}
	a.mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		a.fail(w, r, Refuse(http.StatusNotFound, "no such address"))
	})
	return a
}

// ServeHTTP implements http.Handler.
func (a *API) ServeHTTP(w http.ResponseWriter, r *http.Request) { a.mux.ServeHTTP(w, r) }

// methods serves one path. The mux would answer a wrong method in plain text.
func (a *API) methods(routes map[string]Route) http.Handler {
	names := slices.Sorted(maps.Keys(routes))
	if _, ok := routes[http.MethodGet]; ok {
		names = append(names, http.MethodHead)
	}
	allow := strings.Join(names, ", ")
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		method := r.Method
		if method == http.MethodHead {
			method = http.MethodGet
		}
		route, ok := routes[method]
		if !ok {
			w.Header().Set("Allow", allow)
			a.fail(w, r, Refuse(http.StatusMethodNotAllowed, "%.20q is not among the methods of this address: %s", r.Method, allow))
			return
		}
		read, err := route.read(r)
		if err == nil {
			err = route.serve(w, read)
		}
		if err != nil {
			a.fail(w, r, err)
		}
	})
}

// fail answers an error.
func (a *API) fail(w http.ResponseWriter, r *http.Request, err error) {
	p := (*Problem)(nil)
	if !errors.As(err, &p) {
		if p = a.explain(err); p == nil {
			a.log.Error("admin request", "method", r.Method, "path", r.URL.Path, "error", err)
			p = &Problem{Status: http.StatusInternalServerError, Text: "the server failed to do this; its log tells why"}
		}
	}
	if p.Retry > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int((p.Retry+time.Second-1)/time.Second)))
	}
	Answer(w, p.Status, Failure{p.Text})
}

// Failure is the answer to a request that is not served.
type Failure struct {
	Error string `json:"error" doc:"one sentence for whoever asked"`
}

// Answer writes JSON.
func Answer(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false) // usage lines are full of < and >
	_ = e.Encode(v)        // the client is gone if this fails
}

// read reads the parameters of a request. Those of the query that the route does not
// know are refused: a misspelt one would be as if it were not there.
func (r Route) read(req *http.Request) (*Request, error) {
	out := &Request{Request: req, texts: map[string]string{}, numbers: map[string]int{}, moments: map[string]time.Time{}}
	query, err := url.ParseQuery(req.URL.RawQuery)
	if err != nil {
		return nil, Refuse(http.StatusBadRequest, "the query cannot be read")
	}
	for _, p := range r.Params {
		text, given := req.PathValue(p.Name), true
		if p.Query {
			text, given = query.Get(p.Name), query.Has(p.Name)
			if len(query[p.Name]) > 1 {
				return nil, Refuse(http.StatusBadRequest, "%s is there more than once", p.Name)
			}
			delete(query, p.Name)
		}
		if err := p.read(out, text, given); err != nil {
			return nil, err
		}
	}
	for name := range query {
		return nil, Refuse(http.StatusBadRequest, "unknown parameter %.40q", name)
	}
	return out, nil
}

func (p Param) read(out *Request, text string, given bool) error {
	switch {
	case !given && p.Kind == Number:
		out.numbers[p.Name] = p.Default
	case !given:
	case !utf8.ValidString(text) || len(text) > p.longest() || strings.ContainsRune(text, 0):
		return Refuse(http.StatusBadRequest, "%s must be a text of at most %d bytes", p.Name, p.longest())
	case p.Kind == Number:
		n, err := strconv.Atoi(text)
		if err != nil || n < p.Min || n > p.Max {
			return Refuse(http.StatusBadRequest, "%s=%.20q must be a number from %d to %d", p.Name, text, p.Min, p.Max)
		}
		out.numbers[p.Name] = n
	case p.Kind == Moment:
		at, err := time.Parse(time.RFC3339Nano, text)
		if err != nil {
			return Refuse(http.StatusBadRequest, "%s=%.40q must be a time such as 2026-11-21T15:04:05Z", p.Name, text)
		}
		out.moments[p.Name] = at
	default:
		out.texts[p.Name] = text
	}
	return nil
}

// longest is the bound of a parameter's text in bytes.
func (p Param) longest() int {
	if p.Kind == Text && p.Max > 0 {
		return p.Max
	}
	return maxText
}

// decode reads a body: one JSON value with known members only.
func decode(w http.ResponseWriter, r *http.Request, into any) error {
	doc, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if over := (*http.MaxBytesError)(nil); errors.As(err, &over) {
		return Refuse(http.StatusRequestEntityTooLarge, "the body is longer than %d bytes", over.Limit)
	}
	if err != nil {
		return Refuse(http.StatusBadRequest, "the body did not arrive in whole")
	}
	if !utf8.Valid(doc) {
		return Refuse(http.StatusBadRequest, "the body is not UTF-8")
	}
	if depth(doc) > maxDepth {
		return Refuse(http.StatusBadRequest, "the body is nested more than %d deep", maxDepth)
	}
	d := json.NewDecoder(bytes.NewReader(doc))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		return unreadable(err)
	}
	if _, err := d.Token(); err != io.EOF {
		return Refuse(http.StatusBadRequest, "the body must be one JSON value and nothing else")
	}
	return nil
}

// unreadable says what is wrong with a body.
func unreadable(err error) error {
	kind := (*json.UnmarshalTypeError)(nil)
	switch unknown, is := strings.CutPrefix(err.Error(), "json: unknown field "); {
	case is:
		return Refuse(http.StatusBadRequest, "unknown member %.60s", unknown)
	case errors.As(err, &kind) && kind.Field != "":
		return Refuse(http.StatusBadRequest, "%s must be a %s", kind.Field, jsonKind(kind.Type.String()))
	case errors.As(err, &kind):
		return Refuse(http.StatusBadRequest, "the body must be a JSON object")
	}
	return Refuse(http.StatusBadRequest, "the body must be JSON: %s", strings.TrimPrefix(err.Error(), "json: "))
}

// jsonKind names a Go type as JSON does.
func jsonKind(name string) string {
	switch {
	case strings.Contains(name, "int"), strings.Contains(name, "float"):
		return "number"
	case name == "bool":
		return "boolean"
	case strings.HasPrefix(name, "[]"):
		return "list"
	case strings.HasSuffix(name, "string") || strings.HasSuffix(name, "Role"):
		return "string"
	}
	return fmt.Sprintf("value of another kind (%s)", name)
}

// depth is how deep the brackets of a JSON text lie in each other.
func depth(doc []byte) int {
	now, most, quoted := 0, 0, false
	for i := 0; i < len(doc); i++ {
		switch c := doc[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '{' || c == '[':
			now++
			most = max(most, now)
		case c == '}' || c == ']':
			now--
		}
	}
	return most
}
