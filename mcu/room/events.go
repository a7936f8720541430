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

	Waiting  Waiting   // for what before he is let in; such a member is in no list
	PINTries int       // wrong PINs that he gave while he waits
	Detached bool      // his media is gone and he may come back
	CallHold bool      // he put the call on hold: neither heard nor seen, hears and sees nothing
	Ghost    bool      // is not counted
	Outbound bool      // the server called him
	Hand     time.Time // when he raised it; zero: it is down
	Quality  int       // of his connection: QualityUnknown, QualityBad, QualityPoor, QualityGood
	// Variables are those that the server knows of him; never written after the join.
	Variables   map[string]string
	LastTalking time.Time // zero: never; while he talks, when he began
	Flags       MemberFlags
}

// Waiting tells what somebody waits for at the door.
type Waiting uint8

// What one waits for. Who waits has a leg and hears music; for everybody else he
// is not there.
const (
	NotWaiting Waiting = iota
	ForPIN
	ForAdmission
)

// The qualities of a connection.
const (
	QualityUnknown = iota
	QualityBad
	QualityPoor
	QualityGood
)

// RoomInfo is what a room is like, a value that the receiver may keep.
type RoomInfo struct {
	UUID, Profile string
	Started       time.Time
	Locked        bool
	NeedsPIN      bool
	Lobby         bool // who comes waits until a moderator lets him in
	WaitModerator bool // nobody is heard before a moderator is there
	Recording     bool
	Waiting       int // at the door, for a PIN or for admission
	Members       int // ghosts and second screens included
	Ghosts        int
	MaxMembers    int // 0: no limit
	// Verto holds the conference's variables conference_verto_X by X: clients are told
	// them when they join.
	Verto map[string]string
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
	// MemberAttached tells that a member who was in the room before has a new leg,
	// perhaps of another session. It comes instead of MemberJoined.
	MemberAttached(i Info, c []CanvasInfo)
	// LobbyChanged tells who waits at the door now, for a PIN or for admission.
	LobbyChanged(waiting []Info)
	// RoomChanged tells the room's state after it changed.
	RoomChanged(i RoomInfo)
	// Reacted tells an emoji that a member showed.
	Reacted(i Info, reaction string)
	// Ended comes once, after the last member has left.
	Ended()
}

// Observers tell all of them, in their order.
type Observers []Observer

var _ Observer = Observers(nil)

// MemberJoined implements Observer.
func (all Observers) MemberJoined(i Info, c []CanvasInfo) {
	for _, o := range all {
		o.MemberJoined(i, c)
	}
}

// MemberChanged implements Observer.
func (all Observers) MemberChanged(i Info) {
	for _, o := range all {
		o.MemberChanged(i)
	}
}

// MemberLeft implements Observer.
func (all Observers) MemberLeft(i Info, c Cause) {
	for _, o := range all {
		o.MemberLeft(i, c)
	}
}

// LayoutChanged implements Observer.
func (all Observers) LayoutChanged(c CanvasInfo) {
	for _, o := range all {
		o.LayoutChanged(c)
	}
}

// GeometryChanged implements Observer.
func (all Observers) GeometryChanged(g Geometry, only MemberID) {
	for _, o := range all {
		o.GeometryChanged(g, only)
	}
}

// PersonalRefused implements Observer.
func (all Observers) PersonalRefused(i Info, limit int) {
	for _, o := range all {
		o.PersonalRefused(i, limit)
	}
}

// Happened implements Observer.
func (all Observers) Happened(e Event) {
	for _, o := range all {
		o.Happened(e)
	}
}

// MemberAttached implements Observer.
func (all Observers) MemberAttached(i Info, c []CanvasInfo) {
	for _, o := range all {
		o.MemberAttached(i, c)
	}
}

// LobbyChanged implements Observer.
func (all Observers) LobbyChanged(waiting []Info) {
	for _, o := range all {
		o.LobbyChanged(waiting)
	}
}

// RoomChanged implements Observer.
func (all Observers) RoomChanged(i RoomInfo) {
	for _, o := range all {
		o.RoomChanged(i)
	}
}

// Reacted implements Observer.
func (all Observers) Reacted(i Info, reaction string) {
	for _, o := range all {
		o.Reacted(i, reaction)
	}
}

// Ended implements Observer.
func (all Observers) Ended() {
	for _, o := range all {
		o.Ended()
	}
}

// Cause tells why a member left.
type Cause uint8

// The causes. They are FreeSWITCH's hangup causes in the room's own words.
const (
	Left          Cause = iota // he hung up
	Kicked                     // a moderator removed him
	MediaLost                  // his connection died
	RoomEnded                  // the room or the server was closed
	Replaced                   // his session joined again
	Rejected                   // he gave no right PIN, or was not let in
	Banned                     // a moderator keeps him out
	DetachTimeout              // his media died and he did not come back
	Transferred                // he went on to another room or number
	Suspended                  // the server restarts and will bring him back
)

// String names the cause for logs.
func (c Cause) String() string {
	switch c {
	case Left:
		return "left"
	case Kicked:
		return "kicked"
	case MediaLost:
		return "media lost"
	case RoomEnded:
		return "room ended"
	case Replaced:
		return "replaced"
	case Rejected:
		return "rejected"
	case Banned:
		return "banned"
	case DetachTimeout:
		return "detach timeout"
	case Transferred:
		return "transferred"
	case Suspended:
		return "suspended"
	}
	return "unknown"
}
