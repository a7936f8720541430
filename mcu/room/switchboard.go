package room

import (
	"context"
	"errors"
	"time"
)

// Switchboard is what a room needs of the server around it: calls that leave the
// room and calls that it makes. It may be called from any goroutine.
type Switchboard interface {
	// Transfer sends a member elsewhere. It only begins to, and never blocks: it is
	// called on the room's goroutine. An error says that it will not.
	Transfer(m *Member, to Destination) error
	// Dial calls somebody into the room. It returns once he has joined, or why he has
	// not, as FreeSWITCH names hangup causes: SUCCESS, USER_NOT_REGISTERED, NO_ANSWER …
	Dial(ctx context.Context, r *Room, d Dial) (cause string)
}

// Destination is where a member is sent: a conference, or what an extension of a
// dialplan means.
type Destination struct {
	Conference               string // name[@profile]
	Exten, Dialplan, Context string // "" dialplan and context: the usual ones
}

// Dial is a call that a room makes.
type Dial struct {
	URL                      string // {a=b,c=d}user/1001[@domain], verto.rtc/…, or a bare user id
	CallerNumber, CallerName string // that the called one is shown; "": the room's
	Flags                    string // member flags, as ParseMemberFlags reads them
	Timeout                  time.Duration
}

// Recorder records rooms. All its methods are called on the room's goroutine: they
// neither block nor ask the room for anything; what takes time goes on by itself.
// Paths are as people wrote them: the Recorder keeps them inside of its folder.
type Recorder interface {
	// Start begins to record. It fails with ErrRecording for a path that is being
	// recorded already; another error is told to whoever asked.
	Start(r *Room, rec Recording) error
	// Stop ends a recording; it reports false for one that is not there.
	Stop(r *Room, path string) bool
	// Pause holds a recording or goes on with it; false as with Stop.
	Pause(r *Room, path string, on bool) bool
	// List tells what is being recorded, newest first.
	List(r *Room) []Recording
}

// Recording is a file that is being recorded.
type Recording struct {
	Path    string
	Spec    string // the path with the form of the recording, as FreeSWITCH tells it
	Canvas  int    // 0-based
	Auto    bool   // begun by the profile
	Paused  bool
	Started time.Time
}

// ErrRecording says that the path is being recorded already.
var ErrRecording = errors.New("room: already recorded")
