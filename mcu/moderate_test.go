package mcu

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/omniverto/omniverto/layouts"
	"github.com/omniverto/omniverto/mcu/decor"
	"github.com/omniverto/omniverto/mcu/room"
	"github.com/omniverto/omniverto/mcu/verto"
	"github.com/omniverto/omniverto/media"
	"github.com/omniverto/omniverto/mixer"
	"github.com/omniverto/omniverto/mixer/audio"
	"github.com/omniverto/omniverto/mixer/pixel"
)

// heard is what clients are told: everything on the moderators' channel, and what
// is for one session alone.
type heard struct {
	mu  sync.Mutex
	mod []map[string]any            // guarded by mu, as is the rest
	own map[string][]map[string]any // responses by session
}

func (h *heard) Publish(channel string, payload map[string]any) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if data, ok := payload["data"].(map[string]any); ok && strings.HasPrefix(channel, "conference-mod.") && data["action"] == "response" {
		h.mod = append(h.mod, data)
	}
}

func (h *heard) SendSession(session string, payload map[string]any) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if data, ok := payload["data"].(map[string]any); ok && data["action"] == "response" {
		h.own[session] = append(h.own[session], data)
	}
	return true
}

func (*heard) SendInfo(string, any) bool { return true }
func (*heard) Grant(string, ...string)   {}
func (*heard) Revoke(string, ...string)  {}

// take gives back the responses on the moderators' channel since the last time.
func (h *heard) take() []map[string]any {
	h.mu.Lock()
	defer h.mu.Unlock()
	out := h.mod
	h.mod = nil
	return out
}

func (h *heard) takeOwn(session string) []map[string]any {
	h.mu.Lock()
	defer h.mu.Unlock()
	out := h.own[session]
	delete(h.own, session)
	return out
}

// noCodec stands for all codecs.
type noCodec struct{}

func (noCodec) Encode(_ *media.Picture, o media.EncodeOptions) ([]byte, bool, error) {
	return []byte{1}, o.Key, nil
}
func (noCodec) Decode([]byte, *media.PicturePool) (*media.Picture, error) { return nil, nil }
func (noCodec) Close() error                                              { return nil }

type noSoundCodec struct{}

func (noSoundCodec) Encode(_ []int16, dst []byte) (int, error)    { return copy(dst, "opus"), nil }
func (noSoundCodec) Decode([]byte, []int16) (int, error)          { return media.TickSamples, nil }
func (noSoundCodec) DecodeFEC(_ []byte, pcm []int16) (int, error) { return len(pcm), nil }
func (noSoundCodec) Conceal([]int16) error                        { return nil }
func (noSoundCodec) Duration([]byte) int                          { return media.TickSamples }
func (noSoundCodec) Close() error                                 { return nil }

// tone is a sound of a second, or without end.
type toneSound struct {
	mu      sync.Mutex
	left    int // ticks; guarded by mu
	endless bool
}

func openTone(_ context.Context, spec string, _ int) (room.Sound, error) {
	if !strings.HasPrefix(spec, "tone_stream://") {
		return nil, errors.New("no such sound")
	}
	return &toneSound{left: 50, endless: strings.Contains(spec, "loops=-1")}, nil
}

func (s *toneSound) Pull(dst []int16) media.Outcome {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.left--; s.left < 0 && !s.endless {
		return media.Gone
	}
	clear(dst)
	return media.Sound
}
func (*toneSound) Pause(bool)                     {}
func (*toneSound) Seek(time.Duration, bool) error { return nil }
func (*toneSound) SetVolume(float64)              {}
func (*toneSound) Loop(int)                       {}
func (*toneSound) Position() time.Duration        { return 0 }
func (*toneSound) Duration() time.Duration        { return 0 }
func (*toneSound) Close() error                   { return nil }

// stillLeg is a leg over which nothing comes.
type stillLeg struct{}

func (stillLeg) Directions() media.Directions {
	return media.Directions{AudioIn: true, AudioOut: true, VideoIn: true, VideoOut: true}
}
func (stillLeg) AudioForm() media.AudioForm { return media.AudioForm{Codec: media.Opus, Channels: 2} }
func (stillLeg) Audio() media.Watcher       { return stillWatcher{} }
func (stillLeg) Video() media.Watcher       { return stillWatcher{} }
func (stillLeg) RequestKeyframe()           {}
func (stillLeg) Stats() media.LegStats      { return media.LegStats{} }
func (stillLeg) Close() error               { return nil }

type stillWatcher struct{}

func (stillWatcher) WriteFrame(*media.Frame) {}

// files records whatever is asked for.
type files struct{ list []room.Recording }

func (f *files) Start(_ *room.Room, rec room.Recording) error {
	f.list = slices.Insert(f.list, 0, rec)
	return nil
}

func (f *files) Stop(_ *room.Room, path string) bool {
	f.list = slices.DeleteFunc(f.list, func(r room.Recording) bool { return r.Path == path })
	return true
}
func (f *files) Pause(*room.Room, string, bool) bool                { return true }
func (f *files) List(*room.Room) []room.Recording                   { return f.list }
func (f *files) Dial(context.Context, *room.Room, room.Dial) string { return "USER_NOT_REGISTERED" }

// Transfer lets go of the member.
func (f *files) Transfer(m *room.Member, _ room.Destination) error {
	go func() { _ = m.Leave(context.Background(), room.Transferred) }()
	return nil
}

// moderated is a room whose moderators' channel is heard.
type moderated struct {
	*hosted
	t     *testing.T
	heard *heard
	dir   string // media folder
}

func newModerated(t *testing.T, name string, first room.MemberID, change func(*room.Profile)) *moderated {
	t.Helper()
	dir := t.TempDir()
	images, err := decor.OpenMedia(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = images.Close() })
	log := slog.New(slog.DiscardHandler)
	m := &moderated{t: t, heard: &heard{own: map[string][]map[string]any{}}, dir: dir}
	p := room.Stock("video-mcu-stereo-480")
	if change != nil {
		change(&p)
	}
	c := newConference(name, "127.0.0.1", p, m.heard)
	var mu sync.Mutex
	f := &files{}
	r, err := room.New(room.Options{
		Name: name, Domain: "127.0.0.1", Profile: p, Layouts: layouts.Stock(), Log: log, Observer: c, Switchboard: f, Recorder: f,
		Engine: &room.Engine{
			Gate: mixer.NewGate(2), Pictures: media.NewPicturePool(16), Frames: media.NewFramePool(16),
			Scaler: pixel.Reference{}, Media: images, Decor: decor.New(decor.Options{Media: images, Log: log}),
			NewVideoDecoder: func() (media.VideoDecoder, error) { return noCodec{}, nil },
			NewVideoEncoder: func(media.VideoEncoderConfig) (media.VideoEncoder, error) { return noCodec{}, nil },
			NewAudioDecoder: func(media.AudioCodec, int) (media.AudioDecoder, error) { return noSoundCodec{}, nil },
			NewAudioEncoder: func(audio.Kind) (media.AudioEncoder, error) { return noSoundCodec{}, nil },
			OpenSound:       openTone,
			NextID: func() room.MemberID {
				mu.Lock()
				defer mu.Unlock()
				first++
				return first - 1
			},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	m.hosted = &hosted{Room: r, conference: c}
	return m
}

// join lets somebody in whose session is called as he is.
func (m *moderated) join(session string, role room.Role, second bool) {
	m.t.Helper()
	member, err := m.Reserve(m.t.Context(), room.Request{
		CallID: session, Session: session, Name: session, Number: session, Role: role, Trusted: true, SecondScreen: second,
	})
	if err == nil {
		err = m.Join(m.t.Context(), member, stillLeg{})
	}
	if err != nil {
		m.t.Fatal(err)
	}
	<-time.After(2 * time.Second)
}

// says sends a command and returns what the moderators hear.
func (m *moderated) says(session, data string) []map[string]any {
	m.t.Helper()
	if err := m.moderateAs(m.t.Context(), session, json.RawMessage(data)); err != nil {
		m.t.Errorf("%s: %v", data, err)
	}
	return m.heard.take()
}

// traceLine is a line of a recorded conversation.
type traceLine struct {
	Dir, Step string
	Msg       struct {
		Method string
		Params json.RawMessage
	}
}

func readTrace(t *testing.T, name string) (lines []traceLine) {
	t.Helper()
	f, err := os.Open("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	in := bufio.NewScanner(f)
	in.Buffer(nil, 1<<20)
	for in.Scan() {
		var l traceLine
		if err := json.Unmarshal(in.Bytes(), &l); err != nil {
			t.Fatal(err)
		}
		lines = append(lines, l)
	}
	return lines
}

// onModChannel is the data of a message on the moderators' channel, "" for another.
func (l traceLine) onModChannel() string {
	var p struct {
		EventChannel string
		Data         json.RawMessage
	}
	if json.Unmarshal(l.Msg.Params, &p) != nil || !strings.HasPrefix(p.EventChannel, "conference-mod.") {
		return ""
	}
	return string(p.Data)
}

// ours are the commands that FreeSWITCH's moderators' channel does not have, by the
// command, with our answer: moderators may run the whole table, but for what is the
// operator's.
func ours() map[string]string {
	return map[string]string{
		"energy":       "Energy 4 = 400\n",
		"lock":         "+OK 3711 locked\n",
		"vid-personal": "+OK personal is on\n",
		"vid-mute-img": "_undef_\n",
		"hold":         "+OK hold 4\n",
		"vid-fps":      "+OK FPS set to [15.15]\n",
		"floor":        "-ERR floor is held by 3\n",
		"dial":         "+OK Call Requested: result: [USER_NOT_REGISTERED]\n",
	}
}

// undo brings the room back to where FreeSWITCH left it.
func undo() map[string]string {
	return map[string]string{
		"energy": "energy 4 200", "lock": "unlock", "vid-personal": "vid-personal off", "hold": "unhold 4", "vid-fps": "vid-fps 30",
	}
}

// superCanvas are the answers that differ with several canvases, by the command and how
// often it was given: there is a super canvas after the last one, and each canvas has
// the layout for those whom it shows.
func superCanvas() map[string]string {
	watching := func(word string, n int) string {
		return fmt.Sprintf(`{"action":"response","conf-command":"3733 vid-watching-canvas 2 %s","response":"+OK watching canvas %d\n"}`+"\n", word, n)
	}
	return map[string]string{
		"canvasInfo (2)": `{"action":"response","conf-command":"canvasInfo","response":"OK"}
{"canvasID":0,"layersUsed":2,"layoutFloorID":-1,"layoutName":"2x1","totalLayers":2}
{"canvasID":1,"layersUsed":0,"layoutFloorID":0,"layoutName":"1x1","totalLayers":1}`,
		"3733 vid-watching-canvas 2 next (1)": watching("next", 3),
		"3733 vid-watching-canvas 2 next (2)": watching("next", 1),
		"3733 vid-watching-canvas 2 prev (1)": watching("prev", 3),
	}
}

// TestModeratorTrace sends what a moderator sent to FreeSWITCH and expects the same
// answers, one by one.
func TestModeratorTrace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newModerated(t, "3711", 3, nil)
		compareTrace(t, m, "c-moderator.1000.jsonl", ours(), map[string]func(){
			"1000 calls 3711-moderator (moderator flag)": func() { m.join("1000", room.Moderator, false) },
			"1001 calls 3711": func() { m.join("1001", room.Participant, false) },
			"1002 calls 3711": func() { m.join("1002", room.Participant, false) },
		})
		m.Close()
	})
}

// TestTwoCanvasesTrace does so with two canvases, where FreeSWITCH has no super canvas.
func TestTwoCanvasesTrace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newModerated(t, "3733", 1, func(p *room.Profile) { p.Canvases = 2 })
		compareTrace(t, m, "c-two-canvases.1000.jsonl", superCanvas(), map[string]func(){
			"1000 calls a conference with two canvases as moderator, 1001 the same as participant": func() { m.join("1000", room.Moderator, false) },
			"1000 mod: canvasInfo id=null value=null":                                              func() { joinOnce(m, "1001", false) },
			"1002 calls 3733-canvas-2 (second screen)":                                             func() { m.join("1002", room.Participant, true) },
		})
		m.Close()
	})
}

func joinOnce(m *moderated, session string, second bool) {
	m.t.Helper()
	if m.Stats().Members < 2 {
		m.join(session, room.Participant, second)
	}
}

// compareTrace does what the lines say: steps that have a function, and commands,
// whose answers it compares.
func compareTrace(t *testing.T, m *moderated, name string, differs map[string]string, steps map[string]func()) {
	t.Helper()
	var got []map[string]any
	given := map[string]int{}
	forged := false // a participant's commands follow: FreeSWITCH runs them
	compared := 0
	for _, l := range readTrace(t, name) {
		if l.Step != "" {
			if len(got) > 0 {
				t.Fatalf("before %q: answers that FreeSWITCH did not give: %v", l.Step, got)
			}
			if do := steps[l.Step]; do != nil {
				do()
			}
			forged = strings.HasPrefix(l.Step, "1001 (participant) subscribes")
			<-time.After(2 * time.Second)
			continue
		}
		data := l.onModChannel()
		switch {
		case data == "":
		case l.Dir == "c2s" && l.Msg.Method == "verto.broadcast":
			got = append(got, m.says("1000", m.local(data))...)
			<-time.After(time.Second) // what it set going
			got = append(got, m.heard.take()...)
		case l.Dir == "s2c" && forged:
			err := m.moderateAs(t.Context(), "1001", json.RawMessage(`{"command":"tmute","id":5}`))
			if !errors.Is(err, verto.ErrDenied) || len(m.heard.take()) > 0 {
				t.Errorf("a participant mutes somebody: %v", err)
			}
		case l.Dir == "s2c":
			if len(got) == 0 {
				t.Fatalf("no answer, want %s", data)
			}
			given[fmt.Sprint(got[0]["conf-command"])]++
			compareAnswer(t, m, got[0], data, fmt.Sprintf("%v (%d)", got[0]["conf-command"], given[fmt.Sprint(got[0]["conf-command"])]), differs)
			got = got[1:]
			compared++
		}
	}
	if compared < 15 || len(differs) > 0 {
		t.Errorf("%d answers compared; never asked: %v", compared, differs)
	}
}

// local puts files that FreeSWITCH wrote into the media folder.
func (m *moderated) local(data string) string {
	return strings.ReplaceAll(data, "/srv/media/run/recordings/trace-c.png", m.dir+"/trace-c.png")
}

func compareAnswer(t *testing.T, m *moderated, got map[string]any, data, key string, differs map[string]string) {
	t.Helper()
	var want map[string]any
	if err := json.Unmarshal([]byte(m.local(data)), &want); err != nil {
		t.Fatal(err)
	}
	if line, ok := got["conf-command"].(string); ok && want["error"] != nil {
		name := strings.Fields(line)[1]
		if reply, ok := differs[name]; ok {
			delete(differs, name)
			if got["response"] != reply {
				t.Errorf("%s answers %q, want %q", line, got["response"], reply)
			}
			if back := undo()[name]; back != "" {
				if _, err := m.Execute(t.Context(), back); err != nil {
					t.Fatal(err)
				}
			}
			return
		}
	}
	text, err := json.Marshal(got)
	if err != nil {
		t.Fatal(err)
	}
	var have map[string]any
	if err := json.Unmarshal(text, &have); err != nil {
		t.Fatal(err)
	}
	expected := plain(want)
	if other, ok := differs[key]; ok {
		delete(differs, key)
		expected = other
	}
	if a, b := plain(have), expected; a != b {
		t.Errorf("answer\n%s\nwant\n%s", a, b)
	}
}

// plain is an answer as text: lists of layouts sorted, without what is ours, and the
// super canvas, which FreeSWITCH lacks, left out.
func plain(answer map[string]any) string {
	var items []string
	if list, ok := answer["responseData"].([]any); ok {
		for _, item := range list {
			e := maps.Clone(item.(map[string]any))
			delete(e, "images")
			if e["canvasID"] == 2.0 {
				continue
			}
			text, _ := json.Marshal(e)
			items = append(items, string(text))
		}
		if answer["conf-command"] == "list-videoLayouts" {
			slices.Sort(items)
		}
	}
	rest := maps.Clone(answer)
	delete(rest, "responseData")
	text, _ := json.Marshal(rest)
	return string(text) + "\n" + strings.Join(items, "\n")
}

// TestModeratorWords: ids and values of all kinds.
func TestModeratorWords(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newModerated(t, "3711", 3, nil)
		m.join("1000", room.Moderator, false)
		m.join("1001", room.Participant, false)
		for _, c := range []struct{ data, line, response string }{
			{`{"command":"tmute","id":"0004"}`, "3711 tmute 0004", "+OK mute 4\n"},
			{`{"command":"tmute","id":4.9}`, "3711 tmute 4", "+OK unmute 4\n"},
			{`{"command":"tmute","id":1e300}`, "3711 tmute 2147483647", "-ERR Non-Existant ID 2147483647\n"},
			{`{"command":"tmute","id":{"a":1}}`, "3711 tmute ", "tmute <[member_id|all]|last|non_moderator> [<quiet>]"},
			{`{"command":"tmute","id":true}`, "3711 tmute ", "tmute <[member_id|all]|last|non_moderator> [<quiet>]"},
			{`{"command":"volume_in","id":4,"value":3}`, "3711 volume_in 4 ", "+OK Volume IN 4 = 0\n"}, // only strings are values
			{`{"command":"volume_in","id":4,"value":[3]}`, "3711 volume_in 4 ", "+OK Volume IN 4 = 0\n"},
			{`{"command":"volume_in","id":4,"value":["3"]}`, "3711 volume_in 4 3", "+OK Volume IN 4 = 3\n"},
			{`{"command":"vid-banner","id":4,"value":"two words"}`, "3711 vid-banner 4 two words", "+OK\n"},
			{`{"command":"vid-layout","value":["2x2",1]}`, "3711 vid-layout 2x2 ", "+OK Change canvas 1 to layout [2x2]\n"},
			{`{"command":"vid-layout"}`, "3711 vid-layout  all", "-ERR Invalid input\n"},
			{`{"command":"vid-res-id","id":4,"value":"presenter"}`, "3711 vid-res-id 4 presenter", "+OK reservation_id cleared\n"},
			{`{"command":"vid-layout","value":"presenter-dual-vertical"}`, "3711 vid-layout presenter-dual-vertical all",
				"+OK Change canvas 1 to layout [presenter-dual-vertical]\n"},
			{`{"command":"vid-res-id","id":4,"value":"presenter"}`, "3711 vid-res-id 4 presenter", "+OK reservation_id presenter\n"},
			{`{"command":"vid-res-id","id":"0004","value":"nonsense"}`, "3711 vid-res-id 0004 nonsense", "+OK reservation_id cleared\n"},
			{`{"command":"vid-res-id","id":99,"value":"presenter"}`, "3711 vid-res-id 99 presenter", "vid-res-id <member_id>|all <val>|clear [force]"},
			{`{"command":"transfer","id":99,"value":"9196"}`, "9196  ", "-ERR No Member 99 in conference 3711.\n"},
			{`{"command":"transfer","id":"0004","value":["9196","XML","default"]}`, "9196 XML default", "+OK Call transferred to 9196"},
			{`{"command":"hand","id":3,"value":"on"}`, "3711 hand 3 on", "+OK hand 3 up\n"},
			{`{"command":"canvasInfo","memberID":"4"}`, "canvasInfo", "OK"},
		} {
			answers := m.says("1000", c.data)
			if len(answers) != 1 || answers[0]["conf-command"] != c.line || answers[0]["response"] != c.response {
				t.Errorf("%s: %q, want %q and %q", c.data, answers, c.line, c.response)
			}
		}
		for _, data := range []string{`{"command":"nonsense"}`, `{}`, `7`, `"tmute"`, `null`, `[]`, `{"command":7}`, `{"command":"set","value":["max_members","1"]}`,
			`{"command":"setvar","value":["a","b"]}`, `{"command":"transfer","value":"9196"}`, `{"command":"transfer","id":4}`,
			`{"command":"zoom-layer","dimensions":{"x":-1}}`, `{"command":"click-layer"}`} {
			if answers := m.says("1000", data); len(answers) != 1 || answers[0]["error"] != "Invalid Command" {
				t.Errorf("%s: %v", data, answers)
			}
		}
		m.Close()
	})
}

// TestForgedCommands: who is no moderator is refused, and alone hears of what he may.
func TestForgedCommands(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newModerated(t, "3711", 3, nil)
		m.join("1000", room.Moderator, false)
		m.join("1001", room.Participant, false)
		m.join("1002", room.Viewer, false)
		refused := func(session, data string) {
			t.Helper()
			err := m.moderateAs(t.Context(), session, json.RawMessage(data))
			if !errors.Is(err, verto.ErrDenied) {
				t.Errorf("%s by %s: %v", data, session, err)
			}
		}
		for _, session := range []string{"1001", "1002", "", "stranger"} {
			for _, c := range room.CommandTable() {
				for _, id := range []string{"3", `"all"`, `"last"`, "null", `"caller_id_name=1001"`} {
					refused(session, fmt.Sprintf(`{"command":%q,"id":%s,"value":["4","5"]}`, c.Name, id))
				}
			}
			for _, data := range []string{`{"command":"list-videoLayouts"}`, `{"command":"canvasInfo"}`, `{"command":"transfer","id":4,"value":"9196"}`,
				`{"command":"reset-layer","canvasID":0,"layerID":0}`, `{"command":"nonsense"}`, `{}`, `7`} {
				refused(session, data)
			}
		}
		refused("1002", `{"command":"mute","id":5}`)
		if heard := m.heard.take(); len(heard) > 0 {
			t.Errorf("moderators heard %v", heard)
		}
		if err := m.moderateAs(t.Context(), "1001", json.RawMessage(`{"command":"mute","id":4}`)); err != nil {
			t.Error(err)
		}
		own := m.heard.takeOwn("1001")
		if len(own) != 1 || own[0]["response"] != "+OK mute 4\n" || own[0]["conf-command"] != "3711 mute 4" || len(m.heard.take()) > 0 {
			t.Errorf("on himself: %v", own)
		}
		m.Close()
	})
}

// TestDemotedModerator: the role counts, not who was granted what, nor his screen's.
func TestDemotedModerator(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newModerated(t, "3711", 3, nil)
		m.join("1000", room.Moderator, false)
		m.join("1000", room.Moderator, true) // his second screen
		m.join("1001", room.Participant, false)
		m.says("1000", `{"command":"promote","id":5}`)
		if got := m.says("1001", `{"command":"demote","id":3}`); len(got) != 1 || got[0]["response"] != "+OK demote 3\n" {
			t.Errorf("%v", got)
		}
		if err := m.moderateAs(t.Context(), "1000", json.RawMessage(`{"command":"kick","id":5}`)); !errors.Is(err, verto.ErrDenied) {
			t.Errorf("a demoted moderator kicks: %v", err)
		}
		m.Close()
	})
}
