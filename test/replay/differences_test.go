package replay_test

import (
	"fmt"
	"regexp"
	"testing"
)

// difference is one on purpose, with its reason. Texts are regular expressions; ""
// fits everything.
type difference struct {
	What     string // a sentence for the documentation
	Why      string
	Scenario string
	Step     string
	User     string
	Key      string

	Drop   string // "recorded", "now" or "both": such messages are left out
	Last   bool   // of such messages in a step only the last one counts
	Moved  bool   // when within the step it comes does not matter
	Gone   bool   // recorded messages to a socket whose last leg has left are left out
	Rows   bool   // rows are compared at the end of a step, however their changes came
	Sorted string // the array at this path has no order
	More   string // the array at this path may have further elements at its end
	Ignore string // values at this path
	// Instead of a recorded value at Path there may be another one, given as it is
	// in JSON.
	Path, Recorded, Now string

	scenario, step, user, key, sorted, more, ignore, path, recorded, now pattern
	used                                                                 bool
}

// pattern is one for the whole of a text; nil fits everything.
type pattern struct{ *regexp.Regexp }

func (p pattern) fits(s string) bool { return p.Regexp == nil || p.MatchString(s) }

// matches is fits for what has to be given.
func (p pattern) matches(s string) bool { return p.Regexp != nil && p.MatchString(s) }

func loadDifferences(t testing.TB) []*difference {
	t.Helper()
	var list []*difference
	readJSON(t, "differences.json", &list)
	for _, d := range list {
		if d.What == "" || d.Why == "" {
			t.Errorf("a difference without words: %+v", d)
		}
		all := func(s string) pattern {
			if s == "" {
				return pattern{}
			}
			return pattern{regexp.MustCompile("^(?:" + s + ")$")}
		}
		d.scenario, d.step, d.user, d.key = all(d.Scenario), all(d.Step), all(d.User), all(d.Key)
		d.sorted, d.more, d.ignore = all(d.Sorted), all(d.More), all(d.Ignore)
		d.path, d.recorded, d.now = all(d.Path), all(d.Recorded), all(d.Now)
	}
	return list
}

// near are the differences that are about a place.
func (c *comparer) near(p place) []*difference {
	all, known := c.nearby[p]
	if !known {
		for _, d := range c.allowed {
			if d.scenario.fits(c.scenario.name) && d.step.fits(c.scenario.steps[p.step].text) && d.user.fits(p.user) {
				all = append(all, d)
			}
		}
		c.nearby[p] = all
	}
	return all
}

func (d *difference) ignores(path string) bool { return d.ignore.matches(path) }

func (d *difference) accepts(path string, want, got any) bool {
	if !d.path.matches(path) {
		return false
	}
	return d.recorded.fits(whole(want)) && d.now.fits(whole(got))
}

// may finds a difference that allows something about a message, and notes its use.
func (c *comparer) may(p place, key string, allows func(*difference) bool) bool {
	for _, d := range c.near(p) {
		if allows(d) && d.key.fits(key) {
			d.used = d.used || !c.quiet
			return true
		}
	}
	return false
}

// filter leaves out what differences drop on one side.
func (c *comparer) filter(p place, side string, msgs []any, of func(any) string) []any {
	var out []any
	for i, m := range msgs {
		k := of(m)
		if c.may(p, k, func(d *difference) bool { return d.Drop == side || d.Drop == "both" }) {
			continue
		}
		later := false
		for _, other := range msgs[i+1:] {
			later = later || of(other) == k
		}
		if later && c.may(p, k, func(d *difference) bool { return d.Last }) {
			continue
		}
		out = append(out, m)
	}
	return out
}

func (d *difference) String() string { return fmt.Sprintf("%s (%s)", d.What, d.Why) }

// whileIn leaves out what a socket was told when all its legs had left.
func (c *comparer) whileIn(p place, msgs []any) []any {
	at := place{conn: p.conn, user: p.user}
	var out []any
	left := false
	for _, m := range msgs {
		switch textAt(m, "params.pvtData.action") {
		case "conference-liveArray-join":
			c.legs[at]++
			left = false
		case "conference-liveArray-part":
			c.legs[at]--
			left = c.legs[at] <= 0
			out = append(out, m)
			continue
		}
		if k := c.key(m); left && c.may(p, k, func(d *difference) bool { return d.Gone }) {
			continue
		}
		out = append(out, m)
	}
	return out
}
