package rtc

import (
	"encoding/binary"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pion/rtcp"
	"github.com/pion/rtp"

	"github.com/omniverto/omniverto/media"
)

// listener is a media.LegHandler that keeps what it hears.
type listener struct {
	audio, video []media.Packet
	reports      []media.SenderReport
	keyframes    int
}

func (l *listener) AudioPacket(p *media.Packet)      { l.audio = append(l.audio, *p) }
func (l *listener) VideoPacket(p *media.Packet)      { l.video = append(l.video, *p) }
func (l *listener) AudioReport(r media.SenderReport) { l.reports = append(l.reports, r) }
func (l *listener) VideoReport(r media.SenderReport) { l.reports = append(l.reports, r) }
func (l *listener) Connected()                       {}
func (l *listener) KeyframeRequested()               { l.keyframes++ }
func (l *listener) Closed(error)                     {}

// bench is an inbound half without network, on a clock of its own.
type bench struct {
	*inbound
	l    *listener
	sent []rtcp.Packet
	now  time.Time
}

func newBench() *bench {
	b := &bench{l: &listener{}, now: time.Now()}
	var t atomic.Pointer[terms]
	t.Store(&terms{
		audio: lane{used: true, pt: 111, in: true},
		video: lane{used: true, pt: 96, rtx: 97, in: true},
		level: 1, twcc: 3,
	})
	b.inbound = newInbound(b.l, &t, &counters{}, 5, func(p []rtcp.Packet) { b.sent = append(b.sent, p...) })
	return b
}

func (b *bench) take(h rtp.Header, payload ...byte) {
	h.Version = 2
	p := rtp.Packet{Header: h, Payload: payload}
	raw, err := p.Marshal()
	if err != nil {
		panic(err)
	}
	b.rtp(raw, b.now)
}

// nacks are the sequence numbers asked for since the last call.
func (b *bench) nacks() (all []uint16) {
	for _, p := range b.sent {
		if n, ok := p.(*rtcp.TransportLayerNack); ok {
			for _, pair := range n.Nacks {
				all = append(all, pair.PacketList()...)
			}
		}
	}
	b.sent = nil
	return all
}

func TestInboundRepairs(t *testing.T) {
	b := newBench()
	video := func(seq uint16) {
		b.take(rtp.Header{PayloadType: 96, SSRC: 10, SequenceNumber: seq, Timestamp: 9}, 0x10, byte(seq))
	}
	repair := func(seq uint16) {
		payload := binary.BigEndian.AppendUint16(nil, seq)
		b.take(rtp.Header{PayloadType: 97, SSRC: 11, SequenceNumber: 500, Timestamp: 9, Marker: true}, append(payload, 0x10, byte(seq))...)
	}
	video(65534)
	video(2) // 65535, 0 and 1 are missing
	if got := b.nacks(); !slices.Equal(got, []uint16{65535, 0, 1}) {
		t.Errorf("asked for %v", got)
	}
	video(3)
	if got := b.nacks(); got != nil {
		t.Errorf("asked again at once for %v", got)
	}
	repair(0)
	repair(0)                                                          // a second copy
	b.take(rtp.Header{PayloadType: 97, SSRC: 11, SequenceNumber: 501}) // a probe
	video(65535)                                                       // late
	b.now = b.now.Add(60 * time.Millisecond)
	video(4)
	if got := b.nacks(); !slices.Equal(got, []uint16{1}) {
		t.Errorf("asked again for %v, want 1", got)
	}
	b.now = b.now.Add(missingTime)
	video(5)
	if got := b.nacks(); got != nil {
		t.Errorf("asked for the hopeless %v", got)
	}
	var seqs []uint16
	for _, p := range b.l.video {
		seqs = append(seqs, p.Seq)
		if p.SSRC != 10 || p.Timestamp != 9 || p.Marker != (p.Seq == 0) || p.Payload[1] != byte(p.Seq) {
			t.Errorf("packet %+v", p)
		}
	}
	if want := []uint16{65534, 2, 3, 0, 65535, 4, 5}; !slices.Equal(seqs, want) {
		t.Errorf("packets %v, want %v", seqs, want)
	}
}

func TestInboundGap(t *testing.T) {
	b := newBench()
	for _, seq := range []uint16{1, 2, 2 + maxMissing + 2, 40000, 40001, 40003} {
		b.take(rtp.Header{PayloadType: 96, SSRC: 10, SequenceNumber: seq}, 0x10)
	}
	if got := b.nacks(); !slices.Equal(got, []uint16{40002}) {
		t.Errorf("asked for %v, want only what is worth it", got)
	}
	if len(b.l.video) != 6 {
		t.Errorf("%d packets, want 6", len(b.l.video))
	}
}

func TestInboundLevel(t *testing.T) {
	b := newBench()
	h := rtp.Header{PayloadType: 111, SSRC: 20, SequenceNumber: 1}
	b.take(h, 1)
	h.SequenceNumber++
	if err := h.SetExtension(1, []byte{0x80 | 42}); err != nil {
		t.Fatal(err)
	}
	b.take(h, 1)
	if p := b.l.audio[0]; p.HasLevel {
		t.Errorf("level without extension: %+v", p)
	}
	if p := b.l.audio[1]; !p.HasLevel || !p.Voice || p.Level != 42 {
		t.Errorf("level %+v", p)
	}
}

// TestInboundOneSource: a second SSRC of a kind waits until the first is silent,
// unless the description names it.
func TestInboundOneSource(t *testing.T) {
	b := newBench()
	take := func(ssrc uint32) { b.take(rtp.Header{PayloadType: 111, SSRC: ssrc, SequenceNumber: 7}, 1) }
	count := func(want int) {
		t.Helper()
		if len(b.l.audio) != want {
			t.Fatalf("%d packets, want %d", len(b.l.audio), want)
		}
	}
	take(1)
	take(2)
	count(1)
	b.now = b.now.Add(takeover)
	take(2)
	count(2)
	named := *b.terms.Load()
	named.audio.section.ssrcs = []uint32{3}
	b.terms.Store(&named)
	take(3)
	count(3)
	take(2)
	count(3)
}

func TestInboundBad(t *testing.T) {
	b := newBench()
	for _, p := range [][]byte{
		nil, {0x80}, make([]byte, 12)[:11],
		append([]byte{0xa0, 96}, make([]byte, 10)...),                                 // padding of length 0
		append([]byte{0xa0, 96}, append(make([]byte, 10), 200)...),                    // more padding than bytes
		append([]byte{0x8f, 96}, make([]byte, 10)...),                                 // 15 CSRCs that are not there
		append([]byte{0x90, 96}, append(make([]byte, 10), 0xbe, 0xde, 0xff, 0xff)...), // endless extension
	} {
		b.rtp(p, b.now)
	}
	if n := b.stats.badIn.Load(); n != 7 || len(b.l.video) != 0 {
		t.Errorf("%d bad packets, %d passed", n, len(b.l.video))
	}
	b.take(rtp.Header{PayloadType: 96, SSRC: 1}) // no payload: passed, for its number
	b.take(rtp.Header{PayloadType: 126, SSRC: 1}, 1)
	if len(b.l.video) != 1 || len(b.l.video[0].Payload) != 0 {
		t.Errorf("video %+v", b.l.video)
	}
	for i := range 2 * maxPacketsIn {
		b.take(rtp.Header{PayloadType: 111, SSRC: 2, SequenceNumber: uint16(i)}, 1)
	}
	if n := len(b.l.audio); n > maxPacketsIn {
		t.Errorf("%d packets passed within a second", n)
	}
}

func TestInboundTransportWide(t *testing.T) {
	b := newBench()
	for i := range 30 {
		h := rtp.Header{PayloadType: 96, SSRC: 10, SequenceNumber: uint16(i)}
		if err := h.SetExtension(3, []byte{0, byte(i)}); err != nil {
			t.Fatal(err)
		}
		b.now = b.now.Add(10 * time.Millisecond)
		b.take(h, 0x10)
	}
	packets := 0
	for _, p := range b.sent {
		if cc, ok := p.(*rtcp.TransportLayerCC); ok {
			packets += int(cc.PacketStatusCount)
		}
	}
	if n := len(b.sent); n < 2 || n > 4 || packets < 20 {
		t.Errorf("%d feedbacks for %d packets", n, packets)
	}
}

func TestReceiverBlock(t *testing.T) {
	r := receiver{rate: media.VideoClock}
	now := time.Now()
	if _, ok := r.block(now); ok {
		t.Error("a report before the first packet")
	}
	for _, seq := range []uint16{65533, 65534, 1, 2, 3, 3} { // 65535 and 0 lost, 3 twice
		r.packet(8, seq, 0, now)
	}
	b, _ := r.block(now)
	if b.SSRC != 8 || b.LastSequenceNumber != 1<<16+3 || b.TotalLost != 1 || b.FractionLost != 256/7 {
		t.Errorf("report %+v", b)
	}
	r.report, r.reportAt = 0x12345678, now
	r.packet(8, 4, 0, now)
	b, _ = r.block(now.Add(time.Second / 2))
	if b.LastSenderReport != 0x12345678 || b.Delay != 32768 || b.FractionLost != 0 {
		t.Errorf("second report %+v", b)
	}
}

// TestFeedback feeds RTCP of a peer, good and bad.
func TestFeedback(t *testing.T) {
	b := newBench()
	q := newQueue()
	clock := media.NewClock()
	f := &feedback{in: b.inbound, queue: q, clock: clock, stats: b.stats, own: testIDs, key: func() { b.l.keyframes++ }}
	feed := func(ssrc uint32, packets ...rtcp.Packet) {
		raw, err := rtcp.Marshal(packets)
		if err != nil {
			t.Fatal(err)
		}
		f.rtcp(ssrc, raw, b.now)
	}
	many := &rtcp.TransportLayerNack{MediaSSRC: testIDs.video}
	for i := range 200 {
		many.Nacks = append(many.Nacks, rtcp.NackPair{PacketID: uint16(17 * i), LostPackets: 0xffff})
	}
	feed(testIDs.video, many)
	feed(testIDs.audio, many) // the same packet for another SSRC
	feed(testIDs.video, &rtcp.TransportLayerNack{MediaSSRC: 99, Nacks: many.Nacks})
	if q.nacks.n != maxNACKs {
		t.Errorf("%d packets are to be resent, want %d", q.nacks.n, maxNACKs)
	}
	for range 1000 {
		feed(testIDs.video, &rtcp.PictureLossIndication{MediaSSRC: testIDs.video})
		feed(testIDs.video, &rtcp.FullIntraRequest{MediaSSRC: testIDs.video, FIR: []rtcp.FIREntry{{SSRC: testIDs.video}}})
		b.now = b.now.Add(time.Millisecond)
	}
	if n := b.l.keyframes; n < 5 || n > 10 {
		t.Errorf("%d keyframe requests got through in a second", n)
	}
	sent := uint32(clock.NTP(clock.Now()-100*time.Millisecond) >> 16)
	feed(testIDs.video, &rtcp.ReceiverReport{Reports: []rtcp.ReceptionReport{
		{SSRC: testIDs.video, FractionLost: 64, LastSenderReport: sent, Delay: 65536 / 20},
		{SSRC: 99, FractionLost: 255},
	}})
	if s := b.stats.snapshot(); s.LossOut != 0.25 || s.RTTMicros < 45000 || s.RTTMicros > 200000 {
		t.Errorf("stats %+v", s)
	}
	b.take(rtp.Header{PayloadType: 96, SSRC: 10}, 0x10)
	feed(10, &rtcp.SenderReport{SSRC: 10, NTPTime: 1 << 40, RTPTime: 7})
	feed(12, &rtcp.SenderReport{SSRC: 12, NTPTime: 1 << 40, RTPTime: 8})
	feed(10, &rtcp.Goodbye{Sources: []uint32{10}})
	f.rtcp(10, []byte{0x81, 205, 0xff, 0xff, 1, 2}, b.now)
	if len(b.l.reports) != 1 || b.l.reports[0].RTPTime != 7 || b.l.reports[0].NTP != 1<<40 {
		t.Errorf("reports %+v", b.l.reports)
	}
}

// TestInboundAllocates nothing per packet of its own.
func TestInboundAllocates(t *testing.T) {
	b := newBench()
	quiet := &silent{}
	b.handler = quiet
	p := rtp.Packet{Header: rtp.Header{Version: 2, PayloadType: 111, SSRC: 1}, Payload: make([]byte, 80)}
	if err := p.SetExtension(1, []byte{30}); err != nil {
		t.Fatal(err)
	}
	raw, err := p.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	seq := uint16(0)
	allocs := testing.AllocsPerRun(1000, func() {
		seq++
		binary.BigEndian.PutUint16(raw[2:], seq)
		b.rtp(raw, b.now)
	})
	if allocs != 0 || quiet.packets == 0 {
		t.Errorf("%v allocations a packet, %d packets", allocs, quiet.packets)
	}
}

type silent struct {
	listener
	packets int
}

func (s *silent) AudioPacket(*media.Packet) { s.packets++ }
