package directory

import "strings"

// anyName is the list entry that disables a check (FreeSWITCH's word).
const anyName = "__ANY__"

// Permission is a set of names that a user may call or subscribe to, as in the
// directory parameters jsonrpc-allowed-*. It is immutable; the zero value allows
// nothing.
type Permission struct {
	all   bool
	names map[string]struct{}
}

// AllowAll is the permission that refuses nothing.
func AllowAll() Permission { return Permission{all: true} }

// ParsePermission reads a list: separated by spaces if it holds a space, else by
// commas. The name __ANY__ in it allows everything, an empty list nothing.
func ParsePermission(list string) Permission {
	list = strings.TrimSpace(list)
	sep := ","
	if strings.ContainsAny(list, " \t\r\n") {
		sep = " "
		list = strings.Join(strings.Fields(list), sep)
	}
	p := Permission{names: map[string]struct{}{}}
	for name := range strings.SplitSeq(list, sep) {
		switch name {
		case "":
		case anyName:
			return AllowAll()
		default:
			p.names[name] = struct{}{}
		}
	}
	return p
}

// Allows reports whether exactly this name is in the set.
func (p Permission) Allows(name string) bool {
	_, ok := p.names[name]
	return ok || p.all
}

// AllowsFamily reports whether the name, or its part before the first dot, is in
// the set: "verto" allows verto.invite, "presence" allows presence.bob@example.com.
func (p Permission) AllowsFamily(name string) bool {
	family, _, _ := strings.Cut(name, ".")
	return p.Allows(name) || p.Allows(family)
}
