package mcu

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"image/png"
	"net/http"
	"slices"
	"strconv"

	"github.com/omniverto/omniverto/mcu/room"
	"github.com/omniverto/omniverto/media"
	"github.com/omniverto/omniverto/mixer/pixel"
)

// maxCommand bounds a command line in bytes. Words are few and texts short: a
// banner has at most 512 bytes.
const maxCommand = 8 << 10

// steered is what the admin API asks of a live room. Its errors are room.ErrEnded
// when the room is gone, the context's when it does not answer in time, or a
// sentence for whoever asked.
type steered interface {
	// Execute runs one line of the conference API and returns its reply.
	Execute(ctx context.Context, line string) (string, error)
	// Snapshot gives what a canvas (from 0) shows now; the caller releases it.
	Snapshot(ctx context.Context, canvas int) (*media.Picture, error)
	overview(ctx context.Context) (roomEntry, error)
}

var _ steered = (*hosted)(nil)

// roomEntry is a room in GET /api/rooms.
type roomEntry struct {
	Name     string        `json:"name"`
	Domain   string        `json:"domain"`
	Members  int           `json:"members"`
	Canvases []canvasEntry `json:"canvases"`
}

type canvasEntry struct {
	ID     int    `json:"id"`              // from 1, as in commands
	Super  bool   `json:"super,omitempty"` // shows all others
	Width  int    `json:"width"`
	Height int    `json:"height"`
	FPS    int    `json:"fps"`
	Layout string `json:"layout"`
	Used   int    `json:"used"` // layers with somebody in them
}

// control is the admin address' API. The secret has been checked before.
type control struct {
	find func(room string) steered // nil: no such room
	all  func() []steered
}

// newControl returns the handler of /api/ for the rooms.
func newControl(rs *rooms) http.Handler {
	c := &control{
		find: func(name string) steered {
			if h := rs.find(name); h != nil {
				return h
			}
			return nil
		},
		all: func() []steered {
			var out []steered
			for _, h := range rs.all() {
				out = append(out, h)
			}
			return out
		},
	}
	return c.handler()
}

func (c *control) handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /api/rooms", c.list)
	mux.HandleFunc("POST /api/rooms/{room}/command", c.command)
	mux.HandleFunc("GET /api/rooms/{room}/snapshot.png", c.snapshot)
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		answerError(w, http.StatusNotFound, errors.New("no such address"))
	})
	return mux
}

// list answers GET /api/rooms.
func (c *control) list(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), roomPatience)
	defer cancel()
	out := []roomEntry{}
	for _, h := range c.all() {
		e, err := h.overview(ctx)
		if errors.Is(err, room.ErrEnded) {
			continue
		}
		if err != nil {
			answerError(w, statusOf(err), err)
			return
		}
		out = append(out, e)
	}
	slices.SortFunc(out, func(a, b roomEntry) int { return cmp.Compare(a.Name, b.Name) })
	answerJSON(w, http.StatusOK, out)
}

// command answers POST /api/rooms/{room}/command. An unknown room has the reply of
// FreeSWITCH's conference API, so that scripts see one kind of text.
func (c *control) command(w http.ResponseWriter, r *http.Request) {
	line, err := readCommand(w, r)
	if err != nil {
		answerError(w, http.StatusBadRequest, err)
		return
	}
	name := r.PathValue("room")
	reply, err := "", error(room.ErrEnded)
	if h := c.find(name); h != nil {
		ctx, cancel := context.WithTimeout(r.Context(), roomPatience)
		defer cancel()
		reply, err = h.Execute(ctx, line)
	}
	status := http.StatusOK
	if errors.Is(err, room.ErrEnded) {
		reply, err = fmt.Sprintf("-ERR Conference %s not found\n", name), nil
		status = http.StatusNotFound
	}
	if err != nil {
		answerError(w, statusOf(err), err)
		return
	}
	answerJSON(w, status, map[string]string{"reply": reply})
}

// readCommand takes the command out of a body; the admin handler has bounded that.
func readCommand(w http.ResponseWriter, r *http.Request) (string, error) {
	var ask struct {
		Command *string `json:"command"`
	}
	// A line of maxCommand bytes in JSON is at most six times as long (\u0000).
	d := json.NewDecoder(http.MaxBytesReader(w, r.Body, 6*maxCommand+1024))
	switch err := d.Decode(&ask); {
	case err != nil || d.More():
		return "", errors.New(`the body must be JSON: {"command":"vid-layout 2x2"}`)
	case ask.Command == nil || *ask.Command == "":
		return "", errors.New("no command")
	case len(*ask.Command) > maxCommand:
		return "", fmt.Errorf("the command is longer than %d bytes", maxCommand)
	}
	return *ask.Command, nil
}

// snapshot answers GET /api/rooms/{room}/snapshot.png: what a canvas shows now.
func (c *control) snapshot(w http.ResponseWriter, r *http.Request) {
	n := 1
	if text := r.URL.Query().Get("canvas"); text != "" {
		var err error
		if n, err = strconv.Atoi(text); err != nil || n < 1 {
			answerError(w, http.StatusBadRequest, fmt.Errorf("canvas=%.20q: canvases count from 1", text))
			return
		}
	}
	h := c.find(r.PathValue("room"))
	if h == nil {
		answerError(w, http.StatusNotFound, errors.New("no such room"))
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), roomPatience)
	defer cancel()
	p, err := h.Snapshot(ctx, n-1)
	switch {
	case err == nil:
	case errors.Is(err, room.ErrEnded):
		answerError(w, http.StatusNotFound, errors.New("no such room"))
		return
	case errors.Is(err, room.ErrNoCanvas):
		answerError(w, http.StatusNotFound, fmt.Errorf("no canvas %d", n))
		return
	default:
		answerError(w, statusOf(err), err)
		return
	}
	img := pixel.ToImage(p)
	p.Release() // before a slow client: it is one of the canvas' few buffers
	w.Header().Set("Content-Type", "image/png")
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	// Fast rather than small: it is asked for by a person on this machine.
	_ = (&png.Encoder{CompressionLevel: png.BestSpeed}).Encode(w, img)
}

// statusOf gives an error of a room its HTTP status.
func statusOf(err error) int {
	if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) || errors.Is(err, errClosing) {
		return http.StatusServiceUnavailable
	}
	return http.StatusInternalServerError
}

// answerError writes {"error":…}.
func answerError(w http.ResponseWriter, status int, err error) {
	text := err.Error()
	if errors.Is(err, context.DeadlineExceeded) {
		text = "the room does not answer"
	}
	answerJSON(w, status, map[string]string{"error": text})
}

func answerJSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false) // usage lines are full of < and >
	_ = e.Encode(v)        // the client is gone if this fails
}
