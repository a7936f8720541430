package livearray

import (
	"encoding/json"
	"strings"
	"unicode/utf8"
)

// Bounds of a chat message that is relayed, in bytes. What is longer is cut.
const (
	MaxChat     = 16384
	maxChatType = 64
)

// Command is a client's command on the table's channel.
type Command struct {
	Command string `json:"command"` // bootstrap is the only one that is answered
	Context string `json:"context"` // the channel
	Name    string `json:"name"`
}

// ParseCommand reads the data of a verto.broadcast on a liveArray channel; false
// when it holds no command.
func ParseCommand(data json.RawMessage) (Command, bool) {
	var in struct {
		LiveArray *Command `json:"liveArray"`
	}
	if json.Unmarshal(data, &in) != nil || in.LiveArray == nil || in.LiveArray.Command == "" {
		return Command{}, false
	}
	return *in.LiveArray, true
}

// Bootstrap reports whether the command asks for the whole table.
func (c Command) Bootstrap() bool { return c.Command == "bootstrap" }

// Chat is a chat message of a client.
type Chat struct {
	Message string // may be empty
	Type    string // "message" unless the client says otherwise
}

// ParseChat reads the data of a verto.broadcast on a chat channel; false when it
// is not to be relayed. Members of a wrong type count as absent, as with
// FreeSWITCH.
func ParseChat(data json.RawMessage) (Chat, bool) {
	var in struct {
		Action  any `json:"action"`
		Message any `json:"message"`
		Type    any `json:"type"`
	}
	if json.Unmarshal(data, &in) != nil {
		return Chat{}, false
	}
	if action, _ := in.Action.(string); !strings.EqualFold(action, "send") {
		return Chat{}, false
	}
	c := Chat{Type: "message"}
	if s, ok := in.Message.(string); ok {
		c.Message = cut(s, MaxChat)
	}
	if s, ok := in.Type.(string); ok && s != "" {
		c.Type = cut(s, maxChatType)
	}
	return c, true
}

// cut shortens s to at most n bytes of whole runes.
func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}

// Relay are the parameters of the verto.event that carries a chat message to all
// subscribers. fromDisplay and from are the sender as the server knows him, empty
// if it does not.
func (c Conference) Relay(m Chat, fromDisplay, from string) map[string]any {
	data := struct {
		Direction   string `json:"direction"`
		Message     string `json:"message,omitempty"`
		FromDisplay string `json:"fromDisplay,omitempty"`
		From        string `json:"from,omitempty"`
		Type        string `json:"type"`
	}{"outbound", m.Message, fromDisplay, from, m.Type}
	return map[string]any{"data": data, "eventChannel": c.ChatChannel()}
}
