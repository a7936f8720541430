package source

// verdict is what a sequence number says about its packet.
type verdict uint8

const (
	fresh     verdict = iota // not seen before, in reach of the newest
	duplicate                // seen before
	stray                    // far from the newest: dropped unless the next one follows it
	restarted                // second packet in a row far from the newest: the sender began anew
)

const (
	seqMemory   = 1024 // packets behind the newest that are remembered
	seqMaxAhead = 3000 // RFC 3550 A.1, MAX_DROPOUT
)

// sequence extends 16-bit RTP sequence numbers to 64 bits and tells new packets
// from old ones, after RFC 3550 A.1. The zero value is ready for a stream's
// first packet.
type sequence struct {
	started bool
	newest  int64
	probing bool
	probe   uint16 // the number that would prove a restart
	seen    [seqMemory / 64]uint64
}

// accept returns the extended number of seq. It is meaningful unless the verdict
// is stray; after restarted it belongs to a new numbering.
func (s *sequence) accept(seq uint16) (int64, verdict) {
	if !s.started {
		return s.restart(seq), fresh
	}
	delta := int64(int16(seq - uint16(s.newest)))
	ext := s.newest + delta
	if delta > seqMaxAhead || delta <= -seqMemory {
		if s.probing && seq == s.probe {
			return s.restart(seq), restarted
		}
		s.probing, s.probe = true, seq+1
		return ext, stray
	}
	s.probing = false
	if delta <= 0 {
		if s.marked(ext) {
			return ext, duplicate
		}
		s.mark(ext)
		return ext, fresh
	}
	for n := max(s.newest+1, ext-seqMemory+1); n < ext; n++ {
		s.unmark(n)
	}
	s.newest = ext
	s.mark(ext)
	return ext, fresh
}

func (s *sequence) restart(seq uint16) int64 {
	// One turn above zero, so that the numbers before the first stay positive.
	*s = sequence{started: true, newest: int64(seq) + 1<<16}
	s.mark(s.newest)
	return s.newest
}

func (s *sequence) mark(n int64)        { s.seen[n%seqMemory/64] |= 1 << (n % 64) }
func (s *sequence) unmark(n int64)      { s.seen[n%seqMemory/64] &^= 1 << (n % 64) }
func (s *sequence) marked(n int64) bool { return s.seen[n%seqMemory/64]&(1<<(n%64)) != 0 }
