// Package view encodes one canvas at one size and bit rate, once for all who
// watch it.
//
// A View takes the canvas' pictures through a mailbox of one, encodes them on
// its own goroutine through the gate, and hands the same encoded frame to every
// watcher. An encoder exists only while somebody watches.
//
// It is part of the hot path: from Put to the last WriteFrame nothing is
// allocated in steady state.
package view
