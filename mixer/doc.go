// Package mixer holds what all engines of the data plane share: the Metronome
// that runs a step every period of the room's clock and measures how late and
// how busy it is, and the Gate that keeps long C calls from crowding out sound.
//
// It is part of the hot path: Enter, Leave and a metronome's tick allocate
// nothing in steady state.
package mixer
