package rtc

import "encoding/binary"

// maxRED bounds the blocks of one packet.
const maxRED = 8

// redundant takes a packet of RFC 2198 apart: copies of earlier packets, oldest
// first, and its own. The copies are handed on as packets of their own, with the
// sequence numbers that they must have had; what came already is taken for the
// duplicate that it is. A malformed packet is dropped.
func (in *inbound) redundant() {
	type block struct {
		offset uint32 // of the time stamp
		size   int
	}
	var blocks [maxRED]block
	b, n := in.raw.Payload, 0
	for len(b) > 0 && b[0]&0x80 != 0 {
		if len(b) < 4 || n == maxRED {
			in.stats.badIn.Add(1)
			return
		}
		// One bit, payload type, 14 bits of offset, 10 bits of length.
		v := binary.BigEndian.Uint32(b)
		blocks[n] = block{offset: v >> 10 & 0x3fff, size: int(v & 0x3ff)}
		n++
		b = b[4:]
	}
	if len(b) == 0 {
		if len(in.raw.Payload) > 0 {
			in.stats.badIn.Add(1)
			return
		}
		in.handler.AudioPacket(&in.out) // padding alone
		return
	}
	b = b[1:] // the last header is the payload type alone
	own := in.out
	for i, c := range blocks[:n] {
		if c.size > len(b) {
			in.stats.badIn.Add(1)
			return
		}
		if c.size > 0 {
			in.out.Seq, in.out.Timestamp = own.Seq-uint16(n-i), own.Timestamp-c.offset
			in.out.Payload, in.out.Marker = b[:c.size], false
			in.handler.AudioPacket(&in.out)
		}
		b = b[c.size:]
	}
	in.out = own
	in.out.Payload = b
	in.handler.AudioPacket(&in.out)
}
