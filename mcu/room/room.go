package room

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"runtime/debug"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/omniverto/omniverto/layouts"
	"github.com/omniverto/omniverto/mcu/decor"
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
	ErrPanic    = errors.New("room: internal error")
	// Errors of the door.
	ErrLocked   = errors.New("room: locked")
	ErrBanned   = errors.New("room: banned")
	ErrJoinOnly = errors.New("room: does not exist and may not be made")
	ErrPINWrong = errors.New("room: too many wrong PINs")
)

// Engine is what all rooms of a server share: codecs, kernels, pools and the
// gate of long C calls. It is constant after construction.
type Engine struct {
	Gate            *mixer.Gate
	Pictures        *media.PicturePool
	Frames          *media.FramePool
	Scaler          pixel.Scaler
	Decor           *decor.Library
	Media           *decor.Media
	NewVideoDecoder func() (media.VideoDecoder, error)
	NewVideoEncoder func(media.VideoEncoderConfig) (media.VideoEncoder, error)
	NewAudioDecoder func(codec media.AudioCodec, channels int) (media.AudioDecoder, error)
	NewAudioEncoder func(audio.Kind) (media.AudioEncoder, error)
	// OpenSound opens what a room is to play. It may take seconds; the context ends
	// the opening, not the sound. nil: nothing can be played.
	OpenSound func(ctx context.Context, spec string, channels int) (Sound, error)
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
	Clock    *media.Clock // nil: the room's own
	UUID     string       // "": a new one
	// DetachTime is how long a member without media may take to come back; 0: 120 s.
	DetachTime  time.Duration
	Switchboard Switchboard // transfers and calls; nil: there is none
	Recorder    Recorder    // nil: nothing can be recorded
	Restore     *Saved      // brings a suspended room back; nil: a new one
	// Adopt tells whom a restored member is to tell that he left, or that he lost
	// his media; nil: nobody.
	Adopt func(SavedMember) (left func(Cause), lost func())
}

// Room is one conference.
type Room struct {
	// constant after construction
	name, domain string
	profile      Profile
	engine       *Engine
	switchboard  Switchboard // or nil
	recorder     Recorder    // or nil
	clock        *media.Clock
	phase        float64       // of the metronomes, 0 to below 1 of a period: rooms with one clock do not tick together
	cache        *canvas.Cache // scaled pictures that several canvases show; compose goroutine
	mixer        *audio.Mixer
	sound        *mixer.Metronome
	log          *slog.Logger
	ops          chan func()
	ended        chan struct{} // closed when nothing is taken from ops any more
	done         chan struct{} // closed when everything has stopped
	uuid         string
	started      time.Time
	detachTime   time.Duration
	restored     []*Member
	wg           sync.WaitGroup  // metronomes, closing members and sounds
	life         context.Context // ends with the room
	end          context.CancelFunc

	// owned by the loop
	state State

	// atomic
	beat     atomic.Pointer[canvasBeat]
	members  atomic.Int32
	composed atomic.Uint64
	dials    atomic.Int32 // calls that are being made

	mu     sync.Mutex
	shared composer   // guarded by mu
	past   view.Stats // guarded by mu; of views that were closed
}

// New makes the room and starts it. It ends by itself when the last member has
// left, or by Close.
func New(o Options) (*Room, error) {
	if o.Restore != nil {
		if err := o.Restore.check(); err != nil {
			return nil, fmt.Errorf("room %s: %w", o.Name, err)
		}
	}
	layout, group, err := o.Layouts.Resolve(o.Profile.Layout)
	if err != nil {
		return nil, fmt.Errorf("room %s: %w", o.Name, err)
	}
	p, e := o.Profile, o.Engine
	clock, phase := o.Clock, rand.Float64()
	if clock == nil {
		clock, phase = media.NewClock(), 0
	}
	r := &Room{
		name: o.Name, domain: o.Domain, profile: p, engine: e, clock: clock, phase: phase,
		cache: canvas.NewCache(e.Scaler),
		log:   o.Log.With("room", o.Name), ops: make(chan func(), 64),
		ended: make(chan struct{}), done: make(chan struct{}),
		switchboard: o.Switchboard, recorder: o.Recorder,
		uuid: o.UUID, started: time.Now(), detachTime: o.DetachTime,
	}
	if r.uuid == "" {
		r.uuid = newUUID()
	}
	if r.detachTime <= 0 {
		r.detachTime = defaultDetachTime
	}
	r.mixer = audio.New(audio.Options{
		Clock: r.clock, Channels: r.channels(), EnergyLevel: p.EnergyLevel, AudioAlways: p.AudioAlways,
		NewEncoderFor: e.NewAudioEncoder, DTX: p.AudioDTX, Complexity: mixComplexity,
		Frames: e.Frames, Log: r.log,
	})
	r.mixer.SetComfortNoise(p.ComfortNoise)
	r.life, r.end = context.WithCancel(context.Background())
	r.sound = mixer.NewMetronome(mixer.MetronomeOptions{
		Clock: r.clock, Period: media.AudioTick, Phase: r.phaseOf(media.AudioTick), CatchUp: 10, Step: r.mixer.Step})
	r.state = newState(r, layout, group, o.Layouts, o.Observer)
	if o.Restore != nil {
		r.state.restore(*o.Restore, o.Adopt)
	}
	r.startBeat(r.state.fps)
	go r.run()
	return r, nil
}

// mixComplexity is what the encoders of the mix may spend, as libopus counts it.
const mixComplexity = 5

// Name is the room's name.
func (r *Room) Name() string { return r.name }

// Domain is the conference's domain.
func (r *Room) Domain() string { return r.domain }

// channels is how many the room's sound has.
func (r *Room) channels() int { return max(r.profile.Channels, 1) }

// phaseOf is where in a period the room ticks.
func (r *Room) phaseOf(period time.Duration) time.Duration {
	return min(time.Duration(r.phase*float64(period)), period-1)
}

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
	case r.ops <- func() { result <- r.guard(f) }:
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
	case r.ops <- func() { _ = r.guard(func(s *State) error { f(s); return nil }) }:
	case <-r.ended:
	}
}

// guard runs f on the room's goroutine. A panic there is an error of whoever
// asked; it ends nobody's meeting.
func (r *Room) guard(f func(*State) error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("%w: %v", ErrPanic, p)
			r.log.Error("panic in a room", "panic", p, "stack", string(debug.Stack()))
		}
	}()
	return f(&r.state)
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
	r.wg.Go(func() { r.sound.Run(r.life) })
	tick := time.NewTicker(housekeeping)
	defer tick.Stop()
	r.log.Info("room created", "canvas", fmt.Sprintf("%dx%d", r.profile.Width, r.profile.Height))
	if r.profile.AnnounceCount > 0 {
		r.log.Info("announce-count needs a voice: nobody is announced")
	}
	r.state.happened("conference-create", nil)
	r.state.reappear()
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
	r.state.partAll()
	r.end()
	r.beat.Load().stop()
	close(r.ended)  // before the wait: legs that are closing may still post
	r.mixer.Close() // ends what plays
	r.state.dropSounds()
	r.wg.Wait()
	r.closeForms()
	if !r.state.suspending {
		r.state.happened("conference-destroy", nil)
		r.state.observer.Ended()
	}
	r.log.Info("room ended")
	close(r.done)
}

// Stats are a room's counters for metrics.
type Stats struct {
	Members       int
	Composed      uint64 // pictures of all canvases
	Canvas, Sound mixer.MetronomeStats
	View          view.Stats // of all views now there
	Mix           audio.Stats
}

// Stats reads the counters; safe for concurrent use.
func (r *Room) Stats() Stats {
	return Stats{
		Members: int(r.members.Load()), Composed: r.composed.Load(),
		Canvas: r.beat.Load().Stats(), Sound: r.sound.Stats(),
		View: r.viewStats(), Mix: r.mixer.Stats(),
	}
}

// viewStats adds up the views, those that were closed included.
func (r *Room) viewStats() view.Stats {
	r.mu.Lock()
	d, sum := r.shared.deck, r.past
	r.mu.Unlock()
	all := d.forms
	if d.super != nil {
		all = append(slices.Clip(all), d.super)
	}
	for _, f := range all {
		for _, e := range *f.encodes.Load() {
			sum = addStats(sum, e.view.Stats())
		}
	}
	return sum
}

func addStats(a, b view.Stats) view.Stats {
	return view.Stats{
		Frames: a.Frames + b.Frames, Keyframes: a.Keyframes + b.Keyframes, Bytes: a.Bytes + b.Bytes,
		Requests: a.Requests + b.Requests, Merged: a.Merged + b.Merged, Replaced: a.Replaced + b.Replaced,
		Dropped: a.Dropped + b.Dropped, Errors: a.Errors + b.Errors, Encode: a.Encode + b.Encode,
		Watchers: a.Watchers + b.Watchers,
	}
}
