package mcu

import (
	"fmt"
	"net/http"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/omniverto/omniverto/mcu/admin"
	"github.com/omniverto/omniverto/mcu/directory"
	"github.com/omniverto/omniverto/mcu/room"
)

// run answers POST /api/command.
func (c *control) run(r *admin.Request, ask commandAsk) (commandReply, error) {
	if err := ask.check(); err != nil {
		return commandReply{}, err
	}
	cmd, arg, _ := strings.Cut(strings.TrimLeft(ask.Command, " "), " ")
	reply, known := c.commands.run(r.Context(), cmd, arg)
	if !known {
		return commandReply{fmt.Sprintf("-ERR %s Command not found!\n", cmd), http.StatusNotFound}, nil
	}
	return commandReply{Reply: reply}, nil
}

// commandEntry is a command that rooms take.
type commandEntry struct {
	Name        string   `json:"name"`
	Usage       string   `json:"usage" doc:"name and arguments: the reply to wrong arguments"`
	Description string   `json:"description"`
	Kind        string   `json:"kind" enum:"audio,video,moderation,information,recording,dial"`
	For         string   `json:"for" enum:"operator,moderator,self,viewer" doc:"the least who may run it; self and viewer: for himself"`
	SelfWords   []string `json:"selfWords,omitempty" doc:"the only words that somebody may give for himself"`
}

// table answers GET /api/commands.
func (c *control) table(*admin.Request) ([]commandEntry, error) {
	out := []commandEntry{}
	for _, i := range room.CommandTable() {
		out = append(out, commandEntry{
			Name: i.Name, Usage: i.Usage, Description: i.Description, Kind: string(i.Kind),
			For: string(i.Permission), SelfWords: i.SelfWords,
		})
	}
	return out, nil
}

// How long an invitation may be good for.
const (
	defaultInvite = 24 * time.Hour
	maxInvite     = 366 * 24 * time.Hour
)

// inviteAsk is whom a link is for.
type inviteAsk struct {
	Room          string `json:"room" doc:"1 to 64 of A-Z a-z 0-9 _ . -, or * for every room"`
	Role          string `json:"role,omitempty" enum:"moderator,participant,viewer" doc:"participant if it is left out"`
	Name          string `json:"name,omitempty" max:"200" doc:"shown to others; if it is left out, the page asks"`
	ReservationID string `json:"reservationID,omitempty" max:"200" doc:"a place in the layout"`
	TTL           string `json:"ttl,omitempty" doc:"how long the link is good for, such as 90m or 24h, which it is if it is left out; at most 366 days"`
}

// invitation is a link into a room.
type invitation struct {
	Room    string    `json:"room"`
	Role    string    `json:"role" enum:"moderator,participant,viewer"`
	Link    string    `json:"link" doc:"carries the token in its fragment, so that no server logs it; empty for every room"`
	Token   string    `json:"token" doc:"the password of a login, if it is not a browser that comes"`
	Expires time.Time `json:"expires"`
}

// invite answers POST /api/invites.
func (c *control) invite(_ *admin.Request, ask inviteAsk) (invitation, error) {
	claims, ttl, err := ask.claims()
	if err != nil {
		return invitation{}, err
	}
	expires := time.Now().Add(ttl).Truncate(time.Second)
	token, err := c.sign(claims, ttl)
	if err != nil {
		return invitation{}, err
	}
	c.log.Info("invitation signed", "room", claims.Room, "role", claims.Role, "expires", expires)
	link := ""
	if claims.Room != directory.AnyRoom {
		link = c.link(claims.Room, token)
	}
	return invitation{Room: claims.Room, Role: string(claims.Role), Link: link, Token: token, Expires: expires}, nil
}

// claims checks what is asked for.
func (a inviteAsk) claims() (directory.Claims, time.Duration, error) {
	ttl := defaultInvite
	claims := directory.Claims{Room: a.Room, Role: directory.Role(a.Role), Name: a.Name, ResID: a.ReservationID}
	if claims.Role == "" {
		claims.Role = directory.RoleParticipant
	}
	if a.TTL != "" {
		var err error
		if ttl, err = time.ParseDuration(a.TTL); err != nil || ttl < time.Second || ttl > maxInvite {
			return claims, 0, admin.Refuse(http.StatusBadRequest, "ttl %.40q must be a time from 1s to %v", a.TTL, maxInvite)
		}
	}
	switch claims.Role {
	case directory.RoleModerator, directory.RoleParticipant, directory.RoleViewer:
	default:
		return claims, 0, admin.Refuse(http.StatusBadRequest, "role %.40q must be moderator, participant or viewer", a.Role)
	}
	if a.Room != directory.AnyRoom && !directory.ValidRoom(a.Room) {
		return claims, 0, admin.Refuse(http.StatusBadRequest, "room %.80q must be 1 to 64 of A-Z a-z 0-9 _ . -, or *", a.Room)
	}
	for _, text := range []struct{ name, text string }{{"name", a.Name}, {"reservationID", a.ReservationID}} {
		if len(text.text) > maxClaim || !utf8.ValidString(text.text) {
			return claims, 0, admin.Refuse(http.StatusBadRequest, "%s is longer than %d bytes", text.name, maxClaim)
		}
	}
	return claims, ttl, nil
}

// maxClaim bounds a text in a token in bytes: the bound of directory's tokens.
const maxClaim = 200

// describe answers GET /api/openapi.json.
func (c *control) describe(w http.ResponseWriter, _ *admin.Request) error {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	_, _ = w.Write(c.document) // the client is gone if this fails
	return nil
}
