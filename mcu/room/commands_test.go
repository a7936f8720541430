package room_test

import (
	"image"
	"image/png"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/omniverto/omniverto/layouts"
	"github.com/omniverto/omniverto/mcu/decor"
	"github.com/omniverto/omniverto/mcu/room"
	"github.com/omniverto/omniverto/media"
	"github.com/omniverto/omniverto/mixer"
	"github.com/omniverto/omniverto/mixer/pixel"
)

// commanded is a room that is steered by commands alone.
type commanded struct {
	*room.Room
	t   testing.TB
	dir string // media folder, with picture.png in it
}

// newMedia makes a media folder with one picture in it.
func newMedia(t testing.TB) (*decor.Media, string) {
	t.Helper()
	dir := t.TempDir()
	f, err := os.Create(filepath.Join(dir, "picture.png"))
	if err == nil {
		err = png.Encode(f, image.NewRGBA(image.Rect(0, 0, 64, 36)))
	}
	if err != nil {
		t.Fatal(err)
	}
	images, err := decor.OpenMedia(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = images.Close(); _ = f.Close() })
	return images, dir
}

// command makes a room without members. The first one to join gets the id first.
func command(t testing.TB, images *decor.Media, dir string, first uint32, change func(*room.Profile)) commanded {
	t.Helper()
	var ids atomic.Uint32
	ids.Store(first - 1)
	return commandWith(t, images, dir, "video-mcu-stereo-480", change, func(o *room.Options) {
		o.Engine.NextID = func() room.MemberID { return room.MemberID(ids.Add(1)) }
	})
}

// commandWith makes a room whose options are changed before.
func commandWith(t testing.TB, images *decor.Media, dir, profile string, change func(*room.Profile), equip func(*room.Options)) commanded {
	t.Helper()
	log := slog.New(slog.NewTextHandler(io.Discard, nil))
	p := room.Stock(profile)
	if change != nil {
		change(&p)
	}
	o := room.Options{
		Name: "3720", Domain: "example.com", Profile: p, Layouts: layouts.Stock(), Log: log,
		Observer: &diary{last: map[string]string{}},
		Engine: &room.Engine{
			Gate: mixer.NewGate(2), Pictures: media.NewPicturePool(16), Frames: media.NewFramePool(16),
			Scaler: pixel.Reference{}, Media: images,
			Decor:           decor.New(decor.Options{Media: images, Log: log}),
			NewVideoDecoder: func() (media.VideoDecoder, error) { return quietVideoDecoder{}, nil },
			NewVideoEncoder: func(media.VideoEncoderConfig) (media.VideoEncoder, error) { return quietCodec{}, nil },
			NewAudioDecoder: newLevelDecoder,
			NewAudioEncoder: newLevelEncoder,
			OpenSound:       openFake,
		},
	}
	equip(&o)
	r, err := room.New(o)
	if err != nil {
		t.Fatal(err)
	}
	return commanded{r, t, dir}
}

func (c commanded) join(req room.Request, dir media.Directions) *room.Member {
	c.t.Helper()
	m, err := c.Reserve(c.t.Context(), req)
	if err == nil {
		err = c.Join(c.t.Context(), m, &testLeg{dir: dir})
	}
	if err != nil {
		c.t.Fatal(err)
	}
	return m
}

// three are the members of the traces: the moderator Alice, Bob and Carol.
func (c commanded) three() {
	c.t.Helper()
	for _, req := range []room.Request{
		{CallID: "324dd706-abed-fa2b-4986-e6bf1e18ebbe", Name: "Alice", Number: "1000", Role: room.Moderator, Session: "a"},
		{CallID: "fbccc1d7-39a8-736e-c9f8-bc8d7c4c453a", Name: "Bob", Number: "1001", User: "1001@example.com", Session: "b", Role: room.Participant,
			UserVariables: map[string]string{"email": "bob@example.com"}},
		{CallID: "3612cef3-2bdd-7606-5e41-899e3d834a15", Name: "Carol", Number: "1002", Session: "c", Role: room.Participant},
	} {
		c.join(req, both)
	}
}

// ask runs a line and returns the reply.
func (c commanded) ask(line string) string {
	c.t.Helper()
	reply, err := c.Execute(c.t.Context(), line)
	if err != nil {
		c.t.Fatalf("%q: %v", line, err)
	}
	return reply
}

// expect runs lines, each followed by its reply.
func (c commanded) expect(lines ...string) {
	c.t.Helper()
	for i := 0; i < len(lines); i += 2 {
		if got := c.ask(lines[i]); got != lines[i+1] {
			c.t.Errorf("%q answers %q, want %q", lines[i], got, lines[i+1])
		}
	}
}

// info is what the room tells of a member.
func (c commanded) info(id room.MemberID) (found room.Info) {
	c.t.Helper()
	err := c.Do(c.t.Context(), func(s *room.State) error {
		for _, i := range s.Members() {
			if i.ID == id {
				found = i
			}
		}
		return nil
	})
	if err != nil {
		c.t.Fatal(err)
	}
	return found
}

// withThree runs a test in a room with members 5, 6 and 7, of whom 5 is a moderator.
func withThree(t *testing.T, change func(*room.Profile), test func(c commanded)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		images, dir := newMedia(t)
		c := command(t, images, dir, 5, change)
		c.three()
		test(c)
		c.Close()
	})
}

func twoCanvases(p *room.Profile) { p.Canvases = 2 }

func TestSelectors(t *testing.T) {
	withThree(t, nil, func(c commanded) {
		const usage = "tmute <[member_id|all]|last|non_moderator> [<quiet>]"
		c.expect(
			"tmute 6", "+OK mute 6\n",
			"tmute 0006", "+OK unmute 6\n",
			"tmute 6abc", "+OK mute 6\n",
			"tmute last", "+OK mute 7\n",
			"TMUTE ALL", "+OK unmute 7\n+OK unmute 6\n+OK mute 5\n",
			"tmute non_moderator", "+OK mute 7\n+OK mute 6\nSkipping moderator (member id 5).\n",
			"tmute -1", "-ERR Non-Existant ID 4294967295\n",
			"tmute 99999999999999999999", "-ERR Non-Existant ID 2147483647\n",
			"tmute 0", usage,
			"tmute abc6", usage,
			"tmute 'a b'", usage,
			"tmute ''", usage,
			"tmute", usage,
			"tmute uuid=fbccc1d7-39a8-736e-c9f8-bc8d7c4c453a", "+OK unmute 6\n",
			"tmute caller_id_number=1001", "+OK mute 6\n",
			"tmute caller_id_name=Bob", "+OK unmute 6\n",
			"tmute presence_id=1001@example.com", "+OK mute 6\n",
			"tmute verto_dvar_email=bob@example.com", "+OK unmute 6\n",
			"tmute video_role_id=speaker", "-ERR Non-Existant member\n",
			"vid-role-id 6 speaker", "+OK role_id speaker\n",
			"tmute video_role_id=speaker", "+OK mute 6\n",
			"vid-res-id 6 stage", "+OK reservation_id stage\n",
			"tmute video_reservation_id=stage", "+OK unmute 6\n",
			"tmute nonsense=1", "-ERR Non-Existant member\n",
			"tmute uuid=", "-ERR Non-Existant member\n",
			"tmute =", "-ERR Non-Existant member\n",
		)
	})
}

func TestKickAll(t *testing.T) {
	withThree(t, nil, func(c commanded) {
		c.join(room.Request{Name: "Bob's screen", Session: "b", ScreenShare: true}, media.Directions{VideoIn: true})
		c.expect("kick 6", "+OK kicked 6\n", // and his screen with him
			"kick 8", "-ERR Non-Existant ID 8\n",
			"kick all", "+OK kicked 7\n+OK kicked 5\n")
		<-c.Done()
		if _, err := c.Execute(c.t.Context(), "mute all"); err != room.ErrEnded {
			t.Errorf("a room that ended: %v", err)
		}
	})
}

func TestSplit(t *testing.T) {
	many := strings.TrimSpace(strings.Repeat("w ", 24))
	for _, c := range []struct {
		line string
		want []string
	}{
		{"", nil},
		{"   ", nil},
		{"  vid-banner  7   text ", []string{"vid-banner", "7", "text"}},
		{"a 'b c' d", []string{"a", "b c", "d"}},
		{"a '' d", []string{"a", "", "d"}},
		{"a ' b ' c", []string{"a", " b ", "c"}},
		{"a x'y z'w", []string{"a", "xy zw"}},
		{`it\'s a`, []string{"it's", "a"}},
		{`a\ b`, []string{`a\ b`}},
		{`a\\b \n\t\s\r "q" \"`, []string{`a\b`, "\n\t \r", `"q"`, `"`}},
		{`end\`, []string{`end\`}},
		{"it's open", []string{"it's open"}},
		{many + " x  y 'z'  ", append(strings.Fields(many), "x  y z")},
	} {
		got := room.Split(c.line)
		if strings.Join(got, "\x00") != strings.Join(c.want, "\x00") || len(got) != len(c.want) {
			t.Errorf("%q splits into %q, want %q", c.line, got, c.want)
		}
	}
}

func TestUnknownCommands(t *testing.T) {
	withThree(t, nil, func(c commanded) {
		const missing = "Conference command, not specified.\nTry 'help'\n"
		c.expect("", missing, "   ", missing,
			"nonsense", "-ERR Conference command 'nonsense' not found.\n",
			"NONSENSE x", "-ERR Conference command 'NONSENSE' not found.\n",
			"''", "-ERR Conference command '' not found.\n")
		for _, line := range []string{"help", "Commands x"} {
			got := c.ask(line)
			for _, info := range room.CommandTable() {
				if !strings.Contains(got, "\t\t"+info.Usage+"\n\t\t\t"+info.Description+"\n") {
					t.Errorf("%s lacks %s", line, info.Name)
				}
			}
		}
	})
}

// TestTable: what is told of the commands is usable as a document.
func TestTable(t *testing.T) {
	seen := map[string]bool{}
	for _, c := range room.CommandTable() {
		if seen[strings.ToLower(c.Name)] {
			t.Errorf("%s is there twice", c.Name)
		}
		seen[strings.ToLower(c.Name)] = true
		if c.Usage != c.Name && !strings.HasPrefix(c.Usage, c.Name+" ") {
			t.Errorf("%s: usage %q", c.Name, c.Usage)
		}
		if c.Description == "" || strings.ContainsAny(c.Description, "\r\n") || c.Kind == "" || c.Permission == "" {
			t.Errorf("%+v", c)
		}
	}
}
