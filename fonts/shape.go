package fonts

import (
	"cmp"
	"slices"
	"unicode"

	"github.com/go-text/typesetting/di"
	"github.com/go-text/typesetting/language"
	"github.com/go-text/typesetting/shaping"
	"golang.org/x/image/math/fixed"
)

// layoutLocked shapes text as one line and returns its runs from left to right.
func (l *Library) layoutLocked(text string, size int) []shaping.Output {
	runes := l.printableLocked(text)
	if len(runes) == 0 {
		return nil
	}
	in := shaping.Input{
		Text:      runes,
		RunEnd:    len(runes),
		Direction: direction(runes),
		Size:      fixed.I(size),
		Language:  language.NewLanguage("en"),
	}
	var runs []shaping.Output
	for _, part := range l.split.Split(in, faces{l}) {
		runs = append(runs, l.shaper.Shape(part))
	}
	return l.orderLocked(runs, runes, in.Direction)
}

// orderLocked puts the runs into the order in which they are seen.
func (l *Library) orderLocked(runs []shaping.Output, runes []rune, d di.Direction) []shaping.Output {
	config := shaping.WrapConfig{Direction: d, DisableTrailingWhitespaceTrim: true}
	const endless = 1 << 24 // pixels
	lines, _ := l.wrap.WrapParagraph(config, endless, runes, shaping.NewSliceIterator(runs))
	var line []shaping.Output
	for _, part := range lines {
		line = append(line, part...)
	}
	slices.SortStableFunc(line, func(a, b shaping.Output) int { return cmp.Compare(a.VisualIndex, b.VisualIndex) })
	return line
}

// The joiners, which say how the letters beside them are shaped.
const (
	zwnj = '\u200c'
	zwj  = '\u200d'
)

// printableLocked returns the runes of text that can be drawn or that shape
// others. White space of every kind becomes one kind of space.
func (l *Library) printableLocked(text string) []rune {
	var runes []rune
	for _, r := range text {
		switch {
		case len(runes) == maxRunes:
			return runes
		case unicode.IsSpace(r):
			runes = append(runes, ' ')
		case r == zwnj || r == zwj || unicode.Is(unicode.Variation_Selector, r):
			runes = append(runes, r)
		case unicode.Is(unicode.C, r): // controls, among them those that turn the direction
		case l.lookLocked(r) != nil:
			runes = append(runes, r)
		}
	}
	return runes
}

// rightToLeft are the scripts written from right to left.
var rightToLeft = []*unicode.RangeTable{
	unicode.Hebrew, unicode.Arabic, unicode.Syriac, unicode.Thaana, unicode.Nko,
	unicode.Samaritan, unicode.Mandaic, unicode.Adlam, unicode.Mende_Kikakui, unicode.Hanifi_Rohingya,
}

// direction is that of the first letter: a name begins on its own side whatever
// language the server speaks.
func direction(runes []rune) di.Direction {
	for _, r := range runes {
		if unicode.IsOneOf(rightToLeft, r) && unicode.IsLetter(r) {
			return di.DirectionRTL
		}
		if unicode.IsLetter(r) {
			return di.DirectionLTR
		}
	}
	return di.DirectionLTR
}
