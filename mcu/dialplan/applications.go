package dialplan

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/omniverto/omniverto/mcu/directory"
)

// outcome is what an application leaves to do.
type outcome uint8

const (
	goesOn      outcome = iota // the next action
	connected                  // the target is known
	transferred                // another hunt
)

// application is one verb of the plan.
type application struct {
	do     func(r *run, data string) (outcome, error)
	inline bool   // may be done while conditions are tried
	note   string // why it does less than its name says; "" it does not
}

// applications is the table of verbs. What FreeSWITCH has besides is passed over.
var applications = map[string]application{
	// A call is answered by what it reaches.
	"answer": {do: nothing}, "pre_answer": {do: nothing}, "ring_ready": {do: nothing}, "info": {do: nothing}, "eval": {do: nothing},
	"playback": {do: nothing, note: "nothing is played"},

	"set":      {do: doSet, inline: true},
	"export":   {do: doExport, inline: true},
	"unset":    {do: doUnset, inline: true},
	"multiset": {do: doMultiset, inline: true},
	"push":     {do: doPush, inline: true},
	"unshift":  {do: doUnshift, inline: true},

	"log":          {do: doLog},
	"sleep":        {do: doSleep},
	"send_display": {do: doDisplay},

	"conference": {do: doConference},
	"bridge":     {do: doBridge},
	"transfer":   {do: doTransfer},
	"hangup":     {do: doHangup},
	"respond":    {do: doRespond},
}

func nothing(*run, string) (outcome, error) { return goesOn, nil }

func doSet(r *run, data string) (outcome, error) {
	name, value, _ := strings.Cut(data, "=")
	r.set(name, value)
	return goesOn, nil
}

// doExport sets for both legs; what is said for the other one alone is not ours.
func doExport(r *run, data string) (outcome, error) {
	if rest, ok := strings.CutPrefix(data, "nolocal:"); ok {
		data = rest
	}
	return doSet(r, data)
}

func doUnset(r *run, data string) (outcome, error) {
	r.remove(data)
	return goesOn, nil
}

// doMultiset sets several, separated by spaces or by the sign after ^^.
func doMultiset(r *run, data string) (outcome, error) {
	for _, pair := range list(data, " ") {
		if _, err := doSet(r, pair); err != nil {
			return goesOn, err
		}
	}
	return goesOn, nil
}

// list splits a text by a separator, or by the one that ^^ names.
func list(data, separator string) []string {
	if rest, ok := strings.CutPrefix(data, "^^"); ok && rest != "" {
		separator, data = rest[:1], rest[1:]
	}
	return strings.Split(data, separator)
}

func doPush(r *run, data string) (outcome, error) {
	name, value, _ := strings.Cut(data, "=")
	if old := r.variable(plain(strings.TrimSpace(name))); old != "" {
		value = "ARRAY::" + strings.TrimPrefix(old, "ARRAY::") + "|:" + value
	}
	r.set(name, value)
	return goesOn, nil
}

func doUnshift(r *run, data string) (outcome, error) {
	name, value, _ := strings.Cut(data, "=")
	if old := r.variable(plain(strings.TrimSpace(name))); old != "" {
		value = "ARRAY::" + value + "|:" + strings.TrimPrefix(old, "ARRAY::")
	}
	r.set(name, value)
	return goesOn, nil
}

// maxLog bounds a line of the application log, in bytes.
const maxLog = 512

// doLog writes [LEVEL ]TEXT.
func doLog(r *run, data string) (outcome, error) {
	write := r.plan.log.Debug
	level, text, _ := strings.Cut(data, " ")
	switch strings.ToLower(level) {
	case "alert", "crit", "err", "error":
		write = r.plan.log.Error
	case "warning":
		write = r.plan.log.Warn
	case "notice", "info", "console":
		write = r.plan.log.Info
	case "debug":
	default:
		text = data
	}
	write("dialplan", "text", cut(plain(text), maxLog), "destination", plain(r.destination))
	return goesOn, nil
}

// doSleep asks for a pause of milliseconds; all of them together have a bound.
func doSleep(r *run, data string) (outcome, error) {
	if ms, err := strconv.Atoi(strings.TrimSpace(plain(data))); err == nil && ms > 0 {
		ms = min(ms, int(MaxDelay/time.Millisecond))
		r.target.Delay = min(r.target.Delay+time.Duration(ms)*time.Millisecond, MaxDelay)
	}
	return goesOn, nil
}

// maxDisplay bounds what send_display shows, in bytes.
const maxDisplay = 128

func doDisplay(r *run, data string) (outcome, error) {
	name, number, _ := strings.Cut(data, "|")
	r.target.DisplayName, r.target.DisplayNumber = cut(plain(name), maxDisplay), cut(plain(number), maxDisplay)
	return goesOn, nil
}

func doConference(r *run, data string) (outcome, error) {
	a := ParseConference(data)
	t := r.target
	t.Kind, t.Room, t.Profile, t.PIN = Conference, plain(a.Name), plain(a.Profile), plain(a.PIN)
	if !directory.ValidRoom(t.Room) {
		return goesOn, fmt.Errorf("room %.80q: %w", t.Room, directory.ErrDestination)
	}
	t.Flags = r.flags(plain(a.Flags))
	// The stock plan's extension for a shared screen does no more than take the floor.
	t.Screen = isTrue(plain(r.variable("video_screen_share"))) ||
		strings.HasSuffix(r.call.Destination, "-screen") && hasFlag(t.Flags, "join-vid-floor")
	if n, err := strconv.Atoi(plain(r.variable("video_initial_watching_canvas"))); err == nil && n >= 0 &&
		(hasFlag(t.Flags, "second-screen") || isTrue(plain(r.variable("video_second_screen")))) {
		t.Canvas = n
	}
	return connected, nil
}

func hasFlag(flags, flag string) bool {
	return strings.Contains("|"+flags+"|", "|"+flag+"|")
}

// doTransfer goes on with EXTENSION [DIALPLAN] [CONTEXT].
func doTransfer(r *run, data string) (outcome, error) {
	words := strings.Fields(data)
	if len(words) > 0 && (words[0] == "-bleg" || words[0] == "-both") {
		words = words[1:]
	}
	if len(words) == 0 {
		return goesOn, fmt.Errorf("to nowhere: %w", directory.ErrDestination)
	}
	// The destination stays armoured: it may be what the caller has dialled.
	r.destination = cut(words[0], 4*maxDestination)
	if len(words) > 2 {
		r.context = plain(words[2])
	}
	return transferred, nil
}

func doHangup(r *run, data string) (outcome, error) {
	r.target.Kind, r.target.Cause = Hangup, causeOf(plain(data))
	return connected, nil
}

// doRespond ends a call with a SIP status.
func doRespond(r *run, data string) (outcome, error) {
	code, _, _ := strings.Cut(strings.TrimSpace(plain(data)), " ")
	n, _ := strconv.Atoi(code)
	r.target.Kind, r.target.Cause = Hangup, causeOfStatus(n)
	return connected, nil
}
