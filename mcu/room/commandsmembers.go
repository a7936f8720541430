package room

import (
	"fmt"
	"strings"

	"github.com/omniverto/omniverto/mcu/decor"
	"github.com/omniverto/omniverto/mixer/canvas"
)

// usageOne is how FreeSWITCH words a command that takes a member.
const (
	usageOne   = " <[member_id|all]|last|non_moderator>"
	usageQuiet = usageOne + " [<quiet>]"
)

// done is what FreeSWITCH says of most commands that act on a member.
func done(what string, m *Member) string { return fmt.Sprintf("+OK %s %d\n", what, m.id) }

// audioCommands are those about what a member says and hears.
func audioCommands() []command {
	entry, viewer := eachOf(KindAudio, ForSelf), eachOf(KindAudio, ForViewer)
	mute := func(s *State, m *Member, word string, on bool) string {
		changed := m.muted != on
		s.Mute(m, on)
		if changed && !strings.EqualFold(word, "quiet") {
			s.tellMute(m)
		}
		if on {
			return done("mute", m)
		}
		return done("unmute", m)
	}
	return []command{
		entry("mute", usageQuiet, "silences a member", func(s *State, m *Member, word string) string { return mute(s, m, word, true) }),
		entry("tmute", usageQuiet, "silences a member, or ends that", func(s *State, m *Member, word string) string { return mute(s, m, word, !m.muted) }),
		entry("unmute", usageQuiet, "lets a member be heard again", func(s *State, m *Member, word string) string { return mute(s, m, word, false) }),
		viewer("deaf", usageOne, "takes the sound of the conference from a member", func(s *State, m *Member, _ string) string {
			s.Deafen(m, true)
			return done("deaf", m)
		}),
		viewer("undeaf", usageOne, "gives it back", func(s *State, m *Member, _ string) string {
			s.Deafen(m, false)
			return done("undeaf", m)
		}),
	}
}

// memberVideoCommands are those about how a member looks and what he sees.
func memberVideoCommands() []command {
	entry := func(name, usage, description string, p Permission, each func(*State, *Member, string) string) command {
		return eachOf(KindVideo, p)(name, usage, description, each)
	}
	always := func(f func(*State, *Member, bool) string, on bool) func(*State, *Member, string) string {
		return func(s *State, m *Member, _ string) string { return f(s, m, on) }
	}
	flip := entry("vid-flip", " <[member_id|all|last|non_moderator]>",
		"turns the picture to 0, 90, 180 or 270 degrees, by a quarter more (rotate) or mirrors it (mirror); without a word by 180 degrees and back", ForSelf, vidFlip)
	flip.SelfWords = []string{"mirror"}
	return []command{
		entry("vmute", usageQuiet, "hides a member's camera", ForSelf, always((*State).vmute, true)),
		entry("tvmute", usageQuiet, "hides a member's camera, or shows it again", ForSelf,
			func(s *State, m *Member, _ string) string { return s.vmute(m, !m.vmuted) }),
		entry("unvmute", usageQuiet, "shows it again", ForSelf, always((*State).vmute, false)),
		entry("vmute-snap", usageOne, "keeps the present picture as the one to show while the camera is hidden; clear forgets it", ForModerator, vmuteSnap),
		entry("vblind", usageQuiet, "sends no picture to a member", ForModerator, always((*State).vblind, true)),
		entry("tvblind", usageQuiet, "sends no picture to a member, or one again", ForModerator,
			func(s *State, m *Member, _ string) string { return s.vblind(m, !m.look.blind) }),
		entry("unvblind", usageQuiet, "sends the picture again", ForModerator, always((*State).vblind, false)),
		flip,
		entry("vid-border", " <[member_id|all|last|non_moderator]>", "frames the picture: 0 to 20 pixels, or toggle", ForModerator, vidBorder),
		entry("vid-filter", usageOne+" <string>",
			"changes colours: any of fg-gray, fg-sepia, fg-8bit for the picture, bg-gray, bg-sepia for what stands in for it; anything else for none", ForModerator, vidFilter),
		entry("vid-banner", " <member_id|last> <text>",
			"shows a text under the picture, [{fg=,bg=,font_face=,font_scale=,min_font_size=,max_font_size=}]text; reset, clear or allclear", ForModerator, vidBanner),
		entry("vid-mute-img", " <member_id|last> [<path>|clear]", "shows an image while the camera is hidden", ForModerator, vidMuteImg),
		entry("vid-logo-img", " <member_id|last> [<path>|clear]", "shows an image over the picture, [{position=,fit=,text=…}]path", ForModerator, vidLogoImg),
		entry("vid-codec-group", " <member_id|last> [<group>|clear]", "puts a member among those who share an encoder of their own", ForModerator, vidCodecGroup),
	}
}

// receivesOnly reports whether a member is sent pictures and sends none: then
// FreeSWITCH says nothing to what concerns his camera.
func (m *Member) receivesOnly() bool { return m.dir.VideoOut && !m.dir.VideoIn }

func (s *State) vmute(m *Member, on bool) string {
	if m.receivesOnly() {
		return ""
	}
	if m.voice.hold {
		return fmt.Sprintf("-ERR member %d is on hold\n", m.id)
	}
	s.MuteVideo(m, on)
	if on {
		return done("vmute", m)
	}
	return done("unvmute", m)
}

func vmuteSnap(s *State, m *Member, word string) string {
	if m.receivesOnly() {
		return ""
	}
	s.SnapMuteImage(m, strings.EqualFold(word, "clear"))
	return done("vmute image snapped", m)
}

func (s *State) vblind(m *Member, on bool) string {
	s.Blind(m, on)
	if on {
		return done("vblind", m)
	}
	return done("unvblind", m)
}

func vidFlip(s *State, m *Member, word string) string {
	turn := m.look.turn
	switch {
	case word == "" && turn != canvas.Turn{}:
		turn = canvas.Turn{}
	case word == "":
		turn.Quarters = 2
	case strings.EqualFold(word, "mirror"):
		turn.Mirror = !turn.Mirror
	case strings.EqualFold(word, "rotate"):
		turn.Quarters = (turn.Quarters + 1) % 4
	case isNumber(word):
		if n := atoi(word); n == 0 || n == 90 || n == 180 || n == 270 {
			turn.Quarters = uint8(n / 90)
		}
	}
	s.SetTurn(m, turn)
	return done("flipped", m)
}

func vidBorder(s *State, m *Member, word string) string {
	switch {
	case word == "":
		return "-ERR No text supplied\n"
	case s.Layer(m) < 0:
		return fmt.Sprintf("-ERR Channel %s is not in a video layer\n", m.channel())
	}
	px := atoi(word)
	if strings.EqualFold(word, "toggle") && m.Border() == 0 {
		px = 5
	}
	if px < 0 || px > 20 {
		px = 0
	}
	s.SetBorder(m, px)
	return "+OK\n"
}

func vidFilter(s *State, m *Member, word string) string {
	word = strings.ToLower(word)
	filter := func(ground string) (f canvas.Filter) {
		for _, v := range []struct {
			name string
			bit  canvas.Filter
		}{{"-gray", canvas.FilterGray}, {"-sepia", canvas.FilterSepia}, {"-8bit", canvas.FilterEightBit}} {
			if strings.Contains(word, ground+v.name) {
				f |= v.bit
			}
		}
		return f
	}
	s.SetFilter(m, filter("fg"), filter("bg")&^canvas.FilterEightBit)
	return "+OK\n"
}

// vidBanner refuses options that FreeSWITCH would pass over.
func vidBanner(s *State, m *Member, word string) string {
	if err := s.SetBanner(m, decor.Unescape(word)); err != nil {
		return fmt.Sprintf("-ERR %v\n", err)
	}
	return "+OK\n"
}

// vidMuteImg answers with the image that is set; one that cannot be shown changes
// nothing.
func vidMuteImg(s *State, m *Member, word string) string {
	if strings.EqualFold(word, "clear") {
		word = ""
	}
	_ = s.SetMuteImage(m, word) // told by the reply
	if m.look.muteImage == "" {
		return "_undef_\n"
	}
	return m.look.muteImage + "\n"
}

func vidLogoImg(s *State, m *Member, word string) string {
	if strings.EqualFold(word, "clear") {
		word = ""
	}
	if err := s.SetLogo(m, word); err != nil || word == "" {
		return "+OK Video logo cleared\n"
	}
	return "+OK Video logo set\n"
}

func vidCodecGroup(s *State, m *Member, word string) string {
	switch {
	case word == "":
		return fmt.Sprintf("+OK Video codec group is %s\n", m.look.codecGroup)
	case word == "clear":
		s.SetCodecGroup(m, "")
		return "+OK Video codec group cleared \n"
	case !validID(word):
		return invalidData
	}
	s.SetCodecGroup(m, word)
	return fmt.Sprintf("+OK Video codec group set %s\n", word)
}

// invalidData is FreeSWITCH's answer to several kinds of nonsense.
const invalidData = "-ERR Invalid DATA\n"
