package rtc

import (
	"encoding/binary"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pion/interceptor/pkg/twcc"
	"github.com/pion/rtcp"
	"github.com/pion/rtp"

	"github.com/omniverto/omniverto/media"
)

const (
	// maxPacketsIn bounds what one peer may send in a second: a 4K screen share
	// has under 1,500 packets. The excess is dropped before anything looks at it.
	maxPacketsIn = 4000
	// twccPeriod lies between two transport-wide feedbacks.
	twccPeriod = 100 * time.Millisecond
	// twccPackets sends feedback before the period is over.
	twccPackets = 200
	// takeover is how long the current SSRC of a kind must have been silent before
	// an undeclared one may replace it.
	takeover = time.Second
	// plainRTT is assumed as long as no receiver report told the round trip.
	plainRTT = 50 * time.Millisecond
)

// inbound turns a leg's RTP into media packets and makes the feedback for them.
// rtp is called from pion's one SRTP goroutine, the rest from any.
type inbound struct {
	// Constant after construction.
	handler media.LegHandler
	terms   *atomic.Pointer[terms]
	stats   *counters
	send    func([]rtcp.Packet) // feedback to the peer
	ssrc    uint32              // our own, as the sender of feedback
	start   time.Time

	// Owned by the SRTP goroutine.
	raw     rtp.Packet
	out     media.Packet
	second  time.Time // begin of the flood window
	inQuota int
	asks    [maxMissing]uint16

	mu       sync.Mutex
	audio    receiver // guarded by mu, as all below
	video    receiver
	recorder *twcc.Recorder
	twccAt   time.Time
}

func newInbound(h media.LegHandler, t *atomic.Pointer[terms], c *counters, ssrc uint32, send func([]rtcp.Packet)) *inbound {
	return &inbound{
		handler: h, terms: t, stats: c, send: send, ssrc: ssrc, start: time.Now(),
		audio:    receiver{rate: uint32(t.Load().audio.codec.ClockRate())},
		video:    receiver{rate: media.VideoClock, resends: true},
		recorder: twcc.NewRecorder(ssrc),
	}
}

// rtp takes one decrypted packet.
func (in *inbound) rtp(p []byte, now time.Time) {
	if !in.quota(now) {
		in.stats.floodIn.Add(1)
		return
	}
	if in.raw.Unmarshal(p) != nil {
		in.stats.badIn.Add(1)
		return
	}
	in.stats.packetsIn.Add(1)
	in.stats.bytesIn.Add(uint64(len(p)))
	t := in.terms.Load()
	in.transportWide(t, now)
	switch h := &in.raw.Header; {
	case t.audio.used && h.PayloadType == t.audio.pt:
		if t.audio.in && in.original(&in.audio, t.audio.section.ssrcs, now) {
			in.fill(t, now)
			in.handler.AudioPacket(&in.out)
		}
	case t.audio.red != 0 && h.PayloadType == t.audio.red:
		if t.audio.in && in.original(&in.audio, t.audio.section.ssrcs, now) {
			in.fill(t, now)
			in.redundant()
		}
	case t.video.used && h.PayloadType == t.video.pt:
		if t.video.in && in.original(&in.video, t.video.section.ssrcs, now) {
			in.fill(t, now)
			in.handler.VideoPacket(&in.out)
		}
	case t.video.rtx != 0 && h.PayloadType == t.video.rtx:
		if t.video.in && in.repaired(now) {
			in.handler.VideoPacket(&in.out)
		}
	}
	in.ask(t, now)
}

func (in *inbound) quota(now time.Time) bool {
	if now.Sub(in.second) >= time.Second {
		in.second, in.inQuota = now, 0
	}
	in.inQuota++
	return in.inQuota <= maxPacketsIn
}

// original takes note of a packet of the stream itself; false when it belongs to
// a stream that is not the leg's one source of its kind.
func (in *inbound) original(r *receiver, declared []uint32, now time.Time) bool {
	h := &in.raw.Header
	in.mu.Lock()
	defer in.mu.Unlock()
	if r.started && r.ssrc != h.SSRC {
		named := len(declared) > 0 && declared[0] == h.SSRC
		if !named && now.Sub(r.last) < takeover {
			return false
		}
	}
	r.packet(h.SSRC, h.SequenceNumber, h.Timestamp, now)
	return true
}

// fill makes the media packet of an original. Padding alone has an empty payload,
// and is passed on so that its sequence number is not taken for lost.
func (in *inbound) fill(t *terms, now time.Time) {
	h := &in.raw.Header
	in.out = media.Packet{
		Arrival: now, SSRC: h.SSRC, Seq: h.SequenceNumber, Timestamp: h.Timestamp,
		Marker: h.Marker, Payload: in.raw.Payload,
	}
	if t.level == 0 {
		return
	}
	if x := h.GetExtension(t.level); len(x) > 0 {
		in.out.HasLevel, in.out.Level, in.out.Voice = true, x[0]&0x7f, x[0]&0x80 != 0
	}
}

// repaired unwraps an RTX packet (RFC 4588 4); false for mere probes and for
// what nobody misses any more.
func (in *inbound) repaired(now time.Time) bool {
	h, payload := &in.raw.Header, in.raw.Payload
	if len(payload) < 2 {
		return false
	}
	seq := binary.BigEndian.Uint16(payload)
	in.mu.Lock()
	ssrc, missed := in.video.ssrc, in.video.missing.found(seq)
	in.mu.Unlock()
	in.out = media.Packet{
		Arrival: now, SSRC: ssrc, Seq: seq, Timestamp: h.Timestamp, Marker: h.Marker, Payload: payload[2:],
	}
	return missed
}

// ask sends a NACK for what is missing, driven by the arrival of other packets.
func (in *inbound) ask(t *terms, now time.Time) {
	if !t.video.in {
		return
	}
	again := plainRTT
	if rtt := time.Duration(in.stats.rtt.Load()) * time.Microsecond; rtt > 0 {
		again = max(20*time.Millisecond, rtt+rtt/4)
	}
	in.mu.Lock()
	ssrc, due := in.video.ssrc, in.video.missing.due(in.asks[:0], now, again)
	in.mu.Unlock()
	if len(due) == 0 {
		return
	}
	in.stats.nacksOut.Add(1)
	in.send([]rtcp.Packet{&rtcp.TransportLayerNack{
		SenderSSRC: in.ssrc, MediaSSRC: ssrc, Nacks: rtcp.NackPairsFromSequenceNumbers(due),
	}})
}

// transportWide records the packet for congestion control feedback and sends it
// when due.
func (in *inbound) transportWide(t *terms, now time.Time) {
	if t.twcc == 0 {
		return
	}
	x := in.raw.GetExtension(t.twcc)
	if len(x) < 2 {
		return
	}
	in.mu.Lock()
	in.recorder.Record(in.raw.SSRC, binary.BigEndian.Uint16(x), now.Sub(in.start).Microseconds())
	var feedback []rtcp.Packet
	if now.Sub(in.twccAt) >= twccPeriod || in.recorder.PacketsHeld() >= twccPackets {
		feedback, in.twccAt = in.recorder.BuildFeedbackPacket(), now
	}
	in.mu.Unlock()
	if len(feedback) > 0 {
		in.send(feedback)
	}
}

// senderReport takes a sender report of one of the leg's sources.
func (in *inbound) senderReport(sr *rtcp.SenderReport, now time.Time) {
	report := media.SenderReport{Arrival: now, NTP: sr.NTPTime, RTPTime: sr.RTPTime}
	in.mu.Lock()
	isAudio := in.note(&in.audio, sr, now)
	isVideo := !isAudio && in.note(&in.video, sr, now)
	in.mu.Unlock()
	switch {
	case isAudio:
		in.handler.AudioReport(report)
	case isVideo:
		in.handler.VideoReport(report)
	}
}

func (in *inbound) note(r *receiver, sr *rtcp.SenderReport, now time.Time) bool {
	if !r.started || r.ssrc != sr.SSRC {
		return false
	}
	r.report, r.reportAt = uint32(sr.NTPTime>>16), now
	return true
}

// blocks are the reception reports since the last call.
func (in *inbound) blocks(now time.Time) []rtcp.ReceptionReport {
	in.mu.Lock()
	defer in.mu.Unlock()
	var all []rtcp.ReceptionReport
	lost := uint64(0)
	for _, r := range []*receiver{&in.audio, &in.video} {
		if b, ok := r.block(now); ok {
			all = append(all, b)
			lost += uint64(r.lost)
		}
	}
	in.stats.lostIn.Store(lost)
	return all
}

// videoSSRC is the peer's video stream: the one that arrives, else the declared.
func (in *inbound) videoSSRC() uint32 {
	in.mu.Lock()
	defer in.mu.Unlock()
	if in.video.started {
		return in.video.ssrc
	}
	if t := in.terms.Load(); len(t.video.section.ssrcs) > 0 {
		return t.video.section.ssrcs[0]
	}
	return 0
}
