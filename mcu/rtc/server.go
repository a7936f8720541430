// Package rtc is the WebRTC leg: pion underneath, one UDP port for all media.
//
// pion's PeerConnection is used as a transport (ICE-lite, DTLS, SRTP) of one
// constant, invisible media section. What the peer sees is ours: session
// descriptions, RTP headers and sequence numbers, retransmission, sender reports
// and feedback. All watchers of a view share its fragments; a leg adds a 12-byte
// header and encryption.
//
// The packet loops are part of the hot path and allocate nothing of their own.
package rtc

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"slices"
	"sync"
	"time"

	"github.com/pion/ice/v4"
	"github.com/pion/webrtc/v4"
)

// ErrUnusable says that nothing in a description can be answered.
var ErrUnusable = errors.New("nothing usable in the session description")

// ErrClosed says that the leg or the server has been closed.
var ErrClosed = errors.New("rtc: closed")

// Options configure a Server; the zero value of a field is its default.
type Options struct {
	// Addr is the media address. Without a host (":10000") one socket per
	// interface address is opened, loopback included, all on this port; port 0
	// takes a free one.
	Addr string
	// Advertise are further addresses, as IPs or names, under which the same
	// port reaches this server: public addresses in front of a NAT. "auto"
	// asks a STUN server; if none answers that is logged and the rest holds.
	Advertise []string
	// STUN are the servers, as host:port, that "auto" asks; none stands for two
	// public ones.
	STUN []string
	Log  *slog.Logger
	// MaxVideoKbps bounds the b=AS of every answer; 0 is no bound.
	MaxVideoKbps int
}

// Server owns the UDP port and all legs on it. Safe for concurrent use.
type Server struct {
	// Constant after construction.
	log        *slog.Logger
	maxKbps    int
	sockets    []*socket
	advertise  []netip.Addr
	candidates []string
	muxes      []ice.UDPMux
	mux        ice.UDPMux
	cert       webrtc.Certificate
	print      fingerprint
	batches    *batches
	patience   time.Duration // for DTLS to come up

	mu     sync.Mutex
	peers  map[*Peer]struct{} // guarded by mu
	closed bool               // guarded by mu
}

// Stats are a server's numbers now.
type Stats struct {
	Peers   int
	Sockets int
	// BatchSends and BatchPackets count segmented sends and the packets in them;
	// SingleSends counts packets sent alone.
	BatchSends, BatchPackets, SingleSends uint64
}

// New opens the sockets. A port that is taken is an error that names it.
func New(o Options) (*Server, error) {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	s := &Server{
		log: o.Log, maxKbps: o.MaxVideoKbps,
		peers: make(map[*Peer]struct{}), batches: newBatches(),
		patience: connectTimeout,
	}
	if err := s.certificate(); err != nil {
		return nil, err
	}
	var err error
	if s.advertise, err = s.publicAddrs(o); err != nil {
		return nil, err
	}
	if s.sockets, err = listen(o.Addr, s.batches, s.log); err != nil {
		return nil, err
	}
	for _, sock := range s.sockets {
		s.muxes = append(s.muxes, ice.NewUDPMuxDefault(ice.UDPMuxParams{
			UDPConn: sock, Logger: logs{s.log}.NewLogger("mux"),
		}))
	}
	s.mux = ice.NewMultiUDPMuxDefault(s.muxes...)
	s.candidates = candidateLines(s.Addrs(), s.advertise)
	return s, nil
}

// publicAddrs resolves what is advertised.
func (s *Server) publicAddrs(o Options) ([]netip.Addr, error) {
	named := slices.DeleteFunc(slices.Clone(o.Advertise), func(a string) bool { return a == autoAdvertise })
	addrs, err := resolve(named)
	if err != nil || len(named) == len(o.Advertise) {
		return addrs, err
	}
	servers := o.STUN
	if len(servers) == 0 {
		servers = publicServers()
	}
	found, err := discover(servers)
	if err != nil {
		s.log.Warn("public address not found; name it with --advertise", "error", err)
		return addrs, nil
	}
	s.log.Info("public address found", "address", found)
	return append(addrs, found), nil
}

// certificate makes the one DTLS certificate of this process.
func (s *Server) certificate() error {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return fmt.Errorf("rtc: make a DTLS key: %w", err)
	}
	cert, err := webrtc.GenerateCertificate(key)
	if err != nil {
		return fmt.Errorf("rtc: make a DTLS certificate: %w", err)
	}
	prints, err := cert.GetFingerprints()
	if err != nil || len(prints) == 0 {
		return fmt.Errorf("rtc: DTLS fingerprint: %w", err)
	}
	s.cert = *cert
	s.print = fingerprint{alg: prints[0].Algorithm, value: prints[0].Value}
	return nil
}

// Port is the UDP port of all sockets.
func (s *Server) Port() int { return int(s.sockets[0].addr.Port()) }

// Addrs are the addresses of the sockets.
func (s *Server) Addrs() []netip.AddrPort {
	all := make([]netip.AddrPort, len(s.sockets))
	for i, sock := range s.sockets {
		all[i] = sock.addr
	}
	return all
}

// connectionAddr is the address for c= lines: the first that others can reach.
func (s *Server) connectionAddr() netip.Addr {
	if len(s.advertise) > 0 {
		return s.advertise[0]
	}
	for _, sock := range s.sockets {
		if !sock.addr.Addr().IsLoopback() {
			return sock.addr.Addr()
		}
	}
	return s.sockets[0].addr.Addr()
}

// Stats returns a snapshot.
func (s *Server) Stats() Stats {
	s.mu.Lock()
	n := len(s.peers)
	s.mu.Unlock()
	st := Stats{Peers: n, Sockets: len(s.sockets)}
	for _, sock := range s.sockets {
		st.BatchSends += sock.batchSends.Load()
		st.BatchPackets += sock.batchPackets.Load()
		st.SingleSends += sock.singleSends.Load()
	}
	return st
}

// Close ends all legs, waits for them and closes the sockets.
func (s *Server) Close() error {
	s.mu.Lock()
	s.closed = true
	peers := make([]*Peer, 0, len(s.peers))
	for p := range s.peers {
		peers = append(peers, p)
	}
	s.mu.Unlock()
	for _, p := range peers {
		p.end(nil)
	}
	for _, p := range peers {
		<-p.done
	}
	var errs []error
	for _, m := range s.muxes {
		errs = append(errs, m.Close())
	}
	return errors.Join(errs...)
}

// add registers a leg; false when the server is closed.
func (s *Server) add(p *Peer) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return false
	}
	s.peers[p] = struct{}{}
	return true
}

func (s *Server) remove(p *Peer) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.peers, p)
}

// resolveTimeout bounds the look-up of advertised names at the start.
const resolveTimeout = 5 * time.Second

// resolve turns advertised IPs and names into addresses.
func resolve(names []string) ([]netip.Addr, error) {
	ctx, cancel := context.WithTimeout(context.Background(), resolveTimeout)
	defer cancel()
	var all []netip.Addr
	for _, name := range names {
		if a, err := netip.ParseAddr(name); err == nil {
			all = append(all, a.Unmap())
			continue
		}
		found, err := lookup(ctx, name)
		if err != nil {
			return nil, fmt.Errorf("rtc: advertised name %q: %w", name, err)
		}
		all = append(all, found...)
	}
	return all, nil
}
