package room

import "github.com/omniverto/omniverto/media"

// Leg is one participant's media, whatever carries it: a WebRTC peer, a phone,
// a file player, a test leg. What it receives goes to the media.LegHandler that
// it was made with (a Member); what it sends is handed to its watchers.
type Leg interface {
	// Directions tells what is negotiated; whoever renegotiates says so by
	// Member.Renegotiated.
	Directions() media.Directions
	// AudioForm is what it takes of sound.
	AudioForm() media.AudioForm
	// Audio and Video take the outbound frames. They are never nil and never block.
	Audio() media.Watcher
	Video() media.Watcher
	// RequestKeyframe asks the peer for a keyframe.
	RequestKeyframe()
	Stats() media.LegStats
	// Close ends the leg and waits until its handler is not called any more.
	Close() error
}
