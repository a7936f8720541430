package view

import "time"

const (
	// keyGap is the least time between two keyframes.
	keyGap = 300 * time.Millisecond
	// stormGap is that while many join at a time.
	stormGap = time.Second
	// stormJoins are so many that join within stormGap.
	stormJoins = 8
)

// keyframes decides when the requests of many become one keyframe. All times are
// room time.
type keyframes struct {
	asked    uint64                    // requests so far
	answered uint64                    // of these
	sent     bool                      // there was a keyframe
	last     time.Duration             // when
	joins    [stormJoins]time.Duration // the latest, a ring
	joined   int                       // how many there were
}

// join notes that a watcher came.
func (k *keyframes) join(now time.Duration) {
	k.joins[k.joined%stormJoins] = now
	k.joined++
}

// storm reports whether the latest stormJoins watchers came within stormGap.
func (k *keyframes) storm(now time.Duration) bool {
	return k.joined >= stormJoins && now-k.joins[k.joined%stormJoins] < stormGap
}

// request notes that a keyframe is wanted, and reports whether another request
// is waiting already.
func (k *keyframes) request() (merged bool) {
	merged = k.asked != k.answered
	k.asked++
	return merged
}

// free reports whether the last keyframe is long enough ago.
func (k *keyframes) free(now time.Duration) bool {
	gap := keyGap
	if k.storm(now) {
		gap = stormGap
	}
	return !k.sent || now-k.last >= gap
}

// due reports whether a keyframe is free and one of the first asked requests
// waits for it.
func (k *keyframes) due(now time.Duration, asked uint64) bool {
	return asked != k.answered && k.free(now)
}

// done notes that a keyframe was made for those who watched after so many
// requests. Who asked later, while it was made, waits for the next.
func (k *keyframes) done(now time.Duration, asked uint64) {
	k.answered, k.sent, k.last = asked, true, now
}
