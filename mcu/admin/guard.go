package admin

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"mime"
	"net"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
)

// SecretFile is the file in the data folder that keeps the bearer secret, readable
// by its owner only.
const SecretFile = "admin.secret"

// openSecret returns the bearer secret kept in the data folder; the first call
// makes one.
func openSecret(data string) (string, error) {
	path := filepath.Join(data, SecretFile)
	doc, err := os.ReadFile(path)
	switch {
	case err == nil && len(strings.TrimSpace(string(doc))) >= 32:
		return strings.TrimSpace(string(doc)), nil
	case err == nil:
		return "", fmt.Errorf("admin: %s holds no secret of 32 characters or more; remove it to get a new one", path)
	case !errors.Is(err, fs.ErrNotExist):
		return "", fmt.Errorf("admin: read secret: %w", err)
	}
	raw := make([]byte, 32)
	_, _ = rand.Read(raw) // never fails
	secret := base64.RawURLEncoding.EncodeToString(raw)
	if err := os.WriteFile(path, []byte(secret+"\n"), 0o600); err != nil {
		return "", fmt.Errorf("admin: keep secret: %w", err)
	}
	return secret, nil
}

func requireSecret(secret string, next http.Handler) http.Handler {
	want := sha256.Sum256([]byte(secret))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		given, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
		got := sha256.Sum256([]byte(given))
		if !ok || subtle.ConstantTimeCompare(got[:], want[:]) != 1 {
			w.Header().Set("WWW-Authenticate", `Bearer realm="omniverto"`)
			refuse(w, r, http.StatusUnauthorized, "the secret in "+SecretFile+" of the data folder is needed: Authorization: Bearer SECRET")
			return
		}
		next.ServeHTTP(w, r)
	})
}

func requireLocalHost(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !isLocalHost(r.Host) {
			refuse(w, r, http.StatusForbidden, "use the address itself or localhost, not a name")
			return
		}
		next.ServeHTTP(w, r)
	})
}

func isLocalHost(host string) bool {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	if strings.EqualFold(host, "localhost") {
		return true
	}
	_, err := netip.ParseAddr(strings.Trim(host, "[]"))
	return err == nil
}

// maxBody bounds a control request.
const maxBody = 1 << 20

// requireJSON refuses bodies of other types, which a web page could send without
// being asked, and bounds the rest. A DELETE has no body, and no type of it.
func requireJSON(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		bare := r.Method == http.MethodDelete && r.ContentLength == 0
		if !bare && r.Method != http.MethodGet && r.Method != http.MethodHead {
			kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
			if err != nil || kind != "application/json" {
				refuse(w, r, http.StatusUnsupportedMediaType, "the body must be application/json")
				return
			}
		}
		r.Body = http.MaxBytesReader(w, r.Body, maxBody)
		next.ServeHTTP(w, r)
	})
}

// refuse answers a request that does not come through: in JSON where the rest is.
func refuse(w http.ResponseWriter, r *http.Request, status int, text string) {
	if strings.HasPrefix(r.URL.Path, "/api/") {
		Answer(w, status, Failure{text})
		return
	}
	answer(w, status, text)
}
