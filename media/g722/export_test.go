package g722

// Encode16 encodes samples of 16 kHz with a fresh encoder, Decode16 decodes with a
// fresh decoder: the codec without the room's rate around it.
func Encode16(samples []int16) []byte {
	c, dst := newCoder(), make([]byte, len(samples)/2)
	c.encode(samples, dst)
	return dst
}

func Decode16(packet []byte) []int16 {
	c, samples := newCoder(), make([]int16, 2*len(packet))
	c.decode(packet, samples)
	return samples
}
