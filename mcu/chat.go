package mcu

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/omniverto/omniverto/mcu/livearray"
	"github.com/omniverto/omniverto/mcu/room"
	"github.com/omniverto/omniverto/mcu/verto"
)

// Bounds of chat.
const (
	keptChat      = 200       // messages to everybody, for who comes later; and as many private ones
	keptChatBytes = 256 << 10 // of the texts of either
	chatBurst     = 20        // that a session may send one after the other
	chatRate      = 5         // and then a second
)

// chat is what was said in a conference. It is guarded by its owner's mu.
type chat struct {
	last            int64 // id of the newest message
	public, private chatLog
	limits          map[string]*allowance // by session
}

func newChat() chat { return chat{limits: make(map[string]*allowance)} }

// chatLog keeps the newest messages.
type chatLog struct {
	messages []livearray.ChatMessage
	bytes    int
}

func size(m livearray.ChatMessage) int {
	return len(m.Message) + len(m.FromDisplay) + len(m.From) + len(m.Type)
}

func (l *chatLog) add(m livearray.ChatMessage) {
	l.messages = append(l.messages, m)
	l.bytes += size(m)
	n := 0
	for len(l.messages)-n > keptChat || l.bytes > keptChatBytes {
		l.bytes -= size(l.messages[n])
		n++
	}
	l.messages = slices.Delete(l.messages, 0, n)
}

// allowance limits how often something may be done: burst times at once, then rate
// times a second. The zero value is full.
type allowance struct {
	used float64
	last time.Time
}

func (a *allowance) take(now time.Time, burst, rate float64) bool {
	a.used = max(a.used-now.Sub(a.last).Seconds()*rate, 0)
	a.last = now
	if a.used+1 > burst {
		return false
	}
	a.used++
	return true
}

// maxLimits bounds the sessions whose allowance is known.
const maxLimits = 4096

// allowed counts one message of a session.
func (t *chat) allowed(session string) bool {
	a := t.limits[session]
	if a == nil {
		if len(t.limits) >= maxLimits {
			clear(t.limits)
		}
		a = &allowance{}
		t.limits[session] = a
	}
	return a.take(time.Now(), chatBurst, chatRate)
}

// keep gives a message its number and time and remembers it.
func (t *chat) keep(m livearray.ChatMessage) livearray.ChatMessage {
	t.last++
	m.ID, m.Time = t.last, time.Now().UnixMilli()
	if m.Private {
		t.private.add(m)
	} else {
		t.public.add(m)
	}
	return m
}

// history is what a member may read of it, 0 for nobody.
func (t *chat) history(reader room.MemberID) []livearray.ChatMessage {
	out := slices.Clone(t.public.messages)
	for _, m := range t.private.messages {
		if id := uint32(reader); id != 0 && (m.FromID == id || m.To == id) {
			out = append(out, m)
		}
	}
	slices.SortFunc(out, func(a, b livearray.ChatMessage) int { return int(a.ID - b.ID) })
	return out
}

// sender is who sends a message, as the server knows him.
type sender struct{ session, user, name string }

// say does what a client asks on the chat channel. Viewers may: they are in the
// room to be met.
func (c *conference) say(m livearray.Chat, by sender) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	from, _ := c.memberLocked(by.session)
	var err error
	switch {
	case !c.chat.allowed(by.session):
		err = c.refuseLocked(by.session, "rate", "Too many messages, wait a moment.")
	case m.History:
		c.sendLocked(by.session, c.ToOne(livearray.History(c.chat.history(from)), by.session))
	case m.To == 0:
		c.publishLocked(c.ChatChannel(), c.Relay(c.chat.keep(c.saidLocked(m, by, from))))
	case from == 0 || !c.whisperLocked(m, by, from):
		err = c.refuseLocked(by.session, "to", "The receiver of the private message is not here.")
	}
	return err
}

// refuseLocked tells a sender that his message went nowhere, and returns why.
func (c *conference) refuseLocked(session, reason, text string) error {
	c.sendLocked(session, c.ToOne(livearray.ChatRefused(reason, text), session))
	return fmt.Errorf("%w: chat: %s", verto.ErrDenied, text)
}

// saidLocked is a message with its sender's name, which a moderator or he himself may
// have changed.
func (c *conference) saidLocked(m livearray.Chat, by sender, from room.MemberID) livearray.ChatMessage {
	if p := c.people[from]; p != nil && p.renamed {
		by.name = p.Name
	}
	said := m.Said(by.name, by.user)
	said.FromID = uint32(from)
	return said
}

// whisperLocked sends a private message to its receiver, and back to its sender;
// false when the receiver cannot read it.
func (c *conference) whisperLocked(m livearray.Chat, by sender, from room.MemberID) bool {
	to := c.people[room.MemberID(m.To)]
	if to == nil || to.Session == "" || to.Detached || to.ID == from {
		return false
	}
	said := c.chat.keep(c.saidLocked(m, by, from))
	c.sendLocked(to.Session, c.ToOne(said, to.Session))
	if by.session != to.Session {
		c.sendLocked(by.session, c.ToOne(said, by.session))
	}
	return true
}

// savedChat is a chat as it outlives the server.
type savedChat struct {
	Last    int64                   `json:"last"`
	Public  []livearray.ChatMessage `json:"public"`
	Private []livearray.ChatMessage `json:"private"`
}

// save tells what was said, for restore.
func (c *conference) save() json.RawMessage {
	c.mu.Lock()
	defer c.mu.Unlock()
	data, err := json.Marshal(savedChat{c.chat.last, c.chat.public.messages, c.chat.private.messages})
	if err != nil {
		return nil // of strings and numbers: cannot be
	}
	return data
}

// restore brings back what was said before a restart.
func (c *conference) restore(data json.RawMessage) error {
	if len(data) == 0 {
		return nil
	}
	var saved savedChat
	if err := json.Unmarshal(data, &saved); err != nil {
		return fmt.Errorf("mcu: restore chat: %w", err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.chat.last = max(c.chat.last, saved.Last)
	for _, m := range saved.Public {
		c.chat.public.add(m)
	}
	for _, m := range saved.Private {
		c.chat.private.add(m)
	}
	return nil
}

// relay takes a verto.info message to the conference. As with FreeSWITCH it goes to
// the members as such a message, and not to the chat channel; where the profile
// turns that off, only the question for the list of members is answered. Who is not
// in the room reads what he would read if there were none.
func (h *hosted) relay(m verto.Message) {
	h.conference.relay(sender{session: m.Session.ID(), user: m.From}, m.To, m.Body)
}

func (c *conference) relay(by sender, to, text string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case len(c.legs[by.session]) == 0:
		notActive(c.verto, by, to)
	case !c.chat.allowed(by.session):
		_ = c.refuseLocked(by.session, "rate", "Too many messages, wait a moment.") // told; nobody else waits for it
	case !c.profile.NoChat:
		c.spreadLocked(by, text)
	case strings.Contains(text, "list"):
		c.verto.SendInfo(by.session, infoMessage{From: c.Entity(), To: by.user, Body: c.listLocked()})
	}
}

// spreadLocked sends a text to the clients of all members.
func (c *conference) spreadLocked(by sender, text string) {
	user, host, _ := strings.Cut(by.user, "@")
	told := make(map[string]bool)
	for _, p := range c.sortedLocked() {
		if p.Session == "" || p.Detached || told[p.Session] {
			continue
		}
		told[p.Session] = true
		c.verto.SendInfo(p.Session, infoMessage{
			From: by.user, To: p.User, Body: text, FromUser: user, FromHost: host, FromFull: user,
		})
	}
}

// infoMessage is the msg of a verto.info.
type infoMessage struct {
	From     string `json:"from"`
	To       string `json:"to"`
	Body     string `json:"body"`
	FromUser string `json:"from_user,omitempty"`
	FromHost string `json:"from_host,omitempty"`
	FromFull string `json:"from_full,omitempty"`
}

// notActive answers a message to a conference that there is not.
func notActive(v clients, by sender, to string) {
	name := strings.TrimPrefix(to, "conf+")
	if _, domain, ok := strings.Cut(by.user, "@"); ok && !strings.Contains(name, "@") {
		name += "@" + domain
	}
	v.SendInfo(by.session, infoMessage{From: name, To: by.user, Body: "Conference not active."})
}

// listLocked is FreeSWITCH's text of the members: a line each.
func (c *conference) listLocked() string {
	var b strings.Builder
	for _, p := range c.sortedLocked() {
		fmt.Fprintf(&b, "%d) %s (%s)\n", p.ID, p.Name, p.Number)
	}
	return b.String()
}

// sortedLocked are the members in the order of their ids.
func (c *conference) sortedLocked() []*person {
	out := make([]*person, 0, len(c.people))
	for _, p := range c.people {
		out = append(out, p)
	}
	slices.SortFunc(out, func(a, b *person) int { return int(a.ID) - int(b.ID) })
	return out
}
