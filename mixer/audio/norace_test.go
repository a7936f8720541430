//go:build !race

package audio_test

// raced tells that the race detector slows everything down.
const raced = false
