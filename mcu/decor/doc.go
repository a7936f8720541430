// Package decor makes the still parts of a canvas: banners, labels, logos, mute
// bars, avatars, backdrops and fronts. Texts and images become bitmaps and pictures
// once, are cached by what was asked for, and are only read from then on: the same
// request gives the same pointer, so that who draws compares pointers to know
// whether anything changed.
//
// Images come from one folder and nothing outside of it is ever read or written.
//
// It is not part of the hot path: a room asks when its scene changes.
package decor
