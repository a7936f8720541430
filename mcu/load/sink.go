package load

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"sync"
	"time"

	"github.com/pion/rtp"

	"github.com/omniverto/omniverto/media"
)

// feedSink sends what all members send, at the same pace, to a socket that
// nobody reads, until ctx ends: the load beside which the floor is measured.
func (s *stage) feedSink(ctx context.Context, o *Options) error {
	sink, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		return fmt.Errorf("load: sink: %w", err)
	}
	defer sink.Close()
	var wg sync.WaitGroup
	rng, now := rand.New(rand.NewPCG(o.Seed, 0)), time.Now()
	for i := range o.Members {
		conn, err := net.Dial("udp", sink.LocalAddr().String())
		if err != nil {
			return fmt.Errorf("load: sink: %w", err)
		}
		defer conn.Close()
		phase := func(period time.Duration) time.Time { return now.Add(time.Duration(rng.Float64() * float64(period))) }
		start := phase(media.AudioTick)
		wg.Go(func() { s.pace(ctx, start, media.AudioTick, s.sinkSpeaker(i, o.role(i), conn)) })
		if o.role(i).camera {
			period := time.Second / time.Duration(o.FPS)
			start := phase(period)
			wg.Go(func() { s.pace(ctx, start, period, s.sinkFilmer(i, conn)) })
		}
	}
	wg.Wait()
	return nil
}

func (s *stage) sinkFilmer(i int, conn net.Conn) func(int) {
	buf := make([]byte, 1500)
	return func(n int) {
		for _, payload := range s.cameras[i][n%len(s.cameras[i])].Fragments {
			sendPlain(conn, buf, uint32(n), payload)
		}
	}
}

func (s *stage) sinkSpeaker(i int, r role, conn net.Conn) func(int) {
	loop, buf := s.silence[1], make([]byte, 1500)
	if r.talks {
		loop = s.talks[i]
	}
	return func(n int) {
		if payload := loop[n%len(loop)]; payload != nil {
			sendPlain(conn, buf, uint32(n), payload)
		}
	}
}

// sendPlain sends an RTP packet without encryption.
func sendPlain(conn net.Conn, buf []byte, ts uint32, payload []byte) {
	h := rtp.Header{Version: 2, Timestamp: ts}
	n, err := h.MarshalTo(buf)
	if err == nil && n+len(payload) <= len(buf) {
		_, _ = conn.Write(buf[:n+copy(buf[n:], payload)])
	}
}
