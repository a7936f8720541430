package room

import "strings"

// MemberFlags are FreeSWITCH's member flags.
type MemberFlags struct {
	Moderator, Mute, VideoMute, Deaf, Blind bool
	MuteDetect                              bool // talking is noticed while muted
	DistributeDTMF, SkipDTMF                bool // his digits go to the others; he gets none of theirs
	NoMusic                                 bool // no music while he is there
	EndConference                           bool // the room ends when he leaves
	MandatoryEnd                            bool // it ends when all such have left
	MinTwo                                  bool // it ends below two members
	TalkData, VideoBridge                   bool
	Ghost                                   bool // is not counted
	JoinOnly                                bool // makes no room
	FlipVideo, Positional, NoPositional     bool
	JoinVideoFloor                          bool // takes the video floor and keeps it
	NoVideoBlanks, OwnEncoder               bool
	SecondScreen                            bool
}

// ParseMemberFlags reads words between bars or commas; unknown ones are passed over.
func ParseMemberFlags(text string) MemberFlags {
	var f MemberFlags
	for word := range strings.FieldsFuncSeq(strings.ToLower(text), isFlagBar) {
		if to := f.named(word); to != nil {
			*to = true
		}
	}
	return f
}

// named is the flag of a FreeSWITCH's name; nil for one that does not exist.
func (f *MemberFlags) named(word string) *bool { return f.all()[word] }

// all are the flags by their names.
func (f *MemberFlags) all() map[string]*bool {
	return map[string]*bool{
		"moderator": &f.Moderator, "mute": &f.Mute, "vmute": &f.VideoMute, "deaf": &f.Deaf, "blind": &f.Blind,
		"mute-detect": &f.MuteDetect, "dist-dtmf": &f.DistributeDTMF, "skip-dtmf": &f.SkipDTMF, "nomoh": &f.NoMusic,
		"endconf": &f.EndConference, "mandatory_member_endconf": &f.MandatoryEnd, "mintwo": &f.MinTwo,
		"talk-data-events": &f.TalkData, "video-bridge": &f.VideoBridge, "ghost": &f.Ghost, "join-only": &f.JoinOnly,
		"flip-video": &f.FlipVideo, "positional": &f.Positional, "no-positional": &f.NoPositional,
		"join-vid-floor": &f.JoinVideoFloor, "no-video-blanks": &f.NoVideoBlanks,
		"no-minimize-encoding": &f.OwnEncoder, "second-screen": &f.SecondScreen,
	}
}

// Or has the flags of both.
func (f MemberFlags) Or(g MemberFlags) MemberFlags {
	for word, on := range g.all() {
		if *on {
			*f.named(word) = true
		}
	}
	return f
}
