package decor

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/omniverto/omniverto/media"
)

// maxText bounds a text that is shown, in bytes.
const maxText = 512

// option is one of the options that stand before a text or a file name.
type option struct{ key, value string }

// options reads {key=value,…}rest as FreeSWITCH does (switch_event_create_brackets):
// a value that contains separators stands in single quotes, and {^^;a=1;b=2} names
// another separator. Without { all is rest. Keys are in lower case; options without
// a value are left out.
func options(words string) (list []option, rest string, err error) {
	words = strings.TrimSpace(words)
	in, ok := strings.CutPrefix(words, "{")
	if !ok {
		return nil, words, nil
	}
	separator := byte(',')
	if other, ok := strings.CutPrefix(in, "^^"); ok && other != "" {
		separator, in = other[0], other[1:]
	}
	var field []byte
	for i, quoted := 0, false; i < len(in); i++ {
		switch c := in[i]; {
		case c == '\'' && quoted:
			quoted = false
		case c == '\'' && (i == 0 || in[i-1] == '=' || in[i-1] == ':' || in[i-1] == separator):
			quoted = true
		case !quoted && (c == separator || c == '}'):
			if list, err = appendOption(list, string(field)); err != nil || c == '}' {
				return list, in[i+1:], err
			}
			field = field[:0]
		default:
			field = append(field, c)
		}
	}
	return nil, "", fmt.Errorf("options without a closing }")
}

func appendOption(list []option, field string) ([]option, error) {
	key, value, ok := strings.Cut(field, "=")
	key, value = strings.ToLower(strings.TrimSpace(key)), strings.TrimSpace(value)
	switch {
	case key == "" && !ok:
		return list, nil
	case !ok:
		return list, fmt.Errorf("option %q has no value", shorten(key))
	case value == "":
		return list, nil
	}
	return append(list, option{key, value}), nil
}

// unknown is the error of an option that is none.
func (o option) unknown() error { return fmt.Errorf("unknown option %q", shorten(o.key)) }

func (o option) color(to *media.RGB) error {
	c, err := media.ParseRGB(o.value)
	if err != nil {
		return fmt.Errorf("%s: %q is not #rrggbb, red, green or blue", o.key, shorten(o.value))
	}
	*to = c
	return nil
}

func (o option) integer(to *int, least, most int) error {
	n, err := strconv.Atoi(o.value)
	if err != nil || n < least || n > most {
		return fmt.Errorf("%s: %q is not a number from %d to %d", o.key, shorten(o.value), least, most)
	}
	*to = n
	return nil
}

func (o option) number(to *float64, most float64) error {
	n, err := strconv.ParseFloat(o.value, 64)
	if err != nil || !(n >= 0 && n <= most) {
		return fmt.Errorf("%s: %q is not a number from 0 to %g", o.key, shorten(o.value), most)
	}
	*to = n
	return nil
}

// shorten makes a client's words fit for an error message.
func shorten(s string) string {
	const most = 80
	if len(s) <= most {
		return s
	}
	return cut(s, most) + "…"
}

// cut cuts a text to at most n bytes, at a character.
func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}

// clean makes a text one line that cannot turn the direction of what is around it:
// no control characters, no bidirectional controls, bounded.
func clean(s string) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case unicode.IsControl(r), unicode.Is(unicode.Bidi_Control, r), r == unicode.ReplacementChar:
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, ""))
	return strings.TrimSpace(cut(strings.TrimSpace(s), maxText))
}
