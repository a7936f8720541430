package rtc_test

import (
	"net"
	"strings"
	"testing"

	"github.com/pion/stun/v4"

	"github.com/omniverto/omniverto/mcu/rtc"
	"github.com/omniverto/omniverto/media"
)

// stunServer answers binding requests with one address; the first request is
// answered with garbage.
func stunServer(t *testing.T, public net.IP) string {
	t.Helper()
	conn, err := net.ListenPacket("udp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		buf := make([]byte, 1500)
		for first := true; ; first = false {
			n, from, err := conn.ReadFrom(buf)
			if err != nil {
				return
			}
			if first {
				_, _ = conn.WriteTo([]byte("not STUN"), from)
				continue
			}
			m := &stun.Message{Raw: buf[:n]}
			if m.Decode() != nil {
				continue
			}
			answer, err := stun.Build(m, stun.BindingSuccess, &stun.XORMappedAddress{IP: public, Port: 4711}, stun.Fingerprint)
			if err == nil {
				_, _ = conn.WriteTo(answer.Raw, from)
			}
		}
	}()
	t.Cleanup(func() { _ = conn.Close(); <-done })
	return conn.LocalAddr().String()
}

func TestAdvertiseAuto(t *testing.T) {
	s, err := rtc.New(rtc.Options{
		Addr: "127.0.0.1:0", Advertise: []string{"auto"}, STUN: []string{stunServer(t, net.IPv4(203, 0, 113, 5))},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	_, offer, err := s.Offer(t.Context(), rtc.PeerOptions{Handler: nobody{}, Clock: media.NewClock()}, media.Directions{AudioIn: true})
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(offer, " 203.0.113.5 ") {
		t.Errorf("the public address is not among the candidates of\n%s", offer)
	}
}

// TestAdvertiseAutoWithoutAnswer: a silent STUN server costs a moment, not the start.
func TestAdvertiseAutoWithoutAnswer(t *testing.T) {
	silent, err := net.ListenPacket("udp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	s, err := rtc.New(rtc.Options{Addr: "127.0.0.1:0", Advertise: []string{"auto"}, STUN: []string{silent.LocalAddr().String()}})
	if err != nil {
		t.Fatal(err)
	}
	_ = s.Close()
}

// nobody is a handler that does nothing.
type nobody struct{}

func (nobody) AudioPacket(*media.Packet)      {}
func (nobody) VideoPacket(*media.Packet)      {}
func (nobody) AudioReport(media.SenderReport) {}
func (nobody) VideoReport(media.SenderReport) {}
func (nobody) Connected()                     {}
func (nobody) KeyframeRequested()             {}
func (nobody) Closed(error)                   {}
