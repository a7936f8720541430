package media

// AudioCodec names a codec of sound.
type AudioCodec uint8

// The codecs of sound. Opus is the zero value.
const (
	Opus AudioCodec = iota
	PCMU            // G.711 µ-law
	PCMA            // G.711 A-law
	G722
)

// String is the codec's name as SDP writes it (RFC 3551, RFC 7587).
func (c AudioCodec) String() string {
	switch c {
	case PCMU:
		return "PCMU"
	case PCMA:
		return "PCMA"
	case G722:
		return "G722"
	case Opus:
	}
	return "opus"
}

// ClockRate is the rate of the codec's RTP time stamps. That of G.722 is 8000,
// although it samples at 16 kHz (RFC 3551 4.5.2).
func (c AudioCodec) ClockRate() int {
	if c == Opus {
		return AudioClock
	}
	return 8000
}

// PayloadType is the codec's static RTP payload type; for Opus, which has none,
// the number that browsers use.
func (c AudioCodec) PayloadType() uint8 {
	switch c {
	case PCMU:
		return 0
	case PCMA:
		return 8
	case G722:
		return 9
	case Opus:
	}
	return 111
}

// AudioForm is what a listener is sent: a codec and 1 or 2 channels.
type AudioForm struct {
	Codec    AudioCodec
	Channels int
}
