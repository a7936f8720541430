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

// Command is a client's command on an array's channel.
type Command struct {
	Command string          `json:"command"` // bootstrap, hash; of an application's array also add, modify, del and clear
	Context string          `json:"context"` // the channel
	Name    string          `json:"name"`
	Key     string          `json:"hashKey"`
	Data    json.RawMessage `json:"data"` // a row
}

// ParseCommand reads the data of a verto.broadcast on an array's channel; false
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

// Hash reports whether the command asks for the table's hash.
func (c Command) Hash() bool { return c.Command == "hash" }

// Writes reports whether the command would change rows.
func (c Command) Writes() bool {
	switch c.Command {
	case "add", "modify", "del", "clear":
		return true
	}
	return false
}

// Chat is what a client asks on the chat channel.
type Chat struct {
	Message string // may be empty
	Type    string // "message" unless the client says otherwise
	To      uint32 // the member whom alone it is for, 0: everybody
	History bool   // asks for what was said before, and says nothing
}

// ParseChat reads the data of a verto.broadcast on a chat channel; false when it
// is neither to be relayed nor to be answered. Members of a wrong type count as
// absent, as with FreeSWITCH; only a receiver who is none may not become everybody.
func ParseChat(data json.RawMessage) (Chat, bool) {
	var in struct {
		Action  any `json:"action"`
		Message any `json:"message"`
		Type    any `json:"type"`
		To      any `json:"to"`
	}
	if json.Unmarshal(data, &in) != nil {
		return Chat{}, false
	}
	action, _ := in.Action.(string)
	if strings.EqualFold(action, "history") {
		return Chat{History: true}, true
	}
	if !strings.EqualFold(action, "send") {
		return Chat{}, false
	}
	c := Chat{Type: "message"}
	if s, ok := in.Message.(string); ok {
		c.Message = cut(s, MaxChat)
	}
	if s, ok := in.Type.(string); ok && s != "" {
		c.Type = cut(s, maxChatType)
	}
	var ok bool
	c.To, ok = receiver(in.To)
	return c, ok
}

// receiver reads a member's id; false for what can be none.
func receiver(v any) (uint32, bool) {
	if v == nil {
		return 0, true
	}
	n, ok := v.(float64)
	ok = ok && n >= 1 && n <= 1<<32-1 && n == float64(uint32(n))
	if !ok {
		return 0, false
	}
	return uint32(n), true
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
