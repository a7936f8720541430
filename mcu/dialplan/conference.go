package dialplan

import (
	"slices"
	"strings"
)

// Argument is what the application conference is told.
type Argument struct {
	Name    string
	Profile string // "default" if none is named
	PIN     string
	Flags   string // between the braces of flags{…}
	Bridge  string // the dial string of bridge:NAME:…; "" without
}

// ParseConference reads an argument of the application conference:
//
//	[bridge:]NAME[@PROFILE][+PIN][+flags{F|F…}]
//
// Parts are cut off in FreeSWITCH's order: flags, bridge, PIN at the first '+',
// profile at the last '@'. Any text is an argument; whether a room may have the name
// is for the caller to ask.
func ParseConference(arg string) Argument {
	var a Argument
	if before, rest, ok := strings.Cut(arg, "+flags{"); ok {
		a.Flags, _, _ = strings.Cut(rest, "}")
		arg = before
	}
	arg = strings.TrimSpace(arg)
	if rest, ok := strings.CutPrefix(arg, "bridge:"); ok {
		arg, a.Bridge, _ = strings.Cut(rest, ":")
	}
	arg, a.PIN, _ = strings.Cut(arg, "+")
	a.Name, a.Profile = arg, "default"
	if i := strings.LastIndexByte(arg, '@'); i >= 0 {
		a.Name = arg[:i]
		if profile := arg[i+1:]; profile != "" {
			a.Profile = profile
		}
	}
	a.Name = strings.TrimLeft(a.Name, " ")
	return a
}

// flags joins the flags of an application's argument with those of variables.
// FreeSWITCH's push makes arrays of them.
func flags(own string, variable func(name string) string, all ...map[string]string) string {
	const single = "conference_member_flags_"
	var out []string
	for _, list := range []string{own, variable("conference_member_flags"), variable("conference_flags")} {
		list = strings.TrimPrefix(list, "ARRAY::")
		for flag := range strings.FieldsFuncSeq(list, func(r rune) bool { return r == '|' || r == ',' || r == ':' || r == ' ' }) {
			out = append(out, flag)
		}
	}
	for _, vars := range all {
		for name := range vars {
			if flag, ok := strings.CutPrefix(name, single); ok && flag != "" && isTrue(variable(name)) {
				out = append(out, flag)
			}
		}
	}
	slices.Sort(out)
	return strings.Join(slices.Compact(out), "|")
}

// isTrue knows FreeSWITCH's spellings of true.
func isTrue(s string) bool {
	switch strings.ToLower(strings.TrimSpace(s)) {
	case "true", "yes", "on", "enable", "enabled", "active", "allow", "t", "1":
		return true
	}
	return false
}
