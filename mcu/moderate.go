package mcu

import (
	"context"
	"encoding/json"
	"fmt"
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

// outcome is what a command's answer is made of, outside of the room's goroutine.
type outcome struct {
	line  string
	reply room.Reply
	to    string // the session that it is for; "" all who subscribed the channel
}

// moderate runs a command on the moderators' channel. The role is that of the
// sender's own member, whatever channel he was granted; others may act on
// themselves, where the command allows it, and alone hear the answer.
func (h *hosted) moderate(ctx context.Context, b verto.Broadcast) error {
	c := h.conference
	var cmd modCommand
	malformed := json.Unmarshal(b.Data, &cmd) != nil
	var out *outcome
	err := h.Do(ctx, func(s *room.State) error {
		switch {
		case !isModerator(s, b.Session.ID()):
			var err error
			out, err = c.self(s, b.Session.ID(), cmd)
			return err
		case malformed:
			c.respond(map[string]any{"action": "response", "error": "Invalid Command"})
		case cmd.Command == "list-videoLayouts":
			c.layouts(s.Canvases())
			c.structured(cmd.Command, layoutList(s.Layouts()))
		case cmd.Command == "canvasInfo":
			c.structured(cmd.Command, canvasList(s, room.MemberID(max(cmd.MemberID, 0))))
		default:
			out = c.command(s, cmd)
		}
		return nil
	})
	if err != nil || out == nil {
		return err
	}
	text := out.reply.Text
	if out.reply.Later != nil {
		text += out.reply.Later(ctx)
	}
	data := map[string]any{"action": "response", "conf-command": out.line, "response": text}
	if out.to != "" {
		c.answer(out.to, data)
	} else {
		c.respond(data)
	}
	return nil
}

// self runs a command of somebody who is no moderator on himself.
func (c *conference) self(s *room.State, session string, cmd modCommand) (*outcome, error) {
	id, ok := c.member(s, session)
	if !ok {
		return nil, verto.ErrDenied
	}
	words := cmd.words()
	reply, allowed := s.SelfCommand(id, cmd.Command, args(words)...)
	if !allowed {
		return nil, verto.ErrDenied
	}
	return &outcome{line: c.line(cmd.Command, words), reply: reply, to: session}, nil
}

// command runs one text command. As with FreeSWITCH its answer goes to all who
// subscribed the moderators' channel; missing parts leave their space.
func (c *conference) command(s *room.State, cmd modCommand) *outcome {
	name, words := cmd.Command, cmd.words()
	if camera, ok := cmd.camera(); ok {
		name, words = "cam", camera
	}
	reply, ok := s.Command(name, args(words)...)
	if !ok {
		c.respond(map[string]any{"action": "response", "error": "Invalid Command"})
		return nil
	}
	return &outcome{line: c.line(name, words), reply: reply}
}

// words are a command's words in the order of the text command.
func (cmd modCommand) words() []string {
	words := []string{text(cmd.ID)}
	switch cmd.Command {
	case "vid-layout", "vid-write-png", "vid-fps", "vid-res", "vid-bandwidth", "vid-bgimg", "vid-fgimg", "vid-personal",
		"clear-vid-floor", "canvas-auto-clear", "cam", "auto-3d-position", "play", "stop", "pause_play", "play_status",
		"file_seek", "file-vol", "moh", "enter_sound", "exit_sound", "relate", "say", "saymember":
		words = nil // act on the room, or name their members themselves
	}
	values := texts(cmd.Value)
	if len(values) == 1 && (cmd.Command == "vid-layout" || cmd.Command == "vid-write-png") {
		values = append(values, "all")
	}
	return append(words, values...)
}

// camera turns the commands of the manual camera into words of cam.
func (cmd modCommand) camera() ([]string, bool) {
	at := []string{fmt.Sprint(int(cmd.CanvasID)), fmt.Sprint(int(cmd.LayerID))}
	pan := func(axis string) []string {
		how := "i"
		if cmd.Absolute {
			how = ""
		}
		return append(at, fmt.Sprintf("pan=%s:%d%s", axis, int(cmd.Metric), how))
	}
	switch d := cmd.Dimensions; {
	case cmd.Command == "reset-layer":
		return append(at, "reset"), true
	case cmd.Command == "layer-pan-x":
		return pan("x"), true
	case cmd.Command == "layer-pan-y":
		return pan("y"), true
	case cmd.Command == "zoom-layer" && d != nil && min(d.X, d.Y, d.W, d.H) >= 0:
		zoom := fmt.Sprintf("zoom=%d:%d:%d:%d", int(d.X), int(d.Y), int(d.W), int(d.H))
		return append(at, zoom, "snap_factor=1", "zoom_factor=1"), true
	}
	return nil, false
}

// args are the words without a missing only one.
func args(words []string) []string {
	if len(words) == 1 && words[0] == "" {
		return nil
	}
	return words
}

// line is a command as it is told with its answer.
func (c *conference) line(name string, words []string) string {
	return c.LaName() + " " + strings.ToLower(name) + " " + strings.Join(words, " ")
}

func isModerator(s *room.State, session string) bool {
	for _, i := range s.Members() {
		if i.Session == session && i.Role == room.Moderator {
			return true
		}
	}
	return false
}

func (c *conference) structured(command string, data any) {
	c.respond(map[string]any{"action": "response", "conf-command": command, "response": "OK", "responseData": data})
}

func (c *conference) respond(data map[string]any) {
	c.verto.Publish(c.ModChannel(), map[string]any{"data": data, "eventChannel": c.ModChannel()})
}

// answer tells one session alone.
func (c *conference) answer(session string, data map[string]any) {
	c.verto.SendSession(session, map[string]any{"data": data, "eventChannel": session, "modChannel": c.ModChannel()})
}

// text is a JSON value as a command's word; 0 and null are none.
func text(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case float64:
		if v != 0 {
			return fmt.Sprint(int64(v))
		}
	}
	return ""
}

// maxValues bounds the words of a command's value.
const maxValues = 10

func texts(v any) []string {
	list, ok := v.([]any)
	if !ok {
		list = []any{v}
	}
	var out []string
	for _, item := range list[:min(len(list), maxValues)] {
		if s := text(item); s != "" || ok {
			out = append(out, s)
		}
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
