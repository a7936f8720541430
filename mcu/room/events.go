package room

import (
	"time"

	"github.com/omniverto/omniverto/layouts"
	"github.com/omniverto/omniverto/media"
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
	AudioCodec    media.AudioCodec // of the sound that comes from him

	HasAudio, HasVideo bool // the member sends it
	ScreenShare        bool
	SecondScreen       bool // sees only, is not listed
	Muted, Deaf        bool
	VideoMuted         bool
	Talking            bool
	Score              int  // FreeSWITCH's energy score
	Hold               bool // on conference hold: neither heard nor seen
	MuteDetect         bool // talking is noticed while he is muted
	Energy             int  // gate level
	VolumeIn           int  // of his voice, FreeSWITCH's steps -4 to 4
	VolumeOut          int  // of what he hears
	Floor, VideoFloor  bool
	FloorLocked        bool // holds the video floor, which follows nobody
	Canvas             int  // that shows him, 0-based
	Layer              int  // 0-based seat on the canvas, -1 for none
	Watching           int  // canvas that he watches, 0-based; -1: his personal one
	ReservationID      layouts.ReservationID
	RoleID             string
	Canvases           int // of the conference, without the super canvas
}

// CanvasInfo is a canvas as the layout information tells it.
type CanvasInfo struct {
	Canvas        int // 0-based
	Super         bool
	Width, Height int // pixels
	FPS           int
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
	MemberJoined(i Info, c []CanvasInfo)
	// MemberChanged tells the new state of a member.
	MemberChanged(i Info)
	// MemberLeft is the last event about a member.
	MemberLeft(i Info, cause Cause)
	// LayoutChanged tells a new layout or a new seating.
	LayoutChanged(c CanvasInfo)
	// GeometryChanged tells where a canvas shows whom from a picture on that is yet
	// to come. only is the one member whom it is for, 0: all who watch that canvas.
	GeometryChanged(g Geometry, only MemberID)
	// PersonalRefused tells that a member gets the common canvas because there are
	// too many personal ones.
	PersonalRefused(i Info, limit int)
	// Happened tells what FreeSWITCH has an event for. What the other methods tell,
	// they tell first; but the last of a member comes before MemberLeft.
	Happened(e Event)
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
