package room

import "slices"

// lossClass decides from what a listener's leg reports once a second whether his
// way loses packets (media.md 23).
type lossClass struct {
	lossy   bool
	reports [lossClear]float64 // the newest ones, a ring
	count   int                // since the class changed
}

// Limits of the loss classes: the share lost, and for how many seconds.
const (
	lossOn, lossSet    = 0.03, 5
	lossOff, lossClear = 0.01, 10
)

// report takes one second's loss and reports whether the class changed.
func (l *lossClass) report(share float64) (changed bool) {
	l.reports[l.count%lossClear] = share
	l.count++
	switch {
	case !l.lossy && l.count >= lossSet && l.mean(lossSet) >= lossOn:
		l.lossy = true
	case l.lossy && l.count >= lossClear && slices.Max(l.reports[:]) < lossOff:
		l.lossy = false
	default:
		return false
	}
	l.count = 0
	return true
}

// mean is that of the last n reports, of which there are as many.
func (l *lossClass) mean(n int) float64 {
	sum := 0.0
	for i := l.count - n; i < l.count; i++ {
		sum += l.reports[i%lossClear]
	}
	return sum / float64(n)
}

// checkLoss chooses the loss class of what a member is sent.
func (s *State) checkLoss(m *Member) {
	if m.port == nil || m.leg == nil || !m.voice.loss.report(m.leg.Stats().LossOut) {
		return
	}
	m.port.SetLossy(m.voice.loss.lossy)
	m.log.Debug("loss class", "lossy", m.voice.loss.lossy)
}
