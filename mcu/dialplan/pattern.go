package dialplan

import (
	"fmt"
	"regexp"
	"strings"
)

// maxPattern bounds an expression, in bytes.
const maxPattern = 4096

// compile reads a pattern as FreeSWITCH does: a regular expression that may match
// anywhere, /EXPRESSION/i to ignore case, or _PATTERN of Asterisk's kind. Go's
// expressions take time in proportion to the text, whatever the pattern; the price
// is that they know no look-around and no back-references.
func compile(expression string) (*regexp.Regexp, error) {
	if len(expression) > maxPattern {
		return nil, fmt.Errorf("expression of more than %d bytes", maxPattern)
	}
	pattern := expression
	switch end := strings.LastIndexByte(expression, '/'); {
	case strings.HasPrefix(expression, "_"):
		pattern = asterisk(expression[1:])
	case strings.HasPrefix(expression, "/") && end > 0:
		pattern = expression[1:end]
		if strings.Contains(expression[end:], "i") {
			pattern = "(?i)" + pattern
		}
	}
	re, err := regexp.Compile(pattern)
	if err != nil {
		return nil, fmt.Errorf("expression %.200q: %w (look-around, back-references and possessive repeats are not known)", expression, err)
	}
	return re, nil
}

// asterisk turns _1NXX. into an expression.
func asterisk(pattern string) string {
	var b strings.Builder
	b.WriteByte('^')
	for _, c := range pattern {
		switch c {
		case 'X':
			b.WriteString("[0-9]")
		case 'Z':
			b.WriteString("[1-9]")
		case 'N':
			b.WriteString("[2-9]")
		case '.':
			b.WriteString(".*")
		case '[', ']', '-':
			b.WriteRune(c)
		default:
			b.WriteString(regexp.QuoteMeta(string(c)))
		}
	}
	b.WriteByte('$')
	return b.String()
}
