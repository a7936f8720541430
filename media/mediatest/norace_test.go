//go:build !race

package mediatest_test

const raced = false
