package rtc

import (
	"time"

	"github.com/omniverto/omniverto/media"
)

// Frames are kept for a retransmission this long, and at most this many.
const (
	historyTime   = time.Second
	historyFrames = 64
)

// history maps the sequence numbers of one leg to the fragments that all legs
// share. It holds one reference per frame. Owned by the writer goroutine.
type history struct {
	sent  [historyFrames]sentFrame
	first int
	n     int
}

// sentFrame is one frame and the sequence number of its first fragment.
type sentFrame struct {
	frame *media.Frame
	seq   uint16
	at    time.Duration
}

// add keeps f, whose first fragment has number seq, at room time now.
func (h *history) add(f *media.Frame, seq uint16, now time.Duration) {
	h.expire(now)
	if h.n == historyFrames {
		h.dropOldest()
	}
	h.sent[(h.first+h.n)%historyFrames] = sentFrame{f.Retain(), seq, now}
	h.n++
}

// find returns the frame and the index of the fragment that was sent as seq.
func (h *history) find(seq uint16) (*media.Frame, int, bool) {
	for i := h.n - 1; i >= 0; i-- { // NACKs ask for what was sent last
		s := &h.sent[(h.first+i)%historyFrames]
		if k := int(seq - s.seq); k < len(s.frame.Fragments) {
			return s.frame, k, true
		}
	}
	return nil, 0, false
}

func (h *history) expire(now time.Duration) {
	for h.n > 0 && now-h.sent[h.first].at > historyTime {
		h.dropOldest()
	}
}

func (h *history) dropOldest() {
	h.sent[h.first].frame.Release()
	h.sent[h.first].frame = nil
	h.first = (h.first + 1) % historyFrames
	h.n--
}

func (h *history) clear() {
	for h.n > 0 {
		h.dropOldest()
	}
}
