package room

import (
	"slices"
	"strconv"
	"strings"

	"github.com/omniverto/omniverto/media"
)

// defaultComfortNoise and defaultGain are what FreeSWITCH takes for true.
const defaultComfortNoise, defaultGain = 1400, 1100

// setSound applies the parameters of sound. Those that FreeSWITCH does not have
// are audio-dtx and, in a conference profile, the codec strings.
func (p *Profile) setSound(name, v string) error {
	var err error
	switch name {
	case "comfort-noise":
		p.ComfortNoise, err = levelOrTrue(v, 2, defaultComfortNoise)
	case "auto-gain-level":
		p.AGC.Level, err = levelOrTrue(v, 2, defaultGain)
	case "auto-gain-low-energy-level":
		p.AGC.LowEnergy, err = number(v, 0, 32767)
	case "auto-gain-margin":
		p.AGC.Margin, err = number(v, 0, 32767)
	case "auto-gain-change-factor":
		p.AGC.Factor, err = number(v, 0, 1000)
	case "auto-gain-period-len":
		p.AGC.Period, err = number(v, 0, 10000)
	case "audio-dtx":
		p.AudioDTX, err = boolean(v)
	case "member-flags":
		p.MemberFlags = p.MemberFlags.Or(ParseMemberFlags(v))
		p.MuteDetect = p.MuteDetect || p.MemberFlags.MuteDetect
	case "suppress-events":
		p.SuppressEvents = nil
		for action := range strings.SplitSeq(v, ",") {
			p.SuppressEvents = append(p.SuppressEvents, strings.ToLower(strings.TrimSpace(action)))
		}
	case "inbound-codec-string":
		p.inbound, err = parseCodecs(v)
	case "outbound-codec-string":
		p.outbound, err = parseCodecs(v)
	default:
		return p.setSounds(name, v)
	}
	return err
}

// setSounds applies the parameters that name something to play.
func (p *Profile) setSounds(name, v string) error {
	to := map[string]*string{
		"enter-sound": &p.Sounds.Enter, "exit-sound": &p.Sounds.Exit, "alone-sound": &p.Sounds.Alone,
		"moh-sound": &p.Sounds.Music, "muted-sound": &p.Sounds.Muted, "unmuted-sound": &p.Sounds.Unmuted,
		"member-enter-sound": &p.Sounds.MemberEnter, "mute-detect-sound": &p.Sounds.MuteDetect,
		"is-locked-sound": &p.Sounds.IsLocked, "is-unlocked-sound": &p.Sounds.IsUnlocked, "kicked-sound": &p.Sounds.Kicked,
		"pin-sound": &p.Sounds.PIN, "bad-pin-sound": &p.Sounds.BadPIN,
		"deaf-sound": &p.Sounds.Deaf, "undeaf-sound": &p.Sounds.Undeaf,
		"blind-sound": &p.Sounds.Blind, "unblind-sound": &p.Sounds.Unblind,
	}[name]
	if to == nil {
		return p.setMeeting(name, v)
	}
	*to = strings.TrimSpace(v)
	if name == "moh-sound" {
		if p.Sounds.NoMusic = *to == "silence"; p.Sounds.NoMusic {
			*to = ""
		}
	}
	return nil
}

func isFlagBar(c rune) bool { return c == '|' || c == ',' || c == ' ' }

// levelOrTrue reads a level from least to 9999; true is the usual one.
func levelOrTrue(v string, least, usual int) (int, error) {
	if n, err := strconv.Atoi(strings.TrimSpace(v)); err == nil && n >= least {
		return number(v, least, 9999)
	}
	on, err := boolean(v)
	if on {
		return usual, err
	}
	return 0, err
}

// codecs is a codec string: what it names of sound, in order, and whether of
// pictures.
type codecs struct {
	sound []media.AudioCodec
	video bool
}

// unknownCodecs are those of a codec string that the server does not have. They
// are told and left out.
type unknownCodecs []string

func (u unknownCodecs) Error() string { return "unknown codecs " + strings.Join(u, ",") }

// parseCodecs reads opus,pcmu,pcma,g722,vp8. What FreeSWITCH writes behind @ is
// passed over.
func parseCodecs(v string) (*codecs, error) {
	known := map[string]media.AudioCodec{"opus": media.Opus, "pcmu": media.PCMU, "pcma": media.PCMA, "g722": media.G722}
	out := new(codecs)
	var unknown unknownCodecs
	for word := range strings.SplitSeq(v, ",") {
		name, _, _ := strings.Cut(strings.ToLower(strings.TrimSpace(word)), "@")
		c, ok := known[name]
		switch {
		case ok && !slices.Contains(out.sound, c):
			out.sound = append(out.sound, c)
		case name == "vp8":
			out.video = true
		case !ok && name != "":
			unknown = append(unknown, name)
		}
	}
	if unknown != nil {
		return out, unknown
	}
	return out, nil
}

// chooseCodecs takes over the codec strings: the inbound one, if there is one.
func (p *Profile) chooseCodecs() {
	c := p.inbound
	if c == nil {
		c = p.outbound
	}
	if c == nil {
		return
	}
	p.Codecs, p.NoVideo = c.sound, !c.video
	p.inbound, p.outbound = nil, nil
}
