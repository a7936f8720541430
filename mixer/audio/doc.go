// Package audio is the mix of a room: every 20 ms it pulls one tick of sound
// from every member, adds it all up exactly, and gives each member the sum
// without his own voice.
//
// Who hears nothing but that sum shares one encode with all others of his kind:
// codec, channels and loss class. Who is in it, or hears more or less than others
// do (a volume, a relation, hold music, an announcement to him alone), has an
// encode of his own while that lasts. The encoders hand their state over, so that
// nobody hears the change (media.md 22). The cost of a room follows the number of
// different mixes, not that of its members.
//
// One limiter gain per room and tick keeps the sum in range and is the same for
// every listener. Everything that changes a gain takes 10 or 20 ms for it.
//
// The package is part of the hot path: Step allocates nothing and holds no lock
// while it calls a source, an encoder or a watcher.
package audio
