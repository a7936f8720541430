// Package canvas is the compositor: a scene in, one picture a tick out.
//
// Its cost follows change. Control gives it an immutable Scene; a Step asks each
// layer's source for its newest picture and draws only what differs from the
// picture published last. What did not change is not scaled again, bars, borders
// and banners around a new picture stay, and when nothing changed nothing is
// published. Where a layer is and what a camera shows are pure functions of the
// room time; while layers move every step draws all of them.
//
// It is part of the hot path: in steady state a Step allocates nothing. The
// pictures that it publishes are written once and then only read; a buffer goes
// round when its last reader has released it.
package canvas
