package rtc

import (
	"encoding/binary"
	"sync/atomic"
	"time"

	"github.com/pion/rtp"

	"github.com/omniverto/omniverto/media"
)

// paceGap lies between two groups of a large frame's packets: 8 packets in 2 ms
// are 35 Mbit/s, and a keyframe of 62 packets takes 14 ms.
const paceGap = 2 * time.Millisecond

// minResends is the least number of retransmissions a second that a leg may
// cause; beyond it, as many as it was sent packets.
const minResends = 300

// writeStream is an rtpWriter that pion may set and take away at any time.
type writeStream struct{ out atomic.Pointer[rtpWriter] }

func (w *writeStream) set(out rtpWriter) {
	if out == nil {
		w.out.Store(nil)
		return
	}
	w.out.Store(&out)
}

// WriteRTP writes to the stream that is set; without one the packet is lost.
func (w *writeStream) WriteRTP(h *rtp.Header, payload []byte) (int, error) {
	if out := w.out.Load(); out != nil {
		return (*out).WriteRTP(h, payload)
	}
	return 0, nil
}

// outStream is one outbound RTP stream. Owned by the writer goroutine.
type outStream struct {
	header  rtp.Header // reused; SSRC and SequenceNumber are this leg's own
	packets uint32
	octets  uint32
}

// writer sends what waits in the queue: a header of this leg's own before the
// fragments that all legs share. step, report and their callees belong to one goroutine.
type writer struct {
	// Constant after construction.
	out   rtpWriter
	queue *queue
	clock *media.Clock
	terms *atomic.Pointer[terms]
	stats *counters
	batch *batch

	// Owned by the writer goroutine.
	audio, video, rtx outStream
	again             rtp.Header // of a packet sent once more
	history           history
	frame             *media.Frame // being sent, next is its first fragment not sent
	next              int
	paced             bool
	resendsLeft       int
	sentSecond        int
	scratch           [2 + media.MaxFragment]byte
}

func newWriter(out rtpWriter, q *queue, c *media.Clock, t *atomic.Pointer[terms], s *counters, ids sources, seq uint16) *writer {
	w := &writer{out: out, queue: q, clock: c, terms: t, stats: s, batch: newBatch(), resendsLeft: minResends}
	for _, o := range []struct {
		stream *outStream
		ssrc   uint32
	}{{&w.audio, ids.audio}, {&w.video, ids.video}, {&w.rtx, ids.rtx}} {
		o.stream.header = rtp.Header{Version: 2, SSRC: o.ssrc, SequenceNumber: seq}
	}
	w.again.Version = 2
	return w
}

// step sends all that may leave now and returns how long to wait before the rest
// of a paced frame, 0 when nothing is left.
func (w *writer) step() time.Duration {
	t := w.terms.Load()
	for seq, ok := w.queue.takeNACK(); ok; seq, ok = w.queue.takeNACK() {
		w.resend(t, seq)
	}
	for f, ok := w.queue.takeAudio(); ok; f, ok = w.queue.takeAudio() {
		w.sendAudio(t, f)
		f.Release()
	}
	for !w.paced {
		if w.frame == nil && !w.begin(t) {
			return 0
		}
		if w.group() {
			w.paced = true
			return paceGap
		}
	}
	return 0
}

// begin takes the next frame of video.
func (w *writer) begin(t *terms) bool {
	f, ok := w.queue.takeVideo()
	if !ok {
		return false
	}
	w.frame, w.next = f, 0
	w.video.header.PayloadType, w.video.header.Timestamp = t.video.pt, f.RTPTime
	w.history.add(f, w.video.header.SequenceNumber, w.clock.Now())
	return true
}

// group sends up to groupPackets fragments in one go and tells whether more are left.
func (w *writer) group() bool {
	f := w.frame
	end := min(w.next+groupPackets, len(f.Fragments))
	w.batch.open()
	for ; w.next < end; w.next++ {
		w.video.header.Marker = w.next == len(f.Fragments)-1
		w.send(&w.video, f.Fragments[w.next])
	}
	if w.batch.flush() != nil {
		w.stats.writeErrors.Add(1)
	}
	if end < len(f.Fragments) {
		return true
	}
	w.frame = nil
	f.Release()
	return false
}

func (w *writer) sendAudio(t *terms, f *media.Frame) {
	h := &w.audio.header
	h.PayloadType, h.Timestamp = t.audio.pt, f.RTPTime
	if t.audio.codec != media.Opus {
		h.Timestamp = w.clock.SoundRTP(t.audio.codec, time.Duration(f.Tick)*media.AudioTick)
	}
	for i, b := range f.Fragments {
		h.Marker = f.Marker && i == 0
		w.send(&w.audio, b)
	}
}

// send writes one packet and steps the stream's sequence number.
func (w *writer) send(s *outStream, payload []byte) {
	w.write(&s.header, payload)
	s.header.SequenceNumber++
	s.packets++
	s.octets += uint32(len(payload))
	w.sentSecond++
}

func (w *writer) write(h *rtp.Header, payload []byte) {
	if _, err := w.out.WriteRTP(h, payload); err != nil {
		w.stats.writeErrors.Add(1)
		return
	}
	w.stats.packetsOut.Add(1)
	w.stats.bytesOut.Add(uint64(len(payload)))
}

// resend answers one NACK: as RTX where agreed (RFC 4588 4), else the same packet again.
func (w *writer) resend(t *terms, seq uint16) {
	f, i, ok := w.history.find(seq)
	if !ok || f == w.frame && i >= w.next || w.resendsLeft == 0 {
		w.stats.resendMiss.Add(1)
		return
	}
	w.resendsLeft--
	w.stats.resent.Add(1)
	payload, marker := f.Fragments[i], i == len(f.Fragments)-1
	if t.video.rtx == 0 {
		w.again.PayloadType, w.again.SSRC = t.video.pt, w.video.header.SSRC
		w.again.SequenceNumber, w.again.Timestamp, w.again.Marker = seq, f.RTPTime, marker
		w.write(&w.again, payload)
		return
	}
	h := &w.rtx.header
	h.PayloadType, h.Timestamp, h.Marker = t.video.rtx, f.RTPTime, marker
	binary.BigEndian.PutUint16(w.scratch[:], seq)
	n := copy(w.scratch[2:], payload)
	w.send(&w.rtx, w.scratch[:2+n])
}

// second is called once a second: it renews the retransmission budget and lets
// go of old frames.
func (w *writer) second() {
	w.resendsLeft = max(minResends, w.sentSecond)
	w.sentSecond = 0
	w.history.expire(w.clock.Now())
}

// close releases what the writer holds.
func (w *writer) close() {
	if w.frame != nil {
		w.frame.Release()
		w.frame = nil
	}
	w.history.clear()
}
