package source

// descriptor is the VP8 payload descriptor of RFC 7741 4.2.
type descriptor struct {
	Start        bool // first packet of a picture: S set, partition 0
	NonReference bool // N: may be left out without harm to others
	Partition    uint8
	PictureID    int // 7 or 15 bits; -1 without
	TL0PicIdx    int // -1 without
	TID          int // temporal layer; -1 without
	LayerSync    bool
	KeyIdx       int // -1 without
}

// parseDescriptor splits an RTP payload into descriptor and VP8 data. ok is
// false when it is cut off or carries no data.
func parseDescriptor(b []byte) (d descriptor, data []byte, ok bool) {
	d = descriptor{PictureID: -1, TL0PicIdx: -1, TID: -1, KeyIdx: -1}
	r := octets{b: b}
	first := r.next()
	d.NonReference = first&0x20 != 0
	d.Partition = first & 0x07
	d.Start = first&0x10 != 0 && d.Partition == 0
	if first&0x80 != 0 { // X
		d.extension(&r)
	}
	return d, r.b, !r.short && len(r.b) > 0
}

func (d *descriptor) extension(r *octets) {
	flags := r.next()
	if flags&0x80 != 0 { // I
		id := r.next()
		d.PictureID = int(id & 0x7f)
		if id&0x80 != 0 { // M
			d.PictureID = d.PictureID<<8 | int(r.next())
		}
	}
	if flags&0x40 != 0 { // L
		d.TL0PicIdx = int(r.next())
	}
	if flags&0x30 != 0 { // T or K
		b := r.next()
		if flags&0x20 != 0 {
			d.TID, d.LayerSync = int(b>>6), b&0x20 != 0
		}
		if flags&0x10 != 0 {
			d.KeyIdx = int(b & 0x1f)
		}
	}
}

// isKey tells whether VP8 data that starts a picture starts a keyframe
// (RFC 6386 9.1: the lowest bit is 0).
func isKey(data []byte) bool { return data[0]&1 == 0 }

// octets reads bytes and remembers when there were too few.
type octets struct {
	b     []byte
	short bool
}

func (r *octets) next() byte {
	if len(r.b) == 0 {
		r.short = true
		return 0
	}
	b := r.b[0]
	r.b = r.b[1:]
	return b
}
