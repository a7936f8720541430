package fsconf

import (
	"bytes"
	"errors"
)

var errComment = errors.New("a comment is not closed")

// blank makes a file's text fit for a strict XML reader without moving any line:
// comments become spaces, whatever stands in them ("--" does in real files, and what
// is commented out must not be obeyed), and an '&' that begins no entity stands for
// itself, as for FreeSWITCH's reader. The line is that of an error.
func blank(doc []byte) (out []byte, line int, err error) {
	out = make([]byte, 0, len(doc)+64)
	for i := 0; i < len(doc); {
		rest := doc[i:]
		switch {
		case bytes.HasPrefix(rest, []byte("<!--")):
			end := bytes.Index(rest[4:], []byte("-->"))
			if end < 0 {
				return nil, 1 + bytes.Count(doc[:i], []byte("\n")), errComment
			}
			end += len("<!---->")
			for _, c := range rest[:end] {
				if c != '\n' {
					c = ' '
				}
				out = append(out, c)
			}
			i += end
		case bytes.HasPrefix(rest, []byte("<![CDATA[")):
			end := bytes.Index(rest, []byte("]]>"))
			if end < 0 {
				end = len(rest) // the reader says what is wrong
			}
			out = append(out, rest[:end]...)
			i += end
		case rest[0] == '&' && !entity(rest):
			out = append(out, "&amp;"...)
			i++
		default:
			out = append(out, rest[0])
			i++
		}
	}
	return out, 0, nil
}

// maxEntity is the longest entity that is recognised as one, in bytes.
const maxEntity = 64

// entity reports whether a text begins with &name; or &#number;.
func entity(text []byte) bool {
	end := bytes.IndexByte(text[:min(len(text), maxEntity)], ';')
	if end < 2 {
		return false
	}
	for i, c := range text[1:end] {
		letter := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
		if !letter && (c < '0' || c > '9') && (c != '#' || i > 0) {
			return false
		}
	}
	return true
}
