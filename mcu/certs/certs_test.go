package certs_test

import (
	"crypto/tls"
	"crypto/x509"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/omniverto/omniverto/mcu/certs"
)

func open(t *testing.T, o certs.Options) *certs.Store {
	t.Helper()
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	s, err := certs.Open(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

func leaf(t *testing.T, s *certs.Store) *x509.Certificate {
	t.Helper()
	pair, err := s.GetCertificate(nil)
	if err != nil {
		t.Fatal(err)
	}
	return pair.Leaf
}

func TestIssuedCertificateIsBelieved(t *testing.T) {
	s := open(t, certs.Options{Dir: filepath.Join(t.TempDir(), "tls"), Hosts: []string{"meet.example.org", "192.0.2.9"}})
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(s.CA()) {
		t.Fatal("CA() is not a PEM certificate")
	}
	for _, name := range []string{"localhost", "127.0.0.1", "::1", "meet.example.org", "192.0.2.9"} {
		if _, err := leaf(t, s).Verify(x509.VerifyOptions{DNSName: name, Roots: pool}); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if life := leaf(t, s).NotAfter.Sub(leaf(t, s).NotBefore); life > 397*24*time.Hour {
		t.Errorf("valid for %v, browsers refuse more than 397 days", life)
	}

	l, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{GetCertificate: s.GetCertificate})
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: http.NotFoundHandler()}
	go server.Serve(l)
	defer server.Close()
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}}}
	defer client.CloseIdleConnections()
	resp, err := client.Get("https://" + l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
}

func TestInterfaceAddresses(t *testing.T) {
	addrs, err := net.InterfaceAddrs()
	if err != nil {
		t.Fatal(err)
	}
	certificate := leaf(t, open(t, certs.Options{Dir: t.TempDir()}))
	for _, addr := range addrs {
		ip := addr.(*net.IPNet).IP
		if err := certificate.VerifyHostname(ip.String()); err != nil && !ip.IsLinkLocalUnicast() {
			t.Errorf("%s: %v", ip, err)
		}
	}
}

func TestKeptBetweenStarts(t *testing.T) {
	dir := t.TempDir()
	first := open(t, certs.Options{Dir: dir})
	second := open(t, certs.Options{Dir: dir})
	if !leaf(t, first).Equal(leaf(t, second)) || string(first.CA()) != string(second.CA()) {
		t.Error("the second start made new certificates")
	}
	third := open(t, certs.Options{Dir: dir, Hosts: []string{"new.example.org"}})
	if leaf(t, third).VerifyHostname("new.example.org") != nil || string(third.CA()) != string(first.CA()) {
		t.Error("a new name must give a new certificate of the same authority")
	}
	for _, key := range []string{"ca.key", "server.key"} {
		info, err := os.Stat(filepath.Join(dir, key))
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode().Perm() != 0o600 {
			t.Errorf("%s: mode %v, want 0600", key, info.Mode().Perm())
		}
	}
}

func TestRenewal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := open(t, certs.Options{Dir: t.TempDir()})
		first := leaf(t, s)
		time.Sleep(366 * 24 * time.Hour) // virtual
		if !leaf(t, s).Equal(first) {
			t.Error("renewed with more than 30 days left")
		}
		time.Sleep(2 * 24 * time.Hour)
		synctest.Wait()
		if leaf(t, s).Equal(first) || time.Until(leaf(t, s).NotAfter) < 390*24*time.Hour {
			t.Errorf("not renewed: valid until %v", leaf(t, s).NotAfter)
		}
		s.Close()
	})
}

// pair writes a certificate and key made by an authority of its own.
func pair(t *testing.T, cert, key string) {
	t.Helper()
	dir := t.TempDir()
	open(t, certs.Options{Dir: dir})
	for from, to := range map[string]string{"server.crt": cert, "server.key": key} {
		doc, err := os.ReadFile(filepath.Join(dir, from))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(to+".tmp", doc, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(to+".tmp", to); err != nil {
			t.Fatal(err)
		}
	}
}

func TestFilesAreReloaded(t *testing.T) {
	dir := t.TempDir()
	cert, key := filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	pair(t, cert, key)
	logs := make(lines, 16)
	s := open(t, certs.Options{Cert: cert, Key: key, Log: slog.New(slog.NewTextHandler(logs, nil))})
	first := leaf(t, s)
	if s.CA() != nil {
		t.Error("there is no local authority with the user's own certificate")
	}

	if err := os.WriteFile(key, []byte("broken"), 0o600); err != nil {
		t.Fatal(err)
	}
	logs.wait(t, "the old one stays")
	if !leaf(t, s).Equal(first) {
		t.Error("a broken key replaced the certificate")
	}

	pair(t, cert, key)
	logs.wait(t, "certificate reloaded")
	if leaf(t, s).Equal(first) {
		t.Error("the new certificate is not in force")
	}
}

// lines is a log whose lines a test can wait for.
type lines chan string

func (l lines) Write(p []byte) (int, error) {
	l <- string(p)
	return len(p), nil
}

func (l lines) wait(t *testing.T, text string) {
	t.Helper()
	limit := time.After(10 * time.Second)
	for {
		select {
		case line := <-l:
			if strings.Contains(line, text) {
				return
			}
		case <-limit:
			t.Fatalf("no log line with %q", text)
		}
	}
}

func TestUnreadableFiles(t *testing.T) {
	dir := t.TempDir()
	good, goodKey := filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	pair(t, good, goodKey)
	broken := filepath.Join(dir, "broken.pem")
	if err := os.WriteFile(broken, []byte("no certificate"), 0o600); err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name string
		o    certs.Options
		want string
	}{
		{"missing", certs.Options{Cert: filepath.Join(dir, "none.pem"), Key: goodKey}, "none.pem"},
		{"broken", certs.Options{Cert: broken, Key: goodKey}, "broken.pem"},
		{"key alone", certs.Options{Key: goodKey}, "or neither"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tt.o.Log = slog.New(slog.NewTextHandler(io.Discard, nil))
			s, err := certs.Open(tt.o)
			if err == nil {
				s.Close()
			}
			if err == nil || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "\n") {
				t.Errorf("got error %v, want one line with %q", err, tt.want)
			}
		})
	}
}
