package room

import (
	"context"
	"fmt"
	"strings"
)

// Execute runs one line of the conference API, what FreeSWITCH takes after
// "conference NAME", and returns the reply. Its errors are those of Do.
func (r *Room) Execute(ctx context.Context, line string) (string, error) {
	words := Split(line)
	if len(words) == 0 {
		return "Conference command, not specified.\nTry 'help'\n", nil
	}
	var reply Reply
	var ok bool
	err := r.Do(ctx, func(s *State) error {
		reply, ok = s.Command(words[0], words[1:]...)
		return nil
	})
	switch {
	case err != nil:
		return "", err
	case !ok:
		return fmt.Sprintf("-ERR Conference command '%s' not found.\n", words[0]), nil
	case reply.Later != nil:
		reply.Text += reply.Later(ctx)
	}
	return reply.Text, nil
}

// maxWords is how many words FreeSWITCH makes of a line; the last takes the rest.
const maxWords = 25

// Split makes words of a line as FreeSWITCH's switch_separate_string does. Spaces
// separate words, single quotes keep them together, a backslash takes a quote or a
// backslash as it is and \n, \r, \t and \s stand for line feed, return, tab and
// space. There are at most 25 words; the last one has the rest of the line.
func Split(line string) []string {
	var words []string
	for line = strings.TrimLeft(line, " "); line != ""; line = strings.TrimLeft(line, " ") {
		end := len(line)
		if len(words) < maxWords-1 {
			end = wordEnd(line)
		}
		words = append(words, clean(line[:end]))
		line = line[end:]
	}
	return words
}

// wordEnd is where the word at the beginning of a line ends: at the first space
// outside of quotes. A quote that nobody closes reaches to the end of the line.
func wordEnd(line string) int {
	quoted := false
	for i := 0; i < len(line); i++ {
		switch c := line[i]; {
		case c == '\\':
			i++
		case c == '\'':
			quoted = !quoted
		case c == ' ' && !quoted:
			return i
		}
	}
	return len(line)
}

// clean takes quotes and escapes off a word, and the spaces outside of quotes that
// are at its end. A single quote without another one after it stays.
func clean(raw string) string {
	var word []byte
	end, quoted := 0, false // word[:end] is without the spaces at the end
	for i := 0; i < len(raw); i++ {
		c := raw[i]
		if c == '\\' && i+1 < len(raw) {
			if e, ok := escaped(raw[i+1]); ok {
				word = append(word, e)
				end = len(word)
				i++
				continue
			}
		}
		if c == '\'' && (quoted || strings.IndexByte(raw[i+1:], '\'') >= 0) {
			quoted = !quoted
			end = len(word)
			continue
		}
		word = append(word, c)
		if c != ' ' || quoted {
			end = len(word)
		}
	}
	return string(word[:end])
}

func escaped(c byte) (byte, bool) {
	switch c {
	case '\'', '"', '\\':
		return c, true
	case 'n':
		return '\n', true
	case 'r':
		return '\r', true
	case 't':
		return '\t', true
	case 's':
		return ' ', true
	}
	return 0, false
}
