// Package layouts reads FreeSWITCH's conference_layouts.conf.xml, chooses a
// layout for a number of members and turns its images into rectangles.
//
// It is pure functions over immutable values: a Set and all that it holds is
// never changed after Parse and safe for concurrent use.
//
// It differs from FreeSWITCH where its behaviour is a fault: a wrong value
// refuses the document with its line instead of dropping a piece of it, and
// rectangles are aligned to even pixels, because chroma has half the resolution.
package layouts
