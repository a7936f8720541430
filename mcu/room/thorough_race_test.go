//go:build race

package room_test

// thorough is off under the race detector, which makes the drawing of pictures ten
// times slower and finds nothing new in the fortieth of them.
const thorough = false
