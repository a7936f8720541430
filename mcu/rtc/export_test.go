package rtc

import "time"

// SetPatience sets how long DTLS may take to come up.
func SetPatience(s *Server, d time.Duration) { s.patience = d }

// Transceivers is the number of pion's transceivers of a leg.
func Transceivers(p *Peer) int { return len(p.link.pc.GetTransceivers()) }
