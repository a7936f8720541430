package rtc

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"sync"
	"time"

	"github.com/pion/stun/v4"
)

// autoAdvertise among Options.Advertise asks a STUN server for this machine's
// public address.
const autoAdvertise = "auto"

// stunPatience bounds the search; the start waits for it.
const stunPatience = 3 * time.Second

// publicServers are asked unless Options.STUN names others.
func publicServers() []string {
	return []string{"stun.cloudflare.com:3478", "stun.l.google.com:19302"}
}

// discover asks the servers, all at once, from which address they see us
// (RFC 8489 binding request). The first answer counts.
func discover(servers []string) (netip.Addr, error) {
	ctx, cancel := context.WithTimeout(context.Background(), stunPatience)
	var wg sync.WaitGroup
	defer wg.Wait()
	defer cancel()
	type answer struct {
		addr netip.Addr
		err  error
	}
	answers := make(chan answer, len(servers))
	for _, server := range servers {
		wg.Go(func() {
			addr, err := bind(ctx, server)
			answers <- answer{addr, err}
		})
	}
	var last error
	for range servers {
		a := <-answers
		if a.err == nil {
			return a.addr, nil
		}
		last = a.err
	}
	return netip.Addr{}, fmt.Errorf("rtc: no STUN server told the public address: %w", last)
}

// bind sends one binding request until it is answered or ctx ends.
func bind(ctx context.Context, server string) (netip.Addr, error) {
	conn, err := (&net.Dialer{}).DialContext(ctx, "udp4", server)
	if err != nil {
		return netip.Addr{}, err
	}
	defer conn.Close()
	stop := context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })
	defer stop()
	request, err := stun.Build(stun.TransactionID, stun.BindingRequest, stun.Fingerprint)
	if err != nil {
		return netip.Addr{}, err
	}
	buf := make([]byte, 1500)
	for wait := 500 * time.Millisecond; ; wait *= 2 {
		if _, err := conn.Write(request.Raw); err != nil {
			return netip.Addr{}, err
		}
		if ctx.Err() == nil {
			_ = conn.SetReadDeadline(time.Now().Add(wait))
		}
		n, err := conn.Read(buf)
		if ctx.Err() != nil {
			return netip.Addr{}, fmt.Errorf("%s: %w", server, ctx.Err())
		}
		if err != nil {
			continue
		}
		if addr, ok := mapped(buf[:n], request.TransactionID); ok {
			return addr, nil
		}
	}
}

// mapped reads the address of an answer to the request.
func mapped(packet []byte, id [stun.TransactionIDSize]byte) (netip.Addr, bool) {
	m := &stun.Message{Raw: append([]byte(nil), packet...)}
	if m.Decode() != nil || m.TransactionID != id || m.Type != stun.BindingSuccess {
		return netip.Addr{}, false
	}
	var x stun.XORMappedAddress
	if x.GetFrom(m) != nil {
		return netip.Addr{}, false
	}
	addr, ok := netip.AddrFromSlice(x.IP)
	return addr.Unmap(), ok
}
