package verto

import (
	"context"
	"encoding/json"
)

// Attacher is an optional power of a Call: Attach takes the client's verto.attach, his
// answer to the offer of CallControl.Attach or of Reattacher.Reattach. Without it the
// client reads CALL DOES NOT EXIST. Its error ends the call.
type Attacher interface {
	Attach(ctx context.Context, sdp string) error
}

// Reattacher is an optional power of a Call: it outlives its connection. When that is
// lost or taken over, the call is kept under its session id and user, until the switch
// says Bye or a login brings both again. Without it a lost call is over.
type Reattacher interface {
	Attacher
	// Reattach makes a new leg's offer for a client who has come back; session is his
	// new one. It follows Lost, or Server.Park, and must return when ctx ends. An error
	// ends the call with its cause, if it is a *CallError, else 41. If the switch says
	// Bye meanwhile, what Reattach made is its own to end.
	Reattach(ctx context.Context, session *Session) (sdp string, err error)
}

// Answerer is an optional power of a Call that Server.Ring offered: Answer takes the
// client's answer to the offer. Its error, with the text of a *CallError's Message or
// CODEC ERROR, is the client's, and ends the call.
type Answerer interface {
	Answer(ctx context.Context, sdp string) error
}

// Transferrer is an optional power of a Call that is bridged to a partner. Without it
// the client reads "call is not bridged". Of an error he reads the Message if it is a
// *CallError, else "transfer failed".
type Transferrer interface {
	// Transfer sends the partner to another destination.
	Transfer(ctx context.Context, destination string) error
	// Replace joins the partner of this call with the partner of another one of the
	// same client.
	Replace(ctx context.Context, other Call) error
}

// Watcher is an optional power of a Switch: it hears, after the reply, of every channel
// that a session has newly subscribed.
type Watcher interface {
	Subscribed(session *Session, channel string)
}

// API is an optional power of a Switch: the commands behind jsapi and fsapi. What
// reaches it has passed the lists of the user's identity. ErrDenied, also for a command
// that is not offered, makes the client read Permission Denied. ctx ends when the client
// is gone or has waited long enough; both must return then.
type API interface {
	// FSAPI runs one command; its text is the reply.
	FSAPI(ctx context.Context, session *Session, cmd, arg string) (string, error)
	// JSAPI runs a JSON command; data is an object as it came. The reply, which may be
	// nil, becomes the result. The command "fsapi" does not come here but to FSAPI.
	JSAPI(ctx context.Context, session *Session, command string, data json.RawMessage) (any, error)
}
