// Package verto speaks FreeSWITCH's Verto: JSON-RPC 2.0 over WebSocket, as its stock
// browser libraries expect it, and stricter where FreeSWITCH is open: a call belongs to
// its session, nothing is kept before a login, clients cannot forge a conference's
// events.
//
// A [Server] is an http.Handler. It authenticates through an [Authenticator] and hands
// calls, conference commands and messages to a [Switch]; what a conference says goes
// out through [Server.Publish] and [Server.SendSession].
//
// # Order on the wire
//
// Requests of one connection are handled one after the other. The reply to a request
// precedes every event that handling it has caused.
//
// # Recovery
//
// An answered call whose [Call] is a [Reattacher] outlives its connection. It is kept
// under its session id and user until the switch says Bye, or a login brings both
// again: the result, then verto.attach for every such call, then verto.clientReady with
// their ids. A second login while the first lives takes over, and the first is punted;
// the order is the same. [Server.Park] brings calls of before a restart there.
//
// # Goroutines
//
// A connection has two: the reader (the HTTP handler's own, which also runs the method
// handlers) and the writer (which owns pings, expiry and the login deadline). Each
// verto.invite, and each connection that [Server.Ring] calls, has one until the switch
// has answered; each call of a lost connection one for what it is told then.
// Server.Close ends all and waits.
//
// # Extension: trickle ICE
//
// FreeSWITCH wants complete offers. A client of ours may send its offer at once and
// candidates later:
//
//	verto.info {"dialogParams":{"callID":"…"},"candidate":"candidate:1 1 udp …"}
//
// candidate may also be a browser's RTCIceCandidate object, whose member candidate is
// taken; an empty string ends the candidates. The result is {"message":"SENT"}, for an
// unknown call the error -32002 CALL DOES NOT EXIST. Candidates may follow the invite
// immediately: they wait until the call is ready for them.
package verto
