package verto

import (
	"context"
	"errors"
	"time"
)

// callTimeout bounds a request that waits for the switch (modify, attach).
const callTimeout = 10 * time.Second

// dialog are dialogParams; which parts are needed differs by method.
type dialog struct {
	object
	callID string
}

// Texts of the errors that several methods share, in the order they are checked.
const (
	noParams = "Params data missing"
	noDialog = "Dialog data missing"
	noCallID = "CallID missing"
	noSDP    = "SDP missing"
	noAction = "action missing"
	noCall   = "CALL DOES NOT EXIST"
)

// parseDialog finds dialogParams and its callID; the text says what is missing. The
// dialog is returned also when only its callID is missing.
func parseDialog(p params) (dialog, string) {
	if !p.present {
		return dialog{}, noParams
	}
	if !p.has("dialogParams") {
		return dialog{}, noDialog
	}
	d := dialog{object: p.object.object("dialogParams")}
	if id := d.str("callID"); wireID(id, maxCallID) {
		d.callID = id
		return d, ""
	}
	return d, noCallID
}

// byeParams are those of verto.bye.
type byeParams struct {
	callID string
	cause  Cause
}

func parseBye(p params) (byeParams, *answer) {
	d, missing := parseDialog(p)
	if missing != "" {
		a := callFault(missing)
		return byeParams{}, &a
	}
	return byeParams{callID: d.callID, cause: byeCause(p.object)}, nil
}

// byeCause reads cause (a name), else causeCode (a number or its text).
func byeCause(o object) Cause {
	if c, ok := ParseCause(o.str("cause")); ok {
		return c
	}
	if c := Cause(o.number("causeCode", 0)); c.known() {
		return c
	}
	return CauseNormalClearing
}

func (c *conn) bye(p byeParams) answer {
	k := c.srv.ownCall(c.session, p.callID)
	if k == nil {
		return callFault(noCall, member{"callID", p.callID})
	}
	c.srv.remove(k)
	if k.ring != nil {
		k.ring.decline(p.cause)
	}
	a := success(member{"callID", p.callID}, member{"message", "CALL ENDED"},
		member{"causeCode", int(p.cause)}, member{"cause", p.cause.String()})
	a.after = func() { k.end(p.cause, func(leg Call) { leg.Hangup(p.cause) }) }
	return a
}

// sdpParams are those of verto.answer and verto.attach.
type sdpParams struct {
	callID, sdp              string
	calleeName, calleeNumber string // who answers
}

func parseAnswer(p params) (sdpParams, *answer) {
	d, missing := parseDialog(p)
	sdp := p.str("sdp")
	if missing == "" && sdp == "" {
		missing = noSDP
	}
	return sdpOrMissing(d, sdp, missing)
}

// parseAttach looks for the SDP before the callID.
func parseAttach(p params) (sdpParams, *answer) {
	d, missing := parseDialog(p)
	sdp := p.str("sdp")
	if (missing == "" || missing == noCallID) && sdp == "" {
		missing = noSDP
	}
	return sdpOrMissing(d, sdp, missing)
}

func sdpOrMissing(d dialog, sdp, missing string) (sdpParams, *answer) {
	if missing != "" {
		a := callFault(missing)
		return sdpParams{}, &a
	}
	return sdpParams{
		callID: d.callID, sdp: sdp,
		calleeName:   cleanText(d.str("callee_id_name"), maxDisplay),
		calleeNumber: cleanText(d.str("callee_id_number"), maxDisplay),
	}, nil
}

// answerCall is a client's answer to a server's invite. A caller who answers his own
// call changes nothing; FreeSWITCH gives him an empty result once it is answered.
func (c *conn) answerCall(p sdpParams) answer {
	k := c.srv.ownCall(c.session, p.callID)
	switch {
	case k == nil:
		return callFault(noCall)
	case k.isAnswered():
		return success()
	case k.ring == nil:
		return callFault(mediaError)
	}
	return c.answerRing(k, p)
}

func (c *conn) attach(p sdpParams) answer {
	k := c.srv.ownCall(c.session, p.callID)
	if k == nil {
		return callFault(noCall)
	}
	attached, done, err := ask(c, k, func(ctx context.Context, leg Call) (bool, error) {
		a, ok := leg.(Attacher)
		if !ok {
			return false, nil
		}
		k.attached(c.session) // before what the switch sends because of it
		return true, a.Attach(ctx, p.sdp)
	})
	switch {
	case !done:
		return callFault("Cannot attach to a call that has not been answered.")
	case err != nil:
		k.drop(c.session, CauseBearerNotAvailable, false)
		return callFault(mediaText(err, "CODEC NEGOTIATION ERROR"))
	case !attached:
		return callFault(noCall)
	}
	return success()
}

// mediaText is faultText of media that was negotiated in vain, or too slowly.
func mediaText(err error, fallback string) string {
	if errors.Is(err, context.DeadlineExceeded) {
		fallback = mediaError
	}
	return faultText(err, fallback)
}

// faultText is the text that the switch chose for the client, or fallback.
func faultText(err error, fallback string) string {
	if ce := (*CallError)(nil); errors.As(err, &ce) && ce.Message != "" {
		return ce.Message
	}
	return fallback
}
