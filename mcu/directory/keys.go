package directory

import (
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

const (
	keySuffix     = ".key"
	minSecret     = 32   // bytes, the output size of HS256's hash (RFC 7518 §3.2)
	maxSecret     = 4096 // bytes
	maxTokenBytes = 8192
	rereadEvery   = time.Second // how often an unknown kid may cause a look at the folder
)

// Keys signs and verifies tokens (JWT, HS256, header kid). The secrets are the
// files <kid>.key of one folder; a secret is the file's text without surrounding
// white space, at least 32 bytes. All of them verify, the one whose name sorts last
// signs, so rotation is: add a file, later delete the old one. A token with an
// unknown kid makes Verify look at the folder again, at most once a second. Safe for
// concurrent use.
type Keys struct {
	dir string

	mu     sync.Mutex // guards what follows
	byID   map[string][]byte
	signer string // kid
	read   time.Time
}

// OpenKeys reads the folder's keys. If there is none it creates the folder (0700)
// and a key (0600).
func OpenKeys(dir string) (*Keys, error) {
	k := &Keys{dir: dir}
	err := k.Reload()
	if errors.Is(err, errNoKeys) {
		if err = createKey(dir); err == nil {
			err = k.Reload()
		}
	}
	if err != nil {
		return nil, err
	}
	return k, nil
}

var errNoKeys = errors.New("no keys")

// Reload reads the folder again. On an error the old keys stay.
func (k *Keys) Reload() error {
	byID, signer, err := readKeys(k.dir)
	if err != nil {
		return err
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.byID, k.signer, k.read = byID, signer, time.Now()
	return nil
}

func readKeys(dir string) (byID map[string][]byte, last string, err error) {
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, "", fmt.Errorf("directory: token keys: %w", err)
	}
	byID = map[string][]byte{}
	for _, e := range entries { // sorted by name
		kid, ok := strings.CutSuffix(e.Name(), keySuffix)
		if !ok || kid == "" || e.IsDir() {
			continue
		}
		if byID[kid], err = readSecret(filepath.Join(dir, e.Name())); err != nil {
			return nil, "", err
		}
		last = kid
	}
	if last == "" {
		return nil, "", fmt.Errorf("directory: token keys in %s: %w", dir, errNoKeys)
	}
	return byID, last, nil
}

func readSecret(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("directory: token key: %w", err)
	}
	if info.Size() > maxSecret {
		return nil, fmt.Errorf("directory: token key %s: more than %d bytes", path, maxSecret)
	}
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("directory: token key: %w", err)
	}
	b = bytes.TrimSpace(b)
	if len(b) < minSecret {
		return nil, fmt.Errorf("directory: token key %s: less than %d bytes", path, minSecret)
	}
	return b, nil
}

// createKey writes a new secret under a name that sorts by date. The file appears
// whole or not at all: another process may be reading the folder.
func createKey(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("directory: create token keys: %w", err)
	}
	tmp, err := os.CreateTemp(dir, ".new-*") // mode 0600
	if err != nil {
		return fmt.Errorf("directory: create token key: %w", err)
	}
	defer os.Remove(tmp.Name())
	_, err = tmp.WriteString(randomHex(32) + "\n")
	if err = errors.Join(err, tmp.Sync(), tmp.Close()); err != nil {
		return fmt.Errorf("directory: create token key: %w", err)
	}
	name := time.Now().UTC().Format("20060102") + "-" + randomHex(4) + keySuffix
	if err := os.Rename(tmp.Name(), filepath.Join(dir, name)); err != nil {
		return fmt.Errorf("directory: create token key: %w", err)
	}
	return nil
}

// randomHex is n random bytes in hex.
func randomHex(n int) string {
	b := make([]byte, n)
	rand.Read(b) // never fails (Go 1.24)
	return hex.EncodeToString(b)
}

// Sign makes a token that is valid for ttl from now. An empty ID is filled.
func (k *Keys) Sign(c Claims, ttl time.Duration) (string, error) {
	if ttl <= 0 {
		return "", fmt.Errorf("directory: sign token: ttl %v", ttl)
	}
	if c.ID == "" {
		c.ID = randomHex(16)
	}
	w := c.wire(time.Now(), ttl)
	if err := w.Validate(); err != nil {
		return "", fmt.Errorf("directory: sign token: %w", err)
	}
	k.mu.Lock()
	kid, secret := k.signer, k.byID[k.signer]
	k.mu.Unlock()
	t := jwt.NewWithClaims(jwt.SigningMethodHS256, w)
	t.Header["kid"] = kid
	s, err := t.SignedString(secret)
	if err != nil {
		return "", fmt.Errorf("directory: sign token: %w", err)
	}
	return s, nil
}

// Verify checks signature, algorithm (HS256 and nothing else), exp (which must be
// there), nbf and every claim's form. Errors wrap ErrToken.
func (k *Keys) Verify(token string) (*Claims, error) {
	if len(token) > maxTokenBytes {
		return nil, fmt.Errorf("directory: %w: more than %d bytes", ErrToken, maxTokenBytes)
	}
	var w wireClaims
	_, err := jwt.ParseWithClaims(token, &w, k.secret,
		jwt.WithValidMethods([]string{jwt.SigningMethodHS256.Alg()}), jwt.WithExpirationRequired())
	if err != nil {
		return nil, fmt.Errorf("directory: %w: %w", ErrToken, err)
	}
	return w.claims(), nil
}

// secret finds the key that a token's header names.
func (k *Keys) secret(t *jwt.Token) (any, error) {
	kid, _ := t.Header["kid"].(string)
	if s, ok := k.find(kid); ok {
		return s, nil
	}
	if err := k.reread(); err != nil {
		return nil, err
	}
	if s, ok := k.find(kid); ok {
		return s, nil
	}
	return nil, fmt.Errorf("unknown kid %.80q", kid)
}

func (k *Keys) find(kid string) ([]byte, bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	s, ok := k.byID[kid]
	return s, ok
}

// reread reloads unless that happened less than rereadEvery ago.
func (k *Keys) reread() error {
	k.mu.Lock()
	now := time.Now()
	due := now.Sub(k.read) >= rereadEvery
	if due {
		k.read = now
	}
	k.mu.Unlock()
	if !due {
		return nil
	}
	return k.Reload()
}

// LooksLikeToken reports whether a password has a token's form: three base64url
// parts, the first an object.
func LooksLikeToken(password string) bool {
	return strings.HasPrefix(password, "eyJ") && strings.Count(password, ".") == 2
}
