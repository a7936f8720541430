package mcu

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/omniverto/omniverto/mcu/livearray"
	"github.com/omniverto/omniverto/mcu/room"
)

// speaks is a member as sender.
func speaks(name string) sender { return sender{name, name + "@example.com", name} }

// chatRoom is a conference with members who subscribed the chat.
func chatRoom(t *testing.T, names ...string) (*conference, *loopback) {
	c, w := testConference(t, room.Profile{})
	for i, name := range names {
		w.connect(name, testChat)
		c.MemberJoined(attendee(room.MemberID(i+1), name), nil)
	}
	for _, name := range names {
		w.take(name)
	}
	return c, w
}

func words(text string) livearray.Chat { return livearray.Chat{Message: text, Type: "message"} }

func messages(t *testing.T, got []sent) []livearray.ChatMessage {
	t.Helper()
	var out []livearray.ChatMessage
	for _, s := range got {
		var m livearray.ChatMessage
		if err := json.Unmarshal(s.Data, &m); err != nil {
			t.Fatalf("%s: %v", s.raw, err)
		}
		out = append(out, m)
	}
	return out
}

// history asks as a client does.
func history(t *testing.T, c *conference, w *loopback, name string) []livearray.ChatMessage {
	t.Helper()
	w.take(name)
	if err := c.say(livearray.Chat{History: true}, speaks(name)); err != nil {
		t.Fatal(err)
	}
	var d struct {
		Action   string
		Messages []livearray.ChatMessage
	}
	got := w.take(name)
	if len(got) != 1 || json.Unmarshal(got[0].Data, &d) != nil || d.Action != "history" || got[0].EventChannel != testChat {
		t.Fatalf("%s asked for the history and got %+v", name, got)
	}
	return d.Messages
}

func said(ms []livearray.ChatMessage) string {
	var out []string
	for _, m := range ms {
		out = append(out, m.Message)
	}
	return strings.Join(out, ",")
}

func TestChatReachesEverybody(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, w := chatRoom(t, "ada", "bob")
		if err := c.say(words("hello"), speaks("ada")); err != nil {
			t.Fatal(err)
		}
		now := time.Now().UnixMilli()
		want := fmt.Sprintf(`{"direction":"outbound","message":"hello","fromDisplay":"ada","from":"ada@example.com","type":"message","id":1,"time":%d,"fromID":1}`, now)
		for _, name := range []string{"ada", "bob"} {
			if got := w.take(name); len(got) != 1 || string(got[0].Data) != want || got[0].EventChannel != testChat {
				t.Errorf("%s reads %+v\nwant %s", name, got, want)
			}
		}
		renamed := attendee(1, "ada")
		renamed.Name = "Ada L."
		c.MemberChanged(renamed)
		_ = c.say(words("again"), speaks("ada"))
		if got := messages(t, w.take("bob")); len(got) != 1 || got[0].FromDisplay != "Ada L." || got[0].ID != 2 {
			t.Errorf("after the renaming: %+v", got)
		}
	})
}

// TestViewersChat, and so does somebody who is no member but may use the channel.
func TestViewersChat(t *testing.T) {
	t.Parallel()
	c, w := chatRoom(t, "ada")
	viewer := attendee(2, "vic")
	viewer.Role = room.Viewer
	w.connect("vic", testChat)
	w.connect("desk", testChat)
	c.MemberJoined(viewer, nil)
	for name, from := range map[string]uint32{"vic": 2, "desk": 0} {
		if err := c.say(words("I am here"), speaks(name)); err != nil {
			t.Error(err)
		}
		if got := messages(t, w.take("ada")); len(got) != 1 || got[0].FromID != from {
			t.Errorf("from %s: %+v", name, got)
		}
	}
}

func TestPrivateMessages(t *testing.T) {
	t.Parallel()
	c, w := chatRoom(t, "ada", "bob", "eve")
	_ = c.say(words("all"), speaks("ada"))
	whisper := words("psst")
	whisper.To = 2
	if err := c.say(whisper, speaks("ada")); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"ada", "bob"} {
		got := messages(t, w.take(name))
		if len(got) != 2 || !got[1].Private || got[1].To != 2 || got[1].FromID != 1 || got[1].Message != "psst" {
			t.Errorf("%s reads %+v", name, got)
		}
	}
	if got := w.take("eve"); len(got) != 1 {
		t.Errorf("eve reads %+v", got)
	}
	for name, want := range map[string]string{"ada": "all,psst", "bob": "all,psst", "eve": "all"} {
		if got := said(history(t, c, w, name)); got != want {
			t.Errorf("%s may read %q, want %q", name, got, want)
		}
	}
	w.connect("desk", testChat) // no member: may use the channel, and is nobody's confidant
	if got := said(history(t, c, w, "desk")); got != "all" {
		t.Errorf("who is no member may read %q", got)
	}
	for _, c2 := range []struct {
		name string
		to   uint32
		by   string
	}{{"nobody there", 9, "ada"}, {"himself", 1, "ada"}, {"from no member", 1, "desk"}} {
		whisper.To = c2.to
		if err := c.say(whisper, speaks(c2.by)); !isDenied(err) {
			t.Errorf("%s: %v", c2.name, err)
		}
		w.expect(c2.by, "refused")
	}
	// A later member with the same session reads nothing of the earlier one.
	c.MemberLeft(attendee(2, "bob"), room.Left)
	c.MemberJoined(attendee(4, "bob"), nil)
	if got := said(history(t, c, w, "bob")); got != "all" {
		t.Errorf("bob's second member may read %q", got)
	}
}

// TestHistoryIsBounded, in messages and in bytes.
func TestHistoryIsBounded(t *testing.T) {
	t.Parallel()
	log := chatLog{}
	for i := range 10000 {
		log.add(livearray.ChatMessage{ID: int64(i), Message: "m"})
	}
	if n := len(log.messages); n != keptChat || log.messages[0].ID != 10000-keptChat || log.bytes != keptChat {
		t.Errorf("%d messages from %d, %d bytes", n, log.messages[0].ID, log.bytes)
	}
	for range 50 {
		log.add(livearray.ChatMessage{Message: strings.Repeat("x", livearray.MaxChat)})
	}
	sum := 0
	for _, m := range log.messages {
		sum += len(m.Message)
	}
	if sum != log.bytes || sum > keptChatBytes || sum < keptChatBytes-2*livearray.MaxChat {
		t.Errorf("%d bytes are kept, %d counted", sum, log.bytes)
	}
}

func TestChatRate(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, w := chatRoom(t, "ada", "bob")
		flood := func() (through int) {
			for range 100 {
				if c.say(words("x"), speaks("ada")) == nil {
					through++
				}
			}
			return through
		}
		if n := flood(); n != chatBurst {
			t.Errorf("%d of a flood went through, want %d", n, chatBurst)
		}
		if n := len(w.take("bob")); n != chatBurst {
			t.Errorf("bob was sent %d", n)
		}
		refused := 0
		for _, k := range w.kinds("ada") {
			if k == "refused" {
				refused++
			}
		}
		if refused != 100-chatBurst {
			t.Errorf("the sender was told %d times", refused)
		}
		if err := c.say(words("x"), speaks("bob")); err != nil {
			t.Errorf("bob pays for ada: %v", err)
		}
		time.Sleep(time.Second)
		if n := flood(); n != chatRate {
			t.Errorf("%d after a second, want %d", n, chatRate)
		}
	})
}

func TestChatOutlivesARestart(t *testing.T) {
	t.Parallel()
	c, _ := chatRoom(t, "ada", "bob")
	whisper := words("psst")
	whisper.To = 2
	for _, m := range []livearray.Chat{words("one"), whisper, words("two")} {
		if err := c.say(m, speaks("ada")); err != nil {
			t.Fatal(err)
		}
	}
	later, w := chatRoom(t, "ada", "bob", "eve")
	if err := later.restore(c.save()); err != nil {
		t.Fatal(err)
	}
	_ = later.say(words("three"), speaks("eve"))
	for name, want := range map[string]string{"bob": "one,psst,two,three", "eve": "one,two,three"} {
		got := history(t, later, w, name)
		if said(got) != want || got[len(got)-1].ID != 4 {
			t.Errorf("%s: %q, last id %d, want %q", name, said(got), got[len(got)-1].ID, want)
		}
	}
	if err := later.restore(nil); err != nil {
		t.Error(err)
	}
	if err := later.restore(json.RawMessage(`{`)); err == nil {
		t.Error("half a chat was restored")
	}
}

// TestHostileChat: what people write is text, cut to a length, and nothing else.
func TestHostileChat(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"<script>alert(1)</script>", `<img src=x onerror=alert(1)>`, "javascript:alert(1)", "\u202eevil\u202c", "\u200b\ufeff",
		"two\nlines\r\n", "\u2028", "bad \xff utf-8", "\x00", "👩‍👩‍👧", strings.Repeat("é", 1<<20), `"},"x":{"`,
	} {
		c, w := chatRoom(t, "ada", "bob")
		data, _ := json.Marshal(map[string]any{"action": "send", "message": text, "type": text})
		m, ok := livearray.ParseChat(data)
		name := text[:min(len(text), 80)] // the signalling bounds names
		if !ok || c.say(m, sender{"ada", name + "@" + name, name}) != nil {
			t.Fatalf("%.40q is not relayed", text)
		}
		want := strings.ToValidUTF8(text, "\ufffd")
		if len(want) > livearray.MaxChat {
			want = want[:livearray.MaxChat]
		}
		got := messages(t, w.take("bob"))
		if len(got) != 1 || got[0].Message != want {
			t.Errorf("%.40q became %.80q", text, got[0].Message)
		}
		if kept := history(t, c, w, "bob"); len(kept) != 1 || kept[0].Message != want {
			t.Errorf("%.40q is kept as %.80v", text, kept)
		}
	}
}

// TestInfoMessages: verto.info messages go round as a recorded server sent them
// (d-chat-info-dtmf).
func TestInfoMessages(t *testing.T) {
	t.Parallel()
	c, w := chatRoom(t, "1000", "1001")
	w.connect("1002")
	c.relay(sender{"1001", "1001@127.0.0.1", "Bob"}, "conf+3500@example.com", "to the conference")
	for _, name := range []string{"1000", "1001"} {
		want := `{"from":"1001@127.0.0.1","to":"` + name + `@example.com","body":"to the conference","from_user":"1001","from_host":"127.0.0.1","from_full":"1001"}`
		if got := w.take(name); len(got) != 1 || string(got[0].Msg) != want {
			t.Errorf("%s reads %+v\nwant %s", name, got, want)
		}
	}
	notActive(w, sender{"1001", "1001@127.0.0.1", "Bob"}, "conf+9999@127.0.0.1")
	if got, want := w.take("1001"), `{"from":"9999@127.0.0.1","to":"1001@127.0.0.1","body":"Conference not active."}`; len(got) != 1 || string(got[0].Msg) != want {
		t.Errorf("of no conference: %+v\nwant %s", got, want)
	}
	c.relay(sender{"1002", "1002@127.0.0.1", "Eve"}, "conf+3500@example.com", "let me in") // is not in it
	w.expect("1000")
	if got := w.take("1002"); len(got) != 1 || !strings.Contains(string(got[0].Msg), "Conference not active.") {
		t.Errorf("a stranger reads %+v", got)
	}
}

// TestInfoMessagesTurnedOff: only the question for the list is answered.
func TestInfoMessagesTurnedOff(t *testing.T) {
	t.Parallel()
	c, w := testConference(t, room.Profile{NoChat: true})
	for i, name := range []string{"ada", "bob"} {
		w.connect(name)
		c.MemberJoined(attendee(room.MemberID(i+1), name), nil)
		w.take(name)
	}
	c.relay(speaks("ada"), "conf+3500", "hello")
	w.expect("ada")
	c.relay(speaks("ada"), "conf+3500", "the list, please")
	w.take("bob")
	want := `{"from":"3500@example.com","to":"ada@example.com","body":"1) ada (101)\n2) bob (102)\n"}`
	if got := w.take("ada"); len(got) != 1 || string(got[0].Msg) != want {
		t.Errorf("the list: %+v\nwant %s", got, want)
	}
}
