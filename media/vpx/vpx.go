// Package vpx is a thin binding of libvpx for VP8, one thread per codec: the
// settings of a live mixer, flags per frame, no copies but the one into or out of
// a picture.
//
// It is part of the hot path: Decode and Encode allocate nothing in steady state.
// They take milliseconds, so callers pass a mixer.Gate before. A decoder or
// encoder is used by one goroutine at a time. No Go memory is kept by C and no C
// memory leaves the package.
package vpx

/*
#cgo pkg-config: vpx
#include <vpx/vpx_codec.h>
*/
import "C"

import (
	"errors"
	"fmt"
)

var errClosed = errors.New("vpx: closed")

// Version names the C library, such as "v1.12.0".
func Version() string { return C.GoString(C.vpx_codec_version_str()) }

// failure is libvpx's error code of an operation as an error.
func failure(operation string, code C.vpx_codec_err_t) error {
	return fmt.Errorf("vpx: %s: %s", operation, C.GoString(C.vpx_codec_err_to_string(code)))
}
