package decor

import (
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// Unescape undoes what clients do to a text before they send it: JavaScript's
// escape(), which writes %u0416 for a UTF-16 unit and %E9 for a Latin-1 character, and
// percent encoding of UTF-8, which is %C3%A9. A run of two-digit escapes that is valid
// UTF-8 is read as that, else as Latin-1. What is neither stays as it is.
func Unescape(s string) string {
	var out strings.Builder
	for s != "" {
		units, used := utf16Run(s)
		if used > 0 {
			out.WriteString(string(utf16.Decode(units)))
			s = s[used:]
			continue
		}
		raw := byteRun(s)
		if len(raw) > 0 {
			writeBytes(&out, raw)
			s = s[3*len(raw):]
			continue
		}
		// At least one byte is neither; what follows up to the next % is neither, too.
		next := strings.IndexByte(s[1:], '%') + 1
		if next == 0 {
			next = len(s)
		}
		out.WriteString(s[:next])
		s = s[next:]
	}
	return out.String()
}

// utf16Run reads the escaped UTF-16 units at the start of s, as many as there are: the units and
// the bytes of s that they take.
func utf16Run(s string) (units []uint16, used int) {
	for len(s) >= used+6 && s[used] == '%' && (s[used+1] == 'u' || s[used+1] == 'U') {
		n, err := strconv.ParseUint(s[used+2:used+6], 16, 16)
		if err != nil {
			break
		}
		units = append(units, uint16(n))
		used += 6
	}
	return units, used
}

// byteRun reads the escaped bytes at the start of s, as many as there are.
func byteRun(s string) (raw []byte) {
	for len(s) >= 3 && s[0] == '%' {
		n, err := strconv.ParseUint(s[1:3], 16, 8)
		if err != nil {
			break
		}
		raw = append(raw, byte(n))
		s = s[3:]
	}
	return raw
}

func writeBytes(out *strings.Builder, raw []byte) {
	if utf8.Valid(raw) {
		out.Write(raw)
		return
	}
	for _, b := range raw {
		out.WriteRune(rune(b)) // Latin-1 is the first part of Unicode
	}
}
