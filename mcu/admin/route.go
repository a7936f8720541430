package admin

import (
	"fmt"
	"net/http"
	"reflect"
	"time"
)

// Route is one request that an API answers: how it is served and what the API's
// document says of it. The functions Read, Write, Remove and Stream make one.
type Route struct {
	Method string
	Path   string // as http.ServeMux has it: /api/rooms/{room}
	Name   string // the document's operationId, such as listRooms
	Tag    string // the heading under which it stands
	Does   string // one sentence
	Status int    // of success
	Params []Param
	// Also are further statuses that are answered with an Answer of the same type.
	Also map[int]string
	// Fails are statuses that are answered with {"error":…}, and when. Those of
	// every route need not be named: 400, 401, 403, 500, and with a body 413 and 415.
	Fails map[int]string

	ask, answer reflect.Type // of the bodies; nil: none
	media       string       // of the answer; "" JSON
	serve       func(w http.ResponseWriter, r *Request) error
}

// Param is a parameter of a route's path or query.
type Param struct {
	Name  string
	About string
	Query bool // of the query, and may be left out; else it is part of the path
	Kind  Kind
	// Default stands for a number that is left out. Min and Max bound a number, and Max
	// the bytes of a text; 0: 512.
	Default, Min, Max int
}

// Kind is what a parameter holds.
type Kind uint8

// The kinds.
const (
	Text   Kind = iota
	Number      // a whole one
	Moment      // a time as in RFC 3339
)

// maxText bounds a parameter that names no bound of its own.
const maxText = 512

// Request is a request whose parameters have been read as the route declares them.
type Request struct {
	*http.Request
	texts   map[string]string
	numbers map[string]int
	moments map[string]time.Time
}

// Text is a parameter, "" for one that was left out.
func (r *Request) Text(name string) string { return r.texts[name] }

// Number is a parameter, or its default.
func (r *Request) Number(name string) int { return r.numbers[name] }

// Moment is a parameter, the zero time for one that was left out.
func (r *Request) Moment(name string) time.Time { return r.moments[name] }

// Problem is why a request is not served: a status and a sentence for whoever asked.
type Problem struct {
	Status int
	Text   string
	Retry  time.Duration // when it may be tried again; 0: nothing is said
}

// Error implements error.
func (p *Problem) Error() string { return p.Text }

// Refuse makes a Problem.
func Refuse(status int, format string, args ...any) error {
	return &Problem{Status: status, Text: fmt.Sprintf(format, args...)}
}

// WithStatus is an optional power of an answer: a status other than the route's, one
// of Also.
type WithStatus interface{ HTTPStatus() int }

// Read is a route that tells something, by GET.
func Read[A any](path string, f func(r *Request) (A, error)) Route {
	return Route{
		Method: http.MethodGet, Path: path, Status: http.StatusOK, answer: reflect.TypeFor[A](),
		serve: func(w http.ResponseWriter, r *Request) error {
			a, err := f(r)
			return reply(w, http.StatusOK, a, err)
		},
	}
}

// Write is a route that takes a body of type Q by POST or PUT.
func Write[Q, A any](method, path string, status int, f func(r *Request, ask Q) (A, error)) Route {
	return Route{
		Method: method, Path: path, Status: status, ask: reflect.TypeFor[Q](), answer: reflect.TypeFor[A](),
		serve: func(w http.ResponseWriter, r *Request) error {
			var ask Q
			if err := decode(w, r.Request, &ask); err != nil {
				return err
			}
			a, err := f(r, ask)
			return reply(w, status, a, err)
		},
	}
}

// Remove is a route that ends something, by DELETE; it has no bodies.
func Remove(path string, f func(r *Request) error) Route {
	return Route{
		Method: http.MethodDelete, Path: path, Status: http.StatusNoContent,
		serve: func(w http.ResponseWriter, r *Request) error {
			if r.ContentLength != 0 {
				return Refuse(http.StatusBadRequest, "there is no body to this request")
			}
			if err := f(r); err != nil {
				return err
			}
			w.Header().Set("Cache-Control", "no-store")
			w.WriteHeader(http.StatusNoContent)
			return nil
		},
	}
}

// Stream is a route that answers something else than JSON by GET. f sets no status;
// once it has written, its error is lost.
func Stream(path, media string, f func(w http.ResponseWriter, r *Request) error) Route {
	return Route{
		Method: http.MethodGet, Path: path, Status: http.StatusOK, media: media,
		serve: func(w http.ResponseWriter, r *Request) error { return f(w, r) },
	}
}

// Nothing is the answer of a Write that has none: an empty object.
type Nothing struct{}

func reply(w http.ResponseWriter, status int, answer any, err error) error {
	if err != nil {
		return err
	}
	if s, ok := answer.(WithStatus); ok && s.HTTPStatus() != 0 {
		status = s.HTTPStatus()
	}
	Answer(w, status, answer)
	return nil
}
