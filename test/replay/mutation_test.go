package replay_test

import (
	"encoding/json"
	"math/rand/v2"
	"slices"
	"testing"
)

// recordedRun is what the recording's clients heard.
func (s scenario) recordedRun() []heard {
	var out []heard
	for i, st := range s.steps {
		for _, e := range st.entries {
			if e.Dir == "s2c" && e.msg != nil {
				out = append(out, heard{user: e.user, conn: e.Conn, step: i, msg: e.msg})
			}
		}
	}
	return out
}

// TestComparerAcceptsItself: a recording equals itself.
func TestComparerAcceptsItself(t *testing.T) {
	mask := loadMask(t)
	for _, s := range loadScenarios(t) {
		run := s.recordedRun()
		for _, problem := range newComparer(s, mask, nil).compare(run, run) {
			t.Error(problem)
		}
	}
}

// TestComparerSeesChanges changes one value in every recorded message, one at a time:
// nearly all of the changes must be seen. The rest are ids that stand nowhere else,
// times, and parts of session descriptions.
func TestComparerSeesChanges(t *testing.T) {
	mask := loadMask(t)
	random := rand.New(rand.NewPCG(1, 2))
	seen, all := 0, 0
	var unseen []string
	for i, s := range loadScenarios(t) {
		if raced && i%4 != 0 {
			continue
		}
		kinds := map[string]string{}
		for _, user := range s.users {
			run := slices.DeleteFunc(s.recordedRun(), func(h heard) bool { return h.user != user })
			for i := range run {
				msg, path := mutate(random, run[i].msg)
				if path == "" {
					continue // holds no value
				}
				changed := slices.Clone(run)
				changed[i].msg = msg
				c := newComparer(s, mask, nil)
				c.kinds = kinds
				all++
				if len(c.compare(run, changed)) > 0 {
					seen++
				} else {
					unseen = append(unseen, path)
				}
			}
		}
	}
	t.Logf("%d of %d changes seen (%.1f %%); not: %v", seen, all, 100*float64(seen)/float64(all), unseen)
	if seen*100 < all*95 {
		t.Errorf("only %d of %d changes were seen", seen, all)
	}
}

// leaf is a place in a message where a value can be changed.
type leaf struct {
	path string
	set  func(any)
	old  any
}

func leaves(v any, path string, set func(any)) []leaf {
	switch v := v.(type) {
	case map[string]any:
		var out []leaf
		for _, k := range sortedKeys(v) {
			out = append(out, leaves(v[k], path+"."+k, func(x any) { v[k] = x })...)
		}
		return out
	case []any:
		var out []leaf
		for i := range v {
			out = append(out, leaves(v[i], path+"[]", func(x any) { v[i] = x })...)
		}
		return out
	}
	return []leaf{{path, set, v}}
}

func sortedKeys(m map[string]any) []string {
	var out []string
	for k := range m {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}

// mutate gives a copy of a message with one value changed.
func mutate(r *rand.Rand, msg any) (any, string) {
	c := clone(msg)
	all := leaves(c, "", func(x any) { c = x })
	if len(all) == 0 {
		return msg, ""
	}
	l := all[r.IntN(len(all))]
	switch old := l.old.(type) {
	case string:
		l.set(old + "~")
	case json.Number:
		l.set(json.Number("7" + digits.FindString(old.String())))
	case bool:
		l.set(!old)
	default:
		l.set("x")
	}
	return c, l.path
}

func clone(v any) any {
	switch v := v.(type) {
	case map[string]any:
		out := make(map[string]any, len(v))
		for k, x := range v {
			out[k] = clone(x)
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i, x := range v {
			out[i] = clone(x)
		}
		return out
	}
	return v
}
