package certs

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"os"
	"slices"
	"strings"
	"time"
)

const (
	// renewBefore is the life left at which an issued certificate is replaced.
	renewBefore = 30 * 24 * time.Hour
	// checkEvery is how often life and interface addresses are looked at.
	checkEvery = time.Hour
)

// useAuthority issues a certificate, or takes up the one of an earlier start,
// and returns the loop that renews it.
func (s *Store) useAuthority(o Options) (func(context.Context), error) {
	a, err := openAuthority(o.Dir, time.Now())
	if err != nil {
		return nil, err
	}
	s.ca = a.pem()
	pair, err := readPair(files(o.Dir, leafFile))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	s.current.Store(pair)
	if err := s.renew(a, o); err != nil {
		return nil, err
	}
	return func(ctx context.Context) { s.keep(ctx, a, o) }, nil
}

func (s *Store) keep(ctx context.Context, a *authority, o Options) {
	ticker := time.NewTicker(checkEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			if err := s.renew(a, o); err != nil {
				o.Log.Error("certificate not renewed", "error", err)
			}
		}
	}
}

// renew issues a certificate if the one in force runs out soon, is not of this
// authority, or lacks a name or address that the machine has now.
func (s *Store) renew(a *authority, o Options) error {
	names, addrs, err := identities(o.Hosts)
	if err != nil {
		return err
	}
	now := time.Now()
	if pair := s.current.Load(); pair != nil && a.serves(pair, names, addrs, now) {
		return nil
	}
	pair, err := a.issue(o.Dir, names, addrs, now)
	if err != nil {
		return err
	}
	s.current.Store(pair)
	o.Log.Info("certificate issued", "names", strings.Join(names, ","), "until", slog.TimeValue(pair.Leaf.NotAfter))
	return nil
}

func (a *authority) serves(pair *tls.Certificate, names []string, addrs []net.IP, now time.Time) bool {
	leaf := pair.Leaf
	if now.After(leaf.NotAfter.Add(-renewBefore)) || now.Before(leaf.NotBefore) || !signedBy(leaf, a.pair.Leaf) {
		return false
	}
	for _, name := range names {
		if !slices.Contains(leaf.DNSNames, name) {
			return false
		}
	}
	for _, addr := range addrs {
		if !slices.ContainsFunc(leaf.IPAddresses, addr.Equal) {
			return false
		}
	}
	return true
}

func signedBy(leaf, ca *x509.Certificate) bool { return leaf.CheckSignatureFrom(ca) == nil }

// identities returns what a browser may call this machine: localhost first.
func identities(hosts []string) (names []string, addrs []net.IP, err error) {
	names = []string{"localhost"}
	if host, err := os.Hostname(); err == nil && validName(host) {
		names = append(names, host)
		if !strings.Contains(host, ".") {
			names = append(names, host+".local")
		}
	}
	interfaces, err := net.InterfaceAddrs()
	if err != nil {
		return nil, nil, fmt.Errorf("certs: list interface addresses: %w", err)
	}
	addrs = []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback}
	for _, addr := range interfaces {
		if network, ok := addr.(*net.IPNet); ok && !network.IP.IsLinkLocalUnicast() {
			addrs = append(addrs, network.IP)
		}
	}
	for _, host := range hosts {
		if ip := net.ParseIP(host); ip != nil {
			addrs = append(addrs, ip)
		} else if validName(host) {
			names = append(names, host)
		}
	}
	return unique(names), uniqueAddrs(addrs), nil
}

func validName(host string) bool {
	return host != "" && len(host) < 250 && !strings.ContainsFunc(host, func(r rune) bool {
		return r != '-' && r != '.' && (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z')
	})
}

func unique(names []string) []string {
	var out []string
	for _, name := range names {
		if !slices.Contains(out, name) {
			out = append(out, name)
		}
	}
	return out
}

func uniqueAddrs(addrs []net.IP) []net.IP {
	var out []net.IP
	for _, addr := range addrs {
		if !slices.ContainsFunc(out, addr.Equal) {
			out = append(out, addr)
		}
	}
	return out
}
