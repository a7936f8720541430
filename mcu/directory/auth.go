package directory

import (
	"context"
	"crypto/hmac"
	"crypto/md5"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// guestMethods is what a token's holder may call.
const guestMethods = "verto"

// expiredGrace is added to now when a directory's login-expires has passed
// (FreeSWITCH's rule).
const expiredGrace = 300 * time.Second

// Authenticator answers logins from the directory's users and from tokens. Safe for
// concurrent use. Either part may be nil. Construct with NewAuthenticator.
type Authenticator struct {
	users *Directory
	keys  *Keys
	tries backOff
}

// NewAuthenticator combines users and tokens; nil leaves one of them out.
func NewAuthenticator(users *Directory, keys *Keys) *Authenticator {
	return &Authenticator{users: users, keys: keys}
}

// Login checks credentials. Errors wrap ErrNoDomain, ErrUnknownUser, ErrPassword
// (a bad token too), or ErrBackOff when this user failed too often from this address
// and the password was not even looked at.
func (a *Authenticator) Login(_ context.Context, c Credentials) (*Identity, error) {
	if a.keys != nil && LooksLikeToken(c.Password) {
		return a.guest(c) // a signature cannot be guessed: nothing to slow down
	}
	key := keyOf(c.Login, c.Addr)
	if a.tries.blocked(key) {
		return nil, fmt.Errorf("directory: login: %w", ErrBackOff)
	}
	id, err := a.user(c)
	if err != nil {
		a.tries.failed(key)
		return nil, fmt.Errorf("directory: login: %w", err)
	}
	a.tries.succeeded(key)
	return id, nil
}

func (a *Authenticator) user(c Credentials) (*Identity, error) {
	name, domain, _ := strings.Cut(c.Login, "@")
	if a.users == nil {
		return nil, ErrUnknownUser
	}
	if domain = a.users.Domain(domain); name == "" || domain == "" {
		return nil, ErrNoDomain
	}
	u, ok := a.users.User(name, domain)
	if !ok {
		samePassword(c.Password, name) // as long as with a known user
		return nil, ErrUnknownUser
	}
	if !u.checkPassword(c.Password) {
		return nil, ErrPassword
	}
	return u.identity(time.Now()), nil
}

// guest is the identity of a token's holder. His name comes from the token's id and
// his session id: the same after a reload, different for everybody else on the link.
func (a *Authenticator) guest(c Credentials) (*Identity, error) {
	claims, err := a.keys.Verify(c.Password)
	if err != nil {
		return nil, fmt.Errorf("directory: login: %w: %w", ErrPassword, err)
	}
	domain := DefaultDomain
	if a.users != nil {
		domain = a.users.GuestDomain()
	}
	token := sha256.Sum256([]byte(c.Password))
	mac := hmac.New(sha256.New, token[:])
	mac.Write([]byte(c.SessionID))
	return &Identity{
		User: "guest-" + hex.EncodeToString(mac.Sum(nil)[:5]), Domain: domain,
		Name:    claims.Name,
		Methods: ParsePermission(guestMethods), // channels: only what a room grants
		Token:   claims,
	}, nil
}

// checkPassword compares in time that does not depend on where the strings differ.
// An a1-hash wins over jsonrpc-password, that over password. No password, no login.
func (u *User) checkPassword(given string) bool {
	if hash := u.Params["a1-hash"]; hash != "" {
		sum := md5.Sum([]byte(u.Name + ":" + u.Domain + ":" + given)) // the form that RFC 2617 §3.2.2.2 fixes
		return samePassword(hex.EncodeToString(sum[:]), strings.ToLower(hash))
	}
	want := u.Params["jsonrpc-password"]
	if want == "" {
		want = u.Params["password"]
	}
	return samePassword(given, want) && want != ""
}

// samePassword compares digests, so that lengths do not show either.
func samePassword(a, b string) bool {
	x, y := sha256.Sum256([]byte(a)), sha256.Sum256([]byte(b))
	return subtle.ConstantTimeCompare(x[:], y[:]) == 1
}

func (u *User) identity(now time.Time) *Identity {
	return &Identity{
		User: u.Name, Domain: u.Domain,
		Name: u.Params["caller-id-name"], Number: u.Params["caller-id-number"],
		Methods:     ParsePermission(u.Params["jsonrpc-allowed-methods"]),
		JSAPI:       ParsePermission(u.Params["jsonrpc-allowed-jsapi"]),
		FSAPI:       ParsePermission(u.Params["jsonrpc-allowed-fsapi"]),
		Channels:    ParsePermission(u.Params["jsonrpc-allowed-event-channels"]),
		Expires:     expires(u.Variable("login-expires"), now),
		Moderator:   isTrue(u.Variable("moderator")),
		StereoAudio: isTrue(u.Variable("stereo_audio")),
		Superuser:   isTrue(u.Variable("superuser")),
		Variables:   u.Variables,
		MemberFlags: u.memberFlags(),
		Context:     u.context(),
	}
}

// memberFlags joins conference_member_flags with the flags that have a variable of
// their own.
func (u *User) memberFlags() string {
	const own = "conference_member_flags_"
	flags := []string{}
	for name, value := range u.Variables {
		if len(name) > len(own) && strings.EqualFold(name[:len(own)], own) && isTrue(value) {
			flags = append(flags, strings.ToLower(name[len(own):]))
		}
	}
	slices.Sort(flags)
	if all := u.Variable("conference_member_flags"); all != "" {
		flags = append([]string{all}, flags...)
	}
	return strings.Join(flags, "|")
}

func (u *User) context() string {
	if c := u.Variable("user_context"); c != "" {
		return c
	}
	return u.Params["verto-context"]
}

// expires reads Unix seconds; a time that has passed gives expiredGrace more.
func expires(unix string, now time.Time) time.Time {
	sec, err := strconv.ParseInt(strings.TrimSpace(unix), 10, 64)
	if err != nil || sec <= 0 {
		return time.Time{}
	}
	if t := time.Unix(sec, 0); t.After(now) {
		return t
	}
	return now.Add(expiredGrace)
}

// isTrue knows FreeSWITCH's spellings of true.
func isTrue(s string) bool {
	switch strings.ToLower(strings.TrimSpace(s)) {
	case "true", "yes", "on", "enable", "enabled", "active", "allow", "t":
		return true
	}
	n, err := strconv.Atoi(s)
	return err == nil && n != 0
}
