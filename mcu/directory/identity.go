package directory

import (
	"errors"
	"net/netip"
	"strings"
	"time"
)

// Why a login was refused. The Verto error texts follow from these.
var (
	ErrUnknownUser = errors.New("unknown user")
	ErrPassword    = errors.New("wrong password")
	ErrBackOff     = errors.New("too many wrong passwords")
	ErrNoDomain    = errors.New("no user or no domain")
)

// Credentials are what a login brought. LoginParams never replace anything that
// the server knows itself: members named action, user or domain are not passed on.
type Credentials struct {
	Login       string // user or user@domain
	Password    string // or a token
	SessionID   string // the client's session id; a guest's name is derived from it
	Addr        netip.Addr
	LoginParams map[string]string
}

// Identity is a logged-in user with everything that he may do. It is immutable.
type Identity struct {
	User, Domain string
	Name, Number string // caller id; empty when the directory names none

	Methods, JSAPI, FSAPI, Channels Permission

	// Expires ends the connection; zero: never. A token's own expiry limits when
	// one may come in, not how long one may stay.
	Expires time.Time

	// The login result's flags. Moderator gives no right: rights come from Role.
	Moderator, StereoAudio, Superuser bool

	// Context is that of the dialplan for his calls: the variable user_context, else the
	// parameter verto-context, else "".
	Context string

	Variables map[string]string // the directory's, names as written there; see Variable
	// MemberFlags are those of the variables conference_member_flags and, by the name of
	// the flag, conference_member_flags_NAME, separated by '|' or ','.
	MemberFlags string
	Token       *Claims // nil for users of the directory
}

// UserID is user@domain.
func (i *Identity) UserID() string { return i.User + "@" + i.Domain }

// Variable is the directory's value for a name, whose case does not matter; "" if
// there is none. A guest has none: what his token says is in Token.
func (i *Identity) Variable(name string) string { return lookup(i.Variables, name) }

// Role is what the user may do in a room: a token's role, or moderator if the
// directory's conference_member_flags say so, else participant.
func (i *Identity) Role() Role {
	if i.Token != nil {
		return i.Token.Role
	}
	for flag := range strings.FieldsFuncSeq(i.MemberFlags, func(r rune) bool { return r == '|' || r == ',' || r == ' ' }) {
		if flag == "moderator" {
			return RoleModerator
		}
	}
	return RoleParticipant
}

// Admits reports whether the user may enter the room: a token's holder only its
// own, a directory user any.
func (i *Identity) Admits(room string) bool {
	return i.Token == nil || i.Token.Room == AnyRoom || i.Token.Room == room
}
