// Package opus is a thin binding of libopus 1.3 and newer: one call of C for one
// packet, no allocation, and the encoder's state can be copied, so that a stream
// moves from one encoder to another without a click.
//
// It is part of the hot path. All sound is 48 kHz, interleaved; a decoder or
// encoder is used by one goroutine at a time. No Go memory is kept by C and no C
// memory leaves the package.
package opus

/*
#cgo pkg-config: opus
#include <opus.h>
*/
import "C"

import "fmt"

// MaxPacketSamples is the longest packet that Opus knows, 120 ms, in samples per
// channel (RFC 6716 2.1.4).
const MaxPacketSamples = 5760

// Version names the C library, such as "libopus 1.3.1".
func Version() string { return C.GoString(C.opus_get_version_string()) }

// failure is libopus' error code n of an operation as an error.
func failure(operation string, n C.int) error {
	return fmt.Errorf("opus: %s: %s", operation, C.GoString(C.opus_strerror(n)))
}

func checkChannels(n int) error {
	if n != 1 && n != 2 {
		return fmt.Errorf("opus: %d channels: must be 1 or 2", n)
	}
	return nil
}
