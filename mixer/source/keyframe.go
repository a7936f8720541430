package source

import "time"

const (
	// A sender that was silent this long is not asked: it sends nothing, or a
	// keyframe when it begins again.
	askWhileHeard = 3 * time.Second
	// A sender whose pictures are too large is asked rarely: it would send
	// another one of the same size.
	askTooLarge = 5 * time.Second
	// After this long without a request the back-off begins anew.
	askForget = 4 * time.Second
)

// asking is the state of the back-off between keyframe requests.
type asking struct {
	count    int           // requests in this row
	last     time.Duration // last request, or last picture that was too large
	tooLarge bool          // since the last keyframe
}

// wait is the time between the request before and the next.
func (a *asking) wait() time.Duration {
	switch {
	case a.tooLarge:
		return askTooLarge
	case a.count == 0:
		return 0
	case a.count == 1:
		return 300 * time.Millisecond
	case a.count == 2:
		return time.Second
	default:
		return 2 * time.Second
	}
}

// askLocked tells whether a keyframe is to be asked for now, and when to look
// again if not.
func (v *Video) askLocked(now time.Duration) (ask bool, wake time.Duration) {
	if !v.visible || now-v.heard > askWhileHeard {
		return false, never
	}
	if stale := v.fresh + staleAfter; !v.asm.starved && !v.needKey && now < stale {
		return false, stale
	}
	if now-v.ask.last > askForget && !v.ask.tooLarge {
		v.ask.count = 0
	}
	if next := v.ask.last + v.ask.wait(); now < next {
		return false, next
	}
	v.ask.count++
	v.ask.last = now
	v.stats.Requests++
	return true, now + v.ask.wait()
}
