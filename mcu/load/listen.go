package load

import (
	"time"

	"github.com/omniverto/omniverto/media"
)

// listen decodes sound until the queue is closed.
func (o *observer) listen() {
	for s := range o.sounds {
		o.take(s)
	}
}

// take puts a packet where its RTP time says; what is missing before it is
// silence.
func (o *observer) take(s sound) {
	if o.n == 0 {
		o.firstTS = s.ts
	}
	s.pos = o.heard + int64(int32(s.ts-o.firstTS-uint32(o.heard)))
	missing := s.pos - o.heard
	switch {
	case missing > longestPause || missing < -longestPause:
		o.beginAnew()
		return
	case missing < 0: // late or twice
		return
	}
	for silence := make([]int16, media.TickSamples); missing > 0; missing -= media.TickSamples {
		o.give(silence[:min(missing, media.TickSamples)])
	}
	samples, err := o.opus.Decode(s.payload, o.pcm)
	if err != nil {
		o.count(&o.failed)
		return
	}
	o.recent[o.n%len(o.recent)] = s
	o.n++
	o.give(o.pcm[:samples])
}

// beginAnew takes the next packet as the first of another stream.
func (o *observer) beginAnew() {
	o.n, o.heard = 0, 0
	for k, e := range o.ears {
		if e != nil {
			o.ears[k] = newEar(beepPitch(k))
		}
	}
}

// give lets all ears hear samples.
func (o *observer) give(pcm []int16) {
	for k, e := range o.ears {
		if e == nil {
			continue
		}
		if at, ok := e.listen(pcm, 1); ok {
			o.beep(k, int64(at))
		}
	}
	o.heard += int64(len(pcm))
}

// beep takes the beep of talker k whose middle is at a position of the stream.
func (o *observer) beep(k int, pos int64) {
	for i := range min(o.n, len(o.recent)) {
		s := o.recent[i]
		if pos < s.pos || pos >= s.pos+media.TickSamples {
			continue
		}
		offset := (pos - s.pos) * int64(time.Second) / media.SampleRate
		now := o.stage.at(s.at) + offset
		spoken, ok := o.stage.lastBeep(k, now)
		if !ok {
			return
		}
		o.mu.Lock()
		o.latency.audio = append(o.latency.audio, ms(now-spoken))
		if m := o.mapping[0]; m.known {
			// The talker's sender reports say that a packet's first sample was made
			// when the packet was sent, a tick after it was spoken.
			o.latency.syncedAudio = append(o.latency.syncedAudio, ms(m.at(s.ts)+offset-spoken-int64(media.AudioTick)))
		}
		o.mu.Unlock()
		return
	}
}
