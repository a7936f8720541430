package rtc

import (
	"io"
	"net"
	"net/netip"
	"testing"
	"time"

	"github.com/pion/rtp"
	"github.com/pion/srtp/v3"

	"github.com/omniverto/omniverto/media"
)

const (
	fanLegs      = 100
	fanFragments = 7
)

// BenchmarkFanOut hands one frame of 7 fragments to 100 legs: the packet path
// alone, then with SRTP (AES-GCM) and the socket, packet by packet and in segments.
func BenchmarkFanOut(b *testing.B) {
	b.Run("headers", func(b *testing.B) {
		legs := make([]*writer, fanLegs)
		for i := range legs {
			legs[i] = testWriter(discard{}, 97)
		}
		fanOut(b, legs)
	})
	for _, gso := range []bool{false, true} {
		name := map[bool]string{false: "srtp+sendto", true: "srtp+segments"}[gso]
		b.Run(name, func(b *testing.B) {
			s, to := benchSockets(b)
			s.gso.Store(gso && s.gso.Load())
			legs := make([]*writer, fanLegs)
			for i := range legs {
				legs[i] = testWriter(srtpTo(b, s, to), 97)
				ssrc := uint32(1000 + i)
				legs[i].video.header.SSRC = ssrc
				s.batches.claim(ssrc, legs[i].batch)
			}
			fanOut(b, legs)
		})
	}
}

func fanOut(b *testing.B, legs []*writer) {
	pool := media.NewFramePool(2)
	key := testFrame(pool, 0, true, fanFragments)
	defer key.Release()
	b.ReportAllocs()
	for b.Loop() {
		for _, w := range legs {
			w.queue.putVideo(key)
			w.step()
		}
	}
	packets := float64(b.N * len(legs) * fanFragments)
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/packets, "ns/packet")
}

// benchSockets are a sending socket and the address of one that is never read.
func benchSockets(b *testing.B) (*socket, netip.AddrPort) {
	b.Helper()
	peer, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = peer.Close() })
	return testSocket(b), peer.LocalAddr().(*net.UDPAddr).AddrPort()
}

// srtpTo is pion's SRTP session on top of s, as in a call.
func srtpTo(b *testing.B, s *socket, to netip.AddrPort) rtpWriter {
	b.Helper()
	key, salt := make([]byte, 16), make([]byte, 12)
	session, err := srtp.NewSessionSRTP(&wire{s: s, to: to, closed: make(chan struct{})}, &srtp.Config{
		Profile: srtp.ProtectionProfileAeadAes128Gcm,
		Keys:    srtp.SessionKeys{LocalMasterKey: key, LocalMasterSalt: salt, RemoteMasterKey: key, RemoteMasterSalt: salt},
	})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = session.Close() })
	out, err := session.OpenWriteStream()
	if err != nil {
		b.Fatal(err)
	}
	return out
}

// wire is the net.Conn below SRTP.
type wire struct {
	s      *socket
	to     netip.AddrPort
	closed chan struct{}
}

func (w *wire) Write(p []byte) (int, error)      { return w.s.WriteToAddrPort(p, w.to) }
func (w *wire) Read([]byte) (int, error)         { <-w.closed; return 0, io.EOF }
func (w *wire) Close() error                     { close(w.closed); return nil }
func (w *wire) LocalAddr() net.Addr              { return w.s.LocalAddr() }
func (w *wire) RemoteAddr() net.Addr             { return net.UDPAddrFromAddrPort(w.to) }
func (w *wire) SetDeadline(time.Time) error      { return nil }
func (w *wire) SetReadDeadline(time.Time) error  { return nil }
func (w *wire) SetWriteDeadline(time.Time) error { return nil }

// BenchmarkInbound is the cost of one packet from the decrypted bytes to the handler.
func BenchmarkInbound(b *testing.B) {
	in := newBench()
	in.handler = &silent{}
	p := rtp.Packet{Header: rtp.Header{Version: 2, PayloadType: 111, SSRC: 1}, Payload: make([]byte, 80)}
	if err := p.SetExtension(3, []byte{0, 0}); err != nil {
		b.Fatal(err)
	}
	raw, err := p.Marshal()
	if err != nil {
		b.Fatal(err)
	}
	seq := uint16(0)
	b.ReportAllocs()
	for b.Loop() {
		seq++
		if seq%1000 == 0 {
			in.now = in.now.Add(20 * time.Millisecond)
			in.inQuota = 0
		}
		raw[2], raw[3] = byte(seq>>8), byte(seq)
		raw[17], raw[18] = raw[2], raw[3]
		in.rtp(raw, in.now)
		in.sent = in.sent[:0]
	}
}
