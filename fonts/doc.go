// Package fonts turns text into alpha masks: it shapes it in any script, from the
// Go fonts for Latin, Greek and Cyrillic and from the system's fonts for the rest.
//
// It is not part of the hot path: a mask is made when a text changes, and cached.
package fonts
