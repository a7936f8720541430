package verto_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing/synctest"

	"github.com/omniverto/omniverto/mcu/verto"
)

// fakeSwitch writes down what it hears; what it does depends on what is dialled.
type fakeSwitch struct {
	srv *verto.Server

	mu    sync.Mutex // guards what follows
	heard []string
	calls map[string]verto.CallControl
	gates map[string]chan struct{} // of destination "slow": closed to go on

	// nil: the offer is "m=offer", the answer good; set before a call that uses it
	lost     func()
	attach   func(ctx context.Context) error
	reattach func(ctx context.Context, callID string) (string, error)
	answer   func(ctx context.Context, sdp string) error
}

func newFakeSwitch() *fakeSwitch {
	return &fakeSwitch{calls: map[string]verto.CallControl{}, gates: map[string]chan struct{}{}}
}

func (f *fakeSwitch) note(format string, args ...any) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.heard = append(f.heard, fmt.Sprintf(format, args...))
}

// next gives the oldest thing heard, when everything has settled.
func (f *fakeSwitch) next() (string, bool) {
	synctest.Wait()
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.heard) == 0 {
		return "", false
	}
	first := f.heard[0]
	f.heard = f.heard[1:]
	return first, true
}

func (f *fakeSwitch) control(callID string) verto.CallControl {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.calls[callID]
}

func (f *fakeSwitch) release(callID string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	close(f.gates[callID])
}

func (f *fakeSwitch) Invite(ctx context.Context, inv verto.Invite, out verto.CallControl) (verto.Call, error) {
	f.note("invite %s %s from %q <%s> by %s%s", inv.CallID, inv.Destination, inv.CallerName, inv.CallerNumber,
		inv.Session.Identity().UserID(), inviteOptions(inv))
	gate := make(chan struct{})
	f.mu.Lock()
	f.calls[inv.CallID], f.gates[inv.CallID] = out, gate
	f.mu.Unlock()
	leg := fakeLeg{id: inv.CallID, f: f, held: new(bool)}
	switch {
	case !strings.Contains(inv.SDP, "m="):
		return nil, &verto.CallError{Cause: verto.CauseIncompatible}
	case inv.Destination == "0815":
		return nil, fmt.Errorf("route: %w", &verto.CallError{Cause: verto.CauseNoRoute})
	case inv.Destination == "broken":
		return nil, errors.New("broken")
	case inv.Destination == "panic":
		panic("fake panic")
	case inv.Destination == "slow":
		select {
		case <-gate:
		case <-ctx.Done():
			f.note("invite %s: %v", inv.CallID, ctx.Err())
		}
	case inv.Destination == "attach":
		return attachable{leg}, nil
	case inv.Destination == "kept":
		out.Answer("m=answer")
		return keepable{attachable{leg}}, nil
	case inv.Destination == "bridged":
		out.Answer("m=answer")
		return bridged{keepable{attachable{leg}}, out}, nil
	}
	return leg, nil
}

func inviteOptions(inv verto.Invite) string {
	var s strings.Builder
	for _, o := range []struct {
		name string
		on   bool
	}{
		{"screen", inv.ScreenShare}, {"second", inv.SecondSource}, {"dedicated", inv.DedicatedEncoder},
		{"mirror", inv.MirrorInput}, {"norecover", inv.NoRecover},
	} {
		if o.on {
			s.WriteString(" " + o.name)
		}
	}
	if inv.Canvas >= 0 || inv.OutgoingKbps+inv.IncomingKbps > 0 {
		fmt.Fprintf(&s, " canvas=%d out=%d in=%d", inv.Canvas, inv.OutgoingKbps, inv.IncomingKbps)
	}
	var names []string
	for k, v := range inv.UserVariables {
		names = append(names, " "+k+"="+v)
	}
	slices.Sort(names)
	return s.String() + strings.Join(names, "")
}

func (f *fakeSwitch) Broadcast(b verto.Broadcast) error {
	f.note("broadcast %s %s by %s %q", b.Channel, b.Data, b.UserID, b.FromDisplay)
	if strings.Contains(string(b.Data), "forbidden") {
		return verto.ErrDenied
	}
	if strings.Contains(string(b.Data), "relay") {
		f.srv.Publish(b.Channel, map[string]any{"data": b.Data})
	}
	return nil
}

func (f *fakeSwitch) Message(m verto.Message) {
	f.note("message to %s %q from %s indialog=%v call=%v extra=%v", m.To, m.Body, m.From, m.InDialog, m.Call != nil, m.Extra)
}

type fakeLeg struct {
	id   string
	f    *fakeSwitch
	held *bool
}

func (l fakeLeg) Hangup(c verto.Cause) { l.f.note("hangup %s %s", l.id, c) }

func (l fakeLeg) Lost() {
	l.f.note("lost %s", l.id)
	if l.f.lost != nil {
		l.f.lost()
	}
}

func (l fakeLeg) DTMF(digits string) {
	if digits == "D" {
		panic("fake panic")
	}
	l.f.note("dtmf %s %s", l.id, digits)
}

func (l fakeLeg) Candidate(c string) error {
	l.f.note("candidate %s %q", l.id, c)
	return errors.New("no more candidates")
}

func (l fakeLeg) Modify(_ context.Context, m verto.Modify) (verto.ModifyResult, error) {
	l.f.note("modify %s %s", l.id, m.Action)
	switch m.Action {
	case verto.ActionHold:
		*l.held = true
	case verto.ActionUnhold:
		*l.held = false
	case verto.ActionToggleHold:
		*l.held = !*l.held
	case verto.ActionVideoRefresh:
	case verto.ActionUpdateMedia:
		if !strings.Contains(m.SDP, "m=") {
			return verto.ModifyResult{}, &verto.CallError{Message: "MEDIA ERROR", Err: errors.New("no media")}
		}
		return verto.ModifyResult{Held: *l.held, SDP: "v=0 m=new"}, nil
	}
	return verto.ModifyResult{Held: *l.held}, nil
}

type attachable struct{ fakeLeg }

func (a attachable) Attach(ctx context.Context, sdp string) error {
	a.f.note("attach %s %s", a.id, sdp)
	a.f.mu.Lock()
	attach := a.f.attach
	a.f.mu.Unlock()
	if attach != nil {
		return attach(ctx)
	}
	if !strings.Contains(sdp, "m=") {
		return errors.New("no media")
	}
	return nil
}

// keepable outlives its connection.
type keepable struct{ attachable }

func (k keepable) Reattach(ctx context.Context, s *verto.Session) (string, error) {
	k.f.note("reattach %s for %s", k.id, s.ID())
	if k.f.reattach != nil {
		return k.f.reattach(ctx, k.id)
	}
	return "m=offer", nil
}

func (k keepable) Answer(ctx context.Context, sdp string) error {
	k.f.note("answer %s %s", k.id, sdp)
	if k.f.answer != nil {
		return k.f.answer(ctx, sdp)
	}
	return nil
}

// bridged has a partner.
type bridged struct {
	keepable
	out verto.CallControl
}

func (b bridged) Transfer(_ context.Context, destination string) error {
	b.f.note("transfer %s to %s", b.id, destination)
	if destination == "0815" {
		return &verto.CallError{Message: "call is not bridged"}
	}
	if destination == "broken" {
		return errors.New("broken")
	}
	b.out.Bye(verto.CauseNormalClearing)
	return nil
}

func (b bridged) Replace(_ context.Context, other verto.Call) error {
	o := other.(bridged)
	b.f.note("replace %s with %s", b.id, o.id)
	b.out.Bye(verto.CauseNormalClearing)
	o.out.Bye(verto.CauseNormalClearing)
	return nil
}

// offer is an Outgoing.Offer; a call's name in what is heard is its session's.
func (f *fakeSwitch) offer(ctx context.Context, s *verto.Session, callID string, out verto.CallControl) (string, verto.Call, error) {
	f.note("offer %s", s.ID())
	f.mu.Lock()
	f.calls["ring-"+s.ID()] = out
	f.mu.Unlock()
	if s.ID() == "s-refusing" {
		return "", nil, &verto.CallError{Cause: verto.CauseBearerNotAvailable}
	}
	return "m=offer", keepable{attachable{fakeLeg{id: "ring-" + s.ID(), f: f, held: new(bool)}}}, nil
}
