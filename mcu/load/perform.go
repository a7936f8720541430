package load

import (
	"context"
	"time"

	"github.com/pion/rtp"

	"github.com/omniverto/omniverto/media"
)

// perform starts to send; leave ends it.
func (p *participant) perform() {
	ctx, stop := context.WithCancel(context.Background())
	p.stop = stop
	now := time.Now()
	// Chance is drawn here, in a fixed order.
	start, speak := p.phase(now, media.AudioTick), p.speaker()
	p.wg.Go(func() { p.stage.pace(ctx, start, media.AudioTick, speak) })
	if p.camera {
		period := time.Second / time.Duration(p.stage.camera.FPS)
		start, film := p.phase(now, period), p.filmer()
		p.wg.Go(func() { p.stage.pace(ctx, start, period, film) })
	}
	p.wg.Go(func() { p.tend(ctx) })
}

// phase is a start within a period from now on: people's cameras are not in step.
func (p *participant) phase(now time.Time, period time.Duration) time.Time {
	return now.Add(time.Duration(p.rng.Float64() * float64(period)))
}

// filmer returns the step that sends the next picture of the loop, or its
// keyframe if the server has asked for one.
func (p *participant) filmer() func(int) {
	loop, track, at := p.stage.cameras[p.index], p.peer.cameras[0], 0
	seq, base := uint16(p.rng.Uint32()), p.rng.Uint32()
	return func(n int) {
		if p.keyWanted.Swap(false) {
			at = 0
			p.mu.Lock()
			p.sent++
			p.mu.Unlock()
		}
		f := loop[at]
		p.stage.shown[p.index][at].Store(p.stage.now())
		for i, payload := range f.Fragments {
			_ = track.WriteRTP(&rtp.Packet{Header: rtp.Header{
				Version: 2, SequenceNumber: seq, Marker: i == len(f.Fragments)-1,
				Timestamp: base + uint32(n*media.VideoClock/p.stage.camera.FPS),
			}, Payload: payload})
			seq++
		}
		at = (at + 1) % len(loop)
	}
}

// Audio levels that are sent (RFC 6464): -dBov, with the voice bit.
const (
	levelTalk    = 0x80 | 26
	levelSilence = 127
)

// speaker returns the step that sends the next packet of sound.
func (p *participant) speaker() func(int) {
	loop, level := p.stage.silence[0], byte(levelSilence)
	switch {
	case p.talks:
		loop, level = p.stage.talks[p.index], levelTalk
	case p.dtx:
		loop = p.stage.silence[1]
	}
	seq, base, paused := uint16(p.rng.Uint32()), p.rng.Uint32(), true
	extension := p.peer.mic.level.Load()
	return func(n int) {
		at := n % len(loop)
		if loop[at] == nil {
			paused = true
			return
		}
		h := rtp.Header{Version: 2, SequenceNumber: seq, Timestamp: base + uint32(n*media.TickSamples), Marker: paused}
		if extension != 0 {
			_ = h.SetExtension(uint8(extension), []byte{level})
		}
		if offset, ok := beepIn(p.index, at); ok && p.talks {
			// What is sent now was spoken during the last tick.
			p.stage.beeped(p.index, p.stage.now()+int64(offset-media.AudioTick))
		}
		_ = p.peer.mic.WriteRTP(&rtp.Packet{Header: h, Payload: loop[at]})
		seq++
		paused = false
	}
}
