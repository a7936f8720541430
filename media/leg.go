package media

// Directions tells what a leg negotiated, as the server sees it: In is what the
// peer sends, Out what it takes.
type Directions struct {
	AudioIn, AudioOut, VideoIn, VideoOut bool
}

// LegStats are a leg's counters since its start.
type LegStats struct {
	PacketsIn, BytesIn, LostIn    uint64 // inbound RTP, all sources
	PacketsOut, BytesOut          uint64
	NACKsOut, PLIsOut             uint64  // sent to the peer
	NACKsIn, PLIsIn               uint64  // received from the peer
	Retransmitted, RetransmitMiss uint64  // answers to NACK; asked for but no longer kept
	DroppedFrames                 uint64  // outbound frames not sent: the leg was too slow
	RTTMicros                     int64   // last round trip by receiver reports, 0 if unknown
	LossOut                       float64 // last fraction lost that the peer reported, 0..1
}
