package mcu

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"time"

	"github.com/google/uuid"

	"github.com/omniverto/omniverto/mcu/admin"
	"github.com/omniverto/omniverto/mcu/cdr"
	"github.com/omniverto/omniverto/mcu/directory"
	"github.com/omniverto/omniverto/mcu/room"
	"github.com/omniverto/omniverto/media"
)

// steered is what the admin API asks of a live room. Its errors are room.ErrEnded
// when the room is gone, the context's when it does not answer in time, or a
// sentence for whoever asked.
type steered interface {
	// Execute runs one line of the conference API and returns its reply.
	Execute(ctx context.Context, line string) (string, error)
	// Snapshot gives what a canvas (from 0) shows now; the caller releases it.
	Snapshot(ctx context.Context, canvas int) (*media.Picture, error)
	overview(ctx context.Context) (roomEntry, error)
	people(ctx context.Context) (here []memberEntry, atDoor []waitingEntry, err error)
	listing(ctx context.Context) (room.Listing, error)
	end(ctx context.Context) error
	history(ctx context.Context) ([]chatEntry, error)
	say(ctx context.Context, name, text string) (chatEntry, error)
}

var _ steered = (*hosted)(nil)

// records are the call detail records that the API tells of.
type records interface {
	Enabled() bool
	List(ctx context.Context, room string, before time.Time, limit int) ([]cdr.Summary, error)
	Get(id uuid.UUID) (cdr.Record, error)
}

// rows is a live array of an application.
type rows interface {
	Set(key string, value rowValue) error
	Delete(key string) error
	Clear()
	Rows() []ArrayRow
}

// control is the admin address' API. The secret has been checked before.
type control struct {
	// constant after construction
	find     func(room string) steered // nil: no such room
	all      func() []steered
	commands *apiCommands
	array    func(channel, name string) (rows, error)
	arrays   func() map[string][]string
	records  records
	sign     func(c directory.Claims, ttl time.Duration) (token string, err error)
	link     func(room, token string) string
	log      *slog.Logger
	pictures *pictureBudget

	document []byte // OpenAPI; made of the routes
}

// newControl returns the handler of /api/.
func (s *Server) newControl() http.Handler {
	c := &control{
		find: s.rooms.steered, all: s.rooms.allSteered, commands: s.apiCommands(),
		array: func(channel, name string) (rows, error) {
			a, err := s.Array(channel, name)
			if err != nil {
				return nil, err
			}
			return a, nil
		},
		arrays: s.Arrays, records: s.records, sign: s.keys.Sign, log: s.log,
		link:     func(room, token string) string { return s.links.Join(room, token) },
		pictures: newPictureBudget(),
	}
	return c.handler()
}

// steered finds a live room for the admin API; nil if there is none of that name.
func (rs *rooms) steered(name string) steered {
	if h := rs.find(name); h != nil {
		return h
	}
	return nil
}

// allSteered lists the live rooms for the admin API.
func (rs *rooms) allSteered() []steered {
	var out []steered
	for _, h := range rs.all() {
		out = append(out, h)
	}
	return out
}

func (c *control) handler() http.Handler {
	routes := c.routes()
	c.document = admin.Document(apiAbout(), routes)
	return admin.NewAPI(routes, explain, c.log)
}

// apiAbout is what the document says of the API as such.
func apiAbout() admin.About {
	return admin.About{
		Title: "Omniverto", Version: Version, Server: "http://127.0.0.1:8444",
		Description: "Control of a running server, on its admin address. Every request carries the secret of the server's " +
			"data folder: Authorization: Bearer SECRET. Bodies are JSON.",
	}
}

// explain gives an error of a room or of the server a status; nil: the server failed.
func explain(err error) *admin.Problem {
	switch {
	case errors.Is(err, room.ErrEnded):
		return &admin.Problem{Status: http.StatusNotFound, Text: "no such room"}
	case errors.Is(err, context.DeadlineExceeded):
		return &admin.Problem{Status: http.StatusServiceUnavailable, Text: "the room does not answer"}
	case errors.Is(err, context.Canceled), errors.Is(err, errClosing):
		return &admin.Problem{Status: http.StatusServiceUnavailable, Text: "the server is stopping"}
	}
	return nil
}

// room is the room that a request names.
func (c *control) room(r *admin.Request) (steered, error) {
	if h := c.find(r.Text("room")); h != nil {
		return h, nil
	}
	return nil, room.ErrEnded
}

// answerError writes {"error":…}.
func answerError(w http.ResponseWriter, status int, err error) {
	answerJSON(w, status, admin.Failure{Error: err.Error()})
}

func answerJSON(w http.ResponseWriter, status int, v any) { admin.Answer(w, status, v) }
