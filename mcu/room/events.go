package room

import (
	"time"

	"github.com/omniverto/omniverto/layouts"
)

// MemberID numbers the members of all rooms of a server, from 1.
type MemberID uint32

// Role is what a person may do.
type Role string

// The roles. A viewer sees and hears only.
const (
	Moderator   Role = "moderator"
	Participant Role = "participant"
	Viewer      Role = "viewer"
)

// Info is a member as others see him, a value that the receiver may keep.
type Info struct {
	ID            MemberID
	CallID        string
	Session       string // Verto session of the leg, "" for none
	User          string // user@domain
	Name, Number  string
	Role          Role
	UserVariables map[string]string // never written after the join
	Joined        time.Time

	HasAudio, HasVideo bool // the member sends it
	ScreenShare        bool
	SecondScreen       bool // sees only, is not listed
	Muted, Deaf        bool
	VideoMuted         bool
	Talking            bool
	Score              int // FreeSWITCH's energy score
	Floor, VideoFloor  bool
	Layer              int // 0-based seat on the canvas, -1 for none
	ReservationID      layouts.ReservationID
}

// CanvasInfo is the canvas as the geometry and layout-info messages tell it.
type CanvasInfo struct {
	Serial        uint64
	Width, Height int // pixels
	Layout        *layouts.Layout
	Used          int // seats taken
	// Members holds the member of each seat of the layout, 0 for a free one.
	Members []MemberID
}

// Observer hears of everything that changes in a room, in order, on the room's
// goroutine. It must not block and must not call back into Do.
type Observer interface {
	// MemberJoined comes after the member is in the room and before any other
	// event about him.
	MemberJoined(i Info, c CanvasInfo)
	// MemberChanged tells the new state of a member.
	MemberChanged(i Info)
	// MemberLeft is the last event about a member.
	MemberLeft(i Info, cause Cause)
	// LayoutChanged tells a new layout or a new seating.
	LayoutChanged(c CanvasInfo)
	// Ended comes once, after the last member has left.
	Ended()
}

// Cause tells why a member left.
type Cause uint8

// The causes. They are FreeSWITCH's hangup causes in the room's own words.
const (
	Left      Cause = iota // he hung up
	Kicked                 // a moderator removed him
	MediaLost              // his connection died
	RoomEnded              // the room or the server was closed
	Replaced               // his session joined again
)
