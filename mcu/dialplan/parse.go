package dialplan

import (
	"cmp"
	"fmt"
	"log/slog"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/omniverto/omniverto/mcu/fsconf"
)

// Options are what a plan knows besides its document.
type Options struct {
	// Users tells whether a user exists; nil: there are none.
	Users func(id, domain string) bool
	// Context is that of calls that name none; "" is "default".
	Context string
	Now     func() time.Time // for conditions on the time of day; nil: the machine's clock
	Log     *slog.Logger     // of the application log; nil: silent
}

// context is a list of extensions, tried one after the other.
type context struct {
	extensions []*extension
}

// extension is a list of conditions with what is to be done if they hold.
type extension struct {
	name       string
	more       bool // continue="true": the next extensions are tried as well
	conditions []*condition
}

// condition is one test.
type condition struct {
	times []timeTest
	tests []test
	rule  string // how many of several tests must hold: all, any or xor
	when  breaks

	actions, antis []action
	nested         []*condition
	optional       bool // require-nested="false": it holds even if none of nested does
}

// breaks says after which outcome no further condition is tried.
type breaks struct{ afterTrue, afterFalse bool }

// test compares a field with a pattern.
type test struct {
	field    text
	caller   string // the field is this one of the caller's; "" it is text
	pattern  *regexp.Regexp
	variable text // the pattern, if it has variables and is made for each call
	captures bool // the pattern has parentheses
}

// action is one application with its data.
type action struct {
	app    string
	data   text
	inline bool // done at once, so that later conditions see it
	place  string
}

// Parse reads the section dialplan of a tree. An error says the file, the line and
// the extension. Applications that are not known are named by Unknown and passed over
// in a call.
func Parse(doc *fsconf.Document, o Options) (*Plan, error) {
	p := &Plan{users: o.Users, log: o.Log, now: o.Now, contexts: map[string]*context{}, context: cmp.Or(o.Context, "default"), globals: doc.Vars}
	if p.log == nil {
		p.log = slog.New(slog.DiscardHandler)
	}
	if p.now == nil {
		p.now = time.Now
	}
	r := &reader{plan: p}
	for e := range doc.Root.Named("context") {
		name := e.Attr("name")
		if _, twice := p.contexts[name]; twice || name == "" {
			r.note(e, "context "+name+" without a name or there already")
			continue
		}
		c, err := r.context(e)
		if err != nil {
			return nil, fmt.Errorf("dialplan: %w", err)
		}
		p.contexts[name] = c
	}
	return p, nil
}

// reader makes a plan of elements.
type reader struct {
	plan *Plan
	name string // of the extension at hand
}

// maxNotes bounds what Unknown tells.
const maxNotes = 100

// note tells once what is passed over, with its first place.
func (r *reader) note(e *fsconf.Element, what string) {
	known := slices.ContainsFunc(r.plan.unknown, func(n string) bool { return strings.HasPrefix(n, what+" (") })
	if !known && len(r.plan.unknown) < maxNotes {
		r.plan.unknown = append(r.plan.unknown, fmt.Sprintf("%s (%s:%d)", what, e.File, e.Line))
	}
}

// wrong is an error in the extension at hand.
func (r *reader) wrong(e *fsconf.Element, err error) error {
	return e.Errorf("extension %q: %w", r.name, err)
}

func (r *reader) context(e *fsconf.Element) (*context, error) {
	c := &context{}
	for x := range e.Named("extension") {
		if r.name = x.Attr("name"); r.name == "" {
			r.name = "_anon_"
		}
		conditions, err := r.conditions(x, 0)
		if err != nil {
			return nil, err
		}
		c.extensions = append(c.extensions, &extension{name: x.Attr("name"), more: isTrue(x.Attr("continue")), conditions: conditions})
	}
	return c, nil
}

// maxNested bounds conditions in conditions.
const maxNested = 16

func (r *reader) conditions(e *fsconf.Element, depth int) ([]*condition, error) {
	if depth > maxNested {
		return nil, r.wrong(e, fmt.Errorf("conditions nested deeper than %d", maxNested))
	}
	var all []*condition
	for x := range e.Named("condition") {
		c, err := r.condition(x)
		if err == nil {
			c.nested, err = r.conditions(x, depth+1)
		}
		if err != nil {
			return nil, err
		}
		all = append(all, c)
	}
	return all, nil
}

func (r *reader) condition(e *fsconf.Element) (*condition, error) {
	c := &condition{when: breaks{afterFalse: true}, rule: strings.ToLower(e.Attr("regex"))}
	var err error
	if c.when, err = readBreaks(e.Attr("break")); err != nil {
		return nil, r.wrong(e, err)
	}
	if c.times, err = readTimes(e); err != nil {
		return nil, r.wrong(e, err)
	}
	if need, ok := e.Lookup("require-nested"); ok {
		c.optional = !isTrue(need)
	}
	tests := []*fsconf.Element{e}
	switch c.rule {
	case "":
	case "all", "any", "xor":
		tests = slices.Collect(e.Named("regex"))
	default:
		return nil, r.wrong(e, fmt.Errorf("regex=%.80q is not all, any or xor", c.rule))
	}
	for _, x := range tests {
		if _, ok := x.Lookup("field"); !ok {
			continue // holds always
		}
		t, err := readTest(x)
		if err != nil {
			return nil, r.wrong(x, err)
		}
		c.tests = append(c.tests, t)
	}
	for _, x := range e.Children {
		if err := r.action(c, x); err != nil {
			return nil, err
		}
	}
	return c, nil
}

func readBreaks(value string) (breaks, error) {
	switch strings.ToLower(value) {
	case "", "on-false":
		return breaks{afterFalse: true}, nil
	case "on-true":
		return breaks{afterTrue: true}, nil
	case "always":
		return breaks{true, true}, nil
	case "never":
		return breaks{}, nil
	}
	return breaks{}, fmt.Errorf("break=%.80q is not on-false, on-true, always or never", value)
}

func readTest(e *fsconf.Element) (test, error) {
	field, expression := e.Attr("field"), e.Attr("expression")
	if x := e.Child("expression"); x != nil {
		expression = x.Text
	}
	t := test{captures: strings.Contains(expression, "(")}
	var err error
	if strings.Contains(field, "$") {
		t.field, err = readText(field)
	} else {
		t.caller = field
	}
	if err != nil {
		return test{}, fmt.Errorf("field %.80q: %w", field, err)
	}
	if strings.Contains(expression, "${") {
		if t.variable, err = readText(expression); err != nil {
			return test{}, fmt.Errorf("expression %.80q: %w", expression, err)
		}
		return t, nil
	}
	t.pattern, err = compile(expression)
	return t, err
}

// action reads an action or anti-action of a condition.
func (r *reader) action(c *condition, e *fsconf.Element) error {
	list := &c.actions
	switch e.Name {
	case "action":
	case "anti-action":
		list = &c.antis
	default:
		return nil
	}
	a := action{app: e.Attr("application"), inline: isTrue(e.Attr("inline")), place: fmt.Sprintf("%s:%d", e.File, e.Line)}
	data := e.Attr("data")
	if e.Text != "" {
		data = e.Text
	}
	var err error
	if a.data, err = readText(data); err != nil {
		return r.wrong(e, fmt.Errorf("application %s: data %.80q: %w", a.app, data, err))
	}
	app, known := applications[a.app]
	switch {
	case !known:
		r.note(e, "application "+a.app)
	case app.note != "":
		r.note(e, "application "+a.app+": "+app.note)
	}
	if a.app == "conference" && strings.HasPrefix(data, "bridge:") {
		r.note(e, "application conference: bridge: calls nobody")
	}
	for _, name := range a.data.functions() {
		if !knownFunction(name) {
			r.note(e, "function "+name)
		}
	}
	*list = append(*list, a)
	return nil
}
