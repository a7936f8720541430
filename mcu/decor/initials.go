package decor

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// initials are the first letters of the first and the last word of a name; of a
// name without letters the last two digits, which tell numbers apart; else "".
// Scripts without capitals and with long clusters keep a letter's marks; Chinese,
// Japanese and Korean names give one character.
func initials(name string) string {
	var letters []string
	for _, word := range strings.Fields(name) {
		if l := firstLetter(word); l != "" {
			letters = append(letters, l)
		}
	}
	switch n := len(letters); {
	case n == 0:
		return lastDigits(name, 2)
	case n == 1 || isCJK(letters[0]):
		return letters[0]
	default:
		return letters[0] + separator(letters[0]) + letters[n-1]
	}
}

// firstLetter is the first letter of a word in upper case with the marks that
// follow it, "" if there is none.
func firstLetter(word string) string {
	start := strings.IndexFunc(word, unicode.IsLetter)
	if start < 0 {
		return ""
	}
	_, size := utf8.DecodeRuneInString(word[start:])
	end := start + size
	for end < len(word) && end-start < maxCluster {
		r, size := utf8.DecodeRuneInString(word[end:])
		if !unicode.IsMark(r) {
			break
		}
		end += size
	}
	return strings.ToUpper(word[start:end])
}

// maxCluster bounds a letter with its marks in bytes.
const maxCluster = 16

// separator keeps letters of scripts that join from becoming a word.
func separator(letter string) string {
	r, _ := utf8.DecodeRuneInString(letter)
	if unicode.In(r, unicode.Arabic, unicode.Syriac, unicode.Mongolian, unicode.Nko) {
		return "\u200c"
	}
	return ""
}

func isCJK(letter string) bool {
	r, _ := utf8.DecodeRuneInString(letter)
	return unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Hangul)
}

// lastDigits are the last n ASCII digits of a text.
func lastDigits(text string, n int) string {
	var digits []rune
	for _, r := range text {
		if r >= '0' && r <= '9' {
			digits = append(digits, r)
		}
	}
	return string(digits[max(len(digits)-n, 0):])
}
