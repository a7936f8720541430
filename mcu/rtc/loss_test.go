package rtc_test

import (
	"bytes"
	"net"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pion/ice/v4"
	"github.com/pion/webrtc/v4"

	"github.com/omniverto/omniverto/mcu/rtc"
	"github.com/omniverto/omniverto/media"
)

// lossy is a socket that loses every fourth video packet, in both directions.
type lossy struct {
	net.PacketConn
	in, out, lost atomic.Int64
}

// bigVideo tells the tests' video packets from all else by their size.
func bigVideo(p []byte) bool { return len(p) > 300 && p[0]>>6 == 2 }

func (l *lossy) ReadFrom(p []byte) (int, net.Addr, error) {
	for {
		n, addr, err := l.PacketConn.ReadFrom(p)
		if err == nil && bigVideo(p[:n]) && l.in.Add(1)%4 == 0 {
			l.lost.Add(1)
			continue
		}
		return n, addr, err
	}
}

func (l *lossy) WriteTo(p []byte, addr net.Addr) (int, error) {
	if bigVideo(p) && l.out.Add(1)%4 == 0 {
		l.lost.Add(1)
		return len(p), nil
	}
	return l.PacketConn.WriteTo(p, addr)
}

func lossyClient(t *testing.T) (*client, *lossy) {
	t.Helper()
	conn, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	l := &lossy{PacketConn: conn}
	mux := ice.NewUDPMuxDefault(ice.UDPMuxParams{UDPConn: l})
	t.Cleanup(func() { _ = mux.Close() })
	o := sendrecv
	o.settings = func(se *webrtc.SettingEngine) { se.SetICEUDPMux(mux) }
	return newClient(t, o), l
}

// streak is the length of a run of packets without a gap. Every fourth is lost
// once, so that such a run is not possible without repair.
const streak = 60

// runs finds a run of streak numbers.
type runs map[int]bool

func (r runs) add(i int) bool {
	r[i] = true
	first, last := i, i
	for r[first-1] {
		first--
	}
	for r[last+1] {
		last++
	}
	return last-first+1 >= streak
}

// every calls f until the returned function is called, which waits.
func every(d time.Duration, f func(i int)) (stop func()) {
	stopping, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		tick := time.NewTicker(d)
		defer tick.Stop()
		for i := 0; ; i++ {
			f(i)
			select {
			case <-tick.C:
			case <-stopping:
				return
			}
		}
	}()
	return func() { close(stopping); <-stopped }
}

// TestLossToPeer: whatever the peer asks for again is sent again as RTX, byte for byte.
func TestLossToPeer(t *testing.T) {
	const fragments = 3
	s := newServer(t, rtc.Options{})
	c, l := lossyClient(t)
	p, _ := call(t, s, c, rtc.PeerOptions{})
	p.Video().WriteFrame(frame(0, true, 1, 0))
	track := wait(t, c.tracks, "the video track")
	base := read(t, track, 1)[0].SequenceNumber + 1
	pool := media.NewFramePool(64)
	stop := every(20*time.Millisecond, func(i int) {
		f := frameFrom(pool, uint32(i), false, fragments, byte(i))
		p.Video().WriteFrame(f)
		f.Release()
	})
	defer stop()
	have := runs{}
	for deadline := time.Now().Add(patience); ; {
		if time.Now().After(deadline) {
			t.Fatalf("no run of %d packets among %d", streak, len(have))
		}
		g := read(t, track, 1)[0]
		i := int(g.SequenceNumber - base)
		want := frame(uint32(i/fragments), false, fragments, byte(i/fragments))
		if !bytes.Equal(g.Payload, want.Fragments[i%fragments]) || g.Timestamp != want.RTPTime {
			t.Fatalf("packet %d (time %d) is not what was sent", i, g.Timestamp)
		}
		if have.add(i) {
			break
		}
	}
	if st := p.Stats(); l.lost.Load() == 0 || st.Retransmitted == 0 || st.NACKsIn == 0 {
		t.Errorf("lost %d packets, stats %+v", l.lost.Load(), st)
	}
}

// TestLossFromPeer: what the peer loses is asked for and repaired.
func TestLossFromPeer(t *testing.T) {
	s := newServer(t, rtc.Options{})
	c, l := lossyClient(t)
	p, h := call(t, s, c, rtc.PeerOptions{})
	stop := every(5*time.Millisecond, func(i int) {
		sendRTP(t, c.video, uint16(65500+i), uint32(i), i%3 == 2, bytes.Repeat([]byte{byte(i)}, 500))
	})
	defer stop()
	h.packets("a run without a gap", func(_, v []media.Packet) bool {
		have, found := runs{}, false
		for _, m := range v {
			i := int(m.Seq - 65500)
			if len(m.Payload) != 500 || m.Payload[0] != byte(i) || m.Timestamp != uint32(i) || m.Marker != (i%3 == 2) {
				t.Fatalf("packet %d is not what was sent: %+v", i, m)
			}
			found = have.add(i) || found
		}
		return found
	})
	if st := p.Stats(); l.lost.Load() == 0 || st.NACKsOut == 0 {
		t.Errorf("lost %d packets, stats %+v", l.lost.Load(), st)
	}
}
