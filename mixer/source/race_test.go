//go:build race

package source_test

// raced tells that the race detector slows everything down.
const raced = true
