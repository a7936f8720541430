package media

import "errors"

// ErrTooLarge says that a coded picture's size is over the limit; it was not decoded.
var ErrTooLarge = errors.New("media: picture larger than allowed")

// ErrNeedKeyframe says that a decoder cannot go on before the next keyframe.
var ErrNeedKeyframe = errors.New("media: keyframe needed")

// VideoDecoder decodes one member's stream. Used by one goroutine at a time.
type VideoDecoder interface {
	// Decode decodes one access unit into a picture from pool and returns it
	// with one reference, owned by the caller. It returns nil without error
	// for a unit that shows nothing or when the pool refuses.
	Decode(unit []byte, pool *PicturePool) (*Picture, error)
	Close() error
}

// EncodeOptions tells how one picture is encoded.
type EncodeOptions struct {
	PTS   int64 // 90 kHz ticks, strictly growing
	Key   bool  // force a keyframe
	Layer uint8 // temporal layer, 0 or 1; nothing refers to a picture of layer 1
}

// VideoEncoder encodes one view. Used by one goroutine at a time.
type VideoEncoder interface {
	// Encode borrows p and returns the coded picture, valid until the next
	// call; nil when the encoder dropped it. key tells what it really was.
	Encode(p *Picture, o EncodeOptions) (data []byte, key bool, err error)
	Close() error
}

// BitrateSetter is an optional power of a VideoEncoder or AudioEncoder.
type BitrateSetter interface {
	SetBitrate(bitsPerSecond int) error
}

// VideoEncoderConfig is what a view asks of a new encoder.
type VideoEncoderConfig struct {
	Width, Height int
	FPS           int
	Bitrate       int // bit/s
	Layers        int // temporal layers: 1 or 2
}

// AudioDecoder decodes one member's stream into interleaved samples of 48 kHz.
// Used by one goroutine at a time.
type AudioDecoder interface {
	// Decode decodes packet into pcm and returns the samples per channel.
	Decode(packet []byte, pcm []int16) (int, error)
	// DecodeFEC decodes the copy of the packet before that packet carries
	// in-band (RFC 6716 2.1.7); len(pcm) is the lost packet's duration. Without
	// such a copy it conceals.
	DecodeFEC(packet []byte, pcm []int16) (int, error)
	// Conceal fills pcm with a continuation of the last sound.
	Conceal(pcm []int16) error
	// Duration is the number of samples per channel that packet holds, 0 if malformed.
	Duration(packet []byte) int
	Close() error
}

// AudioEncoder encodes one mix. Used by one goroutine at a time.
type AudioEncoder interface {
	// Encode encodes one tick of interleaved samples into dst and returns the
	// bytes used. 1 or 2 bytes mean discontinuous transmission: need not be sent.
	Encode(pcm []int16, dst []byte) (int, error)
	Close() error
}

// StateCopier is an optional power of an AudioEncoder: it takes over the full
// state of another encoder of the same kind and channels, so that a stream can
// go on from one encoder to the other without a click (media.md 22).
type StateCopier interface {
	CopyState(from AudioEncoder) error
}
