package dialplan

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// text is a value of the plan with what is put into it for each call: $1 and
// ${variable}, ${variable:offset:length} and ${function(argument)}.
//
// What a caller chose, his destination and name, is armoured when it is put in: it
// can fill a place but never be read as an application's syntax or expand again.
type text []part

// part is a piece of a text.
type part struct {
	kind    kind
	literal string // of a literal
	capture int    // of a capture: n of $n
	inner   text   // of a variable: what stands in ${…}
}

// kind is what a part is.
type kind uint8

const (
	literal kind = iota
	capture
	variable
)

var errBrace = errors.New("${ without }")

// maxNesting bounds ${…} in ${…}.
const maxNesting = 8

// readText takes a value of the document apart.
func readText(s string) (text, error) {
	t, _, err := readParts(s, 0)
	return t, err
}

// readParts reads to the end, or in a variable to its closing brace.
func readParts(s string, depth int) (t text, rest string, err error) {
	if depth > maxNesting {
		return nil, "", fmt.Errorf("${ nested deeper than %d", maxNesting)
	}
	var b strings.Builder
	braces := 0 // open ones that are no variable's
	flush := func() {
		if b.Len() > 0 {
			t = append(t, part{literal: b.String()})
			b.Reset()
		}
	}
	for s != "" {
		n := digits(s)
		switch {
		case strings.HasPrefix(s, `\$`):
			b.WriteByte('$')
			s = s[2:]
		case strings.HasPrefix(s, "${"):
			flush()
			var inner text
			if inner, s, err = readParts(s[2:], depth+1); err != nil {
				return nil, "", err
			}
			t = append(t, part{kind: variable, inner: inner})
		case n > 0:
			flush()
			number, _ := strconv.Atoi(s[1 : 1+n])
			t = append(t, part{kind: capture, capture: number})
			s = s[1+n:]
		case depth > 0 && s[0] == '}' && braces == 0:
			flush()
			return t, s[1:], nil
		default:
			switch s[0] {
			case '{':
				braces++
			case '}':
				braces--
			}
			b.WriteByte(s[0])
			s = s[1:]
		}
	}
	flush()
	if depth > 0 {
		return nil, "", errBrace
	}
	return t, "", nil
}

// digits is how many digits follow a $ at the beginning, at most two.
func digits(s string) int {
	if s == "" || s[0] != '$' {
		return 0
	}
	n := 0
	for n < 2 && 1+n < len(s) && s[1+n] >= '0' && s[1+n] <= '9' {
		n++
	}
	return n
}

// functions names the functions that a text calls by name.
func (t text) functions() (names []string) {
	for _, p := range t {
		if len(p.inner) == 0 {
			continue
		}
		if name, _, ok := strings.Cut(p.inner[0].literal, "("); ok {
			names = append(names, strings.TrimSpace(name))
		}
		names = append(names, p.inner.functions()...)
	}
	return names
}

// fill makes a text's value for a call.
func (t text) fill(c *run, captures []string) string {
	var b strings.Builder
	for _, p := range t {
		switch p.kind {
		case variable:
			b.WriteString(c.value(p.inner.fill(c, captures)))
		case capture:
			if p.capture < len(captures) {
				b.WriteString(captures[p.capture])
			}
		case literal:
			b.WriteString(p.literal)
		}
		if b.Len() > maxText {
			return cut(b.String(), maxText)
		}
	}
	return b.String()
}

// armour is the first of 128 private code points that stand for the ASCII signs of
// a caller's text.
const armour = '\uE000'

// armoured hides the signs of a text that applications could read as syntax. What
// looks hidden already is somebody's forgery.
func armoured(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r >= '0' && r <= '9', r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z':
			return r
		case r < 0x80:
			return armour + r
		case hidden(r):
			return '?'
		}
		return r
	}, s)
}

// plain undoes armoured, for what is compared or handed out.
func plain(s string) string {
	return strings.Map(func(r rune) rune {
		if hidden(r) {
			return r - armour
		}
		return r
	}, s)
}

func hidden(r rune) bool { return r >= armour && r < armour+0x80 }

// cut shortens a text at the end of a character.
func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && s[n]&0xC0 == 0x80 {
		n--
	}
	return s[:n]
}
