// Package room is the conference: who is here, who may, who is shown where and
// who is heard. It owns state and policy; pixels and samples are the engines'
// work, sockets are the legs'.
//
// One goroutine owns a room's state. Everybody else asks with Do, and hears of
// changes through the Observer, in order.
package room
