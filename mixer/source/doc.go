// Package source is one member's inbound stream: it turns RTP packets that
// arrive lost, late, twice or in the wrong order into the newest picture due at
// a canvas tick (Video) or the next tick of samples (Audio).
//
// It is part of the hot path: in steady state nothing is allocated per packet,
// per unit or per tick. Packets are pushed by a leg's reader goroutine, pictures
// and samples are pulled by the ticks, and neither ever waits for the other:
// locks are held for bookkeeping only, never across a decoder or a callback.
//
// An Audio keeps as little delay as the network allows: what is decoded is made
// shorter or longer by whole periods of the voice, without a change of pitch, and
// quiet ticks are dropped. What is late is waited for in a repetition of the last
// period; what is lost is restored from the next packet or concealed. Silence that
// the sender announces, by its level or by sending nothing, costs next to nothing.
//
// A Video has one goroutine, which decodes and asks for keyframes; it is
// started by NewVideo and ended by Close, which waits for it. An Audio has none:
// it decodes in Pull.
package source
