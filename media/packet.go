package media

import "time"

// Packet is one inbound RTP packet after SRTP, header parsed. Payload is
// borrowed: it is valid for the call only.
type Packet struct {
	Arrival   time.Time // with monotonic reading
	SSRC      uint32
	Seq       uint16
	Timestamp uint32 // in the codec's RTP clock
	Marker    bool
	// Level is the sender's RFC 6464 audio level as -dBov (0 loudest, 127
	// silence); HasLevel tells whether the extension was there.
	Level    uint8
	HasLevel bool
	// Voice is the V bit of RFC 6464.
	Voice   bool
	Payload []byte
}

// SenderReport maps a sender's RTP time to his wall clock (RFC 3550 6.4.1).
type SenderReport struct {
	Arrival time.Time // with monotonic reading
	NTP     uint64    // 32.32 seconds since 1900, sender's clock
	RTPTime uint32
}

// LegHandler receives what one leg hears from its peer. The methods are called
// from the leg's reader goroutines, never block for long and never call back
// into the leg's Close. After Closed no other method is called.
type LegHandler interface {
	// AudioPacket and VideoPacket take one RTP packet of the leg's only audio
	// or video source. The packet is borrowed for the call.
	AudioPacket(p *Packet)
	VideoPacket(p *Packet)
	// AudioReport and VideoReport take the sender reports of these sources.
	AudioReport(r SenderReport)
	VideoReport(r SenderReport)
	// Connected tells that DTLS is up; it counts as a keyframe request.
	Connected()
	// KeyframeRequested tells that the peer sent PLI or FIR.
	KeyframeRequested()
	// Closed is the last call. err is nil when Close was called by us.
	Closed(err error)
}
