package directory

import (
	"maps"
	"strings"

	"github.com/omniverto/omniverto/mcu/fsconf"
)

// User is one directory entry with everything merged: what the user says wins over
// his group, the group over the domain. It is immutable.
type User struct {
	Name, Domain string
	Params       map[string]string // keys in lower case
	Variables    map[string]string // names as written
	Groups       []string          // every group that lists him
}

// Variable finds a variable; case does not matter, as in FreeSWITCH.
func (u *User) Variable(name string) string { return lookup(u.Variables, name) }

func lookup(vars map[string]string, name string) string {
	if v, ok := vars[name]; ok {
		return v
	}
	for k, v := range vars {
		if strings.EqualFold(k, name) {
			return v
		}
	}
	return ""
}

// settings are the params and variables of one level.
type settings struct {
	params, vars map[string]string
}

// readSettings collects <params><param name value/></params> and the same of
// variables. Of two with one name the first wins.
func readSettings(e *fsconf.Element) settings {
	s := settings{params: map[string]string{}, vars: map[string]string{}}
	for _, c := range e.Children {
		switch c.Name {
		case "params":
			addPairs(s.params, c, "param", strings.ToLower)
		case "variables":
			addPairs(s.vars, c, "variable", func(n string) string { return n })
		}
	}
	return s
}

func addPairs(to map[string]string, list *fsconf.Element, item string, key func(string) string) {
	for _, c := range list.Children {
		name := key(c.Attr("name"))
		if _, dup := to[name]; c.Name != item || name == "" || dup {
			continue
		}
		to[name] = c.Attr("value")
	}
}

// under gives s on top of what it inherits. The inherited maps are not changed.
func (s settings) under(inherited settings) settings {
	return settings{params: overlay(inherited.params, s.params), vars: overlay(inherited.vars, s.vars)}
}

func overlay(below, above map[string]string) map[string]string {
	m := map[string]string{}
	maps.Copy(m, below)
	maps.Copy(m, above)
	return m
}

// table is everything read: users by domain and lower-case name.
type table struct {
	domains map[string]map[string]*User
	order   []string // domains as first seen
	dups    []string // user@domain defined more than once: the first definition holds
}

// collect walks a tree down to its domains. A user outside any domain belongs to
// fallback (vanilla's files of single users have no domain of their own).
func (t *table) collect(e *fsconf.Element, fallback string) error {
	loose := &fsconf.Element{Name: "domain", Attrs: []fsconf.Attr{{Name: "name", Value: fallback}}}
	for _, c := range e.Children {
		var err error
		switch c.Name {
		case "document":
			err = t.collect(c, fallback)
		case "section":
			if c.Attr("name") == "directory" {
				err = t.collect(c, fallback)
			}
		case "domain":
			err = t.domain(c)
		case "user", "users", "group", "groups":
			loose.Children = append(loose.Children, c)
		}
		if err != nil {
			return err
		}
	}
	if len(loose.Children) == 0 {
		return nil
	}
	return t.domain(loose)
}

func (t *table) domain(e *fsconf.Element) error {
	name := strings.ToLower(strings.TrimSpace(e.Attr("name")))
	if name == "" {
		return e.Errorf("domain without name")
	}
	if t.domains[name] == nil {
		t.domains[name] = map[string]*User{}
		t.order = append(t.order, name)
	}
	own := readSettings(e)
	for _, c := range e.Children {
		switch c.Name {
		case "groups":
			for _, g := range c.Children {
				if g.Name == "group" {
					t.group(g, name, own)
				}
			}
		case "group":
			t.group(c, name, own)
		default:
			t.users(c, name, "", own)
		}
	}
	return nil
}

func (t *table) group(e *fsconf.Element, domain string, inherited settings) {
	own := readSettings(e).under(inherited)
	for _, c := range e.Children {
		t.users(c, domain, e.Attr("name"), own)
	}
}

// users takes a <users> list or a <user>.
func (t *table) users(e *fsconf.Element, domain, group string, inherited settings) {
	switch e.Name {
	case "users":
		for _, c := range e.Children {
			t.users(c, domain, group, inherited)
		}
	case "user":
		t.user(e, domain, group, inherited)
	}
}

// user enters one user. type="pointer" only puts a user defined elsewhere into a group.
func (t *table) user(e *fsconf.Element, domain, group string, inherited settings) {
	id := strings.ToLower(strings.TrimSpace(e.Attr("id")))
	if id == "" {
		return
	}
	known := t.domains[domain][id]
	if known == nil && e.Attr("type") != "pointer" {
		s := readSettings(e).under(inherited)
		known = &User{Name: strings.TrimSpace(e.Attr("id")), Domain: domain, Params: s.params, Variables: s.vars}
		t.domains[domain][id] = known
	} else if known != nil && e.Attr("type") != "pointer" {
		t.dups = append(t.dups, id+"@"+domain)
	}
	if known != nil && group != "" {
		known.Groups = append(known.Groups, group)
	}
}
