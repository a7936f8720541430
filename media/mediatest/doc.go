// Package mediatest is what tests of the media plane share: colour patterns and
// tones that can be told apart, meters for both (PSNR, dBFS by RMS and by
// Goertzel), golden pictures, files for browsers' fake devices, and the
// conformance suites that every codec runs.
//
// It is for tests only; its helpers may allocate as they like.
package mediatest
