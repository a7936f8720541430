// Package certs provides the TLS certificate of the server's HTTPS address:
// either the user's files, read again when they change, or one issued by a local
// authority that is made on the first start.
//
// It is a leaf: it imports nothing of the project.
package certs

import (
	"context"
	"crypto/tls"
	"errors"
	"log/slog"
	"sync/atomic"
)

// Options say which certificate a [Store] holds.
type Options struct {
	// Dir is the folder for the local authority; made when missing, mode 0700.
	// Not used with Cert and Key.
	Dir string
	// Cert and Key are the user's PEM files; both or neither.
	Cert, Key string
	// Hosts are further names and addresses for an issued certificate, besides
	// localhost, the host's name, HOST.local and the interfaces' addresses.
	Hosts []string
	Log   *slog.Logger
}

// Store holds the certificate in force. All methods may be called from any
// goroutine.
type Store struct {
	// Constant after construction.
	ca   []byte
	stop context.CancelFunc
	done chan struct{}

	// Atomic.
	current atomic.Pointer[tls.Certificate]
}

// Open reads or issues the certificate and keeps it fresh on a goroutine of its
// own until Close. The error names the file that cannot be used.
func Open(o Options) (*Store, error) {
	if (o.Cert == "") != (o.Key == "") {
		return nil, errors.New("certs: a certificate and a key are needed, or neither")
	}
	s := &Store{done: make(chan struct{})}
	var keep func(context.Context)
	var err error
	if o.Cert != "" {
		keep, err = s.useFiles(o)
	} else {
		keep, err = s.useAuthority(o)
	}
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(context.Background())
	s.stop = cancel
	go func() {
		defer close(s.done)
		keep(ctx)
	}()
	return s, nil
}

// GetCertificate is for tls.Config: it returns the certificate in force.
func (s *Store) GetCertificate(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	return s.current.Load(), nil
}

// CA returns the local authority's certificate as PEM, for people to install, or
// nil when the user brought a certificate. The caller must not change it.
func (s *Store) CA() []byte { return s.ca }

// Close stops watching and returns when the goroutine has ended. The certificate
// stays usable.
func (s *Store) Close() {
	s.stop()
	<-s.done
}
