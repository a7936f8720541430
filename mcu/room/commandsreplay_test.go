package room_test

import (
	"bufio"
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/omniverto/omniverto/mcu/room"
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

// deliberate are the replies that differ from FreeSWITCH's, with the reason.
func deliberate() map[string]struct{ reply, why string } {
	members := func(kbps string) string {
		return strings.Repeat("+OK Set Bandwidth "+kbps+" kps for member verto.rtc/3720\n", 3)
	}
	const encoders = "without a canvas number all canvases are meant, where FreeSWITCH means none; and a leg is called by its room, not by what was dialled"
	const positions = "the FreeSWITCH was built without positions of voices"
	const speech = "who asks shall know that nothing is said"
	return map[string]struct{ reply, why string }{
		"vid-bandwidth 1mb": {members("1024") +
			"+OK Set Bandwidth for canvas 1 index 0 group[] to 1024 sdiv 1.00 640x480 fdiv 0\n", encoders},
		"vid-bandwidth 500": {members("500") +
			"+OK Set Bandwidth for canvas 1 index 0 group[] to 500 sdiv 1.00 640x480 fdiv 0\n", encoders},
		"vid-bandwidth auto": {members("-1") +
			"+OK Set Bandwidth for canvas 1 index 0 group[] to -1 sdiv 1.00 640x480 fdiv 0\n", encoders},
		"vid-bandwidth 1mb:2": {members("1024") +
			"+OK Set Bandwidth for canvas 1 index 0 group[] to 1024 sdiv 2.00 320x240 fdiv 0\n", encoders},
		"vid-bandwidth x": {"-ERR Bandwidth not set\n", "a word is no bit rate; FreeSWITCH sets 0"},

		"position 6 0.5:0:0.5":   {"+OK Position 6 = 0.50:0.00:0.50\n", positions},
		"position 6 x":           {"-ERR invalid input!\n", positions},
		"position 6":             {"+OK Position 6 = 0.50:0.00:0.50\n", positions},
		"auto-3d-position":       {"+OK positioning off\n", positions},
		"auto-3d-position on":    {"+OK positioning on\n", positions},
		"auto-3d-position off":   {"+OK positioning off\n", positions},
		"auto-3d-position x":     {"auto-3d-position [on|off]", positions},
		"say hello":              {"-ERR (say) no speech engine\n", speech},
		"saymember 6":            {"-ERR (saymember) no speech engine\n", speech},
		"saymember 6 hello":      {"-ERR (saymember) no speech engine\n", speech},
		"play " + tone + " 9999": {"-ERR Member: 9999 not found.\nplay <file_path> [async|<member_id> [nomux]]", "FreeSWITCH prints a number that is none"},
	}
}

const tone = "tone_stream://%(300,0,440)"

// vanilla are the sounds of FreeSWITCH's profiles.
func vanilla(p *room.Profile) {
	p.Sounds.Enter, p.Sounds.Exit = "tone_stream://%(200,0,500,600,700)", "tone_stream://%(500,0,300,200,100,50,25)"
}

// TestReplay asks what was asked of a FreeSWITCH, in the same order, and expects
// the same answers.
func TestReplay(t *testing.T) {
	known := knownCommands()
	withThree(t, vanilla, func(c commanded) {
		<-time.After(time.Second) // somebody has the floor
		differs, replayed := deliberate(), 0
		inMedia := strings.NewReplacer("/srv/media/run/recordings/trace-c.png", c.dir+"/picture.png", "/srv/media/run/recordings", c.dir)
		here := false
		for _, tr := range apiTrace(t) {
			here = here || strings.HasPrefix(tr.Note, "members: moderator 5")
			line, ours := strings.CutPrefix(tr.Cmd, "conference 3720 ")
			name, _, _ := strings.Cut(line, " ")
			if !here || !ours || name != "" && !known[strings.ToLower(name)] && !strings.EqualFold(name, "nonsense") {
				continue
			}
			want := inMedia.Replace(tr.Reply)
			if d, ok := differs[line]; ok {
				want = d.reply
				delete(differs, line)
			}
			if want == "-ERR no reply\n" { // the event socket's word for an empty one
				want = ""
			}
			replayed++
			got := c.ask(inMedia.Replace(line))
			if strings.HasPrefix(line, "play "+tone) {
				<-time.After(time.Second) // until it has ended
			}
			if line == "vid-layout list" { // FreeSWITCH's order is that of a hash
				got, want = sorted(got), sorted(want)
			}
			if got != want {
				t.Errorf("%q answers %q, want %q", line, got, want)
			}
		}
		if replayed < 300 || len(differs) > 0 {
			t.Errorf("%d commands replayed; never asked: %v", replayed, differs)
		}
	})
}

func sorted(lines string) string {
	all := strings.Split(lines, "\n")
	slices.Sort(all)
	return strings.Join(all, "\n")
}
