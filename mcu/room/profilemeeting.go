package room

import (
	"strings"
	"time"
)

// Limits of a profile's times.
const (
	leastDigitTimeout = 500 // ms, FreeSWITCH's
	leastHeartbeat    = 20  // s, likewise
	maxSeconds        = 86400
)

// setMeeting applies the parameters of who may come in and how a meeting goes. One
// that FreeSWITCH does not have is lobby.
func (p *Profile) setMeeting(name, v string) error {
	var err error
	switch name {
	case "pin":
		p.PIN, err = word(v, maxPIN)
	case "moderator-pin":
		p.ModeratorPIN, err = word(v, maxPIN)
	case "pin-retries":
		p.PINRetries, err = number(v, 0, 100)
	case "lobby":
		p.Lobby, err = boolean(v)
	case "endconf-grace-time":
		p.EndGrace, err = number(v, 0, maxSeconds)
	case "terminate-on-silence":
		p.TerminateOnSilence, err = number(v, 0, maxSeconds)
	case "heartbeat-period-sec":
		if p.HeartbeatSec, err = number(v, 0, maxSeconds); p.HeartbeatSec > 0 {
			p.HeartbeatSec = max(p.HeartbeatSec, leastHeartbeat)
		}
	case "ivr-dtmf-timeout":
		var ms int
		ms, err = number(v, 0, 60000)
		p.IVRDTMFTimeout = time.Duration(max(ms, leastDigitTimeout)) * time.Millisecond
	case "auto-record":
		p.AutoRecord, err = word(v, maxText)
	case "min-required-recording-participants":
		p.MinRecording, err = number(v, 1, 2)
	case "broadcast-chat-messages":
		var on bool
		on, err = boolean(v)
		p.NoChat = !on
	case "description":
		p.Description, err = word(v, maxText)
	case "caller-id-name":
		p.CallerIDName = cleanName(v)
	case "caller-id-number":
		p.CallerIDNumber = cleanName(v)
	case "sound-prefix":
		p.SoundPrefix, err = word(v, maxText)
	case "auto-energy-level":
		p.AutoEnergy, err = number(v, 0, 32767)
	case "auto-energy-seconds":
		p.AutoEnergySec, err = number(v, 0, 3600)
	case "max-energy-level":
		p.MaxEnergy, err = number(v, 0, 32767)
	case "max-energy-hit-trigger":
		p.MaxEnergyHits, err = number(v, 0, 32767)
	case "max-energy-level-mute-ms":
		p.MaxEnergyMuteMsec, err = number(v, 0, 60000)
	case "cdr-log-dir":
		p.CDRDir, err = word(v, maxText)
	case "cdr-event-mode":
		p.CDREvents, err = oneOf(v, "none", "content", "file")
	default:
		if alwaysSo(name, v) {
			return nil
		}
		return p.setUnused(name, v)
	}
	return err
}

// setUnused checks the parameters that the server knows and has no use for, and keeps
// those that others may ask for. They are told once, as unknown ones are.
func (p *Profile) setUnused(name, v string) error {
	var err error
	switch name {
	case "video-mode":
		if v, err = oneOf(v, "passthrough", "transcode", "mux"); err == nil && v == "mux" {
			return nil // it always is
		}
	case "announce-count": // there is no voice to announce with
		p.AnnounceCount, err = number(v, 0, 10000)
	}
	if err != nil {
		return err
	}
	return errUnknownParam
}

// alwaysSo are parameters that say what the server does anyway: sound has 48 kHz and
// frames of 20 ms on the server's own clock.
func alwaysSo(name, v string) bool {
	switch name {
	case "rate":
		return v == "auto" || v == "48000"
	case "interval":
		return v == "auto" || v == "20"
	case "timer-name", "video-layout-conf":
		return v == "soft" || v == "conference_layouts.conf"
	}
	return false
}

// word reads a text of bounded length without spaces around it.
func word(v string, most int) (string, error) {
	v = strings.TrimSpace(v)
	if len(v) > most {
		return "", errBadValue
	}
	return v, nil
}

// oneOf reads one of some words; "" is the first.
func oneOf(v string, words ...string) (string, error) {
	v = strings.ToLower(strings.TrimSpace(v))
	if v == "" {
		return words[0], nil
	}
	for _, w := range words {
		if v == w {
			return v, nil
		}
	}
	return "", errBadValue
}
