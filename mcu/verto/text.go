package verto

import (
	"strings"
	"unicode"
)

// Longest texts that are taken from a client, in bytes unless said.
const (
	maxName      = 64   // of a variable
	maxValue     = 2048 // of a variable
	maxVariables = 64
	maxDisplay   = 80 // runes of a shown name
	maxBody      = 16 << 10
	maxChannel   = 256
	maxCallID    = 128
	maxSDP       = 128 << 10
	maxDTMF      = 32
	maxPIN       = 32
	maxDevice    = 64
)

// cleanText makes a name fit to be shown: no control characters, nothing that turns
// the direction of the text around it, no white space at the ends, at most limit runes.
func cleanText(s string, limit int) string {
	n := 0
	s = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || turnsText(r) || r == unicode.ReplacementChar {
			return -1
		}
		if n++; n > limit {
			return -1
		}
		return r
	}, strings.TrimSpace(s))
	return strings.TrimSpace(s)
}

// turnsText knows the bidirectional embeddings, overrides and isolates (Unicode
// Annex 9), and the separators that break a line.
func turnsText(r rune) bool {
	return r >= 0x202A && r <= 0x202E || r >= 0x2066 && r <= 0x2069 || r == 0x2028 || r == 0x2029
}

// wireID accepts an id that a client chose: visible ASCII, so that it can stand in
// logs, channel names and array keys, and be a key of clients' own tables.
func wireID(s string, limit int) bool {
	if s == "" || len(s) > limit || s == "__proto__" {
		return false
	}
	for i := range len(s) {
		if s[i] <= ' ' || s[i] > '~' || s[i] == '"' || s[i] == '\\' {
			return false
		}
	}
	return true
}
