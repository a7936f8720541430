package room

import (
	"strings"
	"time"
)

// Action is what a DTMF sequence does to the member who dialled it, in the words
// of FreeSWITCH's caller-controls.
type Action string

// The actions that a member can dial.
const (
	ActionMute    Action = "mute"
	ActionMuteOn  Action = "mute on"
	ActionMuteOff Action = "mute off"
	ActionDeafMut Action = "deaf mute"
	ActionDeaf    Action = "deaf"
	ActionVmute   Action = "vmute"
	ActionVmuteOn Action = "vmute on"
	ActionVmuteOf Action = "vmute off"
	ActionHangup  Action = "hangup"
)

// digitTimeout is how long a sequence that could grow waits for its next digit
// (FreeSWITCH's ivr-dtmf-timeout).
const digitTimeout = 500 * time.Millisecond

// Controls maps digit sequences to actions.
type Controls map[string]Action

// StockControls are FreeSWITCH's defaults that act on the member himself, with
// *0 for the camera, which is how Verto Communicator mutes it.
func StockControls() Controls {
	return Controls{"0": ActionMute, "*": ActionDeafMut, "*0": ActionVmute, "#": ActionHangup}
}

// digits collects one member's DTMF. Owned by the room's goroutine.
type digits struct {
	controls Controls
	pending  string
}

// dial takes more digits and returns the actions that are certain now. wait says
// that what is left could still grow: call timeout after digitTimeout without a
// further digit.
func (d *digits) dial(more string) (actions []Action, wait bool) {
	for _, c := range more {
		d.pending += string(c)
		for d.pending != "" && !d.grows() {
			actions = d.take(actions)
		}
	}
	return actions, d.pending != ""
}

// timeout settles what was waiting for more digits.
func (d *digits) timeout() (actions []Action) {
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
func (d *digits) take(actions []Action) []Action {
	for n := len(d.pending); n > 0; n-- {
		if a, ok := d.controls[d.pending[:n]]; ok {
			d.pending = d.pending[n:]
			return append(actions, a)
		}
	}
	d.pending = d.pending[1:]
	return actions
}
