package g711

import "math/bits"

const (
	// muBias moves the decision values of µ-law, in units of 14 bits, to powers of
	// two; muClip is the largest magnitude that then still has a code.
	muBias = 33
	muClip = 8158
)

// EncodeMu is a linear sample as a µ-law code (G.711 table 2).
func EncodeMu(v int16) byte {
	sign, magnitude := halves(v)
	m := min(magnitude>>2, muClip) + muBias // 33 to 8191
	segment := bits.Len16(uint16(m)) - 6    // 0 to 7
	step := m >> (segment + 1) & 0x0F
	// All bits are sent inverted.
	return ^(sign | byte(segment<<4) | byte(step))
}

// DecodeMu is the linear value of a µ-law code.
func DecodeMu(code byte) int16 {
	code = ^code
	segment, step := int(code>>4&7), int(code&0x0F)
	v := int16(((2*step+33)<<segment - muBias) << 2)
	if code&0x80 != 0 {
		return -v
	}
	return v
}

// EncodeA is a linear sample as an A-law code (G.711 table 1).
func EncodeA(v int16) byte {
	sign, magnitude := halves(v)
	m := magnitude >> 4                        // 0 to 2047
	segment := max(bits.Len16(uint16(m))-4, 0) // 0 to 7
	step := m >> max(segment-1, 0) & 0x0F
	// A set sign bit means positive, and every other bit is sent inverted.
	return (sign ^ 0x80 | byte(segment<<4) | byte(step)) ^ 0x55
}

// DecodeA is the linear value of an A-law code.
func DecodeA(code byte) int16 {
	code ^= 0x55
	segment, step := int(code>>4&7), int(code&0x0F)
	m := 2*step + 1
	if segment > 0 {
		m = (m + 32) << (segment - 1)
	}
	v := int16(m << 3)
	if code&0x80 == 0 {
		return -v
	}
	return v
}

// halves is a sample's sign bit and its magnitude, which for negative samples is one
// less than the absolute value, as the reference of G.191 has it: both halves are
// equally large.
func halves(v int16) (sign byte, magnitude int) {
	if v < 0 {
		return 0x80, int(^v)
	}
	return 0, int(v)
}
