package media

import (
	"math/rand/v2"
	"time"
)

// Rates of the RTP clocks, in ticks per second.
const (
	VideoClock = 90000
	AudioClock = 48000
)

// Clock is the one clock of a room: RTP times and sender reports of audio and
// video come from it, so that a browser can put them together.
// It is constant after construction and safe for concurrent use.
type Clock struct {
	start     time.Time // with monotonic reading
	videoBase uint32
	audioBase uint32
}

// NewClock starts a clock now, with random RTP bases (RFC 3550 5.1).
func NewClock() *Clock {
	return &Clock{start: time.Now(), videoBase: rand.Uint32(), audioBase: rand.Uint32()}
}

// Now is the time since the clock's start, monotonic.
func (c *Clock) Now() time.Duration { return time.Since(c.start) }

// At converts an absolute time with monotonic reading to room time.
func (c *Clock) At(t time.Time) time.Duration { return t.Sub(c.start) }

// VideoRTP is the 90 kHz RTP time of room time t.
func (c *Clock) VideoRTP(t time.Duration) uint32 {
	return c.videoBase + uint32(int64(t)*9/100000)
}

// AudioRTP is the 48 kHz RTP time of room time t.
func (c *Clock) AudioRTP(t time.Duration) uint32 {
	return c.audioBase + uint32(int64(t)*6/125000)
}

// ntpEpoch is 1900-01-01 in Unix seconds.
const ntpEpoch = -2208988800

// NTP is room time t as a 32.32 NTP timestamp: wall clock at the start plus
// monotonic time (media.md 3), so that a stepped clock cannot tear lip-sync.
func (c *Clock) NTP(t time.Duration) uint64 {
	wall := c.start.Round(0).Add(t)
	sec := uint64(wall.Unix() - ntpEpoch)
	frac := uint64(wall.Nanosecond()) << 32 / 1e9
	return sec<<32 | frac
}

// SoundRTP is room time t in the RTP clock of a codec of sound: AudioRTP for
// Opus, another base and rate for the others.
func (c *Clock) SoundRTP(codec AudioCodec, t time.Duration) uint32 {
	if codec == Opus {
		return c.AudioRTP(t)
	}
	return c.AudioRTP(0) + uint32(int64(t)*int64(codec.ClockRate())/int64(time.Second))
}
