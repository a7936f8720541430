package verto

import (
	"context"
	"runtime/debug"
	"sync"
)

const (
	maxCalls   = 16 // of one session
	maxPending = 64 // requests of a client that wait for their call
)

// call is one call of one session, from its invite to its end. What the client wants
// of it runs one after the other, and waits until the switch has made the call.
type call struct {
	// constant
	id      string
	session *Session
	srv     *Server
	ctx     context.Context // of Switch.Invite
	cancel  context.CancelFunc

	mu        sync.Mutex // guards what follows
	leg       Call       // nil until Switch.Invite has returned it
	pending   []func(Call)
	running   bool // somebody works on pending
	closed    bool // nothing more is taken
	mediaSent bool
	answered  bool
	held      bool // as the last modify reported
}

// ownCall finds a live call of this session; another session's is as good as none.
func (s *Server) ownCall(session *Session, id string) *call {
	s.mu.Lock()
	defer s.mu.Unlock()
	return session.calls[id]
}

// addCall enters a new call; nil if its id is taken or the session has too many.
func (s *Server) addCall(session *Session, id string) *call {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.calls[id] != nil || len(session.calls) >= maxCalls || session.ended || s.closed {
		return nil
	}
	k := &call{id: id, session: session, srv: s}
	k.ctx, k.cancel = context.WithCancel(session.conn.ctx)
	s.calls[id], session.calls[id] = k, k
	s.metrics.calls.Inc()
	s.wg.Add(1) // for its invite, see start
	return k
}

// remove takes a call out of the tables; it may be gone already.
func (s *Server) remove(k *call) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.removeLocked(k)
}

func (s *Server) removeLocked(k *call) {
	if s.calls[k.id] == k {
		delete(s.calls, k.id)
		s.metrics.calls.Dec()
	}
	if k.session.calls[k.id] == k {
		delete(k.session.calls, k.id)
	}
}

// post runs op on the leg, now or when there is one. False: the call is over or too
// much waits.
func (k *call) post(op func(Call)) bool {
	k.mu.Lock()
	if k.closed || len(k.pending) >= maxPending {
		k.mu.Unlock()
		return false
	}
	k.pending = append(k.pending, op)
	k.runUnlock()
	return true
}

// end closes the call; last runs after everything before, if there is a leg or the
// switch still returns one. Only the first end counts. last may be nil.
func (k *call) end(last func(Call)) {
	k.mu.Lock()
	if k.closed {
		k.mu.Unlock()
		return
	}
	k.closed = true
	k.pending = nil // a leg that is told to end needs nothing else
	if last != nil {
		k.pending = append(k.pending, last)
	}
	k.cancel()
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
		op := k.pending[0]
		k.pending = k.pending[1:]
		k.mu.Unlock()
		k.do(op)
		k.mu.Lock()
	}
	k.running = false
	k.mu.Unlock()
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

// ask runs f on the leg and waits for what it gives. False: there is no leg yet or any
// more.
func ask[T any](parent context.Context, k *call, f func(context.Context, Call) (T, error)) (result T, ok bool, err error) {
	if k.theLeg() == nil {
		return result, false, nil
	}
	ctx, cancel := context.WithTimeout(parent, callTimeout)
	defer cancel()
	type outcome struct {
		v   T
		err error
	}
	done := make(chan outcome, 1)
	posted := k.post(func(leg Call) {
		v, err := f(ctx, leg)
		done <- outcome{v, err}
	})
	if !posted {
		return result, false, nil
	}
	select {
	case o := <-done:
		return o.v, true, o.err
	case <-ctx.Done(): // too slow, or it panicked
		return result, true, ctx.Err()
	case <-k.ctx.Done(): // ended: what waited was dropped
		return result, false, nil
	}
}

// start asks the switch for the leg, on a goroutine of its own.
func (k *call) start(inv Invite) {
	defer k.srv.wg.Done()
	leg, err := k.invite(inv)
	if leg == nil {
		k.fail(err)
		return
	}
	k.mu.Lock()
	k.leg = leg
	k.runUnlock()
}

// control is the call as the switch sees it.
type control struct{ k *call }

// Media, Answer, Display and Info say something while the call lives.
func (o control) Media(sdp string) {
	o.say("verto.media", func(k *call) body {
		k.mediaSent = true
		return body{{"sdp", sdp}}
	})
}

func (o control) Answer(sdp string) {
	o.say("verto.answer", func(k *call) body {
		k.answered = true
		if k.mediaSent {
			return nil
		}
		return body{{"sdp", sdp}}
	})
}

func (o control) Display(name, number string) {
	o.say("verto.display", func(*call) body {
		return body{{"display_name", name}, {"display_number", number}, {"display_direction", "inbound"}}
	})
}

func (o control) Info(msg any) {
	o.say("verto.info", func(*call) body { return body{{"msg", msg}} })
}

// say sends a message of the call. Under the call's lock, so that nothing follows a bye.
func (o control) say(method string, params func(*call) body) {
	o.k.mu.Lock()
	defer o.k.mu.Unlock()
	if !o.k.closed {
		o.k.session.send(method, append(body{{"callID", o.k.id}}, params(o.k)...))
	}
}

// Bye ends the call from the switch's side.
func (o control) Bye(cause Cause) { o.k.bye(cause) }

func (k *call) bye(cause Cause) {
	k.srv.remove(k)
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.closed {
		return
	}
	k.closed, k.pending = true, nil
	k.cancel()
	k.session.send("verto.bye", body{{"callID", k.id}, {"causeCode", int(cause)}, {"cause", cause.String()}})
}

func (k *call) isAnswered() bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.answered
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
