// Package load is the yardstick behind "omniverto load": synthetic participants
// that join a Verto server as browsers do, send prepared pictures and sound, and
// measure what comes back.
//
// A camera's picture carries a time code, a talker's sound a beep; a member who
// decodes (an observer) reads both and knows to the millisecond how old what he
// sees and hears is, because the sender lives in the same process. All other
// members count packets and frames only, so that the tool stays cheap beside the
// server that it measures. Run is the entry; it starts every goroutine and returns
// when all have ended.
package load
