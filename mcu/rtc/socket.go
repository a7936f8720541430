package rtc

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"strconv"
	"sync/atomic"
	"syscall"
	"time"
)

// socketBuffer is asked of the kernel for each direction: all legs share one
// socket, and a keyframe to a hundred watchers is some megabytes.
const socketBuffer = 4 << 20

// portTries bounds the search for a port that is free on every address.
const portTries = 16

// socket is one UDP socket bound to one address. It is the net.PacketConn below
// pion's mux and gathers a leg's video packets into segmented sends (see batch).
type socket struct {
	// Constant after construction.
	conn    *net.UDPConn
	addr    netip.AddrPort
	batches *batches

	gso                                   atomic.Bool // segmentation works here
	batchSends, batchPackets, singleSends atomic.Uint64
}

// listen opens the sockets of addr, all on the same port.
func listen(addr string, b *batches, log *slog.Logger) ([]*socket, error) {
	host, portText, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, fmt.Errorf("rtc: media address %q: %w", addr, err)
	}
	port, err := strconv.ParseUint(portText, 10, 16)
	if err != nil {
		return nil, fmt.Errorf("rtc: media port %q is not a number from 0 to 65535", portText)
	}
	addrs, err := bindAddrs(host)
	if err != nil {
		return nil, err
	}
	for try := 1; ; try++ {
		socks, err := bindAll(addrs, uint16(port), b, log)
		taken := errors.Is(err, syscall.EADDRINUSE)
		if err == nil || port != 0 || !taken || try == portTries {
			return socks, err
		}
	}
}

// bindAddrs are the addresses to bind: those of host, or of all interfaces.
func bindAddrs(host string) ([]netip.Addr, error) {
	if a, err := netip.ParseAddr(host); err == nil && !a.IsUnspecified() {
		return []netip.Addr{a.Unmap()}, nil
	} else if err != nil && host != "" {
		ctx, cancel := context.WithTimeout(context.Background(), resolveTimeout)
		defer cancel()
		return lookup(ctx, host)
	}
	all, err := net.InterfaceAddrs()
	if err != nil {
		return nil, fmt.Errorf("rtc: interface addresses: %w", err)
	}
	var addrs []netip.Addr
	for _, a := range all {
		prefix, err := netip.ParsePrefix(a.String())
		if err != nil {
			continue
		}
		// Browsers do not use link-local addresses; they would need a zone.
		if ip := prefix.Addr().Unmap(); !ip.IsLinkLocalUnicast() && !ip.IsUnspecified() {
			addrs = append(addrs, ip)
		}
	}
	if len(addrs) == 0 {
		return nil, errors.New("rtc: no interface has an address")
	}
	return addrs, nil
}

func lookup(ctx context.Context, name string) ([]netip.Addr, error) {
	found, err := net.DefaultResolver.LookupNetIP(ctx, "ip", name)
	for i := range found {
		found[i] = found[i].Unmap()
	}
	return found, err
}

// bindAll opens one socket per address. An address that cannot be bound at all
// (a tentative IPv6 address) is left out; a taken port is an error.
func bindAll(addrs []netip.Addr, port uint16, b *batches, log *slog.Logger) ([]*socket, error) {
	var socks []*socket
	fail := func(err error) ([]*socket, error) {
		for _, s := range socks {
			_ = s.Close()
		}
		return nil, err
	}
	for _, a := range addrs {
		at := netip.AddrPortFrom(a, port)
		conn, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(at))
		if errors.Is(err, syscall.EADDRINUSE) {
			return fail(fmt.Errorf("rtc: UDP port %d is taken on %s by another program: %w", port, a, err))
		}
		if err != nil {
			log.Warn("media address left out", "addr", a.String(), "err", err)
			continue
		}
		s := newSocket(conn, b)
		port = s.addr.Port()
		socks = append(socks, s)
	}
	if len(socks) == 0 {
		return nil, fmt.Errorf("rtc: no address could be bound on UDP port %d", port)
	}
	return socks, nil
}

func newSocket(conn *net.UDPConn, b *batches) *socket {
	// The kernel clamps what it does not allow; smaller buffers still work.
	_ = conn.SetReadBuffer(socketBuffer)
	_ = conn.SetWriteBuffer(socketBuffer)
	at := conn.LocalAddr().(*net.UDPAddr).AddrPort()
	s := &socket{conn: conn, addr: netip.AddrPortFrom(at.Addr().Unmap(), at.Port()), batches: b}
	s.gso.Store(segmentation(conn))
	return s
}

// ReadFromAddrPort reads one datagram without allocating.
func (s *socket) ReadFromAddrPort(p []byte) (int, netip.AddrPort, error) {
	return s.conn.ReadFromUDPAddrPort(p)
}

// WriteToAddrPort sends p, or keeps a copy of it when its leg is gathering.
func (s *socket) WriteToAddrPort(p []byte, to netip.AddrPort) (int, error) {
	to = netip.AddrPortFrom(to.Addr().Unmap(), to.Port())
	if b := s.batches.find(p); b != nil && b.add(s, p, to) {
		return len(p), nil
	}
	return s.send(p, to)
}

func (s *socket) send(p []byte, to netip.AddrPort) (int, error) {
	s.singleSends.Add(1)
	return s.conn.WriteToUDPAddrPort(p, to)
}

// sendBatch sends buf, packets of size bytes of which the last may be shorter.
// Where the kernel or the interface refuses segmentation it sends one by one,
// and no longer tries.
func (s *socket) sendBatch(buf []byte, size int, to netip.AddrPort) error {
	if len(buf) > size && s.gso.Load() {
		err := sendSegmented(s.conn, buf, size, to)
		if err == nil {
			s.batchSends.Add(1)
			s.batchPackets.Add(uint64((len(buf) + size - 1) / size))
			return nil
		}
		if !refusesSegments(err) {
			return err
		}
		s.gso.Store(false)
	}
	for len(buf) > 0 {
		n := min(size, len(buf))
		if _, err := s.send(buf[:n], to); err != nil {
			return err
		}
		buf = buf[n:]
	}
	return nil
}

// The rest makes socket a net.PacketConn.

// ReadFrom reads one datagram.
func (s *socket) ReadFrom(p []byte) (int, net.Addr, error) { return s.conn.ReadFrom(p) }

// WriteTo sends one datagram.
func (s *socket) WriteTo(p []byte, to net.Addr) (int, error) {
	udp, ok := to.(*net.UDPAddr)
	if !ok {
		return 0, fmt.Errorf("rtc: address of type %T", to)
	}
	return s.WriteToAddrPort(p, udp.AddrPort())
}

// LocalAddr is the bound address.
func (s *socket) LocalAddr() net.Addr { return s.conn.LocalAddr() }

// Close closes the socket; a blocked read returns.
func (s *socket) Close() error { return s.conn.Close() }

// SetDeadline sets both deadlines.
func (s *socket) SetDeadline(t time.Time) error { return s.conn.SetDeadline(t) }

// SetReadDeadline bounds reads.
func (s *socket) SetReadDeadline(t time.Time) error { return s.conn.SetReadDeadline(t) }

// SetWriteDeadline bounds writes.
func (s *socket) SetWriteDeadline(t time.Time) error { return s.conn.SetWriteDeadline(t) }
