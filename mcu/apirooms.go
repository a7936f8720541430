package mcu

import (
	"cmp"
	"context"
	"errors"
	"image/png"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/omniverto/omniverto/mcu/admin"
	"github.com/omniverto/omniverto/mcu/room"
	"github.com/omniverto/omniverto/mixer/pixel"
)

// maxCommand bounds a command line in bytes. Words are few and texts short: a
// banner has at most 512 bytes.
const maxCommand = 8 << 10

// maxCanvasNumber is the last canvas that can be asked for: the super canvas after
// the most others.
const maxCanvasNumber = room.MaxCanvases + 1

// Bounds of the pictures that the API gives: they are for people who look, and each
// takes tens of milliseconds of a processor.
const (
	picturesAtOnce  = 2
	picturesBurst   = 10
	picturesASecond = 5
)

// roomEntry is a room in GET /api/rooms.
type roomEntry struct {
	Name          string        `json:"name"`
	Domain        string        `json:"domain"`
	UUID          string        `json:"uuid"`
	Profile       string        `json:"profile"`
	Started       time.Time     `json:"started"`
	Members       int           `json:"members" doc:"ghosts and second screens included"`
	Ghosts        int           `json:"ghosts" doc:"members who are not counted in lists"`
	MaxMembers    int           `json:"maxMembers" doc:"0: no limit"`
	Waiting       int           `json:"waiting" doc:"at the door, for a PIN or to be let in"`
	Locked        bool          `json:"locked"`
	NeedsPIN      bool          `json:"needsPIN"`
	Lobby         bool          `json:"lobby" doc:"who comes waits until a moderator lets him in"`
	WaitModerator bool          `json:"waitModerator" doc:"nobody is heard before a moderator is there"`
	Recording     bool          `json:"recording"`
	Canvases      []canvasEntry `json:"canvases"`
}

type canvasEntry struct {
	ID     int    `json:"id" doc:"from 1, as in commands"`
	Super  bool   `json:"super,omitempty" doc:"shows all others"`
	Width  int    `json:"width" doc:"pixels"`
	Height int    `json:"height" doc:"pixels"`
	FPS    int    `json:"fps"`
	Layout string `json:"layout"`
	Used   int    `json:"used" doc:"layers with somebody in them"`
}

// roomDetails is a room with its people.
type roomDetails struct {
	roomEntry
	People []memberEntry  `json:"people" doc:"the members, in the order in which they came"`
	AtDoor []waitingEntry `json:"atDoor" doc:"those who wait, the longest waiting first"`
}

// memberEntry is a member of a room.
type memberEntry struct {
	ID            uint32            `json:"id" doc:"as in commands"`
	CallID        string            `json:"callID"`
	User          string            `json:"user" doc:"user@domain"`
	Name          string            `json:"name"`
	Number        string            `json:"number"`
	Role          string            `json:"role" enum:"moderator,participant,viewer"`
	Joined        time.Time         `json:"joined"`
	Muted         bool              `json:"muted"`
	Deaf          bool              `json:"deaf"`
	VideoMuted    bool              `json:"videoMuted"`
	HasAudio      bool              `json:"hasAudio" doc:"sends sound"`
	HasVideo      bool              `json:"hasVideo" doc:"sends pictures"`
	Talking       bool              `json:"talking"`
	LastTalking   *time.Time        `json:"lastTalking,omitempty" doc:"absent: never"`
	Floor         bool              `json:"floor" doc:"has the floor of sound"`
	VideoFloor    bool              `json:"videoFloor"`
	Hold          bool              `json:"hold" doc:"put on hold by a command"`
	CallHold      bool              `json:"callHold" doc:"put his call on hold himself"`
	Detached      bool              `json:"detached" doc:"his media is gone and he may come back"`
	Hand          *time.Time        `json:"hand,omitempty" doc:"when he raised it; absent: it is down"`
	Quality       string            `json:"quality" enum:"unknown,bad,poor,good" doc:"of his connection"`
	Ghost         bool              `json:"ghost" doc:"is not counted"`
	Outbound      bool              `json:"outbound" doc:"the conference called him"`
	ScreenShare   bool              `json:"screenShare" doc:"a shared screen"`
	SecondScreen  bool              `json:"secondScreen" doc:"sees only, and is in no roster"`
	Canvas        int               `json:"canvas" doc:"that shows him, from 1"`
	Layer         int               `json:"layer" doc:"his place on it, from 1; 0: none"`
	Watching      int               `json:"watching" doc:"the canvas that he watches, from 1; 0: his personal one"`
	ReservationID string            `json:"reservationID,omitempty"`
	RoleID        string            `json:"roleID,omitempty"`
	Energy        int               `json:"energy" doc:"how loud he must be to be heard"`
	VolumeIn      int               `json:"volumeIn" doc:"of his voice, -4 to 4"`
	VolumeOut     int               `json:"volumeOut" doc:"of what he hears, -4 to 4"`
	Codec         string            `json:"codec" doc:"of his sound"`
	UserVariables map[string]string `json:"userVariables,omitempty" doc:"what his client says of him; nothing that gives a right"`
}

// waitingEntry is somebody at a room's door.
type waitingEntry struct {
	ID     uint32    `json:"id" doc:"as in the commands admit and deny"`
	CallID string    `json:"callID"`
	User   string    `json:"user" doc:"user@domain"`
	Name   string    `json:"name"`
	Number string    `json:"number"`
	Since  time.Time `json:"since"`
	For    string    `json:"for" enum:"pin,admission"`
	Tries  int       `json:"tries" doc:"wrong PINs that he gave"`
}

// list answers GET /api/rooms.
func (c *control) list(r *admin.Request) ([]roomEntry, error) {
	ctx, cancel := context.WithTimeout(r.Context(), roomPatience)
	defer cancel()
	out := []roomEntry{}
	for _, h := range c.all() {
		e, err := h.overview(ctx)
		if errors.Is(err, room.ErrEnded) {
			continue
		}
		if err != nil {
			return nil, err
		}
		out = append(out, e)
	}
	slices.SortFunc(out, func(a, b roomEntry) int { return cmp.Compare(a.Name, b.Name) })
	return out, nil
}

// one answers GET /api/rooms/{room}.
func (c *control) one(r *admin.Request) (out roomDetails, err error) {
	err = c.ask(r, func(ctx context.Context, h steered) error {
		if out.roomEntry, err = h.overview(ctx); err != nil {
			return err
		}
		out.People, out.AtDoor, err = h.people(ctx)
		return err
	})
	return out, err
}

func (c *control) members(r *admin.Request) (out []memberEntry, err error) {
	err = c.ask(r, func(ctx context.Context, h steered) error { out, _, err = h.people(ctx); return err })
	return out, err
}

func (c *control) waiting(r *admin.Request) (out []waitingEntry, err error) {
	err = c.ask(r, func(ctx context.Context, h steered) error { _, out, err = h.people(ctx); return err })
	return out, err
}

// endRoom answers DELETE /api/rooms/{room}.
func (c *control) endRoom(r *admin.Request) error {
	c.log.Info("the operator ends a room", "room", r.Text("room"))
	return c.ask(r, func(ctx context.Context, h steered) error { return h.end(ctx) })
}

// ask asks the room that a request names, which has not for ever to answer.
func (c *control) ask(r *admin.Request, f func(ctx context.Context, h steered) error) error {
	h, err := c.room(r)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(r.Context(), roomPatience)
	defer cancel()
	return f(ctx, h)
}

// commandAsk is a command.
type commandAsk struct {
	Command string `json:"command" max:"8192" doc:"words; single quotes make one word of several"`
}

func (a commandAsk) check() error {
	switch {
	case a.Command == "":
		return admin.Refuse(http.StatusBadRequest, "no command")
	case len(a.Command) > maxCommand:
		return admin.Refuse(http.StatusBadRequest, "the command is longer than %d bytes", maxCommand)
	}
	return nil
}

// commandReply is what a command says.
type commandReply struct {
	Reply  string `json:"reply" doc:"as FreeSWITCH says it"`
	status int
}

// HTTPStatus is 404 when nothing was there to run the command.
func (c commandReply) HTTPStatus() int { return c.status }

// command answers POST /api/rooms/{room}/command. An unknown room has the reply of
// FreeSWITCH's conference API, so that scripts see one kind of text.
func (c *control) command(r *admin.Request, ask commandAsk) (commandReply, error) {
	if err := ask.check(); err != nil {
		return commandReply{}, err
	}
	name := r.Text("room")
	reply, found, err := c.commands.inRoom(r.Context(), name, room.Split(ask.Command))
	if err == nil && !found {
		return commandReply{notFound(name), http.StatusNotFound}, nil
	}
	return commandReply{Reply: reply}, err
}

// snapshot answers GET /api/rooms/{room}/snapshot.png: what a canvas shows now.
func (c *control) snapshot(w http.ResponseWriter, r *admin.Request) error {
	h, err := c.room(r)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(r.Context(), roomPatience)
	defer cancel()
	done, err := c.pictures.take(ctx, time.Now())
	if err != nil {
		return err
	}
	defer done()
	p, err := h.Snapshot(ctx, r.Number("canvas")-1)
	if errors.Is(err, room.ErrNoCanvas) {
		return admin.Refuse(http.StatusNotFound, "no canvas %d", r.Number("canvas"))
	}
	if err != nil {
		return err
	}
	img := pixel.ToImage(p)
	p.Release() // before a slow client: it is one of the canvas' few buffers
	w.Header().Set("Content-Type", "image/png")
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	// A client that does not read shall not keep others from their pictures.
	_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(roomPatience))
	// Fast rather than small: it is asked for by a person on this machine.
	_ = (&png.Encoder{CompressionLevel: png.BestSpeed}).Encode(w, img)
	return nil
}

// pictureBudget bounds how many pictures are made at once, and how often.
type pictureBudget struct {
	slots chan struct{}

	mu    sync.Mutex
	spent time.Time // guarded by mu; until when the burst is not whole again
}

func newPictureBudget() *pictureBudget {
	return &pictureBudget{slots: make(chan struct{}, picturesAtOnce)}
}

// take waits for a slot, which done gives back.
func (a *pictureBudget) take(ctx context.Context, now time.Time) (done func(), err error) {
	if !a.spend(now) {
		return nil, &admin.Problem{Status: http.StatusTooManyRequests, Retry: time.Second,
			Text: "too many pictures are asked for; wait a second"}
	}
	select {
	case a.slots <- struct{}{}:
		return func() { <-a.slots }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// spend takes one of a burst, of which a further one comes back picturesASecond
// times a second.
func (a *pictureBudget) spend(now time.Time) bool {
	const each = time.Second / picturesASecond
	a.mu.Lock()
	defer a.mu.Unlock()
	spent := a.spent
	if spent.Before(now) {
		spent = now
	}
	if spent = spent.Add(each); spent.Sub(now) > picturesBurst*each {
		return false
	}
	a.spent = spent
	return true
}
