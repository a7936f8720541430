package directory_test

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/omniverto/omniverto/mcu/directory"
)

const secret = "0123456789abcdef0123456789abcdef"

func keys(t *testing.T) *directory.Keys {
	t.Helper()
	k, err := directory.OpenKeys(folder(t, map[string]string{"k1.key": secret + "\n"}))
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func TestKeysAreCreatedOnceAndPrivate(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "tokens")
	k, err := directory.OpenKeys(dir)
	if err != nil {
		t.Fatal(err)
	}
	files, err := os.ReadDir(dir)
	if err != nil || len(files) != 1 || filepath.Ext(files[0].Name()) != ".key" {
		t.Fatalf("files %v, err %v", files, err)
	}
	info, _ := files[0].Info()
	parent, _ := os.Stat(dir)
	if info.Mode().Perm() != 0o600 || parent.Mode().Perm() != 0o700 {
		t.Errorf("modes %v and %v", info.Mode(), parent.Mode())
	}
	again, err := directory.OpenKeys(dir)
	if err != nil {
		t.Fatal(err)
	}
	token := sign(t, k, directory.Claims{Room: "3500", Role: directory.RoleViewer})
	if _, err := again.Verify(token); err != nil {
		t.Errorf("a second process does not know the key: %v", err)
	}
}

func sign(t *testing.T, k *directory.Keys, c directory.Claims) string {
	t.Helper()
	token, err := k.Sign(c, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	return token
}

func TestTokenRoundTrip(t *testing.T) {
	k := keys(t)
	want := directory.Claims{Room: "team-room", Role: directory.RoleModerator, Name: "Zoë", ResID: "presenter"}
	got, err := k.Verify(sign(t, k, want))
	if err != nil {
		t.Fatal(err)
	}
	if got.Room != want.Room || got.Role != want.Role || got.Name != want.Name || got.ResID != want.ResID {
		t.Errorf("claims %+v", got)
	}
	if got.ID == "" || time.Until(got.Expires) > time.Hour || time.Until(got.Expires) < time.Hour-time.Minute {
		t.Errorf("id %q, expires %v", got.ID, got.Expires)
	}
}

func TestKeysRotate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := folder(t, map[string]string{"2026-a.key": secret})
		k, err := directory.OpenKeys(dir)
		if err != nil {
			t.Fatal(err)
		}
		old := sign(t, k, directory.Claims{Room: "r", Role: directory.RoleViewer})
		write(t, dir, map[string]string{"2026-b.key": strings.Repeat("n", 40)})
		other, err := directory.OpenKeys(dir)
		if err != nil {
			t.Fatal(err)
		}
		fresh := sign(t, other, directory.Claims{Room: "r", Role: directory.RoleViewer})
		if _, err := k.Verify(fresh); err == nil {
			t.Error("the folder is read for every unknown kid")
		}
		pass(2 * time.Second)
		for name, token := range map[string]string{"old": old, "new": fresh} {
			if _, err := k.Verify(token); err != nil {
				t.Errorf("%s key: %v", name, err)
			}
		}
		if kid := header(t, sign(t, k, directory.Claims{Room: "r", Role: directory.RoleViewer}))["kid"]; kid != "2026-b" {
			t.Errorf("signed with %v", kid)
		}
	})
}

func header(t *testing.T, token string) map[string]any {
	t.Helper()
	part, _, _ := strings.Cut(token, ".")
	b, err := base64.RawURLEncoding.DecodeString(part)
	if err != nil {
		t.Fatal(err)
	}
	var h map[string]any
	if err := json.Unmarshal(b, &h); err != nil {
		t.Fatal(err)
	}
	return h
}

// forge signs any claims with any method.
func forge(t *testing.T, m jwt.SigningMethod, kid string, key any, claims jwt.MapClaims) string {
	t.Helper()
	tok := jwt.NewWithClaims(m, claims)
	tok.Header["kid"] = kid
	s, err := tok.SignedString(key)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestForgedAndWrongTokensAreRefused(t *testing.T) {
	k := keys(t)
	hour := time.Now().Add(time.Hour).Unix()
	good := func(change jwt.MapClaims) jwt.MapClaims {
		c := jwt.MapClaims{"room": "r", "role": "viewer", "exp": hour}
		for key, v := range change {
			c[key] = v
		}
		return c
	}
	hs := jwt.SigningMethodHS256
	without := good(nil)
	delete(without, "exp")
	valid := forge(t, hs, "k1", []byte(secret), good(nil))
	if _, err := k.Verify(valid); err != nil {
		t.Fatalf("the good one: %v", err)
	}
	cases := map[string]string{
		"alg none":         forge(t, jwt.SigningMethodNone, "k1", jwt.UnsafeAllowNoneSignatureType, good(nil)),
		"alg HS512":        forge(t, jwt.SigningMethodHS512, "k1", []byte(secret), good(nil)),
		"unknown kid":      forge(t, hs, "k2", []byte(secret), good(nil)),
		"kid with a path":  forge(t, hs, "../k1", []byte(secret), good(nil)),
		"empty kid":        forge(t, hs, "", []byte(""), good(nil)),
		"wrong secret":     forge(t, hs, "k1", []byte(secret+"x"), good(nil)),
		"no exp":           forge(t, hs, "k1", []byte(secret), without),
		"expired":          forge(t, hs, "k1", []byte(secret), good(jwt.MapClaims{"exp": hour - 7200})),
		"not yet":          forge(t, hs, "k1", []byte(secret), good(jwt.MapClaims{"nbf": hour})),
		"room of a screen": forge(t, hs, "k1", []byte(secret), good(jwt.MapClaims{"room": "r-screen"})),
		"room with slash":  forge(t, hs, "k1", []byte(secret), good(jwt.MapClaims{"room": "a/b"})),
		"no room":          forge(t, hs, "k1", []byte(secret), good(jwt.MapClaims{"room": ""})),
		"role":             forge(t, hs, "k1", []byte(secret), good(jwt.MapClaims{"role": "admin"})),
		"room as number":   forge(t, hs, "k1", []byte(secret), good(jwt.MapClaims{"room": 7})),
		"long name":        forge(t, hs, "k1", []byte(secret), good(jwt.MapClaims{"name": strings.Repeat("x", 300)})),
		"huge":             forge(t, hs, "k1", []byte(secret), good(jwt.MapClaims{"pad": strings.Repeat("x", 9000)})),
		"cut":              valid[:len(valid)-2],
		"nothing":          "",
	}
	for name, token := range cases {
		if c, err := k.Verify(token); !errors.Is(err, directory.ErrToken) {
			t.Errorf("%s: claims %+v, err %v", name, c, err)
		}
	}
}

func TestSignRefusesWhatVerifyWould(t *testing.T) {
	k := keys(t)
	cases := map[string]struct {
		c   directory.Claims
		ttl time.Duration
	}{
		"room": {directory.Claims{Room: "a b", Role: directory.RoleViewer}, time.Hour},
		"role": {directory.Claims{Room: "a"}, time.Hour},
		"ttl":  {directory.Claims{Room: "a", Role: directory.RoleViewer}, 0},
	}
	for name, c := range cases {
		if token, err := k.Sign(c.c, c.ttl); err == nil {
			t.Errorf("%s: signed %s", name, token)
		}
	}
}

func TestShortSecretsAreRefused(t *testing.T) {
	_, err := directory.OpenKeys(folder(t, map[string]string{"a.key": "short"}))
	if err == nil || !strings.Contains(err.Error(), "less than 32 bytes") {
		t.Errorf("error %v", err)
	}
}

func FuzzVerify(f *testing.F) {
	k, err := directory.OpenKeys(f.TempDir())
	if err != nil {
		f.Fatal(err)
	}
	token, err := k.Sign(directory.Claims{Room: "*", Role: directory.RoleViewer, ID: "the only one"}, time.Hour)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(token)
	f.Add("eyJ.eyJ.x")
	f.Fuzz(func(t *testing.T, s string) {
		if c, err := k.Verify(s); err == nil && c.ID != "the only one" {
			t.Errorf("forged %q: %+v", s, c)
		}
	})
}
