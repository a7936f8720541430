package verto

import (
	"context"
	"errors"
	"runtime/debug"
	"slices"
	"sync"
)

const (
	maxCalls   = 16 // of one session, and of those that the switch is still asked for
	maxPending = 64 // requests of a client that wait for their call
)

// call is one call of one session, from its invite to its end. What the client wants
// of it runs one after the other, and waits until the switch has made the call. A call
// that is kept has no session, until its client comes back.
type call struct {
	// constant
	id        string
	seq       int64 // order of the calls
	sessid    string
	userID    string
	srv       *Server
	ctx       context.Context // of Switch.Invite or Outgoing.Offer; ends with the call
	cancel    context.CancelFunc
	noRecover bool
	ring      *ring // nil unless the server called

	// written with Server.mu and mu held, read with either
	session *Session // nil: kept

	mu        sync.Mutex // guards what follows; taken after Server.mu
	party     party
	leg       Call // nil until the switch has given it
	pending   []request
	running   bool // somebody works on pending
	away      bool // Lost was the last that the leg heard of its client; owned by who works on pending
	closed    bool // nothing more is taken
	known     bool // the client has heard of the call
	line      line
	mediaSent bool
	answered  bool
	held      bool // as the last modify reported
	display   body // what the last verto.display showed, nil if there was none
}

// request is something for the leg. dropped, which may be nil, runs instead of run when
// the call ends before.
type request struct {
	run     func(Call)
	dropped func()
}

// line says whether the call's client listens.
type line uint8

const (
	lineUp      line = iota
	lineOffered      // verto.attach is unanswered
	lineDown         // kept, or back without a verto.attach yet
)

// ownCall finds a live call of this session; another session's is as good as none.
func (s *Server) ownCall(session *Session, id string) *call {
	s.mu.Lock()
	defer s.mu.Unlock()
	return session.calls[id]
}

// addCall enters a new call as prepare makes it; nil if its id is taken or the session
// has too many. Who gets one says asked when the switch has given the leg or refused.
func (s *Server) addCall(session *Session, id string, prepare func(*call)) *call {
	s.mu.Lock()
	defer s.mu.Unlock()
	full := len(session.calls) >= maxCalls || session.asking >= maxCalls
	if s.calls[id] != nil || full || session.ended || s.closed {
		return nil
	}
	k := s.newCallLocked(id, session.id, session.Identity().UserID())
	k.session, session.calls[id] = session, k
	prepare(k)
	session.asking++
	s.wg.Add(1)
	return k
}

// asked ends the work of a goroutine that asked the switch for a call.
func (s *Server) asked(session *Session) {
	s.mu.Lock()
	session.asking--
	s.mu.Unlock()
	s.wg.Done()
}

func (s *Server) newCallLocked(id, sessid, userID string) *call {
	s.seq++
	k := &call{id: id, seq: s.seq, sessid: sessid, userID: userID, srv: s}
	k.ctx, k.cancel = context.WithCancel(s.ctx)
	s.calls[id] = k
	s.metrics.calls.Inc()
	return k
}

// remove takes a call out of the tables; it may be gone already.
func (s *Server) remove(k *call) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.removeLocked(k)
}

func (s *Server) removeLocked(k *call) {
	if s.calls[k.id] != k {
		return
	}
	delete(s.calls, k.id)
	s.metrics.calls.Dec()
	if k.session != nil {
		delete(k.session.calls, k.id)
	} else {
		s.unkeepLocked(k)
	}
}

// post runs a session's op on the leg, now or when there is one. False: the call is over
// or no more that session's, or too much waits.
func (k *call) post(session *Session, op func(Call)) bool {
	return k.queue(session, request{run: op})
}

func (k *call) queue(session *Session, r request) bool {
	k.mu.Lock()
	if k.closed || k.session != session || len(k.pending) >= maxPending {
		k.mu.Unlock()
		return false
	}
	k.pending = append(k.pending, r)
	k.runUnlock()
	return true
}

// end closes the call; last runs after everything before, if there is a leg or the
// switch still returns one. Only the first end counts.
func (k *call) end(cause Cause, last func(Call)) {
	k.mu.Lock()
	if k.closeLocked(cause) {
		k.pending = []request{{run: last}}
	}
	k.runUnlock()
}

// closeLocked lets nothing more reach the leg or leave for the client; false: it was
// closed already.
func (k *call) closeLocked(cause Cause) bool {
	if k.closed {
		return false
	}
	k.closed = true
	for _, r := range k.pending { // a leg that is told to end needs nothing else
		if r.dropped != nil {
			r.dropped()
		}
	}
	k.pending = nil
	k.cancel()
	if k.ring != nil && !k.answered {
		k.ring.out <- cause // has room for every leg
	}
	return true
}

// run works on what is pending.
func (k *call) run() {
	k.mu.Lock()
	k.runUnlock()
}

// runUnlock works on pending unless another goroutine does; it releases mu.
func (k *call) runUnlock() {
	if k.leg == nil || k.running {
		k.mu.Unlock()
		return
	}
	k.running = true
	for len(k.pending) > 0 {
		r := k.pending[0]
		k.pending = k.pending[1:]
		k.mu.Unlock()
		k.do(r.run)
		k.mu.Lock()
	}
	k.running = false
	k.mu.Unlock()
}

// lose tells the leg that its client is gone, unless it knows.
func (k *call) lose(leg Call) {
	if !k.away {
		k.away = true
		leg.Lost()
	}
}

// do runs one request; a panic in the switch ends that request alone.
func (k *call) do(op func(Call)) {
	defer func() {
		if r := recover(); r != nil {
			k.srv.log.Error("verto: panic in a call", "call", k.id, "panic", r, "stack", string(debug.Stack()))
		}
	}()
	op(k.leg)
}

// outcome is what the leg made of a request.
type outcome[T any] struct {
	v    T
	done bool // the leg was asked
	err  error
}

var errPanic = errors.New("panic in a call")

// ask runs f on the leg and waits for what it gives. Not done: there is no leg yet or
// any more, or a client who was called has not answered.
func ask[T any](c *conn, k *call, f func(context.Context, Call) (T, error)) (result T, done bool, err error) {
	if !k.ready() {
		return result, false, nil
	}
	return askLeg(c, k, f)
}

// askLeg is ask of a call that has a leg.
func askLeg[T any](c *conn, k *call, f func(context.Context, Call) (T, error)) (result T, done bool, err error) {
	ctx, cancel := context.WithTimeout(c.ctx, callTimeout)
	defer cancel()
	out := make(chan outcome[T], 1)
	r := request{
		run: func(leg Call) {
			o := outcome[T]{done: true, err: errPanic}
			defer func() { out <- o }()
			o.v, o.err = f(ctx, leg)
		},
		dropped: func() { out <- outcome[T]{} },
	}
	if !k.queue(c.session, r) {
		return result, false, nil
	}
	select {
	case o := <-out:
		return o.v, o.done, o.err
	case <-ctx.Done(): // too slow
		return result, true, ctx.Err()
	}
}

// start asks the switch for the leg, on a goroutine of its own.
func (k *call) start(inv Invite) {
	defer k.srv.asked(inv.Session)
	leg, err := k.invite(inv)
	if leg == nil {
		k.fail(err)
		return
	}
	k.mu.Lock()
	k.leg = leg
	k.runUnlock()
}

func (k *call) isAnswered() bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.answered
}

// ready reports whether the leg may be asked: there is one, and a client who was called
// has answered.
func (k *call) ready() bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.leg != nil && (k.answered || k.ring == nil)
}

// theLeg gives the switch's side, nil before there is one.
func (k *call) theLeg() Call {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.leg
}

// noteHold keeps the hold state that an action reported, and says it in the client's
// word; actions that report none leave it.
func (k *call) noteHold(action Action, held bool) string {
	k.mu.Lock()
	defer k.mu.Unlock()
	if action != "" {
		k.held = held
	}
	if k.held {
		return "held"
	}
	return "active"
}

// inOrder sorts calls, the oldest first.
func inOrder(calls []*call) []*call {
	slices.SortFunc(calls, func(a, b *call) int { return int(a.seq - b.seq) })
	return calls
}
