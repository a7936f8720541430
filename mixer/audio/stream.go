package audio

import (
	"time"

	"github.com/omniverto/omniverto/media"
)

// maxPause bounds a pause of discontinuous transmission, in ticks: Opus itself
// sends something every 400 ms; a codec that does not gets its empty packet sent.
const maxPause = 20

// dtxSize is the size up to which an encoded packet need not be sent
// (media.AudioEncoder).
const dtxSize = 2

// stream is one encoded mix. Owned by the step.
type stream struct {
	enc        media.AudioEncoder
	pause      int              // ticks without a frame; a new stream starts as after a pause
	effort     ComplexitySetter // enc, if it can
	complexity int              // that was set last; -1: none
	prediction PredictionSetter // enc, if it can
	alone      bool             // it was told to make packets that need no others
}

func newStream(enc media.AudioEncoder) *stream {
	s := &stream{enc: enc, pause: 1, complexity: -1}
	s.effort, _ = enc.(ComplexitySetter)
	s.prediction, _ = enc.(PredictionSetter)
	return s
}

// setComplexity gives the stream's encoder a complexity, if it takes any.
func (m *Mixer) setComplexity(s *stream, complexity int) {
	if m.effort.full == 0 || s.effort == nil || s.complexity == complexity {
		return
	}
	s.complexity = complexity
	if err := s.effort.SetComplexity(complexity); err != nil {
		m.encodeFailed(err)
	}
}

// setAlone chooses whether the stream's next packet needs those before it.
func (m *Mixer) setAlone(s *stream, alone bool) {
	if s.prediction == nil || s.alone == alone {
		return
	}
	s.alone = alone
	if err := s.prediction.SetPrediction(!alone); err != nil {
		m.encodeFailed(err)
	}
}

func (s *stream) close() {
	if s != nil {
		// An encoder has nothing to flush; an error here tells nobody anything.
		_ = s.enc.Close()
	}
}

// take makes s go on where from stands, if the encoders can.
func (s *stream) take(from *stream) (bool, error) {
	c, ok := s.enc.(media.StateCopier)
	if !ok {
		return false, nil
	}
	if err := c.CopyState(from.enc); err != nil {
		return false, err
	}
	s.pause = from.pause
	return true, nil
}

// encode returns the frame of this tick with one reference, or nil when there is
// nothing to send.
func (m *Mixer) encode(s *stream, pcm []int16) *media.Frame {
	n, err := s.enc.Encode(pcm, m.packet[:])
	if err != nil {
		m.encodeFailed(err)
	}
	if err != nil || n <= 0 || m.o.DTX && n <= dtxSize && s.pause < maxPause {
		s.pause++
		m.paused.Add(1)
		return nil
	}
	f := m.o.Frames.Get()
	f.Tick, f.RTPTime, f.Marker = m.tick, m.rtp, s.pause > 0
	f.SetPayload(m.packet[:n])
	s.pause = 0
	m.frames.Add(1)
	return f
}

// encodeFailed counts, and logs once a second.
func (m *Mixer) encodeFailed(err error) {
	m.encodeErrors.Add(1)
	if m.at >= m.nextLog {
		m.nextLog = m.at + time.Second
		m.log.Error("audio: encode", "err", err, "count", m.encodeErrors.Load())
	}
}
