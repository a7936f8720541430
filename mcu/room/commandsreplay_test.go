package room_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/omniverto/omniverto/mcu/decor"
	"github.com/omniverto/omniverto/mcu/room"
	"github.com/omniverto/omniverto/media"
)

// traced is one line of conference-api.jsonl: what was asked of a FreeSWITCH and
// what it answered.
type traced struct{ Cmd, Reply, Note string }

func apiTrace(t *testing.T) []traced {
	t.Helper()
	f, err := os.Open("testdata/conference-api.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var out []traced
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var tr traced
		if err := json.Unmarshal(lines.Bytes(), &tr); err != nil {
			t.Fatal(err)
		}
		out = append(out, tr)
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	return out
}

// replies are the replies of testdata/differences.json, by what is asked.
func replies(t *testing.T) map[string]string {
	t.Helper()
	all := map[string]string{}
	for _, d := range differences(t) {
		for line, reply := range d.Replies {
			all[line] = reply
		}
	}
	return all
}

const tone = "tone_stream://%(300,0,440)"

// vanilla is the profile of the traces.
func vanilla(p *room.Profile) {
	p.Sounds.Enter, p.Sounds.Exit = "tone_stream://%(200,0,500,600,700)", "tone_stream://%(500,0,300,200,100,50,25)"
	p.VideoRequired = true
	p.CallerIDName, p.CallerIDNumber = "FreeSWITCH", "0000000000"
	p.SoundPrefix = "/srv/media/prefix/share/freeswitch/sounds/en/us/callie"
	if p.Name == "default" {
		p.EnergyLevel = 100
	}
}

// world stands for a server: rooms, what connects them, and what the trace's
// "conference" command asks.
type world struct {
	t      *testing.T
	images *decor.Media
	dir    string
	order  []string
	mu     sync.Mutex
	rooms  map[string]commanded // guarded by mu
	next   uint32               // id of who comes next; guarded by mu
	films  fakeRecorder
}

// open makes a room; first is the id of its first member.
func (w *world) open(name, profile string, uuid string) commanded {
	w.t.Helper()
	c := commandWith(w.t, w.images, w.dir, profile, vanilla, func(o *room.Options) {
		o.Name, o.UUID, o.Switchboard, o.Recorder = name, uuid, w, &w.films
		o.Engine.NextID = func() room.MemberID {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.next++
			return room.MemberID(w.next - 1)
		}
	})
	w.mu.Lock()
	defer w.mu.Unlock()
	w.rooms[name] = c
	w.order = append(w.order, name)
	return c
}

func (w *world) find(name string) (commanded, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	c, ok := w.rooms[name]
	if ok {
		select {
		case <-c.Done():
			delete(w.rooms, name)
			w.order = slices.DeleteFunc(w.order, func(o string) bool { return o == name })
			return c, false
		default:
		}
	}
	return c, ok
}

// seat lets those join whom a list of FreeSWITCH's tells.
func (w *world) seat(c commanded, list string) {
	w.t.Helper()
	lines := strings.Split(strings.TrimSpace(list), "\n")
	for _, line := range slices.Backward(lines) {
		f := strings.Split(line, ";")
		req := room.Request{
			CallID: f[2], Name: f[3], Number: f[4], Session: f[2], User: f[4] + "@example.com",
			Variables: map[string]string{"channel_name": f[1]},
		}
		if strings.Contains(f[5], "moderator") {
			req.Role = room.Moderator
		} else {
			req.Role = room.Participant
		}
		m, err := c.Reserve(w.t.Context(), req)
		if err == nil {
			err = c.Join(w.t.Context(), m, digitLeg{&testLeg{dir: both}})
		}
		if err != nil || fmt.Sprint(m.ID()) != f[0] {
			w.t.Fatalf("%s: member %d, %v", line, m.ID(), err)
		}
		<-time.After(time.Second)
	}
}

// digitLeg is a leg that takes digits.
type digitLeg struct{ *testLeg }

func (digitLeg) SendDTMF(string) error { return nil }

// Dial lets an echo join, or knows nobody.
func (w *world) Dial(ctx context.Context, r *room.Room, d room.Dial) string {
	if !strings.HasPrefix(d.URL, "loopback/") {
		return "USER_NOT_REGISTERED"
	}
	w.echo(ctx, r, "echo of "+r.Name())
	return "SUCCESS"
}

func (w *world) echo(ctx context.Context, r *room.Room, call string) {
	m, err := r.Reserve(ctx, room.Request{
		CallID: call, Name: "Outbound Call", Number: "default", Role: room.Participant, Outbound: true,
		Variables: map[string]string{"channel_name": "loopback/9196-a"},
	})
	if err == nil {
		err = r.Join(ctx, m, &testLeg{dir: media.Directions{AudioIn: true, AudioOut: true}})
	}
	if err != nil {
		w.t.Error(err)
	}
}

// Transfer moves an echo; the channel keeps its member id, as FreeSWITCH's do.
func (w *world) Transfer(m *room.Member, to room.Destination) error {
	name, _, _ := strings.Cut(to.Conference, "@")
	id := uint32(m.ID())
	go func() {
		_, err := m.Release(context.Background())
		if err != nil {
			w.t.Error(err)
		}
		c, ok := w.find(name)
		if !ok {
			c = w.open(name, "video-mcu-stereo-480", "")
		}
		w.mu.Lock()
		w.next = id
		w.mu.Unlock()
		w.echo(context.Background(), c.Room, "echo of 3720")
	}()
	return nil
}

// fakeRecorder records nothing; a file that it cannot open ends at once.
type fakeRecorder struct{ list []room.Recording }

func (f *fakeRecorder) Start(_ *room.Room, rec room.Recording) error {
	if strings.HasPrefix(rec.Path, "/") {
		f.list = slices.Insert(f.list, 0, rec)
	}
	return nil
}

func (f *fakeRecorder) Stop(_ *room.Room, path string) bool {
	n := len(f.list)
	f.list = slices.DeleteFunc(f.list, func(r room.Recording) bool { return r.Path == path })
	return len(f.list) < n
}

func (f *fakeRecorder) Pause(_ *room.Room, path string, on bool) bool {
	i := slices.IndexFunc(f.list, func(r room.Recording) bool { return r.Path == path })
	if i >= 0 {
		f.list[i].Paused = on
	}
	return i >= 0
}

func (f *fakeRecorder) List(r *room.Room) []room.Recording {
	if r.Name() != "3720" {
		return nil
	}
	return slices.Clone(f.list)
}

// ask answers "conference …".
func (w *world) ask(line string) string {
	w.t.Helper()
	line = strings.TrimPrefix(line, "conference")
	words := room.Split(line)
	if len(words) > 0 {
		c, ok := w.find(words[0])
		if !ok && len(words) > 1 && words[1] == "dial" {
			c, ok = w.open(words[0], "default", ""), true
		}
		if ok {
			_, rest, _ := strings.Cut(strings.TrimPrefix(line, " "), " ")
			return c.ask(rest)
		}
	}
	var all []room.Listing
	for _, name := range slices.Clone(w.order) {
		c, ok := w.find(name)
		if !ok {
			continue
		}
		err := c.Do(w.t.Context(), func(s *room.State) error { all = append(all, s.Listing()); return nil })
		if err != nil {
			w.t.Fatal(err)
		}
	}
	if reply, ok := room.ListRooms(words, all); ok {
		return reply
	}
	return "-ERR Conference " + words[0] + " not found\n"
}

// masked hides what no two runs have in common: times, ids of jobs and of the calls
// that the server made.
func masked(reply string) string {
	for _, m := range []struct{ pattern, with string }{
		{`(run_time="|"run_time":\t?|"join_time":\t?|<join_time( type="UNIX-epoch")?>)\d+`, "${1}0"},
		{`(Job-UUID: )[-0-9a-f]{36}`, "${1}x"},
		{`(;loopback/9196-a;)[^;]*`, "${1}x"},
	} {
		reply = regexp.MustCompile(m.pattern).ReplaceAllString(reply, m.with)
	}
	return reply
}

// TestReplay asks all that was asked of a FreeSWITCH, in the same order, and expects
// the same answers, but for those of testdata/differences.json.
func TestReplay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		images, dir := newMedia(t)
		w := &world{t: t, images: images, dir: dir, rooms: map[string]commanded{}, next: 1}
		trace, differs := apiTrace(t), replies(t)
		w.seat(w.open("3735", "video-mcu-stereo-480", "37f7ec05-1ea6-49b4-9484-1b1f1eff0fbd"), under(trace[0].Reply, "3735"))
		inMedia := strings.NewReplacer("/srv/media/run/recordings/trace-c.png", dir+"/picture.png", "vid-write-png /srv/media/run/recordings", "vid-write-png "+dir)
		asked := map[string]int{} // how often
		for _, tr := range trace {
			line, want := strings.TrimPrefix(tr.Cmd, "conference "), inMedia.Replace(tr.Reply)
			switch {
			case strings.HasPrefix(tr.Note, "members: "):
				w.seat(w.open("3720", "video-mcu-stereo-480", "6502fb46-6d88-4c5b-b387-f64984caa692"), listOf(t, trace, "conference 3720 list"))
				continue
			case strings.HasPrefix(line, "3720 dial loopback"), strings.HasPrefix(line, "3721 dial loopback"):
				w.mu.Lock()
				w.next = max(w.next, 18) // FreeSWITCH's recordings took those before
				w.mu.Unlock()
			case strings.HasPrefix(tr.Note, "after lock and unlock"):
				w.ask("conference 3735 vid-floor 1 force") // by somebody else, meanwhile
				w.ask("conference 3735 vid-floor 1 force")
				w.ask("conference 3735 vid-floor 1 force")
			}
			if want == "-ERR no reply\n" { // the event socket's word for an empty one
				want = ""
			}
			asked[line]++
			for _, key := range []string{line, fmt.Sprintf("%s (%d)", line, asked[line])} {
				if reply, ok := differs[key]; ok {
					want = inMedia.Replace(reply)
					delete(differs, key)
				}
			}
			got := w.ask(inMedia.Replace(tr.Cmd))
			if strings.Contains(line, " play "+tone) || strings.Contains(line, "dial") || strings.Contains(line, "transfer") || strings.Contains(line, "hup") {
				<-time.After(time.Second) // until it has ended, or came, or went
			}
			got, want = masked(got), masked(want)
			switch {
			case line == "3720 get run_time":
				want = got
			case line == "conference" || line == "help" || line == "commands": // ours come after FreeSWITCH's
				want = strings.ReplaceAll(want, " pause [", " pause_play [")
				want = strings.ReplaceAll(want, "\tpause [", "\tpause_play [")
				want = strings.TrimSuffix(want, "\n")
				got = got[:min(len(want), len(got))]
			case line == "3720 vid-layout list": // FreeSWITCH's order is that of a hash
				got, want = sorted(got), sorted(want)
			}
			if got != want {
				t.Errorf("%q answers %s", line, firstDifference(got, want))
			}
		}
		if len(trace) != 534 || len(differs) > 0 {
			t.Errorf("%d lines; never asked: %v", len(trace), differs)
		}
		for _, name := range slices.Clone(w.order) {
			if c, ok := w.find(name); ok {
				c.Close()
			}
		}
	})
}

// under is what stands under a conference's line in a list of several.
func under(list, name string) string {
	_, rest, _ := strings.Cut(list, "+OK Conference "+name+" ")
	_, rest, _ = strings.Cut(rest, "\n")
	rest, _, _ = strings.Cut(rest, "+OK")
	return rest
}

// listOf is the first list that names members.
func listOf(t *testing.T, trace []traced, cmd string) string {
	t.Helper()
	for _, tr := range trace {
		if tr.Cmd == cmd && !strings.HasPrefix(tr.Reply, "-ERR") {
			return tr.Reply
		}
	}
	t.Fatalf("nothing answers %q", cmd)
	return ""
}

// firstDifference shows where two texts part.
func firstDifference(got, want string) string {
	i := 0
	for i < min(len(got), len(want)) && got[i] == want[i] {
		i++
	}
	part := func(s string) string { return s[max(i-30, 0):min(i+60, len(s))] }
	return fmt.Sprintf("…%q…, want …%q…", part(got), part(want))
}

func sorted(lines string) string {
	all := strings.Split(lines, "\n")
	slices.Sort(all)
	return strings.Join(all, "\n")
}
