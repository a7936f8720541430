//go:build race

package replay_test

// raced tells that the race detector slows everything down: then a few conversations
// are replayed, for what runs at the same time, and not compared for completeness.
const raced = true
