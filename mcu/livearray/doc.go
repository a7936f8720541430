// Package livearray makes the messages by which Verto clients mirror a
// conference: the member table with its serials, the join and part events, the
// layout information and the chat relay, each in the form that a FreeSWITCH server
// gives it, down to the order of the members.
//
// It is pure: no goroutines, no clock, no sockets. An Array belongs to one
// goroutine, or is locked by its owner; what its methods return must be sent in
// the order in which it was returned, to every subscriber, or clients lose count.
package livearray
