package directory

import (
	"errors"
	"fmt"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// Role is what somebody may do in a room.
type Role string

// The roles, as tokens spell them.
const (
	RoleModerator   Role = "moderator"
	RoleParticipant Role = "participant"
	RoleViewer      Role = "viewer" // sees and hears only
)

// AnyRoom as a token's room means every room.
const AnyRoom = "*"

// ErrToken is wrapped by every refusal of a token.
var ErrToken = errors.New("token refused")

// maxText is the longest name, reservation id or token id in bytes.
const maxText = 200

// Claims are what a token says. ID may be left empty when signing.
type Claims struct {
	Room  string // a room's name, or AnyRoom
	Role  Role
	Name  string // shown to others; may be empty
	ResID string // reservation id, a place in the layout; may be empty
	ID    string // jti, unique per token

	NotBefore time.Time // zero: at once
	Expires   time.Time // set by Sign from its ttl
}

// wireClaims is the JSON form. exp, nbf, iat and jti are RFC 7519's.
type wireClaims struct {
	Room  string `json:"room"`
	Role  Role   `json:"role"`
	Name  string `json:"name,omitempty"`
	ResID string `json:"res_id,omitempty"`
	jwt.RegisteredClaims
}

// Validate checks the claims that RFC 7519 does not define; the jwt parser calls it.
func (w wireClaims) Validate() error {
	if w.Room != AnyRoom && !ValidRoom(w.Room) {
		return fmt.Errorf("room %.80q: not a room name or *", w.Room)
	}
	switch w.Role {
	case RoleModerator, RoleParticipant, RoleViewer:
	default:
		return fmt.Errorf("role %.80q: not moderator, participant or viewer", w.Role)
	}
	if len(w.Name) > maxText || len(w.ResID) > maxText || len(w.ID) > maxText {
		return fmt.Errorf("name, res_id or jti longer than %d bytes", maxText)
	}
	return nil
}

func (w wireClaims) claims() *Claims {
	c := &Claims{Room: w.Room, Role: w.Role, Name: w.Name, ResID: w.ResID, ID: w.ID}
	if w.NotBefore != nil {
		c.NotBefore = w.NotBefore.Time
	}
	if w.ExpiresAt != nil {
		c.Expires = w.ExpiresAt.Time
	}
	return c
}

func (c Claims) wire(now time.Time, ttl time.Duration) wireClaims {
	w := wireClaims{Room: c.Room, Role: c.Role, Name: c.Name, ResID: c.ResID}
	w.ID = c.ID
	w.IssuedAt = jwt.NewNumericDate(now)
	w.ExpiresAt = jwt.NewNumericDate(now.Add(ttl))
	if !c.NotBefore.IsZero() {
		w.NotBefore = jwt.NewNumericDate(c.NotBefore)
	}
	return w
}
