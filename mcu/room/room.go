package room

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/omniverto/omniverto/fonts"
	"github.com/omniverto/omniverto/layouts"
	"github.com/omniverto/omniverto/media"
	"github.com/omniverto/omniverto/mixer"
	"github.com/omniverto/omniverto/mixer/audio"
	"github.com/omniverto/omniverto/mixer/canvas"
	"github.com/omniverto/omniverto/mixer/pixel"
	"github.com/omniverto/omniverto/mixer/view"
)

// Errors that the room's callers branch on.
var (
	ErrEnded    = errors.New("room: ended")
	ErrFull     = errors.New("room: full")
	ErrNoMember = errors.New("room: no such member")
)

// Engine is what all rooms of a server share: codecs, kernels, pools and the
// gate of long C calls. It is constant after construction.
type Engine struct {
	Gate            *mixer.Gate
	Pictures        *media.PicturePool
	Frames          *media.FramePool
	Scaler          pixel.Scaler
	Fonts           *fonts.Library
	NewVideoDecoder func() (media.VideoDecoder, error)
	NewVideoEncoder func(media.VideoEncoderConfig) (media.VideoEncoder, error)
	NewAudioDecoder func(channels int) (media.AudioDecoder, error)
	NewAudioEncoder func(channels int) (media.AudioEncoder, error)
	// NextID gives the next member's id; ids are unique in a server.
	NextID func() MemberID
}

// Options make a room.
type Options struct {
	Name     string
	Domain   string
	Profile  Profile
	Layouts  *layouts.Set
	Engine   *Engine
	Observer Observer
	Log      *slog.Logger
}

// Room is one conference.
type Room struct {
	// constant after construction
	name, domain string
	profile      Profile
	engine       *Engine
	clock        *media.Clock
	canvas       *canvas.Canvas
	view         *view.View
	mixer        *audio.Mixer
	beats        [2]*mixer.Metronome // canvas, sound
	log          *slog.Logger
	ops          chan func()
	ended        chan struct{}  // closed when nothing is taken from ops any more
	done         chan struct{}  // closed when everything has stopped
	wg           sync.WaitGroup // metronomes and closing members

	// owned by the loop
	state State

	// atomic
	members  atomic.Int32
	composed atomic.Uint64
}

// New makes the room and starts it. It ends by itself when the last member has
// left, or by Close.
func New(o Options) (*Room, error) {
	layout, group, err := o.Layouts.Resolve(o.Profile.Layout)
	if err != nil {
		return nil, fmt.Errorf("room %s: %w", o.Name, err)
	}
	p, e := o.Profile, o.Engine
	r := &Room{
		name: o.Name, domain: o.Domain, profile: p, engine: e, clock: media.NewClock(),
		log: o.Log.With("room", o.Name), ops: make(chan func(), 64),
		ended: make(chan struct{}), done: make(chan struct{}),
	}
	r.canvas = canvas.New(canvas.Options{Width: p.Width, Height: p.Height, Scaler: e.Scaler})
	r.view = view.New(view.Options{
		Config: media.VideoEncoderConfig{Width: p.Width, Height: p.Height, FPS: p.FPS,
			Bitrate: p.VideoKbps * 1000, Layers: 2},
		NewEncoder: e.NewVideoEncoder, Gate: e.Gate, Scaler: e.Scaler, Frames: e.Frames,
		Clock: r.clock, Log: r.log,
	})
	r.mixer = audio.New(audio.Options{
		Clock: r.clock, Channels: p.Channels, EnergyLevel: p.EnergyLevel, AudioAlways: p.AudioAlways,
		NewEncoder: func() (media.AudioEncoder, error) { return e.NewAudioEncoder(p.Channels) },
		Frames:     e.Frames, Log: r.log,
	})
	r.beats[0] = mixer.NewMetronome(mixer.MetronomeOptions{
		Clock: r.clock, Period: time.Second / time.Duration(p.FPS), Step: r.compose})
	r.beats[1] = mixer.NewMetronome(mixer.MetronomeOptions{
		Clock: r.clock, Period: media.AudioTick, CatchUp: 10, Step: r.mixer.Step})
	r.state = newState(r, layout, group, o.Layouts, o.Observer)
	go r.run()
	return r, nil
}

// Name is the room's name.
func (r *Room) Name() string { return r.name }

// Domain is the conference's domain.
func (r *Room) Domain() string { return r.domain }

// Clock is the room's clock, for the legs that join it.
func (r *Room) Clock() *media.Clock { return r.clock }

// Profile is the room's profile.
func (r *Room) Profile() Profile { return r.profile }

// Done is closed when the room has ended and everything of it has stopped.
func (r *Room) Done() <-chan struct{} { return r.done }

// Do runs f on the room's goroutine and returns its error, or ErrEnded when the
// room ended before, or the context's error.
func (r *Room) Do(ctx context.Context, f func(*State) error) error {
	result := make(chan error, 1)
	select {
	case r.ops <- func() { result <- f(&r.state) }:
	case <-r.ended:
		return ErrEnded
	case <-ctx.Done():
		return ctx.Err()
	}
	select {
	case err := <-result:
		return err
	case <-r.ended:
		select {
		case err := <-result:
			return err
		default:
			return ErrEnded
		}
	}
}

// post runs f on the room's goroutine some time later; it is dropped when the room ends.
func (r *Room) post(f func(*State)) {
	select {
	case r.ops <- func() { f(&r.state) }:
	case <-r.ended:
	}
}

// after posts f when d has passed; stopping the timer drops it.
func (r *Room) after(d time.Duration, f func(*State)) *time.Timer {
	return time.AfterFunc(d, func() { r.post(f) })
}

// Close ends the room with RoomEnded for whoever is left and waits.
func (r *Room) Close() {
	r.post(func(s *State) { s.close(RoomEnded) })
	<-r.done
}

// housekeeping is how often the room looks after things that no event tells.
const housekeeping = time.Second

func (r *Room) run() {
	ctx, stop := context.WithCancel(context.Background())
	for _, b := range r.beats {
		r.wg.Go(func() { b.Run(ctx) })
	}
	tick := time.NewTicker(housekeeping)
	defer tick.Stop()
	r.log.Info("room created", "canvas", fmt.Sprintf("%dx%d", r.profile.Width, r.profile.Height))
	for !r.state.ended {
		select {
		case f := <-r.ops:
			f()
		case <-r.mixer.Changed():
			r.state.pollSound()
		case <-tick.C:
			r.state.everySecond()
		}
	}
	stop()
	close(r.ended) // before the wait: legs that are closing may still post
	r.wg.Wait()
	r.mixer.Close()
	r.view.Close()
	r.canvas.Close()
	r.state.observer.Ended()
	r.log.Info("room ended")
	close(r.done)
}

// compose is the canvas tick.
func (r *Room) compose(tick int64, now time.Duration) {
	if r.view.Watchers() == 0 {
		return
	}
	rtp := r.clock.VideoRTP(now)
	pic, info := r.canvas.Step(now)
	if pic == nil {
		r.view.Tick(tick, rtp)
		return
	}
	r.composed.Add(1)
	r.view.Put(pic, tick, rtp, info.Replaced)
	pic.Release()
}

// Stats are a room's counters for metrics.
type Stats struct {
	Members       int
	Composed      uint64
	Canvas, Sound mixer.MetronomeStats
	View          view.Stats
	Mix           audio.Stats
}

// Stats reads the counters; safe for concurrent use.
func (r *Room) Stats() Stats {
	return Stats{
		Members: int(r.members.Load()), Composed: r.composed.Load(),
		Canvas: r.beats[0].Stats(), Sound: r.beats[1].Stats(),
		View: r.view.Stats(), Mix: r.mixer.Stats(),
	}
}
