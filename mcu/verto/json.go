package verto

import (
	"bytes"
	"encoding/json"
	"errors"
	"strconv"
)

const (
	maxNesting = 64   // FreeSWITCH's limit since a deeper one overran its stacks
	maxMembers = 4096 // of one object that is looked into
)

var (
	errNotJSON  = errors.New("not JSON")
	errTooDeep  = errors.New("nested too deep")
	errNoObject = errors.New("not an object")
	errMembers  = errors.New("too many members")
)

// checkJSON accepts one valid JSON text nested no deeper than maxNesting.
func checkJSON(text []byte) error {
	depth, inString := 0, false
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case inString && c == '\\':
			i++
		case c == '"':
			inString = !inString
		case inString:
		case c == '{' || c == '[':
			if depth++; depth > maxNesting {
				return errTooDeep
			}
		case c == '}' || c == ']':
			depth--
		}
	}
	if !json.Valid(text) {
		return errNotJSON
	}
	return nil
}

// field is one member of an object as it came.
type field struct {
	key string
	raw json.RawMessage
}

// object is a JSON object read the way FreeSWITCH does: names compare without case
// and of several equal ones the first counts. The zero value is an empty object.
type object []field

func parseObject(raw []byte) (object, error) {
	d := json.NewDecoder(bytes.NewReader(raw))
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return nil, errNoObject
	}
	var o object
	for d.More() {
		t, err := d.Token()
		key, ok := t.(string)
		if err != nil || !ok {
			return nil, errNotJSON
		}
		f := field{key: key}
		if err := d.Decode(&f.raw); err != nil {
			return nil, errNotJSON
		}
		if o = append(o, f); len(o) > maxMembers {
			return nil, errMembers
		}
	}
	return o, nil
}

// get finds a member. JSON null counts as absent.
func (o object) get(name string) (json.RawMessage, bool) {
	for _, f := range o {
		if equalFold(f.key, name) {
			return f.raw, string(f.raw) != "null"
		}
	}
	return nil, false
}

// has reports whether the member exists, null included.
func (o object) has(name string) bool {
	for _, f := range o {
		if equalFold(f.key, name) {
			return true
		}
	}
	return false
}

// equalFold compares without ASCII case: other letters have no other case here.
func equalFold(a, b string) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range len(a) {
		if lower(a[i]) != lower(b[i]) {
			return false
		}
	}
	return true
}

func lower(c byte) byte {
	if c >= 'A' && c <= 'Z' {
		return c + 'a' - 'A'
	}
	return c
}

// str gives a string member; anything else is "".
func (o object) str(name string) string {
	raw, ok := o.get(name)
	if !ok {
		return ""
	}
	s, _ := asString(raw)
	return s
}

func asString(raw json.RawMessage) (string, bool) {
	if len(raw) == 0 || raw[0] != '"' {
		return "", false
	}
	var s string
	err := json.Unmarshal(raw, &s)
	return s, err == nil
}

// object gives an object member; anything else is empty.
func (o object) object(name string) object {
	raw, _ := o.get(name)
	sub, err := parseObject(raw)
	if err != nil {
		return nil
	}
	return sub
}

// isTrue takes true and "true".
func (o object) isTrue(name string) bool {
	raw, ok := o.get(name)
	if !ok {
		return false
	}
	s, _ := asString(raw)
	return string(raw) == "true" || s == "true"
}

// isFalse takes false and "false".
func (o object) isFalse(name string) bool {
	raw, ok := o.get(name)
	if !ok {
		return false
	}
	s, _ := asString(raw)
	return string(raw) == "false" || s == "false"
}

// number takes an integer or a decimal string; fallback for anything else.
func (o object) number(name string, fallback int) int {
	raw, ok := o.get(name)
	if !ok {
		return fallback
	}
	text := string(raw)
	if s, ok := asString(raw); ok {
		text = s
	}
	n, err := strconv.ParseInt(text, 10, 32)
	if err != nil {
		return fallback
	}
	return int(n)
}

// texts gives the string and bool members of an object, bools as "true" and "false":
// what FreeSWITCH takes over from userVariables and loginParams. At most limit of
// them, values of at most maxValue bytes.
func (o object) texts(limit int) map[string]string {
	m := map[string]string{}
	for _, f := range o {
		s, ok := asString(f.raw)
		if b := string(f.raw); b == "true" || b == "false" {
			s, ok = b, true
		}
		if _, dup := m[f.key]; !ok || dup || len(m) >= limit || len(f.key) > maxName || len(s) > maxValue {
			continue
		}
		m[f.key] = s
	}
	return m
}

// elements gives an array's elements; none for anything else.
func elements(list json.RawMessage) []json.RawMessage {
	var e []json.RawMessage
	if err := json.Unmarshal(list, &e); err != nil {
		return nil
	}
	return e
}
