package fonts

import (
	"cmp"
	"slices"
	"unicode"

	"github.com/go-text/typesetting/di"
	"github.com/go-text/typesetting/font"
	"github.com/go-text/typesetting/language"
	"github.com/go-text/typesetting/shaping"
	"golang.org/x/image/math/fixed"
)

// paragraph is a text in lines, each of them runs from left to right.
type paragraph struct {
	lines     [][]shaping.Output
	direction di.Direction
	cut       bool // an ellipsis stands for the rest
}

// ellipsis ends a text that does not fit.
const ellipsis = '…'

// layoutLocked shapes a text and breaks it into lines.
func (l *Library) layoutLocked(text string, s Style, width, lines int) paragraph {
	all := []rune(text)
	f := faces{Library: l, base: l.baseLocked(s), colored: askedPictures(all)}
	runes, more := f.printable(all)
	p := paragraph{direction: direction(runes)}
	if len(runes) == 0 {
		return p
	}
	runs := l.shapeLocked(f, runes, p.direction, s.Size)
	config := shaping.WrapConfig{
		Direction:          p.direction,
		TruncateAfterLines: lines,
		Truncator:          l.shapeLocked(f, []rune{ellipsis}, p.direction, s.Size)[0],
		TextContinues:      more && width < endless,
	}
	wrapped, truncated := l.wrap.WrapParagraph(config, width, runes, shaping.NewSliceIterator(runs))
	for _, line := range wrapped {
		line = slices.Clone(line) // the wrapper's own is written again
		trim(line, runes)
		slices.SortStableFunc(line, func(a, b shaping.Output) int { return cmp.Compare(a.VisualIndex, b.VisualIndex) })
		p.lines = append(p.lines, line)
	}
	p.cut = truncated > 0 || config.TextContinues
	return p
}

// shapeLocked gives the runs of a text in its own order.
func (l *Library) shapeLocked(f faces, runes []rune, d di.Direction, size int) []shaping.Output {
	in := shaping.Input{
		Text:      runes,
		RunEnd:    len(runes),
		Direction: d,
		Size:      fixed.I(size),
		Language:  language.NewLanguage("en"),
	}
	var runs []shaping.Output
	for _, part := range l.split.Split(in, f) {
		run := l.shaper.Shape(part)
		narrowSpaces(&run, f.base, runes)
		runs = append(runs, run)
	}
	return runs
}

// narrowSpaces gives spaces the width that they have in the base face where their own
// is that of a picture: a space belongs to the run before it, in whatever face.
func narrowSpaces(run *shaping.Output, base *font.Face, runes []rune) {
	if run.Face == base {
		return
	}
	id, ok := base.NominalGlyph(' ')
	if !ok {
		return
	}
	for i := range run.Glyphs {
		if g := &run.Glyphs[i]; runes[g.TextIndex()] == ' ' && g.Advance > run.Size/2 {
			g.Advance = fixed.Int26_6(base.HorizontalAdvance(id) * float32(run.Size) / float32(base.Upem()))
		}
	}
	run.RecomputeAdvance()
}

// trim takes the width from a space that ends a line, given in the text's order. The
// wrapper does so only where the space is on the paragraph's side of its run.
func trim(line []shaping.Output, runes []rune) {
	if len(line) == 0 {
		return
	}
	run := &line[len(line)-1]
	end := run.Runes.Offset + run.Runes.Count - 1
	if run.Runes.Count == 0 || end >= len(runes) || runes[end] != ' ' {
		return
	}
	run.Glyphs = slices.Clone(run.Glyphs) // shared with the text before it was broken
	for i := range run.Glyphs {
		if g := &run.Glyphs[i]; g.TextIndex() == end {
			g.Advance = 0
		}
	}
	run.RecomputeAdvance()
}

// The joiners, which say how the letters beside them are shaped.
const (
	zwnj = '\u200c'
	zwj  = '\u200d'
)

// printable returns the runes of a text that can be drawn or that shape others, and
// whether there would be more. White space of every kind becomes one kind of space.
func (f faces) printable(text []rune) (runes []rune, more bool) {
	for _, r := range text {
		switch {
		case len(runes) == maxRunes:
			return runes, true
		case unicode.IsSpace(r):
			runes = append(runes, ' ')
		case r == zwnj || r == zwj || unicode.Is(unicode.Variation_Selector, r):
			runes = append(runes, r)
		case unicode.Is(unicode.C, r): // controls, among them those that turn the direction
		case f.look(r) != nil:
			runes = append(runes, r)
		}
	}
	return runes, false
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
