package room

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"github.com/omniverto/omniverto/media"
	"github.com/omniverto/omniverto/mixer"
)

// deck is everything that a canvas tick composes, an immutable snapshot: the
// canvases and personal canvases in order, and the super canvas that shows the
// canvases, or nil.
type deck struct {
	forms []*form
	super *form
}

// composer is what the compose goroutine and the room's loop share.
type composer struct {
	deck    deck
	retired []*form     // to be closed by the compose goroutine
	asked   []*snapshot // to be taken in the next tick
}

// snapshot is a picture that somebody waits for. Who settles it first, the compose
// goroutine by delivering or the asker by giving up, decides who releases.
type snapshot struct {
	form    *form
	result  chan *media.Picture // one deep
	settled atomic.Bool
}

// deliver hands the picture over, with its reference.
func (s *snapshot) deliver(p *media.Picture) {
	if s.settled.CompareAndSwap(false, true) {
		s.result <- p
	} else if p != nil {
		p.Release()
	}
}

// giveUp is for an asker who waits no longer: a picture that came is released.
func (s *snapshot) giveUp() {
	if s.settled.CompareAndSwap(false, true) {
		return
	}
	if p := <-s.result; p != nil {
		p.Release()
	}
}

// publishDeck tells the compose goroutine what there is, and what it shall close.
func (r *Room) publishDeck(d deck, retired ...*form) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.shared.deck = d
	r.shared.retired = append(r.shared.retired, retired...)
}

// take empties the mailbox of the compose goroutine.
func (r *Room) take() composer {
	r.mu.Lock()
	defer r.mu.Unlock()
	c := r.shared
	r.shared.retired, r.shared.asked = nil, nil
	return c
}

// compose is the canvas tick.
func (r *Room) compose(tick int64, now time.Duration) {
	c := r.take()
	for _, f := range c.retired {
		f.release()
		r.wg.Go(f.closeViews) // waits for an encoder, a tick must not
	}
	super := c.deck.super
	superWatched := super != nil && (super.watched() || asks(c.asked, super))
	for _, f := range c.deck.forms {
		if f.watched() || superWatched && f.monitor != nil || asks(c.asked, f) {
			f.step(tick, now)
		}
	}
	if superWatched {
		super.step(tick, now)
	}
	for _, s := range c.asked {
		s.deliver(s.form.canvas.Last())
	}
}

func asks(all []*snapshot, f *form) bool {
	for _, s := range all {
		if s.form == f {
			return true
		}
	}
	return false
}

// snapshot asks for what a form shows in the next tick.
func (r *Room) snapshot(f *form) *snapshot {
	s := &snapshot{form: f, result: make(chan *media.Picture, 1)}
	r.mu.Lock()
	r.shared.asked = append(r.shared.asked, s)
	r.mu.Unlock()
	return s
}

// Errors of pictures.
var (
	ErrNoCanvas  = errors.New("room: no such canvas")
	errNoPicture = errors.New("room: no picture")
)

// Snapshot is what a canvas shows now, 0-based; the number after the last is the
// super canvas, if there is one. The caller releases the picture and must not
// keep it for long: it is one of the canvas' buffers.
func (r *Room) Snapshot(ctx context.Context, index int) (*media.Picture, error) {
	var asked *snapshot
	err := r.Do(ctx, func(s *State) error {
		c, err := s.canvasOrSuper(index)
		if err == nil {
			asked = r.snapshot(c.form)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return r.awaitSnapshot(ctx, asked)
}

// awaitSnapshot waits for the tick that takes it; the picture comes with a
// reference for the caller.
func (r *Room) awaitSnapshot(ctx context.Context, asked *snapshot) (*media.Picture, error) {
	select {
	case p := <-asked.result:
		if p == nil {
			return nil, errNoPicture
		}
		return p, nil
	case <-r.ended:
		return nil, ErrEnded
	case <-ctx.Done():
		asked.giveUp()
		return nil, ctx.Err()
	}
}

// canvasBeat is the running metronome of the canvases.
type canvasBeat struct {
	*mixer.Metronome
	stop context.CancelFunc
	done chan struct{}
}

// startBeat starts composing at a frame rate.
func (r *Room) startBeat(fps int) {
	ctx, stop := context.WithCancel(context.Background())
	b := &canvasBeat{stop: stop, done: make(chan struct{}), Metronome: mixer.NewMetronome(mixer.MetronomeOptions{
		Clock: r.clock, Period: period(fps), Phase: r.phaseOf(period(fps)), Step: r.compose,
	})}
	r.beat.Store(b)
	r.wg.Go(func() {
		defer close(b.done)
		b.Run(ctx)
	})
}

// stopBeat stops composing and waits until it has.
func (r *Room) stopBeat() {
	b := r.beat.Load()
	b.stop()
	<-b.done
}

// period is the time between two pictures.
func period(fps int) time.Duration { return time.Second / time.Duration(fps) }

// closeForms ends what composing left, once it has stopped.
func (r *Room) closeForms() {
	c := r.take()
	all := append(c.retired, c.deck.forms...)
	if c.deck.super != nil {
		all = append(all, c.deck.super)
	}
	for _, f := range all {
		f.release()
		f.closeViews()
	}
	for _, s := range c.asked {
		s.deliver(nil)
	}
	r.cache.Close()
}
