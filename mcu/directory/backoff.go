package directory

import (
	"net/netip"
	"strings"
	"sync"
	"time"
)

const (
	freeFailures = 5                // wrong passwords before the first pause
	firstPause   = time.Second      // doubled by each further one
	longestPause = time.Minute      //
	forgetAfter  = 15 * time.Minute // without a further failure
	maxWatched   = 10_000           // pairs of user and address
)

// backOff counts wrong passwords per user and address, so that a stranger cannot
// lock a user out from elsewhere. Bounded: at maxWatched pairs the one that failed
// longest ago is forgotten and counted.
type backOff struct {
	mu        sync.Mutex // guards what follows
	fails     map[failKey]failure
	forgotten uint64
}

type failKey struct {
	user string
	addr netip.Addr
}

type failure struct {
	count int
	last  time.Time
}

// pause is how long after the last failure the next try is refused unseen.
func (f failure) pause() time.Duration {
	over := f.count - freeFailures
	if over < 0 {
		return 0
	}
	return min(firstPause<<min(over, 10), longestPause)
}

// keyOf takes an IPv6 address as its /64: that is what one customer has.
func keyOf(user string, addr netip.Addr) failKey {
	addr = addr.Unmap().WithZone("")
	if addr.Is6() {
		if p, err := addr.Prefix(64); err == nil {
			addr = p.Addr()
		}
	}
	return failKey{user: strings.ToLower(user), addr: addr}
}

// blocked reports whether a try of that pair must be refused now.
func (b *backOff) blocked(k failKey) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	f, ok := b.fails[k]
	return ok && time.Since(f.last) < f.pause()
}

func (b *backOff) failed(k failKey) {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := time.Now()
	f, known := b.fails[k]
	if now.Sub(f.last) > forgetAfter {
		f = failure{}
	}
	if !known && len(b.fails) >= maxWatched {
		b.evictLocked(now)
	}
	if b.fails == nil {
		b.fails = map[failKey]failure{}
	}
	b.fails[k] = failure{count: f.count + 1, last: now}
}

// evictLocked makes room: everything old, or else the oldest.
func (b *backOff) evictLocked(now time.Time) {
	var oldest failKey
	var at time.Time
	for k, f := range b.fails {
		if now.Sub(f.last) > forgetAfter {
			delete(b.fails, k)
		} else if at.IsZero() || f.last.Before(at) {
			oldest, at = k, f.last
		}
	}
	if len(b.fails) >= maxWatched {
		delete(b.fails, oldest)
		b.forgotten++
	}
}

func (b *backOff) succeeded(k failKey) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.fails, k)
}
