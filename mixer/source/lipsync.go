package source

import "time"

const (
	syncFrom  = 40 * time.Millisecond // media.md 8
	syncUntil = 20 * time.Millisecond // less keeps a hold on, so that it does not flutter
	// Sender reports that disagree more than this are not believed.
	syncMax = 2 * time.Second
)

// LipSync returns the hold that brings v's picture to the time of a's sound, two
// sources of one member, for Video.SetHold: the lead of the picture when it is
// over 40 ms, at most 200 ms, else 0. Sender reports tell the lead; without
// them, or when they make no sense, the difference of the play-out delays does.
// Call it about once a second.
func LipSync(a *Audio, v *Video) time.Duration {
	soundLag, soundOK, delay := a.lag()
	pictureLag, pictureOK, margin, held := v.lag()
	lead := soundLag - pictureLag
	if !soundOK || !pictureOK || lead > syncMax || lead < -syncMax {
		lead = delay - margin
	}
	if lead > syncFrom || held && lead > syncUntil {
		return min(lead, maxHold)
	}
	return 0
}

func (a *Audio) lag() (lag time.Duration, ok bool, delay time.Duration) {
	a.mu.Lock()
	defer a.mu.Unlock()
	delay = a.play.delay
	lag, ok = a.line.lag(delay)
	return lag, ok, delay
}

// lag leaves the hold out: that is what is to be found.
func (v *Video) lag() (lag time.Duration, ok bool, margin time.Duration, held bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	lag, ok = v.line.lag(v.margin)
	return lag, ok, v.margin, v.holdTo > 0
}
