//go:build race

package mediatest_test

// raced tells that the race detector slows everything down.
const raced = true
