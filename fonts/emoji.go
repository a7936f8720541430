package fonts

import "unicode"

// firstPictograph begins the planes of emoji, flags and game symbols, which are
// shown as pictures where a font has pictures.
const firstPictograph = 0x1f000

// earlyPictures are the emoji before them that are pictures unless asked otherwise
// (Emoji_Presentation of Unicode's emoji-data.txt).
var earlyPictures = &unicode.RangeTable{R16: []unicode.Range16{
	{0x231a, 0x231b, 1}, {0x23e9, 0x23ec, 1}, {0x23f0, 0x23f3, 3}, {0x25fd, 0x25fe, 1}, {0x2614, 0x2615, 1},
	{0x2648, 0x2653, 1}, {0x267f, 0x267f, 1}, {0x2693, 0x2693, 1}, {0x26a1, 0x26a1, 1}, {0x26aa, 0x26ab, 1},
	{0x26bd, 0x26be, 1}, {0x26c4, 0x26c5, 1}, {0x26ce, 0x26ce, 1}, {0x26d4, 0x26d4, 1}, {0x26ea, 0x26ea, 1},
	{0x26f2, 0x26f3, 1}, {0x26f5, 0x26f5, 1}, {0x26fa, 0x26fa, 1}, {0x26fd, 0x26fd, 1}, {0x2705, 0x2705, 1},
	{0x270a, 0x270b, 1}, {0x2728, 0x2728, 1}, {0x274c, 0x274c, 1}, {0x274e, 0x274e, 1}, {0x2753, 0x2755, 1},
	{0x2757, 0x2757, 1}, {0x2795, 0x2797, 1}, {0x27b0, 0x27b0, 1}, {0x27bf, 0x27bf, 1}, {0x2b1b, 0x2b1c, 1},
	{0x2b50, 0x2b50, 1}, {0x2b55, 0x2b55, 1},
}}

// isPicture reports whether a character is a coloured picture rather than a letter.
func isPicture(r rune) bool {
	return r >= firstPictograph && r < 0x20000 || unicode.Is(earlyPictures, r)
}

// emojiStyle is the variation selector that asks for a picture.
const emojiStyle = '\ufe0f'

// askedPictures are the characters that the text itself asks to be pictures. Digits
// are not among them: one of them would turn every other in the text.
func askedPictures(runes []rune) map[rune]bool {
	var asked map[rune]bool
	for i, r := range runes {
		if r == emojiStyle && i > 0 && runes[i-1] > unicode.MaxASCII {
			if asked == nil {
				asked = map[rune]bool{}
			}
			asked[runes[i-1]] = true
		}
	}
	return asked
}
