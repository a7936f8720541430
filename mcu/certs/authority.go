package certs

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"time"
)

const (
	// authorityLife is the validity of the local authority.
	authorityLife = 10 * 365 * 24 * time.Hour
	// leafLife is the validity of an issued certificate: Apple's systems refuse
	// longer ones than 398 days.
	leafLife = 397 * 24 * time.Hour
	// backdate forgives clients whose clock is behind.
	backdate = time.Hour

	authorityFile = "ca"
	leafFile      = "server"
)

// authority signs certificates for this machine.
type authority struct {
	pair *tls.Certificate
}

// openAuthority reads the authority in dir, or makes one when there is none or
// it has run out.
func openAuthority(dir string, now time.Time) (*authority, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("certs: %w", err)
	}
	pair, err := readPair(files(dir, authorityFile))
	switch {
	case err == nil && now.Before(pair.Leaf.NotAfter.Add(-leafLife)):
		return &authority{pair}, nil
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return nil, err
	}
	host, err := os.Hostname()
	if err != nil {
		host = "this machine"
	}
	template := &x509.Certificate{
		Subject:               pkix.Name{CommonName: "Omniverto on " + host, Organization: []string{"Omniverto local authority"}},
		NotBefore:             now.Add(-backdate),
		NotAfter:              now.Add(authorityLife),
		KeyUsage:              x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
		BasicConstraintsValid: true,
		IsCA:                  true,
		MaxPathLenZero:        true,
	}
	pair, err = create(dir, authorityFile, template, nil)
	if err != nil {
		return nil, err
	}
	return &authority{pair}, nil
}

// pem returns the authority's certificate.
func (a *authority) pem() []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: a.pair.Certificate[0]})
}

// issue makes a certificate for the names and addresses and keeps it in dir.
func (a *authority) issue(dir string, names []string, addrs []net.IP, now time.Time) (*tls.Certificate, error) {
	template := &x509.Certificate{
		Subject:               pkix.Name{CommonName: names[0]},
		DNSNames:              names,
		IPAddresses:           addrs,
		NotBefore:             now.Add(-backdate),
		NotAfter:              now.Add(leafLife - backdate),
		KeyUsage:              x509.KeyUsageDigitalSignature,
		ExtKeyUsage:           []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		BasicConstraintsValid: true,
	}
	return create(dir, leafFile, template, a.pair)
}

// create signs template with a fresh key (by itself when parent is nil) and
// writes both files, the key first and readable by its owner only.
func create(dir, name string, template *x509.Certificate, parent *tls.Certificate) (*tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("certs: make key: %w", err)
	}
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	if err != nil {
		return nil, fmt.Errorf("certs: make serial number: %w", err)
	}
	template.SerialNumber = serial
	issuer, signer := template, any(key)
	if parent != nil {
		issuer, signer = parent.Leaf, parent.PrivateKey
	}
	der, err := x509.CreateCertificate(rand.Reader, template, issuer, key.Public(), signer)
	if err != nil {
		return nil, fmt.Errorf("certs: sign certificate: %w", err)
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, fmt.Errorf("certs: encode key: %w", err)
	}
	certPath, keyPath := files(dir, name)
	if err := writePEM(keyPath, "PRIVATE KEY", keyDER, 0o600); err != nil {
		return nil, err
	}
	if err := writePEM(certPath, "CERTIFICATE", der, 0o644); err != nil {
		return nil, err
	}
	return readPair(certPath, keyPath)
}

func files(dir, name string) (cert, key string) {
	return filepath.Join(dir, name+".crt"), filepath.Join(dir, name+".key")
}

// writePEM replaces a file in one step.
func writePEM(path, kind string, der []byte, mode fs.FileMode) error {
	doc := pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
	if err := os.Remove(path + ".new"); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("certs: %w", err)
	}
	if err := os.WriteFile(path+".new", doc, mode); err != nil {
		return fmt.Errorf("certs: %w", err)
	}
	if err := os.Rename(path+".new", path); err != nil {
		return fmt.Errorf("certs: %w", err)
	}
	return nil
}
