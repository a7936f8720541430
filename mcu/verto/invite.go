package verto

import (
	"errors"
	"fmt"
	"runtime/debug"
	"strings"
)

// outboundCall is the callee's name until somebody has a better one (FreeSWITCH's word).
const outboundCall = "Outbound Call"

// defaultDestination is dialled when the client names none (FreeSWITCH's word).
const defaultDestination = "service"

// parseInvite reads everything but the session.
func parseInvite(p params) (Invite, *answer) {
	d, missing := parseDialog(p)
	sdp := p.str("sdp")
	if missing == "" && sdp == "" {
		missing = noSDP
	}
	if missing != "" {
		a := inviteFault(CauseInvalidMessage)
		return Invite{}, &a
	}
	inv := Invite{
		CallID: d.callID, SDP: sdp, Destination: d.str("destination_number"),
		CallerName:   cleanText(d.str("caller_id_name"), maxDisplay),
		CallerNumber: cleanText(d.str("caller_id_number"), maxDisplay),
		ScreenShare:  d.isTrue("screenShare"), SecondSource: d.isTrue("secondSource"),
		DedicatedEncoder: d.isTrue("dedEnc"), MirrorInput: d.isTrue("mirrorInput"),
		NoRecover: d.isFalse("recoverCall"), Canvas: max(d.number("conferenceCanvasID", -1), -1),
		OutgoingKbps: max(d.number("outgoingBandwidth", 0), 0), IncomingKbps: max(d.number("incomingBandwidth", 0), 0),
		UserVariables: d.object.object("userVariables").texts(maxVariables),
		PIN:           short(d.str("pin"), maxPIN), DeviceID: short(d.str("deviceID"), maxDevice),
	}
	if inv.Destination == "" {
		inv.Destination = defaultDestination
	}
	return inv, nil
}

// inviteFault is an error of verto.invite. FreeSWITCH writes message twice in it, and a
// browser keeps the last: CALL ERROR.
func inviteFault(cause Cause) answer {
	return callFault("CALL ERROR", member{"causeCode", int(cause)}, member{"cause", cause.String()})
}

// invite answers at once; the switch hears of the call after that.
func (c *conn) invite(inv Invite) answer {
	c.session.noteDisplay(inv.CallerName)
	inv.Session = c.session
	who := c.session.Identity()
	inv.CallerName = first(inv.CallerName, c.session.Display(), who.User)
	inv.CallerNumber = first(inv.CallerNumber, who.Number, who.User)
	k := c.srv.addCall(c.session, inv.CallID, func(k *call) {
		k.known, k.noRecover = true, inv.NoRecover
		k.party = party{
			callerName: inv.CallerName, callerNumber: inv.CallerNumber,
			calleeName: outboundCall, calleeNumber: inv.Destination,
		}
	})
	if k == nil {
		return inviteFault(CauseDestOutOfOrder)
	}
	a := success(member{"message", "CALL CREATED"}, member{"callID", inv.CallID})
	a.after = func() { go k.start(inv) }
	return a
}

// short takes a text that is meant for a comparison: too long or odd is none.
func short(s string, limit int) string {
	if len(s) > limit || s != cleanText(s, limit) {
		return ""
	}
	return s
}

// first gives the first text that is not empty.
func first(texts ...string) string {
	for _, s := range texts {
		if s != "" {
			return s
		}
	}
	return ""
}

// invite asks the switch. A panic there ends this call alone.
func (k *call) invite(inv Invite) (leg Call, err error) {
	defer func() {
		if r := recover(); r != nil {
			leg, err = nil, fmt.Errorf("verto: invite: panic: %v\n%s", r, debug.Stack())
		}
	}()
	if len(inv.SDP) > maxSDP || strings.ContainsRune(inv.SDP, 0) {
		return nil, &CallError{Cause: CauseIncompatible}
	}
	return k.srv.o.Switch.Invite(k.ctx, inv, control{k})
}

// fail tells the client why there is no call. It stays silent if he hung up before.
func (k *call) fail(err error) {
	if ce := (*CallError)(nil); !errors.As(err, &ce) && err != nil && k.ctx.Err() == nil {
		k.srv.log.Error("verto: invite", "call", k.id, "err", err)
	}
	k.bye(causeOf(err))
}
