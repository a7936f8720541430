package cdr

import (
	"time"

	"github.com/omniverto/omniverto/mcu/room"
)

// Record is a conference that has ended, as its JSON file has it.
type Record struct {
	Version  int       `json:"version" doc:"of this form"`
	Name     string    `json:"name"`
	Domain   string    `json:"domain"`
	UUID     string    `json:"uuid"`
	Profile  string    `json:"profile"`
	Hostname string    `json:"hostname"`
	Rate     int       `json:"rate" doc:"of its sound, Hz"`
	Interval int       `json:"interval" doc:"of its sound, ms"`
	Start    time.Time `json:"start"`
	End      time.Time `json:"end"`
	Forced   bool      `json:"forced" doc:"it was ended while people were there"`
	// Interrupted: if the conference did not go on after the restart, its end is when
	// the server stopped.
	Interrupted     bool       `json:"interrupted,omitempty" doc:"the server was started again meanwhile"`
	Peak            int        `json:"peak" doc:"most members at a time"`
	Members         []Member   `json:"members" doc:"in the order in which they joined"`
	MembersOmitted  int        `json:"membersOmitted,omitempty" doc:"those beyond the bounds of a record"`
	Rejected        []Rejected `json:"rejected"`
	RejectedOmitted int        `json:"rejectedOmitted,omitempty" doc:"those beyond the bounds of a record"`
}

// Caller is whose call it was.
type Caller struct {
	CallID string `json:"callID"`
	User   string `json:"user" doc:"user@domain"`
	Name   string `json:"name"`
	Number string `json:"number"`
}

// Member is somebody's time in a conference.
type Member struct {
	ID room.MemberID `json:"id"`
	Caller
	Role  room.Role `json:"role"`
	Join  time.Time `json:"join"`
	Leave time.Time `json:"leave"`
	// Cause tells why he left: left, kicked, media-lost, room-ended, replaced, rejected,
	// banned, detach-timeout, transferred or suspended.
	Cause         string `json:"cause" enum:"left,kicked,media-lost,room-ended,replaced,rejected,banned,detach-timeout,transferred,suspended"`
	EndConference bool   `json:"endConference,omitempty"`
	Ghost         bool   `json:"ghost,omitempty"`
	ScreenShare   bool   `json:"screenShare,omitempty"`
	SecondScreen  bool   `json:"secondScreen,omitempty"`
	Outbound      bool   `json:"outbound,omitempty" doc:"the conference called him"`
}

// Rejected is somebody who was not let in.
type Rejected struct {
	Reason Reason    `json:"reason" enum:"conference_locked,invalid_pin,max_members_reached,banned,denied"`
	At     time.Time `json:"at"`
	Caller
}

// Reason tells why somebody was not let in, in FreeSWITCH's words as far as it has
// them.
type Reason string

// The reasons. The last two are not FreeSWITCH's.
const (
	Locked     Reason = "conference_locked"
	InvalidPIN Reason = "invalid_pin"
	MaxMembers Reason = "max_members_reached"
	Banned     Reason = "banned"
	Denied     Reason = "denied" // a moderator did not let him in
)

// Summary is a record in a list.
type Summary struct {
	UUID     string    `json:"uuid"`
	Name     string    `json:"name"`
	Domain   string    `json:"domain"`
	Start    time.Time `json:"start"`
	End      time.Time `json:"end"`
	Members  int       `json:"members" doc:"all who were there at some time"`
	Peak     int       `json:"peak" doc:"most members at a time"`
	Rejected int       `json:"rejected"`
}

func (rec Record) summary() Summary {
	return Summary{
		UUID: rec.UUID, Name: rec.Name, Domain: rec.Domain, Start: rec.Start, End: rec.End, Peak: rec.Peak,
		Members: len(rec.Members) + rec.MembersOmitted, Rejected: len(rec.Rejected) + rec.RejectedOmitted,
	}
}

// causeName is a cause as Member.Cause has it.
func causeName(c room.Cause) string {
	switch c {
	case room.Left:
		return "left"
	case room.Kicked:
		return "kicked"
	case room.MediaLost:
		return "media-lost"
	case room.RoomEnded:
		return "room-ended"
	case room.Replaced:
		return "replaced"
	case room.Rejected:
		return "rejected"
	case room.Banned:
		return "banned"
	case room.DetachTimeout:
		return "detach-timeout"
	case room.Transferred:
		return "transferred"
	case room.Suspended:
		return "suspended"
	}
	return "left"
}
