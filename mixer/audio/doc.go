// Package audio is the mix of a room: every 20 ms it pulls one tick of sound
// from every member, adds it all up exactly, and gives each member the sum
// without his own voice.
//
// Who is not in the sum hears the sum itself, which is encoded once for all of
// them. Who is in it has an encode of his own; when he begins to speak, his
// encoder takes over the state of the shared one, so that nobody hears the change
// (media.md 22). One limiter gain per room and tick keeps the sum in range and is
// the same for every listener.
//
// The package is part of the hot path: Step allocates nothing and holds no lock
// while it calls a source, an encoder or a watcher.
package audio
