package load

import (
	"fmt"
	"math"
	"net"
	"testing"
	"testing/synctest"
	"time"
)

// TestFate sends 20,000 packets, one a millisecond, over each kind of line.
func TestFate(t *testing.T) {
	const packets, size = 20000, 1000 - ipOverhead
	tests := []struct {
		name                string
		line                Line
		lost, late, shuffle float64 // shares, and mean delay in ms
		tolerance           float64
	}{
		{"perfect", Line{}, 0, 0, 0, 0},
		{"loss", Line{Loss: 0.05}, 0.05, 0, 0, 0.005},
		{"delay", Line{Delay: 30 * time.Millisecond}, 0, 30, 0, 0},
		{"jitter keeps the order", Line{Delay: 30 * time.Millisecond, Jitter: 10 * time.Millisecond}, 0, 37, 0, 3},
		{"reorder", Line{Reorder: 0.02}, 0, 0.4, 0.02, 0.05},
		{"rate above what is sent", Line{Kbps: 16000}, 0, 0.5, 0, 0.01},
		{"rate of half of what is sent", Line{Kbps: 4000}, 0.5, 200, 0, 5},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f, now, last := newFate(tt.line, 7), time.Unix(0, 0), time.Time{}
			lost, late, shuffled := 0, time.Duration(0), 0
			for range packets {
				now = now.Add(time.Millisecond)
				at, ok := f.decide(now, size)
				if !ok {
					lost++
					continue
				}
				late += at.Sub(now)
				if at.Sub(now) >= reorderHold && tt.line.Delay == 0 && tt.line.Kbps == 0 || at.Before(last) {
					shuffled++
					continue
				}
				last = at
			}
			near(t, "loss", float64(lost)/packets, tt.lost, tt.tolerance)
			near(t, "delay in ms", late.Seconds()*1000/float64(packets-lost), tt.late, math.Max(tt.tolerance, 0.05*tt.late))
			near(t, "share out of order", float64(shuffled)/packets, tt.shuffle, tt.shuffle/5)
			if got := f.lost + f.overflowed; got != uint64(lost) {
				t.Errorf("counted %d lost of %d", got, lost)
			}
		})
	}
}

func near(t *testing.T, what string, got, want, tolerance float64) {
	t.Helper()
	if math.Abs(got-want) > tolerance {
		t.Errorf("%s %.4f, want %.4f ± %.4f", what, got, want, tolerance)
	}
}

// TestFateIsDeterministic: the same seed, the same fate; and loss does not depend
// on whether there is jitter.
func TestFateIsDeterministic(t *testing.T) {
	run := func(l Line, seed uint64) string {
		f, s := newFate(l, seed), ""
		for i := range 200 {
			_, ok := f.decide(time.Unix(0, int64(i)*1e6), 100)
			s += fmt.Sprint(ok)
		}
		return s
	}
	plain := run(Line{Loss: 0.3}, 1)
	if run(Line{Loss: 0.3}, 1) != plain || run(Line{Loss: 0.3, Jitter: time.Second}, 1) != plain {
		t.Error("the same seed gave another fate")
	}
	if run(Line{Loss: 0.3}, 2) == plain {
		t.Error("another seed gave the same fate")
	}
}

// TestRelay: packets come back from an echo after both lines' delay, the lost
// ones do not, and Close ends everything.
func TestRelay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		wire := newPipe()
		r := newRelay(wire, Line{Delay: 30 * time.Millisecond, Loss: 0.2}, Line{Delay: 20 * time.Millisecond}, 1)
		const packets = 500
		begun := time.Now()
		for i := range packets {
			if _, err := r.WriteTo([]byte{byte(i), byte(i >> 8)}, wire.addr); err != nil {
				t.Fatal(err)
			}
		}
		got, last, buf := 0, -1, make([]byte, 100)
		time.AfterFunc(time.Second, func() { _ = r.Close() })
		for {
			n, _, err := r.ReadFrom(buf)
			if err != nil {
				break
			}
			if i := int(buf[0]) | int(buf[1])<<8; n != 2 || i <= last {
				t.Errorf("packet %d of %d bytes after %d", i, n, last)
			} else {
				last = i
			}
			if took := time.Since(begun); took != 50*time.Millisecond {
				t.Errorf("came back after %v", took)
			}
			got++
		}
		near(t, "share that came back", float64(got)/packets, 0.8, 0.06)
		if r.out.fate.lost+uint64(got) != packets {
			t.Errorf("%d lost and %d came of %d", r.out.fate.lost, got, packets)
		}
		_ = r.Close()
	})
}

// pipe is a socket that gets back what it sends.
type pipe struct {
	net.PacketConn
	addr net.Addr
	back chan datagram
	done chan struct{}
}

func newPipe() *pipe {
	return &pipe{addr: &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 1}, back: make(chan datagram, 1000), done: make(chan struct{})}
}

func (p *pipe) WriteTo(b []byte, addr net.Addr) (int, error) {
	p.back <- datagram{append([]byte(nil), b...), addr}
	return len(b), nil
}

func (p *pipe) ReadFrom(b []byte) (int, net.Addr, error) {
	select {
	case d := <-p.back:
		return copy(b, d.data), d.addr, nil
	case <-p.done:
		return 0, nil, net.ErrClosed
	}
}

func (p *pipe) Close() error { close(p.done); return nil }
