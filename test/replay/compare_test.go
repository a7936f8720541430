package replay_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// heard is one message from a server, where and when it came.
type heard struct {
	user string
	conn int
	step int
	msg  any
}

// maskRule says that values at a path differ between two servers, and how far they
// may.
type maskRule struct {
	Path string
	Kind string // "id": one for one; "time": of the same shape; "sdp": the same media; "serial": see serials
	re   *regexp.Regexp
}

func loadMask(t testing.TB) []maskRule {
	t.Helper()
	var rules []maskRule
	readJSON(t, "mask.json", &rules)
	for i := range rules {
		rules[i].re = regexp.MustCompile(rules[i].Path)
	}
	return rules
}

func readJSON(t testing.TB, name string, into any) {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, into); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
}

// comparer compares two runs of one scenario. What it found is in problems.
type comparer struct {
	mask     []maskRule
	allowed  []*difference
	scenario scenario
	there    map[string]string // recorded id: the other run's
	back     map[string]string
	kinds    map[string]string       // of mask, by path
	nearby   map[place][]*difference // of allowed, by where they may apply
	tables   map[place]*table
	known    map[string]string // differing states of rows that were told already
	legs     map[place]int     // in the conference, as recorded, by user and socket
	quiet    bool              // for looking only: no difference counts as used
	problems []string
}

func newComparer(s scenario, mask []maskRule, allowed []*difference) *comparer {
	return &comparer{mask: mask, allowed: allowed, scenario: s, there: map[string]string{}, back: map[string]string{}, kinds: map[string]string{}, nearby: map[place][]*difference{}, tables: map[place]*table{}, known: map[string]string{}, legs: map[place]int{}}
}

// knowing takes over ids that were paired already: a server chose them.
func (c *comparer) knowing(ids map[string]string) *comparer {
	for recorded, now := range ids {
		c.there[recorded], c.back[now] = now, recorded
	}
	return c
}

// place names a conversation of one socket within a step.
type place struct {
	step, conn int
	user       string
}

// compare reports where run differs from the recording.
func (c *comparer) compare(recorded, run []heard) []string {
	c.serials("recorded", recorded)
	c.serials("now", run)
	c.steps(recorded, run)
	return c.problems
}

// fork gives one that goes on from here and finds anew.
func (c *comparer) fork() *comparer {
	f := *c
	f.there, f.back, f.known, f.legs = maps.Clone(c.there), maps.Clone(c.back), maps.Clone(c.known), maps.Clone(c.legs)
	f.tables, f.problems = map[place]*table{}, nil
	for at, t := range c.tables {
		f.tables[at] = &table{rows: maps.Clone(t.rows), touched: maps.Clone(t.touched), gone: maps.Clone(t.gone)}
	}
	return &f
}

// steps compares what comes after all that was compared before.
func (c *comparer) steps(recorded, run []heard) {
	want, got := split(recorded), split(run)
	places := map[place]bool{}
	for p := range want {
		places[p] = true
	}
	for p := range got {
		places[p] = true
	}
	order := slices.SortedFunc(maps.Keys(places), func(a, b place) int {
		return slices.Compare([]string{fmt.Sprintf("%04d", a.step), a.user, fmt.Sprint(a.conn)}, []string{fmt.Sprintf("%04d", b.step), b.user, fmt.Sprint(b.conn)})
	})
	for _, p := range order {
		c.step(p, want[p], got[p])
	}
}

func split(all []heard) map[place][]any {
	out := map[place][]any{}
	for _, h := range all {
		p := place{h.step, h.conn, h.user}
		out[p] = append(out[p], h.msg)
	}
	return out
}

func (c *comparer) complain(p place, format string, args ...any) {
	c.problems = append(c.problems, fmt.Sprintf("%s, %s/%d, step %d %.60q: %s",
		c.scenario.name, p.user, p.conn, p.step, c.scenario.steps[p.step].text, fmt.Sprintf(format, args...)))
}

// step aligns what one socket heard during a step and compares the pairs.
func (c *comparer) step(p place, want, got []any) {
	want = c.fold("recorded", p, c.filter(p, "recorded", c.whileIn(p, want), c.key), c.key)
	got = c.fold("now", p, c.filter(p, "now", got, key), key)
	defer c.compareRows(p)
	wantKeys, gotKeys := keysOf(want, c.key), keysOf(got, key)
	pairs := c.pair(p, wantKeys, gotKeys)
	paired := make([]bool, len(got))
	for _, j := range pairs {
		if j >= 0 {
			paired[j] = true
		}
	}
	for i, j := range pairs {
		if j < 0 {
			c.complain(p, "missing %s: %s", wantKeys[i], brief(want[i]))
			continue
		}
		c.values(p, wantKeys[i], "", want[i], got[j])
	}
	for k := range got {
		if !paired[k] {
			c.complain(p, "extra %s: %s", gotKeys[k], brief(got[k]))
		}
	}
}

// pair finds for each of want its partner in got, or -1. In between may come what may
// come at any time.
func (c *comparer) pair(p place, want, got []string) []int {
	pairs := align(want, got)
	if !slices.Contains(pairs, -1) {
		return pairs
	}
	moves := map[string]bool{}
	for _, k := range want {
		moves[k] = moves[k] || slices.Contains(got, k) && c.may(p, k, func(d *difference) bool { return d.Moved })
	}
	fixed := func(keys []string) (at []int, fixed []string) {
		for i, k := range keys {
			if !moves[k] {
				at, fixed = append(at, i), append(fixed, k)
			}
		}
		return at, fixed
	}
	wantAt, wantFixed := fixed(want)
	gotAt, gotFixed := fixed(got)
	for i, j := range align(wantFixed, gotFixed) {
		pairs[wantAt[i]] = j
		if j >= 0 {
			pairs[wantAt[i]] = gotAt[j]
		}
	}
	taken := map[int]bool{}
	for i, k := range want {
		if !moves[k] {
			continue
		}
		pairs[i] = -1
		for j := range got {
			if got[j] == k && !taken[j] {
				pairs[i], taken[j] = j, true
				break
			}
		}
	}
	return pairs
}

func keysOf(msgs []any, of func(any) string) []string {
	out := make([]string, len(msgs))
	for i, m := range msgs {
		out[i] = of(m)
	}
	return out
}

// align is a longest common subsequence: for each of a its partner in b, or -1.
func align(a, b []string) []int {
	n, m := len(a), len(b)
	best := make([][]int, n+1)
	for i := range best {
		best[i] = make([]int, m+1)
	}
	for i := n - 1; i >= 0; i-- {
		for j := m - 1; j >= 0; j-- {
			if a[i] == b[j] {
				best[i][j] = best[i+1][j+1] + 1
			} else {
				best[i][j] = max(best[i+1][j], best[i][j+1])
			}
		}
	}
	pairs := make([]int, n)
	for i, j := 0, 0; i < n; {
		switch {
		case j < m && a[i] == b[j]:
			pairs[i] = j
			i, j = i+1, j+1
		case j < m && best[i][j+1] >= best[i+1][j]:
			j++
		default:
			pairs[i] = -1
			i++
		}
	}
	return pairs
}

// key tells what kind of message it is, and about whom.
func key(msg any) string {
	m, ok := msg.(map[string]any)
	if !ok {
		return "batch"
	}
	method := textAt(m, "method")
	switch {
	case method == "":
		id, _ := json.Marshal(m["id"])
		return "reply " + string(id)
	case method != "verto.event":
		return strings.TrimSpace(method + " " + textAt(m, "params.callID"))
	}
	family, _, _ := strings.Cut(textAt(m, "params.eventChannel"), ".")
	switch {
	case at(m, "params.data.action") != nil:
		what := textAt(m, "params.data.action")
		return strings.TrimSpace("event " + family + " " + what + " " + textAt(m, "params.data.hashKey") + textAt(m, "params.data.conf-command"))
	case at(m, "params.eventData.contentType") != nil:
		return "event " + family + " " + textAt(m, "params.eventData.contentType") + " " + textAt(m, "params.eventData.canvasInfo.canvasID")
	case at(m, "params.pvtData.action") != nil:
		return "event pvt " + textAt(m, "params.pvtData.action") + " " + textAt(m, "params.pvtData.callID")
	}
	return "event " + family
}

// key is that of a recorded message with the other run's ids.
func (c *comparer) key(msg any) string {
	k := key(msg)
	for _, path := range []string{"params.callID", "params.data.hashKey", "params.pvtData.callID"} {
		if id := textAt(msg, path); id != "" && c.there[id] != "" {
			k = strings.Replace(k, id, c.there[id], 1)
		}
	}
	return k
}

func brief(v any) string {
	b, _ := json.Marshal(v)
	return fmt.Sprintf("%.400s", b)
}

// values compares two values at a path.
func (c *comparer) values(p place, key, path string, want, got any) {
	if path != "" && c.may(p, key, func(d *difference) bool { return d.ignores(path) }) || c.still(p, key, path, want, got) {
		return
	}
	switch kind := c.kind(path); kind {
	case "":
	case "serial":
		return
	default:
		text := c.masked(kind, want, got)
		media := func(d *difference) bool {
			return kind == "sdp" && d.accepts(path, sections(fmt.Sprint(want)), sections(fmt.Sprint(got)))
		}
		if text != "" && !c.may(p, key, media) {
			c.complain(p, "%s at %s: %s", key, path, text)
		}
		return
	}
	switch w := want.(type) {
	case map[string]any:
		if g, ok := got.(map[string]any); ok {
			c.members(p, key, path, w, g)
			return
		}
	case []any:
		if c.may(p, key, func(d *difference) bool { return d.sorted.matches(path) }) {
			w, got = inOrder(w), inOrder(got)
		}
		g, ok := got.([]any)
		if len(g) > len(w) && c.may(p, key, func(d *difference) bool { return d.more.matches(path) }) {
			g = g[:len(w)]
		}
		if ok && len(g) == len(w) {
			for i := range w {
				c.values(p, key, path+element(path, i), w[i], g[i])
			}
			return
		}
	default:
		if want == got || c.may(p, key, func(d *difference) bool { return d.accepts(path, want, got) }) {
			return
		}
	}
	c.complain(p, "%s at %s: recorded %s, now %s", key, path, brief(want), brief(got))
}

// inOrder sorts what has no order: objects by their types and names.
func inOrder(v any) []any {
	name := func(v any) string {
		if _, ok := v.(map[string]any); ok {
			return textAt(v, "type") + " " + textAt(v, "name")
		}
		return brief(v)
	}
	list, _ := v.([]any)
	return slices.SortedStableFunc(slices.Values(list), func(a, b any) int { return strings.Compare(name(a), name(b)) })
}

// element is an array's place in a path. The places of a row and of its pair with
// the key matter, others do not.
func element(path string, i int) string {
	if path == "row" || strings.HasSuffix(path, ".data.data") || strings.HasSuffix(path, ".data.data[]") || strings.HasSuffix(path, "[1]") {
		if strings.HasSuffix(path, ".data.data") && i >= 0 {
			return "[]"
		}
		return fmt.Sprintf("[%d]", i)
	}
	return "[]"
}

func (c *comparer) members(p place, key, path string, want, got map[string]any) {
	names := map[string]bool{}
	for k := range want {
		names[k] = true
	}
	for k := range got {
		names[k] = true
	}
	for _, k := range slices.Sorted(maps.Keys(names)) {
		sub := strings.TrimPrefix(path+"."+k, ".")
		w, inWant := want[k]
		g, inGot := got[k]
		switch {
		case inWant && inGot:
			if sub == "id" && want["method"] != nil {
				continue // a server's request: see serials
			}
			c.values(p, key, sub, w, g)
		case c.may(p, key, func(d *difference) bool { return d.ignores(sub) }):
		case inWant:
			c.complain(p, "%s has no %s, recorded %s", key, sub, brief(w))
		default:
			c.complain(p, "%s has %s, which is not recorded: %s", key, sub, brief(g))
		}
	}
}

func (c *comparer) kind(path string) string {
	kind, known := c.kinds[path]
	if known {
		return kind
	}
	for _, m := range c.mask {
		if m.re.MatchString(path) {
			kind = m.Kind
			break
		}
	}
	c.kinds[path] = kind
	return kind
}

// masked compares values that cannot be equal; "" if they fit.
func (c *comparer) masked(kind string, want, got any) string {
	w, g := fmt.Sprint(want), fmt.Sprint(got)
	if fmt.Sprintf("%T", want) != fmt.Sprintf("%T", got) {
		return fmt.Sprintf("recorded %s, now %s", brief(want), brief(got))
	}
	switch kind {
	case "id":
		if c.there[w] == "" && c.back[g] == "" {
			c.there[w], c.back[g] = g, w
		}
		if c.there[w] != g {
			return fmt.Sprintf("recorded id %s is %s elsewhere, now %s", w, c.there[w], g)
		}
	case "time":
		if digits.ReplaceAllString(w, "0") != digits.ReplaceAllString(g, "0") && !datelike(w, g) {
			return fmt.Sprintf("recorded %s, now %s", w, g)
		}
	case "sdp":
		if a, b := sections(w), sections(g); a != b {
			return fmt.Sprintf("recorded media %s, now %s", a, b)
		}
	}
	return ""
}

var digits = regexp.MustCompile(`[0-9]+`)

// weekdays and months change with the date.
var names = regexp.MustCompile(`\b(Mon|Tue|Wed|Thu|Fri|Sat|Sun|Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)\b`)

func datelike(a, b string) bool {
	shape := func(s string) string { return digits.ReplaceAllString(names.ReplaceAllString(s, "Day"), "0") }
	return shape(a) == shape(b)
}

// sections is what a session description is about: kinds, directions and first codecs.
func sections(sdp string) string {
	var out []string
	direction := "sendrecv"
	for line := range strings.Lines(sdp) {
		line = strings.TrimSpace(line)
		switch {
		case strings.HasPrefix(line, "m="):
			if len(out) > 0 {
				out[len(out)-1] += " " + direction
			}
			kind, _, _ := strings.Cut(line[2:], " ")
			out = append(out, kind)
			direction = "sendrecv"
		case line == "a=sendonly" || line == "a=recvonly" || line == "a=inactive":
			direction = line[2:]
		case strings.HasPrefix(line, "a=rtpmap:") && len(out) > 0 && !strings.Contains(out[len(out)-1], "/"):
			_, codec, _ := strings.Cut(line, " ")
			codec, _, _ = strings.Cut(codec, "/")
			out[len(out)-1] += "/" + strings.ToLower(codec)
		}
	}
	if len(out) > 0 {
		out[len(out)-1] += " " + direction
	}
	return strings.Join(out, ", ")
}

// serials checks what counts up on each side by itself: ids of a server's requests,
// eventSerno of each subscription, wireSerno of each live array.
func (c *comparer) serials(side string, all []heard) {
	type series struct {
		user, name string
		conn       int
	}
	last := map[series]int64{}
	for _, h := range all {
		p := place{h.step, h.conn, h.user}
		number := func(path string) (int64, bool) {
			n, ok := at(h.msg, path).(json.Number)
			if !ok {
				return 0, false
			}
			i, err := n.Int64()
			return i, err == nil
		}
		if textAt(h.msg, "method") == "" {
			continue
		}
		if textAt(h.msg, "params.pvtData.action") == "conference-liveArray-join" { // he begins anew
			delete(last, series{h.user, "array " + textAt(h.msg, "params.pvtData.laName"), h.conn})
		}
		ids := series{h.user, "ids", h.conn}
		if id, ok := number("id"); !ok || id <= last[ids] {
			c.complain(p, "%s: request id %s after %d", side, brief(at(h.msg, "id")), last[ids])
		} else {
			last[ids] = id
		}
		if channel := textAt(h.msg, "params.subscribedChannel"); channel != "" {
			s := series{h.user, channel, h.conn}
			n, ok := number("params.eventSerno")
			before, known := last[s]
			if !ok || known && n != 0 && n != before+1 { // a recording may begin within a subscription
				c.complain(p, "%s: eventSerno %s of %s after %d", side, brief(at(h.msg, "params.eventSerno")), channel, before)
			}
			last[s] = n
		}
		if at(h.msg, "params.data.wireSerno") == nil {
			continue
		}
		s := series{h.user, "array " + textAt(h.msg, "params.data.name"), h.conn}
		n, ok := number("params.data.wireSerno")
		switch action := textAt(h.msg, "params.data.action"); {
		case action == "bootObj" || action == "clear":
			if n != -1 {
				c.complain(p, "%s: wireSerno %d of a %s", side, n, action)
			}
			delete(last, s)
		case !ok || n < 1 || last[s] > 0 && n != last[s]+1:
			c.complain(p, "%s: wireSerno %s after %d", side, brief(at(h.msg, "params.data.wireSerno")), last[s])
		default:
			last[s] = n
		}
	}
}
