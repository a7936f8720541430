package verto

import (
	"context"
	"encoding/json"
	"errors"
	"strings"

	"github.com/omniverto/omniverto/mcu/directory"
)

// Who somebody is and what he may do comes from package directory.
type (
	Identity    = directory.Identity
	Credentials = directory.Credentials
)

// Authenticator checks logins; met by directory.Authenticator. Login may be called
// from many goroutines. Its error decides the client's text: directory.ErrNoDomain
// "Missing or improper credentials", directory.ErrUnknownUser "Login Incorrect",
// anything else "Authentication Failure".
type Authenticator interface {
	Login(ctx context.Context, c Credentials) (*Identity, error)
}

// ErrDenied from Switch.Broadcast makes the client read "Permission Denied.", from an
// API "Permission Denied".
var ErrDenied = errors.New("permission denied")

// Switch routes calls and conference commands. Its methods may be called from many
// goroutines, but Broadcast and Message only from one per session at a time. API and
// Watcher are optional powers of it.
type Switch interface {
	// Invite takes a verto.invite on a goroutine of its own, after the result CALL
	// CREATED was queued. Progress goes to out, also before Invite returns. An error
	// becomes verto.bye: with its cause if it is a *CallError, else 41. ctx ends when
	// the client hangs up, its socket is lost or the server closes; a Call returned
	// all the same gets that Hangup or Lost.
	Invite(ctx context.Context, inv Invite, out CallControl) (Call, error)
	// Broadcast takes a verto.broadcast on any channel that the session may use (which
	// by itself gives no moderator's right), of the conferences' ones only
	// conference-liveArray.*, conference-mod.*, conference-chat.* and conference.*; what
	// clients relay among themselves does not come here. ErrDenied refuses it, nil and
	// any other error are a plain result. Events that it causes follow the result.
	Broadcast(b Broadcast) error
	// Message takes the msg of a verto.info.
	Message(m Message)
}

// Invite is a verto.invite. Texts are trimmed of control and direction characters and
// cut to a sane length; SDP is as it came, at most 128 KiB.
type Invite struct {
	Session                  *Session
	CallID                   string
	Destination              string // as dialled; "service" if none was
	SDP                      string // offer
	CallerName, CallerNumber string // never empty: else the directory's, else the user

	ScreenShare      bool
	SecondSource     bool
	DedicatedEncoder bool
	MirrorInput      bool // letterbox what he sees to the size that he sends
	NoRecover        bool // recoverCall:false: end the call when the socket is lost
	Canvas           int  // conferenceCanvasID, -1 none

	PIN      string // of the conference, as dialogParams.pin brought it; "" none
	DeviceID string // of the client's device, as it says; "" none

	OutgoingKbps, IncomingKbps int               // the client's limits, 0 none
	UserVariables              map[string]string // shown to others in the live array; never a right
}

// CallControl is how the switch speaks to the client of one call. Its methods never
// block, are safe for concurrent use, and do nothing once the call has ended on
// either side. While the client of a kept call is away, or has not been asked to attach
// again, only Bye and Display do something: the last display follows his attach.
type CallControl interface {
	// Media sends an answer as early media; a following Answer carries no SDP.
	Media(sdp string)
	// Answer sends the answer; sdp is left out after Media. Neither does anything in a
	// call that Ring made.
	Answer(sdp string)
	// Bye ends the call, a kept one as well. The switch has let go of it: no Hangup or
	// Lost follows.
	Bye(cause Cause)
	// Display shows who is talked to.
	Display(name, number string)
	// Info sends verto.info with msg for this call.
	Info(msg any)
	// Attach asks the client for new media: verto.attach with an offer, which he
	// answers to Attacher.Attach.
	Attach(sdp string)
}

// Call is how the client's requests reach the switch. Methods of one call never run at
// the same time. After Hangup none follows, after Lost only what Reattacher says.
// Attacher, Reattacher, Answerer and Transferrer are optional powers of it.
type Call interface {
	// Hangup: the client ended the call, or the server did for the cause.
	Hangup(cause Cause)
	// Lost: the call's socket is gone, or another one took its session over. The call
	// is over, unless it had been answered and is a Reattacher.
	Lost()
	// DTMF has at least one of 0-9 A-D * #.
	DTMF(digits string)
	// Candidate is a remote ICE candidate, "" after the last.
	Candidate(candidate string) error
	// Modify must return when ctx ends.
	Modify(ctx context.Context, m Modify) (ModifyResult, error)
}

// Action is a verto.modify's kind. Others than these never reach a Call.
type Action string

// The actions.
const (
	ActionHold         Action = "hold"
	ActionUnhold       Action = "unhold"
	ActionToggleHold   Action = "toggleHold"
	ActionUpdateMedia  Action = "updateMedia"
	ActionVideoRefresh Action = "videoRefresh"
)

// Modify is a verto.modify.
type Modify struct {
	Action Action
	SDP    string // offer, with ActionUpdateMedia
}

// ModifyResult is the call's state after it.
type ModifyResult struct {
	Held bool   // every action reports it
	SDP  string // answer, with ActionUpdateMedia
}

// Broadcast is a verto.broadcast to the server.
type Broadcast struct {
	Session     *Session
	Channel     string          // conference-chat.3500@example.com
	Data        json.RawMessage // params.data as sent: any JSON value; nil if absent
	UserID      string          // user@domain
	FromDisplay string          // the sender's name, "" if unknown
}

// Message is the msg of a verto.info.
type Message struct {
	Session  *Session
	Call     Call              // of the dialog that it was sent in, else nil
	InDialog bool              // meant for the call's own conference
	To, Body string            // To may be proto+address: conf+3500@example.com
	From     string            // user@domain
	Extra    map[string]string // from_* and to_* members
}

// Delivered gives the params of the verto.info that brings the message to a user, as
// FreeSWITCH shapes them. Who sent it is the server's word.
func (m Message) Delivered(to string) any {
	user, host, _ := strings.Cut(m.From, "@")
	msg := body{{"from", m.From}, {"to", to}, {"body", m.Body}}
	for _, name := range sortedKeys(m.Extra) {
		switch name {
		case "from_user", "from_host", "from_full":
		default:
			msg = append(msg, member{name, m.Extra[name]})
		}
	}
	return body{{"msg", append(msg, member{"from_user", user}, member{"from_host", host}, member{"from_full", user})}}
}

// CallError is a refusal with a hangup cause.
type CallError struct {
	Cause   Cause
	Message string // for verto.modify and verto.attach: the error's text
	Err     error  // why, for the log; may be nil
}

func (e *CallError) Error() string {
	s := e.Cause.String()
	if e.Message != "" {
		s += ": " + e.Message
	}
	if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	return s
}

func (e *CallError) Unwrap() error { return e.Err }
