package livearray

// ChatMessage is a message as it is relayed and kept. What FreeSWITCH does not
// tell is left out when it is zero: ID, Time, FromID, To.
type ChatMessage struct {
	Direction   string `json:"direction"`
	Message     string `json:"message,omitempty"`
	FromDisplay string `json:"fromDisplay,omitempty"` // the sender as the server knows him, "" if it does not
	From        string `json:"from,omitempty"`        // his user@domain
	Type        string `json:"type"`
	ID          int64  `json:"id,omitempty"`     // grows with every message of the conference
	Time        int64  `json:"time,omitempty"`   // Unix ms
	FromID      uint32 `json:"fromID,omitempty"` // the sender's member
	Private     bool   `json:"private,omitempty"`
	To          uint32 `json:"to,omitempty"` // the member whom a private one is for
}

// Said is the message that a chat becomes.
func (m Chat) Said(fromDisplay, from string) ChatMessage {
	return ChatMessage{
		Direction: "outbound", Message: m.Message, FromDisplay: fromDisplay, From: from, Type: m.Type,
		Private: m.To != 0, To: m.To,
	}
}

// Relay are the parameters of the verto.event that carries a chat message to all
// subscribers.
func (c Conference) Relay(m ChatMessage) map[string]any {
	return map[string]any{"data": m, "eventChannel": c.ChatChannel()}
}

// ToOne are the parameters of the verto.event that carries something on the chat
// channel to one session alone.
func (c Conference) ToOne(data any, sessid string) map[string]any {
	return map[string]any{"data": data, "eventChannel": c.ChatChannel(), "sessid": sessid}
}

// History answers the question for what was said before.
func History(messages []ChatMessage) any {
	return struct {
		Action   string        `json:"action"`
		Messages []ChatMessage `json:"messages"`
	}{"history", append([]ChatMessage{}, messages...)}
}

// ChatRefused tells a sender that his message went nowhere: reason is rate or to.
func ChatRefused(reason, text string) any {
	return struct {
		Action  string `json:"action"`
		Reason  string `json:"reason"`
		Message string `json:"message"`
	}{"refused", reason, text}
}
