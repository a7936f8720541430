// Package play is what a room plays: tones, silence, the product's own sounds and
// files of the media folder. A Player is a source of a mixer: its Pull never blocks
// and allocates nothing.
//
// Tones and the product's sounds are computed tick by tick. Files are decoded by a
// child process, FFmpeg, one for each player: what is inside a stranger's file is read
// by a process that can be killed, that is handed one open file and that may open
// nothing else but plain containers of sound in it.
package play

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"sync"
	"time"

	"github.com/omniverto/omniverto/media"
)

// Errors of Open and Seek; those returned say more.
var (
	// ErrSpec says that the words are not understood.
	ErrSpec = errors.New("not a sound")
	// ErrOutside says that a path does not lead into the media folder.
	ErrOutside = errors.New("not in the media folder")
	// ErrFile says that a file is missing or holds no sound that can be played.
	ErrFile = errors.New("no usable sound file")
	// ErrNoDecoder says that FFmpeg, which decodes files, is not installed.
	ErrNoDecoder = errors.New("files cannot be played without ffmpeg")
	// ErrEnded says that a player has come to its end.
	ErrEnded = errors.New("ended")
)

// openTime is how long Open waits for the first samples of a file.
const openTime = 5 * time.Second

// Options are what a player needs to know of its room.
type Options struct {
	Dir      string       // the media folder; empty: there are no files
	Channels int          // 1 or 2: the mixer's
	FFmpeg   string       // the program; empty: "ffmpeg" of the PATH
	Log      *slog.Logger // nil: none
}

// Stats counts a player's troubles.
type Stats struct {
	Starved uint64 // ticks for which the decoder was late: silence was played instead
}

// voice is where a player's samples come from. Its methods do not block and may be
// called by any goroutine. Positions are in samples per channel.
type voice interface {
	// read fills interleaved dst with the next sound. What it answers is listed below.
	read(dst []int16) state
	seek(to int64)
	// loop tells how often the whole is played, counted from the pass that is heard
	// now; -1: for ever.
	loop(n int)
	position() int64
	length() int64 // of one pass; 0: unknown or endless
	close()
}

// state is what a voice has for a tick.
type state uint8

const (
	played  state = iota // dst is filled
	quiet                // the tick is over, and nothing is to be heard in it
	starved              // the next samples are not there yet
	waiting              // likewise, for a reason that is no trouble
	ended                // nothing follows
)

// Player plays one thing. Pull is for the mixer's goroutine; the other methods may be
// called by any. Close must follow.
type Player struct {
	channels int
	voice    voice

	mu     sync.Mutex
	volume float64 // linear
	gain   float64 // where the ramp to volume, or to the pause, is
	begun  bool
	paused bool
	gone   bool
	stats  Stats
}

// Open starts to play what spec says:
//
//	tone_stream://%(on,off,hz[,hz…])[;…][;loops=n]  tones as in FreeSWITCH
//	silence_stream://ms[,comfort]                   silence, or noise of 1/comfort; -1 ms: endless
//	omniverto://enter                               a sound of the product, see Sound
//	local_stream://…                                music on hold
//	silence                                         endless silence
//	path                                            a file of the media folder, relative or absolute
//
// A file is played once its first samples are decoded, which Open waits for; ctx ends
// that wait, not the playing.
func Open(ctx context.Context, o Options, spec string) (*Player, error) {
	if o.Channels != 1 && o.Channels != 2 {
		return nil, fmt.Errorf("play: %d channels: must be 1 or 2", o.Channels)
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	what, err := parse(spec)
	if err != nil {
		return nil, fmt.Errorf("play: %q: %w", shorten(spec), err)
	}
	p := &Player{channels: o.Channels, volume: 1, gain: 1}
	if what.score != nil {
		p.voice = newScoreVoice(what.score, o.Channels, what.loops)
		return p, nil
	}
	f, err := openFile(ctx, o, what.path)
	if err != nil {
		return nil, fmt.Errorf("play: %q: %w", shorten(spec), err)
	}
	p.voice = f
	return p, nil
}

// shorten keeps a stranger's words readable in a message.
func shorten(s string) string {
	const most = 200
	if len(s) > most {
		return s[:most] + "…"
	}
	return s
}

// Pull fills dst with the next tick, interleaved. It says Silence, and writes nothing,
// while nothing is to be heard: in a pause, between tones, and while the decoder is
// late. It says Gone when all was played, and ever after.
func (p *Player) Pull(dst []int16) media.Outcome {
	p.mu.Lock()
	defer p.mu.Unlock()
	target := p.volume
	if p.paused {
		target = 0
	}
	switch {
	case p.gone:
		return media.Gone
	case p.paused && (p.gain == 0 || !p.begun):
		p.gain = 0
		return media.Silence
	}
	switch p.voice.read(dst) {
	case played:
	case ended:
		p.gone = true
		return media.Gone
	case starved:
		p.stats.Starved++
		return media.Silence
	case quiet:
		p.begun, p.gain = true, target
		return media.Silence
	case waiting:
		return media.Silence
	}
	p.begun = true
	ramp(dst, p.channels, p.gain, target)
	p.gain = target
	return media.Sound
}

// ramp applies a gain that goes from one value to another within the tick.
func ramp(pcm []int16, channels int, from, to float64) {
	if from == 1 && to == 1 {
		return
	}
	n := len(pcm) / channels
	for i := range n {
		gain := from + (to-from)*float64(i+1)/float64(n)
		for c := range channels {
			at := i*channels + c
			pcm[at] = clip(float64(pcm[at]) * gain)
		}
	}
}

func clip(v float64) int16 {
	return int16(min(max(math.RoundToEven(v), math.MinInt16), math.MaxInt16))
}

// Pause holds the position, or goes on from there. The sound fades within a tick.
func (p *Player) Pause(on bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.paused = on
}

// SetVolume changes the level, in dB up to 24, within a tick. What is below -100 is
// nothing.
func (p *Player) SetVolume(dB float64) {
	gain := 0.0
	if dB >= -100 { // not so for a NaN
		gain = math.Pow(10, min(dB, 24)/20)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.volume = gain
	if !p.begun {
		p.gain = gain
	}
}

// Seek goes to a time since the beginning, or away from where it is. Both ends are
// limits. A file that was sought in is silent until its decoder has found the place.
func (p *Player) Seek(d time.Duration, relative bool) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.gone {
		return fmt.Errorf("play: seek: %w", ErrEnded)
	}
	const most = 1 << 40 // samples: nearly a year
	to := samples(max(min(d, most/media.SampleRate*time.Second), -most/media.SampleRate*time.Second))
	if relative {
		to += p.voice.position()
	}
	if length := p.voice.length(); length > 0 {
		to = min(to, length)
	}
	p.voice.seek(max(to, 0))
	if p.begun {
		p.gain = 0 // and up again: what is there now does not join what was before
	}
	return nil
}

// Loop tells how often the whole is played, counted from the pass that is heard now:
// 1 ends with this pass; -1 is for ever. What is over stays over.
func (p *Player) Loop(n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.gone {
		p.voice.loop(n)
	}
}

// Position is the time of the next sample since the beginning of its pass.
func (p *Player) Position() time.Duration { return duration(p.voice.position()) }

// Duration is how long one pass is; 0: unknown, or endless. That of a file is a
// container's word until it was played to its end.
func (p *Player) Duration() time.Duration { return duration(p.voice.length()) }

// Stats returns the counters.
func (p *Player) Stats() Stats {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.stats
}

// Close ends the player; Pull says Gone from now on. It returns when the decoder has
// ended. A second Close does nothing.
func (p *Player) Close() error {
	p.mu.Lock()
	p.gone = true
	p.mu.Unlock()
	p.voice.close()
	return nil
}

func samples(d time.Duration) int64 {
	whole, rest := d/time.Second, d%time.Second
	return int64(whole)*media.SampleRate + int64(rest)*media.SampleRate/int64(time.Second)
}

func duration(n int64) time.Duration {
	whole, rest := n/media.SampleRate, n%media.SampleRate
	return time.Duration(whole)*time.Second + time.Duration(rest)*time.Second/media.SampleRate
}
