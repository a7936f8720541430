package room_test

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/omniverto/omniverto/fonts"
	"github.com/omniverto/omniverto/layouts"
	"github.com/omniverto/omniverto/mcu/decor"
	"github.com/omniverto/omniverto/mcu/room"
	"github.com/omniverto/omniverto/media"
	"github.com/omniverto/omniverto/mixer"
	"github.com/omniverto/omniverto/mixer/pixel"
)

// quietCodec stands for all codecs: it turns everything into nothing.
type quietCodec struct{}

func (quietCodec) Encode(p *media.Picture, o media.EncodeOptions) ([]byte, bool, error) {
	return []byte{1}, o.Key, nil
}
func (quietCodec) Close() error { return nil }

type quietVideoDecoder struct{ quietCodec }

func (quietVideoDecoder) Decode([]byte, *media.PicturePool) (*media.Picture, error) { return nil, nil }

type quietAudio struct{ quietCodec }

func (quietAudio) Encode(_ []int16, dst []byte) (int, error)    { return copy(dst, "opus"), nil }
func (quietAudio) Decode([]byte, []int16) (int, error)          { return media.TickSamples, nil }
func (quietAudio) DecodeFEC(_ []byte, pcm []int16) (int, error) { return len(pcm), nil }
func (quietAudio) Conceal([]int16) error                        { return nil }
func (quietAudio) Duration([]byte) int                          { return media.TickSamples }

// testLeg is a leg without a network.
type testLeg struct {
	dir       media.Directions
	sound     ear
	picture   counter
	loss      atomic.Uint32    // percent that the peer reports lost
	form      *media.AudioForm // nil: Opus in two channels
	keyframes atomic.Int32
	closed    atomic.Bool
	packets   atomic.Uint64    // that came from the peer
	handler   media.LegHandler // that the leg was made with
}

type counter struct{ atomic.Int32 }

func (c *counter) WriteFrame(*media.Frame) { c.Add(1) }

func (l *testLeg) Directions() media.Directions { return l.dir }
func (l *testLeg) AudioForm() media.AudioForm {
	if l.form != nil {
		return *l.form
	}
	return media.AudioForm{Channels: 2}
}
func (l *testLeg) Audio() media.Watcher { return &l.sound }
func (l *testLeg) Video() media.Watcher { return &l.picture }
func (l *testLeg) RequestKeyframe()     { l.keyframes.Add(1) }
func (l *testLeg) Stats() media.LegStats {
	return media.LegStats{LossOut: float64(l.loss.Load()) / 100, PacketsIn: l.packets.Load()}
}
func (l *testLeg) Close() error { l.closed.Store(true); return nil }

var both = media.Directions{AudioIn: true, AudioOut: true, VideoIn: true, VideoOut: true}

// diary is an Observer that writes one line per event. A change of what it does
// not tell (the audio floor, say) is left out.
type diary struct {
	mu    sync.Mutex
	lines []string
	last  map[string]string

	door       []string
	geometries []told
	happened   []room.Event
}

// told is a geometry and whom it was for.
type told struct {
	room.Geometry
	only room.MemberID
}

func (d *diary) takeGeometries() []told {
	d.mu.Lock()
	defer d.mu.Unlock()
	out := d.geometries
	d.geometries = nil
	return out
}

func (d *diary) add(format string, args ...any) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.lines = append(d.lines, fmt.Sprintf(format, args...))
}

func (d *diary) take() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	out := d.lines
	d.lines = nil
	return out
}

func (d *diary) MemberJoined(i room.Info, _ []room.CanvasInfo) {
	d.add("join %s layer %d", i.Name, i.Layer)
}
func (d *diary) MemberChanged(i room.Info) {
	line := fmt.Sprintf("change %s layer %d muted %t vmuted %t deaf %t vfloor %t", i.Name, i.Layer, i.Muted, i.VideoMuted, i.Deaf, i.VideoFloor)
	if d.last[i.Name] != line {
		d.add("%s", line)
	}
	d.last[i.Name] = line
}
func (d *diary) MemberLeft(i room.Info, c room.Cause) { d.add("left %s cause %d", i.Name, c) }
func (d *diary) LayoutChanged(c room.CanvasInfo)      { d.add("layout %s used %d", c.Layout.Name, c.Used) }
func (d *diary) GeometryChanged(g room.Geometry, only room.MemberID) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.geometries = append(d.geometries, told{g, only})
}
func (d *diary) PersonalRefused(i room.Info, limit int) {
	d.add("no personal canvas %s limit %d", i.Name, limit)
}
func (d *diary) Happened(e room.Event) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.happened = append(d.happened, e)
}
func (d *diary) Ended() { d.add("ended") }

func (d *diary) MemberAttached(i room.Info, _ []room.CanvasInfo) { d.add("attach %s", i.Name) }
func (d *diary) LobbyChanged(all []room.Info)                    { d.addDoor("lobby " + strings.Join(names(all), " ")) }
func (d *diary) RoomChanged(i room.RoomInfo) {
	d.addDoor(fmt.Sprintf("room locked %t pin %t lobby %t waiting %d", i.Locked, i.NeedsPIN, i.Lobby, i.Waiting))
}

func (d *diary) addDoor(line string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.door = append(d.door, line)
}

// takeDoor takes what was told of the door and of the room itself.
func (d *diary) takeDoor() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	out := d.door
	d.door = nil
	return out
}
func (d *diary) Reacted(room.Info, string) {}

func newRoom(t *testing.T, change func(*room.Profile)) (*room.Room, *diary) {
	t.Helper()
	return newRoomWith(t, change, func(*room.Engine) {})
}

func newRoomWith(t *testing.T, change func(*room.Profile), equip func(*room.Engine)) (*room.Room, *diary) {
	t.Helper()
	return newRoomOf(t, change, func(o *room.Options) { equip(o.Engine) })
}

// newRoomOf makes a room of a changed profile and changed options.
func newRoomOf(t *testing.T, change func(*room.Profile), with func(*room.Options)) (*room.Room, *diary) {
	t.Helper()
	log := slog.New(slog.NewTextHandler(io.Discard, nil))
	var ids atomic.Uint32
	p := room.Stock("video-mcu-stereo-320")
	if change != nil {
		change(&p)
	}
	images, err := decor.OpenMedia(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = images.Close() })
	d := &diary{last: map[string]string{}}
	engine := &room.Engine{
		Gate: mixer.NewGate(2), Pictures: media.NewPicturePool(16), Frames: media.NewFramePool(16),
		Scaler: pixel.Reference{}, Media: images,
		Decor:           decor.New(decor.Options{Fonts: fonts.Open(fonts.Options{Log: log}), Media: images, Log: log}),
		NewVideoDecoder: func() (media.VideoDecoder, error) { return quietVideoDecoder{}, nil },
		NewVideoEncoder: func(media.VideoEncoderConfig) (media.VideoEncoder, error) { return quietCodec{}, nil },
		NewAudioDecoder: newLevelDecoder,
		NewAudioEncoder: newLevelEncoder,
		OpenSound:       openFake,
		NextID:          func() room.MemberID { return room.MemberID(ids.Add(1)) },
	}
	o := room.Options{Name: "3800", Domain: "example.com", Profile: p, Layouts: layouts.Stock(), Observer: d, Log: log, Engine: engine}
	with(&o)
	r, err := room.New(o)
	if err != nil {
		t.Fatal(err)
	}
	return r, d
}

func join(t *testing.T, r *room.Room, req room.Request, dir media.Directions) (*room.Member, *testLeg) {
	t.Helper()
	m, err := r.Reserve(t.Context(), req)
	if err != nil {
		t.Fatal(err)
	}
	leg := &testLeg{dir: dir, handler: m.Handler()}
	if err := r.Join(t.Context(), m, leg); err != nil {
		t.Fatal(err)
	}
	return m, leg
}

func expect(t *testing.T, d *diary, want ...string) {
	t.Helper()
	synctest.Wait()
	if got := d.take(); !slices.Equal(got, want) {
		t.Errorf("events\n%q\nwant\n%q", got, want)
	}
}

func TestMeeting(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, d := newRoom(t, nil)
		_, annasLeg := join(t, r, room.Request{Name: "Anna"}, both)
		expect(t, d, "join Anna layer -1",
			"change Anna layer -1 muted false vmuted false deaf false vfloor true",
			"layout 1x1 used 1",
			"change Anna layer 0 muted false vmuted false deaf false vfloor true")
		bob, bobsLeg := join(t, r, room.Request{Name: "Bob"}, both)
		expect(t, d, "join Bob layer -1", "layout 2x1 used 2",
			"change Bob layer 1 muted false vmuted false deaf false vfloor false")

		<-time.After(time.Second)
		if annasLeg.picture.Load() == 0 || bobsLeg.picture.Load() == 0 || bobsLeg.sound.Load() < 40 {
			t.Errorf("after a second: pictures %d and %d, sound %d", annasLeg.picture.Load(), bobsLeg.picture.Load(), bobsLeg.sound.Load())
		}
		annasLeg.handler.Closed(errors.New("never connected"))
		expect(t, d, "change Bob layer 1 muted false vmuted false deaf false vfloor true",
			"left Anna cause 2",
			"layout 1x1 used 1",
			"change Bob layer 0 muted false vmuted false deaf false vfloor true")
		if !annasLeg.closed.Load() || bobsLeg.closed.Load() {
			t.Errorf("legs closed: Anna %t, Bob %t", annasLeg.closed.Load(), bobsLeg.closed.Load())
		}
		if err := bob.Leave(t.Context(), room.Left); err != nil {
			t.Error(err)
		}
		<-r.Done()
		expect(t, d, "left Bob cause 0", "layout 1x1 used 0", "ended")
		if err := r.Do(t.Context(), func(*room.State) error { return nil }); !errors.Is(err, room.ErrEnded) {
			t.Errorf("Do in a room that ended: %v", err)
		}
	})
}

func TestDialling(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, d := newRoom(t, nil)
		m, _ := join(t, r, room.Request{Name: "Anna"}, both)
		synctest.Wait()
		d.take()
		dial := func(s string) {
			if err := m.DTMF(t.Context(), s); err != nil {
				t.Fatal(err)
			}
		}
		dial("0")
		expect(t, d, "change Anna layer 0 muted true vmuted false deaf false vfloor true")
		dial("0")
		expect(t, d, "change Anna layer 0 muted false vmuted false deaf false vfloor true")
		dial("*")
		dial("0")
		expect(t, d, "change Anna layer 0 muted false vmuted true deaf false vfloor true")
		dial("*")
		expect(t, d)
		<-time.After(600 * time.Millisecond)
		expect(t, d, "change Anna layer 0 muted true vmuted true deaf false vfloor true",
			"change Anna layer 0 muted true vmuted true deaf true vfloor true")
		dial("#")
		<-r.Done()
	})
}

func TestWhoIsOnTheCanvas(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, c := range []struct {
			name    string
			profile func(*room.Profile)
			req     room.Request
			dir     media.Directions
			layer   int
		}{
			{"camera", nil, room.Request{}, both, 0},
			{"no camera: an avatar", nil, room.Request{}, media.Directions{AudioIn: true, AudioOut: true, VideoOut: true}, 0},
			{"no camera where one is required", func(p *room.Profile) { p.VideoRequired = true }, room.Request{}, media.Directions{AudioIn: true}, -1},
			{"viewer", nil, room.Request{Role: room.Viewer}, both, -1},
			{"second screen", nil, room.Request{SecondScreen: true}, media.Directions{VideoOut: true}, -1},
		} {
			r, _ := newRoom(t, c.profile)
			join(t, r, c.req, c.dir)
			err := r.Do(t.Context(), func(s *room.State) error {
				if got := s.Members()[0].Layer; got != c.layer {
					t.Errorf("%s: layer %d, want %d", c.name, got, c.layer)
				}
				return nil
			})
			if err != nil {
				t.Error(err)
			}
			r.Close()
		}
	})
}

func TestScreenLeavesWithItsOwner(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, d := newRoom(t, nil)
		m, _ := join(t, r, room.Request{Name: "Anna", Session: "a"}, both)
		_, screen := join(t, r, room.Request{Name: "Anna", Session: "a", ScreenShare: true}, media.Directions{VideoIn: true})
		if err := m.Leave(t.Context(), room.Left); err != nil {
			t.Fatal(err)
		}
		<-r.Done()
		if !screen.closed.Load() {
			t.Error("the screen share stayed")
		}
		if lines := d.take(); !slices.Contains(lines, "ended") {
			t.Errorf("events %q", lines)
		}
	})
}

// TestMicrophoneThatComesLater: who joined without devices is heard and seen as
// soon as his browser has them.
func TestMicrophoneThatComesLater(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, _ := newRoom(t, nil)
		m, leg := join(t, r, room.Request{Name: "Anna"}, media.Directions{AudioOut: true, VideoOut: true})
		check := func(audio, video bool) {
			t.Helper()
			err := r.Do(t.Context(), func(s *room.State) error {
				if i := s.Members()[0]; i.HasAudio != audio || i.HasVideo != video || i.VideoFloor != video {
					t.Errorf("audio %t, video %t, video floor %t; want %t, %t", i.HasAudio, i.HasVideo, i.VideoFloor, audio, video)
				}
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		check(false, false)
		leg.dir = both
		if err := m.Renegotiated(t.Context()); err != nil {
			t.Fatal(err)
		}
		check(true, true)
		<-time.After(time.Second)
		if leg.sound.Load() < 40 || leg.picture.Load() == 0 {
			t.Errorf("after the change: sound %d, pictures %d", leg.sound.Load(), leg.picture.Load())
		}
		r.Close()
	})
}

func TestFullRoomAndDiscard(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, d := newRoom(t, func(p *room.Profile) { p.MaxMembers = 1 })
		m, err := r.Reserve(t.Context(), room.Request{})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := r.Reserve(t.Context(), room.Request{}); !errors.Is(err, room.ErrFull) {
			t.Errorf("second member of one: %v", err)
		}
		m.Discard()
		<-r.Done()
		expect(t, d, "ended")
	})
}

func TestLegThatDiesBeforeTheJoin(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, _ := newRoom(t, nil)
		m, err := r.Reserve(t.Context(), room.Request{})
		if err != nil {
			t.Fatal(err)
		}
		m.Handler().Closed(errors.New("gone"))
		synctest.Wait()
		if err := r.Join(t.Context(), m, &testLeg{dir: both}); !errors.Is(err, room.ErrNoMember) {
			t.Errorf("join of a dead leg: %v", err)
		}
		m.Discard()
		<-r.Done()
	})
}

// TestPanicIsTheAskersAlone: what goes wrong in one request ends no meeting.
func TestPanicIsTheAskersAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, _ := newRoom(t, nil)
		join(t, r, room.Request{Name: "Anna"}, both)
		if err := r.Do(t.Context(), func(*room.State) error { panic("oh") }); !errors.Is(err, room.ErrPanic) {
			t.Errorf("Do: %v", err)
		}
		do(t, r, func(s *room.State) error {
			if n := len(s.Members()); n != 1 {
				t.Errorf("%d members", n)
			}
			return nil
		})
		r.Close()
	})
}
