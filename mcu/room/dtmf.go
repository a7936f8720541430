package room

import (
	"strings"
	"time"
)

// Action is what a DTMF sequence does for the member who dialled it, in the words
// of FreeSWITCH's caller-controls.
type Action string

// The actions that a member can dial. Those of volumes and of the gate are two
// words: vol talk, vol listen or energy, and up, dn, zero or equ.
const (
	ActionMute         Action = "mute"
	ActionMuteOn       Action = "mute on"
	ActionMuteOff      Action = "mute off"
	ActionDeafMute     Action = "deaf mute"
	ActionDeaf         Action = "deaf"
	ActionDeafOn       Action = "deaf on"
	ActionDeafOff      Action = "deaf off"
	ActionVmute        Action = "vmute"
	ActionVmuteOn      Action = "vmute on"
	ActionVmuteOff     Action = "vmute off"
	ActionVmuteSnap    Action = "vmute snap"
	ActionVmuteSnapOff Action = "vmute snapoff"
	ActionMusic        Action = "moh toggle"
	ActionBorder       Action = "border" // data: pixels
	ActionHangup       Action = "hangup"
	ActionEvent        Action = "event" // data: what the event carries
	ActionLock         Action = "lock"
	ActionTransfer     Action = "transfer"            // data: extension [dialplan] [context]
	ActionExecute      Action = "execute_application" // data: application and arguments
	ActionFloor        Action = "floor"               // nothing: the floor goes to who talks
	ActionVideoFloor   Action = "vid-floor"
	ActionTakeFloor    Action = "vid-floor-force"
)

// Control is an action with its data, "" for none.
type Control struct {
	Action Action
	Data   string
}

// digitTimeout is how long a sequence that could grow waits for its next digit
// (FreeSWITCH's ivr-dtmf-timeout).
const digitTimeout = 500 * time.Millisecond

// Controls maps digit sequences to what they do.
type Controls map[string]Control

// StockControls are FreeSWITCH's defaults that act on the member himself, with
// *0 for the camera, which is how Verto Communicator mutes it.
func StockControls() Controls {
	return Controls{"0": {Action: ActionMute}, "*": {Action: ActionDeafMute}, "*0": {Action: ActionVmute}, "#": {Action: ActionHangup}}
}

// controls are those that a member dials: the group that a variable of his names,
// else the moderators' or the profile's.
func (m *Member) controls() Controls {
	p := m.room.profile
	if name, ok := m.req.Variables["conference_controls"]; ok {
		return p.Groups[name]
	}
	if m.req.Role == Moderator && p.ModeratorControls != nil {
		return p.ModeratorControls
	}
	return p.Controls
}

// digits collects one member's DTMF. Owned by the room's goroutine.
type digits struct {
	controls Controls
	pending  string
}

// dial takes more digits and returns the actions that are certain now. wait says
// that what is left could still grow: call timeout after digitTimeout without a
// further digit.
func (d *digits) dial(more string) (actions []Control, wait bool) {
	for _, c := range more {
		d.pending += string(c)
		for d.pending != "" && !d.grows() {
			actions = d.take(actions)
		}
	}
	return actions, d.pending != ""
}

// timeout settles what was waiting for more digits.
func (d *digits) timeout() (actions []Control) {
	for d.pending != "" {
		actions = d.take(actions)
	}
	return actions
}

// grows reports whether some longer sequence begins with the pending digits.
func (d *digits) grows() bool {
	for seq := range d.controls {
		if len(seq) > len(d.pending) && strings.HasPrefix(seq, d.pending) {
			return true
		}
	}
	return false
}

// take removes the longest sequence at the front of the pending digits, or one
// digit that begins none.
func (d *digits) take(actions []Control) []Control {
	for n := len(d.pending); n > 0; n-- {
		if a, ok := d.controls[d.pending[:n]]; ok {
			d.pending = d.pending[n:]
			return append(actions, a)
		}
	}
	d.pending = d.pending[1:]
	return actions
}
