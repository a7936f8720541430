// Package media is the vocabulary of the media plane: pictures, encoded
// frames, inbound RTP packets, pools, the room clock and the codec interfaces.
//
// It is part of the hot path and imports the standard library only. Ownership
// follows one rule: whatever has Retain and Release is written by the holder of
// its only reference, read-only from the moment a second reader sees it, and
// dead after its Release. An argument is borrowed for the call; whoever stores
// it or passes it to another goroutine retains it first.
package media
