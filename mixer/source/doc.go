// Package source is one member's inbound stream: it turns RTP packets that
// arrive lost, late, twice or in the wrong order into the newest picture due at
// a canvas tick (Video) or the next tick of samples (Audio).
//
// It is part of the hot path: in steady state nothing is allocated per packet,
// per unit or per tick. Packets are pushed by a leg's reader goroutine, pictures
// and samples are pulled by the ticks, and neither ever waits for the other:
// locks are held for bookkeeping only, never across a decoder or a callback.
//
// A Video has one goroutine, which decodes and asks for keyframes; it is
// started by NewVideo and ended by Close, which waits for it. An Audio has none:
// it decodes in Pull.
package source
