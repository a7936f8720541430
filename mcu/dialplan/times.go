package dialplan

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/omniverto/omniverto/mcu/fsconf"
)

// timeTest is a condition on the time, as in wday="2-6" or time-of-day="08:00-17:30".
type timeTest struct {
	of     func(t time.Time) int
	ranges [][2]int
}

// clocks are the numbers of a moment that a condition may ask for, as FreeSWITCH
// counts them: everything from 1 but hours and minutes, weeks begin on Sunday.
var clocks = map[string]func(t time.Time) int{
	"year":          time.Time.Year,
	"yday":          time.Time.YearDay,
	"mon":           func(t time.Time) int { return int(t.Month()) },
	"mday":          time.Time.Day,
	"week":          func(t time.Time) int { return (t.YearDay()-1)/7 + 1 },
	"mweek":         func(t time.Time) int { return (t.Day()-1)/7 + 1 },
	"wday":          func(t time.Time) int { return int(t.Weekday()) + 1 },
	"hour":          time.Time.Hour,
	"minute":        time.Time.Minute,
	"minute-of-day": func(t time.Time) int { return t.Hour()*60 + t.Minute() + 1 },
	"time-of-day":   func(t time.Time) int { return (t.Hour()*60+t.Minute())*60 + t.Second() },
}

// unread are attributes on the time that would mean something else if passed over.
var unread = []string{"date-time", "tz-offset", "dst", "timezone"}

func readTimes(e *fsconf.Element) ([]timeTest, error) {
	for _, name := range unread {
		if _, ok := e.Lookup(name); ok {
			return nil, fmt.Errorf("%s is not known", name)
		}
	}
	var all []timeTest
	for _, a := range e.Attrs {
		of, ok := clocks[a.Name]
		if !ok {
			continue
		}
		t := timeTest{of: of}
		for word := range strings.SplitSeq(a.Value, ",") {
			from, to, ranged := strings.Cut(strings.TrimSpace(word), "-")
			if !ranged {
				to = from
			}
			low, err := moment(a.Name, from)
			high, err2 := moment(a.Name, to)
			if err != nil || err2 != nil {
				return nil, fmt.Errorf("%s=%.80q is not a number or a range of numbers", a.Name, a.Value)
			}
			t.ranges = append(t.ranges, [2]int{low, high})
		}
		all = append(all, t)
	}
	return all, nil
}

// moment reads a number, a day of the week, or a time of day as seconds.
func moment(clock, word string) (int, error) {
	word = strings.ToLower(strings.TrimSpace(word))
	switch clock {
	case "wday":
		for i, day := range []string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"} {
			if strings.HasPrefix(word, day) {
				return i + 1, nil
			}
		}
	case "time-of-day":
		for _, form := range []string{"15:04:05", "15:04"} {
			if t, err := time.Parse(form, word); err == nil {
				return (t.Hour()*60+t.Minute())*60 + t.Second(), nil
			}
		}
		return 0, fmt.Errorf("%q is not a time of day", word)
	}
	return strconv.Atoi(word)
}

// holds reports whether a moment lies in one of the ranges; one that ends before it
// begins goes round, as over midnight.
func (t timeTest) holds(now time.Time) bool {
	n := t.of(now)
	for _, r := range t.ranges {
		in := n >= r[0] && n <= r[1]
		if r[0] > r[1] {
			in = n >= r[0] || n <= r[1]
		}
		if in {
			return true
		}
	}
	return false
}
