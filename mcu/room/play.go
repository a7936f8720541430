package room

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/omniverto/omniverto/media"
	"github.com/omniverto/omniverto/mixer/audio"
)

// Sound is something that a room plays. Pull is called by the mix and never
// blocks; it answers Sound, Silence, or Gone when all was played, and ever after.
// The other methods are called by the room's goroutine while the mix may be in
// Pull. Close is called once, when nobody pulls any more; it may wait.
type Sound interface {
	Pull(dst []int16) media.Outcome
	// Pause holds the position.
	Pause(on bool)
	// Seek goes to a time since the beginning or, relative, away from where it is.
	Seek(d time.Duration, relative bool) error
	SetVolume(dB float64)
	// Loop plays it n times in all, -1: for ever.
	Loop(n int)
	Position() time.Duration
	// Duration is 0 where it is not known.
	Duration() time.Duration
	Close() error
}

// errNoSounds says that the server has nothing to play sounds with.
var errNoSounds = errors.New("room: no sounds")

// openSound opens a sound; not on the room's goroutine, because it may take seconds.
func (r *Room) openSound(ctx context.Context, spec string) (Sound, error) {
	if r.engine.OpenSound == nil {
		return nil, errNoSounds
	}
	return r.engine.OpenSound(ctx, spec, r.channels())
}

// openPatience is how long a sound may take to open.
const openPatience = 10 * time.Second

// open opens a sound in the background. then gets it, or the error, on the room's
// goroutine, unless the room ends before.
func (s *State) open(spec string, then func(*State, Sound, error)) {
	r := s.room
	r.wg.Go(func() {
		ctx, cancel := context.WithTimeout(r.life, openPatience)
		defer cancel()
		sound, err := r.openSound(ctx, spec)
		gone := r.Do(context.Background(), func(s *State) error { then(s, sound, err); return nil })
		if errors.Is(gone, ErrEnded) && err == nil {
			_ = sound.Close()
		}
	})
}

// closeSound ends a sound that nobody pulls; it may take a while.
func (s *State) closeSound(sound Sound) { s.room.wg.Go(func() { _ = sound.Close() }) }

// maxMissing bounds the files that are known to be missing.
const maxMissing = 1000

// noSound tells once that a sound cannot be played.
func (s *State) noSound(spec string, err error) {
	if !s.missing[spec] && len(s.missing) < maxMissing {
		s.missing[spec] = true
		s.room.log.Warn("sound left out", "sound", spec, "error", err)
	}
}

// file is one sound that plays or waits for its turn. Owned by the room's loop.
type file struct {
	name         string   // as it was asked for, without its options
	params       []Header // its options
	sound        Sound
	to           *Member // nil: everybody
	async, alone bool
	quiet        bool // no event tells of it
	paused       bool
	stop         func()       // nil while it waits
	ended        func(*State) // once it has ended
}

// parseFile reads {option=value,…}name.
func parseFile(word string) *file {
	f := &file{name: word}
	inner, rest, ok := strings.Cut(strings.TrimPrefix(word, "{"), "}")
	if !ok || !strings.HasPrefix(word, "{") {
		return f
	}
	f.name = rest
	for option := range strings.SplitSeq(inner, ",") {
		if name, value, ok := strings.Cut(option, "="); ok {
			f.params = append(f.params, Header{strings.TrimSpace(name), strings.TrimSpace(value)})
		}
	}
	return f
}

// param is an option's value, "" for none.
func (f *file) param(name string) string {
	for _, h := range f.params {
		if h.Name == name {
			return h.Value
		}
	}
	return ""
}

// maxFileVolume bounds the volume of a file, in FreeSWITCH's finest steps of 1 dB.
const maxFileVolume = 50

func fileVolume(word string) float64 {
	return float64(max(-maxFileVolume, min(maxFileVolume, atoi(word))))
}

// prepare applies the options to the sound.
func (f *file) prepare() {
	if v := f.param("vol"); v != "" {
		f.sound.SetVolume(fileVolume(v))
	}
	if v := f.param("loops"); strings.EqualFold(v, "inf") || atoi(v) < 0 {
		f.sound.Loop(-1)
	} else if n := atoi(v); n > 0 {
		f.sound.Loop(n)
	}
}

// start plays a file now.
func (s *State) start(f *file) {
	r := s.room
	over := make(chan struct{})
	a := audio.Announcement{Alone: f.alone, Done: func() { close(over) }}
	if f.to != nil {
		a.To = audio.PortID(f.to.id)
	}
	f.stop = r.mixer.Announce(f.sound, a)
	r.wg.Go(func() {
		<-over
		_ = r.Do(context.Background(), func(s *State) error { s.fileEnded(f); return nil })
		_ = f.sound.Close()
	})
	s.tellFile(f, "")
}

// tellFile tells that a file begins, or why it does not.
func (s *State) tellFile(f *file, problem string) {
	if f.quiet || f.to != nil && f.to.waiting != NotWaiting {
		return
	}
	headers := []Header{{"File", f.name}}
	action := "play-file"
	if f.to != nil {
		action = "play-file-member"
	} else {
		headers = append(headers, Header{"Async", strconv.FormatBool(f.async)})
	}
	headers = append(headers, f.params...)
	if problem != "" {
		headers = append(headers, Header{"Error", problem})
	}
	s.happened(action, f.to, headers...)
}

// notPlayed is what FreeSWITCH's event says.
const notPlayed = "File could not be played"

// fileEnded tells that a file has ended and lets the next one begin.
func (s *State) fileEnded(f *file) {
	at := f.sound.Position()
	samples := int64(at) * media.SampleRate / int64(time.Second)
	headers := []Header{
		{"seconds", fmt.Sprint(int64(at / time.Second))}, {"milliseconds", fmt.Sprint(at.Milliseconds())},
		{"samples", fmt.Sprint(samples)}, {"File", f.name},
	}
	if f.async {
		headers = append(headers, Header{"Async", "true"})
	}
	headers = append(headers, f.params...)
	switch {
	case f.quiet, f.to != nil && f.to.waiting != NotWaiting:
	case f.to == nil:
		s.happened("play-file-done", nil, headers...)
	case !f.to.gone:
		s.happened("play-file-member-done", f.to, headers...)
	}
	if f.ended != nil {
		f.ended(s)
	}
}

// playlist plays one file at a time.
type playlist struct {
	now     *file
	waiting []*file
}

// maxWaiting bounds the files that wait for their turn.
const maxWaiting = 50

// errTooMany says that too many files wait.
var errTooMany = errors.New("room: too many files wait")

// add plays a file when those before it have ended.
func (l *playlist) add(s *State, f *file) error {
	if len(l.waiting) >= maxWaiting {
		return errTooMany
	}
	f.ended = func(s *State) {
		if l.now == f {
			l.next(s)
		}
	}
	if l.now != nil {
		l.waiting = append(l.waiting, f)
		return nil
	}
	l.now = f
	s.start(f)
	return nil
}

// next lets the file begin that waits longest, if any.
func (l *playlist) next(s *State) {
	if l.now = nil; len(l.waiting) > 0 {
		l.now = l.waiting[0]
		l.waiting = slices.Delete(l.waiting, 0, 1)
		s.start(l.now)
	}
}

// stop ends the file that plays, and with all those that wait. It returns how many.
func (l *playlist) stop(s *State, all bool) (n int) {
	if all {
		n = len(l.waiting)
		for _, f := range l.waiting {
			s.closeSound(f.sound)
		}
		l.waiting = nil
	}
	if l.now != nil {
		l.now.stop()
		l.next(s)
		n++
	}
	return n
}

// play takes a file whose sound is open; on an error its sound is the caller's.
func (s *State) play(f *file) error {
	f.prepare()
	switch {
	case f.to != nil && f.to.gone:
		return ErrNoMember
	case f.to != nil:
		return f.to.files.add(s, f)
	case !f.async:
		return s.files.add(s, f)
	}
	if s.async != nil {
		s.async.stop()
	}
	s.async = f
	f.ended = func(s *State) {
		if s.async == f {
			s.async = nil
		}
	}
	s.start(f)
	return nil
}

// dropSounds closes what waits when the room ends.
func (s *State) dropSounds() { s.files.stop(s, true) }
