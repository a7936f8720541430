package dialplan

import (
	"fmt"
	"strings"

	"github.com/omniverto/omniverto/mcu/directory"
)

// run is one call on its way through the plan. All texts in it are armoured where a
// caller chose them.
type run struct {
	plan *Plan
	call Call

	destination, context string            // where it is now
	vars                 map[string]string // set by the plan; lower-case names
	names                map[string]string // of these as written
	unset                map[string]bool   // variables of the call that the plan has taken away
	hops                 int               // transfers so far
	matched              bool              // an extension that is the last word
	skipped              bool              // an application of it was passed over
	failed               int               // cause of the first bridge that could not be made; 0 none
	target               *Target           // what is known of it so far
}

var (
	errLoop    = fmt.Errorf("%w: transferred in circles", directory.ErrDestination)
	errNothing = fmt.Errorf("%w: no extension matches", directory.ErrDestination)
	errActions = fmt.Errorf("%w: more than %d actions", directory.ErrDestination, maxActions)
)

// follow plays the plan for a call.
func (p *Plan) follow(c Call) (Target, error) {
	r := &run{
		plan: p, call: c, destination: armoured(c.Destination), context: c.Context,
		vars: map[string]string{}, names: map[string]string{}, unset: map[string]bool{},
	}
	if r.context == "" {
		r.context = p.context
	}
	t := Target{Canvas: -1}
	r.target = &t
	for done := false; !done; {
		actions, err := r.hunt()
		if err == nil {
			done, err = r.execute(actions)
		}
		if err != nil {
			return Target{}, fmt.Errorf("dialplan: destination %.80q, context %.80q: %w", plain(r.destination), r.context, err)
		}
	}
	t.Variables = map[string]string{}
	for name, value := range r.vars {
		t.Variables[r.names[name]] = plain(value)
	}
	return t, nil
}

// bound is an action with the captures for its data.
type bound struct {
	action
	captures []string
	aside    bool // of an extension that wants the next ones tried as well
}

// hunt collects what is to be done: of the extension that matches, and of those before
// it that want the next ones tried as well. As in FreeSWITCH, the extension that is
// named like the destination is tried first, and none before it.
func (r *run) hunt() ([]bound, error) {
	c := r.plan.contexts[r.context]
	if c == nil {
		c = r.plan.contexts["global"]
	}
	if c == nil {
		return nil, fmt.Errorf("%w: no such context", directory.ErrDestination)
	}
	from := 0
	for i, x := range c.extensions {
		if x.name != "" && x.name == plain(r.destination) {
			from = i
			break
		}
	}
	var todo []bound
	r.matched = false
	for _, x := range c.extensions[from:] {
		before := len(todo)
		matched, err := r.conditions(x.conditions, &todo)
		if err != nil {
			return nil, err
		}
		for i := range todo[before:] {
			todo[before+i].aside = x.more
		}
		if matched && !x.more {
			r.matched = len(todo) > before
			break
		}
	}
	return todo, nil
}

// conditions tries a list of conditions and collects what they want done. It reports
// the outcome of the last one that was tried; a condition that fails and has
// anti-actions counts as met.
func (r *run) conditions(list []*condition, todo *[]bound) (met bool, err error) {
	for _, c := range list {
		holds, captures := r.holds(c)
		actions := c.actions
		if met = holds; !holds {
			actions = c.antis
			met = len(c.antis) > 0
		}
		for _, a := range actions {
			if len(*todo) >= maxActions {
				return false, errActions
			}
			b := bound{action: a, captures: captures}
			if !a.inline {
				*todo = append(*todo, b)
			} else if app, ok := applications[a.app]; ok && app.inline {
				_, _ = app.do(r, a.data.fill(r, captures)) // sets variables and nothing else
			}
		}
		if holds && len(c.nested) > 0 {
			inner, err := r.conditions(c.nested, todo)
			if err != nil {
				return false, err
			}
			met = inner || c.optional
			holds = met
		}
		if holds && c.when.afterTrue || !holds && c.when.afterFalse {
			break
		}
	}
	return met, nil
}

// holds tries one condition. The captures are those of its last test that matched.
func (r *run) holds(c *condition) (bool, []string) {
	for _, t := range c.times {
		if !t.holds(r.plan.now()) {
			return false, nil
		}
	}
	matched := 0
	var captures []string
	for _, t := range c.tests {
		if got, ok := r.match(t); ok {
			matched++
			captures = got
			if c.rule == "any" {
				break
			}
		}
	}
	ok := matched == len(c.tests)
	switch c.rule {
	case "any":
		ok = matched > 0
	case "xor":
		ok = matched == 1
	}
	if !ok {
		captures = nil
	}
	return ok, captures
}

// match compares a field with a pattern. Captures of what a caller chose are armoured
// again.
func (r *run) match(t test) ([]string, bool) {
	field := t.field.fill(r, nil)
	if t.caller != "" {
		field = r.field(t.caller)
	}
	pattern := t.pattern
	if pattern == nil {
		var err error
		if pattern, err = compile(plain(t.variable.fill(r, nil))); err != nil {
			return nil, false
		}
	}
	open := plain(field)
	found := pattern.FindStringSubmatch(open)
	if found == nil {
		return nil, false
	}
	if !t.captures {
		return nil, true
	}
	if open != field {
		for i, s := range found {
			found[i] = armoured(s)
		}
	}
	return found, true
}

// execute does what was collected. done is false when the call was transferred and
// looks for its way anew.
func (r *run) execute(todo []bound) (done bool, err error) {
	for _, b := range todo {
		app, ok := applications[b.app]
		if !ok {
			r.skipped = r.skipped || !b.aside
			continue
		}
		next, err := app.do(r, b.data.fill(r, b.captures))
		switch {
		case err != nil:
			return false, fmt.Errorf("%s: %s: %w", b.place, b.app, err)
		case next == connected:
			return true, nil
		case next == transferred:
			if r.hops++; r.hops > maxTransfers {
				return false, errLoop
			}
			return false, nil
		}
	}
	if !r.matched {
		return false, errNothing
	}
	r.target.Kind, r.target.Cause = Hangup, CauseNormalClearing
	if r.failed > 0 {
		r.target.Cause = r.failed
	} else if r.skipped {
		r.target.Cause = CauseNoRoute // what the number is for is not here
	}
	return true, nil
}

// set gives a variable a value; it stays in bounds by forgetting what is too much.
func (r *run) set(name, value string) {
	name = plain(strings.TrimSpace(name))
	key := strings.ToLower(name)
	if _, known := r.vars[key]; name == "" || !known && len(r.vars) >= maxVariables {
		return
	}
	r.vars[key], r.names[key] = cut(value, maxText), name
}

func (r *run) remove(name string) {
	key := strings.ToLower(plain(strings.TrimSpace(name)))
	delete(r.vars, key)
	delete(r.names, key)
	if len(r.unset) < maxVariables {
		r.unset[key] = true
	}
}

// field is one of the caller's own, or else a variable: what stands in field="…".
func (r *run) field(name string) string {
	switch name {
	case "destination_number":
		return r.destination
	case "caller_id_name":
		return armoured(r.call.CallerName)
	case "caller_id_number", "ani":
		return armoured(r.call.CallerNumber)
	case "context":
		return r.context
	case "dialplan":
		return "XML"
	case "username":
		return armoured(r.call.User)
	case "source":
		return "mod_verto"
	case "direction":
		return "inbound"
	case "chan_name", "channel_name":
		return "verto.rtc/" + r.destination
	}
	return ""
}

// variable is ${name}: of the plan, of the call, of the caller, of the tree.
func (r *run) variable(name string) string {
	key := strings.ToLower(name)
	if v, ok := r.vars[key]; ok {
		return v
	}
	if r.unset[key] {
		return ""
	}
	if v := r.field(key); v != "" { // before the variables: who sent it is known here
		return v
	}
	if v, ok := r.call.Variables[name]; ok {
		return v
	}
	for known, v := range r.call.Variables {
		if strings.EqualFold(known, name) {
			return v
		}
	}
	switch key {
	case "domain_name":
		return r.call.Domain
	case "user_name":
		return armoured(r.call.User)
	case "domain":
		if r.call.Domain != "" {
			return r.call.Domain
		}
	}
	return r.plan.globals[name]
}

// flags are those that the call joins a conference with.
func (r *run) flags(own string) string {
	value := func(name string) string { return plain(r.variable(name)) }
	return flags(own, value, r.vars, r.call.Variables)
}
