// Package pixel holds the kernels of the compositor on planar 4:2:0 pictures:
// scale, turn, fill, copy, blend, colour filters and conversion from and to Go
// images.
//
// It is the plain Go reference that faster variants are tested against, and the
// variant that is always there. It is part of the hot path: all but the conversions
// allocate nothing. All kernels are pure functions, safe for concurrent use on
// different destinations.
//
// Rectangles and points are in luma pixels and begin at even coordinates, so
// that a chroma sample belongs to one side of every edge. A width or height may
// be odd only where it ends at the edge of a picture of odd size.
package pixel
