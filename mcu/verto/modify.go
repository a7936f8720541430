package verto

import (
	"context"
	"strings"
)

// modifyParams are those of verto.modify.
type modifyParams struct {
	callID, action string
	sdp            string
	destination    string // of a transfer
	replaceCallID  string
}

func parseModify(p params) (modifyParams, *answer) {
	d, missing := parseDialog(p)
	m := modifyParams{
		callID: d.callID, action: p.str("action"), sdp: p.str("sdp"),
		destination: p.str("destination"), replaceCallID: p.str("replaceCallID"),
	}
	if missing == "" && m.action == "" {
		missing = noAction
	}
	if missing != "" {
		a := callFault(missing)
		return m, &a
	}
	return m, nil
}

// modify passes on what a leg can do. Transfers join the partner of a bridged call with
// somebody else; nobody in a conference has one.
func (c *conn) modify(p modifyParams) answer {
	k := c.srv.ownCall(c.session, p.callID)
	if k == nil {
		return p.fault(noCall)
	}
	action := Action("")
	for _, known := range []Action{ActionHold, ActionUnhold, ActionToggleHold, ActionUpdateMedia, ActionVideoRefresh} {
		if strings.EqualFold(p.action, string(known)) {
			action = known
		}
	}
	if text := p.refused(action); text != "" {
		return p.fault(text)
	}
	switch {
	case strings.EqualFold(p.action, "transfer"):
		return c.transfer(k, p, "CALL TRANSFERRED", func(ctx context.Context, leg Transferrer) error {
			return leg.Transfer(ctx, p.destination)
		})
	case strings.EqualFold(p.action, "replace"):
		return c.replace(k, p)
	}
	return c.modifyCall(k, p, action)
}

// replace joins the partners of two calls of this client.
func (c *conn) replace(k *call, p modifyParams) answer {
	other := c.srv.ownCall(c.session, p.replaceCallID)
	if other == nil || other == k || !other.ready() {
		return p.fault("invalid transfer leg")
	}
	leg := other.theLeg()
	return c.transfer(k, p, "", func(ctx context.Context, t Transferrer) error { return t.Replace(ctx, leg) })
}

// transfer asks a bridged call. What the switch says because of it, as its bye,
// follows the reply.
func (c *conn) transfer(k *call, p modifyParams, message string, do func(context.Context, Transferrer) error) answer {
	bridged, done, err := ask(c, k, func(ctx context.Context, leg Call) (bool, error) {
		t, ok := leg.(Transferrer)
		if !ok {
			return false, nil
		}
		return true, do(ctx, t)
	})
	switch {
	case err != nil:
		c.log.Info("verto: modify", "call", k.id, "action", p.action, "err", err)
		return p.fault(faultText(err, "transfer failed"))
	case !done || !bridged:
		return p.fault("call is not bridged")
	}
	b := body{{"callID", p.callID}, {"action", p.action}}
	if message != "" {
		b = append(b, member{"message", message})
	}
	return success(append(b, member{"holdState", k.noteHold("", false)})...)
}

// refused says what is wrong with the parameters of an action.
func (p modifyParams) refused(action Action) string {
	switch {
	case action == ActionUpdateMedia && (p.sdp == "" || len(p.sdp) > maxSDP):
		return noSDP
	case strings.EqualFold(p.action, "transfer") && p.destination == "":
		return "destination missing"
	case strings.EqualFold(p.action, "replace") && p.replaceCallID == "":
		return "replaceCallID missing"
	}
	return ""
}

func (p modifyParams) fault(text string) answer {
	return callFault(text, member{"callID", p.callID}, member{"action", p.action})
}

// modifyCall asks the call. An unknown action is accepted and reports the hold state.
func (c *conn) modifyCall(k *call, p modifyParams, action Action) answer {
	result, done, err := ask(c, k, func(ctx context.Context, leg Call) (ModifyResult, error) {
		if action == "" {
			return ModifyResult{}, nil
		}
		return leg.Modify(ctx, Modify{Action: action, SDP: p.sdp})
	})
	switch {
	case !done && action == ActionUpdateMedia:
		k.drop(c.session, CauseDestOutOfOrder, false)
		return p.fault("Cannot update a call that has not been answered.")
	case err != nil:
		c.log.Info("verto: modify", "call", k.id, "action", action, "err", err)
		return p.fault(faultText(err, "CODEC NEGOTIATION ERROR"))
	}
	held := k.noteHold(action, result.Held)
	b := body{{"callID", p.callID}, {"action", p.action}}
	if result.SDP != "" {
		b = append(b, member{"sdp", result.SDP})
	}
	return success(append(b, member{"holdState", held})...)
}
