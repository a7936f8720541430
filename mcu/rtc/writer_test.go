package rtc

import (
	"bytes"
	"errors"
	"net"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pion/rtcp"
	"github.com/pion/rtp"

	"github.com/omniverto/omniverto/media"
)

// recorder is an rtpWriter that keeps what it gets.
type recorder struct {
	headers  []rtp.Header
	payloads [][]byte
	err      error
}

func (r *recorder) WriteRTP(h *rtp.Header, payload []byte) (int, error) {
	if r.err != nil {
		return 0, r.err
	}
	r.headers = append(r.headers, *h)
	r.payloads = append(r.payloads, bytes.Clone(payload))
	return len(payload), nil
}

// discard is an rtpWriter that keeps nothing.
type discard struct{}

func (discard) WriteRTP(_ *rtp.Header, p []byte) (int, error) { return len(p), nil }

var testIDs = sources{audio: 1, video: 2, rtx: 3}

func testWriter(out rtpWriter, rtx uint8) *writer {
	var t atomic.Pointer[terms]
	t.Store(&terms{audio: lane{used: true, pt: 111, out: true}, video: lane{used: true, pt: 96, rtx: rtx, out: true}})
	return newWriter(out, newQueue(), media.NewClock(), &t, &counters{}, testIDs, 65530)
}

func testFrame(pool *media.FramePool, rtpTime uint32, key bool, fragments int) *media.Frame {
	f := pool.Get()
	f.RTPTime, f.Key = rtpTime, key
	f.SetVP8(make([]byte, fragments*(media.MaxFragment-1)-10))
	return f
}

// TestWriterPaces: a frame of more than eight packets leaves in groups, sound goes
// between them, and numbers go on over the wrap.
func TestWriterPaces(t *testing.T) {
	rec := &recorder{}
	w := testWriter(rec, 97)
	pool := media.NewFramePool(4)
	w.queue.putVideo(testFrame(pool, 7, true, 20))
	var sent []int
	for range 3 {
		wait := w.step()
		sent = append(sent, len(rec.headers))
		if (wait == 0) != (len(rec.headers) >= 20) {
			t.Errorf("after %d packets: wait %v", len(rec.headers), wait)
		}
		sound := pool.Get()
		sound.SetPayload([]byte("x"))
		w.queue.putAudio(sound)
		if w.step() != 0 {
			t.Error("a step before its time")
		}
		w.paced = false
	}
	if want := []int{8, 17, 22}; !slices.Equal(sent, want) {
		t.Errorf("packets after each step %v, want %v", sent, want)
	}
	seq := uint16(65530)
	for _, h := range rec.headers {
		if h.SSRC != testIDs.video {
			continue
		}
		if h.SequenceNumber != seq || h.PayloadType != 96 || h.Timestamp != 7 || h.Marker != (seq == 13) {
			t.Errorf("header %+v, want sequence %d", h, seq)
		}
		seq++
	}
}

// TestResend answers NACKs with and without RTX, and not at all after a second.
func TestResend(t *testing.T) {
	tests := []struct {
		name string
		rtx  uint8
	}{{"RTX", 97}, {"plain", 0}}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			rec := &recorder{}
			w := testWriter(rec, tt.rtx)
			pool := media.NewFramePool(4)
			for i := range uint32(3) {
				f := testFrame(pool, 100*i, i == 0, 3)
				w.queue.putVideo(f)
				f.Release()
			}
			w.step()
			w.queue.putNACK(65530 + 5) // last of the second frame
			w.queue.putNACK(3)         // never sent
			w.step()
			if len(rec.headers) != 10 {
				t.Fatalf("%d packets, want 9 and one again", len(rec.headers))
			}
			h, p := rec.headers[9], rec.payloads[9]
			if h.Timestamp != 100 || !h.Marker {
				t.Errorf("resent header %+v", h)
			}
			if tt.rtx != 0 {
				if h.SSRC != testIDs.rtx || h.PayloadType != 97 || p[0] != 0xff || p[1] != 0xff {
					t.Errorf("RTX header %+v, begins with % x", h, p[:2])
				}
				p = p[2:]
			} else if h.SSRC != testIDs.video || h.SequenceNumber != 65535 || h.PayloadType != 96 {
				t.Errorf("resent header %+v", h)
			}
			if !bytes.Equal(p, rec.payloads[5]) {
				t.Error("resent payload differs")
			}
			if s := w.stats.snapshot(); s.Retransmitted != 1 || s.RetransmitMiss != 1 {
				t.Errorf("stats %+v", s)
			}
			w.history.expire(w.clock.Now() + 2*historyTime)
			w.queue.putNACK(65535)
			w.step()
			if len(rec.headers) != 10 || w.history.n != 0 {
				t.Error("an old packet was sent again")
			}
		})
	}
}

// TestResendBudget: a peer cannot make the server send without end.
func TestResendBudget(t *testing.T) {
	w := testWriter(&recorder{}, 97)
	f := testFrame(media.NewFramePool(1), 0, true, 3)
	w.queue.putVideo(f)
	w.step()
	for range 5 {
		for range resends {
			w.queue.putNACK(65530)
		}
		w.step()
	}
	if s := w.stats.snapshot(); s.Retransmitted != minResends || s.RetransmitMiss != 5*resends-minResends {
		t.Errorf("stats %+v", s)
	}
	w.second()
	if w.resendsLeft < minResends {
		t.Errorf("budget of %d after a second", w.resendsLeft)
	}
}

// TestFramesComeBack: every reference is given back, whatever happens to a frame.
func TestFramesComeBack(t *testing.T) {
	w := testWriter(&recorder{err: errors.New("no route")}, 97)
	pool := media.NewFramePool(200)
	var all []*media.Frame
	for i := range uint32(100) {
		f := testFrame(pool, i, i == 0, 12)
		all = append(all, f)
		w.queue.putVideo(f)
		w.queue.putAudio(f)
		w.step()
		w.paced = i%7 != 0 && w.paced
	}
	w.queue.close()
	w.queue.putVideo(all[0])
	w.queue.putAudio(all[0])
	w.close()
	for _, f := range all {
		f.Release() // panics when one was given back too often
		if got := pool.Get(); got != f {
			t.Fatal("a frame did not come back to its pool")
		} else {
			defer got.Release()
		}
	}
}

func TestReport(t *testing.T) {
	w := testWriter(&recorder{}, 97)
	sound := media.NewFramePool(1).Get()
	sound.SetPayload([]byte("abc"))
	w.queue.putAudio(sound)
	w.step()
	before := w.clock.Now()
	packets := w.report([]rtcp.ReceptionReport{{SSRC: 9}}, "name")
	after := w.clock.Now()
	sr, ok := packets[0].(*rtcp.SenderReport)
	if !ok || len(packets) != 2 {
		t.Fatalf("report %v", packets)
	}
	if sr.SSRC != testIDs.audio || sr.PacketCount != 1 || sr.OctetCount != 3 || len(sr.Reports) != 1 {
		t.Errorf("sender report %+v", sr)
	}
	if sr.NTPTime < w.clock.NTP(before) || sr.NTPTime > w.clock.NTP(after) {
		t.Error("NTP time is not the clock's")
	}
	if sr.RTPTime-w.clock.AudioRTP(before) > w.clock.AudioRTP(after)-w.clock.AudioRTP(before) {
		t.Error("RTP time is not the clock's")
	}
	if _, err := rtcp.Marshal(packets); err != nil {
		t.Error(err)
	}
}

// TestWriterAllocates nothing: not per packet, not per frame, not per NACK.
func TestWriterAllocates(t *testing.T) {
	w := testWriter(discard{}, 97)
	video := testFrame(media.NewFramePool(1), 1, true, 7)
	sound := media.NewFramePool(1).Get()
	sound.SetPayload(make([]byte, 80))
	allocs := testing.AllocsPerRun(200, func() {
		w.queue.putVideo(video)
		w.queue.putAudio(sound)
		w.queue.putNACK(w.video.header.SequenceNumber - 1)
		w.step()
	})
	if allocs != 0 {
		t.Errorf("%v allocations a frame", allocs)
	}
}

// TestQueue checks what is dropped and counted when a leg is too slow.
func TestQueue(t *testing.T) {
	q := newQueue()
	pool := media.NewFramePool(64)
	put := func(key bool, layer uint8) int {
		f := testFrame(pool, 0, key, 1)
		defer f.Release()
		f.Layer = layer
		return q.putVideo(f)
	}
	if put(false, 0) != 0 || q.video.n != 0 {
		t.Error("a new leg begins with a frame that needs others, or counts it")
	}
	for i := range videoQueue {
		if put(i == 0, 0) != 0 {
			t.Errorf("frame %d was dropped", i)
		}
	}
	if n := put(false, 1); n != 1 || q.video.n != videoQueue {
		t.Errorf("a frame of layer 1 at a full queue: %d dropped, %d wait", n, q.video.n)
	}
	if n := put(false, 0); n != videoQueue+1 || q.video.n != 0 || !q.takeAsk() || q.takeAsk() {
		t.Errorf("overflow: %d dropped, %d wait", n, q.video.n)
	}
	if put(false, 0) != 1 || q.video.n != 0 {
		t.Error("a frame between overflow and keyframe was taken or not counted")
	}
	if put(true, 0) != 0 || put(false, 0) != 0 || q.video.n != 2 {
		t.Errorf("after the keyframe: %d wait", q.video.n)
	}
	for i := range audioQueue + 3 {
		f := pool.Get()
		f.RTPTime = uint32(i)
		f.SetPayload([]byte{1})
		q.putAudio(f)
	}
	if f, _ := q.takeAudio(); f.RTPTime != 3 {
		t.Errorf("oldest sound is %d, want 3", f.RTPTime)
	}
}

// TestBatchOnTheWire: what leaves as segments arrives as the packets that were
// written, with and without the kernel's help.
func TestBatchOnTheWire(t *testing.T) {
	tests := []struct {
		name  string
		gso   bool
		sizes []int
		sends uint64 // segmented ones, where the kernel has them
	}{
		{"equal sizes", true, []int{1100, 1100, 1100, 1100}, 1},
		{"last is shorter", true, []int{1100, 1100, 400}, 1},
		{"one packet", true, []int{1100}, 0},
		{"grows", true, []int{300, 1100, 1100}, 1},
		{"shrinks twice", true, []int{1100, 500, 500, 200}, 2},
		{"more than a group", true, slices.Repeat([]int{1000}, groupPackets+3), 2},
		{"fall-back", false, []int{1100, 1100, 400}, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := testSocket(t)
			known := s.gso.Load()
			s.gso.Store(tt.gso && known)
			peer, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
			if err != nil {
				t.Fatal(err)
			}
			defer peer.Close()
			b := newBatch()
			if !s.batches.claim(testIDs.video, b) || s.batches.claim(testIDs.video, b) {
				t.Fatal("claim")
			}
			b.open()
			for i, n := range tt.sizes {
				if _, err := s.WriteTo(wirePacket(i, n, testIDs.video), peer.LocalAddr()); err != nil {
					t.Fatal(err)
				}
			}
			if err := b.flush(); err != nil {
				t.Fatal(err)
			}
			receive(t, peer, tt.sizes)
			if got := s.batchSends.Load(); known && got != tt.sends {
				t.Errorf("%d segmented sends, want %d", got, tt.sends)
			}
			// Other streams, RTCP and what comes after the flush leave at once.
			for i, p := range [][]byte{wirePacket(0, 500, 77), wirePacket(1, 500, testIDs.video)} {
				if _, err := s.WriteTo(p, peer.LocalAddr()); err != nil || b.n != 0 {
					t.Errorf("packet %d waits: %v", i, err)
				}
			}
		})
	}
}

func testSocket(t testing.TB) *socket {
	t.Helper()
	socks, err := listen("127.0.0.1:0", newBatches(), nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = socks[0].Close() })
	return socks[0]
}

func wirePacket(i, size int, ssrc uint32) []byte {
	p := bytes.Repeat([]byte{byte(i + 1)}, size)
	copy(p, []byte{0x80, 96, 0, byte(i), 0, 0, 0, 0, byte(ssrc >> 24), byte(ssrc >> 16), byte(ssrc >> 8), byte(ssrc)})
	return p
}

func receive(t *testing.T, peer *net.UDPConn, sizes []int) {
	t.Helper()
	if err := peer.SetReadDeadline(time.Now().Add(5 * time.Second)); err != nil {
		t.Fatal(err)
	}
	buf := make([]byte, 65536)
	for i, n := range sizes {
		got, err := peer.Read(buf)
		if err != nil {
			t.Fatalf("packet %d: %v", i, err)
		}
		if !bytes.Equal(buf[:got], wirePacket(i, n, testIDs.video)) {
			t.Errorf("packet %d: %d bytes that are not what was written (%d bytes)", i, got, n)
		}
	}
}
