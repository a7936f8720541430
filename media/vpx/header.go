package vpx

import "errors"

// header is what the uncompressed start of a VP8 frame tells (RFC 6386 9.1).
type header struct {
	key           bool
	width, height int // of a keyframe only
}

// errHeader says that a unit is not a VP8 frame.
var errHeader = errors.New("vpx: malformed frame header")

// parseHeader reads the frame tag and a keyframe's start code and size. The
// upper two bits of each size are an upscaling hint, which decoders ignore.
func parseHeader(unit []byte) (header, error) {
	if len(unit) < 3 {
		return header{}, errHeader
	}
	if unit[0]&1 != 0 {
		return header{}, nil
	}
	if len(unit) < 10 || unit[3] != 0x9d || unit[4] != 0x01 || unit[5] != 0x2a {
		return header{}, errHeader
	}
	h := header{
		key:    true,
		width:  int(unit[6]) | int(unit[7]&0x3f)<<8,
		height: int(unit[8]) | int(unit[9]&0x3f)<<8,
	}
	if h.width == 0 || h.height == 0 {
		return header{}, errHeader
	}
	return h, nil
}
