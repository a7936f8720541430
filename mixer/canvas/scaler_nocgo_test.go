//go:build !cgo

package canvas_test

import "github.com/omniverto/omniverto/mixer/pixel"

// fast is the only scaler that there is without cgo.
func fast() pixel.Scaler { return pixel.Reference{} }
