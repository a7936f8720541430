package room_test

import (
	"context"
	"encoding/binary"
	"errors"
	"flag"
	"fmt"
	"math"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/omniverto/omniverto/mcu/room"
	"github.com/omniverto/omniverto/media"
	"github.com/omniverto/omniverto/mixer/audio"
)

// levelCodec stands for the codecs of sound: a packet is the level of one tick,
// left and right, and the loss class. Members speak in constant levels, so that a
// sum tells who is in it.
type levelCodec struct {
	quietAudio
	kind audio.Kind
}

func newLevelDecoder(media.AudioCodec, int) (media.AudioDecoder, error) { return levelCodec{}, nil }
func newLevelEncoder(k audio.Kind) (media.AudioEncoder, error)          { return levelCodec{kind: k}, nil }

func (c levelCodec) Encode(pcm []int16, dst []byte) (int, error) {
	end := len(pcm) - c.kind.Channels
	dst = binary.BigEndian.AppendUint16(dst[:0], uint16(pcm[end]))
	dst = binary.BigEndian.AppendUint16(dst, uint16(pcm[len(pcm)-1]))
	if c.kind.Lossy {
		return len(append(dst, 1)), nil
	}
	return len(append(dst, 0)), nil
}

func (levelCodec) Decode(packet []byte, pcm []int16) (int, error) {
	fill(pcm, int16(binary.BigEndian.Uint16(packet)))
	return media.TickSamples, nil
}

func fill(pcm []int16, level int16) {
	for i := range pcm {
		pcm[i] = level
	}
}

// ear keeps what a leg was sent last.
type ear struct {
	atomic.Int32
	last atomic.Uint64 // left, right and class of the newest frame
}

func (e *ear) WriteFrame(f *media.Frame) {
	e.Add(1)
	if p := f.Fragments[0]; len(p) == 5 {
		e.last.Store(uint64(binary.BigEndian.Uint32(p))<<8 | uint64(p[4]))
	}
}

func (e *ear) heard() (left, right int, lossy bool) {
	v := e.last.Load()
	return int(int16(v >> 24)), int(int16(v >> 8)), v&1 == 1
}

// fakeSound is a constant level for some ticks; endless if negative.
type fakeSound struct {
	mu     sync.Mutex
	level  float64
	length int
	pulled int // guarded by mu, as all below
	loops  int
	paused bool
	closed bool
	gain   float64 // dB
}

// openFake opens level:N[:ticks] and tones, which have a level of 500; 60 s and
// more are endless.
func openFake(_ context.Context, spec string, _ int) (room.Sound, error) {
	f := &fakeSound{length: -1, loops: 1}
	if tone, ok := strings.CutPrefix(spec, "tone_stream://%("); ok {
		ms := 0
		_, err := fmt.Sscanf(tone, "%d", &ms)
		if f.level = 500; ms < 60000 {
			f.length = ms / 20
		}
		return f, err
	}
	n, err := fmt.Sscanf(spec, "level:%f:%d", &f.level, &f.length)
	if n == 0 {
		return nil, errors.Join(errors.New("no such sound"), err)
	}
	return f, nil
}

func (f *fakeSound) Pull(dst []int16) media.Outcome {
	f.mu.Lock()
	defer f.mu.Unlock()
	switch {
	case f.closed:
		panic("pulled after Close")
	case f.paused:
		return media.Silence
	case f.length >= 0 && f.loops >= 0 && f.pulled >= f.length*f.loops:
		return media.Gone
	}
	f.pulled++
	fill(dst, int16(math.Round(f.level*math.Pow(10, f.gain/20))))
	return media.Sound
}

func (f *fakeSound) with(change func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	change()
}

func (f *fakeSound) Pause(on bool)        { f.with(func() { f.paused = on }) }
func (f *fakeSound) SetVolume(dB float64) { f.with(func() { f.gain = dB }) }
func (f *fakeSound) Loop(n int)           { f.with(func() { f.loops = n }) }
func (f *fakeSound) Close() error         { f.with(func() { f.closed = true }); return nil }

func (f *fakeSound) Seek(d time.Duration, relative bool) error {
	f.with(func() {
		if f.length < 0 {
			return
		}
		n := int(d / media.AudioTick)
		if relative {
			n += f.pulled
		}
		f.pulled = max(n, 0)
	})
	return nil
}

func (f *fakeSound) Position() (at time.Duration) {
	f.with(func() {
		if f.length >= 0 {
			at = time.Duration(f.pulled) * media.AudioTick
		}
	})
	return at
}

func (f *fakeSound) Duration() time.Duration {
	return time.Duration(max(f.length, 0)) * media.AudioTick
}

// speaker is a member of a sound test.
type speaker struct {
	*room.Member
	leg   *testLeg
	level atomic.Int32 // that he says; 0: nothing
	seq   uint16
}

// hearing is a room in which everybody says a constant level.
type hearing struct {
	t *testing.T
	commanded
	*diary
	all []*speaker
}

// inRoom runs a test in a room with a member for each level, with ids from 1.
func inRoom(t *testing.T, change func(*room.Profile), levels []int, test func(t *testing.T, h *hearing)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		r, d := newRoom(t, func(p *room.Profile) {
			p.EnergyLevel, p.AudioDTX = 100, false
			if change != nil {
				change(p)
			}
		})
		h := &hearing{t: t, commanded: commanded{Room: r, t: t}, diary: d}
		for i, level := range levels {
			h.join(string(rune('A'+i)), level)
		}
		test(t, h)
		r.Close()
	})
}

func (h *hearing) join(name string, level int) *speaker {
	h.t.Helper()
	m, leg := join(h.t, h.Room, room.Request{Name: name}, both)
	s := &speaker{Member: m, leg: leg}
	s.level.Store(int32(level))
	h.all = append(h.all, s)
	return s
}

// talk lets everybody speak for a time.
func (h *hearing) talk(d time.Duration) {
	for range d / media.AudioTick {
		for _, s := range h.all {
			level := int16(s.level.Load())
			if level == 0 {
				continue
			}
			s.seq++
			s.leg.handler.AudioPacket(&media.Packet{
				Arrival: time.Now(), SSRC: uint32(s.ID()), Seq: s.seq, Timestamp: uint32(s.seq) * media.TickSamples,
				Payload: binary.BigEndian.AppendUint32(nil, uint32(uint16(level))<<16), // two bytes would be a pause
			})
		}
		<-time.After(media.AudioTick)
	}
	synctest.Wait()
}

// hears checks what everybody hears after a second of talk.
func (h *hearing) hears(what string, want ...int) {
	h.t.Helper()
	h.talk(time.Second)
	for i, s := range h.all {
		left, right, _ := s.leg.sound.heard()
		if i >= len(want) {
			return
		}
		if math.Abs(float64((left+right)/2-want[i])) > 3 {
			h.t.Errorf("%s: %c hears %d and %d, want %d", what, 'A'+i, left, right, want[i])
		}
	}
}

// says runs lines that must succeed.
func (h *hearing) says(lines ...string) {
	h.t.Helper()
	for _, line := range lines {
		if got := h.ask(line); !strings.HasPrefix(got, "+OK") && !strings.HasPrefix(got, "Energy") && !strings.HasPrefix(got, "Agc") {
			h.t.Errorf("%q answers %q", line, got)
		}
	}
}

func TestEverybodyHearsTheOthers(t *testing.T) {
	inRoom(t, nil, []int{1000, 2000, 4000}, func(t *testing.T, h *hearing) {
		h.hears("at first", 6000, 5000, 3000)
		h.says("mute 2")
		h.hears("B muted", 4000, 5000, 1000)
		h.says("deaf 1", "unmute 2")
		h.hears("A deaf", 0, 5000, 3000)
		h.says("undeaf 1")
		h.hears("again", 6000, 5000, 3000)
	})
}

func TestVolumes(t *testing.T) {
	inRoom(t, nil, []int{1000, 2000}, func(t *testing.T, h *hearing) {
		h.says("volume_in 1 -2")
		h.hears("A at 0.6", 2000, 600)
		h.says("volume_out 1 -4")
		h.hears("A hears at 0.2", 400, 600)
		h.says("volume_in 1 6.0206dB", "volume_out 1 0")
		h.hears("A twice as loud", 2000, 2000)
		if i := h.info(1); i.VolumeIn != 2 || i.VolumeOut != 0 {
			t.Errorf("volumes %d and %d", i.VolumeIn, i.VolumeOut)
		}
		h.expect("volume_in 1", "+OK Volume IN 1 = 6.0206dB\n", "volume_in 1 up", "+OK Volume IN 1 = 3\n")
		h.all[0].leg.dir.VideoIn = false // a new port, the same volumes
		if err := h.all[0].Renegotiated(t.Context()); err != nil {
			t.Fatal(err)
		}
		h.hears("after a change of media", 2000, 3300)
		h.says("volume_in 1 0", "energy 2 1800")
		h.hears("B over his gate", 2000, 1000)
		h.says("energy 2 2500")
		h.hears("B below his gate", 0, 1000)
	})
}

func TestHold(t *testing.T) {
	inRoom(t, nil, []int{1000, 2000, 4000}, func(t *testing.T, h *hearing) {
		h.says("hold 2")
		h.hears("B on hold hears the others", 4000, 5000, 1000)
		if i := h.info(2); !i.Hold || i.Layer >= 0 || i.Talking {
			t.Errorf("on hold: %+v", i)
		}
		h.expect("vmute 2", "-ERR member 2 is on hold\n")
		if err := h.all[1].DTMF(t.Context(), "0"); err != nil || h.info(2).Muted {
			t.Errorf("on hold DTMF mutes, %v", err)
		}
		h.says("hold 2 level:700:75")
		h.hears("B hears the file", 4000, 700, 1000)
		h.hears("until it ends", 4000, 5000, 1000)
		h.hears("and then the others", 4000, 5000, 1000)
		h.says("hold 2 level:700:-1", "unhold 2")
		h.hears("B is back", 6000, 5000, 3000)
		if i := h.info(2); i.Hold || i.Layer < 0 {
			t.Errorf("back from hold: %+v", i)
		}
		h.says("hold 2 level:700:-1") // ends with the room
	})
}

func TestRelations(t *testing.T) {
	inRoom(t, nil, []int{1000, 2000, 4000}, func(t *testing.T, h *hearing) {
		h.says("relate 1 2 nospeak")
		h.hears("B does not hear A", 6000, 4000, 3000)
		h.says("relate 1 2 nohear")
		h.hears("A does not hear B", 4000, 5000, 3000)
		h.says("relate 1 2 nospeak,nohear")
		h.hears("neither hears the other", 4000, 4000, 3000)
		h.says("relate 1 2 clear", "relate 3 1 sendvideo")
		h.hears("all hear all", 6000, 5000, 3000)
		if w := h.info(1).Watching; w != -1 {
			t.Errorf("A watches %d, not C alone", w)
		}
		h.expect("relate 3", "3 -> 1 SPEAK HEAR SENDVIDEO \n", "relate 1 9 nospeak", "-ERR relationship 1->9 not found.\n")
		h.says("kick 3")
		h.expect("relate 3", "+OK No relationships\n")
		if w := h.info(1).Watching; w != 0 {
			t.Errorf("A watches %d after C left", w)
		}
	})
}

func TestPlay(t *testing.T) {
	inRoom(t, nil, []int{1000, 2000, 4000}, func(t *testing.T, h *hearing) {
		h.says("play level:300:-1")
		h.hears("to all", 6300, 5300, 3300)
		h.says("play level:200:-1", "play {vol=6}level:100:-1 async")
		h.hears("one waits, one beside", 6500, 5500, 3500)
		h.says("file-vol -50", "pause_play")
		h.hears("paused", 6200, 5200, 3200)
		h.says("stop current")
		h.hears("the next", 6400, 5400, 3400)
		h.expect("play_status", "+OK 0/0 level:200:-1\n", "stop", "+OK Stopped 2 files.\n")
		h.hears("all stopped", 6000, 5000, 3000)

		h.says("play level:300:-1 2")
		h.hears("to B", 6000, 5300, 3000)
		h.expect("stop current 2", "+OK Stopped 1 files.\n")
		h.says("play level:300:-1 2 nomux")
		h.hears("to B alone", 6000, 300, 3000)
		h.expect("stop all 2", "+OK Stopped 1 files.\n", "play_status 2", "-ERR Nothing is playing\n")
		h.hears("stopped", 6000, 5000, 3000)

		h.says("play {loops=2}level:300:45")
		h.hears("the second time", 6300, 5300, 3300)
		h.expect("file_seek 0", "+OK seek to position 0\n", "file_seek +100", "+OK seek to position 4800\n")
		h.talk(time.Second)
		h.hears("over", 6000, 5000, 3000)
		h.says("play level:1:-1", "play level:1:-1", "play level:1:-1 async", "play level:1:-1 3") // end with the room
	})
}

func TestPlaylistIsBounded(t *testing.T) {
	inRoom(t, nil, []int{0}, func(t *testing.T, h *hearing) {
		for range 51 {
			h.says("play level:1:-1")
		}
		h.expect("play level:1:-1", "-ERR (play) too many files wait\n", "stop", "+OK Stopped 51 files.\n")
	})
}

func TestSoundsOfTheRoom(t *testing.T) {
	sounds := func(p *room.Profile) {
		p.Sounds = room.Sounds{Enter: "level:100:25", Exit: "level:200:25", Alone: "missing.wav", Music: "level:50:10", Muted: "level:400:25"}
	}
	inRoom(t, sounds, nil, func(t *testing.T, h *hearing) {
		at := func(what string, want ...int) {
			h.t.Helper()
			h.talk(200 * time.Millisecond)
			for i, w := range want {
				if left, _, _ := h.all[i].leg.sound.heard(); left != w {
					t.Errorf("%s: %c hears %d, want %d", what, 'A'+i, left, w)
				}
			}
		}
		h.join("A", 0)
		at("entered", 100)
		h.talk(500 * time.Millisecond)
		at("alone for less than a second", 0)
		h.talk(time.Second)
		at("alone", 50)
		b := h.join("B", 0)
		at("B entered", 100, 100)
		h.talk(time.Second)
		at("two", 0, 0)
		h.says("mute 2")
		at("B muted", 0, 400)
		h.talk(time.Second)
		h.says("unmute 2", "mute 2 quiet")
		at("quietly", 0, 0)
		if err := b.Leave(t.Context(), room.Left); err != nil {
			t.Fatal(err)
		}
		at("B left", 200)
		h.talk(2 * time.Second)
		at("alone again", 50)
		h.says("moh off")
		at("no music", 0)
		h.says("moh level:70:5")
		h.talk(2 * time.Second)
		at("other music", 70)
		h.says("moh reset", "enter_sound off", "exit_sound file level:250:25")
		h.talk(2 * time.Second)
		at("the profile's music", 50)
		h.join("C", 0)
		at("no sound at the door", 0)
	})
}

// TestLossClass: who loses packets is sent a stream of another class until his way
// is better.
func TestLossClass(t *testing.T) {
	inRoom(t, nil, []int{1000, 0}, func(t *testing.T, h *hearing) {
		for _, step := range []struct {
			percent, seconds int
			lossy            bool
		}{{0, 12, false}, {1, 12, false}, {4, 2, false}, {4, 4, true}, {2, 15, true}, {0, 8, true}, {0, 4, false}, {0, 6, false}, {50, 2, true}} {
			h.all[1].leg.loss.Store(uint32(step.percent))
			h.talk(time.Duration(step.seconds) * time.Second)
			if _, _, lossy := h.all[1].leg.sound.heard(); lossy != step.lossy {
				t.Errorf("after %d s of %d %%: lossy %t", step.seconds, step.percent, lossy)
			}
		}
		if left, right, lossy := h.all[1].leg.sound.heard(); left+right != 2000 || !lossy {
			t.Errorf("B hears %d", left)
		}
	})
}

func TestPositions(t *testing.T) {
	inRoom(t, nil, []int{1000, 2000, 0}, func(t *testing.T, h *hearing) {
		sides := func(what string, left, right int) {
			h.t.Helper()
			h.talk(time.Second)
			if l, r, _ := h.all[2].leg.sound.heard(); math.Abs(float64(l-left)) > 3 || math.Abs(float64(r-right)) > 3 {
				t.Errorf("%s: left %d, right %d; want %d, %d", what, l, r, left, right)
			}
		}
		h.says("vid-layout 2x2")
		// A sits on the left and B on the right; what one side gets more, the other gets less.
		sides("from the seats", 1500+1000, 500+3000)
		h.says("position 1 2:0:0")
		sides("A on the right", 0+1000, 2000+3000)
		h.says("auto-3d-position on")
		sides("from the seats again", 1500+1000, 500+3000)
		h.says("vid-layout 1x1")
		sides("nobody beside anybody", 3000, 3000)
		h.expect("position 1 0:0", "-ERR invalid input!\n", "position 1 x:0:0", "-ERR invalid input!\n")
	})
	inRoom(t, func(p *room.Profile) { p.Channels = 1 }, []int{1000, 0}, func(t *testing.T, h *hearing) {
		h.expect("position 1 0:0:0", "-ERR Positional audio not avalilable 1\n")
		h.hears("one channel", 0, 1000)
	})
}

// TestEvents holds a short meeting against testdata/events.txt, which -update
// writes.
func TestEvents(t *testing.T) {
	profile := func(p *room.Profile) {
		p.MuteDetect, p.SuppressEvents = true, []string{"volume-out-member"}
		p.Controls = room.Controls{"9": {Action: "energy up"}, "8": {Action: "energy equ"}, "7": {Action: "energy dn"}, "3": {Action: "vol talk up"}, "1": {Action: "vol talk dn"}, "4": {Action: "vol listen dn"}, "5": {Action: "event"}}
	}
	inRoom(t, profile, nil, func(t *testing.T, h *hearing) {
		var page strings.Builder
		step := func(what string, d time.Duration, do func()) {
			do()
			h.talk(d)
			fmt.Fprintf(&page, "# %s\n", what)
			for _, e := range h.takeEvents() {
				page.WriteString(e + "\n")
			}
		}
		says := func(lines ...string) func() { return func() { h.says(lines...) } }
		var a, b *speaker
		step("A joins", time.Second, func() { a = h.join("A", 0) })
		step("B joins", time.Second, func() { b = h.join("B", 0) })
		step("B talks", 2*time.Second, func() { b.level.Store(1000) })
		step("B is quiet", 2*time.Second, func() { b.level.Store(1) })
		step("A talks", time.Second, func() { a.level.Store(2000) })
		step("A is muted and talks on", time.Second, says("mute 1"))
		step("A is unmuted", time.Second, says("unmute 1"))
		step("A on hold", time.Second, says("hold 1"))
		step("and back", time.Second, says("unhold 1"))
		step("levels", 0, says("energy 2 300", "agc 2 up", "volume_in 2 up", "volume_out 2 up", "position 2 0.5:0:1", "energy 2"))
		step("deaf, blind, no picture", 0, says("deaf 2", "undeaf 2", "vblind 2", "unvblind 2", "vmute 2", "unvmute 2"))
		step("DTMF", 0, func() { _ = b.DTMF(t.Context(), "5978314") })
		step("a file and a file that is not there", time.Second, func() {
			h.says("play {vol=2}level:100:10", "play level:1:5 async", "play level:1:8 2")
			h.ask("play missing.wav")
		})
		step("sounds at the door", 0, says("enter_sound file x.wav", "enter_sound on", "exit_sound none"))
		step("C joins without her sound", time.Second, func() { h.join("C", 0) })
		step("B is kicked", time.Second, says("kick 2"))
		step("the rest leaves", 0, func() {
			h.Close()
			h.all = nil
		})
		compareFile(t, "testdata/events.txt", page.String())
	})
}

// compareFile compares text with a file, which -update writes.
func compareFile(t *testing.T, path, got string) {
	t.Helper()
	if f := flag.Lookup("update"); f != nil && f.Value.String() == "true" {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	gotLines, wantLines := strings.Split(got, "\n"), strings.Split(string(want), "\n")
	for i := range min(len(gotLines), len(wantLines)) {
		if gotLines[i] != wantLines[i] {
			t.Fatalf("%s:%d: %s\nwant %s", path, i+1, gotLines[i], wantLines[i])
		}
	}
	if len(gotLines) != len(wantLines) {
		t.Fatalf("%s: %d lines, want %d", path, len(gotLines), len(wantLines))
	}
}

// takeEvents are the events since it was called last, one a line: the action, the
// member and what he is, and the headers.
func (d *diary) takeEvents() (lines []string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, e := range d.happened {
		line := e.Action
		if e.Member.ID != 0 {
			line += fmt.Sprintf(" %s", e.Member.Name)
		}
		for _, h := range e.Headers {
			line += fmt.Sprintf(" %s=%s", h.Name, h.Value)
		}
		lines = append(lines, line)
	}
	d.happened = nil
	return lines
}

// TestRoomTone: comfort noise is heard in silence, and automatic gain lifts a low
// voice.
func TestRoomTone(t *testing.T) {
	inRoom(t, func(p *room.Profile) { p.ComfortNoise = 2 }, []int{0}, func(t *testing.T, h *hearing) {
		quiet := true
		for range 10 {
			h.talk(media.AudioTick)
			left, right, _ := h.all[0].leg.sound.heard()
			quiet = quiet && left == 0 && right == 0
		}
		if quiet {
			t.Error("no comfort noise")
		}
	})
	agc := audio.AGC{Level: 1000, LowEnergy: 900}
	inRoom(t, func(p *room.Profile) { p.AGC = agc }, []int{300, 0}, func(t *testing.T, h *hearing) {
		h.talk(20 * time.Second)
		if left, right, _ := h.all[1].leg.sound.heard(); left+right < 2*700 || left+right > 2*1400 {
			t.Errorf("a voice of 300 is heard with %d", (left+right)/2)
		}
		h.expect("agc 1", "Agc 1 = 1000\n")
	})
}

// TestForms: a listener is sent what his leg takes, with no more channels than the
// room has.
func TestForms(t *testing.T) {
	for _, c := range []struct{ room, leg, want int }{{1, 2, 1}, {2, 1, 1}, {2, 2, 2}, {2, 0, 1}} {
		var mu sync.Mutex
		made := map[audio.Kind]bool{}
		synctest.Test(t, func(t *testing.T) {
			r, _ := newRoomWith(t, func(p *room.Profile) { p.Channels = c.room }, func(e *room.Engine) {
				e.NewAudioEncoder = func(k audio.Kind) (media.AudioEncoder, error) {
					mu.Lock()
					defer mu.Unlock()
					made[k] = true
					return newLevelEncoder(k)
				}
			})
			m, err := r.Reserve(t.Context(), room.Request{})
			if err == nil {
				err = r.Join(t.Context(), m, &testLeg{dir: both, form: &media.AudioForm{Codec: media.PCMA, Channels: c.leg}})
			}
			if err != nil {
				t.Fatal(err)
			}
			<-time.After(time.Second)
			r.Close()
		})
		if want := (audio.Kind{AudioForm: media.AudioForm{Codec: media.PCMA, Channels: c.want}}); !made[want] {
			t.Errorf("%+v: encoders %v", c, made)
		}
	}
}
