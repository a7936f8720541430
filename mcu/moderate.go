package mcu

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/omniverto/omniverto/layouts"
	"github.com/omniverto/omniverto/mcu/room"
	"github.com/omniverto/omniverto/mcu/verto"
)

// modCommand is a moderator's command as clients send it.
type modCommand struct {
	Command    string
	ID         any
	Value      any
	MemberID   float64
	CanvasID   float64
	LayerID    float64
	Metric     float64
	Absolute   bool
	Dimensions *struct{ X, Y, W, H float64 }
}

// readCommandOf reads a moderator's command. Members of another type than they should
// have count as absent, as in FreeSWITCH; without a command there is nothing.
func readCommandOf(data json.RawMessage) (cmd modCommand, ok bool) {
	var mistyped *json.UnmarshalTypeError
	err := json.Unmarshal(data, &cmd)
	return cmd, (err == nil || errors.As(err, &mistyped)) && cmd.Command != ""
}

// moderate runs a command on the moderators' channel. The role is that of the
// sender's own member, whatever channel he was granted; who is no moderator may act
// on himself, where the command allows it, and alone hears the answer.
func (h *hosted) moderate(ctx context.Context, b verto.Broadcast) error {
	return h.moderateAs(ctx, b.Session.ID(), b.Data)
}

func (h *hosted) moderateAs(ctx context.Context, session string, data json.RawMessage) error {
	c := h.conference
	cmd, ok := readCommandOf(data)
	var later func(context.Context)
	err := h.Do(ctx, func(s *room.State) error {
		m, err := c.own(s, session)
		switch {
		case err != nil:
			return fmt.Errorf("%w: not in the room", verto.ErrDenied)
		case m.Role != room.Moderator:
			return c.self(s, m, cmd)
		case !ok:
			c.invalid()
		case cmd.Command == "list-videoLayouts":
			c.layouts(s.Canvases())
			c.structured(cmd.Command, layoutList(s.Layouts()))
		case cmd.Command == "canvasInfo":
			c.structured(cmd.Command, canvasList(s, room.MemberID(whole(max(cmd.MemberID, 0)))))
		case cmd.Command == "transfer":
			c.transfer(s, cmd)
		default:
			later = c.command(s, m, cmd)
		}
		return nil
	})
	if err == nil && later != nil {
		later(ctx)
	}
	return err
}

// own is the member as whom a session acts: not its shared screen, which has his role
// of the moment when it came.
func (c *conference) own(s *room.State, session string) (own room.Info, err error) {
	err = room.ErrNoMember
	for _, i := range s.Members() {
		if i.Session == session && (err != nil || !i.ScreenShare && !i.SecondScreen) {
			if own, err = i, nil; !i.ScreenShare && !i.SecondScreen {
				break
			}
		}
	}
	return own, err
}

// self runs a command of somebody who is no moderator on himself.
func (c *conference) self(s *room.State, m room.Info, cmd modCommand) error {
	name, words := cmd.line()
	reply, err := s.CommandAs(m.ID, name, args(words)...)
	if err != nil {
		return fmt.Errorf("%w: command %.32q", verto.ErrDenied, cmd.Command)
	}
	c.answer(m.Session, c.response(name, words, reply.Text))
	return nil
}

// command runs one text command. As with FreeSWITCH its answer goes to all who
// subscribed the moderators' channel. What is returned, if anything, has to be called
// outside of the room's goroutine and answers then.
func (c *conference) command(s *room.State, m room.Info, cmd modCommand) (later func(context.Context)) {
	name, words := cmd.line()
	run := args(words)
	if name == "vid-res-id" && len(run) == 2 && !hasReservation(s, run[0], run[1]) {
		run = []string{run[0], "clear"}
	}
	reply, err := s.CommandAs(m.ID, name, run...)
	if err != nil {
		c.invalid()
		return nil
	}
	answer := func(ctx context.Context) {
		text := reply.Text
		if reply.Later != nil {
			text += reply.Later(ctx)
		}
		c.respond(c.response(name, words, text))
	}
	switch {
	case reply.Later == nil:
		answer(context.Background()) // nothing waits
	case reply.Slow:
		s.Background(answer)
	default:
		return answer
	}
	return nil
}

// hasReservation reports whether the layout that shows a member has that reservation
// id. Clients that change the layout take an id away by giving it once more; when two
// do so, the second would give it back.
func hasReservation(s *room.State, who, id string) bool {
	m, err := s.Find(who)
	if err != nil {
		return true // the command says what is wrong
	}
	return slices.ContainsFunc(s.Canvases()[m.CanvasOf()].Layout.Images, func(im layouts.Image) bool {
		return strings.EqualFold(string(im.ReservationID), id)
	})
}

// transfer sends a member's call to another extension, as FreeSWITCH's command of that
// name does on this channel; it tells the destination instead of the command.
func (c *conference) transfer(s *room.State, cmd modCommand) {
	id, to := text(cmd.ID), append(texts(cmd.Value), "", "", "")
	if id == "" || to[0] == "" || len(strings.Join(to, " ")) > maxCommand {
		c.invalid()
		return
	}
	reply := fmt.Sprintf("-ERR No Member %s in conference %s.\n", id, c.LaName())
	if m, err := s.Find(id); err == nil {
		reply = "+OK Call transferred to " + to[0]
		if err := s.Transfer(m, room.Destination{Exten: to[0], Dialplan: to[1], Context: to[2]}); err != nil {
			reply = fmt.Sprintf("-ERR Call not transferred to %s: %v\n", to[0], err)
		}
	}
	c.respond(map[string]any{"action": "response", "conf-command": strings.Join(to[:3], " "), "response": reply})
}

// line is a command's name and its words in the order of the text command. Missing
// ones leave their place, as in FreeSWITCH, where they are usual.
func (cmd modCommand) line() (name string, words []string) {
	if camera, ok := cmd.camera(); ok {
		return "cam", camera
	}
	info, _ := room.LookUp(cmd.Command)
	name, values := strings.ToLower(cmd.Command), texts(cmd.Value)
	missing := func(n int, fill string) {
		for len(values) < n {
			values = append(values, fill)
		}
	}
	switch name {
	case "volume_in", "volume_out", "vid-res-id", "vid-floor", "vid-layer", "vid-canvas", "vid-watching-canvas", "vid-banner":
		missing(1, "")
	case "recording", "vid-layout", "vid-write-png":
		missing(1, "")
		missing(2, "all")
	}
	if info.Selector {
		words = []string{text(cmd.ID)}
	}
	return name, append(words, values...)
}

// camera turns the commands of the manual camera into words of cam.
func (cmd modCommand) camera() ([]string, bool) {
	at := []string{fmt.Sprint(whole(cmd.CanvasID)), fmt.Sprint(whole(cmd.LayerID))}
	pan := func(axis string) []string {
		how := "i"
		if cmd.Absolute {
			how = ""
		}
		return append(at, fmt.Sprintf("pan=%s:%d%s", axis, whole(cmd.Metric), how))
	}
	switch d := cmd.Dimensions; {
	case cmd.Command == "reset-layer":
		return append(at, "reset"), true
	case cmd.Command == "layer-pan-x":
		return pan("x"), true
	case cmd.Command == "layer-pan-y":
		return pan("y"), true
	case cmd.Command == "zoom-layer" && d != nil && min(d.X, d.Y, d.W, d.H) >= 0:
		zoom := fmt.Sprintf("zoom=%d:%d:%d:%d", whole(d.X), whole(d.Y), whole(d.W), whole(d.H))
		return append(at, zoom, "snap_factor=1", "zoom_factor=1"), true
	}
	return nil, false
}

// whole is a number without its fraction, the nearest one of 32 bits.
func whole(f float64) int { return int(max(math.MinInt32, min(f, math.MaxInt32))) }

// args are the words without a missing only one.
func args(words []string) []string {
	if len(words) == 1 && words[0] == "" {
		return nil
	}
	return words
}

// response is a command with what it answers.
func (c *conference) response(name string, words []string, text string) map[string]any {
	return map[string]any{"action": "response", "conf-command": c.LaName() + " " + name + " " + strings.Join(words, " "), "response": text}
}

// invalid answers what is no command.
func (c *conference) invalid() {
	c.respond(map[string]any{"action": "response", "error": "Invalid Command"})
}

func (c *conference) structured(command string, data any) {
	c.respond(map[string]any{"action": "response", "conf-command": command, "response": "OK", "responseData": data})
}

func (c *conference) respond(data map[string]any) {
	c.publish(c.ModChannel(), map[string]any{"data": data, "eventChannel": c.ModChannel()})
}

// answer tells one session alone.
func (c *conference) answer(session string, data map[string]any) {
	c.send(session, c.toModerator(session, data))
}

// text is a JSON value as a command's id; 0 and null are none.
func text(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case float64:
		if n := whole(v); n != 0 {
			return fmt.Sprint(n)
		}
	}
	return ""
}

// maxValues bounds the words of a command's value.
const maxValues = 10

// texts are the words of a value: a string, or a list of which what is no string is
// empty. Anything else is none.
func texts(v any) []string {
	list, ok := v.([]any)
	if !ok {
		if word, ok := v.(string); ok && word != "" {
			return []string{word}
		}
		return nil
	}
	var out []string
	for _, item := range list[:min(len(list), maxValues)] {
		word, _ := item.(string)
		out = append(out, word)
	}
	return out
}

// layoutEntry is one item of list-videoLayouts. Images is ours: what a picture of
// the layout is drawn from.
type layoutEntry struct {
	Type    string        `json:"type"`
	Name    string        `json:"name"`
	ResIDs  *[]string     `json:"resIDS,omitempty"`
	Images  []layoutImage `json:"images,omitempty"`
	Layouts []string      `json:"groupLayouts,omitempty"`
}

// layoutImage is an image of a layout in 360ths of the canvas.
type layoutImage struct {
	X       int    `json:"x"`
	Y       int    `json:"y"`
	Scale   int    `json:"scale"`
	HScale  int    `json:"hscale"`
	Floor   bool   `json:"floor,omitempty"`
	Overlap bool   `json:"overlap,omitempty"`
	ResID   string `json:"resID,omitempty"`
}

func layoutList(set *layouts.Set) []layoutEntry {
	var out []layoutEntry
	for _, l := range set.Layouts() {
		ids := []string{}
		e := layoutEntry{Type: "layout", Name: l.Name, ResIDs: &ids}
		for _, im := range l.Images {
			if im.ReservationID != "" {
				ids = append(ids, string(im.ReservationID))
			}
			e.Images = append(e.Images, layoutImage{
				X: im.X, Y: im.Y, Scale: im.Scale, HScale: im.HScale,
				Floor: im.Floor, Overlap: im.Overlap, ResID: string(im.ReservationID),
			})
		}
		out = append(out, e)
	}
	for _, g := range set.Groups() {
		e := layoutEntry{Type: "layoutGroup", Name: "group:" + g.Name}
		for _, l := range g.Layouts {
			e.Layouts = append(e.Layouts, l.Name)
		}
		out = append(out, e)
	}
	return out
}

// canvasList answers canvasInfo: all canvases, or a member's alone with his layer.
func canvasList(s *room.State, of room.MemberID) []map[string]any {
	layer, canvas := -1, -1
	for _, i := range s.Members() {
		if i.ID == of {
			layer, canvas = i.Layer, i.Canvas
		}
	}
	out := []map[string]any{}
	for _, v := range s.Canvases() {
		e := map[string]any{
			"canvasID": v.Canvas, "totalLayers": len(v.Layout.Images), "layersUsed": v.Used,
			"layoutFloorID": v.Layout.Floor(), "layoutName": v.Layout.Name,
		}
		switch {
		case of == 0:
			out = append(out, e)
		case v.Canvas == canvas && layer >= 0:
			e["layerID"] = layer
			out = append(out, e)
		}
	}
	return out
}
