package verto

import (
	"context"
	"fmt"
	"maps"
	"runtime/debug"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"
)

const (
	ringTimeout = time.Minute // when Outgoing names none
	// noCallerNumber is shown when there is none (FreeSWITCH's).
	noCallerNumber = "0000000000"
)

// Outgoing is a call from the server to a user.
type Outgoing struct {
	UserID    string // user@domain: all his connections ring
	SessionID string // not "": this connection only; with a UserID it must be his
	// Texts of the invite. An empty CalleeName or number becomes FreeSWITCH's own.
	CallerName, CallerNumber, CalleeName, CalleeNumber string
	Variables                                          map[string]string // of them verto_svar_* and verto_h_* are sent
	Timeout                                            time.Duration     // 0: a minute
	BusyIfInCall                                       bool              // connections that have a call do not ring
	// Offer makes one connection's call and its offer; it runs on a goroutine of its
	// own for each. ctx ends when that connection need not ring any more; a Call
	// returned all the same gets its Hangup or Lost. An error's cause counts if it is a
	// *CallError, else 41. Nothing that is said through out arrives before the offer.
	Offer func(ctx context.Context, session *Session, callID string, out CallControl) (sdp string, c Call, err error)
}

// Won is the call that was answered. From then on it is as a call that the client made:
// its Hangup or Lost may come before Ring has returned.
type Won struct {
	Session                  *Session
	CallID                   string
	Call                     Call
	CalleeName, CalleeNumber string // who answered
}

// Ring calls a user, and returns when one of his connections has answered. The others'
// calls get Hangup(CauseLoseRace) and their clients that bye. Without an answer nothing
// is left and the error is a *CallError: 806 nobody is there, 17 all are in a call, 19
// nobody answered in time, 487 ctx ended, else the last cause for which a connection
// did not answer, a client's own before the server's.
func (s *Server) Ring(ctx context.Context, o Outgoing) (*Won, error) {
	sessions := s.callees(o)
	if len(sessions) == 0 {
		return nil, &CallError{Cause: CauseUserNotRegistered}
	}
	r := &ring{
		turn: make(chan struct{}, 1), won: make(chan *Won, 1), out: make(chan Cause, len(sessions)),
	}
	for _, session := range sessions {
		if k := s.ringCall(session, r, o); k != nil {
			r.calls = append(r.calls, k)
			go k.offer(session, o)
		}
	}
	if len(r.calls) == 0 {
		return nil, &CallError{Cause: CauseUserBusy}
	}
	timeout := o.Timeout
	if timeout <= 0 {
		timeout = ringTimeout
	}
	return r.wait(ctx, timeout)
}

// callees are the connections that a call is for.
func (s *Server) callees(o Outgoing) []*Session {
	if o.SessionID == "" {
		return s.SessionsOf(o.UserID)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	session := s.sessions[o.SessionID]
	if session == nil || o.UserID != "" && session.Identity().UserID() != o.UserID {
		return nil
	}
	return []*Session{session}
}

// ringCall enters one connection's call; nil if it can take none.
func (s *Server) ringCall(session *Session, r *ring, o Outgoing) *call {
	if o.BusyIfInCall && s.inCall(session) {
		return nil
	}
	return s.addCall(session, uuid.NewString(), func(k *call) {
		k.ring = r
		k.party = party{
			callerName: o.CallerName, callerNumber: first(o.CallerNumber, noCallerNumber),
			calleeName: first(o.CalleeName, outboundCall), calleeNumber: first(o.CalleeNumber, session.Identity().User),
			outbound: true, variables: named(o.Variables, "verto_svar_"), headers: named(o.Variables, "verto_h_"),
		}
	})
}

func (s *Server) inCall(session *Session) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(session.calls) > 0
}

// named are the variables whose names begin so.
func named(variables map[string]string, prefix string) map[string]string {
	m := maps.Clone(variables)
	maps.DeleteFunc(m, func(name, _ string) bool { return !strings.HasPrefix(name, prefix) })
	return m
}

// ring is one call to a user on all his connections.
type ring struct {
	// constant once the calls ring
	calls []*call
	turn  chan struct{} // 1 deep: held by who answers, so that one answer at a time is tried
	won   chan *Won     // 1 deep: the answered one
	out   chan Cause    // room for all: why a connection will not answer any more

	mu       sync.Mutex // guards what follows; taken before call.mu
	over     bool       // nobody can win any more
	declined Cause      // a client's own last word, 0 none
}

// wait goes on until there is a winner or none can be.
func (r *ring) wait(ctx context.Context, timeout time.Duration) (*Won, error) {
	timer := time.NewTimer(timeout)
	defer timer.Stop()
	var last Cause
	for left := len(r.calls); left > 0; {
		select {
		case last = <-r.out:
			left--
		case w := <-r.won:
			return r.settle(w), nil
		case <-timer.C:
			return r.stop(CauseNoAnswer, nil)
		case <-ctx.Done():
			return r.stop(CauseOriginatorCancel, ctx.Err())
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.declined != 0 {
		last = r.declined
	}
	return nil, &CallError{Cause: last}
}

// settle ends the others' calls.
func (r *ring) settle(w *Won) *Won {
	for _, k := range r.calls {
		if k.id != w.CallID {
			k.hangup(CauseLoseRace)
		}
	}
	return w
}

// stop ends all calls, unless one has been answered in the last moment.
func (r *ring) stop(cause Cause, err error) (*Won, error) {
	r.mu.Lock()
	late := r.over
	r.over = true
	r.mu.Unlock()
	if late {
		return r.settle(<-r.won), nil
	}
	for _, k := range r.calls {
		k.hangup(cause)
	}
	return nil, &CallError{Cause: cause, Err: err}
}

// win makes an answered call the one; false: it, or the whole ring, is over.
func (r *ring) win(k *call, name, number string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	k.mu.Lock()
	defer k.mu.Unlock()
	if r.over || k.closed {
		return false
	}
	r.over, k.answered = true, true
	k.party.calleeName, k.party.calleeNumber = name, number
	r.won <- &Won{Session: k.session, CallID: k.id, Call: k.leg, CalleeName: name, CalleeNumber: number}
	return true
}

// decline notes that the client himself refused.
func (r *ring) decline(cause Cause) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.declined = cause
}

// offer asks the switch for the call and rings the client, on a goroutine of its own.
func (k *call) offer(session *Session, o Outgoing) {
	defer k.srv.asked(session)
	sdp, leg, err := k.makeOffer(session, o)
	if leg == nil || err != nil {
		k.fail(err)
		return
	}
	k.mu.Lock()
	k.leg, k.known = leg, !k.closed
	k.sayLocked("verto.invite", k.party.offer(sdp))
	k.runUnlock()
}

// makeOffer asks the switch. A panic there ends this call alone.
func (k *call) makeOffer(session *Session, o Outgoing) (sdp string, leg Call, err error) {
	defer func() {
		if r := recover(); r != nil {
			sdp, leg, err = "", nil, fmt.Errorf("verto: offer: panic: %v\n%s", r, debug.Stack())
		}
	}()
	return o.Offer(k.ctx, session, k.id, control{k})
}

// answerRing takes the answer of a client who was called. While it is tried, those of
// his other connections wait; if it fails, they still ring.
func (c *conn) answerRing(k *call, p sdpParams) answer {
	select {
	case k.ring.turn <- struct{}{}:
		defer func() { <-k.ring.turn }()
	case <-k.ctx.Done():
		return callFault(noCall)
	}
	answerer, ok := k.theLeg().(Answerer)
	if !ok || len(p.sdp) > maxSDP {
		k.drop(c.session, CauseIncompatible, false)
		return callFault(codecError)
	}
	_, done, err := askLeg(c, k, func(ctx context.Context, _ Call) (struct{}, error) {
		return struct{}{}, answerer.Answer(ctx, p.sdp)
	})
	switch {
	case !done:
		return callFault(noCall)
	case err != nil:
		c.log.Info("verto: answer", "call", k.id, "err", err)
		k.drop(c.session, answerCause(err), false)
		return callFault(mediaText(err, codecError))
	}
	who := c.session.Identity()
	name := p.calleeName
	if name == "" || name == outboundCall { // a stock client repeats what it was called by
		name = first(cleanText(who.Name, maxDisplay), outboundCall)
	}
	if !k.ring.win(k, name, first(p.calleeNumber, who.Number, who.User)) {
		return callFault(noCall)
	}
	return success()
}

// Texts of answers that cannot be used.
const (
	codecError = "CODEC ERROR"
	mediaError = "MEDIA ERROR"
)

// answerCause is the cause with which such a call ends.
func answerCause(err error) Cause {
	if mediaText(err, codecError) == mediaError {
		return CauseDestOutOfOrder
	}
	return CauseIncompatible
}
