//go:build !race

package replay_test

// raced tells that the race detector slows everything down.
const raced = false
