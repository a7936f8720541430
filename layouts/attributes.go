package layouts

import (
	"encoding/xml"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
)

// attributes reads the attributes of one element and keeps the first error.
type attributes struct {
	parser *parser
	name   string // of the element
	values map[string]string
	err    error
}

func (p *parser) attributes(e xml.StartElement) *attributes {
	a := &attributes{parser: p, name: e.Name.Local, values: make(map[string]string, len(e.Attr))}
	for _, attr := range e.Attr {
		if n := len(attr.Name.Local); n > maxName {
			a.fail(strings.ToValidUTF8(attr.Name.Local[:16], "")+"…", "a name of %d bytes, more than %d", n, maxName)
			continue
		}
		if n := len(attr.Value); n > maxValue {
			a.fail(attr.Name.Local, "%d bytes, more than %d", n, maxValue)
			continue
		}
		if _, twice := a.values[attr.Name.Local]; twice {
			a.fail(attr.Name.Local, "is there twice")
		}
		a.values[attr.Name.Local] = attr.Value
	}
	return a
}

func (a *attributes) fail(attribute, format string, args ...any) {
	if a.err == nil {
		a.err = fmt.Errorf("%s: attribute %s: %s", a.name, attribute, fmt.Sprintf(format, args...))
	}
}

// done returns the first error, and notes the attributes that nobody asked for.
func (a *attributes) done() error {
	for _, name := range slices.Sorted(maps.Keys(a.values)) {
		a.parser.ignore(fmt.Sprintf("attribute %s of %s", name, a.name))
	}
	return a.err
}

// take returns the value of the attribute that is there of one that has several
// spellings, and the spelling.
func (a *attributes) take(names ...string) (value, name string) {
	for _, n := range names {
		if v, ok := a.values[n]; ok {
			value, name = v, n
			delete(a.values, n)
		}
	}
	return value, name
}

func (a *attributes) text(names ...string) string {
	v, name := a.take(names...)
	if len(v) > maxName {
		a.fail(name, "%d bytes, more than %d", len(v), maxName)
		return ""
	}
	return v
}

// required is the default of a number that must be there.
const required = math.MinInt

func (a *attributes) number(name string, low, high, missing int) int {
	v, there := a.take(name)
	if there == "" {
		if missing == required {
			a.fail(name, "is missing")
		}
		return missing
	}
	n, err := strconv.Atoi(strings.TrimSpace(v))
	if err != nil || n < low || n > high {
		a.fail(name, "%q is not a whole number from %d to %d", v, low, high)
		return low
	}
	return n
}

// words are the booleans of FreeSWITCH's switch_true, and their opposites.
var words = map[string]bool{
	"true": true, "yes": true, "on": true, "enabled": true, "active": true, "allow": true, "t": true,
	"false": false, "no": false, "off": false, "disabled": false, "inactive": false, "deny": false, "f": false, "": false,
}

// flag reads a boolean: a word, or a number that is true if it is not zero.
func (a *attributes) flag(name string) bool {
	v, _ := a.take(name)
	v = strings.ToLower(strings.TrimSpace(v))
	if on, ok := words[v]; ok {
		return on
	}
	n, err := strconv.ParseFloat(v, 64)
	if err != nil || math.IsNaN(n) {
		a.fail(name, "%q is neither true nor false", v)
	}
	return n != 0
}

// position reads "auto" or three numbers "x:y:z".
func (a *attributes) position(name string) string {
	v := a.text(name)
	if v == "" || v == "auto" {
		return v
	}
	parts := strings.Split(v, ":")
	for _, part := range parts {
		n, err := strconv.ParseFloat(part, 64)
		if err != nil || math.IsNaN(n) || math.IsInf(n, 0) || len(parts) != 3 {
			a.fail(name, "%q is neither auto nor x:y:z", v)
			return ""
		}
	}
	return v
}
