//go:build !race

package canvas_test

const raced = false
