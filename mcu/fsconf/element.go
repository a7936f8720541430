package fsconf

import (
	"fmt"
	"iter"
	"strings"
)

// Element is one element of a document, with all variables replaced. It is not
// changed once a document has been returned.
type Element struct {
	Name     string
	Attrs    []Attr // as written
	Children []*Element
	Text     string // of the element itself, without what is white space alone
	File     string // where it was read, relative to the folder, separated by slashes
	Line     int
}

// Attr is one attribute of an element.
type Attr struct{ Name, Value string }

// Attr is the value of an attribute, "" without it. Of two the first counts.
func (e *Element) Attr(name string) string {
	value, _ := e.Lookup(name)
	return value
}

// Lookup is Attr and whether the attribute is there at all.
func (e *Element) Lookup(name string) (value string, ok bool) {
	for _, a := range e.Attrs {
		if a.Name == name {
			return a.Value, true
		}
	}
	return "", false
}

// Named yields the children of a name, in their order.
func (e *Element) Named(name string) iter.Seq[*Element] {
	return func(yield func(*Element) bool) {
		for _, c := range e.Children {
			if c.Name == name && !yield(c) {
				return
			}
		}
	}
}

// Child is the first child of a name, nil without one.
func (e *Element) Child(name string) *Element {
	for c := range e.Named(name) {
		return c
	}
	return nil
}

// Params are the values of <param name value/>, the first of a name, by names in
// lower case with dashes for underscores.
func (e *Element) Params() map[string]*Element {
	out := map[string]*Element{}
	for p := range e.Named("param") {
		name := strings.ReplaceAll(strings.ToLower(p.Attr("name")), "_", "-")
		if _, dup := out[name]; !dup && name != "" {
			out[name] = p
		}
	}
	return out
}

// Errorf is an error that begins with the element's file and line. Its format may
// wrap with %w.
func (e *Element) Errorf(format string, args ...any) error {
	return at(e.File, e.Line, fmt.Errorf(format, args...))
}

// at puts file and line before an error that has none yet.
func at(file string, line int, err error) error {
	return fmt.Errorf("%s:%d: %w", file, line, err)
}
