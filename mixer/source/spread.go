package source

import "time"

const spreadSamples = 256

// spread is the distribution of the last 256 delays, in bins of one
// millisecond up to 255 ms. The zero value is empty.
type spread struct {
	ring [spreadSamples]uint8
	bins [256]uint16
	n    int // samples held
	at   int // place of the next one
}

func (s *spread) add(d time.Duration) {
	ms := uint8(min(max(d.Milliseconds(), 0), 255))
	if s.n == spreadSamples {
		s.bins[s.ring[s.at]]--
	} else {
		s.n++
	}
	s.ring[s.at] = ms
	s.bins[ms]++
	s.at = (s.at + 1) % spreadSamples
}

// quantile is the delay that percent of the samples do not exceed, rounded up
// to a whole millisecond; 0 when empty.
func (s *spread) quantile(percent int) time.Duration {
	if s.n == 0 {
		return 0
	}
	want := (s.n*percent + 99) / 100
	for ms, sum := 0, 0; ms < len(s.bins); ms++ {
		if sum += int(s.bins[ms]); sum >= want {
			return time.Duration(ms+1) * time.Millisecond
		}
	}
	return 256 * time.Millisecond
}
