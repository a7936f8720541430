//go:build race

package canvas_test

// raced tells that the race detector slows everything down.
const raced = true
