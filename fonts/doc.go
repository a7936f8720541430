// Package fonts sets text in any script: it shapes it, breaks it into lines, cuts it
// with an ellipsis and draws it as an alpha mask, with coloured pictures for emoji
// where a font has them. Letters come from the Go fonts for Latin, Greek and
// Cyrillic, or from a face that the text names, and from the system's fonts for the
// rest.
//
// It is not part of the hot path: a text is set when it changes, and cached.
package fonts
