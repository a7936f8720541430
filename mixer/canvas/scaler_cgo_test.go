//go:build cgo

package canvas_test

import (
	"github.com/omniverto/omniverto/media/yuv"
	"github.com/omniverto/omniverto/mixer/pixel"
)

// fast is the scaler of the product, for benchmarks.
func fast() pixel.Scaler { return yuv.Scaler{} }
