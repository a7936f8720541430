package room

import (
	"fmt"
	"strconv"
	"strings"
)

// informationCommands are those that only tell.
func informationCommands() []command {
	each, run := eachOf(KindInformation, ForModerator), runOf(KindInformation, ForModerator)
	return []command{
		run("count", "", "tells how many members there are", func(s *State, _ []string) (Reply, error) { return s.countMembers() }),
		run("list", " [delim <string>]|[count]",
			"lists the members, a line for each: id;channel;uuid;name;number;flags;volume in;volume out;energy; pretty for names alone", list),
		run("xml_list", "", "tells the conference and its members as XML", func(s *State, _ []string) (Reply, error) {
			return Reply{Text: xmlList([]Listing{s.Listing()})}, nil
		}),
		run("json_list", " [compact]", "tells them as JSON", func(s *State, args []string) (Reply, error) {
			return Reply{Text: jsonList([]Listing{s.Listing()}, args)}, nil
		}),
		run("get", " <parameter-name>", "tells one of "+strings.Join(parameterNames(), ", "), get),
		each("get-uuid", " <member_id|last>", "tells the id of a member's call", func(_ *State, m *Member, _ string) string {
			if m.req.CallID == "" {
				return undefined
			}
			return m.req.CallID
		}),
		run("help", "", "lists the commands with what they do", help),
		run("commands", "", "lists them likewise", help),
	}
}

// undefined is FreeSWITCH's word for what is not there.
const undefined = "_undef_"

func (s *State) countMembers() (Reply, error) {
	n, _ := s.Listing().count()
	return say("%d", n)
}

// list knows summary, as FreeSWITCH does, only for several conferences.
func list(s *State, args []string) (Reply, error) {
	form, count := parseList(args)
	if count {
		return s.countMembers()
	}
	var b strings.Builder
	form.members(&b, s.Listing())
	return Reply{Text: b.String()}, nil
}

func help(*State, []string) (Reply, error) {
	var b strings.Builder
	for _, c := range listed() {
		fmt.Fprintf(&b, "\t\t%s\n\t\t\t%s\n", c.Usage, c.Description)
	}
	return Reply{Text: b.String()}, nil
}

// parameter is what get tells and, if there is set, set changes; set refuses a value
// by reporting false.
type parameter struct {
	name string
	get  func(s *State) string
	set  func(s *State, value string) bool
}

// number is a parameter's value of 0 and more, read as FreeSWITCH does.
func natural(set func(*State, int)) func(*State, string) bool {
	return func(s *State, value string) bool {
		n := atoi(value)
		if n < 0 {
			return false
		}
		set(s, n)
		return true
	}
}

// maxParameter bounds a parameter's text and a variable's value, in bytes.
const maxParameter = 512

func parameters() []parameter {
	ghosts := func(s *State) (members, ghosts int) { return s.Listing().count() }
	on := func(is bool, word string) string {
		if is {
			return word
		}
		return ""
	}
	return []parameter{
		{name: "run_time", get: func(s *State) string { return strconv.Itoa(s.Listing().runTime()) }},
		{name: "count", get: func(s *State) string { n, _ := ghosts(s); return strconv.Itoa(n) }},
		{name: "count_ghosts", get: func(s *State) string { _, n := ghosts(s); return strconv.Itoa(n) }},
		{name: "max_members", get: func(s *State) string { return strconv.Itoa(s.MaxMembers()) }, set: natural((*State).SetMaxMembers)},
		{name: "rate", get: func(*State) string { return strconv.Itoa(listRate) }},
		{name: "profile_name", get: func(s *State) string { return s.room.profile.Name }},
		{name: "sound_prefix", get: (*State).SoundPrefix, set: func(s *State, v string) bool { s.SetSoundPrefix(v); return true }},
		{name: "caller_id_name", get: func(s *State) string { name, _ := s.CallerID(); return name },
			set: func(s *State, v string) bool {
				_, number := s.CallerID()
				s.SetCallerID(cleanName(v), number)
				return true
			}},
		{name: "caller_id_number", get: func(s *State) string { _, number := s.CallerID(); return number },
			set: func(s *State, v string) bool { name, _ := s.CallerID(); s.SetCallerID(name, cleanName(v)); return true }},
		{name: "is_locked", get: func(s *State) string { return on(s.Locked(), "locked") }},
		{name: "endconference_grace_time", get: func(s *State) string { return strconv.Itoa(s.EndGrace()) }, set: natural((*State).SetEndGrace)},
		{name: "uuid", get: func(s *State) string { return s.room.UUID() }},
		{name: "wait_mod", get: func(s *State) string { return on(s.WaitsForModerator(), "true") }},
	}
}

func parameterNames() []string {
	var names []string
	for _, p := range parameters() {
		names = append(names, p.name)
	}
	return names
}

// parameterOf finds a parameter by its name, in any case.
func parameterOf(name string) (parameter, bool) {
	for _, p := range parameters() {
		if strings.EqualFold(p.name, name) {
			return p, true
		}
	}
	return parameter{}, false
}

func get(s *State, args []string) (Reply, error) {
	p, ok := parameterOf(arg(args, 0))
	if !ok {
		return Reply{}, errUsage
	}
	return say("%s", p.get(s))
}

// variableCommands are those that change what belongs to the server: how many may
// come, where sounds are taken from, who the conference says that it is, and the
// variables that others than people read. Moderators come and go; so they are for
// whoever runs it.
func variableCommands() []command {
	run := runOf(KindInformation, ForOperator)
	return []command{
		run("set", " <max_members|sound_prefix|caller_id_name|caller_id_number|endconference_grace_time> <value>",
			"changes it and tells what it was", set),
		run("getvar", " <varname>", "tells a variable of the conference", func(s *State, args []string) (Reply, error) {
			value, _ := s.Variable(arg(args, 0))
			return say("%s", value)
		}),
		run("setvar", " <varname> <value>", "sets a variable of the conference, or without a value removes it", setVariable),
	}
}

// set answers with the old value.
func set(s *State, args []string) (Reply, error) {
	p, ok := parameterOf(arg(args, 0))
	value := arg(args, 1)
	if !ok || p.set == nil || value == "" || len(value) > maxParameter {
		return Reply{}, errUsage
	}
	old := p.get(s)
	if !p.set(s, value) {
		return Reply{}, errUsage
	}
	return say("%s", old)
}

// setVariable does nothing without a name, and says that it did, as FreeSWITCH.
func setVariable(s *State, args []string) (Reply, error) {
	name, value := arg(args, 0), arg(args, 1)
	switch {
	case len(name) > maxWord, len(value) > maxParameter:
		return Reply{}, errUsage
	case name != "":
		s.SetVariable(name, value)
	}
	return say("+OK\n")
}
