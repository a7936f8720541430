package rtc

import (
	"time"

	"github.com/pion/rtcp"

	"github.com/omniverto/omniverto/media"
)

const (
	// maxNACKs bounds the retransmissions that one RTCP packet may ask for.
	maxNACKs = 128
	// keyframeGap is the least time between two keyframe requests of one peer that
	// reach the handler, whatever he sends.
	keyframeGap = 100 * time.Millisecond
	// maxRTT is the longest round trip that is believed.
	maxRTT = 10 * time.Second
)

// feedback reads the peer's RTCP. Called from pion's one SRTCP goroutine.
type feedback struct {
	// Constant after construction.
	in    *inbound
	queue *queue
	clock *media.Clock
	stats *counters
	own   sources
	key   func() // a keyframe is wanted

	// Owned by the SRTCP goroutine.
	keyAt time.Time
}

// rtcp takes a compound packet for one SSRC. pion delivers a packet once for
// every SSRC that it is about, so only what is about ssrc is read here.
func (f *feedback) rtcp(ssrc uint32, p []byte, now time.Time) {
	packets, err := rtcp.Unmarshal(p)
	if err != nil {
		f.in.stats.badIn.Add(1)
		return
	}
	for _, pkt := range packets {
		switch pkt := pkt.(type) {
		case *rtcp.SenderReport:
			if pkt.SSRC == ssrc {
				f.in.senderReport(pkt, now)
			}
			f.reports(ssrc, pkt.Reports)
		case *rtcp.ReceiverReport:
			f.reports(ssrc, pkt.Reports)
		case *rtcp.TransportLayerNack:
			if pkt.MediaSSRC == ssrc && ssrc == f.own.video {
				f.nack(pkt)
			}
		case *rtcp.PictureLossIndication:
			if pkt.MediaSSRC == ssrc && ssrc == f.own.video {
				f.keyframe(now)
			}
		case *rtcp.FullIntraRequest:
			for _, e := range pkt.FIR {
				if e.SSRC == ssrc && ssrc == f.own.video {
					f.keyframe(now)
				}
			}
		}
	}
}

// reports reads what the peer says about our video, or about our audio as long
// as there is no video: loss and round trip (RFC 3550 6.4.1).
func (f *feedback) reports(ssrc uint32, blocks []rtcp.ReceptionReport) {
	for _, b := range blocks {
		if b.SSRC != ssrc || ssrc != f.own.video && ssrc != f.own.audio {
			continue
		}
		f.stats.loss.Store(uint32(b.FractionLost))
		if b.LastSenderReport == 0 {
			continue
		}
		now := uint32(f.clock.NTP(f.clock.Now()) >> 16)
		rtt := time.Duration(now-b.LastSenderReport-b.Delay) * time.Second / 65536
		if rtt > 0 && rtt < maxRTT {
			f.stats.rtt.Store(rtt.Microseconds())
		}
	}
}

func (f *feedback) nack(n *rtcp.TransportLayerNack) {
	f.stats.nacksIn.Add(1)
	left := maxNACKs
	for _, pair := range n.Nacks {
		pair.Range(func(seq uint16) bool {
			if left--; left < 0 {
				return false
			}
			if !f.queue.putNACK(seq) {
				f.stats.resendMiss.Add(1)
			}
			return true
		})
		if left <= 0 {
			return
		}
	}
}

func (f *feedback) keyframe(now time.Time) {
	f.stats.plisIn.Add(1)
	if now.Sub(f.keyAt) >= keyframeGap {
		f.keyAt = now
		f.key()
	}
}

// report is one compound RTCP packet: a sender report per stream that has sent
// (NTP and RTP time of the room's clock: media.md 3) with the reception reports
// in the first, and the CNAME (RFC 3550 6.1).
func (w *writer) report(blocks []rtcp.ReceptionReport, cname string) []rtcp.Packet {
	now := w.clock.Now()
	ntp := w.clock.NTP(now)
	var all []rtcp.Packet
	chunks := make([]rtcp.SourceDescriptionChunk, 0, 2)
	add := func(s *outStream, rtpTime uint32) {
		if s.packets == 0 {
			return
		}
		all = append(all, &rtcp.SenderReport{
			SSRC: s.header.SSRC, NTPTime: ntp, RTPTime: rtpTime,
			PacketCount: s.packets, OctetCount: s.octets, Reports: blocks,
		})
		blocks = nil
		chunks = append(chunks, cnameChunk(s.header.SSRC, cname))
	}
	add(&w.audio, w.clock.SoundRTP(w.terms.Load().audio.codec, now))
	add(&w.video, w.clock.VideoRTP(now))
	if len(all) == 0 {
		all = append(all, &rtcp.ReceiverReport{SSRC: w.audio.header.SSRC, Reports: blocks})
		chunks = append(chunks, cnameChunk(w.audio.header.SSRC, cname))
	}
	return append(all, &rtcp.SourceDescription{Chunks: chunks})
}

func cnameChunk(ssrc uint32, cname string) rtcp.SourceDescriptionChunk {
	return rtcp.SourceDescriptionChunk{Source: ssrc, Items: []rtcp.SourceDescriptionItem{{Type: rtcp.SDESCNAME, Text: cname}}}
}
