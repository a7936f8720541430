package verto

import (
	"context"
	"errors"
	"maps"
	"slices"
	"time"
)

const (
	maxKept     = 16384 // calls without a connection, in all
	maxKeptUser = 512   // of one user
	// reattachTimeout bounds how long a login waits for the switch's offers.
	reattachTimeout = 2 * time.Second
)

// Why a call cannot be parked.
var (
	ErrParkFull = errors.New("verto: too many calls without a connection")
	ErrParkUsed = errors.New("verto: the call's or the session's id is in use")
)

// shelf are the calls that wait for one session's client.
type shelf struct {
	userID string
	calls  map[string]*call
}

// Parked is a call that lives without a connection after a restart.
type Parked struct {
	SessionID, UserID, CallID                          string
	Call                                               Call // with the power Reattacher
	CallerName, CallerNumber, CalleeName, CalleeNumber string
	Outbound                                           bool   // the server had called him
	DisplayName, DisplayNumber                         string // the last verto.display, "" none
}

// Park keeps a call for the client who will log in with this session id and user. It
// is as a call whose Lost has been said. If he is there already he is asked at once.
func (s *Server) Park(p Parked) (CallControl, error) {
	if _, ok := p.Call.(Reattacher); !ok || !wireID(p.CallID, maxCallID) || !sessionID(p.SessionID) {
		return nil, ErrParkUsed
	}
	k, back, err := s.park(p)
	if err != nil {
		return nil, err
	}
	if back != nil {
		s.wg.Add(1)
		go func() {
			defer s.wg.Done()
			back.k.run()
			back.finish()
		}()
	}
	return control{k}, nil
}

func (s *Server) park(p Parked) (*call, *comeback, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	there := s.sessions[p.SessionID]
	switch {
	case s.closed, s.calls[p.CallID] != nil, !s.ownsLocked(p.SessionID, p.UserID):
		return nil, nil, ErrParkUsed
	case there != nil && len(there.calls) >= maxCalls, s.fullLocked(p.SessionID), !s.roomForKeptLocked(p.UserID):
		return nil, nil, ErrParkFull
	}
	k := s.newCallLocked(p.CallID, p.SessionID, p.UserID)
	k.leg, k.answered, k.known, k.line, k.away = p.Call, true, true, lineDown, true
	k.party = party{
		callerName: p.CallerName, callerNumber: p.CallerNumber,
		calleeName: p.CalleeName, calleeNumber: p.CalleeNumber, outbound: p.Outbound,
	}
	if p.DisplayName != "" || p.DisplayNumber != "" {
		k.display = body{{"display_name", p.DisplayName}, {"display_number", p.DisplayNumber}}
	}
	s.keepLocked(k)
	if there == nil {
		return k, nil, nil
	}
	return k, s.takeBackLocked(there)[0], nil
}

// ownsLocked reports whether the session id, with whatever is kept under it, is free or
// this user's.
func (s *Server) ownsLocked(sessid, userID string) bool {
	if there := s.sessions[sessid]; there != nil && there.Identity().UserID() != userID {
		return false
	}
	kept := s.kept[sessid]
	return kept == nil || kept.userID == userID
}

func (s *Server) roomForKeptLocked(userID string) bool {
	return s.keptCalls < maxKept && s.keptOf[userID] < maxKeptUser
}

// fullLocked reports whether a session that comes back could take no more calls.
func (s *Server) fullLocked(sessid string) bool {
	on := s.kept[sessid]
	return on != nil && len(on.calls) >= maxCalls
}

// keepLocked puts a call without a session where its client finds it.
func (s *Server) keepLocked(k *call) {
	on := s.kept[k.sessid]
	if on == nil {
		on = &shelf{userID: k.userID, calls: map[string]*call{}}
		s.kept[k.sessid] = on
	}
	on.calls[k.id] = k
	s.keptCalls++
	s.keptOf[k.userID]++
	s.metrics.kept.Inc()
}

func (s *Server) unkeepLocked(k *call) {
	on := s.kept[k.sessid]
	if on == nil || on.calls[k.id] != k {
		return
	}
	if delete(on.calls, k.id); len(on.calls) == 0 {
		delete(s.kept, k.sessid)
	}
	if s.keptOf[k.userID]--; s.keptOf[k.userID] == 0 {
		delete(s.keptOf, k.userID)
	}
	s.keptCalls--
	s.metrics.kept.Dec()
}

// loseLocked takes the session away from its calls. Answered ones that can be attached
// again are kept, the others end. All of them have something to run.
func (s *Server) loseLocked(session *Session) []*call {
	var calls []*call
	for _, k := range session.calls {
		calls = append(calls, k)
		k.mu.Lock()
		if last := s.farewellLocked(k); last != nil {
			s.removeLocked(k)
			k.closeLocked(CauseDestOutOfOrder)
			k.pending = []request{{run: last}}
		} else {
			k.session, k.line = nil, lineDown
			k.pending = append(k.pending, request{run: k.lose})
			s.keepLocked(k)
		}
		k.mu.Unlock()
	}
	clear(session.calls)
	return inOrder(calls)
}

// farewellLocked is the last that a call hears whose connection is gone, nil if it is
// kept. It needs both locks.
func (s *Server) farewellLocked(k *call) func(Call) {
	_, again := k.leg.(Reattacher)
	switch {
	case s.closed || !k.answered:
		return k.lose
	case k.noRecover:
		return func(leg Call) { leg.Hangup(CauseNormalClearing) }
	case !again || !s.roomForKeptLocked(k.userID):
		return k.lose
	}
	return nil
}

// takeBackLocked gives a session what is kept under its id. What waits in the calls
// then is a Reattach each.
func (s *Server) takeBackLocked(session *Session) []*comeback {
	on := s.kept[session.id]
	if on == nil {
		return nil
	}
	var backs []*comeback
	for _, k := range inOrder(slices.Collect(maps.Values(on.calls))) {
		s.unkeepLocked(k)
		session.calls[k.id] = k
		b := &comeback{k: k, session: session, offer: make(chan outcome[string], 1)}
		b.ctx, b.cancel = context.WithTimeout(k.ctx, reattachTimeout)
		k.mu.Lock()
		k.session = session
		k.pending = append(k.pending, request{run: b.ask, dropped: func() { b.offer <- outcome[string]{} }})
		k.mu.Unlock()
		backs = append(backs, b)
	}
	return backs
}

// runAll lets calls do what waits, all at once.
func (s *Server) runAll(calls []*call) {
	for _, k := range calls {
		s.wg.Go(k.run)
	}
}

// comeback is a kept call on its way to its client.
type comeback struct {
	k       *call
	session *Session
	ctx     context.Context
	cancel  context.CancelFunc
	offer   chan outcome[string] // of Reattach, 1 deep
}

// ask runs as a request of the call. Another login may have taken the call meanwhile.
func (b *comeback) ask(leg Call) {
	o := outcome[string]{done: true, err: errPanic}
	defer func() { b.offer <- o }()
	if !b.k.belongsTo(b.session) {
		o.err = context.Canceled
		return
	}
	o.v, o.err = leg.(Reattacher).Reattach(b.ctx, b.session)
	b.k.away = o.err != nil
}

// finish waits for the offer and sends it; false: the call is over or another's.
func (b *comeback) finish() bool {
	defer b.cancel()
	o := b.wait()
	if o.done && o.err == nil {
		return b.k.offerAgain(b.session, o.v)
	}
	if b.k.drop(b.session, causeOf(o.err), true) {
		b.session.conn.log.Warn("verto: call could not be attached again", "call", b.k.id, "err", o.err)
	}
	return false
}

// wait gives the offer, if it has come in time.
func (b *comeback) wait() outcome[string] {
	select {
	case o := <-b.offer:
		return o
	case <-b.ctx.Done():
	}
	select {
	case o := <-b.offer: // while another call's was waited for
		return o
	default:
		return outcome[string]{err: b.ctx.Err()}
	}
}

// offerAgain sends the offer of a call that has come back, unless it is over or
// another's meanwhile.
func (k *call) offerAgain(session *Session, sdp string) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.closed || k.session != session {
		return false
	}
	k.line = lineOffered
	return k.sayLocked("verto.attach", k.party.offer(sdp))
}

// attached is called when the client has answered: he listens again, and sees what was
// shown last.
func (k *call) attached(session *Session) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if !k.closed && k.session == session {
		k.line = lineUp
		k.displayLocked()
	}
}

func (k *call) belongsTo(session *Session) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.session == session
}

// drop ends a call from the server's side if it is still this session's: the switch
// hears Hangup, and if tell is set the client verto.bye. Without, he reads an error
// reply and hangs up by himself.
func (k *call) drop(session *Session, cause Cause, tell bool) bool {
	k.srv.mu.Lock()
	k.mu.Lock()
	mine := k.session == session && k.closeLocked(cause)
	if mine {
		k.srv.removeLocked(k)
		k.pending = []request{{run: func(leg Call) { leg.Hangup(cause) }}}
		if tell {
			k.sayByeLocked(cause)
		}
	}
	k.srv.mu.Unlock()
	k.runUnlock()
	return mine
}

// causeOf is the hangup cause of an error of the switch.
func causeOf(err error) Cause {
	if ce := (*CallError)(nil); errors.As(err, &ce) && ce.Cause != 0 {
		return ce.Cause
	}
	return CauseTemporaryFailure
}
