package mcu

import (
	"context"
	"net/http"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/omniverto/omniverto/mcu/admin"
	"github.com/omniverto/omniverto/mcu/livearray"
)

// operatorName is whom a message of the API is from, unless it says otherwise; his
// user is of that name, too.
const operatorName = "Operator"

// maxOperatorName bounds a name in runes, as those of members are.
const maxOperatorName = 64

// chatEntry is a message of a room's chat.
type chatEntry struct {
	ID      int64     `json:"id" doc:"grows with every message of the room"`
	Time    time.Time `json:"time"`
	From    string    `json:"from" doc:"user@domain of who sent it"`
	Name    string    `json:"name" doc:"his name, if the server knows it"`
	FromID  uint32    `json:"fromID" doc:"his number as a member; 0: he is none"`
	Message string    `json:"message"`
	Type    string    `json:"type"`
}

// chatAsk is a message to everybody in a room.
type chatAsk struct {
	Message string `json:"message" max:"16384" doc:"shown as text"`
	Name    string `json:"name,omitempty" max:"64" doc:"whom it is from; Operator if it is left out"`
}

func (a chatAsk) check() error {
	switch {
	case strings.TrimSpace(a.Message) == "":
		return admin.Refuse(http.StatusBadRequest, "no message")
	case len(a.Message) > livearray.MaxChat:
		return admin.Refuse(http.StatusBadRequest, "the message is longer than %d bytes", livearray.MaxChat)
	case utf8.RuneCountInString(a.Name) > maxOperatorName:
		return admin.Refuse(http.StatusBadRequest, "the name is longer than %d characters", maxOperatorName)
	case strings.ContainsFunc(a.Name, func(c rune) bool { return unicode.IsControl(c) || unicode.Is(unicode.Bidi_Control, c) }):
		return admin.Refuse(http.StatusBadRequest, "the name holds characters that cannot be shown")
	}
	return nil
}

// chat answers GET /api/rooms/{room}/chat.
func (c *control) chat(r *admin.Request) (out []chatEntry, err error) {
	err = c.ask(r, func(ctx context.Context, h steered) error { out, err = h.history(ctx); return err })
	return out, err
}

// sendChat answers POST /api/rooms/{room}/chat.
func (c *control) sendChat(r *admin.Request, ask chatAsk) (out chatEntry, err error) {
	if err := ask.check(); err != nil {
		return chatEntry{}, err
	}
	if ask.Name = strings.TrimSpace(ask.Name); ask.Name == "" {
		ask.Name = operatorName
	}
	err = c.ask(r, func(ctx context.Context, h steered) error { out, err = h.say(ctx, ask.Name, ask.Message); return err })
	return out, err
}

// history tells what was said to everybody.
func (h *hosted) history(context.Context) ([]chatEntry, error) {
	c := h.conference
	c.mu.Lock()
	defer c.mu.Unlock()
	out := []chatEntry{}
	for _, m := range c.chat.history(0) {
		out = append(out, chatOf(m))
	}
	return out, nil
}

// say sends a message of whoever runs the server to everybody in the room.
func (h *hosted) say(_ context.Context, name, text string) (chatEntry, error) {
	c := h.conference
	c.mu.Lock()
	defer c.mu.Unlock()
	said := livearray.Chat{Message: text, Type: "message"}.Said(name, strings.ToLower(operatorName)+"@"+c.Domain)
	said = c.chat.keep(said)
	c.publishLocked(c.ChatChannel(), c.Relay(said))
	return chatOf(said), nil
}

func chatOf(m livearray.ChatMessage) chatEntry {
	return chatEntry{
		ID: m.ID, Time: time.UnixMilli(m.Time), From: m.From, Name: m.FromDisplay, FromID: m.FromID,
		Message: m.Message, Type: m.Type,
	}
}
